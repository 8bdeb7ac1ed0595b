// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * judge: holds the bursts that `ifpulse bursts --csv` found against what `schedule` sent.
 *
 * It knows the rule from the man page and nothing of src/model: windows begin at multiples of their width
 * on the wall clock; a run of windows above the threshold is a burst; runs at most the merge gap apart
 * are one. Start, end, all four counts, the peak and the mean of a found burst have to be exact.
 *
 * What the stamps leave open is settled by placement.h, rigorously: a found burst is right if it can be what
 * was sent, and no tolerance is added to that. The bytes over all bursts have to be those sent.
 *
 * Stamps become wall-clock times by the offset in the truth, plus or minus --slack-ns: the probe reads the
 * two clocks one after the other, once, and its windows are off by the time between.
 *
 * A neighbourhood that does not come out is judged burst by burst, each send placed at its middle.
 */
#include "placement.h"

#define NSEC_PER_USEC 1000
#define SLACK_NS 1000
#define MISMATCH_SIZE 256
#define MISMATCHES_MAX 5
#define RIGHT_MIN 0.999

struct judge {
	struct placement sent;
	struct found found;
	uint64_t slack_ns;
	uint64_t truth, right; /* bursts that were sent; of these, found */
	uint64_t right_found;  /* of the found ones */
	uint64_t neighbourhoods, ambiguous;
	uint64_t shortest, longest; /* bursts of the truth, in windows */
	size_t n_mismatches;
	char mismatches[MISMATCHES_MAX][MISMATCH_SIZE];
};

/* Where each send can be, in windows on the wall clock. */
static void place(struct judge *judge, const struct truth *truth)
{
	const uint64_t low_ns = truth->offset_min_ns - judge->slack_ns;
	const uint64_t high_ns = truth->offset_max_ns + judge->slack_ns;

	for (size_t i = 0; i < truth->n; i++) {
		const uint64_t from_ns = truth->sends[i].before_ns + low_ns;
		const uint64_t to_ns = truth->sends[i].after_ns + high_ns;
		const struct record record = {
			.first = from_ns / judge->sent.width_ns,
			.last = to_ns / judge->sent.width_ns,
			.middle = (from_ns + (to_ns - from_ns) / 2) / judge->sent.width_ns,
			.counts = truth->sends[i].counts,
		};

		judge->sent.records = truth_grow(judge->sent.records, judge->sent.n,
						 sizeof(*judge->sent.records));
		judge->sent.records[judge->sent.n++] = record;
	}
}

/*
 * Where the device does the segmentation, or the stack behind the hook for it, its counters do not tell how
 * many skbs passed the hook. But each packet fewer has to be its headers fewer: put in, everything is
 * known again.
 */
static void put_headers_in(struct found *found, uint64_t headers)
{
	for (size_t i = 0; i < found->n; i++) {
		struct counts *c = &found->bursts[i].counts;

		c->bytes += (c->wire_packets - c->packets) * headers;
		c->packets = c->wire_packets;
	}
}

/* What one found burst says of itself. */
static bool is_sound(const struct judge *judge, size_t i)
{
	const struct burst *burst = &judge->found.bursts[i];
	const uint64_t duration_ns = (burst->end - burst->start) * judge->sent.width_ns;

	/* Closer than the merge gap, they would be one. */
	if (i &&
	    (burst->start < burst[-1].end ||
	     (burst->start - burst[-1].end) * judge->sent.width_ns <= judge->sent.merge_gap_ns))
		return false;
	return !burst->is_cut && burst->mean_bps == rate(burst->counts.wire_bytes, duration_ns);
}

/* ---- the verdict ---- */

static void note_length(struct judge *judge, const struct burst *burst)
{
	const uint64_t length = burst->end - burst->start;

	if (!judge->shortest || length < judge->shortest)
		judge->shortest = length;
	if (length > judge->longest)
		judge->longest = length;
}

static void mismatch(struct judge *judge, const char *what, const struct burst *burst)
{
	if (judge->n_mismatches < MISMATCHES_MAX)
		snprintf(judge->mismatches[judge->n_mismatches], MISMATCH_SIZE,
			 "%s: at %" PRIu64 " us, %" PRIu64 " us long, %" PRIu64 " packets, %" PRIu64
			 " bytes, on the wire %" PRIu64 " and %" PRIu64 "%s",
			 what, burst->start * judge->sent.width_ns / NSEC_PER_USEC,
			 (burst->end - burst->start) * judge->sent.width_ns / NSEC_PER_USEC,
			 burst->counts.packets, burst->counts.bytes, burst->counts.wire_packets,
			 burst->counts.wire_bytes, burst->is_cut ? ", cut" : "");
	judge->n_mismatches++;
}

/* A burst as the sends at their middles make it, against those found in the neighbourhood. */
static void settle(struct judge *judge, const struct burst *truth, size_t first, size_t end)
{
	judge->truth++;
	note_length(judge, truth);
	for (size_t i = first; i < end; i++) {
		struct burst *found = &judge->found.bursts[i];

		if (found->is_right || !is_sound(judge, i) || found->start != truth->start ||
		    found->end != truth->end || found->peak_bps != truth->peak_bps ||
		    !counts_equal(&found->counts, &truth->counts))
			continue;
		found->is_right = true;
		judge->right++;
		return;
	}
	mismatch(judge, "sent, but not found", truth);
}

/* The rule, on the sends at their middles. */
static void settle_each(struct judge *judge, size_t from, size_t to, size_t first, size_t end)
{
	struct counts window, since = {0};
	struct burst burst = {0};
	size_t i = from;

	while (i < to) {
		const uint64_t at = judge->sent.records[i].middle;
		uint64_t peak_bps, mark_bps = judge->sent.high_bps;

		if (judge->sent.is_hysteresis && burst.end && at == burst.end)
			mark_bps = judge->sent.low_bps;
		window = (struct counts){0};
		for (; i < to && judge->sent.records[i].middle == at; i++)
			counts_add(&window, &judge->sent.records[i].counts);
		counts_add(&since, &window);
		if (!is_above(&judge->sent, window.wire_bytes, mark_bps))
			continue;
		if (!burst.end ||
		    (at - burst.end) * judge->sent.width_ns > judge->sent.merge_gap_ns) {
			if (burst.end)
				settle(judge, &burst, first, end);
			burst = (struct burst){.start = at};
			since = window;
		}
		counts_add(&burst.counts, &since);
		since = (struct counts){0};
		burst.end = at + 1;
		peak_bps = rate(window.wire_bytes, judge->sent.width_ns);
		if (peak_bps > burst.peak_bps)
			burst.peak_bps = peak_bps;
	}
	if (burst.end)
		settle(judge, &burst, first, end);
}

static void judge_neighbourhood(struct judge *judge, size_t from, size_t to, size_t *found)
{
	const uint64_t stop = judge->sent.records[to - 1].last + 1;
	size_t first = *found, end;
	bool is_right = true;

	/* Those before it are nobody's. */
	while (first < judge->found.n &&
	       judge->found.bursts[first].end <= judge->sent.records[from].first)
		first++;
	for (end = first; end < judge->found.n && judge->found.bursts[end].start < stop; end++)
		is_right = is_right && is_sound(judge, end) &&
			   judge->found.bursts[end].start >= judge->sent.records[from].first;
	*found = end;
	judge->neighbourhoods++;
	if (!is_right ||
	    !can_be(&judge->sent, from, to, judge->found.bursts + first, end - first)) {
		settle_each(judge, from, to, first, end);
		return;
	}
	for (; first < end; first++) {
		judge->found.bursts[first].is_right = true;
		note_length(judge, &judge->found.bursts[first]);
		judge->truth++;
		judge->right++;
	}
}

static void judge_all(struct judge *judge)
{
	size_t from = 0, found = 0, to;

	for (to = 1; to <= judge->sent.n; to++) {
		const struct record *r = &judge->sent.records[to];

		judge->ambiguous += r[-1].first != r[-1].last;
		/* Two windows more than merging bridges: they have nothing to do with one another. */
		if (to < judge->sent.n &&
		    r->first <= r[-1].last + 2 + judge->sent.merge_gap_ns / judge->sent.width_ns)
			continue;
		judge_neighbourhood(judge, from, to, &found);
		from = to;
	}
	for (size_t i = 0; i < judge->found.n; i++) {
		judge->right_found += judge->found.bursts[i].is_right;
		if (!judge->found.bursts[i].is_right)
			mismatch(judge, "found, but not sent like this", &judge->found.bursts[i]);
	}
}

static int report(const struct judge *judge, bool in_part)
{
	struct counts sent = {0}, found = {0};
	bool is_good;

	for (size_t i = 0; i < judge->sent.n; i++)
		counts_add(&sent, &judge->sent.records[i].counts);
	for (size_t i = 0; i < judge->found.n; i++)
		counts_add(&found, &judge->found.bursts[i].counts);
	is_good = judge->truth && judge->right >= RIGHT_MIN * judge->truth &&
		  judge->right_found >= RIGHT_MIN * judge->found.n &&
		  (in_part || counts_equal(&sent, &found));
	printf("{\"sends\":%zu,\"ambiguous_sends\":%" PRIu64 ",\"neighbourhoods\":%" PRIu64
	       ",\"truth_bursts\":%" PRIu64 ",\"found_bursts\":%zu,\"recall_pct\":%.3f"
	       ",\"precision_pct\":%.3f,\"shortest_us\":%" PRIu64 ",\"longest_us\":%" PRIu64
	       ",\"sent_bytes\":%" PRIu64 ",\"found_bytes\":%" PRIu64
	       ",\"sent_wire_bytes\":%" PRIu64 ",\"found_wire_bytes\":%" PRIu64
	       ",\"verdict\":\"%s\",\"mismatches\":[",
	       judge->sent.n, judge->ambiguous, judge->neighbourhoods, judge->truth, judge->found.n,
	       judge->truth ? 100.0 * judge->right / judge->truth : 0,
	       judge->found.n ? 100.0 * judge->right_found / judge->found.n : 0,
	       judge->shortest * judge->sent.width_ns / NSEC_PER_USEC,
	       judge->longest * judge->sent.width_ns / NSEC_PER_USEC, sent.bytes, found.bytes,
	       sent.wire_bytes, found.wire_bytes, is_good ? "right" : "wrong");
	for (size_t i = 0; i < judge->n_mismatches && i < MISMATCHES_MAX; i++)
		printf("%s\"%s\"", i ? "," : "", judge->mismatches[i]);
	printf("]}\n");
	if (fflush(stdout))
		return tool_fail("write", "stdout");
	return is_good ? EXIT_SUCCESS : TOOL_INCOMPLETE;
}

static int bursts(int argc, char **argv)
{
	struct judge judge = {.slack_ns = SLACK_NS};
	const char *truth_path, *found_path, *direction;
	struct truth truth = {0};
	uint64_t width_us, merge_gap_us = 0, high_kbit, low_kbit = UINT64_MAX, headers = 0;
	bool in_part = false;
	const struct tool_option options[] = {
		{"truth", .text = &truth_path, .required = true},
		{"found", .text = &found_path, .required = true},
		{"direction", .text = &direction, .required = true},
		{"window-us", .number = &width_us, .min = 1, .max = 1000000, .required = true},
		{"threshold-kbit", .number = &high_kbit, .max = UINT32_MAX, .required = true},
		{"low-kbit", .number = &low_kbit, .max = UINT32_MAX},
		{"merge-gap-us", .number = &merge_gap_us, .max = UINT32_MAX},
		{"slack-ns", .number = &judge.slack_ns, .max = UINT32_MAX},
		{"segment-headers", .number = &headers, .min = 1, .max = UINT8_MAX},
		{"in-part", .flag = &in_part},
	};
	int ret;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	judge.sent.width_ns = width_us * NSEC_PER_USEC;
	judge.sent.merge_gap_ns = merge_gap_us * NSEC_PER_USEC;
	judge.sent.high_bps = high_kbit * 1000;
	judge.sent.is_hysteresis = low_kbit != UINT64_MAX;
	judge.sent.low_bps = low_kbit * 1000;
	judge.found.width_ns = judge.sent.width_ns;
	judge.found.threshold_bps = judge.sent.high_bps;
	ret = truth_read(&truth, truth_path) ?: found_read(&judge.found, found_path, direction);
	if (!ret) {
		if (headers)
			put_headers_in(&judge.found, headers);
		place(&judge, &truth);
		judge_all(&judge);
		ret = report(&judge, in_part);
	}
	free(truth.sends);
	free(judge.sent.records);
	free(judge.found.bursts);
	return ret;
}

static const char usage[] =
	"Usage: judge bursts --truth FILE --found CSV --direction rx|tx --window-us W\n"
	"                    --threshold-kbit R [--low-kbit R] [--merge-gap-us T] [--in-part]\n"
	"                    [--segment-headers BYTES] [--slack-ns N]\n"
	"\n"
	"FILE is of `schedule`, CSV of `ifpulse bursts --csv`, on one interface. With --low-kbit "
	"the\n"
	"rule is hysteresis, else share. --in-part: traffic that is in no burst is no mistake, "
	"since\n"
	"not every window with a packet is above the threshold. --segment-headers: FILE has "
	"segments\n"
	"where the hook had larger skbs. The verdict is one JSON object on stdout.\n"
	"Status: 0 right; 1 wrong (recall or precision below 99.9%, or the bursts do not "
	"add\n"
	"up to what was sent) or failed; 2 usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {{"bursts", bursts}};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
