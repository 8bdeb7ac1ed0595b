// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/cgroup_owner.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

#define HEX "0123456789abcdef"
#define ID_LENGTH (CONTAINER_ID_SIZE - 1)

/* A part of a path, between slashes. */
struct part {
	const char *at;
	size_t length;
};

static bool equals(struct part part, const char *text)
{
	return strlen(text) == part.length && !memcmp(part.at, text, part.length);
}

static bool take_prefix(struct part *part, const char *prefix)
{
	size_t length = strlen(prefix);

	if (part->length <= length || memcmp(part->at, prefix, length))
		return false;
	part->at += length;
	part->length -= length;
	return true;
}

static bool take_suffix(struct part *part, const char *suffix)
{
	size_t length = strlen(suffix);

	if (part->length <= length || memcmp(part->at + part->length - length, suffix, length) != 0)
		return false;
	part->length -= length;
	return true;
}

static void copy(char *out, size_t size, struct part part)
{
	snprintf(out, size, "%.*s", (int)(part.length < size ? part.length : size - 1), part.at);
}

static bool is_id(struct part part)
{
	return part.length == ID_LENGTH && strspn(part.at, HEX) >= ID_LENGTH;
}

static bool set_container(struct cgroup_owner *owner, enum container_kind kind, struct part id)
{
	owner->kind = kind;
	copy(owner->id, sizeof(owner->id), id);
	owner->name[0] = '\0';
	return true;
}

static bool set_name(struct cgroup_owner *owner, enum container_kind kind, struct part name)
{
	owner->kind = kind;
	copy(owner->name, sizeof(owner->name), name);
	return true;
}

/* "docker-<id>.scope", and without ".scope" where the runtime does without systemd. */
static bool parse_scope(struct cgroup_owner *owner, struct part part)
{
	static const struct {
		const char *prefix;
		enum container_kind kind;
	} runtimes[] = {
		{"docker-", CONTAINER_DOCKER},      {"libpod-", CONTAINER_PODMAN},
		{"crio-", CONTAINER_CRIO},          {"cri-containerd-", CONTAINER_CONTAINERD},
		{"nerdctl-", CONTAINER_CONTAINERD},
	};

	take_suffix(&part, ".scope");
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		struct part id = part;

		if (take_prefix(&id, runtimes[i].prefix) && is_id(id))
			return set_container(owner, runtimes[i].kind, id);
	}
	return false;
}

/*
 * "<id>", the cgroupfs driver's; and "kubepods-pod<uid>.slice:cri-containerd:<id>", which runc makes of
 * a path for systemd when it was told to use cgroupfs.
 */
static bool parse_bare(struct cgroup_owner *owner, struct part parent, struct part part)
{
	const char *colon = memrchr(part.at, ':', part.length);

	if (colon) {
		parent = (struct part){part.at, (size_t)(colon - part.at)};
		part = (struct part){colon + 1, part.length - parent.length - 1};
		colon = memrchr(parent.at, ':', parent.length);
		if (colon) {
			parent.length -= (size_t)(colon + 1 - parent.at);
			parent.at = colon + 1;
		}
	}
	if (!is_id(part))
		return false;
	if (equals(parent, "docker"))
		return set_container(owner, CONTAINER_DOCKER, part);
	if (equals(parent, "cri-containerd"))
		return set_container(owner, CONTAINER_CONTAINERD, part);
	return set_container(owner, CONTAINER_OCI, part);
}

/* "lxc.payload.<name>", or "lxc.payload/<name>", or before LXC 4 "lxc/<name>". */
static bool parse_lxc(struct cgroup_owner *owner, struct part parent, struct part part)
{
	if (!part.length)
		return false;
	if (take_prefix(&part, "lxc.payload.") || equals(parent, "lxc.payload") ||
	    equals(parent, "lxc"))
		return set_name(owner, CONTAINER_LXC, part);
	return false;
}

static int hex_digit(char digit)
{
	const char *found = digit ? strchr(HEX, digit) : NULL;

	return found ? (int)(found - HEX) : -1;
}

/* systemd escapes what cannot be part of a unit's name as \x2d (systemd.unit(5)). */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] == 'x' && hex_digit(text[2]) >= 0 &&
		    hex_digit(text[3]) >= 0 && hex_digit(text[2]) + hex_digit(text[3]) > 0) {
			*to++ = (char)(hex_digit(text[2]) * 16 + hex_digit(text[3]));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

static bool parse_machine(struct cgroup_owner *owner, struct part part)
{
	struct part nspawn = part;

	if (take_suffix(&nspawn, ".service") && take_prefix(&nspawn, "systemd-nspawn@"))
		set_name(owner, CONTAINER_MACHINE, nspawn);
	else if (take_suffix(&part, ".scope") && take_prefix(&part, "machine-"))
		set_name(owner, CONTAINER_MACHINE, part);
	else
		return false;
	unescape(owner->name);
	return true;
}

/* "pod<uid>" and "kubepods-burstable-pod<uid with underscores>.slice". */
static void parse_pod(struct cgroup_owner *owner, struct part part)
{
	char text[256], *uid;

	if (part.length >= sizeof(text))
		return;
	copy(text, sizeof(text), part);
	text[strcspn(text, ":.")] = '\0';
	uid = strrchr(text, '-');
	if (strncmp(text, "kubepods-", strlen("kubepods-")) || !uid)
		uid = text;
	else
		uid++;
	if (strncmp(uid, "pod", 3) || strlen(uid + 3) >= sizeof(owner->pod_uid))
		return;
	uid += 3;
	/* Those of static pods are hashes, without dashes. */
	if (strlen(uid) < 32 || uid[strspn(uid, HEX "-_")])
		return;
	for (char *dash = uid; (dash = strchr(dash, '_'));)
		*dash = '-';
	strcpy(owner->pod_uid, uid);
}

/* Only where no container is: services of a user are within that user's manager. */
static void parse_unit(struct cgroup_owner *owner, struct part part)
{
	struct part unit = part;

	if (!take_suffix(&unit, ".service"))
		return;
	if (owner->kind == CONTAINER_UNIT && strncmp(owner->name, "user@", strlen("user@")) != 0)
		return;
	set_name(owner, CONTAINER_UNIT, part);
}

static void parse_path(struct cgroup_owner *owner, const char *path, size_t length)
{
	struct part parent = {path, 0}, part;
	const char *end = path + length;
	bool in_kubepods = false;

	for (; path < end; path = part.at + part.length + 1, parent = part) {
		part = (struct part){path, strcspn(path, "/\n")};
		if (part.length >= strlen("kubepods") &&
		    !memcmp(part.at, "kubepods", strlen("kubepods")))
			in_kubepods = true;
		if (in_kubepods)
			parse_pod(owner, part);
		if (parse_scope(owner, part) || parse_bare(owner, parent, part) ||
		    parse_lxc(owner, parent, part) || parse_machine(owner, part))
			return;
		parse_unit(owner, part);
	}
	if (owner->pod_uid[0])
		set_container(owner, CONTAINER_POD, (struct part){"", 0});
}

void cgroup_owner_parse(struct cgroup_owner *owner, const char *text)
{
	memset(owner, 0, sizeof(*owner));
	/* "4:memory:/docker/…\n": controllers have no colon in their names, paths may. */
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *path = memchr(text, ':', length);
		struct cgroup_owner found = {0};

		path = path ? memchr(path + 1, ':', length - (size_t)(path + 1 - text)) : NULL;
		if (path)
			parse_path(&found, path + 1, length - (size_t)(path + 1 - text));
		if (found.kind > owner->kind)
			*owner = found;
		text += length + (text[length] == '\n');
	}
}
