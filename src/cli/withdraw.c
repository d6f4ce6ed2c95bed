/* SPDX-License-Identifier: Apache-2.0 */
/* ebb withdraw: ask for money back, enter the code, follow it, cancel it. */
#include "cli/withdraw.h"

#include "domain/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICKS_MAX 200
#define DOCUMENTS_MAX 20
#define WORDS_MAX 2

enum {
    OPTION_STRATEGY = 0x300,
    OPTION_ROUTE,
    OPTION_TOPUP,
    OPTION_TO_KIND,
    OPTION_TO_NAME,
    OPTION_TO_ACCOUNT,
    OPTION_TO_BANK,
    OPTION_TO_BRANCH,
    OPTION_TO_PROVINCE,
    OPTION_TO_CITY,
    OPTION_REASON,
    OPTION_DOCUMENT,
    OPTION_KEY,
    OPTION_DRY_RUN,
    OPTION_ACCOUNT,
    OPTION_STATUS,
    OPTION_FROM,
    OPTION_TO,
    OPTION_LIMIT
};

struct withdraw_options {
    struct client client;
    const char *words[WORDS_MAX], *words_needed[WORDS_MAX]; /* what stands without an option; how it is called */
    size_t words_count;
    const char *strategy, *route, *reason, *key, *account, *status, *from, *to;
    const char *to_kind, *to_name, *to_account, *to_bank, *to_branch, *to_province, *to_city;
    const char *topups[PICKS_MAX], *documents[DOCUMENTS_MAX];
    size_t topups_count, documents_count, limit;
    bool dry_run;
};

/* Options that are one text each. */
static const char **text_of(struct withdraw_options *o, int key)
{
    switch (key) {
    case OPTION_STRATEGY:
        return &o->strategy;
    case OPTION_ROUTE:
        return &o->route;
    case OPTION_REASON:
        return &o->reason;
    case OPTION_KEY:
        return &o->key;
    case OPTION_ACCOUNT:
        return &o->account;
    case OPTION_STATUS:
        return &o->status;
    case OPTION_FROM:
        return &o->from;
    case OPTION_TO:
        return &o->to;
    case OPTION_TO_KIND:
        return &o->to_kind;
    case OPTION_TO_NAME:
        return &o->to_name;
    case OPTION_TO_ACCOUNT:
        return &o->to_account;
    case OPTION_TO_BANK:
        return &o->to_bank;
    case OPTION_TO_BRANCH:
        return &o->to_branch;
    case OPTION_TO_PROVINCE:
        return &o->to_province;
    case OPTION_TO_CITY:
        return &o->to_city;
    default:
        return NULL;
    }
}

static void word_take(struct withdraw_options *o, char *value, struct argp_state *state)
{
    if (o->words_count == WORDS_MAX || o->words_needed[o->words_count] == NULL)
        argp_error(state, "unexpected argument '%s'", value);
    o->words[o->words_count++] = value;
}

static error_t withdraw_option(int key, char *value, struct argp_state *state)
{
    struct withdraw_options *o = state->input;
    const char **text = text_of(o, key);

    if (text != NULL) {
        *text = value;
        return 0;
    }
    switch (key) {
    case OPTION_TOPUP:
        if (o->topups_count == PICKS_MAX || strchr(value, '=') == NULL)
            argp_error(state, "--topup is REF=AMOUNT, at most %d times", PICKS_MAX);
        o->topups[o->topups_count++] = value;
        return 0;
    case OPTION_DOCUMENT:
        if (o->documents_count == DOCUMENTS_MAX)
            argp_error(state, "at most %d documents", DOCUMENTS_MAX);
        o->documents[o->documents_count++] = value;
        return 0;
    case OPTION_DRY_RUN:
        o->dry_run = true;
        return 0;
    case OPTION_LIMIT:
        o->limit = strtoul(value, NULL, 10);
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->client;
        return 0;
    case ARGP_KEY_ARG:
        word_take(o, value, state);
        return 0;
    case ARGP_KEY_END:
        if (o->words_count < WORDS_MAX && o->words_needed[o->words_count] != NULL)
            argp_error(state, "%s is missing", o->words_needed[o->words_count]);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};

/* ---- create ---- */

static const struct argp_option create_options[] = {
    {"strategy", OPTION_STRATEGY, "WORD", 0, "lifo (default), fastest, fewest; selected follows from --topup", 0},
    {"topup", OPTION_TOPUP, "REF=AMOUNT", 0, "Take this much of this top-up; may be repeated", 0},
    {"route", OPTION_ROUTE, "WORD", 0, "original, designated or application", 0},
    {"reason", OPTION_REASON, "CODE", 0, "Why to a designated account (see 'ebb policy explain')", 0},
    {"document", OPTION_DOCUMENT, "ID", 0, "A document uploaded before; may be repeated", 0},
    {"to-name", OPTION_TO_NAME, "NAME", 0, "Payee", 1},
    {"to-account", OPTION_TO_ACCOUNT, "NUMBER", 0, "Account number, or Alipay account with --to-kind alipay", 1},
    {"to-kind", OPTION_TO_KIND, "WORD", 0, "bank (default) or alipay", 1},
    {"to-bank", OPTION_TO_BANK, "CODE", 0, "Bank, as in data/banks.csv", 1},
    {"to-branch", OPTION_TO_BRANCH, "NAME", 0, "Branch", 1},
    {"to-province", OPTION_TO_PROVINCE, "NAME", 0, "Province of the branch", 1},
    {"to-city", OPTION_TO_CITY, "NAME", 0, "City of the branch", 1},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Show the plan; store nothing, send no code", 2},
    {"key", OPTION_KEY, "KEY", 0, "Idempotency key: the same key asks for the same withdrawal again", 2},
    {0},
};
static const struct argp create_argp = {create_options,
                                        withdraw_option,
                                        "ACCOUNT AMOUNT",
                                        "Asks for money back. AMOUNT is a decimal of the account's currency.\v"
                                        "Examples:\n  ebb withdraw create alice 300.00 --dry-run\n"
                                        "  ebb withdraw create alice 300.00 --topup t1=200.00 --topup t7=100.00",
                                        children,
                                        NULL,
                                        NULL};

static bool amount_read(const struct client *client, const char *text, const char *currency, struct money *ret)
{
    if (money_parse(text, currency, ret))
        return true;
    cli_complain(client->program, "'%s' is not an amount of %s, as 1000.00", text, currency);
    return false;
}

static void optional_text(struct out *out, const char *member, const char *value)
{
    if (value != NULL)
        out_string(out, member, value);
}

static bool picks_write(const struct withdraw_options *o, const char *currency, struct out *out)
{
    if (o->topups_count == 0)
        return true;
    out_array(out, "topups");
    for (size_t i = 0; i < o->topups_count; i++) {
        const char *equals = strchr(o->topups[i], '=');
        char ref[REF_BYTES];
        struct money amount;

        if (!amount_read(&o->client, equals + 1, currency, &amount))
            return false;
        snprintf(ref, sizeof(ref), "%.*s", (int)(equals - o->topups[i]), o->topups[i]);
        out_object(out, NULL);
        out_string(out, "ref", ref);
        out_money(out, "amount", amount);
        out_object_end(out);
    }
    out_array_end(out);
    return true;
}

static void destination_write(const struct withdraw_options *o, struct out *out)
{
    if (o->to_name == NULL && o->to_account == NULL)
        return;
    out_object(out, "destination");
    out_string(out, "kind", o->to_kind != NULL ? o->to_kind : "bank");
    optional_text(out, "name", o->to_name);
    optional_text(out, "account", o->to_account);
    optional_text(out, "bank", o->to_bank);
    optional_text(out, "branch", o->to_branch);
    optional_text(out, "province", o->to_province);
    optional_text(out, "city", o->to_city);
    out_object_end(out);
}

static bool create_body(const struct withdraw_options *o, const char *currency, struct out *out)
{
    struct money amount;

    if (!amount_read(&o->client, o->words[1], currency, &amount))
        return false;
    out_object(out, NULL);
    out_string(out, "account", o->words[0]);
    out_money(out, "amount", amount);
    optional_text(out, "strategy", o->strategy);
    if (!picks_write(o, currency, out))
        return false;
    optional_text(out, "route", o->route);
    destination_write(o, out);
    optional_text(out, "reason", o->reason);
    if (o->documents_count > 0) {
        out_array(out, "documents");
        for (size_t i = 0; i < o->documents_count; i++)
            out_string(out, NULL, o->documents[i]);
        out_array_end(out);
    }
    out_object_end(out);
    return true;
}

/* A decimal means nothing without its currency, and only the server knows the account's. */
static enum cli_exit currency_of(const struct client *client, const char *account, char ret[CURRENCY_BYTES])
{
    char path[CLIENT_PATH_BYTES];
    struct answer answer;

    if (!field_ref_ok(account)) {
        cli_complain(client->program, "'%s' is not the ref of an account", account);
        return CLI_USAGE;
    }
    snprintf(path, sizeof(path), "/v1/accounts/%s", account);
    enum cli_exit status = client_get(client, path, &answer);

    snprintf(ret, CURRENCY_BYTES, "%s", json_text(answer.json, "currency"));
    answer_fini(&answer);
    return status;
}

/* Pointers are those of the API's body; here the destination has options. */
static void destination_hint(const struct client *client, const struct answer *answer)
{
    const json_t *error = json_array_get(json_object_get(answer->json, "errors"), 0);

    if (strncmp(json_text(error, "pointer"), "/destination", strlen("/destination")) == 0)
        cli_complain(client->program, "give it by --to-name, --to-account, --to-bank and the like; see --help");
}

static int withdraw_create_main(int argc, char **argv)
{
    struct withdraw_options o = {.words_needed = {"ACCOUNT", "AMOUNT"}};
    char key[CLIENT_KEY_BYTES], currency[CURRENCY_BYTES];
    struct answer answer = {0};
    struct out body;

    client_init(&o.client, "ebb withdraw create");
    argp_parse(&create_argp, argc, argv, 0, NULL, &o);
    client_key(key);
    enum cli_exit status = currency_of(&o.client, o.words[0], currency);

    if (status != CLI_OK)
        return (int)status;
    out_init(&body);
    if (create_body(&o, currency, &body)) {
        struct client_request request = {.method = "POST",
                                         .path = o.dry_run ? "/v1/withdrawals?dry_run=true" : "/v1/withdrawals",
                                         .body = body.data,
                                         .body_bytes = body.size,
                                         .currency = currency};

        if (!o.dry_run)
            request.key = o.key != NULL ? o.key : key;
        status = client_call(&o.client, &request, &answer);
        if (status == CLI_OK)
            withdraw_print(&o.client, &answer);
        else
            destination_hint(&o.client, &answer);
    } else
        status = CLI_USAGE;
    answer_fini(&answer);
    out_fini(&body);
    return (int)status;
}

/* ---- show, list, code, cancel ---- */

static const struct argp show_argp = {NULL, withdraw_option, "ID", "One withdrawal with its payments.", children, NULL,
                                      NULL};

static int withdraw_show_main(int argc, char **argv)
{
    struct withdraw_options o = {.words_needed = {"ID"}};
    char path[CLIENT_PATH_BYTES];
    struct answer answer;

    client_init(&o.client, "ebb withdraw show");
    argp_parse(&show_argp, argc, argv, 0, NULL, &o);
    if (!withdraw_path(&o.client, o.words[0], "", path))
        return CLI_USAGE;
    enum cli_exit status = client_get(&o.client, path, &answer);

    if (status == CLI_OK)
        withdraw_print(&o.client, &answer);
    answer_fini(&answer);
    return (int)status;
}

static const struct argp_option list_options[] = {
    {"account", OPTION_ACCOUNT, "REF", 0, "Of this account", 0},
    {"status", OPTION_STATUS, "WORD", 0, "In this status", 0},
    {"from", OPTION_FROM, "TIME", 0, "Made at or after, as 2026-11-01T00:00:00+08:00", 0},
    {"to", OPTION_TO, "TIME", 0, "Made before", 0},
    {"limit", OPTION_LIMIT, "N", 0, "At most N of them (1000)", 0},
    {0},
};
static const struct argp list_argp = {list_options, withdraw_option, NULL, "Withdrawals, newest first.", children, NULL,
                                      NULL};

static int withdraw_list_main(int argc, char **argv)
{
    struct withdraw_options o = {.limit = 1000};
    char path[CLIENT_PATH_BYTES] = "/v1/withdrawals";

    client_init(&o.client, "ebb withdraw list");
    argp_parse(&list_argp, argc, argv, 0, NULL, &o);
    client_query(path, "account", o.account);
    client_query(path, "status", o.status);
    client_query(path, "from", o.from);
    client_query(path, "to", o.to);
    return (int)withdraw_list(&o.client, path, o.limit);
}

static const struct argp_option change_options[] = {
    {"key", OPTION_KEY, "KEY", 0, "Idempotency key: the same key asks for the same thing again", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Show the withdrawal as it is; change nothing", 0},
    {0},
};
static const struct argp code_argp = {change_options,
                                      withdraw_option,
                                      "ID CODE",
                                      "Confirms a withdrawal with the code from the security phone.",
                                      children,
                                      NULL,
                                      NULL};
static const struct argp cancel_argp = {change_options,
                                        withdraw_option,
                                        "ID",
                                        "Cancels a withdrawal that has not been sent; its money comes back.",
                                        children,
                                        NULL,
                                        NULL};

static enum cli_exit change(const struct withdraw_options *o, const char *rest, const struct out *body)
{
    char path[CLIENT_PATH_BYTES], key[CLIENT_KEY_BYTES];
    struct answer answer;

    if (!withdraw_path(&o->client, o->words[0], o->dry_run ? "" : rest, path))
        return CLI_USAGE;
    client_key(key);
    struct client_request request = {.method = "POST", .path = path, .body = body->data, .body_bytes = body->size};

    request.key = o->key != NULL ? o->key : key;
    enum cli_exit status =
        o->dry_run ? client_get(&o->client, path, &answer) : client_call(&o->client, &request, &answer);

    if (status == CLI_OK)
        withdraw_print(&o->client, &answer);
    answer_fini(&answer);
    return status;
}

static int withdraw_code_main(int argc, char **argv)
{
    struct withdraw_options o = {.words_needed = {"ID", "CODE"}};
    struct out body;

    client_init(&o.client, "ebb withdraw code");
    argp_parse(&code_argp, argc, argv, 0, NULL, &o);
    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "code", o.words[1]);
    out_object_end(&body);
    enum cli_exit status = change(&o, "/code", &body);

    out_fini(&body);
    return (int)status;
}

static int withdraw_cancel_main(int argc, char **argv)
{
    struct withdraw_options o = {.words_needed = {"ID"}};
    struct out body;

    client_init(&o.client, "ebb withdraw cancel");
    argp_parse(&cancel_argp, argc, argv, 0, NULL, &o);
    out_init(&body);
    out_object(&body, NULL);
    out_object_end(&body);
    enum cli_exit status = change(&o, "/cancel", &body);

    out_fini(&body);
    return (int)status;
}

int withdraw_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "ask for money back; --dry-run shows the plan", withdraw_create_main},
        {"show", "one withdrawal with its payments", withdraw_show_main},
        {"list", "withdrawals, newest first", withdraw_list_main},
        {"code", "confirm with the code from the phone", withdraw_code_main},
        {"cancel", "cancel what was not sent yet", withdraw_cancel_main},
        {0},
    };

    return cli_dispatch(commands, "ebb withdraw", "Example:\n  ebb withdraw create alice 300.00 --dry-run\n", argc,
                        argv);
}
