/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batch.h"

#include <stdio.h>
#include <string.h>

struct batch_slot {
    struct batch_slot *next;
    enum batch_kind kind;
    int64_t number;
    const char *text; /* "" where the number says it all */
    size_t text_bytes;
    void *value;
};

struct batch_key {
    enum batch_kind kind;
    int64_t number;
    const char *text;
    size_t text_bytes;
};

static struct batch_key key_of(enum batch_kind kind, int64_t number, const char *text)
{
    return (struct batch_key){kind, number, text, strlen(text)};
}

static size_t bucket_of(const struct batch_key *key)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)key->kind;

    hash = (hash ^ (uint64_t)key->number) * UINT64_C(1099511628211);
    for (size_t i = 0; i < key->text_bytes; i++)
        hash = (hash ^ (uint8_t)key->text[i]) * UINT64_C(1099511628211);
    return (size_t)((hash ^ (hash >> 32)) % BATCH_BUCKETS);
}

void batch_init(struct batch *batch, struct store *store, struct arena *arena)
{
    memset(batch, 0, sizeof *batch);
    batch->store = store;
    batch->arena = arena;
}

static void *find(const struct batch *batch, struct batch_key key)
{
    for (struct batch_slot *slot = batch->buckets[bucket_of(&key)]; slot != NULL; slot = slot->next)
        if (slot->kind == key.kind && slot->number == key.number && slot->text_bytes == key.text_bytes &&
            memcmp(slot->text, key.text, key.text_bytes) == 0)
            return slot->value;
    return NULL;
}

static enum err put(struct batch *batch, struct batch_key key, void *value)
{
    struct batch_slot *slot = ARENA_NEW(batch->arena, struct batch_slot);
    size_t bucket = bucket_of(&key);
    char *text = arena_alloc(batch->arena, key.text_bytes + 1);

    if (slot == NULL || text == NULL)
        return ERR_RETRY;
    memcpy(text, key.text, key.text_bytes);
    *slot = (struct batch_slot){batch->buckets[bucket], key.kind, key.number, text, key.text_bytes, value};
    batch->buckets[bucket] = slot;
    return ERR_NONE;
}

/* The first row of a query, or NULL. */
static enum err select_one(struct batch *batch, enum query query, const struct value *args, size_t args_count,
                           const struct table *table, void **ret)
{
    struct rows rows = {0};

    TRY(store_select(batch->store, query, args, args_count, table, batch->arena, &rows));
    *ret = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

/* One row by key: known already, or loaded and known from now on. */
static enum err row_by(struct batch *batch, struct batch_key key, enum query query, const struct value *args,
                       size_t args_count, const struct table *table, void **ret)
{
    void *row = find(batch, key);

    if (row == NULL) {
        TRY(select_one(batch, query, args, args_count, table, &row));
        if (row != NULL)
            TRY(put(batch, key, row));
    }
    *ret = row;
    return ERR_NONE;
}

#define ARGS(...) ((struct value[]){__VA_ARGS__}), ARRAY_COUNT(((struct value[]){__VA_ARGS__}))

enum err batch_put_book(struct batch *batch, struct book *book)
{
    TRY(put(batch, key_of(BATCH_BOOK_ID, book->account->id, ""), book));
    return put(batch, key_of(BATCH_BOOK_REF, 0, book->account->ref), book);
}

static enum err book_of(struct batch *batch, struct account *account, unsigned needs, struct book **ret)
{
    struct book *book = ARENA_NEW(batch->arena, struct book);

    if (book == NULL)
        return ERR_RETRY;
    book->account = account;
    TRY(batch_put_book(batch, book));
    TRY(batch_book_fill(batch, book, needs));
    *ret = book;
    return ERR_NONE;
}

enum err batch_book(struct batch *batch, const char *ref, unsigned needs, struct book **ret)
{
    struct book *book = find(batch, key_of(BATCH_BOOK_REF, 0, ref));
    void *account;

    *ret = book;
    if (book != NULL)
        return batch_book_fill(batch, book, needs);
    TRY(select_one(batch, QUERY_ACCOUNT_BY_REF, ARGS(value_text("ref", ref)), &account_table, &account));
    return account == NULL ? ERR_NONE : book_of(batch, account, needs, ret);
}

enum err batch_book_by_id(struct batch *batch, int64_t id, unsigned needs, struct book **ret)
{
    struct book *book = find(batch, key_of(BATCH_BOOK_ID, id, ""));
    void *account;

    *ret = book;
    if (book != NULL)
        return batch_book_fill(batch, book, needs);
    TRY(select_one(batch, QUERY_ACCOUNT_BY_ID, ARGS(value_int("id", id)), &account_table, &account));
    return account == NULL ? ERR_NONE : book_of(batch, account, needs, ret);
}

/* A top-up read by any query: the one that is known keeps its figures and learns its payer. */
static enum err topup_join(struct batch *batch, struct book *book, struct topup *row, struct topup **ret)
{
    struct topup *known = find(batch, key_of(BATCH_TOPUP, row->id, ""));
    struct deciding adding = {.arena = batch->arena};

    if (known == NULL) {
        TRY(put(batch, key_of(BATCH_TOPUP, row->id, ""), row));
        known = row;
    } else if (row->payer_name != NULL || row->payer_account != NULL) {
        known->payer_name = row->payer_name;
        known->payer_account = row->payer_account;
    }
    if (!arena_reserve(batch->arena, (book->topups_count + 16) * 2 * sizeof(void *)))
        return ERR_RETRY;
    book_add_topup(&adding, book, known);
    if (ret != NULL)
        *ret = known;
    return ERR_NONE;
}

static enum err topups_join(struct batch *batch, struct book *book, enum query query, const char *name, int64_t number)
{
    struct rows rows = {0};

    TRY(store_select(batch->store, query, ARGS(value_int(name, number)), &topup_table, batch->arena, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(topup_join(batch, book, rows.items[i], NULL));
    return ERR_NONE;
}

static enum err parcel_join(struct batch *batch, struct book *book, struct parcel *row, struct parcel **ret)
{
    struct parcel *known = find(batch, key_of(BATCH_PARCEL_ID, row->id, ""));
    struct deciding adding = {.arena = batch->arena};

    if (known == NULL) {
        char text[REF_BYTES];

        memcpy(text, row->ref, sizeof text);
        TRY(put(batch, key_of(BATCH_PARCEL_ID, row->id, ""), row));
        TRY(put(batch, key_of(BATCH_PARCEL, (int64_t)row->kind, text), row));
        known = row;
    }
    if (!arena_reserve(batch->arena, (book != NULL ? book->parcels_count + 16 : 16) * 2 * sizeof(void *)))
        return ERR_RETRY;
    if (book != NULL && known->receiver == book->account->id)
        book_add_parcel(&adding, book, known);
    *ret = known;
    return ERR_NONE;
}

static enum err parcels_join(struct batch *batch, struct book *book)
{
    struct rows rows = {0};
    struct parcel *known;

    TRY(store_select(batch->store, QUERY_PARCELS_LIVE, ARGS(value_int("receiver", book->account->id)), &parcel_table,
                     batch->arena, &rows));
    for (size_t i = 0; i < rows.count; i++)
        TRY(parcel_join(batch, book, rows.items[i], &known));
    return ERR_NONE;
}

enum err batch_book_fill(struct batch *batch, struct book *book, unsigned needs)
{
    static const uint8_t nobody[HASH_SHORT_BYTES];
    int64_t id = book->account->id;
    void *row;

    if ((needs & BOOK_IDENTITY) != 0 && book->identity == NULL) {
        TRY(select_one(batch, QUERY_IDENTITY_BY_ACCOUNT, ARGS(value_int("account", id)), &identity_table, &row));
        book->identity = row;
    }
    if ((needs & BOOK_SUBJECT) != 0 && book->subject == NULL &&
        memcmp(book->account->subject, nobody, sizeof nobody) != 0)
        TRY(batch_subject(batch, book->account->subject, &book->subject));
    if ((needs & BOOK_PAYERS) != 0 && !book->payers_loaded) {
        TRY(topups_join(batch, book, QUERY_TOPUPS_LIVE_PAYERS, "account", id));
        book->payers_loaded = true;
        book->topups_loaded = true;
    }
    if ((needs & BOOK_TOPUPS) != 0 && !book->topups_loaded) {
        TRY(topups_join(batch, book, QUERY_TOPUPS_LIVE, "account", id));
        book->topups_loaded = true;
    }
    if ((needs & BOOK_PARCELS) != 0 && !book->parcels_loaded) {
        TRY(parcels_join(batch, book));
        book->parcels_loaded = true;
    }
    return ERR_NONE;
}

static enum err dossier_fill(struct batch *batch, struct dossier *dossier)
{
    struct value args[] = {value_int("withdrawal", dossier->withdrawal->id)};
    struct rows rows = {0};

    TRY(store_select(batch->store, QUERY_LEGS_BY_WITHDRAWAL, args, 1, &leg_table, batch->arena, &rows));
    dossier->legs = (struct leg **)rows.items;
    dossier->legs_count = rows.count;
    TRY(store_select(batch->store, QUERY_LOTS_BY_WITHDRAWAL, args, 1, &lot_table, batch->arena, &rows));
    dossier->lots = (struct lot **)rows.items;
    dossier->lots_count = rows.count;
    TRY(store_select(batch->store, QUERY_ATTEMPTS_BY_WITHDRAWAL, args, 1, &attempt_table, batch->arena, &rows));
    dossier->attempts = (struct attempt **)rows.items;
    dossier->attempts_count = rows.count;
    dossier->attempts_capacity = rows.count;
    TRY(store_select(batch->store, QUERY_REVIEWS_BY_WITHDRAWAL, args, 1, &review_table, batch->arena, &rows));
    dossier->reviews = (struct review **)rows.items;
    dossier->reviews_count = rows.count;
    return ERR_NONE;
}

enum err batch_put_dossier(struct batch *batch, struct dossier *dossier)
{
    return put(batch, key_of(BATCH_DOSSIER, dossier->withdrawal->id, ""), dossier);
}

/* A command since then may have used up a lot, and spent lots leave the book: the dossier's own come back to it. */
static enum err lots_rejoin(struct batch *batch, struct book *book, const struct dossier *dossier)
{
    struct deciding adding = {.arena = batch->arena};

    for (size_t i = 0; i < dossier->lots_count; i++) {
        struct topup *topup = NULL;

        if (dossier->lots[i]->topup == 0)
            continue;
        TRY(batch_topup_by_id(batch, book, dossier->lots[i]->topup, &topup));
        if (!arena_reserve(batch->arena, (book->topups_count + 16) * 2 * sizeof(void *)))
            return ERR_RETRY;
        if (topup != NULL)
            book_add_topup(&adding, book, topup);
    }
    return ERR_NONE;
}

enum err batch_dossier(struct batch *batch, int64_t id, unsigned needs, struct dossier **ret, struct book **ret_book)
{
    struct dossier *dossier = find(batch, key_of(BATCH_DOSSIER, id, ""));
    void *withdrawal;

    *ret = dossier;
    if (dossier == NULL) {
        TRY(select_one(batch, QUERY_WITHDRAWAL_BY_ID, ARGS(value_int("id", id)), &withdrawal_table, &withdrawal));
        if (withdrawal == NULL)
            return ERR_NONE;
        dossier = ARENA_NEW(batch->arena, struct dossier);
        if (dossier == NULL)
            return ERR_RETRY;
        dossier->withdrawal = withdrawal;
        TRY(dossier_fill(batch, dossier));
        TRY(batch_put_dossier(batch, dossier));
        *ret = dossier;
        TRY(batch_book_by_id(batch, dossier->withdrawal->account, needs, ret_book));
        return topups_join(batch, *ret_book, QUERY_TOPUPS_BY_WITHDRAWAL, "withdrawal", id);
    }
    TRY(batch_book_by_id(batch, dossier->withdrawal->account, needs, ret_book));
    return lots_rejoin(batch, *ret_book, dossier);
}

enum err batch_topup(struct batch *batch, struct book *book, const char *ref, struct topup **ret)
{
    void *row;

    *ret = find(batch, key_of(BATCH_TOPUP_REF, book->account->id, ref));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(select_one(batch, QUERY_TOPUP_FULL_BY_REF,
                   ARGS(value_int("account", book->account->id), value_text("ref", ref)), &topup_table, &row));
    return row == NULL ? ERR_NONE : topup_join(batch, book, row, ret);
}

enum err batch_topup_by_id(struct batch *batch, struct book *book, int64_t id, struct topup **ret)
{
    void *row;

    *ret = find(batch, key_of(BATCH_TOPUP, id, ""));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(select_one(batch, QUERY_TOPUP_BY_ID, ARGS(value_int("id", id)), &topup_table, &row));
    return row == NULL ? ERR_NONE : topup_join(batch, book, row, ret);
}

enum err batch_subject(struct batch *batch, const uint8_t id[HASH_SHORT_BYTES], struct subject **ret)
{
    struct batch_key key = {BATCH_SUBJECT, 0, (const char *)id, HASH_SHORT_BYTES};
    void *row;

    TRY(row_by(batch, key, QUERY_SUBJECT_BY_ID, ARGS(value_bytes("id", id, HASH_SHORT_BYTES)), &subject_table, &row));
    *ret = row;
    return ERR_NONE;
}

/* Facts of one account differ by kind and ref: the kind is the first character of the key's text. */
static const char *fact_text(enum fact_kind kind, const char *ref, char text[REF_BYTES + 1])
{
    snprintf(text, REF_BYTES + 1, "%c%s", '0' + (int)kind, ref);
    return text;
}

enum err batch_fact(struct batch *batch, int64_t account, enum fact_kind kind, const char *ref, struct fact **ret)
{
    char text[REF_BYTES + 1];
    void *row;

    TRY(row_by(batch, key_of(BATCH_FACT, account, fact_text(kind, ref, text)), QUERY_FACT_BY_REF,
               ARGS(value_int("account", account), value_text("kind", word_text(&fact_kind_words, (int)kind)),
                    value_text("ref", ref)),
               &fact_table, &row));
    *ret = row;
    return ERR_NONE;
}

enum err batch_claim(struct batch *batch, int64_t account, const char *ref, struct claim **ret)
{
    void *row;

    TRY(row_by(batch, key_of(BATCH_CLAIM, account, ref), QUERY_CLAIM_BY_REF,
               ARGS(value_int("account", account), value_text("ref", ref)), &claim_table, &row));
    *ret = row;
    return ERR_NONE;
}

enum err batch_resource(struct batch *batch, int64_t account, const char *ref, struct resource **ret)
{
    void *row;

    TRY(row_by(batch, key_of(BATCH_RESOURCE, account, ref), QUERY_RESOURCE_BY_REF,
               ARGS(value_int("account", account), value_text("ref", ref)), &resource_table, &row));
    *ret = row;
    return ERR_NONE;
}

enum err batch_parcel(struct batch *batch, enum parcel_kind kind, const char *ref, struct parcel **ret)
{
    void *row;

    *ret = find(batch, key_of(BATCH_PARCEL, (int64_t)kind, ref));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(select_one(batch, QUERY_PARCEL_BY_REF,
                   ARGS(value_text("kind", word_text(&parcel_kind_words, (int)kind)), value_text("ref", ref)),
                   &parcel_table, &row));
    return row == NULL ? ERR_NONE : parcel_join(batch, NULL, row, ret);
}

enum err batch_parcel_by_id(struct batch *batch, struct book *book, int64_t id, struct parcel **ret)
{
    void *row;

    *ret = find(batch, key_of(BATCH_PARCEL_ID, id, ""));
    if (*ret != NULL)
        return ERR_NONE;
    TRY(select_one(batch, QUERY_PARCEL_BY_ID, ARGS(value_int("id", id)), &parcel_table, &row));
    return row == NULL ? ERR_NONE : parcel_join(batch, book, row, ret);
}

enum err batch_draws(struct batch *batch, int64_t owner, struct draw_list **ret)
{
    struct draw_list *list = find(batch, key_of(BATCH_DRAWS, owner, ""));
    struct rows rows = {0};

    *ret = list;
    if (list != NULL)
        return ERR_NONE;
    list = ARENA_NEW(batch->arena, struct draw_list);
    if (list == NULL)
        return ERR_RETRY;
    TRY(store_select(batch->store, QUERY_DRAWS_BY_OWNER, ARGS(value_int("owner", owner)), &draw_table, batch->arena,
                     &rows));
    list->items = (struct draw **)rows.items;
    list->count = rows.count;
    *ret = list;
    return put(batch, key_of(BATCH_DRAWS, owner, ""), list);
}

enum err batch_idempotency(struct batch *batch, const uint8_t scope[HASH_SHORT_BYTES], struct idempotency **ret)
{
    struct batch_key key = {BATCH_IDEMPOTENCY, 0, (const char *)scope, HASH_SHORT_BYTES};
    void *row;

    TRY(row_by(batch, key, QUERY_IDEMPOTENCY_BY_SCOPE, ARGS(value_bytes("scope", scope, HASH_SHORT_BYTES)),
               &idempotency_table, &row));
    *ret = row;
    return ERR_NONE;
}

/* Draws of one owner are made together; their list is known from the first one on. */
static enum err adopt_draw(struct batch *batch, struct draw *draw)
{
    struct draw_list *list = find(batch, key_of(BATCH_DRAWS, draw->owner, ""));
    struct draw **grown;

    if (list == NULL) {
        list = ARENA_NEW(batch->arena, struct draw_list);
        if (list == NULL)
            return ERR_RETRY;
        TRY(put(batch, key_of(BATCH_DRAWS, draw->owner, ""), list));
    }
    grown = arena_alloc(batch->arena, (list->count + 1) * sizeof *grown);
    if (grown == NULL)
        return ERR_RETRY;
    if (list->count > 0)
        memcpy(grown, list->items, list->count * sizeof *grown);
    grown[list->count++] = draw;
    list->items = grown;
    return ERR_NONE;
}

static enum err adopt(struct batch *batch, struct row *row)
{
    if (row->table == &topup_table) {
        struct topup *topup = (struct topup *)row;

        TRY(put(batch, key_of(BATCH_TOPUP, topup->id, ""), topup));
        return put(batch, key_of(BATCH_TOPUP_REF, topup->account, topup->ref), topup);
    }
    if (row->table == &fact_table) {
        struct fact *fact = (struct fact *)row;
        char text[REF_BYTES + 1];

        return put(batch, key_of(BATCH_FACT, fact->account, fact_text(fact->kind, fact->ref, text)), fact);
    }
    if (row->table == &claim_table) {
        struct claim *claim = (struct claim *)row;

        return put(batch, key_of(BATCH_CLAIM, claim->account, claim->ref), claim);
    }
    if (row->table == &resource_table) {
        struct resource *resource = (struct resource *)row;

        return put(batch, key_of(BATCH_RESOURCE, resource->account, resource->ref), resource);
    }
    if (row->table == &parcel_table) {
        struct parcel *parcel = (struct parcel *)row;

        TRY(put(batch, key_of(BATCH_PARCEL_ID, parcel->id, ""), parcel));
        return put(batch, key_of(BATCH_PARCEL, (int64_t)parcel->kind, parcel->ref), parcel);
    }
    if (row->table == &subject_table) {
        struct subject *subject = (struct subject *)row;

        return put(batch, (struct batch_key){BATCH_SUBJECT, 0, (const char *)subject->id, sizeof subject->id}, subject);
    }
    if (row->table == &idempotency_table) {
        struct idempotency *known = (struct idempotency *)row;

        return put(batch, (struct batch_key){BATCH_IDEMPOTENCY, 0, (const char *)known->scope, sizeof known->scope},
                   known);
    }
    return row->table == &draw_table ? adopt_draw(batch, (struct draw *)row) : ERR_NONE;
}

enum err batch_adopt(struct batch *batch, struct row *first)
{
    for (struct row *row = first; row != NULL; row = row->next_changed)
        if (row->state == ROW_NEW)
            TRY(adopt(batch, row));
    return ERR_NONE;
}
