/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/owners.h"

#include <string.h>

/* Of a ref and 0, or of no ref and a withdrawal. */
static size_t place_of(const char *ref, int64_t withdrawal)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)withdrawal;

    for (; *ref != '\0'; ref++)
        hash = (hash ^ (uint8_t)*ref) * UINT64_C(1099511628211);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) % OWNERS_PLACES;
}

static int64_t find(const struct owners *owners, const char *ref, int64_t withdrawal)
{
    const struct owner *owner = owners != NULL ? &owners->places[place_of(ref, withdrawal)] : NULL;

    return owner != NULL && owner->withdrawal == withdrawal && strcmp(owner->ref, ref) == 0 ? owner->account : 0;
}

static void keep(struct owners *owners, const char *ref, int64_t withdrawal, int64_t account)
{
    struct owner *owner = owners != NULL ? &owners->places[place_of(ref, withdrawal)] : NULL;

    if (owner == NULL || strlen(ref) >= sizeof owner->ref)
        return;
    *owner = (struct owner){.account = account, .withdrawal = withdrawal};
    strcpy(owner->ref, ref);
}

void owners_forget(struct owners *owners)
{
    if (owners != NULL)
        memset(owners, 0, sizeof *owners);
}

int64_t owners_of_ref(const struct owners *owners, const char *ref)
{
    return find(owners, ref, 0);
}

int64_t owners_of_withdrawal(const struct owners *owners, int64_t withdrawal)
{
    return find(owners, "", withdrawal);
}

void owners_keep_ref(struct owners *owners, const char *ref, int64_t account)
{
    keep(owners, ref, 0, account);
}

void owners_keep_withdrawal(struct owners *owners, int64_t withdrawal, int64_t account)
{
    keep(owners, "", withdrawal, account);
}
