/* SPDX-License-Identifier: Apache-2.0 */
#include "mhd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COOKIE_BYTES 512

struct MHD_Daemon {
    MHD_AccessHandlerCallback on_request;
    void *on_request_context;
    MHD_RequestCompletedCallback on_completed;
    void *on_completed_context;
    void *(*on_target)(void *context, const char *target, struct MHD_Connection *connection);
    void *on_target_context;
};

struct MHD_Response {
    char *data;
    size_t size;
    void (*free_data)(void *data);
    struct mhd_headers headers;
};

struct MHD_Connection {
    const struct mhd_request *request;
    struct MHD_Response *response;
    unsigned status;
    bool suspended;
};

static struct MHD_Daemon *the_daemon;

/* ---- headers ---- */

const char *mhd_header(const struct mhd_headers *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strcasecmp(headers->items[i].name, name) == 0)
            return headers->items[i].value;
    return NULL;
}

static void header_add(struct mhd_headers *headers, const char *name, const char *value)
{
    CHECK(headers->count < MHD_HEADERS_MAX);
    headers->items[headers->count++] = (struct mhd_header){strdup(name), strdup(value)};
}

static void headers_fini(struct mhd_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        free((void *)(uintptr_t)headers->items[i].name);
        free((void *)(uintptr_t)headers->items[i].value);
    }
    headers->count = 0;
}

/* The value of one of them, good until the next one is asked for. */
static const char *cookie_find(const char *cookies, const char *name)
{
    static char value[COOKIE_BYTES];
    size_t size = strlen(name);

    for (const char *at = cookies; at != NULL && *at != '\0'; at += strcspn(at, ";"), at += strspn(at, "; ")) {
        if (strncmp(at, name, size) != 0 || at[size] != '=')
            continue;
        snprintf(value, sizeof value, "%.*s", (int)strcspn(at + size + 1, ";"), at + size + 1);
        return value;
    }
    return NULL;
}

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key)
{
    if (kind == MHD_COOKIE_KIND)
        return cookie_find(mhd_header(&connection->request->headers, "Cookie"), key);
    CHECK(kind == MHD_HEADER_KIND);
    return mhd_header(&connection->request->headers, key);
}

int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind, MHD_KeyValueIterator iterator,
                              void *context)
{
    const struct mhd_headers *headers = &connection->request->headers;

    CHECK(kind == MHD_HEADER_KIND);
    for (size_t i = 0; i < headers->count; i++)
        if (iterator(context, kind, headers->items[i].name, headers->items[i].value) != MHD_YES)
            return (int)i;
    return (int)headers->count;
}

/* ---- responses ---- */

static struct MHD_Response *response_new(size_t size, void *data, void (*free_data)(void *data))
{
    struct MHD_Response *response = calloc(1, sizeof *response);

    CHECK(response != NULL);
    response->data = data;
    response->size = size;
    response->free_data = free_data;
    return response;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
    CHECK(mode == MHD_RESPMEM_PERSISTENT);
    return response_new(size, buffer, NULL);
}

struct MHD_Response *MHD_create_response_from_buffer_with_free_callback(size_t size, void *buffer,
                                                                        MHD_ContentReaderFreeCallback callback)
{
    return response_new(size, buffer, callback);
}

enum MHD_Result MHD_add_response_header(struct MHD_Response *response, const char *header, const char *content)
{
    /* The library refuses these: they would end the header early. */
    CHECK(header[strcspn(header, "\r\n\t :")] == '\0' && content[strcspn(content, "\r\n")] == '\0');
    header_add(&response->headers, header, content);
    return MHD_YES;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    CHECK(connection->response == NULL && !connection->suspended);
    connection->response = response;
    connection->status = status;
    return MHD_YES;
}

/* The connection's hold ends with the exchange; there is one answer and one owner. */
void MHD_destroy_response(struct MHD_Response *response UNUSED)
{
}

static void response_free(struct MHD_Response *response)
{
    if (response == NULL)
        return;
    if (response->free_data != NULL)
        response->free_data(response->data);
    headers_fini(&response->headers);
    free(response);
}

/* ---- connections and daemons ---- */

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    CHECK(!connection->suspended);
    connection->suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    CHECK(connection->suspended);
    connection->suspended = false;
}

static void option_take(struct MHD_Daemon *daemon, const struct MHD_OptionItem *item)
{
    if (item->option == MHD_OPTION_NOTIFY_COMPLETED) {
        daemon->on_completed = (MHD_RequestCompletedCallback)item->value;
        daemon->on_completed_context = item->ptr_value;
    } else if (item->option == MHD_OPTION_URI_LOG_CALLBACK) {
        daemon->on_target = (void *(*)(void *, const char *, struct MHD_Connection *))item->value;
        daemon->on_target_context = item->ptr_value;
    }
}

struct MHD_Daemon *MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                    void *accept_context, MHD_AccessHandlerCallback handler, void *handler_context, ...)
{
    struct MHD_Daemon *daemon = calloc(1, sizeof *daemon);
    va_list options;

    CHECK(daemon != NULL && accept == NULL && accept_context == NULL && port == 0 && flags != 0);
    daemon->on_request = handler;
    daemon->on_request_context = handler_context;
    va_start(options, handler_context);
    for (int option; (option = va_arg(options, int)) != MHD_OPTION_END;) {
        const struct MHD_OptionItem *items = va_arg(options, void *);
        if (option == MHD_OPTION_EXTERNAL_LOGGER)
            (void)va_arg(options, void *);
        for (; option == MHD_OPTION_ARRAY && items->option != MHD_OPTION_END; items++)
            option_take(daemon, items);
    }
    va_end(options);
    CHECK(daemon->on_completed != NULL && daemon->on_target != NULL);
    the_daemon = daemon;
    return daemon;
}

const union MHD_DaemonInfo *MHD_get_daemon_info(struct MHD_Daemon *daemon UNUSED, enum MHD_DaemonInfoType type, ...)
{
    static const union MHD_DaemonInfo port = {.port = 1};

    CHECK(type == MHD_DAEMON_INFO_BIND_PORT);
    return &port;
}

MHD_socket MHD_quiesce_daemon(struct MHD_Daemon *daemon UNUSED)
{
    return MHD_INVALID_SOCKET;
}

void MHD_stop_daemon(struct MHD_Daemon *daemon)
{
    the_daemon = NULL;
    free(daemon);
}

/* ---- one exchange ---- */

static bool handle(struct MHD_Connection *connection, void **state, const char *data, size_t *size)
{
    const struct mhd_request *request = connection->request;

    CHECK(!connection->suspended); /* the engine answers at once: nobody else would wake it */
    return the_daemon->on_request(the_daemon->on_request_context, connection, request->target, request->method,
                                  "HTTP/1.1", data, size, state) == MHD_YES;
}

/* Everything up to the answer. False: the connection was closed. */
static bool serve(struct MHD_Connection *connection, void **state)
{
    const struct mhd_request *request = connection->request;
    size_t none = 0;

    if (!handle(connection, state, NULL, &none))
        return false;
    for (size_t at = 0; at < request->body_size && connection->response == NULL;) {
        size_t size = request->body_size - at, left;
        if (request->piece_bytes > 0 && size > request->piece_bytes)
            size = request->piece_bytes;
        left = size;
        if (!handle(connection, state, request->body + at, &left))
            return false;
        CHECK(left == 0);
        at += size;
    }
    for (int turns = 0; connection->response == NULL; turns++) {
        CHECK(turns < 10000 && none == 0);
        if (!handle(connection, state, NULL, &none))
            return false;
    }
    return true;
}

void mhd_exchange(const struct mhd_request *request, struct mhd_answer *ret)
{
    struct MHD_Connection connection = {.request = request};
    void *state = the_daemon->on_target(the_daemon->on_target_context, request->target, &connection);

    *ret = (struct mhd_answer){.dropped = !serve(&connection, &state)};
    if (!ret->dropped) {
        const struct MHD_Response *response = connection.response;
        ret->status = connection.status;
        ret->body_size = response->size;
        ret->body = malloc(response->size + 1);
        CHECK(ret->body != NULL);
        if (response->size > 0)
            memcpy(ret->body, response->data, response->size);
        ret->body[response->size] = '\0';
        for (size_t i = 0; i < response->headers.count; i++)
            header_add(&ret->headers, response->headers.items[i].name, response->headers.items[i].value);
    }
    the_daemon->on_completed(the_daemon->on_completed_context, &connection, &state,
                             MHD_REQUEST_TERMINATED_COMPLETED_OK);
    CHECK(state == NULL);
    response_free(connection.response);
}

void mhd_answer_fini(struct mhd_answer *answer)
{
    headers_fini(&answer->headers);
    free(answer->body);
    *answer = (struct mhd_answer){0};
}
