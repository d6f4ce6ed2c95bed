/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy_check.h"

#include <stdio.h>
#include <string.h>

#define SELF_SERVICE_FIRST ROUTE_ORIGINAL
#define SELF_SERVICE_LAST ROUTE_APPLICATION

#define MISTAKE(reading, expected, ...)                                                                                \
    do {                                                                                                               \
        char path_[sizeof(reading)->mistakes->items[0].key];                                                           \
        snprintf(path_, sizeof path_, __VA_ARGS__);                                                                    \
        policy_mistake_add((reading)->mistakes, tree_line((reading)->root, path_), path_, "%s", expected);             \
    } while (0)

/* A section whose values could not all be read is not judged as a whole: one slip should be one mistake. */
static bool is_clean(const struct reading *reading, const char *section)
{
    size_t length = strlen(section);

    for (size_t i = 0; i < reading->mistakes->count; i++) {
        if (strncmp(reading->mistakes->items[i].key, section, length) == 0)
            return false;
    }
    return true;
}

static bool matches_bank(const struct topup_rule *rule, const char *bank)
{
    for (size_t i = 0; i < rule->banks_count; i++) {
        if (strcmp(rule->banks[i], bank) == 0)
            return true;
    }
    return rule->banks_count == 0;
}

static bool matches(const struct topup_rule *rule, int method, enum payer_kind payer, const char *bank)
{
    return (rule->methods & 1u << method) != 0 && (rule->payer_kind == PAYER_NONE || rule->payer_kind == payer) &&
           matches_bank(rule, bank);
}

/* Does some top-up of this method, payer and bank get past all earlier rules to this one? */
static bool is_first(const struct policy *policy, size_t rule, int method, enum payer_kind payer, const char *bank)
{
    if (!matches(&policy->topups[rule], method, payer, bank))
        return false;
    for (size_t earlier = 0; earlier < rule; earlier++) {
        if (matches(&policy->topups[earlier], method, payer, bank))
            return false;
    }
    return true;
}

static bool is_reachable(const struct policy *policy, size_t rule)
{
    const struct topup_rule *topups = &policy->topups[rule];

    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++) {
        for (int payer = PAYER_NONE; payer < PAYER__COUNT; payer++) {
            if (topups->banks_count == 0 && is_first(policy, rule, method, (enum payer_kind)payer, ""))
                return true;
            for (size_t bank = 0; bank < topups->banks_count; bank++) {
                if (is_first(policy, rule, method, (enum payer_kind)payer, topups->banks[bank]))
                    return true;
            }
        }
    }
    return false;
}

/* Every top-up must meet a rule: also one from a bank that no rule names, and one whose payer's kind nobody told us. */
static void check_coverage(struct reading *reading, const struct policy *policy)
{
    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++) {
        bool covered = false;
        for (size_t rule = 0; rule < policy->topups_count && !covered; rule++)
            covered = matches(&policy->topups[rule], method, PAYER_NONE, "");
        if (!covered) {
            char expected[128];
            snprintf(expected, sizeof expected, "a rule for %s from any payer and any bank",
                     word_text(&method_words, method));
            MISTAKE(reading, expected, "topups.rules");
        }
    }
}

static void check_rule(struct reading *reading, const struct policy *policy, size_t index)
{
    const struct topup_rule *rule = &policy->topups[index];
    size_t number = index + 1;

    if (!is_reachable(policy, index))
        MISTAKE(reading, "a rule that some top-up can reach; the rules before it take them all", "topups.rules[%zu]",
                number);
    if (rule->designated_inside && !rule->original)
        MISTAKE(reading, "no, since the original route is never open", "topups.rules[%zu].designated_inside", number);
    if (rule->original && rule->window.unlimited && rule->after != ROUTE_NONE)
        MISTAKE(reading, "none, since the original route never closes", "topups.rules[%zu].after", number);
}

static bool leads_to(const struct policy *policy, enum route route)
{
    for (size_t i = 0; i < policy->topups_count; i++) {
        const struct topup_rule *rule = &policy->topups[i];
        if (route == ROUTE_ORIGINAL ? rule->original : rule->after == ROUTE_DESIGNATED || rule->designated_inside)
            return true;
    }
    return false;
}

static void check_routes_used(struct reading *reading, const struct policy *policy)
{
    for (int route = ROUTE_ORIGINAL; route <= ROUTE_DESIGNATED; route++) {
        const char *name = word_text(&route_words, route);
        bool used = leads_to(policy, (enum route)route);
        if (used && !policy->routes[route].offered)
            MISTAKE(reading, "this route, since topups.rules lead to it", "routes.%s", name);
        else if (!used && policy->routes[route].offered)
            MISTAKE(reading, "no such route, since no rule of topups.rules leads to it", "routes.%s", name);
    }
}

static void check_destination(struct reading *reading, const struct route_terms *terms, const char *name)
{
    if (!terms->destination)
        MISTAKE(reading, "where the money may go; the key is missing", "routes.%s.destination", name);
    if (terms->destination_bank && *terms->channel == '\0')
        MISTAKE(reading, "the channel that pays bank accounts; the key is missing", "routes.%s.channel.bank", name);
    if (!terms->destination_bank && *terms->channel != '\0')
        MISTAKE(reading, "no channel for bank accounts, since they are no destination", "routes.%s.channel.bank", name);
    if (terms->destination_alipay && *terms->channel_alipay == '\0')
        MISTAKE(reading, "the channel that pays Alipay accounts; the key is missing", "routes.%s.channel.alipay", name);
    if (!terms->destination_alipay && *terms->channel_alipay != '\0')
        MISTAKE(reading, "no channel for Alipay accounts, since they are no destination", "routes.%s.channel.alipay",
                name);
    if (!terms->destination_bank && (terms->needs_bank || terms->needs_branch || terms->needs_city))
        MISTAKE(reading, "nothing, since bank accounts are no destination", "routes.%s.destination.bank_needs", name);
}

static void check_original(struct reading *reading, const struct route_terms *terms)
{
    if (terms->destination)
        MISTAKE(reading, "no destination: the money goes back to where it came from", "routes.original.destination");
    if (*terms->channel != '\0' || *terms->channel_alipay != '\0')
        MISTAKE(reading, "no channel: the top-up's own is used", "routes.original.channel");
    if (terms->reasons_count > 0)
        MISTAKE(reading, "no reasons: only a destination of the customer's choice needs one",
                "routes.original.reasons");
}

static void check_reasons(struct reading *reading, const struct policy *policy)
{
    const struct route_terms *terms = &policy->routes[ROUTE_DESIGNATED];
    bool inside = terms->reasons_count == 0;

    for (size_t i = 0; i < terms->reasons_count; i++)
        inside = inside || terms->reasons[i].inside_window;
    for (size_t i = 0; i < policy->topups_count && !inside; i++) {
        if (policy->topups[i].designated_inside) {
            MISTAKE(reading, "a reason with inside_window: yes, since topups.rules open this route inside the window",
                    "routes.designated.reasons");
            return;
        }
    }
}

static void check_routes(struct reading *reading, const struct policy *policy)
{
    bool offered = false;

    for (int route = SELF_SERVICE_FIRST; route <= SELF_SERVICE_LAST; route++) {
        const struct route_terms *terms = &policy->routes[route];
        offered = offered || terms->offered;
        if (!terms->offered)
            continue;
        if (route == ROUTE_ORIGINAL)
            check_original(reading, terms);
        else
            check_destination(reading, terms, word_text(&route_words, route));
    }
    if (!offered)
        MISTAKE(reading, "at least one of original, designated, application", "routes");
    check_reasons(reading, policy);
}

/* A line speaks for its routes only: for each of them it begins above the lines before it, and for at least one of them
 * it asks for more people, or nobody would ever meet it; more money never asks for fewer. */
static void check_tier_order(struct reading *reading, const struct policy *policy, size_t index)
{
    const struct approval_tier *tier = &policy->tiers[index];
    bool above = true, more = false, fewer = false;

    for (int route = SELF_SERVICE_FIRST; route <= SELF_SERVICE_LAST; route++) {
        int64_t people = 0;

        if (!policy_tier_covers(tier, (enum route)route))
            continue;
        for (size_t i = 0; i < index; i++) {
            if (!policy_tier_covers(&policy->tiers[i], (enum route)route))
                continue;
            above = above && money_compare(tier->above, policy->tiers[i].above) > 0;
            people = policy->tiers[i].approvals;
        }
        more = more || tier->approvals > people;
        fewer = fewer || tier->approvals < people;
    }
    if (!above)
        MISTAKE(reading, "more than in the line before of the same route", "review.approvals[%zu].above", index + 1);
    if (!more || fewer)
        MISTAKE(reading, "more people than in the line before of the same route", "review.approvals[%zu].people",
                index + 1);
}

static void check_tier_routes(struct reading *reading, const struct policy *policy, size_t index)
{
    for (int route = ROUTE_NONE + 1; route < ROUTE__COUNT; route++) {
        if ((policy->tiers[index].routes & 1u << route) != 0 && !policy->routes[route].offered)
            MISTAKE(reading, "only routes that this policy offers", "review.approvals[%zu].routes", index + 1);
    }
}

/* Whoever makes a withdrawal may not approve it, and any reviewer may be its maker: one of them is always left out. */
static void check_review(struct reading *reading, const struct policy *policy)
{
    for (size_t i = 0; i < policy->tiers_count; i++) {
        if (policy->tiers[i].approvals > policy->reviewers - 1)
            MISTAKE(reading, "fewer people than there are reviewers: the maker may not approve",
                    "review.approvals[%zu].people", i + 1);
        if (i == 0 && !money_is_zero(policy->tiers[i].above))
            MISTAKE(reading, "0.00 in the first line: every amount needs a number of approvals",
                    "review.approvals[1].above");
        if (i == 0 && policy->tiers[i].routes != 0)
            MISTAKE(reading, "no routes in the first line: every route needs a number of approvals",
                    "review.approvals[1].routes");
        if (i > 0)
            check_tier_order(reading, policy, i);
        if (is_clean(reading, "routes"))
            check_tier_routes(reading, policy, i);
    }
}

static void check_limits(struct reading *reading, const struct policy *policy)
{
    if (!money_is_positive(policy->minimum))
        MISTAKE(reading, "an amount above zero", "limits.minimum");
    if (money_compare(policy->fee, policy->minimum) >= 0)
        MISTAKE(reading, "less than the minimum: a withdrawal must pay something out", "limits.fee");
    if (money_is_positive(policy->per_withdrawal_max) && money_compare(policy->per_withdrawal_max, policy->minimum) < 0)
        MISTAKE(reading, "at least the minimum", "limits.per_withdrawal_max");
    if (money_is_positive(policy->per_day_amount_max) && money_compare(policy->per_day_amount_max, policy->minimum) < 0)
        MISTAKE(reading, "at least the minimum", "limits.per_day_amount_max");
}

static void check_reserve(struct reading *reading, const struct policy *policy)
{
    bool amount = money_is_positive(policy->reserve_amount);

    if (policy->reserve == RESERVE_FIXED && !amount)
        MISTAKE(reading, "the amount that is kept back, above zero", "reserve.amount");
    if (policy->reserve != RESERVE_FIXED && amount)
        MISTAKE(reading, "no amount, since the reserve is not a fixed one", "reserve.amount");
    if (policy->reserve != RESERVE_FIXED && policy->reserve_release_ms != 0)
        MISTAKE(reading, "at once, since the reserve is not a fixed one", "reserve.freed_after_last_release");
}

void policy_check(struct reading *reading, const struct policy *policy)
{
    bool topups = is_clean(reading, "topups"), routes = is_clean(reading, "routes");

    if (is_clean(reading, "limits"))
        check_limits(reading, policy);
    if (is_clean(reading, "reserve"))
        check_reserve(reading, policy);
    if (topups) {
        for (size_t i = 0; i < policy->topups_count; i++)
            check_rule(reading, policy, i);
        check_coverage(reading, policy);
    }
    if (routes)
        check_routes(reading, policy);
    if (topups && routes)
        check_routes_used(reading, policy);
    if (is_clean(reading, "review"))
        check_review(reading, policy);
}
