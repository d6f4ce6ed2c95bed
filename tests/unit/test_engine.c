/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's door: what every command gets, whatever it is about. */
#include "house.h"


static const char alice[] = "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Alice\","
                            "\"id_number\":\"110101\",\"verified\":true},\"phone\":\"13800000000\"}";

static void open_alice(struct house *house)
{
    house_open(house, "2026-11-20T10:00:00+08:00");
    assert_int_equal(house_fact(house, COMMAND_ACCOUNT_PUT, "alice", "", alice), 201);
    assert_int_equal(house_fact(house, COMMAND_TOPUP, "alice", "",
                                "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\",\"paid_at\":"
                                "\"2026-11-01T10:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"}}"),
                     201);
}

static int64_t withdraw(struct house *house, const char *json)
{
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    int64_t id = 0;

    if (house_ask(house, &command, json) == 201)
        assert_true(id_parse("wd", house_member(house, "id"), &id));
    return id;
}

static void a_withdrawal_goes_out_and_comes_to_an_end(void **state)
{
    struct house house;
    char code[16], body[64];
    int64_t id;
    struct command evidence;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    assert_int_equal(house.status, 201);
    assert_string_equal(house_member(&house, "status"), "awaiting_code");
    house_code(&house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", body), 200);
    assert_string_equal(house_member(&house, "status"), "approved");
    assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 30000);

    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    assert_string_equal(house_member(&house, "status"), "dispatching");
    assert_non_null(house.effects);
    assert_false(house.effects->query);

    evidence = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    snprintf(evidence.channel, sizeof evidence.channel, "alipay");
    evidence.source = SOURCE_REPLY;
    evidence.answer.kind = EVIDENCE_PAID;
    evidence.answer.amount = money_of(30000);
    snprintf(evidence.answer.currency, sizeof evidence.answer.currency, "CNY");
    snprintf(evidence.answer.reference, sizeof evidence.answer.reference, "R1");
    memcpy(evidence.answer.key, house.effects->key, sizeof evidence.answer.key);
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    assert_string_equal(house_member(&house, "status"), "successful");
    assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 0);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 70000);
    assert_int_equal(house_sql(&house, "SELECT sum(amount) FROM posting"), 0);
    house_close(&house);
}

/* One channel proves nothing about what was sent through another. */
static void evidence_counts_only_from_its_own_channel(void **state)
{
    struct house house;
    struct command evidence = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    char code[16], body[64];
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    house_code(&house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", body), 200);
    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    snprintf(evidence.channel, sizeof evidence.channel, "unionpay");
    evidence.source = SOURCE_CALLBACK;
    evidence.answer.kind = EVIDENCE_PAID;
    evidence.answer.amount = money_of(30000);
    memcpy(evidence.answer.key, house.effects->key, sizeof evidence.answer.key);
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 30000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'"), 1);
    house_close(&house);
}

static void the_same_key_gets_the_same_answer(void **state)
{
    struct house house;
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    char first[64];

    (void)state;
    open_alice(&house);
    snprintf(command.idempotency_key, sizeof command.idempotency_key, "k1");
    memset(command.fingerprint, 1, sizeof command.fingerprint);
    assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":30000}"), 201);
    snprintf(first, sizeof first, "%s", house_member(&house, "id"));
    assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":30000}"), 201);
    assert_true(house.replayed);
    assert_string_equal(house_member(&house, "id"), first);
    memset(command.fingerprint, 2, sizeof command.fingerprint);
    assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":40000}"), 422);
    assert_string_equal(house_member(&house, "code"), "idempotency_key_reused");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM withdrawal"), 1);
    house_close(&house);
}

/* A fact told again under a new key is answered as stored; that key then belongs to this request. */
static void a_stored_answer_keeps_its_key(void **state)
{
    static const char body[] = "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\",\"paid_at\":"
                               "\"2026-11-01T10:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"}}";
    struct house house;
    struct command command = house_command(COMMAND_TOPUP, "billing", BILLING, "alice", "");

    (void)state;
    open_alice(&house);
    snprintf(command.idempotency_key, sizeof command.idempotency_key, "again");
    memset(command.fingerprint, 1, sizeof command.fingerprint);
    assert_int_equal(house_ask(&house, &command, body), 200);
    assert_false(house.replayed);
    assert_int_equal(house_ask(&house, &command, body), 200);
    assert_true(house.replayed);
    memset(command.fingerprint, 2, sizeof command.fingerprint);
    assert_int_equal(house_ask(&house, &command, "{\"ref\":\"t2\",\"amount\":1,\"method\":\"alipay\"}"), 422);
    assert_string_equal(house_member(&house, "code"), "idempotency_key_reused");
    house_close(&house);
}

static void a_refusal_changes_no_byte(void **state)
{
    struct house house;
    int64_t audit;

    (void)state;
    open_alice(&house);
    audit = house_sql(&house, "SELECT max(seq) FROM audit");
    withdraw(&house, "{\"account\":\"alice\",\"amount\":100001}");
    assert_int_equal(house.status, 422);
    assert_string_equal(house_member(&house, "code"), "amount_exceeds_withdrawable");
    assert_string_equal(house_member(&house, "available"), "100000");
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), audit);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM withdrawal"), 0);
    house_close(&house);
}

static void five_wrong_codes_end_it(void **state)
{
    struct house house;
    char code[16];
    int64_t id;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    house_code(&house, code);
    const char *wrong = strcmp(code, "000000") == 0 ? "{\"code\":\"000001\"}" : "{\"code\":\"000000\"}";

    for (int left = 4; left >= 0; left--) {
        char text[4];

        snprintf(text, sizeof text, "%d", left);
        assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", wrong), 422);
        assert_string_equal(house_member(&house, "code"), "wrong_code");
        assert_string_equal(house_member(&house, "tries_left"), text);
    }
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM withdrawal WHERE status = 'expired'"), 1);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", wrong), 422);
    assert_string_equal(house_member(&house, "code"), "code_expired");
    house_close(&house);
}

static void a_batch_sees_its_own_changes(void **state)
{
    struct house house;
    struct field_problems problems = {0};
    struct command commands[2];
    struct command *batch[2] = {&commands[0], &commands[1]};
    static const char *const bodies[2] = {"{\"ref\":\"t9\",\"amount\":5000,\"method\":\"wechat\"}",
                                          "{\"ref\":\"c1\",\"amount\":104000}"};

    (void)state;
    open_alice(&house);
    for (int i = 0; i < 2; i++) {
        enum command_kind kind = i == 0 ? COMMAND_TOPUP : COMMAND_CHARGE;
        void *ask = arena_alloc(&house.arena, command_shape(kind)->bytes);

        commands[i] = house_command(kind, "billing", BILLING, "alice", "");
        assert_int_equal(field_read_json(bodies[i], strlen(bodies[i]), command_shape(kind), &house.arena, ask, &problems),
                         ERR_NONE);
        commands[i].ask = ask;
    }
    engine_run_batch(house.engine, batch, 2);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 1000);
    assert_int_equal(house_sql(&house, "SELECT remaining FROM topup WHERE ref = 't9'"), 1000);
    assert_int_equal(house_sql(&house, "SELECT overdue FROM account"), 0);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_withdrawal_goes_out_and_comes_to_an_end),
        cmocka_unit_test(evidence_counts_only_from_its_own_channel),
        cmocka_unit_test(the_same_key_gets_the_same_answer),
        cmocka_unit_test(a_stored_answer_keeps_its_key),
        cmocka_unit_test(a_refusal_changes_no_byte),
        cmocka_unit_test(five_wrong_codes_end_it),
        cmocka_unit_test(a_batch_sees_its_own_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
