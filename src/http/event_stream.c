/* SPDX-License-Identifier: Apache-2.0 */
#include "http/event_stream.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "http/parameter.h"
#include "http/server.h"
#include "notify/told.h"

#define PAGE_EVENTS 128
#define PAGE_BYTES_MAX ((size_t)4 << 20)
#define FRAME_BYTES_MAX ((size_t)1024)
#define BLOCK_BYTES ((size_t)4096) /* what the server asks for at once */
#define ROUNDS_OF_S(seconds) ((seconds)*1000 / STREAM_ROUND_MS)

struct stream {
    struct stream *next;
    struct streams *streams;
    struct MHD_Connection *connection;
    char principal[PRINCIPAL_BYTES];
    struct stream_ask ask;
    struct out buffer;
    size_t sent;
    int64_t after; /* the last event that was put into the buffer, or passed over as not for it */
    int64_t rounds;
    bool live;    /* it gets what is new; otherwise it has to catch up */
    bool waiting; /* suspended, to be resumed when there is something */
    bool ended;
};

struct streams {
    struct server *server;
    pthread_mutex_t lock; /* everything below, and all streams */
    struct stream *first;
    size_t count;
    bool ended, pumping;
    pthread_t pump;
    int bell;
    /* the pump's alone */
    struct arena arena;
    int64_t frontier; /* what is live has been given everything up to here */
    int64_t commits;  /* of the engine, when it was looked last */
    bool began;
};

/* ---- one stream; under the lock ---- */

static bool stream_is_empty(const struct stream *stream)
{
    return stream->sent == stream->buffer.size;
}

static void stream_wake(struct stream *stream)
{
    if (!stream->waiting || (stream_is_empty(stream) && !stream->ended))
        return;
    stream->waiting = false;
    MHD_resume_connection(stream->connection);
}

static bool stream_wants(const struct stream *stream, const struct told *told)
{
    return (stream->ask.account == 0 || stream->ask.account == told->account) &&
           (stream->ask.internal || !told_is_internal(told));
}

static void frame_write(struct out *out, int64_t id, const struct told *told)
{
    char cursor[ID_TEXT_BYTES];

    cursor_format(id, cursor);
    out_format(out, "id: %s\n", cursor);
    if (told != NULL) {
        out_text(out, "data: ");
        told_write(out, told);
        out_text(out, "\n");
    }
    out_text(out, "\n");
}

/* False: it has no room, and catches up later. */
static bool stream_tell(struct stream *stream, const struct told *told)
{
    if (told->id <= stream->after)
        return true;
    if (stream_wants(stream, told)) {
        if (stream->buffer.size + FRAME_BYTES_MAX > STREAM_BYTES_MAX)
            return false;
        frame_write(&stream->buffer, told->id, told);
    }
    stream->after = told->id;
    return true;
}

/* The client has the position also when nothing happened yet: it would come again from there. */
static void stream_greet(struct stream *stream)
{
    out_text(&stream->buffer, "retry: 2000\n");
    frame_write(&stream->buffer, stream->after, NULL);
}

/* A comment, which clients pass over; it finds out those that are gone. */
static void stream_beat(struct stream *stream)
{
    stream->rounds++;
    if (stream->rounds % ROUNDS_OF_S(STREAM_HEARTBEAT_S) == 0 && stream_is_empty(stream))
        out_text(&stream->buffer, ":\n\n");
    if (stream->rounds >= ROUNDS_OF_S(STREAM_LIFE_S) || stream->buffer.failed)
        stream->ended = true;
}

/* ---- the pump ---- */

/* To every live stream; those without room are left behind. */
static void streams_tell(struct streams *streams, const struct rows *rows)
{
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        for (size_t i = 0; i < rows->count && stream->live; i++)
            stream->live = stream_tell(stream, rows->items[i]);
        stream_wake(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

/* Without what is not settled yet. */
static void page_cut(struct rows *rows, int64_t horizon)
{
    while (rows->count > 0 && ((const struct told *)rows->items[rows->count - 1])->id > horizon)
        rows->count--;
}

static enum err frontier_move(struct streams *streams, struct store *store, int64_t horizon)
{
    struct rows rows;
    bool more = true;

    if (!streams->began)
        TRY(told_newest(store, &streams->frontier));
    if (!streams->began && streams->frontier > horizon)
        streams->frontier = horizon; /* what is not settled may yet be joined by something older */
    streams->began = true;
    while (more) {
        arena_reset(&streams->arena);
        TRY(told_page(store, 0, streams->frontier, PAGE_EVENTS, &streams->arena, &rows));
        more = rows.count == PAGE_EVENTS;
        page_cut(&rows, horizon);
        more = more && rows.count > 0;
        streams_tell(streams, &rows);
        if (rows.count > 0)
            streams->frontier = ((const struct told *)rows.items[rows.count - 1])->id;
    }
    return ERR_NONE;
}

/* The next stream that is behind and has read what it was given. Streams are closed by other threads: what is asked of
 * it is copied, and it is looked for again afterwards. */
static const struct stream *behind_find(struct streams *streams, struct stream_ask *ret_ask)
{
    const struct stream *found = NULL;

    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream != NULL && found == NULL; stream = stream->next) {
        if (stream->live || stream->ended || !stream_is_empty(stream))
            continue;
        found = stream;
        *ret_ask = stream->ask;
        ret_ask->after = stream->after;
    }
    pthread_mutex_unlock(&streams->lock);
    return found;
}

static void behind_tell(struct streams *streams, const struct stream *found, const struct stream_ask *ask,
                        const struct rows *rows, bool all)
{
    struct stream *stream;

    pthread_mutex_lock(&streams->lock);
    for (stream = streams->first; stream != NULL && stream != found; stream = stream->next)
        ;
    if (stream != NULL && stream->after == ask->after) {
        for (size_t i = 0; i < rows->count; i++)
            all = stream_tell(stream, rows->items[i]) && all;
        if (all && stream->after < streams->frontier)
            stream->after = streams->frontier;
        stream->live = all;
        stream_wake(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

/* One page for each that is behind: whoever has a page to read is not empty, and is not found again. */
static enum err behind_follow(struct streams *streams, struct store *store, int64_t horizon)
{
    const struct stream *found;
    struct stream_ask ask;
    struct rows rows;

    for (size_t i = 0; i < STREAMS_MAX && (found = behind_find(streams, &ask)) != NULL; i++) {
        arena_reset(&streams->arena);
        TRY(told_page(store, ask.account, ask.after, PAGE_EVENTS, &streams->arena, &rows));
        bool all = rows.count < PAGE_EVENTS;
        page_cut(&rows, horizon);
        behind_tell(streams, found, &ask, &rows, all);
    }
    return ERR_NONE;
}

static enum err pump_read(struct streams *streams)
{
    struct engine *engine = server_config(streams->server)->engine;
    int64_t commits = engine_stats(engine)->commits;
    char reason[256];
    struct store *store;

    TRY(server_reader(streams->server, &store, reason));
    int64_t horizon = told_horizon(store, engine_now(engine));
    if (!streams->began || commits != streams->commits || store_is_shared(store))
        TRY(frontier_move(streams, store, horizon));
    streams->commits = commits;
    return behind_follow(streams, store, horizon);
}

static void pump_beat(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        stream_beat(stream);
        stream_wake(stream);
    }
    pthread_mutex_unlock(&streams->lock);
}

static bool pump_goes_on(struct streams *streams, bool *ret_idle)
{
    pthread_mutex_lock(&streams->lock);
    bool goes_on = !streams->ended;
    *ret_idle = streams->first == NULL;
    pthread_mutex_unlock(&streams->lock);
    return goes_on;
}

static void *pump_run(void *context)
{
    struct streams *streams = context;
    bool idle, failed = false;

    while (pump_goes_on(streams, &idle)) {
        struct pollfd bell = {.fd = streams->bell, .events = POLLIN};
        uint64_t rings;

        if (idle)
            streams->began = false; /* who comes next begins at what is newest then */
        if (poll(&bell, 1, idle ? -1 : STREAM_ROUND_MS) > 0 && read(streams->bell, &rings, sizeof(rings)) < 0)
            log_line(LOG_LEVEL_WARN, "the bell of the live updates does not read", NULL);
        bool fails = pump_read(streams) != ERR_NONE;
        if (fails && !failed)
            log_line(LOG_LEVEL_WARN, "live updates wait: the store does not answer", NULL);
        failed = fails;
        pump_beat(streams);
    }
    return NULL;
}

static void bell_ring(struct streams *streams)
{
    const uint64_t one = 1;

    if (write(streams->bell, &one, sizeof(one)) < 0)
        log_line(LOG_LEVEL_WARN, "the bell of the live updates does not ring", NULL);
}

/* ---- life of all ---- */

struct streams *streams_new(struct server *server)
{
    struct streams *streams = calloc(1, sizeof(*streams));

    if (streams == NULL)
        return NULL;
    streams->server = server;
    streams->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (streams->bell < 0) {
        free(streams);
        return NULL;
    }
    arena_init(&streams->arena, PAGE_BYTES_MAX);
    pthread_mutex_init(&streams->lock, NULL);
    return streams;
}

void streams_end(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    bool pumping = streams->pumping;
    streams->ended = true;
    streams->pumping = false;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        stream->ended = true;
        stream_wake(stream);
    }
    pthread_mutex_unlock(&streams->lock);
    if (!pumping)
        return;
    bell_ring(streams);
    pthread_join(streams->pump, NULL);
}

void streams_free(struct streams **streams)
{
    if (*streams == NULL)
        return;
    streams_end(*streams);
    arena_fini(&(*streams)->arena);
    close((*streams)->bell);
    pthread_mutex_destroy(&(*streams)->lock);
    free(*streams);
    *streams = NULL;
}

/* ---- life of one ---- */

static bool room_is_left(const struct streams *streams, const char *principal)
{
    size_t same = 0;

    for (const struct stream *stream = streams->first; stream != NULL; stream = stream->next)
        same += strcmp(stream->principal, principal) == 0;
    return streams->count < STREAMS_MAX && same < STREAMS_PRINCIPAL_MAX;
}

static enum err stream_join(struct streams *streams, struct stream *stream)
{
    if (streams->ended)
        return ERR_RETRY;
    if (!room_is_left(streams, stream->principal))
        return ERR_REQUEST;
    if (!streams->pumping && pthread_create(&streams->pump, NULL, pump_run, streams) != 0)
        return ERR_RETRY;
    streams->pumping = true;
    stream->next = streams->first;
    streams->first = stream;
    streams->count++;
    return ERR_NONE;
}

enum err stream_open(struct streams *streams, const struct stream_ask *ask, struct MHD_Connection *connection,
                     struct stream **ret)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    enum err err;

    if (stream == NULL)
        return ERR_RETRY;
    stream->streams = streams;
    stream->connection = connection;
    stream->ask = *ask;
    stream->after = ask->after;
    strncpy(stream->principal, ask->principal, sizeof(stream->principal) - 1);
    stream->ask.principal = stream->principal;
    out_init(&stream->buffer);
    stream_greet(stream);
    pthread_mutex_lock(&streams->lock);
    err = stream_join(streams, stream);
    pthread_mutex_unlock(&streams->lock);
    if (err != ERR_NONE) {
        out_fini(&stream->buffer);
        free(stream);
        return err;
    }
    bell_ring(streams);
    *ret = stream;
    return ERR_NONE;
}

void stream_close(struct stream **stream)
{
    struct streams *streams;
    struct stream **at;

    if (*stream == NULL)
        return;
    streams = (*stream)->streams;
    pthread_mutex_lock(&streams->lock);
    for (at = &streams->first; *at != *stream; at = &(*at)->next)
        ;
    *at = (*stream)->next;
    streams->count--;
    pthread_mutex_unlock(&streams->lock);
    out_fini(&(*stream)->buffer);
    free(*stream);
    *stream = NULL;
}

/* libmicrohttpd wants bytes: what is there, or the connection sleeps until the pump has some. */
static ssize_t on_read(void *context, uint64_t position, char *block, size_t size)
{
    struct stream *stream = context;
    ssize_t taken = 0;

    (void)position;
    pthread_mutex_lock(&stream->streams->lock);
    size_t left = stream->buffer.size - stream->sent;
    if (left > 0) {
        taken = (ssize_t)(left < size ? left : size);
        memcpy(block, stream->buffer.data + stream->sent, (size_t)taken);
        stream->sent += (size_t)taken;
        if (stream_is_empty(stream)) {
            out_reset(&stream->buffer);
            stream->sent = 0;
        }
    } else if (stream->ended) {
        taken = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->waiting = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->streams->lock);
    return taken;
}

struct MHD_Response *stream_response(struct stream *stream)
{
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_read, stream, NULL);
}
