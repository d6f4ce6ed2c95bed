/* SPDX-License-Identifier: Apache-2.0 */
/* Where the rows of a test are: in its directory, or, with EBB_TEST_STORE=postgresql in the environment, in a schema of
 * their own in the database EBB_TEST_POSTGRESQL (tests/postgresql/cluster.py run). */
#ifndef EBB_TESTS_PLACE_H
#define EBB_TESTS_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACE_BYTES 512

static inline const char *place_server(void)
{
    const char *asked = getenv("EBB_TEST_STORE"), *url = getenv("EBB_TEST_POSTGRESQL");

    if (asked == NULL || strcmp(asked, "postgresql") != 0)
        return NULL;
    if (url == NULL)
        fail_msg("EBB_TEST_POSTGRESQL names no server");
    return url;
}

/* What the first column of the first row says, as text; "" when there is none. `place` is a directory or a URL. */
static inline void place_text(const char *place, const char *sql, char ret[128])
{
    char path[PLACE_BYTES + 16];
    sqlite3_stmt *statement;
    sqlite3 *db;

    ret[0] = '\0';
    if (strncmp(place, "postgresql:", 11) == 0) {
        PGconn *connection = PQconnectdb(place);
        char named[1024];

        /* There a subselect has a name. */
        snprintf(named, sizeof named, "%s%s", sql,
                 strstr(sql, "FROM (SELECT") != NULL && sql[strlen(sql) - 1] == ')' ? " AS told" : "");
        PGresult *result = PQexec(connection, named);
        ExecStatusType status = PQresultStatus(result);

        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            fail_msg("%s: %s", sql, PQerrorMessage(connection));
        if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
            snprintf(ret, 128, "%s", PQgetvalue(result, 0, 0));
        PQclear(result);
        PQfinish(connection);
        return;
    }
    snprintf(path, sizeof path, "%s/ebb.db", place);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
        snprintf(ret, 128, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static inline int64_t place_int(const char *place, const char *sql)
{
    char text[128];

    place_text(place, sql, text);
    return text[0] == '\0' ? INT64_MIN : strtoll(text, NULL, 10);
}

/* The place of a test that has made `directory`: the directory itself, or the URL of a fresh schema, where what the
 * tests ask in SQLite's words is understood as well. */
static inline void place_make(const char *directory, char ret[PLACE_BYTES])
{
    const char *url = place_server();
    char sql[512], none[128];
    static int number;

    snprintf(ret, PLACE_BYTES, "%s", directory);
    if (url == NULL)
        return;
    snprintf(sql, sizeof sql, "CREATE SCHEMA test_%d_%d", (int)getpid(), ++number);
    place_text(url, sql, none);
    snprintf(ret, PLACE_BYTES, "%s&options=-csearch_path%%3Dtest_%d_%d", url, (int)getpid(), number);
    place_text(ret,
               "CREATE FUNCTION joined(text, anyelement) RETURNS text LANGUAGE sql AS "
               "'SELECT coalesce($1 || '','', '''') || $2::text'",
               none);
    place_text(ret, "CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql AS 'SELECT upper(encode($1, ''hex''))'",
               none);
    place_text(ret, "CREATE AGGREGATE group_concat(anyelement) (SFUNC = joined, STYPE = text)", none);
}

/* For a configuration that wants a URL or nothing. */
static inline const char *place_url(const char *place)
{
    return strncmp(place, "postgresql:", 11) == 0 ? place : NULL;
}

#endif
