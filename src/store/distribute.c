/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/connection.h"

static enum err citus_check(struct store *store)
{
    int64_t offered, created;

    if (!store_is_shared(store))
        return store_refuse(store, ERR_REQUEST,
                            "SQLite keeps all accounts in one file; PostgreSQL can be distributed.");
    TRY(store_int(store, QUERY_CITUS_OFFERED, NULL, 0, &offered));
    if (offered == 0)
        return store_refuse(store, ERR_REQUEST,
                            "This PostgreSQL does not offer the extension citus: it is not in pg_available_extensions. "
                            "Install Citus on every node and preload it. Nothing was changed.");
    TRY(store_int(store, QUERY_CITUS_CREATED, NULL, 0, &created));
    if (created == 0)
        return store_refuse(store, ERR_REQUEST,
                            "The extension citus is offered, but not created in this database: CREATE EXTENSION citus, "
                            "then citus_add_node for every worker. Nothing was changed.");
    return ERR_NONE;
}

enum err store_distributable(struct store *store, bool *ret_done)
{
    SCOPED(arena_fini) struct arena arena;
    const char *done = NULL;
    int64_t version;

    arena_init(&arena, (size_t)64 << 10);
    TRY(citus_check(store));
    TRY(store_schema_version(store, &version));
    if (version > 0)
        TRY(store_meta_get(store, STORE_DISTRIBUTED, &arena, &done));
    *ret_done = done != NULL;
    return ERR_NONE;
}

/* Citus changes what the catalogue says of the tables: that is how they are meant to be from then on. */
static enum err distribute(struct store *store)
{
    const char *text = query_texts_postgresql[QUERY_DISTRIBUTE];

    TRY(store->operations->script(store, &(struct embedded){"distribute", text, strlen(text)}));
    TRY(store_shape_record(store));
    return store_meta_put(store, STORE_DISTRIBUTED, "citus");
}

enum err store_distribute(struct store *store)
{
    TRY(store_begin(store));
    enum err err = distribute(store);
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}
