/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts and policies for the tests of quote and plan: the four embedded policies, decision rows turned into rows of
 * the house, and random accounts from a seed. */
#ifndef EBB_TESTS_QUOTE_WORLD_H
#define EBB_TESTS_QUOTE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/random.h"
#include "domain/policy_load.h"
#include "domain/quote.h"

#define WORLD_POLICIES 4
#define WORLD_TOPUPS 24
#define WORLD_AT "2026-11-20T10:00:00+08:00"

struct paid {
    enum method method;
    int64_t amount, held;
    const char *paid_at; /* NULL: 1 November 2026 */
    const char *bank;
    enum payer_kind payer;
    bool bonus, arbitrage;
    int64_t refunds;
};

struct world {
    struct arena arena;
    struct policy policies[WORLD_POLICIES];
    struct account account;
    struct topup rows[WORLD_TOPUPS];
    struct topup *topups[WORLD_TOPUPS];
    size_t topups_count;
    struct quote_topup quoted[WORLD_TOPUPS];
    struct quote quote;
};

static inline struct instant world_instant(const char *text)
{
    struct instant at = INSTANT_NONE;

    if (!instant_parse(text, &at))
        fail_msg("not an instant: %s", text);
    return at;
}

static inline void world_init(struct world *world)
{
    static struct policy_mistakes mistakes;
    size_t count = 0;

    arena_init(&world->arena, (size_t)64 << 20);
    for (const struct embedded *file = embedded_policies; file->name != NULL && count < WORLD_POLICIES; file++)
        if (policy_load(file->data, file->size, &world->arena, &world->policies[count++], &mistakes) != ERR_NONE)
            fail_msg("%s:%zu: %s: %s", file->name, mistakes.items[0].line, mistakes.items[0].key,
                     mistakes.items[0].expected);
    assert_int_equal(count, WORLD_POLICIES);
}

static inline const struct policy *world_policy(const struct world *world, const char *name)
{
    for (size_t i = 0; i < WORLD_POLICIES; i++)
        if (strcmp(world->policies[i].name, name) == 0)
            return &world->policies[i];
    fail_msg("no policy %s", name);
    return NULL;
}

static inline void world_add(struct world *world, const struct paid *paid)
{
    size_t index = world->topups_count++;
    struct topup *topup = &world->rows[index];

    *topup = (struct topup){.id = (int64_t)index + 1,
                            .method = paid->method,
                            .payer_kind = paid->payer != PAYER_NONE ? paid->payer : PAYER_PERSONAL,
                            .amount = money_of(paid->amount),
                            .remaining = money_of(paid->amount),
                            .held = money_of(paid->held),
                            .refunds = paid->refunds,
                            .bonus = paid->bonus,
                            .arbitrage = paid->arbitrage};
    topup->paid_at = world_instant(paid->paid_at != NULL ? paid->paid_at : "2026-11-01T10:00:00+08:00");
    snprintf(topup->ref, sizeof(topup->ref), "t%zu", index + 1);
    snprintf(topup->bank, sizeof(topup->bank), "%s", paid->bank != NULL ? paid->bank : "");
    snprintf(topup->channel, sizeof(topup->channel), "ch_%zu", index + 1);
    world->topups[index] = topup;
    world->account.topup = money_add(world->account.topup, topup->remaining);
    world->account.topup_held = money_add(world->account.topup_held, topup->held);
    world->account.topped_up = money_add(world->account.topped_up, topup->amount);
}

/* A fresh account from a row's figures. */
static inline void world_account(struct world *world, const struct account *figures, const struct paid *paid,
                                 size_t paid_max)
{
    world->account = *figures;
    world->topups_count = 0;
    if (world->account.state == ACCOUNT_NONE)
        world->account.state = ACCOUNT_ACTIVE;
    for (size_t i = 0; i < paid_max && paid[i].method != METHOD_NONE; i++)
        world_add(world, &paid[i]);
}

static inline void world_quote(struct world *world, const struct policy *policy, struct instant at)
{
    struct quote_input input = {policy, at, &world->account, world->topups, world->topups_count};

    quote_make(&input, world->quoted, &world->quote);
}

static inline int64_t world_below(struct random *random, int64_t bound)
{
    return (int64_t)random_below(random, (uint32_t)bound);
}

static inline bool world_chance(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

/* Half of the figures are zero, so that the clamps meet each other at their edges. */
static inline struct money world_money(struct random *random, int64_t bound)
{
    return world_chance(random, 50) ? MONEY_ZERO : money_of(world_below(random, bound));
}

static inline void world_random_topup(struct world *world, struct random *random, struct instant at)
{
    static const char *const banks[] = {"", "JSBANK", "BOC", "CMB", "CCB"};
    struct paid paid = {.method = (enum method)(1 + random_below(random, METHOD__COUNT - 1)),
                        .amount = 1 + world_below(random, 60000),
                        .bank = banks[random_below(random, 5)],
                        .payer = (enum payer_kind)(1 + random_below(random, PAYER__COUNT - 1)),
                        .bonus = world_chance(random, 10),
                        .arbitrage = world_chance(random, 10)};

    paid.held = world_chance(random, 30) ? world_below(random, paid.amount + 1) : 0;
    world_add(world, &paid);
    world->rows[world->topups_count - 1].paid_at = instant_add_ms(at, -world_below(random, 400) * MS_DAY);
}

static inline void world_random(struct world *world, struct random *random, struct instant at)
{
    struct account figures = {.state = world_chance(random, 90) ? ACCOUNT_ACTIVE : ACCOUNT_FROZEN,
                              .verified = world_chance(random, 95),
                              .transferred_in = world_money(random, 100000),
                              .allocated_in = world_money(random, 50000),
                              .other = world_money(random, 80000),
                              .voucher = world_money(random, 100000),
                              .owed_invoice = world_money(random, 40000),
                              .overdue = world_money(random, 30000),
                              .unsettled = world_money(random, 30000),
                              .invoiced = world_money(random, 90000),
                              .payg_active = world_chance(random, 30),
                              .payg_frozen = world_money(random, 30000),
                              .month = instant_month_key(at),
                              .withdrawals_month = world_chance(random, 20)};

    if (world_chance(random, 50))
        figures.other_held = money_of(world_below(random, figures.other.minor + 1));
    if (world_chance(random, 40))
        figures.payg_last_released_at = instant_add_ms(at, -world_below(random, 48) * MS_HOUR);
    figures.partner_payment = world_chance(random, 10) ? PARTNER_ADVANCE : PARTNER_NONE;
    world_account(world, &figures, NULL, 0);
    for (size_t count = random_below(random, WORLD_TOPUPS + 1); count > 0; count--)
        world_random_topup(world, random, at);
}

#endif
