/* SPDX-License-Identifier: Apache-2.0 */
/* ebb customer-key: the keys by which the operator's own site signs its customers in (docs/security.md). */
#include "access/pass.h"
#include "access/token.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "cli/sheet.h"

#include <stdio.h>
#include <string.h>

static error_t where_give(int key, char *value, struct argp_state *state)
{
    (void)value;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static enum err key_find(struct cli_place *place, const char *name, struct customer_key **ret)
{
    const struct value arg = value_text("name", name);
    struct rows rows;

    TRY(store_select(place->store, QUERY_CUSTOMER_KEY_BY_NAME, &arg, 1, &customer_key_table, &place->arena, &rows));
    *ret = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

static int key_save(struct cli_place *place, const struct cli_where *where, struct changes *changes)
{
    enum err err = store_begin(place->store);

    if (err == ERR_NONE)
        err = store_save_commit(place->store, changes);
    if (err == ERR_NONE)
        return CLI_OK;
    return cli_place_failed(place, where, err);
}

static int create_run(struct cli_place *place, void *context)
{
    const struct cli_where *where = context;
    struct customer_key *known, *key = ARENA_NEW(&place->arena, struct customer_key);
    struct instant now = system_clock_now(&place->clock);
    struct changes changes = {0};
    char secret[TOKEN_BYTES];
    struct random random;
    struct ids ids;

    if (key == NULL || key_find(place, where->name, &known) != ERR_NONE || cli_place_ids(place, &ids) != ERR_NONE)
        return cli_place_failed(place, where, ERR_RETRY);
    if (known != NULL) {
        cli_complain(where->program, "there is or was a key named %s", where->name);
        return CLI_REFUSED;
    }
    random_init_system(&random);
    token_make(&random, PASS_KEY_PREFIX, secret);
    changes_new(&changes, key, &customer_key_table);
    key->id = ids_next(&ids, now, 0);
    snprintf(key->name, sizeof(key->name), "%s", where->name);
    key->secret = secret;
    key->created_at = now;
    int status = key_save(place, where, &changes);
    if (status == CLI_OK)
        puts(secret);
    return status;
}

static int revoke_run(struct cli_place *place, void *context)
{
    const struct cli_where *where = context;
    struct changes changes = {0};
    struct customer_key *key;

    if (key_find(place, where->name, &key) != ERR_NONE || key == NULL || instant_is_set(key->revoked_at)) {
        cli_complain(where->program, "there is no live key named %s", where->name);
        return CLI_REFUSED;
    }
    key->revoked_at = system_clock_now(&place->clock);
    changes_put(&changes, &key->row);
    return key_save(place, where, &changes);
}

static int list_run(struct cli_place *place, void *context)
{
    static const char *const titles[] = {"key", "state", "created"};
    struct sheet sheet;
    struct rows rows;

    if (store_select(place->store, QUERY_CUSTOMER_KEYS_ALL, NULL, 0, &customer_key_table, &place->arena, &rows) !=
        ERR_NONE)
        return cli_place_failed(place, context, ERR_RETRY);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    for (size_t i = 0; i < rows.count; i++) {
        const struct customer_key *key = rows.items[i];
        char created[INSTANT_TEXT_BYTES];

        instant_format(key->created_at, created);
        sheet_add(&sheet, (const char *[]){key->name, instant_is_set(key->revoked_at) ? "revoked" : "live", created});
    }
    sheet_print(&sheet);
    sheet_fini(&sheet);
    return CLI_OK;
}

static int run(int argc, char **argv, struct cli_where where, const char *about,
               int (*act)(struct cli_place *place, void *context))
{
    const struct argp_child children[] = {{&cli_where_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {NULL, where_give, where.thing != NULL ? "NAME" : NULL, about, children, NULL, NULL};

    argp_parse(&argp, argc, argv, 0, NULL, &where);
    return cli_place_run(&where, act, &where);
}

static int create_main(int argc, char **argv)
{
    return run(argc, argv, (struct cli_where){"ebb customer-key create", "key", true, STORE_WRITER},
               "Makes a key and prints it, this once. Tokens that it signs name it in `kid`.", create_run);
}

static int revoke_main(int argc, char **argv)
{
    return run(argc, argv, (struct cli_where){"ebb customer-key revoke", "key", false, STORE_WRITER},
               "Ends a key at once; its name stays taken.", revoke_run);
}

static int list_main(int argc, char **argv)
{
    return run(argc, argv, (struct cli_where){"ebb customer-key list", NULL, false, STORE_READER},
               "The keys, revoked ones included.", list_run);
}

int customer_key_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "make a key and print it, once", create_main, NULL},
        {"list", "the keys, revoked ones included", list_main, NULL},
        {"revoke", "end a key at once", revoke_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb customer-key", "Example:\n  ebb customer-key create shop --data ebb-data\n",
                        argc, argv);
}
