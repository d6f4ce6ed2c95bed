/* SPDX-License-Identifier: Apache-2.0 */
#include "store/connection.h"

/* Which statements write which table. Parents stand before their children. QUERY__COUNT: there is no such statement,
 * because rows of that table are never changed or never taken back. */
static const struct persistence {
    const struct table *table;
    enum query insert, update, gone;
} persistences[] = {
    {&account_table, QUERY_ACCOUNT_INSERT, QUERY_ACCOUNT_UPDATE, QUERY__COUNT},
    {&identity_table, QUERY_IDENTITY_INSERT, QUERY_IDENTITY_UPDATE, QUERY__COUNT},
    {&subject_table, QUERY_SUBJECT_INSERT, QUERY_SUBJECT_UPDATE, QUERY__COUNT},
    {&topup_table, QUERY_TOPUP_INSERT, QUERY_TOPUP_UPDATE, QUERY__COUNT},
    {&claim_table, QUERY_CLAIM_INSERT, QUERY_CLAIM_UPDATE, QUERY__COUNT},
    {&resource_table, QUERY_RESOURCE_INSERT, QUERY_RESOURCE_UPDATE, QUERY__COUNT},
    {&fact_table, QUERY_FACT_INSERT, QUERY_FACT_UPDATE, QUERY__COUNT},
    {&parcel_table, QUERY_PARCEL_INSERT, QUERY_PARCEL_UPDATE, QUERY__COUNT},
    {&draw_table, QUERY_DRAW_INSERT, QUERY_DRAW_UPDATE, QUERY__COUNT},
    {&withdrawal_table, QUERY_WITHDRAWAL_INSERT, QUERY_WITHDRAWAL_UPDATE, QUERY__COUNT},
    {&leg_table, QUERY_LEG_INSERT, QUERY_LEG_UPDATE, QUERY_LEG_DELETE},
    {&lot_table, QUERY_LOT_INSERT, QUERY__COUNT, QUERY_LOT_DELETE},
    {&attempt_table, QUERY_ATTEMPT_INSERT, QUERY_ATTEMPT_UPDATE, QUERY__COUNT},
    {&evidence_table, QUERY_EVIDENCE_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&review_table, QUERY_REVIEW_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&entry_table, QUERY_ENTRY_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&posting_table, QUERY_POSTING_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&message_table, QUERY_MESSAGE_INSERT, QUERY_MESSAGE_UPDATE, QUERY__COUNT},
    {&event_table, QUERY_EVENT_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&incident_table, QUERY_INCIDENT_INSERT, QUERY_INCIDENT_UPDATE, QUERY__COUNT},
    {&document_table, QUERY_DOCUMENT_INSERT, QUERY_DOCUMENT_UPDATE, QUERY__COUNT},
    {&ticket_table, QUERY_TICKET_INSERT, QUERY_TICKET_UPDATE, QUERY__COUNT},
    {&idempotency_table, QUERY_IDEMPOTENCY_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&audit_table, QUERY_AUDIT_INSERT, QUERY__COUNT, QUERY__COUNT},
};

static const struct persistence *persistence_find(const struct table *table)
{
    for (size_t i = 0; i < ARRAY_COUNT(persistences); i++)
        if (persistences[i].table == table)
            return &persistences[i];
    return NULL;
}

static enum err row_save(struct store *store, const struct row *row, enum query query)
{
    struct statement *statement;

    TRY(statement_get(store, query, &statement));
    TRY(row_bind(store, query, statement, row));
    TRY(statement_run(store, query, statement));
    if (sqlite3_changes64(store->db) != 1)
        return store_refuse(store, ERR_FATAL, "%s wrote %lld rows instead of one", query_names[query],
                            (long long)sqlite3_changes64(store->db));
    return ERR_NONE;
}

static enum query query_for(const struct persistence *persistence, enum row_state state)
{
    switch (state) {
    case ROW_NEW:
        return persistence->insert;
    case ROW_CHANGED:
        return persistence->update;
    case ROW_GONE:
        return persistence->gone;
    case ROW_CLEAN:
        return QUERY__COUNT;
    }
    return QUERY__COUNT;
}

/* Rows that go make room first, children before parents: their places may be taken again in the same batch. */
static enum err gone_save(struct store *store, const struct changes *changes)
{
    for (size_t i = ARRAY_COUNT(persistences); i-- > 0;) {
        if (persistences[i].gone == QUERY__COUNT)
            continue;
        for (const struct row *row = changes->first; row != NULL; row = row->next_changed)
            if (row->state == ROW_GONE && row->table == persistences[i].table)
                TRY(row_save(store, row, persistences[i].gone));
    }
    return ERR_NONE;
}

static enum err changed_save(struct store *store, const struct changes *changes)
{
    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        const struct persistence *persistence = persistence_find(row->table);
        enum query query = persistence == NULL ? QUERY__COUNT : query_for(persistence, row->state);

        if (row->state == ROW_CLEAN)
            continue;
        if (query == QUERY__COUNT)
            return store_refuse(store, ERR_FATAL, "rows of %s are not saved in state %d", row->table->name, row->state);
        if (row->state != ROW_GONE)
            TRY(row_save(store, row, query));
    }
    return ERR_NONE;
}

enum err store_save(struct store *store, struct changes *changes)
{
    struct row *next;

    TRY(store_in_transaction(store));
    TRY(gone_save(store, changes));
    TRY(changed_save(store, changes));
    for (struct row *row = changes->first; row != NULL; row = next) {
        next = row->next_changed;
        row->state = ROW_CLEAN;
        row->next_changed = NULL;
    }
    *changes = (struct changes){0};
    return ERR_NONE;
}
