/* SPDX-License-Identifier: Apache-2.0 */
/* ebb key: who may talk to the server of a data directory. Creating and revoking write there, so its server must be
 * down: the writer's lock says so otherwise. */
#include "base/field.h"
#include "cli/cli.h"
#include "cli/sheet.h"
#include "engine/command.h"
#include "engine/world.h"
#include "store/keyring.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define ROLES_BYTES 96

enum { OPTION_DATA = 0x900, OPTION_ROLE, OPTION_ACCOUNT, OPTION_EXPIRES };

static const struct {
    const char *word;
    enum role role;
} roles[] = {
    {"facts", ROLE_FACTS}, {"read", ROLE_READ},         {"review", ROLE_REVIEW},
    {"admin", ROLE_ADMIN}, {"customer", ROLE_CUSTOMER}, {"withdraw", ROLE_WITHDRAW},
};

struct key_options {
    const char *program, *directory, *name, *account;
    struct instant expires_at;
    unsigned roles;
    bool takes_name, creates;
};

struct key_place {
    struct vault vault;
    struct store *store;
    struct system_clock clock;
    char reason[256];
};

static void role_take(struct key_options *options, const char *value, struct argp_state *state)
{
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
        if (strcmp(roles[i].word, value) == 0) {
            options->roles |= (unsigned)roles[i].role;
            return;
        }
    argp_error(state, "--role is facts, read, review, withdraw, customer or admin");
}

static void key_options_check(struct key_options *options, struct argp_state *state)
{
    bool customer = (options->roles & ROLE_CUSTOMER) != 0;

    if (options->directory == NULL)
        argp_error(state, "--data DIR is missing");
    if (options->takes_name && (options->name == NULL || !field_ref_ok(options->name)))
        argp_error(state, "the key's NAME is missing, or not 1-64 of [A-Za-z0-9._:@-]");
    if (options->creates && options->roles == 0)
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
    case OPTION_DATA:
        options->directory = value;
        return 0;
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
    case ARGP_KEY_ARG:
        if (!options->takes_name || options->name != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        options->name = value;
        return 0;
    case ARGP_KEY_END:
        key_options_check(options, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define DATA_OPTION                                                                                                    \
    {                                                                                                                  \
        "data", OPTION_DATA, "DIR", 0, "Where the database lives", 0                                                   \
    }
static const struct argp_option create_options[] = {
    DATA_OPTION,
    {"role", OPTION_ROLE, "WORD", 0, "facts, read, review, withdraw, customer or admin; may be repeated", 0},
    {"account", OPTION_ACCOUNT, "REF", 0, "The one account of a customer's key", 0},
    {"expires", OPTION_EXPIRES, "TIME", 0, "When it ends (never)", 0},
    {0},
};
static const struct argp_option data_options[] = {DATA_OPTION, {0}};
static const struct argp create_argp = {create_options,
                                        key_option,
                                        "NAME",
                                        "Makes an API key and prints its token, this once: only a hash is kept.\v"
                                        "Example:\n  ebb key create billing --data ebb-data --role facts --role read",
                                        NULL,
                                        NULL,
                                        NULL};
static const struct argp list_argp = {data_options, key_option, NULL, "The keys, revoked ones included.",
                                      NULL,         NULL,       NULL};
static const struct argp revoke_argp = {data_options, key_option, "NAME", "Ends a key at once; its name stays taken.",
                                        NULL,         NULL,       NULL};

/* A database has its master key already: making another would only hide that the right one is missing. */
static bool database_is_there(const char *directory)
{
    char path[4096];
    struct stat stat_of;

    return snprintf(path, sizeof(path), "%s/ebb.db", directory) < (int)sizeof(path) && stat(path, &stat_of) == 0;
}

static bool place_open(struct key_place *place, const struct key_options *options, enum store_mode mode)
{
    int64_t from, to;
    enum err err;

    if (options->creates && mkdir(options->directory, 0700) != 0 && errno != EEXIST) {
        cli_complain(options->program, "%s: %s", options->directory, strerror(errno));
        return false;
    }
    err = vault_open(options->directory, options->creates && !database_is_there(options->directory), &place->vault,
                     place->reason);
    if (err == ERR_NONE)
        err = store_open(options->directory, mode, &place->vault, &place->store, place->reason);
    if (err == ERR_NONE && options->creates && store_migrate(place->store, &from, &to) != ERR_NONE) {
        snprintf(place->reason, sizeof(place->reason), "%s", store_reason(place->store));
        err = ERR_FATAL;
    }
    if (err != ERR_NONE)
        cli_complain(options->program, "%s: %s", options->directory, place->reason);
    return err == ERR_NONE;
}

static void place_close(struct key_place *place)
{
    if (place->store != NULL)
        store_close(&place->store);
    vault_fini(&place->vault);
}

static int store_failed(const struct key_place *place, const struct key_options *options, enum err err)
{
    cli_complain(options->program, "%s", store_reason(place->store));
    return err == ERR_UNKNOWN ? CLI_UNKNOWN : CLI_REFUSED;
}

static int key_add(struct key_place *place, const struct key_options *options)
{
    char token[KEY_TOKEN_BYTES];
    struct random random;
    struct api_key key;

    random_init_system(&random);
    key_issue(&place->vault, &random, options->name, options->roles, options->account != NULL ? options->account : "",
              system_clock_now(&place->clock), options->expires_at, &key, token);
    enum err err = keyring_add(place->store, &key);

    if (err == ERR_REQUEST) {
        cli_complain(options->program, "there is or was a key named %s", options->name);
        return CLI_REFUSED;
    }
    if (err != ERR_NONE)
        return store_failed(place, options, err);
    puts(token);
    return CLI_OK;
}

static int key_create_main(int argc, char **argv)
{
    struct key_options options = {.program = "ebb key create", .takes_name = true, .creates = true};
    struct key_place place = {0};
    int status = CLI_REFUSED;

    argp_parse(&create_argp, argc, argv, 0, NULL, &options);
    if (place_open(&place, &options, STORE_WRITER))
        status = key_add(&place, &options);
    place_close(&place);
    return status;
}

static void roles_text(int64_t bits, char ret[ROLES_BYTES])
{
    size_t used = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < ARRAY_COUNT(roles); i++)
        if ((bits & (int64_t)roles[i].role) != 0)
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

static int key_list_main(int argc, char **argv)
{
    static const char *const titles[] = {"key", "roles", "account", "state", "created", "expires"};
    struct key_options options = {.program = "ebb key list"};
    struct key_place place = {0};
    struct arena arena;
    struct sheet sheet;
    struct rows rows;
    int status = CLI_REFUSED;

    argp_parse(&list_argp, argc, argv, 0, NULL, &options);
    arena_init(&arena, ARENA_BYTES);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    if (place_open(&place, &options, STORE_READER)) {
        enum err err = keyring_list(place.store, &arena, &rows);

        for (size_t i = 0; err == ERR_NONE && i < rows.count; i++)
            key_row(&sheet, rows.items[i], system_clock_now(&place.clock));
        status = err == ERR_NONE ? CLI_OK : store_failed(&place, &options, err);
    }
    if (status == CLI_OK)
        sheet_print(&sheet);
    sheet_fini(&sheet);
    arena_fini(&arena);
    place_close(&place);
    return status;
}

static int key_revoke_main(int argc, char **argv)
{
    struct key_options options = {.program = "ebb key revoke", .takes_name = true};
    struct key_place place = {0};
    int status = CLI_REFUSED;
    bool revoked = false;

    argp_parse(&revoke_argp, argc, argv, 0, NULL, &options);
    if (place_open(&place, &options, STORE_WRITER)) {
        enum err err = keyring_revoke(place.store, options.name, system_clock_now(&place.clock), &revoked);

        status = err != ERR_NONE ? store_failed(&place, &options, err) : revoked ? CLI_OK : CLI_REFUSED;
        if (err == ERR_NONE && !revoked)
            cli_complain(options.program, "there is no live key named %s", options.name);
    }
    place_close(&place);
    return status;
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
