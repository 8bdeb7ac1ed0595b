// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include "kernel/symbols.h"

#define S (1000ULL * 1000 * 1000)
#define START (77 * S)
#define N_MANY 50000

struct fixture {
	char path[32];
	struct symbols *symbols;
};

static void write_file(const struct fixture *fixture, const char *text, size_t size)
{
	FILE *file = fopen(fixture->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void start_bytes(struct fixture *fixture, const char *text, size_t size)
{
	int fd;

	strcpy(fixture->path, "/tmp/symbols-XXXXXX");
	fd = mkstemp(fixture->path);
	assert_true(fd >= 0);
	close(fd);
	write_file(fixture, text, size);
	assert_int_equal(symbols_new(&fixture->symbols, fixture->path, NULL), 0);
}

static void start(struct fixture *fixture, const char *text)
{
	start_bytes(fixture, text, strlen(text));
}

static void end(struct fixture *fixture)
{
	symbols_free(fixture->symbols);
	unlink(fixture->path);
}

static void expect_at(struct fixture *fixture, uint64_t now_ns, uint64_t address,
		      const char *wanted)
{
	char text[SYMBOLS_TEXT_SIZE];

	assert_ptr_equal(symbols_format(fixture->symbols, address, now_ns, text, sizeof(text)),
			 text);
	expect_text(wanted, text, wanted);
}

static void expect(struct fixture *fixture, uint64_t address, const char *wanted)
{
	expect_at(fixture, START, address, wanted);
}

static void names_addresses(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "ffffffff81000000 T _stext\n"
			"ffffffff81000000 T _text\n"
			"ffffffff81000010 t first\n"
			"ffffffff81000020 W second.constprop.0\n"
			"ffffffff81000030 w third\n"
			"ffffffff81000038 D data\n"
			"ffffffff81000039 r rodata\n"
			"ffffffff8100003a V weak_data\n"
			"ffffffffc0000000 t ovs_execute_actions\t[openvswitch]\n"
			"ffffffffc0000100 t ovs_other\t[openvswitch]\n"
			"ffffffffc0001000 t br_forward\t[bridge]\n"
			"ffffffffc0002000 t bpf_prog_6deef7357e7b4530_x\t[bpf]\n");
	expect(&fixture, 0xffffffff81000010, "first+0x0");
	expect(&fixture, 0xffffffff8100001f, "first+0xf");
	expect(&fixture, 0xffffffff81000020, "second.constprop.0+0x0");
	/* Data in between ends no function. */
	expect(&fixture, 0xffffffff81000040, "third+0x10");
	expect(&fixture, 0xffffffff81000004, "_stext+0x4");
	expect(&fixture, 0xffffffffc000001f, "ovs_execute_actions+0x1f [openvswitch]");
	expect(&fixture, 0xffffffffc0000100, "ovs_other+0x0 [openvswitch]");
	expect(&fixture, 0xffffffffc0001001, "br_forward+0x1 [bridge]");
	expect(&fixture, 0xffffffffc0002001, "bpf_prog_6deef7357e7b4530_x+0x1 [bpf]");
	end(&fixture);
}

static void does_not_need_the_order(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "ffffffffc0001000 t br_forward\t[bridge]\n"
			"ffffffff81000020 t second\n"
			"ffffffffc0000000 t ovs_action\t[openvswitch]\n"
			"ffffffff81000020 t alias_of_second\n"
			"ffffffff81000010 t first\n"
			"ffffffffc0001010 t br_flood\t[bridge]\n"
			"ffffffff81000010 T alias_of_first\n");
	expect(&fixture, 0xffffffff81000011, "first+0x1");
	expect(&fixture, 0xffffffff81000021, "second+0x1");
	expect(&fixture, 0xffffffffc0000002, "ovs_action+0x2 [openvswitch]");
	expect(&fixture, 0xffffffffc0001002, "br_forward+0x2 [bridge]");
	expect(&fixture, 0xffffffffc0001012, "br_flood+0x2 [bridge]");
	end(&fixture);
}

static void knows_no_function_that_long(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "0000000000000010 t low\n"
			"ffffffff81000000 T _stext\n"
			"ffffffffffffff00 t last\n");
	expect(&fixture, 0, "0x0");
	expect(&fixture, 0xf, "0xf");
	expect(&fixture, 0x10, "low+0x0");
	expect(&fixture, 0xffffffff80ffffff, "0xffffffff80ffffff");
	expect(&fixture, 0xffffffff81000000 + SYMBOLS_DISTANCE_MAX - 1, "_stext+0xffff");
	expect(&fixture, 0xffffffff81000000 + SYMBOLS_DISTANCE_MAX, "0xffffffff81010000");
	expect(&fixture, UINT64_MAX, "last+0xff");
	end(&fixture);
}

/* Behind the last function of a module there may be another by now. */
static void ends_modules_with_their_page(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "ffffffff81000000 T _stext\n"
			"ffffffff81000f00 T _etext\n"
			"ffffffffc0000000 t ovs_first\t[openvswitch]\n"
			"ffffffffc0002100 t ovs_last\t[openvswitch]\n"
			"ffffffffc0008000 t br_first\t[bridge]\n"
			"ffffffffc0008800 t br_last\t[bridge]\n");
	expect(&fixture, 0xffffffff81000fff, "_etext+0xff");
	expect(&fixture, 0xffffffff81001000, "0xffffffff81001000");
	expect(&fixture, 0xffffffffc00020ff, "ovs_first+0x20ff [openvswitch]");
	expect(&fixture, 0xffffffffc0002fff, "ovs_last+0xeff [openvswitch]");
	expect(&fixture, 0xffffffffc0003000, "0xffffffffc0003000");
	expect(&fixture, 0xffffffffc0008fff, "br_last+0x7ff [bridge]");
	expect(&fixture, 0xffffffffc0009000, "0xffffffffc0009000");
	end(&fixture);
}

static void shows_the_address_where_they_are_hidden(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "0000000000000000 T _stext\n"
			"0000000000000000 t ovs_action\t[openvswitch]\n");
	expect(&fixture, 0xffffffff81000010, "0xffffffff81000010");
	expect(&fixture, 0, "0x0");
	expect(&fixture, 5, "0x5");
	end(&fixture);
}

static void shows_the_address_without_a_file(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "");
	assert_false(symbols_are_hidden(fixture.symbols));
	expect(&fixture, 0xffffffff81000010, "0xffffffff81000010");
	assert_true(symbols_are_hidden(fixture.symbols));
	end(&fixture);
	assert_int_equal(symbols_new(&fixture.symbols, fixture.path, NULL), 0);
	expect(&fixture, 0xffffffff81000010, "0xffffffff81000010");
	symbols_free(fixture.symbols);
	/* A directory opens, but cannot be read. */
	assert_int_equal(mkdir(fixture.path, 0700), 0);
	assert_int_equal(symbols_new(&fixture.symbols, fixture.path, NULL), 0);
	expect(&fixture, 0xffffffff81000010, "0xffffffff81000010");
	assert_int_equal(rmdir(fixture.path), 0);
	end(&fixture);
}

/* By then it may be out of reach. */
static void reads_the_file_that_was_there_at_the_start(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, "ffffffff81000000 t core\n");
	unlink(fixture.path);
	expect(&fixture, 0xffffffff81000000, "core+0x0");
	assert_false(symbols_are_hidden(fixture.symbols));
	end(&fixture);
}

static void passes_over_what_is_no_symbol(void **state)
{
	static const char text[] = "\n"
				   "ffff\n"
				   "ffffffff81000100\n"
				   "ffffffff81000100 t\n"
				   "ffffffff81000100 t \n"
				   " t space\n"
				   "ffffffff8100010000 t too_many_digits\n"
				   "fffffffg81000100 t no_number\n"
				   "-000000000000100 t negative\n"
				   "ffffffff81000100 tt long_type\n"
				   "ffffffff81000100 t \x1b[31mred\n"
				   "ffffffff81000100 t uml\xc3\xa4ut\n"
				   "ffffffff81000100 t $x\n"
				   "ffffffff81000100 t module\t[]\n"
				   "ffffffff81000100 t module\t[open\n"
				   "ffffffff81000100 t module\tbare\n"
				   "ffffffff81000100 t module\t[a] [b]\n"
				   "ffffffff81000100 t module\t[a]b\n"
				   "ffffffff81000100 t nul\0inside\n"
				   "lost with the line before it\n"
				   "ffffffff81000080 t good\n"
				   "ffffffff810000c0 t cut_off";
	struct fixture fixture;

	(void)state;
	start_bytes(&fixture, text, sizeof(text) - 1);
	expect(&fixture, 0xffffffff81000080, "good+0x0");
	expect(&fixture, 0xffffffff81000100, "cut_off+0x40");
	end(&fixture);
}

static void bounds_names(void **state)
{
	enum { LONGEST = 512, TOO_LONG = 5000 };
	static char text[2 * TOO_LONG], wanted[SYMBOLS_TEXT_SIZE];
	struct fixture fixture;
	char small[16];

	(void)state;
	snprintf(text, sizeof(text),
		 "ffffffff81000000 t %0*d\t[%055d]\nffffffff81000010 t %0*d\n%s", LONGEST - 1, 0, 0,
		 TOO_LONG, 0, "ffffffff81000020 t next\n");
	start(&fixture, text);
	snprintf(wanted, sizeof(wanted), "%0*d+0x1f [%055d]", LONGEST - 1, 0, 0);
	expect(&fixture, 0xffffffff8100001f, wanted);
	expect(&fixture, 0xffffffff81000020, "next+0x0");
	symbols_format(fixture.symbols, 0xffffffff81000020, START, small, 6);
	expect_text("cut", small, "next+");
	symbols_format(fixture.symbols, 0xffffffff81000000, START, small, sizeof(small));
	expect_text("cut", small, "000000000000000");
	symbols_format(fixture.symbols, 0xffffffff81000000, START, small, 1);
	expect_text("cut", small, "");
	small[0] = 'x';
	symbols_format(fixture.symbols, 0xffffffff81000000, START, small, 0);
	assert_int_equal(small[0], 'x');
	end(&fixture);
}

static void finds_each_of_many(void **state)
{
	size_t size = 0, room = N_MANY * 64;
	char *text = malloc(room), wanted[64];
	struct fixture fixture;

	(void)state;
	assert_non_null(text);
	/* Every other one first, so that they are far from sorted. */
	for (unsigned int half = 0; half < 2; half++)
		for (unsigned int i = half; i < N_MANY; i += 2)
			size += (size_t)snprintf(text + size, room - size, "%016x t symbol_%u%s\n",
						 0x1000 + i * 16, i, i % 3 ? "" : "\t[three]");
	start_bytes(&fixture, text, size);
	for (unsigned int i = 0; i < N_MANY; i++) {
		snprintf(wanted, sizeof(wanted), "symbol_%u+0x%x%s", i, i % 16,
			 i % 3 ? "" : " [three]");
		expect(&fixture, 0x1000 + i * 16 + i % 16, wanted);
	}
	free(text);
	end(&fixture);
}

static void reads_again_after_a_while(void **state)
{
	static const char before[] = "ffffffff81000000 t core\n";
	static const char after[] = "ffffffff81000000 t core\n"
				    "ffffffffc0000000 t loaded\t[module]\n";
	static const char later[] = "ffffffff81000000 t renamed\n"
				    "ffffffffc0400000 t another\t[module]\n";
	uint64_t now = START;
	struct fixture fixture;

	(void)state;
	start(&fixture, before);
	expect_at(&fixture, now, 0xffffffffc0000001, "0xffffffffc0000001");
	write_file(&fixture, after, strlen(after));
	expect_at(&fixture, now + 5 * S - 1, 0xffffffffc0000001, "0xffffffffc0000001");
	now += 5 * S;
	expect_at(&fixture, now, 0xffffffffc0000001, "loaded+0x1 [module]");
	/* What is known is no cause. */
	write_file(&fixture, later, strlen(later));
	expect_at(&fixture, now + 100 * S, 0xffffffff81000000, "core+0x0");
	/* The wait starts anew. */
	expect_at(&fixture, now + 5 * S - 1, 0xffffffffc0400000, "0xffffffffc0400000");
	expect_at(&fixture, now + 5 * S, 0xffffffffc0400000, "another+0x0 [module]");
	expect_at(&fixture, now + 5 * S, 0xffffffff81000000, "renamed+0x0");
	/* A file that is gone takes nothing with it. */
	unlink(fixture.path);
	expect_at(&fixture, now + 60 * S, 0xffffffffd0000000, "0xffffffffd0000000");
	expect_at(&fixture, now + 60 * S, 0xffffffffc0400000, "another+0x0 [module]");
	end(&fixture);
}

static void waits_longer_each_time_in_vain(void **state)
{
	static const char text[] = "ffffffffc0000000 t loaded\t[module]\n";
	uint64_t now = START;
	struct fixture fixture;

	(void)state;
	start(&fixture, "");
	expect_at(&fixture, now, 0xffffffffc0000000, "0xffffffffc0000000");
	now += 5 * S;
	expect_at(&fixture, now, 0xffffffffc0000000, "0xffffffffc0000000");
	now += 10 * S;
	expect_at(&fixture, now, 0xffffffffc0000000, "0xffffffffc0000000");
	write_file(&fixture, text, strlen(text));
	expect_at(&fixture, now + 20 * S - 1, 0xffffffffc0000000, "0xffffffffc0000000");
	expect_at(&fixture, now + 20 * S, 0xffffffffc0000000, "loaded+0x0 [module]");
	end(&fixture);

	/* But never much longer than the longest. */
	start(&fixture, "");
	for (int i = 0; i < 100; i++) {
		expect_at(&fixture, now, 0xffffffffc0000000, "0xffffffffc0000000");
		now += SYMBOLS_WAIT_MAX_NS;
	}
	write_file(&fixture, text, strlen(text));
	expect_at(&fixture, now, 0xffffffffc0000000, "loaded+0x0 [module]");
	end(&fixture);
}

/* Whatever is asked of the running kernel, names or addresses come back. */
static void reads_those_of_this_kernel(void **state)
{
	struct symbols *symbols = NULL;
	char text[SYMBOLS_TEXT_SIZE];

	(void)state;
	assert_int_equal(symbols_new(&symbols, NULL, NULL), 0);
	symbols_format(symbols, 1, START, text, sizeof(text));
	expect_text("no function is there", text, "0x1");
	for (uint64_t address = 0xffffffff80000000; address < 0xffffffffff000000;
	     address += 1 << 16) {
		symbols_format(symbols, address, START, text, sizeof(text));
		assert_true(strlen(text) >= 4);
		assert_true(strstr(text, "+0x") || !strncmp(text, "0x", 2));
	}
	symbols_free(symbols);
	symbols_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_addresses),
		cmocka_unit_test(does_not_need_the_order),
		cmocka_unit_test(knows_no_function_that_long),
		cmocka_unit_test(ends_modules_with_their_page),
		cmocka_unit_test(shows_the_address_where_they_are_hidden),
		cmocka_unit_test(shows_the_address_without_a_file),
		cmocka_unit_test(reads_the_file_that_was_there_at_the_start),
		cmocka_unit_test(passes_over_what_is_no_symbol),
		cmocka_unit_test(bounds_names),
		cmocka_unit_test(finds_each_of_many),
		cmocka_unit_test(reads_again_after_a_while),
		cmocka_unit_test(waits_longer_each_time_in_vain),
		cmocka_unit_test(reads_those_of_this_kernel),
	};

	return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
