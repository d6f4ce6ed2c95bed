/* SPDX-License-Identifier: Apache-2.0 */
/* ebb review: what waits for a decision, and the decision. It is made on the version that was just read: if somebody
 * was faster, the server refuses and nothing happens twice. */
#include "cli/withdraw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_REASON = 0x400, OPTION_DRY_RUN, OPTION_LIMIT, OPTION_STATUS, OPTION_KEY };

struct review_options {
    struct client client;
    const char *id, *reason, *status, *key;
    bool takes_id, dry_run;
    size_t limit;
};

static error_t review_option(int key, char *value, struct argp_state *state)
{
    struct review_options *options = state->input;

    switch (key) {
    case OPTION_REASON:
        options->reason = value;
        return 0;
    case OPTION_STATUS:
        options->status = value;
        return 0;
    case OPTION_KEY:
        options->key = value;
        return 0;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return 0;
    case OPTION_LIMIT:
        options->limit = strtoul(value, NULL, 10);
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (!options->takes_id || options->id != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        options->id = value;
        return 0;
    case ARGP_KEY_END:
        if (options->takes_id && options->id == NULL)
            argp_error(state, "the withdrawal's ID is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
static const struct argp_option list_options[] = {
    {"status", OPTION_STATUS, "WORD", 0, "in_review (default) or need_documents", 0},
    {"limit", OPTION_LIMIT, "N", 0, "At most N of them (1000)", 0},
    {0},
};
static const struct argp list_argp = {list_options, review_option, NULL, "Withdrawals that wait for a decision.",
                                      children,     NULL,          NULL};
static const struct argp_option decide_options[] = {
    {"reason", OPTION_REASON, "TEXT", 0, "Why; the customer reads it when the withdrawal is not approved", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Show the withdrawal; decide nothing", 0},
    {"key", OPTION_KEY, "KEY", 0, "Idempotency key: the same key asks for the same decision again", 0},
    {0},
};
static const struct argp decide_argp = {decide_options, review_option, "ID", "Decides on a withdrawal in review.",
                                        children,       NULL,          NULL};

static int review_list_main(int argc, char **argv)
{
    struct review_options options = {.limit = 1000, .status = "in_review"};
    char path[CLIENT_PATH_BYTES] = "/v1/withdrawals";

    client_init(&options.client, "ebb review list");
    argp_parse(&list_argp, argc, argv, 0, NULL, &options);
    client_query(path, "status", options.status);
    return (int)withdraw_list(&options.client, path, options.limit);
}

static enum cli_exit decide_send(const struct review_options *options, const char *decision, const char *etag)
{
    char path[CLIENT_PATH_BYTES], key[CLIENT_KEY_BYTES];
    struct answer answer;
    struct out body;

    if (!withdraw_path(&options->client, options->id, "/review", path))
        return CLI_USAGE;
    client_key(key);
    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "decision", decision);
    if (options->reason != NULL)
        out_string(&body, "reason", options->reason);
    out_object_end(&body);
    enum cli_exit status = client_call(&options->client,
                                       &(struct client_request){.method = "POST",
                                                                .path = path,
                                                                .body = body.data,
                                                                .body_bytes = body.size,
                                                                .key = options->key != NULL ? options->key : key,
                                                                .if_match = etag},
                                       &answer);

    if (status == CLI_OK)
        withdraw_print(&options->client, &answer);
    answer_fini(&answer);
    out_fini(&body);
    return status;
}

static int decide(int argc, char **argv, const char *decision, const char *program)
{
    struct review_options options = {.takes_id = true};
    char path[CLIENT_PATH_BYTES];
    struct answer seen;

    client_init(&options.client, program);
    argp_parse(&decide_argp, argc, argv, 0, NULL, &options);
    if (!withdraw_path(&options.client, options.id, "", path))
        return CLI_USAGE;
    enum cli_exit status = client_get(&options.client, path, &seen);

    if (status == CLI_OK && options.dry_run)
        withdraw_print(&options.client, &seen);
    else if (status == CLI_OK)
        status = decide_send(&options, decision, seen.etag);
    answer_fini(&seen);
    return (int)status;
}

static int review_approve_main(int argc, char **argv)
{
    return decide(argc, argv, "approve", "ebb review approve");
}

static int review_reject_main(int argc, char **argv)
{
    return decide(argc, argv, "reject", "ebb review reject");
}

static int review_documents_main(int argc, char **argv)
{
    return decide(argc, argv, "need_documents", "ebb review need-documents");
}

int review_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"list", "what waits for a decision", review_list_main},
        {"approve", "let it be paid", review_approve_main},
        {"reject", "refuse it; its money comes back", review_reject_main},
        {"need-documents", "ask the customer for documents", review_documents_main},
        {0},
    };

    return cli_dispatch(commands, "ebb review", "Example:\n  ebb review reject wd_… --reason 'name differs'\n", argc,
                        argv);
}
