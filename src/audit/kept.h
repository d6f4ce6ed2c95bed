/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody kept outside of the heads of the audit chain: the file that `ebb serve` writes (signed statements, one
 * a line, of which torn ones do not count), one such line, or a bare {"seq":n,"hash":"hex"} that nobody signed.
 *
 * The public key comes from the command line or from the data directory's master.key. Without one, a signed statement
 * is believed as a bare one is, and the report says so. */
#ifndef EBB_AUDIT_KEPT_H
#define EBB_AUDIT_KEPT_H

#include "audit/report.h"
#include "base/anchor.h"

#include <sqlite3.h>

#define KEPT_MAX 64

struct kept {
    struct anchor anchors[KEPT_MAX]; /* bare ones have one head and no store */
    size_t count;
    size_t strangers; /* well-formed, with a signature that the key does not give */
    bool key_known;
    bool is_signed; /* any of them */
};

/* `key` is 64 hex digits or NULL. ERR_REQUEST with a sentence: there is no such file, nothing in it is an anchor, or
 * the key is none. */
MUST_USE enum err kept_read(const char *path, const char *key, const char *directory, struct kept *ret,
                            char ret_reason[256]);
/* Every head that was kept is in the chain. */
void kept_check(sqlite3 *books, const struct kept *kept, struct report *report);

#endif
