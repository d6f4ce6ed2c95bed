/* SPDX-License-Identifier: Apache-2.0 */
/* Requests by cookie: whose they are, and whether it was really our own page that sent them.
 *
 * A browser sends a cookie along with whatever page made it ask. So a request that changes something must also carry
 * the header `Ebb-Session: 1`, which no page of another origin can add, and where the browser says which origin asks
 * (Origin, Sec-Fetch-Site) it must be ours. The cookie's text is 256 random bits, its hash is looked up in the
 * database; nothing of it is kept in memory, so a session that ended anywhere has ended here. */
#ifndef EBB_HTTP_SESSION_H
#define EBB_HTTP_SESSION_H

#include "domain/session.h"

#define SESSION_COOKIE_BYTES 160
#define SESSION_PREFIX "ebs_"

struct session_terms {
    const char
        *origin; /* "https://ebb.example": where browsers find us. NULL: where they say that they asked, by http */
    const char *proxy; /* whose X-Forwarded-For says where a client is; NULL: nobody's */
    int64_t idle_ms[SESSION__COUNT], life_ms[SESSION__COUNT]; /* by enum session_kind */
};
/* Staff 30 minutes and 12 hours, customers 15 minutes and 1 hour (OWASP ASVS 5.0, V7.3: idle and absolute). */
extern const struct session_terms session_terms_usual;

struct request;
/* ERR_REQUEST: no session. Fills request->session and request->caller. */
MUST_USE enum err session_find(struct request *request);
/* Answers 403 where the request changes something and our page did not send it. */
void session_check(struct request *request);
/* Answers 403 where another origin asks, cookie or none. */
void session_check_origin(struct request *request);
/* Gives the answer a cookie with this text; "" takes the cookie away. */
void session_cookie_set(struct request *request, const char *token);
/* The hash under which a cookie's text is kept. */
void session_hash(struct request *request, const char *token, uint8_t ret[HASH_SHORT_BYTES]);

#endif
