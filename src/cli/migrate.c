/* SPDX-License-Identifier: Apache-2.0 */
/* ebb migrate: brings a database to this program's schema. `ebb serve` does the same at its start; here it can be done,
 * or looked at, beforehand. */
#include "cli/cli.h"
#include "store/store.h"

#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "ebb migrate"

enum { OPTION_DATA = 0x700, OPTION_STORE, OPTION_DRY_RUN, OPTION_DISTRIBUTE };

struct migrate_options {
    const char *directory, *store;
    bool dry_run, distribute;
};

static error_t migrate_option(int key, char *value, struct argp_state *state)
{
    struct migrate_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case OPTION_STORE:
        options->store = value;
        return 0;
    case OPTION_DRY_RUN:
        options->dry_run = true;
        return 0;
    case OPTION_DISTRIBUTE:
        options->distribute = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return 0;
    case ARGP_KEY_END:
        if ((options->directory == NULL) == (options->store == NULL))
            argp_error(state, options->store == NULL ? "--data DIR is missing, or else --store URL"
                                                     : "one of --data DIR and --store URL, not both");
        if (options->store != NULL && !store_is_url(options->store))
            argp_error(state, "--store wants postgresql://…");
        if (options->distribute && options->store == NULL)
            argp_error(state, "--distribute wants --store: SQLite keeps all accounts in one file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option migrate_options[] = {
    {"data", OPTION_DATA, "DIR", 0, "Where the database lives", 0},
    {"store", OPTION_STORE, "URL", 0, "postgresql://… of it instead; made there when there is none", 0},
    {"distribute", OPTION_DISTRIBUTE, NULL, 0, "Then spread the tables over the nodes of Citus, by the account's shard",
     0},
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

static int migrate_failed(const struct store *store, enum err err)
{
    cli_complain(PROGRAM, "%s", store_reason(store));
    return err == ERR_UNKNOWN ? CLI_UNKNOWN : CLI_REFUSED;
}

/* The calls, one a line. */
static void distribution_print(void)
{
    for (const char *at = query_texts_postgresql[QUERY_DISTRIBUTE]; *at != '\0';) {
        size_t size = strcspn(at, ";");

        printf("%.*s;\n", (int)size, at);
        at += size;
        at += strspn(at, "; ");
    }
}

static int migrate_look(struct store *store, bool distribute)
{
    int64_t version = 0;
    enum err err = store_schema_version(store, &version);

    if (err != ERR_NONE)
        return migrate_failed(store, err);
    printf("schema %" PRId64 ", this program's is %" PRId64 "\n", version, store_schema_latest());
    if (distribute)
        distribution_print();
    return CLI_OK;
}

static int migrate_do(struct store *store, bool distribute)
{
    int64_t from = 0, to = 0;
    enum err err = store_migrate(store, &from, &to);

    if (err != ERR_NONE)
        return migrate_failed(store, err);
    printf("schema %" PRId64 " → %" PRId64 "\n", from, to);
    err = distribute ? store_distribute(store) : ERR_NONE;
    if (err != ERR_NONE)
        return migrate_failed(store, err);
    if (distribute)
        printf("distributed\n");
    return CLI_OK;
}

/* What cannot be distributed is not migrated either. */
static int migrate_run(struct store *store, const struct migrate_options *options)
{
    bool done = false;
    enum err err = options->distribute ? store_distributable(store, &done) : ERR_NONE;

    if (err != ERR_NONE)
        return migrate_failed(store, err);
    if (done)
        printf("already distributed\n");
    return options->dry_run ? migrate_look(store, options->distribute && !done)
                            : migrate_do(store, options->distribute && !done);
}

int migrate_main(int argc, char **argv)
{
    struct migrate_options options = {0};
    char reason[256] = "";
    struct store *store = NULL;
    bool exists = true;

    argp_parse(&migrate_argp, argc, argv, 0, NULL, &options);
    const char *place = store_place(options.store, options.directory);
    /* A mistyped directory must not become a database. */
    if (options.store == NULL && (store_exists(place, &exists, reason) != ERR_NONE || !exists)) {
        cli_complain(PROGRAM, "%s: there is no ebb.db; 'ebb serve' creates one", place);
        return CLI_USAGE;
    }
    if (store_open(place, options.dry_run ? STORE_READER : STORE_WRITER, NULL, &store, reason) != ERR_NONE) {
        cli_complain(PROGRAM, "%s: %s", place, reason);
        return CLI_REFUSED;
    }
    int status = migrate_run(store, &options);

    store_close(&store);
    return status;
}
