/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/quote.h"

#include <string.h>

static const char *rule_or_null(const char *rule)
{
    return rule[0] != '\0' ? rule : NULL;
}

static bool rule_names_bank(const struct topup_rule *rule, const char *bank)
{
    for (size_t i = 0; i < rule->banks_count; i++)
        if (strcmp(rule->banks[i], bank) == 0)
            return true;
    return rule->banks_count == 0;
}

/* The order of the policy file decides: the first rule that matches is the only one that speaks. */
static const struct topup_rule *rule_of_topup(const struct policy *policy, const struct topup *topup)
{
    for (size_t i = 0; i < policy->topups_count; i++) {
        const struct topup_rule *rule = &policy->topups[i];

        if ((rule->methods & (1u << topup->method)) != 0 &&
            (rule->payer_kind == PAYER_NONE || rule->payer_kind == topup->payer_kind) &&
            rule_names_bank(rule, topup->bank))
            return rule;
    }
    return NULL;
}

static struct instant window_end(const struct window *window, struct instant paid_at)
{
    if (window->unlimited)
        return INSTANT_NONE;
    struct instant end = window->months > 0 ? instant_add_months(paid_at, (int)window->months) : paid_at;

    return instant_add_ms(end, window->days * MS_DAY);
}

/* Exclusions that hold for a top-up wherever it came from. */
static enum refusal exclusion_of(const struct policy *policy, const struct topup *topup, struct instant at)
{
    if (topup->bonus && policy->exclude_bonus)
        return REFUSAL_BONUS;
    if (topup->arbitrage && policy->exclude_arbitrage)
        return REFUSAL_ARBITRAGE;
    if (policy->cool_off_ms > 0 && instant_before(at, instant_add_ms(topup->paid_at, policy->cool_off_ms)))
        return REFUSAL_COOLING_OFF;
    return REFUSAL_NONE;
}

static void close_topup(const struct policy *policy, enum refusal refusal, const char *rule, struct quote_topup *ret)
{
    ret->refusal = refusal;
    ret->rule = rule != NULL ? rule : rule_or_null(policy->rule_of_refusal[refusal]);
}

/* Whether the original route exists, is inside its window and has refunds left; says in `ret` until when. */
static bool original_open(const struct policy *policy, const struct topup_rule *rule, const struct topup *topup,
                          struct instant at, struct quote_topup *ret, bool *ret_used_up)
{
    if (!rule->original || !policy->routes[ROUTE_ORIGINAL].offered)
        return false;
    ret->original_until = window_end(&rule->window, topup->paid_at);
    if (instant_is_set(ret->original_until) && instant_after(at, ret->original_until))
        return false;
    *ret_used_up = policy->refunds_per_topup_max > 0 && topup->refunds >= policy->refunds_per_topup_max;
    return !*ret_used_up;
}

void route_of_topup(const struct policy *policy, const struct topup *topup, struct instant at, struct quote_topup *ret)
{
    enum refusal exclusion = exclusion_of(policy, topup, at);
    bool used_up = false;

    *ret = (struct quote_topup){.topup = topup};
    if (exclusion != REFUSAL_NONE) {
        close_topup(policy, exclusion, NULL, ret);
        return;
    }
    const struct topup_rule *rule = rule_of_topup(policy, topup);

    if (rule == NULL) {
        close_topup(policy, REFUSAL_NO_ROUTE, NULL, ret);
        return;
    }
    bool original = original_open(policy, rule, topup, at, ret, &used_up);
    bool designated = original ? rule->designated_inside : rule->after == ROUTE_DESIGNATED;

    ret->rule = rule_or_null(rule->rule);
    ret->open[ROUTE_ORIGINAL] = original;
    ret->open[ROUTE_DESIGNATED] = designated && policy->routes[ROUTE_DESIGNATED].offered;
    if (original)
        ret->route = ROUTE_ORIGINAL;
    else if (ret->open[ROUTE_DESIGNATED])
        ret->route = ROUTE_DESIGNATED;
    else if (rule->after == ROUTE_CASE) {
        ret->route = ROUTE_CASE;
        close_topup(policy, REFUSAL_CASE_REQUIRED, ret->rule, ret);
    } else
        close_topup(policy, used_up ? REFUSAL_REFUNDS_USED_UP : REFUSAL_NO_ROUTE, ret->rule, ret);
}
