/* SPDX-License-Identifier: Apache-2.0 */
/* Making a withdrawal: what is asked is checked against the quote, planned, and remembered. Nothing is held yet. */
#include "domain/challenge.h"
#include "domain/name.h"
#include "domain/withdrawal_plan.h"
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

static const char *refusal_rule(const struct policy *policy, enum refusal code)
{
    return policy->rule_of_refusal[code][0] != '\0' ? policy->rule_of_refusal[code] : NULL;
}

/* Rules that need no plan: the account's refusals, the limits of one withdrawal, and money that only staff can return.
 */
static struct decision check_amount(const struct policy *policy, const struct quote *quote, struct money amount)
{
    if (quote->refusals_count > 0) {
        struct decision no = decision_refused(quote->refusals[0].code, quote->refusals[0].rule, NULL,
                                              "The account cannot withdraw now.");
        no.quote = quote;
        return no;
    }
    if (money_compare(amount, policy->minimum) < 0)
        return decision_amount(REFUSAL_BELOW_MINIMUM, refusal_rule(policy, REFUSAL_BELOW_MINIMUM), "/amount", amount,
                               policy->minimum);
    if (money_is_positive(policy->per_withdrawal_max) && money_compare(amount, policy->per_withdrawal_max) > 0)
        return decision_amount(REFUSAL_ABOVE_MAXIMUM, refusal_rule(policy, REFUSAL_ABOVE_MAXIMUM), "/amount", amount,
                               policy->per_withdrawal_max);
    if (money_is_zero(quote->withdrawable))
        for (size_t i = 0; i < quote->topups_count; i++)
            if (quote->topups[i].route == ROUTE_CASE && !money_is_zero(quote->topups[i].topup->remaining))
                return decision_refused(REFUSAL_CASE_REQUIRED, quote->topups[i].rule, "/account",
                                        "This money is not returned by self-service; open a case (POST /v1/cases).");
    if (money_compare(amount, quote->withdrawable) > 0) {
        struct decision no = decision_amount(REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE,
                                             refusal_rule(policy, REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE), "/amount",
                                             amount, quote->withdrawable);
        no.quote = quote;
        return no;
    }
    return decision_ok();
}

static struct decision need(const char *pointer, const char *detail)
{
    return decision_refused(REFUSAL_INVALID_VALUE, NULL, pointer, detail);
}

static bool source_known(const struct topup *topup)
{
    return topup->method != METHOD_BANK_TRANSFER || (topup->bank[0] != '\0' && topup->payer_account != NULL);
}

/* Back to the source nothing is chosen; but what is not known of a source bank account the customer completes (HW-11).
 */
static struct decision check_source(const struct plan *plan, const struct destination_ask *to)
{
    if (!to->given)
        return decision_ok();
    for (size_t i = 0; i < plan->legs_count; i++)
        for (size_t j = 0; j < plan->legs[i].lots_count; j++)
            if (source_known(plan->legs[i].lots[j].topup))
                return need("/destination", "This route pays back to the source and takes no destination.");
    if (to->kind != DESTINATION_BANK)
        return need("/destination/kind", "The source is a bank account.");
    return to->bank != NULL ? decision_ok() : need("/destination/bank", "The bank is needed.");
}

static struct decision check_destination(const struct route_terms *terms, const struct destination_ask *to)
{
    if (!to->given)
        return need("/destination", "This route needs a destination.");
    if (to->kind == DESTINATION_ALIPAY)
        return terms->destination_alipay ? decision_ok()
                                         : need("/destination/kind", "This policy pays to bank accounts only.");
    if (!terms->destination_bank)
        return need("/destination/kind", "This policy does not pay to bank accounts.");
    if (terms->needs_bank && to->bank == NULL)
        return need("/destination/bank", "The bank is needed.");
    if (terms->needs_branch && to->branch == NULL)
        return need("/destination/branch", "The branch is needed.");
    if (terms->needs_city && (to->province == NULL || to->city == NULL))
        return need(to->province == NULL ? "/destination/province" : "/destination/city",
                    "Province and city of the bank are needed.");
    return decision_ok();
}

/* AL-04: documents first, then a reason that the policy knows and that fits the windows. */
static struct decision check_reason(struct deciding *d, const struct plan *plan, const struct withdraw_ask *ask,
                                    enum route route, const char **ret_reason)
{
    const struct route_terms *terms = &d->policy->routes[route];
    const struct payout_reason *reason;
    bool inside = plan_inside_window(d, plan);

    if ((int64_t)ask->documents.count < terms->documents_min)
        return decision_refused(REFUSAL_DOCUMENTS_REQUIRED, refusal_rule(d->policy, REFUSAL_DOCUMENTS_REQUIRED),
                                "/documents",
                                "This route needs documents: application form, licence or photo with ID.");
    *ret_reason = ask->reason;
    if (terms->reasons_count == 0)
        return decision_ok();
    if (ask->reason == NULL && !inside) {
        for (size_t i = 0; i < terms->reasons_count; i++)
            if (!terms->reasons[i].inside_window)
                *ret_reason = terms->reasons[i].code;
        if (*ret_reason != NULL)
            return decision_ok();
    }
    reason = *ret_reason != NULL ? policy_reason(d->policy, route, *ret_reason) : NULL;
    if (reason == NULL) {
        char *known = deciding_text(d, "One of the policy's reasons is needed:");

        for (size_t i = 0; i < terms->reasons_count; i++)
            known = deciding_text(d, "%s%s %s", known, i > 0 ? "," : "", terms->reasons[i].code);
        return need("/reason", known);
    }
    if (inside && !reason->inside_window)
        return decision_refused(REFUSAL_ROUTE_NOT_OPEN, refusal_rule(d->policy, REFUSAL_ROUTE_NOT_OPEN), "/reason",
                                "The way back to the source is still open, so this reason does not apply.");
    return decision_ok();
}

static bool route_asks_payers(const struct route_terms *terms, bool destination)
{
    if (terms->destination != destination)
        return destination; /* the source account completed; or refused for want of a destination */
    for (int method = METHOD_NONE; method < METHOD__COUNT; method++)
        if (terms->payee[method] == PAYEE_PAYER || (terms->payee[method] != PAYEE_ANY && !terms->destination))
            return true;
    return false;
}

bool withdrawal_asks_payers(const struct policy *policy, enum route route, bool destination)
{
    if (route == ROUTE_NONE && destination)
        route = plan_default_route(NULL, true);
    if (route != ROUTE_NONE)
        return route_asks_payers(&policy->routes[route], destination);
    for (route = ROUTE_ORIGINAL; route <= ROUTE_APPLICATION; route++)
        if (route_asks_payers(&policy->routes[route], destination))
            return true;
    return false;
}

static const char *payer_of(const struct book *book, const struct plan_lot *lot)
{
    INVARIANT(31, book->payers_loaded); /* a name that was not read would compare as the right one */
    return lot->topup != NULL ? lot->topup->payer_name : NULL;
}

/* The name that a destination (or, on the original route, the source) must bear for one lot. */
static enum name_match compare_lot(const struct deciding *d, const struct book *book, const struct plan_lot *lot,
                                   enum route route, const struct destination_ask *to, bool documents)
{
    const struct route_terms *terms = &d->policy->routes[route];
    bool completed = !terms->destination && to->given; /* HW-11: what is completed is still the payer's account */
    enum payee_rule payee =
        completed ? PAYEE_PAYER : terms->payee[lot->topup != NULL ? lot->topup->method : METHOD_NONE];
    const char *shown, *wanted;
    enum name_match match;

    if (payee == PAYEE_ANY)
        return NAME_SAME;
    shown = to->given ? to->name : payer_of(book, lot);
    wanted = payee == PAYEE_PAYER && payer_of(book, lot) != NULL ? payer_of(book, lot) : book->identity->name;
    if (shown == NULL)
        return NAME_SAME; /* the source account itself, of which no name is known */
    if (wanted == NULL)
        return NAME_NEAR; /* whose it must be was never told: a reviewer decides */
    match = name_compare(shown, wanted);
    if (match == NAME_DIFFERENT && payee == PAYEE_SUBJECT_OR_DOCUMENTS && documents)
        return NAME_NEAR; /* AL-04: another payee with documents, for the reviewer to see */
    return match;
}

static struct decision check_names(struct deciding *d, const struct book *book, const struct plan *plan,
                                   const struct destination_ask *to, bool documents, enum route route,
                                   struct withdrawal *w)
{
    for (size_t i = 0; i < plan->legs_count; i++)
        for (size_t j = 0; j < plan->legs[i].lots_count; j++) {
            enum name_match match = compare_lot(d, book, &plan->legs[i].lots[j], route, to, documents);

            if (match == NAME_DIFFERENT)
                return decision_refused(REFUSAL_PAYEE_NAME_MISMATCH,
                                        refusal_rule(d->policy, REFUSAL_PAYEE_NAME_MISMATCH), "/destination/name",
                                        "The account belongs to another name than the rule asks for.");
            if (match == NAME_NEAR)
                withdrawal_flag(d, w, "payee_name_differs");
        }
    return decision_ok();
}

bool plan_keeps_promises(struct deciding *d, const struct book *book, const struct plan *plan, struct withdrawal *w)
{
    const struct payout_reason *reason = policy_reason(d->policy, w->route, w->reason);
    bool documents = strcmp(w->documents, "[]") != 0;
    struct field_problems problems = {0};
    struct destination_ask to = {0};
    struct decision decision = decision_ok();
    enum err read = ERR_NONE;

    if (reason != NULL && !reason->inside_window && plan_inside_window(d, plan))
        return false;
    if (w->destination != NULL)
        read =
            field_read_json(w->destination, strlen(w->destination), &destination_ask_shape, d->arena, &to, &problems);
    if (NEVER(read != ERR_NONE)) /* it was written by destination_json, and the decision has its memory */
        return false;
    to.given = w->destination != NULL;
    if (!d->policy->routes[w->route].destination)
        decision = check_source(plan, &to);
    if (decision_accepts(&decision))
        decision = check_names(d, book, plan, &to, documents, w->route, w);
    return decision_accepts(&decision);
}

static struct decision make_plan(struct deciding *d, const struct book *book, const struct withdraw_ask *ask,
                                 const struct quote *quote, enum route route, struct plan *ret)
{
    struct plan_pick *picks = arena_must(d->arena, (ask->topups.count + 1) * sizeof *picks);
    struct plan_ask plan_ask = {ask->amount, (enum strategy)ask->strategy, route, picks, ask->topups.count, NULL};
    struct plan_refusal no;

    for (size_t i = 0; i < ask->topups.count; i++) {
        const struct pick_ask *pick = &((const struct pick_ask *)ask->topups.items)[i];
        picks[i] = (struct plan_pick){pick->ref, pick->amount};
    }
    if (ask->destination.given)
        plan_ask.channel = policy_channel(d->policy, route, (enum destination_kind)ask->destination.kind);
    if (plan_ask.strategy == STRATEGY_NONE)
        plan_ask.strategy = ask->topups_given ? STRATEGY_SELECTED : STRATEGY_LIFO;
    no = plan_make(d->policy, d->calendar, quote, book->account, &plan_ask, d->now, d->arena, ret);
    if (no.code == REFUSAL_NONE)
        return decision_ok();
    struct decision refused = decision_amount(no.code, no.rule, "/amount", ask->amount, no.available);

    refused.has_amounts = no.code == REFUSAL_AMOUNT_EXCEEDS_ROUTE || no.code == REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE;
    if (plan_ask.strategy == STRATEGY_SELECTED && plan_ask.picks_count > 0)
        refused.pointer = deciding_text(d, "/topups/%zu", no.pick);
    else if (no.code == REFUSAL_ROUTE_NOT_OPEN)
        refused.pointer = "/route";
    refused.detail = no.detail;
    if (no.code == REFUSAL_AMOUNT_EXCEEDS_ROUTE)
        refused.detail =
            deciding_text(d,
                          "The route \"%s\" holds less than the amount asked for; what it does not hold can "
                          "follow as another withdrawal by another route.",
                          word_text(&route_words, (int)route));
    return refused;
}

/* An enterprise's destination as JSON text: the members in a fixed order, so that the same destination is the same
 * text. */
static const char *destination_json(struct deciding *d, const struct destination_ask *to)
{
    struct out out;

    if (!to->given)
        return NULL;
    out_init_in(&out, d->arena);
    out_object(&out, NULL);
    out_string(&out, "kind", word_text(&destination_kind_words, to->kind));
    out_string(&out, "name", to->name);
    out_string(&out, "account", to->account);
    out_string(&out, "bank", to->bank);
    out_string(&out, "branch", to->branch);
    out_string(&out, "province", to->province);
    out_string(&out, "city", to->city);
    out_object_end(&out);
    return deciding_written(&out);
}

static const char *documents_json(struct deciding *d, const struct field_list *documents)
{
    struct out out;

    out_init_in(&out, d->arena);
    out_array(&out, NULL);
    for (size_t i = 0; i < documents->count; i++)
        out_string(&out, NULL, ((const char *const *)documents->items)[i]);
    out_array_end(&out);
    return deciding_written(&out);
}

static void withdrawal_fill(struct deciding *d, struct withdrawal *w, const struct account *account,
                            const struct withdraw_ask *ask, enum route route, const char *reason)
{
    w->account = account->id;
    w->amount = ask->amount;
    memcpy(w->currency, account->currency, sizeof w->currency);
    w->strategy = (enum strategy)ask->strategy;
    if (w->strategy == STRATEGY_NONE)
        w->strategy = ask->topups_given ? STRATEGY_SELECTED : STRATEGY_LIFO;
    w->route = route;
    snprintf(w->policy, sizeof w->policy, "%s", d->policy->name);
    w->policy_version = d->policy->version;
    snprintf(w->maker, sizeof w->maker, "%s", d->principal);
    snprintf(w->reason, sizeof w->reason, "%s", reason != NULL ? reason : "");
    w->destination = destination_json(d, &ask->destination);
    w->documents = documents_json(d, &ask->documents);
    w->created_at = d->now;
    w->code_tries_left = CODE_TRIES;
}

/* The last four characters: enough for the customer to see that the code is for her own account. */
static const char *payee_words(struct deciding *d, const struct withdraw_ask *ask)
{
    const char *account = ask->destination.account;
    size_t size = ask->destination.given ? strlen(account) : 0;

    if (!ask->destination.given)
        return "where it came from";
    return deciding_text(d, "the account ending in %s", size > 4 ? account + size - 4 : account);
}

struct decision withdrawal_make(struct deciding *d, struct book *book, const struct withdraw_ask *ask, bool dry_run,
                                struct dossier *ret, struct quote *ret_quote)
{
    struct quote_topup *rows = arena_must(d->arena, (book->topups_count + 1) * sizeof *rows);
    struct quote_input input = {d->policy, d->now, book->account, book->topups, book->topups_count};
    struct withdrawal *w = ARENA_MUST(d->arena, struct withdrawal);
    const char *reason = NULL;
    enum route route = (enum route)ask->route;
    struct plan plan = {0};
    struct decision decision;

    quote_make(&input, rows, ret_quote);
    decision = check_amount(d->policy, ret_quote, ask->amount);
    if (!decision_accepts(&decision))
        return decision;
    if (route == ROUTE_NONE)
        route = plan_default_route(ret_quote, ask->destination.given);
    decision = make_plan(d, book, ask, ret_quote, route, &plan);
    if (decision_accepts(&decision) && !plan_bears_fee(&plan, d->policy->fee))
        decision = decision_refused(REFUSAL_BELOW_MINIMUM, refusal_rule(d->policy, REFUSAL_BELOW_MINIMUM), "/amount",
                                    "No payment of this plan is larger than the fee.");
    if (decision_accepts(&decision))
        decision = check_reason(d, &plan, ask, route, &reason);
    if (decision_accepts(&decision))
        decision = d->policy->routes[route].destination
                       ? check_destination(&d->policy->routes[route], &ask->destination)
                       : check_source(&plan, &ask->destination);
    if (decision_accepts(&decision))
        decision = check_names(d, book, &plan, &ask->destination, ask->documents.count > 0, route, w);
    if (!decision_accepts(&decision))
        return decision;

    withdrawal_fill(d, w, book->account, ask, route, reason);
    if (dry_run) {
        w->row.table = &withdrawal_table;
        w->status = WITHDRAWAL_AWAITING_CODE;
        plan_register(d, &plan, w, NULL, ret);
        return decision_ok();
    }
    changes_new(d->changes, w, &withdrawal_table);
    w->id = deciding_id(d, book->account);
    withdrawal_move(d, w, WITHDRAWAL_MADE);
    plan_register(d, &plan, w, d->changes, ret);
    challenge_send(d, w, book->account, book->identity->phone, payee_words(d, ask));
    withdrawal_settle_row(d, ret);
    return decision_created();
}
