/* SPDX-License-Identifier: Apache-2.0 */
/* How somebody proves who it is, for session_answer.c and user.c. Passwords are looked at by a clerk's thread, one at a
 * time, so that nothing else waits for them and no more than one of them takes its memory; whoever guesses waits
 * (access/throttle.h). A wrong name, password or one-time password and a person who may not come in get the same
 * answer, after the same work. */
#ifndef EBB_HTTP_SIGN_IN_H
#define EBB_HTTP_SIGN_IN_H

#include "domain/session.h"
#include "http/address.h"

struct request;
/* session_answer.c: begins the session that `ask` says who for; also by whoever has the suspended request. */
void session_begin(struct request *request, struct session_ask *ask);
/* 401, the same whatever was wrong. */
void session_refuse(struct request *request);

/* sign_in.c. `otp` may be NULL; it is a one-time password or a recovery code. */
void sign_in_by_password(struct request *request, const char *user, const char *password, const char *otp);
/* A task that ends with `then`: the password is the one of the person, who may come in; `proof` says what to use up. */
void sign_in_prove(struct request *request, const char *user, const char *password, const char *otp,
                   void (*then)(struct request *request, struct session_ask *proof));
/* Where the client is: the peer, or what our own proxy says of it. Of IPv6 the network, which one client has whole. */
void sign_in_address(const struct request *request, char ret[ADDRESS_TEXT_BYTES]);

#endif
