/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: 63 bits, ordered by time, carrying their shard.
 *
 *   41 bits ms since 2024-01-01 · 4 bits node · 8 bits sequence · 10 bits shard (hash of the account's ref)
 *
 * Inside they are integer primary keys; outside they read `wd_01J8ZQ…`: a prefix and 13 characters of Crockford base32.
 * A generator never repeats and never goes back, also when the clock does; when a millisecond is used up it borrows the
 * next one. It does not read the clock: `now` comes in. */
#ifndef EBB_BASE_ID_H
#define EBB_BASE_ID_H

#include "base/instant.h"

#define ID_TEXT_BYTES 24
#define ID_SHARD_BITS 10
#define ID_SHARD_COUNT (1 << ID_SHARD_BITS)

struct ids {
    int64_t last; /* ms · node · sequence, without the shard */
    int node;     /* 0–15 */
};

void ids_init(struct ids *ids, int node, int64_t highest_known_id);
int64_t ids_next(struct ids *ids, struct instant now, int shard);
/* Ids from now on are greater than this one. */
void ids_skip(struct ids *ids, int64_t id);
int id_shard(int64_t id);
/* The moment that an id carries, and the greatest id that carries a moment. */
struct instant id_moment(int64_t id);
int64_t id_last_of(struct instant at);
/* The shard of a caller's reference (an account's ref): the low ten bits of its BLAKE2b hash. */
int shard_of_ref(const char *ref);
/* "wd" → "wd_…". */
void id_format(const char *prefix, int64_t id, char ret[ID_TEXT_BYTES]);
/* False when the prefix differs, a character is not base32 or the value does not fit. */
MUST_USE bool id_parse(const char *prefix, const char *text, int64_t *ret);

#endif
