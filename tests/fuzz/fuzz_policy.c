/* SPDX-License-Identifier: Apache-2.0 */
/* Policy files (domain/policy_load.h, policy_explain.h): `ebb policy check` and `explain`. What loads means the same
 * when it is loaded again, can be told in both languages, and quotes any account so that it adds up. What does not load
 * names lines that the file has, in their order. */
#include "base/field.h"
#include "domain/policy_explain.h"
#include "domain/policy_load.h"
#include "domain/quote.h"
#include "fuzz.h"

#define ARENA_BYTES ((size_t)1 << 20)
#define TOPUPS 8

static struct policy policy, again;
static struct arena arena, other_arena;
static struct policy_mistakes mistakes;

/* `said`: the file itself says "(null)", and its words are told as they are. */
static void explain_check(bool chinese, bool said)
{
    struct out first, second;

    out_init(&first);
    out_init(&second);
    policy_explain(&policy, chinese, &first);
    policy_explain(&again, chinese, &second);
    CHECK(!first.failed && first.size > 0 && strcmp(first.data, second.data) == 0);
    for (size_t at = 0, bytes; at < first.size; at += bytes)
        CHECK((bytes = text_character_bytes(first.data + at, first.size - at)) > 0);
    CHECK(said || strstr(first.data, "(null)") == NULL);
    out_fini(&first);
    out_fini(&second);
}

/* An account that meets every rule somewhere: each method, ages from a day to years, a little of every fund. */
static void quote_check(struct instant at)
{
    struct account account = {.state = ACCOUNT_ACTIVE,
                              .verified = true,
                              .transferred_in = {300},
                              .allocated_in = {40},
                              .other = {5000},
                              .other_held = {1000},
                              .owed_invoice = {700},
                              .overdue = {11},
                              .unsettled = {13},
                              .payg_frozen = {17}};
    struct topup rows[TOPUPS] = {0}, *topups[TOPUPS];
    struct quote_topup quoted[TOPUPS];
    struct quote quote;
    int64_t back = 0;

    for (size_t i = 0; i < TOPUPS; i++) {
        rows[i] = (struct topup){.id = (int64_t)i + 1,
                                 .method = (enum method)(1 + i % (METHOD__COUNT - 1)),
                                 .payer_kind = (enum payer_kind)(1 + i % 2),
                                 .amount = {100000},
                                 .remaining = {80000},
                                 .held = {(int64_t)i * 10000},
                                 .bonus = i == 6,
                                 .arbitrage = i == 7,
                                 .paid_at = {at.ms - ((INT64_C(1) << i) + 1) * 5 * MS_DAY}};
        topups[i] = &rows[i];
        account.topup = money_add(account.topup, rows[i].remaining);
        account.topup_held = money_add(account.topup_held, rows[i].held);
        account.topped_up = money_add(account.topped_up, rows[i].amount);
    }
    quote_make(&(struct quote_input){&policy, at, &account, topups, TOPUPS}, quoted, &quote);
    for (size_t i = 0; i < quote.items_count; i++)
        back += quote.items[i].amount.minor;
    CHECK(quote.withdrawable.minor >= 0 && quote.cash.minor - back == quote.withdrawable.minor);
    CHECK(quote.cash.minor == TOPUPS * 80000 + 300 + 40 + 5000);
}

static void loaded_check(bool said)
{
    CHECK(mistakes.count == 0);
    CHECK(policy.name[0] != '\0' && currency_digits(policy.currency) >= 0);
    CHECK(policy.topups_count >= 1 && policy.topups_count <= POLICY_RULES_MAX);
    CHECK(policy.tiers_count <= POLICY_TIERS_MAX);
    for (int route = ROUTE_ORIGINAL; route <= ROUTE_APPLICATION; route++) {
        int64_t people = 1;
        for (int64_t above = 0; above <= 1000000; above += 250000) {
            int64_t more = policy_approvals(&policy, money_of(above), (enum route)route);
            CHECK(more >= people && more < policy.reviewers);
            people = more;
        }
    }
    for (int status = 1; status < WITHDRAWAL__COUNT; status++)
        CHECK(policy_label(&policy, (enum withdrawal_status)status, false) != NULL &&
              policy_label(&policy, (enum withdrawal_status)status, true) != NULL);
    explain_check(false, said);
    explain_check(true, said);
    quote_check((struct instant){INT64_C(1795140000000)});
}

static void refused_check(const char *yaml, size_t size)
{
    size_t lines = 1;

    for (size_t i = 0; i < size; i++) /* the last byte of every line break that YAML knows */
        lines += strchr("\n\r\x85\xA8\xA9", yaml[i]) != NULL;
    CHECK(mistakes.count >= 1 && mistakes.count <= POLICY_MISTAKES_MAX);
    for (size_t i = 0; i < mistakes.count; i++) {
        CHECK(mistakes.items[i].line <= lines && mistakes.items[i].expected[0] != '\0');
        CHECK(i == 0 || mistakes.items[i - 1].line <= mistakes.items[i].line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *yaml = (const char *)data;

    if (arena.bytes_max == 0) {
        arena_init(&arena, ARENA_BYTES);
        arena_init(&other_arena, ARENA_BYTES);
    }
    arena_reset(&arena);
    arena_reset(&other_arena);
    memset(&policy, 0, sizeof policy);
    memset(&again, 0, sizeof again);
    enum err err = policy_load(yaml, size, &arena, &policy, &mistakes);
    CHECK(err == ERR_NONE || err == ERR_REQUEST);
    if (err == ERR_REQUEST) {
        CHECK(memcmp(&policy, &again, sizeof policy) == 0);
        refused_check(yaml, size);
        return 0;
    }
    CHECK(policy_load(yaml, size, &other_arena, &again, &mistakes) == ERR_NONE);
    loaded_check(memmem(yaml, size, "(null)", 6) != NULL);
    return 0;
}
