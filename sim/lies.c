/* SPDX-License-Identifier: Apache-2.0 */
#include "lies.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people.h"

const char *const lie_names[LIE__COUNT] = {
#define LIE_TEXT(constant, text) text,
    LIES(LIE_TEXT)
#undef LIE_TEXT
};

/* What is said of a payment that stands as `status`, and the incident that must come of it; where somebody lied about
 * the same payment before, it may be another one. */
static const struct lie {
    const char *status; /* NULL: of a key that nobody has */
    enum evidence_kind kind;
    bool other_amount, other_reference, other_currency, other_channel;
    const char *incident;
    enum mark mark;
} lies[LIE__COUNT] = {
    [LIE_PAID_TWICE] = {"paid", EVIDENCE_PAID, .other_reference = true, .incident = "paid_twice",
                        .mark = MARK_PAID_TWICE},
    [LIE_PAID_AFTER_FAILING] = {"refused", EVIDENCE_PAID, .other_reference = true, .incident = "paid_after_release",
                                .mark = MARK_SUSPENSE},
    [LIE_FAILED_AFTER_PAYING] = {"paid", EVIDENCE_NOT_PAID, .incident = "contradiction", .mark = MARK_CONTRADICTION},
    [LIE_OTHER_AMOUNT] = {"unknown", EVIDENCE_PAID, .other_amount = true, .incident = "amount_differs",
                          .mark = MARK_AMOUNT_DIFFERS},
    [LIE_OTHER_AMOUNT_AGAIN] = {"paid", EVIDENCE_PAID, .other_amount = true, .other_reference = true,
                                .incident = "amount_differs", .mark = MARK_AMOUNT_DIFFERS},
    [LIE_OTHER_CURRENCY] = {"unknown", EVIDENCE_PAID, .other_currency = true, .incident = "amount_differs",
                            .mark = MARK_AMOUNT_DIFFERS},
    [LIE_OTHER_KEY] = {NULL, EVIDENCE_PAID, .incident = "unknown_key", .mark = MARK_UNKNOWN_KEY},
    [LIE_OTHER_CHANNEL] = {"unknown", EVIDENCE_PAID, .other_channel = true, .incident = "unknown_key",
                           .mark = MARK_UNKNOWN_KEY},
    [LIE_RETURNED_UNPAID] = {"refused", EVIDENCE_RETURNED, .incident = "contradiction", .mark = MARK_CONTRADICTION},
    [LIE_RETURNED_OTHER] = {"paid", EVIDENCE_RETURNED, .other_amount = true, .incident = "amount_differs",
                            .mark = MARK_AMOUNT_DIFFERS},
};

struct victim {
    char key[CHANNEL_KEY_BYTES], channel[CHANNEL_NAME_BYTES];
    int64_t amount;
};

static bool victim_pick(struct sim *sim, const struct lie *lie, struct victim *ret)
{
    sqlite3_stmt *row;
    bool found;

    *ret = (struct victim){.key = "EBBNOBODYHASTHISKEY01", .channel = "alipay", .amount = 1234};
    if (lie->status == NULL)
        return true;
    row = town_statement(
        &sim->town, "SELECT key, channel, amount FROM attempt WHERE status = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2");
    if (row == NULL)
        return false;
    sqlite3_bind_text(row, 1, lie->status, -1, SQLITE_STATIC);
    sqlite3_bind_int(row, 2, (int)sim_below(sim, 4));
    found = sqlite3_step(row) == SQLITE_ROW;
    if (found) {
        snprintf(ret->key, sizeof ret->key, "%s", (const char *)sqlite3_column_text(row, 0));
        snprintf(ret->channel, sizeof ret->channel, "%s", (const char *)sqlite3_column_text(row, 1));
        ret->amount = sqlite3_column_int64(row, 2);
    }
    sqlite3_reset(row);
    return found;
}

static const char *other_channel(struct sim *sim, const char *channel)
{
    size_t at = sim_below(sim, TOWN_CHANNELS);

    if (strcmp(sim->town.channels.items[at]->name, channel) == 0)
        at = (at + 1) % TOWN_CHANNELS;
    return sim->town.channels.items[at]->name;
}

static struct asking *telling(struct sim *sim, const struct lie *lie, const struct victim *victim)
{
    struct asking *asking = town_ask(&sim->town, COMMAND_EVIDENCE, "system:payout", ROLE_SYSTEM, "", "", NULL);
    struct channel_answer *answer = &asking->command.answer;
    const char *channel = lie->other_channel ? other_channel(sim, victim->channel) : victim->channel;

    asking->command.source = sim_below(sim, 2) ? SOURCE_CALLBACK : SOURCE_STATEMENT;
    *answer = (struct channel_answer){.kind = lie->kind};
    memcpy(answer->key, victim->key, sizeof victim->key);
    snprintf(asking->command.channel, sizeof asking->command.channel, "%s", channel);
    snprintf(answer->currency, sizeof answer->currency, "%s", lie->other_currency ? "USD" : "CNY");
    answer->amount = money_of(victim->amount + (lie->other_amount ? 7 : 0));
    snprintf(answer->reference, sizeof answer->reference, "%s%lld", lie->other_reference ? "LIE" : "SIM",
             (long long)sim->faults);
    return asking;
}

/* What people see of it, and what it must not touch: every fund of every account, and every hold. -1: the disk does not
 * answer. */
struct seen {
    int64_t incidents, money;
};

static struct seen look(struct sim *sim)
{
    return (struct seen){
        town_int(&sim->town, "SELECT count(*) FROM incident"),
        town_int(
            &sim->town,
            "SELECT (SELECT sum((id % 1009) * (topup + 3 * topup_held + 5 * other + 7 * other_held + 11 * voucher + "
            "13 * transferred_in + 17 * allocated_in + 19 * overdue)) FROM account) + "
            "(SELECT count(*) FROM entry WHERE kind IN ('settle', 'release', 'return'))")};
}

static void judge_lie(struct sim *sim, enum lie_kind kind, const struct victim *victim, const struct asking *asking,
                      const struct seen *before)
{
    struct seen after = look(sim);

    if (before->incidents < 0 || before->money < 0 || after.incidents < 0 || after.money < 0 || asking->status >= 500)
        return; /* nobody knows whether it was heard */
    sim->lies.told[kind]++;
    sim->marks[lies[kind].mark] += asking->status < 300;
    if (after.incidents == before->incidents + 1 && after.money == before->money)
        sim->lies.noticed[kind]++;
    else
        sim_fail(sim, "a lie went unnoticed: %s, said of %s, answered %d; wanted an incident %s and no money moved",
                 lie_names[kind], victim->key, asking->status, lies[kind].incident);
}

void lies_tell(struct sim *sim)
{
    enum lie_kind kind = (enum lie_kind)sim_below(sim, LIE__COUNT);
    struct victim victim;
    struct asking *asking;

    if (!victim_pick(sim, &lies[kind], &victim))
        return;
    struct seen before = look(sim);
    asking = telling(sim, &lies[kind], &victim);
    town_run(&sim->town, &asking, 1);
    sim->faults++;
    judge_lie(sim, kind, &victim, asking, &before);
    sim_trace(sim, asking->body, strlen(asking->body));
    free(asking->body);
    town_reset(&sim->town);
}

void lies_add(struct lies *sum, const struct lies *more)
{
    for (int kind = 0; kind < LIE__COUNT; kind++) {
        sum->told[kind] += more->told[kind];
        sum->noticed[kind] += more->noticed[kind];
    }
}
