/* SPDX-License-Identifier: Apache-2.0 */
/* The table of routes and the search in it. It knows patterns and permissions; what an answer does stands elsewhere. */
#ifndef EBB_HTTP_ROUTE_H
#define EBB_HTTP_ROUTE_H

#include <stdio.h>

#include "engine/command.h"
#include "http/parameter.h"

enum verb { VERB_GET = 0, VERB_POST, VERB_PUT, VERB_DELETE, VERB__COUNT };

enum route_flag {
    ROUTE_KEY = 1,      /* Idempotency-Key is required */
    ROUTE_IF_MATCH = 2, /* If-Match is required */
    ROUTE_OPEN = 4,     /* no bearer token */
    ROUTE_LARGE = 8,    /* BODY_BYTES_LARGE instead of BODY_BYTES_SMALL */
    ROUTE_LINES = 16,   /* NDJSON */
    ROUTE_RAW = 32,     /* any media type */
    ROUTE_DEMO = 64,    /* only under --demo */
    ROUTE_NAMES = 128,  /* the refs in the path name something new: a bad one is malformed, not missing */
};
#define BODY_BYTES_SMALL ((size_t)64 << 10)
#define BODY_BYTES_LARGE ((size_t)8 << 20)

struct request;
struct http_route {
    enum verb verb;
    const char *path;
    enum command_kind command; /* COMMAND__COUNT: none */
    void (*answer)(struct request *request);
    unsigned roles, flags, parameters;
};
extern const struct http_route routes[];
extern const size_t routes_count;

struct route_match {
    const struct http_route *route; /* NULL: see allowed */
    unsigned allowed;               /* verbs that the path has, bit 1u << verb; 0: unknown path */
    const char *account, *object;   /* texts from the path, or NULL */
    const char *id, *document;
};
/* `verb` VERB__COUNT is a method that no path has. */
struct route_match route_find(const struct target *target, enum verb verb, bool demo);

/* "GET, HEAD, PUT" */
void route_allow(unsigned allowed, char ret[32]);
const char *verb_text(enum verb verb);
/* One line a route: verb, path, roles, flags and parameters; for the test that compares with api/openapi.yaml. */
void routes_print(FILE *file);

#endif
