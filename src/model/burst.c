// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/burst.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "model/rate.h"

/* Rates in steps of an eighth of an octave: bucket 0 is idle, rates below 8 bit/s share the first. */
#define SUB_BITS 3
#define BUCKETS (64 << SUB_BITS)
/* The histogram fades this often, by the share that makes its memory BURST_MEMORY_NS. */
#define FADE_PERIOD_NS 1000000000U
/* After this much idle time nothing of what was before is left: more need not be counted. */
#define IDLE_ENOUGH_NS (20 * (uint64_t)BURST_MEMORY_NS)

_Static_assert(BURST_WARM_UP_NS >= FADE_PERIOD_NS, "there is a median once it is warm");

/* How the interface's windows are spread over rates. */
struct histogram {
	double counts[BUCKETS];
	double total;
	uint64_t seen_until_ns; /* windows up to here are in it */
	uint64_t known_ns;      /* the time of its windows: gaps are not in it */
	uint64_t faded_ns;      /* known_ns, up to which it has faded */
	uint64_t median_bps;    /* as of the last fading */
};

struct burst_detector {
	struct burst_config config;
	burst_fn fn;
	void *context;
	bool has_burst; /* `burst` is going on, or may yet be merged with the next */
	struct burst burst;
	uint64_t peak_bytes;
	/* Of the windows since the last hot one: part of the burst only if it goes on. */
	struct traffic_counter since;
	uint64_t drops_since;
	struct drop_tally reasons_since;
	uint64_t start_ns;
	uint64_t gap_until_ns;      /* of the last gap; 0: there was none */
	struct histogram histogram; /* BURST_BASELINE */
};

const char *burst_rule_name(enum burst_rule rule)
{
	static const char *const names[] = {"share", "hysteresis", "baseline"};

	return names[rule];
}

int burst_detector_new(struct burst_detector **out, const struct burst_config *config,
		       uint64_t start_ns, burst_fn fn, void *context)
{
	struct burst_detector *detector;

	if (!config->width_ns || (config->rule == BURST_BASELINE && !config->factor) ||
	    (config->rule != BURST_BASELINE && !config->high_bps) ||
	    (config->rule == BURST_HYSTERESIS && config->low_bps > config->high_bps))
		return -EINVAL;
	detector = calloc(1, sizeof(*detector));
	if (!detector)
		return -ENOMEM;
	detector->config = *config;
	detector->fn = fn;
	detector->context = context;
	detector->start_ns = start_ns;
	detector->histogram.seen_until_ns = start_ns;
	*out = detector;
	return 0;
}

void burst_detector_free(struct burst_detector *detector)
{
	free(detector);
}

static void add_traffic(struct traffic_counter *sum, const struct traffic_counter *add)
{
	sum->packets += add->packets;
	sum->bytes += add->bytes;
	sum->wire_packets += add->wire_packets;
	sum->wire_bytes += add->wire_bytes;
}

static unsigned int bucket_of(uint64_t rate_bps)
{
	unsigned int octave;

	if (!rate_bps)
		return 0;
	octave = 63U - (unsigned int)__builtin_clzll(rate_bps);
	if (octave < SUB_BITS)
		return 1;
	return (octave << SUB_BITS) + (unsigned int)((rate_bps >> (octave - SUB_BITS)) & 7);
}

/* The lowest rate of a bucket. */
static uint64_t rate_of(unsigned int bucket)
{
	unsigned int octave = bucket >> SUB_BITS;

	if (octave < SUB_BITS)
		return bucket ? 1 : 0;
	return ((UINT64_C(1) << SUB_BITS) + (bucket & 7)) << (octave - SUB_BITS);
}

static uint64_t find_median(const struct histogram *histogram)
{
	double below = 0;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		below += histogram->counts[i];
		if (below * 2 >= histogram->total)
			return rate_of(i);
	}
	return 0;
}

/* Fades what is in it, and finds the median afresh: once a second of the windows' time. */
static void fade(struct histogram *histogram)
{
	const double keep = 1 - (double)FADE_PERIOD_NS / (double)BURST_MEMORY_NS;
	unsigned int i;

	if (histogram->known_ns - histogram->faded_ns < FADE_PERIOD_NS)
		return;
	histogram->median_bps = find_median(histogram);
	while (histogram->known_ns - histogram->faded_ns >= FADE_PERIOD_NS) {
		histogram->faded_ns += FADE_PERIOD_NS;
		histogram->total = 0;
		for (i = 0; i < BUCKETS; i++) {
			histogram->counts[i] *= keep;
			histogram->total += histogram->counts[i];
		}
	}
}

/* n windows of one rate, faded as if they came one by one. */
static void take(struct histogram *histogram, uint64_t n, uint64_t width_ns, uint64_t rate_bps)
{
	unsigned int bucket = bucket_of(rate_bps);

	while (n) {
		uint64_t left_ns = histogram->faded_ns + FADE_PERIOD_NS - histogram->known_ns;
		uint64_t now = (left_ns + width_ns - 1) / width_ns;

		if (now > n)
			now = n;
		histogram->counts[bucket] += (double)now;
		histogram->total += (double)now;
		histogram->known_ns += now * width_ns;
		n -= now;
		fade(histogram);
	}
}

/* Windows between the last one taken in and until_ns were idle. */
static void take_idle(struct histogram *histogram, uint64_t until_ns, uint64_t width_ns)
{
	const uint64_t enough = IDLE_ENOUGH_NS / width_ns + 1;
	uint64_t idle;

	if (until_ns <= histogram->seen_until_ns)
		return;
	idle = (until_ns - histogram->seen_until_ns) / width_ns;
	take(histogram, idle < enough ? idle : enough, width_ns, 0);
	histogram->seen_until_ns = until_ns;
}

static void take_busy(struct histogram *histogram, uint64_t start_ns, uint64_t width_ns,
		      uint64_t rate_bps)
{
	take(histogram, 1, width_ns, rate_bps);
	histogram->seen_until_ns = start_ns + width_ns;
}

static uint64_t high_mark(const struct burst_detector *detector)
{
	const struct burst_config *config = &detector->config;
	uint64_t median_bps = detector->histogram.median_bps, mark;

	if (config->rule != BURST_BASELINE)
		return config->high_bps;
	mark = median_bps > UINT64_MAX / config->factor ? UINT64_MAX : median_bps * config->factor;
	return mark > config->floor_bps ? mark : config->floor_bps;
}

static bool is_warm(const struct burst_detector *detector)
{
	return detector->config.rule != BURST_BASELINE ||
	       detector->histogram.known_ns >= BURST_WARM_UP_NS;
}

/* The mark that a window must be above to keep a burst going, or to be merged with it. */
static uint64_t keep_mark(const struct burst_detector *detector, uint64_t start_ns)
{
	uint64_t mark = high_mark(detector);

	/* The low mark holds for an unbroken run only: a burst to merge with has to begin itself. */
	if (detector->config.rule == BURST_HYSTERESIS && start_ns == detector->burst.end_ns)
		return detector->config.low_bps;
	/* It does not sink within a burst, but rises with the median, or a lasting rise never ended. */
	return mark > detector->burst.threshold_bps ? mark : detector->burst.threshold_bps;
}

static void end_burst(struct burst_detector *detector, bool is_cut)
{
	struct burst *burst = &detector->burst;
	uint64_t duration_ns = burst->end_ns - burst->start_ns;

	detector->has_burst = false;
	if (duration_ns < detector->config.min_duration_ns)
		return;
	burst->windows = duration_ns / detector->config.width_ns;
	burst->peak_bps = rate_per_second(8 * detector->peak_bytes, detector->config.width_ns);
	burst->mean_bps = rate_per_second(8 * burst->traffic.wire_bytes, duration_ns);
	burst->is_cut |= is_cut;
	detector->fn(detector->context, burst);
}

static void begin_burst(struct burst_detector *detector, uint64_t start_ns)
{
	detector->has_burst = true;
	detector->peak_bytes = 0;
	detector->since = (struct traffic_counter){0};
	detector->drops_since = 0;
	detector->reasons_since.n = 0;
	detector->burst =
		(struct burst){.start_ns = start_ns, .threshold_bps = high_mark(detector)};
	/* It may have begun within the gap. */
	detector->burst.is_cut = detector->gap_until_ns &&
				 start_ns < detector->gap_until_ns + detector->config.width_ns;
}

/* What came since the last hot window is part of the burst now. */
static void take_in(struct burst_detector *detector)
{
	add_traffic(&detector->burst.traffic, &detector->since);
	detector->burst.drops += detector->drops_since;
	drop_tally_join(&detector->burst.reasons, &detector->reasons_since);
	detector->since = (struct traffic_counter){0};
	detector->drops_since = 0;
	detector->reasons_since.n = 0;
}

static void go_on(struct burst_detector *detector, uint64_t start_ns,
		  const struct traffic_counter *traffic, uint64_t drops,
		  const struct drop_tally *reasons)
{
	take_in(detector);
	add_traffic(&detector->burst.traffic, traffic);
	detector->burst.drops += drops;
	if (reasons)
		drop_tally_join(&detector->burst.reasons, reasons);
	detector->burst.end_ns = start_ns + detector->config.width_ns;
	if (traffic->wire_bytes > detector->peak_bytes)
		detector->peak_bytes = traffic->wire_bytes;
}

uint64_t burst_detector_keep_bps(const struct burst_detector *detector)
{
	if (!is_warm(detector))
		return UINT64_MAX;
	if (detector->config.rule == BURST_HYSTERESIS)
		return detector->config.low_bps;
	return high_mark(detector);
}

uint64_t burst_detector_cold_bytes(const struct burst_detector *detector)
{
	unsigned __int128 bytes;

	if (detector->has_burst || detector->config.rule == BURST_BASELINE)
		return 0;
	/* One less: rates are rounded. */
	bytes = (unsigned __int128)detector->config.high_bps * detector->config.width_ns /
		(8 * (uint64_t)NSEC_PER_SEC);
	if (bytes > UINT64_MAX)
		return UINT64_MAX;
	return bytes ? (uint64_t)bytes - 1 : 0;
}

enum burst_part burst_detector_add(struct burst_detector *detector, uint64_t start_ns,
				   const struct traffic_counter *traffic, uint64_t drops,
				   const struct drop_tally *reasons)
{
	uint64_t width_ns = detector->config.width_ns;
	uint64_t rate_bps = rate_per_second(8 * traffic->wire_bytes, width_ns);
	enum burst_part part = BURST_PART_NONE;

	if (start_ns + width_ns <= detector->start_ns)
		return BURST_PART_NONE;
	/* After this a burst that goes on is within reach of this window. */
	burst_detector_advance(detector, start_ns);
	if (detector->config.rule == BURST_BASELINE)
		take_idle(&detector->histogram, start_ns, width_ns);
	if (detector->has_burst && rate_bps > keep_mark(detector, start_ns)) {
		go_on(detector, start_ns, traffic, drops, reasons);
		part = BURST_PART_GOES_ON;
	} else if (detector->has_burst) {
		part = BURST_PART_WAITS;
		add_traffic(&detector->since, traffic);
		detector->drops_since += drops;
		if (reasons)
			drop_tally_join(&detector->reasons_since, reasons);
	} else if (rate_bps > high_mark(detector) && is_warm(detector)) {
		part = BURST_PART_BEGINS;
		begin_burst(detector, start_ns);
		go_on(detector, start_ns, traffic, drops, reasons);
	}
	if (detector->config.rule == BURST_BASELINE)
		take_busy(&detector->histogram, start_ns, width_ns, rate_bps);
	/* A cold window may have been the last that merging waited for. */
	burst_detector_advance(detector, start_ns + width_ns);
	return detector->has_burst ? part : BURST_PART_NONE;
}

void burst_detector_advance(struct burst_detector *detector, uint64_t until_ns)
{
	uint64_t width_ns = detector->config.width_ns, end_ns = detector->burst.end_ns;

	if (!detector->has_burst || until_ns < end_ns)
		return;
	/* Whole windows: the one that until_ns lies in has not been given. */
	if ((until_ns - end_ns) / width_ns * width_ns > detector->config.merge_gap_ns)
		end_burst(detector, false);
}

void burst_detector_add_gap(struct burst_detector *detector, uint64_t from_ns, uint64_t to_ns)
{
	burst_detector_advance(detector, from_ns);
	if (detector->has_burst)
		end_burst(detector, true);
	if (to_ns > detector->gap_until_ns)
		detector->gap_until_ns = to_ns;
	if (detector->config.rule == BURST_BASELINE)
		take_idle(&detector->histogram, from_ns, detector->config.width_ns);
	/* Unknown windows are neither idle nor busy. */
	if (to_ns > detector->histogram.seen_until_ns)
		detector->histogram.seen_until_ns = to_ns;
}

uint64_t burst_detector_since_ns(const struct burst_detector *detector)
{
	return detector->has_burst ? detector->burst.start_ns : UINT64_MAX;
}

void burst_detector_finish(struct burst_detector *detector)
{
	if (detector->has_burst)
		end_burst(detector, true);
}
