/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/step.h"

/* Look-ups depend on each other at most so deep: a ref, its account, a fact, its draws, their top-ups. (A command that
 * runs alone may name a thousand of them, one after the other; it reads for itself.) */
#define GATHER_ROUNDS_MAX 12

/* One round of looking: who missed something looks again in the next. Nothing is read while gathering; a fault here is
 * want of memory, and meets the decision again. */
static void look(struct engine *engine, struct work *works, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct step step = engine_step(engine, works[i].command, NULL);

        if (works[i].gathered)
            continue;
        step.batch->guessed = false;
        works[i].gathered = process_gather(&step) == ERR_NONE && !step.batch->guessed;
    }
}

enum err gather(struct engine *engine, struct batch *batch, struct work *works, size_t count)
{
    enum err err = ERR_NONE;

    batch->gathering = true;
    look(engine, works, count);
    /* Deeper than the deepest no look-up goes; what one did not gather it would read by itself. */
    for (int round = 1; err == ERR_NONE && batch->wants_count > 0 && ALWAYS(round < GATHER_ROUNDS_MAX); round++) {
        err = batch_fetch(batch);
        if (err == ERR_NONE)
            look(engine, works, count);
    }
    batch->gathering = false;
    return err;
}
