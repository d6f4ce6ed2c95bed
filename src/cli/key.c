/* SPDX-License-Identifier: Apache-2.0 */
/* ebb key: who may talk to the server of a data directory. Creating and revoking write there, so on SQLite its server
 * must be down: the writer's lock says so otherwise. */
#include "base/field.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "cli/sheet.h"
#include "engine/command.h"
#include "store/keyring.h"

#include <stdio.h>
#include <string.h>

#define ROLES_BYTES 96

enum { OPTION_ROLE = 0x900, OPTION_ACCOUNT, OPTION_EXPIRES };

static const struct {
    const char *word;
    unsigned role;
} roles[] = {
    {"facts", ROLE_FACTS}, {"read", ROLE_READ | ROLE_AUDIT}, {"review", ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE},
    {"admin", ROLE_ADMIN}, {"customer", ROLE_CUSTOMER},      {"withdraw", ROLE_WITHDRAW},
};

struct key_options {
    struct cli_where where;
    const char *account;
    struct instant expires_at;
    unsigned roles;
    bool takes_roles;
};

static void role_take(struct key_options *options, const char *value, struct argp_state *state)
{
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
        if (strcmp(roles[i].word, value) == 0) {
            options->roles |= roles[i].role;
            return;
        }
    argp_error(state, "--role is facts, read, review, withdraw, customer or admin");
}

static void key_options_check(struct key_options *options, struct argp_state *state)
{
    bool customer = (options->roles & ROLE_CUSTOMER) != 0;

    if (options->takes_roles && options->roles == 0)
        argp_error(state, "--role is missing");
    if (customer != (options->account != NULL))
        argp_error(state, "--role customer and --account REF go together");
    if (options->account != NULL && !field_ref_ok(options->account))
        argp_error(state, "'%s' is not the ref of an account", options->account);
}

static error_t key_option(int key, char *value, struct argp_state *state)
{
    struct key_options *options = state->input;

    switch (key) {
    case OPTION_ROLE:
        role_take(options, value, state);
        return 0;
    case OPTION_ACCOUNT:
        options->account = value;
        return 0;
    case OPTION_EXPIRES:
        if (!instant_parse(value, &options->expires_at))
            argp_error(state, "--expires is a time, as 2027-01-01T00:00:00+08:00");
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->where;
        return 0;
    case ARGP_KEY_END:
        key_options_check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&cli_where_argp, 0, NULL, 0}, {0}};
static const struct argp_option create_options[] = {
    {"role", OPTION_ROLE, "WORD", 0, "facts, read, review, withdraw, customer or admin; may be repeated", 0},
    {"account", OPTION_ACCOUNT, "REF", 0, "The one account of a customer's key", 0},
    {"expires", OPTION_EXPIRES, "TIME", 0, "When it ends (never)", 0},
    {0},
};
static const struct argp create_argp = {create_options,
                                        key_option,
                                        "NAME",
                                        "Makes an API key and prints its token, this once: only a hash is kept.\v"
                                        "Example:\n  ebb key create billing --data ebb-data --role facts --role read",
                                        children,
                                        NULL,
                                        NULL};
static const struct argp list_argp = {NULL, key_option, NULL, "The keys, revoked ones included.", children, NULL, NULL};
static const struct argp revoke_argp = {NULL,     key_option, "NAME", "Ends a key at once; its name stays taken.",
                                        children, NULL,       NULL};

static int create_run(struct cli_place *place, void *context)
{
    const struct key_options *options = context;
    char token[KEY_TOKEN_BYTES];
    struct random random;
    struct api_key key;

    random_init_system(&random);
    key_issue(&place->vault, &random, options->where.name, options->roles,
              options->account != NULL ? options->account : "", system_clock_now(&place->clock), options->expires_at,
              &key, token);
    enum err err = keyring_add(place->store, &key);

    if (err == ERR_REQUEST) {
        cli_complain(options->where.program, "there is or was a key named %s", options->where.name);
        return CLI_REFUSED;
    }
    if (err != ERR_NONE)
        return cli_place_failed(place, &options->where, err);
    puts(token);
    return CLI_OK;
}

static int key_create_main(int argc, char **argv)
{
    struct key_options options = {.where = {"ebb key create", "key", true, STORE_WRITER}, .takes_roles = true};

    argp_parse(&create_argp, argc, argv, 0, NULL, &options);
    return cli_place_run(&options.where, create_run, &options);
}

static void roles_text(int64_t bits, char ret[ROLES_BYTES])
{
    size_t used = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
        if ((bits & (int64_t)roles[i].role) == (int64_t)roles[i].role)
            used += (size_t)snprintf(ret + used, ROLES_BYTES - used, "%s%s", used > 0 ? " " : "", roles[i].word);
}

static void key_row(struct sheet *sheet, const struct api_key *key, struct instant now)
{
    char created[INSTANT_TEXT_BYTES], expires[INSTANT_TEXT_BYTES] = "", text[ROLES_BYTES];

    instant_format(key->created_at, created);
    if (instant_is_set(key->expires_at))
        instant_format(key->expires_at, expires);
    roles_text(key->roles, text);
    const char *state = instant_is_set(key->revoked_at) ? "revoked" : key_is_live(key, now) ? "live" : "expired";

    sheet_add(sheet, (const char *[]){key->name, text, key->account, state, created, expires});
}

static int list_run(struct cli_place *place, void *context)
{
    static const char *const titles[] = {"key", "roles", "account", "state", "created", "expires"};
    const struct key_options *options = context;
    struct sheet sheet;
    struct rows rows;
    enum err err = keyring_list(place->store, &place->arena, &rows);

    if (err != ERR_NONE)
        return cli_place_failed(place, &options->where, err);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    for (size_t i = 0; i < rows.count; i++)
        key_row(&sheet, rows.items[i], system_clock_now(&place->clock));
    sheet_print(&sheet);
    sheet_fini(&sheet);
    return CLI_OK;
}

static int key_list_main(int argc, char **argv)
{
    struct key_options options = {.where = {"ebb key list", NULL, false, STORE_READER}};

    argp_parse(&list_argp, argc, argv, 0, NULL, &options);
    return cli_place_run(&options.where, list_run, &options);
}

static int revoke_run(struct cli_place *place, void *context)
{
    const struct key_options *options = context;
    bool revoked = false;
    enum err err = keyring_revoke(place->store, options->where.name, system_clock_now(&place->clock), &revoked);

    if (err != ERR_NONE)
        return cli_place_failed(place, &options->where, err);
    if (!revoked)
        cli_complain(options->where.program, "there is no live key named %s", options->where.name);
    return revoked ? CLI_OK : CLI_REFUSED;
}

static int key_revoke_main(int argc, char **argv)
{
    struct key_options options = {.where = {"ebb key revoke", "key", false, STORE_WRITER}};

    argp_parse(&revoke_argp, argc, argv, 0, NULL, &options);
    return cli_place_run(&options.where, revoke_run, &options);
}

int key_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "make a key and print its token, once", key_create_main},
        {"list", "the keys, revoked ones included", key_list_main},
        {"revoke", "end a key at once", key_revoke_main},
        {0},
    };

    return cli_dispatch(commands, "ebb key",
                        "Example:\n  ebb key create billing --data ebb-data --role facts --role read\n", argc, argv);
}
