/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/books.h"

#include "audit/checks.h"

#include <string.h>
#include <unistd.h>

#define BUSY_MS 10000
#define TEXT_MAX 160   /* of one value in a finding */
#define TABLES_READ 18 /* those that sql_tables names */
#define COLUMNS_READ 2 /* those that sql_columns names */

static void statement_close(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

void books_close(sqlite3 **books)
{
    sqlite3_close_v2(*books);
    *books = NULL;
}

/* A database at rest in a directory that we may not write cannot make its shared memory; without a log beside it
 * nothing can change below us, and it may be read as it is. */
static int open_file(const char *path, bool at_rest, sqlite3 **ret)
{
    char uri[4200];
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

    if (!at_rest)
        return sqlite3_open_v2(path, ret, flags, NULL);
    sqlite3_snprintf(sizeof uri, uri, "file:%s?immutable=1", path);
    return sqlite3_open_v2(uri, ret, flags | SQLITE_OPEN_URI, NULL);
}

static bool begins(sqlite3 *books)
{
    return sqlite3_exec(books, sql_begin, NULL, NULL, NULL) == SQLITE_OK;
}

static enum err begin_snapshot(const char *path, sqlite3 **ret, char ret_reason[REASON_BYTES])
{
    char log[4200];
    int result;

    sqlite3_snprintf(sizeof log, log, "%s-wal", path);
    for (int at_rest = 0; at_rest < 2; at_rest++) {
        SCOPED(books_close) sqlite3 *books = NULL;

        if (at_rest && access(log, F_OK) == 0)
            break;
        result = open_file(path, at_rest, &books);
        sqlite3_busy_timeout(books, BUSY_MS);
        if (result == SQLITE_OK && begins(books)) {
            *ret = books;
            books = NULL;
            return ERR_NONE;
        }
        sqlite3_snprintf(REASON_BYTES, ret_reason, "%s: %s", path, sqlite3_errmsg(books));
    }
    return ERR_FATAL;
}

static int64_t count_of(sqlite3 *books, const char *text)
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(books, text, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        return -1;
    return sqlite3_column_int64(statement, 0);
}

enum err books_open(const char *directory, sqlite3 **ret, char ret_reason[REASON_BYTES])
{
    char path[4096];

    sqlite3_snprintf(sizeof path, path, "%s/ebb.db", directory);
    if (access(path, R_OK) != 0) {
        sqlite3_snprintf(REASON_BYTES, ret_reason, "%s: there is no such file, or it may not be read", path);
        return ERR_FATAL;
    }
    SCOPED(books_close) sqlite3 *books = NULL;
    TRY(begin_snapshot(path, &books, ret_reason));
    sqlite3_snprintf(REASON_BYTES, ret_reason, "%s: this is not a database of Ebb", path);
    if (count_of(books, sql_tables) != TABLES_READ)
        return ERR_FATAL;
    sqlite3_snprintf(REASON_BYTES, ret_reason,
                     "%s: the schema is older than this program; 'ebb migrate' takes it there", path);
    if (count_of(books, sql_columns) != COLUMNS_READ)
        return ERR_FATAL;
    TRY(books_functions(books));
    *ret = books;
    books = NULL;
    return ERR_NONE;
}

/* A column as text, cut so that one broken row cannot fill the screen. */
static const char *column_text(sqlite3_stmt *statement, int column, char buffer[TEXT_MAX])
{
    if (column >= sqlite3_column_count(statement) || sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    sqlite3_snprintf(TEXT_MAX, buffer, "%s", sqlite3_column_text(statement, column));
    for (char *at = buffer; *at != '\0'; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    return buffer;
}

static void report_failed(struct report *report, sqlite3 *books, const char *code)
{
    report_finding(report, &(struct finding){.code = "check_failed",
                                             .sentence = "every check can be computed",
                                             .table = "check",
                                             .row = code,
                                             .found = sqlite3_errmsg(books)});
}

static void run_check(sqlite3 *books, const struct check *check, struct report *report)
{
    char texts[4][TEXT_MAX];
    int result;
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(books, check->text, -1, &statement, NULL) != SQLITE_OK) {
        report_failed(report, books, check->code);
        return;
    }
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *table = column_text(statement, 0, texts[0]), *row = column_text(statement, 1, texts[1]);

        report_finding(report, &(struct finding){.code = check->code,
                                                 .sentence = check->sentence,
                                                 .table = table ? table : "?",
                                                 .row = row ? row : "?",
                                                 .found = column_text(statement, 2, texts[2]),
                                                 .journal = column_text(statement, 3, texts[3]),
                                                 .has_amount = sqlite3_column_type(statement, 4) == SQLITE_INTEGER,
                                                 .amount_minor = sqlite3_column_int64(statement, 4)});
    }
    if (result != SQLITE_DONE)
        report_failed(report, books, check->code);
}

static bool is_meant(const struct check *check, bool behind)
{
    return check->when == WHEN_ALWAYS || check->when == WHEN_SUM || check->when == (behind ? WHEN_BEHIND : WHEN_WHOLE);
}

/* base_NAME beside a sum that is still empty: what a checkpoint kept of it, or nothing. */
static bool base_make(sqlite3 *books, const char *name, bool behind)
{
    char *text = sqlite3_mprintf(behind ? sql_base_kept : sql_base_none, name, name);
    bool made = text != NULL && sqlite3_exec(books, text, NULL, NULL, NULL) == SQLITE_OK;

    sqlite3_free(text);
    return made;
}

static bool set_up(sqlite3 *books, const struct check *setup, bool behind, struct report *report)
{
    if (sqlite3_exec(books, setup->text, NULL, NULL, NULL) == SQLITE_OK &&
        (setup->when != WHEN_SUM || base_make(books, setup->code, behind)))
        return true;
    report_failed(report, books, setup->code);
    return false;
}

void books_check_rows(sqlite3 *books, bool behind, bool keep, struct report *report)
{
    for (const struct check *setup = setup_list; setup->code != NULL; setup++)
        if (is_meant(setup, behind) && !set_up(books, setup, behind, report))
            return; /* the checks would compare with nothing and accuse every row */
    for (const struct check *check = check_list; check->code != NULL; check++)
        if (is_meant(check, behind))
            run_check(books, check, report);
    for (const struct check *setup = setup_list; keep && report->findings == 0 && setup->code != NULL; setup++)
        if (setup->when == WHEN_KEEP)
            (void)set_up(books, setup, behind, report);
}

void books_behind(sqlite3 *books, int64_t ret[3])
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;
    bool read = sqlite3_prepare_v2(books, sql_behind, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;

    for (int i = 0; i < 3; i++)
        ret[i] = read ? sqlite3_column_int64(statement, i) : 0;
}

void books_check_file(sqlite3 *books, struct report *report)
{
    for (const struct check *check = file_list; check->code != NULL; check++)
        run_check(books, check, report);
}

size_t books_count(sqlite3 *books, struct count *ret, size_t capacity)
{
    size_t count = 0;
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(books, sql_counts, -1, &statement, NULL) != SQLITE_OK)
        return 0;
    for (; count < capacity && sqlite3_step(statement) == SQLITE_ROW; count++) {
        sqlite3_snprintf(sizeof ret->table, ret[count].table, "%s", sqlite3_column_text(statement, 0));
        ret[count].rows = sqlite3_column_int64(statement, 1);
    }
    return count;
}
