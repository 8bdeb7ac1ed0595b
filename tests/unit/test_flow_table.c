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
	/* Every odd flow is marked. */
	const struct window_flow flow = {.key = key_of(number),
					 .wire_bytes = bytes,
					 .wire_packets = packets,
					 .ce_packets = number % 2 ? packets : 0};

	flow_table_add(table, &flow);
}

static void holds_nothing_at_first(void **state)
{
	struct flow_table table = {0}, other = {0};

	(void)state;
	assert_null(flow_table_sort(&table, NULL, 0));
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
	top = flow_table_sort(&table, NULL, 0);
	for (size_t i = 0; i < 5; i++) {
		static const uint32_t order[] = {4, 1, 2, 3, 5};

		key = key_of(order[i]);
		assert_memory_equal(&top[i].key, &key, sizeof(key));
	}
	assert_int_equal(top[1].wire_bytes, 101);
	assert_int_equal(top[1].wire_packets, 2);
	assert_int_equal(top[1].ce_packets, 2);
	assert_int_equal(top[2].ce_packets, 0);
	assert_int_equal(table.ce_packets, 2 + 2 + 1);
	flow_table_clear(&table);
	assert_int_equal(table.wire_bytes, 0);
	assert_null(table.slots);
}

/* Every part of a key tells flows apart. */
static void tells_keys_apart_by_every_byte(void **state)
{
	struct flow_table table = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(struct flow_key); i++) {
		struct window_flow flow = {.wire_bytes = i, .wire_packets = 1};

		((unsigned char *)&flow.key)[i] = 1;
		flow_table_add(&table, &flow);
	}
	assert_int_equal(table.n, sizeof(struct flow_key));
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
	/* Also of those that have no place. */
	assert_int_equal(table.ce_packets, FLOW_TABLE_MAX + 10);
	/* Those that have a place keep it. */
	add(&table, 7, 1000, 1);
	assert_int_equal(table.other_records, 10);
	assert_int_equal(table.wire_bytes, 10 * (FLOW_TABLE_MAX + 10) + 1000);
	add(&joined, UINT32_MAX, 1, 1);
	flow_table_join(&joined, &table);
	assert_int_equal(joined.n, FLOW_TABLE_MAX);
	assert_int_equal(joined.other_records, 11);
	assert_int_equal(joined.wire_bytes, table.wire_bytes + 1);
	assert_int_equal(joined.ce_packets, table.ce_packets + 1);
	assert_int_equal(flow_table_sort(&table, NULL, 0)[0].wire_bytes, 1010);
	flow_table_clear(&table);
	flow_table_clear(&joined);
}

static void add_from(struct flow_table *table, uint64_t start_ns, uint64_t cgroup)
{
	const struct window_flow flow = {.start_ns = start_ns, .wire_packets = 1, .cgroup = cgroup};

	flow_table_add(table, &flow);
}

/* What has no sender that is known takes none away. */
static void names_the_last_sender(void **state)
{
	struct flow_table table = {0}, joined = {0};

	(void)state;
	add_from(&table, 100, 0);
	add_from(&table, 200, 7);
	add_from(&table, 300, 8);
	add_from(&table, 400, 0);
	add_from(&joined, 250, 9);
	flow_table_join(&joined, &table);
	assert_int_equal(flow_table_sort(&joined, NULL, 0)[0].cgroup, 8);
	flow_table_clear(&joined);
	add_from(&joined, 350, 9);
	flow_table_join(&table, &joined);
	assert_int_equal(flow_table_sort(&table, NULL, 0)[0].cgroup, 9);
	flow_table_clear(&table);
	flow_table_clear(&joined);
}

static void add_by(struct flow_table *table, uint32_t number, uint64_t socket)
{
	const struct window_flow flow = {
		.key = key_of(number), .wire_bytes = 10, .wire_packets = 1, .socket = socket};

	flow_table_add(table, &flow);
}

/* By the flow's number. */
static const struct flow_count *count_of(const struct flow_count *top, size_t n, uint32_t number)
{
	struct flow_key key = key_of(number);

	for (size_t i = 0; i < n; i++)
		if (!memcmp(&top[i].key, &key, sizeof(key)))
			return &top[i];
	fail();
	return NULL;
}

/* Several sockets may have one flow, one after the other. */
static void counts_retransmits_by_socket(void **state)
{
	static const struct retransmit retransmits[] = {
		{1, 101, 1},    {2, 102, 10},    {3, 999, 100},
		{4, 103, 1000}, {5, 102, 10000}, {6, 0, 5},
	};
	struct flow_table table = {0};
	const struct flow_count *top;

	(void)state;
	add_by(&table, 1, 0);
	add_by(&table, 1, 101);
	add_by(&table, 1, 102);
	add_by(&table, 1, 0);
	add_by(&table, 1, 101);
	add_by(&table, 2, 103);
	add_by(&table, 3, 104);
	add_by(&table, 4, 0);
	top = flow_table_sort(&table, retransmits, ARRAY_SIZE(retransmits));
	assert_int_equal(table.n, 4);
	assert_int_equal(top[0].wire_bytes, 50);
	assert_int_equal(top[0].tcp_retransmits, 1 + 10 + 10000);
	assert_int_equal(count_of(top, 4, 2)->tcp_retransmits, 1000);
	assert_int_equal(count_of(top, 4, 3)->tcp_retransmits, 0);
	assert_int_equal(count_of(top, 4, 3)->socket, 104);
	assert_int_equal(count_of(top, 4, 4)->tcp_retransmits, 0);
	assert_int_equal(count_of(top, 4, 4)->socket, 0);
	flow_table_clear(&table);
	for (uint32_t i = 0; i < 100; i++)
		add_by(&table, i / 2, 1 + i);
	flow_table_forget_sockets(&table);
	top = flow_table_sort(&table, retransmits, ARRAY_SIZE(retransmits));
	assert_int_equal(table.n, 50);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(top[i].socket, 0);
		assert_int_equal(top[i].tcp_retransmits, 0);
	}
	flow_table_clear(&table);
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
		top = flow_table_sort(&tables[0], NULL, 0);
		for (size_t i = 0; i < n; i++) {
			uint32_t number;

			memcpy(&number, top[i].key.source, sizeof(number));
			assert_true(number < NAIVE_FLOWS);
			assert_int_equal(top[i].wire_bytes, bytes[number]);
			assert_int_equal(top[i].wire_packets, packets[number]);
			assert_int_equal(top[i].ce_packets, number % 2 ? packets[number] : 0);
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
		cmocka_unit_test(names_the_last_sender),
		cmocka_unit_test(counts_retransmits_by_socket),
		cmocka_unit_test(adds_up_as_a_naive_one),
	};

	return cmocka_run_group_tests_name("flow_table", tests, NULL, NULL);
}
