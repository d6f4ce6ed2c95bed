/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: libmicrohttpd in poll mode, requests suspended while the engine decides.
 *
 * Limits: headers 32 KiB (431), URL 2 KiB (414), body 64 KiB or 8 MiB by route (413), connections_max, 30 s of silence.
 * TLS is a front proxy's work. The server owns its threads and its readers, not the engine. */
#ifndef EBB_HTTP_SERVER_H
#define EBB_HTTP_SERVER_H

#include "engine/engine.h"
#include "http/session.h"

struct payout;
struct notify_stats; /* notify/notify.h */
struct http_config {
    const char *address; /* IPv4 or IPv6 in numbers */
    uint16_t port;       /* 0: any free one */
    int listening;       /* a socket that listens there already and becomes the server's; 0: it makes one */
    unsigned threads, connections_max;
    const char *directory;
    const char *store; /* where the rows are read: a directory or a URL */
    struct vault *vault;
    struct engine *engine;
    const struct policies *policies;
    const struct calendar *calendar;
    const struct channels *channels;
    struct payout *payout;
    const struct notify_stats *notify; /* NULL: nothing is told */
    bool demo;
    struct session_terms sessions;
    struct system_clock *clock; /* demo: moved by /demo/clock */
    const char *program;        /* its own path, for workers of the same program; NULL: no pages are drawn */
    const char *operator_name;  /* who issues receipts; NULL: Ebb */
};

struct server;
MUST_USE enum err server_open(const struct http_config *config, struct server **ret, char ret_reason[256]);
uint16_t server_port(const struct server *server);
/* Accepts no more connections, answers 503 to what still comes in, and waits (at most DRAIN_MS) for what was begun. */
#define DRAIN_MS 3000
void server_drain(struct server *server);
bool server_draining(const struct server *server);
/* The engine must be closed: no request may be waiting for it. */
void server_close(struct server **server);

/* For answers. */
const struct http_config *server_config(const struct server *server);
/* This thread's reader, opened on first use. */
MUST_USE enum err server_reader(struct server *server, struct store **ret, char ret_reason[256]);
struct quote_cache;
struct quote_cache *server_quotes(struct server *server);
struct keyring_memory;
struct keyring_memory *server_keys(struct server *server);
struct streams;
struct streams *server_streams(struct server *server);
struct clerk;
struct export_jobs;
struct export_jobs *server_exports(struct server *server);
struct clerk *server_clerk(struct server *server);
/* The one who looks at passwords. */
struct clerk *server_porter(struct server *server);
/* Its origin, or where it listens. */
void server_address(const struct server *server, char ret[256]);
#define SERVER_STATUS_CLASSES 6 /* by hundreds; [0] is everything */
int64_t server_answers(const struct server *server, int hundreds);
/* "r4f0c91ab-2f": unique in this process and unlikely elsewhere. */
void server_request_id(struct server *server, char ret[33]);

#endif
