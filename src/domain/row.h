/* SPDX-License-Identifier: Apache-2.0 */
/* What a stored row looks like, for whoever loads or saves it.
 *
 * A row struct begins with `struct row`; a `struct table` says which member is which column. The store reads and writes
 * rows along that table and knows nothing else about them; the domain changes members and says `changes_put`. A row is
 * saved once a batch in its last state, in the order in which it was first changed. */
#ifndef EBB_DOMAIN_ROW_H
#define EBB_DOMAIN_ROW_H

#include "base/hash.h"
#include "domain/words.h"

enum row_state { ROW_CLEAN = 0, ROW_NEW, ROW_CHANGED, ROW_GONE };

struct table;
struct row {
    const struct table *table;
    struct row *next_changed;
    enum row_state state;
    bool described; /* changed: in what it is, not only in its figures */
};

enum column_kind {
    COLUMN_ID,      /* int64_t; 0 ↔ NULL */
    COLUMN_INT,     /* int64_t */
    COLUMN_INT32,   /* int32_t */
    COLUMN_BOOL,    /* bool ↔ 0/1 */
    COLUMN_MONEY,   /* struct money */
    COLUMN_INSTANT, /* struct instant; none ↔ NULL */
    COLUMN_WORD,    /* enum (int) ↔ TEXT by `words`; 0 ↔ NULL */
    COLUMN_TEXT,    /* char[size]; "" ↔ NULL */
    COLUMN_STRING,  /* const char * in the arena; NULL ↔ NULL */
    COLUMN_HASH,    /* uint8_t[size] ↔ BLOB; all zero ↔ NULL */
    COLUMN_DIGEST,  /* uint8_t[size] ↔ BLOB, also when it is all zero (the beginning of a chain) */
    COLUMN_BYTES,   /* struct bytes in the arena ↔ BLOB */
    COLUMN_SEALED,  /* const char * in memory, encrypted BLOB outside; bound to table, column and the row's id (first
                       column) */
};

struct column {
    const char *name; /* column and statement parameter: name ↔ $name */
    enum column_kind kind;
    size_t offset, size;
    const struct words *words;
};

struct table {
    const char *name;
    size_t row_bytes;
    const struct column *columns;
    size_t columns_count;
};

struct changes {
    struct row *first, *last;
    size_t count;
};

/* Makes `row`, zeroed memory of the table's size, a new row of the table that is already in `changes`, and returns it.
 */
void *changes_new(struct changes *changes, void *row, const struct table *table);
/* The row was changed; twice is once. Rows that are not stored yet stay new. */
void changes_put(struct changes *changes, struct row *row);
/* The same, and what the row is has changed: accounts say seldom what they are, and often what they hold. */
void changes_put_described(struct changes *changes, struct row *row);
/* The row is to be deleted: planned legs and lots that a new plan replaces, and what has to do with signing in. A new
 * row is simply forgotten. */
void changes_drop(struct changes *changes, struct row *row);

#endif
