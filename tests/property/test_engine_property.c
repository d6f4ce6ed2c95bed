/* SPDX-License-Identifier: Apache-2.0 */
/* Everything at once: all commands in random order, right and wrong, in batches of any size, with a clock that jumps
 * and channels that lie. Whatever happens, the books add up, no leg is settled or released twice, and a refusal leaves
 * no trace. The seed is printed; `test_engine_property SEED [PATH OF ebb-audit] [COMMANDS]` plays it again. */
#include "house.h"

#include <inttypes.h>

#define BATCH_MOST 12
#define CHECK_EVERY 60 /* batches */

static uint64_t seed = 1;
static int64_t commands_wanted = 10000;
static const char *audit_program;

struct play {
    struct house house;
    uint64_t state;
    struct vault vault;
    struct store *reader;
    sqlite3 *db;
    int64_t serial;
    struct command commands[BATCH_MOST];
    struct reply replies[BATCH_MOST];
    int64_t accepted, refused, refused_alone, by_status[6];
};

static const struct {
    const char *ref, *json;
} people[] = {
    {"ali",
     "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"phone\":\"1\",\"subject\":{\"kind\":\"person\",\"name\":\"Ali\","
     "\"id_number\":\"11\",\"verified\":true}%s}"},
    {"baba", "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Ali\","
             "\"id_number\":\"11\",\"verified\":true}%s}"},
    {"hua", "{\"policy\":\"huawei\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"enterprise\",\"name\":\"Hua\","
            "\"id_number\":\"22\",\"verified\":true}%s}"},
    {"wei", "{\"policy\":\"huawei\",\"currency\":\"CNY\",\"master\":\"hua\",\"subject\":{\"kind\":\"enterprise\","
            "\"name\":\"Wei\",\"id_number\":\"33\",\"verified\":true}%s}"},
    {"jing", "{\"policy\":\"jdcloud\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"enterprise\",\"name\":\"Jing\","
             "\"id_number\":\"44\",\"verified\":true}%s}"},
    {"ping", "{\"policy\":\"pingan\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Ping\","
             "\"id_number\":\"55\",\"verified\":true}%s}"},
    {"nora", "{\"policy\":\"northwind\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Ali\","
             "\"id_number\":\"11\",\"verified\":true}%s}"},
};
#define PEOPLE ((int64_t)ARRAY_COUNT(people))

/* ---- chance ---- */

static int64_t below(struct play *p, int64_t limit)
{
    p->state ^= p->state << 13;
    p->state ^= p->state >> 7;
    p->state ^= p->state << 17;
    return (int64_t)((p->state >> 11) % (uint64_t)limit);
}

static bool chance(struct play *p, int64_t in)
{
    return below(p, in) == 0;
}

static const char *somebody(struct play *p)
{
    return people[below(p, PEOPLE)].ref;
}

/* ---- looking into the database ---- */

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

static int64_t withdrawal_any(struct play *p)
{
    char text[120];

    snprintf(text, sizeof text, "SELECT id FROM withdrawal ORDER BY id DESC LIMIT 1 OFFSET %d",
             (int)below(p, chance(p, 8) ? 400 : 24));
    return sql(p, text);
}

static int64_t withdrawal_in(struct play *p, const char *status)
{
    char text[160];

    snprintf(text, sizeof text, "SELECT id FROM withdrawal WHERE status = '%s' ORDER BY id DESC LIMIT 1 OFFSET %d",
             status, (int)below(p, 6));
    return sql(p, text);
}

static void code_of(struct play *p, int64_t withdrawal, char ret[16])
{
    struct rows rows = {0};

    snprintf(ret, 16, "%06d", (int)below(p, 1000000));
    if (store_select(p->reader, QUERY_MESSAGES_ALL, (struct value[]){value_int("limit", 60)}, 1, &message_table,
                     &p->house.arena, &rows) != ERR_NONE)
        return;
    for (size_t i = 0; i < rows.count; i++) {
        const struct message *message = rows.items[i];

        if (message->withdrawal == withdrawal && message->code != NULL) {
            snprintf(ret, 16, "%s", message->code);
            return;
        }
    }
}

/* ---- commands ---- */

static void ask_of(struct play *p, struct command *command, const char *json)
{
    const struct shape *shape = command_shape(command->kind);
    struct field_problems problems = {0};
    void *ask = arena_alloc(&p->house.arena, shape->bytes);

    assert_non_null(ask);
    if (field_read_json(json, strlen(json), shape, &p->house.arena, ask, &problems) != ERR_NONE)
        fail_msg("%s: %s %s", json, problems.items[0].pointer, problems.items[0].detail);
    command->ask = ask;
}

static const char *fresh(struct play *p, const char *prefix)
{
    static char text[4][32];
    char *ret = text[p->serial & 3];
    int64_t number = chance(p, 12) ? p->serial - below(p, 30) : p->serial; /* some are told twice */

    p->serial++;
    snprintf(ret, 32, "%s%lld", prefix, (long long)(number < 0 ? 0 : number));
    return ret;
}

static struct command fact(struct play *p, enum command_kind kind, const char *account, const char *object,
                           const char *json)
{
    struct command command = house_command(kind, "billing", BILLING, account, object);

    if (json != NULL)
        ask_of(p, &command, json);
    return command;
}

static struct command make_topup(struct play *p)
{
    static const char *const methods[] = {"alipay",    "wechat",        "unionpay", "online_bank",
                                          "bank_card", "bank_transfer", "offline"};
    static const char *const banks[] = {"ICBC", "NJCB", "CMB", "ABC"};
    char json[400], at[INSTANT_TEXT_BYTES];

    instant_format((struct instant){p->house.now_ms - below(p, chance(p, 3) ? 400 : 200) * MS_DAY - below(p, MS_DAY)},
                   at);
    snprintf(json, sizeof json,
             "{\"ref\":\"%s\",\"amount\":%lld,\"method\":\"%s\",\"bank\":\"%s\",\"paid_at\":\"%s\",\"bonus\":%s,"
             "\"arbitrage\":%s,\"payer\":{\"kind\":\"%s\",\"name\":\"%s\"}%s}",
             fresh(p, "t"), (long long)(1 + below(p, chance(p, 4) ? 300000 : 40000)), methods[below(p, 7)],
             banks[below(p, 4)], at, chance(p, 10) ? "true" : "false", chance(p, 10) ? "true" : "false",
             chance(p, 2) ? "personal" : "corporate", chance(p, 2) ? "Hua" : "Ali",
             chance(p, 40) ? ",\"channel\":\"nowhere\"" : "");
    return fact(p, COMMAND_TOPUP, somebody(p), "", json);
}

static struct command make_charge(struct play *p)
{
    char json[160], object[32];

    if (chance(p, 4)) {
        snprintf(object, sizeof object, "c%lld", (long long)below(p, p->serial + 1));
        return fact(p, COMMAND_CHARGE_REVERSE, somebody(p), object, NULL);
    }
    snprintf(json, sizeof json, "{\"ref\":\"%s\",\"amount\":%lld}", fresh(p, "c"),
             (long long)(1 + below(p, chance(p, 6) ? 400000 : 20000)));
    return fact(p, COMMAND_CHARGE, somebody(p), "", json);
}

/* A stored object of an account, so that what undoes things finds something to undo. */
static void stored(struct play *p, const char *table, char account[65], char ref[65])
{
    char text[240];
    sqlite3_stmt *statement;

    snprintf(account, 65, "%s", somebody(p));
    snprintf(ref, 65, "x");
    snprintf(text, sizeof text,
             "SELECT a.ref, r.ref FROM %s r JOIN account a ON a.id = r.%s ORDER BY r.id DESC LIMIT 1 "
             "OFFSET %d",
             table, strcmp(table, "parcel") == 0 ? "giver" : "account", (int)below(p, 60));
    assert_int_equal(sqlite3_prepare_v2(p->db, text, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        snprintf(account, 65, "%s", (const char *)sqlite3_column_text(statement, 0));
        snprintf(ref, 65, "%s", (const char *)sqlite3_column_text(statement, 1));
    }
    sqlite3_finalize(statement);
}

static struct command make_undo(struct play *p)
{
    char json[160], account[65], ref[65];

    if (chance(p, 2)) {
        stored(p, "fact", account, ref);
        return fact(p, COMMAND_CHARGE_REVERSE, account, ref, NULL);
    }
    stored(p, "topup", account, ref);
    snprintf(json, sizeof json, "{\"ref\":\"%s\",\"amount\":%lld}", fresh(p, "b"),
             (long long)(1 + below(p, chance(p, 2) ? 300000 : 5000)));
    return fact(p, COMMAND_CHARGEBACK, account, ref, json);
}

static struct command make_claim(struct play *p)
{
    static const char *const kinds[] = {"owed_invoice", "overdue", "unsettled", "invoiced"};
    char json[160], ref[16];

    snprintf(ref, sizeof ref, "cl%d", (int)below(p, 6));
    snprintf(json, sizeof json, "{\"kind\":\"%s\",\"amount\":%lld}", kinds[below(p, 4)],
             (long long)(chance(p, 4) ? below(p, 9000) : 0));
    return fact(p, COMMAND_CLAIM_PUT, somebody(p), ref, json);
}

static struct command make_resource(struct play *p)
{
    char json[160], ref[16];

    snprintf(ref, sizeof ref, "r%d", (int)below(p, 3));
    snprintf(json, sizeof json, "{\"state\":\"%s\",\"frozen\":%d}", chance(p, 3) ? "active" : "released",
             (int)below(p, 3000));
    return fact(p, COMMAND_RESOURCE_PUT, somebody(p), ref, json);
}

static struct command make_credit(struct play *p)
{
    char json[160];

    snprintf(json, sizeof json, "{\"ref\":\"%s\",\"fund\":\"%s\",\"amount\":%lld}", fresh(p, "k"),
             chance(p, 3) ? "voucher" : "other", (long long)(1 + below(p, 30000)));
    return fact(p, COMMAND_CREDIT, somebody(p), "", json);
}

static struct command make_parcel(struct play *p)
{
    char json[200], account[65], ref[65];

    switch (below(p, 5)) {
    case 0:
        snprintf(json, sizeof json, "{\"ref\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"amount\":%d}", fresh(p, "x"),
                 somebody(p), somebody(p), 1 + (int)below(p, 20000));
        return fact(p, COMMAND_TRANSFER, "", "", json);
    case 1:
        snprintf(json, sizeof json, "{\"ref\":\"%s\",\"master\":\"hua\",\"member\":\"%s\",\"amount\":%d}",
                 fresh(p, "l"), chance(p, 5) ? somebody(p) : "wei", 1 + (int)below(p, 20000));
        return fact(p, COMMAND_ALLOCATE, "", "", json);
    case 2:
        stored(p, "parcel", account, ref);
        return fact(p, COMMAND_RECALL, "", ref, NULL);
    case 3:
        stored(p, "parcel", account, ref);
        return fact(p, COMMAND_RECLAIM, "", ref, NULL);
    default:
        stored(p, "parcel", account, ref);
        snprintf(json, sizeof json, "{\"invoiced\":%d}", (int)below(p, 9000));
        return fact(p, COMMAND_INVOICED_PUT, "", ref, json);
    }
}

static struct command make_account(struct play *p)
{
    char json[300];
    size_t who = (size_t)below(p, PEOPLE);
    static const char *const states[] = {"", "", "", "", ",\"state\":\"frozen\"", ",\"state\":\"closed\""};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(json, sizeof json, people[who].json, states[below(p, 6)]);
#pragma GCC diagnostic pop
    if (chance(p, 5)) { /* another identity: what is overdue goes with it */
        char *number = strstr(json, "\"id_number\":\"");

        number[13] = (char)('1' + below(p, 5));
        number[14] = number[13];
    }
    return fact(p, COMMAND_ACCOUNT_PUT, people[who].ref, "", json);
}

static struct command make_withdrawal(struct play *p)
{
    static const char *const strategies[] = {"lifo", "fewest", "fastest"};
    static const char *const names[] = {"Ali", "Hua", "Wei", "Jing", "Ping"};
    const char *account = somebody(p);
    char json[700], to[400] = "", owner[65], ref[65];
    struct command command =
        house_command(COMMAND_WITHDRAW, chance(p, 3) ? "reviewer" : account, OPERATOR, account, "");
    int64_t amount = 100 + below(p, chance(p, 3) ? 60000 : 4000);

    if (!chance(p, 3))
        snprintf(
            to, sizeof to,
            ",\"destination\":{\"kind\":\"%s\",\"name\":\"%s\",\"account\":\"62\",\"bank\":\"ICBC\",\"branch\":\"x\","
            "\"province\":\"x\",\"city\":\"y\"},\"reason\":\"%s\",\"documents\":[\"a\",\"b\"]%s",
            chance(p, 4) ? "alipay" : "bank", names[below(p, 5)],
            p->house.now_ms % 2 == 0 ? "card_lost"
            : chance(p, 2)           ? "window_passed"
                                     : "original_account_closed",
            chance(p, 4) ? ",\"route\":\"application\"" : "");
    if (chance(p, 5)) {
        stored(p, "topup", owner, ref);
        snprintf(command.account, sizeof command.account, "%s", owner);
        snprintf(json, sizeof json,
                 "{\"account\":\"%s\",\"amount\":%lld,\"topups\":[{\"ref\":\"%s\",\"amount\":%lld}]%s}", owner,
                 (long long)amount, ref, (long long)amount, to);
    } else {
        snprintf(json, sizeof json, "{\"account\":\"%s\",\"amount\":%lld,\"strategy\":\"%s\"%s}", account,
                 (long long)amount, strategies[below(p, 3)], to);
    }
    command.dry_run = chance(p, 12);
    if (chance(p, 4)) {
        snprintf(command.idempotency_key, sizeof command.idempotency_key, "i%d", (int)below(p, 400));
        memset(command.fingerprint, 1 + (int)below(p, 2), sizeof command.fingerprint);
    }
    ask_of(p, &command, json);
    return command;
}

static struct command on(struct play *p, enum command_kind kind, int64_t id, const char *principal, const char *json)
{
    struct command command =
        house_command(kind, principal, kind == COMMAND_TICK ? (unsigned)ROLE_SYSTEM : (unsigned)OPERATOR, "", "");

    command.object_id = id;
    if (json != NULL)
        ask_of(p, &command, json);
    return command;
}

static struct command make_code(struct play *p)
{
    int64_t id = chance(p, 6) ? withdrawal_any(p) : withdrawal_in(p, "awaiting_code");
    char code[16], json[64];

    if (chance(p, 8))
        return on(p, COMMAND_RESEND, id, "ali", NULL);
    code_of(p, chance(p, 20) ? withdrawal_any(p) : id, code);
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", chance(p, 6) ? "000000" : code);
    return on(p, COMMAND_CODE, id, "ali", json);
}

static struct command make_review(struct play *p)
{
    static const char *const reviewers[] = {"reviewer", "reviewer-2", "reviewer-3"};
    static const char *const decisions[] = {"approve", "approve", "approve", "approve", "reject", "need_documents"};
    char json[64];
    int64_t id = chance(p, 8) ? withdrawal_any(p) : withdrawal_in(p, chance(p, 9) ? "need_documents" : "in_review");
    struct command command;

    snprintf(json, sizeof json, "{\"decision\":\"%s\"}", decisions[below(p, 6)]);
    command = on(p, COMMAND_REVIEW, id, reviewers[below(p, 3)], json);
    if (chance(p, 10)) {
        command.any_version = false;
        command.if_match = below(p, 6);
    }
    return command;
}

static struct command paper_for(struct play *p, int64_t withdrawal)
{
    char json[200], id[ID_TEXT_BYTES];

    id_format("wd", withdrawal > 0 ? withdrawal : 1, id);
    snprintf(json, sizeof json,
             "{\"withdrawal\":\"%s\",\"name\":\"f\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}",
             id);
    return fact(p, COMMAND_DOCUMENT, "", "", json);
}

static struct command make_paper(struct play *p)
{
    return paper_for(p, withdrawal_in(p, chance(p, 2) ? "need_documents" : "in_review"));
}

/* What a channel may say, true or not, about a payment that it got or did not get. */
static struct command make_evidence(struct play *p)
{
    static const char *const references[] = {"R1", "R1", "R1", "R2", ""};
    static const char *const codes[] = {"", "not_found", "PROCESSING", "ACQ.REFUSED"};
    struct command command = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");
    sqlite3_stmt *statement;
    char text[200];

    snprintf(text, sizeof text,
             "SELECT t.key, t.channel, t.amount FROM attempt t %s ORDER BY t.id DESC LIMIT 1 OFFSET %d",
             chance(p, 3) ? "" : "WHERE t.status IN ('intent','unknown')", (int)below(p, 20));
    assert_int_equal(sqlite3_prepare_v2(p->db, text, -1, &statement, NULL), SQLITE_OK);
    snprintf(command.answer.key, sizeof command.answer.key, "EBBNOBODY");
    snprintf(command.channel, sizeof command.channel, "alipay");
    command.answer.amount = money_of(1 + below(p, 100));
    if (sqlite3_step(statement) == SQLITE_ROW && !chance(p, 40)) {
        snprintf(command.answer.key, sizeof command.answer.key, "%s", (const char *)sqlite3_column_text(statement, 0));
        if (!chance(p, 30))
            snprintf(command.channel, sizeof command.channel, "%s", (const char *)sqlite3_column_text(statement, 1));
        if (!chance(p, 15))
            command.answer.amount = money_of(sqlite3_column_int64(statement, 2));
    }
    sqlite3_finalize(statement);
    command.answer.kind = (enum evidence_kind)(1 + below(p, EVIDENCE__COUNT - 1));
    if (chance(p, 3))
        command.answer.kind = EVIDENCE_PAID;
    command.source = (enum evidence_source)(1 + below(p, SOURCE__COUNT - 1));
    snprintf(command.answer.currency, sizeof command.answer.currency, "%s", chance(p, 40) ? "USD" : "CNY");
    snprintf(command.answer.reference, sizeof command.answer.reference, "%s", references[below(p, 5)]);
    snprintf(command.answer.code, sizeof command.answer.code, "%s", codes[below(p, 4)]);
    return command;
}

static struct command make_resolve(struct play *p)
{
    struct command command = on(p, COMMAND_RESOLVE, 0, chance(p, 2) ? "reviewer" : "reviewer-2", NULL);
    sqlite3_stmt *statement;
    char json[300] = "{\"key\":\"EBBNOBODY\",\"kind\":\"paid\"}", letter[ID_TEXT_BYTES];

    assert_int_equal(
        sqlite3_prepare_v2(p->db,
                           "SELECT t.withdrawal, t.key, t.amount, (SELECT max(d.id) FROM document d WHERE d.account = "
                           "t.account) FROM attempt t JOIN leg l ON l.id = t.leg "
                           "WHERE l.status = 'manual' ORDER BY t.id DESC LIMIT 1",
                           -1, &statement, NULL),
        SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        command.object_id = sqlite3_column_int64(statement, 0);
        id_format("doc", sqlite3_column_int64(statement, 3), letter);
        snprintf(json, sizeof json, "{\"key\":\"%s\",\"kind\":\"%s\",\"amount\":%lld,\"document\":\"%s\"}",
                 (const char *)sqlite3_column_text(statement, 1), chance(p, 2) ? "paid" : "not_paid",
                 (long long)sqlite3_column_int64(statement, 2), letter);
        if (sqlite3_column_int64(statement, 3) == 0) { /* first a letter is brought */
            int64_t withdrawal = command.object_id;

            sqlite3_finalize(statement);
            return paper_for(p, withdrawal);
        }
    }
    sqlite3_finalize(statement);
    ask_of(p, &command, json);
    return command;
}

static struct command make_tick(struct play *p)
{
    char text[160];
    int64_t id;

    snprintf(text, sizeof text, "SELECT id FROM withdrawal WHERE next_at <= %lld ORDER BY next_at LIMIT 1 OFFSET %d",
             (long long)p->house.now_ms, (int)below(p, 8));
    id = sql(p, text);
    return on(p, COMMAND_TICK, id != 0 ? id : withdrawal_any(p), "system", NULL);
}

static struct command anything(struct play *p)
{
    static struct command (*const makers[])(struct play *) = {
        make_topup,      make_topup,      make_topup,  make_charge,   make_undo,       make_claim,
        make_resource,   make_credit,     make_parcel, make_account,  make_withdrawal, make_withdrawal,
        make_withdrawal, make_withdrawal, make_code,   make_code,     make_code,       make_code,
        make_review,     make_review,     make_paper,  make_evidence, make_evidence,   make_evidence,
        make_evidence,   make_resolve,    make_tick,   make_tick,     make_tick,       make_tick,
    };

    if (chance(p, 60))
        return on(p, COMMAND_CANCEL, withdrawal_any(p), "ali", NULL);
    return makers[below(p, ARRAY_COUNT(makers))](p);
}

/* ---- a batch and what must be true after it ---- */

static void keep_reply(struct command *command, struct reply *reply)
{
    *(struct reply *)command->context = *reply;
}

/* These leave something on purpose: a try, the code or the withdrawal is used up; a risk that was found is noted. */
static bool may_leave_a_trace(const struct command *command)
{
    return command->kind == COMMAND_CODE || command->kind == COMMAND_RESEND || command->kind == COMMAND_REVIEW;
}

static void turn_clock(struct play *p)
{
    static const int64_t jumps[] = {MS_MINUTE, 6 * MS_MINUTE, 31 * MS_MINUTE, 25 * MS_HOUR, 12 * MS_DAY, -2 * MS_HOUR};

    p->house.now_ms += below(p, 8000);
    if (chance(p, 12))
        p->house.now_ms += jumps[below(p, ARRAY_COUNT(jumps))];
}

static void play_batch(struct play *p)
{
    struct command *batch[BATCH_MOST];
    int64_t count = chance(p, 4) ? 1 : 1 + below(p, BATCH_MOST);
    int64_t before;

    arena_reset(&p->house.arena);
    turn_clock(p);
    for (int64_t i = 0; i < count; i++) {
        p->commands[i] = anything(p);
        p->commands[i].done = keep_reply;
        p->commands[i].context = &p->replies[i];
        batch[i] = &p->commands[i];
    }
    before = sql(p, "PRAGMA data_version");
    engine_run_batch(p->house.engine, batch, (size_t)count);
    house_drop_effects(&p->house);
    for (int64_t i = 0; i < count; i++) {
        int status = p->replies[i].status;

        p->by_status[status / 100]++;
        if (status < 200 || status >= 500)
            fail_msg("%s answered %d", word_text(&command_words, (int)p->commands[i].kind), status);
        if (status >= 400 && count == 1 && !may_leave_a_trace(&p->commands[i])) {
            p->refused_alone++;
            if (sql(p, "PRAGMA data_version") != before)
                fail_msg("a refused %s left a trace: %s", word_text(&command_words, (int)p->commands[i].kind),
                         p->replies[i].body);
        }
        reply_fini(&p->replies[i]);
    }
}

static const char *const laws[] = {
    "SELECT count(*) FROM (SELECT entry FROM posting GROUP BY entry HAVING sum(amount) <> 0)",
    "SELECT sum(amount) FROM posting",
    "SELECT count(*) FROM account a WHERE a.topup <> (SELECT coalesce(sum(remaining), 0) FROM topup WHERE account = "
    "a.id)",
    "SELECT count(*) FROM account a WHERE a.topup_held <> (SELECT coalesce(sum(held), 0) FROM topup WHERE account = "
    "a.id)",
    "SELECT count(*) FROM account a WHERE a.topped_up <> (SELECT coalesce(sum(amount), 0) FROM topup WHERE account = "
    "a.id)",
    "SELECT count(*) FROM account a WHERE a.transferred_in <> (SELECT coalesce(sum(remaining), 0) FROM parcel "
    "WHERE receiver = a.id AND kind = 'transfer')",
    "SELECT count(*) FROM account a WHERE a.allocated_in <> (SELECT coalesce(sum(remaining), 0) FROM parcel "
    "WHERE receiver = a.id AND kind = 'allocation')",
    "SELECT count(*) FROM account a WHERE a.overdue <> (SELECT coalesce(sum(amount), 0) FROM claim "
    "WHERE account = a.id AND kind = 'overdue')",
    "SELECT count(*) FROM subject s WHERE s.overdue <> (SELECT coalesce(sum(overdue), 0) FROM account WHERE subject = "
    "s.id)",
    "SELECT count(*) FROM account a WHERE a.payg_active <> (SELECT count(*) FROM resource "
    "WHERE account = a.id AND state = 'active')",
    "SELECT count(*) FROM account a WHERE a.topup_held + a.other_held <> (SELECT coalesce(sum(amount), 0) FROM leg "
    "WHERE account = a.id AND status IN ('held','sending','accepted','unknown','manual'))",
    "SELECT count(*) FROM account a WHERE a.topup - a.topup_held <> (SELECT coalesce(sum(amount), 0) FROM posting "
    "WHERE account = a.id AND ledger = 'topup')",
    "SELECT count(*) FROM account a WHERE a.topup_held + a.other_held <> (SELECT coalesce(sum(amount), 0) FROM posting "
    "WHERE account = a.id AND ledger = 'held')",
    "SELECT count(*) FROM account a WHERE a.other - a.other_held <> (SELECT coalesce(sum(amount), 0) FROM posting "
    "WHERE account = a.id AND ledger = 'other')",
    "SELECT count(*) FROM topup WHERE refunded + held > amount OR remaining + refunded > amount",
    "SELECT count(*) FROM (SELECT leg FROM attempt WHERE status IN ('intent','unknown') GROUP BY leg HAVING count(*) > "
    "1)",
    "SELECT count(*) FROM (SELECT leg FROM attempt WHERE status IN ('paid','returned') GROUP BY leg HAVING count(*) > "
    "1)",
    "SELECT count(*) FROM (SELECT object FROM entry WHERE kind IN ('settle','release') GROUP BY object HAVING count(*) "
    "> 1)",
    "SELECT count(*) FROM (SELECT object FROM entry WHERE kind = 'return' GROUP BY object HAVING count(*) > 1)",
    "SELECT count(*) FROM (SELECT object FROM entry WHERE kind = 'suspense' GROUP BY object HAVING count(*) > 1)",
    "SELECT count(*) FROM withdrawal w WHERE w.amount <> (SELECT sum(amount) FROM leg WHERE withdrawal = w.id)",
    "SELECT count(*) FROM withdrawal w WHERE w.approvals <> (SELECT count(DISTINCT r.reviewer) FROM review r "
    "WHERE r.withdrawal = w.id AND r.decision = 'approve' AND r.id > (SELECT coalesce(max(n.id), 0) FROM review n "
    "WHERE n.withdrawal = w.id AND n.decision = 'need_documents'))",
    "SELECT max(seq) - count(*) FROM audit",
};

static void check_laws(struct play *p)
{
    for (size_t i = 0; i < ARRAY_COUNT(laws); i++) {
        int64_t broken = sql(p, laws[i]);

        if (broken != 0)
            fail_msg("%lld: %s", (long long)broken, laws[i]);
    }
}

static void play_open(struct play *p)
{
    char reason[256] = "", path[96];

    memset(p, 0, sizeof *p);
    p->state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    house_open_with(&p->house, "2025-10-20T10:00:00+08:00", POLICIES);
    snprintf(path, sizeof path, "%s/ebb.db", p->house.directory);
    assert_int_equal(sqlite3_open_v2(path, &p->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(vault_open(p->house.directory, false, &p->vault, reason), ERR_NONE);
    assert_int_equal(store_open(p->house.directory, STORE_READER, &p->vault, &p->reader, reason), ERR_NONE);
    for (size_t i = 0; i < ARRAY_COUNT(people); i++) {
        char json[300];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(json, sizeof json, people[i].json, "");
#pragma GCC diagnostic pop
        assert_int_equal(house_fact(&p->house, COMMAND_ACCOUNT_PUT, people[i].ref, "", json), 201);
    }
}

static void the_books_add_up_whatever_happens(void **state)
{
    static struct play play;
    struct play *p = &play;
    char audit[512];

    (void)state;
    print_message("seed %" PRIu64 ", %lld commands\n", seed, (long long)commands_wanted);
    play_open(p);
    for (int64_t done = 0, batches = 0; done < commands_wanted; batches++) {
        play_batch(p);
        done = p->by_status[2] + p->by_status[4];
        if (batches % CHECK_EVERY == 0)
            check_laws(p);
    }
    check_laws(p);
    print_message("%lld accepted, %lld refused (%lld of them alone), %lld legs paid, %lld returned, %lld in suspense, "
                  "%lld incidents\n",
                  (long long)p->by_status[2], (long long)p->by_status[4], (long long)p->refused_alone,
                  (long long)sql(p, "SELECT count(*) FROM entry WHERE kind = 'settle'"),
                  (long long)sql(p, "SELECT count(*) FROM entry WHERE kind = 'return'"),
                  (long long)sql(p, "SELECT count(*) FROM entry WHERE kind = 'suspense'"),
                  (long long)sql(p, "SELECT count(*) FROM incident"));
    assert_true(sql(p, "SELECT count(*) FROM entry WHERE kind = 'settle'") > 0);
    store_close(&p->reader);
    vault_fini(&p->vault);
    sqlite3_close(p->db);
    engine_close(&p->house.engine);
    if (audit_program != NULL) {
        snprintf(audit, sizeof audit, "'%.300s' --data '%.63s'", audit_program, p->house.directory);
        assert_int_equal(system(audit), 0);
    }
    house_close(&p->house);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_books_add_up_whatever_happens)};

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        audit_program = argv[2];
    if (argc > 3)
        commands_wanted = strtoll(argv[3], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
