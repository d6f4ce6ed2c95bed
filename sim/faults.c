/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

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
    "not_sent",
    "denied:NO_AUTH",
};

static void bank_script(struct sim *sim)
{
    const char *script[3];
    size_t count = 1 + sim_below(sim, ARRAY_COUNT(script));
    char reason[201];

    for (size_t i = 0; i < count; i++)
        script[i] = words[sim_below(sim, ARRAY_COUNT(words))];
    if (simulated_script(sim->town.channels.items[sim_below(sim, TOWN_CHANNELS)], script, count, reason) != ERR_NONE)
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
    if (sim_below(sim, 3) == 0) {
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

void faults_strike(struct sim *sim, bool quarantined)
{
    struct disk *disk = &sim->town.disk;
    uint32_t what = quarantined ? 44 + sim_below(sim, 40) : sim_below(sim, 100);

    if (what < 40)
        bank_script(sim);
    else if (what < 44)
        clock_leap(sim);
    else if (what < 47 && disk->cut_at == 0 && disk->fault_at == 0)
        disk->cut_at = disk->ops + 1 + (int64_t)sim_below(sim, 800); /* counted when the power goes */
    else if (what < 49 && disk->cut_at == 0 && disk->fault_at == 0)
        faults_disk(sim, 600);
    else if (what < 53)
        bank_pause(sim);
    else if (what < 61 && !quarantined)
        lies_tell(sim);
}

void faults_heal(struct sim *sim)
{
    sim->town.disk.cut_at = sim->town.disk.fault_at = 0;
    sim->town.disk.reads_count = sim->town.disk.fault_struck = false;
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        (void)payout_pause(sim->town.payout, sim->town.channels.items[i]->name, false);
}
