/* SPDX-License-Identifier: Apache-2.0 */
/* Sample customers for the demo, made through the engine's own commands, once per directory. A policy that the server
 * does not run has no samples. */
#ifndef EBB_HTTP_DEMO_SEED_H
#define EBB_HTTP_DEMO_SEED_H

#include "engine/engine.h"

struct payout;

/* Does nothing where the samples are already there. `unknown`: also the payment whose outcome no channel tells, which
 * keeps an attempt open. `reader` reads the same directory; the first of `channels`
 * takes the script of all. */
MUST_USE enum err demo_seed(struct engine *engine, const struct policies *policies, const struct channels *channels,
                            struct payout *payout, struct store *reader, bool unknown, char ret_reason[256]);

#endif
