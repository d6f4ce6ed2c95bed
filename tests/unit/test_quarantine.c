/* SPDX-License-Identifier: Apache-2.0 */
/* Quarantine and strays through the engine's door: what statements of a lost time do, and what lets it end. */
#include "house.h"

#include "domain/channel_key.h"
#include "domain/quarantine.h"

#define MORNING "2026-11-20T10:00:00+08:00"
#define GAP_FROM "2026-11-20T09:00:00+08:00"

/* ---- what statements cover ---- */

static void a_gap_is_covered_piece_by_piece(void **state)
{
    static const struct {
        const char *what;
        int64_t pieces[3][2];
        size_t count;
        int64_t from, to; /* missing; 0: nothing */
    } cases[] = {
        {"nothing", {{0}}, 0, 100, 200},
        {"all of it", {{100, 200}}, 1, 0, 0},
        {"more than it", {{50, 300}}, 1, 0, 0},
        {"begins late", {{101, 200}}, 1, 100, 101},
        {"ends early", {{100, 199}}, 1, 199, 200},
        {"in two", {{100, 150}, {150, 200}}, 2, 0, 0},
        {"in two, last first", {{150, 200}, {100, 150}}, 2, 0, 0},
        {"with a hole", {{100, 140}, {160, 200}}, 2, 140, 160},
        {"overlapping", {{100, 160}, {140, 190}, {180, 200}}, 3, 0, 0},
        {"one inside another", {{90, 150}, {100, 120}, {150, 210}}, 3, 0, 0},
        {"before it", {{10, 100}}, 1, 100, 200},
        {"after it", {{200, 300}}, 1, 100, 200},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct cover pieces[4] = {0};
        const struct cover *covers[4];
        struct instant from = {0}, to = {0};
        size_t count = cases[i].count;

        for (size_t k = 0; k < count; k++) {
            pieces[k] = (struct cover){
                .channel = "alipay", .covers_from = {cases[i].pieces[k][0]}, .covers_to = {cases[i].pieces[k][1]}};
            covers[k] = &pieces[k];
        }
        pieces[count] = (struct cover){.channel = "other", .covers_from = {1}, .covers_to = {999}};
        covers[count] = &pieces[count];
        assert_int_equal(
            cover_gap(covers, count + 1, "alipay", (struct instant){100}, (struct instant){200}, &from, &to),
            cases[i].to != 0);
        assert_int_equal(from.ms, cases[i].from);
        assert_int_equal(to.ms, cases[i].to);
    }
}

static void keys_are_read_as_they_are_made(void **state)
{
    static const char *const strangers[] = {"",
                                            "EBB",
                                            "EBB0ANA3QAJW02V6",
                                            "EBB0ANA3QAJW02V600",
                                            "EBB0ANA3QAJW02V6011",
                                            "EBC0ANA3QAJW02V601",
                                            "EBB0ANA3QAJW02Vu01",
                                            "EBBZZZZZZZZZZZZZ01",
                                            "EBB0000000000000001",
                                            "EBB0ANA3QAJW02V60x"};
    int64_t leg = 0, number = 0;
    char key[CHANNEL_KEY_BYTES];
    (void)state;

    channel_key_make(INT64_C(384289988713398509), 7, key);
    assert_true(channel_key_parse(key, &leg, &number));
    assert_int_equal(leg, INT64_C(384289988713398509));
    assert_int_equal(number, 7);
    for (size_t i = 0; i < ARRAY_COUNT(strangers); i++)
        assert_false(channel_key_parse(strangers[i], &leg, &number));
}

/* ---- a house in quarantine ---- */

static void account_open(struct house *house, const char *ref, const char *policy)
{
    char body[300];

    snprintf(body, sizeof body,
             "{\"policy\":\"%s\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Alice\","
             "\"id_number\":\"%s\",\"verified\":true},\"phone\":\"13800000000\"}",
             policy, ref);
    assert_int_equal(house_fact(house, COMMAND_ACCOUNT_PUT, ref, "", body), 201);
    assert_int_equal(house_fact(house, COMMAND_TOPUP, ref, "",
                                "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\",\"paid_at\":"
                                "\"2026-11-01T10:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"}}"),
                     201);
}

static int64_t withdraw(struct house *house, const char *account, int64_t amount)
{
    struct command command = house_command(COMMAND_WITHDRAW, account, OPERATOR, account, "");
    char body[100];
    int64_t id;

    snprintf(body, sizeof body, "{\"account\":\"%s\",\"amount\":%lld}", account, (long long)amount);
    assert_int_equal(house_ask(house, &command, body), 201);
    assert_true(id_parse("wd", house_member(house, "id"), &id));
    return id;
}

static void code(struct house *house, int64_t id, const char *account)
{
    char digits[16], body[64];

    house_code(house, digits);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", digits);
    assert_int_equal(house_on(house, COMMAND_CODE, id, account, body), 200);
}

static int64_t confirmed(struct house *house, const char *account, int64_t amount)
{
    int64_t id = withdraw(house, account, amount);

    code(house, id, account);
    house->now_ms += MS_MINUTE; /* the next code may be sent */
    return id;
}

static void key_of(const struct house *house, int64_t withdrawal, char ret[CHANNEL_KEY_BYTES])
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT id FROM leg WHERE withdrawal = %lld", (long long)withdrawal);
    channel_key_make(house_sql(house, sql), 1, ret);
}

static void quarantine(struct house *house)
{
    engine_close(&house->engine);
    house_drop_effects(house);
    house->config.quarantine = true;
    house_start(house);
    house->config.quarantine = false;
    assert_true(engine_quarantined(house->engine));
    house->now_ms += 10 * MS_MINUTE;
}

static int staff(struct house *house, enum command_kind kind, const char *who, const char *object, const char *json)
{
    struct command command = house_command(kind, who, ROLE_RESOLVE, "", object);

    return house_ask(house, &command, json);
}

/* One line, `more` of its members; the statement covers everything up to now. */
static int line(struct house *house, const char *channel, const char *key, const char *more)
{
    char body[600], to[INSTANT_TEXT_BYTES], at[INSTANT_TEXT_BYTES];

    instant_format((struct instant){house->now_ms}, to);
    instant_format((struct instant){house->now_ms - MS_MINUTE}, at);
    snprintf(body, sizeof body,
             "{\"channel\":\"%s\",\"from\":\"" GAP_FROM
             "\",\"to\":\"%s\",\"lines\":[{\"key\":\"%s\",\"at\":\"%s\",%s}]}",
             channel, to, key, at, more);
    return staff(house, COMMAND_STATEMENT, "anna", "", body);
}

static void effect_is(struct house *house, const char *channel, const char *key, const char *more, const char *effect)
{
    assert_int_equal(line(house, channel, key, more), 200);
    assert_string_equal(house_member(house, "lines.0.effect"), effect);
}

#define PAID(amount) "\"outcome\":\"paid\",\"currency\":\"CNY\",\"amount\":" #amount
#define RETURNED(amount) "\"outcome\":\"returned\",\"currency\":\"CNY\",\"amount\":" #amount
#define ACCEPTED(amount) "\"outcome\":\"accepted\",\"currency\":\"CNY\",\"amount\":" #amount
#define REFUSED "\"outcome\":\"not_paid\",\"code\":\"NO\""

static void cover_all(struct house *house)
{
    static const char *const names[] = {"alipay", "wechatpay", "unionpay", "bankfile"};
    char body[200], to[INSTANT_TEXT_BYTES];

    instant_format((struct instant){house->now_ms}, to);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        snprintf(body, sizeof body, "{\"channel\":\"%s\",\"from\":\"" GAP_FROM "\",\"to\":\"%s\",\"lines\":[]}",
                 names[i], to);
        assert_int_equal(staff(house, COMMAND_STATEMENT, "anna", "", body), 200);
    }
}

static void release(struct house *house)
{
    cover_all(house);
    assert_int_equal(staff(house, COMMAND_RELEASE, "anna", "", "{}"), 200);
    assert_string_equal(house_member(house, "status"), "proposed");
    assert_true(engine_quarantined(house->engine));
    assert_int_equal(staff(house, COMMAND_RELEASE, "bert", "", "{}"), 200);
    assert_string_equal(house_member(house, "status"), "released");
    assert_false(engine_quarantined(house->engine));
}

static const char *status_of(const struct house *house, const char *table, int64_t withdrawal)
{
    static char text[128];
    char sql[120];

    snprintf(sql, sizeof sql, "SELECT status FROM %s WHERE %s = %lld", table,
             strcmp(table, "withdrawal") == 0 ? "id" : "withdrawal", (long long)withdrawal);
    place_text(house->store, sql, text);
    return text;
}

/* ---- the stories ---- */

static void only_what_reconciles_goes_on(void **state)
{
    struct house house;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    int64_t before = house_sql(&house, "SELECT max(seq) FROM audit");
    for (int kind = 0; kind < COMMAND__COUNT; kind++) {
        struct command command = house_command((enum command_kind)kind, "all", ~0U, "alice", "x");

        if (handlers[kind].reconciles)
            continue;
        assert_int_equal(house_ask(&house, &command, NULL), 503);
        assert_string_equal(house_member(&house, "code"), "quarantined");
    }
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), before);
    house_close(&house);
}

static void what_is_open_is_asked_about_and_nothing_is_sent(void **state)
{
    struct house house;
    int64_t sent, approved, waiting;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    sent = confirmed(&house, "alice", 10000);
    assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
    approved = confirmed(&house, "alice", 20000);
    waiting = withdraw(&house, "alice", 30000);
    quarantine(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
    assert_non_null(house.effects);
    assert_true(house.effects->query);
    assert_null(house.effects->next);
    house_drop_effects(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, approved, "system", NULL), 200);
    assert_int_equal(house_on(&house, COMMAND_TICK, waiting, "system", NULL), 200);
    assert_null(house.effects);
    assert_string_equal(status_of(&house, "leg", approved), "held");
    assert_string_equal(status_of(&house, "withdrawal", waiting), "awaiting_code");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM attempt"), 1);
    house.now_ms += 2 * MS_DAY; /* and nothing ages into people's hands meanwhile */
    assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
    assert_string_equal(status_of(&house, "leg", sent), "unknown");
    house_close(&house);
}

/* What was taken over or lost sight of before is asked about as well, and each not before its time. */
static void what_is_open_is_asked_about_in_its_time(void **state)
{
    static const enum evidence_kind before[] = {EVIDENCE_NONE, EVIDENCE_NOTHING, EVIDENCE_ACCEPTED};
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(before); i++) {
        struct command said = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
        struct house house;
        int64_t sent;

        house_open(&house, MORNING);
        account_open(&house, "alice", "alibaba");
        sent = confirmed(&house, "alice", 10000);
        assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
        key_of(&house, sent, said.answer.key);
        snprintf(said.channel, sizeof said.channel, "alipay");
        said.source = SOURCE_REPLY;
        said.answer.kind = before[i];
        if (before[i] != EVIDENCE_NONE)
            assert_int_equal(house_ask(&house, &said, NULL), 200);
        quarantine(&house);
        for (int times = 0; times < 2; times++)
            assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
        assert_non_null(house.effects);
        assert_true(house.effects->query);
        assert_null(house.effects->next); /* the second time came too soon */
        assert_string_equal(status_of(&house, "leg", sent), before[i] == EVIDENCE_ACCEPTED ? "accepted" : "unknown");
        assert_int_equal(house_sql(&house, "SELECT queries FROM attempt"), 1);
        assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 10000);
        house_close(&house);
    }
}

/* A channel compares what comes under a key that it knows: a leg that is sent again after a restore has the same bytes.
 */
static void the_same_leg_is_the_same_bytes_at_any_time(void **state)
{
    char first[600] = "";
    (void)state;

    for (int64_t later = 0; later < 2; later++) {
        struct house house;
        int64_t id;

        house_open(&house, MORNING);
        account_open(&house, "alice", "alibaba");
        id = confirmed(&house, "alice", 10000);
        house.now_ms += later * MS_HOUR;
        assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
        assert_non_null(house.effects);
        if (later == 0)
            snprintf(first, sizeof first, "%s", house.effects->request);
        else
            assert_string_equal(house.effects->request, first);
        house_close(&house);
    }
}

static void a_known_key_is_evidence(void **state)
{
    struct house house;
    char first[CHANNEL_KEY_BYTES], second[CHANNEL_KEY_BYTES];
    int64_t paid, refused;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    paid = confirmed(&house, "alice", 10000);
    assert_int_equal(house_on(&house, COMMAND_TICK, paid, "system", NULL), 200);
    refused = confirmed(&house, "alice", 20000);
    assert_int_equal(house_on(&house, COMMAND_TICK, refused, "system", NULL), 200);
    key_of(&house, paid, first);
    key_of(&house, refused, second);
    quarantine(&house);
    effect_is(&house, "alipay", first, PAID(10000), "evidence");
    assert_string_equal(status_of(&house, "withdrawal", paid), "successful");
    effect_is(&house, "alipay", first, PAID(10000), "evidence"); /* handed in twice */
    effect_is(&house, "alipay", second, REFUSED, "evidence");
    assert_string_equal(status_of(&house, "withdrawal", refused), "failed");
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 90000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM stray"), 0);
    house_close(&house);
}

/* The leg of an approved withdrawal went out in the lost time: it ends as if these books had sent it. */
static void a_key_of_an_approved_leg_makes_it_sent(void **state)
{
    static const struct {
        const char *more, *leg, *withdrawal;
        int64_t topup, held;
    } cases[] = {
        {PAID(10000), "successful", "successful", 90000, 0},
        {REFUSED, "failed", "failed", 100000, 0},
        {ACCEPTED(10000), "accepted", "dispatching", 100000, 10000},
        {PAID(9999), "sending", "dispatching", 100000, 10000}, /* another amount proves nothing */
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house house;
        char key[CHANNEL_KEY_BYTES];
        int64_t id;

        house_open(&house, MORNING);
        account_open(&house, "alice", "alibaba");
        id = confirmed(&house, "alice", 10000);
        key_of(&house, id, key);
        quarantine(&house);
        effect_is(&house, "alipay", key, cases[i].more, "evidence");
        assert_string_equal(status_of(&house, "leg", id), cases[i].leg);
        assert_string_equal(status_of(&house, "withdrawal", id), cases[i].withdrawal);
        assert_int_equal(house_sql(&house, "SELECT topup FROM account"), cases[i].topup);
        assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), cases[i].held);
        assert_null(house.effects);
        house_close(&house);
    }
}

/* The books are older than the approval: the hold is given back, and what was paid stands in suspense. */
static void a_payment_of_what_was_in_review_stands_in_suspense(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    struct command again = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    int64_t id;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "huawei");
    id = confirmed(&house, "alice", 10000);
    assert_string_equal(house_member(&house, "status"), "in_review");
    key_of(&house, id, key);
    quarantine(&house);
    effect_is(&house, "alipay", key, PAID(10000), "suspense");
    assert_string_equal(status_of(&house, "withdrawal", id), "rejected");
    assert_int_equal(house_sql(&house, "SELECT topup_held FROM account"), 0);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 10000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'paid_in_lost_time'"), 1);
    effect_is(&house, "alipay", key, PAID(10000), "duplicate");
    effect_is(&house, "alipay", key, PAID(9000), "amount_differs");
    effect_is(&house, "alipay", key, REFUSED, "contradiction");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'amount_differs' AND amount = 9000"),
                     1);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'contradiction' AND amount = 10000 "
                                       "AND detail LIKE '%says not_paid of payment%'"),
                     1);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 10000);
    release(&house);
    assert_int_equal(house_ask(&house, &again, "{\"account\":\"alice\",\"amount\":100}"), 422);
    assert_string_equal(house_member(&house, "code"), "payment_in_suspense");
    house_close(&house);
}

static void what_came_back_is_out_of_suspense(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    int64_t id;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    id = withdraw(&house, "alice", 10000);
    key_of(&house, id, key);
    quarantine(&house);
    effect_is(&house, "alipay", key, PAID(10000), "suspense");
    assert_string_equal(status_of(&house, "withdrawal", id), "expired");
    effect_is(&house, "alipay", key, RETURNED(10000), "void");
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 0);
    assert_int_equal(house_sql(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'suspense'"), 0);
    effect_is(&house, "alipay", key, PAID(10000), "duplicate"); /* older news */
    house_close(&house);
}

/* ---- whose is it ---- */

static const char *stray_id(struct house *house)
{
    static char text[ID_TEXT_BYTES];

    id_format("st", house_sql(house, "SELECT max(id) FROM stray"), text);
    return text;
}

/* The key of a leg that these books never had, of an account with that ref. */
static void lost_key(const struct house *house, const char *ref, char ret[CHANNEL_KEY_BYTES])
{
    struct ids ids;

    ids_init(&ids, 0, 0);
    channel_key_make(ids_next(&ids, (struct instant){house->now_ms - MS_HOUR}, shard_of_ref(ref)), 1, ret);
}

static void a_payment_without_an_account_stops_the_release_until_it_has_one(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    account_open(&house, "bob", "alibaba");
    quarantine(&house);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, PAID(7000), "unassigned");
    effect_is(&house, "alipay", key, PAID(7000), "duplicate");
    cover_all(&house);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 409);
    assert_string_equal(house_member(&house, "code"), "not_reconciled");
    const char *detail = house_member(&house, "detail");
    assert_int_equal(detail[strlen(detail) - 1], '.');
    assert_int_equal(staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"bob\"}"), 422);
    assert_int_equal(staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"nobody\"}"), 404);
    assert_int_equal(house_sql(&house, "SELECT sum(suspended) FROM account"), 0);
    assert_int_equal(staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"alice\"}"), 200);
    assert_string_equal(house_member(&house, "status"), "suspense");
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account WHERE ref = 'alice'"), 7000);
    release(&house);
    house_close(&house);
}

/* Also where each round of looking up is another way over the network. */
static void a_statement_names_many_accounts(void **state)
{
    enum { MANY = 30 };
    static const char all[] = "SELECT count(*) FROM account WHERE suspended = 700";
    struct house house;
    char body[MANY * 200 + 200], to[INSTANT_TEXT_BYTES], ref[8], key[CHANNEL_KEY_BYTES];
    int size;
    (void)state;

    house_open(&house, MORNING);
    for (int i = 0; i < MANY; i++) {
        snprintf(ref, sizeof ref, "a%d", i);
        account_open(&house, ref, "alibaba");
    }
    quarantine(&house);
    house.now_ms += MANY;
    instant_format((struct instant){house.now_ms}, to);
    house.now_ms -= MANY;
    size =
        snprintf(body, sizeof body, "{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"%s\",\"lines\":[", to);
    for (int i = 0; i < MANY; i++) {
        snprintf(ref, sizeof ref, "a%d", i);
        house.now_ms++; /* two accounts may share their shard, but no two payments their key */
        lost_key(&house, ref, key);
        size += snprintf(body + size, sizeof body - (size_t)size,
                         "%s{\"key\":\"%s\",\"at\":\"%s\",\"account\":\"%s\"," PAID(700) "}", i > 0 ? "," : "", key, to,
                         ref);
    }
    snprintf(body + size, sizeof body - (size_t)size, "]}");
    assert_int_equal(staff(&house, COMMAND_STATEMENT, "anna", "", body), 200);
    assert_string_equal(house_member(&house, "lines.29.effect"), "suspense");
    assert_int_equal(house_sql(&house, all), MANY);
    release(&house);
    house_close(&house);
}

static void an_account_of_the_lost_time_is_made_again(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    struct command again = house_command(COMMAND_WITHDRAW, "carol", OPERATOR, "carol", "");
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    lost_key(&house, "carol", key);
    effect_is(&house, "alipay", key, PAID(7000), "unassigned");
    assert_int_equal(
        staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"dora\",\"policy\":\"alibaba\"}"),
        422);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM account"), 1);
    assert_int_equal(
        staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"carol\",\"policy\":\"none\"}"),
        422);
    assert_int_equal(
        staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"carol\",\"policy\":\"alibaba\"}"),
        200);
    release(&house);
    assert_int_equal(
        house_fact(&house, COMMAND_ACCOUNT_PUT, "carol", "",
                   "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"state\":\"active\",\"subject\":{\"kind\":"
                   "\"person\",\"name\":\"Carol\",\"verified\":true}}"),
        200);
    assert_int_equal(
        house_fact(&house, COMMAND_TOPUP, "carol", "", "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\"}"),
        201);
    assert_int_equal(house_ask(&house, &again, "{\"account\":\"carol\",\"amount\":100}"), 422);
    assert_string_equal(house_member(&house, "code"), "payment_in_suspense");
    house_close(&house);
}

/* A foreign key may be anybody's: people say whose, and may say it again. */
static void a_payment_can_be_given_to_another_account(void **state)
{
    struct house house;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    account_open(&house, "bob", "alibaba");
    quarantine(&house);
    effect_is(&house, "bankfile", "TELLER-17", PAID(500) ",\"account\":\"alice\"", "suspense");
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account WHERE ref = 'alice'"), 500);
    assert_int_equal(staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"bob\"}"), 200);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account WHERE ref = 'alice'"), 0);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account WHERE ref = 'bob'"), 500);
    assert_int_equal(house_sql(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'suspense'"), -500);
    house_close(&house);
}

/* ---- two people ---- */

static void a_stray_is_settled_by_two(void **state)
{
    static const char take[] = "{\"decision\":\"take\",\"amount\":7000,\"reason\":\"letter 4\"}";
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, PAID(7000) ",\"account\":\"alice\"", "suspense");
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "anna", stray_id(&house),
                           "{\"decision\":\"take\",\"amount\":7001,\"reason\":\"r\"}"),
                     422);
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "anna", stray_id(&house),
                           "{\"decision\":\"bear\",\"amount\":1,\"reason\":\"r\"}"),
                     422);
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "anna", stray_id(&house), take), 200);
    assert_string_equal(house_member(&house, "status"), "suspense");
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "anna", stray_id(&house), take), 422);
    assert_string_equal(house_member(&house, "code"), "maker_is_checker");
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "bert", stray_id(&house),
                           "{\"decision\":\"take\",\"amount\":6000,\"reason\":\"r\"}"),
                     200); /* another opinion is another proposal */
    assert_string_equal(house_member(&house, "status"), "suspense");
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "anna", stray_id(&house), take), 200);
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 100000);
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "bert", stray_id(&house), take), 200);
    assert_string_equal(house_member(&house, "status"), "settled");
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 93000);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 0);
    assert_int_equal(house_sql(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'suspense'"), 0);
    assert_int_equal(staff(&house, COMMAND_STRAY_SETTLE, "bert", stray_id(&house), take), 409);
    house_close(&house);
}

static void a_release_needs_two_who_saw_the_same(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES];
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 409); /* there is none */
    quarantine(&house);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 409); /* no statement */
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{\"override\":true}"), 422);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{\"override\":true,\"reason\":\"no bank answers\"}"),
                     200);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{\"override\":true,\"reason\":\"again\"}"), 422);
    assert_string_equal(house_member(&house, "code"), "maker_is_checker");
    cover_all(&house); /* something came to light: the proposal is void */
    assert_int_equal(staff(&house, COMMAND_RELEASE, "bert", "", "{}"), 200);
    assert_string_equal(house_member(&house, "status"), "proposed");
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, ACCEPTED(100), "pending");
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 409); /* still under way at the bank */
    effect_is(&house, "alipay", key, REFUSED, "void");
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 200);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "bert", "", "{\"override\":true,\"reason\":\"other\"}"), 200);
    assert_string_equal(house_member(&house, "status"), "proposed"); /* another kind of proposal */
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{\"override\":true,\"reason\":\"me too\"}"), 200);
    assert_string_equal(house_member(&house, "status"), "released");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM quarantine WHERE proposer = 'bert' AND releaser = 'anna'"),
                     1);
    house_close(&house);
}

static void what_is_open_must_have_been_asked_about(void **state)
{
    struct house house;
    struct command evidence = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    int64_t id;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    id = confirmed(&house, "alice", 10000);
    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    key_of(&house, id, evidence.answer.key);
    quarantine(&house);
    cover_all(&house);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", "{}"), 409);
    assert_non_null(strstr(house_member(&house, "detail"), "1 open payments were not asked about"));
    snprintf(evidence.channel, sizeof evidence.channel, "alipay");
    evidence.source = SOURCE_QUERY;
    evidence.answer.kind = EVIDENCE_NOTHING;
    snprintf(evidence.answer.code, sizeof evidence.answer.code, "not_found");
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    release(&house);
    house_close(&house);
}

/* Nothing leaves an account of which a payment stands in suspense: it may have been made instead of what is open here.
 */
static void while_a_payment_is_in_suspense_nothing_else_leaves(void **state)
{
    struct house house;
    struct command evidence = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    char key[CHANNEL_KEY_BYTES];
    int64_t open, approved;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    open = confirmed(&house, "alice", 10000);
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    approved = confirmed(&house, "alice", 20000);
    key_of(&house, open, evidence.answer.key);
    quarantine(&house);
    snprintf(evidence.channel, sizeof evidence.channel, "alipay");
    evidence.source = SOURCE_QUERY;
    evidence.answer.kind = EVIDENCE_NOTHING;
    snprintf(evidence.answer.code, sizeof evidence.answer.code, "not_found");
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, PAID(90000) ",\"account\":\"alice\"", "suspense");
    release(&house);
    house.now_ms += MS_MINUTE;
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    assert_true(house.effects == NULL || house.effects->query); /* not found, but that was before the release */
    house_drop_effects(&house);
    assert_int_equal(house_ask(&house, &evidence, NULL), 200);
    house.now_ms += MS_MINUTE;
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    assert_true(house.effects->query); /* not found, and yet not sent again */
    house_drop_effects(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, approved, "system", NULL), 200);
    assert_string_equal(status_of(&house, "withdrawal", approved), "cancelled");
    assert_null(house.effects);
    house_close(&house);
}

/* ---- what a channel calls back about a payment that is known as a stray ---- */

static struct command callback(const char *key, enum evidence_kind kind, int64_t amount)
{
    struct command said = house_command(COMMAND_EVIDENCE, "channel:alipay", ROLE_SYSTEM, "", "");

    snprintf(said.channel, sizeof said.channel, "alipay");
    said.source = SOURCE_CALLBACK;
    said.answer.kind = kind;
    snprintf(said.answer.key, sizeof said.answer.key, "%s", key);
    if (kind == EVIDENCE_PAID || kind == EVIDENCE_RETURNED) {
        said.answer.amount = money_of(amount);
        snprintf(said.answer.currency, sizeof said.answer.currency, "CNY");
    }
    return said;
}

static void call_back(struct house *house, const char *key, enum evidence_kind kind, int64_t amount,
                      const char *becomes)
{
    struct command said = callback(key, kind, amount);

    assert_int_equal(house_ask(house, &said, NULL), 200);
    assert_string_equal(house_member(house, "status"), becomes);
}

static void release_over(struct house *house)
{
    static const char over[] = "{\"override\":true,\"reason\":\"the bank cannot say yet\"}";

    assert_int_equal(staff(house, COMMAND_RELEASE, "anna", "", over), 200);
    assert_int_equal(staff(house, COMMAND_RELEASE, "bert", "", over), 200);
    assert_string_equal(house_member(house, "status"), "released");
}

/* A payment of Alice's that is on hold, and the key that it would go out under. */
static int64_t alice_held(struct house *house, char ret_key[CHANNEL_KEY_BYTES])
{
    int64_t held;

    account_open(house, "alice", "alibaba");
    held = confirmed(house, "alice", 10000);
    key_of(house, held, ret_key);
    return held;
}

/* An answer that proves nothing, and its code. */
static struct command nothing_proven(const char *key, const char *code)
{
    struct command said = callback(key, EVIDENCE_NOTHING, 0);

    snprintf(said.answer.code, sizeof said.answer.code, "%s", code);
    return said;
}

/* A leg that was on hold may have been sent in the lost time, whatever the statements say: its channel is asked first.
 * Not found, the same bytes go out as ones that may be the second; what was made since then goes out as ever. */
static void a_held_leg_of_the_lost_time_is_asked_about_before_it_is_sent(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t held, fresh;
    (void)state;

    house_open(&house, MORNING);
    held = alice_held(&house, key);
    quarantine(&house);
    release(&house);
    fresh = confirmed(&house, "alice", 20000);
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    assert_non_null(house.effects);
    assert_true(house.effects->query);
    assert_string_equal(house.effects->key, key);
    assert_string_equal(status_of(&house, "leg", held), "unknown");
    house_drop_effects(&house);
    said = nothing_proven(key, "not_found");
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    house.now_ms += MS_MINUTE;
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    assert_non_null(house.effects);
    assert_false(house.effects->query);
    assert_false(house.effects->first);
    assert_string_equal(house.effects->key, key);
    house_drop_effects(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, fresh, "system", NULL), 200);
    assert_false(house.effects->query);
    assert_true(house.effects->first);
    house_close(&house);
}

/* It was paid in the lost time, and no statement said so: asked, it is settled, and nothing is sent. */
static void what_no_statement_told_is_found_by_asking(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t held;
    (void)state;

    house_open(&house, MORNING);
    held = alice_held(&house, key);
    quarantine(&house);
    release_over(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    assert_true(house.effects->query);
    said = callback(key, EVIDENCE_PAID, 10000);
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    assert_string_equal(status_of(&house, "withdrawal", held), "successful");
    assert_int_equal(house_sql(&house, "SELECT topup FROM account"), 90000);
    assert_int_equal(house_sql(&house, "SELECT sends FROM attempt"), 1);
    house_close(&house);
}

/* Of a leg that may have been sent in the lost time no send is the first, although the last one is known not to have
 * left: a refusal of it proves nothing. */
static void no_send_of_the_lost_time_is_the_first(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t held;
    (void)state;

    house_open(&house, MORNING);
    held = alice_held(&house, key);
    quarantine(&house);
    release(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    said = nothing_proven(key, "channel_paused");
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    house.now_ms += MS_MINUTE;
    house_drop_effects(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    assert_false(house.effects->query);
    assert_false(house.effects->first);
    house_close(&house);
}

/* The channel's memory of a key begins in the lost time: once it may be over, the leg is only asked about. */
static void a_key_of_the_lost_time_is_not_sent_once_it_may_be_forgotten(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t held;
    (void)state;

    house_open(&house, MORNING);
    house.channels.items[0]->capability.dedupe_ms = MS_HOUR;
    held = alice_held(&house, key);
    quarantine(&house);
    house.now_ms += 2 * MS_HOUR;
    release(&house);
    assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
    said = nothing_proven(key, "not_found");
    for (int i = 0; i < 3; i++) {
        house_drop_effects(&house);
        assert_int_equal(house_ask(&house, &said, NULL), 200);
        house.now_ms += MS_MINUTE;
        assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
        assert_true(house.effects->query);
    }
    house_close(&house);
}

/* These books knew of no sending up to their last entry, so the channel's memory of a key begins no earlier than that,
 * however long the leg had been on hold before. */
static void the_memory_of_a_key_begins_where_the_books_ended(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t held;
    (void)state;

    house_open(&house, MORNING);
    house.channels.items[0]->capability.dedupe_ms = MS_HOUR;
    held = alice_held(&house, key);
    house.now_ms += 2 * MS_HOUR;
    account_open(&house, "bob", "alibaba");
    quarantine(&house);
    release(&house);
    said = nothing_proven(key, "not_found");
    for (int i = 0; i < 2; i++) { /* asked, and sent within the hour; asked, and not sent after it */
        assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
        assert_true(house.effects->query);
        assert_string_equal(house.effects->key, key);
        house_drop_effects(&house);
        assert_int_equal(house_ask(&house, &said, NULL), 200);
        house.now_ms += MS_MINUTE;
        assert_int_equal(house_on(&house, COMMAND_TICK, held, "system", NULL), 200);
        assert_int_equal(house.effects->query, i == 1);
        house_drop_effects(&house);
        house.now_ms += MS_HOUR;
    }
    assert_int_equal(house_sql(&house, "SELECT sends FROM attempt"), 2);
    house_close(&house);
}

/* What was "not found" when the backup was made may have been sent again since: an answer from before the lost time
 * sends nothing. */
static void an_answer_from_before_the_lost_time_sends_nothing(void **state)
{
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t open;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    open = confirmed(&house, "alice", 10000);
    key_of(&house, open, key);
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    said = nothing_proven(key, "not_found");
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    quarantine(&house);
    release_over(&house); /* nobody was asked */
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    assert_true(house.effects->query);
    house_drop_effects(&house);
    house.now_ms += MS_MINUTE;
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    assert_true(house.effects->query); /* the question before was not answered */
    house_drop_effects(&house);
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    house.now_ms += MS_MINUTE;
    assert_int_equal(house_on(&house, COMMAND_TICK, open, "system", NULL), 200);
    assert_false(house.effects->query);
    house_close(&house);
}

/* No statement is taken in after the release; the channel's word about what was still under way is. */
static void a_callback_moves_what_was_released_pending(void **state)
{
    struct house house;
    char key[CHANNEL_KEY_BYTES], foreign[CHANNEL_KEY_BYTES];
    struct command again = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", ""), other;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, ACCEPTED(7000) ",\"account\":\"alice\"", "pending");
    snprintf(foreign, sizeof foreign, "TELLER-17");
    effect_is(&house, "alipay", foreign, ACCEPTED(500), "pending");
    release_over(&house);
    call_back(&house, key, EVIDENCE_ACCEPTED, 0, "pending");
    call_back(&house, key, EVIDENCE_NOTHING, 0, "pending");
    call_back(&house, key, EVIDENCE_PAID, 0, "pending"); /* a payment of nothing is none */
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 0);
    other = callback(key, EVIDENCE_PAID, 7000);
    snprintf(other.channel, sizeof other.channel, "wechatpay");
    assert_int_equal(house_ask(&house, &other, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 0);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'"), 1);

    call_back(&house, key, EVIDENCE_PAID, 7000, "suspense");
    assert_string_equal(house_member(&house, "account"), "alice");
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 7000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'paid_in_lost_time' AND account IS "
                                       "NOT NULL AND amount = 7000"),
                     1);
    assert_int_equal(
        house_sql(&house, "SELECT count(*) FROM evidence WHERE source = 'callback' AND effect = 'suspense'"), 1);
    assert_int_equal(house_sql(&house, "SELECT sum(amount) FROM posting WHERE ledger = 'suspense'"), -7000);
    assert_int_equal(house_ask(&house, &again, "{\"account\":\"alice\",\"amount\":100}"), 422);
    assert_string_equal(house_member(&house, "code"), "payment_in_suspense");
    call_back(&house, key, EVIDENCE_PAID, 7000, "suspense"); /* told again */
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 7000);
    call_back(&house, key, EVIDENCE_RETURNED, 7000, "void");
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 0);

    call_back(&house, foreign, EVIDENCE_PAID, 500, "unassigned"); /* nobody's until people name the account */
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'paid_in_lost_time'"), 2);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'"), 1);
    house_close(&house);
}

static void count_done(struct command *command, struct reply *reply)
{
    *(int *)command->context += reply->status == 200;
    reply_fini(reply);
}

/* Two that come in one batch see each other: the money is booked once. */
static void callbacks_of_one_batch_book_once(void **state)
{
    struct house house;
    struct command said[3], *batch[3];
    char key[CHANNEL_KEY_BYTES];
    int done = 0;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, ACCEPTED(7000) ",\"account\":\"alice\"", "pending");
    release_over(&house);
    for (size_t i = 0; i < ARRAY_COUNT(said); i++) {
        said[i] = callback(key, EVIDENCE_PAID, 7000);
        said[i].done = count_done;
        said[i].context = &done;
        batch[i] = &said[i];
    }
    engine_run_batch(house.engine, batch, ARRAY_COUNT(said));
    assert_int_equal(done, ARRAY_COUNT(said));
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 7000);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM entry WHERE kind = 'stray'"), 1);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM incident WHERE kind = 'paid_in_lost_time'"), 1);
    house_close(&house);
}

/* What comes to light between the two people calls the first one's proposal back, however it came. */
static void a_callback_calls_a_proposal_back(void **state)
{
    static const char over[] = "{\"override\":true,\"reason\":\"the bank cannot say yet\"}";
    struct house house;
    struct command said[2], *batch[2];
    char key[CHANNEL_KEY_BYTES], second[CHANNEL_KEY_BYTES];
    int done = 0;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    lost_key(&house, "alice", key);
    effect_is(&house, "alipay", key, ACCEPTED(7000) ",\"account\":\"alice\"", "pending");
    house.now_ms += MS_MINUTE;
    lost_key(&house, "alice", second);
    effect_is(&house, "alipay", second, ACCEPTED(100) ",\"account\":\"alice\"", "pending");
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", over), 200);
    said[0] = callback(key, EVIDENCE_PAID, 7000);
    said[1] = callback(second, EVIDENCE_PAID, 100);
    for (size_t i = 0; i < ARRAY_COUNT(said); i++) {
        said[i].done = count_done;
        said[i].context = &done;
        batch[i] = &said[i];
    }
    engine_run_batch(house.engine, batch, ARRAY_COUNT(said));
    assert_int_equal(done, ARRAY_COUNT(said));
    assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 7100);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "bert", "", over), 200);
    assert_string_equal(house_member(&house, "status"), "proposed");
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", over), 200);
    assert_string_equal(house_member(&house, "status"), "released");
    house_close(&house);
}

/* So does what a channel proves of a payment of our own; its silence, and what is known already, say nothing new. */
static void evidence_calls_a_proposal_back(void **state)
{
    static const char over[] = "{\"override\":true,\"reason\":\"the bank cannot say yet\"}";
    struct house house;
    struct command said;
    char key[CHANNEL_KEY_BYTES];
    int64_t sent;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    sent = confirmed(&house, "alice", 10000);
    assert_int_equal(house_on(&house, COMMAND_TICK, sent, "system", NULL), 200);
    key_of(&house, sent, key);
    quarantine(&house);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", over), 200);
    said = callback(key, EVIDENCE_NOTHING, 0);
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM quarantine WHERE proposer = 'anna'"), 1);
    said = callback(key, EVIDENCE_PAID, 10000);
    assert_int_equal(house_ask(&house, &said, NULL), 200);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM quarantine WHERE proposer IS NULL"), 1);
    assert_int_equal(staff(&house, COMMAND_RELEASE, "bert", "", over), 200);
    assert_string_equal(house_member(&house, "status"), "proposed");
    assert_int_equal(house_ask(&house, &said, NULL), 200); /* told again */
    assert_int_equal(staff(&house, COMMAND_RELEASE, "anna", "", over), 200);
    assert_string_equal(house_member(&house, "status"), "released");
    house_close(&house);
}

/* ---- an incident for each fact, not for each time that it is told ---- */

static void incidents_are(const struct house *house, int64_t contradictions, int64_t differences)
{
    assert_int_equal(house_sql(house, "SELECT count(*) FROM incident WHERE kind = 'contradiction'"), contradictions);
    assert_int_equal(house_sql(house, "SELECT count(*) FROM incident WHERE kind = 'amount_differs'"), differences);
}

static void one_line_twice(struct house *house, const char *key, const char *more, const char *first,
                           const char *second)
{
    char body[600], to[INSTANT_TEXT_BYTES];

    instant_format((struct instant){house->now_ms}, to);
    snprintf(body, sizeof body,
             "{\"channel\":\"alipay\",\"from\":\"" GAP_FROM
             "\",\"to\":\"%s\",\"lines\":[{\"key\":\"%s\",\"at\":\"%s\",%s},"
             "{\"key\":\"%s\",\"at\":\"%s\",%s}]}",
             to, key, to, more, key, to, more);
    assert_int_equal(staff(house, COMMAND_STATEMENT, "anna", "", body), 200);
    assert_string_equal(house_member(house, "lines.0.effect"), first);
    assert_string_equal(house_member(house, "lines.1.effect"), second);
}

static void what_is_told_again_is_no_second_incident(void **state)
{
    (void)state;

    for (int of_withdrawal = 0; of_withdrawal < 2; of_withdrawal++) {
        struct house house;
        struct command said[2], *batch[2];
        char key[CHANNEL_KEY_BYTES];
        int done = 0;

        house_open(&house, MORNING);
        account_open(&house, "alice", "huawei");
        if (of_withdrawal)
            key_of(&house, confirmed(&house, "alice", 10000), key);
        quarantine(&house);
        if (!of_withdrawal)
            lost_key(&house, "alice", key);
        effect_is(&house, "alipay", key, PAID(10000), of_withdrawal ? "suspense" : "unassigned");
        effect_is(&house, "alipay", key, PAID(9000), "amount_differs");
        effect_is(&house, "alipay", key, PAID(9000), "duplicate");
        one_line_twice(&house, key, REFUSED, "contradiction", "duplicate");
        incidents_are(&house, 1, 1);
        if (!of_withdrawal) /* what was said before it had an account was said */
            assert_int_equal(staff(&house, COMMAND_STRAY_NAME, "anna", stray_id(&house), "{\"account\":\"alice\"}"),
                             200);
        one_line_twice(&house, key, REFUSED, "duplicate", "duplicate");
        effect_is(&house, "alipay", key, PAID(9000), "duplicate");
        incidents_are(&house, 1, 1);
        effect_is(&house, "alipay", key, PAID(8000), "amount_differs"); /* another fact */
        effect_is(&house, "alipay", key, PAID(9000) ",\"reference\":\"R1\"", "duplicate");
        effect_is(&house, "alipay", key, PAID(8500) ",\"reference\":\"R1\"", "amount_differs");
        effect_is(&house, "alipay", key, PAID(8500) ",\"reference\":\"R2\"", "amount_differs");
        effect_is(&house, "alipay", key, RETURNED(8000), "amount_differs");
        incidents_are(&house, 1, 5);
        release(&house);
        call_back(&house, key, EVIDENCE_PAID, 9000, "suspense");
        call_back(&house, key, EVIDENCE_NOT_PAID, 0, "suspense");
        incidents_are(&house, 1, 5);
        for (size_t i = 0; i < ARRAY_COUNT(said); i++) {
            said[i] = callback(key, EVIDENCE_PAID, 7000);
            said[i].done = count_done;
            said[i].context = &done;
            batch[i] = &said[i];
        }
        engine_run_batch(house.engine, batch, ARRAY_COUNT(said));
        assert_int_equal(done, ARRAY_COUNT(said));
        incidents_are(&house, 1, 6);
        assert_int_equal(house_sql(&house, "SELECT suspended FROM account"), 10000);
        house_close(&house);
    }
}

static void a_statement_that_does_not_fit_changes_nothing(void **state)
{
    static const struct {
        const char *body, *pointer;
    } bad[] = {
        {"{\"channel\":\"nowhere\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING "\",\"lines\":[]}", "/channel"},
        {"{\"channel\":\"alipay\",\"from\":\"" MORNING "\",\"to\":\"" MORNING "\",\"lines\":[]}", "/to"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"2027-01-01T00:00:00Z\",\"lines\":[]}", "/to"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING
         "\",\"lines\":[{\"key\":\"K\",\"outcome\":\"nothing\",\"at\":\"" GAP_FROM "\"}]}",
         "/lines/0/outcome"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING
         "\",\"lines\":[{\"key\":\"K\",\"outcome\":\"paid\",\"currency\":\"CNY\",\"at\":\"" GAP_FROM "\"}]}",
         "/lines/0/amount"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING
         "\",\"lines\":[{\"key\":\"K\",\"outcome\":\"paid\",\"amount\":1,\"at\":\"" GAP_FROM "\"}]}",
         "/lines/0/currency"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING
         "\",\"lines\":[{\"key\":\"K\",\"outcome\":\"not_paid\",\"at\":\"2026-11-20T11:00:00+08:00\"}]}",
         "/lines/0/at"},
        {"{\"channel\":\"alipay\",\"from\":\"" GAP_FROM "\",\"to\":\"" MORNING
         "\",\"lines\":[{\"key\":\"K\",\"outcome\":\"not_paid\",\"account\":\"nobody\",\"at\":\"" GAP_FROM "\"}]}",
         "/lines/0/account"},
    };
    struct house house;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    assert_int_equal(staff(&house, COMMAND_STATEMENT, "anna", "", bad[0].body), 409); /* no quarantine */
    quarantine(&house);
    int64_t before = house_sql(&house, "SELECT max(seq) FROM audit");
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(staff(&house, COMMAND_STATEMENT, "anna", "", bad[i].body), 422);
        assert_string_equal(house_member(&house, "errors.0.pointer"), bad[i].pointer);
    }
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), before);
    house_close(&house);
}

/* A key of the future cannot be ours, and takes no ids with it. */
static void ids_follow_the_keys_of_the_lost_time_but_not_every_key(void **state)
{
    struct house house;
    struct ids ids;
    char key[CHANNEL_KEY_BYTES];
    int64_t next;
    (void)state;

    house_open(&house, MORNING);
    account_open(&house, "alice", "alibaba");
    quarantine(&house);
    ids_init(&ids, 0, 0);
    next = ids_next(&ids, (struct instant){house.now_ms + MS_HOUR}, shard_of_ref("alice"));
    channel_key_make(next, 1, key);
    effect_is(&house, "alipay", key, PAID(100) ",\"account\":\"alice\"", "suspense");
    assert_true(house_sql(&house, "SELECT max(id) FROM stray") > next);
    engine_close(&house.engine);
    house_start(&house);
    assert_int_equal(house_sql(&house, "SELECT max(ids_floor) FROM quarantine") >= next, 1);
    channel_key_make(ids_next(&ids, (struct instant){house.now_ms + 365 * MS_DAY}, shard_of_ref("alice")), 1, key);
    effect_is(&house, "alipay", key, PAID(100) ",\"account\":\"alice\"", "suspense");
    assert_true(house_sql(&house, "SELECT max(id) FROM stray") <
                id_last_of((struct instant){house.now_ms + 2 * MS_HOUR}));
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_is_covered_piece_by_piece),
        cmocka_unit_test(keys_are_read_as_they_are_made),
        cmocka_unit_test(only_what_reconciles_goes_on),
        cmocka_unit_test(what_is_open_is_asked_about_and_nothing_is_sent),
        cmocka_unit_test(what_is_open_is_asked_about_in_its_time),
        cmocka_unit_test(the_same_leg_is_the_same_bytes_at_any_time),
        cmocka_unit_test(a_known_key_is_evidence),
        cmocka_unit_test(a_key_of_an_approved_leg_makes_it_sent),
        cmocka_unit_test(a_payment_of_what_was_in_review_stands_in_suspense),
        cmocka_unit_test(what_came_back_is_out_of_suspense),
        cmocka_unit_test(a_payment_without_an_account_stops_the_release_until_it_has_one),
        cmocka_unit_test(a_statement_names_many_accounts),
        cmocka_unit_test(an_account_of_the_lost_time_is_made_again),
        cmocka_unit_test(a_payment_can_be_given_to_another_account),
        cmocka_unit_test(a_stray_is_settled_by_two),
        cmocka_unit_test(a_release_needs_two_who_saw_the_same),
        cmocka_unit_test(what_is_open_must_have_been_asked_about),
        cmocka_unit_test(while_a_payment_is_in_suspense_nothing_else_leaves),
        cmocka_unit_test(a_held_leg_of_the_lost_time_is_asked_about_before_it_is_sent),
        cmocka_unit_test(what_no_statement_told_is_found_by_asking),
        cmocka_unit_test(no_send_of_the_lost_time_is_the_first),
        cmocka_unit_test(a_key_of_the_lost_time_is_not_sent_once_it_may_be_forgotten),
        cmocka_unit_test(the_memory_of_a_key_begins_where_the_books_ended),
        cmocka_unit_test(an_answer_from_before_the_lost_time_sends_nothing),
        cmocka_unit_test(a_callback_moves_what_was_released_pending),
        cmocka_unit_test(callbacks_of_one_batch_book_once),
        cmocka_unit_test(a_callback_calls_a_proposal_back),
        cmocka_unit_test(evidence_calls_a_proposal_back),
        cmocka_unit_test(what_is_told_again_is_no_second_incident),
        cmocka_unit_test(a_statement_that_does_not_fit_changes_nothing),
        cmocka_unit_test(ids_follow_the_keys_of_the_lost_time_but_not_every_key),
    };

    return cmocka_run_group_tests_name("quarantine", tests, NULL, NULL);
}
