/* SPDX-License-Identifier: Apache-2.0 */
/* ebb receipt: is a receipt, JSON or PDF, what an operator issued? Without a network and without a server. */
#include "report/receipt.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "report/statement.h"
#include "report/worker.h"

enum { OPTION_DATA = 0xb00, OPTION_KEY };

struct receipt_options {
    const char *program, *file, *directory, *key;
};

static error_t receipt_option(int key, char *value, struct argp_state *state)
{
    struct receipt_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case OPTION_KEY:
        options->key = value;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        options->file = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option verify_options[] = {
    {"key", OPTION_KEY, "HEX", 0, "The operator's public key, as it published it (GET /v1/verify, `ebb receipt key`)",
     0},
    {"data", OPTION_DATA, "DIR", 0, "Take the key from a data directory", 0},
    {0},
};
static const struct argp verify_argp = {verify_options,
                                        receipt_option,
                                        "FILE",
                                        "Tells whether a receipt, JSON or PDF, is as it was issued.\v"
                                        "Exit status: 0 it is genuine, 1 it was changed, is somebody else's or is no "
                                        "receipt, 3 nothing in it was changed, but "
                                        "without --key it is not known who signed it. What it says is how things stood "
                                        "when it was issued; its address tells "
                                        "whether they still do.",
                                        NULL,
                                        NULL,
                                        NULL};

static bool public_take(const struct receipt_options *options, uint8_t ret[ANCHOR_PUBLIC_BYTES])
{
    char reason[256] = "";
    struct vault vault;

    if (options->directory == NULL) {
        if (anchor_hex(options->key, ret, ANCHOR_PUBLIC_BYTES))
            return true;
        cli_complain(options->program, "--key is %d hex digits", 2 * ANCHOR_PUBLIC_BYTES);
        return false;
    }
    if (vault_open(options->directory, false, &vault, reason) != ERR_NONE) {
        cli_complain(options->program, "%s", reason);
        return false;
    }
    memcpy(ret, vault.receipt_public, ANCHOR_PUBLIC_BYTES);
    vault_fini(&vault);
    return true;
}

static const struct {
    enum cli_exit exit;
    const char *text;
} verdicts[] = {
    [RECEIPT_GENUINE] = {CLI_OK, "genuine"},
    [RECEIPT_SELF] = {CLI_UNKNOWN,
                      "unchanged, but whether its key is the operator's is not known: compare it, or give --key"},
    [RECEIPT_FOREIGN] = {CLI_REFUSED, "NOT genuine: signed with another key than the operator's"},
    [RECEIPT_CHANGED] = {CLI_REFUSED, "NOT genuine: it was changed after it was signed"},
    [RECEIPT_UNREADABLE] = {CLI_REFUSED, "NOT genuine: no receipt, or not in the form in which it was issued"},
    [RECEIPT_NO_MEMORY] = {CLI_UNKNOWN, "not verified: out of memory"},
};

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "-";
}

/* What may be believed: never of a receipt that was changed. */
static void content_print(struct bytes statement)
{
    json_t *value = json_loadb(statement.data, statement.size, 0, NULL);
    const json_t *receipt = json_object_get(value, "receipt");

    printf("withdrawal  %s\nstatus      %s (%s), since %s\npaid        %s %s of %s\nissued      %s by %s\nkey         "
           "%s\nas of now   %s\n",
           member(receipt, "withdrawal"), member(receipt, "status"), member(receipt, "label"), member(receipt, "as_of"),
           member(receipt, "paid"), member(receipt, "currency"), member(receipt, "requested"),
           member(value, "issued_at"), member(value, "operator"), member(value, "key"), member(value, "verify"));
    json_decref(value);
}

static int receipt_verify_main(int argc, char **argv)
{
    struct receipt_options options = {.program = "ebb receipt verify"};
    uint8_t public[ANCHOR_PUBLIC_BYTES];
    struct bytes statement;
    size_t size = 0;

    argp_parse(&verify_argp, argc, argv, 0, NULL, &options);
    if (options.file == NULL) {
        cli_complain(options.program, "which FILE?");
        return CLI_USAGE;
    }
    bool keyed = options.key != NULL || options.directory != NULL;
    if (keyed && !public_take(&options, public))
        return CLI_USAGE;
    char *file = cli_read_file(options.file, RECEIPT_FILE_BYTES_MAX, &size);
    if (file == NULL) {
        cli_complain(options.program, "%s: %s", options.file, strerror(errno));
        return CLI_USAGE;
    }
    enum receipt_verdict verdict = receipt_file_check(file, size, keyed ? public : NULL, &statement);
    printf("%s: %s\n", options.file, verdicts[verdict].text);
    if (verdict == RECEIPT_GENUINE || verdict == RECEIPT_SELF)
        content_print(statement);
    free(file);
    return (int)verdicts[verdict].exit;
}

static const struct argp_option key_options[] = {{"data", OPTION_DATA, "DIR", 0, "Where the key lives", 0}, {0}};
static const struct argp key_argp = {
    key_options, receipt_option, NULL, "Prints the public key of the receipts, to be published. It signs nothing.",
    NULL,        NULL,           NULL};

static int receipt_key_main(int argc, char **argv)
{
    struct receipt_options options = {.program = "ebb receipt key"};
    char text[2 * ANCHOR_PUBLIC_BYTES + 1];
    uint8_t public[ANCHOR_PUBLIC_BYTES];

    argp_parse(&key_argp, argc, argv, 0, NULL, &options);
    if (options.directory == NULL) {
        cli_complain(options.program, "--data DIR is missing");
        return CLI_USAGE;
    }
    if (!public_take(&options, public))
        return CLI_REFUSED;
    hash_hex(public, sizeof public, text);
    puts(text);
    return CLI_OK;
}

/* What the server starts to draw pages; it may be used by hand. */
static _Noreturn void draw(const char *program,
                           enum err (*page)(const char *text, size_t size, struct out *out, char reason[256]))
{
    struct out pdf;
    char reason[256] = "";
    size_t size = 0;

    out_init(&pdf);
    if (!worker_confine()) {
        cli_complain(program, "cannot be confined: %s", strerror(errno));
        _exit(CLI_REFUSED);
    }
    char *text = cli_read_file("-", RECEIPT_FILE_BYTES_MAX, &size);
    enum err err = text != NULL ? page(text, size, &pdf, reason) : ERR_RETRY;

    free(text);
    if (err == ERR_NONE && fwrite(pdf.data, 1, pdf.size, stdout) == pdf.size && fflush(stdout) == 0)
        _exit(CLI_OK); /* fonts and their caches go with the process */
    cli_complain(program, "%s", reason);
    _exit(CLI_REFUSED);
}

static int receipt_page_main(int argc, char **argv)
{
    (void)argc;
    draw(argv[0], receipt_page);
}

static int receipt_statement_main(int argc, char **argv)
{
    (void)argc;
    draw(argv[0], statement_page);
}

int receipt_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"verify", "is a receipt as it was issued?", receipt_verify_main, NULL},
        {"key", "the public key that it is checked with", receipt_key_main, NULL},
        {"page", "a signed statement on standard input as a page of PDF", receipt_page_main, NULL},
        {"statement", "the lines of an account's statement likewise", receipt_statement_main, NULL},
        {0},
    };

    return cli_dispatch(
        commands, "ebb receipt",
        "Example:\n  ebb receipt verify wd_01J8ZQ0000000.pdf --key $(ebb receipt key --data ebb-data)\n", argc, argv);
}
