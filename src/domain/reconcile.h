/* SPDX-License-Identifier: Apache-2.0 */
/* Reconciliation: what a channel's statement says, our payments and our ledger, compared line by line.
 *
 * A line finds its payment by our key. It is evidence first, through withdrawal_evidence and nothing else: what was
 * unknown is settled by it when it says paid. What would give money back to a customer (not paid, returned) is believed
 * of a statement only when somebody else than who handed it in confirms its break: a statement is what one person says.
 * Then it is one of these:
 *
 *   matched          payment, ledger and channel say the same, or say it now
 *   repeated         the very line of an earlier statement (two of them overlap); nothing happens
 *   void             nothing was paid, and nothing of ours was meant
 *   theirs_not_ours  the channel moved money that our books did not send
 *   amount_differs   another amount than was sent, or than the ledger has
 *   status_differs   the channel says it was paid (or not), our books have proof of the contrary or none
 *   duplicate        the same key a second time
 *
 * and what is sent by us and not in the statement of its time is `ours_not_theirs`; when a later statement has it, that
 * break becomes `late` and is settled by it. Each but the first three is a break: it has an owner, a reason and an age,
 * and a person settles it with a reason. Breaks move no money: suspense, incidents and returns are the evidence's, also
 * when a break is settled by believing its line. */
#ifndef EBB_DOMAIN_RECONCILE_H
#define EBB_DOMAIN_RECONCILE_H

#include "domain/rows_recon.h"
#include "domain/stray.h"

/* What is known of a key besides its place. */
struct recon_known {
    struct recon_line **lines; /* of earlier statements and, behind them, of this one; room for one more */
    size_t lines_count;
    struct recon_break **breaks;
    size_t breaks_count;
    struct money posted; /* through the channel for the leg, by the ledger as it is stored */
    bool posted_known;
};

struct recon_statement *recon_begin(struct deciding *d, const struct statement_ask *ask,
                                    const uint8_t hash[HASH_BYTES]);
/* One line, the next of the statement. `ret_verdict`: the word above, or in quarantine (`q`) what it did as a line of
 * the lost time. */
void recon_take(struct deciding *d, struct recon_statement *statement, struct quarantine *q, struct stray_place *place,
                struct recon_known *known, const struct channel_terms *terms, const struct line_ask *line,
                const char **ret_verdict);
/* A payment of ours that the statement does not have, and no other one has. */
void recon_missing(struct deciding *d, struct recon_statement *statement, const struct attempt *attempt,
                   const char *currency);
/* All lines are taken and all payments looked for. */
void recon_done(struct deciding *d, struct recon_statement *statement);

/* What a break's line says, to be believed. */
struct recon_claim {
    const struct recon_statement *statement;
    const struct recon_line *line;
    struct stray_place *place;
    const struct channel_terms *terms;
};
/* `claim` NULL: it is only noted why. */
struct decision recon_settle(struct deciding *d, struct recon_break *found, const struct recon_claim *claim,
                             const char *reason);

#endif
