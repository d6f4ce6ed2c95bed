/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a command loads may fail to come, for want of memory or because the store cannot now: the n-th such step of
 * every command fails, for every n until none is hit. Each failure is answered "later" and changes no byte, and the
 * same request under the same key then happens once. Failures inside the store are test_faults.c's. */
#include "house.h"

#include "engine/chain.h"

/* ---- an arena and a store that fail on demand ---- */

static struct {
    bool armed;
    bool reading;    /* the store may fail */
    bool growing;    /* memory may fail: until a decision has its own, and again when it is kept */
    bool writing;    /* the memory of an answer may fail */
    bool swapped;    /* odd and even steps, of what the store says */
    int64_t of_head; /* arms this step of reading the chain's head, and no other; 0: none */
    int64_t n, countdown;
    bool struck;
} fault;

static void fault_arm(int64_t n)
{
    fault.armed = true;
    fault.n = fault.countdown = n;
    fault.struck = false;
}

static bool strikes(bool here)
{
    if (!fault.armed || !here || --fault.countdown > 0)
        return false;
    fault.armed = false;
    fault.struck = true;
    return true;
}

/* The linker does not compare types: this does. */
#define WRAPS(result, name, ...)                                                                                       \
    __typeof__(name) __real_##name, __wrap_##name;                                                                     \
    result __wrap_##name(__VA_ARGS__)

WRAPS(void *, arena_alloc, struct arena *arena, size_t bytes)
{
    return strikes(fault.growing) ? NULL : __real_arena_alloc(arena, bytes);
}

WRAPS(void *, realloc, void *old, size_t bytes)
{
    return strikes(fault.writing) ? NULL : __real_realloc(old, bytes);
}

WRAPS(char *, arena_text, struct arena *arena, const char *text)
{
    return strikes(fault.growing) ? NULL : __real_arena_text(arena, text);
}

WRAPS(void *, arena_copy, struct arena *arena, const void *bytes, size_t bytes_count)
{
    return strikes(fault.growing) ? NULL : __real_arena_copy(arena, bytes, bytes_count);
}

#define DECISION_BYTES ((size_t)256 << 10)

WRAPS(bool, arena_reserve, struct arena *arena, size_t bytes)
{
    if (strikes(fault.growing))
        return false;
    if (bytes >= DECISION_BYTES)
        fault.growing = false;
    return __real_arena_reserve(arena, bytes);
}

/* Odd steps cannot now, of even ones nobody knows; or the other way round. */
static enum err store_fault(void)
{
    return (fault.n % 2 != 0) != fault.swapped ? ERR_RETRY : ERR_UNKNOWN;
}

__typeof__(store_select) __real_store_select;

/* PostgreSQL locks what it reads. Here nobody else writes, and SQLite is asked what it has a text for. */
static enum err select_alone(struct store *store, struct fetch *fetch, struct arena *arena)
{
    static const struct {
        enum query asked, alone;
    } twins[] = {{QUERY_ACCOUNT_LOCK, QUERY_ACCOUNT_BY_ID},
                 {QUERY_ACCOUNT_OF_REF, QUERY_ACCOUNT_BY_REF},
                 {QUERY_SUBJECT_LOCK, QUERY_SUBJECT_BY_ID},
                 {QUERY_ACCOUNTS_OF_PARCEL, QUERY_PARCEL_BY_REF},
                 {QUERY_ACCOUNT_OF_WITHDRAWAL, QUERY_WITHDRAWAL_BY_ID}};
    bool owner = fetch->query == QUERY_ACCOUNT_OF_WITHDRAWAL;
    enum query query = fetch->query;
    struct account *account = __real_arena_alloc(arena, sizeof *account);

    if (query == QUERY_AUDIT_HEAD_LOCK)
        return ERR_NONE;
    for (size_t i = 0; i < ARRAY_COUNT(twins); i++)
        if (twins[i].asked == fetch->query)
            query = twins[i].alone;
    TRY(__real_store_select(store, query, fetch->args, fetch->args_count, owner ? &withdrawal_table : fetch->table,
                            arena, &fetch->rows));
    if (owner && fetch->rows.count > 0) {
        account->id = ((const struct withdrawal *)fetch->rows.items[0])->account;
        fetch->rows.items[0] = account;
    }
    return ERR_NONE;
}

WRAPS(enum err, store_select, struct store *store, enum query query, const struct value *args, size_t args_count,
      const struct table *table, struct arena *arena, struct rows *ret)
{
    struct fetch fetch = {.query = query, .table = table, .args = args, .args_count = args_count};

    if (strikes(fault.reading))
        return store_fault();
    TRY(select_alone(store, &fetch, arena));
    *ret = fetch.rows;
    return ERR_NONE;
}

WRAPS(enum err, store_fetch, struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena)
{
    if (strikes(fault.reading))
        return store_fault();
    for (size_t i = 0; i < count; i++)
        TRY(select_alone(store, fetches[i], arena));
    return ERR_NONE;
}

WRAPS(enum err, store_int, struct store *store, enum query query, const struct value *args, size_t args_count,
      int64_t *ret)
{
    return strikes(fault.reading) ? store_fault() : __real_store_int(store, query, args, args_count, ret);
}

/* Whether the rows are shared with other engines: then a batch first gathers what it will want. */
static bool shared;

WRAPS(bool, store_is_shared, const struct store *store)
{
    return shared || __real_store_is_shared(store);
}

WRAPS(enum err, process_gather, struct step *step)
{
    enum err err;

    fault.reading = fault.growing = true;
    err = __real_process_gather(step);
    fault.reading = fault.growing = false;
    return err;
}

WRAPS(enum err, batch_fetch, struct batch *batch)
{
    enum err err;

    fault.reading = fault.growing = true;
    err = __real_batch_fetch(batch);
    fault.reading = fault.growing = false;
    return err;
}

WRAPS(enum err, process_command, struct step *step, struct chain *chain, struct reply *ret)
{
    enum err err;

    fault.reading = fault.growing = fault.writing = true;
    err = __real_process_command(step, chain, ret);
    fault.reading = fault.growing = fault.writing = false;
    return err;
}

WRAPS(enum err, batch_adopt, struct batch *batch, struct row *first)
{
    enum err err;

    fault.growing = true;
    err = __real_batch_adopt(batch, first);
    fault.growing = false;
    return err;
}

WRAPS(enum err, chain_follow, struct batch *batch, const struct chain *began, struct chain *chain,
      const struct quarantine **ret_last, bool *ret_same)
{
    enum err err;

    if (fault.of_head > 0)
        fault_arm(fault.of_head);
    fault.reading = fault.growing = true;
    err = __real_chain_follow(batch, began, chain, ret_last, ret_same);
    fault.reading = fault.growing = false;
    return err;
}

/* ---- a house and somebody who watches it ---- */

struct watched {
    struct house house;
    sqlite3 *db;
    sqlite3_stmt *version;
    int64_t keys; /* one for each request */
    int64_t failures;
};

/* A number that changes whenever somebody else commits a change. */
static int64_t version_of(struct watched *w)
{
    int64_t version;

    assert_int_equal(sqlite3_step(w->version), SQLITE_ROW);
    version = sqlite3_column_int64(w->version, 0);
    sqlite3_reset(w->version);
    return version;
}

static void open_watched(struct watched *w)
{
    char path[96];

    memset(w, 0, sizeof *w);
    house_open(&w->house, "2026-11-20T10:00:00+08:00");
    snprintf(path, sizeof path, "%s/ebb.db", w->house.directory);
    assert_int_equal(sqlite3_open_v2(path, &w->db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(w->db, "PRAGMA data_version", -1, &w->version, NULL), SQLITE_OK);
}

static void close_watched(struct watched *w)
{
    sqlite3_finalize(w->version);
    sqlite3_close(w->db);
    house_close(&w->house);
}

static void key_next(struct watched *w, struct command *command)
{
    snprintf(command->idempotency_key, sizeof command->idempotency_key, "k%lld", (long long)++w->keys);
    memcpy(command->fingerprint, &w->keys, sizeof w->keys);
}

/* Asks until nothing fails. Each failure changes no byte. */
static void ask_until_answered(struct watched *w, struct command *command, const char *json)
{
    for (int64_t n = 1;; n++) {
        int64_t version = version_of(w);

        fault_arm(n);
        house_ask(&w->house, command, json);
        if (!fault.struck)
            break;
        w->failures++;
        assert_int_equal(w->house.status, 503);
        assert_string_equal(house_member(&w->house, "code"), "later");
        assert_int_equal(version_of(w), version);
    }
    fault.armed = false;
}

/* The answer that comes at last is the only one that did anything; asked again it is the same, and so on. */
static int persist(struct watched *w, struct command command, const char *json)
{
    int64_t version;
    char *body;

    key_next(w, &command);
    ask_until_answered(w, &command, json);
    assert_false(w->house.replayed);
    body = strdup(w->house.body);
    version = version_of(w);
    ask_until_answered(w, &command, json);
    assert_true(w->house.replayed);
    assert_string_equal(w->house.body, body);
    assert_int_equal(version_of(w), version);
    free(body);
    return w->house.status;
}

static int persist_fact(struct watched *w, enum command_kind kind, const char *account, const char *object,
                        const char *json)
{
    return persist(w, house_command(kind, "billing", BILLING, account, object), json);
}

static int persist_on(struct watched *w, enum command_kind kind, int64_t id, const char *who, const char *json)
{
    unsigned roles = kind == COMMAND_TICK ? (unsigned)ROLE_SYSTEM : (unsigned)OPERATOR;
    struct command command = house_command(kind, who, roles, "", "");

    command.object_id = id;
    return persist(w, command, json);
}

static int64_t persist_withdraw(struct watched *w, const char *json)
{
    char papers[1024];
    int64_t id = 0;

    house_papers(&w->house, json, papers, sizeof papers);
    assert_int_equal(persist(w, house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", ""), papers), 201);
    assert_true(id_parse("wd", house_member(&w->house, "id"), &id));
    return id;
}

static void persist_code(struct watched *w, int64_t id)
{
    char code[16], body[64];

    house_code(&w->house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    assert_int_equal(persist_on(w, COMMAND_CODE, id, "alice", body), 200);
}

static struct command evidence(struct house *house, enum evidence_kind kind, int64_t amount_minor)
{
    struct command command = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");

    assert_non_null(house->effects);
    memcpy(command.answer.key, house->effects->key, sizeof command.answer.key);
    memcpy(command.channel, house->effects->channel, sizeof command.channel);
    command.source = SOURCE_CALLBACK;
    command.answer.kind = kind;
    command.answer.amount = money_of(amount_minor);
    snprintf(command.answer.currency, sizeof command.answer.currency, "CNY");
    snprintf(command.answer.reference, sizeof command.answer.reference, "R1");
    return command;
}

#define PERSON                                                                                                         \
    "\"currency\":\"CNY\",\"phone\":\"1380\",\"subject\":{\"kind\":\"person\",\"name\":\"Alice\",\"id_number\":"       \
    "\"110\",\"verified\":true}"
#define PAYER "\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"}"

static void accounts(struct watched *w)
{
    assert_int_equal(persist_fact(w, COMMAND_ACCOUNT_PUT, "boss", "", "{\"policy\":\"huawei\"," PERSON "}"), 201);
    assert_int_equal(
        persist_fact(w, COMMAND_ACCOUNT_PUT, "alice", "", "{\"policy\":\"huawei\",\"master\":\"boss\"," PERSON "}"),
        201);
    assert_int_equal(
        persist_fact(w, COMMAND_ACCOUNT_PUT, "alice", "", "{\"policy\":\"huawei\",\"master\":\"boss\"," PERSON "}"),
        200);
    for (int i = 1; i <= 2; i++) {
        char body[200];

        snprintf(body, sizeof body,
                 "{\"ref\":\"t%d\",\"amount\":60000,\"method\":\"alipay\",\"paid_at\":"
                 "\"2026-11-0%dT10:00:00+08:00\"," PAYER "}",
                 i, i);
        assert_int_equal(persist_fact(w, COMMAND_TOPUP, "alice", "", body), 201);
        assert_int_equal(persist_fact(w, COMMAND_TOPUP, "boss", "", body), 201);
        assert_int_equal(persist_fact(w, COMMAND_TOPUP, "boss", "", body), 200); /* told twice */
    }
}

static int64_t funds(struct watched *w)
{
    return house_sql(&w->house, "SELECT sum(topup + transferred_in + allocated_in + other) FROM account");
}

static int64_t sound(struct watched *w)
{
    assert_int_equal(house_sql(&w->house, "SELECT sum(amount) FROM posting"), 0);
    assert_int_equal(house_sql(&w->house, "SELECT count(*) - max(seq) FROM audit"), 0);
    assert_int_equal(house_sql(&w->house, "SELECT count(*) FROM audit a JOIN audit b ON b.seq = a.seq + 1 AND "
                                          "b.previous <> a.hash"),
                     0);
    return funds(w);
}

/* ---- one command after the other ---- */

static void every_fact_happens_once_or_later(void **state)
{
    static const struct {
        enum command_kind kind;
        const char *account, *object, *body;
        int status;
        int64_t funds_minor; /* of both accounts afterwards */
    } rows[] = {
        {COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":70000}", 201, 170000},
        {COMMAND_CHARGE, "alice", "", "{\"ref\":\"c2\",\"amount\":60000}", 201, 120000}, /* 100.00 stay unpaid */
        {COMMAND_CHARGE_REVERSE, "alice", "c2", NULL, 200, 170000},
        {COMMAND_CHARGE_REVERSE, "alice", "c1", NULL, 200, 240000},
        {COMMAND_CHARGEBACK, "alice", "t1", "{\"ref\":\"cb1\",\"amount\":60000}", 201, 180000},
        {COMMAND_CLAIM_PUT, "alice", "bill", "{\"kind\":\"owed_invoice\",\"amount\":100}", 201, 180000},
        {COMMAND_CLAIM_PUT, "alice", "bill", "{\"kind\":\"owed_invoice\",\"amount\":0}", 200, 180000},
        {COMMAND_RESOURCE_PUT, "alice", "vm", "{\"state\":\"active\",\"frozen\":100}", 201, 180000},
        {COMMAND_CREDIT, "alice", "", "{\"ref\":\"cr\",\"fund\":\"other\",\"amount\":5000}", 201, 185000},
        {COMMAND_TRANSFER, "", "", "{\"ref\":\"tr\",\"from\":\"boss\",\"to\":\"alice\",\"amount\":70000}", 201, 185000},
        {COMMAND_CHARGE, "alice", "", "{\"ref\":\"c3\",\"amount\":70000}", 201, 115000},
        {COMMAND_CHARGE_REVERSE, "alice", "c3", NULL, 200, 185000},
        {COMMAND_RECALL, "", "tr", NULL, 200, 185000},
        {COMMAND_ALLOCATE, "", "", "{\"ref\":\"al\",\"master\":\"boss\",\"member\":\"alice\",\"amount\":70000}", 201,
         185000},
        {COMMAND_INVOICED_PUT, "", "al", "{\"invoiced\":100}", 200, 185000},
        {COMMAND_RECLAIM, "", "al", NULL, 200, 185000},
        {COMMAND_TICKET, "alice", "", "{\"account\":\"alice\",\"kind\":\"offline_refund\"}", 201, 185000},
    };
    struct watched w;

    (void)state;
    open_watched(&w);
    accounts(&w);
    assert_int_equal(funds(&w), 240000);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int status = persist_fact(&w, rows[i].kind, rows[i].account, rows[i].object, rows[i].body);

        if (status != rows[i].status)
            fail_msg("row %zu: %d, %s", i, status, w.house.body);
        assert_int_equal(sound(&w), rows[i].funds_minor);
    }
    assert_true(w.failures > 100);
    close_watched(&w);
}

static void every_step_of_a_withdrawal_happens_once_or_later(void **state)
{
    struct watched w;
    char body[300], id_text[ID_TEXT_BYTES];
    int64_t id;

    (void)state;
    open_watched(&w);
    accounts(&w);
    id = persist_withdraw(&w, "{\"account\":\"alice\",\"amount\":100}");
    assert_int_equal(persist_on(&w, COMMAND_CANCEL, id, "alice", NULL), 200);
    id = persist_withdraw(&w, "{\"account\":\"alice\",\"amount\":30000}");
    w.house.now_ms += MS_MINUTE;
    assert_int_equal(persist_on(&w, COMMAND_RESEND, id, "alice", NULL), 200);
    assert_int_equal(persist_on(&w, COMMAND_CODE, id, "alice", "{\"code\":\"wrong\"}"), 422);
    assert_string_equal(house_member(&w.house, "tries_left"), "4");
    persist_code(&w, id);
    assert_int_equal(persist_on(&w, COMMAND_REVIEW, id, "r1", "{\"decision\":\"need_documents\"}"), 200);
    id_format("wd", id, id_text);
    snprintf(
        body, sizeof body,
        "{\"withdrawal\":\"%s\",\"name\":\"a.pdf\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}",
        id_text);
    assert_int_equal(persist_on(&w, COMMAND_DOCUMENT, id, "alice", body), 201);
    assert_int_equal(persist_on(&w, COMMAND_REVIEW, id, "r1", "{\"decision\":\"approve\"}"), 200);
    assert_int_equal(persist_on(&w, COMMAND_TICK, id, "system", NULL), 200);
    assert_int_equal(house_sql(&w.house, "SELECT topup_held FROM account WHERE ref = 'alice'"), 30000);
    assert_int_equal(persist(&w, evidence(&w.house, EVIDENCE_NOTHING, 0), NULL), 200);
    assert_int_equal(persist(&w, evidence(&w.house, EVIDENCE_PAID, 30000), NULL), 200);
    assert_string_equal(house_member(&w.house, "status"), "successful");
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM attempt"), 1);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM evidence"), 2);
    assert_int_equal(sound(&w), 210000);
    close_watched(&w);
}

/* What nobody else would tell is decided by two people, each of whom may have to ask again. */
static void a_decision_by_two_people_happens_once_or_later(void **state)
{
    struct watched w;
    char body[200], letter[ID_TEXT_BYTES];
    int64_t id;

    (void)state;
    open_watched(&w);
    accounts(&w);
    id = persist_withdraw(&w, "{\"account\":\"alice\",\"amount\":30000}");
    persist_code(&w, id);
    assert_int_equal(persist_on(&w, COMMAND_REVIEW, id, "r1", "{\"decision\":\"approve\"}"), 200);
    assert_int_equal(persist_on(&w, COMMAND_TICK, id, "system", NULL), 200);
    w.house.now_ms += MS_DAY;
    assert_int_equal(persist_on(&w, COMMAND_TICK, id, "system", NULL), 200);
    w.house.now_ms += MS_MINUTE;
    assert_int_equal(persist_on(&w, COMMAND_TICK, id, "system", NULL), 200);
    snprintf(body, sizeof body,
             "{\"account\":\"alice\",\"name\":\"f\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}");
    assert_int_equal(persist(&w, house_command(COMMAND_DOCUMENT, "alice", OPERATOR, "alice", ""), body), 201);
    snprintf(letter, sizeof letter, "%s", house_member(&w.house, "id"));
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"kind\":\"not_paid\",\"amount\":30000,\"document\":\"%s\"}",
             w.house.effects->key, letter);
    assert_int_equal(persist_on(&w, COMMAND_RESOLVE, id, "r1", body), 200);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM evidence WHERE effect = 'proposed'"), 1);
    assert_int_equal(house_sql(&w.house, "SELECT topup_held FROM account WHERE ref = 'alice'"), 30000);
    assert_int_equal(persist_on(&w, COMMAND_RESOLVE, id, "r2", body), 200);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM evidence WHERE effect = 'proposed'"), 1);
    assert_string_equal(house_member(&w.house, "status"), "failed");
    assert_int_equal(sound(&w), 240000);
    close_watched(&w);
}

/* A statement's lines, what it does not have, and what a person says of a break. */
static void a_statement_is_taken_once_or_later(void **state)
{
    static const char piece[] =
        "{\"channel\":\"%s\",\"from\":\"2026-11-20T00:00:00+08:00\",\"to\":\"2026-11-20T12:00:00+08:00\",\"hash\":"
        "\"00000000000000000000000000000000000000000000000000000000000000aa\",\"first\":%d,\"total\":2,\"lines\":[{"
        "\"key\":"
        "\"%s\",\"outcome\":\"paid\",\"amount\":30000,\"currency\":\"CNY\",\"at\":\"2026-11-20T10:01:00+08:00\"}]}";
    struct command tell = house_command(COMMAND_STATEMENT, "anna", ROLE_RESOLVE, "", ""), settle;
    char body[600], id[ID_TEXT_BYTES];
    struct watched w;
    int64_t sent, missing;

    (void)state;
    open_watched(&w);
    accounts(&w);
    for (int i = 0; i < 2; i++) {
        sent = persist_withdraw(&w, "{\"account\":\"alice\",\"amount\":30000}");
        persist_code(&w, sent);
        assert_int_equal(persist_on(&w, COMMAND_REVIEW, sent, "r1", "{\"decision\":\"approve\"}"), 200);
        assert_int_equal(persist_on(&w, COMMAND_TICK, sent, "system", NULL), 200);
        w.house.now_ms += 2 * MS_MINUTE;
    }
    w.house.now_ms += 4 * MS_HOUR;
    snprintf(body, sizeof body, piece, w.house.effects->channel, 0, "STRANGE");
    assert_int_equal(persist(&w, tell, body), 200);
    snprintf(body, sizeof body, piece, w.house.effects->channel, 1, w.house.effects->key);
    assert_int_equal(persist(&w, tell, body), 200);
    assert_string_equal(house_member(&w.house, "status"), "taken");
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM recon_line"), 2);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM recon_break"), 2); /* theirs, and ours */
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM leg WHERE status = 'successful'"), 1);
    missing = house_sql(&w.house, "SELECT id FROM recon_break WHERE kind = 'ours_not_theirs'");
    id_format("bk", missing, id);
    settle = house_command(COMMAND_BREAK_SETTLE, "anna", ROLE_RESOLVE, "", id);
    assert_int_equal(persist(&w, settle, "{\"reason\":\"the bank wrote\"}"), 200);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM recon_break WHERE status = 'settled'"), 1);
    assert_int_equal(sound(&w), 210000);
    close_watched(&w);
}

/* ---- several in one batch ---- */

static void keep_status(struct command *command, struct reply *reply)
{
    *(int *)command->context = reply->status;
    reply_fini(reply);
}

/* What is asked in one batch, in every round under new refs; and what it answers when nothing fails. */
static const struct {
    enum command_kind kind;
    const char *ref; /* of what is made, "" where a withdrawal is meant */
    int withdrawal;
    int wanted;
} mixed[] = {
    {COMMAND_TICK, "", 0, 200},
    {COMMAND_TICK, "", 1, 200},
    {COMMAND_TICK, "", 0, 200},
    {COMMAND_TICK, "", 1, 200}, /* of other funds */
    {COMMAND_CODE, "", 0, 409}, /* nobody waits for it any more */
    {COMMAND_TICK, "", 2, 404},
    {COMMAND_CHARGE, "c", 0, 201},
    {COMMAND_CHARGE_REVERSE, "c", 0, 200},
    {COMMAND_TRANSFER, "t", 0, 201},
    {COMMAND_RECALL, "t", 0, 200},
    {COMMAND_RECALL, "none", 0, 404},
    {COMMAND_CREDIT, "k", 0, 201},
    {COMMAND_ACCOUNT_PUT, "n", 0, 201},
    {COMMAND_CLAIM_PUT, "n", 0, 201}, /* of the account that is new in this batch */
    {COMMAND_REVIEW, "", 0, 403},     /* by somebody who may not */
};
enum { MIXED = ARRAY_COUNT(mixed) };

static bool run_mixed(struct watched *w, const int64_t ids[3], int64_t round, int64_t n, int statuses[MIXED])
{
    static const struct code_ask code = {"000000"};
    char refs[MIXED][24];
    struct charge_ask charge = {.ref = refs[6], .amount = {1}};
    struct transfer_ask transfer = {.ref = refs[8], .from = "alice", .to = "bob", .amount = {1}};
    struct credit_ask credit = {.ref = refs[11], .fund = FUND_OTHER, .amount = {1}};
    static const struct account_ask account = {
        .policy = "alibaba", .currency = "CNY", .subject = {SUBJECT_PERSON, "Alice", "110", true}};
    static const struct claim_ask claim = {CLAIM_UNSETTLED, {1}};
    const void *const asks[COMMAND__COUNT] = {
        [COMMAND_CODE] = &code,     [COMMAND_ACCOUNT_PUT] = &account, [COMMAND_CLAIM_PUT] = &claim,
        [COMMAND_CHARGE] = &charge, [COMMAND_TRANSFER] = &transfer,   [COMMAND_CREDIT] = &credit};
    struct command commands[MIXED], *batch[MIXED];

    for (size_t i = 0; i < MIXED; i++) {
        enum command_kind kind = mixed[i].kind;
        bool named = mixed[i].ref[0] != '\0';
        bool made = kind == COMMAND_CHARGE_REVERSE || kind == COMMAND_RECALL || kind == COMMAND_CLAIM_PUT;
        bool fresh = kind == COMMAND_ACCOUNT_PUT || kind == COMMAND_CLAIM_PUT;

        snprintf(refs[i], sizeof refs[i], "%s%lld", mixed[i].ref, (long long)round);
        commands[i] = house_command(kind, "somebody", mixed[i].wanted == 403 ? 0u : ~0u,
                                    fresh ? refs[i] : (named ? "alice" : ""), made ? refs[i] : "");
        commands[i].ask = asks[kind];
        commands[i].object_id = named ? 0 : ids[mixed[i].withdrawal];
        commands[i].done = keep_status;
        commands[i].context = &statuses[i];
        if (named)
            snprintf(commands[i].idempotency_key, sizeof commands[i].idempotency_key, "%zu %s", i, refs[i]);
        memset(commands[i].fingerprint, 1, sizeof commands[i].fingerprint);
        batch[i] = &commands[i];
    }
    fault_arm(n);
    engine_run_batch(w->house.engine, batch, MIXED);
    fault.armed = false;
    return fault.struck;
}

/* What is wanted, or nothing yet; and what was not made is not there for the next. */
static void answer_fits(size_t i, int status)
{
    bool needs = mixed[i].kind == COMMAND_CHARGE_REVERSE || mixed[i].kind == COMMAND_RECALL ||
                 mixed[i].kind == COMMAND_CLAIM_PUT;

    if (status != mixed[i].wanted && status != 503 && !(needs && status == 404))
        fail_msg("command %zu is answered %d", i, status);
}

static void open_mixed(struct watched *w, int64_t ids[3])
{
    open_watched(w);
    assert_int_equal(persist_fact(w, COMMAND_ACCOUNT_PUT, "bob", "", "{\"policy\":\"alibaba\"," PERSON "}"), 201);
    assert_int_equal(persist_fact(w, COMMAND_ACCOUNT_PUT, "alice", "", "{\"policy\":\"alibaba\"," PERSON "}"), 201);
    assert_int_equal(persist_fact(w, COMMAND_TOPUP, "alice", "",
                                  "{\"ref\":\"t1\",\"amount\":60000,\"method\":\"alipay\",\"paid_at\":"
                                  "\"2026-11-01T10:00:00+08:00\"," PAYER "}"),
                     201);
    assert_int_equal(
        persist_fact(w, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}"), 201);
    ids[0] = persist_withdraw(w, "{\"account\":\"alice\",\"amount\":30000}");
    persist_code(w, ids[0]);
    ids[1] =
        persist_withdraw(w, "{\"account\":\"alice\",\"amount\":30000,\"route\":\"application\",\"documents\":[\"a\"],"
                            "\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":\"62\",\"bank\":"
                            "\"ICBC\",\"branch\":\"z\",\"province\":\"x\",\"city\":\"y\"}}");
    persist_code(w, ids[1]);
    assert_int_equal(persist_on(w, COMMAND_TICK, ids[0], "system", NULL), 200);
    ids[2] = 4711;
}

static void batches_happen_in_part_and_then_as_a_whole(bool others)
{
    struct watched w;
    int64_t ids[3], n = 1;

    open_mixed(&w, ids);
    engine_close(&w.house.engine);
    shared = others;
    house_start(&w.house);
    for (bool struck = true; struck; n++) {
        int statuses[MIXED];

        struck = run_mixed(&w, ids, n, n, statuses);
        for (size_t i = 0; i < MIXED; i++)
            answer_fits(i, statuses[i]);
        assert_false(run_mixed(&w, ids, n, INT64_MAX, statuses));
        for (size_t i = 0; i < MIXED; i++)
            assert_int_equal(statuses[i], mixed[i].wanted);
        assert_int_equal(sound(&w), 110000 + n);
    }
    print_message("%lld steps\n", (long long)n);
    assert_true(n > 100);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM attempt"), 1);
    assert_int_equal(house_sql(&w.house, "SELECT sum(topup_held + other_held) FROM account"), 60000);
    shared = false;
    close_watched(&w);
}

static void a_batch_happens_in_part_and_then_as_a_whole(void **state)
{
    (void)state;
    batches_happen_in_part_and_then_as_a_whole(false);
}

static void a_gathered_batch_happens_not_at_all_or_as_a_whole(void **state)
{
    (void)state;
    batches_happen_in_part_and_then_as_a_whole(true);
}

/* Alone in its batch a command may go without having gathered everything: what was asked for in vain comes to nothing
 * that only stands in for an account. Each n is another request, and asked again it is the same one. */
static void one_by_one(struct watched *w, struct command command, bool charges, int wanted)
{
    for (bool struck = true; struck;) {
        char text[96];
        const char *json = charges ? text : NULL;

        key_next(w, &command);
        snprintf(text, sizeof text, "{\"ref\":\"c%lld\",\"amount\":1}", (long long)w->keys);
        fault_arm(++w->failures);
        house_ask(&w->house, &command, json);
        struck = fault.struck;
        fault.armed = false;
        assert_true(w->house.status == wanted || (struck && w->house.status == 503));
        house_ask(&w->house, &command, json);
        assert_int_equal(w->house.status, wanted);
    }
}

static void what_is_gathered_for_one_happens_once(void **state)
{
    struct watched w;
    struct command command;
    int64_t id, spent = 0;

    (void)state;
    open_watched(&w);
    for (int i = 0; i < 3; i++) {
        const char *ref = (const char *[]){"boss", "bob", "alice"}[i];

        assert_int_equal(persist_fact(&w, COMMAND_ACCOUNT_PUT, ref, "", "{\"policy\":\"alibaba\"," PERSON "}"), 201);
        if (i != 1)
            assert_int_equal(persist_fact(&w, COMMAND_TOPUP, ref, "",
                                          "{\"ref\":\"t\",\"amount\":60000,\"method\":\"alipay\",\"paid_at\":"
                                          "\"2026-11-01T10:00:00+08:00\"," PAYER "}"),
                             201);
    }
    assert_int_equal(persist_fact(&w, COMMAND_TRANSFER, "", "",
                                  "{\"ref\":\"tr\",\"from\":\"boss\",\"to\":\"bob\",\"amount\":30000}"),
                     201);
    id = persist_withdraw(&w, "{\"account\":\"alice\",\"amount\":60000}");
    persist_code(&w, id);
    engine_close(&w.house.engine);
    shared = true;
    house_start(&w.house);
    for (int i = 0; i < 2; i++) {
        w.failures = 0;
        one_by_one(&w, house_command(COMMAND_CHARGE, "billing", BILLING, i == 0 ? "boss" : "bob", ""), true, 201);
        assert_true(w.failures > 20);
        spent += w.failures;
        assert_int_equal(sound(&w), 120000 - spent);
    }
    w.failures = 0;
    command = house_command(COMMAND_TICK, "system", ROLE_SYSTEM, "", "");
    command.object_id = id;
    one_by_one(&w, command, false, 200);
    assert_int_equal(house_sql(&w.house, "SELECT count(*) FROM attempt"), 1);
    assert_int_equal(sound(&w), 120000 - spent);
    shared = false;
    close_watched(&w);
}

/* ---- the engine itself ---- */

/* What another engine has appended meanwhile comes first: the batch's own rows are linked anew behind it. */
static void audit_rows_follow_what_others_appended(void **state)
{
    struct watched w;
    struct batch batch;
    struct store *reader = NULL;
    struct arena arena;
    struct chain head, chain;
    const struct quarantine *last;
    char reason[256];
    bool same;

    (void)state;
    open_watched(&w);
    accounts(&w);
    arena_init(&arena, (size_t)8 << 20);
    assert_int_equal(store_open(store_place(NULL, w.house.directory), STORE_READER, NULL, &reader, reason), ERR_NONE);
    assert_int_equal(chain_load(reader, &arena, &head), ERR_NONE);
    assert_true(head.seq > 1);
    for (int64_t behind = 0; behind < 2; behind++) {
        struct chain began = {.seq = head.seq - behind};
        struct audit_row *rows[2];

        batch_init(&batch, reader, &arena, NULL);
        chain = (struct chain){.seq = began.seq + 2};
        (void)changes_new(&batch.changes, __real_arena_alloc(&arena, sizeof(struct event)), &event_table);
        for (int64_t i = 0; i < 2; i++) {
            rows[i] = changes_new(&batch.changes, __real_arena_alloc(&arena, sizeof *rows[i]), &audit_table);
            rows[i]->seq = began.seq + 1 + i;
            rows[i]->body = "{}";
        }
        assert_int_equal(chain_follow(&batch, &began, &chain, &last, &same), ERR_NONE);
        assert_null(last);
        assert_int_equal(same, behind == 0);
        assert_int_equal(chain.seq, head.seq + 2);
        assert_int_equal(rows[0]->seq, head.seq + 1);
        assert_int_equal(rows[1]->seq, head.seq + 2);
        if (behind == 0)
            continue; /* nobody was there: the rows stay as they were linked */
        assert_memory_equal(rows[0]->previous, head.hash, sizeof head.hash);
        assert_memory_equal(rows[1]->previous, rows[0]->hash, sizeof rows[0]->hash);
        assert_memory_equal(chain.hash, rows[1]->hash, sizeof chain.hash);
        assert_memory_not_equal(rows[0]->hash, head.hash, sizeof head.hash);
    }
    engine_close(&w.house.engine);
    w.house.config.quarantine = true;
    house_start(&w.house);
    assert_int_equal(chain_load(reader, &arena, &head), ERR_NONE);
    batch_init(&batch, reader, &arena, NULL);
    assert_int_equal(chain_lock(&batch), ERR_NONE);
    assert_int_equal(chain_follow(&batch, &head, &chain, &last, &same), ERR_NONE);
    assert_non_null(last); /* and it stands still now */
    assert_false(instant_is_set(last->released_at));
    store_close(&reader);
    arena_fini(&arena);
    close_watched(&w);
}

/* A row holds on the one before it and on no other: one that was changed, left out or put first is seen. */
static void a_row_of_the_chain_holds_in_its_place_only(void **state)
{
    const struct value from[] = {value_int("after", 0), value_int("limit", 4)};
    struct watched w;
    struct store *store = NULL;
    struct arena arena;
    struct rows rows;
    char reason[256];

    (void)state;
    open_watched(&w);
    accounts(&w);
    arena_init(&arena, (size_t)1 << 20);
    assert_int_equal(store_open(store_place(NULL, w.house.directory), STORE_READER, NULL, &store, reason), ERR_NONE);
    assert_int_equal(store_select(store, QUERY_AUDIT_LIST, from, 2, &audit_table, &arena, &rows), ERR_NONE);
    assert_int_equal(rows.count, 4);
    for (size_t i = 0; i < rows.count; i++)
        for (size_t before = 0; before <= rows.count; before++) {
            struct audit_row changed = *(const struct audit_row *)rows.items[i];
            const struct audit_row *other = before == 0 ? NULL : rows.items[before - 1];

            assert_int_equal(chain_holds(&changed, other), before == i);
            changed.object++;
            assert_false(chain_holds(&changed, other));
        }
    store_close(&store);
    arena_fini(&arena);
    close_watched(&w);
}

/* An engine that shares its rows reads the chain's head again before it saves. Where that does not come, the answer
 * says how it failed and nothing is saved; asked again under the same key it is saved once. */
static void a_head_that_does_not_come_saves_nothing(void **state)
{
    static const char *const codes[] = {"later", "unknown_outcome"};
    static const char rows[] = "SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM idempotency)";
    struct watched w;

    (void)state;
    open_watched(&w);
    accounts(&w);
    shared = true;
    for (int i = 0; i < 2; i++) {
        struct command credit = house_command(COMMAND_CREDIT, "billing", BILLING, "alice", "");
        char json[64];

        engine_close(&w.house.engine);
        house_start(&w.house); /* it does not expect the head to be its own yet */
        key_next(&w, &credit);
        snprintf(json, sizeof json, "{\"ref\":\"c%d\",\"fund\":\"other\",\"amount\":1}", i);
        fault.swapped = i == 1;
        for (fault.of_head = 1;; fault.of_head++) {
            int64_t before = house_sql(&w.house, rows);

            fault.struck = false;
            house_ask(&w.house, &credit, json);
            if (!fault.struck)
                break;
            assert_int_equal(w.house.status, 503);
            assert_string_equal(house_member(&w.house, "code"), codes[fault.of_head == 1 ? i : 0]);
            assert_int_equal(house_sql(&w.house, rows), before);
            assert_int_equal(sound(&w), 240000 + i);
        }
        assert_true(fault.of_head > 2); /* the store, then memory */
        fault.of_head = 0;
        fault.armed = false;
        assert_int_equal(w.house.status, 201);
        assert_int_equal(sound(&w), 240001 + i);
    }
    fault.swapped = shared = false;
    close_watched(&w);
}

static void an_engine_that_cannot_read_its_heads_does_not_start(void **state)
{
    struct watched w;
    char reason[256];
    int64_t n = 1;

    (void)state;
    open_watched(&w);
    accounts(&w);
    engine_close(&w.house.engine);
    for (;; n++) {
        enum err err;

        reason[0] = '\0';
        fault_arm(n);
        fault.reading = fault.growing = true;
        err = engine_open(&w.house.config, &w.house.engine, reason);
        fault.reading = fault.growing = false;
        if (!fault.struck)
            break;
        assert_true(err == ERR_RETRY || err == ERR_UNKNOWN);
        assert_null(w.house.engine);
    }
    fault.armed = false;
    assert_true(n > 2);
    assert_int_equal(persist_fact(&w, COMMAND_CREDIT, "alice", "", "{\"ref\":\"c\",\"fund\":\"other\",\"amount\":1}"),
                     201);
    assert_int_equal(sound(&w), 240001);
    close_watched(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_happens_once_or_later),
        cmocka_unit_test(every_step_of_a_withdrawal_happens_once_or_later),
        cmocka_unit_test(a_decision_by_two_people_happens_once_or_later),
        cmocka_unit_test(a_statement_is_taken_once_or_later),
        cmocka_unit_test(a_batch_happens_in_part_and_then_as_a_whole),
        cmocka_unit_test(a_gathered_batch_happens_not_at_all_or_as_a_whole),
        cmocka_unit_test(what_is_gathered_for_one_happens_once),
        cmocka_unit_test(audit_rows_follow_what_others_appended),
        cmocka_unit_test(a_row_of_the_chain_holds_in_its_place_only),
        cmocka_unit_test(a_head_that_does_not_come_saves_nothing),
        cmocka_unit_test(an_engine_that_cannot_read_its_heads_does_not_start),
    };
    return cmocka_run_group_tests_name("engine_faults", tests, NULL, NULL);
}
