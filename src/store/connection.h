/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store, for the files of this room only: one SQLite connection, its prepared statements, and how rows
 * pass them. A statement is prepared once and resolved once per table: which parameter and which column of the result
 * is which column of the table. It knows no rule and reads no clock. */
#ifndef EBB_STORE_CONNECTION_H
#define EBB_STORE_CONNECTION_H

#include <sqlite3.h>

#include "store/store.h"

#define STATEMENT_COLUMNS_MAX 64

struct statement {
    sqlite3_stmt *handle;
    const struct table *bound;  /* table that `parameters` was resolved for */
    const struct table *result; /* table that `columns` was resolved for */
    int parameters_count, columns_count;
    bool has_sealed;
    uint8_t parameters[STATEMENT_COLUMNS_MAX], columns[STATEMENT_COLUMNS_MAX];
};

struct store {
    sqlite3 *db;
    struct vault *vault;
    enum store_mode mode;
    int lock_fd; /* the writer's; -1 otherwise */
    bool lost;   /* a commit failed: nothing may be asked of this connection any more */
    char reason[256];
    struct statement statements[QUERY__COUNT];
};

/* Keeps `what` and SQLite's words as the reason; says which fault it is. */
enum err store_fail(struct store *store, int code, const char *what);
enum err store_refuse(struct store *store, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);

/* Fails unless the writer stands in a transaction. */
MUST_USE enum err store_in_transaction(struct store *store);
/* migrate.c: after opening, when the schema is the latest: prepares the writer's statements, compares the vault's key.
 */
MUST_USE enum err store_opened(struct store *store);

/* The statement, prepared and reset. */
MUST_USE enum err statement_get(struct store *store, enum query query, struct statement **ret);
MUST_USE enum err statement_bind(struct store *store, enum query query, struct statement *statement,
                                 const struct value *args, size_t args_count);
/* Steps a statement that gives no rows to its end and resets it. */
MUST_USE enum err statement_run(struct store *store, enum query query, struct statement *statement);
/* Prepares every statement there is: what does not compile against the schema is found here and not in the night. */
MUST_USE enum err statement_prepare_all(struct store *store);
/* Closes all prepared statements. */
void statement_forget_all(struct store *store);

/* row_columns.c: binds every parameter of the statement from the row; reads the row that the statement stands on. */
MUST_USE enum err row_bind(struct store *store, enum query query, struct statement *statement, const struct row *row);
MUST_USE enum err row_read(struct store *store, enum query query, struct statement *statement,
                           const struct table *table, struct arena *arena, struct row *row);

#endif
