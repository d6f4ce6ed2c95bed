/* SPDX-License-Identifier: Apache-2.0 */
/* ebb migrate: brings a database to this program's schema. `ebb serve` does the same at its start; here it can be done,
 * or looked at, beforehand. */
#include "cli/cli.h"
#include "store/store.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRAM "ebb migrate"

enum { OPTION_DATA = 0x700, OPTION_DRY_RUN };

struct migrate_options {
    const char *directory;
    bool dry_run;
};

static error_t migrate_option(int key, char *value, struct argp_state *state)
{
    struct migrate_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return 0;
    case ARGP_KEY_END:
        if (options->directory == NULL)
            argp_error(state, "--data DIR is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option migrate_options[] = {
    {"data", OPTION_DATA, "DIR", 0, "Where the database lives", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Say what would be done", 0},
    {0},
};
static const struct argp migrate_argp = {migrate_options,
                                         migrate_option,
                                         NULL,
                                         "Brings the database in DIR to this program's schema: forward only.\v"
                                         "Stop the server first, and make a backup: ebb backup create.",
                                         NULL,
                                         NULL,
                                         NULL};

static int migrate_look(struct store *store)
{
    int64_t version = 0;

    if (store_schema_version(store, &version) != ERR_NONE) {
        cli_complain(PROGRAM, "%s", store_reason(store));
        return CLI_REFUSED;
    }
    printf("schema %" PRId64 ", this program's is %" PRId64 "\n", version, store_schema_latest());
    return CLI_OK;
}

static int migrate_do(struct store *store)
{
    int64_t from = 0, to = 0;
    enum err err = store_migrate(store, &from, &to);

    if (err != ERR_NONE) {
        cli_complain(PROGRAM, "%s", store_reason(store));
        return err == ERR_UNKNOWN ? CLI_UNKNOWN : CLI_REFUSED;
    }
    printf("schema %" PRId64 " → %" PRId64 "\n", from, to);
    return CLI_OK;
}

/* A mistyped directory must not become a database. */
static bool has_database(const char *directory)
{
    char path[4200];
    int size = snprintf(path, sizeof(path), "%s/ebb.db", directory);

    return size > 0 && size < (int)sizeof(path) && access(path, F_OK) == 0;
}

int migrate_main(int argc, char **argv)
{
    struct migrate_options options = {0};
    char reason[256] = "";
    struct store *store = NULL;

    argp_parse(&migrate_argp, argc, argv, 0, NULL, &options);
    if (!has_database(options.directory)) {
        cli_complain(PROGRAM, "%s: there is no ebb.db; 'ebb serve' creates one", options.directory);
        return CLI_USAGE;
    }
    if (store_open(options.directory, options.dry_run ? STORE_READER : STORE_WRITER, NULL, &store, reason) !=
        ERR_NONE) {
        cli_complain(PROGRAM, "%s: %s", options.directory, reason);
        return CLI_REFUSED;
    }
    int status = options.dry_run ? migrate_look(store) : migrate_do(store);

    store_close(&store);
    return status;
}
