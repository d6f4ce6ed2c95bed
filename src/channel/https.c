/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/https.h"

#include "base/version.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static bool curl_is_there;

static void curl_begin(void)
{
    curl_is_there = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

/* ---- what comes in ---- */

static size_t body_add(char *data, size_t size, size_t count, void *context)
{
    struct https_reply *reply = context;
    size_t bytes = size * count;

    if (bytes > HTTPS_BODY_BYTES_MAX - reply->size)
        return 0; /* curl ends the exchange */
    memcpy(reply->body + reply->size, data, bytes);
    reply->size += bytes;
    return bytes;
}

struct inbox {
    struct https_reply *reply;
    const char *prefix;
};

/* A header that is too long or one too many is as good as absent: what needs it refuses. */
static size_t header_add(char *data, size_t size, size_t count, void *context)
{
    struct inbox *inbox = context;
    struct https_reply *reply = inbox->reply;
    size_t bytes = size * count;
    const char *colon = memchr(data, ':', bytes);
    struct https_header *header;

    if (inbox->prefix == NULL || colon == NULL || reply->headers_count == HTTPS_HEADERS_KEPT_MAX ||
        bytes < strlen(inbox->prefix) || strncasecmp(data, inbox->prefix, strlen(inbox->prefix)) != 0)
        return bytes;
    size_t name_bytes = (size_t)(colon - data), from = name_bytes + 1, to = bytes;

    while (from < to && (data[from] == ' ' || data[from] == '\t'))
        from++;
    while (to > from && strchr("\r\n \t", data[to - 1]) != NULL)
        to--;
    header = &reply->headers[reply->headers_count];
    if (name_bytes >= sizeof header->name || to - from >= sizeof header->value)
        return bytes;
    snprintf(header->name, sizeof header->name, "%.*s", (int)name_bytes, data);
    snprintf(header->value, sizeof header->value, "%.*s", (int)(to - from), data + from);
    reply->headers_count++;
    return bytes;
}

const char *https_reply_header(const struct https_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->headers_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

/* ---- what goes out ---- */

static bool headers_make(const struct https_call *call, struct curl_slist **ret)
{
    static const char *const own[] = {"Expect:", "Accept: application/json",
                                      ("User-Agent: ebb/" EBB_VERSION)}; /* no wait for a "100 Continue" */
    struct curl_slist *list = NULL, *longer;

    for (size_t i = 0; i < ARRAY_COUNT(own) + HTTPS_HEADERS_MAX; i++) {
        const char *header = i < ARRAY_COUNT(own) ? own[i] : call->headers[i - ARRAY_COUNT(own)];

        if (header == NULL)
            break;
        longer = curl_slist_append(list, header);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return false;
        }
        list = longer;
    }
    *ret = list;
    return true;
}

#if LIBCURL_VERSION_NUM >= 0x075500
#define HTTPS_ONLY(curl) curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https")
#else
#define HTTPS_ONLY(curl) curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS)
#endif

/* Whatever is not said here is curl's default: verification of peer and name, no redirects. */
static bool options_set(CURL *curl, const struct https_call *call, struct curl_slist *headers, struct inbox *inbox)
{
    bool ok = HTTPS_ONLY(curl) == CURLE_OK && curl_easy_setopt(curl, CURLOPT_URL, call->url) == CURLE_OK;

    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(call->timeout_ms / 2));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_add);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, inbox->reply);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_add);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, inbox);
    ok = ok && (call->ca_file == NULL || (curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file) == CURLE_OK &&
                                          curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK));
    if (call->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(call->body));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
    }
    return ok && curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK;
}

/* What can only happen before a request is written. */
static bool before_sending(CURLcode code)
{
    static const CURLcode codes[] = {
        CURLE_URL_MALFORMAT,         CURLE_UNSUPPORTED_PROTOCOL,     CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
        CURLE_SSL_CONNECT_ERROR,     CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,   CURLE_FAILED_INIT,
        CURLE_COULDNT_RESOLVE_PROXY, CURLE_OPERATION_TIMEDOUT,       CURLE_SSL_CIPHER,           CURLE_OUT_OF_MEMORY};

    for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* Two witnesses: curl's verdict, and that its handshake never ended and no byte of a request was counted. A new
 * connection carries nothing else, so both together are certain. */
static enum https_fate fate_of(CURL *curl, CURLcode code)
{
    curl_off_t handshake_us = 1;
    long request_bytes = 1;

    if (code == CURLE_OK)
        return HTTPS_ANSWERED;
    if (curl_easy_getinfo(curl, CURLINFO_APPCONNECT_TIME_T, &handshake_us) != CURLE_OK ||
        curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes) != CURLE_OK)
        return HTTPS_LOST;
    return before_sending(code) && handshake_us == 0 && request_bytes == 0 ? HTTPS_NOT_SENT : HTTPS_LOST;
}

static int64_t took_ms(CURL *curl)
{
    curl_off_t took_us = 0;

    return curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &took_us) == CURLE_OK ? (int64_t)took_us / 1000 : 0;
}

static void exchange(CURL *curl, const struct https_call *call, struct curl_slist *headers, struct https_reply *reply)
{
    struct inbox inbox = {reply, call->keep_prefix};
    CURLcode code;

    if (!options_set(curl, call, headers, &inbox)) {
        snprintf(reply->reason, sizeof reply->reason, "the call could not be prepared");
        return;
    }
    code = curl_easy_perform(curl);
    reply->fate = fate_of(curl, code);
    reply->took_ms = took_ms(curl);
    reply->body[reply->size] = '\0';
    if (code != CURLE_OK)
        snprintf(reply->reason, sizeof reply->reason, "%s", curl_easy_strerror(code));
    else if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status) != CURLE_OK)
        reply->fate = HTTPS_LOST;
}

void https_exchange(const struct https_call *call, struct https_reply *ret)
{
    struct curl_slist *headers = NULL;
    CURL *curl;

    *ret = (struct https_reply){.fate = HTTPS_NOT_SENT, .reason = "no memory for the call"};
    pthread_once(&curl_once, curl_begin);
    ret->body = malloc(HTTPS_BODY_BYTES_MAX + 1);
    ret->headers = calloc(HTTPS_HEADERS_KEPT_MAX, sizeof *ret->headers);
    curl = curl_is_there ? curl_easy_init() : NULL;
    if (ret->body != NULL && ret->headers != NULL && curl != NULL && headers_make(call, &headers)) {
        ret->body[0] = '\0';
        exchange(curl, call, headers, ret);
    }
    curl_slist_free_all(headers);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}

void https_reply_fini(struct https_reply *reply)
{
    free(reply->body);
    free(reply->headers);
    *reply = (struct https_reply){0};
}
