// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/abilities.h"

#include <bpf/btf.h>
#include <errno.h>

/* How many arguments the tracepoint passes: its BTF type is a function with one more in front. */
static int count_arguments(const struct btf *btf, const char *tracepoint, uint32_t *count)
{
	int id = btf__find_by_name_kind(btf, tracepoint, BTF_KIND_TYPEDEF);
	const struct btf_type *type;

	if (id < 0)
		return -ENOTSUP;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (uint32_t)id)->type);
	if (!type || !btf_is_ptr(type))
		return -ENOTSUP;
	type = btf__type_by_id(btf, type->type);
	if (!type || !btf_is_func_proto(type) || btf_vlen(type) < 2)
		return -ENOTSUP;
	*count = btf_vlen(type) - 1U;
	return 0;
}

static bool has_function(const struct btf *btf, const char *name)
{
	return btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;
}

int abilities_look(struct abilities *out, struct error *err)
{
	struct abilities found = {
		.kfree_skb_arguments = 2, .retransmit_arguments = 2, .xdp_redirect_arguments = 6};
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t unused;
	int ret;

	if (!btf)
		return error_errno(err, -errno, "cannot read the kernel's BTF");
	ret = count_arguments(btf, "btf_trace_kfree_skb", &found.kfree_skb_arguments);
	count_arguments(btf, "btf_trace_xdp_redirect", &found.xdp_redirect_arguments);
	found.has_tcx = has_function(btf, "tcx_link_attach");
	found.has_casts =
		has_function(btf, "bpf_cast_to_kern_ctx") && has_function(btf, "bpf_rdonly_cast");
	found.has_cgroup_ids = has_function(btf, "bpf_skb_cgroup_id");
	found.has_drop_reasons = found.kfree_skb_arguments > 2;
	found.has_drop_sockets = found.kfree_skb_arguments > 3;
	found.has_retransmits =
		has_function(btf, "bpf_get_socket_ptr_cookie") &&
		!count_arguments(btf, "btf_trace_tcp_retransmit_synack", &unused) &&
		!count_arguments(btf, "btf_trace_tcp_retransmit_skb", &found.retransmit_arguments);
	found.counts_recursion = has_function(btf, "bpf_prog_inc_misses_counter");
	btf__free(btf);
	if (ret)
		return error_errno(err, ret, "the kernel's BTF does not describe kfree_skb");
	*out = found;
	return 0;
}
