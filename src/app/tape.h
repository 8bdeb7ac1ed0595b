/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tape: a recorder and the interfaces that it has been told of, so that spans of windows can simply be
 * handed to it.
 */
#ifndef IFPULSE_APP_TAPE_H
#define IFPULSE_APP_TAPE_H

#include "model/burst.h"
#include "out/show_burst.h"
#include "store/recorder.h"

struct tape;

struct tape_setup {
	const char *path;
	struct recorder_limits limits;
	uint64_t width_ns;
	uint64_t wall_offset_ns;
	uint64_t from_ns; /* CLOCK_MONOTONIC; where the first span begins */
	/* What is known under its ifindex now; NULL where nothing is. */
	const struct link *(*link_of)(void *context, const struct series_member *member);
	void *context;
	const char *(*reason_name)(void *context, uint32_t reason); /* NULL: not known */
	void *reason_context;
};

/* Makes the file, which must not exist, with what is known of this host. 0 or -errno. */
int tape_new(struct tape **out, const struct tape_setup *setup, struct error *err);
void tape_free(struct tape *tape);

/* What else is recorded goes to the recorder itself, after the span that has its interface. */
struct recorder *tape_recorder(const struct tape *tape);

/*
 * Whether what is known under a member's ifindex is of it, not of one that has been made under the same
 * since. One that was renamed as it left the selection is not known any more.
 */
bool tape_is_link_of(const struct link *link, const struct series_member *member,
		     const struct series_span *span);

/* The next span, and the interfaces that are new in it. 0 or -errno. */
int tape_add_span(struct tape *tape, const struct series_span *span, struct error *err);

/* 0 or -errno. */
int tape_add_burst(struct tape *tape, const struct burst_place *place, const struct burst *burst,
		   struct error *err);

#endif
