/* SPDX-License-Identifier: Apache-2.0 */
#include "old_books.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 400
#define STATEMENT_BYTES 65536

/* What the books knew before they were lost: whom a key pays. */
struct lost {
    char key[CHANNEL_KEY_BYTES], channel[CHANNEL_NAME_BYTES], account[24];
};

static struct {
    enum { OLD_NONE, OLD_PLANNED, OLD_KEPT, OLD_BACK, OLD_RELEASED } stage;
    int64_t keep_at, back_at; /* withdrawals */
    int rounds;               /* in quarantine */
    struct disk disk;         /* the backup */
    struct memo memos[PEOPLE_MEMOS];
    size_t memos_count;
    int64_t audit_acked;
    struct lost lost[512];
    size_t lost_count;
} old;

void old_books_plan(struct sim *sim, uint64_t seed)
{
    if (seed % OLD_BOOKS_EVERY != 0)
        return;
    old.stage = OLD_PLANNED;
    old.keep_at = 20 + sim_below(sim, 100);
    old.back_at = old.keep_at + 10 + sim_below(sim, 60);
    town_anchor(&sim->town);
}

bool old_books_pending(const struct sim *sim)
{
    return (old.stage != OLD_NONE && old.stage != OLD_RELEASED) || sim->told_again < sim->told_count;
}

bool old_books_quarantined(const struct sim *sim)
{
    return engine_quarantined(sim->town.engine);
}

/* ---- a copy is kept ---- */

static void keep(struct sim *sim)
{
    disk_init(&old.disk, 0);
    disk_copy(&old.disk, &sim->town.disk);
    memcpy(old.memos, sim->memos, sizeof old.memos);
    old.memos_count = sim->memos_count;
    old.audit_acked = sim->audit_acked;
    sim->told_count = sim->told_again = 0;
    sim->telling = true;
    old.stage = OLD_KEPT;
}

/* ---- and comes back ---- */

/* False: the disk does not answer now. */
static bool lost_note(struct sim *sim)
{
    sqlite3_stmt *rows =
        town_statement(&sim->town, "SELECT t.key, t.channel, a.ref FROM attempt t JOIN account a ON a.id = t.account");
    int code = SQLITE_ERROR;

    old.lost_count = 0;
    while (rows != NULL && (code = sqlite3_step(rows)) == SQLITE_ROW && old.lost_count < ARRAY_COUNT(old.lost)) {
        struct lost *lost = &old.lost[old.lost_count++];

        snprintf(lost->key, sizeof lost->key, "%s", (const char *)sqlite3_column_text(rows, 0));
        snprintf(lost->channel, sizeof lost->channel, "%s", (const char *)sqlite3_column_text(rows, 1));
        snprintf(lost->account, sizeof lost->account, "%s", (const char *)sqlite3_column_text(rows, 2));
    }
    sqlite3_reset(rows);
    return code == SQLITE_DONE;
}

static void must_work(enum disk_fault fault)
{
    if (fault != FAULT_NONE)
        abort(); /* none was to strike */
}

/* As an operator does it: what is there goes, the copies are written and synced. */
static void files_replace(struct disk *disk, const struct disk *kept)
{
    for (size_t i = 0; i < disk->names_count; i++)
        if (disk->names[i].now != NULL)
            must_work(disk_remove(disk, &disk->names[i], true));
    for (size_t i = 0; i < kept->names_count; i++) {
        const struct disk_name *file = &kept->names[i];

        if (file->now == NULL)
            continue;
        struct disk_name *name = disk_create(disk, file->path);
        must_work(disk_write(disk, name, file->now->now, file->now->now_size, 0));
        must_work(disk_sync(disk, name, true));
    }
}

/* What was answered after the copy was made was answered by books that are no more. */
static void bring_back(struct sim *sim)
{
    if (!lost_note(sim))
        return;
    town_drop(&sim->town);
    files_replace(&sim->town.disk, &old.disk);
    memcpy(sim->memos, old.memos, sizeof old.memos);
    sim->memos_count = old.memos_count;
    sim->audit_acked = old.audit_acked;
    sim->flying_count = 0;
    sim->telling = false;
    sim->faults++;
    sim->marks[MARK_RESTORED]++;
    old.stage = OLD_BACK;
}

/* ---- what the books and the banks know of a key ---- */

static int64_t known_as(struct sim *sim, const char *sql, const struct lost *lost)
{
    sqlite3_stmt *row = town_statement(&sim->town, sql);
    int64_t known = -1;

    if (row == NULL)
        return -1;
    sqlite3_bind_text(row, 1, lost->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(row, 2, lost->channel, -1, SQLITE_STATIC);
    if (sqlite3_step(row) == SQLITE_ROW)
        known = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return known;
}

/* How often; -1: the disk does not answer. */
static int64_t stands_in_books(struct sim *sim, const struct lost *lost)
{
    return known_as(sim,
                    "SELECT (SELECT count(*) FROM attempt WHERE key = ?1 AND channel = ?2) + "
                    "(SELECT count(*) FROM stray WHERE key = ?1 AND channel = ?2)",
                    lost);
}

static bool is_over(struct sim *sim, const struct lost *lost)
{
    return known_as(sim,
                    "SELECT count(*) FROM attempt WHERE key = ?1 AND channel = ?2 AND status NOT IN ('intent', "
                    "'unknown')",
                    lost) > 0;
}

/* Every payment of a bank in the lost time, once. */
static void payments_judge(struct sim *sim)
{
    for (size_t i = 0; i < old.lost_count; i++) {
        const struct lost *lost = &old.lost[i];
        int64_t times = simulated_paid_times(channels_find(&sim->town.channels, lost->channel), lost->key);
        int64_t known = stands_in_books(sim, lost);

        if (times > 1)
            sim_fail(sim, "%s was paid %lld times, before and after its books came back", lost->key, (long long)times);
        if (known > 1 || (known == 0 && times > 0))
            sim_fail(sim, "%s was paid in the lost time and stands %lld times in the books", lost->key,
                     (long long)known);
    }
}

/* ---- what banks say of the lost time ---- */

/* What a bank really did: its word about a key, but where it denies what it paid. */
static void bank_look(struct sim *sim, const struct lost *lost, struct channel_answer *ret)
{
    struct channel *bank = channels_find(&sim->town.channels, lost->channel);
    int64_t times = simulated_paid_times(bank, lost->key);

    bank->operations->query(bank, lost->key, "", sim->town.now, ret);
    if (times == 0 || ret->kind == EVIDENCE_PAID || ret->kind == EVIDENCE_RETURNED)
        return;
    ret->kind = EVIDENCE_PAID;
    ret->amount = money_of(simulated_total_paid(bank, lost->key) / times);
    snprintf(ret->currency, sizeof ret->currency, "CNY");
    snprintf(ret->reference, sizeof ret->reference, "BANK-%s", lost->key);
}

static void line_add(struct sim *sim, char *text, const struct lost *lost, const char *outcome,
                     const struct channel_answer *said, const char *at)
{
    size_t used = strlen(text);

    used += (size_t)snprintf(text + used, STATEMENT_BYTES - used, "%s{\"key\":\"%s\",\"outcome\":\"%s\",\"at\":\"%s\"",
                             text[used - 1] == '[' ? "" : ",", lost->key, outcome, at);
    if (said->kind == EVIDENCE_NOT_PAID)
        used += (size_t)snprintf(text + used, STATEMENT_BYTES - used, ",\"code\":\"%s\"", said->code);
    else
        used += (size_t)snprintf(text + used, STATEMENT_BYTES - used,
                                 ",\"amount\":%lld,\"currency\":\"%s\",\"reference\":\"%s\"",
                                 (long long)said->amount.minor, said->currency, said->reference);
    if (sim_below(sim, 2) == 0) /* some banks' files say whose it is */
        used += (size_t)snprintf(text + used, STATEMENT_BYTES - used, ",\"account\":\"%s\"", lost->account);
    snprintf(text + used, STATEMENT_BYTES - used, "}");
}

static void lines_add(struct sim *sim, char *text, const char *channel, const char *at)
{
    for (size_t i = 0; i < old.lost_count; i++) {
        const struct lost *lost = &old.lost[i];
        struct channel_answer said;

        if (strcmp(lost->channel, channel) != 0 || is_over(sim, lost))
            continue;
        bank_look(sim, lost, &said);
        if (said.kind == EVIDENCE_NOT_PAID)
            line_add(sim, text, lost, "not_paid", &said, at);
        else if (said.kind == EVIDENCE_ACCEPTED)
            line_add(sim, text, lost, "accepted", &said, at);
        else if (said.kind == EVIDENCE_PAID || said.kind == EVIDENCE_RETURNED)
            line_add(sim, text, lost, "paid", &said, at);
        if (said.kind == EVIDENCE_RETURNED)
            line_add(sim, text, lost, "returned", &said, at);
    }
}

static void statement_hand_in(struct sim *sim, const char *channel, int64_t from, int64_t to)
{
    static char text[STATEMENT_BYTES];
    char from_text[INSTANT_TEXT_BYTES], to_text[INSTANT_TEXT_BYTES], key[32];

    instant_format((struct instant){from}, from_text);
    instant_format((struct instant){to}, to_text);
    snprintf(text, sizeof text, "{\"channel\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"lines\":[", channel, from_text,
             to_text);
    lines_add(sim, text, channel, to_text);
    strcat(text, "]}");
    struct asking *asking = town_ask_text(&sim->town, COMMAND_STATEMENT, "rita", ROLE_RESOLVE, "", "", text);
    snprintf(key, sizeof key, "k%lld", (long long)++sim->keys);
    asking_key(asking, key);
    town_run(&sim->town, &asking, 1);
    if (asking->status != 200 && asking->status < 500)
        sim_fail(sim, "a statement was answered %d %.200s", asking->status, asking->body);
    sim_trace(sim, asking->body, strlen(asking->body));
    free(asking->body);
    town_reset(&sim->town);
}

/* ---- what people do ---- */

static const char *account_of(const char *key)
{
    for (size_t i = 0; i < old.lost_count; i++)
        if (strcmp(old.lost[i].key, key) == 0)
            return old.lost[i].account;
    return NULL;
}

static void strays_name(struct sim *sim)
{
    sqlite3_stmt *rows = town_statement(
        &sim->town, "SELECT id, key FROM stray WHERE account IS NULL AND status IN ('unassigned', 'pending')");

    while (rows != NULL && sim->flying_count < TOWN_BATCH_MAX && sqlite3_step(rows) == SQLITE_ROW) {
        const char *account = account_of((const char *)sqlite3_column_text(rows, 1));
        char id[ID_TEXT_BYTES];

        id_format("st", sqlite3_column_int64(rows, 0), id);
        if (account != NULL)
            people_want(sim, COMMAND_STRAY_NAME, "rita", ROLE_RESOLVE, "", id, 0, "{\"account\":\"%s\"}", account);
    }
    sqlite3_reset(rows);
    people_run(sim);
}

/* In quarantine nobody gets anything, whoever asks. */
static void ask_in_vain(struct sim *sim)
{
    people_want(sim, COMMAND_WITHDRAW, "a0", ROLE_CUSTOMER | ROLE_WITHDRAW, "a0", "", 0,
                "{\"account\":\"a0\",\"amount\":500,\"strategy\":\"lifo\"}");
    people_run(sim);
    if (sim->flying[0].status < 500)
        sim_fail(sim, "in quarantine a withdrawal was answered %d", sim->flying[0].status);
    if (payout_stats(sim->town.payout)->sends > 0)
        sim_fail(sim, "in quarantine something was sent");
}

static void release(struct sim *sim)
{
    static const char *const people[] = {"rita", "ravi"};

    for (size_t i = 0; i < ARRAY_COUNT(people); i++) {
        people_want(sim, COMMAND_RELEASE, people[i], ROLE_RESOLVE, "", "", 0, "{\"reason\":\"reconciled\"}");
        people_run(sim);
        if (i == 0 && !old_books_quarantined(sim))
            sim_fail(sim, "one person was enough to release the books");
    }
}

void old_books_reconcile(struct sim *sim)
{
    int64_t from = town_int(&sim->town, "SELECT gap_from FROM quarantine WHERE released_at IS NULL");
    int64_t to = town_int(&sim->town, "SELECT gap_to FROM quarantine WHERE released_at IS NULL");

    if (old.stage != OLD_BACK)
        sim_fail(sim, "the books went into quarantine, and nobody had touched them");
    if (old.rounds++ == 0)
        sim->marks[MARK_QUARANTINED]++;
    if (old.rounds > ROUNDS_MAX)
        sim_fail(sim, "the books cannot be reconciled");
    ask_in_vain(sim);
    if (from < 0 || to < 0)
        return; /* the disk does not answer */
    if (sim->town.now.ms <= to)
        sim->town.now.ms = to + 1;
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        statement_hand_in(sim, sim->town.channels.items[i]->name, from, sim->town.now.ms);
    strays_name(sim);
    release(sim);
}

/* A batch of it; refs make it safe. */
static void tell_again(struct sim *sim)
{
    size_t left = sim->told_count - sim->told_again;

    sim->flying_count = left < TOWN_BATCH_MAX ? left : TOWN_BATCH_MAX;
    memcpy(sim->flying, &sim->told[sim->told_again], sim->flying_count * sizeof sim->flying[0]);
    sim->told_again += sim->flying_count;
    people_run(sim);
}

static void go_on(struct sim *sim)
{
    payments_judge(sim);
    sim->marks[MARK_RELEASED] += old.rounds > 0;
    old.stage = OLD_RELEASED;
}

void old_books_turn(struct sim *sim)
{
    if (old.stage == OLD_PLANNED && sim->withdrawals >= old.keep_at)
        keep(sim);
    else if (old.stage == OLD_KEPT && sim->withdrawals >= old.back_at)
        bring_back(sim);
    else if (old.stage == OLD_BACK && !old_books_quarantined(sim))
        go_on(sim); /* released, or nothing had been sent in the lost time */
    else if (old.stage == OLD_RELEASED && sim->told_again < sim->told_count)
        tell_again(sim);
}

bool old_books_settle(struct sim *sim)
{
    static const char *const people[] = {"rita", "ravi"};
    int64_t stray[1], amount;
    char id[ID_TEXT_BYTES];
    bool take = sim_below(sim, 2) == 0;

    if (town_ints(&sim->town, "SELECT id FROM stray WHERE status = 'suspense' ORDER BY id LIMIT 1", stray, 1) == 0)
        return false;
    amount = town_int(&sim->town, "SELECT amount FROM stray WHERE status = 'suspense' ORDER BY id LIMIT 1");
    id_format("st", stray[0], id);
    for (size_t i = 0; i < ARRAY_COUNT(people); i++) {
        if (take)
            people_want(sim, COMMAND_STRAY_SETTLE, people[i], ROLE_RESOLVE, "", id, 0,
                        "{\"decision\":\"take\",\"amount\":%lld,\"reason\":\"paid\"}", (long long)amount);
        else
            people_want(sim, COMMAND_STRAY_SETTLE, people[i], ROLE_RESOLVE, "", id, 0,
                        "{\"decision\":\"bear\",\"reason\":\"paid\"}");
        people_run(sim);
        sim->marks[MARK_STRAY_SETTLED] += i == 1 && sim->flying[0].status == 200;
    }
    return true;
}

static void judge_settled(struct sim *sim)
{
    sqlite3_stmt *row = town_statement(
        &sim->town, "SELECT key, status, outcome FROM stray WHERE status IN ('unassigned', 'pending', 'suspense')");

    if (row == NULL || sqlite3_step(row) == SQLITE_ROW)
        sim_fail(sim, "a payment of the lost time was never settled: %s %s %s",
                 row != NULL ? (const char *)sqlite3_column_text(row, 0) : "",
                 row != NULL ? (const char *)sqlite3_column_text(row, 1) : "",
                 row != NULL ? (const char *)sqlite3_column_text(row, 2) : "");
    sqlite3_reset(row);
}

void old_books_judge(struct sim *sim)
{
    if (old.stage == OLD_NONE)
        return;
    payments_judge(sim);
    judge_settled(sim);
}
