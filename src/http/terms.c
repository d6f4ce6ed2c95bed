/* SPDX-License-Identifier: Apache-2.0 */
/* What an account's policy asks of a withdrawal, and the cases that were opened for it. */
#include "http/answers.h"
#include "http/request.h"

static enum err terms(struct request *request, struct store *store, struct out *out)
{
    const struct policy *policy;
    struct account *account;

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL)
        return ERR_NONE;
    policy = policies_find(server_config(request->server)->policies, account->policy, 0);
    if (policy == NULL)
        return ERR_FATAL;
    view_terms(out, policy);
    return ERR_NONE;
}

void account_terms(struct request *request)
{
    request_read(request, terms);
}

static enum err cases(struct request *request, struct store *store, struct out *out)
{
    struct account *account;
    struct rows rows;
    struct value arg;

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL)
        return ERR_NONE;
    arg = value_int("account", account->id);
    TRY(store_select(store, QUERY_TICKETS_BY_ACCOUNT, &arg, 1, &ticket_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = rows.count; i > 0; i--)
        view_ticket(out, rows.items[i - 1], account->ref);
    request_list_end(out, 0);
    return ERR_NONE;
}

void account_cases(struct request *request)
{
    request_read(request, cases);
}
