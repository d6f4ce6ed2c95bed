/* SPDX-License-Identifier: Apache-2.0 */
#include "pure_world.h"

#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "bench_house.h"
#include "domain/policy_load.h"

#define TOPUP_MINOR 100000
#define PLAN_BYTES ((size_t)1 << 20)

static void policies_read(struct pure_world *world)
{
    static struct policy_mistakes mistakes;
    size_t count = 0;

    for (const struct embedded *file = embedded_policies; file->name != NULL && count < PURE_POLICIES; file++)
        if (policy_load(file->data, file->size, &world->arena, &world->policies[count++], &mistakes) != ERR_NONE)
            die("%s does not read", file->name);
    if (count != PURE_POLICIES)
        die("%zu policies instead of four", count);
}

static void topups_make(struct pure_world *world)
{
    static const enum method methods[] = {METHOD_ALIPAY, METHOD_WECHAT, METHOD_UNIONPAY, METHOD_ONLINE_BANK,
                                          METHOD_BANK_CARD};
    static const char *const banks[] = {"CMB", "BOC", "ICBC", "CCB"};

    for (int64_t i = 0; i < PURE_TOPUPS; i++) {
        struct topup *topup = &world->rows[i];

        *topup = (struct topup){.id = i + 1,
                                .method = methods[i % (int64_t)ARRAY_COUNT(methods)],
                                .payer_kind = i % 3 == 0 ? PAYER_CORPORATE : PAYER_PERSONAL,
                                .amount = money_of(TOPUP_MINOR),
                                .remaining = money_of(TOPUP_MINOR - i * 100),
                                .paid_at = {PURE_AT_MS - (PURE_TOPUPS - i) * 11 * MS_DAY}};
        snprintf(topup->ref, sizeof topup->ref, "t%lld", (long long)i);
        snprintf(topup->channel, sizeof topup->channel, "alipay");
        if (topup->method == METHOD_ONLINE_BANK)
            snprintf(topup->bank, sizeof topup->bank, "%s", banks[i % 4]);
        world->topups[i] = topup;
        world->account.topup = money_add(world->account.topup, topup->remaining);
        world->account.topped_up = money_add(world->account.topped_up, topup->amount);
    }
}

void pure_world_init(struct pure_world *world)
{
    struct policy_mistake mistake = {0};

    memset(world, 0, sizeof *world);
    arena_init(&world->arena, (size_t)64 << 20);
    arena_init(&world->plans, PLAN_BYTES);
    policies_read(world);
    if (calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &world->calendar, &mistake) != ERR_NONE)
        die("the calendar does not read: %s", mistake.expected);
    world->account = (struct account){
        .state = ACCOUNT_ACTIVE, .verified = true, .transferred_in = money_of(5000), .unsettled = money_of(700)};
    topups_make(world);
}

void pure_quote(struct pure_world *world, const struct policy *policy)
{
    struct quote_input input = {policy, {PURE_AT_MS}, &world->account, world->topups, PURE_TOPUPS};

    quote_make(&input, world->quoted, &world->quote);
}

void pure_plan(struct pure_world *world, const struct policy *policy)
{
    enum route route = plan_default_route(&world->quote, false);
    struct plan_ask ask = {.amount = money_of(world->quote.by_route[route].minor / 2),
                           .strategy = STRATEGY_LIFO,
                           .route = route,
                           .channel = route == ROUTE_DESIGNATED ? policy->routes[route].channel : NULL};
    struct plan_refusal refusal;
    struct plan plan;

    arena_reset(&world->plans);
    if (!arena_reserve(&world->plans, PLAN_ARENA_BYTES + PURE_TOPUPS * 64))
        die("no memory");
    refusal = plan_make(policy, &world->calendar, &world->quote, &world->account, &ask, (struct instant){PURE_AT_MS},
                        &world->plans, &plan);
    if (refusal.code != REFUSAL_NONE || plan.legs_count == 0)
        die("%s planned nothing for %lld", policy->name, (long long)ask.amount.minor);
}

void pure_world_fini(struct pure_world *world)
{
    arena_fini(&world->plans);
    arena_fini(&world->arena);
}
