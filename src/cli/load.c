/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/load.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/world.h"

#define EVENTS_MAX 256
#define BUFFER_BYTES ((size_t)16 << 10)
#define ANSWER_BYTES_MAX ((size_t)64 << 20)
#define LINGER_US INT64_C(10000000) /* for what is in flight at the end */
#define SECOND_US INT64_C(1000000)

enum { STATE_IDLE, STATE_ASKED, STATE_OVER };

struct connection {
    int fd; /* -1: not open */
    int state;
    bool writing; /* waits for room to send in */
    struct out request;
    size_t sent;
    char *buffer;
    size_t size, capacity;
    int64_t began_us;
};

struct load {
    const struct load_target *target;
    const struct load_terms *terms;
    const struct load_work *work;
    struct connection *connections;
    size_t in_flight, over;
    size_t *idle; /* with a rate: who waits for a turn, oldest first in a ring */
    size_t idle_first, idle_count;
    int epoll;
    int64_t began_us, now_us, due_us, told_s;
    bool ending;
};

/* ---- where to ---- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == 127;
    return address->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

bool load_target_parse(const char *url, struct load_target *ret, const char **ret_why)
{
    static const char scheme[] = "http://";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct load_target target = {0};
    char name[sizeof(target.host)], *port;

    *ret_why = "expected http://HOST:PORT";
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    url += sizeof(scheme) - 1;
    size_t size = strcspn(url, "/");

    if (size == 0 || size >= sizeof(name) || (url[size] == '/' && url[size + 1] != '\0'))
        return false;
    snprintf(target.host, sizeof(target.host), "%.*s", (int)size, url);
    snprintf(name, sizeof(name), "%s", target.host);
    port = strrchr(name, ':');
    if (port == NULL || port == name || port[1] == '\0')
        return false;
    *port++ = '\0';
    char *bare = name[0] == '[' ? name + 1 : name;

    bare[strcspn(bare, "]")] = '\0';
    *ret_why = "no such host or port";
    if (getaddrinfo(bare, port, &hints, &found) != 0)
        return false;
    memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    target.address_bytes = found->ai_addrlen;
    target.loopback = is_loopback(&target.address);
    freeaddrinfo(found);
    *ret = target;
    return true;
}

/* ---- one connection ---- */

static bool connection_open(struct load *load, size_t index)
{
    struct connection *connection = &load->connections[index];
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = index};
    int on = 1, fd = socket(load->target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return false;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (const struct sockaddr *)&load->target->address, load->target->address_bytes) != 0 ||
        epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return false;
    }
    connection->fd = fd;
    connection->writing = false;
    return true;
}

static void connection_close(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    connection->size = 0;
}

static void connection_over(struct load *load, struct connection *connection)
{
    connection->state = STATE_OVER;
    load->over++;
    connection_close(connection);
}

static void connection_rest(struct load *load, size_t index)
{
    load->connections[index].state = STATE_IDLE;
    load->idle[(load->idle_first + load->idle_count++) % load->terms->connections] = index;
}

static void answer_tell(struct load *load, size_t index, const struct load_answer *answer)
{
    load->connections[index].state = STATE_IDLE;
    load->in_flight--;
    load->work->answered(load->work->context, index, answer);
}

static void writing_set(struct load *load, size_t index, bool writing)
{
    struct connection *connection = &load->connections[index];
    struct epoll_event event = {.events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u64 = index};

    if (connection->writing == writing)
        return;
    connection->writing = writing;
    (void)epoll_ctl(load->epoll, EPOLL_CTL_MOD, connection->fd, &event);
}

/* False: the connection is broken. */
static bool request_send(struct load *load, size_t index)
{
    struct connection *connection = &load->connections[index];

    while (connection->sent < connection->request.size) {
        ssize_t sent = send(connection->fd, connection->request.data + connection->sent,
                            connection->request.size - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return false;
        if (sent < 0) {
            writing_set(load, index, true);
            return true;
        }
        connection->sent += (size_t)sent;
    }
    writing_set(load, index, false);
    return true;
}

static void broken(struct load *load, size_t index)
{
    connection_close(&load->connections[index]);
    if (load->connections[index].state == STATE_ASKED)
        answer_tell(load, index, &(struct load_answer){0});
}

/* A connection that cannot be opened again is over: the server is gone, or full. */
static void ask(struct load *load, size_t index, int64_t due_us)
{
    struct connection *connection = &load->connections[index];

    out_reset(&connection->request);
    if (load->ending || !load->work->ask(load->work->context, index, &connection->request) ||
        connection->request.failed || (connection->fd < 0 && !connection_open(load, index))) {
        connection_over(load, connection);
        return;
    }
    connection->state = STATE_ASKED;
    connection->sent = 0;
    connection->began_us = due_us;
    load->in_flight++;
    if (!request_send(load, index))
        broken(load, index);
}

static void go_on(struct load *load, size_t index)
{
    if (load->terms->rate > 0 && !load->ending)
        connection_rest(load, index);
    else
        ask(load, index, monotonic_us());
}

/* ---- answers ---- */

/* The Content-Length among the headers; -1 when there is none. */
static int64_t length_of(const char *head, const char *end)
{
    static const char name[] = "content-length:";

    for (const char *line = head; line != NULL && line < end; line = memchr(line, '\n', (size_t)(end - line))) {
        line += *line == '\n';
        if ((size_t)(end - line) > sizeof(name) && strncasecmp(line, name, sizeof(name) - 1) == 0)
            return strtoll(line + sizeof(name) - 1, NULL, 10);
    }
    return -1;
}

/* 1: the whole answer is there; 0: not yet; -1: it is none. */
static int answer_read(struct load *load, const struct connection *connection, struct load_answer *ret)
{
    const char *end = memmem(connection->buffer, connection->size, "\r\n\r\n", 4);
    int64_t length;

    if (end == NULL)
        return connection->size < BUFFER_BYTES ? 0 : -1;
    length = length_of(connection->buffer, end);
    if (length < 0 || (size_t)length > ANSWER_BYTES_MAX || strncmp(connection->buffer, "HTTP/1.1 ", 9) != 0)
        return -1;
    if ((size_t)(end + 4 - connection->buffer) + (size_t)length > connection->size)
        return 0;
    ret->status = (int)strtol(connection->buffer + 9, NULL, 10);
    ret->body = end + 4;
    ret->body_bytes = (size_t)length;
    ret->took_us = load->now_us - connection->began_us;
    return 1;
}

static bool buffer_room(struct connection *connection)
{
    size_t capacity = connection->capacity == 0 ? BUFFER_BYTES : 2 * connection->capacity;
    char *grown;

    if (connection->capacity - connection->size > 1)
        return true;
    if (capacity > 2 * ANSWER_BYTES_MAX)
        return false;
    grown = realloc(connection->buffer, capacity);
    if (grown == NULL)
        return false;
    connection->buffer = grown;
    connection->capacity = capacity;
    return true;
}

static void readable(struct load *load, size_t index)
{
    struct connection *connection = &load->connections[index];
    struct load_answer answer = {0};
    ssize_t got = buffer_room(connection) ? recv(connection->fd, connection->buffer + connection->size,
                                                 connection->capacity - connection->size - 1, MSG_DONTWAIT)
                                          : 0;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        connection->size += (size_t)got;
        connection->buffer[connection->size] = '\0';
    }
    int verdict = got > 0 ? answer_read(load, connection, &answer) : -1;

    if (verdict == 0)
        return;
    bool asked = connection->state == STATE_ASKED;

    if (verdict < 0)
        broken(load, index);
    else if (asked)
        answer_tell(load, index, &answer);
    connection->size = 0;
    if (asked)
        go_on(load, index);
}

static void event_take(struct load *load, const struct epoll_event *event)
{
    size_t index = event->data.u64;
    struct connection *connection = &load->connections[index];

    if (connection->fd < 0)
        return;
    if ((event->events & EPOLLOUT) != 0 && !request_send(load, index)) {
        broken(load, index);
        go_on(load, index);
        return;
    }
    if ((event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        readable(load, index);
}

/* ---- the run ---- */

/* With a rate: whoever is free takes the next turn; the turns do not wait for anybody. */
static void turns_give(struct load *load)
{
    int64_t rate = load->terms->rate;

    while (rate > 0 && load->idle_count > 0 && (load->ending || load->due_us <= load->now_us)) {
        size_t index = load->idle[load->idle_first];

        load->idle_first = (load->idle_first + 1) % load->terms->connections;
        load->idle_count--;
        ask(load, index, load->due_us);
        load->due_us += SECOND_US / rate;
    }
}

static int wait_ms(const struct load *load)
{
    int64_t wait_us = 100000;

    if (load->idle_count > 0 && load->due_us - load->now_us < wait_us)
        wait_us = load->due_us - load->now_us;
    return wait_us > 0 ? (int)((wait_us + 999) / 1000) : 0;
}

static void clock_look(struct load *load)
{
    int64_t seconds;

    load->now_us = monotonic_us();
    seconds = (load->now_us - load->began_us) / SECOND_US;
    if (load->terms->seconds > 0 && seconds >= load->terms->seconds)
        load->ending = true;
    if (seconds > load->told_s && !load->ending && load->work->second != NULL)
        load->work->second(load->work->watcher, seconds);
    load->told_s = seconds;
}

static void loop(struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t last_us = load->began_us + load->terms->seconds * SECOND_US + LINGER_US;

    while (load->over < load->terms->connections) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, wait_ms(load));

        clock_look(load);
        for (int i = 0; i < count; i++)
            event_take(load, &events[i]);
        turns_give(load);
        if (load->terms->seconds > 0 && load->now_us > last_us)
            return;
    }
}

static bool load_open(struct load *load, char ret_reason[256])
{
    size_t connections = load->terms->connections;

    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->connections = calloc(connections, sizeof(*load->connections));
    load->idle = calloc(connections, sizeof(*load->idle));
    if (load->epoll < 0 || load->connections == NULL || load->idle == NULL) {
        snprintf(ret_reason, 256, "no memory for %zu connections", connections);
        return false;
    }
    for (size_t i = 0; i < connections; i++) {
        load->connections[i].fd = -1;
        out_init(&load->connections[i].request);
    }
    for (size_t i = 0; i < connections; i++)
        if (!connection_open(load, i)) {
            snprintf(ret_reason, 256, "%s: connection %zu of %zu: %s", load->target->host, i + 1, connections,
                     strerror(errno));
            return false;
        }
    return true;
}

static void load_close(struct load *load)
{
    for (size_t i = 0; load->connections != NULL && i < load->terms->connections; i++) {
        connection_close(&load->connections[i]);
        out_fini(&load->connections[i].request);
        free(load->connections[i].buffer);
    }
    free(load->connections);
    free(load->idle);
    if (load->epoll >= 0)
        close(load->epoll);
}

enum err load_run(const struct load_target *target, const struct load_terms *terms, const struct load_work *work,
                  char ret_reason[256])
{
    struct load load = {.target = target, .terms = terms, .work = work, .epoll = -1};
    bool opened = load_open(&load, ret_reason);

    if (opened) {
        load.began_us = load.now_us = load.due_us = monotonic_us();
        for (size_t i = 0; i < terms->connections; i++)
            go_on(&load, i);
        loop(&load);
    }
    load_close(&load);
    return opened ? ERR_NONE : ERR_FATAL;
}
