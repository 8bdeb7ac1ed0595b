// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packed windows of a recording (store/chunk.h), with a CRC that is right, so that what is behind it is reached:
 * the columns as they are, deflated here. What can be read is within its chunk and in order, and packed anew it is
 * read as the same.
 */
#include <stdbool.h>
#include <zlib.h>

#include "store/chunk.h"
#include "tests/fuzz/input.h"

#define WIDTH_NS 100000
#define CRC_SIZE 4
#define COLUMNS 6
#define PACKED_MAX 70000

static void put_number(uint8_t *out, uint64_t value, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

static void put_checksum(const struct chunk_key *key, uint8_t *packed, size_t size)
{
	uint8_t head[32];
	uLong crc;

	put_number(head, key->interface, 8);
	put_number(head + 8, key->direction, 4);
	put_number(head + 12, key->windows, 4);
	put_number(head + 16, key->from_ns, 8);
	put_number(head + 24, key->until_ns, 8);
	crc = crc32_z(crc32_z(0, head, sizeof(head)), packed + CRC_SIZE, size - CRC_SIZE);
	put_number(packed, crc, CRC_SIZE);
}

static size_t put_length(uint8_t *out, uint16_t length)
{
	out[0] = (uint8_t)(length | 0x80);
	out[1] = (uint8_t)(length >> 7 | 0x80);
	out[2] = (uint8_t)(length >> 14);
	return 3;
}

/* The lengths of columns, then either the columns or, where `raw`, what is said to be them deflated. */
static size_t pack(struct input *input, bool raw, uint8_t *packed)
{
	size_t i, size = CRC_SIZE;
	z_stream stream = {0};

	for (i = 0; i < COLUMNS; i++)
		size += put_length(packed + size, input_u16(input) % 2048);
	if (raw) {
		size_t n = input->left < 4096 ? input->left : 4096;

		input_bytes(input, packed + size, n);
		return size + n;
	}
	if (deflateInit2(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY))
		abort();
	stream.next_in = (Bytef *)input->at;
	stream.avail_in = (uInt)(input->left < 16384 ? input->left : 16384);
	stream.next_out = packed + size;
	stream.avail_out = (uInt)(PACKED_MAX - size);
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	size = PACKED_MAX - stream.avail_out;
	deflateEnd(&stream);
	return size;
}

static void read_again(const struct chunk *chunk, const struct window *windows, size_t n)
{
	struct chunk_unpacker *unpacker;
	struct chunk_reader *reader;
	struct chunk_packer *packer;
	struct window window = {0};
	const void *data;
	size_t i, size;

	if (chunk_packer_new(&packer) || chunk_unpacker_new(&unpacker) ||
	    chunk_pack(packer, chunk, &data, &size) ||
	    chunk_reader_new(&reader, unpacker, chunk_key(chunk), WIDTH_NS, data, size))
		abort();
	for (i = 0; i < n; i++)
		if (chunk_reader_next(reader, &window) != 1 ||
		    window.start_ns != windows[i].start_ns ||
		    memcmp(&window.traffic, &windows[i].traffic, sizeof(window.traffic)) ||
		    window.drops != windows[i].drops)
			abort();
	if (chunk_reader_next(reader, &window))
		abort();
	chunk_reader_free(reader);
	chunk_unpacker_free(unpacker);
	chunk_packer_free(packer);
}

static void read_all(struct chunk_reader *reader, const struct chunk_key *key)
{
	struct window window = {0}, *windows = calloc(CHUNK_WINDOWS_MAX, sizeof(*windows));
	uint64_t after_ns = key->from_ns;
	struct chunk *chunk;
	size_t n = 0;
	int ret;

	if (!windows || chunk_new(&chunk, key->interface, key->direction, WIDTH_NS))
		abort();
	while ((ret = chunk_reader_next(reader, &window)) > 0) {
		if (window.start_ns < after_ns || window.start_ns >= key->until_ns ||
		    window.direction != key->direction || n == CHUNK_WINDOWS_MAX)
			abort();
		after_ns = window.start_ns + WIDTH_NS;
		windows[n++] = window;
		if (chunk_add(chunk, &window))
			abort();
	}
	if (!ret) {
		if (n != key->windows)
			abort();
		read_again(chunk, windows, n);
	}
	chunk_free(chunk);
	free(windows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct chunk_unpacker *unpacker;
	struct chunk_reader *reader;
	struct chunk_key key;
	uint8_t how, *packed;
	size_t packed_size;
	void *exact;

	how = input_u8(&input);
	key = (struct chunk_key){.interface = input_u8(&input), .direction = how & 1};
	key.windows = input_u16(&input) % (CHUNK_WINDOWS_MAX + 2);
	key.from_ns = how & 2 ? input_u64(&input) : UINT64_C(1800000000000000000);
	key.until_ns =
		how & 4 ? input_u64(&input) : key.from_ns + (uint64_t)input_u16(&input) * WIDTH_NS;
	packed = malloc(PACKED_MAX);
	if (!packed || chunk_unpacker_new(&unpacker))
		abort();
	packed_size = pack(&input, how & 8, packed);
	put_checksum(&key, packed, packed_size);
	/* To the byte, so that reading past it shows. */
	exact = malloc(packed_size);
	if (!exact)
		abort();
	memcpy(exact, packed, packed_size);
	free(packed);
	if (!chunk_reader_new(&reader, unpacker, &key, WIDTH_NS, exact, packed_size)) {
		read_all(reader, &key);
		chunk_reader_free(reader);
	}
	free(exact);
	chunk_unpacker_free(unpacker);
	return 0;
}
