// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * packet_cost: what a running ifpulse's TC programs cost per packet, by BPF_PROG_TEST_RUN.
 *
 *   packet_cost [ROUNDS [REPEAT [INGRESS EGRESS]]]
 *
 * (defaults 15, 2000000, and the programs ifpulse_ingress and ifpulse_egress)
 *
 * Each round runs an empty program and ours in turn on the same 1 kB packet, plain and as a GSO skb, so
 * that a machine that slows down slows both. Prints the medians and the range of the differences as
 * JSON. An ifpulse must be running in this network namespace on lo, which is the device that the
 * kernel runs test packets on.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 1000
#define PACKET_BYTES 1014
#define GSO_SIZE 200

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "packet_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int load_empty(void)
{
	struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "empty", "GPL", program, 2, NULL);

	if (fd < 0)
		fail("cannot load the empty program");
	return fd;
}

/* The newest of that name: the ifpulse that was started last. */
static int find_program(const char *name)
{
	uint32_t id = 0;
	int found = -1;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(fd, &info, &size) || strcmp(info.name, name)) {
			close(fd);
			continue;
		}
		if (found >= 0)
			close(found);
		found = fd;
	}
	if (found >= 0)
		return found;
	fprintf(stderr, "packet_cost: no program %s is loaded: start ifpulse first\n", name);
	exit(1);
}

/* Nanoseconds per run, with a decimal that the kernel's own average lacks. */
static double run(int fd, int repeat, int gso)
{
	/* 127.0.0.1:4711 > 127.0.0.1:80 tcp, for programs that look at it; the rest is zeros. */
	static unsigned char packet[PACKET_BYTES] = {
		0, 0, 0, 0,    0, 0, 0, 0,   0, 0, 0, 0,   0x08, 0x00, 0x45, 0,    0x03, 0xe8, 0,
		0, 0, 0, 0x40, 6, 0, 0, 127, 0, 0, 1, 127, 0,    0,    1,    0x12, 0x67, 0,    80,
	};
	struct __sk_buff context = {.gso_size = gso ? GSO_SIZE : 0, .gso_segs = gso ? 5 : 0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = repeat);

	if (bpf_prog_test_run_opts(fd, &opts))
		fail("BPF_PROG_TEST_RUN");
	return opts.duration;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *name, int empty, int ours, int rounds, int repeat, int gso,
		    const char *end)
{
	double base[ROUNDS_MAX], added[ROUNDS_MAX];
	int i;

	for (i = 0; i < rounds; i++) {
		base[i] = run(empty, repeat, gso);
		added[i] = run(ours, repeat, gso) - base[i];
	}
	qsort(base, (size_t)rounds, sizeof(base[0]), compare);
	qsort(added, (size_t)rounds, sizeof(added[0]), compare);
	printf("  {\"program\":\"%s\",\"packet\":\"%s\",\"empty_ns\":%.0f,\"added_ns\":%.0f,"
	       "\"added_min_ns\":%.0f,\"added_max_ns\":%.0f}%s\n",
	       name, gso ? "gso" : "plain", base[rounds / 2], added[rounds / 2], added[0],
	       added[rounds - 1], end);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15, repeat = argc > 2 ? atoi(argv[2]) : 2000000;
	int empty = load_empty();
	int ingress = find_program(argc > 4 ? argv[3] : "ifpulse_ingress");
	int egress = find_program(argc > 4 ? argv[4] : "ifpulse_egress");

	if (rounds < 1 || rounds > ROUNDS_MAX || repeat < 1) {
		fprintf(stderr, "usage: packet_cost [ROUNDS [REPEAT [INGRESS EGRESS]]]\n");
		return 2;
	}
	printf("[\n");
	measure("ingress", empty, ingress, rounds, repeat, 0, ",");
	measure("egress", empty, egress, rounds, repeat, 0, ",");
	measure("ingress", empty, ingress, rounds, repeat, 1, ",");
	measure("egress", empty, egress, rounds, repeat, 1, "");
	printf("]\n");
	return 0;
}
