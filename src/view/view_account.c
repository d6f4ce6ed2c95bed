/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

#include "domain/quote.h"

static void view_subject(struct out *out, const struct account *account, const struct identity *identity)
{
    out_object(out, "subject");
    view_word(out, "kind", &subject_kind_words, (int)account->subject_kind);
    view_name(out, "name", identity == NULL ? NULL : identity->name);
    view_number(out, "id_number", identity == NULL ? NULL : identity->id_number);
    out_bool(out, "verified", account->verified);
    out_object_end(out);
}

static void view_partner(struct out *out, const struct account *account)
{
    if (account->partner[0] == '\0' && account->partner_payment == PARTNER_NONE) {
        out_null(out, "partner");
        return;
    }
    out_object(out, "partner");
    view_text(out, "ref", account->partner);
    view_word(out, "payment", &partner_payment_words, (int)account->partner_payment);
    out_object_end(out);
}

static void view_balance(struct out *out, const struct account *account)
{
    struct money other = money_add(account->other, money_add(account->transferred_in, account->allocated_in));

    out_object(out, "balance");
    out_money(out, "topup", account->topup);
    out_money(out, "transferred_in", account->transferred_in);
    out_money(out, "allocated_in", account->allocated_in);
    out_money(out, "other", account->other);
    out_money(out, "voucher", account->voucher);
    out_money(out, "held", money_add(account->topup_held, account->other_held));
    out_money(out, "cash", money_add(account->topup, other));
    out_object_end(out);
}

void view_account(struct out *out, const struct account *account, const struct identity *identity, struct instant at)
{
    out_object(out, NULL);
    out_string(out, "ref", account->ref);
    out_string(out, "policy", account->policy);
    out_string(out, "currency", account->currency);
    view_word(out, "state", &account_state_words, (int)account->state);
    out_bool(out, "verified", account->verified);
    view_subject(out, account, identity);
    view_number(out, "phone", identity == NULL ? NULL : identity->phone);
    view_text(out, "master", account->master);
    view_partner(out, account);
    view_balance(out, account);
    out_object(out, "claims");
    out_money(out, "owed_invoice", account->owed_invoice);
    out_money(out, "overdue", account->overdue);
    out_money(out, "unsettled", account->unsettled);
    out_object_end(out);
    out_object(out, "payg");
    out_int(out, "active", account->payg_active);
    out_money(out, "frozen", account->payg_frozen);
    out_instant(out, "last_released_at", account->payg_last_released_at);
    out_object_end(out);
    out_int(out, "withdrawals_this_month", account_withdrawals_month(account, at));
    out_int(out, "version", account->version);
    out_instant(out, "created_at", account->created_at);
    out_object_end(out);
}
