/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy.h"

#include <string.h>

#define WORD_TEXT(constant, text) text,
#define DEFINE_WORDS(type, LIST)                                                                                       \
    static const char *const type##_texts[] = {"none", LIST(WORD_TEXT)};                                               \
    const struct words type##_words = {#type, type##_texts, ARRAY_COUNT(type##_texts)};

DEFINE_WORDS(refusal, REFUSAL_WORDS)
DEFINE_WORDS(item, ITEM_WORDS)

bool policy_tier_covers(const struct approval_tier *tier, enum route route)
{
    return tier->routes == 0 || (tier->routes & 1u << route) != 0;
}

int64_t policy_approvals(const struct policy *policy, struct money amount, enum route route)
{
    int64_t approvals = 1;

    for (size_t i = 0; i < policy->tiers_count; i++) {
        const struct approval_tier *tier = &policy->tiers[i];

        if (i == 0 || (policy_tier_covers(tier, route) && money_compare(amount, tier->above) > 0))
            approvals = tier->approvals;
    }
    return approvals;
}

const char *policy_label(const struct policy *policy, enum withdrawal_status status, bool chinese)
{
    return chinese ? policy->label_zh[status] : policy->label_en[status];
}

const struct payout_reason *policy_reason(const struct policy *policy, enum route route, const char *code)
{
    const struct route_terms *terms = &policy->routes[route];

    for (size_t i = 0; i < terms->reasons_count; i++) {
        if (strcmp(terms->reasons[i].code, code) == 0)
            return &terms->reasons[i];
    }
    return NULL;
}

const char *policy_channel(const struct policy *policy, enum route route, enum destination_kind kind)
{
    const struct route_terms *terms = &policy->routes[route];

    return kind == DESTINATION_ALIPAY ? terms->channel_alipay : terms->channel;
}
