// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/container_names.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/file.h"
#include "base/json.h"

#define SHORT_ID_LENGTH 12

/* A container of containers/storage, which podman and CRI-O share. */
struct stored {
	char id[CONTAINER_ID_SIZE];
	char name[CONTAINER_NAME_SIZE];
};

struct container_names {
	char *root;
	bool is_storage_read;
	struct stored *stored; /* by id */
	size_t n_stored, capacity;
};

/* A file that holds one JSON value. */
struct document {
	char *text;
	struct json value;
};

static bool document_open(struct document *document, size_t max, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool document_open(struct document *document, size_t max, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	size_t size;
	int length;

	va_start(args, format);
	length = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(path) ||
	    file_read(path, max, &document->text, &size))
		return false;
	if (json_read(&document->value, document->text, size))
		return true;
	free(document->text);
	return false;
}

/* A string member that is not empty. */
static bool get_text(struct json object, const char *name, char *out, size_t size)
{
	struct json value;

	return json_member(object, name, &value) && json_text(value, out, size) && *out;
}

/* "namespace/pod", of annotations or labels that name both. */
static bool get_pod(struct json tags, const char *pod_key, const char *namespace_key,
		    struct container *container)
{
	char pod[CONTAINER_NAME_SIZE], namespace[64];

	if (!get_text(tags, pod_key, pod, sizeof(pod)))
		return false;
	if (get_text(tags, namespace_key, namespace, sizeof(namespace)))
		snprintf(container->name, sizeof(container->name), "%s/%.*s", namespace,
			 (int)(sizeof(container->name) - sizeof(namespace) - 1), pod);
	else
		snprintf(container->name, sizeof(container->name), "%s", pod);
	container->kind = CONTAINER_POD;
	return true;
}

/* What the makers of OCI bundles note in them: CRI-O, containerd's CRI plugin, nerdctl. */
static bool get_annotated(struct json bundle, struct container *container)
{
	struct json tags;

	if (!json_member(bundle, "annotations", &tags))
		return false;
	return get_pod(tags, "io.kubernetes.cri.sandbox-name",
		       "io.kubernetes.cri.sandbox-namespace", container) ||
	       get_pod(tags, "io.kubernetes.pod.name", "io.kubernetes.pod.namespace", container) ||
	       get_text(tags, "io.kubernetes.cri.container-name", container->name,
			sizeof(container->name)) ||
	       get_text(tags, "nerdctl/name", container->name, sizeof(container->name));
}

static bool find_docker(struct container_names *names, struct container *container)
{
	static const char *const places[] = {
		"/var/lib/docker",
		"/var/snap/docker/common/var-lib-docker",
	};
	struct json config, labels;
	struct document state;
	bool is_found = false;

	for (size_t i = 0; i < ARRAY_SIZE(places) && !is_found; i++) {
		if (!document_open(&state, CONTAINER_NAMES_STATE_MAX,
				   "%s%s/containers/%s/config.v2.json", names->root, places[i],
				   container->id))
			continue;
		/* Of cri-dockerd. */
		if (json_member(state.value, "Config", &config) &&
		    json_member(config, "Labels", &labels))
			is_found = get_pod(labels, "io.kubernetes.pod.name",
					   "io.kubernetes.pod.namespace", container);
		if (!is_found &&
		    get_text(state.value, "Name", container->name, sizeof(container->name))) {
			char *name = container->name;

			/* "/web1", from when links made it a path. */
			if (name[0] == '/' && name[1])
				memmove(name, name + 1, strlen(name));
			container->kind = CONTAINER_DOCKER;
			is_found = true;
		}
		free(state.text);
	}
	return is_found;
}

static bool find_containerd(struct container_names *names, struct container *container)
{
	static const char *const places[] = {
		"/run/containerd/io.containerd.runtime.v2.task/k8s.io",
		"/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io",
		"/run/containerd/io.containerd.runtime.v2.task/default",
	};
	struct document bundle;
	bool is_found = false;

	for (size_t i = 0; i < ARRAY_SIZE(places) && !is_found; i++) {
		if (!document_open(&bundle, CONTAINER_NAMES_STATE_MAX, "%s%s/%s/config.json",
				   names->root, places[i], container->id))
			continue;
		is_found = get_annotated(bundle.value, container);
		if (is_found && container->kind != CONTAINER_POD)
			container->kind = CONTAINER_CONTAINERD;
		free(bundle.text);
	}
	return is_found;
}

static int compare_stored(const void *left, const void *right)
{
	const struct stored *a = left, *b = right;

	return strcmp(a->id, b->id);
}

static int compare_id(const void *id, const void *stored)
{
	return strcmp(id, ((const struct stored *)stored)->id);
}

static void take_stored(struct container_names *names, struct json list)
{
	struct json item = {0}, all, first;
	struct stored stored = {0};

	while (json_next(list, &item)) {
		first = (struct json){0};
		if (!get_text(item, "id", stored.id, sizeof(stored.id)) ||
		    !json_member(item, "names", &all) || !json_next(all, &first) ||
		    !json_text(first, stored.name, sizeof(stored.name)) || !stored.name[0])
			continue;
		if (array_reserve(&names->stored, &names->capacity, names->n_stored + 1,
				  sizeof(*names->stored)))
			return;
		names->stored[names->n_stored++] = stored;
	}
}

/* containers.json of each storage driver; volatile ones are in a file of their own. */
static void read_storage(struct container_names *names)
{
	static const char *const places[] = {"/var/lib/containers", "/run/containers"};
	static const char *const drivers[] = {"overlay", "vfs", "btrfs", "zfs"};
	static const char *const files[] = {"containers.json", "volatile-containers.json"};
	struct document list;

	names->is_storage_read = true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(drivers) * ARRAY_SIZE(files); j++) {
			if (!document_open(&list, CONTAINER_NAMES_STORAGE_MAX,
					   "%s%s/storage/%s-containers/%s", names->root, places[i],
					   drivers[j / ARRAY_SIZE(files)],
					   files[j % ARRAY_SIZE(files)]))
				continue;
			take_stored(names, list.value);
			free(list.text);
		}
	}
	if (names->n_stored)
		qsort(names->stored, names->n_stored, sizeof(*names->stored), compare_stored);
}

static bool find_podman(struct container_names *names, struct container *container)
{
	const struct stored *stored = NULL;

	if (!names->is_storage_read)
		read_storage(names);
	if (names->n_stored)
		stored = bsearch(container->id, names->stored, names->n_stored,
				 sizeof(*names->stored), compare_id);
	if (!stored)
		return false;
	snprintf(container->name, sizeof(container->name), "%s", stored->name);
	if (container->kind == CONTAINER_OCI)
		container->kind = CONTAINER_PODMAN;
	return true;
}

/* In CRI-O's bundle the annotations tell the pod; podman's have no name. */
static bool find_crio(struct container_names *names, struct container *container)
{
	static const char *const places[] = {"/run/containers", "/var/lib/containers"};
	struct document bundle;
	bool is_found = false;

	for (size_t i = 0; i < ARRAY_SIZE(places) && !is_found; i++) {
		if (!document_open(&bundle, CONTAINER_NAMES_STATE_MAX,
				   "%s%s/storage/overlay-containers/%s/userdata/config.json",
				   names->root, places[i], container->id))
			continue;
		is_found = get_annotated(bundle.value, container);
		free(bundle.text);
	}
	return is_found;
}

static bool find_name(struct container_names *names, const struct cgroup_owner *owner,
		      struct container *container)
{
	switch (owner->kind) {
	case CONTAINER_DOCKER:
		return find_docker(names, container);
	case CONTAINER_PODMAN:
		return find_podman(names, container);
	case CONTAINER_CRIO:
		return find_crio(names, container) || find_podman(names, container);
	case CONTAINER_CONTAINERD:
		return find_containerd(names, container);
	case CONTAINER_OCI:
		return find_docker(names, container) || find_containerd(names, container) ||
		       find_crio(names, container) || find_podman(names, container);
	default:
		return false;
	}
}

bool container_names_find(struct container_names *names, const struct cgroup_owner *owner,
			  struct container *container)
{
	if (owner->kind == CONTAINER_UNKNOWN)
		return false;
	memcpy(container->id, owner->id, sizeof(container->id));
	container->kind = owner->kind;
	if (owner->name[0]) {
		memcpy(container->name, owner->name, sizeof(container->name));
		return true;
	}
	if (container->id[0] && find_name(names, owner, container))
		return true;
	if (owner->pod_uid[0]) {
		snprintf(container->name, sizeof(container->name), "pod %s", owner->pod_uid);
		container->kind = CONTAINER_POD;
	} else {
		snprintf(container->name, sizeof(container->name), "%.*s", SHORT_ID_LENGTH,
			 owner->id);
		container->kind = owner->kind;
	}
	return true;
}

int container_names_new(struct container_names **out, const char *root)
{
	struct container_names *names = calloc(1, sizeof(*names));

	if (names)
		names->root = strdup(root);
	if (!names || !names->root) {
		free(names);
		return -ENOMEM;
	}
	*out = names;
	return 0;
}

void container_names_free(struct container_names *names)
{
	if (!names)
		return;
	free(names->stored);
	free(names->root);
	free(names);
}
