/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in, who am I, signing out. */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "access/pass.h"
#include "access/password.h"
#include "access/token.h"
#include "http/answers.h"
#include "http/request.h"
#include "http/sign_in.h"

/* ---- in ---- */

struct sign_in_ask {
    const char *token, *user, *password, *otp;
};
#define SIGN_IN(name, bytes)                                                                                           \
    {                                                                                                                  \
#name, FIELD_TEXT, FIELD_NULLABLE, offsetof(struct sign_in_ask, name), 1, bytes, NULL, NULL, 0                 \
    }
static const struct field sign_in_fields[] = {
    SIGN_IN(token, 2048),
    SIGN_IN(user, REF_BYTES - 1),
    SIGN_IN(password, PASSWORD_BYTES_MAX),
    SIGN_IN(otp, 32),
};
static const struct shape sign_in_shape = {"session", sizeof(struct sign_in_ask), sign_in_fields,
                                           ARRAY_COUNT(sign_in_fields)};

static void session_done(struct command *command, struct reply *reply)
{
    struct request *request = command->context;

    if (reply->problem)
        request->cookie[0] = '\0';
    request_reply(request, reply);
    request_resume(request);
}

static void session_submit(struct request *request, struct session_ask *ask)
{
    struct command *command = &request->command;

    request_command(request, command, COMMAND_SESSION);
    command->roles = ROLE_SYSTEM;
    command->own_account[0] = '\0';
    command->ask = ask;
    if (request->phase == REQUEST_WAITING)
        request_pass_on(request, session_done);
    else
        request_submit_for(request, session_done);
}

/* A fresh name each time: nobody can have put it into the browser before. */
void session_begin(struct request *request, struct session_ask *ask)
{
    const struct session_terms *terms = &server_config(request->server)->sessions;
    struct random random;
    char token[TOKEN_BYTES];

    random_init_system(&random);
    token_make(&random, SESSION_PREFIX, token);
    session_cookie_set(request, token);
    session_hash(request, token, ask->hash);
    ask->act = SESSION_BEGINS;
    ask->idle_ms = terms->idle_ms[ask->kind];
    ask->life_ms = terms->life_ms[ask->kind];
    session_submit(request, ask);
}

void session_refuse(struct request *request)
{
    request_problem(request, MHD_HTTP_UNAUTHORIZED, "sign_in_refused", "That does not sign anybody in.");
}

/* The operator's own site vouches for a customer (access/pass.h), whose account must be there. */
static enum err pass_look(struct request *request, const char *token, struct session_ask *ask)
{
    const struct http_config *config = server_config(request->server);
    struct pass pass;
    struct rows keys = {0}, accounts = {0};
    char reason[256];
    struct store *store;

    if (!pass_read(token, &request->arena, &pass) || !pass_is_timely(&pass, engine_now(config->engine)))
        return ERR_REQUEST;
    const struct value name = value_text("name", pass.key), ref = value_text("ref", pass.account);
    TRY(server_reader(request->server, &store, reason));
    TRY(store_select(store, QUERY_CUSTOMER_KEY_BY_NAME, &name, 1, &customer_key_table, &request->arena, &keys));
    TRY(store_select(store, QUERY_ACCOUNT_BY_REF, &ref, 1, &account_table, &request->arena, &accounts));
    const struct customer_key *key = keys.count == 1 ? keys.items[0] : NULL;
    if (key == NULL || instant_is_set(key->revoked_at) || !pass_is_signed(&pass, token, key->secret) ||
        accounts.count != 1)
        return ERR_REQUEST;
    snprintf(request->caller.principal, sizeof(request->caller.principal), "customer:%s", pass.account);
    snprintf(request->caller.own_account, sizeof(request->caller.own_account), "%s", pass.account);
    ask->kind = SESSION_CUSTOMER;
    ask->roles = "customer";
    ask->account = request->caller.own_account;
    ask->pass_expires_at = pass.expires_at;
    pass_hash(config->vault, &pass, ask->pass);
    return ERR_NONE;
}

static void sign_in_by_pass(struct request *request, const char *token, struct session_ask *ask)
{
    enum err err = pass_look(request, token, ask);

    if (err == ERR_REQUEST)
        session_refuse(request);
    else if (err != ERR_NONE)
        request_fault(request, err, "the customer's key cannot be read");
    else
        session_begin(request, ask);
}

/* Under --demo everybody of the demo signs in by its token. */
static void sign_in_by_token(struct request *request, const char *token)
{
    struct session_ask *ask = ARENA_NEW(&request->arena, struct session_ask);
    const char *roles = NULL;

    if (server_config(request->server)->demo)
        roles = caller_of_demo_token(token, &request->caller);
    if (ask == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
    } else if (roles != NULL) {
        ask->kind = request->caller.own_account[0] != '\0' ? SESSION_CUSTOMER : SESSION_STAFF;
        ask->roles = roles;
        ask->account = ask->kind == SESSION_CUSTOMER ? request->caller.own_account : NULL;
        session_begin(request, ask);
    } else {
        sign_in_by_pass(request, token, ask);
    }
}

/* Either a token, or a person's name and password. */
static bool ask_read(struct request *request, struct sign_in_ask *ask)
{
    struct field_problems problems = {0};

    if (!request_body(request, &sign_in_shape, ask))
        return false;
    if ((ask->token != NULL) == (ask->user != NULL))
        field_problem_add(&problems, "", "malformed", "expected either token, or user and password");
    else if (ask->token != NULL && (ask->password != NULL || ask->otp != NULL))
        field_problem_add(&problems, "", "malformed", "expected nothing beside a token");
    else if (ask->user != NULL && ask->password == NULL)
        field_problem_add(&problems, "/password", "missing", "expected the password of the user");
    if (problems.count > 0)
        request_malformed(request, &problems);
    return problems.count == 0;
}

void session_open(struct request *request)
{
    struct sign_in_ask ask = {0};

    session_check_origin(request);
    if (request->answered || !ask_read(request, &ask))
        return;
    if (ask.token != NULL)
        sign_in_by_token(request, ask.token);
    else
        sign_in_by_password(request, ask.user, ask.password, ask.otp);
}

/* ---- who am I, and out ---- */

/* A key is nobody's session. */
static bool signed_in(struct request *request)
{
    if (request->session == NULL)
        request_problem(request, MHD_HTTP_UNAUTHORIZED, "unauthorized", "You are not signed in.");
    return request->session != NULL;
}

void session_show(struct request *request)
{
    struct out out;

    if (!signed_in(request))
        return;
    out_init(&out);
    view_session(&out, request->session);
    request_answer(request, MHD_HTTP_OK, &out);
}

void session_close(struct request *request)
{
    struct session_ask *ask;

    if (!signed_in(request))
        return;
    ask = ARENA_NEW(&request->arena, struct session_ask);
    if (ask == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    ask->act = SESSION_ENDS;
    memcpy(ask->hash, request->session->hash, sizeof(ask->hash));
    session_cookie_set(request, "");
    session_submit(request, ask);
}
