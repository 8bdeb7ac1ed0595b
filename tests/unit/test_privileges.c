// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/privileges.h"

/* What is given up is gone for good: each test does so in a process of its own. */
static int status_of(bool (*holds)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(holds() ? 0 : 1);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static bool is_bound(int capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
}

static bool keeps_nothing(void)
{
	bool was_able = privileges_held() & PRIVILEGE(CAP_SETPCAP);
	struct error err = {0};

	return !privileges_keep(0, &err) && !privileges_held() &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       (!was_able || (!is_bound(CAP_CHOWN) && !is_bound(CAP_NET_ADMIN)));
}

static bool keeps_what_it_has(void)
{
	uint64_t kept = PRIVILEGE(CAP_NET_ADMIN) | PRIVILEGE(CAP_CHOWN);
	uint64_t held = privileges_held();
	struct error err = {0};

	return !privileges_keep(kept, &err) && privileges_held() == (held & kept) &&
	       /* A second time there is no CAP_SETPCAP, and nothing comes back. */
	       !privileges_keep(~0ULL, &err) && privileges_held() == (held & kept);
}

static bool leaves_files_alone(void)
{
	char path[] = "/tmp/privileges-XXXXXX", inside[64];
	uint64_t held = privileges_held(), wanted = held & PRIVILEGES_FILES;
	bool holds = mkdtemp(path);

	/* Who owns it has no need of privilege. */
	snprintf(inside, sizeof(inside), "%s/file", path);
	holds = holds && !privileges_for_file(path, true) && !privileges_for_file(inside, true) &&
		!privileges_for_file(inside, false);
	/* Who may not, does. */
	holds = holds && !chmod(path, 0) && privileges_for_file(inside, true) == wanted &&
		privileges_for_file(inside, false) == wanted && privileges_held() == held;
	/* Where it is missing nothing helps. */
	holds = holds && !privileges_for_file("/nowhere/at/all", true);
	chmod(path, 0700);
	rmdir(path);
	return holds;
}

static void gives_up_all(void **state)
{
	(void)state;
	assert_int_equal(status_of(keeps_nothing), 0);
}

static void gives_up_all_but_some(void **state)
{
	(void)state;
	assert_int_equal(status_of(keeps_what_it_has), 0);
}

static void knows_what_files_take(void **state)
{
	(void)state;
	assert_int_equal(status_of(leaves_files_alone), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_up_all),
		cmocka_unit_test(gives_up_all_but_some),
		cmocka_unit_test(knows_what_files_take),
	};

	return cmocka_run_group_tests_name("privileges", tests, NULL, NULL);
}
