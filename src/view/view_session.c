/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "domain/staff.h"
#include "view/view.h"

void view_roles(struct out *out, const char *names)
{
    char name[ROLE_NAMES_BYTES];

    out_array(out, "roles");
    while (*names != '\0') {
        size_t size = strcspn(names, " ");

        memcpy(name, names, size);
        name[size] = '\0';
        out_string(out, NULL, name);
        names += size + strspn(names + size, " ");
    }
    out_array_end(out);
}

static int64_t words_count(const char *text)
{
    int64_t count = 0;

    for (const char *at = text; at != NULL && *at != '\0'; at++)
        count += *at == ' ';
    return text != NULL ? count + 1 : 0;
}

void view_staff_members(struct out *out, const struct staff *staff)
{
    char principal[PRINCIPAL_BYTES];

    staff_principal(staff->name, principal);
    out_string(out, "name", staff->name);
    out_string(out, "principal", principal);
    view_roles(out, staff->roles);
    out_string(out, "state", word_text(&staff_state_words, (int)staff->state));
    out_bool(out, "password", staff->password != NULL);
    out_bool(out, "totp", staff->totp != NULL);
    out_int(out, "recovery_codes_left", words_count(staff->recovery));
    out_instant(out, "created_at", staff->created_at);
    out_instant(out, "password_at", staff->password_at);
}

void view_staff(struct out *out, const struct staff *staff)
{
    out_object(out, NULL);
    view_staff_members(out, staff);
    out_object_end(out);
}

void view_session(struct out *out, const struct session *session)
{
    out_object(out, NULL);
    out_string(out, "principal", session->principal);
    out_string(out, "kind", word_text(&session_kind_words, (int)session->kind));
    out_string(out, "account", session->account[0] != '\0' ? session->account : NULL);
    view_roles(out, session->roles);
    out_instant(out, "created_at", session->created_at);
    out_instant(out, "idle_at", session_ends_at(session));
    out_instant(out, "expires_at", session->expires_at);
    out_object_end(out);
}
