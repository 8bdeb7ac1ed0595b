// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/host.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/privileges.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

static bool read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, line, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

/*
 * libbpf's own words, line by line: the caller gets a sentence instead. The verifier's log is one message,
 * of any length, that ends with what it refused.
 */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *line, *rest;

	if (level == LIBBPF_DEBUG || log_level() < LOG_LEVEL_DEBUG ||
	    vasprintf(&text, format, args) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			log_debug("%s", line);
	free(text);
	return 0;
}

void host_prepare(void)
{
	struct rlimit files;

	libbpf_set_print(print_libbpf);
	if (!getrlimit(RLIMIT_NOFILE, &files) && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* The initial user namespace maps all ids onto themselves (user_namespaces(7)). */
static bool is_in_user_namespace(void)
{
	unsigned int inside, outside, count;
	char line[64];

	if (!read_line("/proc/self/uid_map", line, sizeof(line)))
		return false;
	return sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (inside || outside || count != UINT32_MAX);
}

/* Digits at *text, which is moved behind them; false where there is none, or far too many. */
static bool parse_number(const char **text, int *number)
{
	const char *at = *text;
	int value = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (at - *text >= 9)
			return false;
		value = value * 10 + (*at - '0');
	}
	if (at == *text)
		return false;
	*text = at;
	*number = value;
	return true;
}

int host_parse_release(const char *release, int *major, int *minor)
{
	int parsed_major, parsed_minor;

	if (!parse_number(&release, &parsed_major) || *release++ != '.' ||
	    !parse_number(&release, &parsed_minor))
		return -EINVAL;
	*major = parsed_major;
	*minor = parsed_minor;
	return 0;
}

void host_look(struct host_facts *facts)
{
	uint64_t caps = privileges_held();
	bool sys_admin = caps & PRIVILEGE(CAP_SYS_ADMIN);
	struct utsname names;
	char line[64];

	memset(facts, 0, sizeof(*facts));
	if (!uname(&names)) {
		snprintf(facts->release, sizeof(facts->release), "%s", names.release);
		host_parse_release(names.release, &facts->major, &facts->minor);
		facts->is_rt = strstr(names.version, "PREEMPT_RT");
	}
	facts->has_btf = !access(BTF_PATH, R_OK);
	/* Without the file's value (it is root's to read) nothing speaks against the JIT. */
	facts->has_jit = !read_line("/proc/sys/net/core/bpf_jit_enable", line, sizeof(line)) ||
			 line[0] != '0';
	facts->in_user_namespace = is_in_user_namespace();
	facts->has_cap_net_admin = caps & PRIVILEGE(CAP_NET_ADMIN);
	facts->has_cap_bpf = sys_admin || caps & PRIVILEGE(CAP_BPF);
	facts->has_cap_perfmon = sys_admin || caps & PRIVILEGE(CAP_PERFMON);
}

char *host_missing_capabilities(char *out, size_t size, const struct host_facts *facts)
{
	char all[64];

	snprintf(all, sizeof(all), "%s%s%s", facts->has_cap_bpf ? "" : ", CAP_BPF",
		 facts->has_cap_net_admin ? "" : ", CAP_NET_ADMIN",
		 facts->has_cap_perfmon ? "" : ", CAP_PERFMON");
	snprintf(out, size, "%s", all[0] ? all + strlen(", ") : "");
	return out;
}

int host_check_kernel(const struct host_facts *facts, struct error *err)
{
	if (facts->major > HOST_OLDEST_MAJOR ||
	    (facts->major == HOST_OLDEST_MAJOR && facts->minor >= HOST_OLDEST_MINOR))
		return 0;
	error_set(err, -ENOTSUP, "Linux %s is too old", facts->release);
	error_hint(err, "ifpulse needs Linux %d.%d or later: boot a newer kernel",
		   HOST_OLDEST_MAJOR, HOST_OLDEST_MINOR);
	return -ENOTSUP;
}

int host_check_btf(const struct host_facts *facts, struct error *err)
{
	if (facts->has_btf)
		return 0;
	error_set(err, -ENOTSUP, "the kernel has no BTF: cannot read " BTF_PATH);
	error_hint(err, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (those of the large "
			"distributions are), and have sysfs mounted on /sys");
	return -ENOTSUP;
}

int host_check_privileges(const struct host_facts *facts, struct error *err)
{
	char missing[64];

	host_missing_capabilities(missing, sizeof(missing), facts);
	if (!missing[0] && facts->in_user_namespace) {
		error_set(err, -EPERM, "root of a user namespace may not load BPF programs");
		error_hint(err,
			   "run it outside of the container, in its network namespace: nsenter "
			   "--net=/proc/PID/ns/net ifpulse");
		return -EPERM;
	}
	if (!missing[0])
		return 0;
	error_set(err, -EPERM, "not privileged enough to load BPF programs: %s missing", missing);
	error_hint(err, HOST_PRIVILEGE_HINT);
	return -EPERM;
}

int host_check(struct error *err)
{
	struct host_facts facts;
	int ret;

	host_look(&facts);
	ret = host_check_kernel(&facts, err);
	if (!ret)
		ret = host_check_btf(&facts, err);
	if (!ret)
		ret = host_check_privileges(&facts, err);
	return ret;
}
