// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "out/show_check.h"

#include "base/text.h"
#include "out/place_name.h"

static const char *const status_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_INFO] = "info",
	[CHECK_WARNING] = "warning",
	[CHECK_FAILED] = "failed",
};

void show_check_record(struct writer *writer, const struct check *check)
{
	writer_begin(writer);
	writer_text(writer, "check", check->name);
	place_name_fields(writer, check->netns, check->ifname);
	writer_text(writer, "status", status_names[check->status]);
	writer_text(writer, "detail", check->detail);
	writer_text(writer, "remedy", check->remedy);
	writer_end(writer);
}

void show_check_line(struct sink *sink, const struct check *check, bool use_colour)
{
	static const char *const colours[] = {
		[CHECK_OK] = "\033[32m",
		[CHECK_INFO] = "\033[2m",
		[CHECK_WARNING] = "\033[33m",
		[CHECK_FAILED] = "\033[31m",
	};
	char safe[1024], place[PLACE_NAME_SIZE];

	sink_format(sink, "%s%-7s%s  %-10s  ", use_colour ? colours[check->status] : "",
		    status_names[check->status], use_colour ? "\033[0m" : "", check->name);
	if (check->ifname)
		sink_format(sink, "%s: ", place_name_text(place, check->netns, check->ifname));
	sink_format(sink, "%s\n", text_escape(safe, sizeof(safe), check->detail));
	if (check->remedy)
		sink_format(sink, "%21s-> %s\n", "",
			    text_escape(safe, sizeof(safe), check->remedy));
	sink_commit(sink);
}
