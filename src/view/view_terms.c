/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

static const char *const review_names[] = {"never", "flagged", "always"};
static const char *const payee_names[] = {"any", "subject", "payer", "subject_or_documents"};
static const char *const unit_names[] = {NULL, "minutes", "days", "working_days"};

static void limit(struct out *out, const char *key, struct money amount)
{
    if (amount.minor > 0)
        out_money(out, key, amount);
    else
        out_null(out, key);
}

static void words(struct out *out, const char *key, const char *en, const char *zh)
{
    out_object(out, key);
    out_string(out, "en", en);
    out_string(out, "zh", zh);
    out_object_end(out);
}

static void name_if(struct out *out, bool wanted, const char *name)
{
    if (wanted)
        out_string(out, NULL, name);
}

static void destination(struct out *out, const struct route_terms *terms)
{
    if (!terms->destination) {
        out_null(out, "destination");
        return;
    }
    out_object(out, "destination");
    out_array(out, "kinds");
    name_if(out, terms->destination_bank, "bank");
    name_if(out, terms->destination_alipay, "alipay");
    out_array_end(out);
    out_array(out, "bank_needs");
    name_if(out, terms->needs_bank, "bank");
    name_if(out, terms->needs_branch, "branch");
    name_if(out, terms->needs_city, "province");
    name_if(out, terms->needs_city, "city");
    out_array_end(out);
    out_object_end(out);
}

static void reasons(struct out *out, const struct route_terms *terms)
{
    out_array(out, "reasons");
    for (size_t i = 0; i < terms->reasons_count; i++) {
        const struct payout_reason *reason = &terms->reasons[i];
        out_object(out, NULL);
        out_string(out, "code", reason->code);
        out_bool(out, "inside_window", reason->inside_window);
        words(out, "words", reason->en, reason->zh);
        out_object_end(out);
    }
    out_array_end(out);
}

static void route(struct out *out, enum route which, const struct route_terms *terms)
{
    const struct arrival *arrival = &terms->arrival[METHOD_NONE];

    out_object(out, NULL);
    out_string(out, "route", word_text(&route_words, (int)which));
    out_string(out, "review", review_names[terms->review]);
    out_string(out, "payee", payee_names[terms->payee[METHOD_NONE]]);
    out_int(out, "documents_min", terms->documents_min);
    destination(out, terms);
    reasons(out, terms);
    out_object(out, "arrival");
    out_string(out, "unit", unit_names[arrival->unit]);
    out_int(out, "least", arrival->least);
    out_int(out, "most", arrival->most);
    out_object_end(out);
    view_text(out, "rule", terms->rule);
    out_object_end(out);
}

void view_terms(struct out *out, const struct policy *policy)
{
    out_object(out, NULL);
    out_string(out, "policy", policy->name);
    out_int(out, "version", policy->version);
    words(out, "title", policy->title_en, policy->title_zh);
    out_string(out, "currency", policy->currency);
    out_money(out, "minimum", policy->minimum);
    out_money(out, "fee", policy->fee);
    limit(out, "per_withdrawal_max", policy->per_withdrawal_max);
    out_array(out, "routes");
    for (int which = ROUTE_NONE + 1; which < ROUTE__COUNT; which++)
        if (policy->routes[which].offered)
            route(out, (enum route)which, &policy->routes[which]);
    out_array_end(out);
    out_object_end(out);
}
