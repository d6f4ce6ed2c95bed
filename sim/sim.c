/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-sim: whole histories of a town, one a seed. See people.h for who lives there and faults.h for what befalls them.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crash_vfs.h"
#include "crew.h"
#include "history.h"

#define MARKS_EXPECTED_FROM 200 /* seeds */
#define HISTORY_SECONDS_MAX 300
#define SAID_BYTES 4096

static const char *const mark_names[MARK__COUNT] = {
#define MARK_TEXT(constant, text) text,
    MARKS(MARK_TEXT)
#undef MARK_TEXT
};

struct options {
    uint64_t from, seeds;
    size_t jobs;
    bool loud, must_reach;
    const char *audit; /* the auditor's program, for one seed in HISTORY_SPECIAL_EVERY */
};

struct sums {
    uint64_t seeds, failed, twice, audited;
    int64_t withdrawals, faults, starts, commits, marks[MARK__COUNT], marks_seeds[MARK__COUNT], lived_ms;
    struct lies lies;
};

/* What a group of seeds leaves. */
struct group {
    bool done;
    struct sums sums;
    char said[SAID_BYTES]; /* of failures */
};

static struct options options;
static struct sums total;
static struct history_result *result; /* what a child leaves for its parent */

/* ---- one group of seeds, in a process of its own ---- */

static void PRINTF_LIKE(2, 3) say(struct group *group, const char *format, ...)
{
    size_t used = strlen(group->said);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(group->said + used, sizeof group->said - used, format, arguments);
    va_end(arguments);
}

static void complain(struct group *group, uint64_t seed, const char *failure)
{
    group->sums.failed++;
    say(group, "FAILED seed %llu: %s\n  again: script/sim --seeds 1 --from %llu --loud\n", (unsigned long long)seed,
        failure, (unsigned long long)seed);
}

static bool is_special(uint64_t seed)
{
    return seed % HISTORY_SPECIAL_EVERY == 0;
}

struct life {
    uint64_t seed;
    const char *audit;
    bool anew; /* in a town of its own, settled from the beginning */
};

static void live(void *context)
{
    const struct life *life = context;

    (void)alarm(HISTORY_SECONDS_MAX); /* whoever hangs has failed */
    if (life->anew && !history_settle(life->seed / HISTORY_GROUP_SEEDS, result))
        return;
    if (options.loud)
        seams_loud();
    history_run(life->seed, is_special(life->seed) || options.seeds == 1, life->audit, result);
}

/* Each history has a process of its own: nothing is left over from the one before, and what aborts is one seed. */
static bool run(struct life life, struct history_result *ret)
{
    memset(result, 0, sizeof *result);
    int status = crew_alone(live, &life);
    *ret = *result;
    if (!ret->done && ret->failure[0] == '\0')
        snprintf(ret->failure, sizeof ret->failure, "the process ended with status %d", status);
    return ret->done && ret->failure[0] == '\0';
}

static void add(struct sums *sums, const struct history_result *history)
{
    sums->seeds++;
    sums->withdrawals += history->withdrawals;
    sums->faults += history->faults;
    sums->starts += history->starts;
    sums->commits += history->commits;
    sums->lived_ms += history->lived_ms;
    lies_add(&sums->lies, &history->lies);
    for (int mark = 0; mark < MARK__COUNT; mark++) {
        sums->marks[mark] += history->marks[mark];
        sums->marks_seeds[mark] += history->marks[mark] > 0;
    }
}

static void run_seed(struct group *group, uint64_t seed, uint64_t *ret_trace)
{
    struct history_result history;
    const char *audit = is_special(seed) ? options.audit : NULL;

    if (!run((struct life){seed, audit, false}, &history))
        complain(group, seed, history.failure);
    else if (history.withdrawals < HISTORY_WITHDRAWALS || history.faults < HISTORY_FAULTS)
        complain(group, seed, "it was too short a history");
    add(&group->sums, &history);
    group->sums.audited += audit != NULL;
    *ret_trace = history.trace;
    if (options.seeds == 1)
        say(group, "seed %llu: trace %016llx\n", (unsigned long long)seed, (unsigned long long)history.trace);
}

static void run_again(struct group *group, uint64_t seed, uint64_t trace)
{
    struct history_result again;

    group->sums.twice++;
    if (!run((struct life){seed, NULL, true}, &again) || again.trace != trace)
        complain(group, seed, "the same seed gave another history");
}

/* The seeds that lie in the group and were asked for. */
static void group_seeds(size_t number, uint64_t *ret_from, uint64_t *ret_to)
{
    uint64_t group = options.from / HISTORY_GROUP_SEEDS + number, end = options.from + options.seeds;

    *ret_from = group * HISTORY_GROUP_SEEDS < options.from ? options.from : group * HISTORY_GROUP_SEEDS;
    *ret_to = (group + 1) * HISTORY_GROUP_SEEDS < end ? (group + 1) * HISTORY_GROUP_SEEDS : end;
}

static void run_group(size_t number, void *context)
{
    struct group *group = context;
    uint64_t from, to, traces[HISTORY_GROUP_SEEDS];

    group_seeds(number, &from, &to);
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED)
        return;
    if (!history_settle(from / HISTORY_GROUP_SEEDS, result))
        complain(group, from, result->failure);
    else
        for (uint64_t seed = from; seed < to; seed++)
            run_seed(group, seed, &traces[seed - from]);
    for (uint64_t seed = from; seed < to && group->sums.seeds > 0; seed++)
        if (is_special(seed))
            run_again(group, seed, traces[seed - from]);
    if (group->sums.failed == 0)
        history_sweep();
    group->done = true;
}

/* ---- all of them ---- */

static void group_done(size_t number, const void *context, int status)
{
    const struct group *group = context;
    uint64_t from, to;

    group_seeds(number, &from, &to);
    fputs(group->said, stdout);
    if (!group->done)
        printf("FAILED seeds %llu to %llu: the process of their town ended with status %d\n", (unsigned long long)from,
               (unsigned long long)to - 1, status);
    total.seeds += group->sums.seeds;
    total.failed += group->sums.failed + !group->done;
    total.twice += group->sums.twice;
    total.audited += group->sums.audited;
    total.withdrawals += group->sums.withdrawals;
    total.faults += group->sums.faults;
    total.starts += group->sums.starts;
    total.commits += group->sums.commits;
    total.lived_ms += group->sums.lived_ms;
    lies_add(&total.lies, &group->sums.lies);
    for (int mark = 0; mark < MARK__COUNT; mark++) {
        total.marks[mark] += group->sums.marks[mark];
        total.marks_seeds[mark] += group->sums.marks_seeds[mark];
    }
}

/* ---- the report ---- */

/* Two columns: how often, and in how many seeds. */
static size_t marks_print(void)
{
    size_t unreached = 0, rows = (MARK__COUNT + 1) / 2;

    printf("%-34s %8s %7s   %-34s %8s %7s\n", "sometimes", "times", "seeds", "", "times", "seeds");
    for (size_t row = 0; row < rows; row++) {
        for (size_t mark = row; mark < MARK__COUNT; mark += rows) {
            unreached += total.marks[mark] == 0;
            printf("%-34s %8lld %7lld%s", mark_names[mark], (long long)total.marks[mark],
                   (long long)total.marks_seeds[mark],
                   total.marks[mark] == 0 ? " !"
                   : mark < rows          ? "   "
                                          : "");
        }
        putchar('\n');
    }
    return unreached;
}

/* False: one was not noticed. */
static bool lies_print(void)
{
    int64_t told = 0, noticed = 0;

    for (int kind = 0; kind < LIE__COUNT; kind++) {
        told += total.lies.told[kind];
        noticed += total.lies.noticed[kind];
    }
    printf("lies of a channel: %lld told, %lld noticed (", (long long)told, (long long)noticed);
    for (int kind = 0; kind < LIE__COUNT; kind++)
        printf("%s%s %lld/%lld", kind > 0 ? ", " : "", lie_names[kind], (long long)total.lies.noticed[kind],
               (long long)total.lies.told[kind]);
    printf(")\n");
    return told == noticed;
}

static bool report(int64_t ms)
{
    size_t unreached = options.seeds > 1 ? marks_print() : 0;
    bool noticed = lies_print();

    printf(
        "%llu seeds (%llu to %llu), %lld withdrawals, %lld faults, %lld starts, %lld audited changes, %lld simulated "
        "days, %llu run twice, %llu audited: %llu failed\n",
        (unsigned long long)total.seeds, (unsigned long long)options.from,
        (unsigned long long)(options.from + options.seeds - 1), (long long)total.withdrawals, (long long)total.faults,
        (long long)total.starts, (long long)total.commits, (long long)(total.lived_ms / MS_DAY),
        (unsigned long long)total.twice, (unsigned long long)total.audited, (unsigned long long)total.failed);
    printf("%lld.%lld s, %lld seeds a minute, %zu at a time\n", (long long)(ms / 1000), (long long)(ms % 1000 / 100),
           (long long)((int64_t)total.seeds * 60000 / (ms + 1)), options.jobs);
    if (unreached > 0 && options.must_reach)
        printf("FAILED: %zu marks were never reached\n", unreached);
    if (!noticed)
        printf("FAILED: a lie went unnoticed\n");
    return total.failed == 0 && noticed && total.seeds == options.seeds && (unreached == 0 || !options.must_reach);
}

static int usage(void)
{
    fprintf(stderr, "ebb-sim [--seeds N] [--from S] [--jobs N] [--audit EBB-AUDIT] [--loud]\n");
    return 2;
}

static bool options_read(int count, char **words)
{
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 's'}, {"from", required_argument, NULL, 'f'},
        {"jobs", required_argument, NULL, 'j'},  {"audit", required_argument, NULL, 'a'},
        {"loud", no_argument, NULL, 'l'},        {0}};
    int option;

    options = (struct options){.from = 1, .seeds = 200, .jobs = crew_processors()};
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 's')
            options.seeds = strtoull(optarg, NULL, 10);
        else if (option == 'f')
            options.from = strtoull(optarg, NULL, 10);
        else if (option == 'j')
            options.jobs = strtoull(optarg, NULL, 10);
        else if (option == 'a')
            options.audit = optarg;
        else if (option == 'l')
            options.loud = true;
        else
            return false;
    }
    options.must_reach = options.seeds >= MARKS_EXPECTED_FROM;
    return optind == count && options.seeds > 0 && options.jobs > 0;
}

int main(int count, char **words)
{
    struct crew crew = {.result_bytes = sizeof(struct group), .task = run_group, .done = group_done};
    int64_t began_ms = crew_clock_ms();

    if (!options_read(count, words))
        return usage();
    crew.jobs = options.jobs;
    crew_run(&crew, (size_t)((options.from + options.seeds - 1) / HISTORY_GROUP_SEEDS -
                             options.from / HISTORY_GROUP_SEEDS + 1));
    return report(crew_clock_ms() - began_ms) ? 0 : 1;
}
