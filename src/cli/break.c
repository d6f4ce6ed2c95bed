/* SPDX-License-Identifier: Apache-2.0 */
/* ebb break: where books, payments and statements of channels do not say the same (domain/reconcile.h). */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "cli/client.h"
#include "cli/sheet.h"

enum { OPTION_REASON = 0x500, OPTION_LIMIT, OPTION_SETTLED, OPTION_BELIEVE };

struct break_options {
    struct client client;
    const char *word, *reason; /* word: the break */
    bool wants_word, settled, believe;
    size_t limit;
};

static error_t break_option(int key, char *value, struct argp_state *state)
{
    struct break_options *options = state->input;

    switch (key) {
    case OPTION_REASON:
        options->reason = value;
        return 0;
    case OPTION_LIMIT:
        options->limit = strtoul(value, NULL, 10);
        return 0;
    case OPTION_SETTLED:
        options->settled = true;
        return 0;
    case OPTION_BELIEVE:
        options->believe = true;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (!options->wants_word || options->word != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        options->word = value;
        return 0;
    case ARGP_KEY_END:
        if (options->wants_word && options->word == NULL)
            argp_error(state, "an argument is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};

static struct break_options options_of(const struct argp *argp, const char *program, bool wants_word, int argc,
                                       char **argv)
{
    struct break_options options = {.wants_word = wants_word, .limit = 1000};

    client_init(&options.client, program);
    argp_parse(argp, argc, argv, 0, NULL, &options);
    return options;
}

static const struct argp_option list_options[] = {
    {"settled", OPTION_SETTLED, NULL, 0, "Those that were settled, instead of the open ones", 0},
    {"limit", OPTION_LIMIT, "N", 0, "At most N of them (1000)", 0},
    {0},
};
static const struct argp list_argp = {
    list_options, break_option, NULL, "Where books and channel do not say the same, oldest first.",
    children,     NULL,         NULL};

static void break_add(const json_t *found, void *context)
{
    char ours[MONEY_TEXT_BYTES], theirs[MONEY_TEXT_BYTES], age[24];
    const char *currency = json_text(found, "currency");

    snprintf(age, sizeof age, "%lld", (long long)json_minor(found, "age_seconds") / 86400);
    (void)sheet_add(context, (const char *const[]){json_text(found, "id"), json_text(found, "kind"),
                                                   json_text(found, "owner"), json_text(found, "channel"),
                                                   json_text(found, "key"), json_amount(found, "ours", currency, ours),
                                                   json_amount(found, "theirs", currency, theirs), age});
}

static void break_print(const json_t *found, void *context)
{
    (void)context;
    json_dumpf(found, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
}

static int break_list_main(int argc, char **argv)
{
    static const char *const titles[] = {"break", "kind", "owner", "channel", "key", ">ours", ">theirs", ">days"};
    struct break_options options = options_of(&list_argp, "ebb break list", false, argc, argv);
    char path[CLIENT_PATH_BYTES] = "/v1/breaks";
    struct sheet sheet;

    client_query(path, "status", options.settled ? "settled" : NULL);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    enum cli_exit status =
        client_each(&options.client, path, options.limit, options.client.json ? break_print : break_add, &sheet);

    if (status == CLI_OK && !options.client.json && sheet.rows > 0)
        sheet_print(&sheet);
    sheet_fini(&sheet);
    return (int)status;
}

static const struct argp_option settle_options[] = {
    {"reason", OPTION_REASON, "TEXT", 0, "Why it is settled; it must be given", 0},
    {"believe", OPTION_BELIEVE, NULL, 0,
     "What the statement says is so: the money did not leave, or came back. Not by whoever handed it in", 0},
    {0},
};
static const struct argp settle_argp = {
    settle_options, break_option, "BREAK", "Settles a break. Without --believe it moves no money.",
    children,       NULL,         NULL};

static int break_settle_main(int argc, char **argv)
{
    struct break_options options = options_of(&settle_argp, "ebb break settle", true, argc, argv);
    char path[CLIENT_PATH_BYTES], key[CLIENT_KEY_BYTES];
    struct answer answer;
    struct out body;
    int64_t id;

    if (!id_parse("bk", options.word, &id) || options.reason == NULL) {
        cli_complain(options.client.program,
                     id_parse("bk", options.word, &id) ? "--reason says why" : "that is not the id of a break (bk_…)");
        return CLI_USAGE;
    }
    snprintf(path, sizeof path, "/v1/breaks/%s/settle", options.word);
    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "reason", options.reason);
    out_bool(&body, "believe", options.believe);
    out_object_end(&body);
    client_key(key);
    enum cli_exit status =
        client_call(&options.client,
                    &(struct client_request){
                        .method = "POST", .path = path, .body = body.data, .body_bytes = body.size, .key = key},
                    &answer);

    out_fini(&body);
    if (status == CLI_OK && options.client.json)
        client_print(&answer);
    else if (status == CLI_OK)
        printf("%s  %s  %s\n", json_text(answer.json, "id"), json_text(answer.json, "kind"),
               json_text(answer.json, "status"));
    answer_fini(&answer);
    return (int)status;
}

int break_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"list", "where books and channel do not say the same", break_list_main, NULL},
        {"settle", "a person settles one, with a reason", break_settle_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb break", "Example:\n  ebb break list\n", argc, argv);
}
