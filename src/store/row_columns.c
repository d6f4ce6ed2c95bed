/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "access/vault.h"
#include "store/connection.h"

static const void *member_const(const struct row *row, const struct column *column)
{
    return (const char *)row + column->offset;
}

static void *member(struct row *row, const struct column *column)
{
    return (char *)row + column->offset;
}

/* Sealed fields are bound to the table's first column: the row's id. */
static int64_t row_id(const struct row *row, const struct table *table)
{
    int64_t id;

    INVARIANT(61, table->columns[0].kind == COLUMN_ID);
    memcpy(&id, member_const(row, &table->columns[0]), sizeof id);
    return id;
}

static bool all_zero(const uint8_t *data, size_t size)
{
    uint8_t seen = 0;

    for (size_t i = 0; i < size; i++)
        seen |= data[i];
    return seen == 0;
}

static int column_find(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->columns_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* ---- out: from the row to the parameters ---- */

static enum err parameters_resolve(struct store *store, enum query query, struct statement *statement,
                                   const struct table *table)
{
    for (int number = 1; number <= statement->parameters_count; number++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, number);
        int found = name == NULL ? -1 : column_find(table, name + 1);

        if (found < 0)
            return store_refuse(store, ERR_FATAL, "%s: %s is no column of %s", query_names[query], name ? name : "?",
                                table->name);
        statement->parameters[number - 1] = (uint8_t)found;
    }
    statement->bound = table;
    return ERR_NONE;
}

static enum err sealed_bind(struct store *store, sqlite3_stmt *handle, int number, const struct row *row,
                            const struct column *column)
{
    const char *plain;

    memcpy(&plain, member_const(row, column), sizeof plain);
    if (plain == NULL)
        return sqlite3_bind_null(handle, number) == SQLITE_OK ? ERR_NONE : ERR_FATAL;
    if (store->vault == NULL)
        return store_refuse(store, ERR_FATAL, "%s.%s cannot be sealed without the key", row->table->name, column->name);
    size_t size = strlen(plain), sealed_size = vault_sealed_bytes(size);
    uint8_t *sealed = sqlite3_malloc64(sealed_size);
    if (sealed == NULL)
        return store_refuse(store, ERR_RETRY, "no memory to seal %s.%s", row->table->name, column->name);
    vault_seal(store->vault, row->table->name, column->name, row_id(row, row->table), plain, size, sealed);
    /* SQLite frees it, also when binding fails. */
    int code = sqlite3_bind_blob64(handle, number, sealed, sealed_size, sqlite3_free);
    return code == SQLITE_OK ? ERR_NONE : store_fail(store, code, column->name);
}

static int word_bind(sqlite3_stmt *handle, int number, const struct words *words, int word)
{
    INVARIANT(62, word >= 0 && word < words->count);
    return word == 0 ? sqlite3_bind_null(handle, number)
                     : sqlite3_bind_text(handle, number, words->texts[word], -1, SQLITE_STATIC);
}

static int text_bind(sqlite3_stmt *handle, int number, const char *text)
{
    return text == NULL ? sqlite3_bind_null(handle, number)
                        : sqlite3_bind_text(handle, number, text, -1, SQLITE_STATIC);
}

static int bytes_bind(sqlite3_stmt *handle, int number, struct bytes bytes)
{
    return bytes.data == NULL ? sqlite3_bind_null(handle, number)
                              : sqlite3_bind_blob64(handle, number, bytes.data, bytes.size, SQLITE_STATIC);
}

/* The row outlives the statement's run, so nothing is copied. */
static int column_bind(sqlite3_stmt *handle, int number, const struct row *row, const struct column *column)
{
    const void *at = member_const(row, column);
    int64_t integer = 0;

    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_INSTANT:
        memcpy(&integer, at, sizeof integer);
        return integer == 0 ? sqlite3_bind_null(handle, number) : sqlite3_bind_int64(handle, number, integer);
    case COLUMN_INT:
    case COLUMN_MONEY:
        memcpy(&integer, at, sizeof integer);
        return sqlite3_bind_int64(handle, number, integer);
    case COLUMN_INT32:
        return sqlite3_bind_int(handle, number, *(const int32_t *)at);
    case COLUMN_BOOL:
        return sqlite3_bind_int(handle, number, *(const bool *)at);
    case COLUMN_WORD:
        return word_bind(handle, number, column->words, *(const int *)at);
    case COLUMN_TEXT:
        return text_bind(handle, number, *(const char *)at == '\0' ? NULL : at);
    case COLUMN_STRING:
        return text_bind(handle, number, *(const char *const *)at);
    case COLUMN_HASH:
        return bytes_bind(handle, number, bytes_of(all_zero(at, column->size) ? NULL : at, column->size));
    case COLUMN_DIGEST:
        return bytes_bind(handle, number, bytes_of(at, column->size));
    case COLUMN_BYTES:
        return bytes_bind(handle, number, *(const struct bytes *)at);
    case COLUMN_SEALED:
        return SQLITE_MISUSE;
    }
    return SQLITE_MISUSE;
}

enum err row_bind(struct store *store, enum query query, struct statement *statement, const struct row *row)
{
    const struct table *table = row->table;

    if (statement->bound != table)
        TRY(parameters_resolve(store, query, statement, table));
    for (int number = 1; number <= statement->parameters_count; number++) {
        const struct column *column = &table->columns[statement->parameters[number - 1]];

        if (column->kind == COLUMN_SEALED) {
            TRY(sealed_bind(store, statement->handle, number, row, column));
            continue;
        }
        int code = column_bind(statement->handle, number, row, column);
        if (code != SQLITE_OK)
            return store_fail(store, code, query_names[query]);
    }
    return ERR_NONE;
}

/* ---- in: from the result to the row ---- */

static enum err columns_resolve(struct store *store, enum query query, struct statement *statement,
                                const struct table *table)
{
    bool has_sealed = false, has_id = false;

    for (int number = 0; number < statement->columns_count; number++) {
        const char *name = sqlite3_column_name(statement->handle, number);
        if (name == NULL)
            return store_refuse(store, ERR_RETRY, "no memory to resolve %s", query_names[query]);
        int found = column_find(table, name);
        if (found < 0)
            return store_refuse(store, ERR_FATAL, "%s: %s is no column of %s", query_names[query], name, table->name);
        statement->columns[number] = (uint8_t)found;
        has_sealed |= table->columns[found].kind == COLUMN_SEALED;
        has_id |= found == 0;
    }
    if (has_sealed && !has_id)
        return store_refuse(store, ERR_FATAL, "%s: sealed columns need the row's id", query_names[query]);
    statement->has_sealed = has_sealed;
    statement->result = table;
    return ERR_NONE;
}

static enum err wrong(struct store *store, const struct table *table, const struct column *column, const char *why)
{
    return store_refuse(store, ERR_FATAL, "%s.%s holds %s", table->name, column->name, why);
}

static enum err integer_read(struct store *store, sqlite3_stmt *handle, int number, const struct table *table,
                             const struct column *column, void *at)
{
    int64_t integer = sqlite3_column_int64(handle, number);

    if (sqlite3_column_type(handle, number) != SQLITE_INTEGER)
        return wrong(store, table, column, "no integer");
    if (column->kind == COLUMN_BOOL) {
        if (integer != 0 && integer != 1)
            return wrong(store, table, column, "neither 0 nor 1");
        *(bool *)at = integer == 1;
    } else if (column->kind == COLUMN_INT32) {
        if (integer < INT32_MIN || integer > INT32_MAX)
            return wrong(store, table, column, "an integer out of range");
        *(int32_t *)at = (int32_t)integer;
    } else {
        memcpy(at, &integer, sizeof integer);
    }
    return ERR_NONE;
}

static enum err text_read(struct store *store, sqlite3_stmt *handle, int number, const struct table *table,
                          const struct column *column, struct arena *arena, void *at)
{
    if (sqlite3_column_type(handle, number) != SQLITE_TEXT)
        return wrong(store, table, column, "no text");
    const char *text = (const char *)sqlite3_column_text(handle, number);
    size_t size = (size_t)sqlite3_column_bytes(handle, number);
    if (text == NULL)
        return store_refuse(store, ERR_RETRY, "no memory to read %s.%s", table->name, column->name);
    if (column->kind == COLUMN_TEXT) {
        if (size >= column->size)
            return wrong(store, table, column, "a text that is too long");
        memcpy(at, text, size + 1);
        return ERR_NONE;
    }
    if (column->kind == COLUMN_WORD)
        return word_parse(column->words, text, at) ? ERR_NONE : wrong(store, table, column, "an unknown word");
    const char *copy = arena_copy(arena, text, size + 1);
    if (copy == NULL)
        return store_refuse(store, ERR_RETRY, "no memory to read %s.%s", table->name, column->name);
    memcpy(at, &copy, sizeof copy);
    return ERR_NONE;
}

static enum err bytes_read(struct store *store, sqlite3_stmt *handle, int number, const struct table *table,
                           const struct column *column, struct arena *arena, struct row *row)
{
    if (sqlite3_column_type(handle, number) != SQLITE_BLOB)
        return wrong(store, table, column, "no bytes");
    const void *data = sqlite3_column_blob(handle, number);
    size_t size = (size_t)sqlite3_column_bytes(handle, number);
    if (data == NULL && size > 0)
        return store_refuse(store, ERR_RETRY, "no memory to read %s.%s", table->name, column->name);
    if (column->kind == COLUMN_HASH || column->kind == COLUMN_DIGEST) {
        if (size != column->size)
            return wrong(store, table, column, "a hash of another size");
        memcpy(member(row, column), data, size);
        return ERR_NONE;
    }
    if (column->kind == COLUMN_SEALED) {
        if (store->vault == NULL)
            return store_refuse(store, ERR_FATAL, "%s.%s cannot be opened without the key", table->name, column->name);
        enum err err = vault_open_field(store->vault, table->name, column->name, row_id(row, table),
                                        bytes_of(data, size), arena, member(row, column));
        return err == ERR_NONE ? ERR_NONE
                               : store_refuse(store, err, "%s.%s of row %lld does not open", table->name, column->name,
                                              (long long)row_id(row, table));
    }
    struct bytes copy = bytes_of(arena_copy(arena, data, size), size);
    if (copy.data == NULL)
        return store_refuse(store, ERR_RETRY, "no memory to read %s.%s", table->name, column->name);
    memcpy(member(row, column), &copy, sizeof copy);
    return ERR_NONE;
}

static enum err column_read(struct store *store, sqlite3_stmt *handle, int number, const struct table *table,
                            const struct column *column, struct arena *arena, struct row *row)
{
    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_INT:
    case COLUMN_INT32:
    case COLUMN_BOOL:
    case COLUMN_MONEY:
    case COLUMN_INSTANT:
        return integer_read(store, handle, number, table, column, member(row, column));
    case COLUMN_WORD:
    case COLUMN_TEXT:
    case COLUMN_STRING:
        return text_read(store, handle, number, table, column, arena, member(row, column));
    case COLUMN_HASH:
    case COLUMN_DIGEST:
    case COLUMN_BYTES:
    case COLUMN_SEALED:
        return bytes_read(store, handle, number, table, column, arena, row);
    }
    return ERR_FATAL;
}

/* Two rounds, because a sealed column opens only with the id of its row. NULL leaves the zero that the arena gave. */
enum err row_read(struct store *store, enum query query, struct statement *statement, const struct table *table,
                  struct arena *arena, struct row *row)
{
    if (statement->result != table)
        TRY(columns_resolve(store, query, statement, table));
    for (int round = 0; round <= (statement->has_sealed ? 1 : 0); round++)
        for (int number = 0; number < statement->columns_count; number++) {
            const struct column *column = &table->columns[statement->columns[number]];

            if ((column->kind == COLUMN_SEALED) != (round == 1) ||
                sqlite3_column_type(statement->handle, number) == SQLITE_NULL)
                continue;
            TRY(column_read(store, statement->handle, number, table, column, arena, row));
        }
    row->table = table;
    return ERR_NONE;
}
