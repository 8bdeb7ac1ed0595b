// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/netlink_attr.h"

#include <errno.h>
#include <string.h>

/*
 * Not mnl_attr_for_each(): that rounds the length of the whole up to 4 bytes, and so may lead up to
 * 3 bytes outside of it.
 */
static void index_range(const char *data, size_t length, const struct nlattr **attrs,
			size_t n_attrs)
{
	const struct nlattr *attr;
	size_t step;

	memset(attrs, 0, n_attrs * sizeof(*attrs));
	while (length >= sizeof(*attr)) {
		attr = (const void *)data;
		if (!mnl_attr_ok(attr, (int)length))
			break;
		if (mnl_attr_get_type(attr) < n_attrs)
			attrs[mnl_attr_get_type(attr)] = attr;
		step = MNL_ALIGN(attr->nla_len);
		if (step > length)
			break;
		data += step;
		length -= step;
	}
}

int netlink_attr_index(const struct nlmsghdr *message, size_t header_size,
		       const struct nlattr **attrs, size_t n_attrs)
{
	size_t skip = MNL_NLMSG_HDRLEN + MNL_ALIGN(header_size);

	if (message->nlmsg_len < skip)
		return -EBADMSG;
	index_range((const char *)message + skip, message->nlmsg_len - skip, attrs, n_attrs);
	return 0;
}

void netlink_attr_index_nest(const struct nlattr *nest, const struct nlattr **attrs, size_t n_attrs)
{
	if (nest)
		index_range(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), attrs,
			    n_attrs);
	else
		memset(attrs, 0, n_attrs * sizeof(*attrs));
}

static bool get_value(const struct nlattr *attr, void *value, size_t size)
{
	if (!attr || mnl_attr_get_payload_len(attr) < size)
		return false;
	memcpy(value, mnl_attr_get_payload(attr), size);
	return true;
}

bool netlink_attr_u8(const struct nlattr *attr, uint8_t *value)
{
	return get_value(attr, value, sizeof(*value));
}

bool netlink_attr_u16(const struct nlattr *attr, uint16_t *value)
{
	return get_value(attr, value, sizeof(*value));
}

bool netlink_attr_u32(const struct nlattr *attr, uint32_t *value)
{
	return get_value(attr, value, sizeof(*value));
}

bool netlink_attr_text(const struct nlattr *attr, char *text, size_t size)
{
	size_t length;

	if (!attr)
		return false;
	length = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	if (length >= size)
		length = size - 1;
	memcpy(text, mnl_attr_get_payload(attr), length);
	text[length] = '\0';
	return true;
}
