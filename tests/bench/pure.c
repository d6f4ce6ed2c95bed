/* SPDX-License-Identifier: Apache-2.0 */
/* P4: quote and plan on one core, each policy for itself.
 *
 *   pure MILLISECONDS     one JSON line a policy: quotes with plans, and quotes alone, in a time of the processor */
#include <stdio.h>

#include "bench_house.h"
#include "pure_world.h"

#define ROUNDS 1000

static int64_t rate_of(struct pure_world *world, const struct policy *policy, bool plans, int64_t least_us)
{
    int64_t began_us = cpu_us(), took_us, rounds = 0;

    do {
        for (int i = 0; i < ROUNDS; i++) {
            pure_quote(world, policy);
            if (plans)
                pure_plan(world, policy);
        }
        rounds += ROUNDS;
        took_us = cpu_us() - began_us;
    } while (took_us < least_us);
    return rounds * 1000000 / took_us;
}

int main(int argc, char **argv)
{
    static struct pure_world world;

    if (argc != 2)
        die("usage: pure MILLISECONDS");
    pure_world_init(&world);
    for (size_t i = 0; i < PURE_POLICIES; i++) {
        const struct policy *policy = &world.policies[i];
        int64_t both = rate_of(&world, policy, true, number_of(argv[1]) * 1000);

        printf("{\"policy\":\"%s\",\"quote_and_plan\":%lld,\"quote\":%lld}\n", policy->name, (long long)both,
               (long long)rate_of(&world, policy, false, number_of(argv[1]) * 1000));
    }
    pure_world_fini(&world);
    return 0;
}
