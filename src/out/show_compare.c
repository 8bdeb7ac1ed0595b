// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_compare.h"

#include <inttypes.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "out/place_name.h"

#define REASON_SIZE 1024

static const char *const direction_names[] = {"rx", "tx"};

static const char *header_words(int extra)
{
	if (extra == -ETH_HLEN)
		return ", without the Ethernet header";
	return extra == ETH_FCS_LEN ? ", with the frame check sequence" : "";
}

/* Not told by what passed, or not at all; NULL: as records have it. */
static const char *units_of(const struct compare_result *result)
{
	if (!result->has_bounds || (!result->is_rule && !result->is_sole) ||
	    (!result->kernel && !result->high))
		return NULL;
	if (result->is_either)
		return "either";
	return result->basis.is_wire ? "segments" : "skbs";
}

/* What the device counts, and how that is known. */
static void put_basis(char *out, size_t size, const struct compare_result *result)
{
	const char *units = units_of(result);

	if (!result->kernel && !result->high)
		snprintf(out, size, "nothing passed");
	else if (!units)
		snprintf(out, size,
			 "whether it counts skbs or segments, and which headers, these "
			 "packets do not tell");
	else
		snprintf(out, size, "counts %s%s%s", result->is_either ? "packets" : units,
			 header_words(result->basis.extra),
			 result->is_rule ? "" : " (found by fit)");
}

/* For people; a number of packets goes in where there is one. */
static const char *cause_words(enum compare_cause cause)
{
	switch (cause) {
	case COMPARE_TOO_SHORT:
		return "there for less than an interval: nothing to compare";
	case COMPARE_RESET:
		return "the kernel's counters went backwards: compared since then";
	case COMPARE_OTHER_HOOK:
		return "what is redirected to an ifb passes its egress hook alone: held against "
		       "that";
	case COMPARE_DROPPED:
		return "dropped behind the egress hook";
	case COMPARE_QUEUED:
		return "waiting in the queueing discipline, behind the egress hook";
	case COMPARE_GSO_IN_PART:
		return "some GSO packets counted whole, the others by segments";
	case COMPARE_REFRESHED:
		return "the device's counters stand still at times: compared from change to change";
	case COMPARE_XDP:
		return "passed by the XDP program, not by the hook, or changed by it";
	case COMPARE_MACVLAN_MULTICAST:
		return "multicast between macvlans, whose header counts twice";
	case COMPARE_TAKEN:
		return "taken by tc behind the egress hook, to be redirected or for good";
	case COMPARE_HANDED:
		return "put into the receive side past the driver, by tc, by the bridge itself, or "
		       "from macvlan to macvlan";
	case COMPARE_MIRRED:
		return "put into the receive side past the driver, by tc's action mirred";
	case COMPARE_PEERED:
		return "put into the receive side past the driver, by bpf_redirect_peer()";
	case COMPARE_XDP_SENT:
		return "sent by an XDP program, past the egress hook";
	case COMPARE_DIRECT:
		return "sent by a packet socket past queueing discipline and egress hook";
	case COMPARE_UNREAD:
		return "in the queue of the program that reads the device, or was when it began";
	case COMPARE_LOOPED:
		return "multicast or broadcast sent from here, of which this host gets a copy, "
		       "past "
		       "the driver";
	case COMPARE_POLLED:
		return "some the other end polled for, which are counted without their Ethernet "
		       "header";
	case COMPARE_RESIZED:
		return "made longer or shorter behind the egress hook, by tc or with a VLAN tag";
	case COMPARE_TAGGED:
		return "a VLAN tag among the bytes is taken off before the ingress hook";
	case COMPARE_COPIED:
		return "sent to more than one remote, and each copy counts";
	case COMPARE_ANSWERED:
		return "ARP and what asks for IPv6 neighbours, taken or answered by the vxlan "
		       "itself";
	case COMPARE_FILTERED:
		return "dropped by netfilter or a VLAN filter, before the ingress hook";
	case COMPARE_BY_PORTS:
		return "received by its ports, behind their ingress hooks: no more than those saw";
	case COMPARE_SEVERAL:
		return "several at once: ";
	case COMPARE_EARLIER: /* is said of every verdict */
	case COMPARE_NO_CAUSE:
		break;
	}
	return "";
}

/* Of a saved /proc/net/dev. */
static void add_earlier(char out[REASON_SIZE], const struct compare_result *result)
{
	size_t used = strlen(out);

	if (result->earlier)
		snprintf(out + used, REASON_SIZE - used,
			 "%s%" PRIu64 " %s from before the probe was attached", used ? "; " : "",
			 result->earlier, compare_counter_name(result->counter));
}

static void add_several(char out[REASON_SIZE], uint32_t causes)
{
	const char *between = "";
	unsigned int i;

	for (i = 0; causes; i++, causes >>= 1) {
		size_t used = strlen(out);

		if (!(causes & 1))
			continue;
		snprintf(out + used, REASON_SIZE - used, "%s%s", between,
			 cause_words((enum compare_cause)i));
		between = "; ";
	}
}

static void put_verdict(char out[REASON_SIZE], const struct compare_result *result)
{
	const char *words = cause_words(result->cause);

	if (result->verdict == COMPARE_MATCH)
		put_basis(out, REASON_SIZE, result);
	else if (result->verdict == COMPARE_MISMATCH && result->earlier)
		snprintf(out, REASON_SIZE, "nothing that is known accounts for %+" PRId64,
			 result->difference - (int64_t)result->earlier);
	else if (result->verdict == COMPARE_MISMATCH)
		snprintf(out, REASON_SIZE, "nothing that is known accounts for it");
	else if (result->evidence)
		snprintf(out, REASON_SIZE, "%" PRIu64 " packet%s: %s", result->evidence,
			 result->evidence == 1 ? "" : "s", words);
	else
		snprintf(out, REASON_SIZE, "%s", words);
	if (result->cause == COMPARE_SEVERAL)
		add_several(out, result->causes);
}

static void put_reason(char out[REASON_SIZE], const struct compare_result *result)
{
	put_verdict(out, result);
	add_earlier(out, result);
}

/* How many interfaces it is the sum of, and what came of them. */
static void put_members(char out[REASON_SIZE], const struct compare_total *total)
{
	size_t used;
	int i;

	if (!total->n) {
		snprintf(out, REASON_SIZE, "of no interface");
		return;
	}
	snprintf(out, REASON_SIZE, "%u interface%s", total->n, total->n == 1 ? "" : "s");
	for (i = 0; i <= COMPARE_MISMATCH; i++) {
		used = strlen(out);
		if (total->verdicts[i])
			snprintf(out + used, REASON_SIZE - used, ", %u %s", total->verdicts[i],
				 compare_verdict_name((enum compare_verdict)i));
	}
	add_earlier(out, &total->sum);
}

static void put_count(struct writer *writer, const struct compare_result *result, const char *name,
		      uint64_t value)
{
	if (result->has_bounds)
		writer_unsigned(writer, name, value);
	else
		writer_null(writer, name);
}

/* `units`: what the device counts; NULL: not known, or a sum's. */
static void put_record(struct writer *writer, const struct compare_subject *subject,
		       const struct compare_result *result, const char *reason, const char *units)
{
	writer_begin(writer);
	writer_unsigned(writer, "interval_us", subject->interval_ns / NSEC_PER_USEC);
	if (subject->ifindex)
		writer_unsigned(writer, "ifindex", subject->ifindex);
	else
		writer_null(writer, "ifindex");
	place_name_fields(writer, subject->netns, subject->ifname);
	writer_text(writer, "direction", direction_names[result->direction]);
	writer_text(writer, "counter", compare_counter_name(result->counter));
	put_count(writer, result, "probe", result->probe);
	put_count(writer, result, "kernel", result->kernel);
	put_count(writer, result, "low", result->low);
	put_count(writer, result, "high", result->high);
	if (result->has_bounds)
		writer_signed(writer, "difference", result->difference);
	else
		writer_null(writer, "difference");
	writer_text(writer, "verdict", compare_verdict_name(result->verdict));
	writer_text(writer, "reason", reason);
	writer_text(writer, "counts", units);
	if (units)
		writer_signed(writer, "extra_bytes", result->basis.extra);
	else
		writer_null(writer, "extra_bytes");
	writer_end(writer);
}

void show_compare_record(struct writer *writer, const struct compare_subject *subject,
			 const struct compare_result *result)
{
	char reason[REASON_SIZE];

	put_reason(reason, result);
	put_record(writer, subject, result, reason, units_of(result));
}

void show_compare_total_record(struct writer *writer, const struct compare_subject *subject,
			       const struct compare_total *total)
{
	char reason[REASON_SIZE];

	put_members(reason, total);
	put_record(writer, subject, &total->sum, reason, NULL);
}

int show_compare_table_new(struct table **out, bool use_colour)
{
	static const struct table_column columns[] = {
		{.title = "INTERFACE"},
		{.title = "DIR"},
		{.title = "KERNEL PACKETS", .right = true, .rank = 4},
		{.title = "PROBE", .right = true, .rank = 5},
		{.title = "DIFF", .right = true, .rank = 1},
		{.title = "KERNEL BYTES", .right = true, .rank = 4},
		{.title = "PROBE", .right = true, .rank = 5},
		{.title = "DIFF", .right = true, .rank = 1},
		{.title = "VERDICT"},
		{.title = "REASON", .rank = 3},
	};

	return table_new(out, columns, ARRAY_SIZE(columns), use_colour);
}

static void put_cells(struct table *table, const struct compare_result *result)
{
	if (!result->has_bounds) {
		table_cell(table, TABLE_DIM, "-");
		table_cell(table, TABLE_DIM, "-");
		table_cell(table, TABLE_DIM, "-");
		return;
	}
	table_cell(table, TABLE_PLAIN, "%" PRIu64, result->kernel);
	table_cell(table, TABLE_PLAIN, "%" PRIu64, result->probe);
	table_cell(table, result->difference ? TABLE_PLAIN : TABLE_DIM,
		   result->difference ? "%+" PRId64 : "%" PRId64, result->difference);
}

static void put_row(struct table *table, const struct compare_subject *subject,
		    const struct compare_result *const results[COMPARE_COUNTERS],
		    enum compare_verdict verdict, const char *reason)
{
	static const enum table_style styles[] = {TABLE_GOOD, TABLE_GOOD, TABLE_BAD};
	int i;

	table_cell(table, TABLE_BOLD, PLACE_NAME_FORMAT,
		   PLACE_NAME_ARGS(subject->netns, subject->ifname));
	table_cell(table, TABLE_PLAIN, "%s", direction_names[results[0]->direction]);
	for (i = 0; i < COMPARE_COUNTERS; i++)
		put_cells(table, results[i]);
	table_cell(table, styles[verdict], "%s", compare_verdict_name(verdict));
	table_cell(table, TABLE_PLAIN, "%s", reason);
}

void show_compare_row(struct table *table, const struct compare_subject *subject,
		      const struct compare_result results[COMPARE_COUNTERS])
{
	const struct compare_result *const all[] = {&results[COMPARE_PACKETS],
						    &results[COMPARE_BYTES]};
	const struct compare_result *worst =
		all[COMPARE_BYTES]->verdict > all[COMPARE_PACKETS]->verdict ? all[COMPARE_BYTES]
									    : all[COMPARE_PACKETS];
	char reason[REASON_SIZE];

	put_reason(reason, worst);
	put_row(table, subject, all, worst->verdict, reason);
}

void show_compare_total_row(struct table *table, const struct compare_subject *subject,
			    const struct compare_total totals[COMPARE_COUNTERS])
{
	const struct compare_result *const all[] = {&totals[COMPARE_PACKETS].sum,
						    &totals[COMPARE_BYTES].sum};
	const struct compare_total *worst =
		&totals[all[COMPARE_BYTES]->verdict > all[COMPARE_PACKETS]->verdict];
	char reason[REASON_SIZE];

	put_members(reason, worst);
	put_row(table, subject, all, worst->sum.verdict, reason);
}
