/* SPDX-License-Identifier: Apache-2.0 */
/* Many keep-alive HTTP connections driven by one thread: whoever is answered asks the next thing.
 *
 * Each connection has one request in flight. What is asked and what an answer means belongs to the work; this module
 * knows bytes, connections and how long an answer took. It speaks plain HTTP/1.1 and reads answers that carry a
 * Content-Length, as those of `ebb serve` do. A connection that breaks is told to the work and opened again. */
#ifndef EBB_CLI_LOAD_H
#define EBB_CLI_LOAD_H

#include <sys/socket.h>

#include "base/out.h"

#define LOAD_CONNECTIONS_MAX 16384

struct load_target {
    struct sockaddr_storage address;
    socklen_t address_bytes;
    char host[128]; /* as the Host header says it */
    bool loopback;
};

struct load_answer {
    int status; /* 0: the connection broke, nobody knows what became of the request */
    const char *body;
    size_t body_bytes;
    int64_t took_us; /* since it was sent; with a rate, since it was due */
};

struct load_work {
    void *context;
    /* The connection's next request, whole, into `request` (empty when called). False: it has nothing more to ask. */
    bool (*ask)(void *context, size_t connection, struct out *request);
    void (*answered)(void *context, size_t connection, const struct load_answer *answer);
    void (*second)(void *watcher, int64_t seconds); /* called about once a second; NULL: nobody watches */
    void *watcher;
};

struct load_terms {
    size_t connections;
    int64_t seconds; /* 0: until no connection has anything more to ask */
    int64_t rate;    /* requests a second over all connections; 0: as fast as the answers come */
};

/* http://HOST:PORT with nothing behind it but a slash. False: `*ret_why` says why. */
MUST_USE bool load_target_parse(const char *url, struct load_target *ret, const char **ret_why);
/* ERR_FATAL: `ret_reason` says why not one connection could be opened. What is in flight at the end is waited for. */
MUST_USE enum err load_run(const struct load_target *target, const struct load_terms *terms,
                           const struct load_work *work, char ret_reason[256]);

#endif
