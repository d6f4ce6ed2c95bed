/* SPDX-License-Identifier: Apache-2.0 */
/* What people of the operator change of themselves: their password, and one-time passwords. Each proves once more who
 * it is; the right to manage others is not needed. All sessions of the person end with it, this one too. */
#include <microhttpd.h>
#include <string.h>

#include "access/password.h"
#include "http/answers.h"
#include "http/sign_in.h"
#include "http/user.h"

struct own_ask {
    const char *password, *otp, *new_password, *offer, *code;
};
#define OWN(name, flags, bytes)                                                                                        \
    {                                                                                                                  \
#name, FIELD_TEXT, flags, offsetof(struct own_ask, name), 1, bytes, NULL, NULL, 0                              \
    }

/* NULL after an answer: whoever has a key or a pass has no password. */
static const char *own_name(struct request *request)
{
    if (request->session != NULL && strncmp(request->caller.principal, "user:", 5) == 0)
        return request->caller.principal + 5;
    request_problem(request, MHD_HTTP_CONFLICT, "no_password", "Only people who signed in have a password.");
    return NULL;
}

/* Another right than this proof is not needed; it is used up with the change. */
static void proven(struct request *request, const struct session_ask *proof, struct staff_ask *ask)
{
    ask->name = proof->staff;
    ask->proof = &proof->proof;
    request->caller.roles = ROLE_SYSTEM;
    session_cookie_set(request, "");
}

/* ---- the password ---- */

static const struct field password_fields[] = {
    OWN(password, FIELD_REQUIRED, PASSWORD_BYTES_MAX),
    OWN(otp, FIELD_NULLABLE, 32),
    OWN(new_password, FIELD_REQUIRED, PASSWORD_BYTES_MAX),
};
static const struct shape password_shape = {"own", sizeof(struct own_ask), password_fields,
                                            ARRAY_COUNT(password_fields)};

static void password_proven(struct request *request, struct session_ask *proof)
{
    struct staff_ask *ask = request->own;

    proven(request, proof, ask);
    user_password_submit(request, ask, ask->password);
}

void session_password_put(struct request *request)
{
    struct staff_ask *ask = ARENA_NEW(&request->arena, struct staff_ask);
    struct own_ask body = {0};
    const char *name, *fault;

    if (!request_body(request, &password_shape, &body) || (name = own_name(request)) == NULL)
        return;
    fault = password_fault(name, body.new_password);
    if (fault != NULL) {
        user_invalid(request, "/new_password", fault);
    } else if (ask == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
    } else {
        *ask = (struct staff_ask){.act = STAFF_IS_PUT, .exists = true, .password = body.new_password};
        request->own = ask;
        sign_in_prove(request, name, body.password, body.otp, password_proven);
    }
}

/* ---- one-time passwords ---- */

static void offer_write(struct request *request, struct out *out, const struct offer *offer)
{
    out_object(out, NULL);
    out_string(out, "secret", offer->secret);
    out_string(out, "uri", offer->uri);
    if (!user_qr_write(out, offer->uri)) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    out_string(out, "offer", offer->text);
    out_instant(out, "until", offer->until);
    out_object_end(out);
}

void session_totp_offer(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    const char *name = own_name(request);
    struct offer offer;
    struct out out;

    if (name == NULL)
        return;
    if (offer_make(config->vault, name, engine_now(config->engine), &offer) != ERR_NONE) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    out_init(&out);
    offer_write(request, &out, &offer);
    if (request->answered)
        out_fini(&out);
    else
        request_answer(request, MHD_HTTP_OK, &out);
}

static const struct field totp_fields[] = {
    OWN(password, FIELD_REQUIRED, PASSWORD_BYTES_MAX),
    OWN(otp, FIELD_NULLABLE, 32),
    OWN(offer, FIELD_REQUIRED, OFFER_BYTES),
    OWN(code, FIELD_REQUIRED, 32),
};
static const struct shape totp_shape = {"own", sizeof(struct own_ask), totp_fields, ARRAY_COUNT(totp_fields)};

static void totp_proven(struct request *request, struct session_ask *proof)
{
    struct enrolment *enrolment = request->own;

    proven(request, proof, &enrolment->ask);
    user_submit(request, &enrolment->ask, user_enrolled);
}

/* The code shows that the authenticator has the secret; it is not good a second time, to sign in. */
void session_totp_put(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    struct enrolment *enrolment = ARENA_NEW(&request->arena, struct enrolment);
    struct instant now = engine_now(config->engine);
    struct own_ask body = {0};
    const char *name;

    if (!request_body(request, &totp_shape, &body) || (name = own_name(request)) == NULL)
        return;
    if (enrolment == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
    } else if (!enrolment_of_offer(config->vault, name, body.offer, now, enrolment)) {
        user_invalid(request, "/offer",
                     "That secret was not offered to you, or its ten minutes are over; ask for another.");
    } else {
        enrolment->ask.totp_step = otp_step_of(enrolment->secret, body.code, now, 0);
        request->own = enrolment;
        if (enrolment->ask.totp_step == 0)
            user_invalid(request, "/code", "This is not the code that the secret gives now.");
        else
            sign_in_prove(request, name, body.password, body.otp, totp_proven);
    }
}
