/* SPDX-License-Identifier: Apache-2.0 */
/* Files with keys: API keys, private keys, and the public keys and certificates of others.
 *
 * A secret is read only from a plain file that belongs to this process's user (or root) and that nobody else may read;
 * a public key only from one that nobody else may write. Nothing here prints a content, and a reason names only the
 * file. */
#ifndef EBB_CHANNEL_SECRET_H
#define EBB_CHANNEL_SECRET_H

#include "base/err.h"

#define SECRET_BYTES_MAX 16384

enum secret_kind { SECRET_PRIVATE, SECRET_PUBLIC };

struct secret {
    char *text; /* NUL-terminated, without white space at its end; overwritten before it is freed */
    size_t size;
};

/* `path` is taken from `directory` unless it is absolute. False: `ret_reason` says what is wrong with the file. */
MUST_USE bool secret_read(const char *directory, const char *path, enum secret_kind kind, struct secret *ret,
                          char ret_reason[256]);
void secret_fini(struct secret *secret);
/* "sk_live_…1f2e" becomes "…1f2e"; short ones only "…". `ret` holds 16 bytes. */
void secret_mask(const struct secret *secret, char ret[16]);

#endif
