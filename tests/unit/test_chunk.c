// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>

#include "store/chunk.h"

#define WIDTH_NS 100000U
#define FROM_NS UINT64_C(1800000000000000000)

static struct chunk_packer *packer;
static struct chunk_unpacker *unpacker;
static uint64_t seed;

/* xorshift64: the same sequences in each run. */
static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int set_up(void **state)
{
	(void)state;
	seed = 88172645463325252;
	return chunk_packer_new(&packer) || chunk_unpacker_new(&unpacker);
}

static int tear_down(void **state)
{
	(void)state;
	chunk_packer_free(packer);
	chunk_unpacker_free(unpacker);
	return 0;
}

/* Of any magnitude, small ones most often. */
static uint64_t any_number(void)
{
	return rnd() % 4 ? rnd() >> (rnd() % 64) : rnd() % 3;
}

static struct window any_window(uint64_t start_ns)
{
	struct window window = {.start_ns = start_ns};

	window.traffic =
		(struct traffic_counter){any_number(), any_number(), any_number(), any_number()};
	window.drops = any_number();
	return window;
}

static struct chunk *chunk_of(const struct window *windows, size_t n)
{
	struct chunk *chunk;
	size_t i;

	assert_int_equal(chunk_new(&chunk, 7, windows[0].direction, WIDTH_NS), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(chunk_add(chunk, &windows[i]), 0);
	return chunk;
}

static void expect_round_trip(const struct window *windows, size_t n)
{
	struct chunk *chunk = chunk_of(windows, n);
	struct chunk_reader *reader;
	struct window window = {0};
	const void *data;
	size_t size, i;

	assert_int_equal(chunk_pack(packer, chunk, &data, &size), 0);
	assert_int_equal(chunk_key(chunk)->windows, n);
	assert_int_equal(chunk_key(chunk)->from_ns, windows[0].start_ns);
	assert_int_equal(chunk_key(chunk)->until_ns, windows[n - 1].start_ns + WIDTH_NS);
	assert_int_equal(
		chunk_reader_new(&reader, unpacker, chunk_key(chunk), WIDTH_NS, data, size), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(chunk_reader_next(reader, &window), 1);
		assert_memory_equal(&window, &windows[i], sizeof(window));
	}
	assert_int_equal(chunk_reader_next(reader, &window), 0);
	assert_int_equal(chunk_reader_next(reader, &window), 0);
	chunk_reader_free(reader);
	chunk_free(chunk);
}

static void keeps_random_windows(void **state)
{
	struct window windows[CHUNK_WINDOWS_MAX];
	size_t round, i, n;

	(void)state;
	for (round = 0; round < 10000; round++) {
		uint64_t start_ns = FROM_NS + rnd() % 1000 * WIDTH_NS;

		n = 1 + rnd() % (round % 100 ? 30 : CHUNK_WINDOWS_MAX);
		for (i = 0; i < n; i++) {
			windows[i] = any_window(start_ns);
			windows[i].direction = round % 2;
			start_ns += (1 + (rnd() % 2 ? 0 : rnd() % 500)) * WIDTH_NS;
		}
		expect_round_trip(windows, n);
	}
}

static void keeps_extremes(void **state)
{
	struct window windows[4] = {{.start_ns = FROM_NS}, {.start_ns = FROM_NS + WIDTH_NS}};
	const uint64_t max = UINT64_MAX;

	(void)state;
	expect_round_trip(windows, 2);
	windows[0].traffic = (struct traffic_counter){max, max, max, max};
	windows[0].drops = max;
	expect_round_trip(windows, 2);
	windows[1].traffic = (struct traffic_counter){max, 0, 0, max};
	expect_round_trip(windows, 2);
	windows[1].traffic = (struct traffic_counter){1, max, max, 0};
	windows[2] = windows[0];
	windows[2].start_ns = FROM_NS + 2 * WIDTH_NS;
	windows[3] = windows[1];
	windows[3].start_ns = FROM_NS + CHUNK_SPAN_MAX_NS;
	expect_round_trip(windows, 4);
	windows[0] = (struct window){.start_ns = 0};
	expect_round_trip(windows, 1);
}

static void takes_only_what_follows(void **state)
{
	struct window window = {.start_ns = FROM_NS};
	struct chunk *chunk;
	size_t i;

	(void)state;
	assert_int_equal(chunk_new(&chunk, 1, 0, WIDTH_NS), 0);
	assert_true(chunk_takes(chunk, 0));
	assert_int_equal(chunk_add(chunk, &window), 0);
	assert_int_equal(chunk_add(chunk, &window), -EINVAL);
	window.start_ns += WIDTH_NS + 1;
	assert_int_equal(chunk_add(chunk, &window), -EINVAL);
	window.start_ns = FROM_NS - WIDTH_NS;
	assert_int_equal(chunk_add(chunk, &window), -EINVAL);
	assert_true(chunk_takes(chunk, FROM_NS + CHUNK_SPAN_MAX_NS));
	assert_false(chunk_takes(chunk, FROM_NS + CHUNK_SPAN_MAX_NS + WIDTH_NS));
	for (i = 1; i < CHUNK_WINDOWS_MAX; i++) {
		window.start_ns = FROM_NS + i * WIDTH_NS;
		assert_int_equal(chunk_add(chunk, &window), 0);
	}
	window.start_ns += WIDTH_NS;
	assert_false(chunk_takes(chunk, window.start_ns));
	assert_int_equal(chunk_add(chunk, &window), -EINVAL);
	chunk_free(chunk);
	chunk_free(NULL);
}

/* What a link that is full of frames of one size takes must not grow unnoticed. */
static void packs_tight(void **state)
{
	struct window windows[CHUNK_WINDOWS_MAX];
	struct chunk *chunk;
	const void *data;
	size_t size, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		uint64_t packets = 82 + rnd() % 3;

		windows[i] = (struct window){
			FROM_NS + i * WIDTH_NS,
			0,
			0,
			{packets, 1514 * packets, packets, 1514 * packets},
			0,
		};
	}
	chunk = chunk_of(windows, ARRAY_SIZE(windows));
	assert_int_equal(chunk_pack(packer, chunk, &data, &size), 0);
	assert_in_range(size, 1, CHUNK_WINDOWS_MAX / 3);
	chunk_free(chunk);
}

/* Reads on until it fails or ends; whether it was whole. */
static bool read_all(const struct chunk_key *key, const void *data, size_t size)
{
	struct chunk_reader *reader;
	struct window window;
	uint32_t n = 0;
	int ret;

	if (chunk_reader_new(&reader, unpacker, key, WIDTH_NS, data, size))
		return false;
	while ((ret = chunk_reader_next(reader, &window)) > 0)
		n++;
	assert_in_range(n, 0, key->windows);
	chunk_reader_free(reader);
	return !ret;
}

static void survives_mutations(void **state)
{
	struct window windows[200];
	struct chunk_key key;
	struct chunk *chunk;
	const void *data;
	uint8_t *copy;
	size_t size, i, round;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		windows[i] = any_window(FROM_NS + i * 3 * WIDTH_NS);
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		windows[i].direction = 0;
	chunk = chunk_of(windows, ARRAY_SIZE(windows));
	assert_int_equal(chunk_pack(packer, chunk, &data, &size), 0);
	key = *chunk_key(chunk);
	assert_true(read_all(&key, data, size));
	copy = malloc(size);
	assert_non_null(copy);
	for (round = 0; round < 20000; round++) {
		memcpy(copy, data, size);
		for (i = 0; i < 1 + rnd() % 4; i++)
			copy[rnd() % size] ^= (uint8_t)(1 + rnd() % 255);
		if (memcmp(copy, data, size))
			assert_false(read_all(&key, copy, size));
	}
	for (i = 0; i < size; i++) {
		/* In memory of its own, so that a sanitizer sees what is read behind its end. */
		uint8_t *cut = malloc(i ? i : 1);

		assert_non_null(cut);
		memcpy(cut, data, i);
		assert_false(read_all(&key, cut, i));
		free(cut);
	}
	free(copy);
	chunk_free(chunk);
}

static void refuses_another_key(void **state)
{
	const struct window windows[] = {{.start_ns = FROM_NS},
					 {.start_ns = FROM_NS + 5 * WIDTH_NS}};
	struct chunk *chunk = chunk_of(windows, 2);
	const struct chunk_key *key = chunk_key(chunk);
	struct chunk_key other;
	const void *data;
	size_t size;

	(void)state;
	assert_int_equal(chunk_pack(packer, chunk, &data, &size), 0);
	assert_true(read_all(key, data, size));
#define EXPECT_REFUSED(field, value) \
	other = *key;                \
	other.field = (value);       \
	assert_false(read_all(&other, data, size))
	EXPECT_REFUSED(interface, 8);
	EXPECT_REFUSED(direction, 1);
	EXPECT_REFUSED(direction, 2);
	EXPECT_REFUSED(windows, 0);
	EXPECT_REFUSED(windows, 1);
	EXPECT_REFUSED(windows, 3);
	EXPECT_REFUSED(windows, UINT32_MAX);
	EXPECT_REFUSED(from_ns, FROM_NS + WIDTH_NS);
	EXPECT_REFUSED(from_ns, 0);
	EXPECT_REFUSED(from_ns, UINT64_MAX);
	EXPECT_REFUSED(until_ns, 0);
	EXPECT_REFUSED(until_ns, UINT64_MAX);
	chunk_free(chunk);
}

/* The checksum of crc32(3), as whoever forges a chunk would put it. */
static void forge(uint8_t *data, size_t size, const struct chunk_key *key)
{
	uint8_t head[32] = {0};
	uint64_t crc = UINT32_MAX;
	size_t i, bit;

	memcpy(head, &key->interface, 8);
	memcpy(head + 8, &key->direction, 4);
	memcpy(head + 12, &key->windows, 4);
	memcpy(head + 16, &key->from_ns, 8);
	memcpy(head + 24, &key->until_ns, 8);
	for (i = 0; i < sizeof(head) + size - 4; i++) {
		crc ^= i < sizeof(head) ? head[i] : data[i - sizeof(head) + 4];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	crc ^= UINT32_MAX;
	for (i = 0; i < 4; i++)
		data[i] = (uint8_t)(crc >> 8 * i);
}

/* As mutations, but with a checksum that is right: what someone would write who wants harm. */
static void survives_forgeries(void **state)
{
	struct window windows[50];
	size_t size, i, round, whole = 0;
	struct chunk *chunk;
	const void *data;
	uint8_t *copy;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		windows[i] = any_window(FROM_NS + i * 3 * WIDTH_NS);
		windows[i].direction = 0;
	}
	chunk = chunk_of(windows, ARRAY_SIZE(windows));
	assert_int_equal(chunk_pack(packer, chunk, &data, &size), 0);
	copy = malloc(size);
	assert_non_null(copy);
	for (round = 0; round < 20000; round++) {
		struct chunk_key key = *chunk_key(chunk);

		memcpy(copy, data, size);
		for (i = 0; i < 1 + rnd() % 3; i++)
			copy[4 + rnd() % (rnd() % 2 ? 16 : size - 4)] ^= (uint8_t)(1 + rnd() % 255);
		if (rnd() % 4 == 0)
			key.windows = (uint32_t)(any_number() % 100);
		if (rnd() % 8 == 0)
			key.until_ns = any_number();
		forge(copy, size, &key);
		whole += read_all(&key, copy, size);
	}
	/* Some still say something, only not what was written. */
	assert_in_range(whole, 1, 20000);
	free(copy);
	chunk_free(chunk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_random_windows),    cmocka_unit_test(keeps_extremes),
		cmocka_unit_test(takes_only_what_follows), cmocka_unit_test(packs_tight),
		cmocka_unit_test(survives_mutations),      cmocka_unit_test(refuses_another_key),
		cmocka_unit_test(survives_forgeries),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
