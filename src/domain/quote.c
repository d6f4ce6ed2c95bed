/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/quote.h"

/* Sums of the pass over the top-ups. */
struct tally {
    struct money remaining, held;
    struct money eligible;           /* of top-ups that have a self-service route */
    struct money free[ROUTE__COUNT]; /* remaining − held by preferred route */
};

/* The order in which transferred-in money offsets what is owed, which is also the order in which the items stand. */
static const enum claim_kind owed_kinds[] = {CLAIM_OWED_INVOICE, CLAIM_OVERDUE, CLAIM_UNSETTLED};
static const enum item owed_items[] = {ITEM_OWED_INVOICE, ITEM_OVERDUE, ITEM_UNSETTLED};
#define OWED_COUNT 3

static struct money claim_of(const struct policy *policy, const struct account *account, enum claim_kind kind)
{
    if (!policy->subtract[kind])
        return MONEY_ZERO;
    switch (kind) {
    case CLAIM_OWED_INVOICE:
        return account->owed_invoice;
    case CLAIM_OVERDUE:
        return account->overdue;
    case CLAIM_UNSETTLED:
        return account->unsettled;
    case CLAIM_INVOICED:
    case CLAIM_NONE:
    case CLAIM__COUNT:
        break;
    }
    return MONEY_ZERO;
}

static const char *rule_or_null(const char *rule)
{
    return rule[0] != '\0' ? rule : NULL;
}

static int32_t later(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

int32_t account_month(const struct account *account, struct instant at)
{
    return later(account->month, instant_month_key(at));
}

int32_t account_day(const struct account *account, struct instant at)
{
    return later(account->day, instant_day_key(at));
}

int64_t account_withdrawals_month(const struct account *account, struct instant at)
{
    return account->withdrawals_month > 0 && account->month == account_month(account, at) ? account->withdrawals_month
                                                                                          : 0;
}

int64_t account_withdrawals_day(const struct account *account, struct instant at)
{
    return account->withdrawals_day > 0 && account->day == account_day(account, at) ? account->withdrawals_day : 0;
}

struct money account_withdrawn_day(const struct account *account, struct instant at)
{
    return money_is_positive(account->withdrawn_day) && account->day == account_day(account, at)
               ? account->withdrawn_day
               : MONEY_ZERO;
}

struct money reserve_of(const struct policy *policy, const struct account *account, struct instant at,
                        struct instant *ret_frees_at)
{
    *ret_frees_at = INSTANT_NONE;
    switch (policy->reserve) {
    case RESERVE_NONE:
        return MONEY_ZERO;
    case RESERVE_RESOURCES:
        return account->payg_frozen;
    case RESERVE_FIXED:
        break;
    }
    if (account->payg_active > 0)
        return policy->reserve_amount;
    if (!instant_is_set(account->payg_last_released_at))
        return MONEY_ZERO;
    struct instant frees_at = instant_add_ms(account->payg_last_released_at, policy->reserve_release_ms);

    if (!instant_before(at, frees_at)) /* at the very instant the money is free */
        return MONEY_ZERO;
    *ret_frees_at = frees_at;
    return policy->reserve_amount;
}

static void refuse(const struct policy *policy, enum refusal code, bool stands, struct quote *quote)
{
    if (!stands)
        return;
    INVARIANT(10, quote->refusals_count < QUOTE_REFUSALS_MAX);
    quote->refusals[quote->refusals_count].code = code;
    quote->refusals[quote->refusals_count].rule = rule_or_null(policy->rule_of_refusal[code]);
    quote->refusals_count++;
}

/* All that stand are listed, so that the customer does not meet them one by one. */
static void list_refusals(const struct quote_input *input, struct quote *quote)
{
    const struct policy *p = input->policy;
    const struct account *a = input->account;

    refuse(p, REFUSAL_ACCOUNT_FROZEN, a->state == ACCOUNT_FROZEN, quote);
    refuse(p, REFUSAL_ACCOUNT_CLOSED, a->state == ACCOUNT_CLOSED, quote);
    refuse(p, REFUSAL_PAYMENT_IN_SUSPENSE, money_is_positive(a->suspended), quote);
    refuse(p, REFUSAL_REAL_NAME_REQUIRED, !a->verified, quote);
    refuse(p, REFUSAL_PARTNER_ADVANCE, p->refuse_partner_advance && a->partner_payment == PARTNER_ADVANCE, quote);
    refuse(p, REFUSAL_IN_ARREARS, p->refuse_overdue && money_is_positive(a->overdue), quote);
    refuse(p, REFUSAL_MONTHLY_LIMIT,
           p->per_month_max > 0 && account_withdrawals_month(a, input->at) >= p->per_month_max, quote);
    refuse(p, REFUSAL_DAILY_LIMIT, p->per_day_max > 0 && account_withdrawals_day(a, input->at) >= p->per_day_max,
           quote);
}

static bool route_is_self_service(enum route route)
{
    return route == ROUTE_ORIGINAL || route == ROUTE_DESIGNATED;
}

static struct tally tally_topups(const struct quote_input *input, struct quote_topup *topups)
{
    struct tally tally = {0};

    for (size_t i = 0; i < input->topups_count; i++) {
        const struct topup *topup = input->topups[i];
        struct money available = money_sub(topup->remaining, topup->held);

        INVARIANT(11, !money_is_negative(topup->held) && !money_is_negative(available));
        route_of_topup(input->policy, topup, input->at, &topups[i]);
        tally.remaining = money_add(tally.remaining, topup->remaining);
        tally.held = money_add(tally.held, topup->held);
        tally.free[topups[i].route] = money_add(tally.free[topups[i].route], available);
        if (route_is_self_service(topups[i].route))
            tally.eligible = money_add(tally.eligible, available);
    }
    return tally;
}

static struct money owed_of(const struct policy *policy, const struct account *account)
{
    struct money owed = MONEY_ZERO;

    for (size_t i = 0; i < OWED_COUNT; i++)
        owed = money_add(owed, claim_of(policy, account, owed_kinds[i]));
    return owed;
}

/* AL-09: transferred-in money pays what is owed first and is itself never withdrawable, so the larger of the two goes.
 */
static struct money formula_of(const struct quote_input *input, struct money cash, struct money reserve)
{
    const struct account *a = input->account;
    struct money owed = owed_of(input->policy, a);
    struct money left = money_sub_floor(cash, money_add(a->topup_held, a->other_held));

    left = money_sub_floor(left, a->allocated_in);
    if (input->policy->transferred_in_offsets)
        left = money_sub_floor(left, money_max(a->transferred_in, owed));
    else
        left = money_sub_floor(left, money_add(a->transferred_in, owed));
    return money_sub_floor(left, reserve);
}

static struct money cap_of(const struct quote_input *input, struct money withdrawable)
{
    const struct policy *p = input->policy;
    const struct account *a = input->account;

    if (money_is_positive(p->per_day_amount_max))
        withdrawable =
            money_min(withdrawable, money_sub_floor(p->per_day_amount_max, account_withdrawn_day(a, input->at)));
    if (p->invoiced_cap)
        withdrawable = money_min(withdrawable, money_sub_floor(a->topped_up, a->invoiced));
    return withdrawable;
}

/* Takes at most what is still unexplained; a zero amount is no item. */
static void hold_back(const struct policy *policy, enum item code, struct money amount, struct instant frees_at,
                      struct money *left, struct quote *quote)
{
    amount = money_min(amount, *left);
    if (!money_is_positive(amount))
        return;
    quote->items[quote->items_count++] = (struct quote_item){
        .code = code, .amount = amount, .rule = rule_or_null(policy->rule_of_item[code]), .frees_at = frees_at};
    *left = money_sub(*left, amount);
}

static void explain(const struct quote_input *input, struct money reserve, struct instant frees_at, struct quote *quote)
{
    const struct policy *p = input->policy;
    const struct account *a = input->account;
    struct money left = money_sub(quote->cash, quote->withdrawable);
    struct money offset = p->transferred_in_offsets ? a->transferred_in : MONEY_ZERO;

    hold_back(p, ITEM_HOLD, money_add(a->topup_held, a->other_held), INSTANT_NONE, &left, quote);
    hold_back(p, ITEM_TRANSFERRED_IN, a->transferred_in, INSTANT_NONE, &left, quote);
    hold_back(p, ITEM_ALLOCATED_IN, a->allocated_in, INSTANT_NONE, &left, quote);
    for (size_t i = 0; i < OWED_COUNT; i++) {
        struct money claim = claim_of(p, a, owed_kinds[i]);

        hold_back(p, owed_items[i], money_sub_floor(claim, offset), INSTANT_NONE, &left, quote);
        offset = money_sub_floor(offset, claim);
    }
    hold_back(p, ITEM_RESERVE, reserve, frees_at, &left, quote);
    hold_back(p, ITEM_NOT_WITHDRAWABLE, left, INSTANT_NONE, &left, quote);
    INVARIANT(10, money_is_zero(left));
}

static void spread(const struct quote_input *input, const struct tally *tally, struct money other, struct quote *quote)
{
    for (size_t i = 0; i < input->topups_count; i++) {
        struct quote_topup *row = &quote->topups[i];

        if (route_is_self_service(row->route))
            row->withdrawable = money_min(money_sub(row->topup->remaining, row->topup->held), quote->withdrawable);
    }
    quote->by_route[ROUTE_ORIGINAL] = money_min(quote->withdrawable, tally->free[ROUTE_ORIGINAL]);
    quote->by_route[ROUTE_DESIGNATED] = money_min(quote->withdrawable, tally->free[ROUTE_DESIGNATED]);
    quote->by_route[ROUTE_APPLICATION] = money_min(quote->withdrawable, other);
}

void quote_make(const struct quote_input *input, struct quote_topup *topups, struct quote *ret)
{
    const struct account *a = input->account;
    struct quote quote = {.topups = topups, .topups_count = input->topups_count};
    struct tally tally = tally_topups(input, topups);
    struct money other = MONEY_ZERO;
    struct instant frees_at;
    struct money reserve = reserve_of(input->policy, a, input->at, &frees_at);

    INVARIANT(11, tally.remaining.minor == a->topup.minor && tally.held.minor == a->topup_held.minor);
    INVARIANT(11, money_compare(a->other_held, a->other) <= 0);
    quote.cash = money_add(money_add(a->topup, a->transferred_in), money_add(a->allocated_in, a->other));
    if (input->policy->routes[ROUTE_APPLICATION].offered)
        other = money_sub(a->other, a->other_held);
    list_refusals(input, &quote);
    if (quote.refusals_count == 0) {
        struct money formula = formula_of(input, quote.cash, reserve);

        quote.withdrawable = cap_of(input, money_min(formula, money_add(tally.eligible, other)));
    }
    explain(input, reserve, frees_at, &quote);
    spread(input, &tally, other, &quote);
    *ret = quote;
}
