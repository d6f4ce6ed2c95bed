/* SPDX-License-Identifier: Apache-2.0 */
#include "http/sign_in.h"

#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access/otp.h"
#include "access/password.h"
#include "access/throttle.h"
#include "base/log.h"
#include "http/clerk.h"
#include "http/request.h"

struct proving {
    struct task task;
    struct request *request;
    struct session_ask *proof;
    const char *user, *password, *otp; /* in the request's arena */
    const struct staff *staff;         /* NULL: there is none */
    char address[ADDRESS_TEXT_BYTES];
    void (*then)(struct request *request, struct session_ask *proof);
};

/* ---- where from ---- */

/* Of several such headers the last is our proxy's own. */
static enum MHD_Result forwarded_note(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    if (strcasecmp(name, "X-Forwarded-For") == 0)
        *(const char **)context = value;
    return MHD_YES;
}

/* What our proxy added stands last; the rest is the client's own word. What is no address says nothing. */
static void forwarded_read(const struct request *request, char ret[ADDRESS_TEXT_BYTES])
{
    const char *told = NULL, *last;

    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, forwarded_note, (void *)&told);
    if (told == NULL)
        return;
    last = strrchr(told, ',');
    last = last != NULL ? last + 1 : told;
    if (!address_read(last + strspn(last, " "), true, ret))
        log_line(LOG_LEVEL_WARN, "our proxy says no address in X-Forwarded-For", NULL);
}

void sign_in_address(const struct request *request, char ret[ADDRESS_TEXT_BYTES])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const char *proxy = server_config(request->server)->sessions.proxy;
    char whole[ADDRESS_TEXT_BYTES];

    ret[0] = '\0';
    if (info == NULL || info->client_addr == NULL)
        return;
    address_place(info->client_addr, ret);
    address_whole(info->client_addr, whole);
    if (proxy != NULL && strcmp(whole, proxy) == 0)
        forwarded_read(request, ret);
}

/* ---- is it so? ---- */

/* On the clerk's thread alone. */
static struct throttle throttle;

/* A one-time password when one is asked for. */
static bool second_proven(const struct proving *proving, const struct vault *vault, struct instant now)
{
    const struct staff *staff = proving->staff;
    struct session_ask *proof = proving->proof;
    char *recovery;

    if (staff->totp == NULL)
        return proving->otp == NULL;
    if (proving->otp == NULL)
        return false;
    proof->proof.totp_step = otp_step_of(staff->totp, proving->otp, now, staff->totp_step);
    if (proof->proof.totp_step != 0)
        return true;
    recovery = arena_alloc(&proving->request->arena, RECOVERY_HASH_BYTES);
    if (recovery == NULL)
        return false;
    recovery_hash(vault, proving->otp, recovery);
    proof->proof.recovery = staff_recovery_has(staff, recovery) ? recovery : NULL;
    return proof->proof.recovery != NULL;
}

static bool proven(const struct proving *proving, const struct vault *vault, struct instant now)
{
    const struct staff *staff = proving->staff;
    bool right = password_is(staff != NULL ? staff->password : NULL, proving->password);

    if (!right || staff->state != STAFF_ACTIVE || !second_proven(proving, vault, now))
        return false;
    proving->proof->staff = staff->name;
    proving->proof->proof.version = staff->version;
    proving->proof->roles = staff->roles;
    return true;
}

static void prove(struct proving *proving)
{
    struct request *request = proving->request;
    const struct http_config *config = server_config(request->server);
    struct instant now = engine_now(config->engine);
    int64_t wait_ms = throttle_wait_ms(&throttle, proving->user, proving->address, now);

    if (wait_ms > 0) {
        request->retry_after_s = (int)(wait_ms / MS_SECOND) + 1;
        request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_tries",
                        "Too many wrong tries; Retry-After says when the next one is looked at.");
    } else if (proven(proving, config->vault, now)) {
        throttle_right(&throttle, proving->user, proving->address, now);
    } else {
        throttle_wrong(&throttle, proving->user, proving->address, now);
        log_line(LOG_LEVEL_WARN, "sign-in refused", "request_id", request->id, "address", proving->address, NULL);
        session_refuse(request);
    }
}

static void prove_run(struct task *task, bool stopping)
{
    struct proving *proving = (struct proving *)task;
    struct request *request = proving->request;

    if (stopping)
        request_fault(request, ERR_RETRY, "draining");
    else
        prove(proving);
    sodium_memzero(request->body, request->body_size);
    if (request->answered)
        request_resume(request);
    else
        proving->then(request, proving->proof);
    free(proving);
}

static enum err staff_read(struct request *request, const char *name, const struct staff **ret)
{
    const struct value arg = value_text("name", name);
    struct rows rows = {0};
    char reason[256];
    struct store *store;

    TRY(server_reader(request->server, &store, reason));
    TRY(store_select(store, QUERY_STAFF_BY_NAME, &arg, 1, &staff_table, &request->arena, &rows));
    *ret = rows.count == 1 ? rows.items[0] : NULL;
    return ERR_NONE;
}

void sign_in_prove(struct request *request, const char *user, const char *password, const char *otp,
                   void (*then)(struct request *request, struct session_ask *proof))
{
    struct session_ask *proof = ARENA_NEW(&request->arena, struct session_ask);
    struct proving *proving = proof != NULL ? calloc(1, sizeof(*proving)) : NULL;
    enum err err = proving != NULL ? staff_read(request, user, &proving->staff) : ERR_RETRY;

    if (err != ERR_NONE) {
        free(proving);
        request_fault(request, err, "no memory, or the person cannot be read");
        return;
    }
    proving->task.run = prove_run;
    proving->request = request;
    proving->proof = proof;
    proving->user = user;
    proving->password = password;
    proving->otp = otp;
    proving->then = then;
    sign_in_address(request, proving->address);
    request_suspend(request);
    if (clerk_give(server_porter(request->server), &proving->task))
        return;
    free(proving);
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests", "Too many want to sign in at once.");
    request_resume(request);
}

/* ---- in ---- */

static void proven_in(struct request *request, struct session_ask *proof)
{
    staff_principal(proof->staff, request->caller.principal);
    proof->kind = SESSION_STAFF;
    session_begin(request, proof);
}

void sign_in_by_password(struct request *request, const char *user, const char *password, const char *otp)
{
    sign_in_prove(request, user, password, otp, proven_in);
}
