/* SPDX-License-Identifier: Apache-2.0 */
/* ebb policy: is a policy file sound, what does it say, and what would it change?
 *
 *   ebb policy check FILE...                     one line a mistake: FILE:LINE: KEY: what was expected
 *   ebb policy explain NAME|FILE [--lang en|zh]  the rules in sentences
 *   ebb policy diff A B --data DIR               accounts of A whose withdrawable amount B would change
 *
 * A NAME is one of the policies that the program carries. Exit status: 0 sound, 1 mistakes found, 2 unreadable or
 * misused. */
#ifndef EBB_CLI_POLICY_H
#define EBB_CLI_POLICY_H

#include "domain/policy.h"

int policy_main(int argc, char **argv);
int policy_diff_main(int argc, char **argv);

struct arena;
/* A name of the program's own policies, else a path. Complains itself; an exit status. */
int policy_load_which(const char *program, const char *which, struct arena *arena, struct policy *ret);

#endif
