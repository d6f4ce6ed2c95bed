/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

static const char *const words[] = {
    "pending_then_paid",
    "refused:ACQ.TRADE_HAS_FINISHED",
    "refused:USER_ACCOUNT_ABNORMAL",
    "timeout_paid",
    "timeout_unpaid",
    "bounce_after:10m",
    "bounce_after:72h",
    "duplicate_callback",
    "reordered_callback",
    "pays_other_amount",
    "pays_twice_key",
    "not_found_then_paid",
    "error_500",
    "bad_signature",
    "unlisted_code",
};

static void bank_script(struct sim *sim)
{
    const char *script[3];
    size_t count = 1 + sim_below(sim, ARRAY_COUNT(script));
    char reason[201];

    for (size_t i = 0; i < count; i++)
        script[i] = words[sim_below(sim, ARRAY_COUNT(words))];
    if (!simulated_script(sim->town.channels.items[sim_below(sim, TOWN_CHANNELS)], script, count, reason))
        sim_fail(sim, "the bank took no script: %s", reason);
    sim->faults += (int64_t)count;
}

static void bank_pause(struct sim *sim)
{
    const char *name = sim->town.channels.items[sim_below(sim, TOWN_CHANNELS)]->name;

    (void)payout_pause(sim->town.payout, name, sim_below(sim, 3) == 0);
    sim->faults++;
}

static void clock_leap(struct sim *sim)
{
    if (sim_below(sim, 3) == 0 && !sim->clock_forward) {
        sim->town.now = instant_add_ms(sim->town.now, -(int64_t)sim_below(sim, 86400) * MS_SECOND);
        sim->marks[MARK_CLOCK_BACK]++;
    } else {
        sim->town.now = instant_add_ms(sim->town.now, (int64_t)sim_below(sim, 3 * 86400) * MS_SECOND);
        sim->marks[MARK_CLOCK_FORWARD]++;
    }
    sim->faults++;
}

void faults_disk(struct sim *sim, uint32_t within)
{
    struct disk *disk = &sim->town.disk;

    disk->fault = (enum disk_fault)(FAULT_EIO + (int)sim_below(sim, FAULT__COUNT - FAULT_EIO));
    disk->reads_count = sim_below(sim, 3) == 0;
    disk->fault_at = disk->ops + 1 + (int64_t)sim_below(sim, within);
    sim->faults++;
}

void faults_strike(struct sim *sim)
{
    struct disk *disk = &sim->town.disk;
    uint32_t what = sim_below(sim, 100);

    if (what < 16)
        bank_script(sim);
    else if (what < 19)
        clock_leap(sim);
    else if (what < 21 && disk->cut_at == 0 && disk->fault_at == 0)
        disk->cut_at = disk->ops + 1 + (int64_t)sim_below(sim, 200); /* counted when the power goes */
    else if (what < 23 && disk->cut_at == 0 && disk->fault_at == 0)
        faults_disk(sim, 150);
    else if (what < 25)
        bank_pause(sim);
    else if (what < 29)
        faults_lie(sim);
}

void faults_heal(struct sim *sim)
{
    sim->town.disk.cut_at = sim->town.disk.fault_at = 0;
    sim->town.disk.reads_count = sim->town.disk.fault_struck = false;
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        (void)payout_pause(sim->town.payout, sim->town.channels.items[i]->name, false);
}

/* ---- lies ---- */

/* What a lie says of a payment that stands as `status`. An incident must come of it: the one that is named, or, where
 * somebody lied about the same payment before, another. */
static const struct lie {
    const char *status; /* NULL: of a key that nobody has */
    enum evidence_kind kind;
    bool other_amount, other_reference;
    const char *incident;
    enum mark mark;
} lies[] = {
    {"refused", EVIDENCE_PAID, false, true, "paid_after_release", MARK_SUSPENSE},
    {"paid", EVIDENCE_NOT_PAID, false, false, "contradiction", MARK_CONTRADICTION},
    {"refused", EVIDENCE_RETURNED, false, false, "contradiction", MARK_CONTRADICTION},
    {"paid", EVIDENCE_PAID, true, true, "amount_differs", MARK_AMOUNT_DIFFERS},
    {"unknown", EVIDENCE_PAID, true, false, "amount_differs", MARK_AMOUNT_DIFFERS},
    {"paid", EVIDENCE_PAID, false, true, "paid_twice", MARK_PAID_TWICE},
    {NULL, EVIDENCE_PAID, false, false, "unknown_key", MARK_UNKNOWN_KEY},
};

struct victim {
    char key[CHANNEL_KEY_BYTES], channel[CHANNEL_NAME_BYTES];
    int64_t amount;
};

static bool victim_pick(struct sim *sim, const struct lie *lie, struct victim *ret)
{
    sqlite3_stmt *statement = NULL;
    bool found = false;

    *ret = (struct victim){.key = "EBBNOBODYHASTHISKEY01", .channel = "alipay", .amount = 1234};
    if (lie->status == NULL)
        return true;
    if (sqlite3_prepare_v2(
            sim->town.reader->db,
            "SELECT key, channel, amount FROM attempt WHERE status = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2", -1,
            &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, lie->status, -1, SQLITE_STATIC);
        sqlite3_bind_int(statement, 2, (int)sim_below(sim, 4));
        found = sqlite3_step(statement) == SQLITE_ROW;
    }
    if (found) {
        snprintf(ret->key, sizeof ret->key, "%s", (const char *)sqlite3_column_text(statement, 0));
        snprintf(ret->channel, sizeof ret->channel, "%s", (const char *)sqlite3_column_text(statement, 1));
        ret->amount = sqlite3_column_int64(statement, 2);
    }
    sqlite3_finalize(statement);
    return found;
}

static int64_t incidents(struct sim *sim)
{
    return town_int(&sim->town, "SELECT count(*) FROM incident");
}

void faults_lie(struct sim *sim)
{
    const struct lie *lie = &lies[sim_below(sim, ARRAY_COUNT(lies))];
    struct victim victim;
    struct asking *asking;
    int64_t before = incidents(sim);

    if (!victim_pick(sim, lie, &victim))
        return;
    asking = town_ask(&sim->town, COMMAND_EVIDENCE, "system:payout", ROLE_SYSTEM, "", "", NULL);
    asking->command.source = sim_below(sim, 2) ? SOURCE_CALLBACK : SOURCE_STATEMENT;
    asking->command.answer = (struct channel_answer){.kind = lie->kind, .currency = "CNY"};
    memcpy(asking->command.answer.key, victim.key, sizeof victim.key);
    memcpy(asking->command.channel, victim.channel, sizeof victim.channel);
    asking->command.answer.amount = money_of(victim.amount + (lie->other_amount ? 7 : 0));
    snprintf(asking->command.answer.reference, REF_BYTES, "%s%lld", lie->other_reference ? "LIE" : "SIM",
             (long long)sim->faults);
    town_run(&sim->town, &asking, 1);
    if (asking->status < 500 && incidents(sim) != before + 1)
        sim_fail(sim, "a lie went unnoticed: %s said of %s, answered %d, wanted an incident %s",
                 word_text(&evidence_kind_words, (int)lie->kind), victim.key, asking->status, lie->incident);
    sim->marks[lie->mark] += asking->status < 300;
    sim->faults++;
    sim_trace(sim, asking->body, strlen(asking->body));
    free(asking->body);
    town_reset(&sim->town);
}
