/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's clock outlives the process: how far it was moved stands in DIR/demo-clock, so that a server that was
 * killed in the middle goes on at the moment where it stopped, and what it knows of waiting times stays true. */
#ifndef EBB_HTTP_DEMO_TIME_H
#define EBB_HTTP_DEMO_TIME_H

#include "engine/world.h"

/* Leaves the clock alone where nothing was kept, or nothing readable. */
void demo_time_resume(const char *directory, struct system_clock *clock);
/* False when it could not be written; the clock of this process is right all the same. */
bool demo_time_keep(const char *directory, int64_t offset_ms);

#endif
