/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store, for the files of this room only: what the two engines share. SQLite (sqlite.h) and PostgreSQL
 * (postgres.h) put a `struct store` first in their own connection and answer through its operations; everything above
 * them (store.c, migrate.c, keyring.c) is written once. It knows no rule and reads no clock. */
#ifndef EBB_STORE_CONNECTION_H
#define EBB_STORE_CONNECTION_H

#include "base/embedded.h"
#include "store/store.h"

#define STATEMENT_COLUMNS_MAX 64
#define STORE_KEY_CHECK "key_check"     /* in meta: a hash that only the right master key gives */
#define STORE_DISTRIBUTED "distributed" /* in meta: the tables are spread over nodes */

/* What an engine does; each as store.h promises it of the function of that name. */
struct store_operations {
    const struct embedded *schema;
    bool shared;
    void (*close)(struct store *store);
    enum err (*select)(struct store *store, struct fetch *fetch, struct arena *arena);
    enum err (*fetch)(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena);
    enum err (*number)(struct store *store, enum query query, const struct value *args, size_t args_count,
                       int64_t *ret);
    enum err (*execute)(struct store *store, enum query query, const struct value *args, size_t args_count);
    enum err (*begin)(struct store *store);
    bool (*in_transaction)(const struct store *store);
    enum err (*save)(struct store *store, const struct changes *changes, bool commit);
    enum err (*commit)(struct store *store);
    void (*rollback)(struct store *store);
    enum err (*checkpoint)(struct store *store);
    enum err (*script)(struct store *store, const struct embedded *file); /* inside begin … commit */
    enum err (*lease)(struct store *store, int *ret);                     /* NULL: always 0 */
    enum err (*lock)(struct store *store, bool take); /* for a migration; NULL: the writer is alone anyway */
    enum err (*prepare_all)(struct store *store);     /* what does not compile against the schema is found here */
};

struct store {
    const struct store_operations *operations;
    struct vault *vault;
    enum store_mode mode;
    bool lost;                     /* a commit or a rollback failed: nothing may be asked of it any more */
    bool distributed;              /* each statement is about one shard */
    bool raced;                    /* the last fault was not ours: deciding anew may settle it */
    int64_t changed;               /* rows by the last execute */
    int64_t log_pages;             /* committed and not yet moved into the database */
    int64_t fence_epoch, fence_ms; /* of the next save; 0: none */
    int64_t expected_seq;          /* before the next save; -1: whatever there is */
    char reason[256];
};

/* Gives the connection to `ret`, or closes it and says why not. */
enum err sqlite_open(const char *directory, enum store_mode mode, struct store **ret);
enum err postgres_open(const char *url, enum store_mode mode, struct store **ret);

enum err store_refuse(struct store *store, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);
/* Fails unless the writer stands in a transaction. */
MUST_USE enum err store_in_transaction(struct store *store);
/* migrate.c: after opening, when the schema is the latest: prepares the writer's statements, compares the vault's key.
 */
MUST_USE enum err store_opened(struct store *store);
/* migrate.c: the tables are meant to be as they are now. Inside begin … commit. */
MUST_USE enum err store_shape_record(struct store *store);
/* A row of the table in the arena, at the end of `rows`. */
MUST_USE enum err rows_add(struct store *store, const struct table *table, struct arena *arena, struct rows *rows,
                           struct row **ret);

/* ---- save.c ---- */

/* Which statements write which table. QUERY__COUNT: there is no such statement, because rows of that table are never
 * changed or never taken back. */
struct persistence {
    const struct table *table;
    enum query insert, update, gone;
};
extern const struct persistence persistences[]; /* parents stand before their children; ended by a NULL table */
size_t persistences_count(void);
/* The update of what changes often in rows of that table; QUERY__COUNT: there is no such statement. */
enum query persistence_figures(const struct persistence *persistence);
/* ERR_FATAL when a row of that table is not saved in its state. */
MUST_USE enum err row_persistence(struct store *store, const struct row *row, const struct persistence **ret,
                                  enum query *ret_query);
/* All rows are saved: clean, and forgotten. */
void changes_forget(struct changes *changes);

/* ---- row_columns.c: rows along their tables ---- */

/* One value on its way between a row and a database. */
struct cell {
    enum { CELL_NULL, CELL_INT, CELL_TEXT, CELL_BYTES, CELL_SEAL, CELL_OTHER } kind;
    int64_t integer;
    const void *data; /* text is ended by a NUL as well */
    size_t size;      /* CELL_SEAL: of what row_seal will write */
};

/* Which columns of a table a statement's parameters or its result are. */
struct along {
    const struct table *table; /* resolved for; NULL: for none yet */
    size_t count;
    bool has_sealed;
    uint8_t columns[STATEMENT_COLUMNS_MAX];
};

/* `name_of` gives the name of the number-th (from 0), or NULL for want of memory. */
typedef const char *along_name(void *context, size_t number);
MUST_USE enum err along_parameters(struct store *store, enum query query, const struct table *table, size_t count,
                                   along_name *name_of, void *context, struct along *ret);
MUST_USE enum err along_result(struct store *store, enum query query, const struct table *table, size_t count,
                               along_name *name_of, void *context, struct along *ret);

/* The member as it goes out. Nothing is copied: the row outlives the statement's run. CELL_SEAL: the caller finds room
 * for `size` bytes and has row_seal fill it. */
MUST_USE enum err row_cell(struct store *store, const struct row *row, const struct column *column, struct cell *ret);
void row_seal(struct store *store, const struct row *row, const struct column *column, const struct cell *cell,
              uint8_t *ret);
/* The member as it came in; texts and bytes are copied into the arena. NULL leaves the zero that the arena gave. A
 * sealed column opens only when the row's id is there. */
MUST_USE enum err row_put(struct store *store, const struct table *table, const struct column *column,
                          const struct cell *cell, struct arena *arena, struct row *row);

#endif
