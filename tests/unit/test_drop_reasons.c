// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ftw.h>

#include "kernel/drop_reasons.h"

#define N_LONG 129 /* one more than a name may have */

/* A directory of BTF files, as /sys/kernel/btf. */
struct fixture {
	char directory[32];
	struct btf *kernel;
	struct drop_reasons *reasons;
};

static void start(struct fixture *fixture)
{
	strcpy(fixture->directory, "/tmp/drop-reasons-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	fixture->kernel = btf__new_empty();
	assert_non_null(fixture->kernel);
	assert_int_equal(drop_reasons_new(&fixture->reasons, fixture->directory, NULL), 0);
}

static void write_bytes(const struct fixture *fixture, const char *name, const void *data,
			size_t size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void write_btf(const struct fixture *fixture, const char *name, const struct btf *btf)
{
	__u32 size;
	const void *data = btf__raw_data(btf, &size);

	assert_non_null(data);
	write_bytes(fixture, name, data, size);
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *where)
{
	(void)status;
	(void)flag;
	(void)where;
	return remove(path);
}

static void end(struct fixture *fixture)
{
	drop_reasons_free(fixture->reasons);
	btf__free(fixture->kernel);
	assert_int_equal(nftw(fixture->directory, remove_entry, 4, FTW_DEPTH | FTW_PHYS), 0);
}

static void add_enum(struct btf *btf, const char *name)
{
	assert_true(btf__add_enum(btf, name, 4) > 0);
}

static void add_value(struct btf *btf, const char *name, int64_t value)
{
	assert_int_equal(btf__add_enum_value(btf, name, value), 0);
}

/* As in Linux 6.4 and later; the module's enum is not here. */
static void add_kernel(struct btf *btf)
{
	/* An enum before those that matter, with the numbers of reasons. */
	add_enum(btf, "ip_defrag_users");
	add_value(btf, "IP_DEFRAG_LOCAL_DELIVER", 0);
	add_value(btf, "IP_DEFRAG_CONNTRACK_OUT", 65538);
	add_enum(btf, "skb_drop_reason");
	add_value(btf, "SKB_NOT_DROPPED_YET", 0);
	add_value(btf, "SKB_CONSUMED", 1);
	add_value(btf, "SKB_DROP_REASON_NOT_SPECIFIED", 2);
	add_value(btf, "SKB_DROP_REASON_NO_SOCKET", 3);
	add_value(btf, "SKB_DROP_REASON_RECURSION_LIMIT", 5);
	add_value(btf, "SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000);
	add_enum(btf, "skb_drop_reason_subsys");
	add_value(btf, "SKB_DROP_REASON_SUBSYS_CORE", 0);
	add_value(btf, "SKB_DROP_REASON_SUBSYS_MAC80211_UNUSABLE", 1);
	add_value(btf, "SKB_DROP_REASON_SUBSYS_OPENVSWITCH", 2);
	add_value(btf, "SKB_DROP_REASON_SUBSYS_NUM", 3);
}

static void add_openvswitch(struct btf *btf)
{
	add_enum(btf, "ovs_drop_reason");
	add_value(btf, "__OVS_DROP_REASON", 0x20000);
	add_value(btf, "OVS_DROP_LAST_ACTION", 0x20001);
	add_value(btf, "OVS_DROP_RECURSION_LIMIT", 0x20002);
}

static void expect_name(struct fixture *fixture, uint32_t reason, const char *wanted)
{
	const char *name = drop_reasons_name(fixture->reasons, reason);

	assert_non_null(name);
	expect_text(wanted, name, wanted);
	/* The same, and at the same place, ever after. */
	assert_ptr_equal(drop_reasons_name(fixture->reasons, reason), name);
}

static void names_core_reasons(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 3, "NO_SOCKET");
	expect_name(&fixture, 2, "NOT_SPECIFIED");
	expect_name(&fixture, 0, "SKB_NOT_DROPPED_YET");
	expect_name(&fixture, 1, "SKB_CONSUMED");
	expect_name(&fixture, 4, "REASON_4");
	expect_name(&fixture, 65535, "REASON_65535");
	end(&fixture);
}

static void names_reasons_of_built_in_subsystems(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	/* Before the core, which it must not rename. */
	add_enum(fixture.kernel, "___mac80211_drop_reason");
	add_value(fixture.kernel, "___RX_CONTINUE", 1);
	add_value(fixture.kernel, "___RX_DROP_UNUSABLE", 0x10000);
	add_value(fixture.kernel, "___RX_DROP_U_MIC_FAIL", 0x10001);
	add_kernel(fixture.kernel);
	add_enum(fixture.kernel, "mac80211_drop_reason");
	add_value(fixture.kernel, "RX_QUEUED", 0);
	add_value(fixture.kernel, "RX_DROP_U_MIC_FAIL", 0x10001);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 0x10000, "RX_DROP_UNUSABLE");
	expect_name(&fixture, 0x10001, "RX_DROP_U_MIC_FAIL");
	/* Not IP_DEFRAG_CONNTRACK_OUT. */
	expect_name(&fixture, 65538, "MAC80211_UNUSABLE_REASON_2");
	expect_name(&fixture, 1, "SKB_CONSUMED");
	expect_name(&fixture, 0, "SKB_NOT_DROPPED_YET");
	end(&fixture);
}

static void names_reasons_of_modules(void **state)
{
	struct fixture fixture;
	struct btf *module, *other;

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 3, "NO_SOCKET");
	/* Loaded later than the kernel's was read. */
	module = btf__new_empty_split(fixture.kernel);
	assert_non_null(module);
	assert_true(btf__add_int(module, "int", 4, BTF_INT_SIGNED) > 0);
	add_openvswitch(module);
	write_btf(&fixture, "openvswitch", module);
	other = btf__new_empty_split(fixture.kernel);
	add_enum(other, "skb_drop_reason");
	add_value(other, "SKB_DROP_REASON_LIE", 3);
	write_btf(&fixture, "other", other);
	expect_name(&fixture, 0x20001, "OVS_DROP_LAST_ACTION");
	expect_name(&fixture, 0x20002, "OVS_DROP_RECURSION_LIMIT");
	expect_name(&fixture, 0x20000, "OVS_DROP_REASON");
	expect_name(&fixture, 5, "RECURSION_LIMIT");
	expect_name(&fixture, 0x20003, "OPENVSWITCH_REASON_3");
	expect_name(&fixture, 3, "NO_SOCKET");
	btf__free(other);
	btf__free(module);
	end(&fixture);
}

/* What was unnamed once stays so, but another subsystem's module is looked for anew. */
static void looks_for_each_subsystem_once(void **state)
{
	struct fixture fixture;
	struct btf *module;

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 0x10001, "MAC80211_UNUSABLE_REASON_1");
	module = btf__new_empty_split(fixture.kernel);
	add_openvswitch(module);
	add_enum(module, "mac80211_drop_reason");
	add_value(module, "RX_DROP_U_MIC_FAIL", 0x10001);
	add_value(module, "RX_DROP_U_REPLAY", 0x10002);
	write_btf(&fixture, "modules", module);
	expect_name(&fixture, 0x10002, "MAC80211_UNUSABLE_REASON_2");
	expect_name(&fixture, 0x20001, "OVS_DROP_LAST_ACTION");
	expect_name(&fixture, 0x10001, "MAC80211_UNUSABLE_REASON_1");
	btf__free(module);
	end(&fixture);
}

static void says_which_subsystem_it_does_not_know(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 0x20007, "OPENVSWITCH_REASON_7");
	/* The number of subsystems is none. */
	expect_name(&fixture, 0x30007, "SUBSYS_3_REASON_7");
	expect_name(&fixture, 0xffff0000, "SUBSYS_65535_REASON_0");
	expect_name(&fixture, UINT32_MAX, "SUBSYS_65535_REASON_65535");
	end(&fixture);
}

/* Linux 5.17 to 6.3: reasons, but no subsystems, and no SKB_NOT_DROPPED_YET at first. */
static void does_without_subsystems(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	add_enum(fixture.kernel, "skb_drop_reason");
	add_value(fixture.kernel, "SKB_DROP_REASON_NOT_SPECIFIED", 0);
	add_value(fixture.kernel, "SKB_DROP_REASON_NO_SOCKET", 1);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 0, "NOT_SPECIFIED");
	expect_name(&fixture, 1, "NO_SOCKET");
	expect_name(&fixture, 0x30007, "SUBSYS_3_REASON_7");
	end(&fixture);
}

static void knows_nothing_without_the_enum(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	add_enum(fixture.kernel, "ip_defrag_users");
	add_value(fixture.kernel, "IP_DEFRAG_LOCAL_DELIVER", 0);
	add_enum(fixture.kernel, "skb_drop_reasons");
	add_value(fixture.kernel, "SKB_DROP_REASON_NO_SOCKET", 3);
	/* A structure of that name. */
	assert_true(btf__add_struct(fixture.kernel, "skb_drop_reason", 4) > 0);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	assert_null(drop_reasons_name(fixture.reasons, 3));
	assert_null(drop_reasons_name(fixture.reasons, 0));
	assert_null(drop_reasons_name(fixture.reasons, UINT32_MAX));
	end(&fixture);
}

static void knows_nothing_without_btf(void **state)
{
	static const char garbage[] = "\x9f\xeb\x01 this is not what it seems";
	struct fixture fixture;

	(void)state;
	start(&fixture);
	assert_null(drop_reasons_name(fixture.reasons, 3));
	/* Not tried again and again. */
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	assert_null(drop_reasons_name(fixture.reasons, 3));
	end(&fixture);

	start(&fixture);
	write_bytes(&fixture, "vmlinux", garbage, sizeof(garbage));
	assert_null(drop_reasons_name(fixture.reasons, 3));
	end(&fixture);
}

static void passes_over_broken_modules(void **state)
{
	static const char garbage[] = "\x9f\xeb\x01 this is not what it seems";
	struct fixture fixture;
	struct btf *module;

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	write_bytes(&fixture, "a_broken", garbage, sizeof(garbage));
	write_bytes(&fixture, "z_empty", "", 0);
	module = btf__new_empty_split(fixture.kernel);
	add_openvswitch(module);
	write_btf(&fixture, "openvswitch", module);
	expect_name(&fixture, 0x20001, "OVS_DROP_LAST_ACTION");
	btf__free(module);
	end(&fixture);
}

/* A file cut off anywhere is refused or read, but never overrun. */
static void survives_truncation(void **state)
{
	struct btf *whole = btf__new_empty();
	struct fixture fixture;
	const void *data;
	__u32 size;

	(void)state;
	add_kernel(whole);
	data = btf__raw_data(whole, &size);
	for (__u32 cut = 0; cut < size; cut += 3) {
		start(&fixture);
		write_bytes(&fixture, "vmlinux", data, cut);
		drop_reasons_name(fixture.reasons, 3);
		drop_reasons_name(fixture.reasons, 0x20001);
		end(&fixture);
	}
	btf__free(whole);
}

static void reads_every_kind_of_enum(void **state)
{
	struct fixture fixture;
	struct btf_type *type;
	int id;

	(void)state;
	start(&fixture);
	/* Signed: what is negative is no reason. */
	id = btf__add_enum(fixture.kernel, "skb_drop_reason", 4);
	add_value(fixture.kernel, "SKB_DROP_REASON_NEGATIVE", -1);
	add_value(fixture.kernel, "SKB_DROP_REASON_NO_SOCKET", 3);
	type = (struct btf_type *)btf__type_by_id(fixture.kernel, (__u32)id);
	type->info |= 1U << 31;
	assert_true(btf__add_enum64(fixture.kernel, "wide_drop_reason", 8, false) > 0);
	assert_int_equal(btf__add_enum64_value(fixture.kernel, "WIDE_TOO_WIDE", 0x100010001), 0);
	assert_int_equal(btf__add_enum64_value(fixture.kernel, "WIDE_ONE", 0x10001), 0);
	assert_int_equal(btf__add_enum64_value(fixture.kernel, "WIDE_LAST", UINT32_MAX), 0);
	assert_true(btf__add_enum64(fixture.kernel, "signed_drop_reason", 8, true) > 0);
	assert_int_equal(
		btf__add_enum64_value(fixture.kernel, "SIGNED_NEGATIVE", (uint64_t)-0x20001), 0);
	assert_int_equal(btf__add_enum64_value(fixture.kernel, "SIGNED_TWO", 0x10002), 0);
	/* Before signs were told (pahole 1.24), all are 32 bits wide and positive. */
	add_enum(fixture.kernel, "old_drop_reason");
	add_value(fixture.kernel, "OLD_HIGH", 0x80000001);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 3, "NO_SOCKET");
	expect_name(&fixture, 0x10001, "WIDE_ONE");
	expect_name(&fixture, 0x10002, "SIGNED_TWO");
	expect_name(&fixture, 0x80000001, "OLD_HIGH");
	expect_name(&fixture, UINT32_MAX, "WIDE_LAST");
	expect_name(&fixture, (uint32_t)-0x20001, "SUBSYS_65533_REASON_65535");
	end(&fixture);
}

static void keeps_the_first_of_several_names(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture);
	add_enum(fixture.kernel, "skb_drop_reason");
	add_value(fixture.kernel, "SKB_DROP_REASON_FIRST", 7);
	add_value(fixture.kernel, "SKB_DROP_REASON_ALIAS", 7);
	add_value(fixture.kernel, "SKB_DROP_REASON_LOWER", 3);
	add_enum(fixture.kernel, "skb_drop_reason");
	add_value(fixture.kernel, "SKB_DROP_REASON_AGAIN", 7);
	add_value(fixture.kernel, "SKB_DROP_REASON_MORE", 8);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 7, "FIRST");
	expect_name(&fixture, 3, "LOWER");
	expect_name(&fixture, 8, "MORE");
	end(&fixture);
}

static void refuses_hostile_names(void **state)
{
	char longest[N_LONG + 1] = "";
	struct fixture fixture;

	(void)state;
	memset(longest, 'X', N_LONG);
	start(&fixture);
	add_enum(fixture.kernel, "skb_drop_reason");
	add_value(fixture.kernel, "SKB_DROP_REASON_GOOD", 1);
	add_value(fixture.kernel, "SKB_DROP_REASON_\x1b[31m", 2);
	add_value(fixture.kernel, "SKB_DROP_REASON_A B", 3);
	add_value(fixture.kernel, "SKB_DROP_REASON_\xc3\xa4", 4);
	add_value(fixture.kernel, longest, 5);
	add_value(fixture.kernel, "SKB_DROP_REASON_\n", 6);
	add_value(fixture.kernel, longest + 1, 7);
	add_value(fixture.kernel, "SKB_DROP_REASON_", 8);
	add_enum(fixture.kernel, "x_drop_reason");
	add_value(fixture.kernel, "___", 0x10001);
	add_enum(fixture.kernel, "_drop_reason");
	add_value(fixture.kernel, "NAMELESS", 0x10002);
	add_enum(fixture.kernel, "skb_drop_reason_subsys");
	add_value(fixture.kernel, "SKB_DROP_REASON_SUBSYS_\x07", 1);
	add_value(fixture.kernel, longest + 1, 2);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	expect_name(&fixture, 1, "GOOD");
	expect_name(&fixture, 2, "REASON_2");
	expect_name(&fixture, 3, "REASON_3");
	expect_name(&fixture, 4, "REASON_4");
	expect_name(&fixture, 5, "REASON_5");
	expect_name(&fixture, 6, "REASON_6");
	expect_name(&fixture, 7, longest + 1);
	expect_name(&fixture, 8, "SKB_DROP_REASON_");
	expect_name(&fixture, 0x10001, "SUBSYS_1_REASON_1");
	expect_name(&fixture, 0x10002, "SUBSYS_1_REASON_2");
	strcpy(longest, longest + 1);
	assert_int_equal(strlen(drop_reasons_name(fixture.reasons, 0x2ffff)),
			 strlen(longest) + strlen("_REASON_65535"));
	end(&fixture);
}

/* The pointers of thousands of names outlive the growth of the table. */
static void keeps_names_in_place(void **state)
{
	struct fixture fixture;
	const char *first;
	char wanted[32];

	(void)state;
	start(&fixture);
	add_kernel(fixture.kernel);
	write_btf(&fixture, "vmlinux", fixture.kernel);
	first = drop_reasons_name(fixture.reasons, 9000);
	for (uint32_t reason = 8999; reason > 100; reason--) {
		snprintf(wanted, sizeof(wanted), "REASON_%u", reason);
		expect_text("in turn", drop_reasons_name(fixture.reasons, reason), wanted);
	}
	assert_ptr_equal(drop_reasons_name(fixture.reasons, 9000), first);
	expect_text("the first", first, "REASON_9000");
	expect_name(&fixture, 3, "NO_SOCKET");
	end(&fixture);
}

static void names_those_of_this_kernel(void **state)
{
	bool has_no_socket = false, has_not_specified = false;
	struct drop_reasons *reasons = NULL;
	const char *name;

	(void)state;
	assert_int_equal(drop_reasons_new(&reasons, NULL, NULL), 0);
	if (!drop_reasons_name(reasons, 0)) {
		drop_reasons_free(reasons);
		skip();
	}
	for (uint32_t reason = 0; reason < 1000; reason++) {
		name = drop_reasons_name(reasons, reason);
		assert_non_null(name);
		assert_true(strncmp(name, "SKB_DROP_REASON_", 16));
		has_no_socket |= !strcmp(name, "NO_SOCKET");
		has_not_specified |= !strcmp(name, "NOT_SPECIFIED");
	}
	assert_true(has_not_specified);
	assert_true(has_no_socket);
	expect_text("none has so many", drop_reasons_name(reasons, 65535), "REASON_65535");
	expect_text("none has so many subsystems", drop_reasons_name(reasons, 0x7fff0001),
		    "SUBSYS_32767_REASON_1");
	drop_reasons_free(reasons);
	drop_reasons_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_core_reasons),
		cmocka_unit_test(names_reasons_of_built_in_subsystems),
		cmocka_unit_test(names_reasons_of_modules),
		cmocka_unit_test(looks_for_each_subsystem_once),
		cmocka_unit_test(says_which_subsystem_it_does_not_know),
		cmocka_unit_test(does_without_subsystems),
		cmocka_unit_test(knows_nothing_without_the_enum),
		cmocka_unit_test(knows_nothing_without_btf),
		cmocka_unit_test(passes_over_broken_modules),
		cmocka_unit_test(survives_truncation),
		cmocka_unit_test(reads_every_kind_of_enum),
		cmocka_unit_test(keeps_the_first_of_several_names),
		cmocka_unit_test(refuses_hostile_names),
		cmocka_unit_test(keeps_names_in_place),
		cmocka_unit_test(names_those_of_this_kernel),
	};

	/* libbpf's words about broken BTF. */
	libbpf_set_print(NULL);
	return cmocka_run_group_tests_name("drop_reasons", tests, NULL, NULL);
}
