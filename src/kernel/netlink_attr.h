/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * netlink_attr: reading the attributes of a netlink message. No socket.
 *
 * Made so that a malformed message cannot lead outside of itself: an attribute that overruns the
 * message ends it, and one too short for its value counts as absent.
 */
#ifndef IFPULSE_KERNEL_NETLINK_ATTR_H
#define IFPULSE_KERNEL_NETLINK_ATTR_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Attributes by type. attrs[t] becomes the last attribute of type t, or NULL; types from `n_attrs`
 * on, newer than what was compiled against, are passed over. -EBADMSG where the message is shorter
 * than its fixed header of `header_size`.
 */
int netlink_attr_index(const struct nlmsghdr *message, size_t header_size,
		       const struct nlattr **attrs, size_t n_attrs);

/* The same inside `nest`, which may be NULL: then all are NULL. */
void netlink_attr_index_nest(const struct nlattr *nest, const struct nlattr **attrs,
			     size_t n_attrs);

/*
 * Values. Each returns false, and leaves the output alone, where the attribute is NULL or too short
 * for what it should hold.
 */
bool netlink_attr_u8(const struct nlattr *attr, uint8_t *value);
bool netlink_attr_u16(const struct nlattr *attr, uint16_t *value);
bool netlink_attr_u32(const struct nlattr *attr, uint32_t *value);
/* Cut to `size`, always NUL-terminated, whether or not the attribute is. */
bool netlink_attr_text(const struct nlattr *attr, char *text, size_t size);

#endif
