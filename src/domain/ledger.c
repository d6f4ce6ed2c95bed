/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ledger.h"

#include <string.h>

#define LINES_LEAST 2 /* money comes from somewhere and goes somewhere */

struct entry_open ledger_open(struct deciding *deciding, const struct account *account, enum entry_kind kind,
                              int64_t object, int64_t withdrawal, struct money amount)
{
    struct entry *entry = DECIDING_NEW(deciding, entry);

    INVARIANT(4, !money_is_negative(amount));
    entry->id = deciding_id(deciding, account);
    entry->account = account->id;
    entry->kind = kind;
    deciding_fill(entry->currency, sizeof(entry->currency), account->currency);
    entry->object = object;
    entry->withdrawal = withdrawal;
    entry->amount = amount;
    entry->at = deciding->now;
    return (struct entry_open){.entry = entry, .lines = 0, .sum = MONEY_ZERO};
}

void ledger_post(struct deciding *deciding, struct entry_open *open, const struct account *account, enum ledger ledger,
                 const char *channel, int64_t source, struct money amount)
{
    INVARIANT(4, (ledger == LEDGER_CHANNEL) == (channel[0] != '\0'));
    if (money_is_zero(amount))
        return;

    struct posting *posting = DECIDING_NEW(deciding, posting);
    posting->entry = open->entry->id;
    posting->line = ++open->lines;
    posting->account = account->id;
    posting->ledger = ledger;
    deciding_fill(posting->channel, sizeof(posting->channel), channel);
    posting->source = source;
    posting->amount = amount;
    open->sum = money_add(open->sum, amount);
}

void ledger_close(struct deciding *deciding, struct entry_open *open)
{
    INVARIANT(4, money_is_zero(open->sum));
    INVARIANT(4, open->lines >= LINES_LEAST);
    deciding_move(deciding, "en", open->entry->id, NULL, word_text(&entry_kind_words, (int)open->entry->kind), NULL);
    deciding->moves_last->amount = open->entry->amount;
}

/* What a lot is made of: a top-up's own figures and the account's totals, or the account's other funds alone. */
struct lot_figures {
    struct money *total, *total_held;
    enum ledger ledger;
    int64_t source;
};

static struct lot_figures lot_figures(struct account *account, const struct topup *topup)
{
    if (topup == NULL)
        return (struct lot_figures){&account->other, &account->other_held, LEDGER_OTHER, 0};
    INVARIANT(14, topup->account == account->id);
    return (struct lot_figures){&account->topup, &account->topup_held, LEDGER_TOPUP, topup->id};
}

/* A topup's figures must say the same as the schema's CHECKs, and so must the account's. */
static void lot_changed(struct deciding *deciding, struct account *account, struct topup *topup)
{
    INVARIANT(14, !money_is_negative(account->topup_held) && money_compare(account->topup_held, account->topup) <= 0);
    INVARIANT(14, !money_is_negative(account->other_held) && money_compare(account->other_held, account->other) <= 0);
    deciding_put_account(deciding, account);
    if (topup == NULL)
        return;
    INVARIANT(14, !money_is_negative(topup->held) && money_compare(topup->held, topup->remaining) <= 0);
    INVARIANT(14, !money_is_negative(topup->refunded));
    INVARIANT(14, money_compare(money_add(topup->remaining, topup->refunded), topup->amount) <= 0);
    changes_put(deciding->changes, &topup->row);
}

void ledger_freeze(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount)
{
    struct lot_figures lot = lot_figures(account, topup);

    INVARIANT(14, money_is_positive(amount));
    if (topup != NULL)
        topup->held = money_add(topup->held, amount);
    *lot.total_held = money_add(*lot.total_held, amount);
    lot_changed(deciding, account, topup);
    ledger_post(deciding, open, account, lot.ledger, "", lot.source, money_negate(amount));
    ledger_post(deciding, open, account, LEDGER_HELD, "", lot.source, amount);
}

void ledger_release(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                    struct money amount)
{
    struct lot_figures lot = lot_figures(account, topup);

    INVARIANT(14, money_is_positive(amount));
    if (topup != NULL)
        topup->held = money_sub(topup->held, amount);
    *lot.total_held = money_sub(*lot.total_held, amount);
    lot_changed(deciding, account, topup);
    ledger_post(deciding, open, account, LEDGER_HELD, "", lot.source, money_negate(amount));
    ledger_post(deciding, open, account, lot.ledger, "", lot.source, amount);
}

void ledger_settle(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount)
{
    struct lot_figures lot = lot_figures(account, topup);

    INVARIANT(14, money_is_positive(amount));
    if (topup != NULL) {
        topup->held = money_sub(topup->held, amount);
        topup->remaining = money_sub(topup->remaining, amount);
        topup->refunded = money_add(topup->refunded, amount);
    }
    *lot.total_held = money_sub(*lot.total_held, amount);
    *lot.total = money_sub(*lot.total, amount);
    lot_changed(deciding, account, topup);
    ledger_post(deciding, open, account, LEDGER_HELD, "", lot.source, money_negate(amount));
}

void ledger_return(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount)
{
    struct lot_figures lot = lot_figures(account, topup);

    INVARIANT(14, money_is_positive(amount));
    if (topup != NULL) {
        topup->remaining = money_add(topup->remaining, amount);
        topup->refunded = money_sub(topup->refunded, amount);
    }
    *lot.total = money_add(*lot.total, amount);
    lot_changed(deciding, account, topup);
    ledger_post(deciding, open, account, lot.ledger, "", lot.source, amount);
}

void ledger_outside(struct deciding *deciding, struct entry_open *open, const struct account *account,
                    const char *channel, struct money amount, struct money fee)
{
    INVARIANT(14, money_compare(money_max(fee, money_negate(fee)), money_max(amount, money_negate(amount))) < 0);
    ledger_post(deciding, open, account, LEDGER_CHANNEL, channel, 0, money_sub(amount, fee));
    ledger_post(deciding, open, account, LEDGER_REVENUE, "", 0, fee);
}
