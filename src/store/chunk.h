/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * chunk: windows of one interface and direction, as a recording keeps them. Pure: no file, no clock.
 *
 * Six columns of varints (LEB128), one value per window in each, signed ones zigzag:
 *   gap           windows since the one before, less one; 0 for the first
 *   packets
 *   bytes         less packets * (bytes / packets of the window before)
 *   wire packets  less packets
 *   wire bytes    less bytes, less (wire packets - packets) * (the same ratio of the window before)
 *   drops
 * All of it modulo 2^64, so that every value comes back as it was. Where packets have one size and
 * headers do, the third and fifth column are zeros. Packed, that is
 *   CRC-32 (little endian) of the key and all that follows
 *   the lengths of the six columns, as varints
 *   the columns, one after another, as one raw deflate stream (RFC 1951)
 */
#ifndef IFPULSE_STORE_CHUNK_H
#define IFPULSE_STORE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/window.h"

/*
 * One that is not full is packed and written anew at each commit, so a larger one costs: with 4096
 * windows GSO takes 3.99 bytes per window, with 1024 4.18, for a quarter of the work and memory.
 */
#define CHUNK_WINDOWS_MAX 1024U
#define CHUNK_SPAN_MAX_NS 60000000000U /* from its first window's start to its last one's */

/* What stands beside the packed data; the CRC is over it too. */
struct chunk_key {
	uint64_t interface;
	uint32_t direction;
	uint32_t windows;
	uint64_t from_ns, until_ns; /* start of the first window, end of the last one */
};

/* One that grows. */
struct chunk;

int chunk_new(struct chunk **out, uint64_t interface, uint32_t direction, uint64_t width_ns);
void chunk_free(struct chunk *chunk);

/* Whether a window that starts there, behind the last one, still belongs into it. */
bool chunk_takes(const struct chunk *chunk, uint64_t start_ns);

/* 0, -EINVAL where it does not take it or the window is not whole widths behind the last, -ENOMEM. */
int chunk_add(struct chunk *chunk, const struct window *window);

const struct chunk_key *chunk_key(const struct chunk *chunk);

/* Bytes of its columns: the packed data is hardly ever larger. */
size_t chunk_raw_size(const struct chunk *chunk);

/* Reused for any number of chunks. */
struct chunk_packer;

int chunk_packer_new(struct chunk_packer **out);
void chunk_packer_free(struct chunk_packer *packer);

/* Packs a chunk that is not empty. The data is the packer's until its next call. 0 or -ENOMEM. */
int chunk_pack(struct chunk_packer *packer, const struct chunk *chunk, const void **data,
	       size_t *size);

/* Unpacks; reused for any number of chunks. */
struct chunk_unpacker;

int chunk_unpacker_new(struct chunk_unpacker **out);
void chunk_unpacker_free(struct chunk_unpacker *unpacker);

/* One that is being read, window by window: holds the columns, not the windows. */
struct chunk_reader;

/*
 * `data` is not trusted and is not used after the call. 0, -ENOMEM, or -EBADMSG where it is not what
 * chunk_pack() made for this key.
 */
int chunk_reader_new(struct chunk_reader **out, struct chunk_unpacker *unpacker,
		     const struct chunk_key *key, uint64_t width_ns, const void *data, size_t size);
void chunk_reader_free(struct chunk_reader *reader);

/* The next window, but for its slot. 1, 0 at the end, or -EBADMSG. */
int chunk_reader_next(struct chunk_reader *reader, struct window *window);

#endif
