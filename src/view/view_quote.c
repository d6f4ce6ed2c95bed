/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

#include <stdio.h>

#define REMEDY_BYTES 48

void view_refusal(struct out *out, const char *key, enum refusal code, const char *rule)
{
    if (code == REFUSAL_NONE) {
        out_null(out, key);
        return;
    }
    out_object(out, key);
    out_string(out, "code", word_text(&refusal_words, (int)code));
    view_text(out, "rule", rule);
    out_object_end(out);
}

static void view_item(struct out *out, const struct quote_item *item)
{
    const char *code = word_text(&item_words, (int)item->code);
    char remedy[REMEDY_BYTES];

    snprintf(remedy, sizeof remedy, "remedy.%s", code);
    out_object(out, NULL);
    out_string(out, "code", code);
    out_money(out, "amount", item->amount);
    view_text(out, "rule", item->rule);
    out_string(out, "remedy", remedy);
    out_instant(out, "frees_at", item->frees_at);
    out_object_end(out);
}

void view_quote_reasons(struct out *out, const struct quote *quote)
{
    out_array(out, "refusals");
    for (size_t i = 0; i < quote->refusals_count; i++)
        view_refusal(out, NULL, quote->refusals[i].code, quote->refusals[i].rule);
    out_array_end(out);
    out_array(out, "held_back");
    for (size_t i = 0; i < quote->items_count; i++)
        view_item(out, &quote->items[i]);
    out_array_end(out);
}

static void view_quote_topup(struct out *out, const struct quote_topup *row)
{
    out_object(out, NULL);
    out_string(out, "ref", row->topup->ref);
    out_money(out, "remaining", row->topup->remaining);
    out_money(out, "withdrawable", row->withdrawable);
    out_string(out, "route", word_text(&route_words, (int)row->route));
    out_array(out, "routes_open");
    for (int route = ROUTE_NONE + 1; route < ROUTE__COUNT; route++) {
        if (row->open[route])
            out_string(out, NULL, word_text(&route_words, route));
    }
    out_array_end(out);
    out_instant(out, "original_until", row->original_until);
    view_refusal(out, "refusal", row->refusal, row->rule);
    out_object_end(out);
}

void view_quote(struct out *out, const struct policy *policy, const struct account *account, struct instant at,
                const struct quote *quote)
{
    out_object(out, NULL);
    out_string(out, "policy", policy->name);
    out_instant(out, "at", at);
    out_string(out, "currency", account->currency);
    out_money(out, "cash", quote->cash);
    out_money(out, "withdrawable", quote->withdrawable);
    view_quote_reasons(out, quote);
    out_object(out, "routes");
    out_money(out, "original", quote->by_route[ROUTE_ORIGINAL]);
    out_money(out, "designated", quote->by_route[ROUTE_DESIGNATED]);
    out_money(out, "application", quote->by_route[ROUTE_APPLICATION]);
    out_object_end(out);
    out_array(out, "topups");
    for (size_t i = 0; i < quote->topups_count; i++)
        view_quote_topup(out, &quote->topups[i]);
    out_array_end(out);
    out_object_end(out);
}
