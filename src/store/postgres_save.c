/* SPDX-License-Identifier: Apache-2.0 */
/* A batch's rows by statement: whatever its size, one insert, one update and one delete a table, and the COMMIT, go out
 * together. Where the tables are distributed, each row has a statement of its own, on one shard; the COMMIT waits until
 * all of them have met their row. */
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

/* The rows of one statement, all of one table. */
struct group {
    enum query query;
    const struct row **rows;
    size_t count;
};

/* A wording's names, one at a time as texts. */
struct naming {
    const struct wording *wording;
    char name[64];
};

static const char *naming_name(void *context, size_t number)
{
    struct naming *naming = context;
    const struct name *name = &naming->wording->names[number];

    if (name->size >= sizeof naming->name)
        return "?";
    memcpy(naming->name, name->at, name->size);
    naming->name[name->size] = '\0';
    return naming->name;
}

static enum err columns_find(struct postgres *postgres, enum query query, const struct table *table,
                             struct prepared *prepared)
{
    if (prepared->along.table != NULL)
        return ERR_NONE;
    return along_parameters(&postgres->store, query, table, prepared->wording.count, naming_name,
                            &(struct naming){.wording = &prepared->wording}, &prepared->along);
}

static enum err group_prepare(struct postgres *postgres, const struct group *group, struct prepared **ret)
{
    const struct table *table = group->rows[0]->table;
    struct prepared *prepared;
    int oids[STATEMENT_COLUMNS_MAX];

    TRY(pipe_word(postgres, FORM_ROWS, group->query, &prepared));
    TRY(columns_find(postgres, group->query, table, prepared));
    for (size_t i = 0; i < prepared->along.count; i++)
        oids[i] = oid_of_array(oid_of_column(&table->columns[prepared->along.columns[i]]));
    return pipe_prepare(postgres, FORM_ROWS, group->query, oids, ret);
}

/* Column by column: an array of the member of every row. */
static enum err group_send(struct postgres *postgres, const struct group *group)
{
    struct room *room = &postgres->room;
    struct prepared *prepared;

    TRY(group_prepare(postgres, group, &prepared));
    room->size = 0;
    for (size_t i = 0; i < prepared->along.count; i++) {
        const struct column *column = &group->rows[0]->table->columns[prepared->along.columns[i]];
        size_t at = room->size;

        room_array(room, oid_of_column(column), group->count);
        for (size_t j = 0; j < group->count; j++)
            TRY(room_member(postgres, group->rows[j], column));
        postgres->parameters[i] = (struct parameter){.at = at, .size = room->size - at};
    }
    return pipe_send(postgres, FORM_ROWS, group->query, AWAIT_DONE, NULL);
}

#define STATEMENTS_OF_A_ROW 2 /* it is prepared, and run */

/* A member in the room is its size in 32 bits, negative for NULL, and its bytes. */
static enum err row_send(struct postgres *postgres, enum query query, const struct row *row)
{
    struct room *room = &postgres->room;
    struct prepared *prepared;

    TRY(pipe_more(postgres, STATEMENTS_OF_A_ROW));
    TRY(pipe_prepare(postgres, FORM_ONE, query, NULL, &prepared));
    TRY(columns_find(postgres, query, row->table, prepared));
    room->size = 0;
    for (size_t i = 0; i < prepared->along.count; i++) {
        size_t at = room->size;

        TRY(room_member(postgres, row, &row->table->columns[prepared->along.columns[i]]));
        postgres->parameters[i] = (struct parameter){.at = at + sizeof(int32_t),
                                                     .size = room->failed ? 0 : room->size - at - sizeof(int32_t),
                                                     .null = !room->failed && room->data[at] > INT8_MAX};
    }
    return pipe_send(postgres, FORM_ONE, query, AWAIT_ONE_ROW, NULL);
}

static enum err rows_send(struct postgres *postgres, const struct group *group)
{
    for (size_t i = 0; i < group->count; i++)
        TRY(row_send(postgres, group->query, group->rows[i]));
    return ERR_NONE;
}

static enum err save_group(struct postgres *postgres, const struct group *group)
{
    if (group->count == 0)
        return ERR_NONE;
    return postgres->store.distributed ? rows_send(postgres, group) : group_send(postgres, group);
}

static void rows_free(const struct row ***rows)
{
    free(*rows);
}

/* Sorts the rows by the statement that each needs; `order` has room for all of them. */
static enum err groups_make(struct store *store, const struct changes *changes, struct group groups[QUERY__COUNT],
                            const struct row **order)
{
    const struct persistence *persistence;
    enum query query;

    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        TRY(row_persistence(store, row, &persistence, &query));
        if (row->state != ROW_CLEAN)
            groups[query].count++;
    }
    for (size_t i = 0; i < QUERY__COUNT; i++) {
        groups[i].query = (enum query)i;
        groups[i].rows = order;
        order += groups[i].count;
        groups[i].count = 0;
    }
    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        TRY(row_persistence(store, row, &persistence, &query));
        if (row->state != ROW_CLEAN)
            groups[query].rows[groups[query].count++] = row;
    }
    return ERR_NONE;
}

static enum err query_send(struct postgres *postgres, const struct group groups[QUERY__COUNT], enum query query)
{
    return query == QUERY__COUNT ? ERR_NONE : save_group(postgres, &groups[query]);
}

/* Parcels lie with their receivers, their names with themselves: nobody may have the same one. */
static enum err names_send(struct postgres *postgres, const struct group *parcels)
{
    const struct group names = {QUERY_PARCEL_KEY_INSERT, parcels->rows, parcels->count};

    return save_group(postgres, &names);
}

/* A statement of its own sees what was committed while the lock was waited for. */
static enum err head_send(struct postgres *postgres)
{
    const struct value args[] = {value_int("seq", postgres->store.expected_seq)};

    if (postgres->store.expected_seq < 0)
        return ERR_NONE;
    TRY(pipe_more(postgres, 2 * STATEMENTS_OF_A_ROW));
    TRY(postgres_send(postgres, QUERY_AUDIT_HEAD_LOCK, NULL, 0, AWAIT_HEAD, NULL));
    return postgres_send(postgres, QUERY_AUDIT_HEAD_CHECK, args, ARRAY_COUNT(args), AWAIT_HEAD, NULL);
}

/* Rows that go make room first, children before parents. Then table by table, parents first: what changes before what
 * is new, because a new row may take the place that a changed one leaves (the one open attempt of a leg). The chain
 * comes last: others wait for whoever holds it. */
static enum err groups_send(struct postgres *postgres, const struct group groups[QUERY__COUNT])
{
    for (size_t i = persistences_count(); i-- > 0;)
        TRY(query_send(postgres, groups, persistences[i].gone));
    for (const struct persistence *to = persistences; to->table != NULL; to++) {
        if (to->table == &audit_table)
            TRY(head_send(postgres));
        TRY(query_send(postgres, groups, to->update));
        TRY(query_send(postgres, groups, persistence_figures(to)));
        TRY(query_send(postgres, groups, to->insert));
    }
    return names_send(postgres, &groups[QUERY_PARCEL_INSERT]);
}

static enum err fence_send(struct postgres *postgres)
{
    const struct value args[] = {value_int("epoch", postgres->store.fence_epoch),
                                 value_int("ms", postgres->store.fence_ms)};

    return postgres_send(postgres, QUERY_DISPATCHER_CHECK, args, ARRAY_COUNT(args), AWAIT_FENCE, NULL);
}

static enum err all_send(struct postgres *postgres, const struct group groups[QUERY__COUNT], bool commit)
{
    TRY(groups_send(postgres, groups));
    if (commit && postgres->store.distributed) /* whatever room there is: the rows come first */
        TRY(pipe_more(postgres, AWAITED_MAX + 1));
    if (commit && postgres->store.fence_epoch != 0)
        TRY(fence_send(postgres));
    return commit ? pipe_commit(postgres) : ERR_NONE;
}

enum err postgres_save(struct store *store, const struct changes *changes, bool commit)
{
    struct postgres *postgres = postgres_of(store);
    struct group groups[QUERY__COUNT] = {0};
    SCOPED(rows_free) const struct row **order = malloc((changes->count + 1) * sizeof *order);

    if (order == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for %zu rows", changes->count);
    TRY(groups_make(store, changes, groups, order));
    TRY(pipe_begin(postgres));
    enum err err = all_send(postgres, groups, commit);
    err = err == ERR_NONE ? pipe_end(postgres) : pipe_drop(postgres, err);
    store_fence(store, 0, 0);
    return err;
}
