// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "kernel/cgroup_owner.h"

#define A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define UID "1b4c8f0e-2f5d-4a0b-9c3e-7d6a5b4c3d2e"
#define UID_ "1b4c8f0e_2f5d_4a0b_9c3e_7d6a5b4c3d2e"
#define HASH "5cb2f9bba2f3a1d7c0e8b64d1f20a9e3"

struct wanted {
	const char *text;
	enum container_kind kind;
	const char *id, *pod_uid, *name;
};

static void check(const struct wanted *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct wanted *wanted = &cases[i];
		size_t size = strlen(wanted->text) + 1;
		char *text = malloc(size);
		struct cgroup_owner owner;

		assert_non_null(text);
		memcpy(text, wanted->text, size);
		memset(&owner, 0xff, sizeof(owner));
		cgroup_owner_parse(&owner, text);
		expect_number(text, owner.kind, wanted->kind);
		expect_text(text, owner.id, wanted->id ? wanted->id : "");
		expect_text(text, owner.pod_uid, wanted->pod_uid ? wanted->pod_uid : "");
		expect_text(text, owner.name, wanted->name ? wanted->name : "");
		free(text);
	}
}

static void knows_runtimes(void **state)
{
	static const struct wanted cases[] = {
		/* Docker: v2 and v1, systemd and cgroupfs. */
		{"0::/system.slice/docker-" A ".scope\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/docker/" A "\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"12:pids:/docker/" A "\n11:memory:/docker/" A "\n1:name=systemd:/docker/" A
		 "\n0::/system.slice/containerd.service\n",
		 CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/system.slice:docker:" A "\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" A ".scope\n",
		 CONTAINER_DOCKER, A, NULL, NULL},
		/* podman. */
		{"0::/machine.slice/libpod-" A ".scope/container\n", CONTAINER_PODMAN, A, NULL,
		 NULL},
		{"0::/machine.slice/libpod-" A ".scope\n", CONTAINER_PODMAN, A, NULL, NULL},
		{"9:name=systemd:/libpod_parent/libpod-" A "\n0::/libpod_parent/libpod-" A "\n",
		 CONTAINER_PODMAN, A, NULL, NULL},
		{"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A
		 ".scope/container\n",
		 CONTAINER_PODMAN, A, NULL, NULL},
		{"0::/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope\n",
		 CONTAINER_PODMAN, A, NULL, NULL},
		/* containerd without Kubernetes. */
		{"0::/system.slice/nerdctl-" A ".scope\n", CONTAINER_CONTAINERD, A, NULL, NULL},
		{"0::/default/" A "\n", CONTAINER_OCI, A, NULL, NULL},
		/* Amazon ECS. */
		{"0::/ecs/0a1b2c3d/" A "\n", CONTAINER_OCI, A, NULL, NULL},
		/* LXC, new and old; LXD. */
		{"0::/lxc.payload.web\n", CONTAINER_LXC, NULL, NULL, "web"},
		{"0::/lxc.payload/web/system.slice/nginx.service\n", CONTAINER_LXC, NULL, NULL,
		 "web"},
		{"4:memory:/lxc/web\n", CONTAINER_LXC, NULL, NULL, "web"},
		{"0::/lxc.payload.project_web.1/init.scope\n", CONTAINER_LXC, NULL, NULL,
		 "project_web.1"},
		/* systemd. */
		{"0::/machine.slice/machine-web\\x2d1.scope/payload\n", CONTAINER_MACHINE, NULL,
		 NULL, "web-1"},
		{"0::/machine.slice/systemd-nspawn@deb.service/payload/system.slice/a.service\n",
		 CONTAINER_MACHINE, NULL, NULL, "deb"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void knows_pods(void **state)
{
	static const struct wanted cases[] = {
		{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		 ".slice/cri-containerd-" A ".scope\n",
		 CONTAINER_CONTAINERD, A, UID, NULL},
		{"0::/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" A ".scope\n", CONTAINER_CRIO,
		 A, UID, NULL},
		{"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
		 ".slice/docker-" A ".scope\n",
		 CONTAINER_DOCKER, A, UID, NULL},
		{"5:cpu:/kubepods/besteffort/pod" UID "/" A "\n", CONTAINER_OCI, A, UID, NULL},
		{"5:cpu:/kubepods/pod" UID "/crio-" A "\n", CONTAINER_CRIO, A, UID, NULL},
		{"0::/kubepods/burstable/pod" HASH "/" A "\n", CONTAINER_OCI, A, HASH, NULL},
		{"0::/system.slice/containerd.service/kubepods-burstable-pod" UID_
		 ".slice:cri-containerd:" A "\n",
		 CONTAINER_CONTAINERD, A, UID, NULL},
		{"0::/kubepods/besteffort/pod" UID "\n", CONTAINER_POD, NULL, UID, NULL},
		{"0::/kubepods/besteffort/podcast/" A "\n", CONTAINER_OCI, A, NULL, NULL},
		{"0::/kubepods/pod" UID UID "/" A "\n", CONTAINER_OCI, A, NULL, NULL},
		{"0::/pod" UID "/x\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void knows_services(void **state)
{
	static const struct wanted cases[] = {
		{"0::/system.slice/nginx.service\n", CONTAINER_UNIT, NULL, NULL, "nginx.service"},
		{"1:name=systemd:/system.slice/vpn@eu.service\n0::/\n", CONTAINER_UNIT, NULL, NULL,
		 "vpn@eu.service"},
		{"0::/system.slice/system-getty.slice/getty@tty1.service\n", CONTAINER_UNIT, NULL,
		 NULL, "getty@tty1.service"},
		{"0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n",
		 CONTAINER_UNIT, NULL, NULL, "web.service"},
		{"0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", CONTAINER_UNIT,
		 NULL, NULL, "user@1000.service"},
		{"0::/system.slice/a.service/b.service\n", CONTAINER_UNIT, NULL, NULL, "a.service"},
		{"0::/system.slice/dbus-:1.2-x@0.service\n", CONTAINER_UNIT, NULL, NULL,
		 "dbus-:1.2-x@0.service"},
		{"0::/user.slice/user-0.slice/session-3.scope\n", CONTAINER_UNKNOWN, NULL, NULL,
		 NULL},
		{"0::/init.scope\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

/* A container is root in its own part of the tree, if it is let. */
static void believes_the_outermost(void **state)
{
	static const struct wanted cases[] = {
		{"0::/docker/" A "/docker/" B "\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/docker/" A "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" B
		 ".scope\n",
		 CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/lxc.payload.web/docker/" B "\n", CONTAINER_LXC, NULL, NULL, "web"},
		{"0::/machine.slice/libpod-" A ".scope/lxc.payload.other\n", CONTAINER_PODMAN, A,
		 NULL, NULL},
		{"0::/system.slice/docker.service/docker/" A "\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/system.slice/web.service\n3:cpu:/docker/" A "\n", CONTAINER_DOCKER, A, NULL,
		 NULL},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void passes_over_the_rest(void **state)
{
	static const struct wanted cases[] = {
		{"", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"\n\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/../../x\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"docker/" A, CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0:/docker/" A, CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker/" A, CONTAINER_DOCKER, A, NULL, NULL},
		{"0::docker/" A "\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::///docker///\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		/* No ids: too short, too long, upper case, a path. */
		{"0::/docker/0123456789ab\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker/" A "0\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker-" A "0.scope\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker/" A ".slice\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker-../../../etc/passwd.scope\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/docker-" A "/x\n", CONTAINER_DOCKER, A, NULL, NULL},
		{"0::/docker-0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n",
		 CONTAINER_UNKNOWN, NULL, NULL, NULL},
		/* What watches a container is none. */
		{"0::/machine.slice/libpod-conmon-" A ".scope\n", CONTAINER_UNKNOWN, NULL, NULL,
		 NULL},
		{"0::/libpod_parent/conmon\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/system.slice/crio-conmon-" A ".scope\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/lxc.monitor.web\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/lxc.payload.\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/.service\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/machine-.scope\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/:\n", CONTAINER_UNKNOWN, NULL, NULL, NULL},
		{"0::/:" A "\n", CONTAINER_OCI, A, NULL, NULL},
		/* Escapes of systemd: \x00 is none. */
		{"0::/machine-a\\x2.scope\n", CONTAINER_MACHINE, NULL, NULL, "a\\x2"},
		{"0::/machine-a\\x00b.scope\n", CONTAINER_MACHINE, NULL, NULL, "a\\x00b"},
		{"0::/machine-a\\x1b.scope\n", CONTAINER_MACHINE, NULL, NULL, "a\x1b"},
	};

	(void)state;
	check(cases, ARRAY_SIZE(cases));
}

static void bounds_names(void **state)
{
	static char text[10000], wanted[CONTAINER_NAME_SIZE];
	struct cgroup_owner owner;

	(void)state;
	memset(wanted, 'x', sizeof(wanted) - 1);
	memcpy(text, "0::/lxc.payload.", strlen("0::/lxc.payload."));
	memset(text + strlen(text), 'x', 5000);
	cgroup_owner_parse(&owner, text);
	expect_number("kind", owner.kind, CONTAINER_LXC);
	expect_text("cut", owner.name, wanted);
	memcpy(text, "0::/kubepods/pod", strlen("0::/kubepods/pod"));
	cgroup_owner_parse(&owner, text);
	expect_number("kind", owner.kind, CONTAINER_UNKNOWN);
}

/* Any bytes: nothing is read or written where it should not be. */
static void survives_anything(void **state)
{
	static const char *const pieces[] = {
		"0::/",     "1:cpu:/", "/",        ":",       "\n",       "docker",
		"docker-",  A,         ".scope",   "libpod-", "kubepods", "-pod",
		"/pod",     UID,       UID_,       ".slice",  "lxc",      "lxc.payload.",
		"machine-", "\\x2d",   ".service", "\x80",    "a",        "systemd-nspawn@"};

	(void)state;
	srandom(1);
	for (int i = 0; i < 100000; i++) {
		struct cgroup_owner owner;
		char text[2048] = "", *copy;
		long n = random() % 20;

		while (n--)
			strcat(text, pieces[(size_t)random() % ARRAY_SIZE(pieces)]);
		copy = strdup(text);
		assert_non_null(copy);
		cgroup_owner_parse(&owner, copy);
		assert_true(memchr(owner.id, 0, sizeof(owner.id)));
		assert_true(!owner.id[0] || strlen(owner.id) == 64);
		assert_true(memchr(owner.pod_uid, 0, sizeof(owner.pod_uid)));
		assert_true(memchr(owner.name, 0, sizeof(owner.name)));
		assert_true(owner.kind == CONTAINER_UNKNOWN || owner.id[0] || owner.name[0] ||
			    owner.pod_uid[0]);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_runtimes),       cmocka_unit_test(knows_pods),
		cmocka_unit_test(knows_services),       cmocka_unit_test(believes_the_outermost),
		cmocka_unit_test(passes_over_the_rest), cmocka_unit_test(bounds_names),
		cmocka_unit_test(survives_anything),
	};

	return cmocka_run_group_tests_name("cgroup_owner", tests, NULL, NULL);
}
