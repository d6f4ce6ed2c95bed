/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of an answer. */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "http/request.h"

/* Without a header an answer is half an answer: then none is sent. */
static void header_add(struct MHD_Response *response, const char *name, const char *value, bool *ok)
{
    *ok = *ok && MHD_add_response_header(response, name, value) == MHD_YES;
}

static const char *content_type_of(const struct request *request)
{
    if (request->content_type != NULL)
        return request->content_type;
    return request->reply.problem ? "application/problem+json" : "application/json";
}

/* What the answer says itself; whether it says for how long it may be kept. */
static bool own_headers_add(const struct request *request, struct MHD_Response *response, bool *ok)
{
    bool kept = false;

    for (size_t i = 0; i < request->headers_count; i++) {
        header_add(response, request->headers[i].name, request->headers[i].value, ok);
        kept = kept || strcmp(request->headers[i].name, "Cache-Control") == 0;
    }
    return kept;
}

bool request_headers_add(const struct request *request, struct MHD_Response *response)
{
    const struct reply *reply = &request->reply;
    char text[48], disposition[REF_BYTES + 32];
    bool ok = true;

    header_add(response, "Content-Type", content_type_of(request), &ok);
    header_add(response, "Request-Id", request->id, &ok);
    header_add(response, "X-Content-Type-Options", "nosniff", &ok);
    if (!own_headers_add(request, response, &ok))
        header_add(response, "Cache-Control", "no-store", &ok);
    if (reply->version > 0 && !reply->problem) {
        snprintf(text, sizeof(text), "\"v%lld\"", (long long)reply->version);
        header_add(response, "ETag", text, &ok);
    }
    if (reply->location[0] != '\0')
        header_add(response, "Location", reply->location, &ok);
    if (reply->replayed)
        header_add(response, "Idempotent-Replayed", "true", &ok);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        header_add(response, "WWW-Authenticate", "Bearer", &ok);
    if (request->cookie[0] != '\0')
        header_add(response, "Set-Cookie", request->cookie, &ok);
    if (request->filename[0] != '\0' && !reply->problem) {
        snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"", request->filename);
        header_add(response, "Content-Disposition", disposition, &ok);
    }
    if (request->allow[0] != '\0')
        header_add(response, "Allow", request->allow, &ok);
    if (request->retry_after_s > 0) {
        snprintf(text, sizeof(text), "%d", request->retry_after_s);
        header_add(response, "Retry-After", text, &ok);
    }
    if (request->drop)
        header_add(response, "Connection", "close", &ok);
    return ok;
}
