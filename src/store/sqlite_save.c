/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sqlite.h"

static enum err row_save(struct sqlite *sqlite, const struct row *row, enum query query)
{
    struct statement *statement;

    TRY(statement_get(sqlite, query, &statement));
    TRY(statement_bind_row(sqlite, query, statement, row));
    TRY(statement_run(sqlite, query, statement));
    if (sqlite3_changes64(sqlite->db) != 1)
        return store_refuse(&sqlite->store, ERR_FATAL, "%s wrote %lld rows instead of one", query_names[query],
                            (long long)sqlite3_changes64(sqlite->db));
    return ERR_NONE;
}

/* Rows that go make room first, children before parents: their places may be taken again in the same batch. */
static enum err gone_save(struct sqlite *sqlite, const struct changes *changes)
{
    const struct row *first = changes->first;

    while (first != NULL && first->state != ROW_GONE)
        first = first->next_changed;
    if (first == NULL)
        return ERR_NONE;
    for (size_t i = persistences_count(); i-- > 0;) {
        if (persistences[i].gone == QUERY__COUNT)
            continue;
        for (const struct row *row = changes->first; row != NULL; row = row->next_changed)
            if (row->state == ROW_GONE && row->table == persistences[i].table)
                TRY(row_save(sqlite, row, persistences[i].gone));
    }
    return ERR_NONE;
}

static enum err changed_save(struct sqlite *sqlite, const struct changes *changes)
{
    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        const struct persistence *persistence;
        enum query query;

        TRY(row_persistence(&sqlite->store, row, &persistence, &query));
        if (row->state == ROW_NEW || row->state == ROW_CHANGED)
            TRY(row_save(sqlite, row, query));
    }
    return ERR_NONE;
}

enum err sqlite_save(struct store *store, const struct changes *changes, bool commit)
{
    TRY(gone_save(sqlite_of(store), changes));
    TRY(changed_save(sqlite_of(store), changes));
    return commit ? store->operations->commit(store) : ERR_NONE;
}
