/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a withdrawal through the whole engine: what the customer, the reviewers, the clock and the channels may
 * do with it, and where its money stands afterwards. */
#include "story.h"

/* Huawei reviews everything. */
static int64_t open_review(struct house *house)
{
    int64_t id;

    house_open(house, MORNING);
    account(house, "alice", "huawei", "Alice", "");
    topup(house, "t1", 100000, "2026-11-01T10:00:00+08:00");
    id = withdraw(house, 30000);
    assert_int_equal(confirm(house, id), 200);
    is(house, STATUS, "in_review");
    return id;
}

/* ---- the code ---- */

static void a_code_confirms_its_own_withdrawal_only(void **state)
{
    struct house house;
    char first[16], second[16];
    int64_t one, other;

    (void)state;
    open_alice(&house);
    one = withdraw(&house, 30000);
    house_code(&house, first);
    other = withdraw(&house, 20000);
    house_code(&house, second);
    assert_string_not_equal(first, second);
    assert_int_equal(enter(&house, one, second), 422);
    assert_string_equal(house_member(&house, "code"), "wrong_code");
    assert_int_equal(enter(&house, other, first), 422);
    assert_int_equal(enter(&house, one, first), 200);
    assert_int_equal(enter(&house, one, first), 409);
    is(&house, HELD, "30000");
    house_close(&house);
}

static void codes_are_resent_after_a_minute_and_die_after_five(void **state)
{
    struct house house;
    char code[16];
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, 30000);
    house_code(&house, code);
    house.now_ms += 59999;
    assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 429);
    assert_string_equal(house_member(&house, "code"), "resend_too_soon");
    house.now_ms += 1;
    assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 200);
    if (enter(&house, id, code) == 200)
        fail_msg("the first code still counts");
    house_code(&house, code);
    house.now_ms += 5 * MS_MINUTE; /* the boundary instant is inside */
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "awaiting_code");
    assert_int_equal(enter(&house, id, code), 200);
    id = withdraw(&house, 100);
    house_code(&house, code);
    house.now_ms += 5 * MS_MINUTE + 1;
    assert_int_equal(enter(&house, id, code), 422);
    assert_string_equal(house_member(&house, "code"), "code_expired");
    is(&house, STATUS, "expired");
    house_close(&house);
}

/* Who asks for another code too late is told so; the withdrawal does not come to life again. */
static void an_expired_code_is_not_sent_again(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, 30000);
    house.now_ms += 5 * MS_MINUTE + 1;
    assert_int_equal(house_on(&house, COMMAND_RESEND, id, "alice", NULL), 422);
    assert_string_equal(house_member(&house, "code"), "code_expired");
    is(&house, STATUS, "expired");
    is(&house, "SELECT count(*) FROM message", "1");
    house_close(&house);
}

/* AL-09: the top-ups still hold the amount, but since the ask so much is owed that it is withdrawable no longer. */
static void what_is_owed_meanwhile_stops_a_right_code(void **state)
{
    static const struct {
        const char *claim, *status;
        int answer;
    } rows[] = {{"{\"kind\":\"overdue\",\"amount\":70000}", "approved", 200},
                {"{\"kind\":\"overdue\",\"amount\":70001}", "cancelled", 409}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        open_alice(&house);
        id = withdraw(&house, 30000);
        fact(&house, COMMAND_CLAIM_PUT, "alice", "bill", rows[i].claim);
        assert_int_equal(confirm(&house, id), rows[i].answer);
        is(&house, STATUS, rows[i].status);
        is(&house, HELD, rows[i].answer == 200 ? "30000" : "0");
        house_close(&house);
    }
}

static void a_plan_is_made_anew_when_its_lots_are_gone(void **state)
{
    struct house house;
    char first[16];
    int64_t one, other;

    (void)state;
    open_alice(&house);
    topup(&house, "t2", 30000, "2026-11-10T10:00:00+08:00");
    one = withdraw(&house, 30000); /* both plans take t2, the latest */
    house_code(&house, first);
    other = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, other), 200);
    assert_int_equal(enter(&house, one, first), 200);
    is(&house, "SELECT group_concat(ref || held) FROM (SELECT ref, held FROM topup ORDER BY ref)", "t130000,t230000");
    is(&house, HELD, "60000");
    house_close(&house);
}

static void chosen_topups_are_not_chosen_anew(void **state)
{
    struct house house;
    char first[16];
    int64_t one, other;

    (void)state;
    open_alice(&house);
    topup(&house, "t2", 30000, "2026-11-10T10:00:00+08:00");
    one = withdraw_for(&house, "alice",
                       "{\"account\":\"alice\",\"amount\":30000,\"topups\":[{\"ref\":\"t2\",\"amount\":30000}]}");
    house_code(&house, first);
    other = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, other), 200);
    assert_int_equal(enter(&house, one, first), 409);
    is(&house, "SELECT status FROM withdrawal ORDER BY id LIMIT 1", "cancelled");
    is(&house, HELD, "30000");
    house_close(&house);
}

/* HW-12: the account that was named belongs to the payer of the first plan's top-up, not of any other. */
static void a_new_plan_keeps_to_the_payee(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "huawei", "Alice", "");
    topup_of(&house, "alice", "a", 50000, "alipay", "2025-01-01T10:00:00+08:00", "Wang Fang", "");
    topup_of(&house, "alice", "b", 50000, "alipay", "2025-02-01T10:00:00+08:00", "Li Bo", "");
    id = withdraw_for(&house, "alice",
                      "{\"account\":\"alice\",\"amount\":30000,\"destination\":{\"kind\":\"bank\",\"name\":\"Li Bo\","
                      "\"account\":\"62\",\"bank\":\"ICBC\",\"branch\":\"x\",\"province\":\"x\",\"city\":\"y\"}}");
    assert_int_equal(house.status, 201);
    fact(&house, COMMAND_CHARGEBACK, "alice", "b", "{\"ref\":\"cb\",\"amount\":50000}");
    assert_int_equal(confirm(&house, id), 409);
    is(&house, STATUS, "cancelled");
    is(&house, HELD, "0");
    house_close(&house);
}

/* ---- cancelling ---- */

static void only_what_was_not_sent_is_cancelled(void **state)
{
    static const struct {
        const char *state;
        int status;
    } rows[] = {{"awaiting_code", 200}, {"in_review", 200}, {"need_documents", 200},
                {"approved", 200},      {"rejected", 409},  {"dispatching", 409}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id;

        house_open(&house, MORNING);
        account(&house, "alice", "huawei", "Alice", "");
        topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
        id = withdraw(&house, 30000);
        if (i >= 1)
            assert_int_equal(confirm(&house, id), 200);
        if (i >= 2)
            assert_int_equal(review(&house, id, "r1", i == 2 ? "need_documents" : i == 4 ? "reject" : "approve"), 200);
        if (i >= 5)
            assert_int_equal(tick(&house, id), 200);
        is(&house, STATUS, rows[i].state);
        assert_int_equal(house_on(&house, COMMAND_CANCEL, id, "alice", NULL), rows[i].status);
        is(&house, HELD, rows[i].status == 200 || i == 4 ? "0" : "30000");
        is(&house, "SELECT withdrawals_month FROM account", i == 5 ? "1" : "0");
        assert_int_equal(house_sql(&house, "SELECT count(*) FROM entry WHERE kind = 'release'"), i >= 1 && i <= 4);
        house_close(&house);
    }
}

/* ---- review ---- */

static void the_maker_does_not_decide_and_nobody_on_stale_news(void **state)
{
    struct house house;
    int64_t id;
    struct command command;

    (void)state;
    id = open_review(&house);
    assert_int_equal(review(&house, id, "alice", "approve"), 422);
    assert_string_equal(house_member(&house, "code"), "maker_is_checker");
    command = house_command(COMMAND_REVIEW, "r1", OPERATOR, "", "");
    command.object_id = id;
    command.any_version = false;
    command.if_match = house_sql(&house, "SELECT version FROM withdrawal") - 1;
    assert_int_equal(house_ask(&house, &command, "{\"decision\":\"approve\"}"), 412);
    command.if_match++;
    assert_int_equal(house_ask(&house, &command, "{\"decision\":\"approve\"}"), 200);
    is(&house, STATUS, "approved");
    house_close(&house);
}

static void documents_are_asked_for_and_come_back(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_review(&house);
    assert_int_equal(review(&house, id, "r1", "need_documents"), 200);
    assert_int_equal(review(&house, id, "r1", "approve"), 409);
    document(&house, id);
    is(&house, STATUS, "in_review");
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, HELD, "30000");
    house_close(&house);
}

static void what_is_owed_meanwhile_stops_the_approval(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_review(&house);
    fact(&house, COMMAND_CLAIM_PUT, "alice", "c", "{\"kind\":\"overdue\",\"amount\":80000}");
    assert_int_equal(review(&house, id, "r1", "approve"), 409);
    assert_string_equal(house_member(&house, "available"), "20000");
    is(&house, HELD, "30000");
    assert_int_equal(review(&house, id, "r1", "reject"), 200);
    is(&house, STATUS, "rejected");
    is(&house, HELD, "0");
    assert_int_equal(review(&house, id, "r1", "reject"), 409);
    house_close(&house);
}

/* Northwind wants two people above 10000.00, and a reviewer because the name is only nearly the customer's. */
static int64_t open_two(struct house *house)
{
    int64_t id;

    house_open_with(house, MORNING, POLICIES);
    account(house, "alice", "northwind", "Alice", "");
    topup(house, "t1", 2000000, "2026-11-01T10:00:00+08:00");
    id = withdraw_for(house, "alice",
                      "{\"account\":\"alice\",\"amount\":1000001,\"reason\":\"card_lost\",\"documents\":[\"a\",\"b\"],"
                      "\"destination\":{\"kind\":\"bank\",\"name\":\"Alise\",\"account\":\"62\",\"bank\":\"ICBC\","
                      "\"province\":\"x\",\"city\":\"y\"}}");
    assert_int_equal(house->status, 201);
    assert_int_equal(confirm(house, id), 200);
    is(house, STATUS, "in_review");
    return id;
}

static void much_money_takes_two_people(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_two(&house);
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, STATUS, "in_review");
    assert_int_equal(review(&house, id, "r1", "approve"), 409);
    assert_int_equal(review(&house, id, "r2", "approve"), 200);
    is(&house, STATUS, "approved");
    house_close(&house);
}

/* Two approvals of one person, the second with the version that will be: both in one batch. */
static void one_person_in_one_batch_is_one_person(void **state)
{
    struct house house;
    struct command commands[2];
    int64_t id;
    int statuses[2];

    (void)state;
    id = open_two(&house);
    for (int i = 0; i < 2; i++) {
        static const struct review_ask approve = {.decision = REVIEW_APPROVE};

        commands[i] = house_command(COMMAND_REVIEW, "r1", OPERATOR, "", "");
        commands[i].object_id = id;
        commands[i].any_version = false;
        commands[i].if_match = house_sql(&house, "SELECT version FROM withdrawal") + i;
        commands[i].ask = &approve;
    }
    run_together(&house, commands, statuses, 2);
    assert_int_equal(statuses[0], 200);
    assert_int_equal(statuses[1], 409);
    is(&house, STATUS, "in_review");
    is(&house, "SELECT approvals FROM withdrawal", "1");
    house_close(&house);
}

/* PA-02 counts where it was confirmed: neither December's withdrawal nor the new month takes November's away. */
static void a_month_counts_what_was_confirmed_in_it(void **state)
{
    static const char ask[] =
        "{\"account\":\"alice\",\"amount\":10000,\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\","
        "\"account\":\"62\",\"bank\":\"ICBC\",\"branch\":\"x\",\"province\":\"x\",\"city\":\"y\"}}";
    struct house house;
    int64_t november, december;

    (void)state;
    house_open(&house, "2026-11-30T23:00:00+08:00");
    account(&house, "alice", "pingan", "Alice", "");
    topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
    november = withdraw_for(&house, "alice", ask);
    assert_int_equal(confirm(&house, november), 200);
    assert_int_equal(withdraw_for(&house, "alice", ask), 0);
    assert_string_equal(house_member(&house, "code"), "monthly_limit");
    house.now_ms += 2 * MS_HOUR;
    december = withdraw_for(&house, "alice", ask);
    assert_int_equal(confirm(&house, december), 200);
    assert_int_equal(review(&house, november, "r1", "approve"), 200);
    assert_int_equal(tick(&house, november), 200);
    is(&house, "SELECT status FROM withdrawal ORDER BY id LIMIT 1", "dispatching");
    assert_int_equal(review(&house, december, "r1", "reject"), 200);
    assert_int_not_equal(withdraw_for(&house, "alice", ask), 0); /* rejected ones do not count */
    house_close(&house);
}

/* November's withdrawal ends in December without payment: December's turn is used up all the same. */
static void a_turn_is_given_back_to_its_own_month(void **state)
{
    static const char ask[] =
        "{\"account\":\"alice\",\"amount\":10000,\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\","
        "\"account\":\"62\",\"bank\":\"ICBC\",\"branch\":\"x\",\"province\":\"x\",\"city\":\"y\"}}";
    struct house house;
    int64_t november, december;

    (void)state;
    house_open(&house, "2026-11-30T23:00:00+08:00");
    account(&house, "alice", "pingan", "Alice", "");
    topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
    november = withdraw_for(&house, "alice", ask);
    assert_int_equal(confirm(&house, november), 200);
    house.now_ms += 2 * MS_HOUR;
    december = withdraw_for(&house, "alice", ask);
    assert_int_equal(confirm(&house, december), 200);
    assert_int_equal(review(&house, november, "r1", "reject"), 200);
    is(&house, "SELECT withdrawals_month FROM account", "1");
    assert_int_equal(withdraw_for(&house, "alice", ask), 0);
    assert_string_equal(house_member(&house, "code"), "monthly_limit");
    house_close(&house);
}

/* ---- before the first send ---- */

/* HW-06: 11 months after Christmas the way back closes, while a reviewer thinks. */
static void a_window_that_closes_in_review_gives_its_leg_back(void **state)
{
    struct house house;
    int64_t id, messages;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "huawei", "Alice", "");
    topup(&house, "old", 40000, "2025-12-25T10:00:00+08:00");
    topup(&house, "new", 60000, "2026-11-01T10:00:00+08:00");
    id = withdraw(&house, 100000);
    assert_int_equal(confirm(&house, id), 200);
    house.now_ms += 5 * MS_DAY; /* the boundary instant is inside: 2026-11-25T10:00 */
    messages = house_sql(&house, "SELECT count(*) FROM message");
    house.now_ms += 1;
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, LEGS, "held,rerouted");
    is(&house, HELD, "60000");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM message"), messages + 1);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, STATUS, "partly_successful");
    is(&house, "SELECT topup FROM account", "40000");
    house_close(&house);
}

static void all_windows_closed_is_a_failure_that_does_not_count(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "huawei", "Alice", "");
    topup(&house, "old", 40000, "2025-12-25T10:00:00+08:00");
    id = withdraw(&house, 40000);
    assert_int_equal(confirm(&house, id), 200);
    house.now_ms += 6 * MS_DAY;
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, STATUS, "failed");
    is(&house, LEGS, "rerouted");
    is(&house, "SELECT failure_code FROM withdrawal", "window_closed");
    is(&house, HELD, "0");
    is(&house, "SELECT withdrawals_month FROM account", "0");
    house_close(&house);
}

/* NW-09: what closes here can only be paid back by staff; the other leg goes out all the same. */
static void a_window_that_closes_before_the_send_stops_its_leg_only(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup_of(&house, "alice", "old", 40000, "bank_card", "2026-05-20T10:00:30+08:00", "Alice", "");
    topup(&house, "new", 60000, "2026-11-01T10:00:00+08:00");
    id = withdraw(&house, 100000);
    assert_int_equal(confirm(&house, id), 200);
    is(&house, STATUS, "approved");
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "dispatching");
    is(&house, LEGS, "sending,rerouted");
    is(&house, HELD, "60000");
    house_close(&house);
}

/* Northwind keeps 0.50 of every withdrawal: from the largest payment, when it is paid, and not of one that comes back.
 */
static void the_fee_is_kept_when_it_is_paid_and_given_back_when_it_bounces(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "small", 10000, "2026-11-02T10:00:00+08:00");
    topup(&house, "large", 60000, "2026-11-01T10:00:00+08:00");
    id = withdraw(&house, 70000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    is(&house, "SELECT group_concat(amount) FROM (SELECT amount FROM attempt ORDER BY leg)", "10000,59950");
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    say(&house, 2, EVIDENCE_PAID, "", "R2");
    is(&house, STATUS, "successful");
    is(&house, "SELECT topup FROM account", "0");
    is(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'revenue'", "50");
    say(&house, 2, EVIDENCE_RETURNED, "BOUNCED", "");
    is(&house, "SELECT topup FROM account", "60000");
    is(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'revenue'", "0");
    is(&house, "SELECT sum(amount) FROM posting", "0");
    house_close(&house);
}

/* Northwind pays from 1.00 on and keeps 0.50 of the largest payment, of which something must be left. */
static void the_least_amount_is_enough_and_the_fee_is_not(void **state)
{
    static const struct {
        int small, amount;
        const char *refusal;
    } rows[] = {{60000, 100, ""}, {60000, 99, "below_minimum"}, {51, 101, ""}, {50, 100, "below_minimum"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;

        house_open_with(&house, MORNING, POLICIES);
        account(&house, "alice", "northwind", "Alice", "");
        topup(&house, "t1", rows[i].small, "2026-11-02T10:00:00+08:00");
        topup(&house, "t2", 50, "2026-11-01T10:00:00+08:00");
        if (withdraw(&house, rows[i].amount) == 0)
            assert_string_equal(house_member(&house, "code"), rows[i].refusal);
        else
            assert_string_equal(rows[i].refusal, "");
        house_close(&house);
    }
}

static void a_frozen_account_sends_nothing(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, id), 200);
    account(&house, "alice", "alibaba", "Alice", ",\"state\":\"frozen\"");
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "cancelled");
    is(&house, HELD, "0");
    assert_null(house.effects);
    is(&house, "SELECT withdrawals_month FROM account", "0");
    house_close(&house);
}

/* AL-06: what nobody reviewed goes to a reviewer when the same identity owes something before the first send. */
static void a_risk_found_late_is_looked_at(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    account(&house, "alias", "alibaba", "Alice", "");
    id = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, id), 200);
    is(&house, STATUS, "approved");
    fact(&house, COMMAND_CLAIM_PUT, "alias", "c", "{\"kind\":\"overdue\",\"amount\":1}");
    assert_int_equal(tick(&house, id), 200);
    is(&house, STATUS, "in_review");
    assert_null(house.effects);
    is(&house, HELD, "30000");
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    assert_int_equal(tick(&house, id), 200);
    is(&house, LEGS, "sending");
    house_close(&house);
}

static void a_risk_found_in_review_is_seen_before_the_approval(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "alibaba", "Alice", "");
    account(&house, "alias", "alibaba", "Alice", "");
    fact(&house, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}");
    id = withdraw_for(&house, "alice",
                      "{\"account\":\"alice\",\"amount\":30000,\"route\":\"application\",\"documents\":[\"a\",\"b\"],"
                      "\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":\"62\",\"bank\":\"ICBC\","
                      "\"branch\":\"x\",\"province\":\"x\",\"city\":\"y\"}}");
    assert_int_equal(house.status, 201);
    assert_int_equal(confirm(&house, id), 200);
    fact(&house, COMMAND_CLAIM_PUT, "alias", "c", "{\"kind\":\"overdue\",\"amount\":1}");
    assert_int_equal(review(&house, id, "r1", "approve"), 409);
    is(&house, "SELECT flags FROM withdrawal", "[\"same_subject_overdue\"]");
    is(&house, STATUS, "in_review");
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, STATUS, "approved");
    house_close(&house);
}

/* A leg that waits is asked again when its turn comes, and somebody is told, once. */
static void a_leg_without_a_channel_waits_and_is_asked_again(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    topup_of(&house, "alice", "t2", 40000, "alipay", "2026-10-01T10:00:00+08:00", "Alice", ",\"channel\":\"nowhere\"");
    id = withdraw(&house, 140000);
    assert_int_equal(confirm(&house, id), 200);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tick(&house, id), 200);
        house.now_ms += 1000;
    }
    is(&house, LEGS, "sending,held");
    is(&house, INCIDENTS, "no_channel");
    account(&house, "alice", "alibaba", "Alice", ",\"state\":\"frozen\"");
    assert_int_equal(tick(&house, id), 200);
    is(&house, LEGS, "sending,released");
    is(&house, HELD, "100000");
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, STATUS, "partly_successful");
    is(&house, "SELECT topup FROM account", "40000");
    house_close(&house);
}

/* ---- evidence ---- */

#define NEXT_AFTER_REFUND                                                                                              \
    "SELECT w.next_at - t.refund_last_at FROM withdrawal w, topup t WHERE w.id = (SELECT max(id) FROM withdrawal)"

/* A channel may ask for a pause between two refunds of one top-up: the second waits its time out. Both are counted,
 * from the moment they were begun. */
static void refunds_of_one_topup_are_counted_and_spaced(void **state)
{
    struct house house;
    int64_t first, second;

    (void)state;
    open_alice(&house);
    for (size_t i = 0; i < house.channels.count; i++)
        house.channels.items[i]->capability.spacing_ms = MS_MINUTE;
    first = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, first), 200);
    second = withdraw(&house, 20000);
    assert_int_equal(confirm(&house, second), 200);
    assert_int_equal(tick(&house, first), 200);
    is(&house, "SELECT refunds FROM topup", "1");
    house.now_ms += MS_MINUTE - 1;
    assert_int_equal(tick(&house, second), 200);
    is(&house, "SELECT group_concat(status) FROM (SELECT status FROM leg ORDER BY amount)", "held,sending");
    is(&house, NEXT_AFTER_REFUND, "60000"); /* and is not looked at before */
    house.now_ms += 1;
    assert_int_equal(tick(&house, second), 200);
    is(&house, "SELECT group_concat(status) FROM (SELECT status FROM leg ORDER BY amount)", "sending,sending");
    is(&house, "SELECT refunds FROM topup", "2");
    house_close(&house);
}

/* The last refund lies ahead of a clock that was set back: a channel without a pause asks for none, and one with a
 * pause for one pause, not for the hours until the clock has caught up. */
static void a_pause_begins_again_when_the_clock_is_set_back(void **state)
{
    (void)state;
    for (int64_t pause_ms = 0; pause_ms <= MS_MINUTE; pause_ms += MS_MINUTE) {
        struct house house;
        int64_t first, second;

        open_alice(&house);
        for (size_t i = 0; i < house.channels.count; i++)
            house.channels.items[i]->capability.spacing_ms = pause_ms;
        first = withdraw(&house, 30000);
        assert_int_equal(confirm(&house, first), 200);
        second = withdraw(&house, 20000);
        assert_int_equal(confirm(&house, second), 200);
        assert_int_equal(tick(&house, first), 200);
        house.now_ms -= 5 * MS_HOUR;
        assert_int_equal(tick(&house, second), 200);
        if (pause_ms > 0) {
            is(&house, "SELECT group_concat(status) FROM (SELECT status FROM leg ORDER BY amount)", "held,sending");
            is(&house, NEXT_AFTER_REFUND, "60000");
            house.now_ms += pause_ms;
            assert_int_equal(tick(&house, second), 200);
        }
        is(&house, "SELECT group_concat(status) FROM (SELECT status FROM leg ORDER BY amount)", "sending,sending");
        house_close(&house);
    }
}

static void one_leg_paid_and_one_refused_is_partly_successful(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    topup(&house, "t2", 40000, "2026-10-01T10:00:00+08:00");
    id = withdraw(&house, 140000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, STATUS, "dispatching");
    say(&house, 2, EVIDENCE_NOT_PAID, "ACQ.REFUSED", "");
    is(&house, STATUS, "partly_successful");
    is(&house, "SELECT failure_code FROM leg WHERE number = 2", "ACQ.REFUSED");
    is(&house, "SELECT topup FROM account", "40000");
    is(&house, HELD, "0");
    say(&house, 1, EVIDENCE_RETURNED, "BOUNCED", "");
    is(&house, STATUS, "returned");
    is(&house, "SELECT topup FROM account", "140000");
    house_close(&house);
}

/* Each row: what the channel says in turn; where leg, money, suspense and incidents stand then. */
static const struct {
    struct {
        enum evidence_kind kind;
        const char *reference;
    } said[4];
    const char *leg, *withdrawal, *topup, *held, *suspense, *incidents;
} evidence_rows[] = {
    {{{EVIDENCE_PAID, "R1"}}, "successful", "successful", "70000", "0", "0", ""},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_PAID, "R1"}}, "successful", "successful", "70000", "0", "0", ""},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_PAID, ""}}, "successful", "successful", "70000", "0", "0", ""},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_PAID, "R2"}}, "successful", "successful", "70000", "0", "0", "paid_twice"},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_NOT_PAID, ""}}, "successful", "successful", "70000", "0", "0", "contradiction"},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_NOTHING, ""}}, "successful", "successful", "70000", "0", "0", ""},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_RETURNED, ""}}, "returned", "returned", "100000", "0", "0", ""},
    {{{EVIDENCE_PAID, "R1"}, {EVIDENCE_RETURNED, ""}, {EVIDENCE_RETURNED, ""}, {EVIDENCE_PAID, "R1"}},
     "returned",
     "returned",
     "100000",
     "0",
     "0",
     ""},
    {{{EVIDENCE_RETURNED, "R1"}}, "returned", "returned", "100000", "0", "0", ""},
    {{{EVIDENCE_RETURNED, "R1"}, {EVIDENCE_PAID, "R1"}}, "returned", "returned", "100000", "0", "0", ""},
    {{{EVIDENCE_NOT_PAID, ""}}, "failed", "failed", "100000", "0", "0", ""},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_NOT_PAID, ""}}, "failed", "failed", "100000", "0", "0", ""},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_RETURNED, ""}}, "failed", "failed", "100000", "0", "0", "contradiction"},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_PAID, "R1"}},
     "failed",
     "failed",
     "100000",
     "0",
     "-30000",
     "paid_after_release"},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_PAID, "R1"}, {EVIDENCE_PAID, "R1"}},
     "failed",
     "failed",
     "100000",
     "0",
     "-30000",
     "paid_after_release"},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_PAID, ""}, {EVIDENCE_PAID, ""}},
     "failed",
     "failed",
     "100000",
     "0",
     "-30000",
     "paid_after_release"},
    {{{EVIDENCE_NOT_PAID, ""}, {EVIDENCE_PAID, "R1"}, {EVIDENCE_PAID, "R2"}},
     "failed",
     "failed",
     "100000",
     "0",
     "-30000",
     "paid_after_release,paid_twice"},
    {{{EVIDENCE_NOTHING, ""}}, "unknown", "dispatching", "100000", "30000", "0", ""},
    {{{EVIDENCE_NOTHING, ""}, {EVIDENCE_PAID, "R1"}}, "successful", "successful", "70000", "0", "0", ""},
    {{{EVIDENCE_ACCEPTED, ""}}, "accepted", "dispatching", "100000", "30000", "0", ""},
    {{{EVIDENCE_ACCEPTED, ""}, {EVIDENCE_NOTHING, ""}}, "accepted", "dispatching", "100000", "30000", "0", ""},
    {{{EVIDENCE_ACCEPTED, ""}, {EVIDENCE_NOT_PAID, ""}}, "failed", "failed", "100000", "0", "0", ""},
    {{{EVIDENCE_ARRIVED, ""}}, "sending", "dispatching", "100000", "30000", "0", ""},
};

static void evidence_in_any_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(evidence_rows); i++) {
        struct house house;

        open_sent(&house);
        for (size_t j = 0; j < 4 && evidence_rows[i].said[j].kind != EVIDENCE_NONE; j++)
            say(&house, 1, evidence_rows[i].said[j].kind, "", evidence_rows[i].said[j].reference);
        print_message("row %zu\n", i);
        is(&house, LEGS, evidence_rows[i].leg);
        is(&house, STATUS, evidence_rows[i].withdrawal);
        is(&house, "SELECT topup FROM account", evidence_rows[i].topup);
        is(&house, HELD, evidence_rows[i].held);
        is(&house, "SELECT coalesce(sum(amount), 0) FROM posting WHERE ledger = 'suspense'", evidence_rows[i].suspense);
        is(&house, INCIDENTS, evidence_rows[i].incidents);
        is(&house, "SELECT sum(amount) FROM posting", "0");
        house_close(&house);
    }
}

/* Each row: what a channel says in turn of a payment of 300.00; an incident for each fact that is new, none for one
 * that is told again. Another amount or another reference is another fact, no reference is no news. */
static const struct {
    struct {
        enum evidence_kind kind;
        int64_t amount;
        const char *reference;
    } said[6];
    const char *incidents;
} told_rows[] = {
    {{{EVIDENCE_PAID, 30001, "R1"}}, "amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 30001, "R1"}}, "amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 30001, ""}}, "amount_differs"},
    {{{EVIDENCE_PAID, 30001, ""}, {EVIDENCE_PAID, 30001, "R1"}}, "amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 30001, "R2"}}, "amount_differs,amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 29999, "R1"}, {EVIDENCE_PAID, 30001, "R1"}},
     "amount_differs,amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_RETURNED, 30001, "R1"}}, "amount_differs,amount_differs"},
    {{{EVIDENCE_PAID, 30001, "R1"}, {EVIDENCE_PAID, 30000, "R1"}, {EVIDENCE_PAID, 30001, "R1"}}, "amount_differs"},
    {{{EVIDENCE_PAID, 30000, "R1"}, {EVIDENCE_PAID, 30000, "R2"}, {EVIDENCE_PAID, 30000, "R2"}}, "paid_twice"},
    {{{EVIDENCE_PAID, 30000, "R1"}, {EVIDENCE_PAID, 30000, "R2"}, {EVIDENCE_PAID, 30000, "R3"}},
     "paid_twice,paid_twice"},
    {{{EVIDENCE_PAID, 30000, "R1"}, {EVIDENCE_NOT_PAID, 30000, ""}, {EVIDENCE_NOT_PAID, 30000, ""}}, "contradiction"},
};

static void each_fact_is_one_incident(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_COUNT(told_rows); i++) {
        const size_t row = i / 2;
        struct house house;
        struct command commands[6];
        int statuses[6];
        size_t count = 0;

        open_sent(&house);
        for (; count < 6 && told_rows[row].said[count].kind != EVIDENCE_NONE; count++) {
            commands[count] =
                evidence(&house, 1, told_rows[row].said[count].kind, "", told_rows[row].said[count].reference);
            commands[count].answer.amount = money_of(told_rows[row].said[count].amount);
        }
        if (i % 2 == 0) /* all in one batch, or each in its own */
            run_together(&house, commands, statuses, count);
        for (size_t j = 0; i % 2 == 1 && j < count; j++)
            assert_int_equal(house_ask(&house, &commands[j], NULL), 200);
        print_message("row %zu\n", row);
        is(&house, INCIDENTS, told_rows[row].incidents);
        assert_int_equal(house_sql(&house, "SELECT count(*) FROM evidence"), count); /* all is kept */
        house_close(&house);
    }
}

/* What is told twice moves money once, also where the account holds enough for a second time. */
static void news_told_twice_is_news_once(void **state)
{
    struct house house;

    (void)state;
    (void)open_sent(&house);
    assert_int_equal(confirm(&house, withdraw(&house, 40000)), 200);
    is(&house, HELD, "70000");
    for (int times = 0; times < 3; times++) {
        say(&house, 1, EVIDENCE_PAID, "", "R1");
        is(&house, HELD, "40000");
        is(&house, "SELECT topup FROM account", "70000");
    }
    for (int times = 0; times < 3; times++) {
        say(&house, 1, EVIDENCE_RETURNED, "BOUNCED", "");
        is(&house, HELD, "40000");
        is(&house, "SELECT topup FROM account", "100000");
    }
    is(&house, INCIDENTS, "");
    is(&house, "SELECT count(*) FROM withdrawal WHERE status = 'returned'", "1");
    house_close(&house);
}

static void another_amount_proves_nothing(void **state)
{
    struct house house;
    struct command command;

    (void)state;
    open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "", "");
    command = evidence(&house, 1, EVIDENCE_PAID, "", "R1");
    command.answer.amount = money_of(29999);
    assert_int_equal(house_ask(&house, &command, NULL), 200);
    is(&house, LEGS, "unknown");
    is(&house, INCIDENTS, "amount_differs");
    command.answer.amount = money_of(30000);
    snprintf(command.answer.currency, sizeof command.answer.currency, "USD");
    assert_int_equal(house_ask(&house, &command, NULL), 200);
    is(&house, LEGS, "unknown");
    is(&house, HELD, "30000");
    house_close(&house);
}

/* Spent top-ups leave the book when a charge is taken; evidence in the same batch still finds the lots of its leg. */
static void a_bounce_and_a_charge_in_one_batch(void **state)
{
    static const struct charge_ask charge = {.ref = "c1", .amount = {100}};
    struct house house;
    struct command commands[3];
    int statuses[3];
    int64_t id;

    (void)state;
    open_alice(&house);
    topup(&house, "t0", 500, "2026-10-01T10:00:00+08:00");
    id = withdraw(&house, 100000); /* all of t1 */
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    commands[0] = house_command(COMMAND_TICK, "system", ROLE_SYSTEM, "", "");
    commands[0].object_id = id;
    commands[1] = house_command(COMMAND_CHARGE, "billing", BILLING, "alice", "");
    commands[1].ask = &charge;
    commands[2] = evidence(&house, 1, EVIDENCE_RETURNED, "BOUNCED", "");
    run_together(&house, commands, statuses, 3);
    assert_int_equal(statuses[1], 201);
    assert_int_equal(statuses[2], 200);
    is(&house, STATUS, "returned");
    is(&house, "SELECT topup FROM account", "100400");
    house_close(&house);
}

/* ---- silence ---- */

static void silence_is_asked_about_and_never_paid_twice(void **state)
{
    struct house house;
    char request[128], again[128], *sent;
    int64_t id;

    (void)state;
    id = open_sent(&house);
    text(&house, "SELECT hex(request) FROM attempt", request);
    sent = strdup(house.effects->request);
    house_drop_effects(&house);
    house.now_ms += 30 * MS_SECOND;
    assert_int_equal(tick(&house, id), 200);
    is(&house, LEGS, "unknown");
    assert_true(house.effects->query);
    house_drop_effects(&house);
    say(&house, 1, EVIDENCE_NOTHING, "not_found", "");
    house.now_ms += 10 * MS_SECOND;
    assert_int_equal(tick(&house, id), 200);
    assert_false(house.effects->query);
    assert_false(house.effects->first);
    is(&house, "SELECT group_concat(number || ' ' || sends) FROM attempt", "1 2");
    text(&house, "SELECT hex(request) FROM attempt", again);
    assert_string_equal(request, again);
    text(&house, "SELECT key FROM attempt", again); /* on the wire as in the books: the same bytes under the same key */
    assert_string_equal(house.effects->key, again);
    assert_string_equal(house.effects->request, sent);
    free(sent);
    say(&house, 1, EVIDENCE_NOT_PAID, "ACQ.REFUSED", "");
    is(&house, STATUS, "failed");
    house.now_ms += MS_DAY;
    assert_int_equal(tick(&house, id), 200);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM attempt"), 1);
    house_close(&house);
}

/* payout/ makes no call that has waited too long: the next tick makes it, and does not ask about what was never sent.
 * Whatever else is not known is asked about and not sent again: it may have arrived. */
static void only_what_is_not_there_is_sent_again(void **state)
{
    static const struct {
        const char *code;
        bool sent, first; /* what payout/ did not send has not left: the next one is the first */
    } rows[] = {{"not_found", true, false},      {"sent_too_late", true, true},
                {"channel_paused", true, true},  {"", false, false},
                {"timeout", false, false},       {"http_502", false, false},
                {"not", false, false},           {"not_sent", false, false},
                {"not_connected", false, false}, {"not_found_yet", false, false},
                {"bad_signature", false, false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        int64_t id = open_sent(&house);

        say(&house, 1, EVIDENCE_NOTHING, rows[i].code, "");
        house.now_ms += MS_MINUTE;
        house_drop_effects(&house);
        assert_int_equal(tick(&house, id), 200);
        is(&house, "SELECT max(sends) || ' ' || max(queries) || ' ' || count(*) FROM attempt",
           rows[i].sent ? "2 0 1" : "1 1 1");
        assert_int_equal(house.effects->query, !rows[i].sent);
        assert_int_equal(house.effects->first, rows[i].first);
        house_close(&house);
    }
}

/* A question was answered with nothing that proves. */
static void asked(struct house *house, const char *code)
{
    struct command command = evidence(house, 1, EVIDENCE_NOTHING, code, "");

    command.source = SOURCE_QUERY;
    assert_int_equal(house_ask(house, &command, NULL), 200);
}

/* The line never came about, so nothing has left: the payment waits and is asked about, further and further apart,
 * until the channel answers; then it goes out under its key, as one that is still the first. */
/* Its channel was halted when its turn came: nothing left, and asking in between does not change that. */
static void what_was_withheld_goes_out_as_the_first_send(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "channel_paused", "");
    house.now_ms += MS_HOUR;
    asked(&house, CODE_NOT_FOUND);
    is(&house, "SELECT code FROM attempt", CODE_NEVER_SENT);
    house.now_ms += MS_HOUR;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_false(house.effects->query);
    assert_true(house.effects->first);
    house_close(&house);
}

static void what_could_not_be_sent_is_sent_when_the_channel_answers(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "not_sent", "Couldn't connect to server");
    is(&house, LEGS, "unknown");
    is(&house, HELD, "30000");
    for (int i = 0; i < 4; i++) {
        house.now_ms += (5 * MS_SECOND) << i;
        house_drop_effects(&house);
        assert_int_equal(tick(&house, id), 200);
        assert_true(house.effects->query);
        asked(&house, "not_connected");
    }
    house.now_ms += (5 * MS_SECOND << 4) - 1;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_null(house.effects); /* not yet */
    house.now_ms += 1;
    assert_int_equal(tick(&house, id), 200);
    asked(&house, CODE_NOT_FOUND);
    house.now_ms += MS_HOUR;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_false(house.effects->query);
    assert_true(house.effects->first); /* a refusal is of this send: there was none before it */
    is(&house, "SELECT count(*) || ' ' || max(sends) FROM attempt", "1 2");
    say(&house, 1, EVIDENCE_NOTHING, "no_answer", "");
    house.now_ms += MS_HOUR;
    assert_int_equal(tick(&house, id), 200);
    asked(&house, CODE_NOT_FOUND);
    house.now_ms += MS_HOUR;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_false(house.effects->query);
    assert_false(house.effects->first); /* the second may have arrived */
    say(&house, 1, EVIDENCE_NOTHING, "sent_too_late", "");
    house.now_ms += MS_HOUR;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_false(house.effects->query);
    assert_false(house.effects->first); /* only the last one has not left */
    house_close(&house);
}

/* We believe that nothing has left; the channel knows better, and it is its word that counts. */
static void what_could_not_be_sent_and_arrived_is_not_sent_again(void **state)
{
    struct house house;
    struct command command;
    int64_t id;

    (void)state;
    id = open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "not_sent", "Couldn't connect to server");
    house.now_ms += MS_MINUTE;
    house_drop_effects(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_true(house.effects->query);
    command = evidence(&house, 1, EVIDENCE_ACCEPTED, "WAIT_PAY", "");
    command.source = SOURCE_QUERY;
    assert_int_equal(house_ask(&house, &command, NULL), 200);
    for (int i = 0; i < 3; i++) {
        house.now_ms += MS_HOUR;
        house_drop_effects(&house);
        assert_int_equal(tick(&house, id), 200);
        assert_true(house.effects == NULL || house.effects->query);
    }
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, STATUS, "successful");
    is(&house, "SELECT count(*) || ' ' || max(sends) FROM attempt", "1 1");
    house_close(&house);
}

/* As after each start, when nobody remembers that the channel was halted: what it answered to this payment before is no
 * news. To another payment it is. */
static void the_same_alarm_of_a_payment_is_one_incident(void **state)
{
    static const struct {
        int leg;
        const char *code;
        int64_t incidents;
    } rows[] = {{1, "NO_AUTH", 1},    {1, "NO_AUTH", 1}, {1, "NO_BALANCE", 2}, {1, "NO_AUTH", 2},
                {1, "NO_BALANCE", 2}, {2, "NO_AUTH", 3}, {2, "NO_AUTH", 3}};
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    topup(&house, "t2", 40000, "2026-10-01T10:00:00+08:00");
    id = withdraw(&house, 140000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct command command = evidence(&house, rows[i].leg, EVIDENCE_NOTHING, rows[i].code, "");

        command.answer.alarm = ALARM_HALT;
        assert_int_equal(house_ask(&house, &command, NULL), 200);
        assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'channel_halted'"),
                         rows[i].incidents);
        house.now_ms += MS_MINUTE;
    }
    is(&house, HELD, "140000");
    house_close(&house);
}

/* A channel that may have forgotten the key is asked, not paid through again. */
static void a_forgotten_key_is_never_sent_again(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    house.channels.items[0]->capability.dedupe_ms = MS_DAY;
    id = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_NOTHING, "not_found", "");
    house.now_ms += MS_DAY;
    assert_int_equal(tick(&house, id), 200);
    is(&house, "SELECT sends || ' ' || queries FROM attempt", "1 1"); /* asked once more, not sent */
    is(&house, LEGS, "unknown");
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    is(&house, "SELECT sends FROM attempt", "1");
    is(&house, LEGS, "manual");
    is(&house, HELD, "30000");
    house_close(&house);
}

/* Whoever forgets to call, or is not heard: what was paid is asked about while it may still come back. */
static void a_return_that_nobody_tells_is_found_by_asking(void **state)
{
    static const int64_t days[] = {1, 2, 4, 8, 10};
    struct house house;
    int64_t id, paid_ms;

    (void)state;
    open_alice(&house);
    house.channels.items[0]->capability.bounce_days = 10;
    id = withdraw(&house, 30000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_PAID, "SUCCESS", "R1");
    is(&house, STATUS, "successful");
    paid_ms = house.now_ms;
    for (size_t i = 0; i < ARRAY_COUNT(days); i++) {
        house_drop_effects(&house);
        assert_int_equal(house_sql(&house, "SELECT next_at FROM withdrawal"), paid_ms + days[i] * MS_DAY);
        house.now_ms = paid_ms + days[i] * MS_DAY - 1;
        assert_int_equal(tick(&house, id), 200);
        assert_null(house.effects);
        house.now_ms++;
        assert_int_equal(tick(&house, id), 200);
        assert_non_null(house.effects);
        assert_true(house.effects->query);
        if (days[i] < 8)
            say(&house, 1, EVIDENCE_PAID, "SUCCESS", "R1");
        else if (days[i] == 8)
            say(&house, 1, EVIDENCE_NOTHING, "timeout", "");
        is(&house, STATUS, "successful");
    }
    is(&house, "SELECT coalesce(next_at, 0) FROM withdrawal", "0"); /* now it stays paid */
    say(&house, 1, EVIDENCE_RETURNED, "RETURNED", "R1");
    is(&house, STATUS, "returned");
    say(&house, 1, EVIDENCE_RETURNED, "RETURNED", "R1");
    is(&house, "SELECT topup FROM account", "100000"); /* once */
    is(&house, "SELECT count(*) FROM incident", "0");
    house_close(&house);
}

/* A bank takes days: what it has taken over goes to people only when its promise is broken. */
static void a_payment_taken_over_may_take_as_long_as_promised(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw_for(
        &house, "alice",
        "{\"account\":\"alice\",\"amount\":30000,\"route\":\"designated\",\"documents\":[\"d\"],"
        "\"reason\":\"employee_advance\",\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":"
        "\"62\",\"bank\":\"ICBC\",\"branch\":\"x\",\"province\":\"y\",\"city\":\"z\"}}");
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_ACCEPTED, "PROCESSING", "");
    for (int day = 0; day < 14; day++) {
        house.now_ms += MS_DAY;
        assert_int_equal(tick(&house, id), 200);
        is(&house, LEGS, "accepted");
    }
    house.now_ms += 2 * MS_DAY;
    assert_int_equal(tick(&house, id), 200);
    house.now_ms += MS_HOUR;
    assert_int_equal(tick(&house, id), 200);
    is(&house, LEGS, "manual");
    house_close(&house);
}

static void approvals_before_the_documents_do_not_count(void **state)
{
    struct house house;
    int64_t id;

    (void)state;
    id = open_two(&house);
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    assert_int_equal(review(&house, id, "r2", "need_documents"), 200);
    is(&house, "SELECT approvals FROM withdrawal", "0");
    document(&house, id);
    is(&house, STATUS, "in_review");
    assert_int_equal(review(&house, id, "r1", "approve"), 200);
    is(&house, STATUS, "in_review");
    assert_int_equal(review(&house, id, "r2", "approve"), 200);
    is(&house, STATUS, "approved");
    house_close(&house);
}

static void silence_rings_once_and_goes_to_people_after_a_day(void **state)
{
    struct house house;
    char sql[120];
    int64_t id, began;

    (void)state;
    id = open_sent(&house);
    began = house.now_ms;
    for (;;) {
        int64_t next = house_sql(&house, "SELECT coalesce(next_at, 0) FROM withdrawal");

        if (next == 0)
            break;
        assert_true(next > house.now_ms);
        house.now_ms = next;
        assert_int_equal(tick(&house, id), 200);
        house_drop_effects(&house);
    }
    is(&house, LEGS, "manual");
    is(&house, INCIDENTS, "outcome_unknown,manual_decision");
    snprintf(sql, sizeof sql, "SELECT group_concat((at - %lld) / 60000) FROM (SELECT at FROM incident ORDER BY id)",
             (long long)began);
    is(&house, sql, "30,1440");
    is(&house, "SELECT sends FROM attempt", "1");
    is(&house, HELD, "30000");
    house_close(&house);
}

static void two_people_with_a_document_decide(void **state)
{
    char long_name[PRINCIPAL_BYTES], paper[64], foreign[64];
    struct house house;
    int64_t id;

    (void)state;
    id = open_sent(&house);
    letter(&house, "alice", paper);
    account(&house, "bob", "alibaba", "Bob", "");
    letter(&house, "bob", foreign);
    memset(long_name, 'r', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(resolve(&house, id, "r1", "paid", paper), 409); /* not yet a case for people */
    house.now_ms += MS_DAY;
    assert_int_equal(tick(&house, id), 200); /* after a long stop the channel is asked first */
    house.now_ms += MS_MINUTE;
    assert_int_equal(tick(&house, id), 200);
    assert_int_equal(resolve(&house, id, "r1", "paid", ""), 422);
    assert_string_equal(house_member(&house, "code"), "documents_required");
    const char *const strange[] = {",\"document\":\"a letter\"", ",\"document\":\"doc_0000000000001\"", foreign};
    for (size_t i = 0; i < ARRAY_COUNT(strange); i++) { /* none that was brought for this account */
        assert_int_equal(resolve(&house, id, "r1", "paid", strange[i]), 422);
        assert_string_equal(house_member(&house, "code"), "invalid_value");
        assert_string_equal(house_member(&house, "errors.0.pointer"), "/document");
    }
    assert_int_equal(resolve(&house, id, "alice", "paid", paper), 422);
    assert_int_equal(resolve(&house, id, long_name, "not_paid", paper), 200);
    assert_int_equal(resolve(&house, id, long_name, "not_paid", paper), 422);
    assert_string_equal(house_member(&house, "code"), "maker_is_checker");
    is(&house, LEGS, "manual");
    assert_int_equal(resolve(&house, id, "r2", "paid", paper), 200); /* another opinion is another proposal */
    is(&house, LEGS, "manual");
    assert_int_equal(resolve(&house, id, "r2", "not_paid", paper), 200);
    is(&house, LEGS, "failed");
    is(&house, HELD, "0");
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_confirms_its_own_withdrawal_only),
        cmocka_unit_test(codes_are_resent_after_a_minute_and_die_after_five),
        cmocka_unit_test(a_plan_is_made_anew_when_its_lots_are_gone),
        cmocka_unit_test(chosen_topups_are_not_chosen_anew),
        cmocka_unit_test(a_new_plan_keeps_to_the_payee),
        cmocka_unit_test(only_what_was_not_sent_is_cancelled),
        cmocka_unit_test(the_maker_does_not_decide_and_nobody_on_stale_news),
        cmocka_unit_test(documents_are_asked_for_and_come_back),
        cmocka_unit_test(what_is_owed_meanwhile_stops_the_approval),
        cmocka_unit_test(much_money_takes_two_people),
        cmocka_unit_test(one_person_in_one_batch_is_one_person),
        cmocka_unit_test(a_month_counts_what_was_confirmed_in_it),
        cmocka_unit_test(a_turn_is_given_back_to_its_own_month),
        cmocka_unit_test(an_expired_code_is_not_sent_again),
        cmocka_unit_test(what_is_owed_meanwhile_stops_a_right_code),
        cmocka_unit_test(the_least_amount_is_enough_and_the_fee_is_not),
        cmocka_unit_test(a_window_that_closes_in_review_gives_its_leg_back),
        cmocka_unit_test(all_windows_closed_is_a_failure_that_does_not_count),
        cmocka_unit_test(a_window_that_closes_before_the_send_stops_its_leg_only),
        cmocka_unit_test(a_frozen_account_sends_nothing),
        cmocka_unit_test(a_risk_found_late_is_looked_at),
        cmocka_unit_test(a_risk_found_in_review_is_seen_before_the_approval),
        cmocka_unit_test(a_leg_without_a_channel_waits_and_is_asked_again),
        cmocka_unit_test(the_fee_is_kept_when_it_is_paid_and_given_back_when_it_bounces),
        cmocka_unit_test(refunds_of_one_topup_are_counted_and_spaced),
        cmocka_unit_test(a_pause_begins_again_when_the_clock_is_set_back),
        cmocka_unit_test(one_leg_paid_and_one_refused_is_partly_successful),
        cmocka_unit_test(evidence_in_any_order),
        cmocka_unit_test(each_fact_is_one_incident),
        cmocka_unit_test(news_told_twice_is_news_once),
        cmocka_unit_test(another_amount_proves_nothing),
        cmocka_unit_test(a_bounce_and_a_charge_in_one_batch),
        cmocka_unit_test(silence_is_asked_about_and_never_paid_twice),
        cmocka_unit_test(only_what_is_not_there_is_sent_again),
        cmocka_unit_test(what_was_withheld_goes_out_as_the_first_send),
        cmocka_unit_test(what_could_not_be_sent_is_sent_when_the_channel_answers),
        cmocka_unit_test(what_could_not_be_sent_and_arrived_is_not_sent_again),
        cmocka_unit_test(the_same_alarm_of_a_payment_is_one_incident),
        cmocka_unit_test(a_forgotten_key_is_never_sent_again),
        cmocka_unit_test(a_return_that_nobody_tells_is_found_by_asking),
        cmocka_unit_test(a_payment_taken_over_may_take_as_long_as_promised),
        cmocka_unit_test(approvals_before_the_documents_do_not_count),
        cmocka_unit_test(silence_rings_once_and_goes_to_people_after_a_day),
        cmocka_unit_test(two_people_with_a_document_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
