/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy_check.h"

#include <string.h>

static const char *const reserve_texts[] = {"none", "fixed", "resources"};

/* Title, eligibility, limits, formula, reserve. */

static const struct key title_keys[] = {
    {"en", KEY(struct policy, title_en, read_sentence)},
    {"zh", KEY(struct policy, title_zh, read_sentence)},
};
SECTION(read_title, title_keys, struct policy)

static READER(read_currency)
{
    (void)key;
    if (value->kind == TREE_TEXT && currency_digits(value->text) >= 0 && strlen(value->text) == CURRENCY_BYTES - 1)
        memcpy(at, value->text, CURRENCY_BYTES);
    else
        read_mistake(reading, value, "an ISO 4217 currency code such as CNY");
}

static const struct key eligibility_keys[] = {
    {"refuse_overdue", KEY(struct policy, refuse_overdue, read_yes_no)},
    {"refuse_partner_advance", KEY(struct policy, refuse_partner_advance, read_yes_no)},
};
SECTION(read_eligibility, eligibility_keys, struct policy)

static const struct key limits_keys[] = {
    {"minimum", KEY(struct policy, minimum, read_amount)},
    {"fee", KEY(struct policy, fee, read_amount)},
    {"per_withdrawal_max", KEY(struct policy, per_withdrawal_max, read_amount_some)},
    {"per_day_amount_max", KEY(struct policy, per_day_amount_max, read_amount_some)},
    {"per_day_max", KEY(struct policy, per_day_max, read_count_some)},
    {"per_month_max", KEY(struct policy, per_month_max, read_count_some)},
};
SECTION(read_limits, limits_keys, struct policy)

/* `none`, or a list of the claims that reduce what is withdrawable. */
static READER(read_subtract)
{
    static const struct key claim = {.words = &claim_kind_words};
    bool *subtract = at;

    (void)key;
    if (value->kind == TREE_TEXT && strcmp(value->text, "none") == 0)
        return;
    if (value->kind != TREE_LIST || value->first == NULL) {
        read_mistake(reading, value, "none, or a list of owed_invoice, overdue, unsettled");
        return;
    }
    for (const struct tree *element = value->first; element != NULL; element = element->next) {
        int kind = CLAIM_NONE;
        read_word(reading, element, &claim, &kind);
        if (kind == CLAIM_INVOICED)
            read_mistake(reading, element, "owed_invoice, overdue or unsettled; for invoiced there is invoiced_cap");
        else if (kind != CLAIM_NONE && subtract[kind])
            read_mistake(reading, element, "every claim once");
        else if (kind != CLAIM_NONE)
            subtract[kind] = true;
    }
}

static const struct key formula_keys[] = {
    {"subtract", KEY(struct policy, subtract, read_subtract)},
    {"transferred_in_offsets", KEY(struct policy, transferred_in_offsets, read_yes_no)},
    {"invoiced_cap", KEY(struct policy, invoiced_cap, read_yes_no)},
};
SECTION(read_formula, formula_keys, struct policy)

static const struct key reserve_keys[] = {
    {"kind", .read = read_choice, .offset = offsetof(struct policy, reserve), .size = ARRAY_COUNT(reserve_texts),
     .texts = reserve_texts},
    {"amount", KEY(struct policy, reserve_amount, read_amount), .optional = true},
    {"freed_after_last_release", KEY(struct policy, reserve_release_ms, read_span), .optional = true},
};
SECTION(read_reserve, reserve_keys, struct policy)

/* Charges, review, rules, labels. */

/* Every fund exactly once: a fund left out could never be used up. */
static READER(read_charge_order)
{
    static const struct key fund = {.words = &fund_words};
    enum fund *order = at;
    uint32_t seen = 0;
    size_t count = 0;

    (void)key;
    for (const struct tree *element = value->first; element != NULL; element = element->next) {
        int word = FUND_NONE;
        read_word(reading, element, &fund, &word);
        if (word == FUND_NONE)
            continue;
        if ((seen & 1u << word) != 0)
            read_mistake(reading, element, "every fund once");
        else
            order[count++] = (enum fund)word;
        seen |= 1u << word;
    }
    if (value->kind != TREE_LIST || count != FUND__COUNT - 1)
        read_mistake(reading, value, "a list of all five: topup, transferred_in, allocated_in, other, voucher");
}

static const struct key charges_keys[] = {
    {"order", KEY(struct policy, charge_order, read_charge_order)},
    {"debt", KEY(struct policy, debt, read_yes_no)},
};
SECTION(read_charges, charges_keys, struct policy)

static const struct key tier_keys[] = {
    {"above", KEY(struct approval_tier, above, read_amount)},
    {"people", KEY(struct approval_tier, approvals, read_count)},
    {"routes", KEY(struct approval_tier, routes, read_route_set), .optional = true},
};
SECTION(read_tier, tier_keys, struct approval_tier)

static READER(read_tiers)
{
    struct policy *policy = at;

    (void)key;
    policy->tiers_count =
        read_list(reading, value, POLICY_TIERS_MAX, sizeof policy->tiers[0], policy->tiers, read_tier);
}

static const struct key review_keys[] = {
    {"reviewers", KEY(struct policy, reviewers, read_count)},
    {"same_subject_overdue", KEY(struct policy, review_same_subject_overdue, read_yes_no)},
    {"approvals", .read = read_tiers},
};
SECTION(read_review, review_keys, struct policy)

/* Codes of refusals and of held-back items share one map: no code is both. */
static READER(read_rules)
{
    struct policy *policy = at;

    (void)key;
    if (value->kind != TREE_MAP) {
        read_mistake(reading, value, "a map from refusal and held-back codes to rule ids");
        return;
    }
    for (const struct tree *child = value->first; child != NULL; child = child->next) {
        int code = 0;
        if (word_parse(&refusal_words, child->key, &code))
            read_rule_id(reading, child, NULL, policy->rule_of_refusal[code]);
        else if (word_parse(&item_words, child->key, &code))
            read_rule_id(reading, child, NULL, policy->rule_of_item[code]);
        else
            read_mistake(reading, child, "a refusal code or held-back code of the contract");
    }
}

struct label {
    const char *en, *zh;
};
static const struct key label_keys[] = {
    {"en", KEY(struct label, en, read_sentence)},
    {"zh", KEY(struct label, zh, read_sentence)},
};

static READER(read_labels)
{
    struct policy *policy = at;

    (void)key;
    if (value->kind != TREE_MAP) {
        read_mistake(reading, value, "a map from status to {en, zh}");
        return;
    }
    for (const struct tree *child = value->first; child != NULL; child = child->next) {
        int status = 0;
        if (!word_parse(&withdrawal_status_words, child->key, &status))
            read_mistake(reading, child, "a status of a withdrawal");
    }
    for (int status = WITHDRAWAL_NONE + 1; status < WITHDRAWAL__COUNT; status++) {
        const struct tree *child = tree_child(value, word_text(&withdrawal_status_words, status));
        struct label label = {0};
        if (child == NULL)
            read_missing(reading, value, word_text(&withdrawal_status_words, status));
        else
            read_map(reading, child, label_keys, ARRAY_COUNT(label_keys), &label);
        policy->label_en[status] = label.en;
        policy->label_zh[status] = label.zh;
    }
}

/* The file. */

static const struct key policy_keys[] = {
    {"policy", KEY(struct policy, name, read_name)},
    {"title", .read = read_title},
    {"currency", KEY(struct policy, currency, read_currency)},
    {"eligibility", .read = read_eligibility},
    {"limits", .read = read_limits},
    {"formula", .read = read_formula},
    {"reserve", .read = read_reserve},
    {"topups", .read = read_topups},
    {"routes", .read = read_routes},
    {"charges", .read = read_charges},
    {"review", .read = read_review},
    {"rules", .read = read_rules},
    {"labels", .read = read_labels},
};

/* Amounts are read by the file's currency; where that is wrong it is one mistake, not one for every amount. */
static void choose_currency(struct reading *reading)
{
    const struct tree *currency = tree_child(reading->root, "currency");

    memcpy(reading->currency, "CNY", CURRENCY_BYTES);
    if (currency != NULL && currency->kind == TREE_TEXT && currency_digits(currency->text) >= 0 &&
        strlen(currency->text) == CURRENCY_BYTES - 1)
        memcpy(reading->currency, currency->text, CURRENCY_BYTES);
}

/* In the order of the file, as its writer reads it. */
static void sort_mistakes(struct policy_mistakes *mistakes)
{
    for (size_t i = 1; i < mistakes->count; i++) {
        struct policy_mistake moved = mistakes->items[i];
        size_t to = i;
        for (; to > 0 && mistakes->items[to - 1].line > moved.line; to--)
            mistakes->items[to] = mistakes->items[to - 1];
        mistakes->items[to] = moved;
    }
}

static enum err read_policy(const char *yaml, size_t size, struct arena *scratch, struct reading *reading,
                            struct policy *policy)
{
    TRY(tree_read(yaml, size, scratch, &reading->root, reading->mistakes));
    choose_currency(reading);
    read_map(reading, reading->root, policy_keys, ARRAY_COUNT(policy_keys), policy);
    if (reading->root->kind == TREE_MAP)
        policy_check(reading, policy);
    if (reading->mistakes->count > 0)
        return ERR_REQUEST;
    return reading->exhausted ? ERR_RETRY : ERR_NONE;
}

enum err policy_load(const char *yaml, size_t size, struct arena *arena, struct policy *ret,
                     struct policy_mistakes *mistakes)
{
    SCOPED(arena_fini) struct arena scratch;
    struct reading reading = {.arena = arena, .mistakes = mistakes};
    struct policy policy = {0};

    arena_init(&scratch, TREE_ARENA_BYTES);
    mistakes->count = 0;
    enum err err = read_policy(yaml, size, &scratch, &reading, &policy);
    sort_mistakes(mistakes);
    TRY(err);
    *ret = policy;
    return ERR_NONE;
}
