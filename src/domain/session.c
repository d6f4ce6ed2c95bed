/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/session.h"

#include "domain/staff.h"

#include <string.h>

bool session_is_live(const struct session *session, struct instant now)
{
    return instant_before(now, session_ends_at(session));
}

struct instant session_ends_at(const struct session *session)
{
    return instant_earlier(instant_add_ms(session->seen_at, session->idle_ms), session->expires_at);
}

void session_stop(struct deciding *d, struct session *session, const char *event)
{
    changes_drop(d->changes, &session->row);
    deciding_move(d, "se", session->id, "signed_in", event, "signed_out");
}

/* A customer's token is good once. */
static bool pass_begins(struct deciding *d, struct session_places *places, const struct session_ask *ask)
{
    if (places->pass != NULL || !instant_before(d->now, ask->pass_expires_at))
        return false;
    struct customer_pass *pass = DECIDING_NEW(d, customer_pass);
    memcpy(pass->hash, ask->pass, sizeof pass->hash);
    pass->expires_at = ask->pass_expires_at;
    for (size_t i = 0; i < places->passes_over_count; i++)
        changes_drop(d->changes, &places->passes_over[i]->row);
    return true;
}

static const struct session *session_begin(struct deciding *d, struct session_places *places,
                                           const struct session_ask *ask)
{
    static const struct account nobody;
    struct session *session = DECIDING_NEW(d, session);

    memcpy(session->hash, ask->hash, sizeof session->hash);
    session->kind = ask->kind;
    deciding_fill(session->principal, sizeof session->principal, d->principal);
    deciding_fill(session->roles, sizeof session->roles, ask->roles);
    deciding_fill(session->account, sizeof session->account, ask->account);
    session->created_at = session->seen_at = d->now;
    session->idle_ms = ask->idle_ms;
    session->expires_at = instant_add_ms(d->now, ask->life_ms);
    session->id = deciding_id(d, &nobody);
    d->object = session->id;
    deciding_move(d, "se", session->id, NULL, "sign_in", "signed_in");
    for (size_t i = SESSIONS_MAX - 1; i < places->own_count; i++)
        session_stop(d, places->own[i], "displace");
    for (size_t i = 0; i < places->over_count; i++)
        session_stop(d, places->over[i], "expire");
    return session;
}

struct decision session_do(struct deciding *d, struct session_places *places, const struct session_ask *ask,
                           const struct session **ret)
{
    struct session *session = places->named;

    if (ask->act == SESSION_BEGINS) {
        if (ask->staff != NULL && !staff_proof_use(d, places->staff, &ask->proof))
            return decision_conflict(REFUSAL_STATE_CONFLICT, STAFF_PROOF_OVER);
        if (instant_is_set(ask->pass_expires_at) && !pass_begins(d, places, ask))
            return decision_conflict(REFUSAL_STATE_CONFLICT, "That token was used before.");
        *ret = session_begin(d, places, ask);
        return decision_created();
    }
    if (session == NULL || !session_is_live(session, d->now))
        return decision_missing("There is no such session.");
    *ret = session;
    if (ask->act == SESSION_ENDS) {
        d->object = session->id;
        session_stop(d, session, "sign_out");
    } else if (instant_before(session->seen_at, d->now)) {
        session->seen_at = d->now;
        changes_put(d->changes, &session->row);
    }
    return decision_ok();
}
