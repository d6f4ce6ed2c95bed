/* SPDX-License-Identifier: Apache-2.0 */
/* The audit chain: one row a command that changed something, each hash over the one before. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>

enum err chain_load(struct store *store, struct arena *arena, struct chain *ret)
{
    struct rows rows = {0};

    TRY(store_select(store, QUERY_AUDIT_LAST, NULL, 0, &audit_table, arena, &rows));
    memset(ret, 0, sizeof *ret);
    if (rows.count > 0) {
        const struct audit_row *last = rows.items[0];

        ret->seq = last->seq;
        memcpy(ret->hash, last->hash, sizeof ret->hash);
    }
    return ERR_NONE;
}

/* {"moves":[{"o","from","event","to"}…],"entries":[{"o","kind","amount"}…]} */
static const char *story(struct step *step)
{
    struct out out;
    const char *text;

    out_init(&out);
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
    INVARIANT(2, !out.failed);
    text = deciding_text(&step->d, "%s", out.data);
    out_fini(&out);
    return text;
}

static void hash_row(struct audit_row *row)
{
    char seq[24], at[24], account[24], object[24];

    snprintf(seq, sizeof seq, "%lld", (long long)row->seq);
    snprintf(at, sizeof at, "%lld", (long long)row->at.ms);
    snprintf(account, sizeof account, "%lld", (long long)row->account);
    snprintf(object, sizeof object, "%lld", (long long)row->object);
    struct bytes parts[] = {bytes_of_text(seq),          bytes_of(row->previous, sizeof row->previous),
                            bytes_of_text(at),           bytes_of_text(row->principal),
                            bytes_of_text(row->command), bytes_of_text(account),
                            bytes_of_text(object),       bytes_of_text(row->body)};

    hash_parts("audit", NULL, parts, ARRAY_COUNT(parts), row->hash, sizeof row->hash);
}

void chain_append(struct chain *chain, struct step *step)
{
    struct audit_row *row = changes_new(step->d.changes, ARENA_MUST(step->d.arena, struct audit_row), &audit_table);

    row->seq = ++chain->seq;
    row->at = step->d.now;
    snprintf(row->principal, sizeof row->principal, "%s", step->command->principal);
    snprintf(row->command, sizeof row->command, "%s", word_text(&command_words, (int)step->command->kind));
    row->account = step->book != NULL && step->book->account != NULL ? step->book->account->id : 0;
    row->object = step->d.object;
    row->body = story(step);
    memcpy(row->previous, chain->hash, sizeof row->previous);
    hash_row(row);
    memcpy(chain->hash, row->hash, sizeof chain->hash);
}
