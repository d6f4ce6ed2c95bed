/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/phrase.h"
#include "domain/policy_check.h"

#include <string.h>

#define DOCUMENTS_MAX 20

static const char *const reserve_texts[] = {"none", "fixed", "resources"};
static const char *const review_texts[] = {"never", "flagged", "always"};
static const char *const payee_texts[] = {"any", "subject", "payer", "subject or documents"};
static const char *const needs_texts[] = {"bank", "branch", "province_and_city"};

#define SECTION(name, keys, type)                                                                                      \
    static void name(struct reading *reading, const struct tree *value, const struct key *key, void *at)               \
    {                                                                                                                  \
        (void)key;                                                                                                     \
        read_map(reading, value, keys, ARRAY_COUNT(keys), (type *)at);                                                 \
    }

/* Reads every element of a list by `element`, at most `max`; the count is returned. */
static size_t read_list(struct reading *reading, const struct tree *list, size_t max, size_t element_bytes, void *into,
                        void (*element)(struct reading *, const struct tree *, const struct key *, void *))
{
    size_t count = 0;

    if (list->kind != TREE_LIST || list->first == NULL) {
        read_mistake(reading, list, "a list of at least one");
        return 0;
    }
    for (const struct tree *child = list->first; child != NULL; child = child->next) {
        if (count == max) {
            read_mistake(reading, child, "at most %zu elements", max);
            return count;
        }
        element(reading, child, NULL, (char *)into + element_bytes * count);
        count++;
    }
    return count;
}

/* --- title, eligibility, limits, formula, reserve ------------------------------------------------------------------
 */

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

/* --- top-ups -------------------------------------------------------------------------------------------------------
 */

static void read_bank(struct reading *reading, const struct tree *value, const struct key *key, void *at)
{
    size_t length = value->kind == TREE_TEXT ? strlen(value->text) : 0;

    (void)key;
    if (length >= 2 && length < BANK_CODE_BYTES &&
        strspn(value->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == length)
        memcpy(at, value->text, length + 1);
    else
        read_mistake(reading, value, "a bank code such as ICBC: 2 to 16 capitals and digits");
}

static READER(read_banks)
{
    struct topup_rule *rule = at;

    (void)key;
    rule->banks_count = read_list(reading, value, POLICY_BANKS_MAX, BANK_CODE_BYTES, rule->banks, read_bank);
    const struct tree *element = value->first;
    for (size_t i = 0; i < rule->banks_count; i++, element = element->next) {
        for (size_t earlier = 0; earlier < i; earlier++) {
            if (*rule->banks[i] != '\0' && strcmp(rule->banks[i], rule->banks[earlier]) == 0)
                read_mistake(reading, element, "every bank once");
        }
    }
}

static READER(read_original)
{
    struct topup_rule *rule = at;

    (void)key;
    if (value->kind != TREE_TEXT || !phrase_window(value->text, &rule->original, &rule->window))
        read_mistake(
            reading, value,
            "how long the original route is open: within 180 days, within 11 months (from 1, at most 20 years), "
            "always or never");
}

/* Where a top-up goes when its original route is closed or absent. */
static READER(read_after)
{
    enum route *route = at;
    int word = ROUTE_NONE;

    (void)key;
    if (value->kind == TREE_TEXT && strcmp(value->text, "none") == 0)
        *route = ROUTE_NONE;
    else if (value->kind == TREE_TEXT && word_parse(&route_words, value->text, &word) &&
             (word == ROUTE_DESIGNATED || word == ROUTE_CASE))
        *route = (enum route)word;
    else
        read_mistake(reading, value, "designated, case or none");
}

static const struct key topup_rule_keys[] = {
    {"methods", KEY(struct topup_rule, methods, read_method_set)},
    {"payer", KEY(struct topup_rule, payer_kind, read_word), .words = &payer_kind_words, .optional = true},
    {"banks", .read = read_banks, .optional = true},
    {"original", .read = read_original},
    {"designated_inside", KEY(struct topup_rule, designated_inside, read_yes_no), .optional = true},
    {"after", KEY(struct topup_rule, after, read_after)},
    {"rule", KEY(struct topup_rule, rule, read_rule_id), .optional = true},
};
SECTION(read_topup_rule, topup_rule_keys, struct topup_rule)

static READER(read_topup_rules)
{
    struct policy *policy = at;

    (void)key;
    policy->topups_count =
        read_list(reading, value, POLICY_RULES_MAX, sizeof policy->topups[0], policy->topups, read_topup_rule);
}

static const struct key topups_keys[] = {
    {"exclude_bonus", KEY(struct policy, exclude_bonus, read_yes_no)},
    {"exclude_arbitrage", KEY(struct policy, exclude_arbitrage, read_yes_no)},
    {"cool_off", KEY(struct policy, cool_off_ms, read_span)},
    {"refunds_max", KEY(struct policy, refunds_per_topup_max, read_count_some)},
    {"rules", .read = read_topup_rules},
};
SECTION(read_topups, topups_keys, struct policy)

/* --- routes --------------------------------------------------------------------------------------------------------
 */

static void read_arrival(struct reading *reading, const struct tree *value, const struct key *key, void *at)
{
    (void)key;
    if (value->kind != TREE_TEXT || !phrase_arrival(value->text, at))
        read_mistake(reading, value,
                     "when the money arrives: within 1 hour, within 2 working days, 7 to 15 days, or unstated");
}

static void read_payee(struct reading *reading, const struct tree *value, const struct key *key, void *at)
{
    static const struct key payee = {.texts = payee_texts, .size = ARRAY_COUNT(payee_texts)};

    (void)key;
    read_choice(reading, value, &payee, at);
}

/* One value for all payment methods, or a map of `default` and the methods that differ. The array is filled throughout,
 * METHOD_NONE included, so that nobody downstream has to know about the default. */
static void read_by_method(struct reading *reading, const struct tree *value, size_t bytes, void *array,
                           void (*read)(struct reading *, const struct tree *, const struct key *, void *))
{
    const struct tree *usual = value->kind == TREE_MAP ? tree_child(value, "default") : value;

    if (usual == NULL)
        read_missing(reading, value, "default");
    else
        read(reading, usual, NULL, array);
    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++)
        memcpy((char *)array + bytes * (size_t)method, array, bytes);
    if (value->kind != TREE_MAP)
        return;
    for (const struct tree *child = value->first; child != NULL; child = child->next) {
        int method = METHOD_NONE;
        if (child == usual)
            continue;
        if (word_parse(&method_words, child->key, &method))
            read(reading, child, NULL, (char *)array + bytes * (size_t)method);
        else
            read_mistake(reading, child, "default or a payment method");
    }
}

static READER(read_arrives)
{
    (void)key;
    read_by_method(reading, value, sizeof(struct arrival), at, read_arrival);
}

static READER(read_payees)
{
    (void)key;
    read_by_method(reading, value, sizeof(enum payee_rule), at, read_payee);
}

static READER(read_documents)
{
    int64_t *documents = at;

    (void)key;
    if (value->kind == TREE_TEXT && strcmp(value->text, "none") == 0)
        return;
    if (value->kind != TREE_TEXT || !phrase_count(value->text, documents) || *documents > DOCUMENTS_MAX)
        read_mistake(reading, value, "how many documents are needed, from 1 to %d, or none", DOCUMENTS_MAX);
}

static READER(read_kinds)
{
    static const struct key kind = {.words = &destination_kind_words};
    struct route_terms *terms = at;

    (void)key;
    if (value->kind != TREE_LIST || value->first == NULL) {
        read_mistake(reading, value, "a list of bank, alipay");
        return;
    }
    terms->destination = true;
    for (const struct tree *element = value->first; element != NULL; element = element->next) {
        int word = DESTINATION_NONE;
        read_word(reading, element, &kind, &word);
        terms->destination_bank = terms->destination_bank || word == DESTINATION_BANK;
        terms->destination_alipay = terms->destination_alipay || word == DESTINATION_ALIPAY;
    }
}

static READER(read_bank_needs)
{
    static const struct key need = {.texts = needs_texts, .size = ARRAY_COUNT(needs_texts)};
    struct route_terms *terms = at;
    bool *needs[] = {&terms->needs_bank, &terms->needs_branch, &terms->needs_city};

    (void)key;
    if (value->kind != TREE_LIST) {
        read_mistake(reading, value, "a list of bank, branch, province_and_city");
        return;
    }
    for (const struct tree *element = value->first; element != NULL; element = element->next) {
        int which = -1;
        read_choice(reading, element, &need, &which);
        if (which >= 0)
            *needs[which] = true;
    }
}

static const struct key destination_keys[] = {
    {"kinds", .read = read_kinds},
    {"bank_needs", .read = read_bank_needs, .optional = true},
};
SECTION(read_destination, destination_keys, struct route_terms)

static const struct key channel_keys[] = {
    {"bank", KEY(struct route_terms, channel, read_name), .optional = true},
    {"alipay", KEY(struct route_terms, channel_alipay, read_name), .optional = true},
};
SECTION(read_channel, channel_keys, struct route_terms)

static const struct key reason_keys[] = {
    {"code", KEY(struct payout_reason, code, read_name)},
    {"inside_window", KEY(struct payout_reason, inside_window, read_yes_no)},
    {"en", KEY(struct payout_reason, en, read_sentence)},
    {"zh", KEY(struct payout_reason, zh, read_sentence)},
};
SECTION(read_reason, reason_keys, struct payout_reason)

static READER(read_reasons)
{
    struct route_terms *terms = at;

    (void)key;
    terms->reasons_count =
        read_list(reading, value, POLICY_REASONS_MAX, sizeof terms->reasons[0], terms->reasons, read_reason);
    const struct tree *element = value->first;
    for (size_t i = 0; i < terms->reasons_count; i++, element = element->next) {
        for (size_t earlier = 0; earlier < i; earlier++) {
            if (*terms->reasons[i].code != '\0' && strcmp(terms->reasons[i].code, terms->reasons[earlier].code) == 0)
                read_mistake(reading, element, "every reason's code once");
        }
    }
}

static const struct key route_keys[] = {
    {"review", .read = read_choice, .offset = offsetof(struct route_terms, review), .size = ARRAY_COUNT(review_texts),
     .texts = review_texts},
    {"arrives", KEY(struct route_terms, arrival, read_arrives)},
    {"payee", KEY(struct route_terms, payee, read_payees)},
    {"documents", KEY(struct route_terms, documents_min, read_documents), .optional = true},
    {"destination", .read = read_destination, .optional = true},
    {"channel", .read = read_channel, .optional = true},
    {"reasons", .read = read_reasons, .optional = true},
    {"rule", KEY(struct route_terms, rule, read_rule_id), .optional = true},
};

static READER(read_route)
{
    struct route_terms *terms = at;

    (void)key;
    terms->offered = true;
    read_map(reading, value, route_keys, ARRAY_COUNT(route_keys), terms);
}

static const struct key routes_keys[] = {
    {"original", KEY(struct policy, routes[ROUTE_ORIGINAL], read_route), .optional = true},
    {"designated", KEY(struct policy, routes[ROUTE_DESIGNATED], read_route), .optional = true},
    {"application", KEY(struct policy, routes[ROUTE_APPLICATION], read_route), .optional = true},
};
SECTION(read_routes, routes_keys, struct policy)

/* --- charges, review, rules, labels --------------------------------------------------------------------------------
 */

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

struct tier {
    struct money above;
    int64_t approvals;
};
static const struct key tier_keys[] = {
    {"above", KEY(struct tier, above, read_amount)},
    {"people", KEY(struct tier, approvals, read_count)},
};
SECTION(read_tier, tier_keys, struct tier)

static READER(read_tiers)
{
    struct policy *policy = at;
    struct tier tiers[POLICY_TIERS_MAX] = {0};

    (void)key;
    policy->tiers_count = read_list(reading, value, POLICY_TIERS_MAX, sizeof tiers[0], tiers, read_tier);
    for (size_t i = 0; i < policy->tiers_count; i++) {
        policy->tiers[i].above = tiers[i].above;
        policy->tiers[i].approvals = tiers[i].approvals;
    }
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

/* --- the file ------------------------------------------------------------------------------------------------------
 */

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
    sort_mistakes(reading->mistakes);
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
    TRY(read_policy(yaml, size, &scratch, &reading, &policy));
    *ret = policy;
    return ERR_NONE;
}
