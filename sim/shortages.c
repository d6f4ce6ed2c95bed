/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-shortage: every named operation, with every one of its allocations failing.
 *
 * Each operation is prepared once; then, in a process of its own each time, the n-th allocation fails (or the n-th and
 * all after it, until the answer is there), for n from 1 until nothing was hit. What was answered must be a fault or
 * the truth: after a fault the books are, row for row, those before, or where the outcome was called unknown perhaps
 * those after; no refusal may come of a want of memory. Then memory is back and everything is asked again: it has
 * happened exactly once, the invariants hold, and what is left after closing is as much memory as without the fault.
 * Opening and closing the store, and the rounds of the payout, are swept in the same way; of what allocates
 * thousands of times ever fewer allocations are failed the further it is (all of them with --thin 0). --stride N takes
 * every N-th point, of each operation others. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "crash_vfs.h"
#include "invariants.h"
#include "operations.h"
#include "shortage.h"

#define FAILURES_SHOWN 10
#define PAYOUT_ROUNDS 3
#define PAYOUT_ROUNDS_MOST 200
#define NOT_KNOWN INT64_MIN

#define SOUND_MAX 64

/* Books that were judged, by their digest; in memory that all share. Most failures lead to the same few. */
struct sound {
    uint64_t books[SOUND_MAX];
    int count;
};

/* What a process found; in memory that it shares with its parent. */
struct finding {
    struct again after;
    int64_t live;        /* blocks when everything is closed */
    int64_t allocations; /* of the steps */
    int64_t failed;      /* of them */
    int64_t faulted;     /* steps answered with a fault */
    char wrong[512];     /* "": all was as it should be */
};

/* How an operation is done while memory runs out, and what must be true when it is back. */
struct sweep {
    void (*act)(const struct operation *operation);
    void (*judge)(const struct operation *operation, const struct finding *reference);
    bool thin; /* ever fewer points the further it is; also where statements are prepared */
};
static const struct sweep *sweeping;

static struct options {
    const char *operation; /* NULL: all */
    int64_t point;         /* 0: every one */
    int64_t thin, stride;
    int mode; /* -1: both */
    bool loud;
} options;
static const char *const modes[] = {"once", "for ever"};

static struct {
    int64_t operations, allocations, points, failed, failures;
} sums;

static struct town town;
static struct finding *finding;
static struct sound *sound;
static const struct operation *running;
static uint64_t books_before;
static int accepted_before;
static bool fault_seen;

static void wrong(const char *what, const char *more)
{
    if (finding->wrong[0] == '\0')
        snprintf(finding->wrong, sizeof finding->wrong, "%s%s%.300s", what, more[0] != '\0' ? ": " : "", more);
}

/* A connection prepares a statement when it is first wanted, with hundreds of allocations: the same for every command,
 * so that they are counted in some operations only. */
int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **ret,
                              const char **rest);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **ret,
                              const char **rest);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int size, unsigned flags, sqlite3_stmt **ret,
                              const char **rest)
{
    bool aside = sweeping != NULL && !sweeping->thin;

    if (aside)
        shortage_hold(true);
    int code = __real_sqlite3_prepare_v3(db, sql, size, flags, ret, rest);
    if (aside)
        shortage_hold(false);
    return code;
}

static void judge_once(const struct finding *reference)
{
    static const char *const verdicts[] = {"", "it did not happen exactly once", "the books are damaged"};
    uint64_t books = invariants_digest(town_books(&town));

    for (int i = 0; i < sound->count; i++)
        if (sound->books[i] == books)
            return;
    enum again_verdict verdict = again_judge(&town, &reference->after);
    if (verdict != AGAIN_ONCE)
        wrong(verdicts[verdict], operation_refusal);
    else if (sound->count < SOUND_MAX)
        sound->books[sound->count++] = books;
}

/* ---- commands ---- */

/* After a fault, what builds on the step that failed may be refused by right. */
static void answer_judge(void)
{
    bool fault = strncmp(operation_refusal, "503", 3) == 0, refused = operation_refusal[0] != '\0' && !fault;
    bool unknown = strstr(operation_refusal, "unknown_outcome") != NULL;

    if (fault && !unknown && operation_accepted == accepted_before &&
        invariants_digest(town_books(&town)) != books_before)
        wrong("refused for want of memory, and yet the books changed", operation_refusal);
    if (refused && !fault_seen && !operation_refused_rightly(running))
        wrong("a wrong refusal", operation_refusal);
    fault_seen |= fault;
    finding->faulted += fault;
    operation_refusal[0] = '\0';
}

/* Only the engine's own work counts, and only its allocations fail. */
static void step_watch(struct town *of UNUSED, bool done)
{
    if (done) {
        shortage_hold(true);
        answer_judge();
        return;
    }
    books_before = invariants_digest(town_books(&town));
    accepted_before = operation_accepted;
    shortage_hold(false);
}

static void command_act(const struct operation *operation)
{
    running = operation;
    operation_step = step_watch;
    operation->act(&town);
    operation_step = NULL;
}

static void command_judge(const struct operation *operation, const struct finding *reference)
{
    operation_ask_again(&town);
    operation->act(&town);
    judge_once(reference);
}

/* ---- opening and closing ---- */

static void store_act(const struct operation *operation)
{
    shortage_hold(false);
    operation->act(&town);
    shortage_hold(true);
    finding->faulted += operation_refusal[0] != '\0';
}

static void store_judge(const struct operation *operation UNUSED, const struct finding *reference)
{
    char reason[512];

    town_stop(&town);
    if (!town_start(&town, true, reason))
        wrong("it does not start again", reason);
    else if (reference != NULL)
        judge_once(reference);
}

/* ---- the payout ---- */

static void payout_rounds(int count)
{
    for (int i = 0; i < count; i++) {
        (void)payout_step(town.payout);
        town.now = instant_add_ms(town.now, MS_MINUTE);
    }
}

static void payout_act(const struct operation *operation UNUSED)
{
    shortage_hold(false);
    payout_rounds(PAYOUT_ROUNDS);
    shortage_hold(true);
    finding->faulted += town_int(&town, "SELECT count(*) FROM withdrawal WHERE status <> 'successful'") > 0;
}

/* Whatever was not known is asked for, until it is over; the bank has paid each key once, and all of it. */
static void payout_judge(const struct operation *operation UNUSED, const struct finding *reference UNUSED)
{
    struct broken broken = {0};
    int64_t paid = 0;

    for (int i = 0; i < PAYOUT_ROUNDS_MOST; i++)
        payout_rounds(1);
    if (town_int(&town, "SELECT count(*) FROM withdrawal WHERE status <> 'successful'") != 0)
        wrong("a withdrawal did not end", "");
    for (size_t i = 0; i < town.channels.count; i++)
        paid += simulated_total_paid(town.channels.items[i], NULL);
    if (paid != town_int(&town, "SELECT sum(amount) FROM withdrawal"))
        wrong("the banks paid another sum", "");
    invariants_check(town_books(&town), &broken);
    if (broken.count > 0)
        wrong("the books are damaged", broken.first);
}

static const struct sweep sweep_command = {command_act, command_judge, false};
static const struct sweep sweep_thin = {command_act, command_judge, true};
static const struct sweep sweep_store = {store_act, store_judge, true};
static const struct sweep sweep_payout = {payout_act, payout_judge, false};

/* ---- one operation with one failure, in a process of its own ---- */

static void memory_judge(int64_t wanted)
{
    char more[64];

    town_stop(&town);
    town_forget(&town);
    finding->live = shortage_live();
    if (wanted == NOT_KNOWN || finding->live == wanted)
        return;
    snprintf(more, sizeof more, "%lld blocks instead of %lld", (long long)finding->live, (long long)wanted);
    wrong("memory was lost", more);
}

/* `n` 0 fails nothing (`reference` is NULL): what it finds is what the others must come to. */
static void child_run(const struct operation *operation, const struct sweep *sweep, int64_t n, bool for_ever,
                      const struct finding *reference)
{
    seams_install();
    if (options.loud) {
        seams_loud();
        shortage_loud();
    }
    enum stop why = (enum stop)sigsetjmp(stop_point.jump, 0);
    if (why == STOP_NONE) {
        stop_point.set = true;
        sweeping = sweep;
        operation_refusal[0] = '\0';
        shortage_begin(n, for_ever, SHORTAGE_THIS_THREAD, true);
        sweep->act(operation);
    }
    stop_point.set = false;
    finding->failed = shortage_end();
    finding->allocations = shortage_count();
    if (why != STOP_NONE) {
        wrong("it stopped", stop_point.said);
        return;
    }
    operation_refusal[0] = '\0';
    if (n > 0 || sweep->judge != command_judge)
        sweep->judge(operation, reference);
    if (n == 0)
        again_count(&town, &finding->after);
    memory_judge(n == 0 ? NOT_KNOWN : reference->live);
}

static void child_fork(const struct operation *operation, const struct sweep *sweep, int64_t n, bool for_ever,
                       const struct finding *reference)
{
    int status = 0;

    memset(finding, 0, sizeof *finding);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        child_run(operation, sweep, n, for_ever, reference);
        shortage_exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        wrong("it ended by itself", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "");
}

/* ---- all of them ---- */

static void complain(const struct operation *operation, int64_t n, int mode)
{
    if (sums.failures++ >= FAILURES_SHOWN)
        return;
    printf("FAILED %s, allocation %lld, %s: %s\n", operation->name, (long long)n, modes[mode], finding->wrong);
    printf("  again: build/sim/ebb-shortage --operation %s --point %lld --mode %d --loud\n", operation->name,
           (long long)n, mode);
}

/* How many of the points were answered with a fault. */
static int64_t sweep_all(const struct operation *operation, const struct sweep *sweep, const struct finding *reference,
                         int mode)
{
    int64_t first = options.point > 0 ? options.point : 1 + sums.operations % options.stride;
    int64_t thin = sweep->thin ? options.thin : 0, faulted = 0;

    for (int64_t n = first; n <= 2 * reference->allocations + 100; n += options.stride + (thin > 0 ? n / thin : 0)) {
        child_fork(operation, sweep, n, mode == 1, reference);
        if (finding->wrong[0] != '\0')
            complain(operation, n, mode);
        if (finding->failed == 0)
            break; /* it passed untouched */
        sums.points++;
        sums.failed += finding->failed;
        faulted += finding->faulted > 0;
        if (options.point > 0)
            break;
    }
    return faulted;
}

static void run_operation(const struct operation *operation, const struct sweep *sweep)
{
    struct finding reference;
    int64_t faulted[2] = {0}, points = sums.points;

    if (options.operation != NULL && strcmp(options.operation, operation->name) != 0)
        return;
    sound->count = 0;
    operation_ready(&town, operation);
    operation_remember(&town);
    town_let_go(&town);
    child_fork(operation, sweep, 0, false, NULL);
    reference = *finding;
    if (reference.wrong[0] != '\0')
        complain(operation, 0, 0);
    for (int mode = 0; mode < 2 && reference.wrong[0] == '\0'; mode++)
        if (options.mode < 0 || options.mode == mode)
            faulted[mode] = sweep_all(operation, sweep, &reference, mode);
    printf("%-20s %6lld allocations %6lld points; a fault was answered at %5lld once, %5lld for ever\n",
           operation->name, (long long)reference.allocations, (long long)(sums.points - points), (long long)faulted[0],
           (long long)faulted[1]);
    sums.operations++;
    sums.allocations += reference.allocations;
    town_stop(&town);
    town_raze(&town);
}

/* The payout has no operation of its own: it pays what "intents" and "query" prepared. */
static void run_payouts(void)
{
    static const struct {
        const char *name, *prepared_as;
    } payouts[] = {{"payout_sends", "intents"}, {"payout_asks", "query"}};

    for (size_t i = 0; i < ARRAY_COUNT(payouts); i++)
        for (size_t j = 0; j < operations_count; j++)
            if (strcmp(operations[j].name, payouts[i].prepared_as) == 0) {
                struct operation operation = operations[j];

                operation.name = payouts[i].name;
                run_operation(&operation, &sweep_payout);
            }
}

static bool options_read(int count, char **words)
{
    static const struct option known[] = {{"operation", required_argument, NULL, 'o'},
                                          {"point", required_argument, NULL, 'p'},
                                          {"mode", required_argument, NULL, 'm'},
                                          {"thin", required_argument, NULL, 't'},
                                          {"stride", required_argument, NULL, 's'},
                                          {"loud", no_argument, NULL, 'l'},
                                          {0}};
    int option;

    options = (struct options){.mode = -1, .thin = 16, .stride = 1};
    while ((option = getopt_long(count, words, "", known, NULL)) != -1) {
        if (option == 'o')
            options.operation = optarg;
        else if (option == 'p')
            options.point = strtoll(optarg, NULL, 10);
        else if (option == 'm')
            options.mode = (int)strtol(optarg, NULL, 10);
        else if (option == 't')
            options.thin = strtoll(optarg, NULL, 10);
        else if (option == 's')
            options.stride = strtoll(optarg, NULL, 10);
        else if (option == 'l')
            options.loud = true;
        else
            return false;
    }
    return optind == count && options.stride > 0;
}

static void *shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        exit(2);
    return memory;
}

int main(int count, char **words)
{
    char place[DISK_PATH_BYTES];

    if (!options_read(count, words)) {
        fprintf(stderr, "ebb-shortage [--operation NAME] [--point N] [--mode 0|1] [--thin N] [--stride N] [--loud]\n");
        return 2;
    }
    finding = shared(sizeof *finding);
    sound = shared(sizeof *sound);
    disk_busy = shortage_hold;
    town_place(place);
    crash_vfs_install(place);
    for (size_t i = 0; i < operations_count; i++)
        run_operation(&operations[i], operations[i].by_store ? &sweep_store : &sweep_command);
    for (size_t i = 0; i < OPERATIONS_THIN; i++)
        run_operation(&operations_thin[i], &sweep_thin);
    run_payouts();
    printf("%lld operations with %lld allocations: %lld points, %lld allocations failed, %lld failures\n",
           (long long)sums.operations, (long long)sums.allocations, (long long)sums.points, (long long)sums.failed,
           (long long)sums.failures);
    return sums.failures > 0;
}
