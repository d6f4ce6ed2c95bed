/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/clerk.h"
#include "http/event_stream.h"
#include "http/export_job.h"
#include "http/quote_cache.h"
#include "http/request.h"
#include "store/keyring.h"

#define HEADERS_BYTES_MAX ((size_t)32 << 10)
#define SILENCE_S 30U
#define READERS_MAX 64
#define REQUESTS_KEPT_MAX 1024

struct server {
    struct http_config config;
    struct MHD_Daemon *daemon;
    _Atomic uint16_t port; /* known when the first request may be there already */
    pthread_mutex_t lock;  /* free list and readers */
    struct request *kept;
    size_t kept_count;
    struct store *readers[READERS_MAX];
    size_t readers_count;
    _Atomic int64_t answers[SERVER_STATUS_CLASSES];
    _Atomic uint64_t request_ids;
    _Atomic int64_t in_flight;
    struct quote_cache *quotes;
    struct keyring_memory *keys;
    struct streams *streams;
    struct clerk *clerk;
    struct export_jobs *exports;
    struct clerk *porter;
    _Atomic bool draining;
    char request_id_prefix[9];
    int64_t number; /* tells this server's thread-local readers from an earlier one's */
};

static _Thread_local struct {
    int64_t server;
    struct store *store;
} reader_here;

/* ---- what answers ask of the server ---- */

const struct http_config *server_config(const struct server *server)
{
    return &server->config;
}

uint16_t server_port(const struct server *server)
{
    return server->port;
}

void server_address(const struct server *server, char ret[256])
{
    const char *given = server->config.sessions.origin, *address = server->config.address;
    bool six = strchr(address, ':') != NULL;

    if (given != NULL)
        snprintf(ret, 256, "%s", given);
    else
        snprintf(ret, 256, "http://%s%s%s:%u", six ? "[" : "", address, six ? "]" : "", (unsigned)server->port);
}

struct quote_cache *server_quotes(struct server *server)
{
    return server->quotes;
}

struct keyring_memory *server_keys(struct server *server)
{
    return server->keys;
}

struct streams *server_streams(struct server *server)
{
    return server->streams;
}

struct export_jobs *server_exports(struct server *server)
{
    return server->exports;
}

struct clerk *server_clerk(struct server *server)
{
    return server->clerk;
}

struct clerk *server_porter(struct server *server)
{
    return server->porter;
}

int64_t server_answers(const struct server *server, int hundreds)
{
    return atomic_load(&server->answers[hundreds]);
}

void server_request_id(struct server *server, char ret[33])
{
    snprintf(ret, 33, "r%s-%llx", server->request_id_prefix,
             (unsigned long long)atomic_fetch_add_explicit(&server->request_ids, 1, memory_order_relaxed));
}

/* The thread's reader from now on: in the place of the one before, or in a new one. */
static void reader_keep(struct server *server, struct store *before, struct store *store)
{
    size_t i = 0;

    pthread_mutex_lock(&server->lock);
    while (i < server->readers_count && server->readers[i] != before)
        i++;
    INVARIANT(82, i < READERS_MAX);
    if (i == server->readers_count)
        server->readers_count++;
    server->readers[i] = store;
    pthread_mutex_unlock(&server->lock);
}

enum err server_reader(struct server *server, struct store **ret, char ret_reason[256])
{
    struct store *before = reader_here.server == server->number ? reader_here.store : NULL, *store;

    if (before != NULL && store_usable(before)) {
        *ret = before;
        return ERR_NONE;
    }
    TRY(store_open(server->config.store, STORE_READER, server->config.vault, &store, ret_reason));
    reader_keep(server, before, store);
    store_close(&before);
    reader_here.store = store;
    reader_here.server = server->number;
    *ret = store;
    return ERR_NONE;
}

/* ---- requests are kept for the next one ---- */

static struct request *request_take(struct server *server)
{
    struct request *request;

    pthread_mutex_lock(&server->lock);
    request = server->kept;
    if (request != NULL) {
        server->kept = request->next;
        server->kept_count--;
    }
    pthread_mutex_unlock(&server->lock);
    return request != NULL ? request : request_new(server);
}

static void request_give_back(struct server *server, struct request *request)
{
    bool keep;

    request_reset(request);
    pthread_mutex_lock(&server->lock);
    keep = server->kept_count < REQUESTS_KEPT_MAX;
    if (keep) {
        request->next = server->kept;
        server->kept = request;
        server->kept_count++;
    }
    pthread_mutex_unlock(&server->lock);
    if (!keep)
        request_free(request);
}

/* ---- sending ---- */

/* Closes it when it is sent. */
static struct MHD_Response *file_response(int fd, int64_t bytes)
{
    struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)bytes, fd);

    if (response == NULL)
        close(fd);
    return response;
}

/* The body's bytes go to the response, which frees them when they are sent. */
static struct MHD_Response *response_make(struct request *request)
{
    struct reply *reply = &request->reply;
    char *body;
    struct MHD_Response *response;

    if (request->stream != NULL)
        return stream_response(request->stream);
    if (request->has_file) {
        request->has_file = false;
        return file_response(request->file, request->file_bytes);
    }
    memcpy(&body, &reply->body, sizeof(body));
    if (request->static_body)
        return MHD_create_response_from_buffer(reply->body_bytes, body, MHD_RESPMEM_PERSISTENT);
    response = MHD_create_response_from_buffer_with_free_callback(reply->body_bytes, body, free);
    if (response != NULL) {
        reply->body = NULL;
        reply->body_bytes = 0;
    }
    return response;
}

static enum MHD_Result request_send(struct request *request)
{
    struct server *server = request->server;
    int status = request->reply.status, hundreds = status / 100;
    struct MHD_Response *response = response_make(request);
    enum MHD_Result result;

    if (response == NULL)
        return MHD_NO;
    request->phase = REQUEST_SENT;
    if (!request_headers_add(request, response)) {
        MHD_destroy_response(response);
        return MHD_NO;
    }
    atomic_fetch_add_explicit(&server->answers[0], 1, memory_order_relaxed);
    if (hundreds > 0 && hundreds < SERVER_STATUS_CLASSES)
        atomic_fetch_add_explicit(&server->answers[hundreds], 1, memory_order_relaxed);
    result = MHD_queue_response(request->connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- libmicrohttpd's callbacks ---- */

static void *on_target(void *context, const char *raw, struct MHD_Connection *connection)
{
    struct request *request = request_take(context);

    (void)connection;
    if (request == NULL)
        return NULL;
    atomic_fetch_add(&request->server->in_flight, 1);
    request->target_verdict = target_parse(raw, &request->target);
    return request;
}

/* Runs a step. A request that left REQUEST_READING was handed over and may already belong to the engine: nothing else
 * of it may be looked at. */
static enum MHD_Result request_step(struct request *request, void (*step)(struct request *request))
{
    if (!request->answered) {
        step(request);
        if (request->phase != REQUEST_READING)
            return MHD_YES;
    }
    return request_send(request);
}

static enum MHD_Result on_resumed(struct request *request)
{
    if (request->woken == NULL)
        return request_send(request);
    request->phase = REQUEST_READING;
    return request_step(request, request->woken);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct request *request = *state;

    (void)context, (void)url, (void)version;
    if (request == NULL)
        return MHD_NO;
    switch ((int)request->phase) {
    case REQUEST_NEW:
        request->connection = connection;
        request->phase = REQUEST_READING;
        request_begin(request, method);
        return request->drop ? request_send(request) : MHD_YES;
    case REQUEST_READING:
        if (*upload_size == 0)
            return request_step(request, request_run);
        if (!request_body_add(request, upload, *upload_size))
            return MHD_NO;
        *upload_size = 0;
        return MHD_YES;
    case REQUEST_WAITING:
        return MHD_YES;
    case REQUEST_RESUMED:
        return on_resumed(request);
    case REQUEST_SENT:
        break;
    }
    return MHD_NO;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct server *server = context;

    (void)connection, (void)code;
    if (*state == NULL)
        return;
    request_give_back(server, *state);
    atomic_fetch_sub(&server->in_flight, 1);
    *state = NULL;
}

/* libmicrohttpd's own complaints (a client that vanished, a bad request line) are the client's business. */
static void on_log(void *context, const char *format, va_list arguments)
{
    (void)context, (void)format, (void)arguments;
}

/* ---- life ---- */

static bool address_read(const struct http_config *config, struct sockaddr_storage *ret)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, config->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(config->port);
        return true;
    }
    if (inet_pton(AF_INET6, config->address, &six->sin6_addr) != 1)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(config->port);
    return true;
}

static struct MHD_Daemon *daemon_start(struct server *server, const struct sockaddr_storage *address)
{
    const struct http_config *config = &server->config;
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0U);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, server},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_target, server},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)HEADERS_BYTES_MAX, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)config->connections_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S, NULL},
        {MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
        {MHD_OPTION_END, 0, NULL}, /* room for two that are not always said */
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem *more = &options[ARRAY_COUNT(options) - 3];

    if (config->threads > 1)
        *more++ = (struct MHD_OptionItem){MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)config->threads, NULL};
    if (config->listening != 0)
        *more = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, (intptr_t)config->listening, NULL};

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                            MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void server_free(struct server *server)
{
    while (server->kept != NULL) {
        struct request *request = server->kept;
        server->kept = request->next;
        request_free(request);
    }
    for (size_t i = 0; i < server->readers_count; i++)
        store_close(&server->readers[i]);
    quote_cache_free(&server->quotes);
    keyring_memory_free(&server->keys);
    streams_free(&server->streams);
    clerk_free(&server->clerk);
    export_jobs_free(&server->exports);
    clerk_free(&server->porter);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

enum err server_open(const struct http_config *config, struct server **ret, char ret_reason[256])
{
    static _Atomic int64_t servers;
    struct sockaddr_storage address;
    struct server *server = calloc(1, sizeof(*server));
    const char *reason = "out of memory";
    struct random random;
    uint8_t prefix[4];

    if (server == NULL)
        return ERR_RETRY;
    server->config = *config;
    if (config->operator_name == NULL)
        server->config.operator_name = "Ebb";
    server->number = atomic_fetch_add(&servers, 1) + 1;
    pthread_mutex_init(&server->lock, NULL);
    random_init_system(&random);
    random_fill(&random, prefix, sizeof(prefix));
    hash_hex(prefix, sizeof(prefix), server->request_id_prefix);
    server->quotes = quote_cache_new();
    server->keys = keyring_memory_new();
    server->streams = streams_new(server);
    server->clerk = clerk_new();
    server->porter = clerk_new();
    server->exports = export_jobs_new(config->directory);
    if (!address_read(config, &address)) {
        reason = "not an IP address";
    } else if (server->quotes != NULL && server->streams != NULL && server->clerk != NULL && server->exports != NULL &&
               server->porter != NULL) {
        errno = 0;
        server->daemon = daemon_start(server, &address);
        reason = errno != 0 ? strerror(errno) : "the HTTP daemon did not start";
    }
    if (server->daemon == NULL) {
        snprintf(ret_reason, 256, "cannot listen on %s port %u: %s", config->address, config->port, reason);
        server_free(server);
        return ERR_FATAL;
    }
    server->port =
        config->listening != 0 ? config->port : MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    *ret = server;
    return ERR_NONE;
}

bool server_draining(const struct server *server)
{
    return atomic_load_explicit(&server->draining, memory_order_relaxed);
}

void server_drain(struct server *server)
{
    int listening = MHD_quiesce_daemon(server->daemon);

    atomic_store(&server->draining, true);
    if (listening != MHD_INVALID_SOCKET)
        close(listening);
    streams_end(server->streams);
    for (int waited_ms = 0; waited_ms < DRAIN_MS && atomic_load(&server->in_flight) > 0; waited_ms += 10)
        usleep(10000);
    clerk_free(&server->porter); /* what it looks at goes on to the engine, which ends after this */
}

void server_close(struct server **server)
{
    if (*server == NULL)
        return;
    clerk_free(&(*server)->clerk);
    export_jobs_free(&(*server)->exports);
    MHD_stop_daemon((*server)->daemon);
    server_free(*server);
    *server = NULL;
}
