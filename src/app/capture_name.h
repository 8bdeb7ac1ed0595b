/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* capture_name: what the file of a capture is called. */
#ifndef IFPULSE_APP_CAPTURE_NAME_H
#define IFPULSE_APP_CAPTURE_NAME_H

#include <net/if.h>
#include <stdint.h>

#include "model/netns_name.h"
#include "out/show_burst.h"

/* Room for the longest name, which is well below NAME_MAX. */
#define CAPTURE_NAME_SIZE (NETNS_NAME_SIZE + IF_NAMESIZE + 80)

/*
 * "20260131T123456.123456Z-web-eth0-rx.ifpulse": when the burst began, on the wall clock, and where; without "web-"
 * in our own network namespace. Names are other people's text: what could be more than a name to a path, a shell or a
 * terminal is '_', so that two can become the same. Those are told apart by a `number` from 2 on, "…-rx-2.ifpulse";
 * 1 is not shown. Returns `out`.
 */
char *capture_name(char out[CAPTURE_NAME_SIZE], const struct burst_place *place, uint64_t wall_ns,
		   unsigned int number);

#endif
