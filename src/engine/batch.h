/* SPDX-License-Identifier: Apache-2.0 */
/* What one batch has loaded: every row once, so that all commands of the batch see each other's changes before they are
 * saved. Rows that a command made must be put here (batch_put_*), rows that it asks for come from here or from the
 * store. Private to engine/. */
#ifndef EBB_ENGINE_BATCH_H
#define EBB_ENGINE_BATCH_H

#include "domain/decide.h"
#include "store/store.h"

enum batch_kind {
    BATCH_BOOK_REF,
    BATCH_BOOK_ID,
    BATCH_DOSSIER,
    BATCH_TOPUP,
    BATCH_TOPUP_REF,
    BATCH_SUBJECT,
    BATCH_FACT,
    BATCH_CLAIM,
    BATCH_RESOURCE,
    BATCH_PARCEL,
    BATCH_PARCEL_ID,
    BATCH_DRAWS,
    BATCH_IDEMPOTENCY,
    BATCH_DOCUMENT,
    BATCH__COUNT
};

enum book_need { BOOK_IDENTITY = 1, BOOK_SUBJECT = 2, BOOK_TOPUPS = 4, BOOK_PAYERS = 8, BOOK_PARCELS = 16 };

#define BATCH_BUCKETS 1024
struct batch_slot;
struct batch {
    struct store *store;
    struct arena *arena;
    struct changes changes;
    struct batch_slot *buckets[BATCH_BUCKETS];
};

struct draw_list {
    struct draw **items;
    size_t count;
};

void batch_init(struct batch *batch, struct store *store, struct arena *arena);

/* `*ret` is NULL when there is no such thing. */
MUST_USE enum err batch_book(struct batch *batch, const char *ref, unsigned needs, struct book **ret);
MUST_USE enum err batch_book_by_id(struct batch *batch, int64_t id, unsigned needs, struct book **ret);
/* Loads more of a book that is there. */
MUST_USE enum err batch_book_fill(struct batch *batch, struct book *book, unsigned needs);
/* The withdrawal with legs, lots, attempts and reviews; its top-ups join the book of its account. */
MUST_USE enum err batch_dossier(struct batch *batch, int64_t id, unsigned needs, struct dossier **ret,
                                struct book **ret_book);
MUST_USE enum err batch_topup(struct batch *batch, struct book *book, const char *ref, struct topup **ret);
MUST_USE enum err batch_topup_by_id(struct batch *batch, struct book *book, int64_t id, struct topup **ret);
MUST_USE enum err batch_subject(struct batch *batch, const uint8_t id[HASH_SHORT_BYTES], struct subject **ret);
MUST_USE enum err batch_fact(struct batch *batch, int64_t account, enum fact_kind kind, const char *ref,
                             struct fact **ret);
MUST_USE enum err batch_claim(struct batch *batch, int64_t account, const char *ref, struct claim **ret);
MUST_USE enum err batch_resource(struct batch *batch, int64_t account, const char *ref, struct resource **ret);
MUST_USE enum err batch_parcel(struct batch *batch, enum parcel_kind kind, const char *ref, struct parcel **ret);
MUST_USE enum err batch_parcel_by_id(struct batch *batch, struct book *book, int64_t id, struct parcel **ret);
MUST_USE enum err batch_draws(struct batch *batch, int64_t owner, struct draw_list **ret);
MUST_USE enum err batch_idempotency(struct batch *batch, const uint8_t scope[HASH_SHORT_BYTES],
                                    struct idempotency **ret);

/* Every new row of this batch from `first` on (NULL: nothing is new) becomes known to the commands after it. */
MUST_USE enum err batch_adopt(struct batch *batch, struct row *first);
MUST_USE enum err batch_put_book(struct batch *batch, struct book *book);
MUST_USE enum err batch_put_dossier(struct batch *batch, struct dossier *dossier);

#endif
