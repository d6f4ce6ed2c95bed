/* SPDX-License-Identifier: Apache-2.0 */
/* Taking money out of an account's funds, and giving it back to the lots that it came from.
 *
 * An order of funds says what is used up first; inside a fund the oldest lot goes first. Money on hold is never taken.
 * Every lot that gave is a draw row of its owner (a charge, chargeback or parcel), so that undoing is exact to the lot.
 * Figures, rows and postings move together; the other side of the entry is the caller's. This module knows no rule: who
 * may take what, and how much, is decided before. All live top-ups and parcels of the book must be loaded (INVARIANT
 * 15). */
#ifndef EBB_DOMAIN_DRAW_H
#define EBB_DOMAIN_DRAW_H

#include "domain/ledger.h"

struct drawing {
    struct deciding *deciding;
    struct book *book;
    struct entry_open *entry;
    int64_t owner; /* fact or parcel */
    int64_t line;  /* of the last draw; starts at 0 */
};

/* The account's figure of a fund. */
struct money *fund_total(struct account *account, enum fund fund);
enum ledger fund_ledger(enum fund fund);
/* Everything that belongs to the account, held or not, voucher included: what MONEY_BALANCE_MAX bounds. */
struct money fund_balance(const struct account *account);

/* What an order of funds (ended by FUND_NONE) can give now. */
struct money draw_available(const struct account *account, const enum fund *order);
/* Takes exactly `amount`, at most draw_available, and posts it out of the funds. */
void draw_take(struct drawing *drawing, const enum fund *order, struct money amount);
/* Takes at most `wanted` of one top-up's free remainder and returns what it took; draw_done follows the last one. */
struct money draw_take_topup(struct drawing *drawing, struct topup *topup, struct money wanted);
void draw_done(struct drawing *drawing);
/* Gives `amount` back, the newest line first, and posts it into the funds. `topups[i]` or `parcels[i]` is what draws[i]
 * came from, NULL for pools; `parcels` may be NULL when no draw has one. The draws must have that much left to give
 * back. */
void draw_give_back(struct drawing *drawing, struct draw **draws, size_t draws_count, struct topup **topups,
                    struct parcel **parcels, struct money amount);

#endif
