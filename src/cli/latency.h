/* SPDX-License-Identifier: Apache-2.0 */
/* How long many things took: counts in buckets that are never wider than a thirty-second of their value, so that
 * percentiles of any number of samples cost a fixed 15 kB. Values are microseconds. */
#ifndef EBB_CLI_LATENCY_H
#define EBB_CLI_LATENCY_H

#include "base/err.h"

#define LATENCY_STEPS 32 /* buckets a doubling */
#define LATENCY_BUCKETS (LATENCY_STEPS * 59)

struct latencies {
    int64_t counts[LATENCY_BUCKETS];
    int64_t count, greatest_us;
};

void latencies_add(struct latencies *latencies, int64_t took_us);
/* The upper end of the bucket below which `per_10000` of the samples lie; 0 when there is none. */
int64_t latencies_at(const struct latencies *latencies, int64_t per_10000);

#endif
