/* SPDX-License-Identifier: Apache-2.0 */
/* The narrow door to durable rows: select by a named query, save a batch of changes, migrate, back up.
 *
 * One `struct store` is one connection used by one thread. The writer opens with STORE_WRITER and is the only
 * connection that writes and checkpoints (SQLite < 3.51.3 has a WAL-reset bug with two such connections); readers open
 * read-only. A failed commit is ERR_UNKNOWN: the caller answers "unknown", closes, reopens and looks up by key; it
 * never repeats the commit. The store knows rows and tables (domain/row.h), the vault seals COLUMN_SEALED columns on
 * their way out; it knows no rule. Statements come from sql/query/, embedded at build and prepared at open; `$name`
 * binds a column or an argument. */
#ifndef EBB_STORE_STORE_H
#define EBB_STORE_STORE_H

#include "base/arena.h"
#include "domain/rows.h"
#include "queries.h" /* generated: enum query { QUERY_ACCOUNT_BY_REF, … }, query_texts */

struct vault; /* access/vault.h */
struct store;

enum store_mode { STORE_READER = 0, STORE_WRITER };

struct value {
    enum { VALUE_INT, VALUE_TEXT, VALUE_BYTES, VALUE_NULL } kind;
    const char *name; /* "$name" without the dollar */
    int64_t integer;
    const char *text;
    struct bytes bytes;
};
static inline struct value value_int(const char *name, int64_t integer)
{
    return (struct value){.kind = VALUE_INT, .name = name, .integer = integer};
}
static inline struct value value_text(const char *name, const char *text)
{
    return (struct value){.kind = text ? VALUE_TEXT : VALUE_NULL, .name = name, .text = text};
}
static inline struct value value_null(const char *name)
{
    return (struct value){.kind = VALUE_NULL, .name = name};
}
static inline struct value value_bytes(const char *name, const void *data, size_t size)
{
    return (struct value){.kind = VALUE_BYTES, .name = name, .bytes = {data, size}};
}

struct rows {
    void **items; /* pointers to row structs in the arena */
    size_t count;
};

/* Opens (and for the writer creates) the database in `directory`/ebb.db. Migrates nothing. On ERR_FATAL `ret_reason`
 * holds a sentence. `vault` may be NULL where no sealed column is read or written. */
MUST_USE enum err store_open(const char *directory, enum store_mode mode, struct vault *vault, struct store **ret,
                             char ret_reason[256]);
void store_close(struct store **store);

/* Runs a SELECT; columns of the result that the table knows fill the row, others are an error (ERR_FATAL). Rows are
 * CLEAN. */
MUST_USE enum err store_select(struct store *store, enum query query, const struct value *args, size_t args_count,
                               const struct table *table, struct arena *arena, struct rows *ret);
/* One integer, 0 when there is no row or NULL. */
MUST_USE enum err store_int(struct store *store, enum query query, const struct value *args, size_t args_count,
                            int64_t *ret);
/* Runs a statement that changes rows by itself (timers, housekeeping, meta): inside begin … commit. */
MUST_USE enum err store_execute(struct store *store, enum query query, const struct value *args, size_t args_count);

/* A named text of the database itself; NULL when there is none. store_meta_put: inside begin … commit. */
MUST_USE enum err store_meta_get(struct store *store, const char *key, struct arena *arena, const char **ret);
MUST_USE enum err store_meta_put(struct store *store, const char *key, const char *value);

/* Counts by a word, for metrics: withdrawals_count, withdrawals_count_open, legs_count_unknown, incidents_count … */
struct tally {
    struct row row;
    char word[33];
    int64_t count;
    struct money amount;
    struct instant at; /* the oldest */
};
extern const struct table tally_table;

/* The writer's transaction. On a reader: one snapshot for several selects, ended by store_rollback. */
MUST_USE enum err store_begin(struct store *store);
/* Writes every changed row: ROW_NEW by <table>_insert, ROW_CHANGED by <table>_update,
 * ROW_GONE by <table>_delete (legs and lots only). A constraint that fires here is a bug
 * of the decisions above: ERR_FATAL. Rows become CLEAN. */
MUST_USE enum err store_save(struct store *store, struct changes *changes);
/* ERR_UNKNOWN when the outcome is not known. */
MUST_USE enum err store_commit(struct store *store);
void store_rollback(struct store *store);
/* Moves WAL pages into the database; the writer's, off the latency path. */
MUST_USE enum err store_checkpoint(struct store *store);

const char *store_reason(const struct store *store); /* the last fault in words */
const char *store_version(void);                     /* the SQLite library's */

/* migrate.c: schema files of sql/schema/, numbered, forward only, checksummed. */
MUST_USE enum err store_migrate(struct store *store, int64_t *ret_from, int64_t *ret_to);
int64_t store_schema_latest(void);
MUST_USE enum err store_schema_version(struct store *store, int64_t *ret);

/* backup.c: a copy by SQLite's backup API, also of a running server's database, with a manifest (size, BLAKE2b, schema,
 * audit head); its verification (manifest, integrity_check, chain head); and restore into an empty directory. The copy
 * does not hold master.key: keep it elsewhere, it opens nothing alone. A master.key that lies beside the manifest is
 * restored with it. A restored database remembers so in meta `restored_from` (the backup's moment). ERR_REQUEST: what
 * was named is no sound backup or no empty directory; `ret_reason` says why. */
MUST_USE enum err store_backup_create(const char *directory, const char *target, struct instant now,
                                      char ret_reason[256]);
MUST_USE enum err store_backup_verify(const char *target, char ret_reason[256]);
MUST_USE enum err store_backup_restore(const char *target, const char *directory, char ret_reason[256]);

#endif
