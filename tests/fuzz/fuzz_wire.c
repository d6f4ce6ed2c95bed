/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes on a connection to the real server with its real HTTP library: pipelines, broken framing, headers without end.
 * Where a strict reading finds whole requests and nothing else, each is answered, in order and with the status that its
 * path has for a caller without a key; whatever else comes, the server says at most a refusal, and the next caller is
 * served. The first byte says where the stream is cut into two packets. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/log.h"
#include "http/server.h"
#include "look.h"
#include "memory.h"

#define REQUESTS_MAX 32
#define REPLY_BYTES ((size_t)4 << 20)
#define SILENCE_S 25

/* ---- the server ---- */

static char directory[128];
static struct vault vault;
static struct policies policies;
static struct calendar calendar;
static struct channels channels;
static struct system_clock real_clock;
static struct world world = {.now = system_clock_now, .context = &real_clock};
static struct engine *engine;
static struct server *server;
static char *reply;

static void leave(void)
{
    static const char *const files[] = {"ebb.db", "ebb.db-wal", "ebb.db-shm", "ebb.lock", "master.key"};
    char path[256];

    server_close(&server);
    engine_close(&engine);
    free(reply);
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(directory);
}

static void database_prepare(char reason[512])
{
    struct store *store = NULL;
    int64_t from, to;

    CHECK(store_open(directory, STORE_WRITER, NULL, &store, reason) == ERR_NONE);
    CHECK(store_migrate(store, &from, &to) == ERR_NONE);
    CHECK(policies_open(store, NULL, system_clock_now(&real_clock), &policies, reason) == ERR_NONE);
    store_close(&store);
}

static void prepare(void)
{
    const char *place = getenv("TMPDIR");
    struct policy_mistake mistake;
    char reason[512];

    memory_choose();
    signal(SIGPIPE, SIG_IGN);
    log_quiet(true);
    snprintf(directory, sizeof directory, "%s/ebb-wire-XXXXXX", place != NULL ? place : "/tmp");
    CHECK(mkdtemp(directory) != NULL);
    atexit(leave);
    random_init_seed(&world.random, 1);
    CHECK(vault_open(directory, true, &vault, reason) == ERR_NONE);
    database_prepare(reason);
    CHECK(calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &calendar, &mistake) == ERR_NONE);
    CHECK(engine_open(&(struct engine_config){.directory = directory,
                                              .world = &world,
                                              .policies = &policies,
                                              .calendar = &calendar,
                                              .channels = &channels,
                                              .queue_max = 16,
                                              .batch_max = 16},
                      &engine, reason) == ERR_NONE);
    CHECK(server_open(&(struct http_config){.address = "127.0.0.1",
                                            .threads = 1,
                                            .connections_max = 16,
                                            .directory = directory,
                                            .store = directory,
                                            .vault = &vault,
                                            .engine = engine,
                                            .policies = &policies,
                                            .calendar = &calendar,
                                            .channels = &channels},
                      &server, reason) == ERR_NONE);
}

/* ---- one connection ---- */

static void bytes_send(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = TEMP_FAILURE_RETRY(send(fd, data, size, MSG_NOSIGNAL));
        if (sent <= 0)
            return; /* it has heard enough */
        data += sent;
        size -= (size_t)sent;
    }
}

/* libFuzzer's clock ticks in between: a connection that was interrupted is made all the same. */
static bool connect_whole(int fd, const struct sockaddr_in *address)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int fault = 0;
    socklen_t size = sizeof fault;

    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return true;
    if (errno != EINTR || TEMP_FAILURE_RETRY(poll(&ready, 1, SILENCE_S * 1000)) != 1)
        return false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) == 0 && fault == 0;
}

/* Says it all, then listens to the end. The reply is NUL-terminated. */
static size_t converse(const char *data, size_t size, size_t cut)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server_port(server))};
    struct timeval patience = {.tv_sec = SILENCE_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t heard = 0;
    ssize_t got;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && connect_whole(fd, &address));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bytes_send(fd, data, cut);
    bytes_send(fd, data + cut, size - cut);
    (void)shutdown(fd, SHUT_WR);
    while ((got = TEMP_FAILURE_RETRY(recv(fd, reply + heard, REPLY_BYTES - heard, 0))) > 0)
        heard += (size_t)got;
    close(fd);
    CHECK(heard < REPLY_BYTES);
    reply[heard] = '\0';
    return heard;
}

/* ---- what should come ---- */

struct wanted {
    int status;
    bool head;
};

static const char *line_end(const char *at, const char *stop)
{
    for (; at + 1 < stop; at++)
        if (at[0] == '\r' && at[1] == '\n')
            return at;
    return NULL;
}

static bool is_token(const char *at, const char *end)
{
    for (const char *c = at; c < end; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '-'))
            return false;
    return end > at;
}

static bool word_is(const char *at, const char *end, const char *word)
{
    return strlen(word) == (size_t)(end - at) && strncasecmp(at, word, (size_t)(end - at)) == 0;
}

static const struct {
    const char *line;
    struct wanted wanted;
    bool body;
} lines[] = {
    {"GET /healthz HTTP/1.1", {200, false}, false},        {"HEAD /healthz HTTP/1.1", {200, true}, false},
    {"GET /openapi.json HTTP/1.1", {200, false}, false},   {"GET /v1/accounts/a HTTP/1.1", {401, false}, false},
    {"GET /nothing HTTP/1.1", {404, false}, false},        {"POST /healthz HTTP/1.1", {405, false}, true},
    {"POST /v1/withdrawals HTTP/1.1", {401, false}, true}, {"PUT /v1/accounts/a HTTP/1.1", {401, false}, true},
};

/* Headers that a strict reader knows by heart: Host once, X- ones, and a length where there is a body. False: something
 * else stands there, and nothing is promised. */
static bool headers_read(const char **text, const char *stop, bool body, size_t *ret_length)
{
    int hosts = 0, lengths = 0;

    *ret_length = 0;
    for (const char *at = *text, *end; (end = line_end(at, stop)) != NULL; at = end + 2) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        if (end == at) {
            *text = end + 2;
            return hosts == 1 && lengths == body;
        }
        if (colon == NULL || !is_token(at, colon) || end - at > 200 || colon + 1 == end || colon[1] != ' ')
            return false;
        for (const char *c = colon + 2; c < end; c++)
            if (*c <= ' ' || *c > '~')
                return false;
        hosts += word_is(at, colon, "Host");
        if (word_is(at, colon, "Content-Length")) {
            size_t digits = strspn(colon + 2, "0123456789");
            lengths++;
            *ret_length = strtoul(colon + 2, NULL, 10);
            if (colon + 2 + digits != end || digits == 0 || digits > 5)
                return false;
        } else if (!word_is(at, colon, "Host") && strncasecmp(at, "X-", 2) != 0) {
            return false;
        }
    }
    return false;
}

/* How many answers the whole stream must get; 0: it is not made of whole requests that are known here. */
static size_t wanted_of(const char *text, size_t size, struct wanted wanted[REQUESTS_MAX])
{
    const char *stop = text + size;
    size_t count = 0;

    while (text < stop) {
        const char *end = line_end(text, stop);
        size_t which = 0, length;
        while (end != NULL && which < ARRAY_COUNT(lines) &&
               (strlen(lines[which].line) != (size_t)(end - text) ||
                memcmp(text, lines[which].line, (size_t)(end - text)) != 0))
            which++;
        if (end == NULL || which == ARRAY_COUNT(lines) || count == REQUESTS_MAX)
            return 0;
        text = end + 2;
        if (!headers_read(&text, stop, lines[which].body, &length) || length > (size_t)(stop - text))
            return 0;
        text += length;
        wanted[count++] = lines[which].wanted;
    }
    return count;
}

/* ---- what came ---- */

static size_t length_of(const char *headers, const char *end)
{
    for (const char *at = headers; at < end; at = line_end(at, end) + 2)
        if (strncasecmp(at, "Content-Length: ", 16) == 0)
            return strtoul(at + 16, NULL, 10);
    CHECK(headers == NULL); /* a response without its length */
    return 0;
}

/* One response off the front; returns what follows it. */
static const char *response_check(const char *from, const char *stop, const struct wanted *wanted)
{
    char status[16];
    const char *headers = line_end(from, stop), *end = memmem(from, (size_t)(stop - from), "\r\n\r\n", 4);

    snprintf(status, sizeof status, "HTTP/1.1 %d ", wanted->status);
    if (headers == NULL || end == NULL || strncmp(from, status, strlen(status)) != 0)
        fprintf(stderr, "wanted %s, came \"%.*s\"\n", status, (int)(stop - from), from);
    CHECK(headers != NULL && end != NULL && strncmp(from, status, strlen(status)) == 0);
    size_t length = length_of(headers + 2, end + 2);
    const char *body = end + 4;
    if (wanted->head)
        return body;
    CHECK(length <= (size_t)(stop - body));
    json_t *value SCOPED(look_free) = look_parse(body, length, JSON_REJECT_DUPLICATES);
    CHECK(json_is_object(value));
    CHECK(wanted->status < 400 || json_integer_value(json_object_get(value, "status")) == wanted->status);
    return body + length;
}

static void reply_check(size_t size, const struct wanted *wanted, size_t count)
{
    const char *at = reply, *stop = reply + size;

    for (size_t i = 0; i < count; i++)
        at = response_check(at, stop, &wanted[i]);
    CHECK(count == 0 || at == stop);
    if (count == 0 && size > 0)
        CHECK(strncmp(reply, "HTTP/1.", 7) == 0 && strstr(reply, "HTTP/1.1 500") == NULL);
}

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    prepare();
    reply = malloc(REPLY_BYTES + 1);
    CHECK(reply != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char next[] = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
    static const struct wanted served = {200, false};
    struct wanted wanted[REQUESTS_MAX];
    struct input input = {data, size};

    size_t cut = input_byte(&input);
    const char *text = (const char *)input.at;
    size_t count = wanted_of(text, input.left, wanted);
    size_t heard = converse(text, input.left, cut < input.left ? cut : input.left);
    reply_check(heard, wanted, count);
    heard = converse(next, sizeof next - 1, 0);
    reply_check(heard, &served, 1);
    return 0;
}
