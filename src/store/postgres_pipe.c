/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

#define BINARY 1
#define DIVISION_BY_ZERO "22012" /* how a change says that it met other rows (sql/query/form.sql) */

/* ---- faults ---- */

/* What a SQLSTATE means to the caller. The first that fits counts; a shorter one is a class. */
static const struct meaning {
    const char *state;
    enum err err;
    bool raced, broken;
} meanings[] = {
    {"23505", ERR_RETRY, true, false},  /* the same name or key by another process */
    {"40", ERR_RETRY, true, false},     /* serialization, deadlock */
    {"55P03", ERR_RETRY, true, false},  /* a lock was not to be had in time */
    {"25006", ERR_RETRY, false, true},  /* a standby: the primary is elsewhere by now */
    {"26000", ERR_RETRY, false, true},  /* it knows our statements no more: another session than we think */
    {"57014", ERR_RETRY, false, false}, /* cancelled */
    {"53", ERR_RETRY, false, false},    /* full: disk, memory, connections */
    {"57", ERR_RETRY, false, true},     /* the server goes */
    {"25P03", ERR_RETRY, false, true},  /* our transaction was idle for too long */
    {"08", ERR_RETRY, false, true},     /* the connection */
    {"58", ERR_RETRY, false, true},     /* the server's disk */
};

static const struct meaning *meaning_of(const char *state)
{
    for (size_t i = 0; state != NULL && i < ARRAY_COUNT(meanings); i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return &meanings[i];
    return NULL;
}

enum err postgres_fail(struct postgres *postgres, const PGresult *result, const char *what)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *words = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const struct meaning *meaning = meaning_of(state);
    bool bad = PQstatus(postgres->connection) != CONNECTION_OK;

    if (words == NULL)
        words = PQerrorMessage(postgres->connection);
    postgres->broken |= bad || (meaning != NULL && meaning->broken);
    postgres->store.raced = postgres->broken || (meaning != NULL && meaning->raced);
    return store_refuse(&postgres->store,
                        bad               ? ERR_RETRY
                        : meaning != NULL ? meaning->err
                                          : ERR_FATAL,
                        "%s: %.180s (PostgreSQL %s)", what, words, state != NULL ? state : "connection");
}

/* ---- sending ---- */

static enum err await(struct postgres *postgres, struct awaited awaited)
{
    if (postgres->awaited_count == AWAITED_MAX)
        return store_refuse(&postgres->store, ERR_RETRY, "too many statements at once");
    postgres->awaited[postgres->awaited_count++] = awaited;
    return ERR_NONE;
}

static enum err sent(struct postgres *postgres, int ok, enum query query)
{
    return ok == 1 ? ERR_NONE : postgres_fail(postgres, NULL, query_names[query]);
}

enum err pipe_begin(struct postgres *postgres)
{
    if (postgres->broken)
        return store_refuse(&postgres->store, ERR_RETRY, "the connection to PostgreSQL is lost");
    postgres->awaited_count = 0;
    if (PQenterPipelineMode(postgres->connection) != 1)
        return postgres_fail(postgres, NULL, "pipeline");
    if (!postgres->begin_wanted)
        return ERR_NONE;
    enum query begin = postgres->store.mode == STORE_WRITER ? QUERY_TRANSACTION_BEGIN : QUERY_TRANSACTION_SNAPSHOT;
    TRY(await(postgres, (struct awaited){.kind = AWAIT_DONE, .query = begin}));
    postgres->begin_wanted = false;
    return sent(
        postgres,
        PQsendQueryParams(postgres->connection, query_texts_postgresql[begin], 0, NULL, NULL, NULL, NULL, BINARY),
        begin);
}

enum err pipe_word(struct postgres *postgres, enum form form, enum query query, struct prepared **ret)
{
    struct prepared *prepared = postgres->prepared[form][query];

    if (prepared == NULL) {
        if (query_texts_postgresql[query] == NULL)
            return store_refuse(&postgres->store, ERR_FATAL, "PostgreSQL is never asked for %s", query_names[query]);
        prepared = calloc(1, sizeof *prepared);
        if (prepared == NULL || !wording_make(form, query_texts_postgresql[query], &prepared->wording)) {
            free(prepared);
            return store_refuse(&postgres->store, ERR_RETRY, "%s cannot be worded", query_names[query]);
        }
        postgres->prepared[form][query] = prepared;
    }
    *ret = prepared;
    return ERR_NONE;
}

static void statement_name(enum form form, enum query query, char ret[16])
{
    snprintf(ret, 16, "%c%d", "omr"[form], (int)query);
}

enum err pipe_prepare(struct postgres *postgres, enum form form, enum query query, const int *oids,
                      struct prepared **ret)
{
    Oid types[STATEMENT_COLUMNS_MAX];
    struct prepared *prepared;
    char name[16];

    TRY(pipe_word(postgres, form, query, &prepared));
    *ret = prepared;
    if (prepared->ready)
        return ERR_NONE;
    for (size_t i = 0; oids != NULL && i < prepared->wording.count; i++)
        types[i] = (Oid)oids[i];
    statement_name(form, query, name);
    TRY(await(postgres, (struct awaited){.kind = AWAIT_PREPARE, .query = query, .prepared = prepared}));
    return sent(postgres,
                PQsendPrepare(postgres->connection, name, prepared->wording.text,
                              oids != NULL ? (int)prepared->wording.count : 0, types),
                query);
}

enum err pipe_send(struct postgres *postgres, enum form form, enum query query, enum awaited_kind kind,
                   PGresult **result)
{
    static const uint8_t nothing[1];
    const char *values[STATEMENT_COLUMNS_MAX];
    int sizes[STATEMENT_COLUMNS_MAX], formats[STATEMENT_COLUMNS_MAX];
    struct prepared *prepared = postgres->prepared[form][query];
    char name[16];

    if (postgres->room.failed)
        return store_refuse(&postgres->store, ERR_RETRY, "no memory for the arguments of %s", query_names[query]);
    for (size_t i = 0; i < prepared->wording.count; i++) {
        const struct parameter *parameter = &postgres->parameters[i];
        const uint8_t *at = parameter->size > 0 ? postgres->room.data + parameter->at : nothing;

        values[i] = parameter->null ? NULL : (const char *)at;
        sizes[i] = (int)parameter->size;
        formats[i] = BINARY;
    }
    statement_name(form, query, name);
    TRY(await(postgres, (struct awaited){.kind = kind, .query = query, .prepared = prepared, .result = result}));
    return sent(
        postgres,
        PQsendQueryPrepared(postgres->connection, name, (int)prepared->wording.count, values, sizes, formats, BINARY),
        query);
}

enum err pipe_commit(struct postgres *postgres)
{
    struct prepared *prepared;

    TRY(pipe_prepare(postgres, FORM_ONE, QUERY_TRANSACTION_COMMIT, NULL, &prepared));
    postgres->warned = false;
    postgres->committing = true;
    return pipe_send(postgres, FORM_ONE, QUERY_TRANSACTION_COMMIT, AWAIT_COMMIT, NULL);
}

/* ---- waiting ---- */

/* A COMMIT that came back as anything but COMMIT was none; one that came with a warning is not where it should be: the
 * wait for the standby was cut short. A COMMIT that failed may have been done all the same, unless it lost a race. */
static enum err commit_check(struct postgres *postgres, PGresult *result)
{
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        enum err err = postgres_fail(postgres, result, query_names[QUERY_TRANSACTION_COMMIT]);

        return postgres->store.raced ? err : ERR_UNKNOWN;
    }
    if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        return store_refuse(&postgres->store, ERR_RETRY, "the server rolled back instead of committing");
    if (postgres->warned)
        return store_refuse(&postgres->store, ERR_UNKNOWN, "the server warned while it committed");
    return ERR_NONE;
}

static enum err rows_differ(struct postgres *postgres, enum query query)
{
    return store_refuse(&postgres->store, ERR_FATAL, "%s wrote another number of rows than it was given",
                        query_names[query]);
}

static enum err result_take(struct postgres *postgres, const struct awaited *awaited, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (awaited->kind == AWAIT_COMMIT)
        return commit_check(postgres, result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        enum err err = postgres_fail(postgres, result, query_names[awaited->query]);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (awaited->kind == AWAIT_DONE && state != NULL && strcmp(state, DIVISION_BY_ZERO) == 0)
            return rows_differ(postgres, awaited->query);
        if (awaited->kind == AWAIT_HEAD && state != NULL && strcmp(state, DIVISION_BY_ZERO) == 0) {
            postgres->store.raced = true;
            return store_refuse(&postgres->store, ERR_RETRY, "another engine has appended to the audit chain");
        }
        return awaited->kind == AWAIT_FENCE && err == ERR_FATAL ? ERR_RETRY : err;
    }
    switch (awaited->kind) {
    case AWAIT_PREPARE:
        awaited->prepared->ready = true;
        return ERR_NONE;
    case AWAIT_DONE:
        postgres->store.changed = strtoll(PQcmdTuples(result), NULL, 10);
        return ERR_NONE;
    case AWAIT_ONE_ROW:
        return strcmp(PQcmdTuples(result), "1") == 0 ? ERR_NONE : rows_differ(postgres, awaited->query);
    case AWAIT_FENCE:
    case AWAIT_HEAD:
    case AWAIT_COMMIT:
    case AWAIT_ROWS:
        return ERR_NONE;
    }
    return ERR_FATAL;
}

/* One statement's answer. False: the connection gives nothing more. */
static bool awaited_take(struct postgres *postgres, const struct awaited *awaited, enum err *err)
{
    PGresult *result = PQgetResult(postgres->connection);
    bool skipped = result != NULL && PQresultStatus(result) == PGRES_PIPELINE_ABORTED;

    if (result == NULL || (PQstatus(postgres->connection) != CONNECTION_OK && *err == ERR_NONE))
        *err = postgres_fail(postgres, result, query_names[awaited->query]);
    else if (!skipped && *err == ERR_NONE)
        *err = result_take(postgres, awaited, result);
    bool more = result != NULL && PQstatus(postgres->connection) == CONNECTION_OK;
    if (awaited->kind == AWAIT_ROWS && *err == ERR_NONE)
        *awaited->result = result;
    else
        PQclear(result);
    if (more && (result = PQgetResult(postgres->connection)) != NULL)
        PQclear(result);
    return more;
}

static void results_forget(struct postgres *postgres)
{
    for (size_t i = 0; i < postgres->awaited_count; i++)
        if (postgres->awaited[i].kind == AWAIT_ROWS) {
            PQclear(*postgres->awaited[i].result);
            *postgres->awaited[i].result = NULL;
        }
}

/* Once a COMMIT went out, a lost connection tells nothing about it. */
static enum err outcome(struct postgres *postgres, enum err err)
{
    if (err == ERR_NONE)
        return ERR_NONE;
    postgres->aborted = true;
    results_forget(postgres);
    if (!postgres->committing || (err != ERR_UNKNOWN && PQstatus(postgres->connection) == CONNECTION_OK))
        return err;
    postgres->store.lost = true;
    return ERR_UNKNOWN;
}

enum err pipe_end(struct postgres *postgres)
{
    enum err err = ERR_NONE;
    bool more = true;

    if (PQpipelineSync(postgres->connection) != 1)
        err = postgres_fail(postgres, NULL, "pipeline");
    for (size_t i = 0; more && i < postgres->awaited_count; i++)
        more = awaited_take(postgres, &postgres->awaited[i], &err);
    if (more)
        PQclear(PQgetResult(postgres->connection)); /* of the sync */
    if (PQexitPipelineMode(postgres->connection) != 1)
        postgres->broken = true;
    err = outcome(postgres, err);
    if (postgres->committing && err == ERR_NONE)
        postgres->in_transaction = false;
    postgres->committing = false;
    return err;
}

enum err pipe_more(struct postgres *postgres, size_t count)
{
    if (postgres->awaited_count + count <= AWAITED_MAX)
        return ERR_NONE;
    TRY(pipe_end(postgres));
    return pipe_begin(postgres);
}

enum err pipe_drop(struct postgres *postgres, enum err err)
{
    bool is_open = PQpipelineStatus(postgres->connection) != PQ_PIPELINE_OFF;
    enum err end = is_open ? pipe_end(postgres) : err;

    results_forget(postgres);
    postgres->aborted = true;
    return end == ERR_UNKNOWN ? end : err;
}
