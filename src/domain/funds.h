/* SPDX-License-Identifier: Apache-2.0 */
/* Billing facts: what the operator's billing system tells Ebb about an account, and what each does to the books.
 *
 * Every fact has the caller's `ref`, unique per account and kind for ever: the same body again is VERDICT_STORED,
 * another body is ref_reused (409). Money on hold is never used up. `earlier` is the stored fact of that ref, or NULL.
 * The caller (engine/) loads; these functions decide. Out-parameters get the stored or new row and are untouched by a
 * refusal.
 *
 * Facts are facts: a frozen or closed account takes them like any other; only withdrawals ask for the account's state.
 * Every function needs arena_reserve(FUNDS_ARENA_BYTES + FUNDS_LOT_BYTES for each live lot or draw of its books)
 * before, and all live top-ups and parcels of a book that money is taken from. */
#ifndef EBB_DOMAIN_FUNDS_H
#define EBB_DOMAIN_FUNDS_H

#include "domain/ledger.h"

#define FUNDS_ARENA_BYTES 16384
#define FUNDS_LOT_BYTES 512

/* A moment that the caller tells may be ahead of our clock by this much. */
#define FACT_AHEAD_MS (5 * MS_MINUTE)
/* Money that comes back (a reversal, a recall) may pass MONEY_BALANCE_MAX, but not what sums can bear. */
#define FUND_BEARABLE_MAX (1000 * MONEY_BALANCE_MAX)

/* A PUT: what the body leaves out is unset (state: active). Creates or updates; the currency of an account never
 * changes (409). `d->policy` is the policy that the ask names, NULL when there is none. An account that holds money may
 * be closed: the money stays where it is and cannot be withdrawn until the account is active again. book->identity must
 * be loaded with the account. `subject_id` is all zero where no identity number is given; `new_subject` NULL while it
 * is not: no account had this identity before, its row is made here and left in book->subject. `old_subject` is the one
 * of the stored account. */
struct decision account_put(struct deciding *d, struct book *book /* account NULL: new */, const char *ref,
                            const struct account_ask *ask, struct subject *old_subject, struct subject *new_subject,
                            const uint8_t subject_id[HASH_SHORT_BYTES]);

/* An identity number was given: a subject row exists, and facts about overdue money need it loaded. */
bool account_has_subject(const struct account *account);

struct decision topup_record(struct deciding *d, struct book *book, const struct topup_ask *ask,
                             const uint8_t fingerprint[HASH_SHORT_BYTES], struct topup *earlier, struct topup **ret);

/* Uses up funds in the policy's order; what they cannot cover becomes an overdue claim named by fact_claim_ref where
 * the policy allows debt, else the charge is refused (409 insufficient_funds). */
struct decision charge_record(struct deciding *d, struct book *book, const struct charge_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret);
/* Gives everything back to the lots it came from and lowers the claim by what the charge left unpaid. `claim` is the
 * row of fact_claim_ref, NULL when charge->unpaid is zero. Money of a parcel that was taken back meanwhile returns to
 * that parcel in the receiver's hands. Reversing twice is VERDICT_STORED. */
struct decision charge_reverse(struct deciding *d, struct book *book, struct fact *charge, struct draw **draws,
                               size_t draws_count, struct topup **topups, struct parcel **parcels, struct claim *claim);
/* The channel took a top-up back: its free remainder goes, what is missing becomes an overdue claim and an incident. */
struct decision chargeback_record(struct deciding *d, struct book *book, struct topup *topup,
                                  const struct chargeback_ask *ask, const uint8_t fingerprint[HASH_SHORT_BYTES],
                                  struct fact *earlier, struct fact **ret);
/* "charge:REF" or "chargeback:REF"; where that is longer than a ref, the fact's id takes the ref's place. No caller may
 * open a claim under such a name, so that ours never meets another. */
void fact_claim_ref(const struct fact *fact, char ret[REF_BYTES]);

/* Opens, changes or (amount 0) closes a claim. An overdue claim that a charge made may be closed here too. */
struct decision claim_put(struct deciding *d, struct book *book, const char *ref, const struct claim_ask *ask,
                          struct claim *earlier, struct claim **ret);
/* What claim_put stands on, for facts that leave something unpaid. `claim_bears`: the totals can take that much more.
 */
bool claim_bears(const struct book *book, enum claim_kind kind, struct money more);
void claim_open(struct deciding *d, struct book *book, const char *ref, enum claim_kind kind, struct money amount);
void claim_set(struct deciding *d, struct book *book, struct claim *claim, enum claim_kind kind, struct money amount);

/* Active resources keep the reserve up; every release, also one first heard of as released, restarts its 24 hours. */
struct decision resource_put(struct deciding *d, struct book *book, const char *ref, const struct resource_ask *ask,
                             struct resource *earlier, struct resource **ret);
struct decision credit_record(struct deciding *d, struct book *book, const struct credit_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret);

/* A transfer and an allocation are the same movement of a parcel; the kind says which fund it becomes. The giver gives
 * of its own top-ups, oldest first, and other funds; never what it was given itself. An account is not its own
 * counterparty. */
struct decision parcel_send(struct deciding *d, enum parcel_kind kind, struct book *giver, struct book *receiver,
                            const char *ref, struct money amount, const uint8_t fingerprint[HASH_SHORT_BYTES],
                            struct parcel *earlier, struct parcel **ret);
/* Recall and reclaim: what is left (for an allocation, not more than allocated − used − invoiced) goes back to the lots
 * it came from. `topups[i]` belongs to `draws[i]` (NULL for pools). Nothing left is a conflict. */
struct decision parcel_take_back(struct deciding *d, struct book *giver, struct book *receiver, struct parcel *parcel,
                                 struct draw **draws, size_t draws_count, struct topup **topups);
struct decision allocation_invoiced(struct deciding *d, struct book *giver, struct parcel *parcel,
                                    const struct invoiced_ask *ask);

/* What the fact modules share. The verdict on a fact whose ref is known: the same body is stored, another is refused.
 */
struct decision fact_repeated(const uint8_t stored[HASH_SHORT_BYTES], const uint8_t fingerprint[HASH_SHORT_BYTES]);
struct decision fact_insufficient(struct money requested, struct money available);
bool fact_in_future(const struct deciding *d, struct instant at);
struct fact *fact_new(struct deciding *d, const struct account *account, enum fact_kind kind, const char *ref,
                      struct money amount, const uint8_t fingerprint[HASH_SHORT_BYTES]);
/* The thin event of a fact: account, id, ref and amount; no personal data. */
void fact_event(struct deciding *d, const struct account *account, const char *type, const char *prefix, int64_t id,
                const char *ref, struct money amount);
static inline bool money_fits(struct money total, struct money more, int64_t most_minor)
{
    return total.minor <= most_minor - more.minor;
}

#endif
