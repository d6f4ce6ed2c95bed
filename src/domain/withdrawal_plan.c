/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/withdrawal_plan.h"

#include "domain/withdrawal_steps.h"

#include <stdio.h>

static struct leg *leg_of(struct deciding *d, const struct plan_leg *planned, const struct withdrawal *w, size_t number,
                          struct changes *changes)
{
    struct leg *leg = ARENA_MUST(d->arena, struct leg);

    if (changes != NULL) {
        changes_new(changes, leg, &leg_table);
        leg->id = ids_next(d->ids, d->now, id_shard(w->id));
    }
    leg->withdrawal = w->id;
    leg->account = w->account;
    leg->number = (int64_t)number;
    leg->route = planned->route;
    snprintf(leg->channel, sizeof leg->channel, "%s", planned->channel);
    leg->amount = planned->amount;
    leg->arrives_by = planned->arrives_by;
    leg->arrives_by_provisional = planned->arrives_by_provisional;
    if (changes != NULL)
        leg_move(d, leg, LEG_PLAN);
    else
        leg->status = LEG_PLANNED;
    return leg;
}

/* The leg that bears the fee; NULL when there is none to bear. */
static const struct plan_leg *fee_leg(const struct plan *plan, struct money fee)
{
    const struct plan_leg *largest = NULL;

    for (size_t i = 0; i < plan->legs_count; i++)
        if (largest == NULL || money_compare(plan->legs[i].amount, largest->amount) > 0)
            largest = &plan->legs[i];
    return money_is_positive(fee) ? largest : NULL;
}

bool plan_bears_fee(const struct plan *plan, struct money fee)
{
    const struct plan_leg *leg = fee_leg(plan, fee);

    return leg == NULL || money_compare(leg->amount, fee) > 0;
}

void plan_register(struct deciding *d, const struct plan *plan, struct withdrawal *w, struct changes *changes,
                   struct dossier *ret)
{
    ret->withdrawal = w;
    ret->legs = arena_must(d->arena, (plan->legs_count + 1) * sizeof(struct leg *));
    ret->lots = arena_must(d->arena, (plan->lots_count + 1) * sizeof(struct lot *));
    ret->legs_count = 0;
    ret->lots_count = 0;
    for (size_t i = 0; i < plan->legs_count; i++) {
        struct leg *leg = leg_of(d, &plan->legs[i], w, i + 1, changes);

        if (&plan->legs[i] == fee_leg(plan, d->policy->fee))
            leg->fee = d->policy->fee;
        ret->legs[ret->legs_count++] = leg;
        for (size_t j = 0; j < plan->legs[i].lots_count; j++) {
            const struct plan_lot *planned = &plan->legs[i].lots[j];
            struct lot *lot = ARENA_MUST(d->arena, struct lot);

            if (changes != NULL)
                changes_new(changes, lot, &lot_table);
            lot->leg = leg->id != 0 ? leg->id : leg->number;
            lot->line = (int64_t)j + 1;
            lot->withdrawal = w->id;
            lot->topup = planned->topup != NULL ? planned->topup->id : 0;
            lot->amount = planned->amount;
            ret->lots[ret->lots_count++] = lot;
        }
    }
}

void plan_replace(struct deciding *d, const struct plan *plan, struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->lots_count; i++)
        changes_drop(d->changes, &dossier->lots[i]->row);
    for (size_t i = 0; i < dossier->legs_count; i++)
        changes_drop(d->changes, &dossier->legs[i]->row);
    plan_register(d, plan, dossier->withdrawal, d->changes, dossier);
}

bool plan_still_fits(struct deciding *d, const struct book *book, const struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->lots_count; i++) {
        const struct lot *lot = dossier->lots[i];
        const struct topup *topup = lot_topup(book, lot);
        struct quote_topup where = {0};
        struct money free_amount;

        if (topup == NULL) {
            if (money_compare(money_sub(book->account->other, book->account->other_held), lot->amount) < 0)
                return false;
            continue;
        }
        free_amount = money_sub(topup->remaining, topup->held);
        route_of_topup(d->policy, topup, d->now, &where);
        if (money_compare(free_amount, lot->amount) < 0 || !where.open[dossier->withdrawal->route])
            return false;
    }
    return true;
}

bool plan_inside_window(struct deciding *d, const struct plan *plan)
{
    for (size_t i = 0; i < plan->legs_count; i++)
        for (size_t j = 0; j < plan->legs[i].lots_count; j++) {
            struct quote_topup where = {0};

            if (plan->legs[i].lots[j].topup == NULL)
                continue;
            route_of_topup(d->policy, plan->legs[i].lots[j].topup, d->now, &where);
            if (where.open[ROUTE_ORIGINAL])
                return true;
        }
    return false;
}

static struct instant lot_arrives(const struct deciding *d, const struct book *book, const struct leg *leg,
                                  const struct lot *lot, bool *ret_provisional)
{
    const struct topup *topup = lot_topup(book, lot);
    enum method method = topup != NULL ? topup->method : METHOD_NONE;

    return calendar_arrival(d->calendar, d->now, d->policy->routes[leg->route].arrival[method], ret_provisional);
}

void plan_promise(struct deciding *d, const struct book *book, struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->legs_count; i++) {
        struct leg *leg = dossier->legs[i];

        if (leg->status != LEG_HELD || !d->policy->routes[leg->route].arrives_after_approval)
            continue;
        leg->arrives_by = INSTANT_NONE;
        leg->arrives_by_provisional = false;
        for (size_t j = 0; j < dossier->lots_count; j++) {
            bool provisional;

            if (dossier->lots[j]->leg != leg->id)
                continue;
            struct instant by = lot_arrives(d, book, leg, dossier->lots[j], &provisional);

            leg->arrives_by_provisional = leg->arrives_by_provisional || provisional;
            if (instant_after(by, leg->arrives_by))
                leg->arrives_by = by;
        }
        changes_put(d->changes, &leg->row);
    }
}
