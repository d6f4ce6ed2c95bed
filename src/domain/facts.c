/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the JSON says, before it becomes rows. */
struct facts_payer {
    int kind;
    const char *name;
};
struct facts_topup {
    const char *ref, *bank;
    int method;
    struct money amount, remaining, held;
    int64_t refunds;
    struct instant paid_at;
    struct facts_payer payer;
    bool bonus, arbitrage;
};
struct facts_account {
    int state, kind, partner;
    bool verified;
    int64_t withdrawals_this_month, withdrawals_today;
    struct money withdrawn_today;
};
struct facts_funds {
    struct money transferred_in, allocated_in, other, voucher, other_held;
};
struct facts_claims {
    struct money owed_invoice, overdue, unsettled, invoiced;
};
struct facts_payg {
    int64_t active;
    struct instant last_released_at;
    struct money frozen;
};
struct facts_object {
    const char *policy, *currency;
    struct instant at;
    struct facts_account account;
    struct field_list topups;
    struct facts_funds funds;
    struct facts_claims claims;
    struct facts_payg payg;
};

#define REQUIRED FIELD_REQUIRED
#define NULLABLE (FIELD_REQUIRED | FIELD_NULLABLE) /* must stand there, and may be null */
#define OPTIONAL 0
#define MEMBER(type, member, field_kind, field_flags)                                                                  \
    .name = #member, .kind = (field_kind), .flags = (field_flags), .offset = offsetof(struct type, member)
#define COUNT_MAX 1000000000

/* clang-format off */
static const struct field payer_fields[] = {
    {MEMBER(facts_payer, kind, FIELD_WORD, NULLABLE), .words = &payer_kind_words},
    {MEMBER(facts_payer, name, FIELD_TEXT, NULLABLE), .max = 200},
};
static const struct shape payer_shape = {"payer", sizeof(struct facts_payer), payer_fields, ARRAY_COUNT(payer_fields)};

static const struct field topup_fields[] = {
    {MEMBER(facts_topup, ref, FIELD_REF, REQUIRED)},
    {MEMBER(facts_topup, method, FIELD_WORD, REQUIRED), .words = &method_words},
    {MEMBER(facts_topup, bank, FIELD_TEXT, NULLABLE), .min = 1, .max = BANK_CODE_BYTES - 1},
    {MEMBER(facts_topup, amount, FIELD_MONEY, REQUIRED | FIELD_POSITIVE)},
    {MEMBER(facts_topup, remaining, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_topup, held, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_topup, refunds, FIELD_COUNT, OPTIONAL), .max = COUNT_MAX},
    {MEMBER(facts_topup, paid_at, FIELD_INSTANT, REQUIRED)},
    {MEMBER(facts_topup, payer, FIELD_OBJECT, NULLABLE), .shape = &payer_shape},
    {MEMBER(facts_topup, bonus, FIELD_BOOL, REQUIRED)},
    {MEMBER(facts_topup, arbitrage, FIELD_BOOL, REQUIRED)},
};
static const struct shape topup_facts_shape = {"topup", sizeof(struct facts_topup), topup_fields,
                                               ARRAY_COUNT(topup_fields)};

static const struct field account_fields[] = {
    {MEMBER(facts_account, state, FIELD_WORD, REQUIRED), .words = &account_state_words},
    {MEMBER(facts_account, verified, FIELD_BOOL, REQUIRED)},
    {MEMBER(facts_account, kind, FIELD_WORD, REQUIRED), .words = &subject_kind_words},
    {MEMBER(facts_account, partner, FIELD_WORD, NULLABLE), .words = &partner_payment_words},
    {MEMBER(facts_account, withdrawals_this_month, FIELD_COUNT, REQUIRED), .max = COUNT_MAX},
    {MEMBER(facts_account, withdrawals_today, FIELD_COUNT, OPTIONAL), .max = COUNT_MAX},
    {MEMBER(facts_account, withdrawn_today, FIELD_MONEY, OPTIONAL)},
};
static const struct shape account_facts_shape = {"account", sizeof(struct facts_account), account_fields,
                                                 ARRAY_COUNT(account_fields)};

static const struct field funds_fields[] = {
    {MEMBER(facts_funds, transferred_in, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_funds, allocated_in, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_funds, other, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_funds, voucher, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_funds, other_held, FIELD_MONEY, OPTIONAL)},
};
static const struct shape funds_shape = {"funds", sizeof(struct facts_funds), funds_fields, ARRAY_COUNT(funds_fields)};

static const struct field claims_fields[] = {
    {MEMBER(facts_claims, owed_invoice, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_claims, overdue, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_claims, unsettled, FIELD_MONEY, REQUIRED)},
    {MEMBER(facts_claims, invoiced, FIELD_MONEY, OPTIONAL)},
};
static const struct shape claims_shape = {"claims", sizeof(struct facts_claims), claims_fields,
                                          ARRAY_COUNT(claims_fields)};

static const struct field payg_fields[] = {
    {MEMBER(facts_payg, active, FIELD_COUNT, REQUIRED), .max = COUNT_MAX},
    {MEMBER(facts_payg, last_released_at, FIELD_INSTANT, NULLABLE)},
    {MEMBER(facts_payg, frozen, FIELD_MONEY, REQUIRED)},
};
static const struct shape payg_shape = {"payg", sizeof(struct facts_payg), payg_fields, ARRAY_COUNT(payg_fields)};

static const struct field object_fields[] = {
    {MEMBER(facts_object, policy, FIELD_REF, REQUIRED), .max = POLICY_NAME_BYTES - 1},
    {MEMBER(facts_object, at, FIELD_INSTANT, REQUIRED)},
    {MEMBER(facts_object, currency, FIELD_TEXT, REQUIRED), .min = CURRENCY_BYTES - 1, .max = CURRENCY_BYTES - 1},
    {MEMBER(facts_object, account, FIELD_OBJECT, REQUIRED), .shape = &account_facts_shape},
    {MEMBER(facts_object, topups, FIELD_ARRAY, REQUIRED), .max = FACTS_TOPUPS_MAX, .shape = &topup_facts_shape},
    {MEMBER(facts_object, funds, FIELD_OBJECT, REQUIRED), .shape = &funds_shape},
    {MEMBER(facts_object, claims, FIELD_OBJECT, REQUIRED), .shape = &claims_shape},
    {MEMBER(facts_object, payg, FIELD_OBJECT, REQUIRED), .shape = &payg_shape},
};
static const struct shape facts_shape = {"facts", sizeof(struct facts_object), object_fields,
                                         ARRAY_COUNT(object_fields)};
/* clang-format on */

static void topup_problem(struct field_problems *problems, size_t index, const char *member, const char *code,
                          const char *detail)
{
    char pointer[FIELD_POINTER_BYTES];

    snprintf(pointer, sizeof(pointer), "/topups/%zu/%s", index, member);
    field_problem_add(problems, pointer, code, "%s", detail);
}

static int by_ref(const void *a, const void *b)
{
    const struct topup *const *x = a, *const *y = b;
    int order = strcmp((*x)->ref, (*y)->ref);

    return order != 0 ? order : ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* ERR_RETRY when there is no memory for the sorted copy. */
static enum err refs_check(const struct facts *facts, struct arena *arena, struct field_problems *problems)
{
    size_t count = facts->topups_count;
    struct topup **sorted = arena_copy(arena, facts->topups, count * sizeof(struct topup *));

    if (count > 0 && sorted == NULL)
        return ERR_RETRY;
    if (count > 0)
        qsort(sorted, count, sizeof(struct topup *), by_ref);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1]->ref, sorted[i]->ref) == 0)
            topup_problem(problems, (size_t)sorted[i]->id - 1, "ref", "duplicate", "Another top-up has this ref.");
    return ERR_NONE;
}

static void topup_fill(const struct facts_topup *from, size_t index, struct topup *to)
{
    to->id = (int64_t)index + 1;
    snprintf(to->ref, sizeof(to->ref), "%s", from->ref);
    snprintf(to->bank, sizeof(to->bank), "%s", from->bank != NULL ? from->bank : "");
    to->method = (enum method)from->method;
    to->payer_kind = (enum payer_kind)from->payer.kind;
    to->payer_name = from->payer.name;
    to->amount = from->amount;
    to->remaining = from->remaining;
    to->held = from->held;
    to->refunds = from->refunds;
    to->paid_at = from->paid_at;
    to->bonus = from->bonus;
    to->arbitrage = from->arbitrage;
}

static void topup_check(const struct topup *topup, size_t index, struct field_problems *problems)
{
    if (money_compare(topup->remaining, topup->amount) > 0)
        topup_problem(problems, index, "remaining", "out_of_range", "More remains than was paid in.");
    if (money_compare(topup->held, topup->remaining) > 0)
        topup_problem(problems, index, "held", "out_of_range", "More is held than remains.");
}

/* The account's totals are sums over its top-ups; past the balance limit the facts are not believed. */
static enum err topups_fill(const struct facts_object *object, struct arena *arena, struct facts *facts,
                            struct field_problems *problems)
{
    const struct facts_topup *items = object->topups.items;
    size_t count = object->topups.count;
    struct topup *rows = arena_alloc(arena, (count + 1) * sizeof(*rows));
    struct account *account = &facts->account;

    facts->topups = arena_alloc(arena, (count + 1) * sizeof(*facts->topups));
    if (rows == NULL || facts->topups == NULL)
        return ERR_RETRY;
    facts->topups_count = count;
    for (size_t i = 0; i < count; i++) {
        topup_fill(&items[i], i, &rows[i]);
        topup_check(&rows[i], i, problems);
        facts->topups[i] = &rows[i];
        account->topup = money_add(account->topup, rows[i].remaining);
        account->topup_held = money_add(account->topup_held, rows[i].held);
        account->topped_up = money_add(account->topped_up, rows[i].amount);
    }
    return refs_check(facts, arena, problems);
}

static void account_fill(const struct facts_object *object, struct account *account)
{
    snprintf(account->policy, sizeof(account->policy), "%s", object->policy);
    snprintf(account->currency, sizeof(account->currency), "%s", object->currency);
    account->state = (enum account_state)object->account.state;
    account->subject_kind = (enum subject_kind)object->account.kind;
    account->verified = object->account.verified;
    account->partner_payment = (enum partner_payment)object->account.partner;
    account->month = instant_month_key(object->at);
    account->withdrawals_month = (int32_t)object->account.withdrawals_this_month;
    account->day = instant_day_key(object->at);
    account->withdrawals_day = (int32_t)object->account.withdrawals_today;
    account->withdrawn_day = object->account.withdrawn_today;
    account->transferred_in = object->funds.transferred_in;
    account->allocated_in = object->funds.allocated_in;
    account->other = object->funds.other;
    account->other_held = object->funds.other_held;
    account->voucher = object->funds.voucher;
    account->owed_invoice = object->claims.owed_invoice;
    account->overdue = object->claims.overdue;
    account->unsettled = object->claims.unsettled;
    account->invoiced = object->claims.invoiced;
    account->payg_active = object->payg.active;
    account->payg_last_released_at = object->payg.last_released_at;
    account->payg_frozen = object->payg.frozen;
}

static void account_check(const struct account *account, struct field_problems *problems)
{
    struct money balance =
        money_add(money_add(account->topup, account->transferred_in), money_add(account->allocated_in, account->other));

    if (currency_digits(account->currency) < 0)
        field_problem_add(problems, "/currency", "out_of_range", "Not a currency that Ebb knows.");
    if (money_compare(account->other_held, account->other) > 0)
        field_problem_add(problems, "/funds/other_held", "out_of_range", "More is held than there is.");
    if (balance.minor > MONEY_BALANCE_MAX)
        field_problem_add(problems, "/topups", "out_of_range",
                          "The funds add up to more than a balance may be, %" PRId64 ".", MONEY_BALANCE_MAX);
}

enum err facts_read(const char *json, size_t size, struct arena *arena, struct facts *ret,
                    struct field_problems *problems, bool *ret_malformed)
{
    struct facts_object object = {0};
    struct facts facts = {0};
    enum err err = field_read_json(json, size, &facts_shape, arena, &object, problems);

    *ret_malformed = err == ERR_REQUEST;
    TRY(err);
    facts.policy = object.policy;
    facts.at = object.at;
    account_fill(&object, &facts.account);
    TRY(topups_fill(&object, arena, &facts, problems));
    account_check(&facts.account, problems);
    if (problems->count > 0)
        return ERR_REQUEST;
    *ret = facts;
    return ERR_NONE;
}
