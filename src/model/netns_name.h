/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* netns_name: what network namespaces are called. */
#ifndef IFPULSE_MODEL_NETNS_NAME_H
#define IFPULSE_MODEL_NETNS_NAME_H

/*
 * The name of a container or of `ip netns`, or "pid 4711 (sleep)", or "host": any bytes but NUL. One that is longer
 * is cut. Our own has none: the empty string.
 */
#define NETNS_NAME_SIZE 128

#endif
