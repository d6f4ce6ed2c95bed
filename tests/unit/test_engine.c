/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's door: what every command gets, whatever it is about. */
#include "house.h"

static const char alice[] =
    "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Alice\","
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

/* 300.00 of alice are on their way, and `channel` says that they are paid; under which key the caller says. */
static struct command told_of_300(struct house *house, const char *channel)
{
    struct command evidence = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    char code[16], body[64];
    int64_t id;

    open_alice(house);
    id = withdraw(house, "{\"account\":\"alice\",\"amount\":30000}");
    house_code(house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(house, COMMAND_CODE, id, "alice", body), 200);
    assert_int_equal(house_on(house, COMMAND_TICK, id, "system", NULL), 200);
    snprintf(evidence.channel, sizeof evidence.channel, "%s", channel);
    evidence.source = SOURCE_CALLBACK;
    evidence.answer.kind = EVIDENCE_PAID;
    evidence.answer.amount = money_of(30000);
    return evidence;
}

static void forget_reply(struct command *command, struct reply *reply)
{
    (void)command;
    assert_int_equal(reply->status, 200);
    reply_fini(reply);
}

/* One channel proves nothing about what was sent through another. */
static void evidence_counts_only_from_its_own_channel(void **state)
{
    struct house house;
    struct command evidence;

    (void)state;
    evidence = told_of_300(&house, "unionpay");
    memcpy(evidence.answer.key, house.effects->key, sizeof evidence.answer.key);
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 30000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'"), 1);
    house_close(&house);
}

/* A notification comes again until it is answered, and sometimes then: of a key that nobody made it is one incident, in
 * one batch or in two. Another reference, kind or amount is another fact. */
static void a_stranger_told_again_is_one_incident(void **state)
{
    struct house house;
    struct command evidence, batch[2];
    struct command *both[2] = {&batch[0], &batch[1]};
    char first[64];

    (void)state;
    evidence = told_of_300(&house, "alipay");
    snprintf(evidence.answer.key, sizeof evidence.answer.key, "EBB000000000000101");
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    snprintf(first, sizeof first, "%s", house_member(&house, "incident"));
    assert_int_equal(house_ask(&house, &evidence, NULL), 200); /* taken, as a channel wants to hear it */
    assert_string_equal(house_member(&house, "incident"), first);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident"), 1);
    snprintf(evidence.answer.reference, sizeof evidence.answer.reference, "another");
    for (int i = 0; i < 2; i++) {
        batch[i] = evidence;
        batch[i].done = forget_reply;
    }
    engine_run_batch(house.engine, both, 2);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident"), 2);
    house_close(&house);
}

/* What a channel says is bytes until it is in the books: there it is text, on every store. */
static void what_is_no_text_does_not_enter(void **state)
{
    struct house house;
    struct command evidence;
    char told[128];

    (void)state;
    evidence = told_of_300(&house, "alipay");
    snprintf(evidence.answer.key, sizeof evidence.answer.key, "EBB\xFE\xFF");
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'"), 1);
    memcpy(evidence.answer.key, house.effects->key, sizeof evidence.answer.key);
    snprintf(evidence.answer.code, sizeof evidence.answer.code, "PAY\xC9\n");
    snprintf(evidence.answer.reference, sizeof evidence.answer.reference, "R\xED\xA0\x80.");
    memset(evidence.answer.detail, 'x', sizeof evidence.answer.detail);
    memcpy(evidence.answer.detail + sizeof evidence.answer.detail - 3, "\xE5\xBC\xA0",
           3); /* cut, and open at the end */
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    assert_string_equal(house_member(&house, "status"), "successful");
    place_text(house.store, "SELECT reference FROM leg", told);
    assert_string_equal(told, "R???.");
    place_text(house.store, "SELECT code FROM attempt", told);
    assert_string_equal(told, "PAY??");
    assert_int_equal(house_sql(&house, "SELECT length(detail) FROM evidence"), sizeof evidence.answer.detail - 1);
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
        assert_int_equal(
            field_read_json(bodies[i], strlen(bodies[i]), command_shape(kind), &house.arena, ask, &problems), ERR_NONE);
        commands[i].ask = ask;
    }
    engine_run_batch(house.engine, batch, 2);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 1000);
    assert_int_equal(house_sql(&house, "SELECT remaining FROM topup WHERE ref = 't9'"), 1000);
    assert_int_equal(house_sql(&house, "SELECT overdue FROM account"), 0);
    house_close(&house);
}

/* Several commands of billing for alice in one batch: nothing of them is saved before all are decided. */
static void run_together(struct house *house, const enum command_kind *kinds, const char *const *objects,
                         const char *const *bodies, size_t count)
{
    struct field_problems problems = {0};
    struct command commands[4], *batch[4];

    assert_true(count <= ARRAY_COUNT(commands));
    for (size_t i = 0; i < count; i++) {
        const struct shape *shape = command_shape(kinds[i]);
        void *ask = arena_alloc(&house->arena, shape->bytes > 0 ? shape->bytes : 1);

        commands[i] = house_command(kinds[i], "billing", BILLING, "alice", objects[i]);
        batch[i] = &commands[i];
        assert_int_equal(field_read_json(bodies[i], strlen(bodies[i]), shape, &house->arena, ask, &problems), ERR_NONE);
        commands[i].ask = ask;
    }
    engine_run_batch(house->engine, batch, count);
}

/* A fact that is told twice in one batch is one; a chargeback under the ref of a charge is another one. */
static void a_batch_knows_its_own_facts(void **state)
{
    static const enum command_kind kinds[] = {COMMAND_TOPUP, COMMAND_TOPUP, COMMAND_CHARGE, COMMAND_CHARGEBACK};
    static const char *const objects[] = {"", "", "", "t1"};
    static const char *const bodies[] = {"{\"ref\":\"t9\",\"amount\":5000,\"method\":\"wechat\"}",
                                         "{\"ref\":\"t9\",\"amount\":5000,\"method\":\"wechat\"}",
                                         "{\"ref\":\"same\",\"amount\":1000}", "{\"ref\":\"same\",\"amount\":1000}"};
    struct house house;

    (void)state;
    open_alice(&house);
    run_together(&house, kinds, objects, bodies, ARRAY_COUNT(kinds));
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM topup WHERE ref = 't9'"), 1);
    assert_int_equal(house_sql(&house, "SELECT count(DISTINCT kind) FROM fact WHERE ref = 'same'"), 2);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 103000);
    house_close(&house);
}

/* What a charge took is given back to the same lots, also before it was saved. */
static void a_batch_reverses_its_own_charge(void **state)
{
    static const enum command_kind kinds[] = {COMMAND_CHARGE, COMMAND_CHARGE_REVERSE};
    static const char *const objects[] = {"", "c1"};
    static const char *const bodies[] = {"{\"ref\":\"c1\",\"amount\":30000}", "{}"};
    struct house house;

    (void)state;
    open_alice(&house);
    run_together(&house, kinds, objects, bodies, ARRAY_COUNT(kinds));
    assert_int_equal(house_sql(&house, "SELECT remaining FROM topup"), 100000);
    assert_int_equal(house_sql(&house, "SELECT given_back FROM draw"), 30000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM entry WHERE kind = 'reversal'"), 1);
    house_close(&house);
}

/* Many facts of one account in one batch, each told twice: their refs differ in one character, and each counts once. */
static void a_batch_keeps_many_facts_apart(void **state)
{
    enum { FACTS = 400 };
    static struct credit_ask asks[FACTS];
    static struct command commands[2 * FACTS], *batch[2 * FACTS];
    static char refs[FACTS][8];
    struct house house;

    (void)state;
    open_alice(&house);
    for (int i = 0; i < 2 * FACTS; i++) {
        int one = i % FACTS;

        snprintf(refs[one], sizeof refs[one], "c%03d", one);
        asks[one] = (struct credit_ask){.ref = refs[one], .fund = FUND_OTHER, .amount = {one + 1}};
        commands[i] = house_command(COMMAND_CREDIT, "billing", BILLING, "alice", "");
        commands[i].ask = &asks[one];
        batch[i] = &commands[i];
    }
    engine_run_batch(house.engine, batch, 2 * FACTS);
    assert_int_equal(house_sql(&house, "SELECT other FROM account"), FACTS * (FACTS + 1) / 2);
    assert_int_equal(house_sql(&house, "SELECT count(DISTINCT ref) FROM fact"), FACTS);
    house_close(&house);
}

/* A parcel that was used up leaves the account's book; undoing the charge finds it all the same. */
static void a_spent_parcel_is_given_back_to(void **state)
{
    struct house house;

    (void)state;
    open_alice(&house);
    assert_int_equal(house_fact(&house, COMMAND_ACCOUNT_PUT, "bob", "", alice), 201);
    for (int i = 0; i < 2; i++)
        assert_int_equal(house_fact(&house, COMMAND_TRANSFER, "", "",
                                    "{\"ref\":\"tr\",\"from\":\"alice\",\"to\":\"bob\",\"amount\":7000}"),
                         i == 0 ? 201 : 200);
    assert_int_equal(house_fact(&house, COMMAND_CHARGE, "bob", "", "{\"ref\":\"c1\",\"amount\":7000}"), 201);
    assert_int_equal(house_sql(&house, "SELECT remaining FROM parcel"), 0);
    assert_int_equal(house_fact(&house, COMMAND_CHARGE_REVERSE, "bob", "c1", NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT remaining FROM parcel"), 7000);
    assert_int_equal(house_fact(&house, COMMAND_RECALL, "", "tr", NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT remaining FROM parcel"), 0);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account WHERE ref = 'alice'"), 100000);
    house_close(&house);
}

static void keep_answer(struct command *command, struct reply *reply)
{
    *(int *)command->context = reply->status;
    reply_fini(reply);
}

/* A transfer, told twice, and its recall in one batch: it is known before it is saved. */
static void a_batch_recalls_its_own_transfer(void **state)
{
    static const struct transfer_ask ask = {.ref = "tr", .from = "alice", .to = "bob", .amount = {7000}};
    static const enum command_kind kinds[] = {COMMAND_TRANSFER, COMMAND_TRANSFER, COMMAND_RECALL};
    static const int wanted[] = {201, 200, 200};
    struct house house;
    struct command commands[3], *batch[3];
    int statuses[3];

    (void)state;
    open_alice(&house);
    assert_int_equal(house_fact(&house, COMMAND_ACCOUNT_PUT, "bob", "", alice), 201);
    for (int i = 0; i < 3; i++) {
        commands[i] = house_command(kinds[i], "billing", BILLING, "", i == 2 ? "tr" : "");
        commands[i].ask = i == 2 ? NULL : &ask;
        commands[i].done = keep_answer;
        commands[i].context = &statuses[i];
        batch[i] = &commands[i];
    }
    engine_run_batch(house.engine, batch, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(statuses[i], wanted[i]);
    assert_int_equal(house_sql(&house, "SELECT taken_back FROM parcel"), 7000);
    assert_int_equal(house_sql(&house, "SELECT sum(transferred_in) FROM account"), 0);
    house_close(&house);
}

/* HW-11 in a batch: a charge has loaded the top-ups without their payers, and then two asks need to know whether the
 * source is known. It is, by its account alone. */
static void a_batch_learns_the_payers_of_its_topups(void **state)
{
    static const struct charge_ask charge = {.ref = "c1", .amount = {100}};
    static const struct withdraw_ask ask = {.account = "alice",
                                            .amount = {100},
                                            .route = ROUTE_ORIGINAL,
                                            .destination = {DESTINATION_BANK, "Alice", "62", "ICBC", .given = true}};
    struct house house;
    struct command commands[3], *batch[3];
    int statuses[3];

    (void)state;
    house_open(&house, "2026-11-20T10:00:00+08:00");
    assert_int_equal(house_fact(&house, COMMAND_ACCOUNT_PUT, "alice", "",
                                "{\"policy\":\"huawei\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\","
                                "\"name\":\"Alice\",\"verified\":true}}"),
                     201);
    assert_int_equal(house_fact(&house, COMMAND_TOPUP, "alice", "",
                                "{\"ref\":\"t1\",\"amount\":1000,\"method\":\"bank_transfer\",\"bank\":\"ICBC\","
                                "\"payer\":{\"kind\":\"personal\",\"account\":\"62\"}}"),
                     201);
    engine_close(&house.engine); /* what is known of the facts is forgotten */
    house_start(&house);
    for (int i = 0; i < 3; i++) {
        commands[i] = i == 0 ? house_command(COMMAND_CHARGE, "billing", BILLING, "alice", "")
                             : house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
        commands[i].ask = i == 0 ? (const void *)&charge : &ask;
        commands[i].done = keep_answer;
        commands[i].context = &statuses[i];
        batch[i] = &commands[i];
    }
    engine_run_batch(house.engine, batch, 3);
    assert_int_equal(statuses[0], 201);
    assert_int_equal(statuses[1], 422); /* a known source takes no destination */
    assert_int_equal(statuses[2], 422);
    house_close(&house);
}

/* What is not there is not there, for everybody; who is bound to an account and names none is told what is wrong. */
static void what_is_not_there_is_not_there(void **state)
{
    struct house house;
    struct command paper = house_command(COMMAND_DOCUMENT, "customer", ROLE_CUSTOMER, "", "");

    (void)state;
    open_alice(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, 4711, "system", NULL), 404);
    assert_int_equal(house_on(&house, COMMAND_RESOLVE, 4711, "r1", "{\"key\":\"k\",\"kind\":\"paid\",\"amount\":1}"),
                     404);
    snprintf(paper.own_account, sizeof paper.own_account, "alice");
    snprintf(paper.idempotency_key, sizeof paper.idempotency_key, "k1");
    assert_int_equal(
        house_ask(&house, &paper, "{\"name\":\"f\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}"),
        422);
    assert_string_equal(house_member(&house, "errors.0.pointer"), "/account");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM document"), 0);
    house_close(&house);
}

/* The same key in the hands of another caller is another key. */
static void a_key_belongs_to_its_caller(void **state)
{
    static const char *const callers[] = {"alice", "operator"};
    struct house house;

    (void)state;
    open_alice(&house);
    for (size_t i = 0; i < ARRAY_COUNT(callers); i++) {
        struct command command = house_command(COMMAND_WITHDRAW, callers[i], OPERATOR, "alice", "");

        snprintf(command.idempotency_key, sizeof command.idempotency_key, "k1");
        memset(command.fingerprint, 1, sizeof command.fingerprint);
        assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":30000}"), 201);
        assert_false(house.replayed);
    }
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM withdrawal"), 2);
    house_close(&house);
}

/* A customer reaches its own account and those of which it is the master; the others are not there. */
static void a_customer_reaches_its_own_accounts(void **state)
{
    static const struct {
        const char *own;
        int status;
    } rows[] = {{"", 201}, {"alice", 201}, {"boss", 201}, {"bob", 404}, {"alic", 404}};
    struct house house;

    (void)state;
    open_alice(&house);
    assert_int_equal(house_fact(&house, COMMAND_ACCOUNT_PUT, "alice", "",
                                "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\","
                                "\"name\":\"Alice\",\"id_number\":\"110101\",\"verified\":true},\"master\":\"boss\"}"),
                     200);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct command command = house_command(COMMAND_WITHDRAW, "customer", OPERATOR, "alice", "");

        snprintf(command.own_account, sizeof command.own_account, "%s", rows[i].own);
        assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":100}"), rows[i].status);
    }
    house_close(&house);
}

/* A key that is bound to one account makes no other one, also where its role could. */
static void a_bound_key_makes_no_other_account(void **state)
{
    static const struct {
        const char *own, *made;
        int status;
    } rows[] = {{"", "carol", 201}, {"dave", "dave", 201}, {"dave", "erin", 404}, {"alice", "erin", 404}};
    struct house house;

    (void)state;
    open_alice(&house);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct command command = house_command(COMMAND_ACCOUNT_PUT, "billing", BILLING, rows[i].made, "");

        snprintf(command.own_account, sizeof command.own_account, "%s", rows[i].own);
        assert_int_equal(house_ask(&house, &command, alice), rows[i].status);
    }
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM account WHERE ref = 'erin'"), 0);
    house_close(&house);
}

/* Deny by default: each command asks for one of its roles, also when a door forgot to. */
static void every_command_needs_its_role(void **state)
{
    struct house house;
    int64_t audit;

    (void)state;
    open_alice(&house);
    audit = house_sql(&house, "SELECT max(seq) FROM audit");
    for (int kind = 0; kind < COMMAND__COUNT; kind++) {
        struct command command =
            house_command((enum command_kind)kind, "somebody", ~handlers[kind].roles, "alice", "t1");

        assert_true(handlers[kind].roles != 0);
        assert_int_equal(house_ask(&house, &command, NULL), 403);
        assert_string_equal(house_member(&house, "code"), "forbidden");
    }
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), audit);
    house_close(&house);
}

/* Whoever looks at applications may send them back; a yes is another's, whatever a door asked for. */
static void a_yes_needs_its_own_role(void **state)
{
    static const struct {
        const char *json;
        unsigned role;
        int status; /* 404: it was let in, and finds no withdrawal */
    } rows[] = {
        {"{\"decision\":\"approve\",\"reason\":\"r\"}", ROLE_REVIEW, 403},
        {"{\"decision\":\"reject\",\"reason\":\"r\"}", ROLE_REVIEW, 404},
        {"{\"decision\":\"approve\",\"reason\":\"r\"}", ROLE_APPROVE, 404},
    };
    struct house house;

    (void)state;
    open_alice(&house);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct command command = house_command(COMMAND_REVIEW, "somebody", rows[i].role, "", "");

        command.object_id = 4711;
        assert_int_equal(house_ask(&house, &command, rows[i].json), rows[i].status);
    }
    house_close(&house);
}

/* Each audit row holds the hash of the one before it, over a restart as well. */
static void audit_rows_are_chained(void **state)
{
    struct house house;

    (void)state;
    open_alice(&house);
    engine_close(&house.engine);
    house_start(&house);
    withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    withdraw(&house, "{\"account\":\"alice\",\"amount\":20000}");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM audit"), 4);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM audit a JOIN audit b ON b.seq = a.seq + 1 AND "
                                       "b.previous = a.hash AND b.hash <> a.hash"),
                     3);
    house_close(&house);
}

/* What somebody else can read in the database when an answer, or a call to a channel, leaves the engine. */
static struct seen {
    struct house *house;
    int64_t at_answer, at_call;
} seen;

static void answer_seen(struct command *command, struct reply *reply)
{
    (void)command;
    seen.at_answer = house_sql(seen.house, "SELECT count(*) FROM withdrawal");
    reply_fini(reply);
}

static void call_seen(void *context, struct effect *list)
{
    seen.at_call = house_sql(context, "SELECT count(*) FROM attempt WHERE status = 'intent'");
    house_effects(context, list);
}

static void nothing_leaves_before_the_commit(void **state)
{
    struct house house;
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", ""), *batch = &command;
    struct pick_ask none[1];
    struct withdraw_ask ask = {.account = "alice", .amount = {30000}, .topups = {none, 0}};
    char code[16], body[64];
    int64_t id;

    (void)state;
    seen = (struct seen){.house = &house};
    open_alice(&house);
    engine_close(&house.engine);
    house.config.effects = call_seen;
    house_start(&house);
    command.ask = &ask;
    command.done = answer_seen;
    engine_run_batch(house.engine, &batch, 1);
    assert_int_equal(seen.at_answer, 1);
    id = house_sql(&house, "SELECT id FROM withdrawal");
    house_code(&house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", body), 200);
    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    assert_int_equal(seen.at_call, 1);
    house_close(&house);
}

/* A kept quote is good as long as its account's generation: it rises with each change of its money. Where others write
 * as well nothing is known to be unchanged. */
static void a_change_raises_the_generation_of_its_account(void **state)
{
    struct house house;
    uint64_t before;

    (void)state;
    open_alice(&house);
    before = engine_generation(house.engine, shard_of_ref("alice"));
    withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}"); /* nothing is on hold before the code */
    assert_int_equal(engine_generation(house.engine, shard_of_ref("alice")) == before, place_server() == NULL);
    assert_int_equal(house_fact(&house, COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":1}"), 201);
    assert_true(engine_generation(house.engine, shard_of_ref("alice")) > before);
    house_close(&house);
}

/* The memory ends at ever later points of a batch. What was not saved leaves no trace, in the audit chain neither. */
static void what_was_not_saved_leaves_no_gap(void **state)
{
    struct house house;
    int refused = 0, recorded = 0, status = 0;

    (void)state;
    open_alice(&house);
    for (int64_t spare = 0; status != 201 || refused == 0; spare += 1024) {
        char json[100];

        snprintf(json, sizeof json, "{\"ref\":\"c%lld\",\"fund\":\"other\",\"amount\":1}", (long long)spare);
        sqlite3_hard_heap_limit64(sqlite3_memory_used() + spare + 1);
        status = house_fact(&house, COMMAND_CREDIT, "alice", "", json);
        sqlite3_hard_heap_limit64(0);
        assert_true(status == 201 || status == 503);
        refused += status == 503;
        recorded += 1 + (status == 201);
        snprintf(json, sizeof json, "{\"ref\":\"d%lld\",\"fund\":\"other\",\"amount\":1}", (long long)spare);
        assert_int_equal(house_fact(&house, COMMAND_CREDIT, "alice", "", json), 201);
    }
    assert_int_equal(house_sql(&house, "SELECT other FROM account"),
                     recorded); /* what was loaded before is forgotten */
    assert_int_equal(house_sql(&house, "SELECT count(*) - max(seq) FROM audit"), 0);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM audit a JOIN audit b ON b.seq = a.seq + 1 AND "
                                       "b.previous <> a.hash"),
                     0);
    house_close(&house);
}

/* An approved withdrawal is due at the instant of its approval, not after it. */
static void what_is_due_now_is_found_now(void **state)
{
    struct house house;
    struct store *reader = NULL;
    struct instant next;
    char code[16], body[64], reason[256];
    int64_t id, found[4];
    size_t count = 0;

    (void)state;
    open_alice(&house);
    id = withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    house_code(&house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", body), 200);
    assert_int_equal(store_open(house.store, STORE_READER, NULL, &reader, reason), ERR_NONE);
    assert_int_equal(engine_due(reader, (struct instant){house.now_ms - 1}, false, found, 4, &count, &next), ERR_NONE);
    assert_int_equal(count, 0);
    assert_int_equal(next.ms, house.now_ms);
    assert_int_equal(engine_due(reader, (struct instant){house.now_ms}, false, found, 4, &count, &next), ERR_NONE);
    assert_int_equal(count, 1);
    assert_int_equal(found[0], id);
    store_close(&reader);
    house_close(&house);
}

static void status_keep(struct command *command, struct reply *reply)
{
    *(int *)command->context = reply->status;
    reply_fini(reply);
}

/* Of a series in order nothing is decided behind what could not be taken; what is in another series, or in none, is. */
static void a_series_stops_where_it_was_held_up(void **state)
{
    struct house house;
    struct command commands[3], *batch[3];
    int statuses[3] = {0};
    struct credit_ask asks[3] = {{.ref = "c0", .fund = FUND_OTHER, .amount = money_of(1)},
                                 {.ref = "c1", .fund = FUND_OTHER, .amount = money_of(10)},
                                 {.ref = "c2", .fund = FUND_OTHER, .amount = money_of(100)}};
    _Atomic bool held_up = true, other = false;

    (void)state;
    open_alice(&house);
    for (size_t i = 0; i < 3; i++) {
        commands[i] = house_command(COMMAND_CREDIT, "billing", BILLING, "alice", "");
        commands[i].ask = &asks[i];
        commands[i].done = status_keep;
        commands[i].context = &statuses[i];
        batch[i] = &commands[i];
    }
    commands[1].held_up = &held_up;
    commands[2].held_up = &other;
    engine_run_batch(house.engine, batch, 3);
    assert_int_equal(statuses[0], 201);
    assert_int_equal(statuses[1], 503);
    assert_int_equal(statuses[2], 201);
    assert_false(other);
    assert_int_equal(house_sql(&house, "SELECT other FROM account"), 101);
    house_close(&house);
}

/* The lease is another's: the intent waits for that one, and nobody else's command with it. */
static void an_intent_that_may_not_be_committed_waits_alone(void **state)
{
    struct house house;
    char code[16], body[64];
    struct command commands[3], *batch[3];
    int statuses[3] = {0};
    struct credit_ask asks[2] = {{.ref = "c1", .fund = FUND_OTHER, .amount = money_of(100)},
                                 {.ref = "c2", .fund = FUND_OTHER, .amount = money_of(200)}};
    _Atomic bool held_up = false;
    int64_t id;

    (void)state;
    if (place_server() == NULL)
        skip(); /* one server has an SQLite to itself */
    open_alice(&house);
    id = withdraw(&house, "{\"account\":\"alice\",\"amount\":30000}");
    house_code(&house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "alice", body), 200);
    engine_fence(house.engine, 999);
    commands[0] = house_command(COMMAND_CREDIT, "billing", BILLING, "alice", "");
    commands[1] = house_command(COMMAND_TICK, "system", ROLE_SYSTEM, "", "");
    commands[1].object_id = id;
    commands[2] = house_command(COMMAND_CREDIT, "billing", BILLING, "alice", "");
    commands[0].ask = &asks[0];
    commands[2].ask = &asks[1];
    for (size_t i = 0; i < 3; i++) {
        commands[i].done = status_keep;
        commands[i].context = &statuses[i];
        batch[i] = &commands[i];
    }
    engine_run_batch(house.engine, batch, 3);
    assert_int_equal(statuses[0], 201);
    assert_int_equal(statuses[1], 503);
    assert_int_equal(statuses[2], 201);
    assert_null(house.effects);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM attempt"), 0);
    assert_int_equal(house_sql(&house, "SELECT other FROM account"), 300);
    asks[1].ref = "c3";
    commands[1].held_up = commands[2].held_up = &held_up;
    engine_run_batch(house.engine, &batch[1], 2);
    assert_int_equal(statuses[1], 503);
    assert_int_equal(statuses[2], 503); /* it is behind the tick in one series */
    assert_true(held_up);
    assert_int_equal(house_sql(&house, "SELECT other FROM account"), 300);
    engine_fence(house.engine, 0);
    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    assert_non_null(house.effects);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_withdrawal_goes_out_and_comes_to_an_end),
        cmocka_unit_test(evidence_counts_only_from_its_own_channel),
        cmocka_unit_test(a_stranger_told_again_is_one_incident),
        cmocka_unit_test(what_is_no_text_does_not_enter),
        cmocka_unit_test(the_same_key_gets_the_same_answer),
        cmocka_unit_test(a_stored_answer_keeps_its_key),
        cmocka_unit_test(a_refusal_changes_no_byte),
        cmocka_unit_test(five_wrong_codes_end_it),
        cmocka_unit_test(a_batch_sees_its_own_changes),
        cmocka_unit_test(a_batch_knows_its_own_facts),
        cmocka_unit_test(a_batch_reverses_its_own_charge),
        cmocka_unit_test(a_batch_keeps_many_facts_apart),
        cmocka_unit_test(a_spent_parcel_is_given_back_to),
        cmocka_unit_test(a_batch_recalls_its_own_transfer),
        cmocka_unit_test(a_batch_learns_the_payers_of_its_topups),
        cmocka_unit_test(what_is_not_there_is_not_there),
        cmocka_unit_test(a_key_belongs_to_its_caller),
        cmocka_unit_test(a_customer_reaches_its_own_accounts),
        cmocka_unit_test(a_bound_key_makes_no_other_account),
        cmocka_unit_test(every_command_needs_its_role),
        cmocka_unit_test(a_yes_needs_its_own_role),
        cmocka_unit_test(audit_rows_are_chained),
        cmocka_unit_test(nothing_leaves_before_the_commit),
        cmocka_unit_test(what_is_due_now_is_found_now),
        cmocka_unit_test(a_series_stops_where_it_was_held_up),
        cmocka_unit_test(an_intent_that_may_not_be_committed_waits_alone),
        cmocka_unit_test(a_change_raises_the_generation_of_its_account),
    };
    const struct CMUnitTest in_a_file[] = {cmocka_unit_test(what_was_not_saved_leaves_no_gap)};

    sqlite3_initialize(); /* before the store, so that SQLite goes on counting its memory: a test limits it */
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return place_server() != NULL ? failed : failed + cmocka_run_group_tests(in_a_file, NULL, NULL);
}
