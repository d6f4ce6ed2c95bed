/* SPDX-License-Identifier: Apache-2.0 */
/* The two sections of a policy file that say where money may go: `topups` and `routes`. */
#include "domain/phrase.h"
#include "domain/policy_read.h"

#include <string.h>

#define DOCUMENTS_MAX 20

static const char *const review_texts[] = {"never", "flagged", "always"};
static const char *const payee_texts[] = {"any", "subject", "payer", "subject or documents"};
static const char *const needs_texts[] = {"bank", "branch", "province_and_city"};

/* Top-ups. */

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
READER(read_topups)
{
    (void)key;
    read_map(reading, value, topups_keys, ARRAY_COUNT(topups_keys), at);
}

/* Routes. */

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
    {"arrives_after_approval", KEY(struct route_terms, arrives_after_approval, read_yes_no), .optional = true},
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
READER(read_routes)
{
    (void)key;
    read_map(reading, value, routes_keys, ARRAY_COUNT(routes_keys), at);
}
