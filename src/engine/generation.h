/* SPDX-License-Identifier: Apache-2.0 */
/* How often the accounts of each shard were changed: whoever keeps something it has read knows by it whether that still
 * holds. Raised after the commit and before the replies; readable from every thread. */
#ifndef EBB_ENGINE_GENERATION_H
#define EBB_ENGINE_GENERATION_H

#include "base/id.h"
#include "domain/rows.h"

struct generations {
    _Atomic uint64_t counts[ID_SHARD_COUNT];
};
struct shards {
    bool in[ID_SHARD_COUNT];
};

uint64_t generations_of(const struct generations *generations, int shard);
/* Adds the shards of the changed accounts; asked before the save, which forgets the list of rows. */
void shards_note(struct shards *shards, const struct changes *changes);
void generations_raise(struct generations *generations, const struct shards *shards);
void generations_raise_all(struct generations *generations);

#endif
