/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/version.h"
#include "cli/policy.h"
#include "http/serve.h"

#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM_BYTES 64

static const struct cli_command commands[] = {
    {"serve", "run the server", serve_main, NULL},
    {"status", "is the server there, and ready?", status_main, NULL},
    {"quote", "what is withdrawable and why, from a facts object", quote_main, NULL},
    {"policy", "check, explain or compare policies", policy_main, "check explain diff"},
    {"account", "accounts of a server", account_main, "show quote list put"},
    {"withdraw", "ask for money back, confirm, follow, cancel", withdraw_main, "create show list code cancel"},
    {"review", "decide on withdrawals in review", review_main, "list approve reject need-documents"},
    {"import", "send billing facts from a file of batch lines", import_main, NULL},
    {"export", "files of all rows: CSV, XLSX, JSON lines, journals", export_main,
     "transactions withdrawals legs topups accounts journal events audit"},
    {"receipt", "is a receipt genuine?", receipt_main, "verify key page statement"},
    {"customer-key", "keys by which your own site signs customers in", customer_key_main, "create list revoke"},
    {"user", "people of a data directory who may sign in", user_main, "create list password disable totp"},
    {"role", "who may what: every route and role", role_main, "list"},
    {"key", "API keys of a data directory", key_main, "create list revoke"},
    {"config", "the channels that a server has", config_main, "show codes"},
    {"backup", "copy a database, check the copy, restore it", backup_main, "create verify restore"},
    {"anchor", "the signed head of the audit chain, and its public key", anchor_main, "show key"},
    {"statement", "a channel's statement against the books, and money in transit", statement_main,
     "import check transit"},
    {"break", "where books and channel do not say the same", break_main, "list settle"},
    {"quarantine", "after a restore: what happened meanwhile, and the release", quarantine_main,
     "show statement release strays name settle"},
    {"migrate", "bring a database to this program's schema", migrate_main, NULL},
    {"audit", "recompute the books and compare (ebb-audit)", audit_main, NULL},
    {"bench", "drive a running server with a mixed load", bench_main, NULL},
    {"bank", "the directory of banks and their branches", bank_main, "import"},
    {"completion", "print a completion script for a shell", completion_main, "bash zsh fish"},
    {0},
};
static const char examples[] =
    "Examples:\n"
    "  ebb serve --demo                                 a server with samples and simulated channels\n"
    "  ebb quote --facts account.json                   what is withdrawable, and why not more\n"
    "  ebb account quote alice                          the same, of an account of the server\n"
    "  ebb withdraw create alice 300.00 --dry-run       the plan; nothing is stored\n"
    "  ebb review list                                  what waits for a decision\n"
    "  ebb import facts.ndjson                          billing facts in\n"
    "  ebb audit --data ebb-data                        are the books sound?\n"
    "\n"
    "Commands that talk to a server take --url and --token, or EBB_URL and EBB_TOKEN.\n"
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage or input, 3 outcome unknown\n"
    "(ask again with the same key). 'ebb COMMAND --help' explains a command; 'man ebb' all of them.\n";

const struct cli_command *cli_commands(void)
{
    return commands;
}

void cli_complain(const char *program, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s: ", program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void cli_print_json(const struct out *json, bool indented, void *stream)
{
    json_t *value = indented && !json->failed ? json_loadb(json->data, json->size, 0, NULL) : NULL;
    char *text = value != NULL ? json_dumps(value, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;

    if (text != NULL)
        fputs(text, stream);
    else
        fwrite(json->data, 1, json->size, stream);
    fputc('\n', stream);
    free(text);
    json_decref(value);
}

static char *read_stream(FILE *stream, size_t bytes_max, size_t *ret_size)
{
    size_t size = 0, capacity = 65536;
    char *data = malloc(capacity + 1);

    while (data != NULL) {
        size += fread(data + size, 1, capacity - size, stream);
        if (size < capacity)
            break;
        capacity *= 2;
        char *grown = size > bytes_max ? NULL : realloc(data, capacity + 1);

        if (grown == NULL) {
            errno = size > bytes_max ? EFBIG : ENOMEM;
            free(data);
        }
        data = grown;
    }
    if (data == NULL)
        return NULL;
    if (ferror(stream)) {
        free(data);
        return NULL;
    }
    data[size] = '\0';
    *ret_size = size;
    return data;
}

char *cli_read_file(const char *path, size_t bytes_max, size_t *ret_size)
{
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, bytes_max, ret_size);
    FILE *stream = fopen(path, "re");

    if (stream == NULL)
        return NULL;
    char *data = read_stream(stream, bytes_max, ret_size);
    int saved = errno;

    fclose(stream);
    errno = saved;
    return data;
}

static void print_table(const struct cli_command *table, const char *program, const char *text, FILE *stream)
{
    fprintf(stream, "Usage: %s COMMAND [OPTION...]\n\nCommands:\n", program);
    for (; table->name != NULL; table++)
        fprintf(stream, "  %-16s %s\n", table->name, table->help);
    fprintf(stream, "\n%s", text);
}

int cli_dispatch(const struct cli_command *table, const char *program, const char *text, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    char name[PROGRAM_BYTES];

    if (word == NULL) {
        print_table(table, program, text, stderr);
        return CLI_USAGE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0) {
        print_table(table, program, text, stdout);
        return CLI_OK;
    }
    for (const struct cli_command *command = table; command->name != NULL; command++)
        if (strcmp(command->name, word) == 0) {
            snprintf(name, sizeof(name), "%s %s", program, word);
            argv[1] = name;
            return command->run(argc - 1, argv + 1);
        }
    cli_complain(program, "no command '%s'; '%s --help' lists them", word, program);
    return CLI_USAGE;
}

int cli_main(int argc, char **argv)
{
    argp_err_exit_status = CLI_USAGE;
    if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        puts("ebb " EBB_VERSION);
        return CLI_OK;
    }
    return cli_dispatch(commands, "ebb", examples, argc, argv);
}
