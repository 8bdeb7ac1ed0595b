// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * model/rate_sums against a naive implementation that has everything at once: random windows, members and
 * gaps, cut into spans at random. Whatever the cut, the intervals add up to the windows.
 */
#include "tests/unit/support.h"

#include "model/rate_sums.h"

#define W 100U
#define ORIGIN 7000U
#define N_WINDOWS 40
#define N_SLOTS 4 /* nobody has the last */
#define N_MEMBERS 12
#define N_SPANS 12
#define N_GAPS 4
#define N_RATES (N_WINDOWS * N_MEMBERS)

/* The scene: what there is, by itself. */
static struct window windows[N_WINDOWS * N_SLOTS * N_DIRECTIONS];
static size_t n_windows;
static struct series_member members[N_MEMBERS]; /* by slot, and there in order of time */
static size_t n_members;
static struct window_gap gaps[N_GAPS];
static size_t gap_span[N_GAPS]; /* that tells of it */
static size_t n_gaps;
static uint64_t cuts[N_SPANS + 1]; /* the spans' borders */
static size_t n_spans;
static uint64_t interval_ns;

/* What came of it. */
static struct rate got[N_RATES], wanted[N_RATES];
static size_t n_got, n_wanted, n_intervals;

static uint64_t below(uint64_t n)
{
	return (uint64_t)rand() % n;
}

/* Often at a window's border, or next to it. */
static uint64_t some_time(uint64_t from_ns)
{
	uint64_t ns = from_ns / W * W + below(N_WINDOWS) * W;

	switch (below(4)) {
	case 0:
		ns += 1;
		break;
	case 1:
		ns += W - 1;
		break;
	case 2:
		ns += below(W);
		break;
	default:
		break;
	}
	return ns > from_ns ? ns : from_ns;
}

static void make_windows(size_t length)
{
	size_t rarity = 1 + below(8);

	n_windows = 0;
	for (size_t at = 0; at < length; at++)
		for (uint32_t slot = 1; slot <= N_SLOTS; slot++)
			for (uint32_t d = 0; d < N_DIRECTIONS; d++)
				if (!below(rarity))
					windows[n_windows++] = (struct window){
						ORIGIN + at * W,
						slot,
						d,
						{1 + below(9), below(9000), below(99), below(9000)},
						below(3)};
}

static void make_members(void)
{
	n_members = 0;
	for (uint32_t slot = 1; slot < N_SLOTS; slot++) {
		uint64_t from_ns = below(2) ? 0 : some_time(ORIGIN);
		uint32_t ifindex = 10 * slot;

		for (size_t i = below(4); i; i--) {
			uint64_t to_ns = below(4) ? some_time(from_ns) : SERIES_STAYS;

			members[n_members++] =
				(struct series_member){slot, ifindex, "", from_ns, to_ns};
			if (to_ns == SERIES_STAYS)
				break;
			from_ns = some_time(to_ns);
			ifindex += (uint32_t)below(2); /* or one made anew under its number */
		}
	}
}

static void make_spans(size_t length)
{
	uint64_t until_ns = ORIGIN + length * W;

	n_spans = 0;
	cuts[0] = ORIGIN;
	while (cuts[n_spans] < until_ns && n_spans < N_SPANS - 1) {
		uint64_t left = (until_ns - cuts[n_spans]) / W;

		cuts[n_spans + 1] = cuts[n_spans] + below(left + 1) * W;
		n_spans++;
	}
	cuts[++n_spans] = until_ns;
}

/* Told of in the span in which they begin to matter, at the latest. */
static void make_gaps(void)
{
	n_gaps = below(3) ? 0 : below(N_GAPS + 1);
	for (size_t i = 0; i < n_gaps; i++) {
		uint64_t from_ns = some_time(ORIGIN - W);
		size_t last = 0;

		gaps[i] = (struct window_gap){from_ns, from_ns + 1 + below(below(2) ? W : 9 * W)};
		while (last + 1 < n_spans && cuts[last + 1] <= from_ns)
			last++;
		gap_span[i] = below(2) ? last : below(last + 1);
	}
}

/* As it is called in a span: every few spans anew. */
static void name(char *ifname, const struct series_member *member, size_t span)
{
	snprintf(ifname, IF_NAMESIZE, "m%u-%u", member->ifindex % 100U,
		 (unsigned int)(span / 3 % 100));
}

static void make_scene(unsigned int seed)
{
	size_t length;

	srand(seed);
	length = 1 + below(N_WINDOWS);
	make_windows(length);
	make_members();
	make_spans(length);
	make_gaps();
	interval_ns = (below(6) ? 1 + below(10) : N_WINDOWS + below(2) * 1000000) * W;
}

static int note(void *context, const struct rate *rates, size_t n)
{
	(void)context;
	assert_true(n_got + n <= N_RATES);
	for (size_t i = 0; i < n; i++)
		got[n_got++] = rates[i];
	n_intervals++;
	return 0;
}

/* One that has gone may be there for longer; windows of its time are what counts. */
static size_t members_of(struct series_member *list, size_t span)
{
	size_t n = 0;

	for (size_t i = 0; i < n_members; i++) {
		if (members[i].from_ns >= cuts[span + 1] ||
		    (members[i].to_ns < cuts[span] && below(2)))
			continue;
		list[n] = members[i];
		name(list[n++].ifname, &members[i], span);
	}
	return n;
}

static uint64_t orphaned;
static struct traffic_counter walked;

static void walk(void *context, const struct series_point *point)
{
	(void)context;
	walked.packets += point->traffic.packets;
	walked.wire_bytes += point->traffic.wire_bytes;
}

static void run(void)
{
	struct rate_sums *sums;
	size_t at = 0;

	n_got = n_intervals = 0;
	orphaned = 0;
	walked = (struct traffic_counter){0};
	assert_int_equal(rate_sums_new(&sums, ORIGIN, interval_ns, note, NULL), 0);
	for (size_t span = 0; span < n_spans; span++) {
		struct series_member list[N_MEMBERS];
		struct window_gap told[N_GAPS];
		struct series_span taken = {
			cuts[span], cuts[span + 1], W, windows + at, 0, told, 0, list,  0,
			false,      NULL,           0, NULL,         0, NULL, 0, {0, 0}};

		taken.n_members = members_of(list, span);
		for (; at < n_windows && windows[at].start_ns < cuts[span + 1]; at++)
			taken.n_windows++;
		for (size_t i = 0; i < n_gaps; i++)
			if (gap_span[i] == span)
				told[taken.n_gaps++] = gaps[i];
		assert_int_equal(rate_sums_take(sums, &taken), 0);
		orphaned += series_walk(&taken, walk, NULL);
	}
	assert_int_equal(rate_sums_finish(sums), 0);
	rate_sums_free(sums);
}

static bool touches(const struct series_member *member, uint64_t start_ns)
{
	return member->from_ns < start_ns + W && member->to_ns >= start_ns;
}

/* Where the naive one has, or puts, the rate of a member in the interval that begins with `first`. */
static struct rate *rate_of(size_t first, const struct series_member *member, uint64_t start_ns)
{
	size_t i = first;

	while (i < n_wanted &&
	       (wanted[i].slot != member->slot || wanted[i].ifindex != member->ifindex))
		i++;
	if (i == n_wanted) {
		assert_true(n_wanted < N_RATES);
		wanted[n_wanted++] = (struct rate){
			.ifindex = member->ifindex,
			.slot = member->slot,
			.start_wall_ns = member->from_ns > start_ns ? member->from_ns : start_ns};
	}
	return &wanted[i];
}

static void be_there(struct rate *rate, const struct series_member *member, uint64_t start_ns)
{
	uint64_t to_ns = member->to_ns < start_ns + W ? member->to_ns : start_ns + W;
	size_t span = 0;

	while (cuts[span + 1] <= start_ns)
		span++;
	rate->interval_ns = to_ns - rate->start_wall_ns;
	name(rate->ifname, member, span);
}

static void carry(struct rate *rate, const struct window *window)
{
	struct interface_counters add = {0};
	uint64_t bps = rate_per_second(8 * window->traffic.wire_bytes, W);

	add.traffic[window->direction] = window->traffic;
	add.drops[window->direction] = window->drops;
	counters_add(&rate->delta, &add);
	if (bps > rate->peak_bps[window->direction])
		rate->peak_bps[window->direction] = bps;
}

static void take_naively(size_t first, uint64_t start_ns)
{
	for (size_t i = 0; i < n_members; i++)
		if (touches(&members[i], start_ns))
			be_there(rate_of(first, &members[i], start_ns), &members[i], start_ns);
	for (size_t i = 0; i < n_windows; i++) {
		size_t k = 0;

		while (k < n_members &&
		       (members[k].slot != windows[i].slot || !touches(&members[k], start_ns)))
			k++;
		if (windows[i].start_ns == start_ns && k < n_members)
			carry(rate_of(first, &members[k], start_ns), &windows[i]);
	}
}

/* Of no time, and without a packet. */
static bool is_nothing(const struct rate *rate)
{
	static const struct interface_counters none;

	return !rate->interval_ns && !memcmp(&rate->delta, &none, sizeof(none));
}

static bool is_before(const struct rate *a, const struct rate *b)
{
	if (a->slot != b->slot)
		return a->slot < b->slot;
	if (a->start_wall_ns != b->start_wall_ns)
		return a->start_wall_ns < b->start_wall_ns;
	return a->ifindex < b->ifindex;
}

static void end_naively(size_t first, bool is_unknown)
{
	size_t kept = first;

	for (size_t i = first; i < n_wanted; i++) {
		struct rate rate = wanted[i];

		rate.is_unknown = is_unknown;
		rate.has_peak = !is_unknown;
		for (int d = 0; d < N_DIRECTIONS; d++)
			rate.bps[d] = rate_per_second(8 * rate.delta.traffic[d].wire_bytes,
						      rate.interval_ns);
		if (is_nothing(&rate))
			continue;
		size_t at = kept++;
		for (; at > first && is_before(&rate, &wanted[at - 1]); at--)
			wanted[at] = wanted[at - 1];
		wanted[at] = rate;
	}
	n_wanted = kept;
}

static size_t sum_naively(void)
{
	uint64_t start_ns = ORIGIN, until_ns = cuts[n_spans];
	size_t n = 0;

	for (n_wanted = 0; start_ns < until_ns; n++) {
		uint64_t end_ns = start_ns + interval_ns;
		size_t first = n_wanted;
		bool is_unknown = false;

		for (; start_ns < end_ns && start_ns < until_ns; start_ns += W) {
			take_naively(first, start_ns);
			is_unknown |= window_is_in_gap(start_ns, W, gaps, n_gaps);
		}
		end_naively(first, is_unknown);
	}
	return n;
}

static void compare(unsigned int seed)
{
	uint64_t packets = 0, bytes = 0, all = 0;

	if (n_intervals != sum_naively() || n_got != n_wanted)
		fail_msg("seed %u: %zu rates of %zu intervals, wanted %zu", seed, n_got,
			 n_intervals, n_wanted);
	for (size_t i = 0; i < n_got; i++) {
		const struct rate *a = &got[i], *b = &wanted[i];

		if (a->slot != b->slot || a->ifindex != b->ifindex ||
		    a->start_wall_ns != b->start_wall_ns || a->interval_ns != b->interval_ns ||
		    strcmp(a->ifname, b->ifname) || a->is_unknown != b->is_unknown ||
		    a->has_peak != b->has_peak || memcmp(&a->delta, &b->delta, sizeof(a->delta)) ||
		    memcmp(a->bps, b->bps, sizeof(a->bps)) ||
		    memcmp(a->peak_bps, b->peak_bps, sizeof(a->peak_bps)))
			fail_msg("seed %u: rate %zu is of %s at %" PRIu64 " for %" PRIu64
				 ", not of %s at %" PRIu64 " for %" PRIu64,
				 seed, i, a->ifname, a->start_wall_ns, a->interval_ns, b->ifname,
				 b->start_wall_ns, b->interval_ns);
		for (int d = 0; d < N_DIRECTIONS; d++) {
			packets += a->delta.traffic[d].packets;
			bytes += a->delta.traffic[d].wire_bytes;
		}
	}
	for (size_t i = 0; i < n_windows; i++)
		all += windows[i].traffic.packets;
	if (packets + orphaned != all || packets != walked.packets || bytes != walked.wire_bytes)
		fail_msg("seed %u: %" PRIu64 " packets and %" PRIu64 " of nobody, not %" PRIu64,
			 seed, packets, orphaned, all);
}

static void adds_up_whatever_the_cut(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 10000; seed++) {
		make_scene(seed);
		run();
		compare(seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_up_whatever_the_cut),
	};

	return cmocka_run_group_tests_name("rate_sums_naive", tests, NULL, NULL);
}
