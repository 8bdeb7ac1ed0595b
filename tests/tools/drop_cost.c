// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * drop_cost: what programs on the tracepoint skb:kfree_skb cost per drop, where they are, by the kernel's own count
 * of their time (BPF_ENABLE_STATS).
 *
 *   drop_cost [--rounds N] [--drops N] --programs ID[,ID]...
 *
 * Each round sends datagrams by lo to a port at which nobody listens, and takes from what the kernel says of each
 * program what it says of an empty one on the same tracepoint, at the same drops: that is what taking the time
 * costs. Prints an object a line for each program: its id and the median and quartiles, in ns.
 */
#include "tool.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#define PROGRAMS_MAX 8
#define ROUNDS_MAX 10000
#define DISCARD_PORT 9

struct subject {
	uint32_t id;
	int fd;
	uint64_t time_ns, runs; /* as of the last reading */
	double ns[ROUNDS_MAX];
};

/* The first is empty. */
static struct subject subjects[PROGRAMS_MAX + 1];
static size_t n_subjects = 1;

static int load_empty(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct btf *btf = btf__load_vmlinux_btf();
	int id = btf ? btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF) : -1;
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_RAW_TP,
		    .attach_btf_id = (__u32)id);
	int fd;

	btf__free(btf);
	if (id < 0)
		return -1;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "base", "GPL", program, 2, &opts);
	return fd < 0 || bpf_raw_tracepoint_open(NULL, fd) < 0 ? -1 : fd;
}

static bool add_programs(char *text)
{
	char *id, *rest = NULL;

	subjects[0].fd = load_empty();
	if (subjects[0].fd < 0)
		return false;
	for (id = strtok_r(text, ",", &rest); id; id = strtok_r(NULL, ",", &rest)) {
		struct subject *subject = &subjects[n_subjects];

		if (n_subjects > PROGRAMS_MAX)
			return false;
		subject->id = (uint32_t)strtoul(id, NULL, 10);
		subject->fd = bpf_prog_get_fd_by_id(subject->id);
		if (subject->fd < 0)
			return false;
		n_subjects++;
	}
	return true;
}

/* How long a run took on average since the last reading. */
static bool read_average(struct subject *subject, double *ns)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	uint64_t runs;

	if (bpf_obj_get_info_by_fd(subject->fd, &info, &size))
		return false;
	runs = info.run_cnt - subject->runs;
	*ns = runs ? (double)(info.run_time_ns - subject->time_ns) / (double)runs : 0;
	subject->time_ns = info.run_time_ns;
	subject->runs = info.run_cnt;
	return runs;
}

static void drop(int fd, uint64_t n)
{
	/* Every other one only tells what came of the one before. */
	while (n--)
		if (send(fd, "", 1, 0) < 0)
			send(fd, "", 1, 0);
}

static bool run(int fd, uint64_t rounds, uint64_t drops)
{
	double ns, empty;
	uint64_t i;
	size_t j;

	drop(fd, drops);
	for (j = 0; j < n_subjects; j++)
		if (!read_average(&subjects[j], &ns))
			return false;
	for (i = 0; i < rounds && !tool_stopped; i++) {
		drop(fd, drops);
		if (!read_average(&subjects[0], &empty))
			return false;
		for (j = 1; j < n_subjects; j++) {
			if (!read_average(&subjects[j], &ns))
				return false;
			subjects[j].ns[i] = ns - empty;
		}
	}
	return !tool_stopped;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int report(uint64_t rounds)
{
	size_t i;

	for (i = 1; i < n_subjects; i++) {
		double *ns = subjects[i].ns;

		qsort(ns, rounds, sizeof(*ns), compare);
		printf("{\"id\":%" PRIu32 ",\"median\":%.2f,\"lower\":%.2f,\"upper\":%.2f,"
		       "\"runs\":%" PRIu64 "}\n",
		       subjects[i].id, ns[rounds / 2], ns[rounds / 4], ns[rounds * 3 / 4], rounds);
	}
	return tool_finish(true);
}

static int send_socket(void)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(DISCARD_PORT),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
}

int main(int argc, char **argv)
{
	uint64_t rounds = 101, drops = 2000, timeout = 60;
	const char *programs;
	const struct tool_option options[] = {
		{"programs", .text = &programs, .required = true},
		{"rounds", .number = &rounds, .min = 1, .max = ROUNDS_MAX},
		{"drops", .number = &drops, .min = 1, .max = UINT32_MAX},
		{"timeout", .number = &timeout, .min = 1, .max = TOOL_SECONDS_MAX},
	};
	int fd;

	tool_name = argv[0];
	if (!tool_options(argc, argv, options, TOOL_COUNT(options)))
		return TOOL_USAGE;
	tool_start(timeout);
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return tool_fail("BPF_ENABLE_STATS", NULL);
	if (!add_programs(strdupa(programs)))
		return tool_fail("programs", programs);
	fd = send_socket();
	if (fd < 0)
		return tool_fail("connect", NULL);
	return run(fd, rounds, drops) ? report(rounds) : tool_fail("rounds", NULL);
}
