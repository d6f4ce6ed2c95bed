/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to a command: the body read along the command's shape, the names from the path, the headers that guard
 * it. */
#include "http/ask.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

static void account_copy(struct command *command, const char *ref)
{
    if (ref != NULL)
        snprintf(command->account, sizeof(command->account), "%s", ref);
}

void ask_name_account(struct command *command)
{
    const void *ask = command->ask;

    if (ask == NULL)
        return;
    if (command->kind == COMMAND_WITHDRAW)
        account_copy(command, ((const struct withdraw_ask *)ask)->account);
    else if (command->kind == COMMAND_TRANSFER)
        account_copy(command, ((const struct transfer_ask *)ask)->from);
    else if (command->kind == COMMAND_ALLOCATE)
        account_copy(command, ((const struct allocation_ask *)ask)->master);
    else if (command->kind == COMMAND_DOCUMENT)
        account_copy(command, ((const struct document_ask *)ask)->account);
    else if (command->kind == COMMAND_TICKET)
        account_copy(command, ((const struct ticket_ask *)ask)->account);
}

/* Method, path and body decide whether a key is used for the same request again; the query says only how to answer. */
static void fingerprint_make(const struct request *request, uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes parts[TARGET_SEGMENTS_MAX + 2];
    size_t count = 0;

    parts[count++] = bytes_of_text(verb_text(request->match.route->verb));
    for (size_t i = 0; i < request->target.segments_count; i++)
        parts[count++] = bytes_of_text(request->target.segments[i]);
    parts[count++] = bytes_of(request->body, request->body_size);
    hash_parts("request", NULL, parts, count, ret, HASH_SHORT_BYTES);
}

/* Only a strong tag that we could have given: "v12", and not "v012". */
static bool version_read(const char *tag, int64_t *ret)
{
    int64_t version = 0;
    size_t size = strlen(tag);

    if (size < 4 || size > 21 || tag[0] != '"' || tag[1] != 'v' || tag[2] == '0' || tag[size - 1] != '"')
        return false;
    for (size_t i = 2; i < size - 1; i++) {
        if (tag[i] < '0' || tag[i] > '9')
            return false;
        version = version * 10 + (tag[i] - '0');
    }
    *ret = version;
    return version > 0;
}

static bool if_match_read(struct request *request)
{
    const char *tag = request_header(request, "If-Match");

    if ((request->match.route->flags & ROUTE_IF_MATCH) == 0)
        return true;
    if (tag == NULL)
        request_problem(request, MHD_HTTP_PRECONDITION_REQUIRED, "precondition_required",
                        "The header If-Match with the withdrawal's ETag is required.");
    else if (!version_read(tag, &request->command.if_match))
        request_problem(request, MHD_HTTP_BAD_REQUEST, "malformed",
                        "If-Match names one strong ETag of the withdrawal.");
    return !request->answered;
}

static bool id_read(struct request *request)
{
    if (request->match.id == NULL || id_parse("wd", request->match.id, &request->command.object_id))
        return true;
    request_missing(request);
    return false;
}

/* A command without members takes an empty body or {}. */
static bool body_read(struct request *request)
{
    const struct shape *shape = command_shape(request->command.kind);
    bool empty = shape == &empty_shape;
    void *ask;

    request->command.ask = NULL;
    if (empty && request->body_size == 0)
        return true;
    ask = arena_alloc(&request->arena, shape->bytes > 0 ? shape->bytes : 1);
    if (ask == NULL) {
        request_fault(request, ERR_RETRY, "no memory for the body");
        return false;
    }
    if (!request_body(request, shape, ask))
        return false;
    request->command.ask = empty ? NULL : ask;
    return true;
}

static void names_fill(struct request *request)
{
    struct command *command = &request->command;
    const struct route_match *match = &request->match;

    account_copy(command, match->account);
    if (match->object != NULL)
        snprintf(command->object, sizeof(command->object), "%s", match->object);
    ask_name_account(command);
}

void command_answer(struct request *request)
{
    request_command(request, &request->command, request->match.route->command);
    if (id_read(request) && if_match_read(request) && body_read(request))
        ask_submit(request);
}

void ask_submit(struct request *request)
{
    struct command *command = &request->command;
    const struct http_route *route = request->match.route;

    names_fill(request);
    command->dry_run = request->parameters.dry_run;
    if ((route->flags & ROUTE_KEY) != 0 && !command->dry_run)
        snprintf(command->idempotency_key, sizeof(command->idempotency_key), "%s",
                 request_header(request, "Idempotency-Key"));
    fingerprint_make(request, command->fingerprint);
    request_submit(request);
}
