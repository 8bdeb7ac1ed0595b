// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <ftw.h>
#include <limits.h>

#include "kernel/container_names.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "1b4c8f0e-2f5d-4a0b-9c3e-7d6a5b4c3d2e"

#define DOCKER "/var/lib/docker/containers/" A "/config.v2.json"
#define STORAGE "/var/lib/containers/storage/overlay-containers/"
#define RUN_STORAGE "/run/containers/storage/overlay-containers/"
#define K8S "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" A "/config.json"
#define PLAIN "/run/containerd/io.containerd.runtime.v2.task/default/" A "/config.json"

static char root[32];

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/names-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s%s", root, name);
	for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static void put_bytes(const char *name, const char *text, size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	make_path(path, sizeof(path), name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

static void expect_pod(enum container_kind kind, const char *uid, enum container_kind wanted_kind,
		       const char *wanted)
{
	struct cgroup_owner owner = {.kind = kind, .id = A};
	struct container container;
	struct container_names *names;

	strcpy(owner.pod_uid, uid);
	memset(&container, 0xff, sizeof(container));
	assert_int_equal(container_names_new(&names, root), 0);
	assert_true(container_names_find(names, &owner, &container));
	expect_text("name", container.name, wanted);
	expect_number(wanted, container.kind, wanted_kind);
	expect_text("id", container.id, A);
	container_names_free(names);
}

static void expect(enum container_kind kind, enum container_kind wanted_kind, const char *wanted)
{
	expect_pod(kind, "", wanted_kind, wanted);
}

static void names_docker(void **state)
{
	(void)state;
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "0123456789ab");
	put(DOCKER, "{\"StreamConfig\":{},\"State\":{\"Running\":true,\"Name\":\"no\"},"
		    "\"ID\":\"" A "\",\"Config\":{\"Hostname\":\"0123456789ab\",\"Labels\":{}},"
		    "\"Name\":\"/web1\",\"Driver\":\"overlay2\"}");
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "web1");
	expect(CONTAINER_OCI, CONTAINER_DOCKER, "web1");
	expect(CONTAINER_PODMAN, CONTAINER_PODMAN, "0123456789ab");
	put(DOCKER,
	    "{\"Name\":\"/k8s_POD_web_shop_uid_0\",\"Config\":{\"Labels\":{"
	    "\"io.kubernetes.pod.name\":\"web\",\"io.kubernetes.pod.namespace\":\"shop\"}}}");
	expect_pod(CONTAINER_DOCKER, UID, CONTAINER_POD, "shop/web");
	put(DOCKER, "{\"Name\":\"/\"}");
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "/");
}

static void names_podman(void **state)
{
	(void)state;
	expect(CONTAINER_PODMAN, CONTAINER_PODMAN, "0123456789ab");
	put(STORAGE "containers.json",
	    "[{\"id\":\"" B "\",\"names\":[\"other\"]},"
	    "{\"id\":\"" A "\",\"names\":[\"web1\",\"alias\"],\"image\":\"\"}]");
	expect(CONTAINER_PODMAN, CONTAINER_PODMAN, "web1");
	expect(CONTAINER_OCI, CONTAINER_PODMAN, "web1");
	put(STORAGE "containers.json", "[{\"id\":\"" A "\"},{\"names\":[\"x\"]},{\"id\":\"" A
				       "\",\"names\":[]},7,{\"id\":\"" A "\",\"names\":\"x\"}]");
	expect(CONTAINER_PODMAN, CONTAINER_PODMAN, "0123456789ab");
	put(STORAGE "volatile-containers.json", "[{\"id\":\"" A "\",\"names\":[\"brief\"]}]");
	expect(CONTAINER_PODMAN, CONTAINER_PODMAN, "brief");
}

static void names_pods_of_containerd(void **state)
{
	(void)state;
	expect_pod(CONTAINER_CONTAINERD, UID, CONTAINER_POD, "pod " UID);
	put(K8S, "{\"ociVersion\":\"1.0.2\",\"annotations\":{"
		 "\"io.kubernetes.cri.container-name\":\"nginx\","
		 "\"io.kubernetes.cri.container-type\":\"container\","
		 "\"io.kubernetes.cri.sandbox-id\":\"" B "\","
		 "\"io.kubernetes.cri.sandbox-name\":\"web-0\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}");
	expect_pod(CONTAINER_CONTAINERD, UID, CONTAINER_POD, "shop/web-0");
	expect_pod(CONTAINER_OCI, UID, CONTAINER_POD, "shop/web-0");
	/* Of before 1.5. */
	put(K8S, "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"nginx\"}}");
	expect_pod(CONTAINER_CONTAINERD, UID, CONTAINER_CONTAINERD, "nginx");
}

static void names_containerd(void **state)
{
	(void)state;
	put(PLAIN, "{\"annotations\":{\"nerdctl/name\":\"web1\"}}");
	expect(CONTAINER_CONTAINERD, CONTAINER_CONTAINERD, "web1");
	expect(CONTAINER_OCI, CONTAINER_CONTAINERD, "web1");
}

static void names_pods_of_crio(void **state)
{
	(void)state;
	put(RUN_STORAGE A "/userdata/config.json",
	    "{\"annotations\":{\"io.kubernetes.pod.name\":\"web-0\","
	    "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.container.name\":\"POD\"}}");
	expect_pod(CONTAINER_CRIO, UID, CONTAINER_POD, "shop/web-0");
	put(RUN_STORAGE A "/userdata/config.json", "{}");
	put(STORAGE "containers.json", "[{\"id\":\"" A "\",\"names\":[\"k8s_POD_web-0\"]}]");
	expect_pod(CONTAINER_CRIO, UID, CONTAINER_CRIO, "k8s_POD_web-0");
}

static void takes_names_of_the_path(void **state)
{
	struct cgroup_owner owner = {.kind = CONTAINER_LXC, .name = "web"}, none = {0};
	struct container container = {.pid = 7};
	struct container_names *names;

	(void)state;
	assert_int_equal(container_names_new(&names, root), 0);
	assert_true(container_names_find(names, &owner, &container));
	assert_string_equal(container.name, "web");
	assert_int_equal(container.kind, CONTAINER_LXC);
	assert_int_equal(container.pid, 7);
	assert_string_equal(container.id, "");
	assert_false(container_names_find(names, &none, &container));
	assert_string_equal(container.name, "web");
	container_names_free(names);
	container_names_free(NULL);
}

static void survives_hostile_state(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"Name\":7}",
		"{\"Name\":\"\"}",
		"{\"Name\":\"a\\u0000b\"}",
		"{\"Name\":\"/web1\"",
		"{\"Name\":\"/web1\"} x",
		"{\"Name\":{\"Name\":\"x\"}}",
		"{\"Config\":[],\"Name\":null}",
		"{\"Config\":{\"Labels\":\"x\"}}",
	};
	static char large[CONTAINER_NAMES_STATE_MAX + 100];
	char path[PATH_MAX], wanted[CONTAINER_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put(DOCKER, texts[i]);
		expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "0123456789ab");
	}
	put(DOCKER, "{\"Name\":\"/\\u001b]0;x\\u0007\"}");
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "\x1b]0;x\x07");
	/* Cut names, and files beyond any size. */
	memset(large, 'x', sizeof(large));
	memcpy(large, "{\"Name\":\"", strlen("{\"Name\":\""));
	memcpy(large + CONTAINER_NAMES_STATE_MAX - 2, "\"}", 2);
	put_bytes(DOCKER, large, CONTAINER_NAMES_STATE_MAX);
	memset(wanted, 'x', sizeof(wanted));
	wanted[sizeof(wanted) - 1] = '\0';
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, wanted);
	memset(large + CONTAINER_NAMES_STATE_MAX, ' ', 1);
	put_bytes(DOCKER, large, CONTAINER_NAMES_STATE_MAX + 1);
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "0123456789ab");
	/* What would wait for ever. */
	make_path(path, sizeof(path), DOCKER);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "0123456789ab");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect(CONTAINER_DOCKER, CONTAINER_DOCKER, "0123456789ab");
}

/* Namespace and pod, each as long as it may be and longer. */
static void bounds_pods(void **state)
{
	static char text[2000], wanted[CONTAINER_NAME_SIZE];

	(void)state;
	snprintf(text, sizeof(text),
		 "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"%0*d\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"%0*d\"}}",
		 253, 0, 63, 0);
	put(K8S, text);
	snprintf(wanted, sizeof(wanted), "%0*d/%0*d", 63, 0, 253, 0);
	expect_pod(CONTAINER_CONTAINERD, UID, CONTAINER_POD, wanted);
	snprintf(text, sizeof(text),
		 "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"%0*d\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"%0*d\"}}",
		 500, 0, 500, 0);
	put(K8S, text);
	snprintf(wanted, sizeof(wanted), "%0*d/%0*d", 63, 0, CONTAINER_NAME_SIZE - 65, 0);
	expect_pod(CONTAINER_CONTAINERD, UID, CONTAINER_POD, wanted);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_docker),
		TEST(names_podman),
		TEST(names_pods_of_containerd),
		TEST(names_containerd),
		TEST(names_pods_of_crio),
		TEST(takes_names_of_the_path),
		TEST(survives_hostile_state),
		TEST(bounds_pods),
	};

	return cmocka_run_group_tests_name("container_names", tests, NULL, NULL);
}
