// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "app/capture_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"

static void make_harmless(char *name)
{
	for (; *name; name++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@",
			    *name))
			*name = '_';
}

char *capture_name(char out[CAPTURE_NAME_SIZE], const struct burst_place *place, uint64_t wall_ns,
		   unsigned int number)
{
	const char *netns = place->netns ? place->netns : "";
	char name[NETNS_NAME_SIZE + IF_NAMESIZE], time[32], suffix[16] = "";
	time_t seconds = (time_t)(wall_ns / NSEC_PER_SEC);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(time, sizeof(time), "%Y%m%dT%H%M%S", &utc);
	snprintf(name, sizeof(name), "%s%s%s", netns, netns[0] ? "-" : "", place->ifname);
	make_harmless(name);
	if (number > 1)
		snprintf(suffix, sizeof(suffix), "-%u", number);
	snprintf(out, CAPTURE_NAME_SIZE, "%s.%06" PRIu64 "Z-%s-%s%s.ifpulse", time,
		 wall_ns % NSEC_PER_SEC / NSEC_PER_USEC, name,
		 place->direction == DIRECTION_INGRESS ? "rx" : "tx", suffix);
	return out;
}
