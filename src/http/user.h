/* SPDX-License-Identifier: Apache-2.0 */
/* How people of the operator are changed, for user.c (administrators) and own.c (everybody himself). A change goes to
 * the engine as COMMAND_USER; the request is answered when it is done. */
#ifndef EBB_HTTP_USER_H
#define EBB_HTTP_USER_H

#include "engine/enrolment.h"
#include "http/request.h"

/* 422 about one member of the body. */
void user_invalid(struct request *request, const char *pointer, const char *detail);
void user_submit(struct request *request, struct staff_ask *ask,
                 void (*done)(struct command *command, struct reply *reply));
/* The same after the password was made into what is kept of it. The request is suspended. */
void user_password_submit(struct request *request, struct staff_ask *ask, const char *password);
/* Answers with the person as it is now; a cookie is set only if it was done. */
void user_done(struct command *command, struct reply *reply);
/* Answers with the secret and the recovery codes of the struct enrolment that was asked. */
void user_enrolled(struct command *command, struct reply *reply);
/* A member "qr": a row of modules a text, 1 is dark. False: no memory. */
MUST_USE bool user_qr_write(struct out *out, const char *text);

#endif
