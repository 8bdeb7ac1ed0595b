// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"

#define NUMBER_SIZE 12
/* Longer names of cgroups, mostly ids, are left to records. */
#define CGROUP_NAME_MAX 32
/* "[address]:65535" */
#define END_SIZE (INET6_ADDRSTRLEN + 9)
/* "end>end/protocol", and between people's words */
#define FLOW_SIZE (2 * END_SIZE + NUMBER_SIZE + 16)
/* With ":wire_bytes ". */
#define CSV_FLOW_SIZE (FLOW_SIZE + 24)

struct number_name {
	uint16_t number;
	const char *name;
};

static const char *name_of(const struct number_name *names, size_t n, uint16_t number)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

/* The usual ones by the names that they have in /etc/protocols and /etc/ethertypes, in small letters. */
static const char *protocol_text(char *out, const struct flow_key *key)
{
	static const struct number_name protocols[] = {
		{IPPROTO_ICMP, "icmp"}, {IPPROTO_IGMP, "igmp"},       {IPPROTO_IPIP, "ipip"},
		{IPPROTO_TCP, "tcp"},   {IPPROTO_UDP, "udp"},         {IPPROTO_DCCP, "dccp"},
		{IPPROTO_IPV6, "ipv6"}, {IPPROTO_GRE, "gre"},         {IPPROTO_ESP, "esp"},
		{IPPROTO_AH, "ah"},     {IPPROTO_ICMPV6, "icmpv6"},   {89, "ospf"},
		{IPPROTO_SCTP, "sctp"}, {IPPROTO_UDPLITE, "udplite"}, {112, "vrrp"},
	};
	static const struct number_name ethertypes[] = {
		{ETH_P_ARP, "arp"},       {ETH_P_IP, "ipv4"},     {ETH_P_IPV6, "ipv6"},
		{ETH_P_8021Q, "vlan"},    {ETH_P_8021AD, "qinq"}, {ETH_P_MPLS_UC, "mpls"},
		{ETH_P_PPP_SES, "pppoe"}, {ETH_P_LLDP, "lldp"},   {ETH_P_1588, "ptp"},
		{ETH_P_FCOE, "fcoe"},
	};
	const char *name;

	if (key->kind == FLOW_OTHER) {
		name = name_of(ethertypes, ARRAY_SIZE(ethertypes), ntohs(key->ethertype));
		snprintf(out, NUMBER_SIZE, "0x%04x", ntohs(key->ethertype));
	} else {
		name = name_of(protocols, ARRAY_SIZE(protocols), key->protocol);
		snprintf(out, NUMBER_SIZE, "%u", key->protocol);
	}
	return name ? name : out;
}

static int family_of(const struct flow_key *key)
{
	switch (key->kind & ~FLOW_FRAGMENT) {
	case FLOW_IPV4:
		return AF_INET;
	case FLOW_IPV6:
		return AF_INET6;
	default:
		return AF_UNSPEC;
	}
}

static bool has_ports(const struct flow_key *key)
{
	if (key->kind != FLOW_IPV4 && key->kind != FLOW_IPV6)
		return false;
	return key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP ||
	       key->protocol == IPPROTO_UDPLITE || key->protocol == IPPROTO_SCTP ||
	       key->protocol == IPPROTO_DCCP;
}

/* NULL where there is none. */
static const char *address_text(char *out, const struct flow_key *key, const uint8_t *address)
{
	int family = family_of(key);

	return family == AF_UNSPEC ? NULL : inet_ntop(family, address, out, INET6_ADDRSTRLEN);
}

static void end_text(char *out, const struct flow_key *key, const uint8_t *address, uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "";

	address_text(text, key, address);
	if (!has_ports(key))
		snprintf(out, END_SIZE, "%s", text);
	else if (key->kind == FLOW_IPV6)
		snprintf(out, END_SIZE, "[%s]:%u", text, ntohs(port));
	else
		snprintf(out, END_SIZE, "%s:%u", text, ntohs(port));
}

/*
 * "source BETWEEN destination BEHIND protocol", and another BEHIND and a word where it is fragments; or the
 * protocol alone.
 */
static const char *flow_text(char *out, const struct flow_key *key, const char *between,
			     const char *behind)
{
	char source[END_SIZE], destination[END_SIZE], number[NUMBER_SIZE];
	const char *protocol = protocol_text(number, key);

	end_text(source, key, key->source, key->source_port);
	end_text(destination, key, key->destination, key->destination_port);
	if (family_of(key) == AF_UNSPEC)
		snprintf(out, FLOW_SIZE, "%s", protocol);
	else
		snprintf(out, FLOW_SIZE, "%s%s%s%s%s%s%s", source, between, destination, behind,
			 protocol, key->kind & FLOW_FRAGMENT ? behind : "",
			 key->kind & FLOW_FRAGMENT ? "fragments" : "");
	return out;
}

static void put_port(struct writer *writer, const char *name, const struct flow_key *key,
		     uint16_t port)
{
	if (has_ports(key))
		writer_unsigned(writer, name, ntohs(port));
	else
		writer_null(writer, name);
}

static double share_of(const struct flow_count *flow, uint64_t wire_bytes)
{
	return wire_bytes ? (double)flow->wire_bytes / (double)wire_bytes : 0;
}

static const char *cgroup_of(const struct burst_flows *flows, const struct flow_count *flow)
{
	if (!flow->cgroup || !flows->cgroup_path)
		return NULL;
	return flows->cgroup_path(flows->cgroup_context, flow->cgroup);
}

static void put_known(struct writer *writer, const char *name, bool is_known, uint64_t count)
{
	if (is_known)
		writer_unsigned(writer, name, count);
	else
		writer_null(writer, name);
}

static void put_flow(struct writer *writer, const struct burst_flows *flows,
		     const struct flow_count *flow, uint64_t wire_bytes)
{
	const struct flow_key *key = &flow->key;
	char address[INET6_ADDRSTRLEN], number[NUMBER_SIZE];
	int family = family_of(key);

	writer_begin(writer);
	writer_text(writer, "family",
		    family == AF_INET ? "ipv4" : (family == AF_INET6 ? "ipv6" : NULL));
	writer_text(writer, "protocol", protocol_text(number, key));
	writer_boolean(writer, "fragment", key->kind & FLOW_FRAGMENT);
	writer_text(writer, "source", address_text(address, key, key->source));
	put_port(writer, "source_port", key, key->source_port);
	writer_text(writer, "destination", address_text(address, key, key->destination));
	put_port(writer, "destination_port", key, key->destination_port);
	writer_unsigned(writer, "wire_bytes", flow->wire_bytes);
	writer_unsigned(writer, "wire_packets", flow->wire_packets);
	writer_number(writer, "share", share_of(flow, wire_bytes));
	writer_unsigned(writer, "ce_packets", flow->ce_packets);
	put_known(writer, "tcp_retransmits", flow->socket != 0, flow->tcp_retransmits);
	writer_text(writer, "cgroup", cgroup_of(flows, flow));
	writer_end(writer);
}

/* Flows parted by a blank. Want of memory leaves it unknown. */
static void put_csv(struct writer *writer, const struct burst_flows *flows)
{
	size_t size = flows->n_top * CSV_FLOW_SIZE + 1, used = 0, i;
	char *text = calloc(1, size), flow[FLOW_SIZE];

	for (i = 0; text && i < flows->n_top; i++) {
		const struct flow_count *count = &flows->top[i];

		used += (size_t)snprintf(text + used, size - used, "%s%s:%" PRIu64, i ? " " : "",
					 flow_text(flow, &count->key, ">", "/"), count->wire_bytes);
	}
	writer_text(writer, "flows", text);
	free(text);
}

const char *show_flow_field(size_t i)
{
	static const char *const names[] = {"flows",       "flows_total",
					    "flows_exact", "unattributed_bytes",
					    "ce_packets",  "tcp_retransmits"};

	return i < ARRAY_SIZE(names) ? names[i] : NULL;
}

void show_flow_fields(struct writer *writer, const struct burst_flows *flows, uint64_t wire_bytes)
{
	size_t i;

	if (!flows) {
		for (i = 0; show_flow_field(i); i++)
			writer_null(writer, show_flow_field(i));
		return;
	}
	if (writer_is_csv(writer)) {
		put_csv(writer, flows);
	} else {
		writer_begin_array(writer, "flows");
		for (i = 0; i < flows->n_top; i++)
			put_flow(writer, flows, &flows->top[i], wire_bytes);
		writer_end_array(writer);
	}
	writer_unsigned(writer, "flows_total", flows->total);
	writer_boolean(writer, "flows_exact", flows->is_exact);
	writer_unsigned(writer, "unattributed_bytes", flows->unattributed_bytes);
	put_known(writer, "ce_packets", flows->unattributed_bytes < wire_bytes, flows->ce_packets);
	put_known(writer, "tcp_retransmits", flows->retransmits_known, flows->tcp_retransmits);
}

void show_flow_cgroup(struct sink *sink, const char *path)
{
	char name[CGROUP_NAME_MAX * TEXT_ESCAPE_GROWTH + 1];
	const char *last = path ? strrchr(path, '/') : NULL;

	if (last && last[1] && strlen(last + 1) <= CGROUP_NAME_MAX)
		sink_format(sink, " (%s)", text_escape(name, sizeof(name), last + 1));
}

/* As an object on a line. 0 and its text, or -ENOMEM. */
static int put_object(char **out, size_t *length, const struct burst_flows *flows,
		      uint64_t wire_bytes)
{
	struct writer *writer = NULL;
	struct sink *sink = NULL;
	const char *line = NULL;
	char *text = NULL;

	if (!sink_new(&sink, -1, -1) && !writer_new(&writer, sink, WRITER_JSON_LINES)) {
		writer_begin(writer);
		show_flow_fields(writer, flows, wire_bytes);
		writer_end(writer);
		line = sink_committed(sink, length);
	}
	/* Without the end of the line. */
	if (line)
		text = strndup(line, --*length);
	writer_free(writer);
	sink_free(sink);
	if (!text)
		return -ENOMEM;
	*out = text;
	return 0;
}

int show_flow_keep(char **out, const struct burst_flows *flows, uint64_t wire_bytes, size_t size)
{
	struct burst_flows fewer = *flows;
	size_t length;
	char *text;
	int ret;

	for (;;) {
		ret = put_object(&text, &length, &fewer, wire_bytes);
		if (ret || length < size || !fewer.n_top)
			break;
		free(text);
		/* About as many as fit, and one less each time that it was not enough. */
		fewer.n_top = (size_t)((unsigned __int128)fewer.n_top * size / (length + 1));
		fewer.n_top -= fewer.n_top > 0;
	}
	if (!ret)
		*out = text;
	return ret;
}

void show_flow_text(struct sink *sink, const struct burst_flows *flows, uint64_t wire_bytes)
{
	char flow[FLOW_SIZE];

	if (!flows->n_top)
		return;
	sink_format(sink, " by %s %.3g%%", flow_text(flow, &flows->top[0].key, " > ", " "),
		    100 * share_of(&flows->top[0], wire_bytes));
	show_flow_cgroup(sink, cgroup_of(flows, &flows->top[0]));
	if (flows->total > 1)
		sink_format(sink, " and %s%" PRIu64 " more", flows->is_exact ? "" : "at least ",
			    flows->total - 1);
	if (flows->retransmits_known && flows->tcp_retransmits)
		sink_format(sink, ", %" PRIu64 " retransmitted", flows->tcp_retransmits);
	if (flows->ce_packets)
		sink_format(sink, ", %" PRIu64 " marked CE", flows->ce_packets);
}
