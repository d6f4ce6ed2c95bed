/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated town: the real engine and the real payout room over a disk that loses power, with simulated banks, a
 * clock
 * that somebody turns and one seed for everything. One town at a time in a process.
 *
 * Starting it is what a server's start is: migrate, read the policies, open the engine, attach the payout. The banks
 * stand in another town: their books lose nothing when ours goes dark. */
#ifndef EBB_SIM_TOWN_H
#define EBB_SIM_TOWN_H

#include <sqlite3.h>

#include "access/vault.h"
#include "channel/simulated.h"
#include "disk.h"
#include "engine/engine.h"
#include "payout/payout.h"
#include "seams.h"

#define TOWN_CHANNELS 4
#define TOWN_START_MS 1795147200000 /* 2026-11-20T12:00:00+08:00 */
#define TOWN_BATCH_MAX 32
#define TOWN_STATEMENTS_MAX 96
#define TOWN_KEY_BYTES 32

struct town_statement {
    const char *sql;
    sqlite3_stmt *handle;
};

struct town {
    char directory[DISK_PATH_BYTES];               /* on the host: the key and the lock; the database is on `disk` */
    char policies_directory[DISK_PATH_BYTES + 16]; /* "": the four that ship */
    struct disk disk;
    struct instant now;
    struct world world;
    struct random random; /* of the people; the engine has its own */
    struct policies policies;
    struct calendar calendar;
    struct channels channels;
    struct payout *payout;
    struct engine *engine;
    struct arena arena; /* of one batch of asks */
    struct store *reader;
    struct town_statement statements[TOWN_STATEMENTS_MAX]; /* of the reader */
    struct vault vault;
    char anchor[DISK_PATH_BYTES + 32]; /* on the host: what goes back with the disk is not this */
    const char *anchors[1];
    size_t anchors_count;
    bool prepared; /* schema and policies are known to stand on the disk */
    int fd_first;  /* descriptors from here on are the town's */
    int64_t starts;
    int64_t checkpoint_commits;
};

/* What was asked, and what came back. */
struct asking {
    struct command command;
    int status;
    bool replayed;
    bool answered;
    char *body;
};

/* Where this process, or the one that it was forked from, has its town. */
void town_place(char ret[DISK_PATH_BYTES]);
/* Makes the host's directory and the banks; the disk is empty and nothing runs. `fifth`: with the invented policy
 * beside
 * the four that ship. */
void town_build(struct town *town, uint64_t seed, bool fifth);
/* Everything that is left to chance follows this seed from now on. */
void town_reseed(struct town *town, uint64_t seed);
/* From its next start on the town keeps an anchor, which is empty. */
void town_anchor(struct town *town);
void town_raze(struct town *town);
/* Puts another master key in place; nothing runs. */
void town_key(const struct town *town, const uint8_t key[TOWN_KEY_BYTES]);
/* Removes what it left on the host. */
void town_sweep(const struct town *town);
/* The memory of a stopped town and of its banks; what stands on the host stays. */
void town_forget(struct town *town);
/* False, with a sentence: it does not start. `whole`: with migration and policies; otherwise as little as an engine
 * that
 * is opened again needs, when both are known to stand. */
MUST_USE bool town_start(struct town *town, bool whole, char ret_reason[512]);
/* In order: what is written is closed as at the end of a server. */
void town_stop(struct town *town);
/* The process is gone in the middle of something: forgets it all without a look. */
void town_drop(struct town *town);

/* Closes the town's descriptors under it: a forked child can then take the lock anew. */
void town_let_go(const struct town *town);

/* Fills an asking of one kind; `json` NULL: without a body. The memory is the town's until town_reset. */
struct asking *town_ask(struct town *town, enum command_kind kind, const char *principal, unsigned roles,
                        const char *account, const char *object, const char *json, ...) PRINTF_LIKE(7, 8);
struct asking *town_ask_text(struct town *town, enum command_kind kind, const char *principal, unsigned roles,
                             const char *account, const char *object, const char *json);
/* Decides them in one batch, on this thread. */
void town_run(struct town *town, struct asking **askings, size_t count);
void town_reset(struct town *town);
void asking_key(struct asking *asking, const char *key);

/* ---- town_look.c: the books, read through the reader ---- */

sqlite3 *town_books(const struct town *town);
/* Prepared once for each opening, known by the place of its text; NULL when the disk does not answer. Reset it when it
 * was read: it holds a snapshot until then. */
sqlite3_stmt *town_statement(struct town *town, const char *sql);
void town_statements_close(struct town *town);
void town_statements_forget(struct town *town); /* the process that prepared them is gone */
/* The first column of the first rows; how many there were. */
size_t town_ints(struct town *town, const char *sql, int64_t *ret, size_t most);
/* The integer that a statement gives; -1 when the disk does not answer. */
int64_t town_int(struct town *town, const char *sql);
/* The code in the last message of a withdrawal ("" when there is none). */
void town_code(struct town *town, int64_t withdrawal, char ret[16]);

#endif
