/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-crash: every named operation, cut at every write, with every kind of damage, recovery included (cuts.h); and
 * every write and sync of each failed once (strikes.h). */
#include "crash.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash_vfs.h"
#include "crew.h"
#include "cuts.h"
#include "invariants.h"
#include "strikes.h"

#define PART_SECONDS_MAX 1800
#define STRIKES_A_POINT 25 /* what a point costs under faults, in histories */

const char *const weakness_names[] = {"none", "lying-disk", "log-unsynced", "early-reply"};
struct options options;

/* Operations are counted first, and then cut and struck. */
enum work { WORK_COUNT = 0, WORK_CUT, WORK_STRIKE };
struct task {
    const struct operation *operation;
    enum work work;
    int64_t cost; /* estimated: the dearest begin first */
};

static struct task *tasks;
static int64_t rounds;
static struct sums total;

void part_fail(struct part *part, const char *format, ...)
{
    size_t used = strlen(part->said);
    va_list arguments;

    if (part->sums.failures++ >= (options.weakness == WEAK_NONE ? FAILURES_SHOWN : 1))
        return;
    va_start(arguments, format);
    vsnprintf(part->said + used, sizeof part->said - used, format, arguments);
    va_end(arguments);
}

/* ---- one part, in a process of its own ---- */

static void run(size_t number, void *result)
{
    const struct task *task = &tasks[number];
    char place[DISK_PATH_BYTES];

    (void)alarm(PART_SECONDS_MAX); /* whoever hangs has failed */
    seams_install();
    town_place(place);
    crash_vfs_install(place);
    if (task->work == WORK_COUNT)
        cuts_count(task->operation, result);
    else if (task->work == WORK_CUT)
        cuts_run(task->operation, rounds, result);
    else
        strikes_run(task->operation, result);
}

static void add(const struct sums *sums)
{
#define SUMS_ADD(name) total.name += sums->name;
    SUMS(SUMS_ADD)
#undef SUMS_ADD
}

static void done(size_t number, const void *result, int status)
{
    const struct part *part = result;
    struct task *task = &tasks[number];

    fputs(part->said, stdout);
    if (part->sums.failures > FAILURES_SHOWN && options.weakness == WEAK_NONE)
        printf("  %s: %lld failures in all\n", task->operation->name, (long long)part->sums.failures);
    if (!part->done) {
        printf("FAILED %s: its process ended with status %d\n", task->operation->name, status);
        total.failures++;
    }
    if (task->work == WORK_COUNT)
        task->cost = part->sums.points;
    add(&part->sums);
}

/* ---- all of it ---- */

static bool is_asked_for(const struct operation *operation)
{
    return options.operation == NULL || strcmp(options.operation, operation->name) == 0;
}

static void crew(size_t count)
{
    struct crew all = {.jobs = options.jobs, .result_bytes = sizeof(struct part), .task = run, .done = done};

    crew_run(&all, count);
}

/* As many histories of each point and damage as make up the sum that was asked for. */
static int64_t rounds_needed(void)
{
    int64_t points = options.point != 0 ? 1 : total.points;
    int64_t once = points * (options.damage >= 0 ? 1 : DAMAGE__COUNT);

    return once == 0 ? 0 : (options.histories + once - 1) / once;
}

static int by_cost(const void *a, const void *b)
{
    int64_t left = ((const struct task *)a)->cost, right = ((const struct task *)b)->cost;

    return left > right ? -1 : left < right;
}

static size_t count_points(void)
{
    size_t count = 0;

    for (size_t i = 0; i < operations_count; i++)
        if (is_asked_for(&operations[i]))
            tasks[count++] = (struct task){.operation = &operations[i]};
    crew(count);
    return count;
}

static void run_all(void)
{
    size_t counted = count_points(), count = 0;
    struct task *points = tasks;

    rounds = rounds_needed();
    tasks = calloc(2 * counted + 1, sizeof *tasks);
    for (size_t i = 0; tasks != NULL && i < counted; i++) {
        if (rounds > 0 && points[i].cost > 0)
            tasks[count++] = (struct task){points[i].operation, WORK_CUT, points[i].cost * DAMAGE__COUNT * rounds};
        if (options.faults && points[i].cost > 0 && !points[i].operation->by_store)
            tasks[count++] = (struct task){points[i].operation, WORK_STRIKE, points[i].cost * STRIKES_A_POINT};
    }
    qsort(tasks, count, sizeof *tasks, by_cost);
    crew(count);
    free(points);
}

static bool weakness_read(const char *word, enum weakness *ret)
{
    for (size_t i = 0; i < ARRAY_COUNT(weakness_names); i++)
        if (strcmp(weakness_names[i], word) == 0) {
            *ret = (enum weakness)i;
            return true;
        }
    return false;
}

/* False: it is none of them. */
static bool option_take(int option, const char *word)
{
    if (option == 'h')
        options.histories = strtoll(word, NULL, 10);
    else if (option == 's')
        options.seed = strtoull(word, NULL, 10);
    else if (option == 'j')
        options.jobs = strtoull(word, NULL, 10);
    else if (option == 'o')
        options.operation = word;
    else if (option == 'p')
        options.point = strtoll(word, NULL, 10);
    else if (option == 'd')
        options.damage = (int)strtol(word, NULL, 10);
    else if (option == 'f')
        options.fault = (int)strtol(word, NULL, 10);
    else if (option == 'n')
        options.faults = false;
    else if (option == 'a')
        options.anew = true;
    else
        return option == 'w' && weakness_read(word, &options.weakness);
    return true;
}

static bool options_read(int count, char **words)
{
    static const struct option known[] = {{"histories", required_argument, NULL, 'h'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"weak", required_argument, NULL, 'w'},
                                          {"operation", required_argument, NULL, 'o'},
                                          {"point", required_argument, NULL, 'p'},
                                          {"damage", required_argument, NULL, 'd'},
                                          {"fault", required_argument, NULL, 'f'},
                                          {"no-faults", no_argument, NULL, 'n'},
                                          {"anew", no_argument, NULL, 'a'},
                                          {0}};
    int option;

    options = (struct options){.histories = 100000, .seed = 1, .damage = -1, .faults = true, .jobs = crew_processors()};
    while ((option = getopt_long(count, words, "", known, NULL)) != -1)
        if (!option_take(option, optarg))
            return false;
    options.faults = options.faults && options.weakness == WEAK_NONE;
    return optind == count && options.jobs > 0 && options.damage < DAMAGE__COUNT && options.fault < FAULT__COUNT;
}

static void report(int64_t ms)
{
    printf("%zu operations, %lld I/O points, %d kinds of damage: %lld histories, recovery cut again in %lld, opened by "
           "the whole store in %lld; answered work lost in %lld\n",
           operations_count, (long long)total.points, (int)DAMAGE__COUNT, (long long)total.histories,
           (long long)total.second_cuts, (long long)total.whole, (long long)total.lost);
    printf("%lld images of a disk were recovered, %lld of what came out were judged: the others were equal to these\n",
           (long long)total.images, (long long)total.contents);
    printf(
        "%lld failed writes and syncs: it went on in %lld, stopped itself in %lld; %lld images judged; %d invariants\n",
        (long long)total.faults, (long long)total.went_on, (long long)total.stopped, (long long)total.judged,
        invariants_count());
    printf("%lld failures; weakness planted: %s; %lld.%lld s, %lld histories/s, %zu at a time\n",
           (long long)total.failures, weakness_names[options.weakness], (long long)(ms / 1000),
           (long long)(ms % 1000 / 100), (long long)(total.histories * 1000 / (ms + 1)), options.jobs);
}

int main(int count, char **words)
{
    int64_t began_ms = crew_clock_ms();

    if (!options_read(count, words)) {
        fprintf(stderr,
                "ebb-crash [--histories N] [--seed S] [--jobs N] [--operation NAME] [--point P] [--damage 0-2]\n"
                "          [--fault 1-4] [--no-faults] [--anew] [--weak lying-disk|log-unsynced|early-reply]\n");
        return 2;
    }
    tasks = calloc(operations_count, sizeof *tasks);
    if (tasks == NULL)
        return 2;
    run_all();
    report(crew_clock_ms() - began_ms);
    free(tasks);
    if (options.weakness == WEAK_NONE)
        return total.failures > 0;
    printf("the planted weakness was %s\n", total.lost > 0 ? "found" : "NOT found");
    return total.lost == 0;
}
