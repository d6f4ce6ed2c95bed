/* SPDX-License-Identifier: Apache-2.0 */
/* The rarer paths of a withdrawal, each with where its money stands at the end: what changes between the ask and the
 * code, between the code and the first send, and what channels say that nobody waited for. */
#include "story.h"

#define FLAGS "SELECT coalesce(flags, '') FROM withdrawal ORDER BY id DESC LIMIT 1"
#define ENTRIES                                                                                                        \
    "SELECT group_concat(kind || amount) FROM (SELECT kind, amount FROM entry WHERE withdrawal IS NOT NULL ORDER BY "  \
    "id)"

static const char to_card[] =
    ",\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":\"62\",\"bank\":\"ICBC\","
    "\"branch\":\"z\",\"province\":\"x\",\"city\":\"y\"},\"documents\":[\"a\",\"b\"]}";

/* An ask for so much by a route that wants papers and a destination. */
static int64_t withdraw_to_card(struct house *house, const char *route, int amount, const char *more)
{
    char json[400];

    snprintf(json, sizeof json, "{\"account\":\"alice\",\"amount\":%d,\"route\":\"%s\"%s%s", amount, route, more,
             to_card);
    return withdraw_for(house, "alice", json);
}

static void open_northwind(struct house *house, const char *now)
{
    house_open_with(house, now, POLICIES);
    account(house, "alice", "northwind", "Alice", "");
}

/* ---- between the ask and the code ---- */

/* The fee is more than any payment of the plan that is left: nothing is put on hold. */
static void a_new_plan_must_bear_the_fee(void **state)
{
    static const struct {
        int left; /* of each of two older top-ups */
        int status;
        const char *held;
    } rows[] = {{51, 200, "101"}, {50, 409, "0"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        open_northwind(&house, MORNING);
        topup(&house, "t1", 200, "2026-11-03T10:00:00+08:00");
        topup(&house, "t2", rows[i].left, "2026-11-02T10:00:00+08:00");
        topup(&house, "t3", 50, "2026-11-01T10:00:00+08:00");
        id = withdraw(&house, rows[i].left + 50);
        fact(&house, COMMAND_CHARGEBACK, "alice", "t1", "{\"ref\":\"cb\",\"amount\":200}");
        assert_int_equal(confirm(&house, id), rows[i].status);
        is(&house, HELD, rows[i].held);
        is(&house, "SELECT withdrawals_month FROM account", i == 0 ? "1" : "0");
        is(&house, "SELECT coalesce(sum(fee), 0) FROM leg WHERE status = 'held'", i == 0 ? "50" : "0");
        house_close(&house);
    }
}

/* Other funds are held once: what another withdrawal holds by now is not there, though top-ups would cover it. */
static void other_funds_are_held_once(void **state)
{
    static const struct {
        int second, status;
        const char *held;
    } rows[] = {{20000, 200, "50000"}, {20001, 409, "30000"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        char code[16];
        int64_t one, other;

        open_alice(&house);
        fact(&house, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}");
        one = withdraw_to_card(&house, "application", rows[i].second, "");
        assert_int_equal(house.status, 201);
        house_code(&house, code);
        other = withdraw_to_card(&house, "application", 30000, "");
        assert_int_equal(confirm(&house, other), 200);
        assert_int_equal(enter(&house, one, code), rows[i].status);
        is(&house, "SELECT other_held FROM account", rows[i].held);
        is(&house, "SELECT topup_held FROM account", "0");
        house_close(&house);
    }
}

/* NW-08: the reason was that the window had passed; the money of the new plan could still go back to its source. */
static void a_new_plan_keeps_to_the_reason(void **state)
{
    static const struct {
        const char *reason, *other; /* when the other top-up was paid */
        int status;
    } rows[] = {{",\"reason\":\"card_lost\"", "2026-11-01T10:00:00+08:00", 200},
                {",\"reason\":\"too_late\"", "2025-11-01T10:00:00+08:00", 200},
                {",\"reason\":\"too_late\"", "2026-11-01T10:00:00+08:00", 409}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        open_northwind(&house, MORNING);
        topup(&house, "old", 60000, "2025-11-01T10:00:00+08:00");
        id = withdraw_to_card(&house, "designated", 30000, rows[i].reason);
        assert_int_equal(house.status, 201);
        topup(&house, "other", 60000, rows[i].other);
        fact(&house, COMMAND_CHARGEBACK, "alice", "old", "{\"ref\":\"cb\",\"amount\":60000}");
        assert_int_equal(confirm(&house, id), rows[i].status);
        is(&house, HELD, rows[i].status == 200 ? "30000" : "0");
        house_close(&house);
    }
}

/* HW-11: what the customer completed was an unknown source; the new plan pays back to a known one. */
static void a_new_plan_completes_no_known_source(void **state)
{
    static const struct {
        const char *account; /* of the payer of the other top-up */
        int status;
    } rows[] = {{"", 200}, {",\"account\":\"62\"", 409}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        char json[300];
        int64_t id;

        house_open(&house, MORNING);
        account(&house, "alice", "huawei", "Alice", "");
        topup_of(&house, "alice", "unknown", 60000, "bank_transfer", "2026-11-02T10:00:00+08:00", "Alice", "");
        id = withdraw_for(
            &house, "alice",
            "{\"account\":\"alice\",\"amount\":30000,\"route\":\"original\",\"destination\":{\"kind\":\"bank\","
            "\"name\":\"Alice\",\"account\":\"62\",\"bank\":\"ICBC\"}}");
        assert_int_equal(house.status, 201);
        snprintf(json, sizeof json,
                 "{\"ref\":\"t2\",\"amount\":60000,\"method\":\"bank_transfer\",\"bank\":\"ICBC\",\"paid_at\":"
                 "\"2026-11-01T10:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"%s}}",
                 rows[i].account);
        fact(&house, COMMAND_TOPUP, "alice", "", json);
        fact(&house, COMMAND_CHARGEBACK, "alice", "unknown", "{\"ref\":\"cb\",\"amount\":60000}");
        assert_int_equal(confirm(&house, id), rows[i].status);
        is(&house, HELD, i == 0 ? "30000" : "0");
        house_close(&house);
    }
}

/* HW-06: the boundary instant is inside; a minute later the plan's way back has closed, though the money is there. */
static void a_way_that_closed_since_the_ask_is_not_gone(void **state)
{
    static const struct {
        int64_t later_ms;
        int status;
    } rows[] = {{0, 200}, {1, 409}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        house_open(&house, "2026-11-25T09:59:00+08:00");
        account(&house, "alice", "huawei", "Alice", "");
        topup(&house, "t1", 60000, "2025-12-25T10:00:00+08:00");
        id = withdraw(&house, 30000);
        house.now_ms += MS_MINUTE + rows[i].later_ms;
        assert_int_equal(confirm(&house, id), rows[i].status);
        is(&house, STATUS, i == 0 ? "in_review" : "cancelled");
        is(&house, HELD, i == 0 ? "30000" : "0");
        house_close(&house);
    }
}

/* A code is sent again only while one is waited for, and the message says where the money goes. */
static void a_code_is_sent_again_for_its_destination(void **state)
{
    static const char *const payees[] = {" to where it came from.", " to the account that you named."};

    (void)state;
    for (int named = 0; named < 2; named++) {
        struct house house;
        int64_t id;

        open_alice(&house);
        id = named ? withdraw_to_card(&house, "designated", 30000, ",\"reason\":\"employee_advance\"")
                   : withdraw(&house, 30000);
        assert_int_not_equal(id, 0);
        house.now_ms += MS_MINUTE;
        assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 200);
        assert_non_null(strstr(last_message(&house), payees[named]));
        assert_int_equal(confirm(&house, id), 200);
        house.now_ms += MS_MINUTE;
        assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 409);
        assert_string_equal(house_member(&house, "code"), "state_conflict");
        house_close(&house);
    }
}

/* Who enters no code is not waited for: the boundary instant is inside. */
static void a_code_that_nobody_enters_ends_it(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, 30000);
    house.now_ms += 5 * MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "awaiting_code");
    is(&house, "SELECT next_at - code_expires_at FROM withdrawal", "1");
    house.now_ms += 1;
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "expired");
    is(&house, "SELECT coalesce(next_at, 0) || coalesce(length(code_hash), 0) FROM withdrawal", "00");
    assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 422);
    assert_string_equal(house_member(&house, "code"), "code_expired");
    house_close(&house);
}

/* AL-06 is asked by identity number: who has none has no namesake. */
static void nobody_is_at_risk_without_an_identity_number(void **state)
{
    struct house house;

    (void)state;
    house_open(&house, MORNING);
    for (int i = 0; i < 2; i++)
        fact(&house, COMMAND_ACCOUNT_PUT, i == 0 ? "alias" : "alice", "",
             "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Alice\","
             "\"verified\":true}}");
    topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
    fact(&house, COMMAND_CLAIM_PUT, "alias", "c", "{\"kind\":\"overdue\",\"amount\":1}");
    assert_int_equal(confirm(&house, withdraw(&house, 30000)), 200);
    is(&house, STATUS, "approved");
    is(&house, FLAGS, "");
    house_close(&house);
}

/* ---- between the code and the first send ---- */

/* Huawei reviews everything; by Christmas the way back of the older top-up has closed. */
static int64_t open_half_closed(struct house *house)
{
    int64_t id;

    house_open(house, MORNING);
    account(house, "alice", "huawei", "Alice", "");
    topup(house, "old", 40000, "2025-12-25T10:00:00+08:00");
    topup(house, "new", 60000, "2026-11-01T10:00:00+08:00");
    id = withdraw(house, 100000);
    assert_int_equal(confirm(house, id), 200);
    house->now_ms += 5 * MS_DAY + 1;
    assert_int_equal(review(house, id, "r1", "approve"), 200);
    is(house, LEGS, "held,rerouted");
    return id;
}

static void what_was_given_back_is_not_given_back_again(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_half_closed(&house);
    assert_int_equal(house_on(&house, COMMAND_CANCEL, id, "alice", NULL), 200);
    is(&house, LEGS, "released,rerouted");
    is(&house, STATUS, "cancelled");
    is(&house, HELD, "0");
    is(&house, "SELECT topup FROM account", "100000");
    is(&house, ENTRIES, "freeze60000,freeze40000,release40000,release60000");
    is(&house, "SELECT withdrawals_month FROM account", "0");
    house_close(&house);
}

/* Without any channel nothing is sent and somebody is told, once; it may still be cancelled, or go out later. */
static void without_channels_it_waits(void **state)
{
    (void)state;
    for (int cancel = 0; cancel < 2; cancel++) {
        struct house house;
        size_t channels;
        int64_t id;

        open_alice(&house);
        id = withdraw(&house, 30000);
        assert_int_equal(confirm(&house, id), 200);
        channels = house.channels.count;
        house.channels.count = 0;
        for (int i = 0; i < 2; i++) {
            assert_int_equal(tick(&house, id), 200);
            is(&house, STATUS, "approved");
            is(&house, LEGS, "held");
            is(&house, INCIDENTS, "no_channel");
            is(&house, FLAGS, "[\"no_channel\"]");
            house.now_ms += MS_SECOND;
        }
        house.channels.count = channels;
        assert_null(house.effects);
        assert_int_equal(
            house_on(&house, cancel ? COMMAND_CANCEL : COMMAND_TICK, id, cancel ? "alice" : "system", NULL), 200);
        is(&house, STATUS, cancel ? "cancelled" : "dispatching");
        is(&house, HELD, cancel ? "0" : "30000");
        house_close(&house);
    }
}

/* AL-06: what nobody has looked at is looked at before the first send, also when a part of it has gone another way. */
static void risk_while_a_part_waits(const char *decision, bool rejected)
{
    struct house house;
    int64_t id;

    open_northwind(&house, MORNING);
    account(&house, "alias", "northwind", "Alice", "");
    topup_of(&house, "alice", "old", 40000, "bank_card", "2026-05-20T10:00:30+08:00", "Alice", "");
    topup_of(&house, "alice", "new", 60000, "alipay", "2026-11-01T10:00:00+08:00", "Alice", ",\"channel\":\"nowhere\"");
    id = withdraw(&house, 100000);
    assert_int_equal(confirm(&house, id), 200);
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "approved");
    is(&house, LEGS, "held,rerouted");
    fact(&house, COMMAND_CLAIM_PUT, "alias", "c", "{\"kind\":\"overdue\",\"amount\":1}");
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "in_review");
    is(&house, FLAGS, "[\"no_channel\",\"same_subject_overdue\"]");
    is(&house, HELD, "60000");
    assert_int_equal(review(&house, id, "r1", decision), 200);
    is(&house, LEGS, rejected ? "released,rerouted" : "held,rerouted");
    is(&house, HELD, rejected ? "0" : "60000");
    is(&house, "SELECT topup FROM account", "100000");
    is(&house, "SELECT count(*) FROM leg WHERE arrives_by IS NULL", "0");
    house_close(&house);
}

static void a_risk_is_seen_while_a_part_waits(void **state)
{
    (void)state;
    risk_while_a_part_waits("reject", true);
    risk_while_a_part_waits("approve", false);
}

/* Nothing of it can go back any more, and nobody had to look at it: it has failed, and does not count. */
static void all_ways_closed_before_the_send_is_a_failure(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_northwind(&house, MORNING);
    topup_of(&house, "alice", "old", 40000, "bank_card", "2026-05-20T10:00:30+08:00", "Alice", "");
    id = withdraw(&house, 40000);
    assert_int_equal(confirm(&house, id), 200);
    is(&house, STATUS, "approved");
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "failed");
    is(&house, LEGS, "rerouted");
    is(&house, "SELECT failure_code FROM withdrawal", "window_closed");
    is(&house, HELD, "0");
    is(&house, "SELECT withdrawals_month || withdrawals_day || withdrawn_day FROM account", "000");
    assert_null(house.effects);
    house_close(&house);
}

/* The dates are promised anew at the approval where the policy counts from there: of the leg's latest lot, and not
 * certain where one of them is not. What has no route any more is promised nothing. */
static void an_approval_promises_anew(void **state)
{
    static const struct {
        const char *first, *second; /* methods of the later and the earlier top-up */
        const char *promised;
    } rows[] = {
        {"wechat", "wechat", "2026-12-30 12:30:00 0"}, /* within 90 minutes of the approval */
        {"alipay", "wechat", "2027-01-06 23:59:59 1"}, /* five working days, and 2027 is not announced */
        {"wechat", "alipay", "2027-01-06 23:59:59 1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        open_northwind(&house, "2026-12-30T10:00:00+08:00");
        topup_of(&house, "alice", "t1", 30000, rows[i].first, "2025-11-02T10:00:00+08:00", "Alice", "");
        topup_of(&house, "alice", "t2", 30000, rows[i].second, "2025-11-01T10:00:00+08:00", "Alice", "");
        id =
            withdraw_for(&house, "alice",
                         "{\"account\":\"alice\",\"amount\":60000,\"route\":\"designated\",\"documents\":[\"a\",\"b\"],"
                         "\"destination\":{\"kind\":\"bank\",\"name\":\"Alise\",\"account\":\"62\",\"bank\":\"ICBC\","
                         "\"province\":\"x\",\"city\":\"y\"}}");
        assert_int_equal(house.status, 201);
        assert_int_equal(confirm(&house, id), 200);
        house.now_ms += MS_HOUR;
        assert_int_equal(review(&house, id, "r1", "approve"), 200);
        is(&house,
           "SELECT datetime(arrives_by / 1000, 'unixepoch', '+8 hours') || ' ' || arrives_by_provisional FROM leg",
           rows[i].promised);
        house_close(&house);
    }
}

/* AL-07 with dates from the approval: other funds have no method, and are promised what the route promises. */
static void other_funds_are_promised_anew(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    fact(&house, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}");
    policy_named(&house, "alibaba")->routes[ROUTE_APPLICATION].arrives_after_approval = true;
    id = withdraw_to_card(&house, "application", 30000, "");
    assert_int_equal(confirm(&house, id), 200);
    house.now_ms += 3 * MS_DAY;
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, "SELECT date(arrives_by / 1000, 'unixepoch', '+8 hours') FROM leg",
       "2026-12-08"); /* 15 days from the 23rd */
    house_close(&house);
}

/* PA-08: the receipt says how long it takes, where the policy says it. */
static void the_receipt_says_how_long_it_takes(void **state)
{
    static const struct {
        const char *policy, *said;
    } rows[] = {
        {"huawei", "is in review; the money arrives within 5 minutes after the approval."},
        {"jdcloud", "has been received and is in review."},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;

        house_open(&house, MORNING);
        account(&house, "alice", rows[i].policy, "Alice", "");
        topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
        assert_int_equal(confirm(&house, withdraw(&house, 30000)), 200);
        if (strstr(last_message(&house), rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].policy, last_message(&house));
        house_close(&house);
    }
}

/* A reviewer says why, or does not; from "papers are missing" one may reject and not approve. */
static void reviewers_say_why(void **state)
{
    static const struct {
        const char *decision, *told, *then, *then_told;
        int then_status;
    } rows[] = {
        {"{\"decision\":\"reject\",\"reason\":\"blurred\"}", "rejected, because: blurred.", NULL, NULL, 0},
        {"{\"decision\":\"reject\"}", "rejected.", NULL, NULL, 0},
        {"{\"decision\":\"need_documents\",\"reason\":\"the licence\"}", "we need documents: the licence.",
         "{\"decision\":\"reject\",\"reason\":\"too late\"}", "rejected, because: too late.", 200},
        {"{\"decision\":\"need_documents\"}", "we need documents.", "{\"decision\":\"need_documents\"}",
         "we need documents.", 409},
        {"{\"decision\":\"reject\",\"reason\":\"It is blurred.\"}", "rejected, because: It is blurred.", NULL, NULL, 0},
        {"{\"decision\":\"reject\",\"reason\":\"看不清。\"}", "rejected, because: 看不清。", NULL, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        house_open(&house, MORNING);
        account(&house, "alice", "huawei", "Alice", "");
        topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
        id = withdraw(&house, 30000);
        assert_int_equal(confirm(&house, id), 200);
        document(&house, id); /* papers that nobody asked for are kept and change nothing */
        is(&house, STATUS, "in_review");
        assert_int_equal(house_on(&house, COMMAND_REVIEW, id, "r1", rows[i].decision), 200);
        const char *said = strstr(last_message(&house), rows[i].told);
        assert_non_null(said);
        assert_string_equal(said, rows[i].told); /* and ends with it, once */
        if (rows[i].then != NULL) {
            assert_int_equal(house_on(&house, COMMAND_REVIEW, id, "r1", rows[i].then), rows[i].then_status);
            assert_non_null(strstr(last_message(&house), rows[i].then_told));
        }
        is(&house, HELD, i == 3 ? "30000" : "0");
        is(&house, "SELECT coalesce(failure_code, '') FROM withdrawal", i == 3 ? "" : "rejected");
        house_close(&house);
    }
}

/* ---- what channels say ---- */

/* The withdrawal says why of the part that was not paid, whichever it is. */
static void the_part_that_failed_says_why(void **state)
{
    (void)state;
    for (int failed = 1; failed <= 2; failed++) {
        struct house house;
        int64_t id;

        open_alice(&house);
        topup(&house, "t2", 40000, "2026-10-01T10:00:00+08:00");
        id = withdraw(&house, 140000);
        assert_int_equal(confirm(&house, id), 200);
        assert_int_equal(tick(&house, id), 200);
        say(&house, failed, EVIDENCE_NOT_PAID, "ACQ.REFUSED", "");
        say(&house, 3 - failed, EVIDENCE_PAID, "", "R1");
        is(&house, STATUS, "partly_successful");
        is(&house, "SELECT failure_code FROM withdrawal", "ACQ.REFUSED");
        is(&house, "SELECT topup FROM account", failed == 1 ? "100000" : "40000");
        house_close(&house);
    }
}

/* A channel that tells no currency is believed in its amount; one that tells another is not. */
static void a_currency_that_is_told_must_be_ours(void **state)
{
    static const struct {
        const char *currency;
        int64_t amount_minor;
        const char *leg, *incidents;
    } rows[] = {{"CNY", 30000, "successful", ""},
                {"", 30000, "successful", ""},
                {"", 29999, "sending", "amount_differs"},
                {"USD", 30000, "sending", "amount_differs"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        struct command command;

        open_sent(&house);
        command = evidence(&house, 1, EVIDENCE_PAID, "", "R1");
        snprintf(command.answer.currency, sizeof command.answer.currency, "%s", rows[i].currency);
        command.answer.amount = money_of(rows[i].amount_minor);
        assert_int_equal(house_ask(&house, &command, NULL), 200);
        is(&house, LEGS, rows[i].leg);
        is(&house, INCIDENTS, rows[i].incidents);
        house_close(&house);
    }
}

/* Each payment has its own incidents: what was told of one of them is news of the other. */
static void incidents_are_each_payments_own(void **state)
{
    struct house house;
    struct command command;
    int64_t id;

    (void)state;
    open_alice(&house);
    topup(&house, "t2", 40000, "2026-10-01T10:00:00+08:00");
    id = withdraw(&house, 140000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    for (int leg = 1; leg <= 2; leg++)
        for (int times = 0; times < 2; times++) {
            command = evidence(&house, leg, EVIDENCE_PAID, "", "R1");
            command.answer.amount = money_of(1);
            assert_int_equal(house_ask(&house, &command, NULL), 200);
        }
    is(&house, INCIDENTS, "amount_differs,amount_differs");
    is(&house, LEGS, "sending,sending");
    is(&house, HELD, "140000");
    house_close(&house);
}

/* A channel may tell its number late: the first one that it tells is this payment's, another one is another payment's.
 */
static void a_number_told_late_is_the_payments_own(void **state)
{
    static const struct {
        enum evidence_kind first;
        const char *told[4], *incidents;
    } rows[] = {
        {EVIDENCE_ACCEPTED, {"", "R1", "R1"}, ""},
        {EVIDENCE_ACCEPTED, {"", "R1", "R2"}, "paid_twice"},
        {EVIDENCE_ACCEPTED, {"R1", "", "R2"}, "paid_twice"},
        {EVIDENCE_NOT_PAID, {"", "R1", "R1"}, "paid_after_release"},
        {EVIDENCE_NOT_PAID, {"", "R1", "R2"}, "paid_after_release,paid_twice"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;

        open_sent(&house);
        say(&house, 1, rows[i].first, "", "");
        for (size_t j = 0; rows[i].told[j] != NULL; j++)
            say(&house, 1, EVIDENCE_PAID, "", rows[i].told[j]);
        print_message("row %zu\n", i);
        is(&house, INCIDENTS, rows[i].incidents);
        is(&house, "SELECT reference FROM leg", "R1");
        is(&house, "SELECT coalesce(sum(amount), 0) FROM posting WHERE ledger = 'suspense'",
           rows[i].first == EVIDENCE_NOT_PAID ? "-30000" : "0");
        house_close(&house);
    }
}

/* As long as the channel remembers the key, what it has never heard of is sent again; from then on it is asked. */
static void a_key_is_sent_again_while_it_is_remembered(void **state)
{
    static const struct {
        int64_t after_ms;
        const char *sends_queries;
    } rows[] = {{MS_MINUTE, "2 0"}, {MS_DAY - 1, "2 0"}, {MS_DAY, "1 1"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        open_alice(&house);
        house.channels.items[0]->capability.dedupe_ms = MS_DAY;
        id = withdraw(&house, 30000);
        assert_int_equal(confirm(&house, id), 200);
        assert_int_equal(tick(&house, id), 200);
        say(&house, 1, EVIDENCE_NOTHING, "not_found", "");
        house.now_ms += rows[i].after_ms;
        assert_int_equal(tick(&house, id), 200);
        is(&house, "SELECT sends || ' ' || queries FROM attempt", rows[i].sends_queries);
        house_close(&house);
    }
}

/* After a long stop the channel is asked again and again until the day is over, and only then people decide. */
static void what_was_long_silent_is_asked_until_the_day_is_over(void **state)
{
    static const struct {
        int64_t at_ms; /* since the first send */
        const char *queries, *leg;
    } rows[] = {{MS_DAY - 30 * MS_MINUTE, "1", "unknown"},
                {MS_DAY - 29 * MS_MINUTE, "2", "unknown"},
                {MS_DAY - 1, "3", "unknown"},
                {MS_DAY, "3", "manual"}};
    struct house house;
    int64_t id, began;

    (void)state;
    id = open_sent(&house);
    began = house.now_ms;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        house.now_ms = began + rows[i].at_ms;
        assert_int_equal(tick(&house, id), 200);
        is(&house, "SELECT queries FROM attempt", rows[i].queries);
        is(&house, LEGS, rows[i].leg);
    }
    is(&house, HELD, "30000");
    house_close(&house);
}

/* What a channel says of a payment that people decide on is kept; it does not take it out of their hands. */
static void what_is_in_peoples_hands_stays_there(void **state)
{
    static const enum evidence_kind said[] = {EVIDENCE_ACCEPTED, EVIDENCE_NOTHING, EVIDENCE_ARRIVED};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(said); i++) {
        struct house house;
        int64_t id = open_sent(&house);

        house.now_ms += MS_DAY;
        assert_int_equal(tick(&house, id), 200);
        house.now_ms += MS_MINUTE;
        assert_int_equal(tick(&house, id), 200);
        is(&house, LEGS, "manual");
        say(&house, 1, said[i], "", "");
        is(&house, LEGS, "manual");
        is(&house, HELD, "30000");
        is(&house, "SELECT count(*) FROM evidence", "1");
        house_drop_effects(&house);
        house.now_ms += MS_DAY;
        assert_int_equal(tick(&house, id), 200);
        assert_null(house.effects);
        say(&house, 1, EVIDENCE_PAID, "", "R1");
        is(&house, STATUS, "successful");
        house_close(&house);
    }
}

/* What two people say settles it only in the amount that was sent; a channel that then says the same is told before. */
static void two_people_may_prove_it_paid(void **state)
{
    struct house house;
    int64_t id = open_sent(&house);
    char paper[64];

    (void)state;
    letter(&house, "alice", paper);
    house.now_ms += MS_DAY;
    assert_int_equal(tick(&house, id), 200);
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    for (int i = 1; i <= 2; i++)
        assert_int_equal(resolve_as(&house, id, i == 1 ? "r1" : "r2", "paid", 29999, paper), 200);
    is(&house, LEGS, "manual");
    is(&house, "SELECT kind FROM incident ORDER BY id DESC LIMIT 1", "amount_differs");
    for (int i = 1; i <= 2; i++)
        assert_int_equal(resolve(&house, id, i == 1 ? "r1" : "r2", "paid", paper), 200);
    is(&house, STATUS, "successful");
    is(&house, HELD, "0");
    is(&house, "SELECT topup FROM account", "70000");
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, "SELECT effect FROM evidence ORDER BY id DESC LIMIT 1", "duplicate");
    is(&house, "SELECT topup FROM account", "70000");
    house_close(&house);
}

/* JD-11: success is not arrival; it arrives once. */
static void a_payment_arrives_once(void **state)
{
    struct house house;
    int64_t arrived;

    (void)state;
    open_sent(&house);
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    arrived = house.now_ms;
    for (int i = 0; i < 2; i++) {
        say(&house, 1, EVIDENCE_ARRIVED, "", "R1");
        house.now_ms += MS_HOUR;
    }
    assert_int_equal(house_sql(&house, "SELECT arrived_at FROM leg"), arrived);
    is(&house, "SELECT group_concat(effect) FROM (SELECT effect FROM evidence ORDER BY id)", "settled,arrived,none");
    say(&house, 1, EVIDENCE_RETURNED, "", "");
    is(&house, "SELECT failure_code FROM leg", "returned"); /* where the channel has no word of its own */
    is(&house, STATUS, "returned");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_plan_must_bear_the_fee),
        cmocka_unit_test(other_funds_are_held_once),
        cmocka_unit_test(a_new_plan_keeps_to_the_reason),
        cmocka_unit_test(a_new_plan_completes_no_known_source),
        cmocka_unit_test(a_way_that_closed_since_the_ask_is_not_gone),
        cmocka_unit_test(a_code_is_sent_again_for_its_destination),
        cmocka_unit_test(a_code_that_nobody_enters_ends_it),
        cmocka_unit_test(nobody_is_at_risk_without_an_identity_number),
        cmocka_unit_test(what_was_given_back_is_not_given_back_again),
        cmocka_unit_test(without_channels_it_waits),
        cmocka_unit_test(a_risk_is_seen_while_a_part_waits),
        cmocka_unit_test(all_ways_closed_before_the_send_is_a_failure),
        cmocka_unit_test(an_approval_promises_anew),
        cmocka_unit_test(other_funds_are_promised_anew),
        cmocka_unit_test(the_receipt_says_how_long_it_takes),
        cmocka_unit_test(reviewers_say_why),
        cmocka_unit_test(incidents_are_each_payments_own),
        cmocka_unit_test(what_was_long_silent_is_asked_until_the_day_is_over),
        cmocka_unit_test(the_part_that_failed_says_why),
        cmocka_unit_test(a_currency_that_is_told_must_be_ours),
        cmocka_unit_test(a_number_told_late_is_the_payments_own),
        cmocka_unit_test(a_key_is_sent_again_while_it_is_remembered),
        cmocka_unit_test(what_is_in_peoples_hands_stays_there),
        cmocka_unit_test(two_people_may_prove_it_paid),
        cmocka_unit_test(a_payment_arrives_once),
    };
    return cmocka_run_group_tests_name("withdrawal_paths", tests, NULL, NULL);
}
