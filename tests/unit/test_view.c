/* SPDX-License-Identifier: Apache-2.0 */
/* Every object is compared as a whole: order and names of members are the contract. */
#include "unit.h"

#include "view/view.h"

#include <stdio.h>
#include <string.h>

#define AT_MS INT64_C(1795140000000) /* 2026-11-20T10:00:00+08:00 */
#define AT "\"2026-11-20T10:00:00+08:00\""

static struct out out;

static int begin(void **state)
{
    (void)state;
    out_init(&out);
    return 0;
}

static int end(void **state)
{
    (void)state;
    out_fini(&out);
    return 0;
}

static void assert_view(const char *expected)
{
    assert_false(out.failed);
    assert_string_equal(out.data, expected);
}

static struct account account_of_alice(void)
{
    struct account account = {
        .ref = "alice",
        .policy = "alibaba",
        .currency = "CNY",
        .state = ACCOUNT_ACTIVE,
        .subject_kind = SUBJECT_PERSON,
        .verified = true,
        .topup = money_of(1000),
        .topup_held = money_of(30),
        .transferred_in = money_of(200),
        .allocated_in = money_of(50),
        .other = money_of(7),
        .other_held = money_of(2),
        .voucher = money_of(9),
        .owed_invoice = money_of(1),
        .overdue = money_of(2),
        .unsettled = money_of(3),
        .payg_active = 4,
        .payg_frozen = money_of(5),
        .month = instant_month_key((struct instant){AT_MS}),
        .withdrawals_month = 6,
        .version = 8,
        .created_at = {AT_MS},
    };
    return account;
}

static void names_keep_one_character_and_numbers_four(void **state)
{
    static const struct {
        const char *name, *masked;
    } names[] = {{"张三", "张*"}, {"欧阳修文", "欧*"}, {"Li Lei", "L*"}, {"张", "张"}, {"", ""}};
    static const struct {
        const char *number, *masked;
    } numbers[] = {
        {"6222020000001234", "****1234"},
        {"13800138000", "****8000"},
        {"12345678", "****5678"},
        {"1234567", "****"}, /* four of seven would be most of it */
        {"", "****"},
        {"账号一二三四五六", "****三四五六"},
    };
    char text[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        view_mask_name(names[i].name, text, sizeof text);
        assert_string_equal(text, names[i].masked);
    }
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        view_mask_account(numbers[i].number, text, sizeof text);
        assert_string_equal(text, numbers[i].masked);
    }
    view_mask_account("6222020000001234", text, 6);
    assert_string_equal(text, "****1");
}

static void an_account_shows_its_money_and_hides_its_owner(void **state)
{
    struct account account = account_of_alice();
    struct identity identity = {.name = "张三", .id_number = "110101199001011234", .phone = "13800138000"};

    (void)state;
    view_account(&out, &account, &identity, (struct instant){AT_MS});
    assert_view("{\"ref\":\"alice\",\"policy\":\"alibaba\",\"currency\":\"CNY\",\"state\":\"active\",\"verified\":true,"
                "\"subject\":{\"kind\":\"person\",\"name\":\"张*\",\"id_number\":\"****1234\",\"verified\":true},"
                "\"phone\":\"****8000\",\"master\":null,\"partner\":null,"
                "\"balance\":{\"topup\":1000,\"transferred_in\":200,\"allocated_in\":50,\"other\":7,\"voucher\":9,"
                "\"held\":32,\"cash\":1257},"
                "\"claims\":{\"owed_invoice\":1,\"overdue\":2,\"unsettled\":3},"
                "\"payg\":{\"active\":4,\"frozen\":5,\"last_released_at\":null},"
                "\"withdrawals_this_month\":6,\"version\":8,\"created_at\":" AT "}");
}

static void a_member_names_master_and_partner(void **state)
{
    struct account account = account_of_alice();

    (void)state;
    strcpy(account.master, "boss");
    strcpy(account.partner, "reseller");
    account.partner_payment = PARTNER_ADVANCE;
    view_account(&out, &account, NULL, instant_add_ms((struct instant){AT_MS}, 31 * MS_DAY));
    assert_non_null(strstr(out.data, "\"withdrawals_this_month\":0,")); /* none in the month after */
    assert_non_null(strstr(out.data, "\"subject\":{\"kind\":\"person\",\"name\":null,\"id_number\":null,"));
    assert_non_null(strstr(out.data, "\"phone\":null,\"master\":\"boss\","
                                     "\"partner\":{\"ref\":\"reseller\",\"payment\":\"advance\"},"));
}

static void a_topup_is_itself(void **state)
{
    struct account account = account_of_alice();
    struct topup topup = {.id = 33,
                          .ref = "t1",
                          .method = METHOD_ONLINE_BANK,
                          .bank = "NJCB",
                          .payer_kind = PAYER_CORPORATE,
                          .payer_name = "江苏某某公司",
                          .channel = "bank",
                          .amount = money_of(500),
                          .remaining = money_of(300),
                          .held = money_of(100),
                          .refunded = money_of(50),
                          .paid_at = {AT_MS},
                          .bonus = true};

    (void)state;
    view_topup(&out, &topup, &account);
    assert_view("{\"ref\":\"t1\",\"id\":\"tu_0000000000011\",\"account\":\"alice\",\"amount\":500,\"remaining\":300,"
                "\"held\":100,\"refunded\":50,\"currency\":\"CNY\",\"method\":\"online_bank\",\"bank\":\"NJCB\","
                "\"payer\":{\"kind\":\"corporate\",\"name\":\"江*\"},\"channel\":\"bank\",\"channel_ref\":null,"
                "\"paid_at\":" AT ",\"bonus\":true,\"arbitrage\":false}");
}

static void facts_claims_and_resources(void **state)
{
    struct account account = account_of_alice();
    struct fact charge = {
        .kind = FACT_CHARGE, .ref = "c1", .amount = money_of(9), .unpaid = money_of(2), .at = {AT_MS}};
    struct fact credit = {.kind = FACT_CREDIT, .ref = "k1", .amount = money_of(9), .fund = FUND_OTHER, .at = {AT_MS}};
    struct claim claim = {.ref = "i1", .kind = CLAIM_OVERDUE, .amount = money_of(4), .at = {AT_MS}};
    struct resource resource = {.ref = "vm", .state = RESOURCE_RELEASED, .released_at = {AT_MS}};

    (void)state;
    view_fact(&out, &charge, &account);
    assert_view("{\"ref\":\"c1\",\"kind\":\"charge\",\"account\":\"alice\",\"amount\":9,\"unpaid\":2,"
                "\"currency\":\"CNY\",\"at\":" AT ",\"reversed_at\":null}");
    out_reset(&out);
    view_fact(&out, &credit, &account);
    assert_view(
        "{\"ref\":\"k1\",\"kind\":\"credit\",\"account\":\"alice\",\"amount\":9,\"unpaid\":0,\"fund\":\"other\","
        "\"currency\":\"CNY\",\"at\":" AT ",\"reversed_at\":null}");
    out_reset(&out);
    view_claim(&out, &claim, &account);
    assert_view("{\"ref\":\"i1\",\"kind\":\"overdue\",\"account\":\"alice\",\"amount\":4,\"currency\":\"CNY\","
                "\"at\":" AT "}");
    out_reset(&out);
    view_resource(&out, &resource, &account);
    assert_view("{\"ref\":\"vm\",\"account\":\"alice\",\"state\":\"released\",\"frozen\":0,\"currency\":\"CNY\","
                "\"released_at\":" AT "}");
}

/* HW-05: reclaimable = allocated − used − invoiced, and never more than is still there. */
static void reclaimable_is_what_was_neither_used_nor_invoiced(void **state)
{
    static const struct {
        int64_t remaining, taken_back, invoiced, used, reclaimable;
    } rows[] = {
        {100, 0, 0, 0, 100}, {70, 0, 0, 30, 70},   {70, 0, 20, 30, 50}, {70, 0, 70, 30, 0}, {70, 0, 90, 30, 0},
        {40, 30, 0, 30, 40}, {40, 30, 15, 30, 25}, {0, 70, 0, 30, 0},   {0, 0, 0, 100, 0},
    };
    char expected[400];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct parcel parcel = {.kind = PARCEL_ALLOCATION,
                                .ref = "a1",
                                .amount = money_of(100),
                                .remaining = money_of(rows[i].remaining),
                                .taken_back = money_of(rows[i].taken_back),
                                .invoiced = money_of(rows[i].invoiced),
                                .at = {AT_MS}};
        out_reset(&out);
        view_parcel(&out, &parcel, "boss", "alice", "CNY");
        snprintf(expected, sizeof expected,
                 "{\"ref\":\"a1\",\"master\":\"boss\",\"member\":\"alice\",\"amount\":100,\"remaining\":%d,\"used\":%d,"
                 "\"invoiced\":%d,\"reclaimed\":%d,\"reclaimable\":%d,\"currency\":\"CNY\",\"at\":" AT "}",
                 (int)rows[i].remaining, (int)rows[i].used, (int)rows[i].invoiced, (int)rows[i].taken_back,
                 (int)rows[i].reclaimable);
        assert_view(expected);
    }
}

static void a_transfer_says_what_came_back(void **state)
{
    struct parcel parcel = {.kind = PARCEL_TRANSFER,
                            .ref = "x1",
                            .amount = money_of(100),
                            .remaining = money_of(60),
                            .taken_back = money_of(40),
                            .at = {AT_MS}};

    (void)state;
    view_parcel(&out, &parcel, "bob", "alice", "CNY");
    assert_view("{\"ref\":\"x1\",\"from\":\"bob\",\"to\":\"alice\",\"amount\":100,\"remaining\":60,\"recalled\":40,"
                "\"currency\":\"CNY\",\"at\":" AT "}");
}

static struct topup live = {.ref = "t1", .remaining = {800}};
static struct topup bonus = {.ref = "t2", .remaining = {100}, .bonus = true};
static struct quote_topup quote_rows[] = {
    {.topup = &live,
     .withdrawable = {700},
     .route = ROUTE_ORIGINAL,
     .open = {[ROUTE_ORIGINAL] = true, [ROUTE_DESIGNATED] = true},
     .original_until = {AT_MS}},
    {.topup = &bonus, .route = ROUTE_NONE, .refusal = REFUSAL_BONUS, .rule = "HW-03"},
};
static const struct quote quote = {
    .cash = {1000},
    .withdrawable = {700},
    .refusals = {{REFUSAL_IN_ARREARS, "JD-03"}, {REFUSAL_ACCOUNT_FROZEN, ""}},
    .refusals_count = 2,
    .items = {{ITEM_HOLD, {200}, "", {0}}, {ITEM_RESERVE, {100}, "AL-08", {AT_MS}}},
    .items_count = 2,
    .by_route = {[ROUTE_ORIGINAL] = {700}, [ROUTE_APPLICATION] = {5}},
    .topups = quote_rows,
    .topups_count = 2,
};
#define REASONS                                                                                                        \
    "\"refusals\":[{\"code\":\"in_arrears\",\"rule\":\"JD-03\"},{\"code\":\"account_frozen\",\"rule\":null}],"         \
    "\"held_back\":[{\"code\":\"hold\",\"amount\":200,\"rule\":null,\"remedy\":\"remedy.hold\",\"frees_at\":null},"    \
    "{\"code\":\"reserve\",\"amount\":100,\"rule\":\"AL-08\",\"remedy\":\"remedy.reserve\",\"frees_at\":" AT "}]"

static void a_quote_explains_itself(void **state)
{
    struct account account = account_of_alice();
    struct policy policy = {.name = "huawei"};

    (void)state;
    view_quote(&out, &policy, &account, (struct instant){AT_MS}, &quote);
    assert_view("{\"policy\":\"huawei\",\"at\":" AT ",\"currency\":\"CNY\",\"cash\":1000,\"withdrawable\":700," REASONS
                ","
                "\"routes\":{\"original\":700,\"designated\":0,\"application\":5},"
                "\"topups\":[{\"ref\":\"t1\",\"remaining\":800,\"withdrawable\":700,\"route\":\"original\","
                "\"routes_open\":[\"original\",\"designated\"],\"original_until\":" AT ",\"refusal\":null},"
                "{\"ref\":\"t2\",\"remaining\":100,\"withdrawable\":0,\"route\":\"none\",\"routes_open\":[],"
                "\"original_until\":null,\"refusal\":{\"code\":\"bonus_topup\",\"rule\":\"HW-03\"}}]}");
}

static struct withdrawal two_legs = {
    .id = 34,
    .amount = {300},
    .currency = "CNY",
    .strategy = STRATEGY_LIFO,
    .route = ROUTE_DESIGNATED,
    .status = WITHDRAWAL_AWAITING_CODE,
    .policy = "alibaba",
    .policy_version = 1,
    .reason = "window_passed",
    .destination =
        "{\"kind\":\"bank\",\"name\":\"张三\",\"account\":\"6222020000001234\",\"bank\":\"ICBC\",\"branch\":null,"
        "\"province\":\"江苏\",\"city\":null}",
    .documents = "[\"doc_0000000000001\"]",
    .approvals_needed = 1,
    .code_tries_left = 5,
    .code_expires_at = {AT_MS + 300000},
    .created_at = {AT_MS},
};
static struct leg first_leg = {.id = 35,
                               .number = 1,
                               .route = ROUTE_DESIGNATED,
                               .channel = "bankfile",
                               .amount = {200},
                               .status = LEG_FAILED,
                               .failure_code = "X1",
                               .failure_detail = "closed",
                               .arrives_by = {AT_MS},
                               .arrives_by_provisional = true};
static struct leg second_leg = {.id = 36,
                                .number = 2,
                                .route = ROUTE_DESIGNATED,
                                .channel = "bankfile",
                                .amount = {100},
                                .status = LEG_SUCCESSFUL,
                                .reference = "R9",
                                .paid_at = {AT_MS}};
static struct lot lots[] = {{.leg = 35, .amount = {150}}, {.leg = 35, .amount = {50}}, {.leg = 36, .amount = {100}}};
static const char *const topup_refs[] = {"t1", NULL, "t2"};

static void show_withdrawal(struct withdrawal *withdrawal)
{
    struct leg *legs[] = {&first_leg, &second_leg};
    struct lot *lot_list[] = {&lots[0], &lots[1], &lots[2]};
    struct dossier dossier = {
        .withdrawal = withdrawal, .legs = legs, .legs_count = 2, .lots = lot_list, .lots_count = 3};
    struct policy policy = {.name = "alibaba"};

    policy.label_en[WITHDRAWAL_AWAITING_CODE] = "Awaiting Code";
    policy.label_zh[WITHDRAWAL_AWAITING_CODE] = "待验证";
    policy.label_en[WITHDRAWAL_FAILED] = "Withdrawal Failed";
    out_reset(&out);
    view_withdrawal(&out, &dossier, &policy, "alice", topup_refs, false);
}

static void a_withdrawal_shows_legs_and_lots(void **state)
{
    (void)state;
    show_withdrawal(&two_legs);
    assert_view(
        "{\"id\":\"wd_0000000000012\",\"account\":\"alice\",\"amount\":300,\"currency\":\"CNY\","
        "\"status\":\"awaiting_code\",\"label\":\"Awaiting Code\",\"route\":\"designated\",\"strategy\":\"lifo\","
        "\"reason\":\"window_passed\",\"created_at\":" AT ",\"confirmed_at\":null,\"decided_at\":null,"
        "\"finished_at\":null,\"approvals_needed\":1,\"approvals\":0,\"flags\":[],\"documents\":[\"doc_0000000000001\"]"
        ","
        "\"destination\":{\"kind\":\"bank\",\"name\":\"张*\",\"account\":\"****1234\",\"bank\":\"ICBC\",\"branch\":"
        "null,"
        "\"province\":\"江苏\",\"city\":null},\"failure\":null,\"policy\":\"alibaba\",\"policy_version\":1,"
        "\"tries_left\":5,\"code_expires_at\":\"2026-11-20T10:05:00+08:00\",\"legs\":["
        "{\"id\":\"leg_0000000000013\",\"route\":\"designated\",\"channel\":\"bankfile\",\"amount\":200,\"fee\":0,"
        "\"status\":\"failed\",\"lots\":[{\"topup\":\"t1\",\"amount\":150},{\"topup\":null,\"amount\":50}],"
        "\"arrives_by\":" AT ",\"arrives_by_provisional\":true,\"failure\":{\"code\":\"X1\",\"detail\":\"closed\"},"
        "\"reference\":null,\"paid_at\":null,\"arrived_at\":null,\"returned_at\":null},"
        "{\"id\":\"leg_0000000000014\",\"route\":\"designated\",\"channel\":\"bankfile\",\"amount\":100,\"fee\":0,"
        "\"status\":\"successful\",\"lots\":[{\"topup\":\"t2\",\"amount\":100}],\"arrives_by\":null,"
        "\"arrives_by_provisional\":false,\"failure\":null,\"reference\":\"R9\",\"paid_at\":" AT ","
        "\"arrived_at\":null,\"returned_at\":null}]}");
}

static void a_finished_withdrawal_has_no_code_and_may_have_failed(void **state)
{
    struct withdrawal failed = two_legs;

    (void)state;
    failed.status = WITHDRAWAL_FAILED;
    failed.destination = NULL;
    strcpy(failed.failure_code, "ACQ.TRADE_HAS_FINISHED");
    failed.flags = "[\"name_near\"]";
    show_withdrawal(&failed);
    assert_null(strstr(out.data, "tries_left"));
    assert_null(strstr(out.data, "code_expires_at"));
    assert_non_null(strstr(out.data, "\"label\":\"Withdrawal Failed\""));
    assert_non_null(strstr(out.data, "\"flags\":[\"name_near\"]"));
    assert_non_null(
        strstr(out.data, "\"destination\":null,\"failure\":{\"code\":\"ACQ.TRADE_HAS_FINISHED\",\"detail\":null}"));
}

static void a_dry_run_has_no_ids(void **state)
{
    struct withdrawal dry = two_legs;
    struct leg one = first_leg, two = second_leg;
    struct lot a = {.leg = 1, .amount = {200}}, b = {.leg = 2, .amount = {100}};
    struct leg *legs[] = {&one, &two};
    struct lot *lot_list[] = {&a, &b};
    struct dossier dossier = {.withdrawal = &dry, .legs = legs, .legs_count = 2, .lots = lot_list, .lots_count = 2};
    struct policy policy = {.name = "alibaba"};

    (void)state;
    dry.id = one.id = two.id = 0;
    view_withdrawal(&out, &dossier, &policy, "alice", topup_refs, false);
    assert_non_null(strstr(out.data, "{\"account\":\"alice\",\"amount\":300,"));
    assert_null(strstr(out.data, "\"id\":"));
    assert_null(strstr(out.data, "tries_left"));
    assert_non_null(strstr(out.data, "\"lots\":[{\"topup\":\"t1\",\"amount\":200}]"));
    assert_non_null(strstr(out.data, "\"lots\":[{\"topup\":null,\"amount\":100}]"));
}

static void a_damaged_destination_fails_the_answer(void **state)
{
    struct withdrawal damaged = two_legs;

    (void)state;
    damaged.destination = "{\"kind\":";
    show_withdrawal(&damaged);
    assert_true(out.failed);
}

static void papers_and_messages(void **state)
{
    struct document document = {
        .id = 33, .withdrawal = 34, .name = "护照.png", .media_type = "image/png", .size = 5, .at = {AT_MS}};
    struct ticket ticket = {.id = 33, .kind = "bank_transfer", .state = "open", .body = "{}", .at = {AT_MS}};
    struct message message = {
        .withdrawal = 34, .recipient = "138", .text = "Your code is 123456", .code = "123456", .at = {AT_MS}};
    struct event event = {.id = 33, .type = "withdrawal.paid", .object = 34, .data = "{\"amount\":1}", .at = {AT_MS}};

    (void)state;
    view_document(&out, &document, "alice");
    assert_null(strstr(out.data, "护照"));
    assert_non_null(strstr(out.data, "{\"id\":\"doc_0000000000011\",\"account\":\"alice\","
                                     "\"withdrawal\":\"wd_0000000000012\",\"media_type\":\"image/png\",\"size\":5,"));
    out_reset(&out);
    view_ticket(&out, &ticket, "alice");
    assert_view("{\"id\":\"case_0000000000011\",\"account\":\"alice\",\"kind\":\"bank_transfer\",\"state\":\"open\","
                "\"at\":" AT ",\"closed_at\":null}");
    out_reset(&out);
    view_message(&out, &message);
    assert_view("{\"to\":\"138\",\"text\":\"Your code is 123456\",\"code\":\"123456\",\"at\":" AT ","
                "\"withdrawal\":\"wd_0000000000012\"}");
    out_reset(&out);
    view_event(&out, &event, "alice");
    assert_view("{\"id\":\"ev_0000000000011\",\"type\":\"withdrawal.paid\",\"account\":\"alice\","
                "\"object\":\"wd_0000000000012\",\"data\":{\"amount\":1},\"at\":" AT "}");
}

static void a_refused_amount_shows_its_arithmetic(void **state)
{
    struct decision decision =
        decision_amount(REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE, "AL-09", "/amount", money_of(900), money_of(700));
    struct problem problem = {.request_id = "req-1", .decision = &decision};
#define HEAD                                                                                                           \
    "{\"type\":\"/problems/amount_exceeds_withdrawable\",\"title\":\"The amount is more than can be withdrawn\","      \
    "\"status\":422,\"detail\":\"The amount is more than can be withdrawn\",\"code\":\"amount_exceeds_withdrawable\"," \
    "\"rule\":\"AL-09\",\"request_id\":\"req-1\",\"errors\":[{\"pointer\":\"/amount\","                                \
    "\"code\":\"amount_exceeds_withdrawable\",\"detail\":\"The amount is more than can be withdrawn\"}],"              \
    "\"requested\":900,\"available\":700,\"withdrawable\":700"

    (void)state;
    view_problem(&out, &problem);
    assert_view(HEAD "}");
    out_reset(&out);
    decision.quote = &quote;
    view_problem(&out, &problem);
    assert_view(HEAD "," REASONS "}");
}

static void a_wrong_code_tells_the_tries(void **state)
{
    struct decision decision = decision_refused(REFUSAL_WRONG_CODE, NULL, "/code", "The code is wrong.");
    struct problem problem = {.request_id = "r", .decision = &decision};

    (void)state;
    decision.tries_left = 0;
    view_problem(&out, &problem);
    assert_non_null(strstr(out.data, ",\"tries_left\":0}"));
    assert_null(strstr(out.data, "\"rule\""));
    assert_null(strstr(out.data, "\"requested\""));
}

static void a_malformed_request_names_every_member(void **state)
{
    struct field_problems fields = {0};
    struct problem problem = {.status = 400, .code = "malformed", .request_id = "r", .fields = &fields};

    (void)state;
    field_problem_add(&fields, "/amount", "missing", "expected %s", "an integer");
    field_problem_add(&fields, "/topups/0/ref", "malformed", "no");
    view_problem(&out, &problem);
    assert_view("{\"type\":\"/problems/malformed\",\"title\":\"The request is malformed\",\"status\":400,"
                "\"detail\":\"The request is malformed\",\"code\":\"malformed\",\"request_id\":\"r\",\"errors\":["
                "{\"pointer\":\"/amount\",\"code\":\"missing\",\"detail\":\"expected an integer\"},"
                "{\"pointer\":\"/topups/0/ref\",\"code\":\"malformed\",\"detail\":\"no\"}]}");
}

static void every_refusal_has_a_title(void **state)
{
    (void)state;
    for (int code = REFUSAL_NONE + 1; code < REFUSAL__COUNT; code++) {
        struct decision decision = decision_refused((enum refusal)code, NULL, NULL, NULL);
        struct problem problem = {.request_id = "r", .decision = &decision};
        out_reset(&out);
        view_problem(&out, &problem);
        assert_null(strstr(out.data, "The request was not carried out"));
    }
}

static void verdicts_have_their_status(void **state)
{
    static const struct {
        enum verdict verdict;
        enum refusal code;
        int status;
    } rows[] = {
        {VERDICT_OK, REFUSAL_NONE, 200},
        {VERDICT_STORED, REFUSAL_NONE, 200},
        {VERDICT_CREATED, REFUSAL_NONE, 201},
        {VERDICT_REFUSED, REFUSAL_BELOW_MINIMUM, 422},
        {VERDICT_CONFLICT, REFUSAL_REF_REUSED, 409},
        {VERDICT_MISSING, REFUSAL_NOT_FOUND, 404},
        {VERDICT_STALE, REFUSAL_STALE, 412},
        {VERDICT_REFUSED, REFUSAL_RESEND_TOO_SOON, 429},
        {VERDICT_CONFLICT, REFUSAL_RESEND_TOO_SOON, 429},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct decision decision = {.verdict = rows[i].verdict, .code = rows[i].code};
        assert_int_equal(view_decision_status(&decision), rows[i].status);
    }
}

#define VIEW_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        VIEW_TEST(names_keep_one_character_and_numbers_four),
        VIEW_TEST(an_account_shows_its_money_and_hides_its_owner),
        VIEW_TEST(a_member_names_master_and_partner),
        VIEW_TEST(a_topup_is_itself),
        VIEW_TEST(facts_claims_and_resources),
        VIEW_TEST(reclaimable_is_what_was_neither_used_nor_invoiced),
        VIEW_TEST(a_transfer_says_what_came_back),
        VIEW_TEST(a_quote_explains_itself),
        VIEW_TEST(a_withdrawal_shows_legs_and_lots),
        VIEW_TEST(a_finished_withdrawal_has_no_code_and_may_have_failed),
        VIEW_TEST(a_dry_run_has_no_ids),
        VIEW_TEST(a_damaged_destination_fails_the_answer),
        VIEW_TEST(papers_and_messages),
        VIEW_TEST(a_refused_amount_shows_its_arithmetic),
        VIEW_TEST(a_wrong_code_tells_the_tries),
        VIEW_TEST(a_malformed_request_names_every_member),
        VIEW_TEST(every_refusal_has_a_title),
        VIEW_TEST(verdicts_have_their_status),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
