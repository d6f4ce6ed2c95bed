/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes from a seeded stream (ChaCha20 through libsodium).
 *
 * The server seeds it once from the kernel, the simulator from a number: after that both are the same code, so one seed
 * replays one history. */
#ifndef EBB_BASE_RANDOM_H
#define EBB_BASE_RANDOM_H

#include "base/err.h"

struct random {
    uint8_t key[32];
    uint64_t counter;
};

void random_init_seed(struct random *random, uint64_t seed);
void random_init_system(struct random *random);
void random_fill(struct random *random, void *ret, size_t size);
/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint32_t random_below(struct random *random, uint32_t bound);

#endif
