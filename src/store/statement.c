/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/connection.h"

/* What a result code means to the caller, before COMMIT: nothing is durable yet, so whatever may pass by itself is
 * RETRY. */
static enum err fault_of(int code)
{
    if (code == SQLITE_IOERR_NOMEM)
        return ERR_RETRY;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
    case SQLITE_PROTOCOL:
        return ERR_RETRY;
    default:
        return ERR_FATAL;
    }
}

enum err store_fail(struct store *store, int code, const char *what)
{
    snprintf(store->reason, sizeof store->reason, "%s: %s (SQLite %d)", what,
             store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(code), code);
    return fault_of(code);
}

enum err store_refuse(struct store *store, enum err err, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(store->reason, sizeof store->reason, format, arguments);
    va_end(arguments);
    return err;
}

enum err statement_get(struct store *store, enum query query, struct statement **ret)
{
    struct statement *statement = &store->statements[query];

    if (store->lost)
        return store_refuse(store, ERR_UNKNOWN, "a commit failed on this connection; it must be reopened");
    if (statement->handle == NULL) {
        int code =
            sqlite3_prepare_v3(store->db, query_texts[query], -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
        if (code != SQLITE_OK)
            return store_fail(store, code, query_names[query]);
        statement->parameters_count = sqlite3_bind_parameter_count(statement->handle);
        statement->columns_count = sqlite3_column_count(statement->handle);
        INVARIANT(60, statement->parameters_count <= STATEMENT_COLUMNS_MAX);
        INVARIANT(60, statement->columns_count <= STATEMENT_COLUMNS_MAX);
    }
    *ret = statement;
    return ERR_NONE;
}

enum err statement_prepare_all(struct store *store)
{
    struct statement *statement;

    for (int query = 0; query < QUERY__COUNT; query++)
        TRY(statement_get(store, (enum query)query, &statement));
    return ERR_NONE;
}

void statement_forget_all(struct store *store)
{
    for (size_t i = 0; i < QUERY__COUNT; i++)
        sqlite3_finalize(store->statements[i].handle);
    memset(store->statements, 0, sizeof store->statements);
}

static int value_bind(sqlite3_stmt *handle, int number, const struct value *value)
{
    switch (value->kind) {
    case VALUE_INT:
        return sqlite3_bind_int64(handle, number, value->integer);
    case VALUE_TEXT:
        return sqlite3_bind_text(handle, number, value->text, -1, SQLITE_STATIC);
    case VALUE_BYTES:
        /* A NULL pointer would bind SQL NULL: no bytes are a blob of length zero. */
        return value->bytes.size == 0
                   ? sqlite3_bind_zeroblob(handle, number, 0)
                   : sqlite3_bind_blob64(handle, number, value->bytes.data, value->bytes.size, SQLITE_STATIC);
    case VALUE_NULL:
        return sqlite3_bind_null(handle, number);
    }
    return SQLITE_MISUSE;
}

enum err statement_bind(struct store *store, enum query query, struct statement *statement, const struct value *args,
                        size_t args_count)
{
    if ((size_t)statement->parameters_count != args_count)
        return store_refuse(store, ERR_FATAL, "%s wants %d arguments, not %zu", query_names[query],
                            statement->parameters_count, args_count);
    for (int number = 1; number <= statement->parameters_count; number++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, number);
        const struct value *found = NULL;

        for (size_t i = 0; i < args_count && found == NULL; i++)
            if (name != NULL && strcmp(name + 1, args[i].name) == 0)
                found = &args[i];
        if (found == NULL)
            return store_refuse(store, ERR_FATAL, "%s wants the argument %s", query_names[query], name ? name : "?");
        int code = value_bind(statement->handle, number, found);
        if (code != SQLITE_OK)
            return store_fail(store, code, query_names[query]);
    }
    return ERR_NONE;
}

enum err statement_run(struct store *store, enum query query, struct statement *statement)
{
    int code = sqlite3_step(statement->handle);
    enum err err = code == SQLITE_DONE || code == SQLITE_ROW ? ERR_NONE : store_fail(store, code, query_names[query]);

    sqlite3_reset(statement->handle);
    return err;
}
