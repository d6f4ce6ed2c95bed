/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "disk_parts.h"

#define LANES 8
#define LANE_BYTES (LANES * sizeof(uint64_t))
#define WAL_INDEX_HEADER_BYTES 48 /* the head of the shared index: salts, checksum, last frame of the last commit */

/* Words go to the lanes in turn, so that a processor works on several at a time; each step can be undone, so that one
 * word that differs is never lost. */
struct lanes {
    uint64_t at[LANES];
};

static uint64_t step(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return lane ^ lane >> 29;
}

static void add(struct lanes *lanes, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    struct lanes local = *lanes;
    uint64_t words[LANES];

    for (; size >= LANE_BYTES; bytes += LANE_BYTES, size -= LANE_BYTES) {
        memcpy(words, bytes, LANE_BYTES);
#pragma GCC unroll 8
        for (size_t i = 0; i < LANES; i++)
            local.at[i] = step(local.at[i], words[i]);
    }
    memset(words, 0, sizeof words);
    if (size > 0)
        memcpy(words, bytes, size);
    for (size_t i = 0; i < LANES; i++)
        local.at[i] = step(local.at[i], words[i]);
    *lanes = local;
}

static struct image_key finish(const struct lanes *lanes)
{
    struct image_key key = {{0x243F6A8885A308D3, 0x13198A2E03707344}};

    for (size_t i = 0; i < LANES; i++) {
        key.words[0] = step(key.words[0], lanes->at[i]);
        key.words[1] = step(key.words[1], lanes->at[LANES - 1 - i] + i);
    }
    return key;
}

static struct image_key key_of(const struct disk *disk, const char *stem, bool running)
{
    size_t stem_size = strlen(stem);
    struct lanes lanes = {{1, 2, 3, 4, 5, 6, 7, 8}};

    for (size_t i = 0; i < disk->names_count; i++) {
        const struct disk_name *name = &disk->names[i];
        uint64_t head[2];

        if (name->now == NULL || strncmp(name->path, stem, stem_size) != 0)
            continue;
        head[0] = name->now->directory;
        head[1] = name->now->now_size;
        add(&lanes, name->path + stem_size, strlen(name->path + stem_size));
        add(&lanes, head, sizeof head);
        add(&lanes, name->now->now, name->now->now_size);
        if (running && name->shm[0] != NULL)
            add(&lanes, name->shm[0], WAL_INDEX_HEADER_BYTES);
    }
    return finish(&lanes);
}

struct image_key image_key(const struct disk *disk, const char *stem)
{
    return key_of(disk, stem, false);
}

struct image_key image_key_running(const struct disk *disk, const char *stem)
{
    return image_key_for(key_of(disk, stem, true), 1);
}

struct image_key image_key_for(struct image_key key, uint64_t purpose)
{
    key.words[1] = step(key.words[1], ~purpose);
    return key;
}

/* ---- what was found ---- */

/* Where the key stands, or the free place where it would. */
static struct image_found *slot_of(const struct image_memo *memo, struct image_key key)
{
    size_t at = (size_t)key.words[0] & (memo->capacity - 1);

    while (memo->slots[at].key.words[0] != 0 && memcmp(&memo->slots[at].key, &key, sizeof key) != 0)
        at = (at + 1) & (memo->capacity - 1);
    return &memo->slots[at];
}

bool image_memo_find(const struct image_memo *memo, struct image_key key, uint64_t *ret)
{
    const struct image_found *slot = memo->capacity > 0 ? slot_of(memo, key) : NULL;

    if (slot == NULL || slot->key.words[0] == 0)
        return false;
    *ret = slot->value;
    return true;
}

static void grow(struct image_memo *memo)
{
    struct image_memo grown = {.count = memo->count, .capacity = memo->capacity == 0 ? 1024 : 2 * memo->capacity};

    grown.slots = disk_memory(grown.capacity * sizeof *grown.slots);
    for (size_t i = 0; i < memo->capacity; i++)
        if (memo->slots[i].key.words[0] != 0)
            *slot_of(&grown, memo->slots[i].key) = memo->slots[i];
    free(memo->slots);
    *memo = grown;
}

void image_memo_put(struct image_memo *memo, struct image_key key, uint64_t value)
{
    if (2 * (memo->count + 1) > memo->capacity)
        grow(memo);
    struct image_found *slot = slot_of(memo, key);
    memo->count += slot->key.words[0] == 0;
    *slot = (struct image_found){key, value};
}

void image_memo_fini(struct image_memo *memo)
{
    free(memo->slots);
    *memo = (struct image_memo){0};
}
