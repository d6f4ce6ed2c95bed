/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/wire.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"

#define CONNECT_MS_MAX INT64_C(5000)
#define BUFFER_BYTES 16384L
#define CONNECTIONS_KEPT 64L

struct flight {
    struct flight *next;
    struct wire *wire;
    CURL *easy;
    struct curl_slist *headers, *recipients;
    size_t read_bytes; /* of the mail */
    char *body;
    size_t taken_bytes; /* of the answer, with its headers */
    bool plain, mail, trusted, refused, wants_tls;
    void (*done)(void *context, const struct wire_answer *answer);
    void *context;
};

struct wire {
    struct wire_config config;
    CURLM *multi;
    struct flight *first;
    size_t flying;
};

/* ---- what libcurl asks ---- */

/* The one place where an address becomes a connection. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct flight *flight = context;

    flight->refused = purpose != CURLSOCKTYPE_IPCXN ||
                      (!flight->trusted && !address_may_be_called(&address->addr, flight->wire->config.allowed));
    flight->wants_tls = flight->plain && !address_is_loopback(&address->addr);
    if (flight->refused || flight->wants_tls)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* What is beyond the bound is not read: the connection is closed. */
static size_t on_bytes(char *data, size_t size, size_t count, void *context)
{
    struct flight *flight = context;

    (void)data;
    flight->taken_bytes += size * count;
    return flight->taken_bytes <= WIRE_ANSWER_BYTES_MAX ? size * count : 0;
}

static size_t on_mail(char *buffer, size_t size, size_t count, void *context)
{
    struct flight *flight = context;
    size_t left = strlen(flight->body) - flight->read_bytes, taken = size * count < left ? size * count : left;

    memcpy(buffer, flight->body + flight->read_bytes, taken);
    flight->read_bytes += taken;
    return taken;
}

/* ---- one call ---- */

static void flight_free(struct flight *flight)
{
    if (flight->easy != NULL)
        curl_easy_cleanup(flight->easy);
    curl_slist_free_all(flight->headers);
    curl_slist_free_all(flight->recipients);
    free(flight->body);
    free(flight);
}

static bool headers_copy(struct flight *flight, const struct wire_call *call)
{
    for (size_t i = 0; i < WIRE_HEADERS_MAX && call->headers[i] != NULL; i++) {
        struct curl_slist *longer = curl_slist_append(flight->headers, call->headers[i]);
        if (longer == NULL)
            return false;
        flight->headers = longer;
    }
    return true;
}

static bool set(CURLcode code)
{
    return code == CURLE_OK;
}

static bool easy_bind(struct flight *flight, const struct wire_call *call)
{
    CURL *easy = flight->easy;

    return set(curl_easy_setopt(easy, CURLOPT_URL, call->url)) &&
           set(curl_easy_setopt(easy, CURLOPT_PRIVATE, flight)) &&
           set(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket)) &&
           set(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, flight)) &&
           set(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes)) &&
           set(curl_easy_setopt(easy, CURLOPT_WRITEDATA, flight)) &&
           set(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_bytes)) &&
           set(curl_easy_setopt(easy, CURLOPT_HEADERDATA, flight));
}

static bool http_bind(struct flight *flight)
{
    CURL *easy = flight->easy;

    return set(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https")) &&
           set(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, flight->headers)) &&
           set(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(flight->body))) &&
           set(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, flight->body));
}

static bool mail_bind(struct flight *flight, const struct wire_call *call)
{
    CURL *easy = flight->easy;

    flight->recipients = curl_slist_append(NULL, call->mail.to);
    return flight->recipients != NULL && set(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps")) &&
           set(curl_easy_setopt(easy, CURLOPT_MAIL_FROM, call->mail.from)) &&
           set(curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, flight->recipients)) &&
           set(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L)) &&
           set(curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_mail)) &&
           set(curl_easy_setopt(easy, CURLOPT_READDATA, flight)) &&
           set(curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)(call->mail.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL))) &&
           (call->mail.user == NULL || set(curl_easy_setopt(easy, CURLOPT_USERNAME, call->mail.user))) &&
           (call->mail.password == NULL || set(curl_easy_setopt(easy, CURLOPT_PASSWORD, call->mail.password)));
}

static bool easy_bound(struct flight *flight)
{
    const struct wire_config *config = &flight->wire->config;
    long alone = flight->trusted ? 1L : 0L; /* a connection that was not judged is nobody else's */
    int64_t connect_ms = config->timeout_ms < CONNECT_MS_MAX ? config->timeout_ms : CONNECT_MS_MAX;
    CURL *easy = flight->easy;

    return set(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L)) &&
           set(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, alone)) &&
           set(curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, alone)) && set(curl_easy_setopt(easy, CURLOPT_PROXY, "")) &&
           set(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L)) &&
           set(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1)) &&
           set(curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) &&
           (config->ca == NULL || set(curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca))) &&
           set(curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES)) &&
           set(curl_easy_setopt(easy, CURLOPT_USERAGENT, "Ebb")) &&
           set(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms)) &&
           set(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms));
}

enum err wire_post(struct wire *wire, const struct wire_call *call)
{
    struct flight *flight = calloc(1, sizeof(*flight));

    if (flight == NULL)
        return ERR_RETRY;
    *flight = (struct flight){.wire = wire,
                              .easy = curl_easy_init(),
                              .body = strdup(call->body),
                              .mail = call->mail.from != NULL,
                              .plain = call->mail.from == NULL && strncmp(call->url, "https:", 6) != 0,
                              .trusted = call->trusted,
                              .done = call->done,
                              .context = call->context};
    if (flight->easy == NULL || flight->body == NULL || !headers_copy(flight, call) || !easy_bind(flight, call) ||
        !easy_bound(flight) || !(flight->mail ? mail_bind(flight, call) : http_bind(flight)) ||
        curl_multi_add_handle(wire->multi, flight->easy) != CURLM_OK) {
        flight_free(flight);
        return ERR_RETRY;
    }
    flight->next = wire->first;
    wire->first = flight;
    wire->flying++;
    return ERR_NONE;
}

/* ---- its end ---- */

static void answer_read(const struct flight *flight, CURLcode code, struct wire_answer *ret)
{
    long status = 0;
    curl_off_t retry_after_s = 0;

    (void)curl_easy_getinfo(flight->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(flight->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    bool too_long = code == CURLE_WRITE_ERROR && status != 0;
    *ret = (struct wire_answer){.status = code == CURLE_OK || too_long || flight->mail ? status : 0};
    ret->well = flight->mail ? code == CURLE_OK : ret->status >= 200 && ret->status < 300;
    if (retry_after_s > 0 && retry_after_s < INT32_MAX)
        ret->retry_after_ms = (int64_t)retry_after_s * MS_SECOND;
    if (flight->refused && ret->status == 0)
        snprintf(ret->detail, sizeof(ret->detail), "Its address is not one that may be called.");
    else if (flight->wants_tls && ret->status == 0)
        snprintf(ret->detail, sizeof(ret->detail), "Its address is not one that is called without TLS.");
    else if (ret->status == 0)
        snprintf(ret->detail, sizeof(ret->detail), "%s.", curl_easy_strerror(code));
    else
        snprintf(ret->detail, sizeof(ret->detail), "It answered %ld.", status);
}

static void flight_end(struct wire *wire, struct flight *flight, CURLcode code)
{
    struct flight **at = &wire->first;
    struct wire_answer answer;

    answer_read(flight, code, &answer);
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    wire->flying--;
    (void)curl_multi_remove_handle(wire->multi, flight->easy);
    flight->done(flight->context, &answer);
    flight_free(flight);
}

void wire_run(struct wire *wire, int wait_ms)
{
    CURLMsg *message;
    int running, left;

    (void)curl_multi_perform(wire->multi, &running);
    (void)curl_multi_poll(wire->multi, NULL, 0, wait_ms, NULL);
    (void)curl_multi_perform(wire->multi, &running);
    while ((message = curl_multi_info_read(wire->multi, &left)) != NULL) {
        struct flight *flight = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result; /* the message is gone with its handle */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &flight);
        flight_end(wire, flight, code);
    }
}

void wire_wake(struct wire *wire)
{
    (void)curl_multi_wakeup(wire->multi);
}

size_t wire_flying(const struct wire *wire)
{
    return wire->flying;
}

struct wire *wire_new(const struct wire_config *config)
{
    struct wire *wire = calloc(1, sizeof(*wire));

    if (wire == NULL)
        return NULL;
    wire->config = *config;
    wire->multi = curl_multi_init();
    if (wire->multi == NULL) {
        free(wire);
        return NULL;
    }
    (void)curl_multi_setopt(wire->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    return wire;
}

void wire_free(struct wire **wire)
{
    if (*wire == NULL)
        return;
    while ((*wire)->first != NULL) {
        struct flight *flight = (*wire)->first;

        (*wire)->first = flight->next;
        (void)curl_multi_remove_handle((*wire)->multi, flight->easy);
        flight_free(flight);
    }
    (void)curl_multi_cleanup((*wire)->multi);
    free(*wire);
    *wire = NULL;
}
