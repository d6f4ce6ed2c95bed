/* SPDX-License-Identifier: Apache-2.0 */
/* ebb status: is the server there, and does it take work? */
#include "base/version.h"
#include "cli/client.h"

#include <inttypes.h>
#include <stdio.h>

static error_t status_option(int key, char *value, struct argp_state *state)
{
    struct client *client = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = client;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
static const struct argp status_argp = {
    NULL, status_option, NULL, "Is the server there, and is it ready? Exit status 0 when it is.", children, NULL, NULL};

int status_main(int argc, char **argv)
{
    struct client client;
    struct answer answer;

    client_init(&client, "ebb status");
    argp_parse(&status_argp, argc, argv, 0, NULL, &client);
    enum cli_exit status = client_get(&client, "/readyz", &answer);

    if (status == CLI_OK && client.json)
        client_print(&answer);
    else if (status == CLI_OK)
        printf("%s is %s, schema %" PRId64 " (this is ebb %s)\n", client.url, json_text(answer.json, "status"),
               json_minor(answer.json, "schema"), EBB_VERSION);
    answer_fini(&answer);
    return status == CLI_OK ? CLI_OK : CLI_REFUSED;
}
