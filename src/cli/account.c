/* SPDX-License-Identifier: Apache-2.0 */
/* ebb account: what an account is and has, and telling the server about one. */
#include "cli/client.h"
#include "cli/sheet.h"
#include "domain/ask.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_MAX ((size_t)64 * 1024)
#define ARENA_BYTES ((size_t)1024 * 1024)

enum {
    OPTION_MASTER = 0x200,
    OPTION_LIMIT,
    OPTION_FILE,
    OPTION_POLICY,
    OPTION_CURRENCY,
    OPTION_KIND,
    OPTION_NAME,
    OPTION_ID_NUMBER,
    OPTION_VERIFIED,
    OPTION_PHONE,
    OPTION_STATE,
    OPTION_PARTNER,
    OPTION_DRY_RUN
};

struct account_options {
    struct client client;
    bool takes_ref;
    const char *ref, *master, *file;
    const char *policy, *currency, *kind, *name, *id_number, *phone, *state, *partner;
    bool verified, dry_run;
    size_t limit;
};

static error_t account_option(int key, char *value, struct argp_state *state)
{
    struct account_options *options = state->input;
    const char **texts[] = {&options->policy,    &options->currency, &options->kind, &options->name,
                            &options->id_number, &options->phone,    &options->state};
    static const int keys[] = {OPTION_POLICY,    OPTION_CURRENCY, OPTION_KIND, OPTION_NAME,
                               OPTION_ID_NUMBER, OPTION_PHONE,    OPTION_STATE};

    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        if (keys[i] == key) {
            *texts[i] = value;
            return 0;
        }
    switch (key) {
    case OPTION_MASTER:
        options->master = value;
        return 0;
    case OPTION_LIMIT:
        options->limit = strtoul(value, NULL, 10);
        return 0;
    case OPTION_FILE:
        options->file = value;
        return 0;
    case OPTION_VERIFIED:
        options->verified = true;
        return 0;
    case OPTION_PARTNER:
        options->partner = value;
        return 0;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (!options->takes_ref || options->ref != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        if (!field_ref_ok(value))
            argp_error(state, "'%s' is not the ref of an account", value);
        options->ref = value;
        return 0;
    case ARGP_KEY_END:
        if (options->takes_ref && options->ref == NULL)
            argp_error(state, "the account's REF is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};

/* ---- show, quote, list ---- */

static const struct argp show_argp = {NULL,     account_option, "REF", "What an account is, and what it has.",
                                      children, NULL,           NULL};

static void show_people(const json_t *account)
{
    static const char *const members[] = {"topup",   "transferred_in", "allocated_in", "other",
                                          "voucher", "held",           "cash"};
    const json_t *balance = json_object_get(account, "balance"), *subject = json_object_get(account, "subject");
    const char *currency = json_text(account, "currency");
    char amount[MONEY_TEXT_BYTES];

    printf("%s  %s  %s  %s\n", json_text(account, "ref"), json_text(account, "policy"), json_text(account, "state"),
           currency);
    printf("%s %s, %s\n\n", json_text(subject, "kind"), json_text(subject, "name"),
           json_is_true(json_object_get(subject, "verified")) ? "verified" : "not verified");
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        printf("%-16s %14s\n", members[i], json_amount(balance, members[i], currency, amount));
}

static int account_show_main(int argc, char **argv)
{
    struct account_options options = {.takes_ref = true};
    char path[CLIENT_PATH_BYTES];
    struct answer answer;

    client_init(&options.client, "ebb account show");
    argp_parse(&show_argp, argc, argv, 0, NULL, &options);
    snprintf(path, sizeof(path), "/v1/accounts/%s", options.ref);
    enum cli_exit status = client_get(&options.client, path, &answer);

    if (status == CLI_OK && options.client.json)
        client_print(&answer);
    else if (status == CLI_OK)
        show_people(answer.json);
    answer_fini(&answer);
    return (int)status;
}

static const struct argp quote_argp = {NULL,     account_option, "REF", "What is withdrawable now, and why not more.",
                                       children, NULL,           NULL};

static void quote_people(const json_t *quote)
{
    static const char *const routes[] = {"original", "designated", "application"};
    static const char *const item_titles[] = {"held back", ">amount", "rule", "frees at"};
    static const char *const topup_titles[] = {"top-up", ">remaining", ">withdrawable", "route", "original until"};
    const char *currency = json_text(quote, "currency");
    char a[MONEY_TEXT_BYTES], b[MONEY_TEXT_BYTES];
    struct sheet items, topups;
    json_t *row;
    size_t index;

    printf("cash          %14s\nwithdrawable  %14s\n", json_amount(quote, "cash", currency, a),
           json_amount(quote, "withdrawable", currency, b));
    for (size_t i = 0; i < ARRAY_COUNT(routes); i++)
        if (json_minor(json_object_get(quote, "routes"), routes[i]) > 0)
            printf("  %-11s %14s\n", routes[i], json_amount(json_object_get(quote, "routes"), routes[i], currency, a));
    json_array_foreach(json_object_get(quote, "refusals"), index, row)
        printf("refused: %s (%s)\n", json_text(row, "code"), json_text(row, "rule"));
    sheet_init(&items, item_titles, ARRAY_COUNT(item_titles));
    json_array_foreach(json_object_get(quote, "held_back"), index, row)
        sheet_add(&items, (const char *[]){json_text(row, "code"), json_amount(row, "amount", currency, a),
                                           json_text(row, "rule"), json_text(row, "frees_at")});
    sheet_init(&topups, topup_titles, ARRAY_COUNT(topup_titles));
    json_array_foreach(json_object_get(quote, "topups"), index, row)
        sheet_add(&topups, (const char *[]){json_text(row, "ref"), json_amount(row, "remaining", currency, a),
                                            json_amount(row, "withdrawable", currency, b), json_text(row, "route"),
                                            json_text(row, "original_until")});
    if (items.rows > 0)
        putchar('\n'), sheet_print(&items);
    if (topups.rows > 0)
        putchar('\n'), sheet_print(&topups);
    sheet_fini(&items);
    sheet_fini(&topups);
}

static int account_quote_main(int argc, char **argv)
{
    struct account_options options = {.takes_ref = true};
    char path[CLIENT_PATH_BYTES];
    struct answer answer;

    client_init(&options.client, "ebb account quote");
    argp_parse(&quote_argp, argc, argv, 0, NULL, &options);
    snprintf(path, sizeof(path), "/v1/accounts/%s/withdrawable", options.ref);
    enum cli_exit status = client_get(&options.client, path, &answer);

    if (status == CLI_OK && options.client.json)
        client_print(&answer);
    else if (status == CLI_OK)
        quote_people(answer.json);
    answer_fini(&answer);
    return (int)status;
}

static const struct argp_option list_options[] = {
    {"master", OPTION_MASTER, "REF", 0, "Only the members of this account", 0},
    {"limit", OPTION_LIMIT, "N", 0, "At most N accounts (1000)", 0},
    {0},
};
static const struct argp list_argp = {list_options, account_option, NULL, "The accounts that the key may see.",
                                      children,     NULL,           NULL};

static void list_row(const json_t *account, void *context)
{
    const char *currency = json_text(account, "currency");
    const json_t *balance = json_object_get(account, "balance");
    char cash[MONEY_TEXT_BYTES], held[MONEY_TEXT_BYTES];

    sheet_add(context, (const char *[]){json_text(account, "ref"), json_text(account, "policy"),
                                        json_text(account, "state"), json_amount(balance, "cash", currency, cash),
                                        json_amount(balance, "held", currency, held), currency});
}

static void line_print(const json_t *item, void *context)
{
    (void)context;
    json_dumpf(item, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
}

static int account_list_main(int argc, char **argv)
{
    static const char *const titles[] = {"account", "policy", "state", ">cash", ">held", "currency"};
    struct account_options options = {.limit = 1000};
    char path[CLIENT_PATH_BYTES] = "/v1/accounts";
    struct sheet sheet;

    client_init(&options.client, "ebb account list");
    argp_parse(&list_argp, argc, argv, 0, NULL, &options);
    client_query(path, "master", options.master);
    if (options.client.json)
        return (int)client_each(&options.client, path, options.limit, line_print, NULL);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    enum cli_exit status = client_each(&options.client, path, options.limit, list_row, &sheet);

    if (status == CLI_OK)
        sheet_print(&sheet);
    sheet_fini(&sheet);
    return (int)status;
}

/* ---- put ---- */

static const struct argp_option put_options[] = {
    {"file", OPTION_FILE, "FILE", 0, "The whole body as JSON (- is standard input), instead of the options below", 0},
    {"policy", OPTION_POLICY, "NAME", 0, "Its policy", 1},
    {"currency", OPTION_CURRENCY, "CODE", 0, "Its currency (CNY)", 1},
    {"kind", OPTION_KIND, "KIND", 0, "Of the real-name subject: person or enterprise", 1},
    {"name", OPTION_NAME, "NAME", 0, "Of the real-name subject", 1},
    {"id-number", OPTION_ID_NUMBER, "NUMBER", 0, "Of the real-name subject", 1},
    {"verified", OPTION_VERIFIED, NULL, 0, "Real-name registration is complete", 1},
    {"phone", OPTION_PHONE, "NUMBER", 0, "The security phone that codes are sent to", 1},
    {"state", OPTION_STATE, "STATE", 0, "active, frozen or closed", 1},
    {"master", OPTION_MASTER, "REF", 0, "Its management account", 1},
    {"partner", OPTION_PARTNER, "REF:PAYMENT", 0, "Its partner, with payment advance or credit", 1},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Check the body and show it; send nothing", 2},
    {0},
};
static const struct argp put_argp = {
    put_options,
    account_option,
    "REF",
    "Records an account, or what has changed about it.\v"
    "Example:\n  ebb account put alice --policy alibaba --kind person --name 王小明 \\\n"
    "      --id-number 110101199001011237 --verified --phone 13800000000",
    children,
    NULL,
    NULL};

static void optional_text(struct out *out, const char *member, const char *value)
{
    if (value != NULL)
        out_string(out, member, value);
}

static void put_body(const struct account_options *o, struct out *out)
{
    out_object(out, NULL);
    optional_text(out, "policy", o->policy);
    out_string(out, "currency", o->currency != NULL ? o->currency : "CNY");
    if (o->kind != NULL || o->name != NULL || o->id_number != NULL || o->verified) {
        out_object(out, "subject");
        optional_text(out, "kind", o->kind);
        optional_text(out, "name", o->name);
        optional_text(out, "id_number", o->id_number);
        out_bool(out, "verified", o->verified);
        out_object_end(out);
    }
    optional_text(out, "phone", o->phone);
    optional_text(out, "state", o->state);
    optional_text(out, "master", o->master);
    if (o->partner != NULL) {
        const char *colon = strrchr(o->partner, ':');
        char ref[REF_BYTES];

        snprintf(ref, sizeof(ref), "%.*s", (int)(colon != NULL ? colon - o->partner : (long)strlen(o->partner)),
                 o->partner);
        out_object(out, "partner");
        out_string(out, "ref", ref);
        optional_text(out, "payment", colon != NULL ? colon + 1 : NULL);
        out_object_end(out);
    }
    out_object_end(out);
}

/* The same table that the server reads with, so that a dry run and a mistake need no server. */
static enum cli_exit body_check(const char *program, const struct out *body)
{
    struct field_problems problems = {.count = 0};
    struct account_ask ask = {0};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    enum err err = field_read_json(body->data, body->size, &account_shape, &arena, &ask, &problems);

    arena_fini(&arena);
    for (size_t i = 0; i < problems.count; i++)
        cli_complain(program, "%s: %s", problems.items[i].pointer, problems.items[i].detail);
    return err == ERR_NONE ? CLI_OK : CLI_USAGE;
}

static enum cli_exit put_send(const struct account_options *options, const struct out *body)
{
    char path[CLIENT_PATH_BYTES];
    struct answer answer;

    snprintf(path, sizeof(path), "/v1/accounts/%s", options->ref);
    enum cli_exit status = client_call(
        &options->client,
        &(struct client_request){.method = "PUT", .path = path, .body = body->data, .body_bytes = body->size}, &answer);

    if (status == CLI_OK && options->client.json)
        client_print(&answer);
    else if (status == CLI_OK)
        show_people(answer.json);
    answer_fini(&answer);
    return status;
}

static int account_put_main(int argc, char **argv)
{
    struct account_options options = {.takes_ref = true};
    struct out body;
    size_t size = 0;

    client_init(&options.client, "ebb account put");
    argp_parse(&put_argp, argc, argv, 0, NULL, &options);
    out_init(&body);
    if (options.file != NULL) {
        char *text = cli_read_file(options.file, BODY_BYTES_MAX, &size);

        if (text == NULL) {
            cli_complain(options.client.program, "%s: %s", options.file, strerror(errno));
            return CLI_USAGE;
        }
        out_bytes(&body, text, size);
        free(text);
    } else
        put_body(&options, &body);
    enum cli_exit status = body_check(options.client.program, &body);

    if (status == CLI_OK && options.dry_run)
        cli_print_json(&body, true, stdout);
    else if (status == CLI_OK)
        status = put_send(&options, &body);
    out_fini(&body);
    return (int)status;
}

int account_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"show", "what an account is and has", account_show_main},
        {"quote", "what is withdrawable, and why not more", account_quote_main},
        {"list", "the accounts, page after page", account_list_main},
        {"put", "record an account, or what changed about it", account_put_main},
        {0},
    };

    return cli_dispatch(commands, "ebb account", "Example:\n  ebb account quote alice\n", argc, argv);
}
