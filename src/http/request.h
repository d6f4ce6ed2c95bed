/* SPDX-License-Identifier: Apache-2.0 */
/* One request from its first line to its answer, and what answers are made with.
 *
 * A request lives on one HTTP thread, except between request_submit and its reply, when it belongs to the engine. It is
 * answered exactly once. Requests are kept and used again, so that a busy connection allocates nothing of its own. */
#ifndef EBB_HTTP_REQUEST_H
#define EBB_HTTP_REQUEST_H

#include <stdatomic.h>

#include "base/out.h"
#include "http/caller.h"
#include "http/route.h"
#include "http/server.h"
#include "http/session.h"
#include "view/view.h"

struct MHD_Connection;
struct stream; /* http/event_stream.h */

#define REQUEST_ID_BYTES 33
#define REQUEST_ARENA_BYTES ((size_t)64 << 20)

#define REQUEST_HEADERS_MAX 12

/* A header of the answer beside those that every answer has; both texts outlive it. */
struct header {
    const char *name, *value;
};

enum request_phase {
    REQUEST_NEW = 0, /* the request line is here */
    REQUEST_READING, /* headers are checked, the body comes in */
    REQUEST_WAITING, /* suspended: the engine has it */
    REQUEST_RESUMED, /* given back: with an answer, or to go on by `woken` */
    REQUEST_SENT,
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    _Atomic int phase; /* enum request_phase */
    enum target_verdict target_verdict;
    struct target target;
    struct route_match match;
    struct parameters parameters;
    struct caller caller;
    void *own;                     /* own.c: what is to become, while it is looked at who asks */
    const struct session *session; /* by whose cookie it is asked; NULL: by a key, or by nobody */
    char id[REQUEST_ID_BYTES];
    struct arena arena;

    char *body;
    size_t body_size, body_capacity, body_seen;
    int64_t began_us; /* of a clock that never goes back */

    struct command command;
    uint64_t generation;                    /* of the account that a quote is made for */
    void (*woken)(struct request *request); /* batch: called when resumed instead of sending */
    void *batch;

    bool answered;
    struct reply reply;
    const char *content_type; /* NULL: JSON or problem+json by reply.problem */
    struct stream *stream;    /* the body comes in pieces, from here; NULL otherwise */
    bool has_file;            /* the body is `file`, which is closed when it is sent */
    int file;
    int64_t file_bytes;
    char filename[REF_BYTES]; /* under which a browser keeps it; "": it shows it */
    bool static_body;         /* the reply's body is not ours to free */
    char spare[256];          /* the problem that is told when there is no memory for another */
    struct header headers[REQUEST_HEADERS_MAX];
    size_t headers_count;
    char allow[32];
    char cookie[SESSION_COOKIE_BYTES]; /* of the answer; "" when it says nothing of one */
    int retry_after_s;                 /* 0: no such header */
    bool drop;                         /* close the connection: the body will not be read to its end */

    struct request *next;
};

/* Headers of the request; NULL when absent. */
const char *request_header(const struct request *request, const char *name);

/* Answers with the writer's text; takes it over. A writer that failed becomes 503. */
void request_answer(struct request *request, int status, struct out *out);
/* Answers with text that outlives the server. */
void request_answer_static(struct request *request, const char *content_type, const char *text, size_t size);
/* Answers with a file; takes over its descriptor. */
void request_answer_file(struct request *request, const char *content_type, int fd, int64_t bytes);
/* Answers with what the stream will say; takes it over. */
void request_answer_stream(struct request *request, struct stream *stream);
/* Adds a header to the answer, in the place of the usual one where there is one: the texts outlive the answer. */
void request_header_add(struct request *request, const char *name, const char *value);
void request_problem(struct request *request, int status, const char *code, const char *detail);
/* 400 for members or parameters. */
void request_malformed(struct request *request, const struct field_problems *problems);
/* The body as an object of that shape, in the request's arena. False after answering. */
MUST_USE bool request_body(struct request *request, const struct shape *shape, void *ret);
#define REQUEST_DAYS_USUAL 30
#define REQUEST_DAYS_MAX 92
/* from and to of a sum over days: whole days of the last weeks unless said otherwise. False after answering. */
MUST_USE bool request_period(struct request *request, struct instant now);
/* 422 for members. */
void request_invalid(struct request *request, const struct field_problems *problems);
/* 404: the same bytes for what is absent and for what is not the caller's. */
void request_missing(struct request *request);
void request_fault(struct request *request, enum err err, const char *reason);

/* Takes over a reply of the engine. */
void request_reply(struct request *request, struct reply *reply);
/* Fills who asks and what about into a command. */
void request_command(const struct request *request, struct command *command, enum command_kind kind);
/* Suspends the connection and hands request->command to the engine. */
void request_submit(struct request *request);
/* The same for a command whose answer is more than what the engine says: `done` gets it on the engine's thread, and
 * ends with request_reply and request_resume. */
void request_submit_for(struct request *request, void (*done)(struct command *command, struct reply *reply));
/* The same by whoever has the request while it is suspended. */
void request_pass_on(struct request *request, void (*done)(struct command *command, struct reply *reply));
/* Between the two the request belongs to another thread; after request_resume nothing of it may be touched. */
void request_suspend(struct request *request);
void request_resume(struct request *request);

/* Runs `read` on this thread's reader inside one read transaction and answers 200 with what it wrote, unless it has
 * answered already or failed. */
typedef enum err request_reader(struct request *request, struct store *store, struct out *out);
void request_read(struct request *request, request_reader *read);
/* The same without the last answer: true when `out` holds what was written, to be answered or freed. */
MUST_USE bool request_load(struct request *request, request_reader *read, struct out *out);

/* Who may see an account: staff all, a customer its own and its members' (AL-19). */
bool request_sees(const struct request *request, const char *ref, const char *master);
/* The account, or NULL after answering 404. */
MUST_USE enum err request_account(struct request *request, struct store *store, const char *ref, struct account **ret);
MUST_USE enum err request_account_by_id(struct request *request, struct store *store, int64_t id, struct account **ret);
bool request_prefers_chinese(const struct request *request);
/* Zero is NULL: "does not restrict". */
static inline struct value value_int_or_null(const char *name, int64_t integer)
{
    return integer != 0 ? value_int(name, integer) : value_null(name);
}
/* Pages are selected with one row more than asked for: how many of `count` are shown. */
static inline size_t page_size(const struct request *request, size_t count)
{
    return count > (size_t)request->parameters.limit ? (size_t)request->parameters.limit : count;
}
void request_list_begin(struct out *out);
/* Writes next_cursor and closes the list's object: `last_id` 0 when there is no next page. */
void request_list_end(struct out *out, int64_t last_id);

struct MHD_Response;
/* headers.c. All headers of the answer; false: there was no memory for one of them. */
MUST_USE bool request_headers_add(const struct request *request, struct MHD_Response *response);

MUST_USE struct request *request_new(struct server *server);
/* Empty again, for the next request. */
void request_reset(struct request *request);
void request_free(struct request *request);

/* door.c. Checks method, path, caller, headers and parameters; answers when one of them is wrong. */
void request_begin(struct request *request, const char *method);
/* Another piece of the body; false: it is too much, drop the connection. */
MUST_USE bool request_body_add(struct request *request, const char *data, size_t size);
/* Everything is here: answer, or hand it to the engine. */
void request_run(struct request *request);

#endif
