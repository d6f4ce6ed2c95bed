/* SPDX-License-Identifier: Apache-2.0 */
/* Roles by their names. What is stored of a person or a session are names; the bits that they mean are looked up each
 * time in the one table (roles.def), so that a change of the table holds for everybody at once. */
#ifndef EBB_ENGINE_ROLE_H
#define EBB_ENGINE_ROLE_H

#include "engine/command.h"

struct role_meaning {
    const char *name;
    unsigned bits; /* enum role */
    bool people;
    const char *words;
};
extern const struct role_meaning role_meanings[];
extern const size_t role_meanings_count;

/* NULL: there is no such role. */
const struct role_meaning *role_find(const char *name, size_t size);
/* The bits of names with a space between two; a name that is not in the table (any more) means nothing. */
unsigned role_bits(const char *names);
/* The names in the order of the table, with a space between two; false when one is none that people may have, or stands
 * twice. */
MUST_USE bool role_names_of_people(const char *const *names, size_t count, char ret[ROLE_NAMES_BYTES]);

#endif
