/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants of docs/reliability.md as statements (invariants.sql), asked of a database after a history. They share
 * no code with the rules that they check, nor with the auditor. */
#ifndef EBB_SIM_INVARIANTS_H
#define EBB_SIM_INVARIANTS_H

#include <sqlite3.h>

#include "base/err.h"

struct broken {
    int count;
    char first[256]; /* which invariant, and where */
};

void invariants_check(sqlite3 *db, struct broken *ret);
/* `PRAGMA integrity_check` and the schema's references. */
void invariants_check_file(sqlite3 *db, struct broken *ret);
/* How many there are. */
int invariants_count(void);
/* Of every row of every table, in key order: equal books have equal digests. */
uint64_t invariants_digest(sqlite3 *db);
/* Of the rows of table meta only those for which the expression is true; NULL: all. */
uint64_t invariants_digest_but(sqlite3 *db, const char *meta);

#endif
