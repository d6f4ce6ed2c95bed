/* SPDX-License-Identifier: Apache-2.0 */
/* The books of a PostgreSQL, copied row by row into a temporary SQLite file: so the checks exist once. */
#include "audit/books.h"

#include "audit/checks.h"
#include "base/embedded.h"

#include <libpq-fe.h>
#include <string.h>

/* The oids of pg_type that Ebb's tables are made of. */
enum { OID_BYTEA = 17, OID_INT8 = 20 };

struct copy {
    PGconn *source;
    sqlite3 *books;
    char *reason; /* REASON_BYTES */
};

static void statement_close(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static void source_close(PGconn **source)
{
    PQfinish(*source);
    *source = NULL;
}

static enum err source_failed(const struct copy *copy, const char *what)
{
    sqlite3_snprintf(REASON_BYTES, copy->reason, "%s: %s", what, PQerrorMessage(copy->source));
    return ERR_FATAL;
}

static enum err books_failed(const struct copy *copy, const char *what)
{
    sqlite3_snprintf(REASON_BYTES, copy->reason, "the copy of %s: %s", what, sqlite3_errmsg(copy->books));
    return ERR_FATAL;
}

static int64_t integer_of(const char *data)
{
    uint64_t integer = 0;

    for (size_t i = 0; i < sizeof integer; i++)
        integer = integer << 8 | (uint8_t)data[i];
    return (int64_t)integer;
}

static int value_bind(sqlite3_stmt *insert, const PGresult *row, int column)
{
    const char *data = PQgetvalue(row, 0, column);
    int size = PQgetlength(row, 0, column);

    if (PQgetisnull(row, 0, column))
        return sqlite3_bind_null(insert, column + 1);
    if (PQftype(row, column) == OID_INT8 && size == sizeof(int64_t))
        return sqlite3_bind_int64(insert, column + 1, integer_of(data));
    if (PQftype(row, column) == OID_BYTEA)
        return sqlite3_bind_blob(insert, column + 1, size > 0 ? data : "", size, SQLITE_STATIC);
    return sqlite3_bind_text(insert, column + 1, data, size, SQLITE_STATIC);
}

static enum err row_copy(const struct copy *copy, const char *table, sqlite3_stmt *insert, const PGresult *row)
{
    int result = SQLITE_OK;

    for (int column = 0; result == SQLITE_OK && column < PQnfields(row); column++)
        result = value_bind(insert, row, column);
    if (result == SQLITE_OK)
        result = sqlite3_step(insert);
    sqlite3_reset(insert);
    return result == SQLITE_DONE ? ERR_NONE : books_failed(copy, table);
}

/* Rows come one at a time: the memory does not grow with the table. All are taken, also after a fault. */
static enum err rows_copy(const struct copy *copy, const char *table, sqlite3_stmt *insert)
{
    enum err err = ERR_NONE;
    PGresult *row;

    while ((row = PQgetResult(copy->source)) != NULL) {
        ExecStatusType status = PQresultStatus(row);

        if (status == PGRES_SINGLE_TUPLE && err == ERR_NONE)
            err = row_copy(copy, table, insert, row);
        else if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
            err = source_failed(copy, table);
        PQclear(row);
    }
    return err;
}

/* What the schema's own files put into a table goes first. */
static enum err table_copy(const struct copy *copy, const char *table, const char *select, const char *insert,
                           const char *empty)
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (sqlite3_exec(copy->books, empty, NULL, NULL, NULL) != SQLITE_OK)
        return books_failed(copy, table);

    if (sqlite3_prepare_v2(copy->books, insert, -1, &statement, NULL) != SQLITE_OK)
        return books_failed(copy, table);
    if (PQsendQueryParams(copy->source, select, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
        PQsetSingleRowMode(copy->source) != 1)
        return source_failed(copy, table);
    return rows_copy(copy, table, statement);
}

/* sql_copy_tables says for every table how it is read there and written here. */
static enum err tables_copy(const struct copy *copy)
{
    SCOPED(statement_close) sqlite3_stmt *tables = NULL;
    int result;

    if (sqlite3_prepare_v2(copy->books, sql_copy_tables, -1, &tables, NULL) != SQLITE_OK)
        return books_failed(copy, "the tables");
    while ((result = sqlite3_step(tables)) == SQLITE_ROW)
        TRY(table_copy(copy, (const char *)sqlite3_column_text(tables, 0), (const char *)sqlite3_column_text(tables, 1),
                       (const char *)sqlite3_column_text(tables, 2), (const char *)sqlite3_column_text(tables, 3)));
    return result == SQLITE_DONE ? ERR_NONE : books_failed(copy, "the tables");
}

/* The tables as SQLite has them, with constraints that are not looked at: what is wrong in a row is for the checks. */
static enum err tables_make(const struct copy *copy)
{
    if (sqlite3_exec(copy->books, sql_copy_open, NULL, NULL, NULL) != SQLITE_OK)
        return books_failed(copy, "the books");
    for (const struct embedded *file = embedded_schema; file->name != NULL; file++)
        if (sqlite3_exec(copy->books, file->data, NULL, NULL, NULL) != SQLITE_OK)
            return books_failed(copy, file->name);
    return ERR_NONE;
}

static enum err snapshot_begin(const struct copy *copy)
{
    if (PQstatus(copy->source) != CONNECTION_OK)
        return source_failed(copy, "PostgreSQL");
    PGresult *begun = PQexec(copy->source, sql_copy_begin);
    bool ok = PQresultStatus(begun) == PGRES_COMMAND_OK;
    PQclear(begun);
    return ok ? ERR_NONE : source_failed(copy, "the snapshot");
}

enum err books_copy(const char *url, sqlite3 **ret, char ret_reason[REASON_BYTES])
{
    SCOPED(source_close) PGconn *source = PQconnectdb(url);
    SCOPED(books_close) sqlite3 *books = NULL;
    struct copy copy = {.source = source, .reason = ret_reason};

    /* No name: a file that is deleted as soon as it is open. */
    if (sqlite3_open_v2("", &books, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        sqlite3_snprintf(REASON_BYTES, ret_reason, "there is no room for a copy: %s", sqlite3_errmsg(books));
        return ERR_FATAL;
    }
    copy.books = books;
    TRY(snapshot_begin(&copy));
    TRY(tables_make(&copy));
    TRY(tables_copy(&copy));
    if (sqlite3_exec(books, sql_copy_close, NULL, NULL, NULL) != SQLITE_OK)
        return books_failed(&copy, "the books");
    TRY(books_functions(books));
    *ret = books;
    books = NULL;
    return ERR_NONE;
}
