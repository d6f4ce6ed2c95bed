/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/field.h"
#include "base/file.h"
#include "cli/cli.h"

#define ARENA_BYTES ((size_t)16 << 20)

/* ---- which one ---- */

enum { OPTION_DATA = 0xb00, OPTION_STORE };

static void where_check(const struct cli_where *where, struct argp_state *state)
{
    if (where->directory == NULL)
        argp_error(state, "--data DIR is missing");
    if (where->store != NULL && !store_is_url(where->store))
        argp_error(state, "--store wants postgresql://…");
    if (where->thing != NULL && (where->name == NULL || !field_ref_ok(where->name)))
        argp_error(state, "the %s's NAME is missing, or not 1-64 of [A-Za-z0-9._:@-]", where->thing);
}

static error_t where_option(int key, char *value, struct argp_state *state)
{
    struct cli_where *where = state->input;

    switch (key) {
    case OPTION_DATA:
        where->directory = value;
        return 0;
    case OPTION_STORE:
        where->store = value;
        return 0;
    case ARGP_KEY_ARG:
        if (where->thing == NULL || where->name != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        where->name = value;
        return 0;
    case ARGP_KEY_END:
        where_check(where, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option where_options[] = {
    {"data", OPTION_DATA, "DIR", 0, "Where the database lives", 0},
    {"store", OPTION_STORE, "URL", 0, "postgresql://… where the rows are; DIR holds only the key", 0},
    {0},
};
const struct argp cli_where_argp = {where_options, where_option, NULL, NULL, NULL, NULL, NULL};

/* ---- opened ---- */

static enum err place_take(struct cli_place *place, const char *directory, const char *where, bool creates,
                           enum store_mode mode)
{
    bool exists = true;
    int64_t from, to;

    if (creates)
        TRY(store_exists(where, &exists, place->reason));
    TRY(vault_open(directory, !exists, &place->vault, place->reason));
    TRY(store_open(where, mode, &place->vault, &place->store, place->reason));
    if (!creates || store_migrate(place->store, &from, &to) == ERR_NONE)
        return ERR_NONE;
    snprintf(place->reason, sizeof(place->reason), "%s", store_reason(place->store));
    return ERR_FATAL;
}

static bool place_open(struct cli_place *place, const struct cli_where *where)
{
    arena_init(&place->arena, ARENA_BYTES);
    if (where->creates && !directory_keep(where->directory))
        snprintf(place->reason, sizeof(place->reason), "%s", strerror(errno));
    else if (place_take(place, where->directory, store_place(where->store, where->directory), where->creates,
                        where->mode) == ERR_NONE)
        return true;
    cli_complain(where->program, "%s: %s", where->directory, place->reason);
    return false;
}

static void place_close(struct cli_place *place)
{
    if (place->store != NULL)
        store_close(&place->store);
    vault_fini(&place->vault);
    arena_fini(&place->arena);
}

int cli_place_run(const struct cli_where *where, int (*run)(struct cli_place *place, void *context), void *context)
{
    struct cli_place place = {0};
    int status = place_open(&place, where) ? run(&place, context) : CLI_REFUSED;

    place_close(&place);
    return status;
}

int cli_place_failed(const struct cli_place *place, const struct cli_where *where, enum err err)
{
    cli_complain(where->program, "%s", store_reason(place->store));
    return err == ERR_UNKNOWN ? CLI_UNKNOWN : CLI_REFUSED;
}

enum err cli_place_ids(struct cli_place *place, struct ids *ret)
{
    int64_t highest = 0;
    int node;

    TRY(store_lease(place->store, &node));
    TRY(store_int(place->store, QUERY_IDS_HIGHEST, NULL, 0, &highest));
    ids_init(ret, node, highest);
    return ERR_NONE;
}
