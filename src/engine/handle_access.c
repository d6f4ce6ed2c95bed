/* SPDX-License-Identifier: Apache-2.0 */
/* People, and their signing in and out. Each command runs alone in its batch: it looks at rows that another one might
 * be about to take away. */
#include "access/pass.h"
#include "engine/role.h"
#include "engine/step.h"

#include <string.h>

static enum err sessions_load(struct step *s, enum query query, const struct value *args, size_t args_count,
                              struct session ***ret, size_t *ret_count)
{
    struct rows rows = {0};

    TRY(store_select(s->batch->store, query, args, args_count, &session_table, s->batch->arena, &rows));
    *ret = (struct session **)rows.items;
    *ret_count = rows.count;
    s->reserve_bytes += rows.count * STEP_SESSION_BYTES;
    return ERR_NONE;
}

static enum err staff_load(struct step *s, const char *name, struct staff **ret)
{
    const struct value arg = value_text("name", name);
    struct rows rows = {0};

    TRY(store_select(s->batch->store, QUERY_STAFF_BY_NAME, &arg, 1, &staff_table, s->batch->arena, &rows));
    *ret = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

/* ---- people ---- */

enum err load_user(struct step *s)
{
    const struct staff_ask *ask = s->command->ask;
    struct session_places *places = &s->sessions;
    char principal[PRINCIPAL_BYTES];

    staff_principal(ask->name, principal);
    const struct value own[] = {value_text("principal", principal), value_int("now", s->d.now.ms)},
                       name = value_text("name", ask->name);
    TRY(staff_load(s, ask->name, &places->staff));
    TRY(store_int(s->batch->store, QUERY_STAFF_ADMINS_BESIDES, &name, 1, &places->admins_besides));
    return sessions_load(s, QUERY_SESSIONS_BY_PRINCIPAL, own, ARRAY_COUNT(own), &places->own, &places->own_count);
}

/* Who changes it instead. */
static const char *own_words(const struct staff_ask *ask)
{
    if (ask->act == STAFF_TOTP_IS_SET)
        return "This is you: PUT /v1/session/totp changes your own one-time passwords, with a proof of who you are.";
    if (ask->password != NULL)
        return "This is you: PUT /v1/session/password changes your own password, with a proof of who you are; another "
               "administrator changes the rest.";
    return "This is you: another administrator does that.";
}

/* As QUERY_STAFF_ADMINS_BESIDES counts the others. */
static bool administers(const struct staff *staff, const char *roles, enum staff_state state)
{
    return staff->password != NULL && state == STAFF_ACTIVE && (role_bits(roles) & ROLE_ADMIN) != 0;
}

static bool ends_administering(const struct staff *staff, const struct staff_ask *ask)
{
    return administers(staff, staff->roles, staff->state) &&
           !administers(staff, ask->roles != NULL ? ask->roles : staff->roles,
                        ask->state != STAFF_NONE ? ask->state : staff->state);
}

/* What an administrator may not do however it signed in: a session is no proof of who has it, and somebody must be left
 * to undo it. Whoever has the directory may (cli/user.c): that is the way out. */
static struct decision user_guarded(const struct step *s, const struct staff_ask *ask)
{
    const struct staff *staff = s->sessions.staff;
    char principal[PRINCIPAL_BYTES];

    if (staff == NULL || ask->proof != NULL || !staff_changes(staff, ask))
        return decision_ok();
    staff_principal(staff->name, principal);
    if (strcmp(principal, s->d.principal) == 0)
        return decision_conflict(REFUSAL_OWN_ACCOUNT, own_words(ask));
    if (ends_administering(staff, ask) && s->sessions.admins_besides == 0)
        return decision_conflict(REFUSAL_LAST_ADMINISTRATOR,
                                 "This is the last administrator who can sign in; make another one first.");
    return decision_ok();
}

struct decision decide_user(struct step *s)
{
    const struct staff_ask *ask = s->command->ask;
    const struct staff *staff;
    struct decision decision = user_guarded(s, ask);

    if (decision_accepts(&decision))
        decision = staff_do(&s->d, &s->sessions, ask, &staff);
    if (decision_accepts(&decision))
        view_staff(s->out, staff);
    return decision;
}

/* ---- sessions ---- */

static enum err passes_load(struct step *s, const struct session_ask *ask, struct session_places *places)
{
    const struct value hash = value_bytes("hash", ask->pass, sizeof ask->pass),
                       now = value_int("now", s->d.now.ms - PASS_MS_MAX); /* another server's clock may be behind */
    struct rows rows = {0};

    TRY(store_select(s->batch->store, QUERY_CUSTOMER_PASS_BY_HASH, &hash, 1, &customer_pass_table, s->batch->arena,
                     &rows));
    places->pass = rows.count > 0 ? rows.items[0] : NULL;
    TRY(store_select(s->batch->store, QUERY_CUSTOMER_PASSES_OVER, &now, 1, &customer_pass_table, s->batch->arena,
                     &rows));
    places->passes_over = (struct customer_pass **)rows.items;
    places->passes_over_count = rows.count;
    return ERR_NONE;
}

enum err load_session(struct step *s)
{
    const struct session_ask *ask = s->command->ask;
    struct session_places *places = &s->sessions;
    const struct value hash[] = {value_bytes("hash", ask->hash, sizeof ask->hash)};
    const struct value own[] = {value_text("principal", s->command->principal), value_int("now", s->d.now.ms)};
    struct session **named;
    size_t count;

    if (ask->act != SESSION_BEGINS) {
        TRY(sessions_load(s, QUERY_SESSION_BY_HASH, hash, ARRAY_COUNT(hash), &named, &count));
        places->named = count > 0 ? named[0] : NULL;
        return ERR_NONE;
    }
    if (ask->staff != NULL)
        TRY(staff_load(s, ask->staff, &places->staff));
    if (instant_is_set(ask->pass_expires_at))
        TRY(passes_load(s, ask, places));
    TRY(sessions_load(s, QUERY_SESSIONS_BY_PRINCIPAL, own, ARRAY_COUNT(own), &places->own, &places->own_count));
    return sessions_load(s, QUERY_SESSIONS_OVER, own + 1, 1, &places->over, &places->over_count);
}

struct decision decide_session(struct step *s)
{
    const struct session *session;
    struct decision decision = session_do(&s->d, &s->sessions, s->command->ask, &session);

    if (decision_accepts(&decision))
        view_session(s->out, session);
    return decision;
}
