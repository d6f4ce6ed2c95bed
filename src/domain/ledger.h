/* SPDX-License-Identifier: Apache-2.0 */
/* Double entry. The postings of an entry sum to zero (INVARIANT 4); entries are never changed.
 *
 * Sign: positive is what the operator owes the customer (funds, held) or what has gone out or been earned (channel,
 * revenue); a top-up posts channel −m, topup +m. Freeze topup → held, settle held → channel, release held → topup,
 * return channel → topup; `held` postings keep the source top-up, so Σ postings by (ledger, source) gives every lot's
 * figures back: Σ topup = remaining − held, Σ held = held. Operator-side balances are sums of postings, never a row of
 * their own. */
#ifndef EBB_DOMAIN_LEDGER_H
#define EBB_DOMAIN_LEDGER_H

#include "domain/decide.h"

struct entry_open {
    struct entry *entry;
    int64_t lines;
    struct money sum;
};

struct entry_open ledger_open(struct deciding *deciding, const struct account *account, enum entry_kind kind,
                              int64_t object, int64_t withdrawal, struct money amount);
/* A zero amount posts nothing. `channel` is "" except for LEDGER_CHANNEL. */
void ledger_post(struct deciding *deciding, struct entry_open *open, const struct account *account, enum ledger ledger,
                 const char *channel, int64_t source, struct money amount);
void ledger_close(struct deciding *deciding, struct entry_open *open);

/* Lots on hold. `topup` NULL means other funds. They change the row's and the account's figures. Freeze and release
 * post both sides; settle takes from held and return gives to the fund, and ledger_outside posts the other side of all
 * their lots. */
void ledger_freeze(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount);
void ledger_release(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                    struct money amount);
void ledger_settle(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount);
void ledger_return(struct deciding *deciding, struct entry_open *open, struct account *account, struct topup *topup,
                   struct money amount);
/* What left through the channel, of which the fee stayed with the operator; both negative when it came back. */
void ledger_outside(struct deciding *deciding, struct entry_open *open, const struct account *account,
                    const char *channel, struct money amount, struct money fee);

#endif
