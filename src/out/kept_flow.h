/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kept_flow: the flows of a burst as show_flow_keep() has put them down, shown as show_flow shows them.
 *
 * The text may be from a file that somebody else made, and from another version of ifpulse: what it lacks
 * is null, and what is not valid JSON is null altogether.
 */
#ifndef IFPULSE_OUT_KEPT_FLOW_H
#define IFPULSE_OUT_KEPT_FLOW_H

#include "out/sink.h"
#include "out/writer.h"

/* As show_flow_fields(). */
void kept_flow_fields(struct writer *writer, const char *kept);

/* As show_flow_text(). */
void kept_flow_text(struct sink *sink, const char *kept);

#endif
