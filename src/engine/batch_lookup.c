/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/batch_lookup.h"

struct batch_slot {
    struct batch_slot *next;
    struct batch_key key;
    void *value;
    bool wanted; /* asked for, not yet answered */
};

/* A look-up that was noted. */
struct batch_want {
    struct batch_want *next;
    struct fetch fetch;
    struct batch_slot *slot;
    bool list;
};

static size_t bucket_of(const struct batch_key *key)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)key->kind;

    hash = (hash ^ (uint64_t)key->number) * UINT64_C(1099511628211);
    for (size_t i = 0; i < key->text_bytes; i++)
        hash = (hash ^ (uint8_t)key->text[i]) * UINT64_C(1099511628211);
    return (size_t)((hash ^ (hash >> 32)) % BATCH_BUCKETS);
}

void batch_init(struct batch *batch, struct store *store, struct arena *arena, struct owners *owners)
{
    memset(batch, 0, sizeof *batch);
    batch->store = store;
    batch->arena = arena;
    batch->owners = owners;
    batch->shared = store_is_shared(store);
}

static struct batch_slot *slot_find(const struct batch *batch, struct batch_key key)
{
    for (struct batch_slot *slot = batch->buckets[bucket_of(&key)]; slot != NULL; slot = slot->next)
        if (slot->key.kind == key.kind && slot->key.number == key.number && slot->key.text_bytes == key.text_bytes &&
            memcmp(slot->key.text, key.text, key.text_bytes) == 0)
            return slot;
    return NULL;
}

void *batch_find(const struct batch *batch, struct batch_key key)
{
    struct batch_slot *slot = slot_find(batch, key);

    return slot != NULL ? slot->value : NULL;
}

static struct batch_slot *slot_new(struct batch *batch, struct batch_key key)
{
    struct batch_slot *slot = ARENA_NEW(batch->arena, struct batch_slot);
    size_t bucket = bucket_of(&key);
    char *text = arena_alloc(batch->arena, key.text_bytes + 1);

    if (slot == NULL || text == NULL)
        return NULL;
    key.text = memcpy(text, key.text, key.text_bytes);
    *slot = (struct batch_slot){batch->buckets[bucket], key, NULL, false};
    batch->buckets[bucket] = slot;
    return slot;
}

enum err batch_put(struct batch *batch, struct batch_key key, void *value)
{
    struct batch_slot *slot = slot_new(batch, key);

    if (slot == NULL)
        return ERR_RETRY;
    slot->value = value;
    return ERR_NONE;
}

enum err batch_both(enum err first, enum err second)
{
    return first == ERR_NONE || (first == ERR_RETRY && second != ERR_NONE) ? second : first;
}

/* ---- look-ups ---- */

static enum err value_keep(struct batch *batch, const struct value *value, struct value *ret)
{
    *ret = *value;
    if (value->kind == VALUE_TEXT)
        ret->text = arena_text(batch->arena, value->text);
    if (value->kind == VALUE_BYTES)
        ret->bytes.data = arena_copy(batch->arena, value->bytes.data, value->bytes.size);
    return (value->kind == VALUE_TEXT && ret->text == NULL) || (value->kind == VALUE_BYTES && ret->bytes.data == NULL)
               ? ERR_RETRY
               : ERR_NONE;
}

/* Notes the look-up unless it was noted already. Its slot comes last: one that nobody answers would say "absent". */
static enum err want(struct batch *batch, const struct lookup *lookup, struct batch_slot *slot, bool list)
{
    if (slot != NULL)
        return ERR_RETRY;
    struct batch_want *want = ARENA_NEW(batch->arena, struct batch_want);
    struct value *args = arena_alloc(batch->arena, (lookup->args_count + 1) * sizeof *args);
    if (want == NULL || args == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < lookup->args_count; i++)
        TRY(value_keep(batch, &lookup->args[i], &args[i]));
    slot = slot_new(batch, lookup->key);
    if (slot == NULL)
        return ERR_RETRY;
    slot->wanted = true;
    *want = (struct batch_want){
        .next = batch->wants,
        .fetch = {.query = lookup->query, .table = lookup->table, .args = args, .args_count = lookup->args_count},
        .slot = slot,
        .list = list};
    batch->wants = want;
    batch->wants_count++;
    return ERR_RETRY;
}

static enum err want_answer(struct batch *batch, struct batch_want *want)
{
    const struct rows *rows = &want->fetch.rows;
    void *value = rows->count > 0 ? rows->items[0] : NULL;

    if (want->list && (value = arena_copy(batch->arena, rows, sizeof *rows)) == NULL)
        return ERR_RETRY;
    want->slot->value = value;
    want->slot->wanted = false;
    return ERR_NONE;
}

enum err batch_fetch(struct batch *batch)
{
    struct fetch **fetches = arena_alloc(batch->arena, (batch->wants_count + 1) * sizeof *fetches);
    struct batch_want *wants = batch->wants;
    size_t count = 0;

    if (fetches == NULL)
        return ERR_RETRY;
    for (struct batch_want *want = wants; want != NULL; want = want->next)
        fetches[count++] = &want->fetch;
    batch->wants = NULL;
    batch->wants_count = 0;
    TRY(store_fetch(batch->store, fetches, count, batch->arena));
    for (struct batch_want *want = wants; want != NULL; want = want->next)
        TRY(want_answer(batch, want));
    return ERR_NONE;
}

static bool account_is_new(const struct batch *batch, int64_t account)
{
    const struct book *book = account == 0 ? NULL : batch_find(batch, key_of(BATCH_BOOK_ID, account, ""));

    return book != NULL && book->account->row.state == ROW_NEW;
}

static enum err rows_read(struct batch *batch, const struct lookup *lookup, struct rows *ret)
{
    return store_select(batch->store, lookup->query, lookup->args, lookup->args_count, lookup->table, batch->arena,
                        ret);
}

enum err batch_row(struct batch *batch, const struct lookup *lookup, void *ret)
{
    struct batch_slot *slot = slot_find(batch, lookup->key);
    struct rows rows = {0};
    void *row = NULL;

    if (slot != NULL && !slot->wanted) {
        row = slot->value;
    } else if (!account_is_new(batch, lookup->account)) {
        if (batch->gathering)
            return want(batch, lookup, slot, false);
        TRY(rows_read(batch, lookup, &rows));
        row = rows.count > 0 ? rows.items[0] : NULL;
        if (row != NULL && !lookup->passing)
            TRY(batch_put(batch, lookup->key, row));
    }
    memcpy(ret, &row, sizeof row);
    return ERR_NONE;
}

enum err batch_rows(struct batch *batch, enum query query, const struct table *table, const char *name, int64_t number,
                    struct rows *ret)
{
    const struct lookup lookup = {key_of(BATCH_LIST + (int)query, number, ""), query, table,
                                  ARGS(value_int(name, number)), .passing = true};
    struct batch_slot *slot = batch->shared ? slot_find(batch, lookup.key) : NULL;

    if (slot != NULL && !slot->wanted) {
        *ret = *(const struct rows *)slot->value;
        return ERR_NONE;
    }
    return batch->gathering ? want(batch, &lookup, slot, true) : rows_read(batch, &lookup, ret);
}
