/* SPDX-License-Identifier: Apache-2.0 */
/* ebb anchor: the signed head of the audit chain that a server keeps, and the public key that it is checked with. Both
 * are read beside a running server. */
#include "access/vault.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 20)

enum { OPTION_DATA = 0xa00, OPTION_ANCHOR };

struct anchor_options {
    const char *program, *directory, *file;
};

static error_t anchor_option(int key, char *value, struct argp_state *state)
{
    struct anchor_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case OPTION_ANCHOR:
        options->file = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return EINVAL;
    case ARGP_KEY_END:
        if (options->directory == NULL)
            argp_error(state, "--data DIR is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define DATA_OPTION                                                                                                    \
    {                                                                                                                  \
        "data", OPTION_DATA, "DIR", 0, "Where the database and its key live", 0                                        \
    }
static const struct argp_option show_options[] = {
    DATA_OPTION,
    {"anchor", OPTION_ANCHOR, "FILE", 0, "Another place that the server was given (default DIR/" ANCHOR_BESIDE ")", 0},
    {0},
};
static const struct argp_option key_options[] = {DATA_OPTION, {0}};
static const struct argp show_argp = {show_options,
                                      anchor_option,
                                      NULL,
                                      "Prints the newest statement in the file that the key in DIR signed: one line of "
                                      "JSON, for `ebb-audit --anchor`.",
                                      NULL,
                                      NULL,
                                      NULL};
static const struct argp key_argp = {key_options,
                                     anchor_option,
                                     NULL,
                                     "Prints the public key of the anchors, for `ebb-audit --anchor-key`. Give it to "
                                     "whoever audits: it signs nothing.",
                                     NULL,
                                     NULL,
                                     NULL};

static bool vault_take(const struct anchor_options *options, struct vault *ret)
{
    char reason[256] = "";

    if (vault_open(options->directory, false, ret, reason) == ERR_NONE)
        return true;
    cli_complain(options->program, "%s", reason);
    return false;
}

static int64_t rows_of(const struct anchor *anchor)
{
    int64_t rows = 0;

    for (size_t i = 0; i < anchor->heads_count; i++)
        rows += anchor->heads[i].seq;
    return rows;
}

/* Of the pieces of a file, the statement of ours that knows most rows. False: there is none. */
static bool newest_find(const char *text, size_t size, const struct vault *vault, struct anchor *ret)
{
    SCOPED(arena_fini) struct arena arena;
    struct bytes piece;
    bool found = false;

    arena_init(&arena, ANCHOR_ARENA_BYTES);
    for (size_t at = 0; anchor_piece(text, size, &at, &piece);) {
        struct anchor anchor;

        arena_reset(&arena);
        if (anchor_read(piece.data, piece.size, &arena, &anchor) == ERR_NONE &&
            anchor_signed_by(&anchor, vault->anchor_public) && (!found || rows_of(&anchor) > rows_of(ret))) {
            *ret = anchor;
            found = true;
        }
    }
    return found;
}

static int anchor_print(const struct anchor_options *options, const char *path, const struct vault *vault)
{
    size_t size = 0;
    char *text = cli_read_file(path, FILE_BYTES_MAX, &size);
    struct anchor anchor;
    SCOPED(out_fini) struct out out;

    out_init(&out);
    if (text == NULL) {
        cli_complain(options->program, "%s: %s", path, strerror(errno));
        return CLI_REFUSED;
    }
    bool found = newest_find(text, size, vault, &anchor);

    free(text);
    if (!found) {
        cli_complain(options->program, "%s: no statement in it is signed with the key in %s", path, options->directory);
        return CLI_REFUSED;
    }
    anchor_write(&anchor, &out);
    puts(out.failed ? "" : out.data);
    return CLI_OK;
}

static int anchor_show_main(int argc, char **argv)
{
    struct anchor_options options = {.program = "ebb anchor show"};
    char path[4200];
    struct vault vault;

    argp_parse(&show_argp, argc, argv, 0, NULL, &options);
    if (!vault_take(&options, &vault))
        return CLI_REFUSED;
    snprintf(path, sizeof path, "%s/" ANCHOR_BESIDE, options.directory);
    int status = anchor_print(&options, options.file != NULL ? options.file : path, &vault);

    vault_fini(&vault);
    return status;
}

static int anchor_key_main(int argc, char **argv)
{
    struct anchor_options options = {.program = "ebb anchor key"};
    char text[2 * ANCHOR_PUBLIC_BYTES + 1];
    struct vault vault;

    argp_parse(&key_argp, argc, argv, 0, NULL, &options);
    if (!vault_take(&options, &vault))
        return CLI_REFUSED;
    hash_hex(vault.anchor_public, sizeof vault.anchor_public, text);
    puts(text);
    vault_fini(&vault);
    return CLI_OK;
}

int anchor_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"show", "the signed head of the audit chain", anchor_show_main, NULL},
        {"key", "the public key that it is checked with", anchor_key_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb anchor",
                        "Example:\n  ebb anchor show --data ebb-data > head.json\n"
                        "  ebb-audit --data ebb-data --anchor head.json\n",
                        argc, argv);
}
