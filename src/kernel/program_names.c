// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/program_names.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"

/* What the iterator writes for each program. */
struct record {
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
};

#define RECORDS_AT_ONCE 64
#define STACK_AT (-24) /* of a record */

struct program_names {
	int link_fd; /* 0: not loaded yet; -errno: it cannot be */
};

/* In bytes, or -1. */
static int offset_of(const struct btf *btf, const char *type_name, const char *member_name)
{
	int id = btf__find_by_name_kind(btf, type_name, BTF_KIND_STRUCT);
	const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	uint32_t i;

	for (i = 0; type && i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, btf_members(type)[i].name_off);

		if (name && !strcmp(name, member_name))
			return (int)btf_member_bit_offset(type, i) / 8;
	}
	return -1;
}

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (int16_t)(o), .imm = (i)})
#define LOAD(size, to, from, at) INSN(BPF_LDX | BPF_MEM | (size), to, from, at, 0)
#define STORE(size, to, at, from) INSN(BPF_STX | BPF_MEM | (size), to, from, at, 0)
#define ZERO(size, to, at) INSN(BPF_ST | BPF_MEM | (size), to, 0, at, 0)
#define COPY(to, from) INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define SET(to, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
#define ADD(to, value) INSN(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value)
#define CALL(helper) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)

/*
 * Its arguments are struct bpf_iter_meta, whose first member is the file, and struct bpf_prog, which is NULL at the
 * end (kernel/bpf/prog_iter.c). By hand, since with it in the skeleton a kernel that does not take it would take
 * nothing. The program or -errno.
 */
static int load(int aux_at, int id_at, int name_at)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_1, 0),
		LOAD(BPF_DW, BPF_REG_7, BPF_REG_1, 8),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_7, 0, 18, 0),
		LOAD(BPF_DW, BPF_REG_6, BPF_REG_6, 0),
		LOAD(BPF_DW, BPF_REG_7, BPF_REG_7, aux_at),
		ZERO(BPF_DW, BPF_REG_10, STACK_AT),
		ZERO(BPF_DW, BPF_REG_10, STACK_AT + 8),
		ZERO(BPF_DW, BPF_REG_10, STACK_AT + 16),
		LOAD(BPF_W, BPF_REG_1, BPF_REG_7, id_at),
		STORE(BPF_W, BPF_REG_10, STACK_AT, BPF_REG_1),
		COPY(BPF_REG_1, BPF_REG_10),
		ADD(BPF_REG_1, STACK_AT + (int)offsetof(struct record, name)),
		SET(BPF_REG_2, BPF_OBJ_NAME_LEN),
		COPY(BPF_REG_3, BPF_REG_7),
		ADD(BPF_REG_3, name_at),
		CALL(BPF_FUNC_probe_read_kernel_str),
		COPY(BPF_REG_1, BPF_REG_6),
		COPY(BPF_REG_2, BPF_REG_10),
		ADD(BPF_REG_2, STACK_AT),
		SET(BPF_REG_3, sizeof(struct record)),
		CALL(BPF_FUNC_seq_write),
		SET(BPF_REG_0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int type = libbpf_find_vmlinux_btf_id("bpf_prog", BPF_TRACE_ITER);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_ITER);

	if (type < 0)
		return type;
	options.attach_btf_id = (uint32_t)type;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "ifpulse_names", "Dual BSD/GPL", insns,
			     ARRAY_SIZE(insns), &options);
}

static int load_by_btf(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int aux_at, id_at, name_at;

	if (!btf)
		return -errno;
	aux_at = offset_of(btf, "bpf_prog", "aux");
	id_at = offset_of(btf, "bpf_prog_aux", "id");
	name_at = offset_of(btf, "bpf_prog_aux", "name");
	btf__free(btf);
	return aux_at < 0 || id_at < 0 || name_at < 0 ? -ENOTSUP : load(aux_at, id_at, name_at);
}

struct program_names *program_names_new(void)
{
	return calloc(1, sizeof(struct program_names));
}

void program_names_free(struct program_names *names)
{
	if (!names)
		return;
	if (names->link_fd > 0)
		close(names->link_fd);
	free(names);
}

/* What fails once does so again. */
static int open_iterator(struct program_names *names)
{
	int fd;

	if (!names->link_fd) {
		fd = load_by_btf();
		names->link_fd = fd < 0 ? fd : bpf_link_create(fd, 0, BPF_TRACE_ITER, NULL);
		if (fd >= 0)
			close(fd);
		if (names->link_fd < 0)
			log_debug("programs' names are not known: %s", strerror(-names->link_fd));
	}
	return names->link_fd < 0 ? names->link_fd : bpf_iter_create(names->link_fd);
}

/* Whole records, as the kernel hands them out. */
static int find(int fd, uint32_t prog_id, char *name, size_t size)
{
	struct record records[RECORDS_AT_ONCE];
	ssize_t got;
	size_t i;

	while ((got = read(fd, records, sizeof(records))) > 0) {
		for (i = 0; i < (size_t)got / sizeof(*records); i++) {
			if (records[i].id != prog_id)
				continue;
			snprintf(name, size, "%.*s", (int)sizeof(records[i].name), records[i].name);
			return 0;
		}
	}
	return got < 0 ? -errno : -ENOENT;
}

int program_names_find(struct program_names *names, uint32_t prog_id, char *name, size_t size)
{
	int ret, fd = open_iterator(names);

	name[0] = '\0';
	if (fd < 0)
		return fd;
	ret = find(fd, prog_id, name, size);
	close(fd);
	return ret;
}
