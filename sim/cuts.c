/* SPDX-License-Identifier: Apache-2.0 */
#include "cuts.h"

#include <stdlib.h>
#include <string.h>

#include "crash_vfs.h"
#include "invariants.h"
#include "recovery.h"

/* Of as many histories of one point and damage, the seeds counted up: */
#define WAYS 16
#define WAYS_WHOLE 1  /* so many are opened by the whole store and not by SQLite alone, */
#define WAYS_SECOND 4 /* in so many recovery is cut, too. */

/* The books after each step, and where in the record it was asked and answered. */
struct step_record {
    int64_t asked_at, answered_at;
    uint64_t books;
};

struct trial {
    const struct operation *operation;
    struct disk base;
    uint64_t books_before;
    struct step_record steps[STEPS_MAX];
    int steps_count;
    const struct disk_op *ops;
    int64_t ops_count;
};

/* Where the power goes, and what the disk then loses. */
struct cut {
    int64_t point;
    int damage;
    uint64_t seed;
};

static struct town town;
static struct trial trial;
static struct part *part;

/* ---- doing it once ---- */

static uint64_t books_now(void)
{
    return invariants_digest_but(town_books(&town), trial.operation->meta);
}

static void step_note(struct town *of, bool done)
{
    struct step_record *step = &trial.steps[trial.steps_count];

    if (trial.steps_count == STEPS_MAX)
        abort();
    if (!done) {
        step->asked_at = (int64_t)of->disk.record_count;
        return;
    }
    step->answered_at = (int64_t)of->disk.record_count;
    step->books = books_now();
    trial.steps_count++;
}

static void complain(const struct cut *cut, const char *what, const char *more)
{
    bool weak = options.weakness != WEAK_NONE;

    part_fail(
        part,
        "FAILED %s at point %lld of %lld, %s, seed %llu: %s%s%s\n"
        "  again: script/crash --operation %s --point %lld --damage %d --seed %llu --histories 1 --no-faults%s%s\n",
        trial.operation->name, (long long)cut->point, (long long)trial.ops_count, disk_damage_names[cut->damage],
        (unsigned long long)cut->seed, what, more[0] != '\0' ? ": " : "", more, trial.operation->name,
        (long long)cut->point, cut->damage, (unsigned long long)cut->seed, weak ? " --weak " : "",
        weak ? weakness_names[options.weakness] : "");
}

static void complain_itself(const char *what, const char *more)
{
    part_fail(part, "FAILED %s: %s: %s\n  again: script/crash --operation %s --histories 1 --no-faults\n",
              trial.operation->name, what, more, trial.operation->name);
}

static void judge_step_books(void)
{
    struct broken broken = {0};

    if (town.reader == NULL)
        return;
    invariants_check(town_books(&town), &broken);
    if (broken.count > 0)
        complain_itself("the books after it", broken.first);
}

/* False: the operation was refused, which is a mistake in its preparation. */
static bool record_operation(const struct operation *operation)
{
    memset(&trial, 0, sizeof trial);
    trial.operation = operation;
    operation_ready(&town, operation);
    disk_init(&trial.base, 1);
    disk_copy(&trial.base, &town.disk);
    if (town.reader != NULL)
        trial.books_before = books_now();
    town.disk.recording = true;
    operation_accepted = 0;
    operation_step = step_note;
    operation->act(&town);
    operation_step = NULL;
    town.disk.recording = false;
    trial.ops = town.disk.record;
    trial.ops_count = (int64_t)town.disk.record_count;
    if (town.reader != NULL && trial.books_before == 0)
        trial.books_before = books_now();
    judge_step_books();
    if (operation_refusal[0] != '\0' && !operation_refused_rightly(operation)) {
        complain_itself("it was refused", operation_refusal);
        return false;
    }
    return true;
}

static void operation_end(void)
{
    disk_fini(&trial.base);
    recovery_fini();
    town_raze(&town);
}

/* ---- losing the power ---- */

/* What is left to chance differs from point to point and from damage to damage. */
static void disk_init_for(struct disk *disk, const struct cut *cut)
{
    disk_init(disk, cut->seed + ((uint64_t)cut->point << 32) + ((uint64_t)cut->damage << 60));
}

static void disk_weaken(struct disk *disk)
{
    if (options.weakness == WEAK_LYING_DISK)
        disk->lie = LIE_EVERY_SYNC;
    if (options.weakness == WEAK_LOG_UNSYNCED)
        disk->lie = LIE_WAL_SYNC;
}

/* The ops before the point were done; the one at the point (NULL: none) begins, and the power goes. */
static void power_goes(struct disk *disk, const struct disk_op *op, int damage)
{
    if (op != NULL && (op->kind == DISK_OP_WRITE || op->kind == DISK_OP_CREATE))
        disk_replay(disk, op);
    disk_power_cut(disk, (enum disk_damage)damage);
}

/* The power goes a second time while it recovers, at a random point of what the recovery wrote. */
static void recover_cut(struct disk *disk, const struct cut *cut, struct recovered *ret)
{
    struct image_key key = recovery_key(disk);
    struct disk again;

    disk_init(&again, cut->seed ^ key.words[1]);
    disk_weaken(&again);
    disk_copy(&again, disk);
    disk->recording = true;
    bool moved = recovery_log_move(disk, key);
    disk->recording = false;
    *ret = (struct recovered){0};
    if (moved) {
        size_t point = random_below(&again.random, (uint32_t)disk->record_count + 1);

        for (size_t i = 0; i < point; i++)
            disk_replay(&again, &disk->record[i]);
        power_goes(&again, point < disk->record_count ? &disk->record[point] : NULL, cut->damage);
        recovery_light(&again, ret);
        part->sums.second_cuts++;
    }
    disk_fini(&again);
}

/* ---- judging ---- */

/* As the disk stands after the first cut. */
static void judge_beside(struct disk *disk, const struct cut *cut)
{
    const char *wrong = recovery_beside(disk, trial.books_before, cut->point > trial.ops_count);

    if (wrong != NULL)
        complain(cut, "what stands beside it", wrong);
}

static void judge_found(const struct recovered *found, const struct cut *cut)
{
    int answered = 0, at = trial.books_before == found->books ? 0 : -1;

    for (int i = 0; i < trial.steps_count; i++) {
        int64_t from = options.weakness == WEAK_EARLY_REPLY ? trial.steps[i].asked_at : trial.steps[i].answered_at;

        answered += from < cut->point; /* the op at the point was not done when the power went */
        if (trial.steps[i].books == found->books)
            at = i + 1;
    }
    if (!found->opens)
        complain(cut, "it does not open", found->file.first);
    else if (found->file.count > 0)
        complain(cut, "the file is damaged", found->file.first);
    else if (at < 0)
        complain(cut, "the books are neither those before nor those after a commit", "");
    else if (at < answered)
        complain(cut, "what was answered is lost", "");
    else if (at > answered + 1)
        complain(cut, "more was kept than was under way", "");
    part->sums.lost += at < answered;
}

/* `standing`: the disk with every op before the point done. */
static void cut_once(const struct disk *standing, const struct cut *cut)
{
    struct disk disk;
    struct recovered found;
    uint64_t way = (cut->seed + 5 * (uint64_t)cut->point + 3 * (uint64_t)cut->damage) % WAYS;

    disk_init_for(&disk, cut);
    disk_weaken(&disk);
    disk_copy(&disk, standing);
    power_goes(&disk, cut->point <= trial.ops_count ? &trial.ops[cut->point - 1] : NULL, cut->damage);
    if (trial.operation->beside != NULL)
        judge_beside(&disk, cut);
    if (way < WAYS_WHOLE)
        recovery_whole(&disk, &found);
    else if (way < WAYS_WHOLE + WAYS_SECOND)
        recover_cut(&disk, cut, &found);
    else
        recovery_light(&disk, &found);
    crash_vfs_insert(&town.disk);
    disk_fini(&disk);
    judge_found(&found, cut);
    part->sums.histories++;
    part->sums.whole += way < WAYS_WHOLE;
}

static void cut_at(const struct disk *standing, int64_t point, int64_t rounds)
{
    for (int damage = 0; damage < DAMAGE__COUNT; damage++)
        for (int64_t round = 0; round < rounds; round++) {
            struct cut cut = {point, damage, options.seed + (uint64_t)round};

            if (options.damage < 0 || options.damage == damage)
                cut_once(standing, &cut);
        }
}

/* One disk goes along the record, and is copied wherever the power goes. */
static void cut_everywhere(int64_t rounds)
{
    struct disk standing;

    disk_init(&standing, 1);
    disk_weaken(&standing);
    disk_copy(&standing, &trial.base);
    for (int64_t point = 1; point <= trial.ops_count + 1; point++) {
        if (options.point == 0 || options.point == point)
            cut_at(&standing, point, rounds);
        if (point <= trial.ops_count)
            disk_replay(&standing, &trial.ops[point - 1]);
    }
    disk_fini(&standing);
}

void cuts_count(const struct operation *operation, struct part *ret)
{
    part = ret;
    if (record_operation(operation))
        part->sums.points = trial.ops_count + 1;
    town_stop(&town);
    operation_end();
    part->done = true;
}

void cuts_run(const struct operation *operation, int64_t rounds, struct part *ret)
{
    part = ret;
    bool done = record_operation(operation);
    town_stop(&town); /* its lock would be in the way of the stores that recover */
    recovery_init(operation, &town, part);
    if (done)
        cut_everywhere(rounds);
    operation_end();
    part->done = true;
}
