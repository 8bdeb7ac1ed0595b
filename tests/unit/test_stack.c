// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "model/stack.h"

#define LINKS_MAX 6
#define HERE LINK_NETNSID_NONE

struct stacked {
	uint32_t ifindex;
	const char *kind;
	uint32_t master, lower;
	int32_t lower_netnsid;
	bool in_total;
};

struct stack_case {
	const char *what;
	struct stacked links[LINKS_MAX]; /* up to ifindex 0 */
};

/* Each interface of each case against all of them, in both orders. */
static void check(const struct stack_case *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct stack_entry order[LINKS_MAX], reverse[LINKS_MAX];
		struct link links[LINKS_MAX] = {0};
		size_t n = 0, k;

		for (; n < LINKS_MAX && cases[i].links[n].ifindex; n++) {
			const struct stacked *from = &cases[i].links[n];

			links[n] = (struct link){
				.ifindex = from->ifindex,
				.flags = IFF_UP,
				.master = from->master,
				.lower = from->lower,
				.lower_netnsid = from->lower_netnsid,
			};
			/* Not a kind of the kernel's: it has none for lo. */
			if (!strcmp(from->kind, "lo"))
				links[n].flags |= IFF_LOOPBACK;
			else
				snprintf(links[n].kind, sizeof(links[n].kind), "%s", from->kind);
		}
		for (k = 0; k < n; k++) {
			order[k] = (struct stack_entry){&links[k], true};
			reverse[k] = (struct stack_entry){&links[n - 1 - k], true};
		}
		for (k = 0; k < n; k++)
			if (stack_is_bottom(&links[k], order, n) != cases[i].links[k].in_total ||
			    stack_is_bottom(&links[k], reverse, n) != cases[i].links[k].in_total)
				fail_msg("%s: number %zu (%s)", cases[i].what, k,
					 cases[i].links[k].kind);
	}
}

static void leaves_masters_out(void **state)
{
	static const struct stack_case cases[] = {
		{"bridge and ports",
		 {{1, "", 3, 0, HERE, true},
		  {2, "veth", 3, 9, 0, true},
		  {3, "bridge", 0, 0, HERE, false}}},
		{"bridge whose ports are elsewhere", {{3, "bridge", 0, 0, HERE, true}}},
		{"bond and slaves",
		 {{1, "", 3, 0, HERE, true},
		  {2, "", 3, 0, HERE, true},
		  {3, "bond", 0, 0, HERE, false}}},
		{"vrf", {{1, "", 5, 0, HERE, true}, {5, "vrf", 0, 0, HERE, false}}},
		{"team", {{1, "", 5, 0, HERE, true}, {5, "team", 0, 0, HERE, false}}},
		{"bond in a bridge",
		 {{1, "", 2, 0, HERE, true},
		  {2, "bond", 3, 0, HERE, false},
		  {3, "bridge", 0, 0, HERE, false}}},
		{"two that have nothing to do with each other",
		 {{1, "", 0, 0, HERE, true}, {2, "dummy", 0, 0, HERE, true}}},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void leaves_uppers_out(void **state)
{
	static const struct stack_case cases[] = {
		{"VLAN and parent", {{1, "", 0, 0, HERE, true}, {2, "vlan", 0, 1, HERE, false}}},
		{"VLAN without its parent", {{2, "vlan", 0, 1, HERE, true}}},
		{"VLAN beside another's parent",
		 {{1, "", 0, 0, HERE, true}, {2, "vlan", 0, 7, HERE, true}}},
		{"VLAN in a VLAN",
		 {{1, "", 0, 0, HERE, true},
		  {2, "vlan", 0, 1, HERE, false},
		  {3, "vlan", 0, 2, HERE, false}}},
		{"macvlan", {{1, "", 0, 0, HERE, true}, {2, "macvlan", 0, 1, HERE, false}}},
		{"macvtap", {{1, "", 0, 0, HERE, true}, {2, "macvtap", 0, 1, HERE, false}}},
		{"ipvlan", {{1, "", 0, 0, HERE, true}, {2, "ipvlan", 0, 1, HERE, false}}},
		{"macvlan whose parent is in another namespace, with an ifindex that is here, too",
		 {{1, "", 0, 0, HERE, true}, {2, "macvlan", 0, 1, 0, true}}},
		{"VLAN on a bond, all there",
		 {{1, "", 2, 0, HERE, true},
		  {2, "bond", 0, 0, HERE, false},
		  {3, "vlan", 0, 2, HERE, false}}},
		{"VLAN as a bridge port",
		 {{1, "", 0, 0, HERE, true},
		  {2, "vlan", 3, 1, HERE, false},
		  {3, "bridge", 0, 0, HERE, false}}},
		/* The kernel gives no IFLA_LINK then, but whoever does is not below itself. */
		{"its own lower", {{1, "dummy", 0, 1, HERE, true}, {2, "", 0, 2, HERE, true}}},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void counts_both_ends_of_a_pair(void **state)
{
	static const struct stack_case cases[] = {
		{"veth", {{1, "veth", 0, 2, HERE, true}, {2, "veth", 0, 1, HERE, true}}},
		{"netkit", {{1, "netkit", 0, 2, HERE, true}, {2, "netkit", 0, 1, HERE, true}}},
		{"veth, its peer in another namespace",
		 {{1, "", 0, 0, HERE, true}, {2, "veth", 0, 1, 3, true}}},
		{"veth in a bridge, its peer here",
		 {{1, "veth", 3, 2, HERE, true},
		  {2, "veth", 0, 1, HERE, true},
		  {3, "bridge", 0, 0, HERE, false}}},
		{"VLAN on a veth",
		 {{1, "veth", 0, 2, HERE, true},
		  {2, "veth", 0, 1, HERE, true},
		  {3, "vlan", 0, 1, HERE, false}}},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void leaves_tunnels_out(void **state)
{
	static const struct stack_case cases[] = {
		{"vxlan with its lower",
		 {{1, "", 0, 0, HERE, true}, {2, "vxlan", 0, 1, HERE, false}}},
		{"vxlan without a lower",
		 {{1, "", 0, 0, HERE, true}, {2, "vxlan", 0, 0, HERE, false}}},
		{"vxlan, its lower not there, another is",
		 {{1, "", 0, 0, HERE, true}, {2, "vxlan", 0, 7, HERE, false}}},
		{"tunnel alone", {{2, "wireguard", 0, 0, HERE, true}}},
		{"tunnel and lo",
		 {{1, "lo", 0, 0, HERE, true}, {2, "wireguard", 0, 0, HERE, true}}},
		{"gre over whatever the route says",
		 {{1, "veth", 0, 9, 0, true}, {2, "gre", 0, 0, HERE, false}}},
		{"vxlan as a bridge port, with the port that carries it",
		 {{1, "", 0, 0, HERE, true},
		  {2, "vxlan", 3, 0, HERE, false},
		  {3, "bridge", 0, 0, HERE, false}}},
		{"vxlan as the only bridge port there, and a VLAN on the bridge",
		 {{2, "vxlan", 3, 0, HERE, true},
		  {3, "bridge", 0, 0, HERE, false},
		  {4, "vlan", 0, 3, HERE, false}}},
		{"VLAN on a vxlan",
		 {{2, "vxlan", 0, 0, HERE, true}, {3, "vlan", 0, 2, HERE, false}}},
		{"VLAN on a vxlan, and what carries it",
		 {{2, "vxlan", 0, 0, HERE, false},
		  {3, "vlan", 0, 2, HERE, false},
		  {1, "", 0, 0, HERE, true}}},
		/* Made in one namespace, moved to another: wrapped in the first (link_netnsid). */
		{"tunnel whose envelope is in another namespace",
		 {{1, "veth", 0, 9, 0, true}, {2, "vxlan", 0, 2, 0, true}}},
		{"the same with an ifindex that is here, too",
		 {{1, "veth", 0, 9, 0, true}, {2, "vxlan", 0, 1, 0, true}}},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void leaves_mirrors_out(void **state)
{
	static const struct stack_case cases[] = {
		{"ifb", {{1, "", 0, 0, HERE, true}, {2, "ifb", 0, 0, HERE, false}}},
		{"ifb alone", {{2, "ifb", 0, 0, HERE, true}}},
		{"two ifb", {{1, "ifb", 0, 0, HERE, true}, {2, "ifb", 0, 0, HERE, true}}},
		{"lo and dummy", {{1, "lo", 0, 0, HERE, true}, {2, "dummy", 0, 0, HERE, true}}},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void knows_every_tunnel(void **state)
{
	static const char *const kinds[] = {
		"vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "erspan",    "ip6erspan",
		"ipip",  "ip6tnl", "sit", "vti",    "vti6",   "xfrm",      "wireguard", "gtp",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct stack_case pair = {
			kinds[i], {{1, "", 0, 0, HERE, true}, {2, kinds[i], 0, 0, HERE, false}}};

		check(&pair, 1);
	}
}

static void judges_one_that_is_not_among_them(void **state)
{
	const struct link eth = {.ifindex = 1, .lower_netnsid = HERE};
	const struct link vlan = {.ifindex = 2, .kind = "vlan", .lower = 1, .lower_netnsid = HERE};
	const struct stack_entry links[] = {{&eth, true}};

	(void)state;
	assert_false(stack_is_bottom(&vlan, links, 1));
	assert_true(stack_is_bottom(&vlan, links, 0));
	assert_true(stack_is_bottom(&eth, links, 0));
}

/* A VLAN on a bond whose port is eth: the bond links them, selected or not. */
static void sees_through_what_is_not_selected(void **state)
{
	const struct link eth = {.ifindex = 2, .master = 3, .lower_netnsid = LINK_NETNSID_NONE};
	const struct link bond = {.ifindex = 3, .kind = "bond", .lower_netnsid = LINK_NETNSID_NONE};
	const struct link vlan = {
		.ifindex = 4, .kind = "vlan", .lower = 3, .lower_netnsid = LINK_NETNSID_NONE};
	struct stack_entry entries[] = {{&eth, true}, {&bond, false}, {&vlan, true}};

	(void)state;
	assert_false(stack_is_bottom(&vlan, entries, 3));
	assert_true(stack_is_bottom(&eth, entries, 3));
	entries[0].is_selected = false;
	assert_true(stack_is_bottom(&vlan, entries, 3));
}

/* Nothing the kernel makes, but a cache read while links change may show it for a moment. */
static void survives_a_circle(void **state)
{
	const struct link a = {.ifindex = 1, .master = 2, .lower_netnsid = LINK_NETNSID_NONE};
	const struct link b = {.ifindex = 2, .master = 1, .lower_netnsid = LINK_NETNSID_NONE};
	const struct stack_entry entries[] = {{&a, false}, {&b, false}};

	(void)state;
	assert_true(stack_is_bottom(&a, entries, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_masters_out),
		cmocka_unit_test(leaves_uppers_out),
		cmocka_unit_test(counts_both_ends_of_a_pair),
		cmocka_unit_test(leaves_tunnels_out),
		cmocka_unit_test(leaves_mirrors_out),
		cmocka_unit_test(knows_every_tunnel),
		cmocka_unit_test(sees_through_what_is_not_selected),
		cmocka_unit_test(survives_a_circle),
		cmocka_unit_test(judges_one_that_is_not_among_them),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
