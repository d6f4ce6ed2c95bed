/* SPDX-License-Identifier: Apache-2.0 */
#include "http/console.h"

#include <ctype.h>
#include <microhttpd.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

/* Nothing inline, nothing from elsewhere, nobody's frame. */
#define CONTENT_SECURITY                                                                                               \
    "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

static const struct console_file *file_find(const char *name)
{
    for (const struct console_file *file = console_files; file->name != NULL; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}

/* "q=0", "q=0.000": the caller does not want it. */
static bool weight_is_zero(const char *parameters)
{
    const char *at = strstr(parameters, "q=");

    if (at == NULL || at[2] != '0')
        return false;
    at += 3;
    if (*at == '.')
        at++;
    while (*at == '0')
        at++;
    return *at < '1' || *at > '9';
}

/* Whether Accept-Encoding names `wanted`. What only a star would allow is not sent. */
static bool coding_accepted(const char *accepted, const char *wanted)
{
    size_t size = strlen(wanted);

    while (accepted != NULL && *accepted != '\0') {
        size_t item = strcspn(accepted, ","), begin = strspn(accepted, " \t");
        char parameters[32] = "";
        if (begin + size <= item && strncasecmp(accepted + begin, wanted, size) == 0 &&
            !isalnum((unsigned char)accepted[begin + size])) {
            size_t rest = item - begin - size;
            memcpy(parameters, accepted + begin + size, rest < sizeof parameters ? rest : sizeof parameters - 1);
            return !weight_is_zero(parameters);
        }
        accepted += item + (accepted[item] == ',');
    }
    return false;
}

/* A page is asked about each time; what it names has another name when it has another content. */
static void file_answer(struct request *request, const struct console_file *file, const char *keep)
{
    const char *known = request_header(request, "If-None-Match");
    bool packed = file->packed != NULL && coding_accepted(request_header(request, "Accept-Encoding"), "br");

    if (known != NULL && strstr(known, file->tag) != NULL) {
        request_answer_static(request, file->type, "", 0);
        request->reply.status = MHD_HTTP_NOT_MODIFIED;
    } else if (packed) {
        request_answer_static(request, file->type, file->packed, file->packed_size);
        request_header_add(request, "Content-Encoding", "br");
    } else {
        request_answer_static(request, file->type, file->data, file->size);
    }
    request_header_add(request, "Cache-Control", keep);
    request_header_add(request, "ETag", file->tag);
    request_header_add(request, "Vary", "Accept-Encoding");
    request_header_add(request, "Content-Security-Policy", CONTENT_SECURITY);
    request_header_add(request, "Referrer-Policy", "no-referrer");
    request_header_add(request, "Cross-Origin-Opener-Policy", "same-origin");
}

void console_page(struct request *request)
{
    const struct console_file *page =
        server_config(request->server)->demo ? file_find("demo.html") : file_find("index.html");

    file_answer(request, page != NULL ? page : file_find("index.html"), "no-cache");
}

void console_asset(struct request *request)
{
    const struct console_file *file = file_find(request->match.object);

    if (file == NULL || strstr(file->name, ".html") != NULL)
        request_missing(request);
    else
        file_answer(request, file, "public, max-age=31536000, immutable");
}
