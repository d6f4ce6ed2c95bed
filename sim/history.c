/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash_vfs.h"
#include "faults.h"
#include "heap.h"
#include "invariants.h"
#include "old_books.h"
#include "store/sqlite.h"

#define LIVENESS_DAYS 14
#define ROUNDS_MAX 20000
#define STRAYS_MAX 512

/* ---- judging ---- */

/* Whoever judges reads through: a fault that is to strike a read waits for the engine. */
static void judge_books(struct sim *sim)
{
    struct disk *disk = &sim->town.disk;
    bool reads_count = disk->reads_count;
    struct broken broken = {0};

    disk->reads_count = false;
    invariants_check(town_books(&sim->town), &broken);
    disk->reads_count = reads_count;
    if (broken.count > 0)
        sim_fail(sim, "%d broken invariants, first: %s", broken.count, broken.first);
}

/* Whether people decided about a payment by hand, or somebody lied about it: then its bank may know better. */
static bool is_disputed(struct sim *sim, int64_t attempt, int64_t withdrawal)
{
    sqlite3_stmt *row = town_statement(
        &sim->town, "SELECT count(*) FROM evidence WHERE withdrawal = ?2 AND attempt = ?1 AND (source IN ('manual', "
                    "'statement') OR effect IN ('amount_differs', 'contradiction', 'paid_twice', 'suspense'))");
    bool disputed = true;

    if (row == NULL)
        return disputed;
    sqlite3_bind_int64(row, 1, attempt);
    sqlite3_bind_int64(row, 2, withdrawal);
    if (sqlite3_step(row) == SQLITE_ROW)
        disputed = sqlite3_column_int64(row, 0) > 0;
    sqlite3_reset(row);
    return disputed;
}

/* What our books say of one key, against what its bank really did. */
static void judge_payment(struct sim *sim, sqlite3_stmt *row)
{
    const char *key = (const char *)sqlite3_column_text(row, 1), *status = (const char *)sqlite3_column_text(row, 3);
    struct channel *bank = channels_find(&sim->town.channels, (const char *)sqlite3_column_text(row, 2));
    int64_t times = simulated_paid_times(bank, key), total = simulated_total_paid(bank, key);
    bool settled = strcmp(status, "paid") == 0 || strcmp(status, "returned") == 0;

    sim_trace(sim, &total, sizeof total);
    if (times > 1)
        sim_fail(sim, "%s was paid %lld times", key, (long long)times);
    if (is_disputed(sim, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 5)))
        return;
    if (settled && (times != 1 || total != sqlite3_column_int64(row, 4)))
        sim_fail(sim, "%s is %s in the books, and the bank paid %lld times, %lld", key, status, (long long)times,
                 (long long)total);
    if (!settled && strcmp(status, "refused") == 0 && times != 0)
        sim_fail(sim, "%s is refused in the books, and the bank paid it", key);
}

static void judge_outside(struct sim *sim)
{
    sqlite3_stmt *rows =
        town_statement(&sim->town, "SELECT id, key, channel, status, amount, withdrawal FROM attempt ORDER BY id");

    if (rows == NULL)
        sim_fail(sim, "the attempts cannot be read");
    while (rows != NULL && sqlite3_step(rows) == SQLITE_ROW)
        judge_payment(sim, rows);
    sqlite3_reset(rows);
}

/* Everything is over, or waits for people and says so. */
static void judge_liveness(struct sim *sim)
{
    int64_t open[2] = {0};

    if (town_ints(&sim->town,
                  "SELECT w.id FROM withdrawal w WHERE w.status IN ('awaiting_code', 'in_review', 'need_documents', "
                  "'approved') OR (w.status = 'dispatching' AND EXISTS (SELECT 1 FROM leg l WHERE l.withdrawal = w.id "
                  "AND l.status IN ('planned', 'held', 'sending', 'accepted', 'unknown')))",
                  open, 1) > 0)
        sim_fail(sim, "withdrawal %lld is neither over nor manual after %d days", (long long)open[0], LIVENESS_DAYS);
    if (town_ints(&sim->town,
                  "SELECT l.id FROM leg l WHERE l.status = 'manual' AND NOT EXISTS (SELECT 1 FROM incident i "
                  "WHERE i.withdrawal = l.withdrawal AND i.kind = 'manual_decision')",
                  open, 1) > 0)
        sim_fail(sim, "leg %lld is manual and nobody was told", (long long)open[0]);
}

/* Marks that the books show at the end, and how to count them there. */
static const char marks_of_withdrawals[] =
    "SELECT sum(status = 'successful'), sum(status = 'partly_successful'), sum(status = 'failed'), sum(status = "
    "'returned'), sum(status = 'rejected'), sum(status = 'cancelled'), sum(status = 'expired'), "
    "sum(failure_detail LIKE 'Before it was sent%'), sum(approvals >= 2 AND status <> 'in_review') FROM withdrawal";
static const char marks_of_legs[] =
    "SELECT sum(status = 'rerouted'), sum(route = 'designated' AND status = 'successful'), "
    "sum(route = 'application' AND status = 'successful') FROM leg";
static const char marks_of_evidence[] =
    "SELECT sum(source = 'manual' AND effect IN ('settled', 'released')), sum(effect = 'duplicate'), "
    "sum(code IN ('channel_paused', 'sent_too_late')) FROM evidence";
static const char marks_of_incidents[] =
    "SELECT sum(kind = 'manual_decision'), sum(kind = 'outcome_unknown'), sum(kind LIKE '%chargeback%') FROM incident";
static const char marks_of_attempts[] =
    "SELECT sum(sends > 1), sum(status IN ('paid', 'returned') AND EXISTS (SELECT 1 FROM evidence v "
    "WHERE v.withdrawal = a.withdrawal AND v.attempt = a.id AND v.kind = 'nothing')) FROM attempt a";
static const char marks_of_others[] =
    "SELECT (SELECT count(*) FROM fact WHERE kind = 'charge' AND unpaid > 0), "
    "(SELECT count(*) FROM audit WHERE command = 'document' AND body LIKE '%documented%')";

static const struct {
    const char *sql;
    enum mark marks[9];
    int count;
} mark_counts[] = {
    {marks_of_withdrawals,
     {MARK_SUCCESSFUL, MARK_PARTLY, MARK_FAILED, MARK_RETURNED, MARK_REJECTED, MARK_CANCELLED, MARK_EXPIRED,
      MARK_NOT_COVERED_LATER, MARK_TWO_APPROVALS},
     9},
    {marks_of_legs, {MARK_REROUTED, MARK_DESIGNATED, MARK_APPLICATION}, 3},
    {marks_of_evidence, {MARK_RESOLVED, MARK_DUPLICATE, MARK_WITHHELD}, 3},
    {marks_of_incidents, {MARK_MANUAL, MARK_ALARM, MARK_CHARGEBACK}, 3},
    {marks_of_attempts, {MARK_RESENT, MARK_UNKNOWN_THEN_PAID}, 2},
    {marks_of_others, {MARK_DEBT, MARK_DOCUMENTS}, 2},
};

static void count_marks(struct sim *sim)
{
    for (size_t i = 0; i < ARRAY_COUNT(mark_counts); i++) {
        sqlite3_stmt *row = town_statement(&sim->town, mark_counts[i].sql);

        if (row == NULL || sqlite3_step(row) != SQLITE_ROW)
            sim_fail(sim, "the marks cannot be counted");
        for (int column = 0; row != NULL && column < mark_counts[i].count; column++)
            sim->marks[mark_counts[i].marks[column]] += sqlite3_column_int64(row, column);
        sqlite3_reset(row);
    }
}

/* ---- starting, and starting again ---- */

static bool start(struct sim *sim)
{
    char reason[512];

    if (town_start(&sim->town, sim_below(sim, 4) == 0, reason))
        return true;
    if (!sim->town.disk.fault_struck)
        sim_fail(sim, "start %lld: %s", (long long)sim->town.starts, reason);
    sim->marks[MARK_NO_START]++;
    sim->town.disk.fault_struck = false;
    town_drop(&sim->town);
    return false;
}

/* What was answered is there; of what was not, whole requests or nothing. */
static void recovered(struct sim *sim)
{
    int64_t audit = town_int(&sim->town, "SELECT coalesce(max(seq), 0) FROM audit");

    if (audit < sim->audit_acked)
        sim_fail(sim, "%lld changes were answered and %lld were found", (long long)sim->audit_acked, (long long)audit);
    sim->marks[MARK_KEPT_UNACKED] += audit > sim->audit_acked;
    sim->marks[MARK_LOST_UNACKED] += audit == sim->audit_acked && sim->flying_count > 0;
    if (sim_below(sim, 4) == 0)
        judge_books(sim);
    sim_trace(sim, &audit, sizeof audit);
    /* The callers do what callers do: ask again with the same keys. */
    people_run(sim);
    size_t kept = sim->memos_count < PEOPLE_MEMOS ? sim->memos_count : PEOPLE_MEMOS;
    for (size_t i = 0; i < kept && i < 6; i++)
        people_ask_again(sim, &sim->memos[sim_below(sim, (uint32_t)kept)], true);
    sim->audit_acked = town_int(&sim->town, "SELECT coalesce(max(seq), 0) FROM audit");
}

/* The process is gone: by the power, by a kill, or because it stopped itself. */
static void restart(struct sim *sim, enum stop why)
{
    struct disk *disk = &sim->town.disk;
    bool was_starting = sim->town.reader == NULL;

    if (why == STOP_INVARIANT)
        sim_fail(sim, "%s", stop_point.said);
    if (why == STOP_ABORT && !disk->fault_struck)
        sim_fail(sim, "it stopped without a reason: %s", stop_point.said);
    if (why == STOP_POWER) {
        sim->marks[was_starting ? MARK_CUT_IN_RECOVERY : MARK_POWER_CUT]++;
        sim->faults++;
        disk_power_cut(disk, (enum disk_damage)sim_below(sim, DAMAGE__COUNT));
    }
    town_drop(&sim->town);
    town_reset(&sim->town);
    disk->fault_struck = false;
    disk->reads_count = false;
    /* Misfortune likes company: the power may go again while it recovers. */
    if (!sim->no_timers && sim_below(sim, 4) == 0)
        disk->cut_at = disk->ops + 1 + (int64_t)sim_below(sim, 30);
    else if (!sim->no_timers && sim_below(sim, 8) == 0)
        faults_disk(sim, 40);
}

static void kill_process(struct sim *sim)
{
    sim->marks[MARK_KILL]++;
    sim->faults++;
    town_drop(&sim->town);
    if (start(sim))
        recovered(sim);
}

static void restart_in_order(struct sim *sim)
{
    sim->marks[MARK_RESTARTED]++;
    town_stop(&sim->town);
    if (start(sim))
        recovered(sim);
}

/* ---- living ---- */

static void time_passes(struct sim *sim)
{
    uint32_t how = sim_below(sim, 100);
    int64_t ms = 1 + (int64_t)sim_below(sim, 20) * MS_SECOND;

    if (how < 20)
        ms = (int64_t)sim_below(sim, 15) * MS_MINUTE;
    else if (how < 24)
        ms = (int64_t)sim_below(sim, 30) * MS_HOUR;
    sim->town.now = instant_add_ms(sim->town.now, ms);
}

/* False: the disk failed under it and the engine refuses everything; a supervisor would start it anew. */
static bool is_well(struct sim *sim)
{
    return town_int(&sim->town, "SELECT count(*) FROM meta") >= 0 && engine_stats(sim->town.engine)->faults < 400;
}

static void live(struct sim *sim)
{
    if (old_books_quarantined(sim))
        old_books_reconcile(sim);
    else
        people_act(sim, 1 + sim_below(sim, TOWN_BATCH_MAX));
    time_passes(sim);
    faults_strike(sim, old_books_quarantined(sim));
    (void)payout_step(sim->town.payout);
    if (sim_below(sim, 40) == 0)
        people_resolve_manual(sim, false);
    (void)old_books_settle(sim);
    if (sim_below(sim, 90) == 0)
        kill_process(sim);
    else if (sim_below(sim, 120) == 0)
        restart_in_order(sim);
    else if (!is_well(sim) || sim->town.disk.fault_struck) {
        sim->town.disk.fault_struck = false;
        kill_process(sim);
    }
}

static bool has_lived(const struct sim *sim)
{
    return sim->withdrawals >= HISTORY_WITHDRAWALS && sim->faults >= HISTORY_FAULTS && !old_books_pending(sim);
}

/* Until it has seen enough, or a process that was to follow another one did not start. */
static void live_on(struct sim *sim)
{
    for (int round = 0; round < ROUNDS_MAX && sim->failure[0] == '\0'; round++) {
        if (sim->town.reader == NULL || has_lived(sim))
            return;
        old_books_turn(sim);
        if (sim->town.reader != NULL)
            live(sim);
    }
}

/* The next moment at which the engine or a bank wants something; `end` when there is none before. A leg that waits for
 * its turn asks every second, for hours when the clock was set back: after a while it is asked less often. */
static struct instant next_moment(struct sim *sim, struct instant end, int round)
{
    struct instant next = {town_int(&sim->town, "SELECT coalesce(min(next_at), 0) FROM withdrawal WHERE next_at > 0")};

    next = next.ms == 0 ? end : instant_earlier(next, end);
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        next = instant_earlier(
            next, sim->town.channels.items[i]->operations->next(sim->town.channels.items[i])); /* none is no moment */
    struct instant soonest = instant_add_ms(sim->town.now, round < 100 ? MS_SECOND : MS_MINUTE);
    return instant_before(soonest, next) ? next : soonest;
}

/* Banks answer, the disk holds, days go by: whatever is not over by then never will be. */
static void heal_and_wait(struct sim *sim)
{
    struct instant end;

    sim->no_timers = true;
    faults_heal(sim);
    end = instant_add_ms(sim->town.now, LIVENESS_DAYS * MS_DAY);
    for (int round = 0; instant_before(sim->town.now, end) && sim->failure[0] == '\0'; round++) {
        (void)payout_step(sim->town.payout);
        people_review_all(sim);
        for (int i = 0; i < STRAYS_MAX && old_books_settle(sim); i++)
            continue;
        if (round % 200 == 199)
            people_resolve_manual(sim, false);
        sim->town.now = next_moment(sim, end, round);
        if (round == ROUNDS_MAX)
            sim_fail(
                sim, "there is no rest: withdrawal %lld wants to be looked at again and again (%lld legs held)",
                (long long)town_int(&sim->town, "SELECT id FROM withdrawal WHERE next_at > 0 ORDER BY next_at LIMIT 1"),
                (long long)town_int(&sim->town, "SELECT count(*) FROM leg WHERE status = 'held'"));
    }
    (void)payout_step(sim->town.payout);
}

static void judge(struct sim *sim)
{
    struct broken broken = {0};

    judge_books(sim);
    invariants_check_file(town_books(&sim->town), &broken);
    if (broken.count > 0)
        sim_fail(sim, "the file: %s", broken.first);
    judge_outside(sim);
    old_books_judge(sim);
    judge_liveness(sim);
    count_marks(sim);
}

/* What a second run must leave: every row of every table. */
static void trace_books(struct sim *sim)
{
    uint64_t digest = invariants_digest(town_books(&sim->town));

    sim_trace(sim, &digest, sizeof digest);
}

/* The independent auditor reads the books from the host's file system. */
static void audit(struct sim *sim, const char *program)
{
    char path[DISK_PATH_BYTES + 32], command[3 * DISK_PATH_BYTES];
    const struct disk_name *name;
    FILE *file;

    town_stop(&sim->town);
    snprintf(path, sizeof path, "%s/ebb.db", sim->town.directory);
    name = disk_find(&sim->town.disk, path);
    file = fopen(path, "we");
    if (file == NULL || name == NULL || fwrite(name->now->now, 1, name->now->now_size, file) != name->now->now_size)
        sim_fail(sim, "the books cannot be written for the auditor");
    if (file != NULL)
        fclose(file);
    snprintf(command, sizeof command, "'%s' --data '%s' >'%s/audit.txt' 2>&1", program, sim->town.directory,
             sim->town.directory);
    if (system(command) != 0)
        sim_fail(sim, "the auditor finds fault: %s", command);
    snprintf(path, sizeof path, "%s/audit.txt", sim->town.directory);
    if (sim->failure[0] == '\0')
        (void)unlink(path);
}

enum phase { PHASE_LIVE, PHASE_HEAL, PHASE_DONE };

static struct sim sim;

static void history_phases(enum phase *phase)
{
    if (sim.town.reader == NULL) {
        if (!start(&sim))
            return;
        recovered(&sim);
    }
    if (*phase == PHASE_LIVE)
        live_on(&sim);
    if (sim.town.reader == NULL)
        return;
    *phase = PHASE_HEAL;
    heal_and_wait(&sim);
    *phase = PHASE_DONE;
}

static void result_set(struct history_result *ret)
{
    ret->trace = sim.trace;
    ret->withdrawals = sim.withdrawals;
    ret->faults = sim.faults;
    ret->starts = sim.town.starts;
    ret->commits = sim.audit_acked;
    ret->lived_ms = sim.town.now.ms - TOWN_START_MS;
    ret->lies = sim.lies;
    memcpy(ret->marks, sim.marks, sizeof ret->marks);
    memcpy(ret->failure, sim.failure, sizeof ret->failure);
    ret->done = true;
}

bool history_settle(uint64_t group, struct history_result *ret)
{
    static bool installed;
    char reason[512];

    memset(&sim, 0, sizeof sim);
    seams_install();
    town_place(sim.town.directory);
    if (!installed) {
        heap_install();
        crash_vfs_install(sim.town.directory);
    }
    installed = true;
    town_build(&sim.town, group, true);
    if (town_start(&sim.town, true, reason))
        people_settle(&sim);
    else
        sim_fail(&sim, "the town does not start: %s", reason);
    town_let_go(&sim.town);
    memcpy(ret->failure, sim.failure, sizeof ret->failure);
    return sim.failure[0] == '\0';
}

void history_run(uint64_t seed, bool compared, const char *audit_program, struct history_result *ret)
{
    static enum phase phase;

    phase = PHASE_LIVE;
    town_reseed(&sim.town, seed);
    old_books_plan(&sim, seed);
    if (old_books_pending(&sim))
        town_drop(&sim.town); /* the next process keeps an anchor */
    enum stop why = (enum stop)sigsetjmp(stop_point.jump, 0);
    stop_point.set = true;
    if (why != STOP_NONE)
        restart(&sim, why);
    while (phase != PHASE_DONE && sim.failure[0] == '\0')
        history_phases(&phase);
    if (sim.failure[0] == '\0')
        judge(&sim);
    if (sim.failure[0] == '\0' && compared)
        trace_books(&sim);
    stop_point.set = false;
    if (sim.failure[0] == '\0' && audit_program != NULL)
        audit(&sim, audit_program);
    result_set(ret);
}

void history_sweep(void)
{
    town_sweep(&sim.town);
}
