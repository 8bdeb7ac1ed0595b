// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* burst: the three rules at their edges, and against a naive implementation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "model/burst.h"

#define W 100000U                 /* 100 us */
#define HIGH 500000000U           /* 6250 bytes in a window */
#define LOW 200000000U            /* 2500 bytes */
#define ORIGIN (UINT64_C(70) * W) /* where the run starts */
#define MAX_WINDOWS 80
#define MS UINT64_C(1000000) /* windows of the baseline tests */
#define SECOND 1000000000ULL
#define FOREVER UINT64_MAX

struct bursts {
	struct burst items[4000];
	size_t n;
};

static struct bursts found;

/* What burst_detector_add() says of the windows, added up: must come to what the burst has. */
static struct {
	uint64_t burst_bytes, since_bytes;
} parts;

static void note(void *context, const struct burst *burst)
{
	struct bursts *bursts = context;

	assert_int_equal(burst->traffic.wire_bytes, parts.burst_bytes);
	assert_true(bursts->n < ARRAY_SIZE(bursts->items));
	bursts->items[bursts->n++] = *burst;
}

static struct burst_detector *start(const struct burst_config *config, uint64_t start_ns)
{
	struct burst_detector *detector = NULL;

	found.n = 0;
	assert_int_equal(burst_detector_new(&detector, config, start_ns, note, &found), 0);
	return detector;
}

static struct traffic_counter traffic_of(uint64_t wire_bytes)
{
	return (struct traffic_counter){1, wire_bytes / 2 + 3, 2 + wire_bytes % 5, wire_bytes};
}

static uint64_t drops_of(uint64_t wire_bytes)
{
	return wire_bytes % 7;
}

/* Leave out what changes nothing. */
static bool skips_cold;

static void add(struct burst_detector *detector, uint64_t start_ns, uint64_t wire_bytes)
{
	struct traffic_counter traffic = traffic_of(wire_bytes);
	struct drop_tally reasons = {0};

	if (skips_cold && burst_detector_cold_bytes(detector) &&
	    wire_bytes <= burst_detector_cold_bytes(detector)) {
		parts.burst_bytes = parts.since_bytes = 0;
		return;
	}

	drop_tally_add(&reasons, 1 + wire_bytes % 3, drops_of(wire_bytes) / 2);
	drop_tally_add(&reasons, 7, drops_of(wire_bytes) - drops_of(wire_bytes) / 2);
	switch (burst_detector_add(detector, start_ns, &traffic, drops_of(wire_bytes), &reasons)) {
	case BURST_PART_NONE:
		parts.burst_bytes = parts.since_bytes = 0;
		break;
	case BURST_PART_BEGINS:
		parts.burst_bytes = wire_bytes;
		parts.since_bytes = 0;
		break;
	case BURST_PART_GOES_ON:
		parts.burst_bytes += parts.since_bytes + wire_bytes;
		parts.since_bytes = 0;
		break;
	case BURST_PART_WAITS:
		parts.since_bytes += wire_bytes;
		break;
	}
}

/* One character is one window: '.' idle (not given), 'g' in a gap. */
static uint64_t bytes_of(char window)
{
	switch (window) {
	case 'z': /* given, with nothing in it */
		return 0;
	case 'c':
		return 1000;
	case 'l':
		return 2500; /* exactly at the low mark */
	case 'm':
		return 2501; /* between the marks */
	case 't':
		return 6250; /* exactly at the high mark */
	case 'u':
		return 6251;
	case 'H':
		return 10000;
	case 'P':
		return 12500;
	default:
		return 0;
	}
}

static void feed(struct burst_detector *detector, const char *windows)
{
	size_t n = strlen(windows), i, to;

	for (i = 0; i < n; i++) {
		if (windows[i] == 'g') {
			for (to = i; to < n && windows[to] == 'g'; to++)
				;
			burst_detector_add_gap(detector, ORIGIN + i * W, ORIGIN + to * W);
			i = to - 1;
		} else if (windows[i] != '.') {
			add(detector, ORIGIN + i * W, bytes_of(windows[i]));
		}
	}
	burst_detector_advance(detector, ORIGIN + n * W);
	burst_detector_finish(detector);
}

struct expected {
	size_t from, to; /* windows [from, to) */
	uint64_t wire_bytes, peak_bps, mean_bps;
	bool is_cut;
};

struct burst_case {
	const char *windows;
	enum burst_rule rule;
	uint64_t min_duration_ns, merge_gap_ns;
	struct expected bursts[4];
};

/* The reasons of a burst account for all of its drops. */
static uint64_t tallied(const struct burst *burst)
{
	uint64_t packets = 0;
	size_t i;

	for (i = 0; i < burst->reasons.n; i++)
		packets += burst->reasons.counts[i].packets;
	return packets;
}

static void check_burst(const struct burst_case *c, const struct burst *got,
			const struct expected *want)
{
	struct traffic_counter sum = {0};
	uint64_t drops = 0;
	size_t i;

	for (i = want->from; i < want->to; i++) {
		struct traffic_counter one = traffic_of(bytes_of(c->windows[i]));

		if (c->windows[i] == '.')
			continue;
		sum.packets += one.packets;
		sum.bytes += one.bytes;
		sum.wire_packets += one.wire_packets;
		sum.wire_bytes += one.wire_bytes;
		drops += drops_of(one.wire_bytes);
	}
	if (got->start_ns != ORIGIN + want->from * W || got->end_ns != ORIGIN + want->to * W ||
	    got->is_cut != want->is_cut)
		fail_msg("%s: [%d, %d) cut %d", c->windows, (int)(got->start_ns / W) - 70,
			 (int)(got->end_ns / W) - 70, got->is_cut);
	assert_int_equal(got->windows, want->to - want->from);
	assert_int_equal(got->traffic.wire_bytes, want->wire_bytes);
	assert_memory_equal(&got->traffic, &sum, sizeof(sum));
	assert_int_equal(got->drops, drops);
	assert_int_equal(tallied(got), drops);
	assert_int_equal(got->peak_bps, want->peak_bps);
	assert_int_equal(got->mean_bps, want->mean_bps);
	assert_int_equal(got->threshold_bps, HIGH);
}

static void check_case(const struct burst_case *c)
{
	const struct burst_config config = {c->rule,        W, HIGH, LOW, 0, 0, c->min_duration_ns,
					    c->merge_gap_ns};
	struct burst_detector *detector = start(&config, ORIGIN);
	size_t i, n = 0;

	feed(detector, c->windows);
	burst_detector_free(detector);
	while (n < ARRAY_SIZE(c->bursts) && c->bursts[n].to)
		n++;
	if (found.n != n)
		fail_msg("%s: %zu bursts, not %zu", c->windows, found.n, n);
	for (i = 0; i < n; i++)
		check_burst(c, &found.items[i], &c->bursts[i]);
}

#define M 1000000U /* bit/s */
#define SHARE BURST_SHARE, 0, 0
#define MERGE(gap_ns) BURST_SHARE, 0, gap_ns
#define LASTS(min_ns) BURST_SHARE, min_ns, 0
#define HYST BURST_HYSTERESIS, 0, 0
#define ONE(at, cut)                                       \
	{                                                  \
		at, (at) + 1, 10000, 800 * M, 800 * M, cut \
	}

static void finds_runs_of_hot_windows(void **state)
{
	static const struct burst_case cases[] = {
		{"", SHARE, {{0}}},
		{"....", SHARE, {{0}}},
		{"cccc", SHARE, {{0}}},
		{"H...", SHARE, {ONE(0, false)}},
		{"Hc", SHARE, {ONE(0, false)}},
		{"...H", SHARE, {ONE(3, true)}},
		{"H", SHARE, {ONE(0, true)}},
		{".HHH", SHARE, {{1, 4, 30000, 800 * M, 800 * M, true}}},
		{"..t..", SHARE, {{0}}},
		{"tttt", SHARE, {{0}}},
		{"..u..", SHARE, {{2, 3, 6251, 500080000, 500080000, false}}},
		{".HPH.", SHARE, {{1, 4, 32500, 1000 * M, 866666667, false}}},
		{"HcH.", SHARE, {ONE(0, false), ONE(2, false)}},
		{"H.H.", SHARE, {ONE(0, false), ONE(2, false)}},
		{"HtH.", SHARE, {ONE(0, false), ONE(2, false)}},
		{"HzH.", SHARE, {ONE(0, false), ONE(2, false)}},
		/* Gaps: the one that comes right behind cuts, one that comes later does not. */
		{".HgH.", SHARE, {ONE(1, true), ONE(3, true)}},
		{".HggH", SHARE, {ONE(1, true), ONE(4, true)}},
		{".H.g.", SHARE, {ONE(1, false)}},
		{".Hcg.", SHARE, {ONE(1, false)}},
		{"gHHg", SHARE, {{1, 3, 20000, 800 * M, 800 * M, true}}},
		{"ggg", SHARE, {{0}}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(&cases[i]);
}

static void merges_and_drops_by_duration(void **state)
{
	static const struct burst_case cases[] = {
		{"Hc.H...", MERGE(2 * W), {{0, 4, 21000, 800 * M, 420 * M, false}}},
		/* Two windows behind the end are given: the third might have gone on with it. */
		{"HccH..", MERGE(2 * W), {{0, 4, 22000, 800 * M, 440 * M, true}}},
		{"HccH...", MERGE(2 * W), {{0, 4, 22000, 800 * M, 440 * M, false}}},
		{"Hc.H...", MERGE(2 * W - 1), {ONE(0, false), ONE(3, false)}},
		{"H...H...", MERGE(2 * W), {ONE(0, false), ONE(4, false)}},
		{"H.H.", MERGE(W - 1), {ONE(0, false), ONE(2, false)}},
		{"H.H...", MERGE(W), {{0, 3, 20000, 800 * M, 533333333, false}}},
		/* Cold windows behind the last hot one are not part. */
		{"HcHcccc", MERGE(2 * W), {{0, 3, 21000, 800 * M, 560 * M, false}}},
		{"cHcc", MERGE(3 * W), {ONE(1, true)}},
		{"HcHcHccc", MERGE(W), {{0, 5, 32000, 800 * M, 512 * M, false}}},
		{"Hc....", MERGE(FOREVER), {ONE(0, true)}},
		/* A gap is never merged across, and cuts if the burst might have gone on in it. */
		{"HcgH....", MERGE(3 * W), {ONE(0, true), ONE(3, true)}},
		{"H..g", MERGE(W), {ONE(0, false)}},
		{"H..g", MERGE(2 * W), {ONE(0, true)}},
		{"HH.", LASTS(2 * W), {{0, 2, 20000, 800 * M, 800 * M, false}}},
		{"HH.", LASTS(2 * W + 1), {{0}}},
		{"H.HHH.", LASTS(3 * W), {{2, 5, 30000, 800 * M, 800 * M, false}}},
		{"HH", LASTS(3 * W), {{0}}},
		/* Merged first, then measured. */
		{"H.H...", BURST_SHARE, 3 * W, W, {{0, 3, 20000, 800 * M, 533333333, false}}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(&cases[i]);
}

static void keeps_on_between_the_marks(void **state)
{
	static const struct burst_case cases[] = {
		{"mmmm", HYST, {{0}}},
		{".t.", HYST, {{0}}},
		{"mmHmml", HYST, {{2, 5, 15002, 800 * M, 400053333, false}}},
		{"Hmt.", HYST, {{0, 3, 18751, 800 * M, 500026667, false}}},
		{"Hl.", HYST, {ONE(0, false)}},
		{"Hlm.", HYST, {ONE(0, false)}},
		{"H.m.", HYST, {ONE(0, false)}},
		{"Hm", HYST, {{0, 2, 12501, 800 * M, 500040000, true}}},
		{"HmgmH.", HYST, {{0, 2, 12501, 800 * M, 500040000, true}, ONE(4, false)}},
		/* What merging joins has to begin above the high mark. */
		{"Hlm...", BURST_HYSTERESIS, 0, W, {ONE(0, false)}},
		{"HlmH...", BURST_HYSTERESIS, 0, W, {ONE(0, false), ONE(3, false)}},
		{"HlmH..", BURST_HYSTERESIS, 0, 2 * W, {{0, 4, 25001, 800 * M, 500020000, true}}},
		{"HlH...", BURST_HYSTERESIS, 0, W, {{0, 3, 22500, 800 * M, 600 * M, false}}},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(&cases[i]);
}

static void refuses_what_means_nothing(void **state)
{
	static const struct burst_config configs[] = {
		{BURST_SHARE, 0, HIGH, 0, 0, 0, 0, 0},
		{BURST_SHARE, W, 0, 0, 4, M, 0, 0},
		{BURST_HYSTERESIS, W, 0, 0, 0, 0, 0, 0},
		{BURST_HYSTERESIS, W, HIGH, HIGH + 1, 0, 0, 0, 0},
		{BURST_HYSTERESIS, 0, HIGH, LOW, 0, 0, 0, 0},
		{BURST_BASELINE, W, HIGH, 0, 0, M, 0, 0},
		{BURST_BASELINE, 0, HIGH, 0, 4, M, 0, 0},
	};
	struct burst_detector *const untouched = (struct burst_detector *)&found;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		struct burst_detector *detector = untouched;

		assert_int_equal(burst_detector_new(&detector, &configs[i], 0, note, NULL),
				 -EINVAL);
		assert_ptr_equal(detector, untouched);
	}
	burst_detector_free(NULL);
	assert_string_equal(burst_rule_name(BURST_SHARE), "share");
	assert_string_equal(burst_rule_name(BURST_HYSTERESIS), "hysteresis");
	assert_string_equal(burst_rule_name(BURST_BASELINE), "baseline");
}

static void ignores_windows_before_the_start(void **state)
{
	const struct burst_config config = {BURST_SHARE, W, HIGH, 0, 0, 0, 0, 0};
	struct burst_detector *detector = start(&config, 5 * W);

	(void)state;
	add(detector, 3 * W, 10000);
	add(detector, 4 * W, 10000);
	add(detector, 5 * W, 12500);
	burst_detector_finish(detector);
	burst_detector_free(detector);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.items[0].start_ns, 5 * W);
	assert_int_equal(found.items[0].traffic.wire_bytes, 12500);
}

static void tells_as_soon_as_it_can(void **state)
{
	static const struct {
		uint64_t merge_gap_ns, until_ns; /* the first time at which it can be told */
	} cases[] = {{0, 2 * W},         {1, 2 * W},     {W - 1, 2 * W},    {W, 3 * W},
		     {2 * W - 1, 3 * W}, {2 * W, 4 * W}, {2 * W + 1, 4 * W}};
	struct burst_config config = {BURST_SHARE, W, HIGH, 0, 0, 0, 0, 0};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct burst_detector *detector;

		config.merge_gap_ns = cases[i].merge_gap_ns;
		detector = start(&config, 0);
		add(detector, 0, 10000);
		burst_detector_advance(detector, 0);
		burst_detector_advance(detector, W);
		burst_detector_advance(detector, W + 1);
		burst_detector_advance(detector, cases[i].until_ns - 1);
		assert_int_equal(found.n, 0);
		burst_detector_advance(detector, cases[i].until_ns);
		assert_int_equal(found.n, 1);
		assert_false(found.items[0].is_cut);
		burst_detector_finish(detector);
		assert_int_equal(found.n, 1);
		burst_detector_free(detector);
	}
}

static void knows_gaps_by_the_windows_they_touch(void **state)
{
	const struct burst_config config = {BURST_SHARE, W, HIGH, 0, 0, 0, 0, 0};
	/* The burst is [0, W): the window behind it is touched, or is not. */
	static const struct {
		uint64_t from_ns;
		bool is_cut;
	} cases[] = {{W, true}, {W + 1, true}, {2 * W - 1, true}, {2 * W, false}};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct burst_detector *detector = start(&config, 0);

		add(detector, 0, 10000);
		burst_detector_add_gap(detector, cases[i].from_ns, 3 * W - 1);
		assert_int_equal(found.n, 1);
		assert_int_equal(found.items[0].is_cut, cases[i].is_cut);
		burst_detector_free(detector);
	}
}

/* The naive implementation: looks at the whole array at once. Returns how many it found. */
static size_t find_naively(const char *windows, const struct burst_config *config,
			   struct burst *bursts)
{
	size_t n_windows = strlen(windows), n = 0, kept = 0, i, k, end;

	for (i = 0; i < n_windows; i = end) {
		end = i + 1;
		if (windows[i] == 'g' || bytes_of(windows[i]) <= 6250)
			continue;
		while (end < n_windows && windows[end] != 'g' &&
		       bytes_of(windows[end]) > (config->rule == BURST_SHARE ? 6250 : 2500))
			end++;
		bursts[n++] = (struct burst){.start_ns = i, .end_ns = end};
	}
	for (i = 0; i < n; i++) {
		struct burst burst = bursts[i];

		for (; i + 1 < n; i++) {
			size_t idle = bursts[i + 1].start_ns - burst.end_ns;

			if (idle * W > config->merge_gap_ns ||
			    memchr(windows + burst.end_ns, 'g', idle))
				break;
			burst.end_ns = bursts[i + 1].end_ns;
		}
		if ((burst.end_ns - burst.start_ns) * W < config->min_duration_ns)
			continue;
		for (k = burst.start_ns; k < burst.end_ns; k++) {
			burst.traffic.wire_bytes += bytes_of(windows[k]);
			burst.drops += drops_of(bytes_of(windows[k]));
		}
		for (k = burst.end_ns; k < n_windows && windows[k] != 'g'; k++)
			;
		burst.is_cut = (k - burst.end_ns) * W <= config->merge_gap_ns ||
			       (burst.start_ns && windows[burst.start_ns - 1] == 'g');
		bursts[kept++] = burst;
	}
	return kept;
}

/* As feed(), with advances strewn in and gaps that cover their outer windows in part. */
static void feed_raggedly(struct burst_detector *detector, const char *windows)
{
	size_t n = strlen(windows), i, to;

	for (i = 0; i < n; i++) {
		uint64_t at = ORIGIN + i * W;

		if (rand() % 4 == 0)
			burst_detector_advance(detector, at + (uint64_t)rand() % W);
		if (windows[i] == 'g') {
			for (to = i; windows[to] == 'g'; to++)
				;
			burst_detector_add_gap(detector, at + (uint64_t)rand() % (W / 2),
					       ORIGIN + to * W - (uint64_t)rand() % (W / 2));
			i = to - 1;
		} else if (windows[i] != '.') {
			add(detector, at, bytes_of(windows[i]));
		}
	}
	burst_detector_advance(detector, ORIGIN + n * W + (uint64_t)rand() % W);
	burst_detector_finish(detector);
}

static void agrees_once(enum burst_rule rule)
{
	static const char kinds[] = "HHHHuPPttclmm....zg";
	struct burst_config config = {rule, W, HIGH, LOW, 0, 0, 0, 0};
	struct burst expected[MAX_WINDOWS];
	char windows[MAX_WINDOWS + 1] = "";
	uint64_t all = 0, inside = 0, outside = 0, before = ORIGIN;
	struct burst_detector *detector;
	size_t n = (size_t)rand() % MAX_WINDOWS + 1, i, k;

	for (i = 0; i < n; i++) {
		windows[i] = kinds[(size_t)rand() % (sizeof(kinds) - 1)];
		all += bytes_of(windows[i]);
	}
	config.merge_gap_ns = (uint64_t)(rand() % 9) * W / 2;
	config.min_duration_ns = (uint64_t)(rand() % 9) * W / 2;
	detector = start(&config, ORIGIN);
	feed_raggedly(detector, windows);
	burst_detector_free(detector);
	if (found.n != find_naively(windows, &config, expected))
		fail_msg("%s: %zu bursts", windows, found.n);
	for (i = 0; i < found.n; i++) {
		const struct burst *got = &found.items[i];

		if (got->start_ns != ORIGIN + expected[i].start_ns * W ||
		    got->end_ns != ORIGIN + expected[i].end_ns * W ||
		    got->is_cut != expected[i].is_cut ||
		    got->traffic.wire_bytes != expected[i].traffic.wire_bytes ||
		    got->drops != expected[i].drops || tallied(got) != got->drops)
			fail_msg("%s: burst %zu", windows, i);
		for (k = (before - ORIGIN) / W; k < (got->start_ns - ORIGIN) / W; k++)
			outside += bytes_of(windows[k]);
		before = got->end_ns;
		inside += got->traffic.wire_bytes;
	}
	for (k = (before - ORIGIN) / W; k < n; k++)
		outside += bytes_of(windows[k]);
	assert_int_equal(inside + outside, all);
}

static void agrees_with_a_naive_implementation(void **state)
{
	int i;

	(void)state;
	srand(20240607);
	for (i = 0; i < 20000; i++) {
		skips_cold = i % 2;
		agrees_once(BURST_SHARE);
	}
	for (i = 0; i < 20000; i++) {
		skips_cold = i % 2;
		agrees_once(BURST_HYSTERESIS);
	}
	skips_cold = false;
}

/* The baseline: windows of 1 ms, 4 times the median, at least 1 Mbit/s: 125 bytes. */
static const struct burst_config baseline = {BURST_BASELINE, MS, 0, 0, 4, M, 0, 0};

/* Windows [from, to), all with as much. */
static void add_many(struct burst_detector *detector, uint64_t from, uint64_t to, uint64_t bytes)
{
	for (; from < to; from++)
		add(detector, from * MS, bytes);
}

static void finish(struct burst_detector *detector)
{
	burst_detector_finish(detector);
	burst_detector_free(detector);
}

static void expect_span(size_t i, uint64_t from, uint64_t to)
{
	assert_true(i < found.n);
	assert_int_equal(found.items[i].start_ns, from * MS);
	assert_int_equal(found.items[i].end_ns, to * MS);
}

/* Within one step of the histogram, an eighth of an octave, of 4 times the median. */
static void expect_mark(size_t i, uint64_t median_bps)
{
	assert_true(i < found.n);
	assert_in_range(found.items[i].threshold_bps, 4 * median_bps * 8 / 9,
			4 * median_bps * 9 / 8);
}

static void warms_up_first(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);

	(void)state;
	add_many(detector, 0, 10, 10000);
	add_many(detector, 500, 501, 10000);
	add_many(detector, 999, 1002, 10000);
	finish(detector);
	assert_int_equal(found.n, 1);
	expect_span(0, 1000, 1002);
	/* A window that the start lies in is not one that came long after it. */
	detector = start(&baseline, 5 * MS + 1);
	add(detector, 5 * MS, 10000);
	finish(detector);
	assert_int_equal(found.n, 0);
	/* Gaps are not warm-up: 300 ms known, then 700 more. */
	detector = start(&baseline, 0);
	burst_detector_add_gap(detector, 300 * MS, 5000 * MS);
	add_many(detector, 5699, 5701, 10000);
	finish(detector);
	assert_int_equal(found.n, 1);
	expect_span(0, 5700, 5701);
}

static void has_a_floor(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);

	(void)state;
	add_many(detector, 2000, 2001, 125);
	add_many(detector, 2002, 2003, 126);
	finish(detector);
	assert_int_equal(found.n, 1);
	expect_span(0, 2002, 2003);
	assert_int_equal(found.items[0].threshold_bps, M);
}

static void takes_the_median_of_a_steady_load(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);
	uint64_t at;

	(void)state;
	/* 80 Mbit/s in every window, from the warm-up on no burst; then some of 20 ms. */
	add_many(detector, 0, 3000, 10000);
	for (at = 3000; at < 6000; at += 100) {
		add_many(detector, at, at + 20, 80000);
		add_many(detector, at + 20, at + 50, 10000);
		add_many(detector, at + 50, at + 60, 35000); /* 3.5 times: less than a step under */
		add_many(detector, at + 60, at + 100, 10000);
	}
	finish(detector);
	assert_int_equal(found.n, 30);
	for (at = 0; at < 30; at++) {
		expect_span(at, 3000 + 100 * at, 3020 + 100 * at);
		expect_mark(at, 80 * M);
	}
}

static void finds_bursts_that_fill_much_of_the_time(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);
	uint64_t at;

	(void)state;
	for (at = 0; at < 30000; at += 10) {
		add_many(detector, at, at + 6, 1000);
		add_many(detector, at + 6, at + 10, 10000);
	}
	finish(detector);
	assert_int_equal(found.n, 2900);
	for (at = 0; at < found.n; at++) {
		expect_span(at, 1006 + 10 * at, 1010 + 10 * at);
		expect_mark(at, 8 * M);
	}
}

static void gets_used_to_a_lasting_rise(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);
	uint64_t at;

	(void)state;
	add_many(detector, 0, 10000, 1000);
	add_many(detector, 10000, 70000, 10000);
	finish(detector);
	/* Of a memory of 10 s, after 10 s, half is new after some 5 s. */
	assert_int_equal(found.n, 1);
	assert_int_equal(found.items[0].start_ns, 10 * SECOND);
	assert_in_range(found.items[0].end_ns, 13 * SECOND, 20 * SECOND);
	assert_false(found.items[0].is_cut);
	expect_mark(0, 8 * M);
	/* The same with idle windows in it. */
	detector = start(&baseline, 0);
	add_many(detector, 0, 10000, 1000);
	for (at = 10000; at < 70000; at += 10)
		add_many(detector, at, at + 9, 10000);
	finish(detector);
	assert_in_range(found.items[found.n - 1].end_ns, 13 * SECOND, 20 * SECOND);
}

static void counts_gaps_neither_idle_nor_busy(void **state)
{
	struct burst_detector *detector = start(&baseline, 0);

	(void)state;
	add_many(detector, 0, 3000, 10000);
	burst_detector_add_gap(detector, 3000 * MS, 103000 * MS);
	add_many(detector, 103000, 104500, 10000);
	add_many(detector, 104500, 104501, 80000);
	finish(detector);
	assert_int_equal(found.n, 1);
	expect_span(0, 104500, 104501);
	expect_mark(0, 80 * M);
	/* Idle windows before a gap do count: 2 s busy, 5 s idle. */
	detector = start(&baseline, 0);
	add_many(detector, 0, 2000, 10000);
	burst_detector_add_gap(detector, 7000 * MS, 8000 * MS);
	add_many(detector, 8000, 8001, 10000);
	finish(detector);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.items[0].threshold_bps, M);
}

static void remembers_a_long_idle_time(void **state)
{
	static const uint64_t idle_s[] = {20, 100, 3600, 86400, 864000};
	size_t i;

	(void)state;
	/* 10 s of idle are in memory: 3 s of load do not make a new median. */
	for (i = 0; i < ARRAY_SIZE(idle_s); i++) {
		struct burst_detector *detector = start(&baseline, 0);
		uint64_t at = idle_s[i] * 1000;

		add_many(detector, 0, 10, 10000);
		add_many(detector, at, at + 3000, 10000);
		finish(detector);
		assert_int_equal(found.n, 1);
		expect_span(0, at, at + 3000);
	}
}

static enum burst_part part_of(struct burst_detector *detector, uint64_t window, char what)
{
	struct traffic_counter traffic = traffic_of(bytes_of(what));

	return burst_detector_add(detector, ORIGIN + window * W, &traffic, 0, NULL);
}

/* A burst that is too short, or whose merging has waited in vain, has no part in what comes. */
static void tells_a_windows_part(void **state)
{
	const struct burst_config share = {
		.rule = BURST_SHARE, .width_ns = W, .high_bps = HIGH, .merge_gap_ns = 2 * W};
	struct burst_config lone = share, low = share;
	struct burst_detector *detector = start(&share, ORIGIN);

	(void)state;
	assert_int_equal(part_of(detector, 0, 'c'), BURST_PART_NONE);
	assert_int_equal(part_of(detector, 1, 'H'), BURST_PART_BEGINS);
	assert_int_equal(part_of(detector, 2, 'c'), BURST_PART_WAITS);
	assert_int_equal(part_of(detector, 3, 'H'), BURST_PART_GOES_ON);
	assert_int_equal(part_of(detector, 4, 'c'), BURST_PART_WAITS);
	assert_int_equal(part_of(detector, 5, 'c'), BURST_PART_WAITS);
	parts.burst_bytes = 21000;
	assert_int_equal(part_of(detector, 6, 'c'), BURST_PART_NONE);
	assert_int_equal(found.n, 1);
	parts.burst_bytes = 10000;
	assert_int_equal(part_of(detector, 7, 'H'), BURST_PART_BEGINS);
	assert_int_equal(part_of(detector, 20, 'H'), BURST_PART_BEGINS);
	assert_int_equal(found.n, 2);
	burst_detector_add_gap(detector, ORIGIN + 21 * W, ORIGIN + 22 * W);
	assert_int_equal(part_of(detector, 22, 'c'), BURST_PART_NONE);
	burst_detector_free(detector);
	lone.merge_gap_ns = 0;
	lone.min_duration_ns = 2 * W;
	detector = start(&lone, ORIGIN);
	assert_int_equal(part_of(detector, 1, 'H'), BURST_PART_BEGINS);
	assert_int_equal(part_of(detector, 2, 'c'), BURST_PART_NONE);
	assert_int_equal(part_of(detector, 3, 'H'), BURST_PART_BEGINS);
	assert_int_equal(part_of(detector, 5, 'H'), BURST_PART_BEGINS);
	assert_int_equal(found.n, 0);
	burst_detector_free(detector);
	low.rule = BURST_HYSTERESIS;
	low.low_bps = LOW;
	low.merge_gap_ns = 0;
	detector = start(&low, ORIGIN);
	assert_int_equal(burst_detector_keep_bps(detector), LOW);
	assert_int_equal(part_of(detector, 1, 'm'), BURST_PART_NONE);
	assert_int_equal(part_of(detector, 2, 'H'), BURST_PART_BEGINS);
	assert_int_equal(part_of(detector, 3, 'm'), BURST_PART_GOES_ON);
	burst_detector_free(detector);
}

/* Just below the mark, as rates are rounded, and nothing while a burst is going on or with a baseline. */
static void tells_what_changes_nothing(void **state)
{
	const struct burst_config share = {
		.rule = BURST_SHARE, .width_ns = W, .high_bps = HIGH, .merge_gap_ns = 2 * W};
	const struct burst_config little = {.rule = BURST_SHARE, .width_ns = 10000, .high_bps = 1};
	struct burst_detector *detector = start(&share, ORIGIN);

	(void)state;
	assert_in_range(burst_detector_cold_bytes(detector), 6248, 6250);
	add(detector, ORIGIN, 10000);
	assert_int_equal(burst_detector_cold_bytes(detector), 0);
	burst_detector_advance(detector, ORIGIN + 10 * W);
	assert_int_equal(found.n, 1);
	assert_in_range(burst_detector_cold_bytes(detector), 6248, 6250);
	burst_detector_free(detector);
	detector = start(&little, ORIGIN);
	assert_int_equal(burst_detector_cold_bytes(detector), 0);
	burst_detector_free(detector);
	detector = start(&baseline, ORIGIN);
	assert_int_equal(burst_detector_cold_bytes(detector), 0);
	burst_detector_free(detector);
}

/* What to look out for: nothing before it is warm, then the floor. */
static void tells_the_mark_as_it_moves(void **state)
{
	const struct burst_config share = {.rule = BURST_SHARE, .width_ns = W, .high_bps = HIGH};
	const struct burst_config by_median = {
		.rule = BURST_BASELINE, .width_ns = MS, .factor = 10, .floor_bps = 77};
	struct burst_detector *detector = start(&share, 0);

	(void)state;
	assert_int_equal(burst_detector_keep_bps(detector), HIGH);
	burst_detector_free(detector);
	detector = start(&by_median, 0);
	assert_int_equal(burst_detector_keep_bps(detector), UINT64_MAX);
	add(detector, 999 * MS, 0);
	assert_int_equal(burst_detector_keep_bps(detector), 77);
	burst_detector_free(detector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_a_windows_part),
		cmocka_unit_test(tells_the_mark_as_it_moves),
		cmocka_unit_test(finds_runs_of_hot_windows),
		cmocka_unit_test(merges_and_drops_by_duration),
		cmocka_unit_test(keeps_on_between_the_marks),
		cmocka_unit_test(refuses_what_means_nothing),
		cmocka_unit_test(ignores_windows_before_the_start),
		cmocka_unit_test(tells_as_soon_as_it_can),
		cmocka_unit_test(knows_gaps_by_the_windows_they_touch),
		cmocka_unit_test(agrees_with_a_naive_implementation),
		cmocka_unit_test(tells_what_changes_nothing),
		cmocka_unit_test(warms_up_first),
		cmocka_unit_test(has_a_floor),
		cmocka_unit_test(takes_the_median_of_a_steady_load),
		cmocka_unit_test(finds_bursts_that_fill_much_of_the_time),
		cmocka_unit_test(gets_used_to_a_lasting_rise),
		cmocka_unit_test(counts_gaps_neither_idle_nor_busy),
		cmocka_unit_test(remembers_a_long_idle_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
