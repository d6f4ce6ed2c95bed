/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing the names of people and companies (docs/rules.md, READ-10).
 *
 * Names are folded: full width to half width, trimmed, runs of spaces to one, brackets and middle dots unified, Latin
 * to upper case. Equal after folding is the same. Near: one character differs (insert, delete, replace) in a name of
 * three or more characters, the words stand in another order, or the only differences are traditional forms of the same
 * characters. Everything else is different. Pure; names are UTF-8; longer than NAME_CHARACTERS_MAX compares as
 * different unless identical. */
#ifndef EBB_DOMAIN_NAME_H
#define EBB_DOMAIN_NAME_H

#include "base/err.h"

#define NAME_CHARACTERS_MAX 256

enum name_match { NAME_DIFFERENT = 0, NAME_NEAR, NAME_SAME };
enum name_match name_compare(const char *a, const char *b);

#endif
