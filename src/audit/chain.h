/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of audit rows: dense, each with the hash of the one before, and (if somebody outside kept one) containing
 * the anchor. A chain proves that nothing inside was changed; only an anchor proves that its end was not cut off. */
#ifndef EBB_AUDIT_CHAIN_H
#define EBB_AUDIT_CHAIN_H

#include "audit/books.h"
#include "base/hash.h"

struct anchor {
    int64_t seq;
    char hash[2 * HASH_BYTES + 1];
};

struct head {
    int64_t seq;
    char hash[2 * HASH_BYTES + 1]; /* "" when there is no row */
};

/* Reads {"seq":n,"hash":"hex"}. ERR_REQUEST when the file is not that. */
MUST_USE enum err anchor_read(const char *path, struct anchor *ret);

/* Recomputes from `since` on (1: everything); rows before it are taken as proven by an earlier audit. */
void chain_check(sqlite3 *books, int64_t since, const struct anchor *anchor, struct report *report, struct head *ret);

#endif
