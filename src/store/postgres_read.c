/* SPDX-License-Identifier: Apache-2.0 */
/* Answers into rows: one select, or all selects of a round with one statement a query. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

static int64_t big_endian(const char *data, int size)
{
    uint64_t integer = 0;

    for (int i = 0; i < size; i++)
        integer = integer << 8 | (uint8_t)data[i];
    return size == 8 ? (int64_t)integer : size == 4 ? (int32_t)(uint32_t)integer : (int16_t)(uint16_t)integer;
}

static struct cell cell_at(const PGresult *result, int row, int number)
{
    const char *data = PQgetvalue(result, row, number);
    int size = PQgetlength(result, row, number);

    if (PQgetisnull(result, row, number))
        return (struct cell){.kind = CELL_NULL};
    switch (PQftype(result, number)) {
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
        return (struct cell){.kind = CELL_INT, .integer = big_endian(data, size)};
    case OID_TEXT:
        return (struct cell){.kind = CELL_TEXT, .data = data, .size = (size_t)size};
    case OID_BYTEA:
        return (struct cell){.kind = CELL_BYTES, .data = data, .size = (size_t)size};
    default:
        return (struct cell){.kind = CELL_OTHER};
    }
}

/* A result's columns from `first` on. */
struct columns {
    const PGresult *result;
    int first;
};

static const char *column_name(void *context, size_t number)
{
    const struct columns *columns = context;

    return PQfname(columns->result, columns->first + (int)number);
}

/* Two rounds, because a sealed column opens only with the id of its row. */
static enum err row_take(struct postgres *postgres, const struct along *along, const struct columns *columns, int at,
                         struct arena *arena, struct row *row)
{
    for (int round = 0; round <= (along->has_sealed ? 1 : 0); round++)
        for (size_t i = 0; i < along->count; i++) {
            const struct column *column = &along->table->columns[along->columns[i]];

            if ((column->kind == COLUMN_SEALED) != (round == 1))
                continue;
            struct cell cell = cell_at(columns->result, at, columns->first + (int)i);
            TRY(row_put(&postgres->store, along->table, column, &cell, arena, row));
        }
    return ERR_NONE;
}

static enum err columns_find(struct postgres *postgres, enum query query, const struct table *table,
                             struct columns *columns, struct along *along)
{
    if (along->table == table)
        return ERR_NONE;
    return along_result(&postgres->store, query, table, (size_t)(PQnfields(columns->result) - columns->first),
                        column_name, columns, along);
}

static enum err rows_take(struct postgres *postgres, struct fetch *fetch, const PGresult *result, struct arena *arena)
{
    struct along *along = &postgres->prepared[FORM_ONE][fetch->query]->along;
    struct columns columns = {result, 0};
    struct rows rows = {0};
    struct row *row;

    if (PQntuples(result) > 0)
        TRY(columns_find(postgres, fetch->query, fetch->table, &columns, along));
    for (int at = 0; at < PQntuples(result); at++) {
        TRY(rows_add(&postgres->store, fetch->table, arena, &rows, &row));
        TRY(row_take(postgres, along, &columns, at, arena, row));
    }
    fetch->rows = rows;
    return ERR_NONE;
}

enum err postgres_select(struct store *store, struct fetch *fetch, struct arena *arena)
{
    PGresult *result = NULL;

    TRY(postgres_ask(postgres_of(store), fetch->query, fetch->args, fetch->args_count, AWAIT_ROWS, &result));
    enum err err = rows_take(postgres_of(store), fetch, result, arena);
    PQclear(result);
    return err;
}

enum err postgres_number(struct store *store, enum query query, const struct value *args, size_t args_count,
                         int64_t *ret)
{
    PGresult *result = NULL;

    TRY(postgres_ask(postgres_of(store), query, args, args_count, AWAIT_ROWS, &result));
    *ret = PQntuples(result) > 0 ? cell_at(result, 0, 0).integer : 0;
    PQclear(result);
    return ERR_NONE;
}

/* ---- many at once ---- */

static int value_compare(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case VALUE_INT:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    case VALUE_TEXT:
        return strcmp(a->text, b->text);
    case VALUE_BYTES:
        if (a->bytes.size != b->bytes.size)
            return a->bytes.size < b->bytes.size ? -1 : 1;
        return memcmp(a->bytes.data, b->bytes.data, a->bytes.size);
    case VALUE_NULL:
        return 0;
    }
    return 0;
}

/* By query, then by key: locks are taken in this order by everybody. Accounts first: what hangs on one is read by
 * statements behind its lock, and each sees what was committed while that was waited for. */
_Static_assert(QUERY_AUDIT_HEAD_LOCK < QUERY_AUDIT_LAST, "the chain is locked before its head is read");
static int query_place(enum query query)
{
    return query == QUERY_ACCOUNT_LOCK ? -1 : (int)query;
}

static int fetch_compare(const void *left, const void *right)
{
    const struct fetch *a = *(const struct fetch *const *)left, *b = *(const struct fetch *const *)right;

    if (a->query != b->query)
        return query_place(a->query) < query_place(b->query) ? -1 : 1;
    for (size_t i = 0; i < a->args_count; i++) {
        int order = value_compare(&a->args[i], &b->args[i]);

        if (order != 0)
            return order;
    }
    return 0;
}

/* Fetches of one query, in order. */
struct bunch {
    struct fetch **fetches;
    size_t count;
    PGresult *result;
};

static enum err bunch_bind(struct postgres *postgres, const struct bunch *bunch, const struct wording *wording,
                           int oids[STATEMENT_COLUMNS_MAX])
{
    struct room *room = &postgres->room;
    const struct fetch *first = bunch->fetches[0];
    struct value value;

    room->size = 0;
    for (size_t i = 0; i < wording->count; i++) {
        const struct name *name = &wording->names[i];
        size_t at = room->size;

        if (!name_value(name, first->args, first->args_count, &value) || wording_given(wording) != first->args_count)
            return store_refuse(&postgres->store, ERR_FATAL, "%s wants other arguments", query_names[first->query]);
        oids[i] = oid_of_array(oid_of_value(&value));
        room_array(room, oid_of_value(&value), bunch->count);
        for (size_t j = 0; j < bunch->count; j++) {
            if (!name_value(name, bunch->fetches[j]->args, bunch->fetches[j]->args_count, &value))
                return store_refuse(&postgres->store, ERR_FATAL, "%s wants other arguments", query_names[first->query]);
            room_value(room, &value);
        }
        postgres->parameters[i] = (struct parameter){.at = at, .size = room->size - at};
    }
    return ERR_NONE;
}

/* A question without a key is asked as it is. So is each where the rows are on several nodes: Citus locks them only in
 * statements on one shard, and does not walk the shards key by key. */
static bool is_asked_alone(const struct postgres *postgres, const struct fetch *fetch)
{
    return fetch->args_count == 0 || postgres->store.distributed;
}

static enum err bunch_send(struct postgres *postgres, struct bunch *bunch)
{
    const struct fetch *first = bunch->fetches[0];
    enum query query = first->query;
    int oids[STATEMENT_COLUMNS_MAX];
    struct prepared *prepared;

    if (is_asked_alone(postgres, first))
        return postgres_send(postgres, query, first->args, first->args_count, AWAIT_ROWS, &bunch->result);
    TRY(pipe_word(postgres, FORM_MANY, query, &prepared));
    TRY(bunch_bind(postgres, bunch, &prepared->wording, oids));
    TRY(pipe_prepare(postgres, FORM_MANY, query, oids, &prepared));
    return pipe_send(postgres, FORM_MANY, query, AWAIT_ROWS, &bunch->result);
}

/* The first column is the number of the key. */
static enum err bunch_take(struct postgres *postgres, struct bunch *bunch, struct arena *arena)
{
    enum query query = bunch->fetches[0]->query;
    const struct table *table = bunch->fetches[0]->table;
    struct columns columns = {bunch->result, 1};
    struct row *row;

    if (is_asked_alone(postgres, bunch->fetches[0]))
        return rows_take(postgres, bunch->fetches[0], bunch->result, arena);
    struct along *along = &postgres->prepared[FORM_MANY][query]->along;
    TRY(columns_find(postgres, query, table, &columns, along));
    for (int at = 0; at < PQntuples(bunch->result); at++) {
        int64_t number = cell_at(bunch->result, at, 0).integer;

        if (number < 1 || (size_t)number > bunch->count)
            return store_refuse(&postgres->store, ERR_FATAL, "%s: a row of no key", query_names[query]);
        TRY(rows_add(&postgres->store, table, arena, &bunch->fetches[number - 1]->rows, &row));
        TRY(row_take(postgres, along, &columns, at, arena, row));
    }
    return ERR_NONE;
}

#define STATEMENTS_OF_A_BUNCH 2 /* it is prepared, and run */
struct round {
    struct fetch **order;
    struct bunch *bunches;
    size_t count;
};

static void round_free(struct round *round)
{
    for (size_t i = 0; i < round->count; i++)
        PQclear(round->bunches[i].result);
    free(round->order);
    free(round->bunches);
}

static enum err round_send(struct postgres *postgres, struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        TRY(pipe_more(postgres, STATEMENTS_OF_A_BUNCH));
        TRY(bunch_send(postgres, &round->bunches[i]));
    }
    return ERR_NONE;
}

static void round_make(const struct postgres *postgres, struct round *round, struct fetch *const *fetches, size_t count)
{
    memcpy(round->order, fetches, count * sizeof *fetches);
    qsort(round->order, count, sizeof *round->order, fetch_compare);
    for (size_t i = 0; i < count; i++) {
        round->order[i]->rows = (struct rows){0};
        if (i == 0 || round->order[i]->query != round->order[i - 1]->query || is_asked_alone(postgres, round->order[i]))
            round->bunches[round->count++] = (struct bunch){.fetches = &round->order[i]};
        round->bunches[round->count - 1].count++;
    }
}

enum err postgres_fetch(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena)
{
    struct postgres *postgres = postgres_of(store);
    SCOPED(round_free)
    struct round round = {.order = malloc((count + 1) * sizeof(struct fetch *)),
                          .bunches = calloc(count + 1, sizeof(struct bunch))};

    if (round.order == NULL || round.bunches == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for %zu look-ups", count);
    round_make(postgres, &round, fetches, count);
    TRY(postgres_check(postgres));
    TRY(pipe_begin(postgres));
    enum err err = round_send(postgres, &round);
    TRY(err == ERR_NONE ? pipe_end(postgres) : pipe_drop(postgres, err));
    for (size_t i = 0; i < round.count; i++)
        TRY(bunch_take(postgres, &round.bunches[i], arena));
    return ERR_NONE;
}
