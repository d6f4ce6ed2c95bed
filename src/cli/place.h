/* SPDX-License-Identifier: Apache-2.0 */
/* A data directory as the command line changes it without a server: key, rows, clock. On SQLite its server must be
 * down; the writer's lock says so otherwise. */
#ifndef EBB_CLI_PLACE_H
#define EBB_CLI_PLACE_H

#include <argp.h>

#include "access/vault.h"
#include "base/id.h"
#include "engine/world.h"
#include "store/store.h"

/* Which directory, and whom or what in it the command is about. */
struct cli_where {
    const char *program;
    const char *thing; /* "user", "key": it takes one NAME; NULL: it takes none */
    bool creates;      /* what is not there is made */
    enum store_mode mode;
    /* what was said */
    const char *directory, *store, *name; /* `store` NULL: SQLite in the directory */
};
/* --data, --store and NAME, checked; for a command's argp children, whose input is a struct cli_where. */
extern const struct argp cli_where_argp;

struct cli_place {
    struct vault vault;
    struct store *store;
    struct system_clock clock;
    struct arena arena;
    char reason[256];
};

/* Opens, runs, closes; the exit status. What cannot be opened was complained about. */
int cli_place_run(const struct cli_where *where, int (*run)(struct cli_place *place, void *context), void *context);
/* The store's word on standard error, and the exit status for it. */
int cli_place_failed(const struct cli_place *place, const struct cli_where *where, enum err err);
/* Ids of our own, greater than all that are there. */
MUST_USE enum err cli_place_ids(struct cli_place *place, struct ids *ret);

#endif
