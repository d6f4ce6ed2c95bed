/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-crash: every named operation, cut at every write, with every kind of damage, recovery included.
 *
 * An operation happens once, on a disk that records what it was told. Then the power goes at each point of the record:
 * the disk is built again up to there, loses what it would lose, and SQLite recovers it. The books that are found must
 * be, row for row, those before or after a commit; never fewer than were answered, never more than one that was not. In
 * some histories the power goes again during the recovery. A second sweep fails the n-th write or sync of each
 * operation under the running engine, and asks again. */
#include <getopt.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash_vfs.h"
#include "invariants.h"
#include "operations.h"
#include "store/connection.h"

#define WHOLE_STORE_EVERY 16 /* histories opened by the store and not by SQLite alone */
#define SECOND_CUT_EVERY 4   /* histories in which recovery is cut, too */
#define FAILURES_SHOWN 10
#define POINTS_USUAL 28 /* of an operation */

enum weakness { WEAK_NONE = 0, WEAK_LYING_DISK, WEAK_LOG_UNSYNCED, WEAK_EARLY_REPLY };
static const char *const weakness_names[] = {"none", "lying-disk", "log-unsynced", "early-reply"};

struct options {
    int64_t histories;
    uint64_t seed;
    enum weakness weakness;
    const char *operation; /* NULL: all */
    int64_t point;         /* 0: all */
    int damage;            /* -1: all */
    bool faults;
};

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

struct sums {
    int64_t histories, points, second_cuts, whole, lost, faults, faults_survived, stopped, failures;
};

static struct town town;
static struct trial trial;
static struct options options;
static struct sums sums;

/* ---- doing it once ---- */

static uint64_t books_now(void)
{
    return invariants_digest(town.reader->db);
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

static void complain(const char *what, const char *more, int64_t point, int damage, uint64_t seed)
{
    if (sums.failures++ >= (options.weakness == WEAK_NONE ? FAILURES_SHOWN : 1))
        return;
    printf("FAILED %s at point %lld of %lld, %s, seed %llu: %s%s%s\n", trial.operation->name, (long long)point,
           (long long)trial.ops_count, disk_damage_names[damage], (unsigned long long)seed, what,
           more[0] != '\0' ? ": " : "", more);
    printf("  again: script/crash --operation %s --point %lld --damage %d --seed %llu --histories 1%s%s\n",
           trial.operation->name, (long long)point, damage, (unsigned long long)seed,
           options.weakness != WEAK_NONE ? " --weak " : "",
           options.weakness != WEAK_NONE ? weakness_names[options.weakness] : "");
}

static void town_ready(const struct operation *operation)
{
    char reason[512];

    town_build(&town, 7, false);
    if (!town_start(&town, true, reason)) {
        fprintf(stderr, "the town does not start: %s\n", reason);
        exit(2);
    }
    operation_base(&town);
    operation_refusal[0] = '\0';
    operation->prepare(&town);
}

static void judge_step_books(void)
{
    struct broken broken = {0};

    if (town.reader == NULL)
        return;
    invariants_check(town.reader->db, &broken);
    if (broken.count > 0)
        complain("the books after it", broken.first, 0, 0, 0);
}

/* False: the operation was refused, which is a mistake in its preparation. */
static bool record_operation(const struct operation *operation)
{
    memset(&trial, 0, sizeof trial);
    trial.operation = operation;
    town_ready(operation);
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
    if (operation_refusal[0] != '\0' && strcmp(operation->name, "wrong_code") != 0) {
        complain("it was refused", operation_refusal, 0, 0, 0);
        return false;
    }
    return true;
}

static void operation_end(void)
{
    disk_fini(&trial.base);
    town_raze(&town);
}

/* ---- losing the power ---- */

/* Does the ops before the point, begins the one at the point (there is none behind the last), and cuts. */
static void disk_at(struct disk *disk, const struct disk *base, const struct disk_op *ops, int64_t count, int64_t point,
                    int damage, uint64_t seed)
{
    disk_init(disk, seed);
    disk_copy(disk, base);
    if (options.weakness == WEAK_LYING_DISK)
        disk->lie = LIE_EVERY_SYNC;
    if (options.weakness == WEAK_LOG_UNSYNCED)
        disk->lie = LIE_WAL_SYNC;
    for (int64_t i = 0; i < point - 1; i++)
        disk_replay(disk, &ops[i]);
    bool begins = point <= count && (ops[point - 1].kind == DISK_OP_WRITE || ops[point - 1].kind == DISK_OP_CREATE);
    if (begins)
        disk_replay(disk, &ops[point - 1]);
    disk_power_cut(disk, (enum disk_damage)damage);
}

/* Opens what is left as the writer would; NULL: it cannot. */
static sqlite3 *open_light(void)
{
    char path[DISK_PATH_BYTES + 32];
    sqlite3 *db = NULL;

    snprintf(path, sizeof path, "%s/ebb.db", town.directory);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(db, query_texts[QUERY_OPEN_WRITER], NULL, NULL, NULL) == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

struct found {
    bool opens;
    uint64_t books;
    struct broken file;
};

static void look(sqlite3 *db, struct found *ret)
{
    ret->opens = true;
    invariants_check_file(db, &ret->file);
    ret->books = invariants_digest(db);
}

static void recover(struct disk *disk, bool whole, struct found *ret)
{
    char reason[256] = "";
    struct store *store = NULL;

    memset(ret, 0, sizeof *ret);
    crash_vfs_insert(disk);
    if (!whole) {
        sqlite3 *db = open_light();

        if (db != NULL)
            look(db, ret);
        sqlite3_close(db);
    } else if (store_open(town.directory, STORE_WRITER, &town.vault, &store, reason) == ERR_NONE) {
        look(store->db, ret);
        store_close(&store);
    } else {
        snprintf(ret->file.first, sizeof ret->file.first, "%s", reason);
    }
    crash_vfs_insert(&town.disk);
}

/* The power goes a second time while it recovers, at a random point of what the recovery wrote. */
static void cut_recovery(struct disk *disk, int damage, uint64_t seed, struct found *ret)
{
    struct disk before, again;

    disk_init(&before, seed);
    disk_copy(&before, disk);
    disk->recording = true;
    recover(disk, false, ret);
    disk->recording = false;
    if (ret->opens && disk->record_count > 0) {
        int64_t count = (int64_t)disk->record_count;
        int64_t point = 1 + (int64_t)random_below(&before.random, (uint32_t)count + 1);

        disk_at(&again, &before, disk->record, count, point, damage, seed + 1);
        recover(&again, false, ret);
        disk_fini(&again);
        sums.second_cuts++;
    }
    disk_fini(&before);
}

static void judge_found(const struct found *found, int64_t point, int damage, uint64_t seed)
{
    int answered = 0, at = trial.books_before == found->books ? 0 : -1;

    for (int i = 0; i < trial.steps_count; i++) {
        int64_t from = options.weakness == WEAK_EARLY_REPLY ? trial.steps[i].asked_at : trial.steps[i].answered_at;

        answered += from < point; /* the op at the point was not done when the power went */
        if (trial.steps[i].books == found->books)
            at = i + 1;
    }
    if (!found->opens)
        complain("it does not open", found->file.first, point, damage, seed);
    else if (found->file.count > 0)
        complain("the file is damaged", found->file.first, point, damage, seed);
    else if (at < 0)
        complain("the books are neither those before nor those after a commit", "", point, damage, seed);
    else if (at < answered)
        complain("what was answered is lost", "", point, damage, seed);
    else if (at > answered + 1)
        complain("more was kept than was under way", "", point, damage, seed);
    sums.lost += at < answered;
}

static void cut(int64_t point, int damage, uint64_t seed)
{
    struct disk disk;
    struct found found;
    bool whole = sums.histories % WHOLE_STORE_EVERY == 0;

    disk_at(&disk, &trial.base, trial.ops, trial.ops_count, point, damage, seed);
    if (sums.histories % SECOND_CUT_EVERY == 1)
        cut_recovery(&disk, damage, seed, &found);
    else
        recover(&disk, whole, &found);
    disk_fini(&disk);
    judge_found(&found, point, damage, seed);
    sums.histories++;
    sums.whole += whole;
}

static void cut_everywhere(uint64_t seed)
{
    for (int64_t point = 1; point <= trial.ops_count + 1; point++)
        for (int damage = 0; damage < DAMAGE__COUNT; damage++)
            if ((options.point == 0 || options.point == point) && (options.damage < 0 || options.damage == damage))
                cut(point, damage, seed);
}

/* ---- the n-th write or sync fails ---- */

#define COUNTS 4
static const char *const counts[COUNTS] = {"SELECT max(seq) FROM audit", "SELECT count(*) FROM entry",
                                           "SELECT count(*) FROM idempotency", "SELECT count(*) FROM posting"};

enum outcome { OUTCOME_NOT_REACHED = 0, OUTCOME_WENT_ON, OUTCOME_STOPPED_ITSELF, OUTCOME_BAD };
static const char *const bad_outcomes[] = {"an invariant was broken", "it stopped without a reason",
                                           "it does not start again", "it did not happen exactly once",
                                           "the books are damaged"};

static int judge_again(const int64_t wanted[COUNTS])
{
    struct broken broken = {0};

    for (int i = 0; i < COUNTS; i++)
        if (town_int(&town, counts[i]) != wanted[i])
            return OUTCOME_BAD + 3;
    invariants_check(town.reader->db, &broken);
    invariants_check_file(town.reader->db, &broken);
    return broken.count > 0 ? OUTCOME_BAD + 4 : OUTCOME_NOT_REACHED;
}

/* In a process of its own. Whatever was answered, everything is asked again: in the end it has happened exactly once.
 */
static int fail_at(int64_t n, enum disk_fault fault, const int64_t wanted[COUNTS])
{
    char reason[512];

    seams_install();
    enum stop why = (enum stop)sigsetjmp(stop_point.jump, 0);
    if (why == STOP_NONE) {
        stop_point.set = true;
        town.disk.fault = fault;
        town.disk.fault_at = town.disk.ops + n;
        trial.operation->act(&town);
    }
    stop_point.set = false;
    if (why == STOP_INVARIANT)
        return OUTCOME_BAD;
    if (!town.disk.fault_struck)
        return why == STOP_ABORT ? OUTCOME_BAD + 1 : OUTCOME_NOT_REACHED;
    /* By the process that met the fault, if it lives; by one that was started as servers are; by an engine alone. */
    if (why != STOP_NONE || fault != FAULT_EIO) {
        town_drop(&town);
        town_reset(&town);
        if (!town_start(&town, fault == FAULT_FULL, reason))
            return OUTCOME_BAD + 2;
    }
    operation_ask_again(&town);
    trial.operation->act(&town);
    int bad = judge_again(wanted);
    if (bad != 0)
        return bad;
    /* What a failed sync left behind must not make later answers hollow: now the power goes, too. */
    disk_power_cut(&town.disk, DAMAGE_PREFIX);
    town_drop(&town);
    if (!town_start(&town, true, reason))
        return OUTCOME_BAD + 2;
    bad = judge_again(wanted);
    return bad != 0 ? bad : why == STOP_ABORT ? OUTCOME_STOPPED_ITSELF : OUTCOME_WENT_ON;
}

static bool fail_one(int64_t n, enum disk_fault fault, const int64_t wanted[COUNTS])
{
    int status = 0, outcome = OUTCOME_BAD + 1;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(fail_at(n, fault, wanted));
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
        outcome = WEXITSTATUS(status);
    if (outcome == OUTCOME_NOT_REACHED)
        return false;
    sums.faults++;
    sums.stopped += outcome == OUTCOME_STOPPED_ITSELF;
    sums.faults_survived += outcome == OUTCOME_WENT_ON;
    if (outcome >= OUTCOME_BAD && sums.failures++ < FAILURES_SHOWN)
        printf("FAILED %s with %s at write or sync %lld: %s\n", trial.operation->name, disk_fault_names[fault],
               (long long)n, outcome - OUTCOME_BAD < 5 ? bad_outcomes[outcome - OUTCOME_BAD] : "it ended");
    return true;
}

static void fail_everywhere(const struct operation *operation, const int64_t wanted[COUNTS])
{
    memset(&trial, 0, sizeof trial);
    trial.operation = operation;
    town_ready(operation);
    operation_remember(&town);
    town_let_go(&town);
    for (int fault = FAULT_EIO; fault < FAULT__COUNT; fault++)
        for (int64_t n = 1; fail_one(n, (enum disk_fault)fault, wanted); n++)
            continue;
    town_stop(&town);
    town_raze(&town);
}

/* ---- all of it ---- */

static void run_operation(const struct operation *operation, bool first)
{
    int64_t wanted[COUNTS] = {0};

    if (!record_operation(operation))
        return;
    sums.points += first ? trial.ops_count + 1 : 0;
    for (int i = 0; i < COUNTS && town.reader != NULL; i++)
        wanted[i] = town_int(&town, counts[i]);
    town_stop(&town); /* its lock would be in the way of the stores that recover */
    int64_t once = (int64_t)operations_count * DAMAGE__COUNT * POINTS_USUAL; /* about what one round of all makes */
    int64_t rounds = (options.histories + once - 1) / once;
    for (int64_t round = 0; round < rounds; round++)
        cut_everywhere(options.seed + (uint64_t)round);
    operation_end();
    if (options.faults && !operation->by_store)
        fail_everywhere(operation, wanted);
}

static int64_t elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static bool weakness_read(const char *word, enum weakness *ret)
{
    for (size_t i = 0; i < sizeof weakness_names / sizeof *weakness_names; i++)
        if (strcmp(weakness_names[i], word) == 0) {
            *ret = (enum weakness)i;
            return true;
        }
    return false;
}

static bool options_read(int count, char **words)
{
    static const struct option known[] = {
        {"histories", required_argument, NULL, 'h'}, {"seed", required_argument, NULL, 's'},
        {"weak", required_argument, NULL, 'w'},      {"operation", required_argument, NULL, 'o'},
        {"point", required_argument, NULL, 'p'},     {"damage", required_argument, NULL, 'd'},
        {"no-faults", no_argument, NULL, 'n'},       {0}};
    int option;

    options = (struct options){.histories = 5000, .seed = 1, .damage = -1, .faults = true};
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 'h')
            options.histories = strtoll(optarg, NULL, 10);
        else if (option == 's')
            options.seed = strtoull(optarg, NULL, 10);
        else if (option == 'w' && weakness_read(optarg, &options.weakness))
            options.faults = false;
        else if (option == 'o')
            options.operation = optarg;
        else if (option == 'p')
            options.point = strtoll(optarg, NULL, 10);
        else if (option == 'd')
            options.damage = (int)strtol(optarg, NULL, 10);
        else if (option == 'n')
            options.faults = false;
        else
            return false;
    }
    return optind == count;
}

static void report(int64_t ms)
{
    printf("%zu operations, %lld I/O points, %d kinds of damage: %lld histories, recovery cut again in %lld, opened by "
           "the "
           "whole store in %lld; answered work lost in %lld\n",
           operations_count, (long long)sums.points, (int)DAMAGE__COUNT, (long long)sums.histories,
           (long long)sums.second_cuts, (long long)sums.whole, (long long)sums.lost);
    printf("%lld failed writes and syncs: it went on in %lld, stopped itself in %lld; %d invariants\n",
           (long long)sums.faults, (long long)sums.faults_survived, (long long)sums.stopped, invariants_count());
    printf("%lld failures; weakness planted: %s; %lld.%lld s, %lld histories/s\n", (long long)sums.failures,
           weakness_names[options.weakness], (long long)(ms / 1000), (long long)(ms % 1000 / 100),
           (long long)(sums.histories * 1000 / (ms + 1)));
}

int main(int count, char **words)
{
    struct timespec began;
    char place[DISK_PATH_BYTES];
    bool first = true;

    if (!options_read(count, words)) {
        fprintf(stderr,
                "ebb-crash [--histories N] [--seed S] [--operation NAME] [--point P] [--damage 0-2] [--no-faults]\n"
                "          [--weak lying-disk|log-unsynced|early-reply]\n");
        return 2;
    }
    town_place(place);
    crash_vfs_install(place);
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int round = 0; first || (options.operation == NULL && sums.histories < options.histories); round++) {
        for (size_t i = 0; i < operations_count; i++)
            if (options.operation == NULL || strcmp(options.operation, operations[i].name) == 0)
                run_operation(&operations[i], first);
        options.faults = false;
        options.seed += 1000;
        first = false;
    }
    report(elapsed_ms(&began));
    if (options.weakness == WEAK_NONE)
        return sums.failures > 0;
    printf("the planted weakness was %s\n", sums.lost > 0 ? "found" : "NOT found");
    return sums.lost == 0;
}
