/* SPDX-License-Identifier: Apache-2.0 */
/* `ebb quote` without its arguments and files: some policies that are known, and one facts object after the other to
 * one line each. */
#ifndef EBB_CLI_QUOTE_H
#define EBB_CLI_QUOTE_H

#include "base/out.h"
#include "domain/quote.h"

#define POLICIES_LOADED_MAX 8

struct quoting {
    struct policy *policies;
    size_t policies_count;
    struct arena policy_arena, arena;
    struct out out; /* answers are appended; whoever takes them resets it */
};

/* False: there is no memory. To be finished in every case. */
MUST_USE bool quoting_init(struct quoting *quoting);
void quoting_fini(struct quoting *quoting);
/* The policies that ship. False, after a complaint: out of memory. */
MUST_USE bool quoting_load_embedded(struct quoting *quoting);
/* One facts object to one JSON text in `out`: the quote, or the problem (false). */
bool quote_facts(struct quoting *quoting, const char *json, size_t size);

#endif
