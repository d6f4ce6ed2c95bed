/* SPDX-License-Identifier: Apache-2.0 */
/* The ceilings of everything that is asked over HTTP: the same library in the same threading mode, and no rule.
 *
 *   ceiling_http echo BODY_BYTES                  answers everything at once with a body of that size
 *   ceiling_http durable BODY_BYTES TAPE DATABASE COMMANDS
 *                                                 GET as above; a POST is queued, one writer plays the tape's rows of
 * as many commands as wait, commits, and then answers them all
 *
 * Prints the port that it listens on, at loopback, and runs until its standard input ends. A tape that has run out
 * answers 503. Withdrawals and messages carry an id and a code, so that whoever enters codes can do so here as well. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_house.h"
#include "play_sqlite.h"
#include "queries.h"

#define THREADS 2 /* as http/serve.c */
#define LINE                                                                                                           \
    "{\"data\":[{\"to\":\"1\",\"id\":\"wd_00000000000\",\"code\":\"" BENCH_CODE                                        \
    "\",\"withdrawal\":\"wd_00000000000\"}]}"

struct asked {
    struct MHD_Connection *connection;
    struct asked *next;
    bool begun, waiting, refused;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    struct asked *first, *last;
    bool ending, durable;
    struct play play;
    int64_t commands, played, begun;
    char *body;
    size_t body_bytes;
} ceiling = {.mutex = PTHREAD_MUTEX_INITIALIZER, .wanted = PTHREAD_COND_INITIALIZER};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(ceiling.body_bytes, ceiling.body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    MHD_add_response_header(response, "Content-Type", "application/json");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void enqueue(struct asked *asked)
{
    asked->waiting = true;
    MHD_suspend_connection(asked->connection);
    pthread_mutex_lock(&ceiling.mutex);
    asked->next = NULL;
    if (ceiling.last == NULL)
        ceiling.first = asked;
    else
        ceiling.last->next = asked;
    ceiling.last = asked;
    pthread_cond_signal(&ceiling.wanted);
    pthread_mutex_unlock(&ceiling.mutex);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **state)
{
    struct asked *asked = *state;

    (void)context, (void)version, (void)upload;
    if (asked == NULL) {
        *state = asked = calloc(1, sizeof *asked);
        if (asked == NULL)
            return MHD_NO;
        asked->connection = connection;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (!ceiling.durable || strcmp(method, "POST") != 0 || strcmp(url, "/v1/batch") == 0)
        return answer(connection, MHD_HTTP_OK);
    if (asked->waiting)
        return answer(connection, asked->refused ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_CREATED);
    enqueue(asked);
    return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    free(*state);
    *state = NULL;
}

/* As many rows as the tape has for one command: the remainder of the division is spread. */
static bool command_play(void)
{
    int64_t before = ceiling.played * ceiling.play.tape.rows / ceiling.commands;
    int64_t after = ++ceiling.played * ceiling.play.tape.rows / ceiling.commands;

    return play_rows(&ceiling.play, after - before);
}

static void *writer(void *context)
{
    (void)context;
    for (;;) {
        pthread_mutex_lock(&ceiling.mutex);
        while (ceiling.first == NULL && !ceiling.ending)
            pthread_cond_wait(&ceiling.wanted, &ceiling.mutex);
        struct asked *list = ceiling.first;

        ceiling.first = ceiling.last = NULL;
        pthread_mutex_unlock(&ceiling.mutex);
        if (list == NULL)
            return NULL;
        play_run(&ceiling.play, "BEGIN IMMEDIATE");
        for (struct asked *asked = list; asked != NULL; asked = asked->next)
            asked->refused = !command_play();
        play_run(&ceiling.play, "COMMIT");
        for (struct asked *asked = list, *next; asked != NULL; asked = next) {
            next = asked->next;
            MHD_resume_connection(asked->connection);
        }
    }
}

static void body_make(int64_t size)
{
    size_t bytes = (size_t)size > sizeof LINE ? (size_t)size : sizeof LINE;

    ceiling.body = malloc(bytes);
    if (ceiling.body == NULL)
        die("no memory");
    memset(ceiling.body, ' ', bytes);
    memcpy(ceiling.body, LINE, sizeof LINE - 1);
    ceiling.body_bytes = bytes;
}

/* The flags and options of http/server.c. */
static struct MHD_Daemon *listen_on_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME, 0, NULL, NULL, on_request, NULL,
                            MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32 << 10, MHD_OPTION_CONNECTION_LIMIT, 2048,
                            MHD_OPTION_CONNECTION_TIMEOUT, 30, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024,
                            MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_END);
}

static void durable_open(char **argv)
{
    ceiling.durable = true;
    play_open(&ceiling.play, argv[0], argv[1], query_texts[QUERY_OPEN_WRITER], ENGINE_LOG_PAGES_MOST);
    ceiling.commands = number_of(argv[2]);
}

static void writer_stop(pthread_t thread)
{
    pthread_mutex_lock(&ceiling.mutex);
    ceiling.ending = true;
    pthread_cond_signal(&ceiling.wanted);
    pthread_mutex_unlock(&ceiling.mutex);
    pthread_join(thread, NULL);
    play_close(&ceiling.play);
}

int main(int argc, char **argv)
{
    bool durable = argc == 6 && strcmp(argv[1], "durable") == 0;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    char byte;

    if (!durable && (argc != 3 || strcmp(argv[1], "echo") != 0))
        die("usage: see the top of ceiling_http.c");
    body_make(number_of(argv[2]));
    if (durable)
        durable_open(argv + 3);
    if (durable && pthread_create(&thread, NULL, writer, NULL) != 0)
        die("no thread");
    daemon = listen_on_loopback();
    if (daemon == NULL)
        die("does not listen");
    printf("%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    MHD_quiesce_daemon(daemon);
    if (durable)
        writer_stop(thread);
    MHD_stop_daemon(daemon);
    return 0;
}
