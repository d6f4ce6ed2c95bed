/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/world.h"

#include <stdatomic.h>
#include <time.h>

struct instant system_clock_now(void *clock)
{
    struct system_clock *system = clock;
    struct timespec now;

    INVARIANT(45, clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (struct instant){(int64_t)now.tv_sec * MS_SECOND + now.tv_nsec / 1000000 + atomic_load(&system->offset_ms)};
}

int64_t monotonic_us(void)
{
    struct timespec now;

    INVARIANT(45, clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
