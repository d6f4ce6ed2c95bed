/* SPDX-License-Identifier: Apache-2.0 */
#include "play_sqlite.h"

#include <string.h>

void play_run(struct play *play, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(play->db, sql, NULL, NULL, &why) != SQLITE_OK)
        tape_broken(sql, why);
}

void play_open(struct play *play, const char *tape, const char *path, const char *pragmas, int log_pages_most)
{
    memset(play, 0, sizeof *play);
    tape_open(tape, &play->tape);
    if (sqlite3_open_v2(path, &play->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        tape_broken(path, "cannot be opened");
    play_run(play, pragmas);
    play_run(play, "PRAGMA foreign_keys = OFF");
    sqlite3_wal_autocheckpoint(play->db, log_pages_most);
    for (size_t i = 0; i < TAPE_STATEMENTS_MAX; i++)
        if (play->tape.texts[i] != NULL &&
            sqlite3_prepare_v3(play->db, play->tape.texts[i], -1, SQLITE_PREPARE_PERSISTENT, &play->statements[i],
                               NULL) != SQLITE_OK)
            tape_broken(play->tape.texts[i], sqlite3_errmsg(play->db));
}

static void value_bind(sqlite3_stmt *statement, int number, const struct tape_value *value)
{
    if (value->kind == 'I')
        sqlite3_bind_int64(statement, number, value->integer);
    else if (value->kind == 'T')
        sqlite3_bind_text(statement, number, value->data, (int)value->size, SQLITE_STATIC);
    else if (value->kind == 'B')
        sqlite3_bind_blob64(statement, number, value->data, value->size, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, number);
}

static void row_play(struct play *play, const struct tape_record *row)
{
    sqlite3_stmt *statement = play->statements[row->number];

    for (size_t i = 0; i < row->count; i++)
        value_bind(statement, (int)i + 1, &row->values[i]);
    int code = sqlite3_step(statement);

    if (code != SQLITE_DONE && code != SQLITE_ROW)
        tape_broken(sqlite3_sql(statement), sqlite3_errmsg(play->db));
    sqlite3_reset(statement);
    play->rows++;
}

bool play_rows(struct play *play, int64_t rows)
{
    struct tape_record record;

    while (rows > 0 && tape_next(&play->tape, &record))
        if (record.kind == 'R') {
            row_play(play, &record);
            rows--;
        }
    return rows == 0;
}

bool play_group(struct play *play)
{
    struct tape_record record;
    bool any = false;

    while (tape_next(&play->tape, &record)) {
        if (record.kind == 'R') {
            if (!any)
                play_run(play, "BEGIN IMMEDIATE");
            any = true;
            row_play(play, &record);
        } else if (record.kind == 'C' && any) {
            play_run(play, "COMMIT");
            play->groups++;
            return true;
        }
    }
    return false;
}

void play_until(struct play *play, const char *text)
{
    while (!tape_group_has(&play->tape, text) && play_group(play))
        ;
    play->rows = play->groups = 0;
}

void play_close(struct play *play)
{
    for (size_t i = 0; i < TAPE_STATEMENTS_MAX; i++)
        sqlite3_finalize(play->statements[i]);
    sqlite3_close(play->db);
    tape_close(&play->tape);
}
