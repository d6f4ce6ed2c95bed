/* SPDX-License-Identifier: Apache-2.0 */
/* How a batch looks something up: known under a key, read now, or noted to be read with everything else that is wanted.
 * For batch*.c only. */
#ifndef EBB_ENGINE_BATCH_LOOKUP_H
#define EBB_ENGINE_BATCH_LOOKUP_H

#include "engine/batch.h"

#include <string.h>

struct batch_key {
    int kind; /* enum batch_kind, or BATCH_LIST + query */
    int64_t number;
    const char *text; /* "" where the number says it all */
    size_t text_bytes;
};

/* What is wanted: the key under which it will be known, and how it is asked for. */
struct lookup {
    struct batch_key key;
    enum query query;
    const struct table *table;
    const struct value *args;
    size_t args_count;
    bool passing;    /* known otherwise once it was read: kept only while gathering */
    int64_t account; /* that it hangs on: nothing hangs on an account that is new in this batch */
};

#define ARGS(...) ((struct value[]){__VA_ARGS__}), ARRAY_COUNT(((struct value[]){__VA_ARGS__}))

static inline struct batch_key key_of(int kind, int64_t number, const char *text)
{
    return (struct batch_key){kind, number, text, strlen(text)};
}

static inline struct batch_key key_of_hash(int kind, const uint8_t hash[HASH_SHORT_BYTES])
{
    return (struct batch_key){kind, 0, (const char *)hash, HASH_SHORT_BYTES};
}

/* NULL: not known, or known as absent. */
void *batch_find(const struct batch *batch, struct batch_key key);
MUST_USE enum err batch_put(struct batch *batch, struct batch_key key, void *value);
/* One row by key: known already (also as absent), or loaded and known from now on. `ret` is a pointer to a pointer to
 * the row. */
MUST_USE enum err batch_row(struct batch *batch, const struct lookup *lookup, void *ret);
/* All rows of a query about one thing. */
MUST_USE enum err batch_rows(struct batch *batch, enum query query, const struct table *table, const char *name,
                             int64_t number, struct rows *ret);
/* Facts of one account differ by kind and ref: the kind is the first character of the key's text. */
const char *batch_fact_text(enum fact_kind kind, const char *ref, char text[REF_BYTES + 1]);

#endif
