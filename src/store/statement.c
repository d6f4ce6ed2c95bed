/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "store/sqlite.h"

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

enum err sqlite_fail(struct sqlite *sqlite, int code, const char *what)
{
    return store_refuse(&sqlite->store, fault_of(code), "%s: %s (SQLite %d)", what,
                        sqlite->db != NULL ? sqlite3_errmsg(sqlite->db) : sqlite3_errstr(code), code);
}

enum err statement_get(struct sqlite *sqlite, enum query query, struct statement **ret)
{
    struct statement *statement = &sqlite->statements[query];

    if (sqlite->store.lost)
        return store_refuse(&sqlite->store, ERR_UNKNOWN, "a commit failed on this connection; it must be reopened");
    if (statement->handle == NULL) {
        int code =
            sqlite3_prepare_v3(sqlite->db, query_texts[query], -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
        if (code != SQLITE_OK)
            return sqlite_fail(sqlite, code, query_names[query]);
        statement->parameters_count = sqlite3_bind_parameter_count(statement->handle);
        statement->columns_count = sqlite3_column_count(statement->handle);
        INVARIANT(60, statement->parameters_count <= STATEMENT_COLUMNS_MAX);
        INVARIANT(60, statement->columns_count <= STATEMENT_COLUMNS_MAX);
    }
    *ret = statement;
    return ERR_NONE;
}

enum err statement_prepare_all(struct sqlite *sqlite)
{
    struct statement *statement;

    for (int query = 0; query < QUERY__COUNT; query++)
        if (query_texts[query] != NULL)
            TRY(statement_get(sqlite, (enum query)query, &statement));
    return ERR_NONE;
}

void statement_forget_all(struct sqlite *sqlite)
{
    for (size_t i = 0; i < QUERY__COUNT; i++)
        sqlite3_finalize(sqlite->statements[i].handle);
    memset(sqlite->statements, 0, sizeof sqlite->statements);
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

enum err statement_bind(struct sqlite *sqlite, enum query query, struct statement *statement, const struct value *args,
                        size_t args_count)
{
    if ((size_t)statement->parameters_count != args_count)
        return store_refuse(&sqlite->store, ERR_FATAL, "%s wants %d arguments, not %zu", query_names[query],
                            statement->parameters_count, args_count);
    for (int number = 1; number <= statement->parameters_count; number++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, number);
        const struct value *found = NULL;

        for (size_t i = 0; i < args_count && found == NULL; i++)
            if (name != NULL && strcmp(name + 1, args[i].name) == 0)
                found = &args[i];
        if (found == NULL)
            return store_refuse(&sqlite->store, ERR_FATAL, "%s wants the argument %s", query_names[query],
                                name ? name : "?");
        int code = value_bind(statement->handle, number, found);
        if (code != SQLITE_OK)
            return sqlite_fail(sqlite, code, query_names[query]);
    }
    return ERR_NONE;
}

enum err statement_run(struct sqlite *sqlite, enum query query, struct statement *statement)
{
    int code = sqlite3_step(statement->handle);
    enum err err = code == SQLITE_DONE || code == SQLITE_ROW ? ERR_NONE : sqlite_fail(sqlite, code, query_names[query]);

    sqlite3_reset(statement->handle);
    return err;
}

/* ---- rows ---- */

static const char *parameter_name(void *context, size_t number)
{
    const char *name = sqlite3_bind_parameter_name(context, (int)number + 1);

    return name != NULL ? name + 1 : "?";
}

static const char *column_name(void *context, size_t number)
{
    return sqlite3_column_name(context, (int)number);
}

/* SQLite frees the room, also when binding fails. */
static int seal_bind(struct sqlite *sqlite, sqlite3_stmt *handle, int number, const struct row *row,
                     const struct column *column, const struct cell *cell)
{
    uint8_t *room = sqlite3_malloc64(cell->size);

    if (room == NULL)
        return SQLITE_NOMEM;
    row_seal(&sqlite->store, row, column, cell, room);
    return sqlite3_bind_blob64(handle, number, room, cell->size, sqlite3_free);
}

static enum err cell_bind(struct sqlite *sqlite, sqlite3_stmt *handle, int number, const struct row *row,
                          const struct column *column)
{
    struct cell cell;
    int code = SQLITE_MISUSE;

    TRY(row_cell(&sqlite->store, row, column, &cell));
    switch (cell.kind) {
    case CELL_NULL:
        code = sqlite3_bind_null(handle, number);
        break;
    case CELL_INT:
        code = sqlite3_bind_int64(handle, number, cell.integer);
        break;
    case CELL_TEXT:
        code = sqlite3_bind_text(handle, number, cell.data, (int)cell.size, SQLITE_STATIC);
        break;
    case CELL_BYTES:
        code = sqlite3_bind_blob64(handle, number, cell.data, cell.size, SQLITE_STATIC);
        break;
    case CELL_SEAL:
        code = seal_bind(sqlite, handle, number, row, column, &cell);
        break;
    case CELL_OTHER:
        break;
    }
    return code == SQLITE_OK ? ERR_NONE : sqlite_fail(sqlite, code, column->name);
}

enum err statement_bind_row(struct sqlite *sqlite, enum query query, struct statement *statement, const struct row *row)
{
    struct along *bound = &statement->bound;

    if (bound->table != row->table)
        TRY(along_parameters(&sqlite->store, query, row->table, (size_t)statement->parameters_count, parameter_name,
                             statement->handle, bound));
    for (size_t i = 0; i < bound->count; i++)
        TRY(cell_bind(sqlite, statement->handle, (int)i + 1, row, &row->table->columns[bound->columns[i]]));
    return ERR_NONE;
}

/* A connection is one thread's: its values need no lock to be looked at. */
static enum err cell_take(struct sqlite *sqlite, sqlite3_stmt *handle, int number, struct cell *ret)
{
    sqlite3_value *value = sqlite3_column_value(handle, number);

    *ret = (struct cell){.kind = CELL_OTHER};
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        ret->kind = CELL_NULL;
        return ERR_NONE;
    case SQLITE_INTEGER:
        ret->kind = CELL_INT;
        ret->integer = sqlite3_value_int64(value);
        return ERR_NONE;
    case SQLITE_TEXT:
        ret->kind = CELL_TEXT;
        ret->data = sqlite3_value_text(value);
        break;
    case SQLITE_BLOB:
        ret->kind = CELL_BYTES;
        ret->data = sqlite3_value_blob(value);
        break;
    default:
        return ERR_NONE;
    }
    ret->size = (size_t)sqlite3_value_bytes(value);
    if (ret->data == NULL && (ret->size > 0 || ret->kind == CELL_TEXT))
        return store_refuse(&sqlite->store, ERR_RETRY, "no memory to read a column");
    return ERR_NONE;
}

/* Two rounds, because a sealed column opens only with the id of its row. */
enum err statement_read_row(struct sqlite *sqlite, enum query query, struct statement *statement,
                            const struct table *table, struct arena *arena, struct row *row)
{
    struct along *result = &statement->result;
    struct cell cell;

    if (result->table != table)
        TRY(along_result(&sqlite->store, query, table, (size_t)statement->columns_count, column_name, statement->handle,
                         result));
    for (int round = 0; round <= (result->has_sealed ? 1 : 0); round++)
        for (size_t i = 0; i < result->count; i++) {
            const struct column *column = &table->columns[result->columns[i]];

            if ((column->kind == COLUMN_SEALED) != (round == 1))
                continue;
            TRY(cell_take(sqlite, statement->handle, (int)i, &cell));
            TRY(row_put(&sqlite->store, table, column, &cell, arena, row));
        }
    return ERR_NONE;
}
