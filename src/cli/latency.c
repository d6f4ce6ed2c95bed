/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/latency.h"

/* Values below twice the steps have a bucket each; above, the position of the highest bit says how wide buckets are. */
static size_t bucket_of(int64_t value)
{
    uint64_t bits = value > 0 ? (uint64_t)value : 0;
    unsigned shift = 0;

    while ((bits >> shift) >= 2 * LATENCY_STEPS)
        shift++;
    return (size_t)shift * LATENCY_STEPS + (size_t)(bits >> shift);
}

static int64_t bucket_end(size_t bucket)
{
    size_t shift = bucket < 2 * LATENCY_STEPS ? 0 : bucket / LATENCY_STEPS - 1;

    return (int64_t)((((uint64_t)(bucket - shift * LATENCY_STEPS) + 1) << shift) - 1);
}

void latencies_add(struct latencies *latencies, int64_t took_us)
{
    latencies->counts[bucket_of(took_us)]++;
    latencies->count++;
    if (took_us > latencies->greatest_us)
        latencies->greatest_us = took_us;
}

int64_t latencies_at(const struct latencies *latencies, int64_t per_10000)
{
    int64_t seen = 0, wanted = (latencies->count * per_10000 + 9999) / 10000;

    for (size_t bucket = 0; bucket < LATENCY_BUCKETS && wanted > 0; bucket++) {
        seen += latencies->counts[bucket];
        if (seen >= wanted)
            return bucket_end(bucket) < latencies->greatest_us ? bucket_end(bucket) : latencies->greatest_us;
    }
    return 0;
}
