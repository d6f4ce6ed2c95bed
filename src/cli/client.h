/* SPDX-License-Identifier: Apache-2.0 */
/* The commands' way to a server: one HTTP exchange at a time, and its outcome as an exit code. A client that is kept
 * open uses one connection for all of them.
 *
 * Problems (RFC 9457) are shown to people in sentences, with the rule and the arithmetic. An exchange that broke after
 * the request left, and a 503, are CLI_UNKNOWN: the message names the key with which to ask again. Knows paths only as
 * text. */
#ifndef EBB_CLI_CLIENT_H
#define EBB_CLI_CLIENT_H

#include "cli/cli.h"

#include <argp.h>
#include <jansson.h>

#define CLIENT_PATH_BYTES 512
#define CLIENT_KEY_BYTES 33

struct client {
    const char *program, *url, *token;
    bool json;  /* answers as the server gave them */
    void *kept; /* see client_keep */
};

struct client_request {
    const char *method, *path;
    const char *body; /* NULL: none */
    size_t body_bytes;
    const char *content_type; /* NULL: JSON */
    const char *key, *if_match;
    void *sink;           /* FILE *: what a 2xx answers goes there as it comes; NULL: it is kept in the answer */
    const char *currency; /* of the amounts in a refusal; NULL: they are shown in minor units */
};

struct answer {
    long status;
    char *body; /* NUL-terminated */
    size_t body_bytes;
    json_t *json; /* NULL when the body is not one JSON text */
    void *sink;
    char etag[64];
    int64_t retry_after_s; /* 0: the server did not say */
    int fault;             /* where the exchange failed: why (CURLcode); 0: there is an answer */
};

/* --url, --token and --json for a command's argp children; its input is a struct client. */
extern const struct argp client_argp;
void client_init(struct client *client, const char *program);
/* Only 2xx is CLI_OK; everything else has been explained on standard error. `ret` is to be finished in every case. */
enum cli_exit client_call(const struct client *client, const struct client_request *request, struct answer *ret);
void answer_fini(struct answer *answer);
/* The same without a word on standard error and without a verdict, for who asks again. False: there is no answer. */
bool client_ask(const struct client *client, const struct client_request *request, struct answer *ret);
/* The words and the exit code for an answer that is not 2xx, or for none. */
enum cli_exit client_explain(const struct client *client, const struct client_request *request,
                             const struct answer *answer);
/* Why there is no answer; whether asking the same address again may help; whether nothing can have left the house. */
const char *answer_fault(const struct answer *answer);
bool answer_fault_passes(const struct answer *answer);
bool answer_never_sent(const struct answer *answer);
/* The connection stays open from one exchange to the next, until client_leave. */
void client_keep(struct client *client);
void client_leave(struct client *client);
/* GET of a path. */
enum cli_exit client_get(const struct client *client, const char *path, struct answer *ret);
/* Every object of a list, page after page, at most `limit` of them; `path` without cursor and limit. */
enum cli_exit client_each(const struct client *client, const char *path, size_t limit,
                          void (*each)(const json_t *item, void *context), void *context);
/* Appends "?name=value" or "&name=value", escaped; a NULL value appends nothing. */
void client_query(char path[CLIENT_PATH_BYTES], const char *name, const char *value);
/* A fresh idempotency key. */
void client_key(char ret[CLIENT_KEY_BYTES]);
/* The answer's JSON, indented. */
void client_print(const struct answer *answer);

/* "" where the member is missing or no text; 0 where it is no integer. */
const char *json_text(const json_t *object, const char *member);
int64_t json_minor(const json_t *object, const char *member);
/* "1000.00" of an amount member. */
const char *json_amount(const json_t *object, const char *member, const char *currency, char ret[MONEY_TEXT_BYTES]);

#endif
