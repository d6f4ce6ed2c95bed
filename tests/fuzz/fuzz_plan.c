/* SPDX-License-Identifier: Apache-2.0 */
/* Quote and plan (domain/quote.h, plan.h) over accounts that bytes describe: the arithmetic that a withdrawal is made
 * of. A plan adds up, takes from no top-up more than is free and from none that its route refuses, in the order of its
 * strategy, and is the same when it is asked for again; a refusal is the right one by a second count. */
#include "base/embedded.h"
#include "domain/plan.h"
#include "domain/policy_load.h"
#include "fuzz.h"

#define POLICIES 4
#define TOPUPS_MAX 240
#define AT_MS INT64_C(1795140000000) /* 2026-11-20T10:00:00+08:00 */

static struct policy policies[POLICIES];
static struct calendar calendar;
static struct arena policy_arena;

struct scene {
    const struct policy *policy;
    struct account account;
    struct topup rows[TOPUPS_MAX], *topups[TOPUPS_MAX];
    size_t count;
    struct quote_topup quoted[TOPUPS_MAX];
    struct quote quote;
    struct plan_pick picks[PLAN_LOTS_MAX + 1];
    struct plan_ask ask;
};
static struct scene scene;

static void prepare(void)
{
    static struct policy_mistakes mistakes;
    struct policy_mistake mistake;

    arena_init(&policy_arena, (size_t)1 << 20);
    for (size_t i = 0; i < POLICIES; i++)
        CHECK(policy_load(embedded_policies[i].data, embedded_policies[i].size, &policy_arena, &policies[i],
                          &mistakes) == ERR_NONE);
    CHECK(calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &calendar, &mistake) == ERR_NONE);
}

/* Small amounts meet each other at their edges; now and then a large one. */
static struct money amount_read(struct input *input)
{
    uint8_t kind = input_byte(input);

    return money_of(kind < 64    ? 0
                    : kind < 250 ? (int64_t)input_number(input, 2)
                                 : (int64_t)(input_number(input, 6) % MONEY_INPUT_MAX));
}

static struct money part_of(struct input *input, struct money whole)
{
    return money_of(whole.minor * (int64_t)input_choice(input, 5) / 4);
}

static void topup_read(struct input *input)
{
    static const char *const banks[] = {"", "JSBANK", "BOC", "CMB", "CCB", "ABC"};
    struct topup *topup = &scene.rows[scene.count];
    uint8_t marks = input_byte(input);

    *topup = (struct topup){.id = (int64_t)scene.count + 1,
                            .method = (enum method)(1 + input_choice(input, METHOD__COUNT - 1)),
                            .payer_kind = (enum payer_kind)(1 + (marks & 1)),
                            .bonus = (marks & 0x30) == 0x30,
                            .arbitrage = (marks & 0xC0) == 0xC0,
                            .refunds = marks & 2 ? input_byte(input) : 0};
    snprintf(topup->ref, sizeof topup->ref, "t%zu", scene.count);
    snprintf(topup->bank, sizeof topup->bank, "%s", banks[input_choice(input, ARRAY_COUNT(banks))]);
    topup->amount = money_add(amount_read(input), money_of(1));
    topup->remaining = part_of(input, topup->amount);
    topup->held = part_of(input, topup->remaining);
    topup->paid_at.ms = AT_MS - (int64_t)input_number(input, 2) * (marks & 4 ? MS_DAY / 64 : MS_DAY / 2);
    scene.topups[scene.count++] = topup;
    scene.account.topup = money_add(scene.account.topup, topup->remaining);
    scene.account.topup_held = money_add(scene.account.topup_held, topup->held);
    scene.account.topped_up = money_add(scene.account.topped_up, topup->amount);
}

static void account_read(struct input *input)
{
    struct account *account = &scene.account;
    uint8_t marks = input_byte(input), count;

    *account = (struct account){.state = (marks & 0xE0) == 0 ? ACCOUNT_FROZEN : ACCOUNT_ACTIVE,
                                .verified = (marks & 0x0F) != 0,
                                .partner_payment = (marks & 0x1F) == 1 ? PARTNER_ADVANCE : PARTNER_NONE,
                                .month = 202611,
                                .withdrawals_month = (marks & 0x11) == 0x11,
                                .day = 20261120,
                                .withdrawals_day = (marks & 0x22) == 0x22};
    account->transferred_in = amount_read(input);
    account->allocated_in = amount_read(input);
    account->other = amount_read(input);
    account->other_held = part_of(input, account->other);
    account->voucher = amount_read(input);
    account->owed_invoice = amount_read(input);
    account->overdue = amount_read(input);
    account->unsettled = amount_read(input);
    account->invoiced = amount_read(input);
    account->payg_active = input_choice(input, 2);
    account->payg_frozen = amount_read(input);
    account->payg_last_released_at.ms = (marks & 8) != 0 ? AT_MS - (int64_t)input_number(input, 2) * MS_MINUTE : 0;
    count = input_byte(input);
    for (scene.count = 0; scene.count < count % (TOPUPS_MAX + 1) && input->left > 0;)
        topup_read(input);
}

static void ask_read(struct input *input)
{
    scene.ask = (struct plan_ask){.strategy = (enum strategy)(1 + input_choice(input, STRATEGY__COUNT - 1)),
                                  .route = (enum route)(1 + input_choice(input, ROUTE__COUNT - 1)),
                                  .picks = scene.picks};
    if (scene.ask.strategy != STRATEGY_SELECTED) {
        uint8_t how = input_byte(input);
        scene.ask.amount = how == 0  ? scene.quote.withdrawable
                           : how < 8 ? scene.quote.by_route[scene.ask.route]
                                     : amount_read(input);
        return;
    }
    for (size_t count = input_choice(input, PLAN_LOTS_MAX + 2); scene.ask.picks_count < count && input->left > 0;) {
        const struct topup *topup = scene.count > 0 ? &scene.rows[input_choice(input, scene.count)] : NULL;
        struct plan_pick *pick = &scene.picks[scene.ask.picks_count++];
        uint8_t how = input_byte(input);
        pick->ref = topup != NULL && how != 255 ? topup->ref : "nobody";
        pick->amount = topup != NULL && how < 128 ? money_sub(topup->remaining, topup->held) : money_of(how);
        scene.ask.amount = money_add(scene.ask.amount, pick->amount);
    }
    if (input_byte(input) == 1)
        scene.ask.amount = money_add(scene.ask.amount, money_of(1));
}

static struct money available(const struct topup *topup)
{
    return money_sub(topup->remaining, topup->held);
}

static void quote_check(void)
{
    const struct quote *quote = &scene.quote;
    struct money back = MONEY_ZERO;

    for (size_t i = 0; i < quote->items_count; i++)
        back = money_add(back, quote->items[i].amount);
    CHECK(money_sub(quote->cash, back).minor == quote->withdrawable.minor && !money_is_negative(quote->withdrawable));
    CHECK(quote->refusals_count == 0 || money_is_zero(quote->withdrawable));
    for (int route = 0; route < ROUTE__COUNT; route++)
        CHECK(money_compare(quote->by_route[route], quote->withdrawable) <= 0);
}

static const struct quote_topup *quoted_of(const struct topup *topup)
{
    return &scene.quoted[topup->id - 1];
}

/* lifo: whatever is later than a top-up that gave is used up. fewest: whatever has more is. */
static bool comes_before(const struct topup *a, const struct topup *b)
{
    if (scene.ask.strategy == STRATEGY_FEWEST && available(a).minor != available(b).minor)
        return available(a).minor > available(b).minor;
    return a->paid_at.ms != b->paid_at.ms ? a->paid_at.ms > b->paid_at.ms : a->id > b->id;
}

static void order_check(const struct money *taken)
{
    if (scene.ask.strategy != STRATEGY_LIFO && scene.ask.strategy != STRATEGY_FEWEST)
        return;
    for (size_t i = 0; i < scene.count; i++)
        for (size_t j = 0; money_is_positive(taken[i]) && j < scene.count; j++)
            CHECK(i == j || !scene.quoted[j].open[scene.ask.route] || !comes_before(&scene.rows[j], &scene.rows[i]) ||
                  taken[j].minor == available(&scene.rows[j]).minor);
}

static void plan_check(const struct plan *plan)
{
    static struct money taken[TOPUPS_MAX];
    struct money sum = MONEY_ZERO;
    size_t lots = 0;

    memset(taken, 0, sizeof taken);
    for (size_t i = 0; i < plan->legs_count; i++) {
        const struct plan_leg *leg = &plan->legs[i];
        struct money leg_sum = MONEY_ZERO;
        CHECK(leg->route == scene.ask.route && leg->lots_count > 0);
        CHECK(scene.ask.route != ROUTE_ORIGINAL || leg->lots_count == 1);
        for (size_t lot = 0; lot < leg->lots_count; lot++, lots++) {
            const struct topup *topup = leg->lots[lot].topup;
            CHECK(money_is_positive(leg->lots[lot].amount));
            CHECK((topup == NULL) == (scene.ask.route == ROUTE_APPLICATION));
            leg_sum = money_add(leg_sum, leg->lots[lot].amount);
            if (topup == NULL)
                continue;
            CHECK(quoted_of(topup)->open[scene.ask.route] && money_is_zero(taken[topup->id - 1]));
            taken[topup->id - 1] = leg->lots[lot].amount;
            CHECK(money_compare(taken[topup->id - 1], available(topup)) <= 0);
        }
        CHECK(leg_sum.minor == leg->amount.minor);
        CHECK(!instant_is_set(leg->arrives_by) || leg->arrives_by.ms >= AT_MS);
        sum = money_add(sum, leg->amount);
    }
    CHECK(sum.minor == scene.ask.amount.minor && lots == plan->lots_count && lots <= PLAN_LOTS_MAX);
    CHECK(scene.ask.route == ROUTE_ORIGINAL || plan->legs_count == 1);
    order_check(taken);
}

/* What the route holds, counted anew. */
static void refusal_check(const struct plan_refusal *refusal)
{
    struct money held = MONEY_ZERO;

    for (size_t i = 0; i < scene.count; i++)
        if (scene.quoted[i].open[scene.ask.route])
            held = money_add(held, available(&scene.rows[i]));
    if (refusal->code == REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE && scene.ask.picks_count == 0)
        CHECK(money_compare(scene.ask.amount, scene.quote.withdrawable) > 0);
    if (refusal->code == REFUSAL_AMOUNT_EXCEEDS_ROUTE && scene.ask.route != ROUTE_APPLICATION)
        CHECK(money_compare(scene.ask.amount, held) > 0 && refusal->available.minor == held.minor);
    if (refusal->code == REFUSAL_TOO_MANY_LOTS)
        CHECK(scene.count > PLAN_LOTS_MAX || scene.ask.picks_count > PLAN_LOTS_MAX);
    CHECK(refusal->detail != NULL && refusal->pick <= PLAN_LOTS_MAX);
}

static struct plan_refusal plan_ask_once(struct arena *arena, struct plan *ret)
{
    arena_reset(arena);
    CHECK(arena_reserve(arena, PLAN_ARENA_BYTES + 64 * scene.count));
    return plan_make(scene.policy, &calendar, &scene.quote, &scene.account, &scene.ask, (struct instant){AT_MS}, arena,
                     ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena arena, other;
    struct input input = {data, size};
    struct plan plan = {0}, again = {0};

    if (policy_arena.bytes_max == 0) {
        prepare();
        arena_init(&arena, PLAN_ARENA_BYTES + 64 * TOPUPS_MAX);
        arena_init(&other, PLAN_ARENA_BYTES + 64 * TOPUPS_MAX);
    }
    scene.policy = &policies[input_choice(&input, POLICIES)];
    account_read(&input);
    quote_make(&(struct quote_input){scene.policy, {AT_MS}, &scene.account, scene.topups, scene.count}, scene.quoted,
               &scene.quote);
    quote_check();
    ask_read(&input);

    struct plan_refusal refusal = plan_ask_once(&arena, &plan), second = plan_ask_once(&other, &again);
    CHECK(refusal.code == second.code && plan.legs_count == again.legs_count && plan.lots_count == again.lots_count);
    for (size_t i = 0; i < plan.legs_count; i++)
        CHECK(plan.legs[i].lots[0].topup == again.legs[i].lots[0].topup &&
              plan.legs[i].lots[0].amount.minor == again.legs[i].lots[0].amount.minor);
    if (refusal.code == REFUSAL_NONE)
        plan_check(&plan);
    else
        refusal_check(&refusal);
    return 0;
}
