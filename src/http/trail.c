/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit says of one withdrawal: each row that is about it or about a document that belongs to it, in the order
 * of the chain, with whether the chain holds there. */
#include "http/trail.h"

#include <stdlib.h>

#include "engine/chain.h"
#include "http/answers.h"
#include "http/dossier.h"

struct trail {
    struct request *request;
    struct store *store;
    const struct audit_row **rows;
    size_t count;
};

/* One more than is shown, so that it is known whether there is more. */
static enum err object_read(struct trail *trail, int64_t object)
{
    const struct parameters *asked = &trail->request->parameters;
    struct value args[] = {value_int("object", object), value_int("after", asked->cursor),
                           value_int("limit", asked->limit + 1)};
    const struct audit_row **grown;
    struct rows rows;

    TRY(store_select(trail->store, QUERY_AUDIT_OF, args, ARRAY_COUNT(args), &audit_table, &trail->request->arena,
                     &rows));
    grown = arena_alloc(&trail->request->arena, (trail->count + rows.count + 1) * sizeof(*grown));
    if (grown == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < trail->count; i++)
        grown[i] = trail->rows[i];
    for (size_t i = 0; i < rows.count; i++)
        grown[trail->count + i] = rows.items[i];
    trail->rows = grown;
    trail->count += rows.count;
    return ERR_NONE;
}

static int by_seq(const void *a, const void *b)
{
    const struct audit_row *first = *(const struct audit_row *const *)a, *second = *(const struct audit_row *const *)b;

    return (first->seq > second->seq) - (first->seq < second->seq);
}

static enum err trail_read(struct trail *trail, const struct withdrawal *withdrawal)
{
    struct value arg = value_int("account", withdrawal->account);
    struct rows papers;

    TRY(object_read(trail, withdrawal->id));
    TRY(store_select(trail->store, QUERY_DOCUMENTS_BY_ACCOUNT, &arg, 1, &document_table, &trail->request->arena,
                     &papers));
    for (size_t i = 0; i < papers.count; i++)
        if (paper_belongs(papers.items[i], withdrawal))
            TRY(object_read(trail, ((const struct document *)papers.items[i])->id));
    qsort(trail->rows, trail->count, sizeof(*trail->rows), by_seq);
    return ERR_NONE;
}

static enum err row_write(struct trail *trail, const struct audit_row *row, struct out *out)
{
    struct value arg = value_int("seq", row->seq - 1);
    struct rows before;

    TRY(store_select(trail->store, QUERY_AUDIT_BY_SEQ, &arg, 1, &audit_table, &trail->request->arena, &before));
    out_object(out, NULL);
    audit_members_write(out, row);
    out_bool(out, "holds",
             (before.count > 0 || row->seq == 1) && chain_holds(row, before.count > 0 ? before.items[0] : NULL));
    out_object_end(out);
    return ERR_NONE;
}

static enum err audit(struct request *request, struct store *store, struct out *out)
{
    struct trail trail = {.request = request, .store = store};
    struct dossier_read read;
    size_t shown;
    bool found;

    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    TRY(trail_read(&trail, read.dossier.withdrawal));
    shown = page_size(request, trail.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++)
        TRY(row_write(&trail, trail.rows[i], out));
    request_list_end(out, shown < trail.count ? trail.rows[shown - 1]->seq : 0);
    return ERR_NONE;
}

void withdrawal_audit(struct request *request)
{
    request_read(request, audit);
}
