/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor (ebb-audit, src/audit) on books that somebody changed: a cell, a row, or bytes of the file. Whatever was
 * done it ends by itself, with a report that is JSON and says in words what its exit status says. Untouched books are
 * sound; one changed figure, status or journal line is found; and books whose bytes were damaged pass only when every
 * row that can still be read is as it was. */
#include <getopt.h>
#include <sqlite3.h>
#include <unistd.h>

#include "look.h"
#include "stage.h"

#define TABLES ARRAY_COUNT(tables)
#define COLUMNS_MAX 40
#define FLIPS_MAX 6

int audit_main(int count, char **arguments);

/* What must not change unseen: each of them is computed anew from the journal, or is the journal. */
static const struct {
    const char *name, *key, *watched; /* watched: what is selected; NULL: nothing */
    bool rows;                        /* a row that is gone is missed */
} tables[] = {
    {"account", "id",
     "id, currency, topup, topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, "
     "owed_invoice, overdue, unsettled, payg_active, payg_frozen",
     true},
    {"subject", "id", "overdue, accounts", true},
    {"topup", "id", "id, account, amount, remaining, held, refunded", true},
    {"claim", "id", "account, amount", false},
    {"resource", "id", "account, iif(state = 'active', frozen, 0)", false},
    {"fact", "id", "id, account, amount, unpaid", true},
    {"parcel", "id", "id, giver, receiver, amount, remaining, taken_back", true},
    {"draw", "owner, line", "owner, line, account, fund, source, amount, given_back", true},
    {"withdrawal", "id", "id, account, amount, currency, status", true},
    {"leg", "id", "id, withdrawal, amount, status", true},
    {"lot", "withdrawal, leg, line", "leg, withdrawal, topup, amount", true},
    {"attempt", "id", "id, leg, status", true},
    {"entry", "id", "id, account, kind, currency, amount", true},
    {"posting", "entry, line",
     "entry, line, account, ledger, amount, "
     "iif(ledger IN ('topup', 'held', 'transferred_in', 'allocated_in'), source, 0)",
     true},
    {"audit", "seq", "seq, at, principal, command, account, object, body, previous, hash", false},
    {"policy", "name, version", NULL, false},
    {"message", "id", NULL, false},
    {"evidence", "id", NULL, false},
};

static char columns[TABLES][COLUMNS_MAX][32];
static size_t columns_count[TABLES];
static int64_t rows_count[TABLES];
static uint64_t digest;
static char done[512]; /* to the books, in words */

/* ---- the books ---- */

static const struct {
    enum command_kind kind;
    const char *account, *object, *json;
} stories[] = {
    {COMMAND_CHARGE, "ali", "", "{\"ref\":\"c1\",\"amount\":1200}"},
    {COMMAND_CHARGE, "ali", "", "{\"ref\":\"c2\",\"amount\":300}"},
    {COMMAND_CHARGE_REVERSE, "ali", "c2", NULL},
    {COMMAND_CHARGEBACK, "hua", "t0", "{\"ref\":\"b1\",\"amount\":500}"},
    {COMMAND_CLAIM_PUT, "hua", "k1", "{\"kind\":\"owed_invoice\",\"amount\":700}"},
    {COMMAND_CLAIM_PUT, "ali", "k1", "{\"kind\":\"overdue\",\"amount\":10}"},
    {COMMAND_RESOURCE_PUT, "ali", "s1", "{\"state\":\"active\",\"frozen\":100}"},
    {COMMAND_RESOURCE_PUT, "jd", "s1", "{\"state\":\"released\",\"frozen\":5}"},
    {COMMAND_CREDIT, "jd", "", "{\"ref\":\"o2\",\"fund\":\"other\",\"amount\":4000}"},
    {COMMAND_TRANSFER, "ali", "", "{\"ref\":\"x1\",\"from\":\"ali\",\"to\":\"jd\",\"amount\":900}"},
    {COMMAND_CHARGE, "jd", "", "{\"ref\":\"c1\",\"amount\":200}"},
    {COMMAND_RECALL, "", "x1", NULL},
    {COMMAND_ALLOCATE, "hua", "", "{\"ref\":\"x2\",\"master\":\"hua\",\"member\":\"mem\",\"amount\":800}"},
    {COMMAND_INVOICED_PUT, "", "x2", "{\"invoiced\":100}"},
    {COMMAND_CHARGE, "mem", "", "{\"ref\":\"c1\",\"amount\":50}"},
};

static void withdraw(const char *account, const char *more, bool confirm)
{
    char json[256], code[16];

    snprintf(json, sizeof json, "{\"account\":\"%s\",%s}", account, more);
    CHECK(stage_ask(COMMAND_WITHDRAW, "front", ROLE_WITHDRAW, account, "", 0, json) == 201);
    town_code(&stage, stage_newest(), code);
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", code);
    if (confirm)
        CHECK(stage_ask(COMMAND_CODE, "front", ROLE_WITHDRAW, "", "", stage_newest(), json) == 200);
}

static void pay(int64_t later_ms)
{
    for (int i = 0; i < 8 && payout_step(stage.payout) > 0; i++)
        continue;
    stage.now = instant_add_ms(stage.now, later_ms);
}

static void books_fill(void)
{
    withdraw("ali", "\"amount\":1500,\"strategy\":\"lifo\"", true);
    pay(MS_MINUTE);
    stage_script(0, "refused:ACQ.NO");
    withdraw("jd", "\"amount\":400,\"topups\":[{\"ref\":\"t0\",\"amount\":400}]", true);
    CHECK(stage_ask(COMMAND_REVIEW, "rita", ROLE_APPROVE, "", "", stage_newest(),
                    "{\"decision\":\"approve\",\"reason\":\"seen\"}") == 200);
    pay(MS_MINUTE);
    stage_script(0, "bounce_after:1h");
    withdraw("ali", "\"amount\":600,\"topups\":[{\"ref\":\"t0\",\"amount\":600}]", true);
    pay(MS_MINUTE);
    pay(2 * MS_HOUR);
    pay(MS_MINUTE);
    withdraw("hua", "\"amount\":2500", true);
    withdraw("ali", "\"amount\":300", false);
    for (size_t i = 0; i < ARRAY_COUNT(stories); i++) {
        int status = stage_ask(stories[i].kind, "billing", ROLE_FACTS, stories[i].account, stories[i].object, 0,
                               stories[i].json);
        CHECK(status == 200 || status == 201);
    }
}

static void database_path(char ret[DISK_PATH_BYTES + 16])
{
    snprintf(ret, DISK_PATH_BYTES + 16, "%s/ebb.db", stage.directory);
}

static sqlite3 *books_open_rw(void)
{
    char path[DISK_PATH_BYTES + 16];
    sqlite3 *books = NULL;

    database_path(path);
    CHECK(sqlite3_open_v2(path, &books, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    return books;
}

static int64_t number(sqlite3 *books, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(books, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void columns_read(sqlite3 *books, size_t table)
{
    sqlite3_stmt *statement = NULL;
    char sql[96];

    snprintf(sql, sizeof sql, "SELECT name FROM pragma_table_info('%s')", tables[table].name);
    CHECK(sqlite3_prepare_v2(books, sql, -1, &statement, NULL) == SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        CHECK(columns_count[table] < COLUMNS_MAX);
        snprintf(columns[table][columns_count[table]++], sizeof columns[table][0], "%s",
                 (const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[table].name);
    rows_count[table] = number(books, sql);
    CHECK(columns_count[table] > 0 && rows_count[table] > 0);
}

static uint64_t row_digest(sqlite3_stmt *row)
{
    uint64_t sum = 1469598103934665603u;

    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const unsigned char *bytes = sqlite3_column_blob(row, i);
        int size = sqlite3_column_bytes(row, i);
        sum = (sum ^ (unsigned)(sqlite3_column_type(row, i) + 256 * size)) * 1099511628211u;
        for (int at = 0; at < size; at++)
            sum = (sum ^ bytes[at]) * 1099511628211u;
    }
    return sum;
}

/* Of everything that is watched, in whatever order it stands; 0 when something cannot be read. */
static uint64_t books_digest(sqlite3 *books)
{
    uint64_t sum = 1;

    for (size_t table = 0; table < TABLES; table++) {
        sqlite3_stmt *statement = NULL;
        char sql[384];
        int code;
        if (tables[table].watched == NULL)
            continue;
        snprintf(sql, sizeof sql, "SELECT '%s', %s FROM %s", tables[table].name, tables[table].watched,
                 tables[table].name);
        if (sqlite3_prepare_v2(books, sql, -1, &statement, NULL) != SQLITE_OK)
            return 0;
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
            sum += row_digest(statement);
        sqlite3_finalize(statement);
        if (code != SQLITE_DONE)
            return 0;
    }
    return sum;
}

/* ---- the auditor ---- */

/* Its exit status; the report it wrote must say the same. */
static int audit(void)
{
    char program[] = "ebb-audit", data[] = "--data", json[] = "--json";
    char *arguments[] = {program, data, stage.directory, json, NULL}, *text = NULL;
    FILE *out = stdout, *complaints = stderr;
    size_t size = 0;

    stdout = open_memstream(&text, &size);
    stderr = fopen("/dev/null", "we");
    CHECK(stdout != NULL && stderr != NULL);
    optind = 0;
    int status = audit_main(4, arguments);
    fclose(stdout);
    fclose(stderr);
    stdout = out;
    stderr = complaints;

    CHECK(status >= 0 && status <= 2);
    json_t *report SCOPED(look_free) = look_parse(text, size, JSON_REJECT_DUPLICATES);
    if (status == 2) {
        CHECK(size == 0);
    } else {
        const json_t *result = json_object_get(report, "result"), *findings = json_object_get(report, "findings");
        CHECK(json_is_object(result) && json_is_array(findings));
        CHECK(json_is_true(json_object_get(result, "sound")) == (status == 0));
        CHECK((json_array_size(findings) == 0) == (status == 0));
        CHECK(json_integer_value(json_object_get(result, "findings")) == (json_int_t)json_array_size(findings));
    }
    free(text);
    return status;
}

/* ---- what somebody did ---- */

static void value_read(struct input *input, char ret[96])
{
    static const char *const words[] = {"'paid'",
                                        "'failed'",
                                        "'successful'",
                                        "'held'",
                                        "'approved'",
                                        "'CNY'",
                                        "'USD'",
                                        "'topup'",
                                        "'channel'",
                                        "''",
                                        "'ali'",
                                        "'wd_0000000000001'",
                                        "X'00'",
                                        "NULL",
                                        "0",
                                        "-1",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "1"};
    uint8_t what = input_byte(input);

    if (what < 128)
        snprintf(ret, 96, "%s", words[what % ARRAY_COUNT(words)]);
    else if (what < 160)
        snprintf(ret, 96, "%lld", (long long)input_number(input, 8));
    else if (what < 192)
        snprintf(ret, 96, "%llu", (unsigned long long)input_number(input, 3));
    else if (what < 224)
        snprintf(ret, 96, "X'%016llx'", (unsigned long long)input_number(input, 8));
    else
        snprintf(ret, 96, "%d", what - 240);
}

/* One cell gets another value, or one row goes. True: what is watched has changed. */
static bool cell_change(sqlite3 *books, struct input *input)
{
    size_t table = input_choice(input, TABLES), column = input_choice(input, columns_count[table]);
    long long row = (long long)input_number(input, 2) % rows_count[table];
    uint8_t marks = input_byte(input);
    bool relative = marks % 4 == 0, gone = marks >= 224;
    char value[96], where[256];

    value_read(input, value);
    snprintf(where, sizeof where, "WHERE (%s) = (SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %lld)", tables[table].key,
             tables[table].key, tables[table].name, tables[table].key, row);
    if (gone)
        snprintf(done, sizeof done, "DELETE FROM %s %s", tables[table].name, where);
    else
        snprintf(done, sizeof done, "UPDATE OR IGNORE %s SET %s = %s%s %s", tables[table].name, columns[table][column],
                 relative ? columns[table][column] : "", relative ? " + 1" : value, where);
    (void)sqlite3_exec(books, done, NULL, NULL, NULL); /* a value of another type is refused: nothing was done */
    if (gone && !tables[table].rows)
        return false;
    return books_digest(books) != digest;
}

static bool cells_change(struct input *input)
{
    sqlite3 *books = books_open_rw();
    bool single = input_byte(input) < 200, changed = false;

    (void)sqlite3_db_config(books, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    CHECK(sqlite3_exec(books, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF", NULL, NULL, NULL) ==
          SQLITE_OK);
    for (int i = 0; i < (single ? 1 : 3); i++)
        changed = cell_change(books, input);
    sqlite3_close(books);
    return single && changed;
}

static void bytes_change(struct input *input)
{
    char path[DISK_PATH_BYTES + 16];

    database_path(path);
    struct disk_name *name = disk_find(&stage.disk, path);
    CHECK(name != NULL && name->now->now_size > 0);
    for (int i = 0; i < FLIPS_MAX && input->left > 0; i++) {
        size_t at = (size_t)input_number(input, 3) % name->now->now_size;
        name->now->now[at] ^= (uint8_t)(1 + input_choice(input, 255));
    }
}

static void prepare(void)
{
    char path[DISK_PATH_BYTES + 16];
    FILE *stands_for; /* the auditor asks the system whether the file is there */

    stage_build(books_fill);
    town_stop(&stage);
    database_path(path);
    stands_for = fopen(path, "we");
    CHECK(stands_for != NULL);
    fclose(stands_for);
    sqlite3 *books = books_open_rw();
    for (size_t table = 0; table < TABLES; table++)
        columns_read(books, table);
    digest = books_digest(books);
    sqlite3_close(books);
    CHECK(digest != 0 && audit() == 0);
}

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};

    stage_reset_disk();
    if (input_byte(&input) < 128) {
        bool must_find = cells_change(&input);
        int status = audit();
        if (must_find && status == 0)
            fprintf(stderr, "not found: %s\n", done);
        CHECK(!must_find || status != 0);
        return 0;
    }
    bytes_change(&input);
    if (audit() == 0) {
        sqlite3 *books = books_open_rw();
        CHECK(books_digest(books) == digest);
        sqlite3_close(books);
    }
    return 0;
}
