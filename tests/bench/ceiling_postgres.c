/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of everything durable on PostgreSQL: plays a tape, that is the same rows in the same groups, each group
 * its arrays in one pipeline with BEGIN and COMMIT, into tables with the same columns and indexes but without
 * constraints, triggers and rules, and reads nothing.
 *
 *   ceiling_postgres TAPE URL [STATEMENT]
 *
 *   ceiling_postgres --settings URL     the server, and what it promises of durability
 *
 * One JSON line: rows, groups, time. What comes before the first group with a statement that begins like STATEMENT is
 * played, but not counted and not timed. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_house.h"
#include "queries.h"
#include "tape.h"

#define BINARY 1
#define CHECK_HEAD "WITH changed AS ("
#define CHECK_TAIL " RETURNING 1)"

static struct {
    struct tape tape;
    PGconn *connection;
    bool ready[TAPE_STATEMENTS_MAX];
    int64_t rows, groups;
} play;

static _Noreturn void refused(const char *what, const PGresult *result)
{
    die("%s: %s", what, result != NULL ? PQresultErrorMessage(result) : PQerrorMessage(play.connection));
}

static void must(int ok, const char *what)
{
    if (ok != 1)
        refused(what, NULL);
}

static void script(const char *text)
{
    PGresult *result = PQexec(play.connection, text);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        refused(text, result);
    PQclear(result);
}

static uint32_t big_endian(const char *at)
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++)
        number = number << 8 | (uint8_t)at[i];
    return number;
}

/* An array begins with its dimensions, whether it has NULLs, what it is of, and how many there are. */
static Oid array_type(const struct tape_value *array)
{
    switch (big_endian(array->data + 8)) {
    case 17: /* bytea */
        return 1001;
    case 25: /* text */
        return 1009;
    case 20: /* bigint */
        return 1016;
    default:
        die("an array of something else");
    }
}

static int64_t array_count(const struct tape_value *array)
{
    return big_endian(array->data) == 0 ? 0 : big_endian(array->data + 12);
}

/* The change itself, without the check that it met as many rows as it was given. */
static void bare_text(const char *text, char *ret, size_t size)
{
    const char *tail = strstr(text, CHECK_TAIL);
    bool checked = strncmp(text, CHECK_HEAD, strlen(CHECK_HEAD)) == 0 && tail != NULL;
    const char *from = checked ? text + strlen(CHECK_HEAD) : text;
    int bytes = checked ? (int)(tail - from) : (int)strlen(from);

    if (snprintf(ret, size, "%.*s", bytes, from) >= (int)size)
        die("a statement is too long");
}

static void prepare(const struct tape_record *row, const char *name)
{
    Oid types[TAPE_VALUES_MAX];
    char text[8192];

    for (size_t i = 0; i < row->count; i++)
        types[i] = array_type(&row->values[i]);
    bare_text(play.tape.texts[row->number], text, sizeof text);
    must(PQsendPrepare(play.connection, name, text, (int)row->count, types), text);
    play.ready[row->number] = true;
}

/* Returns how many answers will come. */
static size_t row_send(const struct tape_record *row)
{
    const char *values[TAPE_VALUES_MAX];
    int sizes[TAPE_VALUES_MAX], formats[TAPE_VALUES_MAX];
    bool ready = play.ready[row->number];
    char name[16];

    snprintf(name, sizeof name, "s%zu", row->number);
    if (!ready)
        prepare(row, name);
    for (size_t i = 0; i < row->count; i++) {
        values[i] = row->values[i].data;
        sizes[i] = (int)row->values[i].size;
        formats[i] = BINARY;
    }
    must(PQsendQueryPrepared(play.connection, name, (int)row->count, values, sizes, formats, BINARY), name);
    play.rows += array_count(&row->values[0]);
    return ready ? 1 : 2;
}

static void answers_take(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PGresult *result = PQgetResult(play.connection);

        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            refused("a statement failed", result);
        PQclear(result);
        PQclear(PQgetResult(play.connection));
    }
    PQclear(PQgetResult(play.connection)); /* of the sync */
}

static size_t plain_send(const char *text)
{
    must(PQsendQueryParams(play.connection, text, 0, NULL, NULL, NULL, NULL, BINARY), text);
    return 1;
}

/* False: the tape is at its end. */
static bool group_play(void)
{
    struct tape_record record;
    size_t sent = 0;

    while (tape_next(&play.tape, &record)) {
        if (record.kind == 'R') {
            sent += sent == 0 ? plain_send("BEGIN") : 0;
            sent += row_send(&record);
        } else if (record.kind == 'C' && sent > 0) {
            sent += plain_send("COMMIT");
            must(PQpipelineSync(play.connection), "pipeline");
            answers_take(sent);
            play.groups++;
            return true;
        }
    }
    return false;
}

static void until(const char *text)
{
    while (!tape_group_has(&play.tape, text) && group_play())
        ;
    play.rows = play.groups = 0;
}

static void settings_print(void)
{
    static const char *const names[] = {"fsync",          "synchronous_commit", "full_page_writes", "wal_sync_method",
                                        "data_checksums", "shared_buffers",     "max_wal_size"};

    printf("PostgreSQL: %s, libpq %d\nits durability:", PQparameterStatus(play.connection, "server_version"),
           PQlibVersion());
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        char show[64];

        snprintf(show, sizeof show, "SHOW %s", names[i]);
        PGresult *result = PQexec(play.connection, show);

        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            refused(show, result);
        printf(" %s = %s", names[i], PQgetvalue(result, 0, 0));
        PQclear(result);
    }
    puts("");
}

static void connect_to(const char *url)
{
    play.connection = PQconnectdb(url);
    if (PQstatus(play.connection) != CONNECTION_OK)
        refused(url, NULL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--settings") == 0) {
        connect_to(argv[2]);
        settings_print();
        PQfinish(play.connection);
        return 0;
    }
    if (argc != 3 && argc != 4)
        die("usage: ceiling_postgres TAPE URL [STATEMENT]");
    tape_open(argv[1], &play.tape);
    connect_to(argv[2]);
    script(query_texts_postgresql[QUERY_OPEN_WRITER]);
    must(PQenterPipelineMode(play.connection), "pipeline");
    if (argc == 4)
        until(argv[3]);
    int64_t began_us = monotonic_us(), began_cpu_us = cpu_us();

    while (group_play())
        ;
    printf("{\"rows\":%lld,\"groups\":%lld,\"us\":%lld,\"cpu_us\":%lld}\n", (long long)play.rows,
           (long long)play.groups, (long long)(monotonic_us() - began_us), (long long)(cpu_us() - began_cpu_us));
    PQfinish(play.connection);
    tape_close(&play.tape);
    return 0;
}
