/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/staff.h"

#include <stdio.h>
#include <string.h>

void staff_principal(const char *name, char ret[PRINCIPAL_BYTES])
{
    snprintf(ret, PRINCIPAL_BYTES, "user:%s", name);
}

/* ---- what proves who it is ---- */

static const char *recovery_find(const struct staff *staff, const char *hash)
{
    return staff->recovery != NULL ? strstr(staff->recovery, hash) : NULL;
}

bool staff_recovery_has(const struct staff *staff, const char *hash)
{
    return recovery_find(staff, hash) != NULL;
}

static void recovery_use(struct deciding *d, struct staff *staff, const char *hash)
{
    const char *at = recovery_find(staff, hash), *rest = at + strlen(hash);
    int before = (int)(at - staff->recovery);

    rest += *rest == ' ';
    staff->recovery =
        deciding_text(d, "%.*s%s", *rest == '\0' && before > 0 ? before - 1 : before, staff->recovery, rest);
    if (staff->recovery[0] == '\0')
        staff->recovery = NULL;
}

bool staff_proof_use(struct deciding *d, struct staff *staff, const struct staff_proof *proof)
{
    if (staff == NULL || staff->state != STAFF_ACTIVE || staff->version != proof->version)
        return false;
    if (proof->totp_step != 0 && proof->totp_step <= staff->totp_step)
        return false;
    if (proof->recovery != NULL && !staff_recovery_has(staff, proof->recovery))
        return false;
    if (proof->totp_step != 0)
        staff->totp_step = proof->totp_step;
    if (proof->recovery != NULL)
        recovery_use(d, staff, proof->recovery);
    if (proof->totp_step != 0 || proof->recovery != NULL)
        changes_put(d->changes, &staff->row);
    return true;
}

/* ---- changes ---- */

static struct staff *staff_make(struct deciding *d, const struct staff_ask *ask)
{
    static const struct account nobody;
    struct staff *staff = DECIDING_NEW(d, staff);

    deciding_fill(staff->name, sizeof staff->name, ask->name);
    staff->state = STAFF_ACTIVE;
    staff->created_at = d->now;
    staff->id = deciding_id(d, &nobody);
    deciding_move(d, "us", staff->id, NULL, "create", word_text(&staff_state_words, STAFF_ACTIVE));
    return staff;
}

static void told(struct deciding *d, const struct staff *staff, const char *event, enum staff_state became)
{
    deciding_move(d, "us", staff->id, word_text(&staff_state_words, (int)staff->state), event,
                  word_text(&staff_state_words, (int)became));
}

static bool roles_change(const struct staff *staff, const struct staff_ask *ask)
{
    return ask->roles != NULL && strcmp(ask->roles, staff->roles) != 0;
}

static bool state_changes(const struct staff *staff, const struct staff_ask *ask)
{
    return ask->state != STAFF_NONE && ask->state != staff->state;
}

bool staff_changes(const struct staff *staff, const struct staff_ask *ask)
{
    switch (ask->act) {
    case STAFF_IS_PUT:
        return roles_change(staff, ask) || ask->password != NULL || state_changes(staff, ask);
    case STAFF_TOTP_IS_SET:
        return true;
    case STAFF_TOTP_IS_CLEARED:
        return staff->totp != NULL;
    }
    return false;
}

static void put(struct deciding *d, struct staff *staff, const struct staff_ask *ask)
{
    if (roles_change(staff, ask)) {
        deciding_fill(staff->roles, sizeof staff->roles, ask->roles);
        told(d, staff, deciding_text(d, "roles: %s", ask->roles), staff->state);
    }
    if (ask->password != NULL) {
        staff->password = deciding_copy(d, ask->password);
        staff->password_at = d->now;
        told(d, staff, "password", staff->state);
    }
    if (state_changes(staff, ask)) {
        told(d, staff, ask->state == STAFF_DISABLED ? "disable" : "enable", ask->state);
        staff->state = ask->state;
    }
}

static void totp(struct deciding *d, struct staff *staff, const struct staff_ask *ask)
{
    bool sets = ask->act == STAFF_TOTP_IS_SET;

    staff->totp = sets ? deciding_copy(d, ask->totp) : NULL;
    staff->recovery = sets ? deciding_copy(d, ask->recovery) : NULL;
    staff->totp_step = sets ? ask->totp_step : 0;
    told(d, staff, sets ? "totp" : "no_totp", staff->state);
}

static void sessions_end(struct deciding *d, struct session_places *places)
{
    for (size_t i = 0; i < places->own_count; i++)
        session_stop(d, places->own[i], "revoke");
}

struct decision staff_do(struct deciding *d, struct session_places *places, const struct staff_ask *ask,
                         const struct staff **ret)
{
    struct staff *staff = places->staff;
    bool fresh = staff == NULL;

    if (fresh && (ask->exists || ask->act != STAFF_IS_PUT))
        return decision_missing("There is no such person.");
    if (fresh && ask->roles == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/roles", "A new person has at least one role.");
    if (ask->proof != NULL && !staff_proof_use(d, staff, ask->proof))
        return decision_conflict(REFUSAL_STATE_CONFLICT, STAFF_PROOF_OVER);
    if (fresh)
        staff = staff_make(d, ask);
    d->object = staff->id;
    *ret = staff;
    if (!staff_changes(staff, ask))
        return decision_ok();
    if (ask->act == STAFF_IS_PUT)
        put(d, staff, ask);
    else
        totp(d, staff, ask);
    staff->version++;
    changes_put(d->changes, &staff->row);
    sessions_end(d, places);
    return fresh ? decision_created() : decision_ok();
}
