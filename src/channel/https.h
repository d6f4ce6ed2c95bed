/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange over HTTPS with somebody who moves money, for every channel that has an address.
 *
 * Each call is a connection of its own: TLS 1.2 or newer, the certificate and its name verified, no proxy, no redirect,
 * no cookie, no second try. Sizes and times are bounded: a reply of more than HTTPS_BODY_BYTES_MAX, or one that is not
 * whole when the time is over, is no reply. It tells three fates apart, and says NOT_SENT only when that is certain:
 * the connection or its TLS handshake did not come about, so that no byte of the request can have left. It blocks for
 * `timeout_ms` at most; thread-safe. It knows nothing of keys, signatures or payments, and keeps nothing. */
#ifndef EBB_CHANNEL_HTTPS_H
#define EBB_CHANNEL_HTTPS_H

#include "base/err.h"

#define HTTPS_BODY_BYTES_MAX 65536
#define HTTPS_HEADERS_MAX 8       /* of a request */
#define HTTPS_HEADERS_KEPT_MAX 12 /* of a reply: the ones that were asked for */
#define HTTPS_HEADER_BYTES_MAX 1024
#define HTTPS_URL_BYTES 512

enum https_fate {
    HTTPS_NOT_SENT, /* certain: nobody saw a byte of it */
    HTTPS_LOST,     /* it may have arrived; there is no whole answer */
    HTTPS_ANSWERED,
};

struct https_call {
    const char *method, *url;
    const char *headers[HTTPS_HEADERS_MAX]; /* "Name: value", ended by NULL unless all are used */
    const char *body;                       /* NULL: none */
    const char *ca_file;                    /* NULL: the system's authorities */
    const char *keep_prefix;                /* headers of the reply whose names begin so are kept; NULL: none */
    int64_t timeout_ms;
};

struct https_header {
    char name[48], value[HTTPS_HEADER_BYTES_MAX];
};

struct https_reply {
    enum https_fate fate;
    long status;
    char *body; /* NUL-terminated; freed by https_reply_fini */
    size_t size;
    struct https_header *headers;
    size_t headers_count;
    int64_t took_ms;
    char reason[160]; /* of a fate other than ANSWERED; names no secret */
};

void https_exchange(const struct https_call *call, struct https_reply *ret);
/* Of what was kept, whatever its case; NULL when absent. */
const char *https_reply_header(const struct https_reply *reply, const char *name);
void https_reply_fini(struct https_reply *reply);

#endif
