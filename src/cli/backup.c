/* SPDX-License-Identifier: Apache-2.0 */
/* ebb backup: a copy of a database with its manifest, a check of such a copy, and a database made from it again. */
#include "cli/cli.h"
#include "engine/world.h"
#include "store/store.h"

#include <argp.h>
#include <stdio.h>

enum { OPTION_DATA = 0x800 };

struct backup_options {
    const char *program, *directory, *target;
    bool needs_directory;
};

static error_t backup_option(int key, char *value, struct argp_state *state)
{
    struct backup_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case ARGP_KEY_ARG:
        if (options->target != NULL)
            argp_error(state, "one BACKUP at a time");
        options->target = value;
        return 0;
    case ARGP_KEY_END:
        if (options->target == NULL)
            argp_error(state, "the BACKUP directory is missing");
        if (options->needs_directory && options->directory == NULL)
            argp_error(state, "--data DIR is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option data_options[] = {
    {"data", OPTION_DATA, "DIR", 0, "Where the database lives, or shall live", 0},
    {0},
};
static const struct argp create_argp = {
    data_options,
    backup_option,
    "BACKUP",
    "Copies the database in DIR, also while its server runs.\vDIR/master.key is not in it: keep a copy elsewhere.",
    NULL,
    NULL,
    NULL};
static const struct argp verify_argp = {
    NULL, backup_option, "BACKUP", "Is the backup whole: manifest, database and audit chain?", NULL, NULL, NULL};
static const struct argp restore_argp = {data_options,
                                         backup_option,
                                         "BACKUP",
                                         "Makes a database from a backup in a DIR that is absent or empty.\vThen put "
                                         "master.key there. The server begins in quarantine: docs/operations.md.",
                                         NULL,
                                         NULL,
                                         NULL};

static int backup_done(const struct backup_options *options, enum err err, const char *reason, const char *done)
{
    if (err == ERR_NONE) {
        printf("%s %s\n", options->target, done);
        return CLI_OK;
    }
    cli_complain(options->program, "%s", reason);
    return err == ERR_UNKNOWN ? CLI_UNKNOWN : CLI_REFUSED;
}

static int backup_create_main(int argc, char **argv)
{
    struct backup_options options = {.program = "ebb backup create", .needs_directory = true};
    struct system_clock clock = {0};
    char reason[256] = "";

    argp_parse(&create_argp, argc, argv, 0, NULL, &options);
    return backup_done(&options,
                       store_backup_create(options.directory, options.target, system_clock_now(&clock), reason), reason,
                       "holds the backup");
}

static int backup_verify_main(int argc, char **argv)
{
    struct backup_options options = {.program = "ebb backup verify"};
    char reason[256] = "";

    argp_parse(&verify_argp, argc, argv, 0, NULL, &options);
    return backup_done(&options, store_backup_verify(options.target, reason), reason, "is sound");
}

static int backup_restore_main(int argc, char **argv)
{
    struct backup_options options = {.program = "ebb backup restore", .needs_directory = true};
    char reason[256] = "";

    argp_parse(&restore_argp, argc, argv, 0, NULL, &options);
    return backup_done(&options, store_backup_restore(options.target, options.directory, reason), reason,
                       "is restored");
}

int backup_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "copy a database, also of a running server", backup_create_main},
        {"verify", "is a backup whole?", backup_verify_main},
        {"restore", "make a database from a backup", backup_restore_main},
        {0},
    };

    return cli_dispatch(commands, "ebb backup", "Example:\n  ebb backup create --data ebb-data /backup/2026-11-20\n",
                        argc, argv);
}
