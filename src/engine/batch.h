/* SPDX-License-Identifier: Apache-2.0 */
/* What one batch has loaded: every row once, so that all commands of the batch see each other's changes before they are
 * saved. Rows that a command made must be put here (batch_put_*), rows that it asks for come from here or from the
 * store. Private to engine/.
 *
 * Where asking the store costs a way over the network, the batch first *gathers*: a look-up that misses is noted and
 * ERR_RETRY returned; batch_fetch then asks for everything that was noted, in one round trip, and whoever missed
 * something looks again. So a batch costs as many round trips as its look-ups depend on each other,
 * whatever its size. What is absent is remembered as absent.
 *
 * Where several engines share the rows, the account is what serialises them: whatever hangs on one is read only after
 * its row was locked, and accounts are locked in the order of their ids, all of a round at once. Which account a ref or
 * a withdrawal is of never changes, so that is read before. Subjects are locked likewise. */
#ifndef EBB_ENGINE_BATCH_H
#define EBB_ENGINE_BATCH_H

#include "domain/decide.h"
#include "engine/owners.h"
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
    BATCH_IDENTITY,
    BATCH_ATTEMPT_KEY,
    BATCH_STRAY,
    BATCH_QUARANTINE,
    BATCH_ACCOUNT,
    BATCH_ACCOUNT_OF_REF,
    BATCH_ACCOUNT_OF_WITHDRAWAL,
    BATCH_ACCOUNTS_OF_PARCEL,
    BATCH_TOPUP_ROW, /* as it was read; the one that counts is BATCH_TOPUP */
    BATCH_TOPUP_ROW_REF,
    BATCH_PARCEL_ROW,
    BATCH_PARCEL_ROW_REF,
    BATCH_WITHDRAWAL,
    BATCH_LIST, /* and the query: the rows that it gave */
};

enum book_need { BOOK_IDENTITY = 1, BOOK_SUBJECT = 2, BOOK_TOPUPS = 4, BOOK_PAYERS = 8, BOOK_PARCELS = 16 };

#define BATCH_BUCKETS 4096
struct batch_slot;
struct batch_want;
struct batch {
    struct store *store;
    struct arena *arena;
    struct owners *owners; /* NULL: nobody else writes, and nothing is gained */
    struct changes changes;
    bool shared;    /* with other engines */
    bool gathering; /* look-ups that miss are only noted */
    bool guessed;   /* while gathering: a stand-in took the place of an account that is not loaded yet */
    struct batch_want *wants;
    size_t wants_count;
    struct batch_slot *buckets[BATCH_BUCKETS];
};

struct draw_list {
    struct draw **items;
    size_t count;
};

void batch_init(struct batch *batch, struct store *store, struct arena *arena, struct owners *owners);
/* Everything that was noted is asked for, and known from now on. */
MUST_USE enum err batch_fetch(struct batch *batch);
/* Of two look-ups that do not depend on each other: a fault before a miss, a miss before nothing. */
enum err batch_both(enum err first, enum err second);

/* `*ret` is NULL when there is no such thing. Ids come from rows: what they name is there (INVARIANT 31), except the
 * withdrawal's, which a caller names. */
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
/* Without its content. */
MUST_USE enum err batch_document(struct batch *batch, int64_t id, const struct document **ret);
/* A payment of a lost time by the key that its channel knows, with its row locked where others may change it. */
MUST_USE enum err batch_stray(struct batch *batch, const char *channel, const char *key, struct stray **ret);
/* The open one. */
MUST_USE enum err batch_quarantine(struct batch *batch, struct quarantine **ret);
/* Which withdrawal and channel a key was made for: what never changes of the attempt, nothing else may be used. */
MUST_USE enum err batch_attempt_by_key(struct batch *batch, const char *key, const struct attempt **ret);
MUST_USE enum err batch_evidence(struct batch *batch, int64_t withdrawal, struct rows *ret);
MUST_USE enum err batch_idempotency(struct batch *batch, const uint8_t scope[HASH_SHORT_BYTES],
                                    struct idempotency **ret);

/* Every new row of this batch from `first` on (NULL: nothing is new) becomes known to the commands after it. */
MUST_USE enum err batch_adopt(struct batch *batch, struct row *first);
MUST_USE enum err batch_put_book(struct batch *batch, struct book *book);
MUST_USE enum err batch_put_dossier(struct batch *batch, struct dossier *dossier);

#endif
