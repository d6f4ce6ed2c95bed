/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#define TYPE_BYTES 80

/* One short title a code, the same every time it occurs (RFC 9457, 3.1.3). First the refusals, then what the door says.
 */
static const struct {
    const char *code, *title;
} titles[] = {
    {"account_frozen", "The account is frozen"},
    {"account_closed", "The account is closed"},
    {"real_name_required", "Real-name verification is not complete"},
    {"partner_advance_payment", "A partner pays in advance for this account"},
    {"in_arrears", "The account is in arrears"},
    {"monthly_limit", "The withdrawals of this month are used up"},
    {"daily_limit", "The withdrawals of today are used up"},
    {"payment_in_suspense", "A payment of this account is being settled"},
    {"amount_exceeds_withdrawable", "The amount is more than can be withdrawn"},
    {"amount_exceeds_route", "The amount is more than this route holds"},
    {"below_minimum", "The amount is below the minimum"},
    {"above_maximum", "The amount is above the maximum"},
    {"route_not_open", "This route is not open"},
    {"payee_name_mismatch", "The payee's name does not match"},
    {"documents_required", "Documents are required"},
    {"wrong_code", "The code is wrong"},
    {"code_expired", "The code has expired"},
    {"maker_is_checker", "Who made a withdrawal cannot approve it"},
    {"ref_reused", "The ref stands for something else"},
    {"case_required", "This needs a case for staff"},
    {"too_many_lots", "The amount is spread over too many top-ups"},
    {"insufficient_funds", "The funds do not suffice"},
    {"balance_limit", "The balance would pass its limit"},
    {"state_conflict", "The state does not allow this"},
    {"not_found", "Not found"},
    {"invalid_value", "A value is not valid"},
    {"resend_too_soon", "A code was sent a moment ago"},
    {"stale", "The object has changed since you read it"},
    {"idempotency_key_reused", "The idempotency key was used for another request"},
    {"not_reconciled", "What the channels did is not reconciled"},
    {"own_account", "Nobody manages itself"},
    {"last_administrator", "An administrator must be left"},
    {"bonus_topup", "The top-up earned a bonus"},
    {"arbitrage_topup", "The top-up belongs to a campaign"},
    {"cooling_off", "The top-up is too recent"},
    {"refunds_used_up", "The refunds of this top-up are used up"},
    {"no_route", "No route is open for this top-up"},
    {"malformed", "The request is malformed"},
    {"unauthorized", "A key is required"},
    {"forbidden", "This key may not do that"},
    {"method_not_allowed", "This method is not allowed here"},
    {"too_large", "The request is too large"},
    {"too_many_requests", "Too many requests"},
    {"in_flight", "The first request with this key is still running"},
    {"precondition_required", "If-Match is required"},
    {"idempotency_key_missing", "Idempotency-Key is required"},
    {"notification_refused", "The notification was not accepted"},
    {"unsupported_media_type", "This media type is not read here"},
    {"uri_too_long", "The address is too long"},
    {"busy", "Too much at once"},
    {"later", "Not available now"},
    {"out_of_memory", "Not available now"},
    {"quarantined", "The service is in quarantine"},
    {"unavailable", "Not available now"},
    {"unknown", "Whether it happened is not known yet"},
};

static const char *title_of(const struct problem *problem, const char *code)
{
    if (problem->title != NULL)
        return problem->title;
    for (size_t i = 0; i < ARRAY_COUNT(titles); i++) {
        if (strcmp(titles[i].code, code) == 0)
            return titles[i].title;
    }
    return "The request was not carried out";
}

static void view_error(struct out *out, const char *pointer, const char *code, const char *detail)
{
    out_object(out, NULL);
    out_string(out, "pointer", pointer);
    out_string(out, "code", code);
    out_string(out, "detail", detail);
    out_object_end(out);
}

static void view_errors(struct out *out, const struct problem *problem, const char *code, const char *detail)
{
    const struct field_problems *fields = problem->fields;
    const char *pointer = problem->pointer;

    if (pointer == NULL && problem->decision != NULL)
        pointer = problem->decision->pointer;
    if (pointer == NULL && (fields == NULL || fields->count == 0))
        return;
    out_array(out, "errors");
    if (pointer != NULL)
        view_error(out, pointer, code, detail);
    for (size_t i = 0; fields != NULL && i < fields->count; i++)
        view_error(out, fields->items[i].pointer, fields->items[i].code, fields->items[i].detail);
    out_array_end(out);
}

/* What the customer needs to see why, and to ask for the right amount next time. */
static void view_arithmetic(struct out *out, const struct decision *decision)
{
    if (decision->has_amounts) {
        out_money(out, "requested", decision->requested);
        out_money(out, "available", decision->available);
    }
    if (decision->quote != NULL)
        out_money(out, "withdrawable", decision->quote->withdrawable);
    else if (decision->has_amounts && decision->code == REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE)
        out_money(out, "withdrawable", decision->available);
    if (decision->tries_left >= 0)
        out_int(out, "tries_left", decision->tries_left);
    if (decision->quote != NULL)
        view_quote_reasons(out, decision->quote);
}

/* What the problem leaves open, its decision says. */
static const char *code_of(const struct problem *problem)
{
    const struct decision *decision = problem->decision;

    if (problem->code != NULL)
        return problem->code;
    return decision != NULL && decision->code != REFUSAL_NONE ? word_text(&refusal_words, (int)decision->code)
                                                              : "error";
}

void view_problem(struct out *out, const struct problem *problem)
{
    const struct decision *decision = problem->decision;
    const char *code = code_of(problem), *title = title_of(problem, code);
    const char *detail = problem->detail != NULL ? problem->detail : decision != NULL ? decision->detail : NULL;
    const char *rule = problem->rule != NULL ? problem->rule : decision != NULL ? decision->rule : NULL;
    int status = problem->status != 0 || decision == NULL ? problem->status : view_decision_status(decision);

    char type[TYPE_BYTES];

    detail = detail != NULL ? detail : title;
    snprintf(type, sizeof type, "/problems/%s", code);
    out_object(out, NULL);
    out_string(out, "type", type);
    out_string(out, "title", title);
    out_int(out, "status", status);
    out_string(out, "detail", detail);
    out_string(out, "code", code);
    if (rule != NULL && rule[0] != '\0')
        out_string(out, "rule", rule);
    out_string(out, "request_id", problem->request_id);
    view_errors(out, problem, code, detail);
    if (decision != NULL)
        view_arithmetic(out, decision);
    out_object_end(out);
}

int view_decision_status(const struct decision *decision)
{
    switch (decision->verdict) {
    case VERDICT_OK:
    case VERDICT_STORED:
        return 200;
    case VERDICT_CREATED:
        return 201;
    case VERDICT_REFUSED:
    case VERDICT_CONFLICT:
        break;
    case VERDICT_MISSING:
        return 404;
    case VERDICT_STALE:
        return 412;
    }
    if (decision->code == REFUSAL_RESEND_TOO_SOON)
        return 429;
    return decision->verdict == VERDICT_CONFLICT ? 409 : 422;
}
