/* SPDX-License-Identifier: Apache-2.0 */
/* A town (sim/town.h) that every input finds the same: the real engine over a disk in memory, five accounts of the four
 * policies with some top-ups, and simulated banks that are used by nobody yet. Made once; set back, not made anew, for
 * the next input. */
#ifndef EBB_TESTS_FUZZ_STAGE_H
#define EBB_TESTS_FUZZ_STAGE_H

#include "../../sim/town.h"
#include "fuzz.h"

#define STAGE_ACCOUNTS 5
extern const char *const stage_accounts[STAGE_ACCOUNTS]; /* the third is a member of the second */
extern struct town stage;

/* Builds the town and lets `fill` (NULL: nobody) add to it. Once a process. */
void stage_build(void (*fill)(void));
/* As it was after stage_build. */
void stage_reset(void);
/* Only the disk, for whoever needs no engine: it must be stopped (town_stop). */
void stage_reset_disk(void);
/* The next first send of a bank meets this word. */
void stage_script(size_t bank, const char *word);
/* Somebody else may have told the banks something. */
void stage_banks_used(void);
/* Asks one command, its body as JSON (NULL: none), and returns the status; the answer is kept until the next one. */
int stage_ask(enum command_kind kind, const char *principal, unsigned roles, const char *account, const char *object,
              int64_t object_id, const char *json);
struct stage_answer {
    int status;
    bool replayed;
    char *body; /* NULL before the first */
};
extern struct stage_answer stage_answer;
/* Runs a command whose ask is filled in already. */
int stage_run(struct command *command);
/* The integer that a statement with one parameter gives, -1 where there is none. The text is a literal (town_look.c).
 */
int64_t stage_int(const char *sql, int64_t parameter);
/* Commits so far: who changed something. */
int64_t stage_commits(void);
/* The newest withdrawal, 0 when there is none. */
int64_t stage_newest(void);
/* Every statement of sim/invariants.sql holds. */
void stage_check(void);

#endif
