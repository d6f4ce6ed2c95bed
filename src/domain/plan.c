/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/plan.h"

#include <string.h>

/* A top-up that the route accepts and that has money free. */
struct candidate {
    const struct quote_topup *row;
    struct money available;
};

struct planning {
    const struct policy *policy;
    const struct calendar *calendar;
    const struct quote *quote;
    const struct plan_ask *ask;
    struct instant at;
    struct arena *arena;
    struct candidate *candidates, *scratch;
    size_t candidates_count;
    struct money available; /* Σ of the candidates */
    struct arrived {
        bool known, provisional;
        struct instant by;
    } arrivals[METHOD__COUNT]; /* METHOD_NONE: of all whose date is the route's. Twenty legs ask the calendar once */
};

static struct plan_refusal refuse(const struct planning *p, enum refusal code, struct money available,
                                  const char *detail)
{
    const char *rule = p->policy->rule_of_refusal[code];

    return (struct plan_refusal){
        .code = code, .rule = rule[0] != '\0' ? rule : NULL, .available = available, .detail = detail};
}

static struct plan_refusal refuse_pick(const struct planning *p, enum refusal code, struct money available, size_t pick,
                                       const char *detail)
{
    struct plan_refusal refusal = refuse(p, code, available, detail);

    refusal.pick = pick;
    return refusal;
}

static struct money row_available(const struct quote_topup *row)
{
    return money_sub(row->topup->remaining, row->topup->held);
}

static const struct arrived *arrival_of(struct planning *p, enum method method)
{
    const struct route_terms *terms = &p->policy->routes[p->ask->route];
    const struct arrival *of_route = &terms->arrival[METHOD_NONE], *own = &terms->arrival[method];
    bool as_route = own->unit == ARRIVAL_UNSTATED || (own->unit == of_route->unit && own->most == of_route->most);
    struct arrived *arrived = &p->arrivals[as_route ? METHOD_NONE : method];

    if (!arrived->known) {
        arrived->by = calendar_arrival(p->calendar, p->at, as_route ? *of_route : *own, &arrived->provisional);
        arrived->known = true;
    }
    return arrived;
}

/* True when `a` was paid in before `b`, or at the same moment with a smaller id. */
static bool row_is_older(const struct topup *a, const struct topup *b)
{
    if (a->paid_at.ms != b->paid_at.ms)
        return a->paid_at.ms < b->paid_at.ms;
    return a->id < b->id;
}

/* Strictly before in the order of the strategy; ties are left as they are, which is the order of lifo. */
static bool candidate_before(struct planning *p, const struct candidate *a, const struct candidate *b)
{
    struct instant x, y;

    switch (p->ask->strategy) {
    case STRATEGY_FEWEST:
        return money_compare(a->available, b->available) > 0;
    case STRATEGY_FASTEST:
        x = arrival_of(p, a->row->topup->method)->by;
        y = arrival_of(p, b->row->topup->method)->by;
        return instant_is_set(x) && (!instant_is_set(y) || instant_before(x, y));
    case STRATEGY_LIFO:
    case STRATEGY_SELECTED:
    case STRATEGY_NONE:
    case STRATEGY__COUNT:
        break;
    }
    return row_is_older(b->row->topup, a->row->topup);
}

/* Bottom-up merge sort: stable, in the arena, O(n log n) whatever the input looks like. */
static void candidates_sort(struct planning *p)
{
    size_t count = p->candidates_count;

    if (p->scratch == NULL)
        p->scratch = arena_must(p->arena, (count + 1) * sizeof(struct candidate));
    for (size_t width = 1; width < count; width *= 2) {
        struct candidate *from = p->candidates, *into = p->scratch;

        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count;
            size_t end = start + 2 * width < count ? start + 2 * width : count;
            size_t left = start, right = middle;

            for (size_t i = start; i < end; i++) {
                bool take_right = left == middle || (right < end && candidate_before(p, &from[right], &from[left]));

                into[i] = from[take_right ? right++ : left++];
            }
        }
        p->candidates = into;
        p->scratch = from;
    }
}

/* Gathers what the route accepts, latest first. The book keeps top-ups in ascending order, so that a reverse walk is
 * the order already; a caller with another order pays for a sort. */
static void candidates_gather(struct planning *p)
{
    const struct quote *quote = p->quote;
    bool ordered = true;

    p->candidates = arena_must(p->arena, (quote->topups_count + 1) * sizeof(struct candidate));
    for (size_t i = quote->topups_count; i-- > 0;) {
        const struct quote_topup *row = &quote->topups[i];
        struct money available = row_available(row);

        if (!row->open[p->ask->route] || !money_is_positive(available))
            continue;
        if (p->candidates_count > 0)
            ordered = ordered && row_is_older(row->topup, p->candidates[p->candidates_count - 1].row->topup);
        p->candidates[p->candidates_count++] = (struct candidate){row, available};
        p->available = money_add(p->available, available);
    }
    if (!ordered) {
        struct plan_ask latest_first = {.strategy = STRATEGY_LIFO, .route = p->ask->route};
        const struct plan_ask *ask = p->ask;

        p->ask = &latest_first;
        candidates_sort(p);
        p->ask = ask;
    }
    if (p->ask->strategy == STRATEGY_FEWEST || p->ask->strategy == STRATEGY_FASTEST)
        candidates_sort(p);
}

/* Takes from the candidates in their order until the amount is there. */
static struct plan_refusal lots_take(struct planning *p, struct plan_lot **ret, size_t *ret_count)
{
    struct money left = p->ask->amount;
    size_t count = 0;

    if (money_is_zero(p->available))
        return refuse(p, REFUSAL_ROUTE_NOT_OPEN, MONEY_ZERO, "No top-up with money left may use this route now.");
    if (money_compare(p->ask->amount, p->available) > 0)
        return refuse(p, REFUSAL_AMOUNT_EXCEEDS_ROUTE, p->available, "The route holds less than the amount asked for.");
    while (count < p->candidates_count && count < PLAN_LOTS_MAX && money_is_positive(left))
        left = money_sub_floor(left, p->candidates[count++].available);
    if (money_is_positive(left))
        return refuse(p, REFUSAL_TOO_MANY_LOTS, money_sub(p->ask->amount, left),
                      "The amount would be spread over more than 200 top-ups.");
    struct plan_lot *lots = arena_must(p->arena, count * sizeof(*lots));

    left = p->ask->amount;
    for (size_t i = 0; i < count; i++) {
        lots[i] = (struct plan_lot){p->candidates[i].row->topup, money_min(left, p->candidates[i].available)};
        left = money_sub(left, lots[i].amount);
    }
    *ret = lots;
    *ret_count = count;
    return (struct plan_refusal){0};
}

/* The picks by ref, as indices, so that one pass over the top-ups finds each of them. False: a ref stands twice. */
static bool picks_index(const struct plan_ask *ask, size_t index[PLAN_LOTS_MAX], size_t *ret_twice)
{
    for (size_t i = 0; i < ask->picks_count; i++) {
        size_t at = i;

        while (at > 0 && strcmp(ask->picks[index[at - 1]].ref, ask->picks[i].ref) > 0) {
            index[at] = index[at - 1];
            at--;
        }
        index[at] = i;
        if (at > 0 && strcmp(ask->picks[index[at - 1]].ref, ask->picks[i].ref) == 0) {
            *ret_twice = i;
            return false;
        }
    }
    return true;
}

static bool picks_find(const struct plan_ask *ask, const size_t index[PLAN_LOTS_MAX], const char *ref, size_t *ret)
{
    size_t low = 0, high = ask->picks_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(ask->picks[index[middle]].ref, ref);

        if (order == 0) {
            *ret = index[middle];
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static struct plan_refusal pick_check(const struct planning *p, size_t pick, const struct quote_topup *row)
{
    const struct plan_pick *asked = &p->ask->picks[pick];

    if (row == NULL)
        return refuse_pick(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, pick, "No such top-up with money left.");
    if (!money_is_positive(asked->amount))
        return refuse_pick(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, pick, "The amount of a top-up must be positive.");
    if (!row->open[p->ask->route]) {
        bool staff = row->route == ROUTE_CASE;
        struct plan_refusal refusal =
            refuse_pick(p, staff ? REFUSAL_CASE_REQUIRED : REFUSAL_ROUTE_NOT_OPEN, MONEY_ZERO, pick,
                        staff ? "Money of this top-up is paid back by staff: open a case."
                              : "This top-up may not use this route now.");

        if (row->rule != NULL)
            refusal.rule = row->rule;
        return refusal;
    }
    if (money_compare(asked->amount, row_available(row)) > 0)
        return refuse_pick(p, REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE, row_available(row), pick,
                           "The top-up holds less than the amount asked of it.");
    return (struct plan_refusal){0};
}

static struct plan_refusal lots_select(struct planning *p, struct plan_lot **ret, size_t *ret_count)
{
    const struct plan_ask *ask = p->ask;
    const struct quote_topup *rows[PLAN_LOTS_MAX] = {NULL};
    size_t index[PLAN_LOTS_MAX], pick = 0;
    struct money sum = MONEY_ZERO;

    if (ask->picks_count == 0)
        return refuse(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, "The strategy selected needs the top-ups to take from.");
    if (ask->picks_count > PLAN_LOTS_MAX)
        return refuse(p, REFUSAL_TOO_MANY_LOTS, MONEY_ZERO, "At most 200 top-ups make up one withdrawal.");
    if (!picks_index(ask, index, &pick))
        return refuse_pick(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, pick, "This top-up was selected twice.");
    for (size_t i = 0; i < p->quote->topups_count; i++)
        if (picks_find(ask, index, p->quote->topups[i].topup->ref, &pick))
            rows[pick] = &p->quote->topups[i];
    for (size_t i = 0; i < ask->picks_count; i++) {
        struct plan_refusal refusal = pick_check(p, i, rows[i]);

        if (refusal.code != REFUSAL_NONE)
            return refusal;
        sum = money_add(sum, ask->picks[i].amount);
    }
    if (money_compare(sum, ask->amount) != 0)
        return refuse(p, REFUSAL_INVALID_VALUE, sum, "The amounts of the selected top-ups do not sum to the amount.");
    struct plan_lot *lots = arena_must(p->arena, ask->picks_count * sizeof(*lots));

    for (size_t i = 0; i < ask->picks_count; i++)
        lots[i] = (struct plan_lot){rows[i]->topup, ask->picks[i].amount};
    *ret = lots;
    *ret_count = ask->picks_count;
    return (struct plan_refusal){0};
}

static struct plan_refusal lots_apply(struct planning *p, const struct account *account, struct plan_lot **ret,
                                      size_t *ret_count)
{
    struct money available = money_sub(account->other, account->other_held);

    if (p->ask->strategy == STRATEGY_SELECTED || p->ask->picks_count > 0)
        return refuse_pick(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, 0, "Top-ups cannot be selected for an application.");
    if (money_is_zero(available))
        return refuse(p, REFUSAL_ROUTE_NOT_OPEN, MONEY_ZERO, "There are no funds that are not top-ups.");
    if (money_compare(p->ask->amount, available) > 0)
        return refuse(p, REFUSAL_AMOUNT_EXCEEDS_ROUTE, available, "The route holds less than the amount asked for.");
    *ret = arena_must(p->arena, sizeof(**ret));
    (*ret)[0] = (struct plan_lot){NULL, p->ask->amount};
    *ret_count = 1;
    return (struct plan_refusal){0};
}

/* Nothing but money that staff pay back: say so instead of "exceeds zero" (JD-05). */
static bool only_cases(const struct quote *quote)
{
    bool any = false;

    for (size_t i = 0; i < quote->topups_count; i++) {
        const struct quote_topup *row = &quote->topups[i];

        if (!money_is_positive(row_available(row)))
            continue;
        if (row->route == ROUTE_ORIGINAL || row->route == ROUTE_DESIGNATED)
            return false;
        any = any || row->route == ROUTE_CASE;
    }
    return any;
}

static struct plan_refusal plan_check(const struct planning *p, const struct account *account)
{
    const struct plan_ask *ask = p->ask;
    const struct quote *quote = p->quote;
    bool applies =
        p->policy->routes[ROUTE_APPLICATION].offered && money_compare(account->other, account->other_held) > 0;

    if (!money_is_positive(ask->amount))
        return refuse(p, REFUSAL_INVALID_VALUE, MONEY_ZERO, "The amount must be positive.");
    if (money_is_zero(quote->withdrawable) && quote->refusals_count == 0 && !applies && only_cases(quote))
        return refuse(p, REFUSAL_CASE_REQUIRED, MONEY_ZERO, "This money is paid back by staff: open a case.");
    if (money_compare(ask->amount, quote->withdrawable) > 0)
        return refuse(p, REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE, quote->withdrawable,
                      "The amount exceeds what is withdrawable.");
    switch (ask->route) {
    case ROUTE_ORIGINAL:
    case ROUTE_DESIGNATED:
    case ROUTE_APPLICATION:
        if (p->policy->routes[ask->route].offered)
            return (struct plan_refusal){0};
        break;
    case ROUTE_NONE:
    case ROUTE_CASE:
    case ROUTE__COUNT:
        break;
    }
    return refuse(p, REFUSAL_ROUTE_NOT_OPEN, MONEY_ZERO, "The policy does not offer this route.");
}

/* A leg over some lots; several methods in one transfer promise the latest of their dates. */
static struct plan_leg leg_of(struct planning *p, struct plan_lot *lots, size_t lots_count)
{
    const struct topup *topup = lots[0].topup;
    const char *channel = p->ask->channel != NULL ? p->ask->channel : p->policy->routes[p->ask->route].channel;
    struct plan_leg leg = {.route = p->ask->route, .channel = channel, .lots = lots, .lots_count = lots_count};

    if (p->ask->route == ROUTE_ORIGINAL && topup->channel[0] != '\0')
        leg.channel = topup->channel;
    for (size_t i = 0; i < lots_count; i++) {
        const struct arrived *arrived = arrival_of(p, lots[i].topup != NULL ? lots[i].topup->method : METHOD_NONE);

        leg.amount = money_add(leg.amount, lots[i].amount);
        if (instant_after(arrived->by, leg.arrives_by))
            leg.arrives_by = arrived->by;
        leg.arrives_by_provisional = leg.arrives_by_provisional || arrived->provisional;
    }
    return leg;
}

static void plan_fill(struct planning *p, struct plan_lot *lots, size_t lots_count, struct plan *ret)
{
    bool each = p->ask->route == ROUTE_ORIGINAL;
    struct plan plan = {.legs_count = each ? lots_count : 1, .lots_count = lots_count};
    struct money sum = MONEY_ZERO;

    plan.legs = arena_must(p->arena, plan.legs_count * sizeof(*plan.legs));
    for (size_t i = 0; i < plan.legs_count; i++) {
        plan.legs[i] = leg_of(p, &lots[i], each ? 1 : lots_count);
        sum = money_add(sum, plan.legs[i].amount);
    }
    INVARIANT(12, sum.minor == p->ask->amount.minor && lots_count <= PLAN_LOTS_MAX);
    *ret = plan;
}

struct plan_refusal plan_make(const struct policy *policy, const struct calendar *calendar, const struct quote *quote,
                              const struct account *account, const struct plan_ask *ask, struct instant at,
                              struct arena *arena, struct plan *ret)
{
    struct planning p = {.policy = policy, .calendar = calendar, .quote = quote, .ask = ask, .at = at, .arena = arena};
    struct plan_refusal refusal = plan_check(&p, account);
    struct plan_lot *lots = NULL;
    size_t lots_count = 0;

    if (refusal.code != REFUSAL_NONE)
        return refusal;
    if (ask->route == ROUTE_APPLICATION)
        refusal = lots_apply(&p, account, &lots, &lots_count);
    else if (ask->strategy == STRATEGY_SELECTED)
        refusal = lots_select(&p, &lots, &lots_count);
    else {
        candidates_gather(&p);
        refusal = lots_take(&p, &lots, &lots_count);
    }
    if (refusal.code == REFUSAL_NONE)
        plan_fill(&p, lots, lots_count, ret);
    return refusal;
}

enum route plan_default_route(const struct quote *quote, bool has_destination)
{
    if (has_destination)
        return ROUTE_DESIGNATED;
    for (enum route route = ROUTE_ORIGINAL; route <= ROUTE_APPLICATION; route++)
        if (money_is_positive(quote->by_route[route]))
            return route;
    return ROUTE_NONE;
}
