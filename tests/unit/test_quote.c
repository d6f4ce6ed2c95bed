/* SPDX-License-Identifier: Apache-2.0 */
/* What is withdrawable, and why not more, under the four embedded policies. A row says what stands on the account and
 * what the quote must answer; rows of one group differ in one attribute. Then 20,000 random accounts a policy keep the
 * sums. */
#include "quote_world.h"

#define TEXT_BYTES 512

static struct world world;

struct expectation {
    const char *rule, *says, *policy;
    struct paid topups[4];
    struct account account; /* verified unless .unverified */
    bool unverified;
    const char *released_at;
    int32_t month; /* 0: the month of the quote */
    int64_t withdrawable;
    const char *held_back, *refusals;
    const char *routes; /* a word a top-up: route, +other open routes, :withdrawable; NULL: not looked at */
};

#define ALIPAY(amount_)                                                                                                \
    {                                                                                                                  \
        .method = METHOD_ALIPAY, .amount = (amount_)                                                                   \
    }

/* clang-format off */
static const struct expectation rows[] = {
    /* Alibaba: the arithmetic. */
    {"AL-09", "the page's worked example", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {50000}, .owed_invoice = {20000}, .overdue = {30000}, .unsettled = {20000}, .payg_active = 1},
     .withdrawable = 20000, .held_back = "transferred_in 50000, unsettled 20000, reserve 10000"},
    {"AL-09", "the second vector", "alibaba", {ALIPAY(100000)},
     {.owed_invoice = {10000}, .overdue = {10000}, .unsettled = {20000}, .payg_active = 1},
     .withdrawable = 50000, .held_back = "owed_invoice 10000, overdue 10000, unsettled 20000, reserve 10000"},
    {"AL-09", "nothing stands against it", "alibaba", {ALIPAY(100000)}, .withdrawable = 100000},
    {"AL-09", "less owed than transferred in: the rest of the transfer stays", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {50000}, .overdue = {49999}}, .withdrawable = 50000, .held_back = "transferred_in 50000"},
    {"AL-09", "as much owed as transferred in", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {50000}, .overdue = {50000}}, .withdrawable = 50000, .held_back = "transferred_in 50000"},
    {"AL-09", "a cent more owed than transferred in", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {50000}, .overdue = {50001}}, .withdrawable = 49999,
     .held_back = "transferred_in 50000, overdue 1"},
    {"AL-09", "the transfer offsets credit notes first, then overdue", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {15000}, .owed_invoice = {10000}, .overdue = {10000}, .unsettled = {10000}},
     .withdrawable = 35000, .held_back = "transferred_in 15000, overdue 5000, unsettled 10000"},
    {"AL-09", "more owed than there is", "alibaba", {ALIPAY(50000)}, {.overdue = {80000}}, .withdrawable = 0,
     .held_back = "overdue 50000"},
    {"AL-08", "the reserve is larger than the cash", "alibaba", {ALIPAY(5000)}, {.payg_active = 1}, .withdrawable = 0,
     .held_back = "reserve 5000"},
    {"AL-08", "the reserve takes all but a cent", "alibaba", {ALIPAY(10001)}, {.payg_active = 3}, .withdrawable = 1,
     .held_back = "reserve 10000"},
    {"AL-08", "a millisecond before 24 hours after the release", "alibaba", {ALIPAY(50000)},
     .released_at = "2026-11-19T10:00:00.001+08:00", .withdrawable = 40000,
     .held_back = "reserve 10000 until 2026-11-20T10:00:00.001+08:00"},
    {"AL-08", "exactly 24 hours after the release", "alibaba", {ALIPAY(50000)},
     .released_at = "2026-11-19T10:00:00+08:00", .withdrawable = 50000},
    {"AL-08", "one released, another runs: no countdown", "alibaba", {ALIPAY(50000)}, {.payg_active = 1},
     .released_at = "2026-11-18T10:00:00+08:00", .withdrawable = 40000, .held_back = "reserve 10000"},
    {"AL-11", "transferred-in money alone", "alibaba", {{0}}, {.transferred_in = {30000}}, .withdrawable = 0,
     .held_back = "transferred_in 30000"},
    {"AL-09", "allocated-in money is never withdrawable", "alibaba", {ALIPAY(10000)}, {.allocated_in = {30000}},
     .withdrawable = 10000, .held_back = "allocated_in 30000"},
    {"AL-09", "the reserve does not come out of transferred-in money", "alibaba", {ALIPAY(50000)},
     {.transferred_in = {30000}, .payg_active = 1}, .withdrawable = 40000,
     .held_back = "transferred_in 30000, reserve 10000"},
    {"AL-09", "nor out of allocated-in money", "alibaba", {ALIPAY(50000)},
     {.allocated_in = {30000}, .payg_active = 1}, .withdrawable = 40000,
     .held_back = "allocated_in 30000, reserve 10000"},
    {"PA-04", "under Ping An neither", "pingan", {ALIPAY(50000)},
     {.transferred_in = {30000}, .payg_active = 1}, .withdrawable = 30000,
     .held_back = "transferred_in 30000, reserve 20000"},
    {"AL-09", "vouchers are not cash", "alibaba", {ALIPAY(10000)}, {.voucher = {30000}}, .withdrawable = 10000},
    {"AL-16", "money on hold", "alibaba", {{.method = METHOD_ALIPAY, .amount = 10000, .held = 4000}},
     .withdrawable = 6000, .held_back = "hold 4000", .routes = "original+designated:6000"},
    {"AL-16", "all of it on hold still has its route", "alibaba",
     {{.method = METHOD_ALIPAY, .amount = 10000, .held = 10000}}, .withdrawable = 0, .held_back = "hold 10000",
     .routes = "original+designated:0"},
    {"AL-07", "an adjustment goes by application", "alibaba", {ALIPAY(10000)}, {.other = {7000}}, .withdrawable = 17000},
    {"AL-07", "an application on its way holds", "alibaba", {{0}}, {.other = {7000}, .other_held = {5000}},
     .withdrawable = 2000, .held_back = "hold 5000"},
    {"AL-09", "what is on hold is not counted twice against the reserve", "alibaba", {ALIPAY(20000)},
     {.other = {7000}, .other_held = {5000}, .payg_active = 1}, .withdrawable = 12000,
     .held_back = "hold 5000, reserve 10000"},
    {"AL-12", "bonus and campaign top-ups are other operators' rules", "alibaba",
     {{.method = METHOD_ALIPAY, .amount = 300, .bonus = true}, {.method = METHOD_ALIPAY, .amount = 200, .arbitrage = true}},
     .withdrawable = 500, .routes = "original+designated:300 original+designated:200"},
    {"AL-12", "an order shows its own remainder, at most the account's", "alibaba", {ALIPAY(30000), ALIPAY(10000)},
     {.overdue = {15000}}, .withdrawable = 25000, .held_back = "overdue 15000",
     .routes = "original+designated:25000 original+designated:10000"},

    /* Alibaba: who may not. */
    {"AL-01", "frozen", "alibaba", {ALIPAY(100000)}, {.state = ACCOUNT_FROZEN}, .withdrawable = 0,
     .held_back = "not_withdrawable 100000", .refusals = "account_frozen"},
    {"AL-01", "closed", "alibaba", {ALIPAY(100000)}, {.state = ACCOUNT_CLOSED}, .withdrawable = 0,
     .held_back = "not_withdrawable 100000", .refusals = "account_closed"},
    {"AL-01", "not verified", "alibaba", {ALIPAY(100000)}, .unverified = true, .withdrawable = 0,
     .held_back = "not_withdrawable 100000", .refusals = "real_name_required"},
    {"AL-01", "all refusals are listed, and the items still explain what they can", "alibaba", {ALIPAY(100000)},
     {.state = ACCOUNT_FROZEN, .overdue = {30000}}, .unverified = true, .withdrawable = 0,
     .held_back = "overdue 30000, not_withdrawable 70000", .refusals = "account_frozen real_name_required"},
    {"AL-01", "a partner in advance mode is Huawei's rule", "alibaba", {ALIPAY(100000)},
     {.partner_payment = PARTNER_ADVANCE}, .withdrawable = 100000},

    /* Alibaba: where it may go. 20 November 2026 minus 180 days is 24 May, minus 90 is 22 August, minus 30 is 21 October. */
    {"AL-05", "180 days to the millisecond", "alibaba",
     {{.method = METHOD_ALIPAY, .amount = 100, .paid_at = "2026-05-24T10:00:00+08:00"}}, .withdrawable = 100,
     .routes = "original+designated:100"},
    {"AL-05", "a millisecond later", "alibaba",
     {{.method = METHOD_ALIPAY, .amount = 100, .paid_at = "2026-05-24T09:59:59.999+08:00"}}, .withdrawable = 100,
     .routes = "designated:100"},
    {"AL-05", "30 days: corporate Bank of Jiangsu", "alibaba",
     {{.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "JSBANK", .payer = PAYER_CORPORATE,
       .paid_at = "2026-10-21T10:00:00+08:00"},
      {.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "JSBANK", .payer = PAYER_CORPORATE,
       .paid_at = "2026-10-21T09:59:59.999+08:00"}}, .withdrawable = 200,
     .routes = "original+designated:100 designated:100"},
    {"AL-05", "Bank of China: personal 30 days, corporate 180", "alibaba",
     {{.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "BOC", .payer = PAYER_PERSONAL,
       .paid_at = "2026-10-21T09:59:59.999+08:00"},
      {.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "BOC", .payer = PAYER_CORPORATE,
       .paid_at = "2026-10-21T09:59:59.999+08:00"}}, .withdrawable = 200,
     .routes = "designated:100 original+designated:100"},
    {"AL-05", "China Merchants Bank: 90 days, whoever paid", "alibaba",
     {{.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "CMB", .paid_at = "2026-08-22T10:00:00+08:00"},
      {.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "CMB", .payer = PAYER_CORPORATE,
       .paid_at = "2026-08-22T09:59:59.999+08:00"}}, .withdrawable = 200,
     .routes = "original+designated:100 designated:100"},
    {"AL-05", "by-bank windows are for online banking only", "alibaba",
     {{.method = METHOD_BANK_CARD, .amount = 100, .bank = "CMB", .paid_at = "2026-08-01T10:00:00+08:00"}},
     .withdrawable = 100, .routes = "original+designated:100"},
    {"AL-05", "a bank that the rule does not name has 180 days", "alibaba",
     {{.method = METHOD_ONLINE_BANK, .amount = 100, .bank = "CCB", .paid_at = "2026-08-01T10:00:00+08:00"}},
     .withdrawable = 100, .routes = "original+designated:100"},
    {"AL-04", "bank transfers and offline money: designated", "alibaba",
     {{.method = METHOD_BANK_TRANSFER, .amount = 100}, {.method = METHOD_OFFLINE, .amount = 100}},
     .withdrawable = 200, .routes = "designated:100 designated:100"},

    /* Huawei. */
    {"HW-01", "owed invoices and unbilled usage are subtracted", "huawei", {ALIPAY(100000)},
     {.owed_invoice = {10000}, .unsettled = {20000}}, .withdrawable = 70000,
     .held_back = "owed_invoice 10000, unsettled 20000"},
    {"HW-04", "the invoice returned, the amount is back", "huawei", {ALIPAY(100000)}, {.unsettled = {20000}},
     .withdrawable = 80000, .held_back = "unsettled 20000"},
    {"HW-01", "no pay-as-you-go reserve", "huawei", {ALIPAY(100000)}, {.payg_active = 1}, .withdrawable = 100000},
    {"HW-02", "a partner in advance mode", "huawei", {ALIPAY(100000)}, {.partner_payment = PARTNER_ADVANCE},
     .withdrawable = 0, .held_back = "not_withdrawable 100000", .refusals = "partner_advance_payment"},
    {"HW-02", "a partner in credit mode", "huawei", {ALIPAY(100000)}, {.partner_payment = PARTNER_CREDIT},
     .withdrawable = 100000},
    {"HW-03", "a top-up with a bonus", "huawei",
     {ALIPAY(100000), {.method = METHOD_ALIPAY, .amount = 5000, .bonus = true}}, .withdrawable = 100000,
     .held_back = "not_withdrawable 5000", .routes = "original:100000 none(bonus_topup):0"},
    {"HW-05", "an allocation is the master's", "huawei", {ALIPAY(1000)}, {.allocated_in = {5000}},
     .withdrawable = 1000, .held_back = "allocated_in 5000"},
    {"HW-06", "Alipay: 11 months to the millisecond", "huawei",
     {{.method = METHOD_ALIPAY, .amount = 100, .paid_at = "2025-12-20T10:00:00+08:00"},
      {.method = METHOD_ALIPAY, .amount = 100, .paid_at = "2025-12-20T09:59:59.999+08:00"}},
     .withdrawable = 200, .routes = "original:100 designated:100"},
    {"HW-06", "WeChat: 11 months too", "huawei",
     {{.method = METHOD_WECHAT, .amount = 100, .paid_at = "2025-12-20T10:00:00+08:00"},
      {.method = METHOD_WECHAT, .amount = 100, .paid_at = "2025-12-20T09:59:59.999+08:00"}},
     .withdrawable = 200, .routes = "original:100 designated:100"},
    {"HW-06", "UnionPay: 3 months", "huawei",
     {{.method = METHOD_UNIONPAY, .amount = 100, .paid_at = "2026-08-20T10:00:00+08:00"},
      {.method = METHOD_UNIONPAY, .amount = 100, .paid_at = "2026-08-20T09:59:59.999+08:00"}},
     .withdrawable = 200, .routes = "original:100 designated:100"},
    {"HW-08", "bank transfers: the source account, however old", "huawei",
     {{.method = METHOD_BANK_TRANSFER, .amount = 100, .paid_at = "2019-01-01T00:00:00+08:00"}},
     .withdrawable = 100, .routes = "original:100"},
    {"HW-09", "e-banking and cards: a bank card", "huawei",
     {{.method = METHOD_ONLINE_BANK, .amount = 100}, {.method = METHOD_BANK_CARD, .amount = 100}},
     .withdrawable = 200, .routes = "designated:100 designated:100"},
    {"HW-08", "offline money: staff", "huawei", {{.method = METHOD_OFFLINE, .amount = 100}}, .withdrawable = 0,
     .held_back = "not_withdrawable 100", .routes = "case(case_required):0"},

    /* JD Cloud. */
    {"JD-03", "in arrears by a cent: nothing at all", "jdcloud", {ALIPAY(100000)}, {.overdue = {1}},
     .withdrawable = 0, .held_back = "not_withdrawable 100000", .refusals = "in_arrears"},
    {"JD-07", "what is owed otherwise is not subtracted", "jdcloud", {ALIPAY(100000)},
     {.owed_invoice = {10000}, .unsettled = {20000}}, .withdrawable = 100000},
    {"JD-07", "frozen for pay-as-you-go: the sum of the resources", "jdcloud", {ALIPAY(100000)},
     {.payg_active = 2, .payg_frozen = {35000}}, .withdrawable = 65000, .held_back = "reserve 35000"},
    {"JD-07", "all resources released", "jdcloud", {ALIPAY(100000)}, .released_at = "2026-11-20T09:59:59+08:00",
     .withdrawable = 100000},
    {"JD-07", "cash already being withdrawn", "jdcloud",
     {{.method = METHOD_WECHAT, .amount = 10000, .held = 2500}}, .withdrawable = 7500, .held_back = "hold 2500"},
    {"JD-07", "a campaign that could be arbitraged", "jdcloud",
     {ALIPAY(1000), {.method = METHOD_ALIPAY, .amount = 5000, .arbitrage = true}}, .withdrawable = 1000,
     .held_back = "not_withdrawable 5000", .routes = "original:1000 none(arbitrage_topup):0"},
    {"JD-02", "the original route has no window", "jdcloud",
     {{.method = METHOD_BANK_CARD, .amount = 100, .paid_at = "2019-01-01T00:00:00+08:00"}}, .withdrawable = 100,
     .routes = "original:100"},
    {"JD-06", "every online method goes back where it came from", "jdcloud",
     {{.method = METHOD_WECHAT, .amount = 100}, {.method = METHOD_UNIONPAY, .amount = 100},
      {.method = METHOD_ONLINE_BANK, .amount = 100}}, .withdrawable = 300,
     .routes = "original:100 original:100 original:100"},
    {"JD-05", "a corporate transfer: staff", "jdcloud", {ALIPAY(1000), {.method = METHOD_BANK_TRANSFER, .amount = 9000}},
     .withdrawable = 1000, .held_back = "not_withdrawable 9000", .routes = "original:1000 case(case_required):0"},
    {"JD-07", "offline money: staff", "jdcloud", {{.method = METHOD_OFFLINE, .amount = 9000}},
     .withdrawable = 0, .held_back = "not_withdrawable 9000", .routes = "case(case_required):0"},
    {"JD-01", "not verified, and in arrears", "jdcloud", {ALIPAY(1000)}, {.overdue = {5}}, .unverified = true,
     .withdrawable = 0, .held_back = "not_withdrawable 1000", .refusals = "real_name_required in_arrears"},

    /* Ping An. */
    {"PA-01", "balance only", "pingan", {ALIPAY(100000)}, {.voucher = {5000}}, .withdrawable = 100000,
     .routes = "designated:100000"},
    {"PA-02", "once this month already", "pingan", {ALIPAY(100000)}, {.withdrawals_month = 1}, .withdrawable = 0,
     .held_back = "not_withdrawable 100000", .refusals = "monthly_limit"},
    {"PA-02", "once last month", "pingan", {ALIPAY(100000)}, {.withdrawals_month = 1}, .month = 202610,
     .withdrawable = 100000},
    {"PA-04", "200 while pay-as-you-go runs", "pingan", {ALIPAY(100000)}, {.payg_active = 1}, .withdrawable = 80000,
     .held_back = "reserve 20000"},
    {"PA-04", "free as soon as the last one is gone", "pingan", {ALIPAY(100000)},
     .released_at = "2026-11-20T10:00:00+08:00", .withdrawable = 100000},
    {"PA-04", "less than 200 on the account", "pingan", {ALIPAY(19999)}, {.payg_active = 1}, .withdrawable = 0,
     .held_back = "reserve 19999"},
    {"PA-04", "the resources' own figures are JD Cloud's rule", "pingan", {ALIPAY(100000)},
     {.payg_active = 1, .payg_frozen = {50000}}, .withdrawable = 80000, .held_back = "reserve 20000"},
    {"PA-03", "money being withdrawn is held", "pingan", {{.method = METHOD_OFFLINE, .amount = 1000, .held = 999}},
     .withdrawable = 1, .held_back = "hold 999", .routes = "designated:1"},
    {"PA-05", "every method ends at the subject's bank account", "pingan",
     {{.method = METHOD_WECHAT, .amount = 1}, {.method = METHOD_BANK_TRANSFER, .amount = 2},
      {.method = METHOD_OFFLINE, .amount = 3}}, .withdrawable = 6,
     .routes = "designated:1 designated:2 designated:3"},
    {"PA-01", "claims are not subtracted", "pingan", {ALIPAY(1000)}, {.overdue = {900}, .unsettled = {900}},
     .withdrawable = 1000},
    {"PA-01", "nothing on the account", "pingan", {{0}}, .withdrawable = 0},
};
/* clang-format on */

static void append(char *text, const char *separator, const char *format, ...) PRINTF_LIKE(3, 4);
static void append(char *text, const char *separator, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    if (used > 0)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s", separator);
    va_start(arguments, format);
    vsnprintf(text + used, TEXT_BYTES - used, format, arguments);
    va_end(arguments);
}

static void items_text(const struct quote *quote, char text[TEXT_BYTES])
{
    char until[INSTANT_TEXT_BYTES];

    text[0] = '\0';
    for (size_t i = 0; i < quote->items_count; i++) {
        append(text, ", ", "%s %lld", word_text(&item_words, (int)quote->items[i].code),
               (long long)quote->items[i].amount.minor);
        if (!instant_is_set(quote->items[i].frees_at))
            continue;
        instant_format(quote->items[i].frees_at, until);
        append(text, " ", "until %s", until);
    }
}

static void refusals_text(const struct quote *quote, char text[TEXT_BYTES])
{
    text[0] = '\0';
    for (size_t i = 0; i < quote->refusals_count; i++)
        append(text, " ", "%s", word_text(&refusal_words, (int)quote->refusals[i].code));
}

static void routes_text(const struct quote *quote, char text[TEXT_BYTES])
{
    text[0] = '\0';
    for (size_t i = 0; i < quote->topups_count; i++) {
        const struct quote_topup *row = &quote->topups[i];

        append(text, " ", "%s", word_text(&route_words, (int)row->route));
        for (enum route route = ROUTE_ORIGINAL; route < ROUTE__COUNT; route++)
            if (row->open[route] && route != row->route)
                append(text, "+", "%s", word_text(&route_words, (int)route));
        if (row->refusal != REFUSAL_NONE)
            append(text, "", "(%s)", word_text(&refusal_words, (int)row->refusal));
        append(text, ":", "%lld", (long long)row->withdrawable.minor);
    }
}

static void expect_text(const struct expectation *row, const char *what, const char *got, const char *expected)
{
    if (strcmp(got, expected != NULL ? expected : "") != 0)
        fail_msg("%s %s: %s: %s is \"%s\", expected \"%s\"", row->rule, row->policy, row->says, what, got,
                 expected != NULL ? expected : "");
}

static void test_rows(void **state)
{
    struct instant at = world_instant(WORLD_AT);
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct expectation *row = &rows[i];
        struct account account = row->account;

        account.verified = !row->unverified;
        account.month = row->month != 0 ? row->month : instant_month_key(at);
        if (row->released_at != NULL)
            account.payg_last_released_at = world_instant(row->released_at);
        world_account(&world, &account, row->topups, ARRAY_COUNT(row->topups));
        world_quote(&world, world_policy(&world, row->policy), at);
        snprintf(text, sizeof(text), "%lld", (long long)world.quote.withdrawable.minor);
        char expected[MONEY_TEXT_BYTES];

        snprintf(expected, sizeof(expected), "%lld", (long long)row->withdrawable);
        expect_text(row, "withdrawable", text, expected);
        items_text(&world.quote, text);
        expect_text(row, "held_back", text, row->held_back);
        refusals_text(&world.quote, text);
        expect_text(row, "refusals", text, row->refusals);
        routes_text(&world.quote, text);
        if (row->routes != NULL)
            expect_text(row, "routes", text, row->routes);
    }
}

/* Months are calendar months from paid_at, clamped at the month's end; the closing instant itself is inside. */
static void test_month_ends(void **state)
{
    static const struct {
        const char *says, *paid_at, *until;
    } months[] = {
        {"11 months from 31 January", "2026-01-31T12:00:00+08:00", "2026-12-31T12:00:00+08:00"},
        {"11 months from 31 March end in February", "2025-03-31T12:00:00+08:00", "2026-02-28T12:00:00+08:00"},
        {"… on the 29th of a leap year", "2027-03-31T12:00:00+08:00", "2028-02-29T12:00:00+08:00"},
        {"11 months from 29 February", "2028-02-29T00:00:00+08:00", "2029-01-29T00:00:00+08:00"},
        {"the day is Shanghai's, not UTC's", "2025-03-31T16:30:00Z", "2026-03-01T00:30:00+08:00"},
    };
    const struct policy *policy = world_policy(&world, "huawei");

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(months); i++) {
        struct topup topup = {.method = METHOD_ALIPAY, .paid_at = world_instant(months[i].paid_at)};
        struct instant until = world_instant(months[i].until);
        struct quote_topup route;

        route_of_topup(policy, &topup, until, &route);
        if (route.original_until.ms != until.ms || route.route != ROUTE_ORIGINAL)
            fail_msg("%s: %lld, expected %lld", months[i].says, (long long)route.original_until.ms,
                     (long long)until.ms);
        route_of_topup(policy, &topup, instant_add_ms(until, 1), &route);
        assert_int_equal(route.route, ROUTE_DESIGNATED);
    }
}

/* Policy switches that no shipped file uses. */
static void test_switches(void **state)
{
    struct policy policy = *world_policy(&world, "alibaba");
    struct instant at = world_instant(WORLD_AT), paid_at = world_instant("2026-11-20T09:00:00+08:00");
    struct topup topup = {.method = METHOD_ALIPAY, .paid_at = paid_at, .refunds = 50};
    struct account account = {.verified = true, .invoiced = {30000}};
    struct paid paid = {.method = METHOD_ALIPAY, .amount = 100000};
    struct quote_topup route;

    (void)state;
    policy.cool_off_ms = 2 * MS_HOUR;
    route_of_topup(&policy, &topup, at, &route);
    assert_int_equal(route.refusal, REFUSAL_COOLING_OFF);
    route_of_topup(&policy, &topup, instant_add_ms(paid_at, policy.cool_off_ms), &route);
    assert_int_equal(route.route, ROUTE_ORIGINAL);
    policy.cool_off_ms = 0;

    policy.refunds_per_topup_max = 51;
    route_of_topup(&policy, &topup, at, &route);
    assert_int_equal(route.route, ROUTE_ORIGINAL);
    policy.refunds_per_topup_max = 50;
    route_of_topup(&policy, &topup, at, &route);
    assert_int_equal(route.route, ROUTE_DESIGNATED);
    policy.routes[ROUTE_DESIGNATED].offered = false;
    route_of_topup(&policy, &topup, at, &route);
    assert_int_equal(route.route, ROUTE_NONE);
    assert_int_equal(route.refusal, REFUSAL_REFUNDS_USED_UP);

    world_account(&world, &account, &paid, 1);
    policy.invoiced_cap = true;
    world_quote(&world, &policy, at);
    assert_int_equal(world.quote.withdrawable.minor, 70000);
    policy.per_day_amount_max = money_of(50000);
    world.account.day = instant_day_key(at);
    world.account.withdrawn_day = money_of(20000);
    world_quote(&world, &policy, at);
    assert_int_equal(world.quote.withdrawable.minor, 30000);
    world.account.day = instant_day_key(instant_add_ms(at, -MS_DAY)); /* yesterday's count is no count */
    world_quote(&world, &policy, at);
    assert_int_equal(world.quote.withdrawable.minor, 50000);
    world.account.day = instant_day_key(at);
    world.account.withdrawals_day = 2;
    policy.per_day_max = 2;
    world_quote(&world, &policy, at);
    assert_int_equal(world.quote.refusals[0].code, REFUSAL_DAILY_LIMIT);
    assert_int_equal(world.quote.withdrawable.minor, 0);
}

static void check_sums(const struct world *w)
{
    const struct quote *quote = &w->quote;
    int64_t held = 0, by_route = 0;

    for (size_t i = 0; i < quote->items_count; i++) {
        assert_true(quote->items[i].amount.minor > 0);
        assert_true(i == 0 || quote->items[i - 1].code < quote->items[i].code);
        held += quote->items[i].amount.minor;
    }
    assert_true(quote->withdrawable.minor >= 0);
    assert_int_equal(quote->cash.minor - held, quote->withdrawable.minor);
    for (size_t i = 0; i < quote->topups_count; i++) {
        const struct quote_topup *row = &quote->topups[i];

        assert_true(row->withdrawable.minor <= row->topup->remaining.minor - row->topup->held.minor);
        assert_true(row->withdrawable.minor <= quote->withdrawable.minor);
        assert_true((row->refusal == REFUSAL_NONE) == (row->open[ROUTE_ORIGINAL] || row->open[ROUTE_DESIGNATED]));
    }
    for (enum route route = ROUTE_ORIGINAL; route <= ROUTE_APPLICATION; route++) {
        assert_in_range(quote->by_route[route].minor, 0, quote->withdrawable.minor);
        by_route += quote->by_route[route].minor;
    }
    assert_true(by_route >= quote->withdrawable.minor); /* no withdrawable cent is without a route */
}

/* Whatever is added against the customer, the figure does not rise. */
static void check_monotone(struct world *w, const struct policy *policy, struct instant at, struct random *random)
{
    struct money *figures[] = {&w->account.owed_invoice, &w->account.overdue, &w->account.unsettled,
                               &w->account.invoiced, &w->account.payg_frozen};
    int64_t before = w->quote.withdrawable.minor;
    struct money *figure = figures[random_below(random, ARRAY_COUNT(figures))];

    *figure = money_add(*figure, money_of(1 + world_below(random, 50000)));
    world_quote(w, policy, at);
    assert_true(w->quote.withdrawable.minor <= before);
    before = w->quote.withdrawable.minor;
    w->account.payg_active++;
    world_quote(w, policy, at);
    assert_true(w->quote.withdrawable.minor <= before);
}

static void test_random_accounts(void **state)
{
    struct instant at = world_instant(WORLD_AT);
    struct random random;

    (void)state;
    for (size_t p = 0; p < WORLD_POLICIES; p++) {
        size_t withdrawable = 0;

        random_init_seed(&random, 20261120 + p);
        for (int round = 0; round < 20000; round++) {
            world_random(&world, &random, at);
            world_quote(&world, &world.policies[p], at);
            check_sums(&world);
            withdrawable += world.quote.withdrawable.minor > 0;
            check_monotone(&world, &world.policies[p], at, &random);
        }
        assert_true(withdrawable > 4000); /* the accounts are not all refused */
    }
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&world.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_month_ends),
                                       cmocka_unit_test(test_switches), cmocka_unit_test(test_random_accounts)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
