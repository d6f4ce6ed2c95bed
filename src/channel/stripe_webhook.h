/* SPDX-License-Identifier: Apache-2.0 */
/* Stripe's webhooks: the signature over time and body, and what an event says of a refund. */
#ifndef EBB_CHANNEL_STRIPE_WEBHOOK_H
#define EBB_CHANNEL_STRIPE_WEBHOOK_H

#include "channel/leaf.h"
#include "channel/secret.h"

#define STRIPE_TOLERANCE_MS (300 * MS_SECOND) /* docs.stripe.com/webhooks/signature */

/* Any of the secrets may have signed it: there are two while one is replaced. False: `ret_reason`. */
MUST_USE bool stripe_webhook_verify(const struct channel_notice *notice, const struct secret *secrets, size_t count,
                                    char ret_reason[201]);
/* Of a verified one. */
enum channel_heard stripe_webhook_read(const struct channel_notice *notice, struct channel_answer *ret,
                                       char ret_reason[201]);

/* stripe.c: our key in a refund object (NULL: not one of ours), and what the object proves of answer->key. */
const char *stripe_refund_key(const json_t *refund);
MUST_USE bool stripe_refund_read(const json_t *refund, struct channel_answer *answer);

#endif
