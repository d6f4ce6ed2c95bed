/* SPDX-License-Identifier: Apache-2.0 */
/* Which shape a command's body has and which account it names: shared by single requests and batch lines. */
#ifndef EBB_HTTP_ASK_H
#define EBB_HTTP_ASK_H

#include "engine/command.h"

const struct shape *ask_shape(enum command_kind kind);
/* Copies the account that the ask names, where the path does not. */
void ask_name_account(struct command *command);

#endif
