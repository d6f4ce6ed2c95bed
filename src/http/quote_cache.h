/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes as they were written, for as long as they are true.
 *
 * A quote depends on its account (every change of one raises its shard's generation in the engine), on its policy
 * (fixed while the server runs) and on the time. An entry is used only under the generation that was read before the
 * quote was made and only until the moment at which time alone would change it; its `at` is written anew. It is never a
 * guess: an answer from here is byte for byte the one that the database would give. Thread-safe, of fixed size; it
 * knows no rule. */
#ifndef EBB_HTTP_QUOTE_CACHE_H
#define EBB_HTTP_QUOTE_CACHE_H

#include "base/out.h"
#include "domain/rows.h"

#define QUOTE_CACHE_SLOTS 2048
#define QUOTE_CACHE_TEXT_MAX 8192 /* longer quotes are made each time */

struct quote_cache;
MUST_USE struct quote_cache *quote_cache_new(void);
void quote_cache_free(struct quote_cache **cache);

struct quote_entry {
    const char *ref, *master;
    uint64_t generation;
    struct instant from, until; /* from ≤ now < until */
};
/* Writes the quote of `now` and the account's master; false when there is none that is true. */
MUST_USE bool quote_cache_get(struct quote_cache *cache, const char *ref, uint64_t generation, struct instant now,
                              char ret_master[REF_BYTES], struct out *out);
/* `text` is the quote written at entry->from. For want of memory it is forgotten. */
void quote_cache_put(struct quote_cache *cache, const struct quote_entry *entry, const char *text, size_t size);

#endif
