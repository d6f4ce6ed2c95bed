/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "http/event_stream.h"

#define BODY_BYTES_KEPT ((size_t)128 << 10) /* a bigger buffer is not kept for the next request */
#define ARENA_BYTES_KEPT ((size_t)512 << 10)

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* ---- answers ---- */

static void answer_set(struct request *request, int status, bool problem, struct out *out)
{
    INVARIANT(81, !request->answered);
    request->answered = true;
    if (problem)
        request->content_type = NULL; /* whatever was to be told was not */
    request->reply = (struct reply){.status = status, .body = out->data, .body_bytes = out->size, .problem = problem};
    out_init(out);
}

void request_answer(struct request *request, int status, struct out *out)
{
    if (out->failed) {
        out_fini(out);
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    answer_set(request, status, false, out);
}

void request_answer_static(struct request *request, const char *content_type, const char *text, size_t size)
{
    INVARIANT(81, !request->answered);
    request->answered = true;
    request->static_body = true;
    request->content_type = content_type;
    request->reply = (struct reply){.status = MHD_HTTP_OK, .body = text, .body_bytes = size};
}

void request_answer_stream(struct request *request, struct stream *stream)
{
    INVARIANT(81, !request->answered);
    request->answered = true;
    request->stream = stream;
    request->content_type = "text/event-stream";
    request->reply = (struct reply){.status = MHD_HTTP_OK};
}

void request_answer_file(struct request *request, const char *content_type, int fd, int64_t bytes)
{
    INVARIANT(81, !request->answered);
    request->answered = request->has_file = true;
    request->file = fd;
    request->file_bytes = bytes;
    request->content_type = content_type;
    request->reply = (struct reply){.status = MHD_HTTP_OK};
}

void request_header_add(struct request *request, const char *name, const char *value)
{
    INVARIANT(82, request->headers_count < REQUEST_HEADERS_MAX);
    request->headers[request->headers_count++] = (struct header){name, value};
}

/* What there was no memory for is not known to the caller: a fault, whatever was to be told. */
static void spare_answer(struct request *request)
{
    int size =
        snprintf(request->spare, sizeof(request->spare),
                 "{\"type\":\"/problems/unavailable\",\"title\":\"Not available now\",\"status\":503,\"detail\":\"Not "
                 "now. Ask again with the same key.\",\"code\":\"unavailable\",\"request_id\":\"%s\"}",
                 request->id);

    request_answer_static(request, "application/problem+json", request->spare, (size_t)size);
    request->reply.status = MHD_HTTP_SERVICE_UNAVAILABLE;
    request->reply.problem = true;
    request->retry_after_s = 1;
}

static void problem_answer(struct request *request, const struct problem *problem)
{
    struct out out;

    out_init(&out);
    view_problem(&out, problem);
    if (out.failed) {
        out_fini(&out);
        spare_answer(request);
        return;
    }
    answer_set(request, problem->status, true, &out);
}

void request_problem(struct request *request, int status, const char *code, const char *detail)
{
    problem_answer(request,
                   &(struct problem){.status = status, .code = code, .detail = detail, .request_id = request->id});
}

void request_malformed(struct request *request, const struct field_problems *problems)
{
    problem_answer(request, &(struct problem){.status = MHD_HTTP_BAD_REQUEST,
                                              .code = "malformed",
                                              .detail = "The request is not of the expected shape.",
                                              .request_id = request->id,
                                              .fields = problems});
}

bool request_body(struct request *request, const struct shape *shape, void *ret)
{
    struct field_problems problems = {0};
    enum err err = field_read_json(request->body, request->body_size, shape, &request->arena, ret, &problems);

    if (err == ERR_REQUEST)
        request_malformed(request, &problems);
    else if (err != ERR_NONE)
        request_fault(request, err, "no memory for the body");
    return err == ERR_NONE;
}

bool request_period(struct request *request, struct instant now)
{
    struct parameters *asked = &request->parameters;
    struct field_problems problems = {0};

    if (!instant_is_set(asked->to))
        asked->to = instant_add_ms(now, 1);
    if (!instant_is_set(asked->from))
        asked->from = instant_of_days(instant_days(instant_add_ms(asked->to, -1)) - (REQUEST_DAYS_USUAL - 1), 0);
    if (!instant_before(asked->from, asked->to))
        field_problem_add(&problems, "from", "out_of_range", "expected a moment before to");
    else if (asked->to.ms - asked->from.ms > REQUEST_DAYS_MAX * MS_DAY)
        field_problem_add(&problems, "from", "out_of_range", "expected at most 92 days before to");
    if (problems.count > 0)
        request_malformed(request, &problems);
    return problems.count == 0;
}

void request_invalid(struct request *request, const struct field_problems *problems)
{
    problem_answer(request, &(struct problem){.status = MHD_HTTP_UNPROCESSABLE_CONTENT,
                                              .code = "invalid_value",
                                              .detail = problems->items[0].detail,
                                              .request_id = request->id,
                                              .fields = problems});
}

void request_missing(struct request *request)
{
    request_problem(request, MHD_HTTP_NOT_FOUND, "not_found", "There is no such object.");
}

void request_fault(struct request *request, enum err err, const char *reason)
{
    if (err == ERR_FATAL || err == ERR_UNKNOWN)
        log_line(LOG_LEVEL_ERROR, "request failed", "request_id", request->id, "fault", err_name(err), "reason", reason,
                 NULL);
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "unavailable", "Not now. Ask again with the same key.");
}

void request_reply(struct request *request, struct reply *reply)
{
    INVARIANT(81, !request->answered);
    if (reply->body == NULL) {
        spare_answer(request);
        return;
    }
    request->answered = true;
    request->reply = *reply;
    *reply = (struct reply){0};
    if (request->reply.status == MHD_HTTP_TOO_MANY_REQUESTS || request->reply.status == MHD_HTTP_SERVICE_UNAVAILABLE)
        request->retry_after_s = 1;
}

/* ---- to the engine and back ---- */

void request_command(const struct request *request, struct command *command, enum command_kind kind)
{
    memset(command, 0, sizeof(*command));
    command->kind = kind;
    memcpy(command->principal, request->caller.principal, sizeof(command->principal));
    command->roles = request->caller.roles;
    memcpy(command->own_account, request->caller.own_account, sizeof(command->own_account));
    memcpy(command->request_id, request->id, sizeof(command->request_id));
}

/* Once resumed the request is the HTTP thread's again: nothing of it may be touched afterwards. */
static void command_done(struct command *command, struct reply *reply)
{
    struct request *request = command->context;

    request_reply(request, reply);
    request_resume(request);
}

void request_suspend(struct request *request)
{
    request->phase = REQUEST_WAITING;
    MHD_suspend_connection(request->connection);
}

void request_resume(struct request *request)
{
    request->phase = REQUEST_RESUMED;
    MHD_resume_connection(request->connection);
}

void request_submit(struct request *request)
{
    request_submit_for(request, command_done);
}

void request_submit_for(struct request *request, void (*done)(struct command *command, struct reply *reply))
{
    request_suspend(request);
    request_pass_on(request, done);
}

void request_pass_on(struct request *request, void (*done)(struct command *command, struct reply *reply))
{
    request->command.done = done;
    request->command.context = request;
    if (engine_submit(server_config(request->server)->engine, &request->command))
        return;
    request->cookie[0] = '\0';
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests",
                    "Too many requests are waiting. Ask again with the same key.");
    request_resume(request);
}

/* ---- reading ---- */

bool request_load(struct request *request, request_reader *read, struct out *out)
{
    char reason[256] = "";
    struct store *store;
    enum err err = server_reader(request->server, &store, reason);

    if (err != ERR_NONE) {
        request_fault(request, err, reason);
        return false;
    }
    out_init(out);
    err = store_begin(store);
    if (err == ERR_NONE) {
        err = read(request, store, out);
        store_rollback(store);
    }
    if (!request->answered && err == ERR_NONE)
        return true;
    out_fini(out);
    if (!request->answered)
        request_fault(request, err, store_reason(store));
    return false;
}

void request_read(struct request *request, request_reader *read)
{
    struct out out;

    if (request_load(request, read, &out))
        request_answer(request, MHD_HTTP_OK, &out);
}

bool request_sees(const struct request *request, const char *ref, const char *master)
{
    const struct caller *caller = &request->caller;

    if ((caller->roles & (ROLE_FACTS | ROLE_READ | ROLE_REVIEW | ROLE_RESOLVE | ROLE_WITHDRAW)) != 0)
        return true;
    if ((caller->roles & ROLE_CUSTOMER) == 0 || caller->own_account[0] == '\0')
        return false;
    return strcmp(ref, caller->own_account) == 0 || strcmp(master, caller->own_account) == 0;
}

static enum err account_seen(struct request *request, struct store *store, enum query query, struct value arg,
                             struct account **ret)
{
    struct account *account;
    struct rows rows;

    TRY(store_select(store, query, &arg, 1, &account_table, &request->arena, &rows));
    account = rows.count == 1 ? rows.items[0] : NULL;
    *ret = account != NULL && request_sees(request, account->ref, account->master) ? account : NULL;
    if (*ret == NULL)
        request_missing(request);
    return ERR_NONE;
}

enum err request_account(struct request *request, struct store *store, const char *ref, struct account **ret)
{
    return account_seen(request, store, QUERY_ACCOUNT_BY_REF, value_text("ref", ref), ret);
}

enum err request_account_by_id(struct request *request, struct store *store, int64_t id, struct account **ret)
{
    return account_seen(request, store, QUERY_ACCOUNT_BY_ID, value_int("id", id), ret);
}

bool request_prefers_chinese(const struct request *request)
{
    const char *languages = request_header(request, "Accept-Language");

    return languages != NULL && strncasecmp(languages, "zh", 2) == 0;
}

void request_list_begin(struct out *out)
{
    out_object(out, NULL);
    out_array(out, "data");
}

void request_list_end(struct out *out, int64_t last_id)
{
    char cursor[ID_TEXT_BYTES];

    if (last_id != 0)
        cursor_format(last_id, cursor);
    out_array_end(out);
    out_string(out, "next_cursor", last_id != 0 ? cursor : NULL);
    out_object_end(out);
}

/* ---- life ---- */

struct request *request_new(struct server *server)
{
    struct request *request = calloc(1, sizeof(*request));

    if (request == NULL)
        return NULL;
    arena_init(&request->arena, REQUEST_ARENA_BYTES);
    request->server = server;
    return request;
}

void request_reset(struct request *request)
{
    if (!request->static_body)
        reply_fini(&request->reply);
    stream_close(&request->stream);
    if (request->body_capacity > BODY_BYTES_KEPT) {
        free(request->body);
        request->body = NULL;
        request->body_capacity = 0;
    }
    if (request->arena.bytes_used > ARENA_BYTES_KEPT) {
        arena_fini(&request->arena);
        arena_init(&request->arena, REQUEST_ARENA_BYTES);
    } else {
        arena_reset(&request->arena);
    }
    if (request->has_file)
        close(request->file);
    request->has_file = false;
    request->phase = REQUEST_NEW;
    request->connection = NULL;
    request->match = (struct route_match){0};
    request->caller = (struct caller){0};
    request->session = NULL;
    request->own = NULL;
    request->body_size = request->body_seen = 0;
    request->woken = NULL;
    request->batch = NULL;
    request->answered = request->static_body = request->drop = false;
    request->reply = (struct reply){0};
    request->content_type = NULL;
    request->allow[0] = request->cookie[0] = request->filename[0] = '\0';
    request->headers_count = 0;
    request->retry_after_s = 0;
}

void request_free(struct request *request)
{
    request_reset(request);
    arena_fini(&request->arena);
    free(request->body);
    free(request);
}
