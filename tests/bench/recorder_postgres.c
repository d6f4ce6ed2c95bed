/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between a program and libpq (LD_PRELOAD) and keeps what is saved: the statements that take many rows as arrays
 * (sql/query/form.sql), with the groups that are committed. tape.h says how, EBB_TAPE where. Only an engine saves, over
 * one connection; nothing in the program knows of this. */
#include <dlfcn.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 1024 /* a connection prepares all there are, when it is opened */
#define NAME_BYTES 16

static struct known {
    char name[NAME_BYTES]; /* as the connection prepared it: the same text has the same name on every connection */
    bool saves, commits;
} known[STATEMENTS_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static FILE *tape;

/* The function of libpq that ours has taken the place of, looked up once. */
#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (real == NULL && (*(void **)(&real) = dlsym(RTLD_NEXT, #name)) == NULL)                                         \
    abort()

static void word_write(uint64_t word)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(word >> (8 * i));
    fwrite(bytes, 1, sizeof bytes, tape);
}

static void text_write(const void *data, size_t size)
{
    word_write(size);
    fwrite(data, 1, size, tape);
    fputc(0, tape);
}

static struct known *known_find(const char *name)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (known[i].name[0] == '\0')
            snprintf(known[i].name, sizeof known[i].name, "%s", name);
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    }
    fprintf(stderr, "recorder: more than %d statements\n", STATEMENTS_MAX);
    abort();
}

static void prepared(const char *name, const char *text)
{
    struct known *statement = known_find(name);
    bool changes = strncmp(text, "INSERT", 6) == 0 || strncmp(text, "WITH changed", 12) == 0;

    statement->commits = strncmp(text, "COMMIT", 6) == 0;
    if (!changes || strstr(text, "unnest(") == NULL || statement->saves)
        return;
    statement->saves = true;
    if (tape == NULL && (tape = fopen(getenv("EBB_TAPE"), "wb")) == NULL)
        abort();
    fputc('S', tape);
    word_write((uint64_t)(statement - known));
    text_write(text, strlen(text));
}

static void sent(const char *name, int count, const char *const *values, const int *sizes)
{
    const struct known *statement = known_find(name);

    if (statement->commits && tape != NULL)
        fputc('C', tape);
    if (!statement->saves)
        return;
    fputc('R', tape);
    word_write((uint64_t)(statement - known));
    word_write((uint64_t)count);
    for (int i = 0; i < count; i++) {
        fputc('B', tape);
        text_write(values[i], (size_t)sizes[i]);
    }
}

/* ---- in the place of libpq's ---- */

#define EXPORT __attribute__((visibility("default")))

EXPORT int PQsendPrepare(PGconn *connection, const char *name, const char *text, int count, const Oid *types)
{
    REAL(PQsendPrepare);
    pthread_mutex_lock(&mutex);
    prepared(name, text);
    pthread_mutex_unlock(&mutex);
    return real(connection, name, text, count, types);
}

EXPORT int PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values,
                               const int *sizes, const int *formats, int result_format)
{
    REAL(PQsendQueryPrepared);
    pthread_mutex_lock(&mutex);
    sent(name, count, values, sizes);
    pthread_mutex_unlock(&mutex);
    return real(connection, name, count, values, sizes, formats, result_format);
}
