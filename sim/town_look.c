/* SPDX-License-Identifier: Apache-2.0 */
/* What the town's people and judges read of the books, through a connection of their own. */
#include "town.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/vault.h"
#include "store/sqlite.h"

sqlite3 *town_books(const struct town *town)
{
    return sqlite_of(town->reader)->db;
}

sqlite3_stmt *town_statement(struct town *town, const char *sql)
{
    struct town_statement *known = town->statements;

    for (size_t count = 1; known->sql != NULL && known->sql != sql; count++, known++)
        if (count == TOWN_STATEMENTS_MAX)
            abort();
    if (known->handle == NULL && sqlite3_prepare_v2(town_books(town), sql, -1, &known->handle, NULL) != SQLITE_OK)
        return NULL;
    known->sql = sql;
    return known->handle;
}

void town_statements_close(struct town *town)
{
    for (size_t i = 0; i < TOWN_STATEMENTS_MAX; i++)
        sqlite3_finalize(town->statements[i].handle);
    town_statements_forget(town);
}

void town_statements_forget(struct town *town)
{
    memset(town->statements, 0, sizeof town->statements);
}

size_t town_ints(struct town *town, const char *sql, int64_t *ret, size_t most)
{
    sqlite3_stmt *statement = town_statement(town, sql);
    size_t count = 0;

    while (statement != NULL && count < most && sqlite3_step(statement) == SQLITE_ROW)
        ret[count++] = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return count;
}

int64_t town_int(struct town *town, const char *sql)
{
    int64_t value;

    return town_ints(town, sql, &value, 1) == 1 ? value : -1;
}

/* The code stands sealed in the message. */
static void code_open(const struct town *town, sqlite3_stmt *row, char ret[16])
{
    SCOPED(arena_fini) struct arena arena;
    const char *code = NULL;
    struct bytes sealed = {sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1)};

    arena_init(&arena, 4096);
    if (vault_open_field(&town->vault, "message", "code", sqlite3_column_int64(row, 0), sealed, &arena, &code) ==
        ERR_NONE)
        snprintf(ret, 16, "%s", code);
}

void town_code(struct town *town, int64_t withdrawal, char ret[16])
{
    sqlite3_stmt *row = town_statement(
        town, "SELECT id, code FROM message WHERE withdrawal = ?1 AND code IS NOT NULL ORDER BY id DESC LIMIT 1");

    ret[0] = '\0';
    if (row == NULL)
        return;
    sqlite3_bind_int64(row, 1, withdrawal);
    if (sqlite3_step(row) == SQLITE_ROW)
        code_open(town, row, ret);
    sqlite3_reset(row);
}
