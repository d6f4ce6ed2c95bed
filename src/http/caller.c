/* SPDX-License-Identifier: Apache-2.0 */
#include "http/caller.h"

#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "engine/role.h"
#include "store/keyring.h"

#define TOKEN_BYTES_MAX 256
#define CUSTOMER_PREFIX "demo-customer:"

static const struct {
    const char *token, *roles;
} demo_callers[] = {
    {"demo-admin", "viewer support reviewer approver treasurer auditor admin billing demo"},
    {"demo-billing", "billing"},
    {"demo-viewer", "viewer"},
    {"demo-support", "support"},
    {"demo-approver", "approver"},
    {"demo-treasurer", "treasurer"},
    {"demo-auditor", "auditor"},
    {"demo-reviewer", "reviewer approver treasurer auditor"},
    {"demo-reviewer-2", "reviewer approver treasurer auditor"},
};

const char *caller_bearer(const char *authorization)
{
    const char *token;

    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
        return NULL;
    token = authorization + 7 + strspn(authorization + 7, " ");
    return *token != '\0' && strlen(token) <= TOKEN_BYTES_MAX ? token : NULL;
}

const char *caller_of_demo_token(const char *token, struct caller *ret)
{
    *ret = (struct caller){0};
    for (size_t i = 0; i < ARRAY_COUNT(demo_callers); i++) {
        if (strcmp(token, demo_callers[i].token) != 0)
            continue;
        strcpy(ret->principal, token);
        ret->roles = role_bits(demo_callers[i].roles);
        return demo_callers[i].roles;
    }
    if (strncmp(token, CUSTOMER_PREFIX, strlen(CUSTOMER_PREFIX)) != 0 || !field_ref_ok(token + strlen(CUSTOMER_PREFIX)))
        return NULL;
    snprintf(ret->principal, sizeof(ret->principal), "%s", token);
    snprintf(ret->own_account, sizeof(ret->own_account), "%s", token + strlen(CUSTOMER_PREFIX));
    ret->roles = ROLE_CUSTOMER;
    return "customer";
}

/* Roles that are never given to a key mean nothing on one, and a customer's key without an account is nobody's. */
static enum err caller_of_row(const struct api_key *key, struct caller *ret)
{
    unsigned roles = (unsigned)key->roles & ~(unsigned)(ROLE_SYSTEM | ROLE_DEMO);

    if ((roles & ROLE_CUSTOMER) != 0 && key->account[0] == '\0')
        return ERR_REQUEST;
    *ret = (struct caller){.roles = roles};
    snprintf(ret->principal, sizeof(ret->principal), "key:%s", key->name);
    memcpy(ret->own_account, key->account, sizeof(ret->own_account));
    return ERR_NONE;
}

enum err caller_of_key(struct store *reader, struct keyring_memory *keys, const struct vault *vault, const char *token,
                       struct instant now, struct arena *arena, struct caller *ret)
{
    const struct api_key *key = NULL;

    TRY(keyring_find(reader, keys, vault, token, now, arena, &key));
    return key != NULL ? caller_of_row(key, ret) : ERR_REQUEST;
}
