// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/flow_gather.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "base/array.h"

void flow_gather_clear(struct flow_gather *gather)
{
	flow_table_clear(&gather->flows);
	flow_table_clear(&gather->since);
}

static int compare(const struct window_flow *flow, const struct window *window)
{
	return window_compare_place(flow->start_ns, flow->slot, flow->direction, window);
}

void flow_gather_take(struct flow_gather *gather, const struct series_span *span,
		      const struct window *window, enum burst_part part, size_t *at)
{
	struct flow_table *into = part == BURST_PART_WAITS ? &gather->since : &gather->flows;
	uint64_t left = window->traffic.wire_bytes;

	if (part == BURST_PART_NONE || part == BURST_PART_BEGINS)
		flow_gather_clear(gather);
	if (part == BURST_PART_GOES_ON && gather->since.wire_bytes) {
		flow_table_join(&gather->flows, &gather->since);
		flow_table_clear(&gather->since);
	}
	while (*at < span->n_flows && compare(&span->flows[*at], window) < 0)
		++*at;
	for (; *at < span->n_flows && !compare(&span->flows[*at], window); ++*at) {
		const struct window_flow *flow = &span->flows[*at];

		if (part == BURST_PART_NONE || flow->wire_bytes > left)
			continue;
		left -= flow->wire_bytes;
		flow_table_add(into, flow);
	}
}

/* Those of the burst; false where some may be missing. */
static bool find_retransmits(struct flow_gather *gather, const struct burst *burst,
			     const struct retransmit_history *history,
			     const struct retransmit **items, size_t *n)
{
	uint64_t from_ns = burst->start_ns - RETRANSMIT_SLACK_NS;
	uint64_t to_ns = burst->end_ns + RETRANSMIT_SLACK_NS;

	if (burst->start_ns < RETRANSMIT_SLACK_NS || from_ns < gather->retransmits_ns)
		from_ns = gather->retransmits_ns;
	gather->retransmits_ns = to_ns;
	return retransmit_history_find(history, from_ns, to_ns, items, n);
}

/* Those of the tunnels in UDP that are known by their ports. */
static bool is_tunnel_port(uint16_t port)
{
	static const uint16_t ports[] = {
		2152 /* GTP-U */,  4500 /* IPsec behind NAT */, 4789 /* VXLAN */,
		6081 /* Geneve */, 8472 /* VXLAN, Linux's */,   51820 /* WireGuard */,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		if (ntohs(port) == ports[i])
			return true;
	return false;
}

/* TCP itself, or as what a tunnel or a link carries. */
static bool may_be_tcp(const struct flow_key *key)
{
	switch (ntohs(key->ethertype)) {
	case ETH_P_IP:
	case ETH_P_IPV6:
	case ETH_P_8021Q:
	case ETH_P_8021AD:
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETH_P_PPP_SES:
		return true;
	}
	switch (key->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_ESP:
	case IPPROTO_AH:
		return true;
	case IPPROTO_UDP:
		return is_tunnel_port(key->source_port) || is_tunnel_port(key->destination_port);
	}
	return false;
}

/* The sum of the flows that are known; there is none where there may be TCP, and of none of it is known. */
static void add_up_retransmits(struct burst_flows *flows, bool is_all)
{
	bool has_tcp = !is_all;
	size_t i;

	for (i = 0; i < flows->n_top; i++) {
		const struct flow_count *flow = &flows->top[i];

		has_tcp |= may_be_tcp(&flow->key);
		flows->retransmits_known |= flow->socket != 0;
		flows->tcp_retransmits += flow->tcp_retransmits;
	}
	flows->retransmits_known |= !has_tcp;
}

struct burst_flows flow_gather_tell(struct flow_gather *gather, const struct burst *burst,
				    const struct retransmit_history *history)
{
	struct flow_table *table = &gather->flows;
	uint64_t unattributed_bytes = burst->traffic.wire_bytes - table->wire_bytes;
	const struct retransmit *retransmits = NULL;
	struct burst_flows flows = {
		/* What is not attributed may be of others. */
		.is_exact = !table->other_records && !unattributed_bytes,
		.unattributed_bytes = unattributed_bytes,
		.ce_packets = table->ce_packets,
	};
	size_t n = 0;

	if (!find_retransmits(gather, burst, history, &retransmits, &n))
		flow_table_forget_sockets(table);
	flows.top = flow_table_sort(table, retransmits, n);
	flows.total = flows.n_top = table->n;
	add_up_retransmits(&flows, flows.is_exact);
	return flows;
}
