/* SPDX-License-Identifier: Apache-2.0 */
#include "strikes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "again.h"
#include "crew.h"
#include "image.h"

#define JUDGED_MAX 4096

enum outcome { OUTCOME_NOT_REACHED = 0, OUTCOME_WENT_ON, OUTCOME_STOPPED_ITSELF, OUTCOME_BAD };
static const char *const bad_outcomes[] = {"an invariant was broken", "it stopped without a reason",
                                           "it does not start again", "it did not happen exactly once",
                                           "the books are damaged"};

/* Seen by the processes of all the faults. */
struct common {
    struct again wanted; /* what it leads to, */
    int64_t ops;         /* in so many writes and syncs, when nothing fails */
    bool tried;
    size_t judged_count;
    struct image_key judged[JUDGED_MAX]; /* images that were found to be right */
};

static struct town town;
static const struct operation *operation;
static struct common *common;

static bool was_judged(struct image_key key)
{
    for (size_t i = 0; i < common->judged_count; i++)
        if (memcmp(&common->judged[i], &key, sizeof key) == 0)
            return true;
    return false;
}

static void remember(struct image_key key)
{
    if (common->judged_count < JUDGED_MAX && !options.anew)
        common->judged[common->judged_count++] = key;
}

static int judge_books(void)
{
    enum again_verdict verdict = again_judge(&town, &common->wanted);

    return verdict == AGAIN_ONCE ? OUTCOME_NOT_REACHED : OUTCOME_BAD + 2 + (int)verdict;
}

/* What the running town shows. */
static int judge_running(void)
{
    struct image_key key = image_key_running(&town.disk, town.directory);
    int bad = was_judged(key) ? OUTCOME_NOT_REACHED : judge_books();

    if (bad == OUTCOME_NOT_REACHED)
        remember(key);
    return bad;
}

/* What a failed sync left behind must not make later answers hollow: now the power goes, too. */
static int judge_after_cut(void)
{
    char reason[512];

    disk_power_cut(&town.disk, DAMAGE_PREFIX);
    struct image_key key = image_key(&town.disk, town.directory);
    if (was_judged(key))
        return OUTCOME_NOT_REACHED;
    town_drop(&town);
    if (!town_start(&town, true, reason))
        return OUTCOME_BAD + 2;
    int bad = judge_books();
    if (bad == OUTCOME_NOT_REACHED)
        remember(key);
    return bad;
}

struct strike {
    int64_t n;
    enum disk_fault fault;
};

static enum stop act_with(const struct strike *strike)
{
    seams_install();
    enum stop why = (enum stop)sigsetjmp(stop_point.jump, 0);

    if (why == STOP_NONE) {
        stop_point.set = true;
        town.disk.fault = strike->fault;
        town.disk.fault_at = town.disk.ops + strike->n;
        operation->act(&town);
    }
    stop_point.set = false;
    return why;
}

/* Whatever was answered, everything is asked again: in the end it has happened exactly once. */
static int outcome_of(const struct strike *strike)
{
    char reason[512];
    enum stop why = act_with(strike);

    if (why == STOP_INVARIANT)
        return OUTCOME_BAD;
    if (!town.disk.fault_struck)
        return why == STOP_ABORT ? OUTCOME_BAD + 1 : OUTCOME_NOT_REACHED;
    /* By the process that met the fault, if it lives; by one that was started as servers are; by an engine alone. */
    if (why != STOP_NONE || strike->fault != FAULT_EIO) {
        town_drop(&town);
        town_reset(&town);
        if (!town_start(&town, strike->fault == FAULT_FULL, reason))
            return OUTCOME_BAD + 2;
    }
    operation_ask_again(&town);
    operation->act(&town);
    int bad = judge_running();
    if (bad == OUTCOME_NOT_REACHED)
        bad = judge_after_cut();
    return bad != OUTCOME_NOT_REACHED ? bad : why == STOP_ABORT ? OUTCOME_STOPPED_ITSELF : OUTCOME_WENT_ON;
}

static void strike(void *context)
{
    _exit(outcome_of(context));
}

static void strike_and_note(int64_t n, enum disk_fault fault, struct part *part)
{
    struct strike strike_now = {n, fault};
    int status = crew_alone(strike, &strike_now);
    int outcome = WIFEXITED(status) ? WEXITSTATUS(status) : OUTCOME_BAD + 1;

    if (outcome == OUTCOME_NOT_REACHED)
        return;
    part->sums.faults++;
    part->sums.stopped += outcome == OUTCOME_STOPPED_ITSELF;
    part->sums.went_on += outcome == OUTCOME_WENT_ON;
    if (outcome >= OUTCOME_BAD)
        part_fail(part,
                  "FAILED %s with %s at write or sync %lld: %s\n"
                  "  again: script/crash --operation %s --point %lld --fault %d --histories 0\n",
                  operation->name, disk_fault_names[fault], (long long)n,
                  outcome - OUTCOME_BAD < 5 ? bad_outcomes[outcome - OUTCOME_BAD] : "it ended", operation->name,
                  (long long)n, (int)fault);
}

static void try_without(void *context UNUSED)
{
    int64_t before = town.disk.ops;

    operation->act(&town);
    common->ops = town.disk.ops - before;
    again_count(&town, &common->wanted);
    common->tried = true;
}

void strikes_run(const struct operation *struck, struct part *part)
{
    operation = struck;
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common == MAP_FAILED)
        return;
    operation_ready(&town, operation);
    operation_remember(&town);
    town_let_go(&town);
    (void)crew_alone(try_without, NULL);
    for (int fault = FAULT_EIO; common->tried && fault < FAULT__COUNT; fault++)
        for (int64_t n = 1; n <= common->ops; n++)
            if ((options.fault == 0 || options.fault == fault) && (options.point == 0 || options.point == n))
                strike_and_note(n, (enum disk_fault)fault, part);
    part->sums.judged = (int64_t)common->judged_count;
    part->done = common->tried;
    town_stop(&town);
    town_raze(&town);
    munmap(common, sizeof *common);
}
