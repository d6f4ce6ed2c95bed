/* SPDX-License-Identifier: Apache-2.0 */
#include "invariants.h"

#include <stdio.h>
#include <string.h>

#include "base/embedded.h"

#define MARK "-- invariant: "
#define STATEMENT_BYTES 4096

extern const struct embedded embedded_invariants[];

static void broken_add(struct broken *broken, const char *what, const char *where)
{
    if (broken->count++ == 0)
        snprintf(broken->first, sizeof broken->first, "%s: %s", what, where);
}

static void statement_check(sqlite3 *db, const char *what, const char *sql, struct broken *ret)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        while ((code = sqlite3_step(statement)) == SQLITE_ROW)
            broken_add(ret, what, (const char *)sqlite3_column_text(statement, 0));
    if (code != SQLITE_DONE)
        broken_add(ret, what, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
}

/* The next mark behind `at`; NULL at the end. */
static const char *next_mark(const char *at)
{
    return strstr(at, MARK);
}

int invariants_count(void)
{
    int count = 0;

    for (const char *at = next_mark(embedded_invariants[0].data); at != NULL; at = next_mark(at + 1))
        count++;
    return count;
}

void invariants_check(sqlite3 *db, struct broken *ret)
{
    for (const char *at = next_mark(embedded_invariants[0].data); at != NULL; at = next_mark(at)) {
        const char *name = at + sizeof MARK - 1, *end = strchr(name, '\n');
        char what[128], sql[STATEMENT_BYTES];

        at = end;
        const char *stop = next_mark(at);
        size_t size = stop != NULL ? (size_t)(stop - at) : strlen(at);
        snprintf(what, sizeof what, "%.*s", (int)(end - name), name);
        snprintf(sql, sizeof sql, "%.*s", (int)size, at);
        statement_check(db, what, sql, ret);
    }
}

void invariants_check_file(sqlite3 *db, struct broken *ret)
{
    statement_check(db, "integrity_check",
                    "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'", ret);
    statement_check(db, "foreign_key_check", "SELECT \"table\" FROM pragma_foreign_key_check", ret);
}

/* Eight bytes at a time, and how many there were. */
static uint64_t mix(uint64_t digest, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t word = size;

    for (size_t left = size; left > 0;) {
        size_t part = left < sizeof word ? left : sizeof word;

        digest = (digest ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        digest ^= digest >> 32;
        word = 0;
        memcpy(&word, bytes, part);
        bytes += part;
        left -= part;
    }
    digest = (digest ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return digest ^ digest >> 32;
}

static uint64_t row_digest(sqlite3_stmt *statement, uint64_t digest)
{
    int count = sqlite3_column_count(statement);

    for (int column = 0; column < count; column++) {
        sqlite3_value *cell = sqlite3_column_value(statement, column);
        int64_t words[2] = {sqlite3_value_type(cell), 0};
        const void *data = words;
        size_t size = sizeof words;

        if (words[0] == SQLITE_INTEGER) {
            words[1] = sqlite3_value_int64(cell);
        } else if (words[0] != SQLITE_NULL) {
            data = sqlite3_value_blob(cell);
            size = (size_t)sqlite3_value_bytes(cell);
            digest = mix(digest, words, sizeof words);
        }
        digest = mix(digest, data, size);
    }
    return digest;
}

uint64_t invariants_digest(sqlite3 *db)
{
    return invariants_digest_but(db, NULL);
}

uint64_t invariants_digest_but(sqlite3 *db, const char *meta)
{
    sqlite3_stmt *tables = NULL, *rows = NULL;
    uint64_t digest = 1469598103934665603u;

    if (sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", -1, &tables,
                           NULL) != SQLITE_OK)
        return 0;
    while (sqlite3_step(tables) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        char sql[160];

        snprintf(sql, sizeof sql, "SELECT * FROM \"%s\" WHERE %s", name,
                 meta != NULL && strcmp(name, "meta") == 0 ? meta : "true");
        if (sqlite3_prepare_v2(db, sql, -1, &rows, NULL) != SQLITE_OK)
            digest = mix(digest, sql, sizeof sql);
        while (sqlite3_step(rows) == SQLITE_ROW)
            digest = row_digest(rows, digest);
        sqlite3_finalize(rows);
    }
    sqlite3_finalize(tables);
    return digest;
}
