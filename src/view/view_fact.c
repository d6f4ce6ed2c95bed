/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

static void view_payer(struct out *out, const struct topup *topup)
{
    if (topup->payer_kind == PAYER_NONE && topup->payer_name == NULL) {
        out_null(out, "payer");
        return;
    }
    out_object(out, "payer");
    view_word(out, "kind", &payer_kind_words, (int)topup->payer_kind);
    view_name(out, "name", topup->payer_name);
    out_object_end(out);
}

void view_topup(struct out *out, const struct topup *topup, const struct account *account)
{
    out_object(out, NULL);
    out_string(out, "ref", topup->ref);
    out_id(out, "id", "tu", topup->id);
    out_string(out, "account", account->ref);
    out_money(out, "amount", topup->amount);
    out_money(out, "remaining", topup->remaining);
    out_money(out, "held", topup->held);
    out_money(out, "refunded", topup->refunded);
    out_string(out, "currency", account->currency);
    view_word(out, "method", &method_words, (int)topup->method);
    view_text(out, "bank", topup->bank);
    view_payer(out, topup);
    view_text(out, "channel", topup->channel);
    view_text(out, "channel_ref", topup->channel_ref);
    out_instant(out, "paid_at", topup->paid_at);
    out_bool(out, "bonus", topup->bonus);
    out_bool(out, "arbitrage", topup->arbitrage);
    out_object_end(out);
}

void view_fact(struct out *out, const struct fact *fact, const struct account *account)
{
    out_object(out, NULL);
    out_string(out, "ref", fact->ref);
    view_word(out, "kind", &fact_kind_words, (int)fact->kind);
    out_string(out, "account", account->ref);
    out_money(out, "amount", fact->amount);
    out_money(out, "unpaid", fact->unpaid);
    if (fact->kind == FACT_CREDIT)
        view_word(out, "fund", &fund_words, (int)fact->fund);
    out_string(out, "currency", account->currency);
    out_instant(out, "at", fact->at);
    out_instant(out, "reversed_at", fact->reversed_at);
    out_object_end(out);
}

void view_claim(struct out *out, const struct claim *claim, const struct account *account)
{
    out_object(out, NULL);
    out_string(out, "ref", claim->ref);
    view_word(out, "kind", &claim_kind_words, (int)claim->kind);
    out_string(out, "account", account->ref);
    out_money(out, "amount", claim->amount);
    out_string(out, "currency", account->currency);
    out_instant(out, "at", claim->at);
    out_object_end(out);
}

void view_resource(struct out *out, const struct resource *resource, const struct account *account)
{
    out_object(out, NULL);
    out_string(out, "ref", resource->ref);
    out_string(out, "account", account->ref);
    view_word(out, "state", &resource_state_words, (int)resource->state);
    out_money(out, "frozen", resource->frozen);
    out_string(out, "currency", account->currency);
    out_instant(out, "released_at", resource->released_at);
    out_object_end(out);
}

/* What the receiver has used, and what the giver may take back: allocated − used − invoiced, of what is still there. */
static void view_allocation_sums(struct out *out, const struct parcel *parcel)
{
    struct money used = money_sub(money_sub(parcel->amount, parcel->remaining), parcel->taken_back);
    struct money free =
        money_sub_floor(money_sub(money_sub(parcel->amount, used), parcel->taken_back), parcel->invoiced);

    out_money(out, "used", used);
    out_money(out, "invoiced", parcel->invoiced);
    out_money(out, "reclaimed", parcel->taken_back);
    out_money(out, "reclaimable", money_min(parcel->remaining, free));
}

void view_parcel(struct out *out, const struct parcel *parcel, const char *giver, const char *receiver,
                 const char *currency)
{
    bool allocation = parcel->kind == PARCEL_ALLOCATION;

    out_object(out, NULL);
    out_string(out, "ref", parcel->ref);
    out_string(out, allocation ? "master" : "from", giver);
    out_string(out, allocation ? "member" : "to", receiver);
    out_money(out, "amount", parcel->amount);
    out_money(out, "remaining", parcel->remaining);
    if (allocation)
        view_allocation_sums(out, parcel);
    else
        out_money(out, "recalled", parcel->taken_back);
    out_string(out, "currency", currency);
    out_instant(out, "at", parcel->at);
    out_object_end(out);
}
