/* SPDX-License-Identifier: Apache-2.0 */
/* What a batch wants done outside once it is committed: calls to channels and a next tick. Knows nothing of the store.
 */
#ifndef EBB_ENGINE_OUTCOME_H
#define EBB_ENGINE_OUTCOME_H

#include "engine/step.h"

struct outcome {
    struct effect *effects, **effects_last;
    struct instant next;             /* the earliest tick that a withdrawal of this batch wants */
    const struct quarantine *turned; /* a quarantine that began or ended in this batch; NULL */
};

void outcome_init(struct outcome *outcome);
void outcome_add(struct outcome *outcome, const struct step *step);
/* The batch was not committed: nothing of it is done. */
void outcome_free(struct outcome *outcome);
/* Is there a payment to send, not only a question? */
bool outcome_sends(const struct outcome *outcome);
/* The payments are not sent: they stay intents, and the janitor asks about them. */
void outcome_withhold(struct outcome *outcome);
/* Hands the calls over; they are the receiver's from then on. */
void outcome_send(const struct engine_config *config, struct outcome *outcome);

#endif
