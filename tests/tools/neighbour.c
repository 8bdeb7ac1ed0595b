// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * neighbour: somebody else's program on a hook, which counts packets and lets them pass, or ends the
 * chain. It tells the tests whether ifpulse leaves others alone and is left alone by them.
 *
 *   neighbour --interface NAME --direction ingress|egress --mode tcx|clsact|xdp|xdp-skb
 *             [--first] [--verdict next|ok|drop|steal|redirect|tx|tag|untag|grow] [--every N]
 *             [--to NAME [--by redirect|receive|peer|clone]]
 *
 * XDP drops every packet, or with --every one of N, and lets the others pass. redirect: to another
 * interface, by bpf_redirect() to its send side or into its receive side, bpf_redirect_peer(), or a clone
 * into its receive side while the packet itself passes on. tx: XDP sends it back. tag, untag: tc puts a VLAN tag
 * on, or takes it off. grow: XDP makes room for 8 bytes at the front.
 * Says "ready" on stderr when attached, and on SIGINT or SIGTERM detaches and prints {"packets":N}.
 * With --leave a clsact filter stays when the program ends.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* enum bpf_attach_type, Linux 6.6 */
#define TCX_EGRESS 47
#define TCX_BEFORE (1U << 3)
#define FILTER_HANDLE 0x77
#define FILTER_PRIORITY 1

#define VERDICT_NEXT (-1)
#define VERDICT_OK 0
#define VERDICT_DROP 2  /* TC_ACT_SHOT */
#define VERDICT_STEAL 4 /* TC_ACT_STOLEN: gone, and no drop; clsact alone knows it */
#define XDP_VERDICT_DROP 1
#define XDP_VERDICT_PASS 2
#define XDP_VERDICT_TX 3
#define ACTION_INSNS 6
#define TAG_PROTOCOL 0x0081 /* 802.1Q in network byte order */
#define TAG_VLAN 7
#define GROWTH 8

struct settings {
	const char *interface, *direction, *mode, *verdict, *to, *by;
	bool first, leave;
	int every;
};

static void __attribute__((noreturn)) fail(const char *what, int error)
{
	fprintf(stderr, "neighbour: %s: %s\n", what, strerror(error));
	exit(1);
}

static struct bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	return (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static struct bpf_insn set(uint8_t reg, int32_t value)
{
	return insn(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value);
}

static struct bpf_insn call(int function)
{
	return insn(BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* R6 is the context. All of it has to be reached, says the verifier. */
struct action {
	struct bpf_insn insns[ACTION_INSNS];
};

static struct action return_verdict(int verdict)
{
	struct bpf_insn end = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);

	return (struct action){{set(BPF_REG_5, 0), set(BPF_REG_5, 0), set(BPF_REG_5, 0),
				set(BPF_REG_5, 0), set(BPF_REG_0, verdict), end}};
}

static struct action redirect_to(int ifindex, const char *by)
{
	struct bpf_insn end = insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	int flags = strcmp(by, "receive") ? 0 : BPF_F_INGRESS;

	if (!strcmp(by, "clone"))
		return (struct action){
			{insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
			 set(BPF_REG_2, ifindex), set(BPF_REG_3, BPF_F_INGRESS),
			 call(BPF_FUNC_clone_redirect), set(BPF_REG_0, VERDICT_NEXT), end}};
	return (struct action){
		{set(BPF_REG_5, 0), set(BPF_REG_5, 0), set(BPF_REG_1, ifindex),
		 set(BPF_REG_2, flags),
		 call(strcmp(by, "peer") ? BPF_FUNC_redirect : BPF_FUNC_redirect_peer), end}};
}

/* A helper of the context and up to two numbers. */
static struct action change_by(int function, int32_t number, int32_t other, int verdict)
{
	return (struct action){{insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0),
				set(BPF_REG_2, number), set(BPF_REG_3, other), call(function),
				set(BPF_REG_0, verdict), insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)}};
}

/*
 * counts[0] += 1, atomically; the action, but for all packets but each number `every` return `other`. Two CPUs
 * may find the same number, so every third of many is only nearly so.
 */
static int load_counter(enum bpf_prog_type type, int map_fd, const struct action *action, int every,
			int other)
{
	struct bpf_insn program[] = {
		insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		insn(BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0),
		insn(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
		insn(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
		insn(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd),
		insn(0, 0, 0, 0, 0),
		insn(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
		insn(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 7, 0),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
		insn(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
		insn(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_3, BPF_REG_0, 0, 0),
		insn(BPF_ALU64 | BPF_MOD | BPF_K, BPF_REG_3, 0, 0, every),
		insn(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_3, 0, 2, 0),
		insn(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, other),
		insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		action->insns[0],
		action->insns[1],
		action->insns[2],
		action->insns[3],
		action->insns[4],
		action->insns[5],
	};
	int fd = bpf_prog_load(type, "neighbour", "GPL", program,
			       sizeof(program) / sizeof(program[0]), NULL);

	if (fd < 0)
		fail("cannot load the program", errno);
	return fd;
}

static bool is_ingress(const struct settings *settings)
{
	return !strcmp(settings->direction, "ingress");
}

static int attach_tcx(const struct settings *settings, int prog_fd, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = settings->first ? TCX_BEFORE : 0);
	int fd = bpf_link_create(prog_fd, (int)ifindex,
				 is_ingress(settings) ? TCX_INGRESS : TCX_EGRESS, &opts);

	if (fd < 0)
		fail("cannot attach by tcx", errno);
	return fd;
}

/*
 * In the driver, where it has XDP: what is dropped there never becomes a packet of the stack's. Or (xdp-skb)
 * before the stack.
 */
static int attach_xdp(const struct settings *settings, int prog_fd, unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = strcmp(settings->mode, "xdp") ? XDP_FLAGS_SKB_MODE
							   : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(prog_fd, (int)ifindex, BPF_XDP, &opts);

	if (fd < 0)
		fail("cannot attach by XDP", errno);
	return fd;
}

static int verdict_of(const struct settings *settings)
{
	if (!strncmp(settings->mode, "xdp", 3))
		return strcmp(settings->verdict, "tx") ? XDP_VERDICT_DROP : XDP_VERDICT_TX;
	if (!strcmp(settings->verdict, "ok"))
		return VERDICT_OK;
	if (!strcmp(settings->verdict, "steal"))
		return VERDICT_STEAL;
	return strcmp(settings->verdict, "drop") ? VERDICT_NEXT : VERDICT_DROP;
}

static struct action action_of(const struct settings *settings)
{
	unsigned int ifindex;

	if (!strcmp(settings->verdict, "tag"))
		return change_by(BPF_FUNC_skb_vlan_push, TAG_PROTOCOL, TAG_VLAN, VERDICT_NEXT);
	if (!strcmp(settings->verdict, "untag"))
		return change_by(BPF_FUNC_skb_vlan_pop, 0, 0, VERDICT_NEXT);
	if (!strcmp(settings->verdict, "grow"))
		return change_by(BPF_FUNC_xdp_adjust_head, -GROWTH, 0, XDP_VERDICT_PASS);
	if (strcmp(settings->verdict, "redirect"))
		return return_verdict(verdict_of(settings));
	ifindex = settings->to ? if_nametoindex(settings->to) : 0;
	if (!ifindex)
		fail("--to", errno);
	return redirect_to((int)ifindex, settings->by);
}

static struct bpf_tc_hook hook_of(const struct settings *settings, unsigned int ifindex)
{
	return (struct bpf_tc_hook){
		.sz = sizeof(struct bpf_tc_hook),
		.ifindex = (int)ifindex,
		.attach_point = is_ingress(settings) ? BPF_TC_INGRESS : BPF_TC_EGRESS,
	};
}

static void attach_clsact(const struct settings *settings, int prog_fd, unsigned int ifindex)
{
	struct bpf_tc_hook hook = hook_of(settings, ifindex), whole = hook;
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = prog_fd, .handle = FILTER_HANDLE,
		    .priority = FILTER_PRIORITY);
	int ret;

	whole.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	ret = bpf_tc_hook_create(&whole);
	if (ret && ret != -EEXIST)
		fail("cannot create a clsact qdisc", -ret);
	ret = bpf_tc_attach(&hook, &opts);
	if (ret)
		fail("cannot attach a filter", -ret);
}

static void detach_clsact(const struct settings *settings, unsigned int ifindex)
{
	struct bpf_tc_hook hook = hook_of(settings, ifindex);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = FILTER_HANDLE, .priority = FILTER_PRIORITY);
	int ret = bpf_tc_detach(&hook, &opts);

	if (ret)
		fail("the filter is gone", -ret);
}

static void parse(struct settings *settings, int argc, char **argv)
{
	static const struct option longs[] = {
		{"interface", required_argument, NULL, 'i'},
		{"direction", required_argument, NULL, 'd'},
		{"mode", required_argument, NULL, 'm'},
		{"verdict", required_argument, NULL, 'v'},
		{"first", no_argument, NULL, 'f'},
		{"leave", no_argument, NULL, 'l'},
		{"every", required_argument, NULL, 'n'},
		{"to", required_argument, NULL, 't'},
		{"by", required_argument, NULL, 'b'},
		{0},
	};
	int id;

	*settings =
		(struct settings){.verdict = "next", .mode = "tcx", .by = "redirect", .every = 1};
	while ((id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (id) {
		case 'i':
			settings->interface = optarg;
			break;
		case 'd':
			settings->direction = optarg;
			break;
		case 'm':
			settings->mode = optarg;
			break;
		case 'v':
			settings->verdict = optarg;
			break;
		case 'f':
			settings->first = true;
			break;
		case 'l':
			settings->leave = true;
			break;
		case 't':
			settings->to = optarg;
			break;
		case 'b':
			settings->by = optarg;
			break;
		case 'n':
			settings->every = atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (!settings->interface || !settings->direction || settings->every < 1) {
		fprintf(stderr,
			"neighbour: --interface and --direction are needed, --every from 1 on\n");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct action action;
	uint64_t packets = 0;
	unsigned int ifindex;
	uint32_t key = 0;
	sigset_t signals;
	int map_fd, prog_fd, link_fd = -1, caught;
	bool xdp;

	parse(&settings, argc, argv);
	xdp = !strncmp(settings.mode, "xdp", 3);
	ifindex = if_nametoindex(settings.interface);
	if (!ifindex)
		fail(settings.interface, errno);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	map_fd =
		bpf_map_create(BPF_MAP_TYPE_ARRAY, "counts", sizeof(key), sizeof(packets), 1, NULL);
	if (map_fd < 0)
		fail("cannot create a map", errno);
	action = action_of(&settings);
	prog_fd = load_counter(xdp ? BPF_PROG_TYPE_XDP : BPF_PROG_TYPE_SCHED_CLS, map_fd, &action,
			       settings.every, xdp ? XDP_VERDICT_PASS : VERDICT_NEXT);
	if (xdp)
		link_fd = attach_xdp(&settings, prog_fd, ifindex);
	else if (!strcmp(settings.mode, "tcx"))
		link_fd = attach_tcx(&settings, prog_fd, ifindex);
	else
		attach_clsact(&settings, prog_fd, ifindex);
	fprintf(stderr, "ready\n");
	sigwait(&signals, &caught);
	if (bpf_map_lookup_elem(map_fd, &key, &packets))
		fail("cannot read the count", errno);
	if (link_fd >= 0)
		close(link_fd);
	else if (!settings.leave)
		detach_clsact(&settings, ifindex);
	printf("{\"packets\":%llu}\n", (unsigned long long)packets);
	return 0;
}
