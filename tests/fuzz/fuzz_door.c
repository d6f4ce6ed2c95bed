/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as text through the whole server, from the door to the books and back (src/http, src/engine). Every answer
 * is well-formed and of a known status; what only reads is answered the same twice; what was accepted under a key is
 * answered again and done once; after whatever changed, the invariants hold. Several requests may follow each other.
 * "{w0}" to "{w3}" stand for the withdrawals of the books, "{code}" for the code of the first. */
#include "counter.h"

#define REQUESTS_MAX 6
#define TEXT_MAX 16384

/* The text with the names of the books put in. To be freed. */
static char *names_fill(const uint8_t *data, size_t size, size_t *ret_size)
{
    char *text = malloc(TEXT_MAX + 64), *to = text;

    CHECK(text != NULL);
    for (size_t at = 0; at < size && to < text + TEXT_MAX; at++) {
        const char *rest = (const char *)data + at;
        if (size - at >= 4 && memcmp(rest, "{w", 2) == 0 && rest[2] >= '0' && rest[2] <= '3' && rest[3] == '}') {
            to = stpcpy(to, counter.ids[rest[2] - '0']);
            at += 3;
        } else if (size - at >= 6 && memcmp(rest, "{code}", 6) == 0) {
            to = stpcpy(to, counter.code);
            at += 5;
        } else {
            *to++ = *rest;
        }
    }
    *ret_size = (size_t)(to - text);
    *to = '\0';
    return text;
}

/* Takes the next line off the text, without its end; NULL when there is none. */
static char *line_take(char **text, char *stop)
{
    char *line = *text, *end = memchr(line, '\n', (size_t)(stop - line));

    if (end == NULL)
        return NULL;
    *text = end + 1;
    *end = '\0';
    if (end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

static bool header_read(char *line, struct mhd_headers *headers)
{
    char *colon = strchr(line, ':');

    if (colon == NULL || colon == line || headers->count == MHD_HEADERS_MAX)
        return false;
    *colon = '\0';
    headers->items[headers->count++] = (struct mhd_header){line, colon + 1 + strspn(colon + 1, " \t")};
    return true;
}

/* A request off the front of the text. Its body goes on to the length that its header says, or to the end. */
static bool request_read(char **text, char *stop, struct mhd_request *ret)
{
    char *line = line_take(text, stop), *rest = line;

    *ret = (struct mhd_request){0};
    if (line == NULL)
        return false;
    ret->method = strsep(&rest, " ");
    ret->target = rest != NULL ? strsep(&rest, " ") : NULL;
    if (ret->target == NULL || rest == NULL || strncmp(rest, "HTTP/1.", 7) != 0)
        return false;
    while ((line = line_take(text, stop)) != NULL && *line != '\0')
        if (!header_read(line, &ret->headers))
            return false;
    if (line == NULL)
        return false;
    const char *length = mhd_header(&ret->headers, "Content-Length");
    size_t left = (size_t)(stop - *text), size = length != NULL ? strtoul(length, NULL, 10) : 0;
    if (mhd_header(&ret->headers, "Transfer-Encoding") != NULL)
        size = left;
    ret->body = *text;
    ret->body_size = size < left ? size : left;
    ret->piece_bytes = ret->headers.count % 3 == 0 ? 7 : 0;
    *text += ret->body_size;
    return true;
}

static bool same_body(const struct mhd_answer *a, const struct mhd_answer *b)
{
    return a->body_size == b->body_size && memcmp(a->body, b->body, a->body_size) == 0;
}

/* The request once more: a reader sees the same; a writer with a key gets the same answer and writes nothing. */
static void again_check(const struct mhd_request *request, const struct mhd_answer *first)
{
    bool reads = strcmp(request->method, "GET") == 0;
    bool keyed = mhd_header(&request->headers, "Idempotency-Key") != NULL && strcmp(request->method, "POST") == 0 &&
                 strstr(request->target, "dry_run") == NULL;
    struct mhd_answer again;

    if (first->dropped || first->status >= 300 || (!reads && !keyed) || strstr(request->target, "metrics") != NULL ||
        strstr(request->target, "demo") != NULL || strstr(request->target, "batch") != NULL)
        return;
    bool changed = counter_ask(request, &again);
    CHECK(!changed && !again.dropped && again.status == first->status && same_body(&again, first));
    CHECK(reads || mhd_header(&again.headers, "Idempotent-Replayed") != NULL);
    mhd_answer_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool changed = false;
    size_t text_size;

    counter_open();
    char *text = names_fill(data, size, &text_size), *at = text;
    for (int i = 0; i < REQUESTS_MAX; i++) {
        struct mhd_request request;
        struct mhd_answer answer;
        if (!request_read(&at, text + text_size, &request))
            break;
        changed = counter_ask(&request, &answer) || changed;
        again_check(&request, &answer);
        mhd_answer_fini(&answer);
    }
    if (changed)
        stage_check();
    free(text);
    return 0;
}
