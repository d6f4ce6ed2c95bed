/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

#include <string.h>

#define DESTINATION_ARENA_BYTES ((size_t)64 * 1024)

/* The sealed text of the row, as domain/withdrawal wrote it. */
struct destination {
    const char *kind, *name, *account, *bank, *branch, *province, *city;
};
#define DESTINATION_TEXT(member)                                                                                       \
    {                                                                                                                  \
        .name = #member, .kind = FIELD_TEXT, .flags = FIELD_NULLABLE, .offset = offsetof(struct destination, member)   \
    }
static const struct field destination_fields[] = {
    DESTINATION_TEXT(kind),   DESTINATION_TEXT(name),     DESTINATION_TEXT(account), DESTINATION_TEXT(bank),
    DESTINATION_TEXT(branch), DESTINATION_TEXT(province), DESTINATION_TEXT(city),
};
static const struct shape destination_shape = {"destination", sizeof(struct destination), destination_fields,
                                               ARRAY_COUNT(destination_fields)};

static void destination_members(struct out *out, const struct destination *to)
{
    out_object(out, "destination");
    out_string(out, "kind", to->kind);
    view_name(out, "name", to->name);
    view_number(out, "account", to->account);
    out_string(out, "bank", to->bank);
    out_string(out, "branch", to->branch);
    out_string(out, "province", to->province);
    out_string(out, "city", to->city);
    out_object_end(out);
}

void view_destination(struct out *out, const char *json)
{
    struct destination to = {0};
    struct field_problems problems = {0};
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, DESTINATION_ARENA_BYTES);
    if (json == NULL)
        out_null(out, "destination");
    else if (field_read_json(json, strlen(json), &destination_shape, &arena, &to, &problems) == ERR_NONE)
        destination_members(out, &to);
    else
        out->failed = true; /* half a destination is worse than no answer */
}

/* What the reviewer said that is missing; while it is. */
static void view_asked_for(struct out *out, const struct dossier *dossier)
{
    if (dossier->withdrawal->status == WITHDRAWAL_NEED_DOCUMENTS && dossier->reviews_count > 0)
        out_string(out, "asked_for", dossier->reviews[dossier->reviews_count - 1]->reason);
}

static void view_failure(struct out *out, const char *code, const char *detail)
{
    if (code[0] == '\0') {
        out_null(out, "failure");
        return;
    }
    out_object(out, "failure");
    out_string(out, "code", code);
    out_string(out, "detail", detail);
    out_object_end(out);
}

static void view_list(struct out *out, const char *key, const char *json)
{
    if (json == NULL || json[0] == '\0')
        out_raw(out, key, "[]", 2);
    else
        out_raw(out, key, json, strlen(json));
}

/* In a dry run legs have no id and lots name their leg by its number. */
static bool lot_belongs(const struct lot *lot, const struct leg *leg)
{
    return lot->leg == (leg->id != 0 ? leg->id : leg->number);
}

static void view_lots(struct out *out, const struct dossier *dossier, const struct leg *leg,
                      const char *const *topup_refs)
{
    out_array(out, "lots");
    for (size_t i = 0; i < dossier->lots_count; i++) {
        if (!lot_belongs(dossier->lots[i], leg))
            continue;
        out_object(out, NULL);
        out_string(out, "topup", topup_refs[i]);
        out_money(out, "amount", dossier->lots[i]->amount);
        out_object_end(out);
    }
    out_array_end(out);
}

static void view_leg(struct out *out, const struct dossier *dossier, const struct leg *leg,
                     const char *const *topup_refs)
{
    out_object(out, NULL);
    if (leg->id != 0)
        out_id(out, "id", "leg", leg->id);
    view_word(out, "route", &route_words, (int)leg->route);
    view_text(out, "channel", leg->channel);
    out_money(out, "amount", leg->amount);
    out_money(out, "fee", leg->fee);
    view_word(out, "status", &leg_status_words, (int)leg->status);
    view_lots(out, dossier, leg, topup_refs);
    out_instant(out, "arrives_by", leg->arrives_by);
    out_bool(out, "arrives_by_provisional", leg->arrives_by_provisional);
    view_failure(out, leg->failure_code, leg->failure_detail);
    view_text(out, "reference", leg->reference);
    out_instant(out, "paid_at", leg->paid_at);
    out_instant(out, "arrived_at", leg->arrived_at);
    out_instant(out, "returned_at", leg->returned_at);
    out_object_end(out);
}

static void view_withdrawal_head(struct out *out, const struct withdrawal *w, const struct policy *policy,
                                 const char *account_ref, bool chinese)
{
    if (w->id != 0)
        out_id(out, "id", "wd", w->id);
    out_string(out, "account", account_ref);
    out_money(out, "amount", w->amount);
    out_string(out, "currency", w->currency);
    view_word(out, "status", &withdrawal_status_words, (int)w->status);
    out_string(out, "label", policy_label(policy, w->status, chinese));
    view_word(out, "route", &route_words, (int)w->route);
    view_word(out, "strategy", &strategy_words, (int)w->strategy);
    view_text(out, "reason", w->reason);
    out_instant(out, "created_at", w->created_at);
    out_instant(out, "confirmed_at", w->confirmed_at);
    out_instant(out, "decided_at", w->decided_at);
    out_instant(out, "finished_at", w->finished_at);
    out_int(out, "approvals_needed", w->approvals_needed);
    out_int(out, "approvals", w->approvals);
    view_list(out, "flags", w->flags);
    view_list(out, "documents", w->documents);
    view_destination(out, w->destination);
    view_failure(out, w->failure_code, w->failure_detail);
    out_string(out, "policy", w->policy);
    out_int(out, "policy_version", w->policy_version);
}

void view_withdrawal(struct out *out, const struct dossier *dossier, const struct policy *policy,
                     const char *account_ref, const char *const *topup_refs, bool chinese)
{
    const struct withdrawal *w = dossier->withdrawal;

    out_object(out, NULL);
    view_withdrawal_head(out, w, policy, account_ref, chinese);
    view_asked_for(out, dossier);
    if (w->id != 0 && w->status == WITHDRAWAL_AWAITING_CODE) {
        out_int(out, "tries_left", w->code_tries_left);
        out_instant(out, "code_expires_at", w->code_expires_at);
    }
    out_array(out, "legs");
    for (size_t i = 0; i < dossier->legs_count; i++)
        view_leg(out, dossier, dossier->legs[i], topup_refs);
    out_array_end(out);
    out_object_end(out);
}

void view_attempt(struct out *out, const struct attempt *attempt)
{
    out_object(out, NULL);
    out_id(out, "id", "at", attempt->id);
    out_id(out, "leg", "leg", attempt->leg);
    out_int(out, "number", attempt->number);
    out_string(out, "key", attempt->key);
    out_string(out, "channel", attempt->channel);
    view_word(out, "status", &attempt_status_words, (int)attempt->status);
    out_money(out, "amount", attempt->amount);
    out_int(out, "sends", attempt->sends);
    out_int(out, "queries", attempt->queries);
    view_text(out, "code", attempt->code);
    out_instant(out, "began_at", attempt->began_at);
    out_instant(out, "last_sent_at", attempt->last_sent_at);
    out_object_end(out);
}
