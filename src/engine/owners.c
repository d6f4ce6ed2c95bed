/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/owners.h"

#include <string.h>

/* The first of the places for a ref and 0, or for no ref and a number. */
static size_t places_of(const char *ref, int64_t number)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)number;

    for (; *ref != '\0'; ref++)
        hash = (hash ^ (uint8_t)*ref) * UINT64_C(1099511628211);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32) % (OWNERS_PLACES / OWNERS_CHOICES) * OWNERS_CHOICES;
}

/* Who has been there for longest is not known: where none is free, any of them goes. */
static size_t turn_of(struct owners *owners)
{
    return owners->turn++ % OWNERS_CHOICES;
}

static const struct owner *find(const struct owners *owners, const char *ref, int64_t withdrawal)
{
    if (owners == NULL)
        return NULL;
    const struct owner *place = &owners->places[places_of(ref, withdrawal)];
    for (size_t i = 0; i < OWNERS_CHOICES; i++)
        if (place[i].account != 0 && place[i].withdrawal == withdrawal && strcmp(place[i].ref, ref) == 0)
            return &place[i];
    return NULL;
}

static void keep(struct owners *owners, const char *ref, int64_t withdrawal, int64_t account)
{
    struct owner *place;
    size_t choice = 0;

    if (owners == NULL || strlen(ref) >= sizeof place->ref || find(owners, ref, withdrawal) != NULL)
        return;
    place = &owners->places[places_of(ref, withdrawal)];
    while (choice < OWNERS_CHOICES && place[choice].account != 0)
        choice++;
    place += choice < OWNERS_CHOICES ? choice : turn_of(owners);
    *place = (struct owner){.account = account, .withdrawal = withdrawal};
    strcpy(place->ref, ref);
}

void owners_forget(struct owners *owners)
{
    if (owners != NULL)
        memset(owners, 0, sizeof *owners);
}

static int64_t account_of(const struct owner *owner)
{
    return owner != NULL ? owner->account : 0;
}

int64_t owners_of_ref(const struct owners *owners, const char *ref)
{
    return account_of(find(owners, ref, 0));
}

int64_t owners_of_withdrawal(const struct owners *owners, int64_t withdrawal)
{
    return account_of(find(owners, "", withdrawal));
}

void owners_keep_ref(struct owners *owners, const char *ref, int64_t account)
{
    keep(owners, ref, 0, account);
}

void owners_keep_withdrawal(struct owners *owners, int64_t withdrawal, int64_t account)
{
    keep(owners, "", withdrawal, account);
}

const struct account *owners_account(const struct owners *owners, int64_t account)
{
    if (owners == NULL)
        return NULL;
    const struct account *place = &owners->accounts[places_of("", account)];
    for (size_t i = 0; i < OWNERS_CHOICES; i++)
        if (place[i].id == account)
            return &place[i];
    return NULL;
}

void owners_keep_account(struct owners *owners, const struct account *account)
{
    struct account *place;
    size_t choice = 0;

    if (owners == NULL)
        return;
    place = &owners->accounts[places_of("", account->id)];
    while (choice < OWNERS_CHOICES && place[choice].id != 0 && place[choice].id != account->id)
        choice++;
    place += choice < OWNERS_CHOICES ? choice : turn_of(owners);
    *place = *account;
    place->row = (struct row){0};
}
