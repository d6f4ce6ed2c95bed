/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint: what the journal said up to a head of the audit chain, as an audit that found the books sound summed it
 * up (sql/audit/06_sum.sql). The next audit may go on from there: it reads the journal behind that head and the rows
 * that this journal touched, and adds to the sums instead of making them anew.
 *
 * The file is a SQLite database of the sums, followed by 64 hex digits and a line feed: the digest of all bytes before.
 * That finds a damaged file. Whoever may write the file may also write the digest: only a digest that was noted down
 * elsewhere proves that the file is the one that was left, so every audit prints it. */
#ifndef EBB_AUDIT_CHECKPOINT_H
#define EBB_AUDIT_CHECKPOINT_H

#include "audit/chain.h"

struct checkpoint {
    struct head head;
    char digest[2 * HASH_BYTES + 1];
};

/* Attaches the file at `path` to the books, whose set-ups then find it. ERR_REQUEST with a sentence: it cannot be
 * read, is damaged, of another database, or of another make of this program. */
MUST_USE enum err checkpoint_attach(sqlite3 *books, const char *path, struct checkpoint *ret,
                                    char ret_reason[REASON_BYTES]);

/* Leaves the sums of `books`, which books_check_rows made for keeping. `from`: the path of the checkpoint that they
 * went on from, whose other sums stay as they are, or NULL; it may be `path` itself. All or nothing: the old file stays
 * until the new one is complete. */
MUST_USE enum err checkpoint_write(sqlite3 *books, const char *from, const char *path,
                                   char ret_digest[2 * HASH_BYTES + 1], char ret_reason[REASON_BYTES]);

#endif
