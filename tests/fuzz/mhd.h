/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd as the door's harnesses play it: the functions that src/http calls, for one connection, one request at
 * a time and no thread. The server (src/http/server.c) is linked with these instead of the library; whatever lies
 * between its callbacks and its answers runs as it is. The real library's reading of bytes is fuzz_wire's subject. */
#ifndef EBB_TESTS_FUZZ_MHD_H
#define EBB_TESTS_FUZZ_MHD_H

#include <microhttpd.h>

#include "fuzz.h"

#define MHD_HEADERS_MAX 24

struct mhd_header {
    const char *name, *value;
};
struct mhd_headers {
    struct mhd_header items[MHD_HEADERS_MAX];
    size_t count;
};

/* A request as the library hands it over. */
struct mhd_request {
    const char *method, *target;
    struct mhd_headers headers;
    const char *body;
    size_t body_size, piece_bytes; /* how much of the body comes at a time; 0: all of it */
};

/* What was answered. */
struct mhd_answer {
    bool dropped; /* the connection was closed without an answer */
    unsigned status;
    struct mhd_headers headers; /* copies */
    char *body;                 /* NUL-terminated */
    size_t body_size;
};

/* Hands the request to the server that was opened last; it must be answered, or dropped. */
void mhd_exchange(const struct mhd_request *request, struct mhd_answer *ret);
void mhd_answer_fini(struct mhd_answer *answer);
/* NULL when it is not there. */
const char *mhd_header(const struct mhd_headers *headers, const char *name);

#endif
