/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/role.h"

#include <stdio.h>
#include <string.h>

#define X(name, bits, people, words) {#name, bits, people, words},
const struct role_meaning role_meanings[] = {
#include "engine/roles.def"
};
#undef X
const size_t role_meanings_count = ARRAY_COUNT(role_meanings);

const struct role_meaning *role_find(const char *name, size_t size)
{
    for (size_t i = 0; i < role_meanings_count; i++)
        if (strlen(role_meanings[i].name) == size && memcmp(role_meanings[i].name, name, size) == 0)
            return &role_meanings[i];
    return NULL;
}

unsigned role_bits(const char *names)
{
    unsigned bits = 0;

    while (*names != '\0') {
        size_t size = strcspn(names, " ");
        const struct role_meaning *role = role_find(names, size);

        bits |= role != NULL ? role->bits : 0;
        names += size + strspn(names + size, " ");
    }
    return bits;
}

bool role_names_of_people(const char *const *names, size_t count, char ret[ROLE_NAMES_BYTES])
{
    size_t known = 0, used = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < role_meanings_count; i++) {
        const struct role_meaning *role = &role_meanings[i];
        size_t times = 0;

        for (size_t j = 0; j < count; j++)
            times += strcmp(names[j], role->name) == 0;
        if (times > 1 || (times == 1 && !role->people))
            return false;
        known += times;
        if (times == 1)
            used += (size_t)snprintf(ret + used, ROLE_NAMES_BYTES - used, "%s%s", used > 0 ? " " : "", role->name);
    }
    return known == count && count > 0;
}
