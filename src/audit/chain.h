/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of audit rows: dense, each with the hash of the one before. It proves that nothing inside was changed; that
 * its end was not cut off only an anchor proves (audit/kept.h). */
#ifndef EBB_AUDIT_CHAIN_H
#define EBB_AUDIT_CHAIN_H

#include "audit/books.h"
#include "base/hash.h"

struct head {
    int64_t seq;
    char hash[2 * HASH_BYTES + 1]; /* "" when there is no row */
};

/* Recomputes from `since` on (1: everything); rows before it are taken as proven by an earlier audit, and the first one
 * behind must hold the hash of the last of them. */
void chain_check(sqlite3 *books, int64_t since, struct report *report, struct head *ret);
/* Whether the row `seq` bears that hash; else a finding of that code. */
void chain_contains(sqlite3 *books, int64_t seq, const char *hash, const char *code, const char *sentence,
                    struct report *report);

#endif
