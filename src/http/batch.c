/* SPDX-License-Identifier: Apache-2.0 */
/* POST /v1/batch: a command a line, a result a line, each line atomic by itself.
 *
 * The shape of a line is the shape of the command's body with `op` and the names that otherwise stand in the path in
 * front. Lines go to the engine in windows, in their order; a line that is not understood gets its problem and stops
 * nobody. One that cannot be taken now (503) holds up all behind it, so that the order stays. */
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/answers.h"
#include "http/ask.h"
#include "http/batch.h"
#include "http/request.h"

#define WINDOW 1024 /* leaves room in the engine's queue for others */
#define LINE_FIELDS_MAX 24

/* In front of every line's ask. */
struct line_head {
    const char *op, *account, *object;
};

/* X(command, member that names the account or NULL, member that names the object or NULL) */
/* clang-format off */
#define OPS(X)                                                                                                         \
    X(COMMAND_ACCOUNT_PUT, "account", NULL)                                                                            \
    X(COMMAND_TOPUP, "account", NULL)                                                                                  \
    X(COMMAND_CHARGE, "account", NULL)                                                                                 \
    X(COMMAND_CHARGE_REVERSE, "account", "charge")                                                                     \
    X(COMMAND_CHARGEBACK, "account", "topup")                                                                          \
    X(COMMAND_CLAIM_PUT, "account", "claim")                                                                           \
    X(COMMAND_RESOURCE_PUT, "account", "resource")                                                                     \
    X(COMMAND_CREDIT, "account", NULL)                                                                                 \
    X(COMMAND_TRANSFER, NULL, NULL) X(COMMAND_RECALL, NULL, "ref") X(COMMAND_ALLOCATE, NULL, NULL)                     \
        X(COMMAND_INVOICED_PUT, NULL, "ref") X(COMMAND_RECLAIM, NULL, "ref")
/* clang-format on */

static const struct op {
    enum command_kind kind;
    const char *account, *object;
} ops[] = {
#define OP_ENTRY(kind, account, object) {kind, account, object},
    OPS(OP_ENTRY)
#undef OP_ENTRY
};
static struct shape op_shapes[ARRAY_COUNT(ops)];
static struct field op_fields[ARRAY_COUNT(ops)][LINE_FIELDS_MAX];
static pthread_once_t op_shapes_made = PTHREAD_ONCE_INIT;

struct line {
    struct command command;
    struct reply reply;
    struct batch *batch;
    bool asked; /* has a command */
};

struct batch {
    struct request *request;
    struct line *lines;
    size_t count, next;       /* next to be submitted */
    _Atomic bool held_up;     /* a line was not taken: none behind it is, for it may need that one or replace it */
    _Atomic size_t in_flight; /* one more while a window is being submitted */
};

/* ---- shapes ---- */

static void op_shape_make(size_t index)
{
    const struct op *op = &ops[index];
    const struct shape *body = command_shape(op->kind);
    struct field *fields = op_fields[index];
    size_t count = 0;

    INVARIANT(83, body->fields_count + 3 <= LINE_FIELDS_MAX);
    fields[count++] = (struct field){.name = "op", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED};
    if (op->account != NULL)
        fields[count++] = (struct field){.name = op->account,
                                         .kind = FIELD_REF,
                                         .flags = FIELD_REQUIRED,
                                         .offset = offsetof(struct line_head, account)};
    if (op->object != NULL)
        fields[count++] = (struct field){.name = op->object,
                                         .kind = FIELD_REF,
                                         .flags = FIELD_REQUIRED,
                                         .offset = offsetof(struct line_head, object)};
    for (size_t i = 0; i < body->fields_count; i++) {
        fields[count] = body->fields[i];
        fields[count].offset += sizeof(struct line_head);
        if (fields[count].present_offset != 0)
            fields[count].present_offset += sizeof(struct line_head);
        count++;
    }
    op_shapes[index] =
        (struct shape){word_text(&command_words, (int)op->kind), sizeof(struct line_head) + body->bytes, fields, count};
}

static void op_shapes_make(void)
{
    for (size_t i = 0; i < ARRAY_COUNT(ops); i++)
        op_shape_make(i);
}

/* ---- reading a line ---- */

static size_t op_named(const char *name, size_t size)
{
    for (size_t i = 0; i < ARRAY_COUNT(ops); i++) {
        const char *text = op_shapes[i].name;
        if (strlen(text) == size && memcmp(text, name, size) == 0)
            return i;
    }
    return ARRAY_COUNT(ops);
}

static const char *blanks_skip(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* The text after `"op":`, or NULL. The same letters as somebody's value have no colon behind them. */
static const char *op_value(const char *line, const char *end)
{
    for (const char *at = line; at != NULL && at < end;) {
        at = memmem(at, (size_t)(end - at), "\"op\"", 4);
        if (at == NULL)
            return NULL;
        at = blanks_skip(at + 4, end);
        if (at < end && *at == ':')
            return blanks_skip(at + 1, end);
    }
    return NULL;
}

/* A guess from the text, so that a line is parsed once: the strict reading afterwards says whether it was right. */
static size_t op_guess(const char *line, size_t size)
{
    const char *end = line + size, *at = op_value(line, end), *close;

    if (at == NULL || at >= end || *at != '"')
        return ARRAY_COUNT(ops);
    at++;
    close = memchr(at, '"', (size_t)(end - at));
    return close != NULL ? op_named(at, (size_t)(close - at)) : ARRAY_COUNT(ops);
}

static void line_problem(struct line *line, int status, const char *code, const char *detail,
                         const struct field_problems *problems)
{
    struct out out;

    out_init(&out);
    view_problem(&out, &(struct problem){.status = status,
                                         .code = code,
                                         .detail = detail,
                                         .request_id = line->batch->request->id,
                                         .fields = problems});
    if (out.failed)
        out_fini(&out);
    line->reply = (struct reply){.status = status, .body = out.data, .body_bytes = out.size, .problem = true};
}

/* A line whose problem found no memory is not known: a fault, whatever was to be told. */
static void line_write(struct out *out, size_t number, const struct request *request, const struct reply *reply)
{
    bool missing = reply->body == NULL;

    out_format(out, "{\"line\":%zu,\"status\":%d,\"body\":", number,
               missing ? MHD_HTTP_SERVICE_UNAVAILABLE : reply->status);
    if (missing)
        view_problem(out, &(struct problem){.status = MHD_HTTP_SERVICE_UNAVAILABLE,
                                            .code = "unavailable",
                                            .detail = "Not now. Send the line again.",
                                            .request_id = request->id});
    else
        out_bytes(out, reply->body, reply->body_bytes);
    out_bytes(out, "}\n", 2);
}

static void line_command(struct line *line, const struct op *op, const struct line_head *head, const char *text,
                         size_t size)
{
    struct command *command = &line->command;
    const struct bytes part = bytes_of(text, size);

    request_command(line->batch->request, command, op->kind);
    if (head->account != NULL)
        snprintf(command->account, sizeof(command->account), "%s", head->account);
    if (head->object != NULL)
        snprintf(command->object, sizeof(command->object), "%s", head->object);
    command->held_up = &line->batch->held_up;
    command->ask = command_shape(op->kind) != &empty_shape ? (const void *)(head + 1) : NULL;
    ask_name_account(command);
    hash_parts("batch", NULL, &part, 1, command->fingerprint, sizeof(command->fingerprint));
    line->asked = true;
}

/* ERR_REQUEST: see `problems`. */
static enum err line_parse(const char *text, size_t size, struct arena *arena, struct field_problems *problems,
                           size_t *ret_index, struct line_head **ret_head)
{
    size_t index = op_guess(text, size);
    struct line_head *head;

    if (index == ARRAY_COUNT(ops)) {
        field_problem_add(problems, "/op", "out_of_range", "expected the name of an operation");
        return ERR_REQUEST;
    }
    head = arena_alloc(arena, op_shapes[index].bytes);
    if (head == NULL)
        return ERR_RETRY;
    TRY(field_read_json(text, size, &op_shapes[index], arena, head, problems));
    if (strcmp(head->op, op_shapes[index].name) != 0) {
        field_problem_add(problems, "/op", "malformed", "expected the name of an operation");
        return ERR_REQUEST;
    }
    *ret_index = index;
    *ret_head = head;
    return ERR_NONE;
}

enum err batch_line_check(const char *text, size_t size, struct arena *arena, struct field_problems *problems)
{
    struct line_head *head;
    size_t index;

    pthread_once(&op_shapes_made, op_shapes_make);
    return line_parse(text, size, arena, problems, &index, &head);
}

static const struct field *member_named(const struct shape *shape, const char *name, size_t size)
{
    for (size_t i = 0; shape != NULL && i < shape->fields_count; i++)
        if (strncmp(shape->fields[i].name, name, size) == 0 && shape->fields[i].name[size] == '\0')
            return &shape->fields[i];
    return NULL;
}

bool batch_member_kind(const char *op, const char *path, enum field_kind *ret)
{
    size_t size = strcspn(path, ".");

    pthread_once(&op_shapes_made, op_shapes_make);
    for (size_t i = 0; i < ARRAY_COUNT(ops); i++) {
        const struct field *field;

        if (op != NULL && strcmp(op, op_shapes[i].name) != 0)
            continue;
        field = member_named(&op_shapes[i], path, size);
        if (field != NULL && path[size] == '.')
            field = member_named(field->shape, path + size + 1, strlen(path + size + 1));
        if (field != NULL) {
            *ret = field->kind;
            return true;
        }
    }
    return false;
}

/* False: not now, and so nothing behind it either. */
static bool line_read(struct line *line, const char *text, size_t size)
{
    struct field_problems problems = {0};
    struct line_head *head = NULL;
    size_t index = 0;
    enum err err = line_parse(text, size, &line->batch->request->arena, &problems, &index, &head);

    if (err == ERR_REQUEST)
        line_problem(line, MHD_HTTP_BAD_REQUEST, "malformed", "The line is not of the expected shape.", &problems);
    else if (err == ERR_NONE)
        line_command(line, &ops[index], head, text, size);
    return err == ERR_NONE || err == ERR_REQUEST;
}

/* ---- to the engine and back ---- */

static void batch_leave(struct batch *batch)
{
    if (atomic_fetch_sub(&batch->in_flight, 1) == 1)
        request_resume(batch->request);
}

static void line_done(struct command *command, struct reply *reply)
{
    struct line *line = command->context;

    line->reply = *reply;
    *reply = (struct reply){0};
    batch_leave(line->batch);
}

/* The extra one in flight keeps the request ours until the whole window is submitted. False: not one line was taken. */
static bool window_submit(struct batch *batch)
{
    struct engine *engine = server_config(batch->request->server)->engine;
    size_t taken = 0;

    for (; batch->next < batch->count && taken < WINDOW; batch->next++) {
        struct line *line = &batch->lines[batch->next];
        if (!line->asked)
            continue;
        line->command.done = line_done;
        line->command.context = line;
        line->command.patient = true; /* a window bounds them */
        atomic_fetch_add(&batch->in_flight, 1);
        if (!engine_submit(engine, &line->command)) {
            atomic_fetch_sub(&batch->in_flight, 1);
            break;
        }
        taken++;
    }
    return taken > 0;
}

static void rest_refuse(struct batch *batch)
{
    for (; batch->next < batch->count; batch->next++)
        if (batch->lines[batch->next].asked)
            line_problem(&batch->lines[batch->next], MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests",
                         "Too many requests are waiting. Send the line again.", NULL);
}

static void batch_finish(struct batch *batch)
{
    struct request *request = batch->request;
    struct out out;

    out_init(&out);
    for (size_t i = 0; i < batch->count; i++) {
        struct reply *reply = &batch->lines[i].reply;
        line_write(&out, i + 1, request, reply);
        reply_fini(reply);
    }
    free(batch->lines);
    free(batch);
    request->batch = NULL;
    request->woken = NULL;
    request->content_type = "application/x-ndjson";
    request_answer(request, MHD_HTTP_OK, &out);
}

static void batch_go_on(struct request *request)
{
    struct batch *batch = request->batch;

    while (batch->next < batch->count && !batch->lines[batch->next].asked)
        batch->next++;
    if (batch->next == batch->count) {
        batch_finish(batch);
        return;
    }
    atomic_store(&batch->in_flight, 1);
    request_suspend(request);
    if (!window_submit(batch))
        rest_refuse(batch);
    batch_leave(batch);
}

/* ---- the whole ---- */

static size_t lines_count(const char *body, size_t size)
{
    size_t count = 0;

    for (const char *at = body, *end = body + size; at < end; at++, count++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return count + 1;
    }
    return count;
}

static void lines_read(struct batch *batch)
{
    const char *at = batch->request->body;
    const char *end = at + batch->request->body_size;
    bool now = true;

    for (size_t i = 0; i < batch->count; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop != NULL ? stop : end) - at);
        batch->lines[i].batch = batch;
        now = now && line_read(&batch->lines[i], at, size);
        if (!now)
            line_problem(&batch->lines[i], MHD_HTTP_SERVICE_UNAVAILABLE, "unavailable", "Not now. Send the line again.",
                         NULL);
        at += size + 1;
    }
}

void batch_answer(struct request *request)
{
    size_t count = lines_count(request->body, request->body_size);
    struct batch *batch;

    pthread_once(&op_shapes_made, op_shapes_make);
    if (count > BATCH_LINES_MAX) {
        request_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "A batch has at most 10000 lines.");
        return;
    }
    batch = calloc(1, sizeof(*batch));
    if (batch != NULL)
        batch->lines = calloc(count + 1, sizeof(*batch->lines));
    if (batch == NULL || batch->lines == NULL) {
        free(batch);
        request_fault(request, ERR_RETRY, "no memory for the batch");
        return;
    }
    batch->request = request;
    batch->count = count;
    request->batch = batch;
    request->woken = batch_go_on;
    lines_read(batch);
    batch_go_on(request);
}
