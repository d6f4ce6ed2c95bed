/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/draw.h"

struct money *fund_total(struct account *account, enum fund fund)
{
    switch (fund) {
    case FUND_TOPUP:
        return &account->topup;
    case FUND_TRANSFERRED_IN:
        return &account->transferred_in;
    case FUND_ALLOCATED_IN:
        return &account->allocated_in;
    case FUND_OTHER:
        return &account->other;
    case FUND_VOUCHER:
        return &account->voucher;
    case FUND_NONE:
    case FUND__COUNT:
        break;
    }
    invariant_broken(15, "a fund has a total", __FILE__, __LINE__);
}

enum ledger fund_ledger(enum fund fund)
{
    static const enum ledger ledgers[FUND__COUNT] = {
        [FUND_TOPUP] = LEDGER_TOPUP,
        [FUND_TRANSFERRED_IN] = LEDGER_TRANSFERRED_IN,
        [FUND_ALLOCATED_IN] = LEDGER_ALLOCATED_IN,
        [FUND_OTHER] = LEDGER_OTHER,
        [FUND_VOUCHER] = LEDGER_VOUCHER,
    };

    INVARIANT(15, fund > FUND_NONE && fund < FUND__COUNT);
    return ledgers[fund];
}

struct money fund_balance(const struct account *account)
{
    struct money cash = money_add(account->topup, account->other);
    struct money received = money_add(account->transferred_in, account->allocated_in);

    return money_add(money_add(cash, received), account->voucher);
}

/* What a fund can give: its total without what is on hold. */
static struct money fund_free(const struct account *account, enum fund fund)
{
    switch (fund) {
    case FUND_TOPUP:
        return money_sub(account->topup, account->topup_held);
    case FUND_OTHER:
        return money_sub(account->other, account->other_held);
    case FUND_TRANSFERRED_IN:
        return account->transferred_in;
    case FUND_ALLOCATED_IN:
        return account->allocated_in;
    case FUND_VOUCHER:
        return account->voucher;
    case FUND_NONE:
    case FUND__COUNT:
        break;
    }
    invariant_broken(15, "a fund can be drawn from", __FILE__, __LINE__);
}

struct money draw_available(const struct account *account, const enum fund *order)
{
    struct money available = MONEY_ZERO;

    for (size_t i = 0; i < FUND__COUNT && order[i] != FUND_NONE; i++)
        available = money_add(available, fund_free(account, order[i]));
    return available;
}

/* The draw row, the account's total and the posting of one lot that gave `amount`. */
static void drawing_record(struct drawing *drawing, enum fund fund, int64_t source, struct money amount)
{
    struct account *account = drawing->book->account;
    struct draw *draw = DECIDING_NEW(drawing->deciding, draw);
    struct money *total = fund_total(account, fund);

    draw->owner = drawing->owner;
    draw->line = ++drawing->line;
    draw->account = account->id;
    draw->fund = fund;
    draw->source = source;
    draw->amount = amount;
    *total = money_sub(*total, amount);
    INVARIANT(15, !money_is_negative(*total));
    ledger_post(drawing->deciding, drawing->entry, account, fund_ledger(fund), "", source, money_negate(amount));
}

struct money draw_take_topup(struct drawing *drawing, struct topup *topup, struct money wanted)
{
    struct money taken = money_min(wanted, money_sub(topup->remaining, topup->held));

    INVARIANT(15, !money_is_negative(taken));
    if (money_is_zero(taken))
        return taken;
    topup->remaining = money_sub(topup->remaining, taken);
    changes_put(drawing->deciding->changes, &topup->row);
    drawing_record(drawing, FUND_TOPUP, topup->id, taken);
    return taken;
}

static struct money take_topups(struct drawing *drawing, struct money wanted)
{
    struct money left = wanted;

    for (size_t i = 0; i < drawing->book->topups_count && money_is_positive(left); i++)
        left = money_sub(left, draw_take_topup(drawing, drawing->book->topups[i], left));
    return money_sub(wanted, left);
}

static struct money take_parcels(struct drawing *drawing, enum parcel_kind kind, enum fund fund, struct money wanted)
{
    struct money left = wanted;

    for (size_t i = 0; i < drawing->book->parcels_count && money_is_positive(left); i++) {
        struct parcel *parcel = drawing->book->parcels[i];
        struct money taken = money_min(left, parcel->remaining);
        if (parcel->kind != kind || money_is_zero(taken))
            continue;
        parcel->remaining = money_sub(parcel->remaining, taken);
        changes_put(drawing->deciding->changes, &parcel->row);
        drawing_record(drawing, fund, parcel->id, taken);
        left = money_sub(left, taken);
    }
    return money_sub(wanted, left);
}

static struct money take_pool(struct drawing *drawing, enum fund fund, struct money wanted)
{
    struct money taken = money_min(wanted, fund_free(drawing->book->account, fund));

    if (money_is_positive(taken))
        drawing_record(drawing, fund, 0, taken);
    return taken;
}

static struct money take_fund(struct drawing *drawing, enum fund fund, struct money wanted)
{
    switch (fund) {
    case FUND_TOPUP:
        return take_topups(drawing, wanted);
    case FUND_TRANSFERRED_IN:
        return take_parcels(drawing, PARCEL_TRANSFER, fund, wanted);
    case FUND_ALLOCATED_IN:
        return take_parcels(drawing, PARCEL_ALLOCATION, fund, wanted);
    case FUND_OTHER:
    case FUND_VOUCHER:
        return take_pool(drawing, fund, wanted);
    case FUND_NONE:
    case FUND__COUNT:
        break;
    }
    invariant_broken(15, "a fund can be drawn from", __FILE__, __LINE__);
}

void draw_take(struct drawing *drawing, const enum fund *order, struct money amount)
{
    struct money left = amount;

    INVARIANT(15, money_is_positive(amount));
    for (size_t i = 0; i < FUND__COUNT && order[i] != FUND_NONE && money_is_positive(left); i++)
        left = money_sub(left, take_fund(drawing, order[i], left));
    INVARIANT(15, money_is_zero(left)); /* else the rows do not add up to the account's totals */
    draw_done(drawing);
}

void draw_done(struct drawing *drawing)
{
    book_drop_spent(drawing->book);
    deciding_put_account(drawing->deciding, drawing->book->account);
}

static void give_back_topup(struct drawing *drawing, struct topup *topup, struct money amount)
{
    topup->remaining = money_add(topup->remaining, amount);
    INVARIANT(15, money_compare(money_add(topup->remaining, topup->refunded), topup->amount) <= 0);
    changes_put(drawing->deciding->changes, &topup->row);
    book_add_topup(drawing->deciding, drawing->book, topup);
}

/* The parcel may have been taken back meanwhile: its money then stands in the receiver again, and can be taken back
 * again. */
static void give_back_parcel(struct drawing *drawing, struct parcel *parcel, struct money amount)
{
    parcel->remaining = money_add(parcel->remaining, amount);
    INVARIANT(15, money_compare(money_add(parcel->remaining, parcel->taken_back), parcel->amount) <= 0);
    changes_put(drawing->deciding->changes, &parcel->row);
    book_add_parcel(drawing->deciding, drawing->book, parcel);
}

static void give_back_line(struct drawing *drawing, struct draw *draw, struct topup *topup, struct parcel *parcel,
                           struct money amount)
{
    struct account *account = drawing->book->account;
    struct money *total = fund_total(account, draw->fund);

    INVARIANT(15, draw->account == account->id);
    INVARIANT(15, draw->source == 0 || (topup != NULL && topup->id == draw->source) ||
                      (parcel != NULL && parcel->id == draw->source));
    draw->given_back = money_add(draw->given_back, amount);
    changes_put(drawing->deciding->changes, &draw->row);
    if (topup != NULL)
        give_back_topup(drawing, topup, amount);
    if (parcel != NULL)
        give_back_parcel(drawing, parcel, amount);
    *total = money_add(*total, amount);
    ledger_post(drawing->deciding, drawing->entry, account, fund_ledger(draw->fund), "", draw->source, amount);
}

void draw_give_back(struct drawing *drawing, struct draw **draws, size_t draws_count, struct topup **topups,
                    struct parcel **parcels, struct money amount)
{
    struct money left = amount;

    for (size_t i = draws_count; i > 0 && money_is_positive(left); i--) {
        struct draw *draw = draws[i - 1];
        struct money back = money_min(left, money_sub(draw->amount, draw->given_back));
        if (money_is_zero(back))
            continue;
        give_back_line(drawing, draw, topups == NULL ? NULL : topups[i - 1], parcels == NULL ? NULL : parcels[i - 1],
                       back);
        left = money_sub(left, back);
    }
    INVARIANT(15, money_is_zero(left));
    deciding_put_account(drawing->deciding, drawing->book->account);
}
