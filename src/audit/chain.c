/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include "audit/checks.h"

#include <string.h>

struct link {
    int64_t seq;
    uint8_t hash[HASH_BYTES];
};

static void statement_close(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static void report_link(struct report *report, const char *code, const char *sentence, int64_t seq, const char *found,
                        const char *journal)
{
    char row[32];

    sqlite3_snprintf(sizeof row, row, "%lld", (long long)seq);
    report_finding(
        report,
        &(struct finding){
            .code = code, .sentence = sentence, .table = "audit", .row = row, .found = found, .journal = journal});
}

static struct bytes column_bytes(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);

    return bytes_of(data, (size_t)sqlite3_column_bytes(statement, column));
}

/* The hash that a row must have, given what it says of itself (columns of sql_chain). */
static void row_hash(sqlite3_stmt *statement, uint8_t ret[HASH_BYTES])
{
    struct bytes parts[8];

    /* The decimal texts are SQLite's own: seq, previous, at, principal, command, account or 0, object or 0, body. */
    for (int i = 0; i < 8; i++)
        parts[i] = column_bytes(statement, i + 1);
    hash_parts("audit", NULL, parts, ARRAY_COUNT(parts), ret, HASH_BYTES);
}

static void hash_text(struct bytes hash, char ret[2 * HASH_BYTES + 1])
{
    if (hash.size == HASH_BYTES)
        hash_hex(hash.data, HASH_BYTES, ret);
    else
        memcpy(ret, "malformed", sizeof "malformed");
}

static bool is_hash(struct bytes hash, const uint8_t *wanted)
{
    return hash.size == HASH_BYTES && hash_equal(hash.data, wanted, HASH_BYTES);
}

/* One row against the one before it (`last`); `last` becomes this row. */
static void check_row(sqlite3_stmt *statement, bool linked, struct link *last, struct report *report)
{
    int64_t seq = sqlite3_column_int64(statement, 0);
    struct bytes previous = column_bytes(statement, 2), hash = column_bytes(statement, 9);
    uint8_t computed[HASH_BYTES];
    char is[2 * HASH_BYTES + 1], wanted[2 * HASH_BYTES + 1];

    row_hash(statement, computed);
    if (seq != last->seq + 1) {
        sqlite3_snprintf(sizeof wanted, wanted, "seq %lld next", (long long)last->seq + 1);
        report_link(report, "audit_gap", "audit rows are numbered 1, 2, … without a gap", seq, "another row", wanted);
    }
    if (linked && !is_hash(previous, last->hash)) {
        hash_text(previous, is);
        hash_hex(last->hash, HASH_BYTES, wanted);
        report_link(report, "audit_link", "an audit row holds the hash of the one before it", seq, is, wanted);
    }
    if (!is_hash(hash, computed)) {
        hash_text(hash, is);
        hash_hex(computed, HASH_BYTES, wanted);
        report_link(report, "audit_hash", "an audit row's hash is that of its content", seq, is, wanted);
    }
    last->seq = seq;
    if (hash.size == HASH_BYTES)
        memcpy(last->hash, hash.data, HASH_BYTES);
}

/* The hash of the row `seq` stands in the statement; false: there is no such row. */
static bool link_read(sqlite3 *books, int64_t seq, sqlite3_stmt **ret)
{
    return sqlite3_prepare_v2(books, sql_link, -1, ret, NULL) == SQLITE_OK &&
           sqlite3_bind_int64(*ret, 1, seq) == SQLITE_OK && sqlite3_step(*ret) == SQLITE_ROW;
}

void chain_contains(sqlite3 *books, int64_t seq, const char *hash, const char *code, const char *sentence,
                    struct report *report)
{
    char is[2 * HASH_BYTES + 1] = "no such row";
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (link_read(books, seq, &statement))
        hash_text(column_bytes(statement, 0), is);
    if (sqlite3_stricmp(is, hash) != 0)
        report_link(report, code, sentence, seq, is, hash);
}

/* Before the first row of all there is nothing: 32 zero bytes. Before `since` stands what was proven then; false: it is
 * not there. */
static bool link_before(sqlite3 *books, int64_t since, struct link *ret)
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    *ret = (struct link){.seq = since - 1};
    if (since == 1)
        return true;
    if (!link_read(books, since - 1, &statement) || column_bytes(statement, 0).size != HASH_BYTES)
        return false;
    memcpy(ret->hash, column_bytes(statement, 0).data, HASH_BYTES);
    return true;
}

void chain_check(sqlite3 *books, int64_t since, struct report *report, struct head *ret)
{
    struct link last;
    bool linked = link_before(books, since, &last);
    int result = SQLITE_ERROR;
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    *ret = (struct head){0};
    if (sqlite3_prepare_v2(books, sql_chain, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(statement, 1, since) == SQLITE_OK)
        while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
            check_row(statement, linked, &last, report);
            linked = true;
        }
    if (result != SQLITE_DONE)
        report_link(report, "audit_unreadable", "every audit row can be read", last.seq + 1, sqlite3_errmsg(books),
                    NULL);
    if (linked && last.seq > 0) {
        ret->seq = last.seq;
        hash_hex(last.hash, HASH_BYTES, ret->hash);
    }
}
