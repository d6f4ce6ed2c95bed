/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: what stands between a sign-in and its end.
 *
 * A session is made anew by each sign-in, under a name that nobody knew before, for one principal: whoever acts through
 * it is that principal, as with any of its keys. It ends when it is told to, when it was not used for `idle_ms`, at
 * `expires_at`, or when its principal has SESSIONS_MAX newer ones. It is found by the hash of its cookie's text. How a
 * principal proves who it is, is not known here. */
#ifndef EBB_DOMAIN_SESSION_H
#define EBB_DOMAIN_SESSION_H

#include "domain/decide.h"

#define SESSIONS_MAX 32

enum session_act { SESSION_BEGINS = 1, SESSION_IS_SEEN, SESSION_ENDS };

/* What a person proved when its password was looked at, without which nothing is done for it: used up with that. */
struct staff_proof {
    int64_t version;      /* of what signs in, as it was then */
    int64_t totp_step;    /* 0: no one-time password */
    const char *recovery; /* the hash of a recovery code in hex; NULL: none */
};

struct session_ask {
    enum session_act act;
    uint8_t hash[HASH_SHORT_BYTES];
    /* SESSION_BEGINS */
    enum session_kind kind;
    const char *roles;   /* names with a space between two */
    const char *account; /* a customer's; NULL for staff */
    int64_t idle_ms, life_ms;
    const char *staff; /* SESSION_BEGINS by a person of the operator: who, and what signed in. NULL: nobody of them */
    struct staff_proof proof;
    /* SESSION_BEGINS by a customer's token: it is used up. Without a moment: none */
    uint8_t pass[HASH_SHORT_BYTES];
    struct instant pass_expires_at;
};

/* Stored rows that an act is about. */
struct session_places {
    struct customer_pass *pass, **passes_over; /* the ask's, if it was used before; such that are over */
    size_t passes_over_count;
    struct staff *staff;          /* of the ask; NULL: there is none */
    struct session *named;        /* of the hash; NULL: there is none */
    struct session **own, **over; /* SESSION_BEGINS: the principal's, newest first; such that are over */
    size_t own_count, over_count;
    int64_t admins_besides; /* of a change of a person: other administrators who can sign in */
};

bool session_is_live(const struct session *session, struct instant now);
/* When it ends if it is not used any more. */
struct instant session_ends_at(const struct session *session);

/* Ends it, and says why in the audit. */
void session_stop(struct deciding *deciding, struct session *session, const char *event);
/* The session as it is then, also where it is gone with this. Refuses to see or end what is not live. */
struct decision session_do(struct deciding *deciding, struct session_places *places, const struct session_ask *ask,
                           const struct session **ret);

#endif
