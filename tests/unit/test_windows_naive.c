// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* kernel/windows beside a list of all that was counted, in random runs. */
#include "tests/unit/windows_writer.h"

#include "model/window.h"

#define N_SEEDS 4000
#define N_SLOTS 4
#define N_CPUS 2 /* that the runs use, where there are as many */
#define N_STREAMS (N_CPUS * WINDOW_WRITERS_PER_CPU * N_SLOTS * N_DIRECTIONS)
#define N_ENTRIES_MAX 4096
#define NOT_LOGGED UINT64_MAX

static uint64_t random_state;

static uint64_t pick(uint64_t below)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % below;
}

/* One writer's window, and what became of it. */
struct entry {
	enum { WAITING, TOLD_OPEN, DONE, LOST } state;
	bool is_read;        /* out of the log */
	unsigned int stream; /* index of last[] */
	struct window window;
	uint64_t number, closed_ns; /* in its writer's log */
	uint64_t told;              /* packets and drops, while it was open */
};

struct account {
	struct bpf bpf;
	unsigned int seed;
	bool is_hasty; /* takes windows that are not over */
	uint64_t now_ns, until_ns;
	struct entry *entries;
	size_t n;
	struct entry *last[N_STREAMS];
	uint64_t heads[N_CPUS * WINDOW_WRITERS_PER_CPU], tails[N_CPUS * WINDOW_WRITERS_PER_CPU];
	uint64_t unknown_until_ns, lost_records, late;
	uint64_t counted, told, lost, forgotten; /* packets and drops */
};

static uint64_t sum_of(const struct window *window)
{
	return window->traffic.packets + window->drops;
}

static unsigned int log_of(const struct entry *entry)
{
	return entry->stream / (N_SLOTS * N_DIRECTIONS);
}

static uint64_t end_of(const struct account *account, const struct entry *entry)
{
	return entry->window.start_ns + account->bpf.width_ns;
}

static void count(struct account *account, uint32_t log, uint32_t slot, uint32_t direction)
{
	unsigned int stream = (log * N_SLOTS + slot) * N_DIRECTIONS + direction;
	bool is_drop = log >= N_CPUS;
	struct traffic_counter traffic = {0};
	struct entry *entry = account->last[stream];
	uint64_t drops = 0;

	if (is_drop)
		drops = 1 + pick(5);
	else
		traffic = (struct traffic_counter){1 + pick(9), pick(9000), pick(99), pick(99999)};
	bpf_count(&account->bpf,
		  is_drop ? bpf_drop_writer(&account->bpf, log - N_CPUS)
			  : bpf_traffic_writer(&account->bpf, log),
		  slot, direction, account->now_ns, is_drop ? NULL : &traffic, drops);

	if (!entry || account->now_ns >= end_of(account, entry)) {
		if (entry) {
			entry->number = account->heads[log]++;
			entry->closed_ns = account->now_ns;
		}
		assert_true(account->n < N_ENTRIES_MAX);
		entry = &account->entries[account->n++];
		*entry = (struct entry){.stream = stream, .number = NOT_LOGGED};
		entry->window.start_ns = bpf_align(&account->bpf, account->now_ns);
		entry->window.slot = slot;
		entry->window.direction = direction;
		account->last[stream] = entry;
	}
	entry->window.traffic.packets += traffic.packets;
	entry->window.traffic.bytes += traffic.bytes;
	entry->window.traffic.wire_packets += traffic.wire_packets;
	entry->window.traffic.wire_bytes += traffic.wire_bytes;
	entry->window.drops += drops;
	account->counted += traffic.packets + drops;
}

/* A log keeps one record less than it has room for: the next is perhaps being written. */
static uint64_t first_kept(const struct account *account, uint32_t log)
{
	uint64_t kept = account->bpf.log_records - 1;

	return account->heads[log] > kept ? account->heads[log] - kept : 0;
}

static void read_entry(struct account *account, struct entry *entry)
{
	uint64_t first = first_kept(account, log_of(entry));
	bool is_lost = entry->number < first;

	entry->is_read = true;
	if (entry->number == first && account->tails[log_of(entry)] < first &&
	    entry->closed_ns > account->unknown_until_ns)
		account->unknown_until_ns = entry->closed_ns;
	if (entry->state == TOLD_OPEN) {
		*(is_lost ? &account->forgotten : &account->late) +=
			sum_of(&entry->window) - entry->told;
		entry->state = DONE;
	} else if (is_lost) {
		account->lost += sum_of(&entry->window);
		entry->state = LOST;
	}
}

static void read_logs(struct account *account)
{
	uint32_t log;
	size_t i;

	for (i = 0; i < account->n; i++)
		if (account->entries[i].number != NOT_LOGGED && !account->entries[i].is_read)
			read_entry(account, &account->entries[i]);
	for (log = 0; log < ARRAY_SIZE(account->heads); log++) {
		uint64_t first = first_kept(account, log);

		if (first > account->tails[log])
			account->lost_records += first - account->tails[log];
		account->tails[log] = account->heads[log];
	}
}

static void add_up(struct window *windows, size_t *n, const struct window *window)
{
	struct window *sum = windows;

	while (sum < windows + *n &&
	       (sum->start_ns != window->start_ns || sum->slot != window->slot ||
		sum->direction != window->direction))
		sum++;
	if (sum == windows + *n) {
		(*n)++;
		*sum = *window;
		return;
	}
	sum->traffic.packets += window->traffic.packets;
	sum->traffic.bytes += window->traffic.bytes;
	sum->traffic.wire_packets += window->traffic.wire_packets;
	sum->traffic.wire_bytes += window->traffic.wire_bytes;
	sum->drops += window->drops;
}

/* What has to be told now, in any order. */
static size_t expect_windows(struct account *account, uint32_t end_slot, uint64_t from_ns,
			     struct window *windows)
{
	size_t i, n = 0;

	for (i = 0; i < account->n; i++) {
		struct entry *entry = &account->entries[i];

		if (entry->state != WAITING || end_of(account, entry) > account->until_ns ||
		    (!entry->is_read && entry->window.slot >= end_slot))
			continue;
		if (end_of(account, entry) <= from_ns)
			account->late += sum_of(&entry->window);
		else
			add_up(windows, &n, &entry->window);
		entry->state = entry->is_read ? DONE : TOLD_OPEN;
		entry->told = sum_of(&entry->window);
	}
	return n;
}

static void check_windows(struct account *account, const struct window *expected, size_t n_expected)
{
	const struct window *taken;
	size_t i, j, n;

	taken = windows_taken(account->bpf.windows, &n);
	for (i = 0; i < n; i++) {
		for (j = 0; j < n_expected; j++)
			if (!memcmp(&taken[i], &expected[j], sizeof(*taken)))
				break;
		if (j == n_expected)
			fail_msg("seed %u: no such window: start %" PRIu64 ", slot %u, direction "
				 "%u, %" PRIu64 " packets, %" PRIu64 " drops",
				 account->seed, taken[i].start_ns, taken[i].slot,
				 taken[i].direction, taken[i].traffic.packets, taken[i].drops);
		if (i && (taken[i - 1].start_ns > taken[i].start_ns ||
			  !memcmp(&taken[i - 1], &taken[i], offsetof(struct window, traffic))))
			fail_msg("seed %u: window %zu is out of order", account->seed, i);
		account->told += sum_of(&taken[i]);
	}
	if (n != n_expected)
		fail_msg("seed %u: %zu windows, not %zu", account->seed, n, n_expected);
}

/* Every gap found begins where the windows told before end, so together they are one. */
static void check_gaps(struct account *account, uint64_t from_ns)
{
	uint64_t to_ns = account->unknown_until_ns < account->until_ns ? account->unknown_until_ns
								       : account->until_ns;
	const struct window_gap *gaps;
	uint64_t told_to_ns = from_ns;
	size_t i, n;

	gaps = windows_gaps(account->bpf.windows, &n);
	for (i = 0; i < n; i++) {
		if (gaps[i].from_ns != from_ns || gaps[i].to_ns <= from_ns)
			fail_msg("seed %u: gap [%" PRIu64 ", %" PRIu64 ")", account->seed,
				 gaps[i].from_ns, gaps[i].to_ns);
		if (gaps[i].to_ns > told_to_ns)
			told_to_ns = gaps[i].to_ns;
	}
	if (told_to_ns != (to_ns > from_ns ? to_ns : from_ns))
		fail_msg("seed %u: gaps up to %" PRIu64 ", not %" PRIu64, account->seed, told_to_ns,
			 to_ns);
	for (i = 0; i < account->n; i++) {
		struct entry *entry = &account->entries[i];

		if (entry->state != LOST || end_of(account, entry) > account->until_ns)
			continue;
		/* A late one is lost in any case. */
		if (end_of(account, entry) > from_ns &&
		    !window_is_in_gap(entry->window.start_ns, account->bpf.width_ns, gaps, n))
			fail_msg("seed %u: a lost window at %" PRIu64 " is in no gap",
				 account->seed, entry->window.start_ns);
		entry->state = DONE;
	}
}

static void take(struct account *account, uint32_t end_slot, uint64_t until_ns)
{
	static struct window expected[N_ENTRIES_MAX];
	uint64_t from_ns = account->until_ns;
	struct windows_losses losses;
	struct error err;
	size_t n;

	assert_int_equal(windows_take(account->bpf.windows, end_slot, until_ns, &err), 0);
	if (until_ns > account->until_ns)
		account->until_ns = until_ns;
	read_logs(account);
	n = expect_windows(account, end_slot, from_ns, expected);
	check_windows(account, expected, n);
	check_gaps(account, from_ns);
	losses = windows_losses(account->bpf.windows);
	if (losses.overrun_records != account->lost_records || losses.late_packets != account->late)
		fail_msg("seed %u: lost %" PRIu64 ", not %" PRIu64 ", late %" PRIu64
			 ", not %" PRIu64,
			 account->seed, losses.overrun_records, account->lost_records,
			 losses.late_packets, account->late);
}

static void drain(struct account *account)
{
	struct error err;

	assert_int_equal(windows_drain(account->bpf.windows, &err), 0);
	read_logs(account);
}

/* A new owner for the slot, if all of the former one's windows have been taken. */
static void change_owner(struct account *account, uint32_t slot)
{
	unsigned int stream;
	size_t i;

	for (i = 0; i < account->n; i++) {
		const struct entry *entry = &account->entries[i];

		if (entry->window.slot == slot &&
		    (entry->state == WAITING || (entry->number != NOT_LOGGED && !entry->is_read)))
			return;
	}
	windows_clear_slot(account->bpf.windows, slot);
	for (stream = 0; stream < N_STREAMS; stream++) {
		struct entry *entry = account->last[stream];

		if (!entry || entry->window.slot != slot)
			continue;
		account->forgotten += sum_of(&entry->window) - entry->told;
		entry->state = DONE;
		account->last[stream] = NULL;
	}
}

static void step(struct account *account, bool is_aligned)
{
	const uint64_t width_ns = account->bpf.width_ns;
	/* CPU 1 has writers of its own only where there is one. */
	uint32_t log = (uint32_t)pick(2) * N_CPUS + (account->bpf.n_cpus > 1 ? pick(2) : 0);
	uint32_t slot = 1 + pick(N_SLOTS - 1), direction = pick(2);
	uint64_t until_ns, i, n;

	switch (pick(18)) {
	case 0 ... 8:
		account->now_ns += pick(width_ns / 4);
		count(account, log, slot, direction);
		break;
	case 9:
		n = pick(pick(8) ? 4 : 3 * account->bpf.log_records);
		for (i = 0; i < n; i++) {
			account->now_ns += width_ns / 2 + pick(width_ns);
			count(account, log, slot, direction);
		}
		break;
	case 10:
		account->now_ns += pick(pick(8) ? 10 * width_ns : 1000000000);
		break;
	case 11:
		change_owner(account, slot);
		break;
	case 12 ... 13:
		drain(account);
		break;
	default:
		until_ns = account->now_ns - pick(3 * width_ns);
		if (account->is_hasty)
			until_ns += pick(6 * width_ns);
		take(account, pick(8) || !account->is_hasty ? N_SLOTS : 1 + pick(N_SLOTS - 1),
		     is_aligned ? bpf_align(&account->bpf, until_ns) : until_ns);
	}
}

static void run(unsigned int seed, struct entry *entries)
{
	struct account account = {.seed = seed, .is_hasty = seed % 4 == 3, .entries = entries};
	int n_steps;
	size_t i;

	random_state = seed;
	pick(1);
	account.bpf = (struct bpf){.n_slots = N_SLOTS,
				   .log_records = 2U << pick(6),
				   .width_ns = (const uint64_t[]){333, 1000, 10000}[pick(3)],
				   .wall_offset_ns = 1800000000000000000 + pick(1000000),
				   .start_ns = 1000000000 + pick(1000000)};
	account.now_ns = account.until_ns = account.bpf.start_ns;
	bpf_start(&account.bpf);
	for (n_steps = 20 + (int)pick(100); n_steps; n_steps--)
		step(&account, seed % 8);
	take(&account, N_SLOTS, account.now_ns + 10 * account.bpf.width_ns);
	bpf_end(&account.bpf);
	/* What came late into a window is known when the window is logged, not before. */
	for (i = 0; i < account.n; i++)
		if (entries[i].state == TOLD_OPEN)
			account.forgotten += sum_of(&entries[i].window) - entries[i].told;

	if (account.told + account.late + account.lost + account.forgotten != account.counted)
		fail_msg("seed %u: counted %" PRIu64 ", told %" PRIu64, seed, account.counted,
			 account.told);
	if (!account.is_hasty && (account.late || account.forgotten))
		fail_msg("seed %u: something came late", seed);
}

static void agrees_with_a_naive_account(void **state)
{
	struct entry *entries = calloc(N_ENTRIES_MAX, sizeof(*entries));
	unsigned int seed;

	(void)state;
	assert_non_null(entries);
	for (seed = 0; seed < N_SEEDS; seed++)
		run(seed, entries);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_naive_account),
	};

	return cmocka_run_group_tests_name("windows beside a naive account", tests, NULL, NULL);
}
