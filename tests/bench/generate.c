/* SPDX-License-Identifier: Apache-2.0 */
/* Large books, fast: rows are decided by the domain's own functions and saved by the store, without the engine's
 * reading, replies and keys in between.
 *
 *   generate accounts DIR COUNT TOPUPS audited|unaudited    accounts a0 …, each with so many live top-ups
 *   generate spent DIR COUNT LIVE audited|unaudited         account a0 with COUNT spent top-ups behind LIVE live ones
 *
 * The books are whole or useless: while they grow there is no log, nothing is synced, no foreign key is looked at, and
 * there are no indexes but the keys. Those are made at the end, each in one pass.
 *
 * DIR is new. Top-ups of an account lie far apart, as they do when they came in over the years. The audit chain, half
 * of all bytes, is written where the books are to be sound for ebb-audit; a withdrawal reads nothing of it. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_house.h"
#include "domain/funds.h"
#include "engine/step.h"
#include "store/connection.h"

#define CHUNK_ACCOUNTS 4000
#define CHUNK_CHARGES 40
#define CHARGE_TOPUPS 100 /* one charge uses up so many top-ups */
#define TOPUP_MINOR 1000000
#define LIVE_MINOR 1000000000
#define ARENA_BYTES ((size_t)2 << 30)
#define STEP_BYTES ((size_t)64 << 10)
#define INDEXES_MAX 100
#define UNSAFE                                                                                                         \
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -524288"
#define SORTED "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -524288; PRAGMA threads = 2"

static struct generator {
    struct bench_house house;
    struct vault vault;
    struct store *store;
    struct arena arena;
    struct ids ids;
    struct chain chain;
    struct changes changes;
    struct instant now;
    bool audited;
} g;

/* ---- without indexes, and with them again ---- */

static char *indexes[INDEXES_MAX];
static size_t indexes_count;

static sqlite3 *database_open(const char *directory)
{
    char path[4096];
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/ebb.db", directory);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        die("%s: %s", path, sqlite3_errmsg(db));
    return db;
}

static void execute(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die("%.80s: %s", sql, sqlite3_errmsg(db));
}

/* Keys have no text of their own, and stay. */
static void indexes_drop(const char *directory)
{
    static const char asked[] =
        "SELECT sql, 'DROP INDEX ' || name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    sqlite3 *db = database_open(directory);
    char *drops[INDEXES_MAX];
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v2(db, asked, -1, &statement, NULL) != SQLITE_OK)
        die("%s", sqlite3_errmsg(db));
    for (; sqlite3_step(statement) == SQLITE_ROW; indexes_count++) {
        if (indexes_count == INDEXES_MAX)
            die("more than %d indexes", INDEXES_MAX);
        indexes[indexes_count] = strdup((const char *)sqlite3_column_text(statement, 0));
        drops[indexes_count] = strdup((const char *)sqlite3_column_text(statement, 1));
    }
    sqlite3_finalize(statement);
    for (size_t i = 0; i < indexes_count; i++) {
        execute(db, drops[i]);
        free(drops[i]);
    }
    sqlite3_close(db);
}

static void indexes_make(const char *directory)
{
    sqlite3 *db = database_open(directory);

    execute(db, SORTED);
    for (size_t i = 0; i < indexes_count; i++) {
        execute(db, indexes[i]);
        execute(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        free(indexes[i]);
    }
    sqlite3_close(db);
}

static void opened(const char *directory, bool audited)
{
    char reason[512] = "";
    int64_t highest = 0;

    bench_house_open(&g.house, directory, NULL); /* migrates, makes the keys */
    engine_close(&g.house.engine);
    indexes_drop(directory);
    arena_init(&g.arena, ARENA_BYTES);
    if (vault_open(directory, false, &g.vault, reason) != ERR_NONE ||
        store_open(directory, STORE_WRITER, &g.vault, &g.store, reason) != ERR_NONE)
        die("%s", reason);
    const struct embedded unsafe = {.name = UNSAFE, .data = UNSAFE, .size = sizeof UNSAFE - 1};
    if (g.store->operations->script(g.store, &unsafe) != ERR_NONE ||
        store_int(g.store, QUERY_IDS_HIGHEST, NULL, 0, &highest) != ERR_NONE ||
        chain_load(g.store, &g.arena, &g.chain) != ERR_NONE)
        die("%s", store_reason(g.store));
    ids_init(&g.ids, 0, highest);
    g.now =
        instant_add_ms(system_clock_now(&g.house.clock), -MS_DAY); /* ids run ahead of a clock that is asked so often */
    g.audited = audited;
}

static void saved(void)
{
    if (store_begin(g.store) != ERR_NONE || store_save(g.store, &g.changes) != ERR_NONE ||
        store_commit(g.store) != ERR_NONE || store_checkpoint(g.store) != ERR_NONE)
        die("%s", store_reason(g.store));
}

static struct step step_of(enum command_kind kind, struct command *command, struct book *book)
{
    *command = (struct command){.kind = kind, .principal = "key:billing"};
    if (!arena_reserve(&g.arena, STEP_BYTES + book->topups_count * STEP_BYTES / 64))
        die("no memory");
    return (struct step){.command = command,
                         .book = book,
                         .d = {.now = g.now,
                               .arena = &g.arena,
                               .ids = &g.ids,
                               .random = &g.house.world.random,
                               .code_key = g.vault.code_key,
                               .changes = &g.changes,
                               .calendar = &g.house.calendar,
                               .policy = policies_find(&g.house.policies, "huawei", 0),
                               .principal = "key:billing"}};
}

static void concluded(struct step *step, const struct decision *decision)
{
    if (!decision_accepts(decision))
        die("refused: %s", decision->detail);
    if (g.audited)
        chain_append(&g.chain, step);
}

/* Any hash will do, so long as it is not nothing. */
static void fingerprint_of(const char *ref, uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes part = bytes_of_text(ref);

    hash_parts("ask", NULL, &part, 1, ret, HASH_SHORT_BYTES);
}

static void account_make(struct book *book, int64_t number)
{
    char ref[REF_BYTES];
    uint8_t subject[HASH_SHORT_BYTES];
    struct command command;
    struct step step = step_of(COMMAND_ACCOUNT_PUT, &command, book);

    snprintf(ref, sizeof ref, "a%lld", (long long)number);
    vault_lookup(&g.vault, "id_number", ref, subject);
    struct account_ask ask = {.policy = "huawei",
                              .currency = "CNY",
                              .phone = "13800000000",
                              .state = ACCOUNT_ACTIVE,
                              .subject = {SUBJECT_PERSON, "Bench", ref, true}};
    struct decision decision = account_put(&step.d, book, ref, &ask, NULL, NULL, subject);

    concluded(&step, &decision);
}

static void topup_make(struct book *book, int64_t number, int64_t minor)
{
    char ref[REF_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct command command;
    struct step step = step_of(COMMAND_TOPUP, &command, book);
    struct topup *topup;

    snprintf(ref, sizeof ref, "t%lld", (long long)number);
    fingerprint_of(ref, fingerprint);
    struct topup_ask ask = {
        .ref = ref, .amount = money_of(minor), .method = METHOD_ALIPAY, .payer = {PAYER_PERSONAL, "Bench", NULL}};
    struct decision decision = topup_record(&step.d, book, &ask, fingerprint, NULL, &topup);

    concluded(&step, &decision);
}

static void charge_make(struct book *book, int64_t number, int64_t minor)
{
    char ref[REF_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct command command;
    struct step step = step_of(COMMAND_CHARGE, &command, book);
    struct fact *fact;

    snprintf(ref, sizeof ref, "c%lld", (long long)number);
    fingerprint_of(ref, fingerprint);
    struct charge_ask ask = {.ref = ref, .amount = money_of(minor)};
    struct decision decision = charge_record(&step.d, book, &ask, fingerprint, NULL, &fact);

    concluded(&step, &decision);
}

/* The books of a chunk stay in memory while their top-ups go round, so that each account is written once. */
static void accounts(int64_t count, int64_t topups)
{
    for (int64_t first = 0; first < count; first += CHUNK_ACCOUNTS) {
        int64_t size = count - first < CHUNK_ACCOUNTS ? count - first : CHUNK_ACCOUNTS;
        struct book *books = arena_alloc(&g.arena, (size_t)size * sizeof *books);

        if (books == NULL)
            die("no memory");
        for (int64_t i = 0; i < size; i++)
            account_make(&books[i], first + i);
        for (int64_t round = 0; round < topups; round++)
            for (int64_t i = 0; i < size; i++)
                topup_make(&books[i], round, LIVE_MINOR);
        saved();
        arena_reset(&g.arena);
    }
}

/* The account's row outlives the arena; its book is empty whenever a charge has used up what was there. */
static void spent(int64_t count, int64_t live)
{
    static struct account kept;
    struct book book = {0};
    int64_t number = 0;

    account_make(&book, 0);
    for (int64_t i = 0; i * CHARGE_TOPUPS < count; i++) {
        if (i % CHUNK_CHARGES == 0) {
            saved();
            memcpy(&kept, book.account, sizeof kept);
            book = (struct book){.account = &kept, .topups_loaded = true, .parcels_loaded = true};
            arena_reset(&g.arena);
        }
        for (int64_t j = 0; j < CHARGE_TOPUPS; j++)
            topup_make(&book, number++, TOPUP_MINOR);
        charge_make(&book, i, CHARGE_TOPUPS * (int64_t)TOPUP_MINOR);
    }
    for (int64_t i = 0; i < live; i++)
        topup_make(&book, number++, LIVE_MINOR);
    saved();
}

int main(int argc, char **argv)
{
    bool many = argc == 6 && strcmp(argv[1], "accounts") == 0;

    if (!many && (argc != 6 || strcmp(argv[1], "spent") != 0))
        die("usage: see the top of generate.c");
    opened(argv[2], strcmp(argv[5], "audited") == 0);
    if (many)
        accounts(number_of(argv[3]), number_of(argv[4]));
    else
        spent(number_of(argv[3]), number_of(argv[4]));
    store_close(&g.store);
    indexes_make(argv[2]);
    vault_fini(&g.vault);
    arena_fini(&g.arena);
    policies_fini(&g.house.policies);
    return 0;
}
