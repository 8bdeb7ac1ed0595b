// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * packet_cost: what the TC programs cost per packet, by BPF_PROG_TEST_RUN, in as many ways of setting them up as
 * there are figures. The programs are loaded as ifpulse loads them and attached nowhere, so nothing but the
 * runs disturbs them.
 *
 * Each round runs an empty program, one that only reads the clock, and every case in turn on a 1 kB packet, so
 * that a machine that slows down slows all. Prints an object a line: the differences to the empty program or to
 * the clock of the same round, ns of the median and of the quartiles.
 */
#include "include/probe_abi.h"
#include "kernel/netns_visit.h"
#include "kernel/probe.h"
#include "kernel/programs.h"
#include "tool.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <net/if.h>

#define PACKET_BYTES 1014
#define GSO_SIZE 200
#define ROUNDS_MAX 100000
#define INTERFACES_MAX 4096
#define WIDTH_NS 100000
#define EVICT_BYTES (96U << 20) /* more than the caches of a CPU hold, as a rule */
#define CACHE_LINE 64
#define SLOT 1

/* A way of setting the programs up. */
struct setting {
	const char *name;
	struct probe_options options;
	bool is_hot;
};

struct subject {
	const char *name, *direction; /* of a base NULL */
	bool is_gso;
	int fd;
	double *ns; /* of each round */
};

#define SUBJECTS_MAX 32

struct bench {
	uint64_t rounds, repeat, n_interfaces;
	struct subject subjects[SUBJECTS_MAX];
	size_t n;
	struct programs *programs[SUBJECTS_MAX]; /* loaded until we end */
	size_t n_programs;
	unsigned int ifindexes[INTERFACES_MAX];
	unsigned char *evict;
};

static const char *const directions[N_DIRECTIONS] = {"ingress", "egress"};

static void __attribute__((noreturn)) die(const char *what)
{
	tool_fail(what, NULL);
	exit(TOOL_INCOMPLETE);
}

static void add_subject(struct bench *bench, const char *name, const char *direction, bool is_gso,
			int fd)
{
	struct subject *subject = &bench->subjects[bench->n++];

	*subject = (struct subject){name, direction, is_gso, fd,
				    calloc(bench->rounds, sizeof(double))};
	if (!subject->ns)
		die("calloc");
}

static int load_base(const struct bpf_insn *program, size_t n)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "base", "GPL", program, n, NULL);

	if (fd < 0)
		die("BPF_PROG_LOAD");
	return fd;
}

static void add_bases(struct bench *bench, bool is_gso)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	add_subject(bench, "empty", NULL, is_gso, load_base(program + 1, 2));
	add_subject(bench, "clock", NULL, is_gso, load_base(program, 3));
}

/* User space says what is hot: from the first byte on. */
static void heat(const struct programs *programs, uint32_t n_slots)
{
	const struct open_windows hot = {{{.hot_bytes = 1}, {.hot_bytes = 1}}};
	uint32_t cpu, key;

	for (cpu = 0; cpu < (uint32_t)libbpf_num_possible_cpus(); cpu++) {
		key = cpu * n_slots + SLOT;
		if (bpf_map_update_elem(programs_map_fd(programs, PROGRAMS_OPEN_WINDOWS), &key,
					&hot, BPF_ANY))
			die("BPF_MAP_UPDATE_ELEM");
	}
}

static void add_setting(struct bench *bench, const struct setting *setting, bool with_gso)
{
	bool elsewhere = setting->options.other_netns;
	const struct programs_setup setup = {&setting->options, setting->options.max_interfaces + 1,
					     0};
	struct clsact_program hooks[N_DIRECTIONS];
	struct programs *programs;
	struct error err = {0};
	uint64_t i;
	int d;

	if (programs_new(&programs, &setup, &err)) {
		fprintf(stderr, "%s: %s\n", tool_name, err.what);
		exit(TOOL_INCOMPLETE);
	}
	bench->programs[bench->n_programs++] = programs;
	for (i = 0; i < bench->n_interfaces; i++)
		if (programs_set_slot(programs, elsewhere ? netns_key() : 0, bench->ifindexes[i],
				      (uint32_t)i + SLOT))
			die("BPF_MAP_UPDATE_ELEM");
	if (setting->is_hot)
		heat(programs, setup.n_slots);
	programs_hooks(programs, elsewhere, hooks);
	for (d = 0; d < N_DIRECTIONS; d++) {
		add_subject(bench, setting->name, directions[d], false, hooks[d].fd);
		if (with_gso)
			add_subject(bench, setting->name, directions[d], true, hooks[d].fd);
	}
}

static uint64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * TOOL_NSEC_PER_SEC + t.tv_nsec;
}

/*
 * Nanoseconds per run. The kernel's own average is a whole number, so where there are many runs it is the CPU time
 * that they took; of a single one it is the kernel's.
 */
static double run(const struct subject *subject, unsigned int ifindex, uint64_t repeat)
{
	/* 127.0.0.1:4711 > 127.0.0.1:80 tcp, for programs that look at it; the rest is zeros. */
	static const unsigned char packet[PACKET_BYTES] = {
		0, 0, 0, 0,    0, 0, 0, 0,   0, 0, 0, 0,   0x08, 0x00, 0x45, 0,    0x03, 0xe8, 0,
		0, 0, 0, 0x40, 6, 0, 0, 127, 0, 0, 1, 127, 0,    0,    1,    0x12, 0x67, 0,    80,
	};
	struct __sk_buff context = {
		.ifindex = ifindex,
		.gso_size = subject->is_gso ? GSO_SIZE : 0,
		.gso_segs = subject->is_gso ? 5 : 0,
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = (int)repeat);
	uint64_t start_ns = thread_ns();

	if (bpf_prog_test_run_opts(subject->fd, &opts))
		die("BPF_PROG_TEST_RUN");
	return repeat > 1 ? (double)(thread_ns() - start_ns) / (double)repeat : opts.duration;
}

static void evict(const struct bench *bench)
{
	volatile unsigned char *at;

	for (at = bench->evict; at < bench->evict + EVICT_BYTES; at += CACHE_LINE)
		++*at;
}

static void run_all(struct bench *bench)
{
	uint64_t round;
	size_t i;

	for (round = 0; round < bench->rounds && !tool_stopped; round++) {
		unsigned int ifindex = bench->ifindexes[round % bench->n_interfaces];

		for (i = 0; i < bench->n; i++) {
			if (bench->evict)
				evict(bench);
			bench->subjects[i].ns[round] =
				run(&bench->subjects[i], ifindex, bench->repeat);
		}
	}
	if (tool_stopped)
		die("rounds");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print_over(const struct subject *subject, const struct subject *base, uint64_t rounds)
{
	double *added = calloc(rounds, sizeof(*added));
	uint64_t i;

	if (!added)
		die("calloc");
	for (i = 0; i < rounds; i++)
		added[i] = subject->ns[i] - base->ns[i];
	qsort(added, rounds, sizeof(*added), compare);
	printf("{\"case\":\"%s\",\"direction\":\"%s\",\"packet\":\"%s\",\"over\":\"%s\","
	       "\"median\":%.2f,\"lower\":%.2f,\"upper\":%.2f,\"runs\":%" PRIu64 "}\n",
	       subject->name, subject->direction ?: "", subject->is_gso ? "gso" : "plain",
	       base->name, added[rounds / 2], added[rounds / 4], added[rounds * 3 / 4], rounds);
	free(added);
}

static bool is_base_of(const struct subject *base, const struct subject *subject)
{
	if (base->direction || base == subject || base->is_gso != subject->is_gso)
		return false;
	/* The clock's own cost is told, too. */
	return subject->direction || base < subject;
}

static int report(const struct bench *bench)
{
	size_t i, j;

	for (i = 0; i < bench->n; i++)
		for (j = 0; j < bench->n; j++)
			if (is_base_of(&bench->subjects[j], &bench->subjects[i]))
				print_over(&bench->subjects[i], &bench->subjects[j], bench->rounds);
	return tool_finish(true);
}

static const struct setting settings[] = {
	{"counters", {.max_interfaces = 1}, false},
	{"windows", {.max_interfaces = 1, .window_ns = WIDTH_NS}, false},
	{"flows, nothing hot", {.max_interfaces = 1, .window_ns = WIDTH_NS, .flows = true}, false},
	{"hot window", {.max_interfaces = 1, .window_ns = WIDTH_NS, .flows = true}, true},
	{"other namespace",
	 {.max_interfaces = 1, .window_ns = WIDTH_NS, .other_netns = true},
	 false},
	/* No two packets are in one window of a nanosecond. */
	{"every packet closes a window", {.max_interfaces = 1, .window_ns = 1}, false},
};

static int warm(int argc, char **argv)
{
	static struct bench bench = {.rounds = 101, .repeat = 100000, .n_interfaces = 1};
	const struct tool_option options[] = {
		{"rounds", .number = &bench.rounds, .min = 1, .max = ROUNDS_MAX},
		{"repeat", .number = &bench.repeat, .min = 2, .max = INT32_MAX},
	};
	size_t i;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	bench.ifindexes[0] = if_nametoindex("lo");
	add_bases(&bench, false);
	add_bases(&bench, true);
	for (i = 0; i < TOOL_COUNT(settings); i++)
		add_setting(&bench, &settings[i], i < 2);
	run_all(&bench);
	return report(&bench);
}

/* One packet each time, so that what a run finds in a cache is what all that came between has left there. */
static int once(struct bench *bench, const char *name)
{
	const struct setting setting = {
		name,
		{.max_interfaces = (uint32_t)bench->n_interfaces, .window_ns = WIDTH_NS},
		false};

	bench->repeat = 1;
	add_bases(bench, false);
	add_setting(bench, &setting, false);
	run_all(bench);
	return report(bench);
}

static int turns(int argc, char **argv)
{
	static struct bench bench = {.rounds = 20000};
	const struct tool_option options[] = {
		{"rounds", .number = &bench.rounds, .min = 1, .max = ROUNDS_MAX},
		{"interfaces", .number = &bench.n_interfaces, .min = 1, .max = INTERFACES_MAX,
		 .required = true},
	};
	char name[IF_NAMESIZE];
	uint64_t i;

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	for (i = 0; i < bench.n_interfaces; i++) {
		snprintf(name, sizeof(name), "c%" PRIu64, i);
		bench.ifindexes[i] = if_nametoindex(name);
		if (!bench.ifindexes[i])
			return tool_fail("if_nametoindex", name);
	}
	return once(&bench, "interfaces in turn");
}

static int cold(int argc, char **argv)
{
	static struct bench bench = {.rounds = 201, .n_interfaces = 1};
	const struct tool_option options[] = {
		{"rounds", .number = &bench.rounds, .min = 1, .max = ROUNDS_MAX},
	};

	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	bench.ifindexes[0] = if_nametoindex("lo");
	bench.evict = malloc(EVICT_BYTES);
	if (!bench.evict)
		return tool_fail("malloc", NULL);
	return once(&bench, "cold cache");
}

static const char usage[] =
	"usage: packet_cost MODE [OPTION]...\n"
	"  warm  [--rounds N] [--repeat N]     the same packet over and over\n"
	"  turns [--rounds N] --interfaces N   each packet by the next interface (c0, c1, ...)\n"
	"  cold  [--rounds N]                  nothing of it in a cache of the CPU\n";

int main(int argc, char **argv)
{
	static const struct tool_mode modes[] = {{"warm", warm}, {"turns", turns}, {"cold", cold}};

	libbpf_set_print(NULL); /* what fails tells it */
	return tool_main(argc, argv, usage, modes, TOOL_COUNT(modes));
}
