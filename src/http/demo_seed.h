/* SPDX-License-Identifier: Apache-2.0 */
/* Sample customers for the demo, made through the engine's own commands, once per directory. A policy that the server
 * does not run has no samples. */
#ifndef EBB_HTTP_DEMO_SEED_H
#define EBB_HTTP_DEMO_SEED_H

#include "engine/engine.h"

/* Does nothing where the samples are already there. `reader` reads the same directory. */
MUST_USE enum err demo_seed(struct engine *engine, const struct policies *policies, struct store *reader,
                            char ret_reason[256]);

#endif
