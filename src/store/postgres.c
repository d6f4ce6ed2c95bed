/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- opening ---- */

/* Nothing is printed; a warning is remembered, because one that comes with a COMMIT says that it is not replicated. */
static void notice_take(void *context, const PGresult *notice)
{
    struct postgres *postgres = context;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (postgres->committing && severity != NULL && strcmp(severity, "WARNING") == 0)
        postgres->warned = true;
}

/* Several statements at once, outside any pipeline. */
static enum err script_run(struct postgres *postgres, const char *text, const char *name)
{
    PGresult *result = PQexec(postgres->connection, text);
    ExecStatusType status = PQresultStatus(result);
    enum err err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY
                       ? ERR_NONE
                       : postgres_fail(postgres, result, name);

    PQclear(result);
    return err;
}

/* What the URL says counts, except where it would send decisions to a standby; readers go to the primary as well unless
 * it says otherwise. A server that is silent is given up in bounded time. */
static PGconn *connect_to(const char *url, bool writer)
{
    const char *const names[] = {
        "connect_timeout", "tcp_user_timeout", "fallback_application_name", "target_session_attrs",
        "dbname",          "client_encoding",  "target_session_attrs",      NULL};
    const char *const values[] = {"5", "15000", "ebb", "read-write", url, "UTF8", writer ? "read-write" : NULL, NULL};

    return PQconnectdbParams(names, values, 1);
}

static enum err encoding_check(struct postgres *postgres)
{
    const char *encoding = PQparameterStatus(postgres->connection, "server_encoding");

    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return store_refuse(&postgres->store, ERR_FATAL, "The database's encoding is %s; Ebb wants UTF8.",
                            encoding != NULL ? encoding : "unknown");
    return ERR_NONE;
}

static void prepared_forget(struct postgres *postgres)
{
    for (int form = 0; form < FORM__COUNT; form++)
        for (int query = 0; query < QUERY__COUNT; query++) {
            struct prepared *prepared = postgres->prepared[form][query];

            if (prepared != NULL)
                free(prepared->wording.text);
            free(prepared);
            postgres->prepared[form][query] = NULL;
        }
}

static enum err connection_open(struct postgres *postgres)
{
    bool writer = postgres->store.mode == STORE_WRITER;
    enum query setup = writer ? QUERY_OPEN_WRITER : QUERY_OPEN_READER;

    PQfinish(postgres->connection);
    prepared_forget(postgres);
    postgres->broken = postgres->in_transaction = postgres->begin_wanted = postgres->aborted = false;
    postgres->connection = connect_to(postgres->url, writer);
    if (postgres->connection == NULL)
        return store_refuse(&postgres->store, ERR_RETRY, "There is no memory for a connection to PostgreSQL.");
    if (PQstatus(postgres->connection) != CONNECTION_OK)
        return postgres_fail(postgres, NULL, "PostgreSQL cannot be reached");
    PQsetNoticeReceiver(postgres->connection, notice_take, postgres);
    TRY(encoding_check(postgres));
    return script_run(postgres, query_texts_postgresql[setup], query_names[setup]);
}

enum err postgres_open(const char *url, enum store_mode mode, struct store **ret)
{
    struct postgres *postgres = calloc(1, sizeof *postgres);

    if (postgres == NULL)
        return ERR_RETRY;
    postgres->store.operations = &postgres_operations;
    postgres->store.mode = mode;
    postgres->url = strdup(url);
    *ret = &postgres->store;
    if (postgres->url == NULL)
        return store_refuse(&postgres->store, ERR_RETRY, "There is no memory for a database connection.");
    return connection_open(postgres);
}

static void postgres_close(struct store *store)
{
    struct postgres *postgres = postgres_of(store);

    PQfinish(postgres->connection);
    prepared_forget(postgres);
    free(postgres->room.data);
    free(postgres->url);
    free(postgres);
}

/* A reader has nothing to lose: it connects anew. The writer's engine must know, because its batch is gone. */
enum err postgres_check(struct postgres *postgres)
{
    if (postgres->store.lost)
        return store_refuse(&postgres->store, ERR_UNKNOWN, "a commit failed on this connection; it must be reopened");
    if (postgres->store.mode == STORE_READER && postgres->broken && !postgres->in_transaction)
        return connection_open(postgres);
    return ERR_NONE;
}

/* ---- one statement ---- */

static enum err one_bind(struct postgres *postgres, enum query query, const struct wording *wording,
                         const struct value *args, size_t args_count)
{
    struct value found;

    if (wording_given(wording) != args_count)
        return store_refuse(&postgres->store, ERR_FATAL, "%s wants %zu arguments, not %zu", query_names[query],
                            wording_given(wording), args_count);
    postgres->room.size = 0;
    for (size_t i = 0; i < wording->count; i++) {
        if (!name_value(&wording->names[i], args, args_count, &found))
            return store_refuse(&postgres->store, ERR_FATAL, "%s wants the argument %.*s", query_names[query],
                                (int)wording->names[i].size, wording->names[i].at);
        size_t at = postgres->room.size;
        room_value(&postgres->room, &found);
        postgres->parameters[i] = (struct parameter){.at = at + sizeof(int32_t),
                                                     .size = postgres->room.size - at - sizeof(int32_t),
                                                     .null = found.kind == VALUE_NULL};
    }
    return ERR_NONE;
}

enum err postgres_send(struct postgres *postgres, enum query query, const struct value *args, size_t args_count,
                       enum awaited_kind kind, PGresult **result)
{
    struct prepared *prepared;

    TRY(pipe_prepare(postgres, FORM_ONE, query, NULL, &prepared));
    TRY(one_bind(postgres, query, &prepared->wording, args, args_count));
    return pipe_send(postgres, FORM_ONE, query, kind, result);
}

static enum err one_run(struct postgres *postgres, enum query query, const struct value *args, size_t args_count,
                        enum awaited_kind kind, PGresult **result)
{
    TRY(postgres_check(postgres));
    TRY(pipe_begin(postgres));
    enum err err = postgres_send(postgres, query, args, args_count, kind, result);
    return err == ERR_NONE ? pipe_end(postgres) : pipe_drop(postgres, err);
}

/* A reader whose connection was lost since it last asked is asked again, once. */
enum err postgres_ask(struct postgres *postgres, enum query query, const struct value *args, size_t args_count,
                      enum awaited_kind kind, PGresult **result)
{
    bool alone = !postgres->in_transaction;
    enum err err = one_run(postgres, query, args, args_count, kind, result);

    if (err == ERR_RETRY && postgres->broken && postgres->store.mode == STORE_READER && alone)
        err = one_run(postgres, query, args, args_count, kind, result);
    return err;
}

/* ---- transactions ---- */

static enum err postgres_execute(struct store *store, enum query query, const struct value *args, size_t args_count)
{
    return postgres_ask(postgres_of(store), query, args, args_count, AWAIT_DONE, NULL);
}

/* BEGIN itself goes out with the first statement, so a connection that is lost is noticed there at the latest. */
static enum err postgres_begin(struct store *store)
{
    struct postgres *postgres = postgres_of(store);

    TRY(postgres_check(postgres));
    if (postgres->broken || PQstatus(postgres->connection) != CONNECTION_OK)
        return store_refuse(store, ERR_RETRY, "the connection to PostgreSQL is lost");
    postgres->in_transaction = postgres->begin_wanted = true;
    postgres->aborted = false;
    return ERR_NONE;
}

static bool postgres_in_transaction(const struct store *store)
{
    const struct postgres *postgres = (const struct postgres *)store;

    return postgres->in_transaction && !postgres->aborted;
}

static enum err commit_run(struct postgres *postgres)
{
    TRY(pipe_begin(postgres));
    enum err err = pipe_commit(postgres);
    return err == ERR_NONE ? pipe_end(postgres) : pipe_drop(postgres, err);
}

static enum err postgres_commit(struct store *store)
{
    return commit_run(postgres_of(store));
}

/* If it fails the transaction ends with the connection: nothing of it was committed. */
static void postgres_rollback(struct store *store)
{
    struct postgres *postgres = postgres_of(store);
    bool there = postgres->in_transaction && !postgres->begin_wanted && !store->lost;

    postgres->in_transaction = postgres->begin_wanted = false;
    if (there && !postgres->broken &&
        script_run(postgres, query_texts_postgresql[QUERY_TRANSACTION_ROLLBACK], "rollback") != ERR_NONE)
        postgres->broken = true;
    postgres->aborted = false;
}

static enum err postgres_checkpoint(struct store *store)
{
    (void)store;
    return ERR_NONE;
}

static enum err postgres_script(struct store *store, const struct embedded *file)
{
    struct postgres *postgres = postgres_of(store);

    if (postgres->begin_wanted)
        TRY(script_run(postgres, query_texts_postgresql[QUERY_TRANSACTION_BEGIN], "begin"));
    postgres->begin_wanted = false;
    enum err err = script_run(postgres, file->data, file->name);
    postgres->aborted = err != ERR_NONE;
    return err;
}

/* Not the scripts of several statements, and not the forms that others are made from. */
static bool is_statement(enum query query)
{
    static const enum query others[] = {QUERY_OPEN_WRITER, QUERY_OPEN_READER, QUERY_DISTRIBUTE, QUERY_FORM_MANY,
                                        QUERY_FORM_INSERT, QUERY_FORM_UPDATE, QUERY_FORM_DELETE};

    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (query == others[i])
            return false;
    return query_texts_postgresql[query] != NULL;
}

static enum err all_prepare(struct postgres *postgres)
{
    struct prepared *prepared;

    for (int query = 0; query < QUERY__COUNT; query++)
        if (is_statement((enum query)query))
            TRY(pipe_prepare(postgres, FORM_ONE, (enum query)query, NULL, &prepared));
    return ERR_NONE;
}

static enum err postgres_prepare_all(struct store *store)
{
    struct postgres *postgres = postgres_of(store);

    TRY(pipe_begin(postgres));
    enum err err = all_prepare(postgres);
    return err == ERR_NONE ? pipe_end(postgres) : pipe_drop(postgres, err);
}

/* Session-level advisory locks: whoever loses the session has lost the number as well, and can commit nothing. */
static enum err postgres_lease(struct store *store, int *ret)
{
    for (int number = 0; number < STORE_LEASES; number++) {
        const struct value args[] = {value_int("number", number)};
        int64_t taken;

        TRY(postgres_number(store, QUERY_NODE_TAKE, args, ARRAY_COUNT(args), &taken));
        if (taken == 1) {
            *ret = number;
            return ERR_NONE;
        }
    }
    return store_refuse(store, ERR_RETRY, "All %d engines that a database may have are running.", STORE_LEASES);
}

static enum err postgres_lock(struct store *store, bool take)
{
    int64_t done;

    return postgres_number(store, take ? QUERY_MIGRATION_LOCK : QUERY_MIGRATION_UNLOCK, NULL, 0, &done);
}

const struct store_operations postgres_operations = {
    .schema = embedded_schema_postgresql,
    .shared = true,
    .close = postgres_close,
    .select = postgres_select,
    .fetch = postgres_fetch,
    .number = postgres_number,
    .execute = postgres_execute,
    .begin = postgres_begin,
    .in_transaction = postgres_in_transaction,
    .save = postgres_save,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .checkpoint = postgres_checkpoint,
    .script = postgres_script,
    .lease = postgres_lease,
    .lock = postgres_lock,
    .prepare_all = postgres_prepare_all,
};
