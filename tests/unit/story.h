/* SPDX-License-Identifier: Apache-2.0 */
/* Words in which the tests of withdrawals tell their stories: people, their money, what they ask for, what a channel
 * says, and what the books must say then. Alice withdraws; r1, r2 … review. */
#ifndef EBB_TESTS_STORY_H
#define EBB_TESTS_STORY_H

#include "house.h"

#include "domain/withdrawal.h"

#define MORNING "2026-11-20T10:00:00+08:00"

/* ---- the people and what they say ---- */

static inline void account(struct house *house, const char *ref, const char *policy, const char *name, const char *more)
{
    char json[400];

    snprintf(
        json, sizeof json,
        "{\"policy\":\"%s\",\"currency\":\"CNY\",\"phone\":\"1380\",\"subject\":{\"kind\":\"person\",\"name\":\"%s\","
        "\"id_number\":\"110\",\"verified\":true}%s}",
        policy, name, more);
    assert_true(house_fact(house, COMMAND_ACCOUNT_PUT, ref, "", json) < 300);
}

static inline void topup_of(struct house *house, const char *who, const char *ref, int amount, const char *method,
                            const char *paid_at, const char *payer, const char *more)
{
    char json[400];

    snprintf(json, sizeof json,
             "{\"ref\":\"%s\",\"amount\":%d,\"method\":\"%s\",\"paid_at\":\"%s\",\"payer\":{\"kind\":\"personal\","
             "\"name\":\"%s\"}%s}",
             ref, amount, method, paid_at, payer, more);
    assert_int_equal(house_fact(house, COMMAND_TOPUP, who, "", json), 201);
}

static inline void topup(struct house *house, const char *ref, int amount, const char *paid_at)
{
    topup_of(house, "alice", ref, amount, "alipay", paid_at, "Alice", "");
}

static inline void fact(struct house *house, enum command_kind kind, const char *who, const char *object,
                        const char *json)
{
    assert_true(house_fact(house, kind, who, object, json) < 300);
}

static inline int64_t withdraw_for(struct house *house, const char *who, const char *json)
{
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, who, "");
    char papers[1024];
    int64_t id = 0;

    house_papers(house, json, papers, sizeof papers);
    if (house_ask(house, &command, papers) == 201)
        assert_true(id_parse("wd", house_member(house, "id"), &id));
    return id;
}

static inline int64_t withdraw(struct house *house, int amount)
{
    char json[100];

    snprintf(json, sizeof json, "{\"account\":\"alice\",\"amount\":%d}", amount);
    return withdraw_for(house, "alice", json);
}

static inline int enter(struct house *house, int64_t id, const char *code)
{
    char body[64];

    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    return house_on(house, COMMAND_CODE, id, "alice", body);
}

/* The code that was sent last is entered. */
static inline int confirm(struct house *house, int64_t id)
{
    char code[16];

    house_code(house, code);
    return enter(house, id, code);
}

static inline int review(struct house *house, int64_t id, const char *who, const char *decision)
{
    char body[64];

    snprintf(body, sizeof body, "{\"decision\":\"%s\"}", decision);
    return house_on(house, COMMAND_REVIEW, id, who, body);
}

static inline int tick(struct house *house, int64_t id)
{
    return house_on(house, COMMAND_TICK, id, "system", NULL);
}

static inline void text(struct house *house, const char *sql, char ret[128])
{
    place_text(house->store, sql, ret);
}

static inline void is(struct house *house, const char *sql, const char *wanted)
{
    char found[128];

    text(house, sql, found);
    if (strcmp(found, wanted) != 0)
        fail_msg("%s\n  is \"%s\", not \"%s\"", sql, found, wanted);
}

/* A policy of the house, to be changed for the test. */
static inline struct policy *policy_named(struct house *house, const char *name)
{
    for (size_t i = 0; i < house->policies.count; i++)
        if (strcmp(house->policies.items[i].name, name) == 0)
            return &house->policies.items[i];
    fail_msg("no policy %s", name);
    return NULL;
}

static inline const char *last_message(struct house *house)
{
    struct rows rows = house_messages(house);

    assert_true(rows.count > 0);
    return ((const struct message *)rows.items[0])->text;
}

#define STATUS "SELECT status FROM withdrawal ORDER BY id DESC LIMIT 1"
#define LEGS "SELECT group_concat(status) FROM (SELECT status FROM leg ORDER BY number)"
#define HELD "SELECT sum(topup_held + other_held) FROM account"
#define INCIDENTS "SELECT coalesce(group_concat(kind), '') FROM (SELECT kind FROM incident ORDER BY id)"

/* What a channel says of the payment of a leg. */
static inline struct command evidence(struct house *house, int leg, enum evidence_kind kind, const char *code,
                                      const char *reference)
{
    struct command command = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    char sql[160], found[128];

    snprintf(sql, sizeof sql,
             "SELECT a.key FROM attempt a JOIN leg l ON l.id = a.leg ORDER BY l.number, l.id LIMIT 1 OFFSET %d",
             leg - 1);
    text(house, sql, found);
    snprintf(command.answer.key, sizeof command.answer.key, "%.32s", found);
    snprintf(sql, sizeof sql, "SELECT amount - fee FROM leg ORDER BY number, id LIMIT 1 OFFSET %d", leg - 1);
    command.answer.amount = money_of(house_sql(house, sql));
    text(house, "SELECT channel FROM attempt LIMIT 1", found);
    snprintf(command.channel, sizeof command.channel, "%.16s", found);
    command.source = SOURCE_CALLBACK;
    command.answer.kind = kind;
    snprintf(command.answer.currency, sizeof command.answer.currency, "CNY");
    snprintf(command.answer.code, sizeof command.answer.code, "%s", code);
    snprintf(command.answer.reference, sizeof command.answer.reference, "%s", reference);
    return command;
}

static inline void say(struct house *house, int leg, enum evidence_kind kind, const char *code, const char *reference)
{
    struct command command = evidence(house, leg, kind, code, reference);

    assert_int_equal(house_ask(house, &command, NULL), 200);
}

/* Brought for an account; what a decision by hand says of it. */
static inline void letter(struct house *house, const char *who, char ret[64])
{
    struct command paper = house_command(COMMAND_DOCUMENT, who, OPERATOR, who, "");
    char json[160];

    snprintf(json, sizeof json,
             "{\"account\":\"%s\",\"name\":\"f\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}",
             who);
    assert_int_equal(house_ask(house, &paper, json), 201);
    snprintf(ret, 64, ",\"document\":\"%.30s\"", house_member(house, "id"));
}

static inline void document(struct house *house, int64_t id)
{
    struct command paper = house_command(COMMAND_DOCUMENT, "alice", ROLE_WITHDRAW, "", "");
    char json[240], id_text[ID_TEXT_BYTES];

    id_format("wd", id, id_text);
    snprintf(json, sizeof json,
             "{\"withdrawal\":\"%s\",\"name\":\"f\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}",
             id_text);
    assert_int_equal(house_ask(house, &paper, json), 201);
}

/* One person says by hand what became of the one payment, and of which amount. */
static inline int resolve_as(struct house *house, int64_t id, const char *who, const char *kind, int amount,
                             const char *document)
{
    char key[128], body[300];

    text(house, "SELECT key FROM attempt", key);
    snprintf(body, sizeof body, "{\"key\":\"%.32s\",\"kind\":\"%s\",\"amount\":%d%s}", key, kind, amount, document);
    return house_on(house, COMMAND_RESOLVE, id, who, body);
}

static inline int resolve(struct house *house, int64_t id, const char *who, const char *kind, const char *document)
{
    return resolve_as(house, id, who, kind, 30000, document);
}

/* Alice under Alibaba with 1000.00 of this month: no review on the way back to the source. */
static inline void open_alice(struct house *house)
{
    house_open(house, MORNING);
    account(house, "alice", "alibaba", "Alice", "");
    topup(house, "t1", 100000, "2026-11-01T10:00:00+08:00");
}

/* A payment on its way. */
static inline int64_t open_sent(struct house *house)
{
    int64_t id;

    open_alice(house);
    id = withdraw(house, 30000);
    assert_int_equal(confirm(house, id), 200);
    assert_int_equal(tick(house, id), 200);
    is(house, LEGS, "sending");
    return id;
}

struct together {
    struct house *house;
    int *status;
};

static inline void keep_answer(struct command *command, struct reply *reply)
{
    struct together *one = command->context;

    *one->status = reply->status;
    house_keep(one->house, reply);
}

/* All in one batch; the house keeps the last answer. */
static inline void run_together(struct house *house, struct command *commands, int *statuses, size_t count)
{
    struct command *batch[8];
    struct together all[8];

    for (size_t i = 0; i < count; i++) {
        all[i] = (struct together){house, &statuses[i]};
        commands[i].done = keep_answer;
        commands[i].context = &all[i];
        batch[i] = &commands[i];
    }
    engine_run_batch(house->engine, batch, count);
}

#endif
