/* SPDX-License-Identifier: Apache-2.0 */
/* One facts object: everything that a quote needs to know about an account, as JSON, without a database; `ebb quote`
 * reads it, and man ebb shows one.
 *
 * The reader is strict: an unknown, missing, repeated or mistyped member is a problem with its JSON pointer, and so is
 * a contradiction (more held than remaining, more remaining than paid in, two top-ups of one name). Totals of the
 * account are computed from the top-ups, so they cannot disagree. It knows no policy: the name is handed on as it
 * stands. */
#ifndef EBB_DOMAIN_FACTS_H
#define EBB_DOMAIN_FACTS_H

#include "domain/rows.h"

#define FACTS_TOPUPS_MAX 100000

struct facts {
    const char *policy;
    struct instant at;
    struct account account;
    struct topup **topups; /* in the order of the file, those without money included */
    size_t topups_count;
};

/* Texts and rows live in the arena. ERR_REQUEST: see `problems`; `ret_malformed` tells a wrong shape from a wrong
 * value. ERR_RETRY: out of memory. `ret` is untouched unless ERR_NONE. */
MUST_USE enum err facts_read(const char *json, size_t size, struct arena *arena, struct facts *ret,
                             struct field_problems *problems, bool *ret_malformed);

#endif
