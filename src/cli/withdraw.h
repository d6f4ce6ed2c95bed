/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawals on a terminal: one in full, many as a table. Shared by `ebb withdraw` and `ebb review`. */
#ifndef EBB_CLI_WITHDRAW_H
#define EBB_CLI_WITHDRAW_H

#include "cli/client.h"

/* JSON or sentences, as the client asks for. */
void withdraw_print(const struct client *client, const struct answer *answer);
/* A list for people or JSON lines; `path` is the list with its filters. */
enum cli_exit withdraw_list(const struct client *client, const char *path, size_t limit);
/* "/v1/withdrawals/ID<rest>"; false, and a complaint, when ID is no withdrawal's id. */
bool withdraw_path(const struct client *client, const char *id, const char *rest, char ret[CLIENT_PATH_BYTES]);

#endif
