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
    /* By which the person itself is known to ask; NULL: an administrator does, or the command line. */
    const struct staff_proof *proof;
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
/* Would anything be another than it is? */
bool staff_changes(const struct staff *staff, const struct staff_ask *ask);
/* `places`: the person, if it is there, and its sessions. Who may ask is not known here (engine/handle_access.c), but a
 * proof must be good still, and is used up. */
struct decision staff_do(struct deciding *deciding, struct session_places *places, const struct staff_ask *ask,
                         const struct staff **ret);

/* A recovery code, by its hash in hex. */
bool staff_recovery_has(const struct staff *staff, const char *hash);
/* What was proven a moment ago must still be so, of a person who may come in: then what is good once is used up. False:
 * nothing is. */
bool staff_proof_use(struct deciding *deciding, struct staff *staff, const struct staff_proof *proof);
#define STAFF_PROOF_OVER "What signs in changed meanwhile, or was used; try again."

#endif
