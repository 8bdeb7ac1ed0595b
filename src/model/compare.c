// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/compare.h"

#include <stdlib.h>
#include <string.h>

#include "model/compare_bounds.h"
#include "model/compare_cause.h"

void compare_start(struct compare_run *run, const char *kind, bool is_loopback)
{
	*run = (struct compare_run){.is_loopback = is_loopback};
	strncpy(run->kind, kind, sizeof(run->kind) - 1);
}

static struct compare_rule rule_of(const struct compare_run *run, enum direction direction)
{
	return compare_rule_of(run->kind, run->is_loopback, direction);
}

static bool went_back(const struct rtnl_link_stats64 *before, const struct rtnl_link_stats64 *now)
{
	return now->rx_packets < before->rx_packets || now->tx_packets < before->tx_packets ||
	       now->rx_bytes < before->rx_bytes || now->tx_bytes < before->tx_bytes;
}

static void begin(struct compare_run *run, const struct compare_sample *sample)
{
	run->first = *sample;
	run->n = 1;
	memset(run->fits, 0xff, sizeof(run->fits));
	memset(run->refresh, 0, sizeof(run->refresh));
}

static void note_refresh(struct compare_run *run, const struct compare_sample *sample,
			 enum direction direction)
{
	struct compare_refresh *refresh = &run->refresh[direction];
	const struct compare_basis skbs = {0};
	struct compare_spans spans;

	compare_spans_between(&spans, &run->last, sample, direction, &skbs);
	if (!spans.kernel[COMPARE_PACKETS] && !spans.kernel[COMPARE_BYTES]) {
		refresh->stood += spans.of[COMPARE_PACKETS].low > 0;
		return;
	}
	refresh->last = *sample;
	refresh->last.early = run->last.early;
	refresh->last.before = run->last.before;
	if (!refresh->moved++)
		refresh->first = refresh->last;
}

void compare_add(struct compare_run *run, const struct compare_sample *sample)
{
	unsigned int i;
	int d;

	if (!run->n) {
		begin(run, sample);
	} else if (went_back(&run->last.kernel, &sample->kernel)) {
		run->resets++;
		begin(run, sample);
	} else {
		run->n++;
		for (d = 0; d < N_DIRECTIONS; d++) {
			struct compare_rule rule = rule_of(run, (enum direction)d);
			struct compare_spans spans;

			note_refresh(run, sample, (enum direction)d);
			for (i = 0; i < rule.n; i++) {
				compare_spans_between(&spans, &run->last, sample, (enum direction)d,
						      &rule.bases[i]);
				if (!compare_spans_fit(&spans))
					run->fits[d] &= (uint8_t) ~(1U << i);
			}
		}
	}
	run->last = *sample;
}

uint64_t compare_time_ns(const struct compare_run *run)
{
	return run->n ? run->last.at_ns - run->first.at_ns : 0;
}

/* The bases of a rule, and what they give for the run. */
struct field {
	struct compare_rule rule;
	struct compare_spans spans[COMPARE_BASES_MAX];
	bool fits[COMPARE_BASES_MAX];
};

static bool is_same(const struct compare_spans *a, const struct compare_spans *b)
{
	int i;

	for (i = 0; i < COMPARE_COUNTERS; i++)
		if (a->of[i].low != b->of[i].low || a->of[i].high != b->of[i].high)
			return false;
	return true;
}

/*
 * Over the whole run a basis has to fit; one that fits every interval, too, goes before. Returns its number, or
 * -1.
 */
static int find_fit(const struct compare_run *run, const struct field *field,
		    enum direction direction, bool *is_sole)
{
	int i, n = (int)field->rule.n, found = -1, always = -1;

	for (i = 0; i < n; i++) {
		if (!field->fits[i])
			continue;
		if (found < 0)
			found = i;
		if (always < 0 && run->fits[direction] & 1U << i)
			always = i;
	}
	if (always >= 0)
		found = always;
	*is_sole = found >= 0;
	for (i = 0; i < n && found >= 0; i++)
		if (field->fits[i] && (always < 0 || run->fits[direction] & 1U << i) &&
		    !is_same(&field->spans[i], &field->spans[found]))
			*is_sole = false;
	return found;
}

/* How far from fitting, packets first. */
static bool is_nearer(const struct compare_spans *a, const struct compare_spans *b)
{
	int i;

	for (i = 0; i < COMPARE_COUNTERS; i++) {
		int64_t x = llabs(compare_outside(a->kernel[i], a->of[i].low, a->of[i].high));
		int64_t y = llabs(compare_outside(b->kernel[i], b->of[i].low, b->of[i].high));

		if (x != y)
			return x < y;
	}
	return false;
}

/* Of those that do not fit, the nearest that has a cause; else the nearest. */
static unsigned int find_cause(const struct field *field, struct compare_evidence *evidence,
			       struct compare_account *account)
{
	unsigned int i, found = 0;

	*account = (struct compare_account){0};
	for (i = 0; i < field->rule.n; i++) {
		struct compare_account its;

		evidence->hook = field->rule.bases[i].is_other_way
					 ? compare_other_way(evidence->direction)
					 : evidence->direction;
		evidence->basis = field->rule.bases[i];
		evidence->is_rule = field->rule.is_known;
		evidence->spans = field->spans[i];
		its = compare_account_for(evidence);
		if (!its.cause && account->cause)
			continue;
		if ((its.cause && !account->cause) ||
		    is_nearer(&field->spans[i], &field->spans[found])) {
			found = i;
			*account = its;
		}
	}
	return found;
}

static bool is_begun_anew(const struct compare_run *run, const struct compare_facts *facts)
{
	return run->resets || (facts->has_saved && went_back(&facts->saved, &run->first.kernel));
}

static enum compare_cause cause_of_fit(const struct compare_run *run, const struct field *field,
				       const struct compare_facts *facts, int fit)
{
	if (field->rule.bases[fit].is_other_way)
		return COMPARE_OTHER_HOOK;
	return is_begun_anew(run, facts) ? COMPARE_RESET : COMPARE_NO_CAUSE;
}

static void survey(struct field *field, const struct compare_run *run,
		   const struct compare_sample *from, const struct compare_sample *to,
		   enum direction direction)
{
	unsigned int i;

	field->rule = rule_of(run, direction);
	for (i = 0; i < field->rule.n; i++) {
		compare_spans_between(&field->spans[i], from, to, direction, &field->rule.bases[i]);
		field->fits[i] = compare_spans_fit(&field->spans[i]);
	}
}

/*
 * A basis that fits from one refreshment of the counters to another; -1: none, or they are not refreshed rarely. Those
 * of the software devices that have a rule are not: if they stand still, it is for what became of the packets.
 */
static int find_refreshed(const struct compare_run *run, struct field *field,
			  enum direction direction, bool *is_sole)
{
	const struct compare_refresh *refresh = &run->refresh[direction];
	struct field other;
	int found;

	if (field->rule.is_known || !refresh->stood || refresh->moved < 2)
		return -1;
	survey(&other, run, &refresh->first, &refresh->last, direction);
	found = find_fit(run, &other, direction, is_sole);
	if (found < 0 || other.rule.bases[found].is_other_way)
		return -1;
	*field = other;
	return found;
}

static bool is_either(const struct compare_run *run, enum direction direction,
		      const struct compare_basis *basis)
{
	struct compare_basis other = *basis;
	struct compare_spans a, b;

	other.is_wire = !basis->is_wire;
	compare_spans_between(&a, &run->first, &run->last, direction, basis);
	compare_spans_between(&b, &run->first, &run->last, direction, &other);
	return is_same(&a, &b);
}

static void fill_in(struct compare_result *result, const struct compare_spans *spans,
		    enum compare_cause cause)
{
	const struct compare_span *span = &spans->of[result->counter];

	result->has_bounds = true;
	result->kernel = spans->kernel[result->counter];
	result->probe = span->probe;
	result->low = span->low;
	result->high = span->high;
	result->difference = compare_outside(result->kernel, span->low, span->high);
	/* What says something about the whole row stands at each counter of it. */
	if (cause == COMPARE_OTHER_HOOK && !result->kernel && !span->high)
		result->verdict = COMPARE_MATCH; /* nothing passed */
	else if (cause == COMPARE_RESET || cause == COMPARE_OTHER_HOOK ||
		 cause == COMPARE_REFRESHED)
		result->verdict = COMPARE_EXPLAINED;
	else if (result->difference)
		result->verdict = cause ? COMPARE_EXPLAINED : COMPARE_MISMATCH;
	if (result->verdict == COMPARE_EXPLAINED)
		result->cause = cause;
	else
		result->evidence = 0;
}

/*
 * The kernel's count then runs from the saved counters on. What it counted between them and the run is known from
 * the kernel alone, so that within the run, probe and kernel are held to each other as ever.
 */
static void add_earlier(struct compare_result *result, const struct compare_run *run,
			const struct rtnl_link_stats64 *saved)
{
	enum direction direction = result->direction;
	const struct compare_sample *first = &run->first;

	if (!result->has_bounds)
		return;
	if (result->cause == COMPARE_REFRESHED)
		first = &run->refresh[direction].first;
	result->earlier = compare_kernel_count(&first->kernel, direction, result->counter) -
			  compare_kernel_count(saved, direction, result->counter);
	if (!result->earlier)
		return;
	result->kernel += result->earlier;
	result->difference = compare_outside(result->kernel, result->low, result->high);
	if (result->verdict == COMPARE_MATCH) {
		result->verdict = COMPARE_EXPLAINED;
		result->cause = COMPARE_EARLIER;
	}
}

/* Which basis it is, and what the rest comes from where that does not fit. */
static int decide(const struct compare_run *run, struct field *field,
		  struct compare_evidence *evidence, struct compare_account *account, bool *is_sole)
{
	int refreshed, at = find_fit(run, field, evidence->direction, is_sole);

	*account = (struct compare_account){0};
	if (at >= 0) {
		account->cause = cause_of_fit(run, field, evidence->facts, at);
		return at;
	}
	at = (int)find_cause(field, evidence, account);
	if (account->cause)
		return at;
	refreshed = find_refreshed(run, field, evidence->direction, is_sole);
	if (refreshed < 0)
		return at;
	account->cause = COMPARE_REFRESHED;
	return refreshed;
}

void compare_judge(const struct compare_run *run, enum direction direction,
		   const struct compare_facts *facts,
		   struct compare_result results[COMPARE_COUNTERS])
{
	struct compare_evidence evidence = {.run = run, .facts = facts, .direction = direction};
	struct compare_account account = {.cause = COMPARE_TOO_SHORT};
	bool is_sole = false;
	struct field field;
	int i, at = 0;

	if (run->n >= 2) {
		survey(&field, run, &run->first, &run->last, direction);
		at = decide(run, &field, &evidence, &account, &is_sole);
	}
	for (i = 0; i < COMPARE_COUNTERS; i++) {
		struct compare_result *result = &results[i];

		*result = (struct compare_result){
			.direction = direction,
			.counter = (enum compare_counter)i,
			.evidence = account.packets,
			.causes = account.causes,
			.is_sole = is_sole,
		};
		if (run->n < 2) {
			result->verdict = COMPARE_EXPLAINED;
			result->cause = account.cause;
			continue;
		}
		result->basis = field.rule.bases[at];
		result->is_rule = field.rule.is_known;
		result->is_either = is_either(run, direction, &result->basis);
		fill_in(result, &field.spans[at], account.cause);
		if (facts->has_saved && !is_begun_anew(run, facts))
			add_earlier(result, run, &facts->saved);
	}
}

const char *compare_verdict_name(enum compare_verdict verdict)
{
	static const char *const names[] = {"match", "explained", "mismatch"};

	return names[verdict];
}

const char *compare_counter_name(enum compare_counter counter)
{
	return counter == COMPARE_PACKETS ? "packets" : "bytes";
}
