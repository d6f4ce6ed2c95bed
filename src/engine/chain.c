/* SPDX-License-Identifier: Apache-2.0 */
/* The audit chain: one row a command that changed something, each hash over the one before. */
#include "engine/chain.h"

#include "engine/step.h"

#include <string.h>

static void chain_of(const struct rows *rows, struct chain *ret)
{
    memset(ret, 0, sizeof *ret);
    if (rows->count > 0) {
        const struct audit_row *last = rows->items[0];

        ret->seq = last->seq;
        ret->at = last->at;
        memcpy(ret->hash, last->hash, sizeof ret->hash);
    }
}

enum err chain_load(struct store *store, struct arena *arena, struct chain *ret)
{
    struct rows rows = {0};

    TRY(store_select(store, QUERY_AUDIT_LAST, NULL, 0, &audit_table, arena, &rows));
    chain_of(&rows, ret);
    return ERR_NONE;
}

/* {"moves":[{"o","from","event","to"}…],"entries":[{"o","kind","amount"}…]} */
static const char *story(struct step *step)
{
    struct out out;

    out_init_in(&out, step->d.arena);
    out_object(&out, NULL);
    out_array(&out, "moves");
    for (const struct move *move = step->d.moves; move != NULL; move = move->next) {
        if (strcmp(move->prefix, "en") == 0)
            continue;
        out_object(&out, NULL);
        out_id(&out, "o", move->prefix, move->id);
        out_string(&out, "from", move->from);
        out_string(&out, "event", move->event);
        out_string(&out, "to", move->to);
        out_object_end(&out);
    }
    out_array_end(&out);
    out_array(&out, "entries");
    for (const struct move *move = step->d.moves; move != NULL; move = move->next) {
        if (strcmp(move->prefix, "en") != 0)
            continue;
        out_object(&out, NULL);
        out_id(&out, "o", move->prefix, move->id);
        out_string(&out, "kind", move->event);
        out_money(&out, "amount", move->amount);
        out_object_end(&out);
    }
    out_array_end(&out);
    out_object_end(&out);
    return deciding_written(&out);
}

static void hash_of(const struct audit_row *row, uint8_t ret[HASH_BYTES])
{
    char seq[DIGITS_BYTES], at[DIGITS_BYTES], account[DIGITS_BYTES], object[DIGITS_BYTES];
    struct bytes parts[] = {bytes_of(seq, digits_of(row->seq, seq)),
                            bytes_of(row->previous, sizeof row->previous),
                            bytes_of(at, digits_of(row->at.ms, at)),
                            bytes_of_text(row->principal),
                            bytes_of_text(row->command),
                            bytes_of(account, digits_of(row->account, account)),
                            bytes_of(object, digits_of(row->object, object)),
                            bytes_of_text(row->body)};

    hash_parts("audit", NULL, parts, ARRAY_COUNT(parts), ret, HASH_BYTES);
}

bool chain_holds(const struct audit_row *row, const struct audit_row *before)
{
    static const uint8_t nothing[HASH_BYTES];
    uint8_t hash[HASH_BYTES];

    hash_of(row, hash);
    return hash_equal(row->hash, hash, sizeof hash) &&
           hash_equal(row->previous, before != NULL ? before->hash : nothing, sizeof hash);
}

/* Behind the newest row. */
static void link_row(struct chain *chain, struct audit_row *row)
{
    row->seq = ++chain->seq;
    memcpy(row->previous, chain->hash, sizeof row->previous);
    hash_of(row, row->hash);
    memcpy(chain->hash, row->hash, sizeof chain->hash);
    chain->at = row->at;
}

void chain_append(struct chain *chain, struct step *step)
{
    struct audit_row *row = changes_new(step->d.changes, ARENA_MUST(step->d.arena, struct audit_row), &audit_table);
    const struct account *account = step_account(step);

    row->at = step->d.now;
    deciding_fill(row->principal, sizeof row->principal, step->command->principal);
    deciding_fill(row->command, sizeof row->command, word_text(&command_words, (int)step->command->kind));
    row->account = account != NULL ? account->id : 0;
    row->object = step->d.object;
    row->body = story(step);
    link_row(chain, row);
}

enum err chain_lock(struct batch *batch)
{
    struct fetch lock = {.query = QUERY_AUDIT_HEAD_LOCK, .table = &audit_table};

    return store_fetch(batch->store, (struct fetch *[]){&lock}, 1, batch->arena);
}

enum err chain_follow(struct batch *batch, const struct chain *began, struct chain *chain,
                      const struct quarantine **ret_last, bool *ret_same)
{
    struct fetch lock = {.query = QUERY_AUDIT_HEAD_LOCK, .table = &audit_table};
    struct fetch last = {.query = QUERY_AUDIT_LAST, .table = &audit_table};
    struct fetch quarantine = {.query = QUERY_QUARANTINE_LAST, .table = &quarantine_table};

    TRY(store_fetch(batch->store, (struct fetch *[]){&lock, &last, &quarantine}, 3, batch->arena));
    *ret_last = quarantine.rows.count > 0 ? quarantine.rows.items[0] : NULL;
    struct chain there;
    chain_of(&last.rows, &there);
    *ret_same = there.seq == began->seq;
    if (*ret_same)
        return ERR_NONE;
    for (struct row *row = batch->changes.first; row != NULL; row = row->next_changed)
        if (row->table == &audit_table)
            link_row(&there, (struct audit_row *)row);
    *chain = there;
    return ERR_NONE;
}
