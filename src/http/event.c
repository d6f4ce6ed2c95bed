/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, in order, for those who follow: outbound events and the audit. */
#include <microhttpd.h>

#include "http/answers.h"
#include "http/event_stream.h"
#include "http/request.h"
#include "http/trail.h"
#include "notify/told.h"

static enum err account_ref(struct request *request, struct store *store, int64_t id, int64_t *known_id,
                            const char **known_ref)
{
    struct value arg = value_int("id", id);
    struct rows rows;

    if (*known_id == id)
        return ERR_NONE;
    TRY(store_select(store, QUERY_ACCOUNT_BY_ID, &arg, 1, &account_table, &request->arena, &rows));
    *known_id = id;
    *known_ref = rows.count == 1 ? ((const struct account *)rows.items[0])->ref : NULL;
    return ERR_NONE;
}

static enum err events(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct value whose = value_null("account");
    struct account *account;
    struct rows rows;
    int64_t known_id = 0, last = 0;
    const char *ref = NULL;

    if (asked->account != NULL) {
        TRY(request_account(request, store, asked->account, &account));
        if (account == NULL)
            return ERR_NONE;
        whose = value_int("account", account->id);
    }
    struct value args[] = {whose, value_int("after", asked->cursor), value_int("limit", asked->limit + 1)};
    TRY(store_select(store, QUERY_EVENTS_LIST, args, ARRAY_COUNT(args), &event_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < page_size(request, rows.count); i++) {
        const struct event *event = rows.items[i];
        TRY(account_ref(request, store, event->account, &known_id, &ref));
        view_event(out, event, ref);
        last = event->id;
    }
    request_list_end(out, page_size(request, rows.count) < rows.count ? last : 0);
    return ERR_NONE;
}

void events_list(struct request *request)
{
    request_read(request, events);
}

/* A customer hears of its own account, and of another one that it may see when it names it. */
static enum err stream_account(struct request *request, struct store *store, int64_t *ret)
{
    const char *ref = request->parameters.account;
    struct account *account;

    *ret = 0;
    if (ref == NULL && request->caller.own_account[0] != '\0')
        ref = request->caller.own_account;
    if (ref == NULL)
        return ERR_NONE;
    TRY(request_account(request, store, ref, &account));
    *ret = account != NULL ? account->id : 0;
    return ERR_NONE;
}

/* Goes on after what the client heard last; otherwise begins with what happens from now on. */
static enum err stream_after(struct request *request, struct store *store, int64_t *ret)
{
    const char *last = request_header(request, "Last-Event-ID");

    if (last == NULL || last[0] == '\0') {
        TRY(told_newest(store, ret));
        *ret = *ret > 0 ? *ret : 1;
    } else if (!cursor_parse(last, ret)) {
        request_problem(request, MHD_HTTP_BAD_REQUEST, "malformed",
                        "Last-Event-ID is not the id of an event of this stream.");
    }
    return ERR_NONE;
}

static enum err stream(struct request *request, struct store *store, struct out *out)
{
    const struct caller *caller = &request->caller;
    struct stream_ask ask = {.principal = caller->principal, .internal = caller->own_account[0] == '\0'};
    struct stream *opened;
    enum err err;

    (void)out;
    TRY(stream_account(request, store, &ask.account));
    if (!request->answered)
        TRY(stream_after(request, store, &ask.after));
    if (request->answered)
        return ERR_NONE;
    err = stream_open(server_streams(request->server), &ask, request->connection, &opened);
    if (err == ERR_NONE) {
        request_answer_stream(request, opened);
    } else if (err == ERR_REQUEST) {
        request->retry_after_s = STREAM_HEARTBEAT_S;
        request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests",
                        "There are as many streams as there may be; close one, or ask again later.");
        err = ERR_NONE;
    }
    return err;
}

void events_stream(struct request *request)
{
    request_read(request, stream);
}

void audit_members_write(struct out *out, const struct audit_row *row)
{
    char hash[2 * HASH_BYTES + 1];

    hash_hex(row->hash, sizeof(row->hash), hash);
    out_int(out, "seq", row->seq);
    out_instant(out, "at", row->at);
    out_string(out, "principal", row->principal);
    out_string(out, "command", row->command);
    out_id(out, "account", "ac", row->account);
    out_id(out, "object", "ob", row->object);
    out_raw(out, "body", row->body, row->body != NULL ? __builtin_strlen(row->body) : 0);
    out_string(out, "hash", hash);
}

static enum err audit(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct value args[] = {asked->newest_first ? value_int_or_null("before", asked->cursor)
                                               : value_int("after", asked->cursor),
                           value_int("limit", asked->limit + 1)};
    struct rows rows;
    size_t shown;

    TRY(store_select(store, asked->newest_first ? QUERY_AUDIT_NEWEST : QUERY_AUDIT_LIST, args, ARRAY_COUNT(args),
                     &audit_table, &request->arena, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++) {
        out_object(out, NULL);
        audit_members_write(out, rows.items[i]);
        out_object_end(out);
    }
    request_list_end(out, shown < rows.count ? ((const struct audit_row *)rows.items[shown - 1])->seq : 0);
    return ERR_NONE;
}

void audit_list(struct request *request)
{
    request_read(request, audit);
}
