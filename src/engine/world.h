/* SPDX-License-Identifier: Apache-2.0 */
/* The seams: everything that makes two runs differ comes in here. One seed and one world replay one history. */
#ifndef EBB_ENGINE_WORLD_H
#define EBB_ENGINE_WORLD_H

#include "base/id.h"
#include "base/random.h"

struct world {
    struct instant (*now)(void *context); /* thread-safe */
    void *context;
    struct random random; /* the engine thread's own */
};

/* The system's clock plus an offset that only the demo moves (atomic). */
struct system_clock {
    _Atomic int64_t offset_ms;
};
struct instant system_clock_now(void *clock);

/* Microseconds of a clock that only goes forward and says nothing of the date: for how long something took. */
int64_t monotonic_us(void);

#endif
