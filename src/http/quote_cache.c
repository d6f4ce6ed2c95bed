/* SPDX-License-Identifier: Apache-2.0 */
#include "http/quote_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LOCKS 64
#define AT_MEMBER "\"at\":\""

struct slot {
    char ref[REF_BYTES], master[REF_BYTES];
    uint64_t generation;
    struct instant from, until;
    char *text;                    /* NULL: empty */
    size_t size, at_begin, at_end; /* where the moment stands in it */
};

struct quote_cache {
    pthread_mutex_t locks[LOCKS];
    struct slot slots[QUOTE_CACHE_SLOTS];
};

struct quote_cache *quote_cache_new(void)
{
    struct quote_cache *cache = calloc(1, sizeof(*cache));

    for (size_t i = 0; cache != NULL && i < LOCKS; i++)
        pthread_mutex_init(&cache->locks[i], NULL);
    return cache;
}

void quote_cache_free(struct quote_cache **cache)
{
    if (*cache == NULL)
        return;
    for (size_t i = 0; i < QUOTE_CACHE_SLOTS; i++)
        free((*cache)->slots[i].text);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&(*cache)->locks[i]);
    free(*cache);
    *cache = NULL;
}

/* FNV-1a: two refs that meet in a slot cost a quote made again, nothing else. */
static size_t slot_of(const char *ref)
{
    uint32_t hash = 2166136261U;

    for (; *ref != '\0'; ref++)
        hash = (hash ^ (unsigned char)*ref) * 16777619U;
    return (hash ^ hash >> 16) % QUOTE_CACHE_SLOTS;
}

static bool slot_is_true(const struct slot *slot, const char *ref, uint64_t generation, struct instant now)
{
    return slot->text != NULL && slot->generation == generation && !instant_before(now, slot->from) &&
           instant_before(now, slot->until) && strcmp(slot->ref, ref) == 0;
}

bool quote_cache_get(struct quote_cache *cache, const char *ref, uint64_t generation, struct instant now,
                     char ret_master[REF_BYTES], struct out *out)
{
    size_t index = slot_of(ref);
    const struct slot *slot = &cache->slots[index];
    pthread_mutex_t *lock = &cache->locks[index % LOCKS];
    char at[INSTANT_TEXT_BYTES];
    bool found;

    instant_format(now, at);
    pthread_mutex_lock(lock);
    found = slot_is_true(slot, ref, generation, now);
    if (found) {
        memcpy(ret_master, slot->master, REF_BYTES);
        out_bytes(out, slot->text, slot->at_begin);
        out_text(out, at);
        out_bytes(out, slot->text + slot->at_end, slot->size - slot->at_end);
    }
    pthread_mutex_unlock(lock);
    return found;
}

static bool moment_find(const char *text, struct slot *ret)
{
    const char *member = strstr(text, AT_MEMBER);

    if (member == NULL)
        return false;
    ret->at_begin = (size_t)(member - text) + strlen(AT_MEMBER);
    ret->at_end = ret->at_begin + strcspn(text + ret->at_begin, "\"");
    return true;
}

void quote_cache_put(struct quote_cache *cache, const struct quote_entry *entry, const char *text, size_t size)
{
    size_t index = slot_of(entry->ref);
    pthread_mutex_t *lock = &cache->locks[index % LOCKS];
    struct slot fresh = {.generation = entry->generation, .from = entry->from, .until = entry->until, .size = size};

    if (size > QUOTE_CACHE_TEXT_MAX || !moment_find(text, &fresh))
        return;
    strcpy(fresh.ref, entry->ref);
    strcpy(fresh.master, entry->master);
    fresh.text = strndup(text, size);
    pthread_mutex_lock(lock);
    free(cache->slots[index].text);
    cache->slots[index] = fresh;
    pthread_mutex_unlock(lock);
}
