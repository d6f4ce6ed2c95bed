/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way out of the house: whose, what happened, and to what. Nothing of it is personal.
 *
 * A reader who goes on from the last id that it saw misses nothing while one engine writes. Where several do, the ids
 * of two of them may be committed in another order than they were drawn in: told_horizon says up to where everything
 * may be taken to be there. */
#ifndef EBB_NOTIFY_TOLD_H
#define EBB_NOTIFY_TOLD_H

#include "base/out.h"
#include "store/store.h"

struct told {
    struct row row;
    int64_t id;
    int64_t account;
    char ref[REF_BYTES]; /* of the account */
    char type[49];
    int64_t object;
    const char *data; /* JSON, thin */
    struct instant at;
};
extern const struct table told_table;

/* Between drawing an id and its commit, at the most that is waited for. */
#define TOLD_SETTLE_MS INT64_C(1000)

/* Up to `limit` events after the id `after`, of one account or (0) of all, oldest first. */
MUST_USE enum err told_page(struct store *store, int64_t account, int64_t after, int64_t limit, struct arena *arena,
                            struct rows *ret);
/* The newest event's id; 0 when there is none. */
MUST_USE enum err told_newest(struct store *store, int64_t *ret);
/* The greatest id that may be read as settled now. */
int64_t told_horizon(const struct store *store, struct instant now);
/* What is told of it in few words: id, type, account, object, withdrawal (or null), at. */
void told_write(struct out *out, const struct told *told);
/* Customers are not told of what staff must look into. */
bool told_is_internal(const struct told *told);

#endif
