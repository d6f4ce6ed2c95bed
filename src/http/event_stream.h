/* SPDX-License-Identifier: Apache-2.0 */
/* Live updates: events as they are committed, as server-sent events (GET /v1/events/stream).
 *
 * A stream has no thread: its connection is suspended until one pump, for all of them, has something to say. Each has a
 * buffer of STREAM_BYTES_MAX; who reads too slowly is left out and catches up from the store when it has read what it
 * was given, so that nothing is skipped and memory is bounded. A stream ends after STREAM_LIFE_S, so that a key that
 * was revoked hears no more; the client comes again with Last-Event-ID and goes on where it was. It is a hint that
 * something changed; what is true stands in the lists. */
#ifndef EBB_HTTP_EVENT_STREAM_H
#define EBB_HTTP_EVENT_STREAM_H

#include <stdint.h>

#include "base/err.h"

struct MHD_Connection;
struct MHD_Response;
struct server;
struct stream;
struct streams;

#define STREAMS_MAX 512
#define STREAMS_PRINCIPAL_MAX 16
#define STREAM_BYTES_MAX ((size_t)64 << 10)
#define STREAM_HEARTBEAT_S 15
#define STREAM_LIFE_S 60
#define STREAM_ROUND_MS 200

struct stream_ask {
    const char *principal;
    int64_t account; /* 0: all */
    int64_t after;   /* id of the last event that is known */
    bool internal;   /* is told what staff are told */
};

/* NULL: no memory. The pump's thread begins with the first stream. */
MUST_USE struct streams *streams_new(struct server *server);
/* Every stream says its end; no new one begins. Waits for the pump. */
void streams_end(struct streams *streams);
void streams_free(struct streams **streams);

/* ERR_REQUEST: there are as many as there may be, in all or of this principal. */
MUST_USE enum err stream_open(struct streams *streams, const struct stream_ask *ask, struct MHD_Connection *connection,
                              struct stream **ret);
/* The body of its answer, as it comes. NULL: no memory. */
MUST_USE struct MHD_Response *stream_response(struct stream *stream);
void stream_close(struct stream **stream);

#endif
