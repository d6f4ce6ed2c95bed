/* SPDX-License-Identifier: Apache-2.0 */
/* One PostgreSQL connection, for the files of this room only. What is asked of the server goes out as a *pipeline*: any
 * number of statements, sent without waiting and answered in one round trip.
 *
 * A named query has up to three forms, each prepared once when it is first wanted: as it is; as a select for many keys
 * at once; as a change of many rows at once. The two last are made from the text of the first (postgres_text.c). */
#ifndef EBB_STORE_POSTGRES_H
#define EBB_STORE_POSTGRES_H

#include <libpq-fe.h>

#include "store/connection.h"

enum form { FORM_ONE, FORM_MANY, FORM_ROWS, FORM__COUNT };

/* The oids of pg_type that we speak; arrays of them are what the last two forms take. */
enum oid { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

struct name {
    const char *at; /* in the query's text; not ended */
    size_t size;
};

/* A text with numbers instead of names. */
struct wording {
    char *text; /* malloc'ed */
    size_t count;
    struct name names[STATEMENT_COLUMNS_MAX]; /* of $1, $2, … */
};

struct prepared {
    struct wording wording;
    bool ready;         /* the server knows it */
    struct along along; /* the result's columns, or the columns of the rows that it takes */
};

/* Bytes that grow: the parameters of one statement. For want of memory `failed`, and every later call does nothing. */
struct room {
    uint8_t *data;
    size_t size, capacity;
    bool failed;
};

struct parameter {
    size_t at, size;
    bool null;
};

/* What comes back, in order. */
enum awaited_kind { AWAIT_PREPARE, AWAIT_DONE, AWAIT_ONE_ROW, AWAIT_FENCE, AWAIT_HEAD, AWAIT_COMMIT, AWAIT_ROWS };
struct awaited {
    enum awaited_kind kind;
    enum query query;
    struct prepared *prepared;
    PGresult **result; /* AWAIT_ROWS: whose it becomes */
};
#define AWAITED_MAX 512

struct postgres {
    struct store store;
    char *url;
    PGconn *connection;
    bool in_transaction;
    bool begin_wanted; /* BEGIN goes out with the first statement */
    bool aborted;      /* a statement of the transaction failed */
    bool broken;       /* the connection, or what it is connected to, is not what it was */
    bool warned;       /* the server warned while it committed */
    bool committing;
    struct prepared *prepared[FORM__COUNT][QUERY__COUNT];
    struct room room;
    struct parameter parameters[STATEMENT_COLUMNS_MAX];
    struct awaited awaited[AWAITED_MAX];
    size_t awaited_count;
};

extern const struct store_operations postgres_operations;

static inline struct postgres *postgres_of(struct store *store)
{
    return (struct postgres *)store;
}

/* ---- postgres_text.c ---- */

/* False: no memory, more names than there is room for, or no text of which that form could be made. */
MUST_USE bool wording_make(enum form form, const char *text, struct wording *ret);
bool name_is(const struct name *name, const char *text);
/* What a name stands for among the arguments, or is made of them: `$shard_of_ref` of `ref`. False: nothing. */
MUST_USE bool name_value(const struct name *name, const struct value *args, size_t args_count, struct value *ret);
/* How many of the names are given as arguments. */
size_t wording_given(const struct wording *wording);

/* ---- postgres_room.c: parameters in the server's binary format ---- */

uint8_t *room_take(struct room *room, size_t size);
void room_bytes(struct room *room, const void *data, size_t size);
void room_int32(struct room *room, int64_t integer);
void room_int64(struct room *room, int64_t integer);
/* The head of an array of `count` elements; each element is its size in 32 bits (-1: NULL) and its bytes. */
void room_array(struct room *room, enum oid oid, size_t count);
enum oid oid_of_value(const struct value *value);
enum oid oid_of_column(const struct column *column);
int oid_of_array(enum oid oid);
void room_value(struct room *room, const struct value *value);
MUST_USE enum err room_member(struct postgres *postgres, const struct row *row, const struct column *column);

/* ---- postgres_pipe.c ---- */

/* Keeps what the server or the library said; says which fault it is, and whether another process caused it. */
enum err postgres_fail(struct postgres *postgres, const PGresult *result, const char *what);
/* The form of the query, on its way to the server if it was not there yet. `oids` are its parameters', one for each
 * name, or NULL: the server knows. */
MUST_USE enum err pipe_prepare(struct postgres *postgres, enum form form, enum query query, const int *oids,
                               struct prepared **ret);
/* The wording without sending anything: to know its names first. */
MUST_USE enum err pipe_word(struct postgres *postgres, enum form form, enum query query, struct prepared **ret);
MUST_USE enum err pipe_begin(struct postgres *postgres);
/* Sends a prepared statement with the parameters that stand in the room. */
MUST_USE enum err pipe_send(struct postgres *postgres, enum form form, enum query query, enum awaited_kind kind,
                            PGresult **result);
MUST_USE enum err pipe_commit(struct postgres *postgres);
/* Sees to it that so many statements more have room: else what was sent is waited for first. Not after a COMMIT. */
MUST_USE enum err pipe_more(struct postgres *postgres, size_t count);
/* Waits for everything that was sent. ERR_UNKNOWN: a COMMIT was, and nobody knows. */
MUST_USE enum err pipe_end(struct postgres *postgres);
/* The same, if nobody waited yet, after a fault in between, which is handed on. */
MUST_USE enum err pipe_drop(struct postgres *postgres, enum err err);

/* ---- postgres.c ---- */

/* Reconnects a reader that lost its connection; refuses a writer that must be reopened. */
MUST_USE enum err postgres_check(struct postgres *postgres);
/* One statement as it is, on its way in the open pipeline; or alone, and its answer. */
MUST_USE enum err postgres_send(struct postgres *postgres, enum query query, const struct value *args,
                                size_t args_count, enum awaited_kind kind, PGresult **result);
MUST_USE enum err postgres_ask(struct postgres *postgres, enum query query, const struct value *args, size_t args_count,
                               enum awaited_kind kind, PGresult **result);

/* ---- postgres_read.c ---- */

MUST_USE enum err postgres_select(struct store *store, struct fetch *fetch, struct arena *arena);
MUST_USE enum err postgres_number(struct store *store, enum query query, const struct value *args, size_t args_count,
                                  int64_t *ret);
MUST_USE enum err postgres_fetch(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena);

/* ---- postgres_save.c ---- */

MUST_USE enum err postgres_save(struct store *store, const struct changes *changes, bool commit);

#endif
