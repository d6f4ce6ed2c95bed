/* SPDX-License-Identifier: Apache-2.0 */
/* What hangs on one account and is found by its own key; and how a batch's new rows become known. */
#include "engine/batch_lookup.h"

#include <stdio.h>

enum err batch_subject(struct batch *batch, const uint8_t id[HASH_SHORT_BYTES], struct subject **ret)
{
    const struct lookup lookup = {key_of_hash(BATCH_SUBJECT, id),
                                  batch->shared ? QUERY_SUBJECT_LOCK : QUERY_SUBJECT_BY_ID, &subject_table,
                                  ARGS(value_bytes("id", id, HASH_SHORT_BYTES))};

    return batch_row(batch, &lookup, ret);
}

const char *batch_fact_text(enum fact_kind kind, const char *ref, char text[REF_BYTES + 1])
{
    snprintf(text, REF_BYTES + 1, "%c%s", '0' + (int)kind, ref);
    return text;
}

enum err batch_fact(struct batch *batch, int64_t account, enum fact_kind kind, const char *ref, struct fact **ret)
{
    char text[REF_BYTES + 1];
    const struct lookup lookup = {
        key_of(BATCH_FACT, account, batch_fact_text(kind, ref, text)), QUERY_FACT_BY_REF, &fact_table,
        ARGS(value_int("account", account), value_text("kind", word_text(&fact_kind_words, (int)kind)),
             value_text("ref", ref)),
        .account = account};

    return batch_row(batch, &lookup, ret);
}

enum err batch_claim(struct batch *batch, int64_t account, const char *ref, struct claim **ret)
{
    const struct lookup lookup = {key_of(BATCH_CLAIM, account, ref), QUERY_CLAIM_BY_REF, &claim_table,
                                  ARGS(value_int("account", account), value_text("ref", ref)), .account = account};

    return batch_row(batch, &lookup, ret);
}

enum err batch_resource(struct batch *batch, int64_t account, const char *ref, struct resource **ret)
{
    const struct lookup lookup = {key_of(BATCH_RESOURCE, account, ref), QUERY_RESOURCE_BY_REF, &resource_table,
                                  ARGS(value_int("account", account), value_text("ref", ref)), .account = account};

    return batch_row(batch, &lookup, ret);
}

enum err batch_document(struct batch *batch, int64_t id, const struct document **ret)
{
    const struct lookup lookup = {key_of(BATCH_DOCUMENT, id, ""), QUERY_DOCUMENT_BY_ID, &document_table,
                                  ARGS(value_int("id", id))};

    return batch_row(batch, &lookup, ret);
}

enum err batch_stray(struct batch *batch, const char *channel, const char *key, struct stray **ret)
{
    char text[CHANNEL_NAME_BYTES + CHANNEL_KEY_BYTES];

    snprintf(text, sizeof text, "%s:%s", channel, key);
    const struct lookup lookup = {key_of(BATCH_STRAY, 0, text), batch->shared ? QUERY_STRAY_LOCK : QUERY_STRAY_BY_KEY,
                                  &stray_table, ARGS(value_text("channel", channel), value_text("key", key))};
    return batch_row(batch, &lookup, ret);
}

enum err batch_quarantine(struct batch *batch, struct quarantine **ret)
{
    const struct lookup lookup = {
        .key = key_of(BATCH_QUARANTINE, 0, ""), .query = QUERY_QUARANTINE_OPEN, .table = &quarantine_table};

    return batch_row(batch, &lookup, ret);
}

enum err batch_attempt_by_key(struct batch *batch, const char *key, const struct attempt **ret)
{
    const struct lookup lookup = {key_of(BATCH_ATTEMPT_KEY, 0, key), QUERY_ATTEMPT_BY_KEY, &attempt_table,
                                  ARGS(value_text("key", key)), .passing = true};

    return batch_row(batch, &lookup, ret);
}

enum err batch_evidence(struct batch *batch, int64_t withdrawal, struct rows *ret)
{
    return batch_rows(batch, QUERY_EVIDENCE_BY_WITHDRAWAL, &evidence_table, "withdrawal", withdrawal, ret);
}

enum err batch_idempotency(struct batch *batch, const uint8_t scope[HASH_SHORT_BYTES], struct idempotency **ret)
{
    const struct lookup lookup = {key_of_hash(BATCH_IDEMPOTENCY, scope), QUERY_IDEMPOTENCY_BY_SCOPE, &idempotency_table,
                                  ARGS(value_bytes("scope", scope, HASH_SHORT_BYTES))};

    return batch_row(batch, &lookup, ret);
}

enum err batch_draws(struct batch *batch, int64_t owner, struct draw_list **ret)
{
    struct draw_list *list = batch_find(batch, key_of(BATCH_DRAWS, owner, ""));
    struct rows rows = {0};

    *ret = list;
    if (list != NULL)
        return ERR_NONE;
    TRY(batch_rows(batch, QUERY_DRAWS_BY_OWNER, &draw_table, "owner", owner, &rows));
    list = ARENA_NEW(batch->arena, struct draw_list);
    if (list == NULL)
        return ERR_RETRY;
    list->items = (struct draw **)rows.items;
    list->count = rows.count;
    *ret = list;
    return batch_put(batch, key_of(BATCH_DRAWS, owner, ""), list);
}

/* Draws of one owner are made together; their list is known from the first one on. */
static enum err adopt_draw(struct batch *batch, struct draw *draw)
{
    struct draw_list *list = batch_find(batch, key_of(BATCH_DRAWS, draw->owner, ""));
    struct draw **grown;

    if (list == NULL) {
        list = ARENA_NEW(batch->arena, struct draw_list);
        if (list == NULL)
            return ERR_RETRY;
        TRY(batch_put(batch, key_of(BATCH_DRAWS, draw->owner, ""), list));
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

        TRY(batch_put(batch, key_of(BATCH_TOPUP, topup->id, ""), topup));
        return batch_put(batch, key_of(BATCH_TOPUP_REF, topup->account, topup->ref), topup);
    }
    if (row->table == &fact_table) {
        struct fact *fact = (struct fact *)row;
        char text[REF_BYTES + 1];

        return batch_put(batch, key_of(BATCH_FACT, fact->account, batch_fact_text(fact->kind, fact->ref, text)), fact);
    }
    if (row->table == &claim_table) {
        struct claim *claim = (struct claim *)row;

        return batch_put(batch, key_of(BATCH_CLAIM, claim->account, claim->ref), claim);
    }
    if (row->table == &resource_table) {
        struct resource *resource = (struct resource *)row;

        return batch_put(batch, key_of(BATCH_RESOURCE, resource->account, resource->ref), resource);
    }
    if (row->table == &withdrawal_table)
        owners_keep_withdrawal(batch->owners, ((struct withdrawal *)row)->id, ((struct withdrawal *)row)->account);
    if (row->table == &parcel_table) {
        struct parcel *parcel = (struct parcel *)row;

        TRY(batch_put(batch, key_of(BATCH_PARCEL_ID, parcel->id, ""), parcel));
        return batch_put(batch, key_of(BATCH_PARCEL, (int64_t)parcel->kind, parcel->ref), parcel);
    }
    if (row->table == &subject_table)
        return batch_put(batch, key_of_hash(BATCH_SUBJECT, ((struct subject *)row)->id), row);
    if (row->table == &idempotency_table)
        return batch_put(batch, key_of_hash(BATCH_IDEMPOTENCY, ((struct idempotency *)row)->scope), row);
    return row->table == &draw_table ? adopt_draw(batch, (struct draw *)row) : ERR_NONE;
}

enum err batch_adopt(struct batch *batch, struct row *first)
{
    for (struct row *row = first; row != NULL; row = row->next_changed)
        if (row->state == ROW_NEW)
            TRY(adopt(batch, row));
    return ERR_NONE;
}
