/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* input: the bytes of a fuzzer's input, taken one after another; past their end all are zero. */
#ifndef IFPULSE_TESTS_FUZZ_INPUT_H
#define IFPULSE_TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What libFuzzer calls; see https://llvm.org/docs/LibFuzzer.html */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
	const uint8_t *at;
	size_t left;
};

static inline void input_bytes(struct input *input, void *out, size_t n)
{
	size_t there = n < input->left ? n : input->left;

	memset(out, 0, n);
	memcpy(out, input->at, there);
	input->at += there;
	input->left -= there;
}

static inline uint8_t input_u8(struct input *input)
{
	uint8_t value;

	input_bytes(input, &value, sizeof(value));
	return value;
}

static inline uint16_t input_u16(struct input *input)
{
	uint16_t value;

	input_bytes(input, &value, sizeof(value));
	return value;
}

static inline uint64_t input_u64(struct input *input)
{
	uint64_t value;

	input_bytes(input, &value, sizeof(value));
	return value;
}

/* A text of at most `max` bytes, which the caller frees: allocated to the byte, so that reading past it shows. */
static inline char *input_text(struct input *input, size_t max)
{
	size_t n = input->left < max ? input->left : max;
	char *text = malloc(n + 1);

	if (!text)
		abort();
	memcpy(text, input->at, n);
	text[n] = '\0';
	input->at += n;
	input->left -= n;
	return text;
}

#endif
