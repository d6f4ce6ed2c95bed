/* SPDX-License-Identifier: Apache-2.0 */
/* From YAML to a policy, or to a list of mistakes with file, line, key and what was expected. Pure: text in, struct
 * out. Unknown keys, repeated keys, bad amounts, impossible windows, rules that cannot be reached and reviews that can
 * deadlock are mistakes; a file with a mistake yields no policy. The keys are described in docs/policy.md. */
#ifndef EBB_DOMAIN_POLICY_LOAD_H
#define EBB_DOMAIN_POLICY_LOAD_H

#include "domain/policy.h"

#define POLICY_MISTAKES_MAX 32

struct policy_mistake {
    size_t line; /* from 1; 0 when it belongs to no line */
    char key[96];
    char expected[200];
};
struct policy_mistakes {
    struct policy_mistake items[POLICY_MISTAKES_MAX];
    size_t count;
};

/* Texts of the policy live in the arena. ERR_REQUEST: see `mistakes`, `ret` untouched. */
MUST_USE enum err policy_load(const char *yaml, size_t size, struct arena *arena, struct policy *ret,
                              struct policy_mistakes *mistakes);

#endif
