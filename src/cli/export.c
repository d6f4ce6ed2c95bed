/* SPDX-License-Identifier: Apache-2.0 */
/* ebb export: what the server knows, for a spreadsheet (CSV, amounts as decimals) or a program (JSON lines). */
#include "base/field.h"
#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_FORMAT = 0x600, OPTION_FROM, OPTION_TO, OPTION_TYPE, OPTION_STATUS, OPTION_ACCOUNT };

struct export_options {
    struct client client;
    const char *account, *from, *to, *type, *status;
    bool takes_account, csv;
};

/* Where a column's value stands: a member, or a member of a member. */
struct column {
    const char *title, *parent, *member;
    bool amount;
};
struct report {
    const struct column *columns;
    size_t columns_count;
};

static error_t export_option(int key, char *value, struct argp_state *state)
{
    struct export_options *options = state->input;

    switch (key) {
    case OPTION_FORMAT:
        options->csv = strcmp(value, "csv") == 0;
        if (!options->csv && strcmp(value, "jsonl") != 0)
            argp_error(state, "--format is csv or jsonl");
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
    case OPTION_ACCOUNT:
        options->account = value;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (!options->takes_account || options->account != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        if (!field_ref_ok(value))
            argp_error(state, "'%s' is not the ref of an account", value);
        options->account = value;
        return 0;
    case ARGP_KEY_END:
        options->csv = options->csv && !options->client.json;
        if (options->takes_account && options->account == NULL)
            argp_error(state, "the ACCOUNT is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
#define FORMAT_OPTION                                                                                                  \
    {                                                                                                                  \
        "format", OPTION_FORMAT, "WORD", 0, "csv (default) or jsonl; --json means jsonl", 0                            \
    }
#define TIME_OPTIONS                                                                                                   \
    {"from", OPTION_FROM, "TIME", 0, "At or after, as 2026-11-01T00:00:00+08:00", 0},                                  \
    {                                                                                                                  \
        "to", OPTION_TO, "TIME", 0, "Before", 0                                                                        \
    }

/* A spreadsheet runs a text that begins like a formula: such a text gets an apostrophe in front. */
static void csv_text(const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;

    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    if (formula)
        putchar('\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void csv_value(const json_t *item, const struct column *column)
{
    const json_t *object = column->parent != NULL ? json_object_get(item, column->parent) : item;
    const json_t *value = json_object_get(object, column->member);
    char amount[MONEY_TEXT_BYTES];

    if (column->amount)
        fputs(json_amount(object, column->member, json_text(item, "currency"), amount), stdout);
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "true" : "false", stdout);
    else
        csv_text(json_text(object, column->member));
}

static void csv_row(const json_t *item, void *context)
{
    const struct report *report = context;

    for (size_t i = 0; i < report->columns_count; i++) {
        if (i > 0)
            putchar(',');
        csv_value(item, &report->columns[i]);
    }
    fputs("\r\n", stdout); /* RFC 4180 */
}

static void json_row(const json_t *item, void *context)
{
    (void)context;
    json_dumpf(item, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
}

static int report_run(const struct export_options *options, const struct report *report, char path[CLIENT_PATH_BYTES])
{
    struct report columns = *report;

    client_query(path, "from", options->from);
    client_query(path, "to", options->to);
    if (options->csv) {
        for (size_t i = 0; i < report->columns_count; i++)
            printf("%s%s", i > 0 ? "," : "", report->columns[i].title);
        fputs("\r\n", stdout);
    }
    enum cli_exit status = client_each(&options->client, path, SIZE_MAX, options->csv ? csv_row : json_row, &columns);

    if (fflush(stdout) != 0 && status == CLI_OK)
        status = CLI_REFUSED;
    return (int)status;
}

static const struct argp_option transactions_options[] = {
    FORMAT_OPTION,
    {"type", OPTION_TYPE, "WORD", 0, "Only this type, as withdrawal or topup", 0},
    TIME_OPTIONS,
    {0},
};
static const struct argp transactions_argp = {transactions_options,
                                              export_option,
                                              "ACCOUNT",
                                              "The billing details of an account: every movement of money.",
                                              children,
                                              NULL,
                                              NULL};

static int export_transactions_main(int argc, char **argv)
{
    static const struct column columns[] = {
        {"at", NULL, "at", false},         {"id", NULL, "id", false},
        {"type", NULL, "type", false},     {"kind", NULL, "kind", false},
        {"amount", NULL, "amount", true},  {"currency", NULL, "currency", false},
        {"object", NULL, "object", false}, {"withdrawal", NULL, "withdrawal", false},
    };
    struct export_options options = {.takes_account = true, .csv = true};
    char path[CLIENT_PATH_BYTES];

    client_init(&options.client, "ebb export transactions");
    argp_parse(&transactions_argp, argc, argv, 0, NULL, &options);
    snprintf(path, sizeof(path), "/v1/accounts/%s/transactions", options.account);
    client_query(path, "type", options.type);
    return report_run(&options, &(struct report){columns, ARRAY_COUNT(columns)}, path);
}

static const struct argp_option withdrawals_options[] = {
    FORMAT_OPTION,
    {"account", OPTION_ACCOUNT, "REF", 0, "Of this account", 0},
    {"status", OPTION_STATUS, "WORD", 0, "In this status", 0},
    TIME_OPTIONS,
    {0},
};
static const struct argp withdrawals_argp = {
    withdrawals_options, export_option, NULL, "Withdrawals, newest first.", children, NULL, NULL};

static int export_withdrawals_main(int argc, char **argv)
{
    static const struct column columns[] = {
        {"id", NULL, "id", false},
        {"account", NULL, "account", false},
        {"amount", NULL, "amount", true},
        {"currency", NULL, "currency", false},
        {"route", NULL, "route", false},
        {"status", NULL, "status", false},
        {"label", NULL, "label", false},
        {"created_at", NULL, "created_at", false},
        {"confirmed_at", NULL, "confirmed_at", false},
        {"finished_at", NULL, "finished_at", false},
        {"failure_code", "failure", "code", false},
        {"failure_detail", "failure", "detail", false},
    };
    struct export_options options = {.csv = true};
    char path[CLIENT_PATH_BYTES] = "/v1/withdrawals";

    client_init(&options.client, "ebb export withdrawals");
    argp_parse(&withdrawals_argp, argc, argv, 0, NULL, &options);
    client_query(path, "account", options.account);
    client_query(path, "status", options.status);
    return report_run(&options, &(struct report){columns, ARRAY_COUNT(columns)}, path);
}

static const struct argp_option accounts_options[] = {FORMAT_OPTION, {0}};
static const struct argp accounts_argp = {accounts_options, export_option, NULL, "Accounts with their balances.",
                                          children,         NULL,          NULL};

static int export_accounts_main(int argc, char **argv)
{
    static const struct column columns[] = {
        {"account", NULL, "ref", false},
        {"policy", NULL, "policy", false},
        {"currency", NULL, "currency", false},
        {"state", NULL, "state", false},
        {"verified", NULL, "verified", false},
        {"cash", "balance", "cash", true},
        {"held", "balance", "held", true},
        {"topup", "balance", "topup", true},
        {"transferred_in", "balance", "transferred_in", true},
        {"allocated_in", "balance", "allocated_in", true},
        {"other", "balance", "other", true},
        {"voucher", "balance", "voucher", true},
    };
    struct export_options options = {.csv = true};
    char path[CLIENT_PATH_BYTES] = "/v1/accounts";

    client_init(&options.client, "ebb export accounts");
    argp_parse(&accounts_argp, argc, argv, 0, NULL, &options);
    return report_run(&options, &(struct report){columns, ARRAY_COUNT(columns)}, path);
}

int export_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"transactions", "every movement of money of an account", export_transactions_main},
        {"withdrawals", "withdrawals, newest first", export_withdrawals_main},
        {"accounts", "accounts with their balances", export_accounts_main},
        {0},
    };

    return cli_dispatch(commands, "ebb export",
                        "Example:\n  ebb export transactions alice --type withdrawal > proof.csv\n", argc, argv);
}
