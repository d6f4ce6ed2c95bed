/* SPDX-License-Identifier: Apache-2.0 */
/* ebb export: files of all rows from a server, for spreadsheets, programs and bookkeepers. What is too large to wait
 * for is made in the background there, and fetched when it is done. */
#include "report/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/field.h"
#include "cli/client.h"

#define ROUND_MS 300
#define PATH_BYTES 4200
#define PROGRAM_BYTES 64

enum { OPTION_FORMAT = 0x600, OPTION_FROM, OPTION_TO, OPTION_TYPE, OPTION_STATUS, OPTION_ACCOUNT, OPTION_OUTPUT };

struct export_options {
    struct client client;
    const struct export_kind *kind;
    const char *account, *from, *to, *type, *status, *output;
    int format;
};

/* ---- what was said ---- */

static void format_take(struct export_options *options, const char *word, struct argp_state *state)
{
    if (!word_parse(&export_format_words, word, &options->format) ||
        !export_kind_takes(options->kind, (enum export_format)options->format))
        argp_error(state, options->kind->journal     ? "--format is hledger, ledger or beancount"
                          : options->kind->statement ? "--format is csv, xlsx, jsonl or pdf"
                                                     : "--format is csv, xlsx or jsonl");
}

static void account_take(struct export_options *options, const char *ref, struct argp_state *state)
{
    if (options->account != NULL)
        argp_error(state, "unexpected argument '%s'", ref);
    if (!field_ref_ok(ref))
        argp_error(state, "'%s' is not the ref of an account", ref);
    options->account = ref;
}

static error_t export_option(int key, char *value, struct argp_state *state)
{
    struct export_options *options = state->input;

    switch (key) {
    case OPTION_FORMAT:
        format_take(options, value, state);
        return 0;
    case OPTION_FROM:
        options->from = value;
        return 0;
    case OPTION_TO:
        options->to = value;
        return 0;
    case OPTION_TYPE:
        options->type = value;
        return 0;
    case OPTION_STATUS:
        options->status = value;
        return 0;
    case OPTION_OUTPUT:
        options->output = value;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case OPTION_ACCOUNT:
    case ARGP_KEY_ARG:
        account_take(options, value, state);
        return 0;
    case ARGP_KEY_END:
        if (options->format == 0)
            options->format = options->kind->journal ? EXPORT_HLEDGER
                              : options->client.json ? EXPORT_JSONL
                                                     : EXPORT_CSV;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
static const struct argp_option options_of_all[] = {
    {"format", OPTION_FORMAT, "WORD", 0,
     "csv (default), xlsx or jsonl; of one account's transactions also pdf; of a journal hledger (default), ledger or "
     "beancount; --json means jsonl",
     0},
    {"account", OPTION_ACCOUNT, "REF", 0, "Of this account", 0},
    {"status", OPTION_STATUS, "WORD", 0, "Only in this status: withdrawals, legs, accounts", 0},
    {"type", OPTION_TYPE, "WORD", 0, "Only of this type, as withdrawal or topup: transactions, topups, events, audit",
     0},
    {"from", OPTION_FROM, "TIME", 0, "At or after, as 2026-11-01T00:00:00+08:00", 0},
    {"to", OPTION_TO, "TIME", 0, "Before", 0},
    {"output", OPTION_OUTPUT, "FILE", 0, "Write there, whole or not at all", 0},
    {0},
};
static const struct argp export_argp = {
    options_of_all, export_option, "[ACCOUNT]", "A file of all rows, the oldest first.", children, NULL, NULL};

/* ---- the file ---- */

struct target {
    FILE *file;
    char aside[PATH_BYTES];
};

static bool target_open(const struct export_options *options, struct target *ret)
{
    ret->file = stdout;
    if (options->output == NULL)
        return true;
    snprintf(ret->aside, sizeof ret->aside, "%s.part", options->output);
    ret->file = fopen(ret->aside, "we");
    if (ret->file == NULL)
        cli_complain(options->client.program, "%s: %s", ret->aside, strerror(errno));
    return ret->file != NULL;
}

static enum cli_exit target_close(const struct export_options *options, struct target *target, enum cli_exit status)
{
    bool written = fflush(target->file) == 0 && ferror(target->file) == 0;

    if (options->output != NULL) {
        written = fclose(target->file) == 0 && written;
        if (status == CLI_OK && written)
            written = rename(target->aside, options->output) == 0;
        else
            (void)unlink(target->aside);
    }
    if (status == CLI_OK && !written)
        cli_complain(options->client.program, "it could not be written: %s", strerror(errno));
    return status == CLI_OK && !written ? CLI_REFUSED : status;
}

/* ---- asking ---- */

static void body_write(struct out *out, const struct export_options *options)
{
    const struct {
        const char *name, *value;
    } members[] = {{"what", options->kind->name},
                   {"format", word_text(&export_format_words, options->format)},
                   {"account", options->account},
                   {"status", options->status},
                   {"type", options->type},
                   {"from", options->from},
                   {"to", options->to}};

    out_object(out, NULL);
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        if (members[i].value != NULL)
            out_string(out, members[i].name, members[i].value);
    out_object_end(out);
}

/* Asks until the job has ended. */
static enum cli_exit job_wait(const struct client *client, const char *id, char ret_file[CLIENT_PATH_BYTES])
{
    char path[CLIENT_PATH_BYTES];

    snprintf(path, sizeof path, "/v1/exports/%s", id);
    for (;;) {
        struct answer answer;
        enum cli_exit status = client_get(client, path, &answer);
        const char *state = json_text(answer.json, "state");
        bool failed = strcmp(state, "failed") == 0, done = strcmp(state, "done") == 0;

        if (failed)
            cli_complain(client->program, "%s", json_text(answer.json, "failure"));
        snprintf(ret_file, CLIENT_PATH_BYTES, "%s", json_text(answer.json, "file"));
        answer_fini(&answer);
        if (status != CLI_OK || failed || done)
            return status == CLI_OK && failed ? CLI_REFUSED : status;
        nanosleep(&(struct timespec){.tv_nsec = ROUND_MS * 1000000L}, NULL);
    }
}

static enum cli_exit fetch(const struct client *client, const char *path, FILE *file)
{
    struct client_request request = {.method = "GET", .path = path, .sink = file};
    struct answer answer;
    enum cli_exit status = client_call(client, &request, &answer);

    answer_fini(&answer);
    return status;
}

static enum cli_exit in_background(const struct export_options *options, FILE *file)
{
    SCOPED(out_fini) struct out body;
    char key[CLIENT_KEY_BYTES], path[CLIENT_PATH_BYTES];
    struct answer answer;

    out_init(&body);
    body_write(&body, options);
    client_key(key);
    struct client_request request = {
        .method = "POST", .path = "/v1/exports", .body = body.data, .body_bytes = body.size, .key = key};
    enum cli_exit status = client_call(&options->client, &request, &answer);

    if (status == CLI_OK)
        status = job_wait(&options->client, json_text(answer.json, "id"), path);
    answer_fini(&answer);
    return status == CLI_OK ? fetch(&options->client, path, file) : status;
}

static enum cli_exit at_once(const struct export_options *options, FILE *file)
{
    char path[CLIENT_PATH_BYTES];
    struct client_request request = {.method = "GET", .path = path, .sink = file};
    struct answer answer;
    enum cli_exit status = CLI_OK;

    snprintf(path, sizeof path, "/v1/exports/%s.%s", options->kind->name,
             word_text(&export_format_words, options->format));
    client_query(path, "account", options->account);
    client_query(path, "status", options->status);
    client_query(path, "type", options->type);
    client_query(path, "from", options->from);
    client_query(path, "to", options->to);
    bool answered = client_ask(&options->client, &request, &answer);
    bool too_large = answered && strcmp(json_text(answer.json, "code"), "export_too_large") == 0;

    if (!too_large && (!answered || answer.status != 200))
        status = client_explain(&options->client, &request, &answer);
    answer_fini(&answer);
    return too_large ? in_background(options, file) : status;
}

static int export_kind_main(int argc, char **argv)
{
    static char program[PROGRAM_BYTES];
    const char *name = strrchr(argv[0], ' ');
    struct export_options options = {.kind = export_kind_named(name != NULL ? name + 1 : argv[0])};
    struct target target;

    snprintf(program, sizeof program, "%s", argv[0]);
    client_init(&options.client, program);
    argp_parse(&export_argp, argc, argv, 0, NULL, &options);
    bool binary = options.format == EXPORT_XLSX || options.format == EXPORT_PDF;

    if (binary && options.output == NULL && isatty(STDOUT_FILENO)) {
        cli_complain(program, "that is nothing for a terminal: say --output FILE");
        return CLI_USAGE;
    }
    if (!target_open(&options, &target))
        return CLI_USAGE;
    return (int)target_close(&options, &target, at_once(&options, target.file));
}

int export_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"transactions", "the billing details: every movement of money", export_kind_main, NULL},
        {"withdrawals", "withdrawals", export_kind_main, NULL},
        {"legs", "their payments", export_kind_main, NULL},
        {"topups", "top-ups with what is left of them", export_kind_main, NULL},
        {"accounts", "accounts with their balances", export_kind_main, NULL},
        {"journal", "the ledger for hledger, ledger or beancount, with balance assertions", export_kind_main, NULL},
        {"events", "what happened", export_kind_main, NULL},
        {"audit", "who changed what", export_kind_main, NULL},
        {0},
    };

    return cli_dispatch(
        commands, "ebb export",
        "Examples:\n"
        "  ebb export transactions alice --type withdrawal > proof.csv\n"
        "  ebb export withdrawals --format xlsx --output november.xlsx --from 2026-11-01T00:00:00+08:00\n"
        "  ebb export journal > books.journal && hledger -f books.journal check\n",
        argc, argv);
}
