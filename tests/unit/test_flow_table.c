// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* flow_table: sums, bound and order, and against a naive implementation. */
#include "tests/unit/support.h"

#include "model/flow_table.h"

static struct flow_key key_of(uint32_t number)
{
	struct flow_key key = {.kind = FLOW_IPV4, .protocol = 6, .source_port = (uint16_t)number};

	memcpy(key.source, &number, sizeof(number));
	return key;
}

static void add(struct flow_table *table, uint32_t number, uint64_t bytes, uint64_t packets)
{
	struct flow_key key = key_of(number);

	flow_table_add(table, &key, bytes, packets);
}

static void holds_nothing_at_first(void **state)
{
	struct flow_table table = {0}, other = {0};

	(void)state;
	assert_null(flow_table_sort(&table));
	flow_table_join(&table, &other);
	assert_int_equal(table.n, 0);
	assert_int_equal(table.capacity, 0);
	flow_table_clear(&table);
	flow_table_clear(&table);
}

static void sorts_by_bytes_then_key(void **state)
{
	struct flow_table table = {0};
	const struct flow_count *top;
	struct flow_key key;

	(void)state;
	add(&table, 1, 100, 1);
	add(&table, 3, 50, 2);
	add(&table, 2, 50, 3);
	add(&table, 1, 1, 1);
	add(&table, 4, 5000, 1);
	add(&table, 5, 0, 1);
	assert_int_equal(table.n, 5);
	assert_int_equal(table.wire_bytes, 5201);
	top = flow_table_sort(&table);
	for (size_t i = 0; i < 5; i++) {
		static const uint32_t order[] = {4, 1, 2, 3, 5};

		key = key_of(order[i]);
		assert_memory_equal(&top[i].key, &key, sizeof(key));
	}
	assert_int_equal(top[1].wire_bytes, 101);
	assert_int_equal(top[1].wire_packets, 2);
	flow_table_clear(&table);
	assert_int_equal(table.wire_bytes, 0);
	assert_null(table.slots);
}

/* Every part of a key tells flows apart. */
static void tells_keys_apart_by_every_byte(void **state)
{
	struct flow_table table = {0};
	struct flow_key key;

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++) {
		memset(&key, 0, sizeof(key));
		((unsigned char *)&key)[i] = 1;
		flow_table_add(&table, &key, i, 1);
	}
	assert_int_equal(table.n, sizeof(key));
	flow_table_clear(&table);
}

static void sums_up_what_it_has_no_room_for(void **state)
{
	struct flow_table table = {0}, joined = {0};

	(void)state;
	for (uint32_t i = 0; i < FLOW_TABLE_MAX + 10; i++)
		add(&table, i, 10, 2);
	assert_int_equal(table.n, FLOW_TABLE_MAX);
	assert_true(table.capacity <= 2 * FLOW_TABLE_MAX);
	assert_int_equal(table.other_records, 10);
	assert_int_equal(table.other_bytes, 100);
	assert_int_equal(table.other_packets, 20);
	/* Those that have a place keep it. */
	add(&table, 7, 1000, 1);
	assert_int_equal(table.other_records, 10);
	assert_int_equal(table.wire_bytes, 10 * (FLOW_TABLE_MAX + 10) + 1000);
	add(&joined, UINT32_MAX, 1, 1);
	flow_table_join(&joined, &table);
	assert_int_equal(joined.n, FLOW_TABLE_MAX);
	assert_int_equal(joined.other_records, 11);
	assert_int_equal(joined.wire_bytes, table.wire_bytes + 1);
	assert_int_equal(flow_table_sort(&table)[0].wire_bytes, 1010);
	flow_table_clear(&table);
	flow_table_clear(&joined);
}

#define NAIVE_FLOWS 300

/* Two tables of random flows, joined, against plain arrays indexed by the flow's number. */
static void adds_up_as_a_naive_one(void **state)
{
	(void)state;
	srandom(1);
	for (int round = 0; round < 200; round++) {
		uint64_t bytes[NAIVE_FLOWS] = {0}, packets[NAIVE_FLOWS] = {0}, sum = 0, n = 0;
		struct flow_table tables[2] = {0};
		const struct flow_count *top;
		long n_flows = 1 + random() % NAIVE_FLOWS, records = random() % 1000;

		for (long i = 0; i < records; i++) {
			uint32_t number = (uint32_t)(random() % n_flows);
			uint64_t size = (uint64_t)(random() % 70000);
			uint64_t count = 1 + (uint64_t)(random() % 45);

			n += !packets[number];
			bytes[number] += size;
			packets[number] += count;
			sum += size;
			add(&tables[random() % 2], number, size, count);
		}
		flow_table_join(&tables[0], &tables[1]);
		assert_int_equal(tables[0].n, n);
		assert_int_equal(tables[0].wire_bytes, sum);
		assert_int_equal(tables[0].other_records, 0);
		top = flow_table_sort(&tables[0]);
		for (size_t i = 0; i < n; i++) {
			uint32_t number;

			memcpy(&number, top[i].key.source, sizeof(number));
			assert_true(number < NAIVE_FLOWS);
			assert_int_equal(top[i].wire_bytes, bytes[number]);
			assert_int_equal(top[i].wire_packets, packets[number]);
			assert_true(!i || top[i - 1].wire_bytes >= top[i].wire_bytes);
			packets[number] = 0;
		}
		flow_table_clear(&tables[0]);
		flow_table_clear(&tables[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_nothing_at_first),
		cmocka_unit_test(sorts_by_bytes_then_key),
		cmocka_unit_test(tells_keys_apart_by_every_byte),
		cmocka_unit_test(sums_up_what_it_has_no_room_for),
		cmocka_unit_test(adds_up_as_a_naive_one),
	};

	return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
