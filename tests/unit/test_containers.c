// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/own_netns.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kernel/containers.h"

#define S (1000ULL * 1000 * 1000)
#define START (77 * S)

struct fixture {
	struct containers *containers;
	struct netlink *netlink;
};

static void start(struct fixture *fixture)
{
	assert_int_equal(netlink_new(&fixture->netlink, NETLINK_ROUTE, NULL), 0);
	assert_int_equal(containers_new(&fixture->containers, NULL), 0);
}

static void end(struct fixture *fixture)
{
	containers_free(fixture->containers);
	netlink_free(fixture->netlink);
}

/* A process in a network namespace, of its own or, with `is_ours`, ours. */
static pid_t start_process(const char *name, bool is_ours)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		if (!is_ours && unshare(CLONE_NEWNET))
			_exit(1);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct container *look(struct fixture *fixture, int32_t id, uint64_t now_ns)
{
	const struct link link = {.ifindex = 1, .lower = 2, .lower_netnsid = id};

	return containers_behind(fixture->containers, &link, now_ns);
}

/* The process, not the test's own unit or container, is asked about: only its pid is sure. */
static void expect_pid(struct fixture *fixture, int32_t id, uint64_t now_ns, pid_t pid)
{
	const struct container *container = look(fixture, id, now_ns);

	assert_int_equal(container ? container->pid : 0, pid);
	if (container) {
		assert_true(container->name[0]);
		assert_true(container->netns_inum > 0);
		assert_true(container->kind != CONTAINER_UNKNOWN);
	}
}

/* Frees namespaces: the kernel takes its time for it. */
static void wait_until_gone(struct fixture *fixture, int32_t id, uint64_t now_ns)
{
	for (int i = 0; i < 500 && look(fixture, id, now_ns); i++)
		usleep(20000);
	assert_null(look(fixture, id, now_ns));
}

static pid_t known_pid(struct fixture *fixture, int32_t id)
{
	const struct link link = {.ifindex = 1, .lower = 2, .lower_netnsid = id};
	const struct container *container = containers_known(fixture->containers, &link);

	return container ? container->pid : 0;
}

/*
 * Ends the process that a namespace with a known id lives by, and waits for the kernel's word of that: it takes its
 * time, and would be news to the next test.
 */
static void end_known(struct fixture *fixture, int32_t id, pid_t pid)
{
	end_process(pid);
	for (int i = 0; i < 500 && known_pid(fixture, id); i++)
		usleep(20000);
	assert_int_equal(known_pid(fixture, id), 0);
}

static void tells_the_process(void **state)
{
	const struct link none = {.lower = 2, .lower_netnsid = LINK_NETNSID_NONE};
	const struct link tunnel = {.lower = 0, .lower_netnsid = 5};
	const struct container *container;
	struct fixture fixture;
	pid_t pid = start_process("na\x1bme", false);
	char wanted[64];

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, pid, 5));
	assert_null(containers_behind(fixture.containers, &none, START));
	assert_null(containers_behind(fixture.containers, &tunnel, START));
	container = look(&fixture, 5, START);
	assert_non_null(container);
	assert_int_equal(container->pid, pid);
	if (container->kind == CONTAINER_PROCESS) {
		snprintf(wanted, sizeof(wanted), "pid %d (na\x1bme)", pid);
		assert_string_equal(container->name, wanted);
	}
	assert_null(look(&fixture, 6, START));
	end_known(&fixture, 5, pid);
	end(&fixture);
}

/* Those on our network are no others. */
static void credits_nobody_with_our_own(void **state)
{
	pid_t pid = start_process("host", true);
	struct fixture fixture;

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, pid, 9));
	assert_null(look(&fixture, 9, START));
	assert_null(look(&fixture, 9, START + 100 * S));
	end(&fixture);
	end_process(pid);
}

static void looks_again_for_what_is_new(void **state)
{
	pid_t first = start_process("first", false), second = start_process("second", false);
	struct fixture fixture;
	uint64_t now = START;

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, first, 1));
	expect_pid(&fixture, 1, now, first);
	assert_true(own_netns_give_id(fixture.netlink, second, 2));
	expect_pid(&fixture, 2, now + S - 1, 0);
	expect_pid(&fixture, 2, now + S, second);
	expect_pid(&fixture, 1, now + S, first);
	end_known(&fixture, 1, first);
	end_known(&fixture, 2, second);
	end(&fixture);
}

/* Without news there is less and less of it. */
static void waits_longer_each_time_in_vain(void **state)
{
	pid_t pid = start_process("late", false);
	struct fixture fixture, asking;
	uint64_t now = START;

	(void)state;
	start(&fixture);
	start(&asking);
	expect_pid(&fixture, 3, now, 0);
	now += 2 * S;
	expect_pid(&fixture, 3, now, 0);
	now += 4 * S;
	expect_pid(&fixture, 3, now, 0);
	for (int i = 0; i < 10; i++) {
		now += CONTAINERS_WAIT_MAX_NS;
		expect_pid(&fixture, 3, now, 0);
	}
	/* News shortens it. */
	assert_true(own_netns_give_id(fixture.netlink, pid, 3));
	expect_pid(&fixture, 3, now + S - 1, 0);
	expect_pid(&fixture, 3, now + S, pid);
	end(&asking);
	end_known(&fixture, 3, pid);
	end(&fixture);
}

/* Who asks for what is known waits for nobody, and who looks finds what is there. */
static void looks_when_told_to(void **state)
{
	pid_t first = start_process("first", false), second;
	struct fixture fixture;

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, first, 12));
	assert_int_equal(known_pid(&fixture, 12), 0);
	assert_int_equal(containers_look(fixture.containers, START), 0);
	assert_int_equal(known_pid(&fixture, 12), first);
	assert_false(containers_is_behind_news(fixture.containers));
	second = start_process("second", false);
	assert_true(own_netns_give_id(fixture.netlink, second, 11));
	assert_int_equal(known_pid(&fixture, 11), 0);
	assert_true(containers_is_behind_news(fixture.containers));
	assert_int_equal(known_pid(&fixture, 12), first);
	assert_int_equal(containers_look(fixture.containers, START), 0);
	assert_int_equal(known_pid(&fixture, 11), second);
	assert_int_equal(known_pid(&fixture, 12), first);
	assert_false(containers_is_behind_news(fixture.containers));
	/* Asking is no look: the next one that is due comes when it would have. */
	expect_pid(&fixture, 13, START + S - 1, 0);
	end_known(&fixture, 12, first);
	assert_true(containers_is_behind_news(fixture.containers));
	assert_int_equal(known_pid(&fixture, 11), second);
	end_known(&fixture, 11, second);
	end(&fixture);
}

/* One time of asking about everything that there is: whether it was to be asked. */
static bool ask_all(struct fixture *fixture, uint64_t now_ns)
{
	bool has_news = containers_begin(fixture->containers, now_ns);

	if (has_news) {
		look(fixture, 20, now_ns);
		look(fixture, 21, now_ns);
	}
	containers_end(fixture->containers);
	return has_news;
}

/* Whoever asks only when there is news misses nothing that asking each time would have told. */
static void says_when_to_ask_again(void **state)
{
	pid_t first = start_process("first", false), second;
	struct fixture fixture;
	uint64_t now = START;

	(void)state;
	start(&fixture);
	assert_true(ask_all(&fixture, now));
	/* It looked, of which those asked about before may not know. */
	assert_true(ask_all(&fixture, now));
	assert_false(ask_all(&fixture, now));
	assert_true(own_netns_give_id(fixture.netlink, first, 20));
	assert_true(ask_all(&fixture, now));
	/* Too early to look: then it is time when it would have been. */
	assert_int_equal(known_pid(&fixture, 20), 0);
	assert_false(ask_all(&fixture, now + S - 1));
	assert_true(ask_all(&fixture, now + S));
	assert_int_equal(known_pid(&fixture, 20), first);
	second = start_process("second", false);
	assert_true(own_netns_give_id(fixture.netlink, second, 21));
	assert_true(ask_all(&fixture, now + S));
	assert_true(ask_all(&fixture, now + 2 * S));
	assert_int_equal(known_pid(&fixture, 21), second);
	/* Also by who looks for other reasons. */
	assert_true(ask_all(&fixture, now + 2 * S));
	assert_false(ask_all(&fixture, now + 2 * S));
	assert_int_equal(containers_look(fixture.containers, now + 2 * S), 0);
	assert_true(ask_all(&fixture, now + 2 * S));
	end_known(&fixture, 20, first);
	assert_true(ask_all(&fixture, now + 2 * S));
	end_known(&fixture, 21, second);
	end(&fixture);
}

/* Of interfaces behind which nobody can be nothing is ever due. */
static void has_nothing_to_ask_again(void **state)
{
	const struct link none = {.lower = 2, .lower_netnsid = LINK_NETNSID_NONE};
	struct fixture fixture;

	(void)state;
	start(&fixture);
	assert_true(containers_begin(fixture.containers, START));
	assert_null(containers_behind(fixture.containers, &none, START));
	containers_end(fixture.containers);
	assert_false(ask_all(&fixture, START + 100 * CONTAINERS_WAIT_MAX_NS));
	end(&fixture);
}

/* The kernel gives the ids of namespaces that have gone to others. */
static void forgets_what_has_gone(void **state)
{
	pid_t first = start_process("first", false), second;
	struct fixture fixture;

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, first, 4));
	expect_pid(&fixture, 4, START, first);
	end_process(first);
	wait_until_gone(&fixture, 4, START);
	second = start_process("second", false);
	assert_true(own_netns_give_id(fixture.netlink, second, 4));
	expect_pid(&fixture, 4, START, 0);
	expect_pid(&fixture, 4, START + S, second);
	end_known(&fixture, 4, second);
	end(&fixture);
}

/* Pids may have begun anew meanwhile. */
static pid_t lowest(const pid_t *pids, size_t n)
{
	pid_t pid = pids[0];

	for (size_t i = 1; i < n; i++)
		if (pids[i] < pid)
			pid = pids[i];
	return pid;
}

/* Of the many processes in a namespace the first counts, and those that end make way. */
static void knows_several_processes(void **state)
{
	pid_t pid = start_process("first", false), more[12], first;
	struct fixture fixture;
	char path[32];

	(void)state;
	start(&fixture);
	assert_true(own_netns_give_id(fixture.netlink, pid, 1));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		FILE *theirs = fopen(path, "r"), *ours = fopen("/proc/self/ns/net", "r");

		assert_true(theirs && ours);
		assert_int_equal(setns(fileno(theirs), CLONE_NEWNET), 0);
		more[i] = start_process("more", true);
		assert_int_equal(setns(fileno(ours), CLONE_NEWNET), 0);
		fclose(theirs);
		fclose(ours);
	}
	first = lowest(more, ARRAY_SIZE(more));
	first = first < pid ? first : pid;
	expect_pid(&fixture, 1, START, first);
	end_process(pid);
	/* It is still in the cache, until it is due. */
	expect_pid(&fixture, 1, START, first);
	/* What is run in a container is one, and so is what is behind: that stays. */
	if (look(&fixture, 1, START)->kind < CONTAINER_MACHINE)
		expect_pid(&fixture, 1, START + 60 * S, lowest(more, ARRAY_SIZE(more)));
	end(&fixture);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		end_process(more[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_process),
		cmocka_unit_test(credits_nobody_with_our_own),
		cmocka_unit_test(looks_again_for_what_is_new),
		cmocka_unit_test(waits_longer_each_time_in_vain),
		cmocka_unit_test(looks_when_told_to),
		cmocka_unit_test(says_when_to_ask_again),
		cmocka_unit_test(has_nothing_to_ask_again),
		cmocka_unit_test(forgets_what_has_gone),
		cmocka_unit_test(knows_several_processes),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(own_netns_skip)};

	if (!own_netns_enter())
		return cmocka_run_group_tests_name("containers", none, NULL, NULL);
	return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
