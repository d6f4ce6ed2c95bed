/* SPDX-License-Identifier: Apache-2.0 */
/* R7: what a channel tells of one payment, in every order, again and again, late, and with forgeries in between. All
 * 720 orders of the six kinds of evidence; one of them told one to five times; a forgery of four sorts; and every other
 * batch has waited so long that people were to decide. After each event the answer must say what a few lines of
 * reasoning here say, and at the end the books must: each payment settled or released once, returned once, in suspense
 * once. `test_callbacks [CASES]`: 20,000 by default. */
#include "house.h"

#include <inttypes.h>

#define BATCH 240
#define EVENTS 6
#define ORDERS 720
#define AGAIN_MOST 5
#define STEPS_MAX (EVENTS + AGAIN_MOST)
#define AMOUNT 100

static int64_t cases_wanted = 20000;

enum forgery { FORGED_CHANNEL, FORGED_AMOUNT, FORGED_KEY, FORGED_CURRENCY, FORGERY__COUNT };

/* What a case does, in order. */
struct step_of {
    enum evidence_kind kind;
    bool forged;
    bool again; /* the same as the one before */
};
struct plot {
    struct step_of steps[STEPS_MAX];
    size_t count;
    enum forgery forgery;
};
/* What must have come of it, by reasoning. */
struct hope {
    enum { HOPE_OPEN, HOPE_PAID, HOPE_REFUSED, HOPE_RETURNED } at;
    int64_t settled, released, returned, suspense, amount_incidents, unknown_incidents;
};
struct payment_case {
    int64_t withdrawal;
    char key[CHANNEL_KEY_BYTES], channel[CHANNEL_NAME_BYTES];
    struct plot plot;
    struct hope hope;
    char *said; /* the last answer's body */
};
struct play {
    struct house house;
    struct vault vault;
    struct store *reader;
    sqlite3 *db;
    struct payment_case cases[BATCH];
    struct command commands[BATCH];
    struct command *batch[BATCH];
    struct reply replies[BATCH];
    struct hope total;
    int64_t events, duplicates, forged;
};

/* ---- the plots ---- */

static void order_of(int64_t number, enum evidence_kind ret[EVENTS])
{
    enum evidence_kind left[EVENTS] = {EVIDENCE_PAID,     EVIDENCE_NOT_PAID, EVIDENCE_NOTHING,
                                       EVIDENCE_ACCEPTED, EVIDENCE_RETURNED, EVIDENCE_ARRIVED};
    size_t count = EVENTS;

    for (size_t i = 0; i < EVENTS; i++) {
        size_t pick = (size_t)number % count;

        number /= (int64_t)count;
        ret[i] = left[pick];
        left[pick] = left[--count];
    }
}

/* Case n: all orders first, then all counts of repetition, then all forgeries and their places. The repetitions come at
 * once in even cases and after everything in odd ones. */
static struct plot plot_of(int64_t n)
{
    enum evidence_kind order[EVENTS];
    int64_t round = n / ORDERS;
    size_t again = (size_t)(round % AGAIN_MOST), told = (size_t)(n % EVENTS), place = (size_t)(n / 7 % (EVENTS + 1));
    struct plot plot = {.forgery = (enum forgery)(round % FORGERY__COUNT)};

    order_of(n % ORDERS, order);
    for (size_t i = 0; i <= EVENTS; i++) {
        if (i == place)
            plot.steps[plot.count++] = (struct step_of){.kind = EVIDENCE_PAID, .forged = true};
        if (i == EVENTS)
            break;
        plot.steps[plot.count++] = (struct step_of){.kind = order[i]};
        for (size_t j = 0; n % 2 == 0 && i == told && j < again; j++)
            plot.steps[plot.count++] = (struct step_of){.kind = order[i], .again = true};
    }
    for (size_t j = 0; n % 2 != 0 && j < again; j++)
        plot.steps[plot.count++] = (struct step_of){.kind = order[told], .again = j > 0};
    return plot;
}

/* ---- the reasoning ---- */

static void hope_move(struct hope *hope, enum evidence_kind kind)
{
    if (kind == EVIDENCE_NOT_PAID && hope->at == HOPE_OPEN) {
        hope->at = HOPE_REFUSED;
        hope->released++;
        return;
    }
    if (kind == EVIDENCE_PAID && hope->at == HOPE_REFUSED)
        hope->suspense = 1;
    if ((kind == EVIDENCE_PAID || kind == EVIDENCE_RETURNED) && hope->at == HOPE_OPEN) {
        hope->at = HOPE_PAID;
        hope->settled++;
    }
    if (kind == EVIDENCE_RETURNED && hope->at == HOPE_PAID) {
        hope->at = HOPE_RETURNED;
        hope->returned++;
    }
}

static void hope_forgery(struct hope *hope, enum forgery forgery)
{
    bool amount = forgery == FORGED_AMOUNT || forgery == FORGED_CURRENCY;

    hope->amount_incidents += amount;
    hope->unknown_incidents += !amount;
}

static const char *hope_status(const struct hope *hope)
{
    static const char *const words[] = {"dispatching", "successful", "failed", "returned"};

    return words[hope->at];
}

/* ---- the house ---- */

static void keep_reply(struct command *command, struct reply *reply)
{
    struct play *p = command->context;

    p->replies[command - p->commands] = *reply;
    *reply = (struct reply){0};
}

static struct command *command_new(struct play *p, size_t i, enum command_kind kind, unsigned roles, const char *json)
{
    const struct shape *shape = command_shape(kind);
    struct field_problems problems = {0};

    p->commands[i] = house_command(kind, "op", roles, "", "");
    p->commands[i].object_id = p->cases[i].withdrawal;
    if (json != NULL) {
        void *ask = arena_alloc(&p->house.arena, shape->bytes);

        assert_int_equal(field_read_json(json, strlen(json), shape, &p->house.arena, ask, &problems), ERR_NONE);
        p->commands[i].ask = ask;
    }
    return &p->commands[i];
}

/* One commit for all of them. The replies stay until replies_drop. */
static void batch_run(struct play *p, size_t count, int status)
{
    for (size_t i = 0; i < count; i++) {
        p->commands[i].done = keep_reply;
        p->commands[i].context = p;
        p->batch[i] = &p->commands[i];
    }
    engine_run_batch(p->house.engine, p->batch, count);
    house_drop_effects(&p->house);
    for (size_t i = 0; i < count; i++)
        if (p->replies[i].status != status)
            fail_msg("%s answered %d: %s", word_text(&command_words, (int)p->commands[i].kind), p->replies[i].status,
                     p->replies[i].body);
}

static void replies_drop(struct play *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        reply_fini(&p->replies[i]);
    arena_reset(&p->house.arena);
}

static int64_t sql(struct play *p, const char *text)
{
    sqlite3_stmt *statement;
    int64_t value = 0;

    if (sqlite3_prepare_v2(p->db, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(p->db));
    if (sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void play_open(struct play *p)
{
    char reason[256] = "", path[96];

    memset(p, 0, sizeof *p);
    house_open(&p->house, "2026-11-20T10:00:00+08:00");
    snprintf(path, sizeof path, "%s/ebb.db", p->house.directory);
    assert_int_equal(sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(vault_open(p->house.directory, false, &p->vault, reason), ERR_NONE);
    assert_int_equal(store_open(p->house.directory, STORE_READER, &p->vault, &p->reader, reason), ERR_NONE);
    assert_int_equal(house_fact(&p->house, COMMAND_ACCOUNT_PUT, "a", "",
                                "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"phone\":\"1\",\"subject\":{\"kind\":"
                                "\"person\",\"name\":\"A\",\"id_number\":\"1\",\"verified\":true}}"),
                     201);
    assert_int_equal(house_fact(&p->house, COMMAND_TOPUP, "a", "",
                                "{\"ref\":\"t\",\"amount\":100000000,\"method\":\"alipay\",\"payer\":{\"kind\":"
                                "\"personal\",\"name\":\"A\"}}"),
                     201);
}

static void play_close(struct play *p)
{
    store_close(&p->reader);
    vault_fini(&p->vault);
    sqlite3_close(p->db);
    house_close(&p->house);
}

/* ---- a batch of payments, up to where the channel has them ---- */

static void payments_make(struct play *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct command *command = command_new(p, i, COMMAND_WITHDRAW, OPERATOR, "{\"account\":\"a\",\"amount\":100}");

        snprintf(command->account, sizeof command->account, "a");
    }
    batch_run(p, count, 201);
    for (size_t i = 0; i < count; i++) {
        json_t *root = json_loads(p->replies[i].body, 0, NULL);

        assert_true(id_parse("wd", json_string_value(json_object_get(root, "id")), &p->cases[i].withdrawal));
        json_decref(root);
    }
    replies_drop(p, count);
}

static const char *code_of(const struct rows *messages, int64_t withdrawal)
{
    for (size_t i = 0; i < messages->count; i++) {
        const struct message *message = messages->items[i];

        if (message->withdrawal == withdrawal && message->code != NULL)
            return message->code;
    }
    fail_msg("no code was sent for %" PRId64, withdrawal);
    return "";
}

static void payments_confirm(struct play *p, size_t count)
{
    struct rows messages = {0};
    char json[40];

    assert_int_equal(store_select(p->reader, QUERY_MESSAGES_ALL, (struct value[]){value_int("limit", 2 * BATCH)}, 1,
                                  &message_table, &p->house.arena, &messages),
                     ERR_NONE);
    for (size_t i = 0; i < count; i++) {
        snprintf(json, sizeof json, "{\"code\":\"%s\"}", code_of(&messages, p->cases[i].withdrawal));
        command_new(p, i, COMMAND_CODE, OPERATOR, json);
    }
    batch_run(p, count, 200);
    replies_drop(p, count);
}

static void payments_tick(struct play *p, size_t count)
{
    for (size_t i = 0; i < count; i++)
        command_new(p, i, COMMAND_TICK, ROLE_SYSTEM, NULL);
    batch_run(p, count, 200);
    replies_drop(p, count);
}

static void payments_keys(struct play *p, size_t count)
{
    sqlite3_stmt *statement;

    assert_int_equal(
        sqlite3_prepare_v2(p->db, "SELECT key, channel FROM attempt WHERE withdrawal = ?", -1, &statement, NULL),
        SQLITE_OK);
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_int64(statement, 1, p->cases[i].withdrawal);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        snprintf(p->cases[i].key, sizeof p->cases[i].key, "%s", (const char *)sqlite3_column_text(statement, 0));
        snprintf(p->cases[i].channel, sizeof p->cases[i].channel, "%s",
                 (const char *)sqlite3_column_text(statement, 1));
        assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

/* ---- telling ---- */

static void evidence_new(struct play *p, size_t slot, const struct payment_case *c, const struct step_of *step)
{
    struct command *command = command_new(p, slot, COMMAND_EVIDENCE, ROLE_SYSTEM, NULL);
    struct channel_answer *answer = &command->answer;

    command->source = SOURCE_CALLBACK;
    answer->kind = step->kind;
    answer->amount = money_of(AMOUNT);
    snprintf(command->channel, sizeof command->channel, "%s", c->channel);
    snprintf(answer->key, sizeof answer->key, "%s", c->key);
    snprintf(answer->currency, sizeof answer->currency, "CNY");
    snprintf(answer->reference, sizeof answer->reference, "R%.20s", c->key);
    if (!step->forged)
        return;
    switch (c->plot.forgery) {
    case FORGED_CHANNEL:
        snprintf(command->channel, sizeof command->channel, "bankfile");
        break;
    case FORGED_AMOUNT:
        answer->amount = money_of(AMOUNT + 1);
        break;
    case FORGED_KEY:
        snprintf(answer->key, sizeof answer->key, "X%.20s", c->key);
        break;
    case FORGED_CURRENCY:
        snprintf(answer->currency, sizeof answer->currency, "USD");
        break;
    case FORGERY__COUNT:
        break;
    }
}

/* The withdrawal's status in the answer; an answer about a key that is not ours shows none. */
static void answer_check(struct play *p, struct payment_case *c, const struct step_of *step, const char *body)
{
    json_t *root = json_loads(body, 0, NULL);
    const char *status = json_string_value(json_object_get(root, "status"));
    bool stranger = step->forged && (c->plot.forgery == FORGED_CHANNEL || c->plot.forgery == FORGED_KEY);

    if (stranger != (status == NULL) || (status != NULL && strcmp(status, hope_status(&c->hope)) != 0))
        fail_msg("%s should be %s: %s", word_text(&evidence_kind_words, (int)step->kind), hope_status(&c->hope), body);
    json_decref(root);
    if (step->again && strcmp(c->said, body) != 0)
        fail_msg("told again, another answer: %s\nbefore: %s", body, c->said);
    free(c->said);
    c->said = strdup(body);
    p->events++;
    p->duplicates += step->again;
    p->forged += step->forged;
}

static void payments_tell(struct play *p, size_t count)
{
    for (size_t at = 0; at < STEPS_MAX; at++) {
        struct payment_case *told[BATCH];
        size_t used = 0;

        for (size_t i = 0; i < count; i++) {
            struct payment_case *c = &p->cases[i];

            if (at >= c->plot.count)
                continue;
            evidence_new(p, used, c, &c->plot.steps[at]);
            if (c->plot.steps[at].forged)
                hope_forgery(&c->hope, c->plot.forgery);
            else
                hope_move(&c->hope, c->plot.steps[at].kind);
            told[used++] = c;
        }
        if (used == 0)
            return;
        batch_run(p, used, 200);
        for (size_t i = 0; i < used; i++)
            answer_check(p, told[i], &told[i]->plot.steps[at], p->replies[i].body);
        replies_drop(p, used);
    }
}

static void hopes_add(struct play *p, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct hope *hope = &p->cases[i].hope;

        p->total.settled += hope->settled;
        p->total.released += hope->released;
        p->total.returned += hope->returned;
        p->total.suspense += hope->suspense;
        p->total.amount_incidents += hope->amount_incidents;
        p->total.unknown_incidents += hope->unknown_incidents;
        free(p->cases[i].said);
    }
}

static void batch_play(struct play *p, int64_t first, size_t count, bool late)
{
    memset(p->cases, 0, sizeof p->cases);
    for (size_t i = 0; i < count; i++)
        p->cases[i].plot = plot_of(first + (int64_t)i);
    payments_make(p, count);
    payments_confirm(p, count);
    payments_tick(p, count);
    payments_keys(p, count);
    if (late) {
        p->house.now_ms += 25 * MS_HOUR;
        payments_tick(p, count);
    }
    payments_tell(p, count);
    hopes_add(p, count);
}

/* ---- the end ---- */

static const char *const laws[] = {
    "SELECT count(*) FROM (SELECT entry FROM posting GROUP BY entry HAVING sum(amount) <> 0)",
    "SELECT sum(amount) FROM posting",
    "SELECT sum(topup_held + other_held) FROM account",
    "SELECT count(*) FROM topup WHERE refunded + held > amount OR remaining + refunded <> amount OR held <> 0",
    ("SELECT count(*) FROM (SELECT object FROM entry WHERE kind IN ('settle','release') GROUP BY object "
     "HAVING count(*) <> 1)"),
    "SELECT count(*) FROM (SELECT object FROM entry WHERE kind = 'return' GROUP BY object HAVING count(*) > 1)",
    "SELECT count(*) FROM (SELECT object FROM entry WHERE kind = 'suspense' GROUP BY object HAVING count(*) > 1)",
    "SELECT count(*) FROM leg WHERE status NOT IN ('failed','returned')",
    "SELECT count(*) FROM attempt WHERE status NOT IN ('refused','returned')",
    "SELECT count(*) FROM incident WHERE kind = 'paid_twice'",
    "SELECT max(seq) - count(*) FROM audit",
};

static void expect(struct play *p, const char *text, int64_t wanted)
{
    int64_t found = sql(p, text);

    if (found != wanted)
        fail_msg("%s: %" PRId64 ", not %" PRId64, text, found, wanted);
}

static void every_payment_has_one_effect(void **state)
{
    static struct play play;
    struct play *p = &play;
    int64_t batches = 0, late = 0;

    (void)state;
    play_open(p);
    for (int64_t first = 0; first < cases_wanted; first += BATCH, batches++) {
        int64_t left = cases_wanted - first;
        size_t count = left < BATCH ? (size_t)left : BATCH;

        batch_play(p, first, count, batches % 2 != 0);
        late += batches % 2 != 0 ? (int64_t)count : 0;
    }
    for (size_t i = 0; i < ARRAY_COUNT(laws); i++)
        expect(p, laws[i], 0);
    expect(p, "SELECT count(*) FROM entry WHERE kind = 'settle'", p->total.settled);
    expect(p, "SELECT count(*) FROM entry WHERE kind = 'release'", p->total.released);
    expect(p, "SELECT count(*) FROM entry WHERE kind = 'return'", p->total.returned);
    expect(p, "SELECT count(*) FROM entry WHERE kind = 'suspense'", p->total.suspense);
    expect(p, "SELECT count(*) FROM incident WHERE kind = 'paid_after_release'", p->total.suspense);
    expect(p, "SELECT count(*) FROM incident WHERE kind = 'amount_differs'", p->total.amount_incidents);
    expect(p, "SELECT count(*) FROM incident WHERE kind = 'unknown_key'", p->total.unknown_incidents);
    expect(p, "SELECT count(*) FROM evidence", p->events - p->total.unknown_incidents);
    print_message("R7: %" PRId64 " cases, %" PRId64 " of them late; %" PRId64 " callbacks, %" PRId64
                  " told again at once, %" PRId64 " forged; %" PRId64 " settled and returned, %" PRId64
                  " released, %" PRId64 " in suspense\n",
                  cases_wanted, late, p->events, p->duplicates, p->forged, p->total.settled, p->total.released,
                  p->total.suspense);
    assert_int_equal(p->total.settled + p->total.released, cases_wanted);
    play_close(p);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_payment_has_one_effect)};

    if (argc > 1)
        cases_wanted = strtoll(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
