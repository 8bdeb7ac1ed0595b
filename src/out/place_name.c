// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/place_name.h"

#include <stdio.h>

char *place_name_text(char out[PLACE_NAME_SIZE], const char *netns, const char *ifname)
{
	char name[NETNS_NAME_SIZE + IF_NAMESIZE];

	snprintf(name, sizeof(name), PLACE_NAME_FORMAT, PLACE_NAME_ARGS(netns, ifname));
	return text_escape(out, PLACE_NAME_SIZE, name);
}

void place_name_fields(struct writer *writer, const char *netns, const char *ifname)
{
	writer_text(writer, "ifname", ifname);
	writer_text(writer, "netns", place_is_elsewhere(netns) ? netns : NULL);
}

bool place_is_elsewhere(const char *netns)
{
	return netns && netns[0];
}
