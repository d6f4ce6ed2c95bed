/* tidy: sql */
/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/simulated_book.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum statement {
    BOOK_BEGIN,
    BOOK_COMMIT,
    BOOK_ROLLBACK,
    BOOK_FIND,
    BOOK_INSERT,
    BOOK_UPDATE,
    BOOK_TOTALS,
    BOOK_SCRIPT_ADD,
    BOOK_SCRIPT_LENGTH,
    BOOK_SCRIPT_FIRST,
    BOOK_SCRIPT_DROP,
    BOOK_CALLBACK_ADD,
    BOOK_CALLBACK_FIRST,
    BOOK_CALLBACK_DROP,
    BOOK__COUNT
};

static const char *const schema =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "CREATE TABLE IF NOT EXISTS payment (number INTEGER PRIMARY KEY, channel TEXT NOT NULL, key TEXT NOT NULL,"
    " digest BLOB NOT NULL, outcome TEXT NOT NULL, state INTEGER NOT NULL, amount INTEGER NOT NULL,"
    " currency TEXT NOT NULL, paid_times INTEGER NOT NULL, queries INTEGER NOT NULL, sent_at INTEGER NOT NULL,"
    " paid_at INTEGER NOT NULL, UNIQUE (channel, key)) STRICT;"
    "CREATE TABLE IF NOT EXISTS script (seq INTEGER PRIMARY KEY AUTOINCREMENT, outcome TEXT NOT NULL) STRICT;"
    "CREATE TABLE IF NOT EXISTS callback (id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL,"
    " key TEXT NOT NULL, returned INTEGER NOT NULL, due_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX IF NOT EXISTS callback_due ON callback (channel, due_at, id);";

static const char *const texts[BOOK__COUNT] = {
    [BOOK_BEGIN] = "BEGIN IMMEDIATE",
    [BOOK_COMMIT] = "COMMIT",
    [BOOK_ROLLBACK] = "ROLLBACK",
    [BOOK_FIND] = "SELECT number, digest, outcome, state, amount, currency, paid_times, queries, sent_at, paid_at"
                  " FROM payment WHERE channel = ?1 AND key = ?2",
    [BOOK_INSERT] = "INSERT INTO payment (channel, key, digest, outcome, state, amount, currency, paid_times, queries,"
                    " sent_at, paid_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [BOOK_UPDATE] = "UPDATE payment SET state = ?2, paid_times = ?3, queries = ?4, paid_at = ?5 WHERE number = ?1",
    [BOOK_TOTALS] = "SELECT coalesce(sum(amount * paid_times), 0), coalesce(sum(paid_times), 0) FROM payment"
                    " WHERE channel = ?1 AND (?2 IS NULL OR key = ?2)",
    [BOOK_SCRIPT_ADD] = "INSERT INTO script (outcome) VALUES (?1)",
    [BOOK_SCRIPT_LENGTH] = "SELECT count(*) FROM script",
    [BOOK_SCRIPT_FIRST] = "SELECT seq, outcome FROM script ORDER BY seq LIMIT 1",
    [BOOK_SCRIPT_DROP] = "DELETE FROM script WHERE seq = ?1",
    [BOOK_CALLBACK_ADD] = "INSERT INTO callback (channel, key, returned, due_at) VALUES (?1, ?2, ?3, ?4)",
    [BOOK_CALLBACK_FIRST] = "SELECT id, key, returned, due_at FROM callback WHERE channel = ?1 AND due_at <= ?2"
                            " ORDER BY due_at, id LIMIT 1",
    [BOOK_CALLBACK_DROP] = "DELETE FROM callback WHERE id = ?1",
};

struct simulated_book {
    struct simulated_book *next;
    char *path;
    int users;
    pthread_mutex_t mutex;
    sqlite3 *database;
    sqlite3_stmt *statements[BOOK__COUNT];
};

/* The open books of this process, so that instances of one file share one connection. */
static struct simulated_book *books;
static pthread_mutex_t books_mutex = PTHREAD_MUTEX_INITIALIZER;

static void book_free(struct simulated_book *book)
{
    for (int i = 0; i < BOOK__COUNT; i++)
        sqlite3_finalize(book->statements[i]);
    sqlite3_close(book->database);
    pthread_mutex_destroy(&book->mutex);
    free(book->path);
    free(book);
}

static bool book_prepare(struct simulated_book *book)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(book->path, &book->database, flags, NULL) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(book->database, 5000);
    if (sqlite3_exec(book->database, schema, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    for (int i = 0; i < BOOK__COUNT; i++)
        if (sqlite3_prepare_v3(book->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &book->statements[i], NULL) !=
            SQLITE_OK)
            return false;
    return true;
}

static struct simulated_book *book_new(const char *path, char ret_reason[256])
{
    struct simulated_book *book = calloc(1, sizeof *book);

    if (book == NULL || (book->path = strdup(path)) == NULL) {
        free(book);
        snprintf(ret_reason, 256, "the simulated channels' book: no memory");
        return NULL;
    }
    pthread_mutex_init(&book->mutex, NULL);
    if (!book_prepare(book)) {
        snprintf(ret_reason, 256, "the simulated channels' book: %.180s",
                 book->database ? sqlite3_errmsg(book->database) : "cannot be opened");
        book_free(book);
        return NULL;
    }
    book->users = 1;
    return book;
}

static struct simulated_book *book_shared(const char *path)
{
    if (strcmp(path, ":memory:") == 0)
        return NULL;
    for (struct simulated_book *book = books; book != NULL; book = book->next)
        if (strcmp(book->path, path) == 0)
            return book;
    return NULL;
}

enum err simulated_book_open(const char *path, struct simulated_book **ret, char ret_reason[256])
{
    struct simulated_book *book;

    pthread_mutex_lock(&books_mutex);
    book = book_shared(path);
    if (book != NULL) {
        book->users++;
    } else if ((book = book_new(path, ret_reason)) != NULL) {
        book->next = books;
        books = book;
    }
    pthread_mutex_unlock(&books_mutex);
    if (book == NULL)
        return ERR_FATAL;
    *ret = book;
    return ERR_NONE;
}

void simulated_book_close(struct simulated_book **book)
{
    struct simulated_book *closing = *book;

    if (closing == NULL)
        return;
    pthread_mutex_lock(&books_mutex);
    if (--closing->users == 0) {
        struct simulated_book **at = &books;

        while (*at != closing)
            at = &(*at)->next;
        *at = closing->next;
        book_free(closing);
    }
    pthread_mutex_unlock(&books_mutex);
    *book = NULL;
}

/* Runs a statement that yields no row. */
static enum err statement_run(sqlite3_stmt *statement)
{
    int got = sqlite3_step(statement);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return got == SQLITE_DONE ? ERR_NONE : ERR_RETRY;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

static void column_copy(sqlite3_stmt *statement, int column, char *ret, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    snprintf(ret, size, "%s", text != NULL ? (const char *)text : "");
}

enum err simulated_book_begin(struct simulated_book *book)
{
    enum err err;

    pthread_mutex_lock(&book->mutex);
    err = statement_run(book->statements[BOOK_BEGIN]);
    if (err != ERR_NONE)
        pthread_mutex_unlock(&book->mutex);
    return err;
}

enum err simulated_book_commit(struct simulated_book *book)
{
    enum err err = statement_run(book->statements[BOOK_COMMIT]);

    if (err != ERR_NONE && !sqlite3_get_autocommit(book->database))
        (void)statement_run(book->statements[BOOK_ROLLBACK]);
    pthread_mutex_unlock(&book->mutex);
    return err;
}

void simulated_book_rollback(struct simulated_book *book)
{
    if (!sqlite3_get_autocommit(book->database))
        (void)statement_run(book->statements[BOOK_ROLLBACK]);
    pthread_mutex_unlock(&book->mutex);
}

static void payment_read(sqlite3_stmt *statement, struct payment *ret)
{
    const void *digest = sqlite3_column_blob(statement, 1);

    ret->number = sqlite3_column_int64(statement, 0);
    if (digest != NULL && sqlite3_column_bytes(statement, 1) == HASH_SHORT_BYTES)
        memcpy(ret->digest, digest, HASH_SHORT_BYTES);
    column_copy(statement, 2, ret->outcome, sizeof ret->outcome);
    ret->state = (enum payment_state)sqlite3_column_int(statement, 3);
    ret->amount = money_of(sqlite3_column_int64(statement, 4));
    column_copy(statement, 5, ret->currency, sizeof ret->currency);
    ret->paid_times = sqlite3_column_int64(statement, 6);
    ret->queries = sqlite3_column_int64(statement, 7);
    ret->sent_at.ms = sqlite3_column_int64(statement, 8);
    ret->paid_at.ms = sqlite3_column_int64(statement, 9);
}

enum err simulated_book_find(struct simulated_book *book, const char *channel, const char *key, struct payment *ret,
                             bool *ret_found)
{
    sqlite3_stmt *statement = book->statements[BOOK_FIND];
    int got;

    bind_text(statement, 1, channel);
    bind_text(statement, 2, key);
    got = sqlite3_step(statement);
    if (got == SQLITE_ROW) {
        *ret = (struct payment){0};
        snprintf(ret->channel, sizeof ret->channel, "%s", channel);
        snprintf(ret->key, sizeof ret->key, "%s", key);
        payment_read(statement, ret);
    }
    sqlite3_reset(statement);
    if (got != SQLITE_ROW && got != SQLITE_DONE)
        return ERR_RETRY;
    *ret_found = got == SQLITE_ROW;
    return ERR_NONE;
}

enum err simulated_book_insert(struct simulated_book *book, struct payment *payment)
{
    sqlite3_stmt *statement = book->statements[BOOK_INSERT];

    bind_text(statement, 1, payment->channel);
    bind_text(statement, 2, payment->key);
    sqlite3_bind_blob(statement, 3, payment->digest, HASH_SHORT_BYTES, SQLITE_STATIC);
    bind_text(statement, 4, payment->outcome);
    sqlite3_bind_int(statement, 5, (int)payment->state);
    sqlite3_bind_int64(statement, 6, payment->amount.minor);
    bind_text(statement, 7, payment->currency);
    sqlite3_bind_int64(statement, 8, payment->paid_times);
    sqlite3_bind_int64(statement, 9, payment->queries);
    sqlite3_bind_int64(statement, 10, payment->sent_at.ms);
    sqlite3_bind_int64(statement, 11, payment->paid_at.ms);
    TRY(statement_run(statement));
    payment->number = sqlite3_last_insert_rowid(book->database);
    return ERR_NONE;
}

enum err simulated_book_update(struct simulated_book *book, const struct payment *payment)
{
    sqlite3_stmt *statement = book->statements[BOOK_UPDATE];

    sqlite3_bind_int64(statement, 1, payment->number);
    sqlite3_bind_int(statement, 2, (int)payment->state);
    sqlite3_bind_int64(statement, 3, payment->paid_times);
    sqlite3_bind_int64(statement, 4, payment->queries);
    sqlite3_bind_int64(statement, 5, payment->paid_at.ms);
    return statement_run(statement);
}

enum err simulated_book_totals(struct simulated_book *book, const char *channel, const char *key, int64_t *ret_amount,
                               int64_t *ret_times)
{
    sqlite3_stmt *statement = book->statements[BOOK_TOTALS];
    enum err err = ERR_RETRY;

    bind_text(statement, 1, channel);
    bind_text(statement, 2, key);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *ret_amount = sqlite3_column_int64(statement, 0);
        *ret_times = sqlite3_column_int64(statement, 1);
        err = ERR_NONE;
    }
    sqlite3_reset(statement);
    return err;
}

enum err simulated_book_script_add(struct simulated_book *book, const char *outcome)
{
    bind_text(book->statements[BOOK_SCRIPT_ADD], 1, outcome);
    return statement_run(book->statements[BOOK_SCRIPT_ADD]);
}

enum err simulated_book_script_length(struct simulated_book *book, int64_t *ret)
{
    sqlite3_stmt *statement = book->statements[BOOK_SCRIPT_LENGTH];
    enum err err = ERR_RETRY;

    if (sqlite3_step(statement) == SQLITE_ROW) {
        *ret = sqlite3_column_int64(statement, 0);
        err = ERR_NONE;
    }
    sqlite3_reset(statement);
    return err;
}

enum err simulated_book_script_take(struct simulated_book *book, char ret[OUTCOME_BYTES])
{
    sqlite3_stmt *statement = book->statements[BOOK_SCRIPT_FIRST];
    int got = sqlite3_step(statement);
    int64_t seq = 0;

    ret[0] = '\0';
    if (got == SQLITE_ROW) {
        seq = sqlite3_column_int64(statement, 0);
        column_copy(statement, 1, ret, OUTCOME_BYTES);
    }
    sqlite3_reset(statement);
    if (got == SQLITE_DONE)
        return ERR_NONE;
    if (got != SQLITE_ROW)
        return ERR_RETRY;
    sqlite3_bind_int64(book->statements[BOOK_SCRIPT_DROP], 1, seq);
    return statement_run(book->statements[BOOK_SCRIPT_DROP]);
}

enum err simulated_book_callback_add(struct simulated_book *book, const char *channel, const struct callback *callback)
{
    sqlite3_stmt *statement = book->statements[BOOK_CALLBACK_ADD];

    bind_text(statement, 1, channel);
    bind_text(statement, 2, callback->key);
    sqlite3_bind_int(statement, 3, callback->returned);
    sqlite3_bind_int64(statement, 4, callback->due_at.ms);
    return statement_run(statement);
}

enum err simulated_book_callback_first(struct simulated_book *book, const char *channel, struct instant now,
                                       struct callback *ret, bool *ret_found)
{
    sqlite3_stmt *statement = book->statements[BOOK_CALLBACK_FIRST];
    int got;

    bind_text(statement, 1, channel);
    sqlite3_bind_int64(statement, 2, instant_is_set(now) ? now.ms : INT64_MAX);
    got = sqlite3_step(statement);
    if (got == SQLITE_ROW) {
        ret->id = sqlite3_column_int64(statement, 0);
        column_copy(statement, 1, ret->key, sizeof ret->key);
        ret->returned = sqlite3_column_int(statement, 2) != 0;
        ret->due_at.ms = sqlite3_column_int64(statement, 3);
    }
    sqlite3_reset(statement);
    if (got != SQLITE_ROW && got != SQLITE_DONE)
        return ERR_RETRY;
    *ret_found = got == SQLITE_ROW;
    return ERR_NONE;
}

enum err simulated_book_callback_drop(struct simulated_book *book, int64_t id)
{
    sqlite3_bind_int64(book->statements[BOOK_CALLBACK_DROP], 1, id);
    return statement_run(book->statements[BOOK_CALLBACK_DROP]);
}
