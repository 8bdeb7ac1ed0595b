// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "out/show_flow.h"

struct tape {
	struct tape_setup setup;
	struct recorder *recorder;
	uint64_t *known; /* by slot: since when its interface has it; 0: none has been told */
	size_t capacity;
	uint64_t members_version; /* of the last span */
};

/* What cannot be told stays empty. */
static void describe_host(struct recording_meta *meta)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	struct utsname name;
	struct stat netns;
	ssize_t n;

	if (!uname(&name)) {
		snprintf(meta->host, sizeof(meta->host), "%s", name.nodename);
		snprintf(meta->kernel, sizeof(meta->kernel), "%s", name.release);
		snprintf(meta->machine, sizeof(meta->machine), "%s", name.machine);
	}
	if (!stat("/proc/thread-self/ns/net", &netns))
		meta->netns_inum = (uint32_t)netns.st_ino;
	if (fd < 0)
		return;
	n = read(fd, meta->boot_id, sizeof(meta->boot_id) - 1);
	meta->boot_id[n > 0 ? strcspn(meta->boot_id, "\n") : 0] = '\0';
	close(fd);
}

int tape_new(struct tape **out, const struct tape_setup *setup, struct error *err)
{
	struct recording_meta meta = {.width_ns = setup->width_ns,
				      .wall_offset_ns = setup->wall_offset_ns};
	struct tape *tape = calloc(1, sizeof(*tape));
	int ret;

	if (!tape)
		return error_errno(err, -ENOMEM, "cannot record");
	tape->setup = *setup;
	snprintf(meta.version, sizeof(meta.version), "%s", IFPULSE_VERSION);
	describe_host(&meta);
	ret = recorder_new(&tape->recorder, setup->path, &meta, &setup->limits, setup->from_ns,
			   err);
	if (ret) {
		tape_free(tape);
		return ret;
	}
	recorder_name_reasons(tape->recorder, setup->reason_name, setup->reason_context);
	*out = tape;
	return 0;
}

void tape_free(struct tape *tape)
{
	if (!tape)
		return;
	recorder_free(tape->recorder);
	free(tape->known);
	free(tape);
}

struct recorder *tape_recorder(const struct tape *tape)
{
	return tape->recorder;
}

bool tape_is_link_of(const struct link *link, const struct series_member *member,
		     const struct series_span *span)
{
	size_t i;

	if (!link || strcmp(link->ifname, member->ifname))
		return false;
	for (i = 0; i < span->n_members; i++)
		if (span->members[i].ifindex == member->ifindex &&
		    !strcmp(span->members[i].netns, member->netns) &&
		    span->members[i].from_ns > member->from_ns)
			return false;
	return true;
}

static int add_newcomers(struct tape *tape, const struct series_span *span, struct error *err)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < span->n_members; i++) {
		const struct series_member *member = &span->members[i];
		const struct link *link;

		if (array_reserve(&tape->known, &tape->capacity, (size_t)member->slot + 1,
				  sizeof(*tape->known)))
			return error_errno(err, -ENOMEM, "cannot record %s", member->ifname);
		if (tape->known[member->slot] == member->from_ns)
			continue;
		link = tape->setup.link_of(tape->setup.context, member);
		if (!tape_is_link_of(link, member, span))
			link = NULL;
		ret = recorder_add_interface(tape->recorder, member, link, err);
		if (!ret)
			tape->known[member->slot] = member->from_ns;
	}
	return ret;
}

int tape_add_span(struct tape *tape, const struct series_span *span, struct error *err)
{
	int ret;

	if (!span->members_version || span->members_version != tape->members_version) {
		ret = add_newcomers(tape, span, err);
		if (ret)
			return ret;
		tape->members_version = span->members_version;
	}
	return recorder_add_span(tape->recorder, span, err);
}

int tape_add_burst(struct tape *tape, const struct burst_place *place, const struct burst *burst,
		   struct error *err)
{
	struct recording_burst recorded = {
		.slot = place->slot,
		.direction = place->direction,
		.rule = place->rule,
		.speed_bps = place->speed_bps,
		.burst = *burst,
	};
	char *flows = NULL;
	int ret;

	if (place->reason_name && burst->drops)
		show_burst_reasons(recorded.drop_reasons, sizeof(recorded.drop_reasons), place,
				   burst);
	if (place->speed_source)
		snprintf(recorded.speed_source, sizeof(recorded.speed_source), "%s",
			 place->speed_source);
	if (place->container)
		snprintf(recorded.container, sizeof(recorded.container), "%s", place->container);
	if (place->flows &&
	    show_flow_keep(&flows, place->flows, burst->traffic.wire_bytes, RECORDING_FLOWS_SIZE))
		return error_errno(err, -ENOMEM, "cannot record the flows of a burst");
	recorded.flows = flows;
	ret = recorder_add_burst(tape->recorder, &recorded, err);
	free(flows);
	return ret;
}
