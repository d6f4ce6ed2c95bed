/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of everything durable on SQLite: plays a tape, that is the same rows in the same groups with the same
 * pragmas, on a database with the same tables and indexes but without constraints, triggers and rules, and reads
 * nothing.
 *
 *   ceiling_sqlite TAPE DATABASE [STATEMENT]
 *
 *   ceiling_sqlite --settings    the libraries, and what the store asks of SQLite for durability
 *
 * One JSON line: rows, groups, time. What comes before the first group with a statement that begins like STATEMENT is
 * played, but not counted and not timed. */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "bench_house.h"
#include "play_sqlite.h"
#include "queries.h"

static void settings_print(void)
{
    const char *name = "PRAGMA ", *line = query_texts[QUERY_OPEN_WRITER];

    printf("libraries: SQLite %s, libmicrohttpd %s\ncompiler: %s\ndurability:", sqlite3_libversion(), MHD_get_version(),
           __VERSION__);
    while ((line = strstr(line, name)) != NULL) {
        line += strlen(name);
        printf(" %.*s", (int)strcspn(line, ";\n"), line);
    }
    puts("");
}

int main(int argc, char **argv)
{
    struct play play;

    if (argc == 2 && strcmp(argv[1], "--settings") == 0) {
        settings_print();
        return 0;
    }
    if (argc != 3 && argc != 4)
        die("usage: ceiling_sqlite TAPE DATABASE [STATEMENT]");
    play_open(&play, argv[1], argv[2], query_texts[QUERY_OPEN_WRITER], ENGINE_LOG_PAGES_MOST);
    if (argc == 4)
        play_until(&play, argv[3]);
    int64_t began_us = monotonic_us(), began_cpu_us = cpu_us();

    while (play_group(&play))
        ;
    printf("{\"rows\":%lld,\"groups\":%lld,\"us\":%lld,\"cpu_us\":%lld}\n", (long long)play.rows,
           (long long)play.groups, (long long)(monotonic_us() - began_us), (long long)(cpu_us() - began_cpu_us));
    play_close(&play);
    return 0;
}
