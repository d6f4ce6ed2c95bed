/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that the files of the withdrawal share: moves by the tables, holds, and what must be true afterwards.
 * Private to withdrawal*.c. */
#ifndef EBB_DOMAIN_WITHDRAWAL_STEPS_H
#define EBB_DOMAIN_WITHDRAWAL_STEPS_H

#include "domain/machine.h"
#include "domain/withdrawal.h"

/* Moves by the table, or INVARIANT 20–22. Registers the row and tells the audit. Returns the ledger move that is now
 * due. */
enum ledger_move withdrawal_move(struct deciding *d, struct withdrawal *w, enum withdrawal_event event);
enum ledger_move leg_move(struct deciding *d, struct leg *leg, enum leg_event event);
enum ledger_move attempt_move(struct deciding *d, struct attempt *attempt, enum attempt_event event);

/* A held leg's attempt, with its key and exact bytes, as begun. Whether anything is sent is another matter. */
struct attempt *attempt_begin(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg,
                              const struct channel_terms *terms);

/* Posts what the move asks for, for all lots of the leg. */
void leg_post(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg, enum ledger_move move);
/* The top-up of a lot among the loaded ones; NULL for other funds. INVARIANT 23: it is loaded. */
struct topup *lot_topup(const struct book *book, const struct lot *lot);
/* The leg of a lot or an attempt; INVARIANT 27: it is loaded. */
struct leg *leg_by_id(const struct dossier *dossier, int64_t id);

/* Releases every held leg of a withdrawal that ends before anything was sent. */
void withdrawal_release(struct deciding *d, struct book *book, struct dossier *dossier);
/* Takes it out of the account's month and day again. */
void withdrawal_uncount(struct deciding *d, struct account *account, struct withdrawal *w);
/* When all legs are final: successful, partly successful, failed or returned. */
void withdrawal_conclude(struct deciding *d, struct book *book, struct dossier *dossier);
/* Sets next_at, raises the version where something moved, and registers the row: the last step of every decision. */
void withdrawal_settle_row(struct deciding *d, struct dossier *dossier);

/* The quote as it would be without this withdrawal's own hold and count. */
void quote_without(struct deciding *d, const struct book *book, const struct dossier *dossier, struct quote *ret);
/* True when what is held and still has a way out is still withdrawable: asked at approval and before each first send.
 */
bool withdrawal_covered(struct deciding *d, const struct book *book, const struct dossier *dossier, struct quote *ret);
/* AL-06: another account of the same identity has something overdue. Asked when the code is right, at approval and
 * before the first send. True when it was not known of this withdrawal before; then it is flagged. */
bool withdrawal_risk_found(struct deciding *d, const struct book *book, struct withdrawal *w);
/* Legs whose original window has closed are rerouted: released, and the customer is told. Returns how many are left to
 * send. */
size_t withdrawal_reroute(struct deciding *d, struct book *book, struct dossier *dossier);

/* Of books that came back older than what happened: it may have been sent in a time whose records were lost. */
bool withdrawal_may_be_lost(const struct deciding *d, const struct withdrawal *w);

void withdrawal_flag(struct deciding *d, struct withdrawal *w, const char *flag);
void withdrawal_tell(struct deciding *d, const struct book *book, const struct withdrawal *w, const char *text);
/* `w` NULL: it is of no withdrawal. */
void incident_open(struct deciding *d, const struct account *account, const struct withdrawal *w, const char *kind,
                   struct money amount, const char *detail);
/* Did `before` say what `now` says, and was an incident of that kind opened for it? */
bool evidence_told(const struct evidence *before, const struct evidence *now, const char *incident_kind);
struct instant attempt_next_at(const struct attempt *attempt);
bool code_is_one_of(const char *code, const char *const *codes, size_t count);
/* The only send there was did not leave the house, as far as its last word says. */
bool attempt_is_unsent(const struct attempt *attempt);
/* When an open payment is for people to decide. */
struct instant leg_manual_at(const struct leg *leg, const struct attempt *attempt);
/* When a payment that was made is asked about again, because it may have come back without a word: 1, 2, 4 … days later
 * and when that time is over. None: it is not. */
struct instant leg_bounce_at(const struct deciding *d, const struct leg *leg, const struct attempt *attempt);
/* NULL before the first send. A leg has one attempt: what is refused is made anew as another withdrawal. */
struct attempt *leg_attempt(const struct dossier *dossier, const struct leg *leg);

#endif
