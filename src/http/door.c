/* SPDX-License-Identifier: Apache-2.0 */
/* The checks at the door, in this order: framing, path, method, caller, role, what the path names, parameters, headers,
 * body. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

/* A body that is refused is still read, so that the caller sees the answer; beyond this the connection is closed. */
#define BODY_BYTES_DRAINED ((size_t)16 << 20)
/* A body that trickles in holds a place and its memory, and who asked may be somebody else by then. */
#define REQUEST_US_MAX ((int64_t)60 * 1000000)
#define CALLER_US_MAX ((int64_t)1000000) /* for so long it is known who asks */

static enum verb verb_of(const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        return VERB_GET;
    for (int verb = 0; verb < VERB__COUNT; verb++)
        if (strcmp(method, verb_text((enum verb)verb)) == 0)
            return (enum verb)verb;
    return VERB__COUNT;
}

/* The caller's own id when it is harmless, so that both sides' logs meet; else one of ours. */
static void request_id_choose(struct request *request)
{
    const char *given = request_header(request, "Request-Id");
    size_t size = given != NULL ? strlen(given) : 0;

    if (size > 0 && size < REQUEST_ID_BYTES && field_ref_ok(given))
        memcpy(request->id, given, size + 1);
    else
        server_request_id(request->server, request->id);
}

/* Headers that decide something: two of them would let a proxy in front of us and us decide differently. */
enum { SINGLE_CONTENT_LENGTH, SINGLE_TRANSFER_ENCODING, SINGLE__COUNT = 10 };
static const char *const singles[SINGLE__COUNT] = {
    [SINGLE_CONTENT_LENGTH] = "Content-Length",
    [SINGLE_TRANSFER_ENCODING] = "Transfer-Encoding",
    "Host",
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "Content-Type",
    "Cookie",
    "Origin",
    "Ebb-Session",
};

struct singles_seen {
    int counts[SINGLE__COUNT];
    bool coded; /* by something else than chunks */
};

static enum MHD_Result single_note(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct singles_seen *seen = context;

    (void)kind;
    for (size_t i = 0; i < SINGLE__COUNT; i++)
        seen->counts[i] += strcasecmp(name, singles[i]) == 0;
    if (strcasecmp(name, singles[SINGLE_TRANSFER_ENCODING]) == 0)
        seen->coded = value == NULL || strcasecmp(value, "chunked") != 0;
    return MHD_YES;
}

/* Where one request ends and the next begins must be beyond doubt; otherwise nothing more is read. */
static void framing_check(struct request *request)
{
    struct singles_seen seen = {0};
    bool twice = false;

    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, single_note, &seen);
    for (size_t i = 0; i < SINGLE__COUNT; i++)
        twice = twice || seen.counts[i] > 1;
    if (!twice && !seen.coded &&
        (seen.counts[SINGLE_CONTENT_LENGTH] == 0 || seen.counts[SINGLE_TRANSFER_ENCODING] == 0))
        return;
    request_problem(request, MHD_HTTP_BAD_REQUEST, "malformed",
                    twice ? "A header that may be there once came twice."
                          : "The body's length is ambiguous: give Content-Length, or Transfer-Encoding: chunked.");
    request->drop = true;
}

static void route_choose(struct request *request, const char *method)
{
    const struct http_config *config = server_config(request->server);

    if (request->target_verdict == TARGET_TOO_LONG) {
        request_problem(request, MHD_HTTP_URI_TOO_LONG, "uri_too_long", "The URL is longer than 2048 bytes.");
        return;
    }
    if (request->target_verdict == TARGET_MALFORMED) {
        request_problem(request, MHD_HTTP_BAD_REQUEST, "malformed", "The URL is not well-formed.");
        return;
    }
    request->match = route_find(&request->target, verb_of(method), config->demo);
    if (request->match.route != NULL)
        return;
    if (request->match.allowed == 0) {
        request_missing(request);
        return;
    }
    route_allow(request->match.allowed, request->allow);
    request_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not take that method.");
}

static enum err caller_find(struct request *request, const char *token)
{
    const struct http_config *config = server_config(request->server);
    char reason[256];
    struct store *store;

    if (config->demo && caller_of_demo_token(token, &request->caller) != NULL)
        return ERR_NONE;
    TRY(server_reader(request->server, &store, reason));
    return caller_of_key(store, server_keys(request->server), config->vault, token, engine_now(config->engine),
                         &request->arena, &request->caller);
}

static void caller_check(struct request *request)
{
    const struct http_route *route = request->match.route;
    const char *authorization, *token;
    enum err err = ERR_REQUEST;

    if ((route->flags & ROUTE_OPEN) != 0)
        return;
    authorization = request_header(request, "Authorization");
    token = caller_bearer(authorization);
    if (token != NULL)
        err = caller_find(request, token);
    else if (authorization == NULL)
        err = session_find(request);
    if (err == ERR_REQUEST)
        request_problem(request, MHD_HTTP_UNAUTHORIZED, "unauthorized",
                        "A valid bearer token, or a session, is needed.");
    else if (err != ERR_NONE)
        request_fault(request, err, "the caller's key could not be looked up");
    else if ((request->caller.roles & route->roles) == 0)
        request_problem(request, MHD_HTTP_FORBIDDEN, "forbidden", "Your role does not include this.");
}

/* A name that cannot exist is malformed where it would be created, and missing everywhere else. */
static void path_check(struct request *request)
{
    const struct route_match *match = &request->match;
    bool account_ok = match->account == NULL || field_ref_ok(match->account);
    bool object_ok = match->object == NULL || field_ref_ok(match->object);
    struct field_problems problems = {0};

    if (account_ok && object_ok)
        return;
    if ((match->route->flags & ROUTE_NAMES) == 0) {
        request_missing(request);
        return;
    }
    field_problem_add(&problems, "", "malformed", "a name in the path has 1-64 characters of A-Z a-z 0-9 . _ : @ -");
    request_malformed(request, &problems);
}

static void parameters_check(struct request *request)
{
    struct field_problems problems = {0};
    int64_t limit_max = request->match.route->answer == demo_messages ? LIST_LIMIT_MESSAGES : LIST_LIMIT_MAX;

    if (!parameters_read(&request->target, request->match.route->parameters, limit_max, &request->parameters,
                         &problems))
        request_malformed(request, &problems);
}

static bool key_ok(const char *key)
{
    size_t size = strlen(key);

    for (size_t i = 0; i < size; i++)
        if (key[i] < 0x20 || key[i] > 0x7e)
            return false;
    return size >= 1 && size <= 255;
}

static void key_check(struct request *request)
{
    const char *key;

    if ((request->match.route->flags & ROUTE_KEY) == 0 || request->parameters.dry_run)
        return;
    key = request_header(request, "Idempotency-Key");
    if (key == NULL || *key == '\0')
        request_problem(request, MHD_HTTP_BAD_REQUEST, "idempotency_key_missing",
                        "The header Idempotency-Key is required.");
    else if (!key_ok(key))
        request_problem(request, MHD_HTTP_BAD_REQUEST, "malformed",
                        "Idempotency-Key has 1 to 255 printable ASCII characters.");
}

static bool media_type_is(const char *given, const char *wanted)
{
    size_t size = strlen(wanted);

    return given != NULL && strncasecmp(given, wanted, size) == 0 &&
           (given[size] == '\0' || given[size] == ';' || given[size] == ' ');
}

static void media_type_check(struct request *request)
{
    const struct http_route *route = request->match.route;
    const char *length = request_header(request, "Content-Length"), *type = request_header(request, "Content-Type");
    bool lines = (route->flags & ROUTE_LINES) != 0;
    bool empty = request_header(request, "Transfer-Encoding") == NULL && (length == NULL || strcmp(length, "0") == 0);

    if (route->verb == VERB_GET || empty || (route->flags & ROUTE_RAW) != 0)
        return;
    if (media_type_is(type, "application/json") || (lines && media_type_is(type, "application/x-ndjson")))
        return;
    request_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
                    lines ? "The body is application/x-ndjson." : "The body is application/json.");
}

static size_t body_bytes_max(const struct request *request)
{
    const struct http_route *route = request->match.route;

    return route == NULL || route->verb == VERB_GET ? 0
           : (route->flags & ROUTE_LARGE) != 0      ? BODY_BYTES_LARGE
                                                    : BODY_BYTES_SMALL;
}

static void too_large(struct request *request)
{
    if (!request->answered)
        request_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "too_large", "The body is larger than this path takes.");
}

/* An announced body that is too large is refused before it is sent. */
static void length_check(struct request *request)
{
    const char *length = request_header(request, "Content-Length");
    unsigned long long bytes = length != NULL ? strtoull(length, NULL, 10) : 0;

    if (request->match.route != NULL && request->match.route->verb != VERB_GET && bytes > body_bytes_max(request))
        too_large(request);
    if (request->answered && (bytes > BODY_BYTES_DRAINED || request_header(request, "Expect") != NULL))
        request->drop = true;
}

void request_begin(struct request *request, const char *method)
{
    static void (*const checks[])(struct request *) = {caller_check,     session_check, path_check,  parameters_check,
                                                       media_type_check, key_check,     length_check};

    request->began_us = monotonic_us();
    request_id_choose(request);
    framing_check(request);
    if (request->answered)
        return;
    route_choose(request, method);
    for (size_t i = 0; i < ARRAY_COUNT(checks) && !request->answered; i++)
        checks[i](request);
    if (request->answered)
        length_check(request);
}

static bool body_grow(struct request *request, size_t bytes)
{
    size_t capacity = request->body_capacity == 0 ? 4096 : request->body_capacity;
    char *body;

    while (capacity < bytes)
        capacity *= 2;
    if (capacity == request->body_capacity)
        return true;
    body = realloc(request->body, capacity);
    if (body == NULL)
        return false;
    request->body = body;
    request->body_capacity = capacity;
    return true;
}

bool request_body_add(struct request *request, const char *data, size_t size)
{
    request->body_seen += size;
    if (request->body_seen > BODY_BYTES_DRAINED || monotonic_us() - request->began_us > REQUEST_US_MAX)
        return false;
    if (request->answered || request->match.route->verb == VERB_GET)
        return true;
    if (request->body_size + size > body_bytes_max(request)) {
        too_large(request);
        return true;
    }
    if (!body_grow(request, request->body_size + size + 1))
        return false;
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    return true;
}

/* Whose right ended while the body came in has no right any more. */
static void caller_check_again(struct request *request)
{
    struct caller before = request->caller;

    if ((request->match.route->flags & ROUTE_OPEN) != 0 || monotonic_us() - request->began_us < CALLER_US_MAX)
        return;
    request->caller = (struct caller){0};
    request->session = NULL;
    caller_check(request);
    if (!request->answered)
        session_check(request);
    if (!request->answered && (strcmp(before.principal, request->caller.principal) != 0 ||
                               strcmp(before.own_account, request->caller.own_account) != 0))
        request_problem(request, MHD_HTTP_UNAUTHORIZED, "unauthorized", "Who asks has changed meanwhile.");
}

/* A request that came in slowly while the server drains must not reach an engine that is gone. */
void request_run(struct request *request)
{
    if (server_draining(request->server)) {
        request->drop = true;
        request_fault(request, ERR_RETRY, "draining");
        return;
    }
    if (request->body_size == 0 && !body_grow(request, 1)) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    request->body[request->body_size] = '\0';
    caller_check_again(request);
    if (!request->answered)
        request->match.route->answer(request);
}
