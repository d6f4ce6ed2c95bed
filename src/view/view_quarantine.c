/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

static const char *status_of(const struct quarantine *q)
{
    if (instant_is_set(q->released_at))
        return "released";
    return q->proposer[0] != '\0' ? "proposed" : "quarantined";
}

static void proposal_write(struct out *out, const struct quarantine *q)
{
    if (q->proposer[0] == '\0') {
        out_null(out, "proposal");
        return;
    }
    out_object(out, "proposal");
    out_string(out, "by", q->proposer);
    out_instant(out, "at", q->proposed_at);
    out_bool(out, "override", q->overrides);
    out_string(out, "reason", q->proposal);
    out_object_end(out);
}

static void release_write(struct out *out, const struct quarantine *q)
{
    if (!instant_is_set(q->released_at)) {
        out_null(out, "release");
        return;
    }
    out_object(out, "release");
    out_string(out, "by", q->releaser);
    out_instant(out, "at", q->released_at);
    out_string(out, "reason", q->verdict);
    out_object_end(out);
}

void view_quarantine_members(struct out *out, const struct quarantine *q)
{
    out_id(out, "id", "qu", q->id);
    out_string(out, "status", status_of(q));
    out_string(out, "reason", word_text(&quarantine_reason_words, (int)q->reason));
    out_string(out, "detail", q->detail);
    out_instant(out, "since", q->began_at);
    out_object(out, "gap");
    out_instant(out, "from", q->gap_from);
    out_instant(out, "to", q->gap_to);
    out_object_end(out);
    out_int(out, "head_seq", q->head_seq);
    if (q->anchor_seq != 0)
        out_int(out, "anchor_seq", q->anchor_seq);
    else
        out_null(out, "anchor_seq");
    proposal_write(out, q);
    release_write(out, q);
}

void view_quarantine(struct out *out, const struct quarantine *q)
{
    out_object(out, NULL);
    view_quarantine_members(out, q);
    out_object_end(out);
}

static void settlement_write(struct out *out, const struct stray *stray)
{
    if (stray->proposer[0] == '\0') {
        out_null(out, "settlement");
        return;
    }
    out_object(out, "settlement");
    out_string(out, "decision", word_text(&stray_decision_words, (int)stray->decision));
    out_money(out, "amount", stray->taken);
    out_string(out, "reason", stray->reason);
    out_string(out, "by", stray->proposer);
    out_string(out, "confirmed_by", stray->settler[0] != '\0' ? stray->settler : NULL);
    out_instant(out, "at", stray->settled_at);
    out_object_end(out);
}

void view_stray(struct out *out, const struct stray *stray, const char *account_ref,
                const struct account *const *candidates, size_t candidates_count)
{
    out_object(out, NULL);
    out_id(out, "id", "st", stray->id);
    out_string(out, "status", word_text(&stray_status_words, (int)stray->status));
    out_string(out, "channel", stray->channel);
    out_string(out, "key", stray->key);
    out_string(out, "outcome", word_text(&evidence_kind_words, (int)stray->outcome));
    out_money(out, "amount", stray->amount);
    out_string(out, "currency", stray->currency[0] != '\0' ? stray->currency : NULL);
    out_string(out, "reference", stray->reference[0] != '\0' ? stray->reference : NULL);
    out_instant(out, "at", stray->paid_at);
    out_string(out, "account", account_ref);
    out_array(out, "candidates");
    for (size_t i = 0; i < candidates_count; i++)
        out_string(out, NULL, candidates[i]->ref);
    out_array_end(out);
    out_id(out, "withdrawal", "wd", stray->withdrawal);
    settlement_write(out, stray);
    out_object_end(out);
}
