/* SPDX-License-Identifier: Apache-2.0 */
/* Plays a tape on a database of SQLite. */
#ifndef EBB_BENCH_PLAY_SQLITE_H
#define EBB_BENCH_PLAY_SQLITE_H

#include <sqlite3.h>

#include "tape.h"

struct play {
    struct tape tape;
    sqlite3 *db;
    sqlite3_stmt *statements[TAPE_STATEMENTS_MAX];
    int64_t rows, groups; /* so far */
};

/* Opens the database in the store's way (`pragmas`: text of statements), moves the log into it whenever it has so many
 * pages, checks no foreign keys, and prepares what the tape needs. Dies where something is missing. */
void play_open(struct play *play, const char *tape, const char *path, const char *pragmas, int log_pages_most);
/* Plays the next group whole: begin, its rows, commit. False: the tape is at its end. */
bool play_group(struct play *play);
/* Plays groups, uncounted, as long as none of their statements begins with `text`; the next one is the first that has
 * such a one. */
void play_until(struct play *play, const char *text);
/* Plays the next `rows` rows without begin and commit; false when there are not so many left. */
bool play_rows(struct play *play, int64_t rows);
void play_run(struct play *play, const char *sql);
void play_close(struct play *play);

#endif
