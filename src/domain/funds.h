/* SPDX-License-Identifier: Apache-2.0 */
/* Billing facts: what the operator's billing system tells Ebb about an account, and what each does to the books.
 *
 * Every fact has the caller's `ref`, unique per account and kind for ever: the same body again is VERDICT_STORED, another
 * body is ref_reused (409). Money on hold is never used up. `earlier` is the stored fact of that ref, or NULL. The caller
 * (engine/) loads; these functions decide. Out-parameters get the stored or new row. */
#ifndef EBB_DOMAIN_FUNDS_H
#define EBB_DOMAIN_FUNDS_H

#include "domain/ledger.h"

/* Both books are the same pointer when an account is its own counterparty: refused. */
struct decision account_put(struct deciding *d, struct book *book /* account NULL: new */, const char *ref,
                            const struct account_ask *ask, struct subject *old_subject, struct subject *new_subject,
                            const uint8_t subject_id[HASH_SHORT_BYTES]);
struct decision topup_record(struct deciding *d, struct book *book, const struct topup_ask *ask,
                             const uint8_t fingerprint[HASH_SHORT_BYTES], struct topup *earlier, struct topup **ret);
struct decision charge_record(struct deciding *d, struct book *book, const struct charge_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret);
struct decision charge_reverse(struct deciding *d, struct book *book, struct fact *charge, struct draw **draws,
                               size_t draws_count, struct topup **topups, struct parcel **parcels);
struct decision chargeback_record(struct deciding *d, struct book *book, struct topup *topup,
                                  const struct chargeback_ask *ask, const uint8_t fingerprint[HASH_SHORT_BYTES],
                                  struct fact *earlier, struct fact **ret);
struct decision claim_put(struct deciding *d, struct book *book, const char *ref, const struct claim_ask *ask,
                          struct claim *earlier, struct claim **ret);
struct decision resource_put(struct deciding *d, struct book *book, const char *ref, const struct resource_ask *ask,
                             struct resource *earlier, struct resource **ret);
struct decision credit_record(struct deciding *d, struct book *book, const struct credit_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret);
/* A transfer and an allocation are the same movement of a parcel; the kind says which fund it becomes. */
struct decision parcel_send(struct deciding *d, enum parcel_kind kind, struct book *giver, struct book *receiver,
                            const char *ref, struct money amount, const uint8_t fingerprint[HASH_SHORT_BYTES],
                            struct parcel *earlier, struct parcel **ret);
/* Recall and reclaim: what is left (for an allocation, not more than allocated − used − invoiced) goes back to the lots it
 * came from. `topups[i]` belongs to `draws[i]` (NULL for pools). */
struct decision parcel_take_back(struct deciding *d, struct book *giver, struct book *receiver, struct parcel *parcel,
                                 struct draw **draws, size_t draws_count, struct topup **topups);
struct decision allocation_invoiced(struct deciding *d, struct book *giver, struct parcel *parcel,
                                    const struct invoiced_ask *ask);

#endif
