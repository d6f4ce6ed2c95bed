/* SPDX-License-Identifier: Apache-2.0 */
/* Books and dossiers: accounts with what hangs on them, withdrawals with what hangs on them. */
#include "engine/batch_lookup.h"

/* ---- top-ups and parcels join a book ---- */

/* Nothing joins a book that only stands in for one. */
static bool stands_in(const struct batch *batch, const struct book *book)
{
    return batch->gathering && batch_find(batch, key_of(BATCH_BOOK_ID, book->account->id, "")) != book;
}

static enum err book_take(struct batch *batch, struct book *book, struct topup *topup)
{
    struct deciding adding = {.arena = batch->arena};

    if (!arena_reserve(batch->arena, (book->topups_count + 16) * 2 * sizeof(void *)))
        return ERR_RETRY;
    book_add_topup(&adding, book, topup);
    return ERR_NONE;
}

/* A top-up read by any query: the one that is known keeps its figures and learns its payer. */
static enum err topup_join(struct batch *batch, struct book *book, struct topup *row, struct topup **ret)
{
    struct topup *known = batch_find(batch, key_of(BATCH_TOPUP, row->id, ""));

    if (stands_in(batch, book))
        return ERR_RETRY;
    if (known == NULL) {
        TRY(batch_put(batch, key_of(BATCH_TOPUP, row->id, ""), row));
        known = row;
    } else if (row->payer_name != NULL || row->payer_account != NULL) {
        known->payer_name = row->payer_name;
        known->payer_account = row->payer_account;
    }
    if (ret != NULL)
        *ret = known;
    return book_take(batch, book, known);
}

static enum err topups_fill(struct batch *batch, struct book *book, bool payers)
{
    struct rows rows = {0};

    TRY(batch_rows(batch, payers ? QUERY_TOPUPS_LIVE_PAYERS : QUERY_TOPUPS_LIVE, &topup_table, "account",
                   book->account->id, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(topup_join(batch, book, rows.items[i], NULL));
    book->topups_loaded = true;
    book->payers_loaded |= payers;
    return ERR_NONE;
}

static enum err parcel_join(struct batch *batch, struct book *book, struct parcel *row, struct parcel **ret)
{
    struct parcel *known = batch_find(batch, key_of(BATCH_PARCEL_ID, row->id, ""));
    struct deciding adding = {.arena = batch->arena};

    if (book != NULL && stands_in(batch, book))
        return ERR_RETRY;
    if (known == NULL) {
        char text[REF_BYTES];

        memcpy(text, row->ref, sizeof text);
        TRY(batch_put(batch, key_of(BATCH_PARCEL_ID, row->id, ""), row));
        TRY(batch_put(batch, key_of(BATCH_PARCEL, (int64_t)row->kind, text), row));
        known = row;
    }
    if (!arena_reserve(batch->arena, (book != NULL ? book->parcels_count + 16 : 16) * 2 * sizeof(void *)))
        return ERR_RETRY;
    if (book != NULL) {
        INVARIANT(31, known->receiver == book->account->id);
        book_add_parcel(&adding, book, known);
    }
    *ret = known;
    return ERR_NONE;
}

static enum err parcels_fill(struct batch *batch, struct book *book)
{
    struct rows rows = {0};
    struct parcel *known;

    TRY(batch_rows(batch, QUERY_PARCELS_LIVE, &parcel_table, "receiver", book->account->id, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(parcel_join(batch, book, rows.items[i], &known));
    book->parcels_loaded = true;
    return ERR_NONE;
}

/* ---- books ---- */

enum err batch_put_book(struct batch *batch, struct book *book)
{
    TRY(batch_put(batch, key_of(BATCH_BOOK_ID, book->account->id, ""), book));
    return batch_put(batch, key_of(BATCH_BOOK_REF, 0, book->account->ref), book);
}

static enum err book_of(struct batch *batch, struct account *account, struct book **ret)
{
    struct book *book = ARENA_NEW(batch->arena, struct book);

    if (book == NULL)
        return ERR_RETRY;
    book->account = account;
    TRY(batch_put_book(batch, book));
    if (batch->shared)
        owners_keep_account(batch->owners, account);
    *ret = book;
    return ERR_NONE;
}

/* The account is asked for. What will hang on it is asked for in the same round, behind the lock, by a stand-in that
 * knows what the account was the last time. If it has become another one since, more is asked for in the next round. */
static enum err stand_in(struct batch *batch, const struct account *last, struct book **ret)
{
    struct book *book = ARENA_NEW(batch->arena, struct book);
    struct account *account = arena_copy(batch->arena, last, sizeof *last);

    if (book == NULL || account == NULL)
        return ERR_RETRY;
    book->account = account;
    batch->guessed = true;
    *ret = book;
    return ERR_NONE;
}

/* The book without what it may need; with the account's row locked where others may change it. */
static enum err book_by_id(struct batch *batch, int64_t id, struct book **ret)
{
    const struct lookup lookup = {key_of(BATCH_ACCOUNT, id, ""),
                                  batch->shared ? QUERY_ACCOUNT_LOCK : QUERY_ACCOUNT_BY_ID, &account_table,
                                  ARGS(value_int("id", id)), .passing = true};
    struct account *account;

    *ret = batch_find(batch, key_of(BATCH_BOOK_ID, id, ""));
    if (*ret != NULL)
        return ERR_NONE;
    enum err err = batch_row(batch, &lookup, &account);
    const struct account *last = batch->gathering ? owners_account(batch->owners, id) : NULL;
    if (err == ERR_RETRY && last != NULL)
        return stand_in(batch, last, ret);
    TRY(err);
    INVARIANT(31, account != NULL);
    return book_of(batch, account, ret);
}

static enum err book_by_ref(struct batch *batch, const char *ref, struct book **ret)
{
    const struct lookup lookup = {key_of(BATCH_ACCOUNT_OF_REF, 0, ref),
                                  batch->shared ? QUERY_ACCOUNT_OF_REF : QUERY_ACCOUNT_BY_REF, &account_table,
                                  ARGS(value_text("ref", ref)), .passing = true};
    struct account *account;

    *ret = batch_find(batch, key_of(BATCH_BOOK_REF, 0, ref));
    if (*ret != NULL)
        return ERR_NONE;
    if (owners_of_ref(batch->owners, ref) != 0)
        return book_by_id(batch, owners_of_ref(batch->owners, ref), ret);
    TRY(batch_row(batch, &lookup, &account));
    if (account == NULL)
        return ERR_NONE;
    owners_keep_ref(batch->owners, ref, account->id);
    if (batch->shared && owners_account(batch->owners, account->id) == NULL)
        owners_keep_account(batch->owners, account); /* not locked: a guess like any other */
    return batch->shared ? book_by_id(batch, account->id, ret) : book_of(batch, account, ret);
}

enum err batch_book(struct batch *batch, const char *ref, unsigned needs, struct book **ret)
{
    TRY(book_by_ref(batch, ref, ret));
    return *ret == NULL ? ERR_NONE : batch_book_fill(batch, *ret, needs);
}

enum err batch_book_by_id(struct batch *batch, int64_t id, unsigned needs, struct book **ret)
{
    TRY(book_by_id(batch, id, ret));
    return batch_book_fill(batch, *ret, needs);
}

static enum err identity_fill(struct batch *batch, struct book *book)
{
    int64_t id = book->account->id;
    const struct lookup lookup = {key_of(BATCH_IDENTITY, id, ""), QUERY_IDENTITY_BY_ACCOUNT, &identity_table,
                                  ARGS(value_int("account", id)), .passing = true};

    TRY(batch_row(batch, &lookup, &book->identity));
    INVARIANT(31, book->identity != NULL);
    return ERR_NONE;
}

enum err batch_book_fill(struct batch *batch, struct book *book, unsigned needs)
{
    static const uint8_t nobody[HASH_SHORT_BYTES];
    enum err err = ERR_NONE;

    if ((needs & BOOK_IDENTITY) != 0 && book->identity == NULL)
        err = batch_both(err, identity_fill(batch, book));
    if ((needs & BOOK_SUBJECT) != 0 && book->subject == NULL &&
        memcmp(book->account->subject, nobody, sizeof nobody) != 0)
        err = batch_both(err, batch_subject(batch, book->account->subject, &book->subject));
    if ((needs & BOOK_PAYERS) != 0 && !book->payers_loaded)
        err = batch_both(err, topups_fill(batch, book, true));
    else if ((needs & BOOK_TOPUPS) != 0 && !book->topups_loaded)
        err = batch_both(err, topups_fill(batch, book, false));
    if ((needs & BOOK_PARCELS) != 0 && !book->parcels_loaded)
        err = batch_both(err, parcels_fill(batch, book));
    return err;
}

/* ---- dossiers ---- */

/* Everything about one withdrawal hangs on its id alone. */
static enum err dossier_fill(struct batch *batch, int64_t id, struct dossier *dossier)
{
    struct rows legs = {0}, lots = {0}, attempts = {0}, reviews = {0};
    enum err err = batch_rows(batch, QUERY_LEGS_BY_WITHDRAWAL, &leg_table, "withdrawal", id, &legs);

    err = batch_both(err, batch_rows(batch, QUERY_LOTS_BY_WITHDRAWAL, &lot_table, "withdrawal", id, &lots));
    err = batch_both(err, batch_rows(batch, QUERY_ATTEMPTS_BY_WITHDRAWAL, &attempt_table, "withdrawal", id, &attempts));
    err = batch_both(err, batch_rows(batch, QUERY_REVIEWS_BY_WITHDRAWAL, &review_table, "withdrawal", id, &reviews));
    dossier->legs = (struct leg **)legs.items;
    dossier->legs_count = legs.count;
    dossier->lots = (struct lot **)lots.items;
    dossier->lots_count = lots.count;
    dossier->attempts = (struct attempt **)attempts.items;
    dossier->attempts_count = dossier->attempts_capacity = attempts.count;
    dossier->reviews = (struct review **)reviews.items;
    dossier->reviews_count = reviews.count;
    return err;
}

enum err batch_put_dossier(struct batch *batch, struct dossier *dossier)
{
    return batch_put(batch, key_of(BATCH_DOSSIER, dossier->withdrawal->id, ""), dossier);
}

/* A command since then may have used up a lot, and spent lots leave the book: the dossier's own come back to it. */
static enum err lots_rejoin(struct batch *batch, struct book *book, const struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->lots_count; i++) {
        struct topup *topup = batch_find(batch, key_of(BATCH_TOPUP, dossier->lots[i]->topup, ""));

        if (dossier->lots[i]->topup == 0)
            continue;
        INVARIANT(31, topup != NULL); /* it came with the dossier, or was there when the withdrawal was made */
        TRY(book_take(batch, book, topup));
    }
    return ERR_NONE;
}

/* The account of the withdrawal, locked. `*ret` is NULL when there is no such withdrawal. */
static enum err owner_lock(struct batch *batch, int64_t id, struct book **ret)
{
    const struct lookup lookup = {key_of(BATCH_ACCOUNT_OF_WITHDRAWAL, id, ""), QUERY_ACCOUNT_OF_WITHDRAWAL,
                                  &account_table, ARGS(value_int("id", id))};
    int64_t known = owners_of_withdrawal(batch->owners, id);
    struct account *account;

    if (known != 0)
        return book_by_id(batch, known, ret);
    TRY(batch_row(batch, &lookup, &account));
    *ret = NULL;
    if (account == NULL)
        return ERR_NONE;
    owners_keep_withdrawal(batch->owners, id, account->id);
    return book_by_id(batch, account->id, ret);
}

/* A withdrawal that no command of the batch has named yet. */
static enum err dossier_read(struct batch *batch, int64_t id, unsigned needs, struct dossier **ret,
                             struct book **ret_book)
{
    const struct lookup lookup = {key_of(BATCH_WITHDRAWAL, id, ""), QUERY_WITHDRAWAL_BY_ID, &withdrawal_table,
                                  ARGS(value_int("id", id)), .passing = true};
    struct dossier *dossier = ARENA_NEW(batch->arena, struct dossier);
    struct rows topups = {0};

    if (dossier == NULL)
        return ERR_RETRY;
    enum err err = batch_row(batch, &lookup, &dossier->withdrawal);
    if (err == ERR_NONE && dossier->withdrawal == NULL)
        return ERR_NONE;
    err = batch_both(err, dossier_fill(batch, id, dossier));
    err = batch_both(err, batch_rows(batch, QUERY_TOPUPS_BY_WITHDRAWAL, &topup_table, "withdrawal", id, &topups));
    if (batch->shared)
        err = batch_both(err, batch_book_fill(batch, *ret_book, needs));
    TRY(err);
    TRY(batch_book_by_id(batch, dossier->withdrawal->account, needs, ret_book));
    if (stands_in(batch, *ret_book))
        return ERR_RETRY;
    for (size_t i = 0; i < topups.count; i++)
        TRY(topup_join(batch, *ret_book, topups.items[i], NULL));
    TRY(batch_put_dossier(batch, dossier));
    *ret = dossier;
    return ERR_NONE;
}

enum err batch_dossier(struct batch *batch, int64_t id, unsigned needs, struct dossier **ret, struct book **ret_book)
{
    *ret = batch_find(batch, key_of(BATCH_DOSSIER, id, ""));
    if (*ret != NULL) {
        TRY(batch_book_by_id(batch, (*ret)->withdrawal->account, needs, ret_book));
        return lots_rejoin(batch, *ret_book, *ret);
    }
    if (batch->shared) {
        TRY(owner_lock(batch, id, ret_book));
        if (*ret_book == NULL)
            return ERR_NONE;
    }
    return dossier_read(batch, id, needs, ret, ret_book);
}

/* ---- one top-up, one parcel ---- */

enum err batch_topup(struct batch *batch, struct book *book, const char *ref, struct topup **ret)
{
    int64_t account = book->account->id;
    const struct lookup lookup = {key_of(BATCH_TOPUP_ROW_REF, account, ref),
                                  QUERY_TOPUP_FULL_BY_REF,
                                  &topup_table,
                                  ARGS(value_int("account", account), value_text("ref", ref)),
                                  .passing = true,
                                  .account = account};
    struct topup *row;

    *ret = batch_find(batch, key_of(BATCH_TOPUP_REF, account, ref));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(batch_row(batch, &lookup, &row));
    return row == NULL ? ERR_NONE : topup_join(batch, book, row, ret);
}

enum err batch_topup_by_id(struct batch *batch, struct book *book, int64_t id, struct topup **ret)
{
    const struct lookup lookup = {key_of(BATCH_TOPUP_ROW, id, ""), QUERY_TOPUP_BY_ID, &topup_table,
                                  ARGS(value_int("id", id)), .passing = true};
    struct topup *row;

    *ret = batch_find(batch, key_of(BATCH_TOPUP, id, ""));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(batch_row(batch, &lookup, &row));
    INVARIANT(31, row != NULL);
    return topup_join(batch, book, row, ret);
}

/* Both accounts of a parcel that is there, locked; NULL when there is none. */
static enum err parcel_lock(struct batch *batch, enum parcel_kind kind, const char *ref, struct parcel **ret)
{
    const struct lookup lookup = {
        key_of(BATCH_ACCOUNTS_OF_PARCEL, (int64_t)kind, ref), QUERY_ACCOUNTS_OF_PARCEL, &parcel_table,
        ARGS(value_text("kind", word_text(&parcel_kind_words, (int)kind)), value_text("ref", ref))};
    struct book *book;

    TRY(batch_row(batch, &lookup, ret));
    if (*ret == NULL)
        return ERR_NONE;
    return batch_both(book_by_id(batch, (*ret)->giver, &book), book_by_id(batch, (*ret)->receiver, &book));
}

/* The row itself: alone by its name, and where accounts are locked from where its receiver is. */
static enum err parcel_read(struct batch *batch, enum parcel_kind kind, const char *ref, struct parcel **ret)
{
    const struct value args[] = {value_text("kind", word_text(&parcel_kind_words, (int)kind)), value_text("ref", ref),
                                 value_int("receiver", *ret != NULL ? (*ret)->receiver : 0)};
    const struct lookup lookup = {key_of(BATCH_PARCEL_ROW_REF, (int64_t)kind, ref),
                                  batch->shared ? QUERY_PARCEL_OF_RECEIVER : QUERY_PARCEL_BY_REF,
                                  &parcel_table,
                                  args,
                                  batch->shared ? 3 : 2,
                                  .passing = true};

    return batch_row(batch, &lookup, ret);
}

enum err batch_parcel(struct batch *batch, enum parcel_kind kind, const char *ref, struct parcel **ret)
{
    struct parcel *row = NULL;

    *ret = batch_find(batch, key_of(BATCH_PARCEL, (int64_t)kind, ref));
    if (*ret != NULL)
        return ERR_NONE;
    if (batch->shared)
        TRY(parcel_lock(batch, kind, ref, &row));
    if (batch->shared && row == NULL)
        return ERR_NONE;
    TRY(parcel_read(batch, kind, ref, &row));
    return row == NULL ? ERR_NONE : parcel_join(batch, NULL, row, ret);
}

enum err batch_parcel_by_id(struct batch *batch, struct book *book, int64_t id, struct parcel **ret)
{
    const struct lookup lookup = {key_of(BATCH_PARCEL_ROW, id, ""), QUERY_PARCEL_BY_ID, &parcel_table,
                                  ARGS(value_int("id", id), value_int("receiver", book->account->id)), .passing = true};
    struct parcel *row;

    *ret = batch_find(batch, key_of(BATCH_PARCEL_ID, id, ""));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(batch_row(batch, &lookup, &row));
    INVARIANT(31, row != NULL);
    return parcel_join(batch, book, row, ret);
}
