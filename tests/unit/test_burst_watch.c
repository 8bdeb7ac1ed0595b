// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * app/burst_watch: the flows of bursts, which with what is not attributed are the bursts, byte by byte; and what
 * they sent again.
 */
#include "tests/unit/support.h"

#include "app/burst_watch.h"
#include "base/log.h"

#define WIDTH_NS 100000U
#define SLOTS 3
#define FLOWS 6
#define TCP_FLOWS 5   /* the first of them */
#define KNOWN_FLOWS 3 /* those that a socket of this host sends */
#define WINDOWS_MAX 60
#define RETRANSMITS_MAX 30

static const struct series_member members[] = {
	{1, 11, "a", 0, SERIES_STAYS},
	{2, 12, "b", 0, SERIES_STAYS},
};

struct told {
	uint32_t slot;
	enum direction direction;
	struct burst burst;
	bool has_flows;
	struct burst_flows flows;
	struct flow_count top[FLOWS];
};

static struct {
	struct told bursts[2 * N_DIRECTIONS * WINDOWS_MAX];
	size_t n;
	uint64_t hot[SLOTS][N_DIRECTIONS];
	size_t n_hot; /* times that it was said */
} told;

static void note(void *context, const struct burst_place *place, const struct burst *burst)
{
	struct told *to = &told.bursts[told.n++];

	(void)context;
	*to = (struct told){.slot = place->slot, .direction = place->direction, .burst = *burst};
	to->has_flows = place->flows;
	if (!to->has_flows)
		return;
	to->flows = *place->flows;
	assert_true(to->flows.n_top <= FLOWS);
	if (to->flows.n_top)
		memcpy(to->top, to->flows.top, to->flows.n_top * sizeof(to->top[0]));
}

static void set_hot(void *context, uint32_t slot, enum direction direction, uint64_t bytes)
{
	(void)context;
	told.hot[slot][direction] = bytes;
	told.n_hot++;
}

static const struct link *no_link(void *context, const struct series_member *member)
{
	(void)context;
	(void)member;
	return NULL;
}

/* Hot above 10,000 bytes in a window. */
static struct burst_watch *start(struct burst_options *options, bool has_flows)
{
	const struct burst_watch_setup setup = {
		.options = options,
		.width_ns = WIDTH_NS,
		.link_of = no_link,
		.set_hot = has_flows ? set_hot : NULL,
		.found = note,
	};
	struct burst_watch *watch;

	log_set_level(LOG_LEVEL_ERROR);
	memset(&told, 0, sizeof(told));
	options->high.rate_bps = 800000000;
	assert_int_equal(burst_watch_new(&watch, &setup), 0);
	return watch;
}

static struct series_span span_of(uint64_t from, uint64_t until, const struct window *windows,
				  size_t n_windows, const struct window_flow *flows, size_t n_flows)
{
	return (struct series_span){.from_ns = from * WIDTH_NS,
				    .until_ns = until * WIDTH_NS,
				    .width_ns = WIDTH_NS,
				    .windows = windows,
				    .n_windows = n_windows,
				    .members = members,
				    .n_members = ARRAY_SIZE(members),
				    .flows = flows,
				    .n_flows = n_flows};
}

static struct window window(uint64_t number, uint32_t slot, uint32_t direction, uint64_t bytes)
{
	return (struct window){number * WIDTH_NS, slot, direction, {1, bytes, 1, bytes}, 0};
}

static struct window_flow flow(uint64_t number, uint32_t slot, uint32_t direction, uint8_t name,
			       uint64_t bytes)
{
	return (struct window_flow){
		.start_ns = number * WIDTH_NS,
		.slot = slot,
		.direction = direction,
		.key = {.source = {name}, .kind = FLOW_IPV4, .protocol = name < TCP_FLOWS ? 6 : 17},
		.wire_bytes = bytes,
		.wire_packets = 1,
		.ce_packets = name % 2,
		.socket = name < KNOWN_FLOWS ? 1 + name : 0};
}

/* Also of a window in which nothing passes: it is part of the burst, and so are its drops, before it none. */
static void counts_what_is_dropped_alone(void **state)
{
	struct burst_options options = {.merge_gap_ns = WIDTH_NS};
	struct window windows[] = {window(1, 1, 0, 0), window(2, 1, 0, 20000), window(3, 1, 0, 0),
				   window(4, 1, 0, 20000), window(6, 1, 0, 500)};
	struct burst_watch *watch = start(&options, false);
	struct series_span span = span_of(0, 9, windows, ARRAY_SIZE(windows), NULL, 0);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		windows[i].drops = UINT64_C(1) << i;
	burst_watch_take(watch, &span);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.bursts[0].burst.traffic.wire_bytes, 40000);
	assert_int_equal(told.bursts[0].burst.drops, 2 + 4 + 8);
	burst_watch_free(watch);
}

/* Those of windows that waited come with what they waited for, or not at all. */
static void attributes_what_is_part_of_the_burst(void **state)
{
	struct burst_options options = {.flows = 2, .merge_gap_ns = WIDTH_NS};
	const struct window windows[] = {
		window(1, 1, 0, 500),  window(2, 1, 0, 20000), window(2, 2, 1, 30000),
		window(3, 1, 0, 3000), window(4, 1, 0, 11000), window(5, 1, 0, 4000),
		window(6, 1, 0, 5000), window(9, 1, 0, 12000),
	};
	/* Of one window there is more than was delivered, of one that nobody delivered there is some. */
	const struct window_flow flows[] = {
		flow(1, 1, 0, 9, 500),  flow(2, 1, 0, 1, 7000),  flow(2, 1, 0, 2, 9000),
		flow(2, 1, 1, 3, 100),  flow(2, 2, 1, 4, 29000), flow(2, 2, 1, 5, 2000),
		flow(3, 1, 0, 3, 3000), flow(4, 1, 0, 1, 4000),  flow(5, 1, 0, 6, 4000),
		flow(7, 1, 0, 7, 1),    flow(9, 1, 0, 8, 12000),
	};
	struct burst_watch *watch = start(&options, true);
	struct series_span span = span_of(0, 4, windows, 4, flows, 7);

	(void)state;
	burst_watch_take(watch, &span);
	span = span_of(4, 12, windows + 4, 4, flows + 7, 4);
	burst_watch_take(watch, &span);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.bursts[2].slot, 2);
	assert_int_equal(told.bursts[2].flows.total, 1);
	assert_int_equal(told.bursts[2].flows.unattributed_bytes, 1000);
	assert_int_equal(told.bursts[0].slot, 1);
	assert_int_equal(told.bursts[0].burst.traffic.wire_bytes, 34000);
	assert_int_equal(told.bursts[0].flows.total, 3);
	/* What is not attributed may be of more flows. */
	assert_false(told.bursts[0].flows.is_exact);
	assert_int_equal(told.bursts[0].flows.n_top, 2);
	/* Of flows 1, twice, and 3, which is not among the top. */
	assert_int_equal(told.bursts[0].flows.ce_packets, 3);
	assert_int_equal(told.bursts[0].top[0].key.source[0], 1);
	assert_int_equal(told.bursts[0].top[0].wire_bytes, 11000);
	assert_int_equal(told.bursts[0].top[1].key.source[0], 2);
	assert_int_equal(told.bursts[0].flows.unattributed_bytes, 34000 - 11000 - 9000 - 3000);
	assert_int_equal(told.bursts[1].top[0].key.source[0], 8);
	assert_int_equal(told.bursts[1].flows.unattributed_bytes, 0);
	assert_true(told.bursts[1].flows.is_exact);
	/* An eighth, said once for each interface and direction. */
	assert_int_equal(told.hot[1][0], 1251);
	assert_int_equal(told.hot[2][1], 1251);
	assert_int_equal(told.n_hot, 4);
	burst_watch_free(watch);
}

static void tells_none_where_they_are_not_known(void **state)
{
	struct burst_options options = {.flows = 2};
	const struct window windows[] = {window(1, 1, 0, 20000)};
	struct burst_watch *watch = start(&options, false);
	struct series_span span = span_of(0, 4, windows, 1, NULL, 0);

	(void)state;
	burst_watch_take(watch, &span);
	assert_int_equal(told.n, 1);
	assert_false(told.bursts[0].has_flows);
	assert_int_equal(told.n_hot, 0);
	burst_watch_free(watch);
}

/* Random windows and flows, in their order, and what of each flow is in each window. */
static struct {
	struct window windows[WINDOWS_MAX * SLOTS * N_DIRECTIONS];
	struct window_flow flows[WINDOWS_MAX * SLOTS * N_DIRECTIONS * FLOWS];
	size_t n_windows, n_flows;
	uint64_t bytes[WINDOWS_MAX][SLOTS][N_DIRECTIONS][FLOWS];
	struct retransmit retransmits[RETRANSMITS_MAX];
	size_t n_retransmits;
	struct window_gap gap,
		gap_told; /* of retransmissions: one to be told yet, and one that was */
} traffic;

static void fill_window(uint64_t number, uint32_t slot, uint32_t direction)
{
	uint64_t left = (uint64_t)(random() % 3) * 8000;
	int i;

	if (!left)
		return;
	traffic.windows[traffic.n_windows++] = window(number, slot, direction, left);
	for (i = 0; i < FLOWS && left && random() % 4; i++) {
		uint8_t name = (uint8_t)(random() % FLOWS);
		uint64_t part = 1 + (uint64_t)random() % left;

		traffic.flows[traffic.n_flows++] = flow(number, slot, direction, name, part);
		traffic.bytes[number][slot][direction][name] += part;
		left -= part;
	}
}

static void fill(void)
{
	memset(&traffic, 0, sizeof(traffic));
	for (uint64_t i = 0; i < WINDOWS_MAX; i++)
		for (uint32_t at = N_DIRECTIONS; at < SLOTS * N_DIRECTIONS; at++)
			fill_window(i, at / N_DIRECTIONS, at % N_DIRECTIONS);
}

static int compare_times(const void *a, const void *b)
{
	const struct retransmit *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

/* At any time, and now and then some are lost. */
static void fill_retransmits(void)
{
	const uint64_t end_ns = (uint64_t)WINDOWS_MAX * WIDTH_NS;

	traffic.n_retransmits = (size_t)random() % RETRANSMITS_MAX;
	for (size_t i = 0; i < traffic.n_retransmits; i++)
		traffic.retransmits[i] = (struct retransmit){
			.time_ns = (uint64_t)random() % end_ns,
			.socket = 1 + (uint64_t)random() % (KNOWN_FLOWS + 1),
			.segments = 1 + (uint64_t)random() % 45,
		};
	qsort(traffic.retransmits, traffic.n_retransmits, sizeof(traffic.retransmits[0]),
	      compare_times);
	if (random() % 4)
		return;
	traffic.gap.from_ns = (uint64_t)random() % end_ns;
	traffic.gap.to_ns = traffic.gap.from_ns + 1 + (uint64_t)random() % (2 * WIDTH_NS);
}

/* What is told with a span is all of it, and of the time behind it some, here as little as is needed. */
static void tell_retransmits(struct series_span *span, size_t *at)
{
	const uint64_t until_ns = span->until_ns + RETRANSMIT_SLACK_NS;

	span->retransmits = traffic.retransmits + *at;
	for (; *at < traffic.n_retransmits && traffic.retransmits[*at].time_ns < until_ns; ++*at)
		span->n_retransmits++;
	if (traffic.gap.from_ns < until_ns) {
		span->retransmit_gap = traffic.gap;
		traffic.gap_told = traffic.gap;
		traffic.gap = (struct window_gap){UINT64_MAX, UINT64_MAX};
	}
}

static void take_in_spans(struct burst_watch *watch)
{
	size_t w = 0, f = 0, r = 0;

	for (uint64_t from = 0, until; from < WINDOWS_MAX; from = until) {
		struct series_span span;
		size_t w_from = w, f_from = f;

		until = from + 1 + (uint64_t)random() % 20;
		while (w < traffic.n_windows && traffic.windows[w].start_ns < until * WIDTH_NS)
			w++;
		while (f < traffic.n_flows && traffic.flows[f].start_ns < until * WIDTH_NS)
			f++;
		span = span_of(from, until, traffic.windows + w_from, w - w_from,
			       traffic.flows + f_from, f - f_from);
		tell_retransmits(&span, &r);
		burst_watch_take(watch, &span);
	}
}

/* A burst's flows are those of the windows from its start to its end, whatever the rules made of them. */
static void check(const struct told *got)
{
	uint64_t sums[FLOWS] = {0}, named = 0, n = 0, k;
	size_t name;

	for (k = got->burst.start_ns / WIDTH_NS; k < got->burst.end_ns / WIDTH_NS; k++)
		for (name = 0; name < FLOWS; name++)
			sums[name] += traffic.bytes[k][got->slot][got->direction][name];
	for (name = 0; name < FLOWS; name++) {
		named += sums[name];
		n += sums[name] > 0;
	}
	assert_int_equal(got->flows.total, n);
	assert_int_equal(got->flows.n_top, n);
	assert_int_equal(got->flows.unattributed_bytes, got->burst.traffic.wire_bytes - named);
	for (k = 0; k < n; k++)
		assert_int_equal(got->top[k].wire_bytes, sums[got->top[k].key.source[0]]);
}

/* Those of a burst that no earlier one of its interface and direction had; false where they are not known. */
static bool add_up_retransmits(const struct told *got, uint64_t *counted_ns, uint64_t *sums)
{
	uint64_t from_ns = got->burst.start_ns, to_ns = got->burst.end_ns + RETRANSMIT_SLACK_NS;

	from_ns = from_ns > RETRANSMIT_SLACK_NS ? from_ns - RETRANSMIT_SLACK_NS : 0;
	if (from_ns < *counted_ns)
		from_ns = *counted_ns;
	*counted_ns = to_ns;
	for (size_t i = 0; i < traffic.n_retransmits; i++) {
		const struct retransmit *retransmit = &traffic.retransmits[i];

		if (retransmit->time_ns >= from_ns && retransmit->time_ns < to_ns)
			sums[retransmit->socket - 1] += retransmit->segments;
	}
	return traffic.gap_told.to_ns <= from_ns || to_ns <= traffic.gap_told.from_ns;
}

static void check_retransmits(const struct told *got, uint64_t *counted_ns)
{
	uint64_t sums[KNOWN_FLOWS + 1] = {0}, sum = 0;
	bool is_told = add_up_retransmits(got, counted_ns, sums);
	bool has_known = false, may_be_tcp = got->flows.unattributed_bytes;

	for (size_t i = 0; i < got->flows.n_top; i++) {
		uint8_t name = got->top[i].key.source[0];
		bool is_known = is_told && name < KNOWN_FLOWS;

		may_be_tcp |= name < TCP_FLOWS;
		has_known |= is_known;
		assert_int_equal(got->top[i].socket != 0, is_known);
		assert_int_equal(got->top[i].tcp_retransmits, is_known ? sums[name] : 0);
		sum += is_known ? sums[name] : 0;
	}
	assert_int_equal(got->flows.retransmits_known, has_known || !may_be_tcp);
	assert_int_equal(got->flows.tcp_retransmits, sum);
}

static void agrees_with_a_naive_sum(void **state)
{
	size_t n = 0;

	(void)state;
	srandom(3);
	for (int round = 0; round < 500; round++) {
		uint64_t counted_ns[SLOTS][N_DIRECTIONS] = {0};
		struct burst_options options = {.flows = FLOWS};
		struct burst_watch *watch;

		options.merge_gap_ns = (uint64_t)(random() % 4) * WIDTH_NS;
		options.min_duration_ns = (uint64_t)(random() % 3) * WIDTH_NS;
		fill();
		fill_retransmits();
		watch = start(&options, true);
		take_in_spans(watch);
		burst_watch_finish(watch);
		for (size_t i = 0; i < told.n; i++) {
			const struct told *got = &told.bursts[i];

			check(got);
			check_retransmits(got, &counted_ns[got->slot][got->direction]);
		}
		n += told.n;
		burst_watch_free(watch);
	}
	assert_true(n > 5000);
}

static void ignore(void *context, const struct burst_place *place, const struct burst *burst)
{
	(void)place;
	(void)burst;
	++*(size_t *)context;
}

struct summaries {
	size_t n, bursts;
	uint32_t first_ifindex;
};

static void add_summary(void *context, const struct burst_place *place,
			const struct burst_summary *summary)
{
	struct summaries *summaries = context;

	if (!summaries->n++)
		summaries->first_ifindex = place->ifindex;
	summaries->bursts += summary->count;
}

/* One after the other comes, has one burst, or none, of what it sends, and goes. */
static struct summaries after_many(bool keeps_gone, size_t with_burst, size_t without)
{
	struct burst_options options = {0};
	struct summaries summaries = {0};
	size_t i, bursts = 0;
	const struct burst_watch_setup setup = {
		.options = &options,
		.width_ns = WIDTH_NS,
		.link_of = no_link,
		.found = ignore,
		.found_context = &bursts,
		.keeps_gone = keeps_gone,
	};
	struct burst_watch *watch;

	log_set_level(LOG_LEVEL_ERROR);
	options.high.rate_bps = 800000000;
	assert_int_equal(burst_watch_new(&watch, &setup), 0);
	for (i = 0; i < with_burst + without; i++) {
		struct series_member member = {.slot = 0,
					       .ifindex = (uint32_t)(1 + i),
					       .ifname = "guest",
					       .from_ns = 4 * i * WIDTH_NS,
					       .to_ns = (4 * i + 2) * WIDTH_NS};
		struct window hot =
			window(4 * i + 1, 0, DIRECTION_EGRESS, i < with_burst ? 20000 : 100);
		struct series_span span = span_of(4 * i, 4 * i + 4, &hot, 1, NULL, 0);

		span.members = &member;
		span.n_members = 1;
		burst_watch_take(watch, &span);
	}
	assert_int_equal(bursts, with_burst);
	burst_watch_finish(watch);
	burst_watch_summarise(watch, add_summary, &summaries);
	burst_watch_free(watch);
	return summaries;
}

static void keeps_the_last_that_have_gone(void **state)
{
	struct summaries summaries = after_many(true, 3, 5);

	(void)state;
	/* The last went as the run ended. */
	assert_int_equal(summaries.n, 3 + 2);
	assert_int_equal(summaries.bursts, 3);
	assert_int_equal(summaries.first_ifindex, 1);
	summaries = after_many(true, BURST_WATCH_GONE_MAX + 7, 5);
	assert_int_equal(summaries.n, BURST_WATCH_GONE_MAX + 2);
	assert_int_equal(summaries.bursts, BURST_WATCH_GONE_MAX);
	assert_int_equal(summaries.first_ifindex, 8);
	assert_int_equal(after_many(false, 3, 5).n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_is_dropped_alone),
		cmocka_unit_test(attributes_what_is_part_of_the_burst),
		cmocka_unit_test(tells_none_where_they_are_not_known),
		cmocka_unit_test(agrees_with_a_naive_sum),
		cmocka_unit_test(keeps_the_last_that_have_gone),
	};

	return cmocka_run_group_tests_name("burst_watch", tests, NULL, NULL);
}
