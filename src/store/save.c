/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rows_recon.h"
#include "store/connection.h"

#define PERSISTENCE_PLACES 64

const struct persistence persistences[] = {
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
    {&quarantine_table, QUERY_QUARANTINE_INSERT, QUERY_QUARANTINE_UPDATE, QUERY__COUNT},
    {&cover_table, QUERY_COVER_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&stray_table, QUERY_STRAY_INSERT, QUERY_STRAY_UPDATE, QUERY__COUNT},
    {&recon_statement_table, QUERY_RECON_STATEMENT_INSERT, QUERY_RECON_STATEMENT_UPDATE, QUERY__COUNT},
    {&recon_line_table, QUERY_RECON_LINE_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&recon_break_table, QUERY_RECON_BREAK_INSERT, QUERY_RECON_BREAK_UPDATE, QUERY__COUNT},
    {&staff_table, QUERY_STAFF_INSERT, QUERY_STAFF_UPDATE, QUERY__COUNT},
    {&customer_key_table, QUERY_CUSTOMER_KEY_INSERT, QUERY_CUSTOMER_KEY_UPDATE, QUERY__COUNT},
    {&customer_pass_table, QUERY_CUSTOMER_PASS_INSERT, QUERY__COUNT, QUERY_CUSTOMER_PASS_DELETE},
    {&session_table, QUERY_SESSION_INSERT, QUERY_SESSION_UPDATE, QUERY_SESSION_DELETE},
    {&webhook_table, QUERY_WEBHOOK_INSERT, QUERY_WEBHOOK_UPDATE, QUERY__COUNT},
    {&delivery_table, QUERY_DELIVERY_INSERT, QUERY_DELIVERY_UPDATE, QUERY__COUNT},
    {&idempotency_table, QUERY_IDEMPOTENCY_INSERT, QUERY__COUNT, QUERY__COUNT},
    {&audit_table, QUERY_AUDIT_INSERT, QUERY__COUNT, QUERY__COUNT},
    {0},
};

size_t persistences_count(void)
{
    return ARRAY_COUNT(persistences) - 1;
}

/* Where each table was found the last time: every row of every batch asks. */
static const struct persistence *persistence_find(const struct table *table)
{
    static _Atomic uint8_t places[PERSISTENCE_PLACES];
    _Atomic uint8_t *place = &places[((uintptr_t)table >> 5) % PERSISTENCE_PLACES];

    if (persistences[*place].table == table)
        return &persistences[*place];
    for (const struct persistence *at = persistences; at->table != NULL; at++)
        if (at->table == table) {
            *place = (uint8_t)(at - persistences);
            return at;
        }
    return NULL;
}

enum query persistence_figures(const struct persistence *persistence)
{
    return persistence->table == &account_table ? QUERY_ACCOUNT_FIGURES : QUERY__COUNT;
}

static enum query query_for(const struct persistence *persistence, const struct row *row)
{
    enum query figures = persistence_figures(persistence);

    switch (row->state) {
    case ROW_NEW:
        return persistence->insert;
    case ROW_CHANGED:
        return figures != QUERY__COUNT && !row->described ? figures : persistence->update;
    case ROW_GONE:
        return persistence->gone;
    case ROW_CLEAN:
        return QUERY__COUNT;
    }
    return QUERY__COUNT;
}

enum err row_persistence(struct store *store, const struct row *row, const struct persistence **ret,
                         enum query *ret_query)
{
    const struct persistence *persistence = persistence_find(row->table);
    enum query query = persistence == NULL ? QUERY__COUNT : query_for(persistence, row);

    if (query == QUERY__COUNT && row->state != ROW_CLEAN)
        return store_refuse(store, ERR_FATAL, "rows of %s are not saved in state %d", row->table->name, row->state);
    *ret = persistence;
    *ret_query = query;
    return ERR_NONE;
}

void changes_forget(struct changes *changes)
{
    struct row *next;

    for (struct row *row = changes->first; row != NULL; row = next) {
        next = row->next_changed;
        row->state = ROW_CLEAN;
        row->described = false;
        row->next_changed = NULL;
    }
    *changes = (struct changes){0};
}
