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

/* ---- which column is which ---- */

enum err along_parameters(struct store *store, enum query query, const struct table *table, size_t count,
                          along_name *name_of, void *context, struct along *ret)
{
    INVARIANT(60, count <= STATEMENT_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(context, i);
        int found = name == NULL ? -1 : column_find(table, name);

        if (found < 0)
            return store_refuse(store, ERR_FATAL, "%s: $%s is no column of %s", query_names[query], name ? name : "?",
                                table->name);
        ret->columns[i] = (uint8_t)found;
    }
    ret->count = count;
    ret->table = table;
    return ERR_NONE;
}

enum err along_result(struct store *store, enum query query, const struct table *table, size_t count,
                      along_name *name_of, void *context, struct along *ret)
{
    bool has_sealed = false, has_id = false;

    INVARIANT(60, count <= STATEMENT_COLUMNS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of(context, i);
        if (name == NULL)
            return store_refuse(store, ERR_RETRY, "no memory to resolve %s", query_names[query]);
        int found = column_find(table, name);
        if (found < 0)
            return store_refuse(store, ERR_FATAL, "%s: %s is no column of %s", query_names[query], name, table->name);
        ret->columns[i] = (uint8_t)found;
        has_sealed |= table->columns[found].kind == COLUMN_SEALED;
        has_id |= found == 0;
    }
    if (has_sealed && !has_id)
        return store_refuse(store, ERR_FATAL, "%s: sealed columns need the row's id", query_names[query]);
    ret->has_sealed = has_sealed;
    ret->count = count;
    ret->table = table;
    return ERR_NONE;
}

/* ---- out: from the row to a cell ---- */

static struct cell cell_null(void)
{
    return (struct cell){.kind = CELL_NULL};
}

static struct cell cell_int(int64_t integer)
{
    return (struct cell){.kind = CELL_INT, .integer = integer};
}

static struct cell cell_text(const char *text)
{
    return text == NULL ? cell_null() : (struct cell){.kind = CELL_TEXT, .data = text, .size = strlen(text)};
}

static struct cell cell_bytes(const void *data, size_t size)
{
    return data == NULL ? cell_null() : (struct cell){.kind = CELL_BYTES, .data = data, .size = size};
}

static struct cell cell_word(const struct words *words, int word)
{
    INVARIANT(62, word >= 0 && word < words->count);
    return cell_text(word == 0 ? NULL : words->texts[word]);
}

static enum err cell_seal(struct store *store, const struct row *row, const struct column *column, struct cell *ret)
{
    const char *plain;

    memcpy(&plain, member_const(row, column), sizeof plain);
    *ret = cell_text(plain);
    if (plain == NULL)
        return ERR_NONE;
    if (store->vault == NULL)
        return store_refuse(store, ERR_FATAL, "%s.%s cannot be sealed without the key", row->table->name, column->name);
    ret->kind = CELL_SEAL;
    ret->size = vault_sealed_bytes(ret->size);
    return ERR_NONE;
}

void row_seal(struct store *store, const struct row *row, const struct column *column, const struct cell *cell,
              uint8_t *ret)
{
    vault_seal(store->vault, row->table->name, column->name, row_id(row, row->table), cell->data, strlen(cell->data),
               ret);
}

enum err row_cell(struct store *store, const struct row *row, const struct column *column, struct cell *ret)
{
    const void *at = member_const(row, column);
    int64_t integer = 0;

    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_INSTANT:
        memcpy(&integer, at, sizeof integer);
        *ret = integer == 0 ? cell_null() : cell_int(integer);
        return ERR_NONE;
    case COLUMN_INT:
    case COLUMN_MONEY:
        memcpy(&integer, at, sizeof integer);
        *ret = cell_int(integer);
        return ERR_NONE;
    case COLUMN_INT32:
        *ret = cell_int(*(const int32_t *)at);
        return ERR_NONE;
    case COLUMN_BOOL:
        *ret = cell_int(*(const bool *)at);
        return ERR_NONE;
    case COLUMN_WORD:
        *ret = cell_word(column->words, *(const int *)at);
        return ERR_NONE;
    case COLUMN_TEXT:
        *ret = cell_text(*(const char *)at == '\0' ? NULL : at);
        return ERR_NONE;
    case COLUMN_STRING:
        *ret = cell_text(*(const char *const *)at);
        return ERR_NONE;
    case COLUMN_HASH:
        *ret = cell_bytes(all_zero(at, column->size) ? NULL : at, column->size);
        return ERR_NONE;
    case COLUMN_DIGEST:
        *ret = cell_bytes(at, column->size);
        return ERR_NONE;
    case COLUMN_BYTES:
        *ret = cell_bytes(((const struct bytes *)at)->data, ((const struct bytes *)at)->size);
        return ERR_NONE;
    case COLUMN_SEALED:
        return cell_seal(store, row, column, ret);
    }
    return ERR_FATAL;
}

/* ---- in: from a cell to the row ---- */

static enum err wrong(struct store *store, const struct table *table, const struct column *column, const char *why)
{
    return store_refuse(store, ERR_FATAL, "%s.%s holds %s", table->name, column->name, why);
}

static enum err integer_put(struct store *store, const struct table *table, const struct column *column,
                            const struct cell *cell, void *at)
{
    int64_t integer = cell->integer;

    if (cell->kind != CELL_INT)
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

static enum err text_put(struct store *store, const struct table *table, const struct column *column,
                         const struct cell *cell, struct arena *arena, void *at)
{
    const char *text = cell->data;
    size_t size = cell->size;

    if (cell->kind != CELL_TEXT)
        return wrong(store, table, column, "no text");
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

static enum err bytes_put(struct store *store, const struct table *table, const struct column *column,
                          const struct cell *cell, struct arena *arena, struct row *row)
{
    const void *data = cell->data;
    size_t size = cell->size;

    if (cell->kind != CELL_BYTES)
        return wrong(store, table, column, "no bytes");
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

enum err row_put(struct store *store, const struct table *table, const struct column *column, const struct cell *cell,
                 struct arena *arena, struct row *row)
{
    if (cell->kind == CELL_NULL)
        return ERR_NONE;
    switch (column->kind) {
    case COLUMN_ID:
    case COLUMN_INT:
    case COLUMN_INT32:
    case COLUMN_BOOL:
    case COLUMN_MONEY:
    case COLUMN_INSTANT:
        return integer_put(store, table, column, cell, member(row, column));
    case COLUMN_WORD:
    case COLUMN_TEXT:
    case COLUMN_STRING:
        return text_put(store, table, column, cell, arena, member(row, column));
    case COLUMN_HASH:
    case COLUMN_DIGEST:
    case COLUMN_BYTES:
    case COLUMN_SEALED:
        return bytes_put(store, table, column, cell, arena, row);
    }
    return ERR_FATAL;
}
