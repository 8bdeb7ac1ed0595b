// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * schedule: sends bursts by a schedule and writes down what it really sent and when (truth.h), for tests
 * that hold burst detection against the truth. Within a burst it paces by watching the clock; how many
 * sends a burst has and how large they are depends on the seed alone.
 */
#include "flow.h"

#define NSEC_PER_USEC UINT64_C(1000)
#define OFFSET_READINGS 1000
#define SPIN_NS 200000 /* slept until this long before a send is due, then the clock is watched */
#define LEAD_NS 20000000
#define GSO_SEGMENTS_MAX 64 /* UDP_MAX_SEGMENTS in the kernel until 6.8 */
#define UDP_PAYLOAD_MAX 65507
#define SEGMENT_MAX 1472 /* with Ethernet's MTU of 1500 */

struct range {
	uint64_t min, max;
};

/* What the bursts are drawn from. */
struct plan {
	uint64_t bursts, period_us, random;
	struct range length_us, gap_us, rate_mbit, size, segments;
};

struct burst {
	uint64_t sends, payload, segment, interval_ns;
};

/* splitmix64: the same schedule from the same seed everywhere. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t random_in(uint64_t *state, const struct range *range)
{
	return range->min + random_next(state) % (range->max - range->min + 1);
}

static uint64_t square_root(uint64_t n)
{
	uint64_t root = n;

	while (root > n / root)
		root = (root + n / root) / 2;
	return root;
}

/* Log-uniform: a random bit at a time takes one half of the range's logarithm. */
static uint64_t random_log_in(uint64_t *state, const struct range *range)
{
	uint64_t min = range->min, max = range->max;

	for (int bits = 0; bits < 32 && min < max; bits++) {
		const uint64_t middle = square_root(min * max);

		if (random_next(state) & 1)
			min = middle;
		else
			max = middle;
	}
	return max;
}

/* "A" or "A:B", within min and max. */
static bool range_parse(struct range *range, const char *option, const char *text, uint64_t min,
			uint64_t max)
{
	char *end;

	errno = 0;
	range->min = range->max = strtoull(text, &end, 10);
	if (*end == ':' && end[1] >= '0' && end[1] <= '9')
		range->max = strtoull(end + 1, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && range->min >= min &&
	    range->max <= max && range->min <= range->max)
		return true;
	fprintf(stderr, "%s: --%s %s: expected A or A:B within %" PRIu64 " to %" PRIu64 "\n",
		tool_name, option, text, min, max);
	return false;
}

/* One reading of the clocks' difference is off by the time between its two of CLOCK_MONOTONIC at most. */
static void read_offset(struct truth *truth)
{
	uint64_t best_ns = UINT64_MAX;

	for (int i = 0; i < OFFSET_READINGS; i++) {
		struct timespec wall;
		uint64_t before_ns = tool_now_ns(), after_ns, wall_ns;

		clock_gettime(CLOCK_REALTIME, &wall);
		after_ns = tool_now_ns();
		wall_ns = wall.tv_sec * TOOL_NSEC_PER_SEC + wall.tv_nsec;
		if (after_ns - before_ns >= best_ns)
			continue;
		best_ns = after_ns - before_ns;
		truth->offset_min_ns = wall_ns - after_ns;
		truth->offset_max_ns = wall_ns - before_ns;
	}
}

static struct burst draw(struct plan *plan, bool is_tcp)
{
	uint64_t length_ns = random_log_in(&plan->random, &plan->length_us) * NSEC_PER_USEC;
	uint64_t rate_mbit = random_in(&plan->random, &plan->rate_mbit);
	uint64_t size = random_in(&plan->random, &plan->size);
	uint64_t segments = random_in(&plan->random, &plan->segments), wire;
	struct burst burst = {.payload = size};

	if (is_tcp) {
		wire = size + (size / SEGMENT_MAX + 1) * (FLOW_TCP_HEADERS + FLOW_TCP_TIMESTAMPS);
	} else {
		if (segments > UDP_PAYLOAD_MAX / size)
			segments = UDP_PAYLOAD_MAX / size;
		if (segments > 1) {
			burst.segment = size;
			/* The last datagram is of any length. */
			burst.payload = segments * size - random_next(&plan->random) % size;
		}
		wire = burst.payload + segments * FLOW_UDP_HEADERS;
	}
	burst.interval_ns = wire * 8 * NSEC_PER_USEC / rate_mbit;
	burst.sends = (length_ns + burst.interval_ns / 2) / burst.interval_ns;
	if (!burst.sends)
		burst.sends = 1;
	return burst;
}

static void wait_until(uint64_t due_ns)
{
	if (tool_now_ns() + SPIN_NS < due_ns)
		tool_sleep_until(due_ns - SPIN_NS);
	while (tool_now_ns() < due_ns && !tool_stopped)
		;
}

/* A send that is late puts off the next one: the rate is never above the burst's. */
static int send_burst(struct flow *flow, struct truth *truth, const struct burst *burst,
		      uint64_t number, uint64_t start_ns)
{
	struct truth_send send = {.burst = number};
	uint64_t due_ns = start_ns;

	if (flow->segment != burst->segment && flow_segment(flow, burst->segment))
		return TOOL_INCOMPLETE;
	for (uint64_t i = 0; i < burst->sends; i++) {
		wait_until(due_ns);
		if (flow_send(flow, burst->payload, &send))
			return TOOL_INCOMPLETE;
		truth_add(truth, &send);
		due_ns = send.before_ns + burst->interval_ns;
	}
	return EXIT_SUCCESS;
}

static int send_all(struct flow *flow, struct truth *truth, struct plan *plan)
{
	uint64_t start_ns = tool_now_ns() + LEAD_NS;

	for (uint64_t i = 1; i <= plan->bursts; i++) {
		const struct burst burst = draw(plan, flow->is_tcp);

		if (send_burst(flow, truth, &burst, i, start_ns))
			return TOOL_INCOMPLETE;
		if (plan->period_us)
			start_ns += plan->period_us * NSEC_PER_USEC;
		else
			start_ns = flow->last_ns +
				   random_in(&plan->random, &plan->gap_us) * NSEC_PER_USEC;
	}
	return EXIT_SUCCESS;
}

/* What both protocols take. The ranges are texts until range_parse(). */
struct settings {
	const char *to, *receive_in, *truth, *ifname;
	const char *length_us, *gap_us, *rate_mbit, *size, *segments;
	uint64_t port, timeout;
	struct plan plan;
};

static bool settle(struct settings *s, bool is_tcp, struct sockaddr_in *to)
{
	struct plan *plan = &s->plan;

	if (!range_parse(&plan->length_us, "length-us", s->length_us, 1, 1000000) ||
	    !range_parse(&plan->gap_us, "gap-us", s->gap_us, 0, 10000000) ||
	    !range_parse(&plan->rate_mbit, "rate-mbit", s->rate_mbit, 1, 100000) ||
	    !range_parse(&plan->size, "size", s->size, 64, is_tcp ? FLOW_SEND_MAX : SEGMENT_MAX) ||
	    !range_parse(&plan->segments, "segments", s->segments, 1, GSO_SEGMENTS_MAX))
		return false;
	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(s->port)};
	if (inet_pton(AF_INET, s->to, &to->sin_addr) == 1)
		return true;
	fprintf(stderr, "%s: --to %s: not an IPv4 address\n", tool_name, s->to);
	return false;
}

static int run_schedule(struct settings *s, bool is_tcp)
{
	struct truth_send handshake = {0};
	struct truth truth = {0};
	struct sockaddr_in to;
	struct counts sum;
	struct flow flow;
	int ret;

	if (!settle(s, is_tcp, &to))
		return TOOL_USAGE;
	tool_start(s->timeout);
	read_offset(&truth);
	if (is_tcp)
		ret = flow_open_tcp(&flow, &to, s->receive_in, s->ifname, &handshake);
	else
		ret = flow_open_udp(&flow, &to, s->receive_in);
	if (!ret && is_tcp)
		truth_add(&truth, &handshake);
	/* A truth that lacks its end would be none: it is written as a whole or not at all. */
	ret = ret ?: send_all(&flow, &truth, &s->plan);
	ret = ret ?: flow_close(&flow);
	ret = ret ?: truth_write(&truth, s->truth);
	if (ret)
		return ret;
	sum = truth_sum(&truth);
	printf("{\"bursts\":%" PRIu64 ",\"sends\":%zu,\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"wire_packets\":%" PRIu64 ",\"wire_bytes\":%" PRIu64 "}\n",
	       s->plan.bursts, truth.n, sum.packets, sum.bytes, sum.wire_packets, sum.wire_bytes);
	free(truth.sends);
	return tool_finish(true);
}

static int schedule_main(int argc, char **argv, bool is_tcp)
{
	struct settings s = {.timeout = TOOL_TIMEOUT, .gap_us = "0", .segments = "1"};
	const struct tool_option options[] = {
		{"to", .text = &s.to, .required = true},
		{"port", .number = &s.port, .min = 1, .max = UINT16_MAX, .required = true},
		{"receive-in", .text = &s.receive_in, .required = true},
		{"truth", .text = &s.truth, .required = true},
		{"bursts", .number = &s.plan.bursts, .min = 1, .max = 1000000, .required = true},
		{"length-us", .text = &s.length_us, .required = true},
		{"rate-mbit", .text = &s.rate_mbit, .required = true},
		{"size", .text = &s.size, .required = true},
		{"gap-us", .text = &s.gap_us},
		{"period-us", .number = &s.plan.period_us, .min = 1, .max = 10000000},
		{"seed", .number = &s.plan.random, .max = UINT64_MAX},
		{"timeout", .number = &s.timeout, .min = 1, .max = TOOL_SECONDS_MAX},
		/* The last is the protocol's own. */
		is_tcp ? (struct tool_option){"interface", .text = &s.ifname, .required = true}
		       : (struct tool_option){"segments", .text = &s.segments},
	};

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	return run_schedule(&s, is_tcp);
}

static int udp(int argc, char **argv)
{
	return schedule_main(argc, argv, false);
}

static int tcp(int argc, char **argv)
{
	return schedule_main(argc, argv, true);
}

static const char usage[] =
	"Usage: schedule udp|tcp --to ADDR --port P --receive-in /run/netns/NAME --truth FILE\n"
	"                --bursts N --length-us T --rate-mbit R --size BYTES\n"
	"                [--gap-us T | --period-us T] [--seed S] [--timeout SECONDS]\n"
	"       udp:     [--segments N]\n"
	"       tcp:     --interface NAME\n"
	"\n"
	"Sends N bursts, each of sends of BYTES payload at R Mbit/s on the wire for T "
	"microseconds.\n"
	"T, R, BYTES and --segments are a number, or A:B: drawn anew for each burst from --seed,\n"
	"lengths so that their logarithm is uniform. With --segments BYTES is that of a datagram,\n"
	"and N of them are one send. Bursts start --period-us apart, or --gap-us after the end of\n"
	"the one before. --interface is the one that it sends through.\n"
	"FILE gets a line for each send (truth.h). The sums are one JSON object on stdout.\n"
	"Status: 0 complete, 1 failed or incomplete, 2 usage.\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {{"udp", udp}, {"tcp", tcp}};

	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
