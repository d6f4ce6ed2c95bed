/* SPDX-License-Identifier: Apache-2.0 */
#include "access/throttle.h"

#include "base/hash.h"

#include <string.h>

#define PROBES 8

enum scope { SCOPE_PAIR, SCOPE_ADDRESS, SCOPE_NAME, SCOPE__COUNT };

/* So many wrong tries are free; then the wait doubles from `first_ms` to `most_ms`; all is forgotten `memory_ms` after
 * the last one. */
static const struct {
    int32_t free;
    int64_t first_ms, most_ms, memory_ms;
} limits[SCOPE__COUNT] = {
    [SCOPE_PAIR] = {4, MS_SECOND, 15 * MS_MINUTE, MS_HOUR},
    [SCOPE_ADDRESS] = {30, MS_SECOND, 15 * MS_MINUTE, MS_HOUR},
    [SCOPE_NAME] = {100, MS_SECOND, MS_MINUTE, MS_DAY},
};

static uint64_t key_of(enum scope scope, const char *name, const char *address)
{
    const char kind[2] = {(char)('0' + scope), '\0'};
    const struct bytes parts[] = {bytes_of_text(kind), bytes_of_text(scope == SCOPE_ADDRESS ? "" : name),
                                  bytes_of_text(scope == SCOPE_NAME ? "" : address)};
    uint8_t hash[HASH_SHORT_BYTES];
    uint64_t key;

    hash_parts("throttle", NULL, parts, ARRAY_COUNT(parts), hash, sizeof hash);
    memcpy(&key, hash, sizeof key);
    return key | 1;
}

/* The key's slot, or the one that it may have: a free one, else the one that was quiet longest. */
static struct throttle_slot *slot_of(struct throttle *throttle, uint64_t key)
{
    struct throttle_slot *oldest = NULL;

    for (uint64_t i = 0; i < PROBES; i++) {
        struct throttle_slot *slot = &throttle->slots[((key >> 1) + i) % THROTTLE_SLOTS];

        if (slot->key == key)
            return slot;
        if (oldest == NULL || instant_before(slot->last, oldest->last))
            oldest = slot;
    }
    return oldest;
}

static struct throttle_slot *slot_find(struct throttle *throttle, enum scope scope, const char *name,
                                       const char *address, struct instant now)
{
    uint64_t key = key_of(scope, name, address);
    struct throttle_slot *slot = slot_of(throttle, key);

    if (slot->key != key)
        return NULL;
    if (now.ms - slot->last.ms >= limits[scope].memory_ms) {
        slot->wrong = 0;
        slot->until = INSTANT_NONE;
    }
    return slot;
}

int64_t throttle_wait_ms(struct throttle *throttle, const char *name, const char *address, struct instant now)
{
    int64_t wait_ms = 0;
    bool known = false;

    for (enum scope scope = SCOPE_PAIR; scope < SCOPE__COUNT; scope++) {
        const struct throttle_slot *slot = slot_find(throttle, scope, name, address, now);

        if (slot == NULL || (scope != SCOPE_PAIR && known))
            continue;
        known = known || (scope == SCOPE_PAIR && slot->known);
        if (slot->until.ms - now.ms > wait_ms)
            wait_ms = slot->until.ms - now.ms;
    }
    return wait_ms;
}

static void slot_wrong(struct throttle_slot *slot, enum scope scope, struct instant now)
{
    int64_t wait_ms = limits[scope].first_ms;

    slot->last = now;
    slot->wrong++;
    if (slot->wrong <= limits[scope].free)
        return;
    for (int32_t i = limits[scope].free + 1; i < slot->wrong && wait_ms < limits[scope].most_ms; i++)
        wait_ms *= 2;
    slot->until = instant_add_ms(now, wait_ms < limits[scope].most_ms ? wait_ms : limits[scope].most_ms);
}

static struct throttle_slot *slot_take(struct throttle *throttle, enum scope scope, const char *name,
                                       const char *address, struct instant now)
{
    struct throttle_slot *slot = slot_find(throttle, scope, name, address, now);

    if (slot != NULL)
        return slot;
    uint64_t key = key_of(scope, name, address);
    slot = slot_of(throttle, key);
    *slot = (struct throttle_slot){.key = key};
    return slot;
}

void throttle_wrong(struct throttle *throttle, const char *name, const char *address, struct instant now)
{
    for (enum scope scope = SCOPE_PAIR; scope < SCOPE__COUNT; scope++)
        slot_wrong(slot_take(throttle, scope, name, address, now), scope, now);
}

/* The address keeps its count: whoever has an account of its own could wipe it away. */
void throttle_right(struct throttle *throttle, const char *name, const char *address, struct instant now)
{
    struct throttle_slot *pair = slot_take(throttle, SCOPE_PAIR, name, address, now);

    *pair = (struct throttle_slot){.key = pair->key, .known = true, .last = now};
}
