/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/generation.h"

#include <stdatomic.h>

uint64_t generations_of(const struct generations *generations, int shard)
{
    INVARIANT(84, shard >= 0 && shard < ID_SHARD_COUNT);
    return atomic_load(&generations->counts[shard]);
}

/* A quote is made of the account and its live top-ups: a change of either counts. */
void shards_note(struct shards *shards, const struct changes *changes)
{
    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        if (row->table == &account_table)
            shards->in[id_shard(((const struct account *)row)->id)] = true;
        else if (row->table == &topup_table)
            shards->in[id_shard(((const struct topup *)row)->account)] = true;
    }
}

void generations_raise(struct generations *generations, const struct shards *shards)
{
    for (int shard = 0; shard < ID_SHARD_COUNT; shard++)
        if (shards->in[shard])
            atomic_fetch_add(&generations->counts[shard], 1);
}

void generations_raise_all(struct generations *generations)
{
    for (int shard = 0; shard < ID_SHARD_COUNT; shard++)
        atomic_fetch_add(&generations->counts[shard], 1);
}
