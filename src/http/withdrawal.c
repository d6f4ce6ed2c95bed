/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawals as read: one, many, and what happened to one. */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "http/answers.h"
#include "http/dossier.h"

/* The caller has this version already: no body. */
static bool not_modified(struct request *request, int64_t version)
{
    const char *known = request_header(request, "If-None-Match");
    char tag[48];

    snprintf(tag, sizeof(tag), "\"v%lld\"", (long long)version);
    return known != NULL && strcmp(known, tag) == 0;
}

static enum err show(struct request *request, struct store *store, struct out *out)
{
    struct dossier_read read;
    struct out empty;
    bool found;

    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    if (not_modified(request, read.dossier.withdrawal->version)) {
        out_init(&empty);
        request_answer(request, MHD_HTTP_NOT_MODIFIED, &empty);
    } else {
        dossier_write(request, &read, out);
        request_answer(request, MHD_HTTP_OK, out);
    }
    request->reply.version = read.dossier.withdrawal->version;
    return ERR_NONE;
}

void withdrawal_show(struct request *request)
{
    request_read(request, show);
}

/* ---- lists ---- */

static bool status_ok(struct request *request)
{
    struct field_problems problems = {0};
    int status;

    if (request->parameters.status == NULL || word_parse(&withdrawal_status_words, request->parameters.status, &status))
        return true;
    field_problem_add(&problems, "status", "out_of_range", "expected the status of a withdrawal");
    request_malformed(request, &problems);
    return false;
}

static enum err list_select(struct request *request, struct store *store, struct value whose, struct rows *ret)
{
    const struct parameters *asked = &request->parameters;
    struct value args[] = {whose,
                           value_text("status", asked->status),
                           value_int_or_null("from", asked->from.ms),
                           value_int_or_null("to", asked->to.ms),
                           value_int_or_null("before", asked->cursor),
                           value_int("limit", asked->limit + 1)};
    bool members = strcmp(whose.name, "master") == 0;

    return store_select(store, members ? QUERY_WITHDRAWALS_LIST_MEMBERS : QUERY_WITHDRAWALS_LIST, args,
                        ARRAY_COUNT(args), &withdrawal_table, &request->arena, ret);
}

/* Rows of one page mostly belong to few accounts: the last one is at hand. */
static enum err account_of(struct request *request, struct store *store, int64_t id, struct account **at_hand)
{
    struct value arg = value_int("id", id);
    struct rows rows;

    if (*at_hand != NULL && (*at_hand)->id == id)
        return ERR_NONE;
    TRY(store_select(store, QUERY_ACCOUNT_BY_ID, &arg, 1, &account_table, &request->arena, &rows));
    if (rows.count != 1)
        return ERR_FATAL;
    *at_hand = rows.items[0];
    return ERR_NONE;
}

static enum err list_write(struct request *request, struct store *store, const struct rows *rows, struct out *out)
{
    size_t shown = page_size(request, rows->count);
    struct account *account = NULL;
    struct dossier_read read;

    request_list_begin(out);
    for (size_t i = 0; i < shown; i++) {
        struct withdrawal *withdrawal = rows->items[i];
        TRY(account_of(request, store, withdrawal->account, &account));
        TRY(dossier_fill(request, store, withdrawal, account, &read));
        dossier_write(request, &read, out);
    }
    request_list_end(out, shown < rows->count ? ((const struct withdrawal *)rows->items[shown - 1])->id : 0);
    return ERR_NONE;
}

static enum err list(struct request *request, struct store *store, struct out *out)
{
    const char *own = request->caller.own_account, *ref = request->parameters.account;
    struct value whose = own[0] != '\0' ? value_text("master", own) : value_null("account");
    struct account *account;
    struct rows rows;

    if (!status_ok(request))
        return ERR_NONE;
    if (ref != NULL) {
        TRY(request_account(request, store, ref, &account));
        if (account == NULL)
            return ERR_NONE;
        whose = value_int("account", account->id);
    }
    TRY(list_select(request, store, whose, &rows));
    return list_write(request, store, &rows, out);
}

void withdrawals_list(struct request *request)
{
    request_read(request, list);
}

static enum err unresolved(struct request *request, struct store *store, struct out *out)
{
    struct value args[] = {value_int("after", request->parameters.cursor),
                           value_int("limit", request->parameters.limit + 1)};
    struct rows rows;

    TRY(store_select(store, QUERY_WITHDRAWALS_UNRESOLVED, args, ARRAY_COUNT(args), &withdrawal_table, &request->arena,
                     &rows));
    return list_write(request, store, &rows, out);
}

void withdrawals_unresolved(struct request *request)
{
    request_read(request, unresolved);
}

/* ---- what happened ---- */

static enum err events(struct request *request, struct store *store, struct out *out)
{
    struct dossier_read read;
    struct rows rows;
    bool found;

    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    struct value args[] = {value_int("account", read.account->id), value_int("object", read.dossier.withdrawal->id)};
    TRY(store_select(store, QUERY_EVENTS_BY_OBJECT, args, ARRAY_COUNT(args), &event_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        view_event(out, rows.items[i], read.account->ref);
    request_list_end(out, 0);
    return ERR_NONE;
}

void withdrawal_events(struct request *request)
{
    request_read(request, events);
}

/* ---- what was sent ---- */

/* For staff: a key is what a channel is asked by, and what two people decide on. */
static enum err attempts(struct request *request, struct store *store, struct out *out)
{
    struct dossier_read read;
    struct rows rows;
    bool found;

    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    struct value arg = value_int("withdrawal", read.dossier.withdrawal->id);
    TRY(store_select(store, QUERY_ATTEMPTS_BY_WITHDRAWAL, &arg, 1, &attempt_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        view_attempt(out, rows.items[i]);
    request_list_end(out, 0);
    return ERR_NONE;
}

void withdrawal_attempts(struct request *request)
{
    request_read(request, attempts);
}
