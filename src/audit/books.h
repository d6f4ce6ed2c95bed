/* SPDX-License-Identifier: Apache-2.0 */
/* The books under audit: one SQLite database, open for reading only, seen as of one moment.
 *
 * Opening begins a read transaction, so that a server may go on writing beside the audit and every check sees the same
 * snapshot. Temporary tables live in files: the memory does not grow with the database. This module runs statements and
 * reports rows; what they mean stands in sql/audit/. */
#ifndef EBB_AUDIT_BOOKS_H
#define EBB_AUDIT_BOOKS_H

#include "audit/report.h"

#include <sqlite3.h>

#define REASON_BYTES 256

/* `directory` holds ebb.db. On ERR_FATAL `ret_reason` says in a sentence why this cannot be read as Ebb's books. */
MUST_USE enum err books_open(const char *directory, sqlite3 **ret, char ret_reason[REASON_BYTES]);
/* The books at a postgresql:// URL, of one moment, as a copy of our own. */
MUST_USE enum err books_copy(const char *url, sqlite3 **ret, char ret_reason[REASON_BYTES]);
void books_close(sqlite3 **books);

/* Damage below the rows: pages, indexes, references. CHECK constraints are not among it: SQLite does not read them on a
 * connection for reading only; the figures and words that they guard have checks of their own. */
void books_check_file(sqlite3 *books, struct report *report);
/* Everything of sql/audit/. A statement that cannot run is a finding too (check_failed). `behind`: behind the
 * checkpoint that is attached (checkpoint.h); `keep`: make also what a checkpoint keeps, where nothing was found. */
void books_check_rows(sqlite3 *books, bool behind, bool keep, struct report *report);
/* Audit rows, entries and accounts that were read behind the checkpoint. */
void books_behind(sqlite3 *books, int64_t ret[3]);
/* How many rows there are, for the summary. */
size_t books_count(sqlite3 *books, struct count *ret, size_t capacity);

/* functions.c: object_prefix, object_id, sign_of and shanghai_day for the statements. */
MUST_USE enum err books_functions(sqlite3 *books);

#endif
