/* SPDX-License-Identifier: Apache-2.0 */
#include "http/dossier.h"

#include <string.h>

static const char *topup_ref(const struct rows *topups, int64_t id)
{
    for (size_t i = 0; i < topups->count; i++) {
        const struct topup *topup = topups->items[i];
        if (topup->id == id)
            return topup->ref;
    }
    return NULL;
}

static enum err refs_fill(struct request *request, struct store *store, struct dossier_read *ret)
{
    struct value arg = value_int("withdrawal", ret->dossier.withdrawal->id);
    struct rows topups;
    const char **refs;

    TRY(store_select(store, QUERY_TOPUPS_BY_WITHDRAWAL, &arg, 1, &topup_table, &request->arena, &topups));
    refs = arena_alloc(&request->arena, (ret->dossier.lots_count + 1) * sizeof(*refs));
    if (refs == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ret->dossier.lots_count; i++)
        refs[i] = topup_ref(&topups, ret->dossier.lots[i]->topup);
    ret->topup_refs = refs;
    return ERR_NONE;
}

/* Whoever is asked for documents is told which. */
static enum err reviews_fill(struct request *request, struct store *store, struct dossier *dossier)
{
    struct value arg = value_int("withdrawal", dossier->withdrawal->id);
    struct rows reviews;

    if (dossier->withdrawal->status != WITHDRAWAL_NEED_DOCUMENTS)
        return ERR_NONE;
    TRY(store_select(store, QUERY_REVIEWS_BY_WITHDRAWAL, &arg, 1, &review_table, &request->arena, &reviews));
    dossier->reviews = (struct review **)reviews.items;
    dossier->reviews_count = reviews.count;
    return ERR_NONE;
}

enum err dossier_fill(struct request *request, struct store *store, struct withdrawal *withdrawal,
                      struct account *account, struct dossier_read *ret)
{
    struct value arg = value_int("withdrawal", withdrawal->id);
    struct rows legs, lots;

    *ret = (struct dossier_read){.dossier = {.withdrawal = withdrawal}, .account = account};
    TRY(store_select(store, QUERY_LEGS_BY_WITHDRAWAL, &arg, 1, &leg_table, &request->arena, &legs));
    TRY(store_select(store, QUERY_LOTS_BY_WITHDRAWAL, &arg, 1, &lot_table, &request->arena, &lots));
    ret->dossier.legs = (struct leg **)legs.items;
    ret->dossier.legs_count = legs.count;
    ret->dossier.lots = (struct lot **)lots.items;
    ret->dossier.lots_count = lots.count;
    TRY(refs_fill(request, store, ret));
    TRY(reviews_fill(request, store, &ret->dossier));
    ret->policy =
        policies_find(server_config(request->server)->policies, withdrawal->policy, withdrawal->policy_version);
    return ret->policy != NULL ? ERR_NONE : ERR_FATAL;
}

enum err dossier_read(struct request *request, struct store *store, const char *id_text, struct dossier_read *ret,
                      bool *ret_found)
{
    struct value arg = {0};
    struct account *account;
    struct withdrawal *withdrawal;
    struct rows rows = {0};
    int64_t id;

    *ret_found = false;
    if (id_parse("wd", id_text, &id)) {
        arg = value_int("id", id);
        TRY(store_select(store, QUERY_WITHDRAWAL_BY_ID, &arg, 1, &withdrawal_table, &request->arena, &rows));
    }
    if (rows.count == 0) {
        request_missing(request);
        return ERR_NONE;
    }
    withdrawal = rows.items[0];
    TRY(request_account_by_id(request, store, withdrawal->account, &account));
    if (account == NULL)
        return ERR_NONE;
    *ret_found = true;
    return dossier_fill(request, store, withdrawal, account, ret);
}

void dossier_write(struct request *request, const struct dossier_read *read, struct out *out)
{
    view_withdrawal(out, &read->dossier, read->policy, read->account->ref, read->topup_refs,
                    request_prefers_chinese(request));
}
