/* SPDX-License-Identifier: Apache-2.0 */
/* People of the operator: /v1/users for administrators. */
#include "http/user.h"

#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/password.h"
#include "engine/enrolment.h"
#include "engine/role.h"
#include "http/answers.h"
#include "http/clerk.h"
#include "http/request.h"
#include "report/qr.h"

/* ---- who there is ---- */

static enum err users(struct request *request, struct store *store, struct out *out)
{
    struct rows rows;

    TRY(store_select(store, QUERY_STAFF_ALL, NULL, 0, &staff_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        view_staff(out, rows.items[i]);
    request_list_end(out, 0);
    return ERR_NONE;
}

void users_list(struct request *request)
{
    request_read(request, users);
}

static enum err user(struct request *request, struct store *store, struct out *out)
{
    const struct value arg = value_text("name", request->match.object);
    struct rows rows;

    TRY(store_select(store, QUERY_STAFF_BY_NAME, &arg, 1, &staff_table, &request->arena, &rows));
    if (rows.count == 0)
        request_missing(request);
    else
        view_staff(out, rows.items[0]);
    return ERR_NONE;
}

void user_show(struct request *request)
{
    request_read(request, user);
}

/* ---- changes ---- */

void user_done(struct command *command, struct reply *reply)
{
    struct request *request = command->context;

    if (reply->problem)
        request->cookie[0] = '\0';
    request_reply(request, reply);
    request_resume(request);
}

void user_submit(struct request *request, struct staff_ask *ask,
                 void (*done)(struct command *command, struct reply *reply))
{
    request_command(request, &request->command, COMMAND_USER);
    request->command.ask = ask;
    if (request->phase == REQUEST_WAITING)
        request_pass_on(request, done);
    else
        request_submit_for(request, done);
}

/* A password is made into what is kept of it by the porter, then the command goes on. */
struct keeping {
    struct task task;
    struct request *request;
    struct staff_ask *ask;
    const char *password;
};

static void keep_run(struct task *task, bool stopping)
{
    struct keeping *keeping = (struct keeping *)task;
    struct request *request = keeping->request;
    char *kept = arena_alloc(&request->arena, PASSWORD_TEXT_BYTES);

    if (stopping || kept == NULL || password_keep(keeping->password, kept) != ERR_NONE) {
        request_fault(request, ERR_RETRY, "no memory for a password");
        request_resume(request);
    } else {
        sodium_memzero(request->body, request->body_size);
        keeping->ask->password = kept;
        user_submit(request, keeping->ask, user_done);
    }
    free(keeping);
}

void user_password_submit(struct request *request, struct staff_ask *ask, const char *password)
{
    struct keeping *keeping = calloc(1, sizeof(*keeping));

    if (keeping != NULL) {
        *keeping = (struct keeping){{.run = keep_run}, request, ask, password};
        if (clerk_give(server_porter(request->server), &keeping->task))
            return;
    }
    free(keeping);
    request_fault(request, ERR_RETRY, "too many passwords at once");
    request_resume(request);
}

struct user_ask {
    struct field_list roles;
    bool roles_given;
    int state;
    const char *password;
};
static const struct field user_fields[] = {
    {.name = "roles",
     .kind = FIELD_ARRAY,
     .flags = FIELD_NULLABLE,
     .offset = offsetof(struct user_ask, roles),
     .min = 1,
     .max = 16,
     .present_offset = offsetof(struct user_ask, roles_given)},
    {.name = "state",
     .kind = FIELD_WORD,
     .flags = FIELD_NULLABLE,
     .offset = offsetof(struct user_ask, state),
     .words = &staff_state_words},
    {.name = "password",
     .kind = FIELD_TEXT,
     .flags = FIELD_NULLABLE,
     .offset = offsetof(struct user_ask, password),
     .min = 1,
     .max = PASSWORD_BYTES_MAX},
};
static const struct shape user_shape = {"user", sizeof(struct user_ask), user_fields, ARRAY_COUNT(user_fields)};

void user_invalid(struct request *request, const char *pointer, const char *detail)
{
    struct field_problems problems = {0};

    field_problem_add(&problems, pointer, "invalid_value", "%s", detail);
    request_invalid(request, &problems);
}

static bool roles_read(struct request *request, const struct user_ask *body, struct staff_ask *ask)
{
    char *names;

    if (!body->roles_given)
        return true;
    names = arena_alloc(&request->arena, ROLE_NAMES_BYTES);
    if (names == NULL)
        request_fault(request, ERR_RETRY, "out of memory");
    else if (!role_names_of_people((const char *const *)body->roles.items, body->roles.count, names))
        user_invalid(request, "/roles",
                     "Each is one of the roles that people may have (GET /v1/roles), and stands once.");
    ask->roles = names;
    return !request->answered;
}

void user_put(struct request *request)
{
    struct user_ask body = {0};
    struct staff_ask *ask = ARENA_NEW(&request->arena, struct staff_ask);
    const char *fault;

    if (ask == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    *ask = (struct staff_ask){.act = STAFF_IS_PUT, .name = request->match.object};
    if (!request_body(request, &user_shape, &body) || !roles_read(request, &body, ask))
        return;
    ask->state = (enum staff_state)body.state;
    fault = body.password != NULL ? password_fault(ask->name, body.password) : NULL;
    if (fault != NULL) {
        user_invalid(request, "/password", fault);
    } else if (body.password == NULL) {
        user_submit(request, ask, user_done);
    } else {
        request_suspend(request);
        user_password_submit(request, ask, body.password);
    }
}

/* ---- one-time passwords ---- */

bool user_qr_write(struct out *out, const char *text)
{
    SCOPED(qr_fini) struct qr qr = {0};
    char row[QR_WIDTH_MAX + 1];

    if (qr_make(text, &qr) != ERR_NONE)
        return false;
    out_array(out, "qr");
    for (int y = 0; y < qr.width; y++) {
        for (int x = 0; x < qr.width; x++)
            row[x] = qr_is_dark(&qr, x, y) ? '1' : '0';
        row[qr.width] = '\0';
        out_string(out, NULL, row);
    }
    out_array_end(out);
    return true;
}

/* Shown this once: what is kept of the codes does not tell them, and nobody is told the secret again. */
static bool enrolment_write(struct out *out, const struct enrolment *enrolment)
{
    out_object(out, NULL);
    out_string(out, "name", enrolment->ask.name);
    out_string(out, "secret", enrolment->secret);
    out_string(out, "uri", enrolment->uri);
    if (!user_qr_write(out, enrolment->uri))
        return false;
    out_array(out, "recovery_codes");
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        out_string(out, NULL, enrolment->codes[i]);
    out_array_end(out);
    out_object_end(out);
    return true;
}

void user_enrolled(struct command *command, struct reply *reply)
{
    struct request *request = command->context;
    struct out out;

    if (reply->problem || reply->body == NULL) {
        request->cookie[0] = '\0';
        request_reply(request, reply);
    } else {
        reply_fini(reply);
        out_init(&out);
        if (enrolment_write(&out, (const struct enrolment *)command->ask)) {
            request_answer(request, MHD_HTTP_OK, &out);
        } else {
            out_fini(&out);
            request_fault(request, ERR_RETRY, "out of memory");
        }
    }
    request_resume(request);
}

void user_totp_put(struct request *request)
{
    static const struct shape nothing = {"totp", 1, NULL, 0};
    struct enrolment *enrolment = ARENA_NEW(&request->arena, struct enrolment);
    char body[1];

    if (request->body_size > 0 && !request_body(request, &nothing, body))
        return;
    if (enrolment == NULL ||
        enrolment_make(server_config(request->server)->vault, request->match.object, enrolment) != ERR_NONE)
        request_fault(request, ERR_RETRY, "out of memory");
    else
        user_submit(request, &enrolment->ask, user_enrolled);
}

void user_totp_delete(struct request *request)
{
    struct staff_ask *ask = ARENA_NEW(&request->arena, struct staff_ask);

    if (ask == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    *ask = (struct staff_ask){.act = STAFF_TOTP_IS_CLEARED, .name = request->match.object, .exists = true};
    user_submit(request, ask, user_done);
}
