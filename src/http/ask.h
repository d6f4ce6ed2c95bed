/* SPDX-License-Identifier: Apache-2.0 */
/* Which account a command's ask names: shared by single requests and batch lines. */
#ifndef EBB_HTTP_ASK_H
#define EBB_HTTP_ASK_H

#include "engine/command.h"

/* Copies the account that the ask names, where the path does not. */
void ask_name_account(struct command *command);

struct request;
/* command.c. The command and its ask are in the request: the rest of it from the path and the headers, and to the
 * engine. */
void ask_submit(struct request *request);

#endif
