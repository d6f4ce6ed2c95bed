/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection and its prepared statements, for the files of this room only. A statement is prepared once and
 * resolved once per table: which parameter and which column of the result is which column of the table. */
#ifndef EBB_STORE_SQLITE_H
#define EBB_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/connection.h"

struct statement {
    sqlite3_stmt *handle;
    struct along bound, result;
    int parameters_count, columns_count;
};

struct sqlite {
    struct store store;
    sqlite3 *db;
    int lock_fd;   /* the writer's; -1 otherwise */
    int log_moved; /* pages of the log that are in the database already; a log that begins anew has fewer */
    struct statement statements[QUERY__COUNT];
};

extern const struct store_operations sqlite_operations;

static inline struct sqlite *sqlite_of(struct store *store)
{
    return (struct sqlite *)store;
}

/* Keeps `what` and SQLite's words as the reason; says which fault it is. */
enum err sqlite_fail(struct sqlite *sqlite, int code, const char *what);

/* statement.c: the statement, prepared and reset. */
MUST_USE enum err statement_get(struct sqlite *sqlite, enum query query, struct statement **ret);
MUST_USE enum err statement_bind(struct sqlite *sqlite, enum query query, struct statement *statement,
                                 const struct value *args, size_t args_count);
/* Steps a statement that gives no rows to its end and resets it. */
MUST_USE enum err statement_run(struct sqlite *sqlite, enum query query, struct statement *statement);
/* Prepares every statement there is: what does not compile against the schema is found here and not in the night. */
MUST_USE enum err statement_prepare_all(struct sqlite *sqlite);
/* Closes all prepared statements. */
void statement_forget_all(struct sqlite *sqlite);
/* Binds every parameter of the statement from the row; reads the row that the statement stands on. */
MUST_USE enum err statement_bind_row(struct sqlite *sqlite, enum query query, struct statement *statement,
                                     const struct row *row);
MUST_USE enum err statement_read_row(struct sqlite *sqlite, enum query query, struct statement *statement,
                                     const struct table *table, struct arena *arena, struct row *row);

/* sqlite_save.c */
MUST_USE enum err sqlite_save(struct store *store, const struct changes *changes, bool commit);

#endif
