/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

void view_recon_statement_members(struct out *out, const struct recon_statement *statement)
{
    char hash[HASH_BYTES * 2 + 1];

    hash_hex(statement->hash, HASH_BYTES, hash);
    out_id(out, "id", "sm", statement->id);
    out_string(out, "status", instant_is_set(statement->done_at) ? "taken" : "taking");
    out_string(out, "channel", statement->channel);
    out_string(out, "format", statement->format);
    out_string(out, "hash", hash);
    out_instant(out, "from", statement->covers_from);
    out_instant(out, "to", statement->covers_to);
    out_int(out, "total", statement->lines);
    out_int(out, "taken", statement->taken);
    out_int(out, "matched", statement->matched);
    out_int(out, "breaks", statement->breaks);
    out_instant(out, "at", statement->at);
    out_instant(out, "done_at", statement->done_at);
}

static void settlement_write(struct out *out, const struct recon_break *found)
{
    if (found->status != BREAK_SETTLED) {
        out_null(out, "settlement");
        return;
    }
    out_object(out, "settlement");
    out_string(out, "by", found->settler);
    out_string(out, "reason", found->reason);
    out_instant(out, "at", found->settled_at);
    out_object_end(out);
}

void view_break(struct out *out, const struct recon_break *found, struct instant now)
{
    struct instant end = found->status == BREAK_SETTLED ? found->settled_at : now;

    out_object(out, NULL);
    out_id(out, "id", "bk", found->id);
    out_string(out, "status", word_text(&break_status_words, (int)found->status));
    out_string(out, "kind", word_text(&break_kind_words, (int)found->kind));
    out_string(out, "owner", word_text(&break_owner_words, (int)found->owner));
    out_string(out, "detail", found->detail);
    out_string(out, "channel", found->channel);
    out_string(out, "key", found->key);
    out_id(out, "statement", "sm", found->statement);
    out_int(out, "line", found->line);
    out_id(out, "withdrawal", "wd", found->withdrawal);
    out_money(out, "ours", found->ours);
    out_money(out, "theirs", found->theirs);
    out_string(out, "currency", found->currency[0] != '\0' ? found->currency : NULL);
    out_instant(out, "at", found->at);
    out_int(out, "age_seconds", instant_before(end, found->at) ? 0 : (end.ms - found->at.ms) / MS_SECOND);
    settlement_write(out, found);
    out_object_end(out);
}
