// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <cairo.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/units.h"
#include "out/plot.h"
#include "out/plot_draw.h"
#include "out/plot_text.h"

#define START_NS UINT64_C(1769862896123456000)
#define MBIT UINT64_C(1000000)

/* What cairo and fontconfig keep of their fonts is not lost, but pointers to it are encoded. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

static char directory[] = "/tmp/ifpulse-plot-XXXXXX";
static char path[128];

static struct plot *start(uint64_t span_ns, uint64_t width_ns, const char *host)
{
	struct plot_config config = {START_NS, START_NS + span_ns, width_ns, 0, host};
	struct plot *plot = NULL;

	assert_int_equal(plot_new(&plot, &config), 0);
	return plot;
}

static size_t strip(struct plot *plot, const char *ifname, uint64_t threshold_bps,
		    uint64_t speed_bps)
{
	struct plot_strip_info info = {ifname, DIRECTION_INGRESS, threshold_bps, speed_bps};
	size_t added = 0;

	assert_int_equal(plot_add_strip(plot, &info, &added), 0);
	return added;
}

static void window(struct plot *plot, size_t to, uint64_t at_ns, uint64_t wire_bytes,
		   uint64_t drops)
{
	struct window added = {.start_ns = START_NS + at_ns, .drops = drops};

	added.traffic.wire_bytes = wire_bytes;
	plot_add_window(plot, to, &added);
}

static void burst(struct plot *plot, size_t to, uint64_t at_ns, uint64_t duration_ns,
		  uint64_t peak_bps)
{
	struct burst added = {
		.start_ns = START_NS + at_ns,
		.end_ns = START_NS + at_ns + duration_ns,
		.peak_bps = peak_bps,
	};

	added.traffic.wire_bytes = peak_bps / 8 * duration_ns / NSEC_PER_SEC;
	plot_add_burst(plot, to, &added);
}

static size_t files(void)
{
	DIR *listing = opendir(directory);
	size_t n = 0;

	assert_non_null(listing);
	while (readdir(listing))
		n++;
	closedir(listing);
	return n - 2;
}

static char *slurp(size_t *size)
{
	int fd = open(path, O_RDONLY);
	char *bytes;

	assert_true(fd >= 0);
	bytes = read_whole(fd, size);
	close(fd);
	return bytes;
}

static int open_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/picture", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static int remove_picture(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

/* Writes it as PNG and reads that back; the plot ends. */
static cairo_surface_t *picture(struct plot *plot)
{
	cairo_surface_t *surface;
	struct error err = {0};

	expect_number(err.what, (uint64_t)plot_write(plot, path, PLOT_PNG, &err), 0);
	surface = cairo_image_surface_create_from_png(path);
	assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
	assert_int_equal(cairo_image_surface_get_height(surface), plot_height(plot));
	plot_free(plot);
	assert_int_equal(files(), 1);
	return surface;
}

static unsigned int pixel(cairo_surface_t *surface, int x, int y)
{
	const unsigned char *row = cairo_image_surface_get_data(surface) +
				   (ptrdiff_t)y * cairo_image_surface_get_stride(surface);
	uint32_t value;

	memcpy(&value, row + 4 * (ptrdiff_t)x, sizeof(value));
	return value & 0xffffff;
}

/* Pixels of one colour in a column of the picture. */
static int count_in_column(cairo_surface_t *surface, int x, unsigned int rgb)
{
	int n = 0;

	for (int y = 80; y < cairo_image_surface_get_height(surface); y++)
		n += pixel(surface, x, y) == rgb;
	return n;
}

/* Nothing reaches the edge of the picture, so that nothing can have been cut off there. */
static void expect_white_edges(cairo_surface_t *surface)
{
	int width = cairo_image_surface_get_width(surface);
	int height = cairo_image_surface_get_height(surface);

	for (int x = 0; x < width; x++) {
		assert_int_equal(pixel(surface, x, 0), 0xffffff);
		assert_int_equal(pixel(surface, x, height - 1), 0xffffff);
	}
	for (int y = 0; y < height; y++) {
		assert_int_equal(pixel(surface, 0, y), 0xffffff);
		assert_int_equal(pixel(surface, width - 1, y), 0xffffff);
	}
}

#define MEAN_RGB 0x0072b2
#define MAX_RGB 0x74bdec
#define DROP_RGB 0xd5300a
#define BURST_RGB 0xe69f00
#define HATCH_RGB 0xb4b4b4

static void refuses_nonsense(void **state)
{
	static const struct plot_config cases[] = {
		{10, 10, 1000, 0, NULL},
		{START_NS, 10, 1000, 0, NULL},
		{0, 1199, 1000, 0, NULL},
		{0, NSEC_PER_SEC, 0, 0, NULL},
		{0, NSEC_PER_SEC, 1000, PLOT_WIDTH_MIN - 1, NULL},
		{0, NSEC_PER_SEC, 1000, PLOT_WIDTH_MAX + 1, NULL},
	};
	struct plot *plot = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(plot_new(&plot, &cases[i]), -EINVAL);
	assert_null(plot);
	plot_free(NULL);
}

/* 100 us of line rate in 10 s: a spike of nearly the full height in one pixel column, and no more. */
static void shows_a_microburst(void **state)
{
	struct plot *plot = start(10 * NSEC_PER_SEC, 100000, "host");
	size_t to = strip(plot, "eth0", 0, 0);
	int columns = PLOT_WIDTH_DEFAULT - PLOT_LEFT - PLOT_RIGHT, x;
	cairo_surface_t *surface;

	(void)state;
	window(plot, to, 4 * NSEC_PER_SEC, 12500, 7);
	surface = picture(plot);
	for (x = 0; x < columns; x++) {
		bool is_it = x == 4 * columns / 10;

		/* 240 pixels up to 17/16 of it; the mean, one percent, is one or two. */
		assert_in_range(count_in_column(surface, PLOT_LEFT + x, MAX_RGB), is_it ? 220 : 0,
				is_it ? 226 : 0);
		assert_in_range(count_in_column(surface, PLOT_LEFT + x, MEAN_RGB), is_it ? 1 : 0,
				is_it ? 3 : 0);
	}
	assert_true(count_in_column(surface, PLOT_LEFT + 4 * columns / 10, DROP_RGB) >= 8);
	expect_white_edges(surface);
	cairo_surface_destroy(surface);
}

/* At the edges of the range, too, and bursts by the thousand. */
static void keeps_within_the_picture(void **state)
{
	struct plot *plot = start(10 * NSEC_PER_SEC, 100000, "host");
	size_t busy = strip(plot, "eth0", 10 * MBIT, 1000 * MBIT);
	size_t edges = strip(plot, "eth1", 950 * MBIT, 1000 * MBIT);
	cairo_surface_t *surface;

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		window(plot, busy, i * NSEC_PER_MSEC, 12500, 123456789);
		burst(plot, busy, i * NSEC_PER_MSEC, 100000 + i, 1000 * MBIT + i);
	}
	window(plot, edges, 0, 12500, 99999);
	burst(plot, edges, 0, 100000, 1000 * MBIT);
	window(plot, edges, 10 * NSEC_PER_SEC - 100000, 12500, 99999);
	burst(plot, edges, 10 * NSEC_PER_SEC - 100000, 100000, 1000 * MBIT);
	/* Not in the range, or no burst at all. */
	burst(plot, edges, 10 * NSEC_PER_SEC, 100000, 1000 * MBIT);
	burst(plot, edges, NSEC_PER_SEC, 0, 1000 * MBIT);
	assert_int_equal(plot->strips[edges]->n_bursts, 2);
	assert_int_equal(plot->strips[busy]->n_bursts, 10000);
	assert_int_equal(plot->strips[busy]->n_marks, PLOT_MARKS);
	/* The biggest first: these are the longest. */
	assert_int_equal(plot->strips[busy]->marks[0].peak_bps, 1000 * MBIT + 9999);
	for (size_t i = 1; i < PLOT_MARKS; i++)
		assert_true(plot->strips[busy]->marks[i].bytes <=
			    plot->strips[busy]->marks[i - 1].bytes);
	surface = picture(plot);
	expect_white_edges(surface);
	assert_true(count_in_column(surface, PLOT_LEFT, BURST_RGB) > 0);
	assert_true(count_in_column(surface, PLOT_LEFT, DROP_RGB) > 0);
	cairo_surface_destroy(surface);
}

static void hatches_unknown_time(void **state)
{
	struct plot *plot = start(10 * NSEC_PER_SEC, 100000, NULL);
	size_t one = strip(plot, "eth0", 0, 0), other = strip(plot, "eth1", 0, 0);
	int columns = PLOT_WIDTH_DEFAULT - PLOT_LEFT - PLOT_RIGHT, x;
	cairo_surface_t *surface;

	(void)state;
	assert_int_equal(plot_add_gap(plot, PLOT_EVERY_STRIP, START_NS + 2 * NSEC_PER_SEC,
				      START_NS + 4 * NSEC_PER_SEC),
			 0);
	assert_int_equal(plot_add_gap(plot, other, START_NS + 6 * NSEC_PER_SEC,
				      START_NS + 6 * NSEC_PER_SEC + 1),
			 0);
	assert_int_equal(columns_whole(plot->strips[one]->columns).known_ns, 8 * NSEC_PER_SEC);
	assert_int_equal(columns_whole(plot->strips[other]->columns).known_ns,
			 8 * NSEC_PER_SEC - 1);
	surface = picture(plot);
	for (x = 0; x < columns; x++) {
		int n = 0;

		for (int y = 80; y < cairo_image_surface_get_height(surface); y++)
			n += pixel(surface, PLOT_LEFT + x, y) == 0xededed;
		if (x > 2 * columns / 10 && x < 4 * columns / 10)
			assert_true(n > 20);
		else if (x < 2 * columns / 10 || x > 4 * columns / 10)
			assert_true(n < 10); /* of a letter's edge */
	}
	/* Even a nanosecond can be seen. */
	assert_true(count_in_column(surface, PLOT_LEFT + 6 * columns / 10, HATCH_RGB) > 100);
	cairo_surface_destroy(surface);
}

static void leaves_strips_out(void **state)
{
	struct plot *plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, NULL);
	int full, i;

	(void)state;
	for (i = 0; i < PLOT_STRIPS_MAX; i++)
		assert_int_equal(strip(plot, "eth0", 0, 0), i);
	full = plot_height(plot);
	for (i = 0; i < 3; i++)
		assert_true(strip(plot, "eth0", 0, 0) == PLOT_NO_STRIP);
	assert_int_equal(plot->left_out, 3);
	assert_true(plot_height(plot) > full);
	/* Ignored. */
	window(plot, PLOT_NO_STRIP, 0, 1, 1);
	burst(plot, PLOT_NO_STRIP, 0, NSEC_PER_MSEC, 1);
	assert_int_equal(plot_add_gap(plot, PLOT_NO_STRIP, START_NS, START_NS + NSEC_PER_SEC), 0);
	assert_int_equal(columns_whole(plot->strips[0]->columns).known_ns, NSEC_PER_SEC);
	cairo_surface_destroy(picture(plot));
}

static void draws_nothing_at_all(void **state)
{
	cairo_surface_t *surface = picture(start(2 * NSEC_PER_MSEC, 10000, NULL));

	(void)state;
	expect_white_edges(surface);
	cairo_surface_destroy(surface);
}

static void makes_text_safe(void **state)
{
	static const struct {
		const char *raw, *safe;
	} cases[] = {
		{"eth0", "eth0"},
		{"a<&\">'", "a<&\">'"},
		{"\x1b[2J\n", "\\x1b[2J\\x0a"},
		{"\xff\xc0\x80\xed\xa0\x80", "\\xff\\xc0\\x80\\xed\\xa0\\x80"},
		/* No characters, though valid UTF-8: U+FFFE, U+FDD0, U+10FFFF. */
		{"\xef\xbf\xbe\xef\xb7\x90\xf4\x8f\xbf\xbf",
		 "\\xef\\xbf\\xbe\\xef\\xb7\\x90\\xf4\\x8f\\xbf\\xbf"},
		{"\u6f22\u00e9\U0001f600", "\u6f22\u00e9\U0001f600"},
	};
	char safe[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_text("text", plot_text_safe(safe, sizeof(safe), cases[i].raw),
			    cases[i].safe);
	expect_text("cut", plot_text_safe(safe, 6, "ab\xff\xff"), "ab");
	expect_text("cut", plot_text_safe(safe, 4, "a\u6f22"), "a");
	expect_text("cut", plot_text_safe(safe, 1, "a"), "");
}

static void fits_text(void **state)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
	cairo_t *cr = cairo_create(surface);
	char text[4000];

	(void)state;
	for (double room = 0; room < 100; room++) {
		for (size_t i = 0; i + 2 < sizeof(text); i += 2)
			memcpy(text + i, "\u00e9", 3);
		plot_text_fit(cr, PLOT_BOLD, text, sizeof(text), room);
		assert_true(plot_text_width(cr, PLOT_BOLD, text) <= room);
		assert_true(room < 20 || strstr(text, "\u00e9\u2026"));
	}
	strcpy(text, "eth0");
	plot_text_fit(cr, PLOT_BOLD, text, sizeof(text), 100);
	assert_string_equal(text, "eth0");
	/* What no longer has room for an ellipsis loses more. */
	plot_text_fit(cr, PLOT_BOLD, text, 5, 25);
	assert_string_equal(text, "e\u2026");
	assert_int_equal(cairo_status(cr), CAIRO_STATUS_SUCCESS);
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
}

/* Every element is closed in order, attributes are quoted, references end, and nothing is raw. */
static void expect_well_formed(const char *text)
{
	char open[64][32];
	size_t depth = 0;

	for (const char *at = text; *at; at++) {
		char name[32] = "";
		const char *end;

		assert_true((unsigned char)*at >= 0x20 || *at == '\n');
		assert_true((unsigned char)*at < 0x80);
		if (*at == '&')
			assert_true(strchr(at, ';') && strchr(at, ';') - at < 8);
		if (*at != '<')
			continue;
		for (end = at + 1; *end && *end != '>'; end++) {
			assert_int_not_equal(*end, '<');
			if (*end != '"')
				continue;
			end = strchr(end + 1, '"');
			assert_non_null(end);
		}
		assert_int_equal(*end, '>');
		if (sscanf(at, "</%31[a-zA-Z]", name) == 1) {
			assert_true(depth > 0);
			assert_string_equal(open[--depth], name);
		} else if (sscanf(at, "<%31[a-zA-Z]", name) == 1 && end[-1] != '/') {
			assert_true(depth < ARRAY_SIZE(open));
			strcpy(open[depth++], name);
		}
		at = end;
	}
	assert_int_equal(depth, 0);
}

static void survives_hostile_names(void **state)
{
	static const char *const names[] = {
		"a<&\">'\x1b[31m",
		"\xff\xfe\xed\xa0\x80",
		"\xef\xbf\xbe\xef\xb7\x90",
		"\u202eevil",
		"]]><!--",
		"\u6f22\U0001f600e\u0301",
		"%s%n",
		"",
	};
	cairo_surface_t *surface;
	char host[2000];
	struct plot *plot;
	char *text;

	(void)state;
	memset(host, '\xfe', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, host);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t to = strip(plot, names[i], 0, 0);

		window(plot, to, 0, 1000, 1);
		burst(plot, to, 0, NSEC_PER_MSEC, MBIT);
	}
	strip(plot, host, 0, 0);
	assert_int_equal(plot_write(plot, path, PLOT_SVG, NULL), 0);
	text = slurp(NULL);
	assert_int_equal(strncmp(text, "<?xml ", 6), 0);
	assert_non_null(strstr(text, "width=\"1200px\""));
	assert_null(strstr(text, "evil"));
	expect_well_formed(text);
	free(text);
	surface = picture(plot);
	expect_white_edges(surface);
	cairo_surface_destroy(surface);
}

/* Of names that are too long for the picture, too. */
static void names_interfaces_with_their_namespace(void **state)
{
	struct plot_strip_info info = {.ifname = "eth0"};
	char longest[NETNS_NAME_SIZE], wanted[NETNS_NAME_SIZE + 8];
	struct plot *plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, "host");
	cairo_surface_t *surface;
	size_t at;

	(void)state;
	assert_int_equal(plot_add_strip(plot, &info, &at), 0);
	info.netns = "web";
	assert_int_equal(plot_add_strip(plot, &info, &at), 0);
	memset(longest, 'W', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	info.netns = longest;
	assert_int_equal(plot_add_strip(plot, &info, &at), 0);
	assert_string_equal(plot->strips[0]->name, "eth0");
	assert_string_equal(plot->strips[1]->name, "web/eth0");
	snprintf(wanted, sizeof(wanted), "%s/eth0", longest);
	assert_string_equal(plot->strips[2]->name, wanted);
	surface = picture(plot);
	expect_white_edges(surface);
	cairo_surface_destroy(surface);
}

static void writes_a_png(void **state)
{
	static const unsigned char wanted[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a,
					       '\n', 0,   0,   0,   13,   'I',  'H',
					       'D',  'R', 0,   0,   4,    0xb0};
	struct plot *plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, "host");
	size_t first_size, second_size;
	struct stat status;
	char *first, *second;
	mode_t mask;

	(void)state;
	strip(plot, "eth0", 0, 0);
	mask = umask(0);
	assert_int_equal(plot_write(plot, path, PLOT_PNG, NULL), 0);
	umask(mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	first = slurp(&first_size);
	assert_true(first_size > sizeof(wanted));
	assert_memory_equal(first, wanted, sizeof(wanted));
	/* Again, in the place of the one before, whose mode stays. */
	assert_int_equal(chmod(path, 0604), 0);
	assert_int_equal(plot_write(plot, path, PLOT_PNG, NULL), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0604);
	second = slurp(&second_size);
	assert_int_equal(first_size, second_size);
	assert_memory_equal(first, second, first_size);
	assert_int_equal(files(), 1);
	plot_free(plot);
	free(first);
	free(second);
}

static void refuses_bad_paths(void **state)
{
	static const struct {
		const char *path;
		int code;
	} cases[] = {
		{"/nonexistent/picture.svg", -ENOENT},
		{"", -ENOENT},
		{"/tmp", -EISDIR},
		{"/tmp/", -EISDIR},
		{"/nonexistent/", -ENOENT},
		{"/dev/null", -EINVAL},
		{"/dev/null/picture.svg", -ENOTDIR},
	};
	struct plot *plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, "host");
	struct stat status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = {0};

		expect_number(cases[i].path, (uint64_t)plot_write(plot, cases[i].path, i % 2, &err),
			      (uint64_t)cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.what, cases[i].path));
		assert_true(err.hint[0]);
	}
	assert_int_equal(stat("/dev/null", &status), 0);
	assert_true(S_ISCHR(status.st_mode));
	plot_free(plot);
}

/* The file is what it was, and nothing lies beside it. */
static void leaves_nothing_behind(void **state)
{
	struct rlimit before, small = {1000, RLIM_INFINITY};
	struct plot *plot = start(NSEC_PER_SEC, NSEC_PER_MSEC, "host");
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	strip(plot, "eth0", 0, 0);
	assert_int_equal(write(fd, "old", 3), 3);
	close(fd);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	for (int format = PLOT_SVG; format <= PLOT_PNG; format++) {
		struct error err = {0};
		int ret;
		char *text;

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		ret = plot_write(plot, path, format, &err);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(ret, -EFBIG);
		assert_non_null(strstr(err.what, "File too large"));
		assert_int_equal(files(), 1);
		text = slurp(NULL);
		assert_string_equal(text, "old");
		free(text);
	}
	signal(SIGXFSZ, SIG_DFL);
	plot_free(plot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test_teardown(shows_a_microburst, remove_picture),
		cmocka_unit_test_teardown(keeps_within_the_picture, remove_picture),
		cmocka_unit_test_teardown(hatches_unknown_time, remove_picture),
		cmocka_unit_test_teardown(leaves_strips_out, remove_picture),
		cmocka_unit_test_teardown(draws_nothing_at_all, remove_picture),
		cmocka_unit_test(makes_text_safe),
		cmocka_unit_test(fits_text),
		cmocka_unit_test_teardown(survives_hostile_names, remove_picture),
		cmocka_unit_test_teardown(names_interfaces_with_their_namespace, remove_picture),
		cmocka_unit_test_teardown(writes_a_png, remove_picture),
		cmocka_unit_test(refuses_bad_paths),
		cmocka_unit_test_teardown(leaves_nothing_behind, remove_picture),
	};

	return cmocka_run_group_tests_name("plot", tests, open_directory, remove_directory);
}
