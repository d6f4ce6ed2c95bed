/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between a program and SQLite (LD_PRELOAD) and keeps what is written to a database called ebb.db: tape.h says
 * how, EBB_TAPE where. The program is the one that ships; nothing in it knows of this. Values are looked at when the
 * statement runs, which is as long as SQLite itself needs them. */
#include <dlfcn.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 64
#define STATEMENTS_MAX 1024

struct bound {
    char kind; /* 'I', 'T', 'B' or 'N' */
    int64_t integer;
    const void *data;
    uint64_t size;
};

static struct watched {
    sqlite3_stmt *statement;
    bool introduced;
    struct bound values[PARAMETERS_MAX];
} watched[STATEMENTS_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *tape;

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

/* The function of SQLite that ours has taken the place of, looked up once. */
#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (real == NULL)                                                                                                  \
    *(void **)(&real) = next(#name)

static void word_write(uint64_t word)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
    fwrite(bytes, 1, sizeof bytes, tape);
}

static void text_write(const void *data, uint64_t size)
{
    word_write(size);
    fwrite(data, 1, size, tape);
    fputc(0, tape);
}

/* Only the writer's connection to the engine's database; its place in the table is the statement's number. */
static bool recorded(sqlite3_stmt *statement)
{
    sqlite3 *db = sqlite3_db_handle(statement);
    const char *name = sqlite3_db_filename(db, "main");
    const char *file = name != NULL ? strrchr(name, '/') : NULL;

    return file != NULL && strcmp(file, "/ebb.db") == 0 && sqlite3_db_readonly(db, "main") == 0;
}

static struct watched *watched_find(sqlite3_stmt *statement)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (watched[i].statement == NULL)
            watched[i].statement = statement;
        if (watched[i].statement == statement)
            return &watched[i];
    }
    abort();
}

static void bind(sqlite3_stmt *statement, int number, struct bound value)
{
    pthread_mutex_lock(&mutex);
    if (number >= 1 && number <= PARAMETERS_MAX && recorded(statement))
        watched_find(statement)->values[number - 1] = value;
    pthread_mutex_unlock(&mutex);
}

static void value_write(const struct bound *value)
{
    fputc(value->kind == 0 ? 'N' : value->kind, tape);
    if (value->kind == 'I')
        word_write((uint64_t)value->integer);
    else if (value->kind == 'T' || value->kind == 'B')
        text_write(value->data, value->size);
}

static void run_write(sqlite3_stmt *statement)
{
    struct watched *w = watched_find(statement);
    int count = sqlite3_bind_parameter_count(statement);

    if (!w->introduced) {
        const char *sql = sqlite3_sql(statement);

        fputc('S', tape);
        word_write((uint64_t)(w - watched));
        text_write(sql, strlen(sql));
        w->introduced = true;
    }
    fputc('R', tape);
    word_write((uint64_t)(w - watched));
    word_write((uint64_t)count);
    for (int i = 0; i < count; i++)
        value_write(&w->values[i]);
}

static void step_write(sqlite3_stmt *statement)
{
    const char *sql = sqlite3_sql(statement); /* NULL: SQLite's own, reading the schema */

    if (sql == NULL)
        return;
    if (tape == NULL && (tape = fopen(getenv("EBB_TAPE"), "wb")) == NULL)
        abort();
    if (strncmp(sql, "BEGIN", 5) == 0)
        fputc('G', tape);
    else if (strncmp(sql, "COMMIT", 6) == 0)
        fputc('C', tape);
    else if (!sqlite3_stmt_readonly(statement) && strncmp(sql, "PRAGMA", 6) != 0)
        run_write(statement);
}

/* ---- in the place of SQLite's ---- */

#define EXPORT __attribute__((visibility("default")))

EXPORT int sqlite3_step(sqlite3_stmt *statement)
{
    REAL(sqlite3_step);
    pthread_mutex_lock(&mutex);
    if (recorded(statement))
        step_write(statement);
    pthread_mutex_unlock(&mutex);
    return real(statement);
}

EXPORT int sqlite3_finalize(sqlite3_stmt *statement)
{
    REAL(sqlite3_finalize);
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < STATEMENTS_MAX && statement != NULL; i++)
        if (watched[i].statement == statement) /* its number is never given again */
            watched[i].statement = (sqlite3_stmt *)&watched[i];
    if (tape != NULL)
        fflush(tape);
    pthread_mutex_unlock(&mutex);
    return real(statement);
}

EXPORT int sqlite3_bind_int64(sqlite3_stmt *statement, int number, sqlite3_int64 value)
{
    REAL(sqlite3_bind_int64);
    bind(statement, number, (struct bound){.kind = 'I', .integer = value});
    return real(statement, number, value);
}

EXPORT int sqlite3_bind_int(sqlite3_stmt *statement, int number, int value)
{
    REAL(sqlite3_bind_int);
    bind(statement, number, (struct bound){.kind = 'I', .integer = value});
    return real(statement, number, value);
}

EXPORT int sqlite3_bind_null(sqlite3_stmt *statement, int number)
{
    REAL(sqlite3_bind_null);
    bind(statement, number, (struct bound){.kind = 'N'});
    return real(statement, number);
}

EXPORT int sqlite3_bind_text(sqlite3_stmt *statement, int number, const char *text, int size, void (*done)(void *))
{
    REAL(sqlite3_bind_text);
    bind(statement, number, (struct bound){.kind = 'T', .data = text, .size = size < 0 ? strlen(text) : (size_t)size});
    return real(statement, number, text, size, done);
}

EXPORT int sqlite3_bind_blob64(sqlite3_stmt *statement, int number, const void *data, sqlite3_uint64 size,
                               void (*done)(void *))
{
    REAL(sqlite3_bind_blob64);
    bind(statement, number, (struct bound){.kind = 'B', .data = data, .size = size});
    return real(statement, number, data, size, done);
}

EXPORT int sqlite3_bind_zeroblob(sqlite3_stmt *statement, int number, int size)
{
    REAL(sqlite3_bind_zeroblob);
    bind(statement, number, (struct bound){.kind = 'B', .data = "", .size = 0});
    return real(statement, number, size);
}
