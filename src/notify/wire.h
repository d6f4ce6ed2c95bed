/* SPDX-License-Identifier: Apache-2.0 */
/* Many calls by HTTP, and mails by SMTP, at once on one thread (libcurl's multi interface), each bounded in time and
 * memory.
 *
 * Every socket is judged by its address before it is connected (notify/address.h), and plain HTTP goes nowhere but to
 * loopback. No redirect is followed, no proxy of the environment is used, of an answer nothing is kept but its status
 * and when to come again. A call ends in exactly one wire_answer, by the callback, within wire_run. */
#ifndef EBB_NOTIFY_WIRE_H
#define EBB_NOTIFY_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "notify/address.h"

#define WIRE_DETAIL_BYTES 160
#define WIRE_ANSWER_BYTES_MAX ((size_t)64 << 10)
#define WIRE_HEADERS_MAX 8

struct wire_config {
    const struct address_ranges *allowed; /* lives as long as the wire */
    const char *ca;                       /* file of trusted authorities; NULL: the system's */
    int64_t timeout_ms;
};

struct wire_answer {
    bool well;      /* 2xx, or the mail was taken */
    int64_t status; /* of HTTP or of SMTP; 0: there was none */
    char detail[WIRE_DETAIL_BYTES];
    int64_t retry_after_ms; /* 0: it did not say */
};

struct wire_call {
    const char *url, *body;                /* copied */
    const char *headers[WIRE_HEADERS_MAX]; /* "Name: value"; copied */
    bool trusted;                          /* the operator named it: its address is not judged */
    struct {
        const char *from, *to, *user, *password; /* from NULL: it is no mail */
        bool plain;                              /* without TLS */
    } mail;
    void (*done)(void *context, const struct wire_answer *answer);
    void *context;
};

struct wire;
/* NULL: no memory. */
MUST_USE struct wire *wire_new(const struct wire_config *config);
/* What has not ended is given up without an answer. */
void wire_free(struct wire **wire);
/* Posts the body. ERR_RETRY: no memory, or the URL does not read; `done` is not called. */
MUST_USE enum err wire_post(struct wire *wire, const struct wire_call *call);
/* Waits for at most so long, or until wire_wake, and answers the calls that ended. */
void wire_run(struct wire *wire, int wait_ms);
void wire_wake(struct wire *wire); /* from any thread */
size_t wire_flying(const struct wire *wire);

#endif
