// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tests/unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

static void writes_nothing_before_the_flush(void **state)
{
	struct capture capture;
	struct stat status;
	char *text;

	(void)state;
	capture_start(&capture);
	sink_text(capture.sink, "one\n");
	sink_commit(capture.sink);
	assert_int_equal(fstat(capture.fd, &status), 0);
	assert_int_equal(status.st_size, 0);
	assert_int_equal(sink_flush(capture.sink), 0);
	text = capture_end(&capture);
	assert_string_equal(text, "one\n");
	free(text);
}

static void keeps_what_is_not_committed(void **state)
{
	struct capture capture;
	char *text;

	(void)state;
	capture_start(&capture);
	sink_text(capture.sink, "ha");
	assert_int_equal(sink_flush(capture.sink), 0);
	text = read_whole(capture.fd, NULL);
	assert_string_equal(text, "");
	free(text);
	sink_text(capture.sink, "lf\n");
	sink_commit(capture.sink);
	sink_text(capture.sink, "rest");
	assert_int_equal(sink_flush(capture.sink), 0);
	assert_int_equal(sink_flush(capture.sink), 0);
	text = read_whole(capture.fd, NULL);
	assert_string_equal(text, "half\n");
	free(text);
	sink_text(capture.sink, " of it\n");
	sink_commit(capture.sink);
	sink_text(capture.sink, "never");
	text = capture_end(&capture);
	assert_string_equal(text, "half\nrest of it\n");
	free(text);
}

static void takes_empty_pieces(void **state)
{
	struct capture capture;
	char *text;

	(void)state;
	capture_start(&capture);
	assert_int_equal(sink_flush(capture.sink), 0);
	sink_commit(capture.sink);
	sink_text(capture.sink, "");
	sink_bytes(capture.sink, NULL, 0);
	sink_format(capture.sink, "%s", "");
	sink_commit(capture.sink);
	assert_int_equal(sink_flush(capture.sink), 0);
	sink_text(capture.sink, "x");
	sink_commit(capture.sink);
	sink_commit(capture.sink);
	text = capture_end(&capture);
	assert_string_equal(text, "x");
	free(text);
	sink_free(NULL);
}

static void takes_bytes_and_formats(void **state)
{
	struct capture capture;
	char *text, *wanted;
	size_t size;

	(void)state;
	capture_start(&capture);
	sink_bytes(capture.sink, "a\0b", 3);
	sink_format(capture.sink, "%d/%s", -7, "x");
	sink_format(capture.sink, "%100000d", 5);
	sink_commit(capture.sink);
	assert_int_equal(sink_flush(capture.sink), 0);
	text = read_whole(capture.fd, &size);
	wanted = malloc(100007);
	assert_non_null(wanted);
	memset(wanted, ' ', 100007);
	memcpy(wanted, "a\0b-7/x", 7);
	wanted[100006] = '5';
	assert_int_equal(size, 100007);
	assert_memory_equal(text, wanted, size);
	free(wanted);
	free(text);
	free(capture_end(&capture));
}

/* A regular file without a name. */
static int temporary_file(int flags)
{
	char path[] = "/tmp/ifpulse-unit-XXXXXX";
	int fd = mkostemp(path, flags | O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* As if the file system were full at `limit` bytes: write(2) is short there, then fails. */
static int flush_with_limit(struct sink *sink, rlim_t limit)
{
	struct rlimit saved, small;
	int ret;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	small = saved;
	small.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	ret = sink_flush(sink);
	/* Before anything is asserted: messages may go to a file, too. */
	setrlimit(RLIMIT_FSIZE, &saved);
	return ret;
}

static void cuts_a_full_file_back(void **state)
{
	/* Three objects: "aaaa\n", "bb\n" and "cccc\n". */
	static const struct {
		const char *already;
		rlim_t limit;
		int flags;
		const char *left;
	} cases[] = {
		{"", 12, 0, "aaaa\nbb\n"},
		{"", 9, 0, "aaaa\nbb\n"},
		{"", 8, 0, "aaaa\nbb\n"},
		{"", 7, 0, "aaaa\n"},
		{"", 5, 0, "aaaa\n"},
		{"", 4, 0, ""},
		{"before\n", 11, 0, "before\n"},
		{"before\n", 12, 0, "before\naaaa\n"},
		{"before\n", 19, 0, "before\naaaa\nbb\n"},
		{"before\n", 7, 0, "before\n"},
		{"before\n", 14, O_APPEND, "before\naaaa\n"},
	};

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = temporary_file(cases[i].flags);
		size_t length = strlen(cases[i].already);
		struct sink *sink;
		char *text;

		assert_int_equal(write(fd, cases[i].already, length), length);
		assert_int_equal(sink_new(&sink, fd, -1), 0);
		sink_text(sink, "aaaa\n");
		sink_commit(sink);
		sink_text(sink, "bb\n");
		sink_commit(sink);
		sink_text(sink, "cccc\n");
		sink_commit(sink);
		assert_int_equal(flush_with_limit(sink, cases[i].limit), -EFBIG);
		text = read_whole(fd, NULL);
		assert_string_equal(text, cases[i].left);
		free(text);
		/* Whatever is written there next follows without a hole. */
		assert_int_equal(lseek(fd, 0, SEEK_CUR), strlen(cases[i].left));
		sink_free(sink);
		close(fd);
	}
}

static void takes_no_more_after_a_failure(void **state)
{
	int fd = temporary_file(0);
	struct sink *sink;
	char *text;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(sink_new(&sink, fd, -1), 0);
	sink_text(sink, "first\n");
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), 0);
	sink_text(sink, "second\n");
	sink_commit(sink);
	assert_int_equal(flush_with_limit(sink, 8), -EFBIG);
	/* There is room again, but an object is missing: the rest would not be what it seems. */
	sink_text(sink, "third\n");
	sink_format(sink, "%s", "fourth\n");
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -EFBIG);
	text = read_whole(fd, NULL);
	assert_string_equal(text, "first\n");
	free(text);
	sink_free(sink);
	close(fd);
}

static void reports_a_full_device(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct sink *sink;

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(sink_new(&sink, fd, -1), 0);
	sink_text(sink, "x\n");
	assert_int_equal(sink_flush(sink), 0);
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -ENOSPC);
	sink_free(sink);
	close(fd);
}

static void reports_a_descriptor_that_is_none(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct sink *sink;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(sink_new(&sink, fd, -1), 0);
	sink_text(sink, "x\n");
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -EBADF);
	sink_free(sink);
	close(fd);
}

static void reports_a_closed_pipe(void **state)
{
	struct sink *sink;
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(sink_new(&sink, fds[1], -1), 0);
	assert_false(sink_is_terminal(sink));
	close(fds[0]);
	assert_int_equal(sink_flush(sink), 0);
	sink_text(sink, "x\n");
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -EPIPE);
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -EPIPE);
	sink_free(sink);
	close(fds[1]);
}

static void fill_pipe(int fd)
{
	char block[4096] = {0};
	int flags = fcntl(fd, F_GETFL);

	assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
}

static void gives_up_on_a_blocked_pipe_when_told_to_stop(void **state)
{
	int fds[2], stop_fd = eventfd(1, EFD_CLOEXEC);
	struct sink *sink;

	(void)state;
	assert_true(stop_fd >= 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	fill_pipe(fds[1]);
	assert_int_equal(sink_new(&sink, fds[1], stop_fd), 0);
	sink_text(sink, "x\n");
	sink_commit(sink);
	assert_int_equal(sink_flush(sink), -EINTR);
	assert_int_equal(sink_flush(sink), -EINTR);
	sink_free(sink);
	close(stop_fd);
	close(fds[0]);
	close(fds[1]);
}

/* A reader in a thread of its own, who takes odd amounts and pauses now and then. */
struct reader {
	int fd;
	char *got;
	size_t n, capacity;
	pthread_t thread;
};

static void *read_slowly(void *argument)
{
	struct reader *reader = argument;
	const struct timespec pause = {0, 1000000};
	unsigned int round = 0;
	ssize_t did;

	do {
		size_t most = 1 + round * 997 % 7000;

		if (most > reader->capacity - reader->n)
			most = reader->capacity - reader->n;
		if (round++ % 8 == 0)
			nanosleep(&pause, NULL);
		did = read(reader->fd, reader->got + reader->n, most);
		if (did > 0)
			reader->n += (size_t)did;
	} while (did > 0);
	return NULL;
}

static void check_slow_reader(int stop_fd, int write_flags)
{
	enum { N = 400000 };
	char *sent = malloc(N);
	struct reader reader = {.capacity = N + 10};
	struct sink *sink;
	int fds[2], ret;

	assert_non_null(sent);
	for (size_t i = 0; i < N; i++)
		sent[i] = (char)(i * 31 + i / 255);
	reader.got = malloc(reader.capacity);
	assert_non_null(reader.got);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[1], F_SETFL, write_flags), 0);
	reader.fd = fds[0];
	assert_int_equal(pthread_create(&reader.thread, NULL, read_slowly, &reader), 0);
	assert_int_equal(sink_new(&sink, fds[1], stop_fd), 0);
	for (size_t i = 0; i < N; i += 1000) {
		sink_bytes(sink, sent + i, 1000);
		sink_commit(sink);
	}
	ret = sink_flush(sink);
	close(fds[1]);
	pthread_join(reader.thread, NULL);
	assert_int_equal(ret, 0);
	assert_int_equal(reader.n, N);
	assert_memory_equal(reader.got, sent, N);
	sink_free(sink);
	close(fds[0]);
	free(reader.got);
	free(sent);
}

static void waits_for_a_slow_reader(void **state)
{
	int never = eventfd(0, EFD_CLOEXEC);

	(void)state;
	assert_true(never >= 0);
	check_slow_reader(-1, 0);
	check_slow_reader(-1, O_NONBLOCK);
	check_slow_reader(never, 0);
	close(never);
}

/* Being told to stop is no reason to drop what the reader goes on taking. */
static void ends_what_a_reader_takes_when_told_to_stop(void **state)
{
	int stop_fd = eventfd(1, EFD_CLOEXEC);

	(void)state;
	assert_true(stop_fd >= 0);
	check_slow_reader(stop_fd, 0);
	close(stop_fd);
}

static void knows_a_terminal(void **state)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), file = temporary_file(0);
	struct sink *sink;

	(void)state;
	assert_int_equal(sink_new(&sink, file, -1), 0);
	assert_false(sink_is_terminal(sink));
	sink_free(sink);
	close(file);
	if (fd < 0)
		skip();
	assert_int_equal(sink_new(&sink, fd, -1), 0);
	assert_true(sink_is_terminal(sink));
	sink_free(sink);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_nothing_before_the_flush),
		cmocka_unit_test(keeps_what_is_not_committed),
		cmocka_unit_test(takes_empty_pieces),
		cmocka_unit_test(takes_bytes_and_formats),
		cmocka_unit_test(cuts_a_full_file_back),
		cmocka_unit_test(takes_no_more_after_a_failure),
		cmocka_unit_test(reports_a_full_device),
		cmocka_unit_test(reports_a_descriptor_that_is_none),
		cmocka_unit_test(reports_a_closed_pipe),
		cmocka_unit_test(gives_up_on_a_blocked_pipe_when_told_to_stop),
		cmocka_unit_test(waits_for_a_slow_reader),
		cmocka_unit_test(ends_what_a_reader_takes_when_told_to_stop),
		cmocka_unit_test(knows_a_terminal),
	};

	return cmocka_run_group_tests_name("sink", tests, NULL, NULL);
}
