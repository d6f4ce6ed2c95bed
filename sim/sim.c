/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-sim: whole histories of a town, one a seed. See people.h for who lives there and faults.h for what befalls them.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash_vfs.h"
#include "history.h"

#define MARKS_EXPECTED_FROM 200

static const char *const mark_names[MARK__COUNT] = {
#define MARK_TEXT(constant, text) text,
    MARKS(MARK_TEXT)
#undef MARK_TEXT
};

struct options {
    uint64_t from, seeds;
    bool loud, must_reach;
    const char *audit; /* the auditor's program, for one seed in HISTORY_SPECIAL_EVERY */
};

struct sums {
    uint64_t seeds, failed, twice, audited;
    int64_t withdrawals, faults, commits, marks[MARK__COUNT], marks_seeds[MARK__COUNT], lived_ms;
};

/* What a child leaves for its parent. */
static struct history_result *result;

static void child_run(const struct options *options, uint64_t seed, bool audited)
{
    if (options->loud)
        seams_loud();
    history_run(seed, audited ? options->audit : NULL, result);
    _exit(0);
}

/* Each history has a process of its own: nothing is left over from the one before, and what aborts is one seed. */
static bool run(const struct options *options, uint64_t seed, bool audited, struct history_result *ret)
{
    int status = 0;

    memset(result, 0, sizeof *result);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        child_run(options, seed, audited);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return false;
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
    sums->commits += history->commits;
    sums->lived_ms += history->lived_ms;
    for (int mark = 0; mark < MARK__COUNT; mark++) {
        sums->marks[mark] += history->marks[mark];
        sums->marks_seeds[mark] += history->marks[mark] > 0;
    }
}

static void complain(uint64_t seed, const char *failure)
{
    printf("FAILED seed %llu: %s\n  again: script/sim --seeds 1 --from %llu --loud\n", (unsigned long long)seed,
           failure, (unsigned long long)seed);
}

static void run_seed(const struct options *options, uint64_t seed, struct sums *sums)
{
    struct history_result first, again;
    bool special = seed % HISTORY_SPECIAL_EVERY == 0;

    if (!run(options, seed, special && options->audit != NULL, &first)) {
        sums->failed++;
        complain(seed, first.failure);
    }
    add(sums, &first);
    if (options->seeds == 1)
        printf("seed %llu: trace %016llx, %lld withdrawals, %lld faults, %lld starts\n", (unsigned long long)seed,
               (unsigned long long)first.trace, (long long)first.withdrawals, (long long)first.faults,
               (long long)first.starts);
    sums->audited += special && options->audit != NULL;
    if (!special)
        return;
    sums->twice++;
    if (!run(options, seed, false, &again) || again.trace != first.trace) {
        sums->failed++;
        complain(seed, "the same seed gave another history");
    }
}

static int64_t elapsed_ms(const struct timespec *since)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static size_t marks_print(const struct sums *sums)
{
    size_t unreached = 0;

    printf("%-44s %10s %8s\n", "sometimes", "times", "seeds");
    for (int mark = 0; mark < MARK__COUNT; mark++) {
        unreached += sums->marks[mark] == 0;
        printf("%-44s %10lld %8lld%s\n", mark_names[mark], (long long)sums->marks[mark],
               (long long)sums->marks_seeds[mark], sums->marks[mark] == 0 ? "  never" : "");
    }
    return unreached;
}

static int usage(void)
{
    fprintf(stderr, "ebb-sim [--seeds N] [--from S] [--audit EBB-AUDIT] [--loud]\n");
    return 2;
}

static bool options_read(int count, char **words, struct options *ret)
{
    static const struct option known[] = {{"seeds", required_argument, NULL, 's'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"audit", required_argument, NULL, 'a'},
                                          {"loud", no_argument, NULL, 'l'},
                                          {0}};
    int option;

    *ret = (struct options){.from = 1, .seeds = 200};
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 's')
            ret->seeds = strtoull(optarg, NULL, 10);
        else if (option == 'f')
            ret->from = strtoull(optarg, NULL, 10);
        else if (option == 'a')
            ret->audit = optarg;
        else if (option == 'l')
            ret->loud = true;
        else
            return false;
    }
    ret->must_reach = ret->seeds >= MARKS_EXPECTED_FROM;
    return optind == count && ret->seeds > 0;
}

int main(int count, char **words)
{
    struct options options;
    struct sums sums = {0};
    struct timespec began;
    size_t unreached;

    if (!options_read(count, words, &options))
        return usage();
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (uint64_t seed = options.from; seed < options.from + options.seeds; seed++)
        run_seed(&options, seed, &sums);
    int64_t ms = elapsed_ms(&began);
    unreached = options.seeds > 1 ? marks_print(&sums) : 0;
    printf(
        "%llu seeds (%llu to %llu), %lld withdrawals, %lld faults, %lld commits, %lld simulated days, %llu run twice, "
        "%llu audited: %llu failed; %lld.%lld s, %lld seeds a minute\n",
        (unsigned long long)sums.seeds, (unsigned long long)options.from,
        (unsigned long long)(options.from + options.seeds - 1), (long long)sums.withdrawals, (long long)sums.faults,
        (long long)sums.commits, (long long)(sums.lived_ms / MS_DAY), (unsigned long long)sums.twice,
        (unsigned long long)sums.audited, (unsigned long long)sums.failed, (long long)(ms / 1000),
        (long long)(ms % 1000 / 100), (long long)((int64_t)sums.seeds * 60000 / (ms + 1)));
    if (unreached > 0 && options.must_reach)
        printf("FAILED: %zu marks were never reached\n", unreached);
    return sums.failed > 0 || (unreached > 0 && options.must_reach);
}
