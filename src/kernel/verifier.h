/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verifier: how much work the BPF programs are to the kernel's verifier. It walks every way through a program, and
 * refuses one on which it has walked a million instructions (BPF_COMPLEXITY_LIMIT_INSNS), so this says how near
 * the programs are to being refused; each kernel walks differently.
 */
#ifndef IFPULSE_KERNEL_VERIFIER_H
#define IFPULSE_KERNEL_VERIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define VERIFIER_LIMIT 1000000U

struct bpf_object;
struct verifier_costs;

struct verifier_cost {
	const char *program;   /* the object's */
	uint32_t instructions; /* that were walked, one as often as that was necessary */
};

/*
 * Before the object is loaded: has the kernel tell what each program costs that will be. The object
 * is the caller's and must outlive *out. 0 or -errno.
 */
int verifier_costs_new(struct verifier_costs **out, struct bpf_object *object, struct error *err);
void verifier_costs_free(struct verifier_costs *costs);

/* After it failed to load: what the kernel said goes to the debug log. */
void verifier_costs_log(const struct verifier_costs *costs);

/* After it is loaded: of program number `i`, from 0; false: there are no more. */
bool verifier_costs_get(const struct verifier_costs *costs, size_t i, struct verifier_cost *cost);

#endif
