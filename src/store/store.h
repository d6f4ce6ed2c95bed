/* SPDX-License-Identifier: Apache-2.0 */
/* The narrow door to durable rows: select by a named query, save a batch of changes, migrate, back up.
 *
 * Behind it stands SQLite in a directory or PostgreSQL at a URL; callers do not ask which. One `struct store` is one
 * connection used by one thread. Readers open read-only. On SQLite the writer is the only connection that writes and
 * checkpoints (SQLite < 3.51.3 has a WAL-reset bug with two such connections). A failed commit is ERR_UNKNOWN: the
 * caller answers "unknown", closes, reopens and looks up by key; it never repeats the commit. The store knows rows and
 * tables (domain/row.h), the vault seals COLUMN_SEALED columns on their way out; it knows no rule. Statements come from
 * sql/query/, embedded at build and proven to compile by the first writer of a process; `$name` binds a column or an
 * argument. */
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

/* A select that is to be made: `args` live until it is answered. */
struct fetch {
    enum query query;
    const struct table *table;
    const struct value *args;
    size_t args_count;
    struct rows rows; /* the answer */
};

/* Opens (and for the writer creates) the database in `place`/ebb.db, or connects to it where `place` is a
 * postgresql:// URL. Migrates nothing. On ERR_FATAL `ret_reason` holds a sentence. `vault` may be NULL where no sealed
 * column is read or written. */
MUST_USE enum err store_open(const char *place, enum store_mode mode, struct vault *vault, struct store **ret,
                             char ret_reason[256]);
void store_close(struct store **store);
/* Is it a URL of PostgreSQL, and not a directory? */
bool store_is_url(const char *place);
/* Where the rows live: at `url`, or where there is none in the directory that holds the keys. */
static inline const char *store_place(const char *url, const char *directory)
{
    return url != NULL ? url : directory;
}
/* Is there a database with a master key? Making another would only hide that the right one is missing.
 * ERR_RETRY or ERR_FATAL: it cannot be asked. */
MUST_USE enum err store_exists(const char *place, bool *ret, char ret_reason[256]);
/* The writer of an engine takes a number for itself, from 0 on, as long as its connection lasts: ids of two engines
 * never meet. ERR_RETRY: all are taken. SQLite has one writer, 0. */
#define STORE_LEASES 16
MUST_USE enum err store_lease(struct store *store, int *ret);
/* The next store_save_commit is done only while the dispatcher's lease is of this epoch, and will be for `guard_ms`;
 * otherwise ERR_RETRY, and nothing was saved. 0: whoever saves. */
void store_fence(struct store *store, int64_t epoch, int64_t guard_ms);
/* The next store_save_commit is done only if the newest audit row is this one when nobody else may append any more;
 * otherwise ERR_RETRY and store_raced, and nothing was saved. Where nobody else writes it says nothing. */
void store_expect(struct store *store, int64_t seq);
/* Do other processes write the same rows? Then an account is locked before it is read (engine/batch.h). */
bool store_is_shared(const struct store *store);

/* Runs a SELECT; columns of the result that the table knows fill the row, others are an error (ERR_FATAL). Rows are
 * CLEAN. */
MUST_USE enum err store_select(struct store *store, enum query query, const struct value *args, size_t args_count,
                               const struct table *table, struct arena *arena, struct rows *ret);
/* All of them at what one of them costs, where asking costs the way and not the work. */
MUST_USE enum err store_fetch(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena);
/* One integer, 0 when there is no row or NULL. */
MUST_USE enum err store_int(struct store *store, enum query query, const struct value *args, size_t args_count,
                            int64_t *ret);
/* Runs a statement that changes rows by itself (timers, housekeeping, meta): inside begin … commit. */
MUST_USE enum err store_execute(struct store *store, enum query query, const struct value *args, size_t args_count);
/* How many rows the last store_execute changed. */
int64_t store_changed(const struct store *store);

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
 * ROW_GONE by <table>_delete (legs, lots, sessions). A constraint that fires here is a bug
 * of the decisions above: ERR_FATAL. Rows become CLEAN. */
MUST_USE enum err store_save(struct store *store, struct changes *changes);
/* ERR_UNKNOWN when the outcome is not known. */
MUST_USE enum err store_commit(struct store *store);
/* store_save and store_commit in one go. Where it was another process that made the rows unfit (the same new account,
 * the same key, a deadlock) nothing was saved: ERR_RETRY, and store_raced says that deciding anew on what is there now
 * will settle it. */
MUST_USE enum err store_save_commit(struct store *store, struct changes *changes);
bool store_raced(const struct store *store);
void store_rollback(struct store *store);
/* False: a commit or a rollback failed; nothing may be asked of this connection any more. */
bool store_usable(const struct store *store);
/* False: none was begun, or the engine ended it by itself because memory or the disk ran out under a statement. */
bool store_transacting(const struct store *store);
/* Moves WAL pages into the database; the writer's, off the latency path. PostgreSQL does so by itself. */
MUST_USE enum err store_checkpoint(struct store *store);
/* Pages that this connection's commits have put into the log since it was moved; 0 where that is not our business. */
int64_t store_log_pages(const struct store *store);

const char *store_reason(const struct store *store); /* the last fault in words */
const char *store_version(void);                     /* the SQLite library's */

/* migrate.c: schema files of sql/schema/ (or their twins for PostgreSQL), numbered, forward only, checksummed. */
MUST_USE enum err store_migrate(struct store *store, int64_t *ret_from, int64_t *ret_to);
int64_t store_schema_latest(void);
MUST_USE enum err store_schema_version(struct store *store, int64_t *ret);

/* distribute.c: spreads the tables of accounts over the nodes of a PostgreSQL that has Citus, by their shard, in one
 * transaction. ERR_REQUEST: it cannot be done here, and nothing changed; store_reason says what is missing. `ret_done`:
 * it was done before. */
MUST_USE enum err store_distributable(struct store *store, bool *ret_done);
MUST_USE enum err store_distribute(struct store *store);

/* backup.c: a copy by SQLite's backup API, also of a running server's database, with a manifest (size, BLAKE2b, schema,
 * audit head); its verification (manifest, integrity_check, chain head); and restore into an empty directory. The copy
 * does not hold master.key: keep it elsewhere, it opens nothing alone. A master.key that lies beside the manifest is
 * restored with it. A restored database remembers so in meta `restored_from` (the backup's moment); a restore that was
 * cut off leaves no database. An answered backup, and what was restored, are on the disk with their names. ERR_REQUEST:
 * what was named is no sound backup or no empty directory; `ret_reason` says why. */
MUST_USE enum err store_backup_create(const char *directory, const char *target, struct instant now,
                                      char ret_reason[256]);
MUST_USE enum err store_backup_verify(const char *target, char ret_reason[256]);
MUST_USE enum err store_backup_restore(const char *target, const char *directory, char ret_reason[256]);

#endif
