/* SPDX-License-Identifier: Apache-2.0 */
/* What an account is, has, and may have back. */
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

static enum err identity_load(struct request *request, struct store *store, const struct account *account,
                              const struct identity **ret)
{
    struct value arg = value_int("account", account->id);
    struct rows rows;

    TRY(store_select(store, QUERY_IDENTITY_BY_ACCOUNT, &arg, 1, &identity_table, &request->arena, &rows));
    *ret = rows.count == 1 ? rows.items[0] : NULL;
    return ERR_NONE;
}

static enum err show(struct request *request, struct store *store, struct out *out)
{
    struct account *account;
    const struct identity *identity;

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL)
        return ERR_NONE;
    TRY(identity_load(request, store, account, &identity));
    view_account(out, account, identity, engine_now(server_config(request->server)->engine));
    return ERR_NONE;
}

void account_show(struct request *request)
{
    request_read(request, show);
}

/* Staff see every account, or those of one master, or look for one by how its ref begins; a customer its own and its
 * members. */
static enum err list_rows(struct request *request, struct store *store, struct rows *ret)
{
    const struct parameters *asked = &request->parameters;
    const char *own = request->caller.own_account[0] != '\0' ? request->caller.own_account : NULL;
    const char *master = asked->master != NULL ? asked->master : own;
    struct value args[] = {value_int("after", asked->cursor), value_int("limit", asked->limit + 1),
                           value_text("master", master), value_text("own", asked->master != NULL ? NULL : own)};

    if (asked->query != NULL) {
        struct value looked[] = {value_text("query", asked->query), value_int("limit", asked->limit)};

        return store_select(store, QUERY_ACCOUNTS_BY_PREFIX, looked, 2, &account_table, &request->arena, ret);
    }
    return store_select(store, master != NULL ? QUERY_ACCOUNTS_OF_FAMILY : QUERY_ACCOUNTS_LIST, args,
                        master != NULL ? 4 : 2, &account_table, &request->arena, ret);
}

/* A customer that asks for another one's members gets none, as if there were none. */
static enum err list(struct request *request, struct store *store, struct out *out)
{
    struct rows rows;
    struct instant now = engine_now(server_config(request->server)->engine);
    size_t shown, seen = 0;

    TRY(list_rows(request, store, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++) {
        const struct account *account = rows.items[i];
        if (!request_sees(request, account->ref, account->master))
            continue;
        view_account(out, account, NULL, now);
        seen++;
    }
    request_list_end(out, seen > 0 && shown < rows.count ? ((const struct account *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void accounts_list(struct request *request)
{
    request_read(request, list);
}

static enum err topups(struct request *request, struct store *store, struct out *out)
{
    struct account *account;
    struct rows rows;
    size_t shown;

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL)
        return ERR_NONE;
    struct value args[] = {value_int("account", account->id), value_int_or_null("before", request->parameters.cursor),
                           value_int("limit", request->parameters.limit + 1)};
    TRY(store_select(store, QUERY_TOPUPS_ALL_BY_ACCOUNT, args, ARRAY_COUNT(args), &topup_table, &request->arena,
                     &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++)
        view_topup(out, rows.items[i], account);
    request_list_end(out, shown < rows.count ? ((const struct topup *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void account_topups(struct request *request)
{
    request_read(request, topups);
}
