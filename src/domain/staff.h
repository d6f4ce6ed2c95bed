/* SPDX-License-Identifier: Apache-2.0 */
/* People of the operator: made, changed and disabled by an administrator, never deleted, because their names stand in
 * the audit. Whatever changes what signs in (password, one-time passwords, roles, state) ends all their sessions in the
 * same commit. Passwords and secrets come in as they are kept; how they are made and compared is not known here. */
#ifndef EBB_DOMAIN_STAFF_H
#define EBB_DOMAIN_STAFF_H

#include "domain/session.h"

enum staff_act { STAFF_IS_PUT = 1, STAFF_TOTP_IS_SET, STAFF_TOTP_IS_CLEARED };

struct staff_ask {
    enum staff_act act;
    const char *name;
    bool exists; /* it must be there already */
    /* STAFF_IS_PUT: what is NULL or none stays; a new person needs roles */
    const char *roles;    /* names with a space between two */
    const char *password; /* as it is kept */
    enum staff_state state;
    /* STAFF_TOTP_IS_SET */
    const char *totp, *recovery;
    int64_t totp_step; /* the step that was shown already, which is not taken again; 0: none was */
};

/* "user:NAME": who acts, whichever way they signed in. */
void staff_principal(const char *name, char ret[PRINCIPAL_BYTES]);
/* `places`: the person, if it is there, and its sessions. */
struct decision staff_do(struct deciding *deciding, struct session_places *places, const struct staff_ask *ask,
                         const struct staff **ret);

/* Recovery codes, by their hashes in hex. */
bool staff_recovery_has(const struct staff *staff, const char *hash);
void staff_recovery_use(struct deciding *deciding, struct staff *staff, const char *hash);

#endif
