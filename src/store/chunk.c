// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "store/chunk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"

enum { COLUMNS = 6 };

#define VARINT_MAX 10 /* bytes of a 64-bit value */
#define CRC_SIZE 4

/*
 * Noise has no repeats but zeros do. 4096 windows of 1514-byte frames, of acknowledgements, a mix of
 * sizes, GSO: 0.27, 0.63, 2.76 and 3.99 bytes per window at 8, 8, 25 and 46 ns; by the default
 * strategy 0.34, 0.68, 2.79 and 4.03 bytes at level 1 and 0.30, 0.67, 2.78 and 3.96 at level 6, in
 * 1.5 to 4 times the time. With Z_RLE all levels are the same.
 */
#define CHUNK_LEVEL 1
#define CHUNK_STRATEGY Z_RLE
/* Raw deflate; a window of 32 KiB holds a whole chunk of common data. */
#define DEFLATE_BITS (-MAX_WBITS)
#define DEFLATE_MEMORY 8

struct column {
	uint8_t *bytes;
	size_t n, capacity;
};

/* The window before, as far as the next one is told by what it is different in. */
struct before {
	uint64_t start_ns;
	uint64_t packet_size; /* bytes / packets */
	uint64_t header_size; /* wire bytes beyond bytes, per wire packet beyond packets */
};

struct chunk {
	struct chunk_key key;
	uint64_t width_ns;
	struct before before;
	struct column columns[COLUMNS];
};

struct chunk_packer {
	z_stream stream;
	uint8_t *bytes;
	size_t capacity;
};

struct chunk_unpacker {
	z_stream stream;
};

struct chunk_reader {
	struct chunk_key key;
	uint64_t width_ns;
	struct before before;
	uint32_t left; /* windows */
	const uint8_t *at[COLUMNS], *end[COLUMNS];
	uint8_t bytes[];
};

static uint64_t zigzag(uint64_t value)
{
	return value << 1 ^ (value >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

/* false where it ends within the value, or the value has more than 64 bits. */
static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	const uint8_t *p = *at;
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 64 && p < end; shift += 7) {
		uint8_t byte = *p++;

		if (shift == 63 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*at = p;
		return true;
	}
	return false;
}

static void remember(struct before *before, const struct window *window)
{
	const struct traffic_counter *traffic = &window->traffic;
	uint64_t segments = traffic->wire_packets - traffic->packets;

	before->start_ns = window->start_ns;
	before->packet_size = traffic->packets ? traffic->bytes / traffic->packets : 0;
	/* Most windows have no segments: the ratio of the last that had some stays. */
	if (segments)
		before->header_size = (traffic->wire_bytes - traffic->bytes) / segments;
}

int chunk_new(struct chunk **out, uint64_t interface, uint32_t direction, uint64_t width_ns)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (!chunk)
		return -ENOMEM;
	chunk->key.interface = interface;
	chunk->key.direction = direction;
	chunk->width_ns = width_ns;
	*out = chunk;
	return 0;
}

void chunk_free(struct chunk *chunk)
{
	size_t i;

	if (!chunk)
		return;
	for (i = 0; i < COLUMNS; i++)
		free(chunk->columns[i].bytes);
	free(chunk);
}

const struct chunk_key *chunk_key(const struct chunk *chunk)
{
	return &chunk->key;
}

size_t chunk_raw_size(const struct chunk *chunk)
{
	size_t i, size = 0;

	for (i = 0; i < COLUMNS; i++)
		size += chunk->columns[i].n;
	return size;
}

bool chunk_takes(const struct chunk *chunk, uint64_t start_ns)
{
	const struct chunk_key *key = &chunk->key;

	if (!key->windows)
		return true;
	return key->windows < CHUNK_WINDOWS_MAX && start_ns >= key->until_ns &&
	       start_ns - key->from_ns <= CHUNK_SPAN_MAX_NS;
}

int chunk_add(struct chunk *chunk, const struct window *window)
{
	const struct traffic_counter *traffic = &window->traffic;
	struct before *before = &chunk->before;
	struct chunk_key *key = &chunk->key;
	uint64_t values[COLUMNS], segments = traffic->wire_packets - traffic->packets;
	size_t i;

	if (!chunk_takes(chunk, window->start_ns) ||
	    (key->windows && (window->start_ns - key->from_ns) % chunk->width_ns))
		return -EINVAL;
	for (i = 0; i < COLUMNS; i++) {
		struct column *column = &chunk->columns[i];

		if (array_reserve(&column->bytes, &column->capacity, column->n + VARINT_MAX, 1))
			return -ENOMEM;
	}
	if (!key->windows)
		key->from_ns = window->start_ns;
	values[0] = key->windows ? (window->start_ns - before->start_ns) / chunk->width_ns - 1 : 0;
	values[1] = traffic->packets;
	values[2] = zigzag(traffic->bytes - traffic->packets * before->packet_size);
	values[3] = zigzag(segments);
	values[4] = zigzag(traffic->wire_bytes - traffic->bytes - segments * before->header_size);
	values[5] = window->drops;
	for (i = 0; i < COLUMNS; i++)
		chunk->columns[i].n +=
			put_varint(chunk->columns[i].bytes + chunk->columns[i].n, values[i]);
	remember(before, window);
	key->windows++;
	key->until_ns = window->start_ns + chunk->width_ns;
	return 0;
}

static void put_number(uint8_t *out, uint64_t value, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t checksum(const struct chunk_key *key, const uint8_t *bytes, size_t n)
{
	uint8_t head[32];

	put_number(head, key->interface, 8);
	put_number(head + 8, key->direction, 4);
	put_number(head + 12, key->windows, 4);
	put_number(head + 16, key->from_ns, 8);
	put_number(head + 24, key->until_ns, 8);
	return (uint32_t)crc32_z(crc32_z(0, head, sizeof(head)), bytes, n);
}

int chunk_packer_new(struct chunk_packer **out)
{
	struct chunk_packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return -ENOMEM;
	if (deflateInit2(&packer->stream, CHUNK_LEVEL, Z_DEFLATED, DEFLATE_BITS, DEFLATE_MEMORY,
			 CHUNK_STRATEGY) != Z_OK) {
		free(packer);
		return -ENOMEM;
	}
	*out = packer;
	return 0;
}

void chunk_packer_free(struct chunk_packer *packer)
{
	if (!packer)
		return;
	deflateEnd(&packer->stream);
	free(packer->bytes);
	free(packer);
}

int chunk_pack(struct chunk_packer *packer, const struct chunk *chunk, const void **data,
	       size_t *size)
{
	size_t i, head = CRC_SIZE, raw = chunk_raw_size(chunk), bound;
	z_stream *stream = &packer->stream;

	if (deflateReset(stream) != Z_OK)
		return -ENOMEM;
	bound = CRC_SIZE + COLUMNS * VARINT_MAX + deflateBound(stream, raw);
	if (array_reserve(&packer->bytes, &packer->capacity, bound, 1))
		return -ENOMEM;
	for (i = 0; i < COLUMNS; i++)
		head += put_varint(packer->bytes + head, chunk->columns[i].n);
	stream->next_out = packer->bytes + head;
	stream->avail_out = (uInt)(packer->capacity - head);
	for (i = 0; i < COLUMNS; i++) {
		stream->next_in = chunk->columns[i].bytes;
		stream->avail_in = (uInt)chunk->columns[i].n;
		if (deflate(stream, i + 1 == COLUMNS ? Z_FINISH : Z_NO_FLUSH) !=
		    (i + 1 == COLUMNS ? Z_STREAM_END : Z_OK))
			return -ENOMEM;
	}
	*size = packer->capacity - stream->avail_out;
	put_number(packer->bytes, checksum(&chunk->key, packer->bytes + CRC_SIZE, *size - CRC_SIZE),
		   CRC_SIZE);
	*data = packer->bytes;
	return 0;
}

int chunk_unpacker_new(struct chunk_unpacker **out)
{
	struct chunk_unpacker *unpacker = calloc(1, sizeof(*unpacker));

	if (!unpacker)
		return -ENOMEM;
	if (inflateInit2(&unpacker->stream, DEFLATE_BITS) != Z_OK) {
		free(unpacker);
		return -ENOMEM;
	}
	*out = unpacker;
	return 0;
}

void chunk_unpacker_free(struct chunk_unpacker *unpacker)
{
	if (!unpacker)
		return;
	inflateEnd(&unpacker->stream);
	free(unpacker);
}

static bool is_sane(const struct chunk_key *key, uint64_t width_ns)
{
	uint64_t span_ns = key->until_ns - key->from_ns;

	return key->windows && key->windows <= CHUNK_WINDOWS_MAX && key->direction < N_DIRECTIONS &&
	       key->until_ns > key->from_ns && span_ns <= CHUNK_SPAN_MAX_NS + width_ns &&
	       span_ns % width_ns == 0 && span_ns / width_ns >= key->windows;
}

/* Each value takes 1 to VARINT_MAX bytes: what is to be inflated is bounded before it is. */
static bool get_lengths(const uint8_t **at, const uint8_t *end, uint32_t windows, size_t *lengths)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		uint64_t length;

		if (!get_varint(at, end, &length) || length < windows ||
		    length > (uint64_t)windows * VARINT_MAX)
			return false;
		lengths[i] = (size_t)length;
	}
	return true;
}

int chunk_reader_new(struct chunk_reader **out, struct chunk_unpacker *unpacker,
		     const struct chunk_key *key, uint64_t width_ns, const void *data, size_t size)
{
	const uint8_t *bytes = data, *at, *end;
	size_t lengths[COLUMNS], i, raw = 0;
	z_stream *stream = &unpacker->stream;
	struct chunk_reader *reader;
	uint8_t crc[CRC_SIZE];

	if (size <= CRC_SIZE || !is_sane(key, width_ns))
		return -EBADMSG;
	at = bytes + CRC_SIZE;
	end = bytes + size;
	put_number(crc, checksum(key, at, size - CRC_SIZE), CRC_SIZE);
	if (memcmp(crc, bytes, CRC_SIZE) || !get_lengths(&at, end, key->windows, lengths))
		return -EBADMSG;
	for (i = 0; i < COLUMNS; i++)
		raw += lengths[i];
	reader = calloc(1, sizeof(*reader) + raw);
	if (!reader)
		return -ENOMEM;
	stream->next_in = (Bytef *)at;
	stream->avail_in = (uInt)(end - at);
	stream->next_out = reader->bytes;
	stream->avail_out = (uInt)raw;
	if (inflateReset(stream) != Z_OK || inflate(stream, Z_FINISH) != Z_STREAM_END ||
	    stream->avail_out || stream->avail_in) {
		free(reader);
		return -EBADMSG;
	}
	reader->key = *key;
	reader->width_ns = width_ns;
	reader->left = key->windows;
	for (i = 0, at = reader->bytes; i < COLUMNS; at += lengths[i++]) {
		reader->at[i] = at;
		reader->end[i] = at + lengths[i];
	}
	*out = reader;
	return 0;
}

void chunk_reader_free(struct chunk_reader *reader)
{
	free(reader);
}

static int finish(const struct chunk_reader *reader)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		if (reader->at[i] != reader->end[i])
			return -EBADMSG;
	return reader->before.start_ns + reader->width_ns == reader->key.until_ns ? 0 : -EBADMSG;
}

int chunk_reader_next(struct chunk_reader *reader, struct window *window)
{
	struct traffic_counter *traffic = &window->traffic;
	struct before *before = &reader->before;
	uint64_t values[COLUMNS], segments;
	size_t i;

	if (!reader->left)
		return finish(reader);
	for (i = 0; i < COLUMNS; i++)
		if (!get_varint(&reader->at[i], reader->end[i], &values[i]))
			return -EBADMSG;
	if (reader->left == reader->key.windows)
		window->start_ns = reader->key.from_ns;
	else if (values[0] > CHUNK_SPAN_MAX_NS / reader->width_ns)
		return -EBADMSG;
	else
		window->start_ns = before->start_ns + (values[0] + 1) * reader->width_ns;
	/* What stood behind the end of the chunk would come twice. */
	if (window->start_ns >= reader->key.until_ns)
		return -EBADMSG;
	segments = unzigzag(values[3]);
	window->direction = reader->key.direction;
	traffic->packets = values[1];
	traffic->bytes = unzigzag(values[2]) + values[1] * before->packet_size;
	traffic->wire_packets = values[1] + segments;
	traffic->wire_bytes = traffic->bytes + unzigzag(values[4]) + segments * before->header_size;
	window->drops = values[5];
	remember(before, window);
	reader->left--;
	return 1;
}
