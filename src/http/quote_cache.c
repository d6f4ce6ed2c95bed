/* SPDX-License-Identifier: Apache-2.0 */
#include "http/quote_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 8 /* places that an account may take: of a thousand accounts, few are without one */
#define SETS (QUOTE_CACHE_SLOTS / WAYS)
#define AT_MEMBER "\"at\":\""

struct slot {
    char ref[REF_BYTES], master[REF_BYTES];
    uint64_t generation;
    struct instant from, until;
    char *text;                    /* NULL: empty */
    size_t size, at_begin, at_end; /* where the moment stands in it */
};

struct set {
    pthread_mutex_t lock;
    struct slot slots[WAYS];
    size_t next; /* gives way when all are taken */
};

struct quote_cache {
    struct set sets[SETS];
};

struct quote_cache *quote_cache_new(void)
{
    struct quote_cache *cache = calloc(1, sizeof(*cache));

    for (size_t i = 0; cache != NULL && i < SETS; i++)
        pthread_mutex_init(&cache->sets[i].lock, NULL);
    return cache;
}

void quote_cache_free(struct quote_cache **cache)
{
    if (*cache == NULL)
        return;
    for (size_t i = 0; i < SETS; i++) {
        for (size_t way = 0; way < WAYS; way++)
            free((*cache)->sets[i].slots[way].text);
        pthread_mutex_destroy(&(*cache)->sets[i].lock);
    }
    free(*cache);
    *cache = NULL;
}

/* FNV-1a. Refs that meet in a set and are more than it has slots cost a quote made again, nothing else. */
static struct set *set_of(struct quote_cache *cache, const char *ref)
{
    uint32_t hash = 2166136261U;

    for (; *ref != '\0'; ref++)
        hash = (hash ^ (unsigned char)*ref) * 16777619U;
    return &cache->sets[(hash ^ hash >> 16) % SETS];
}

/* NULL: it has none. */
static struct slot *slot_of(struct set *set, const char *ref)
{
    for (size_t way = 0; way < WAYS; way++)
        if (set->slots[way].text != NULL && strcmp(set->slots[way].ref, ref) == 0)
            return &set->slots[way];
    return NULL;
}

static bool slot_is_true(const struct slot *slot, uint64_t generation, struct instant now)
{
    return slot->generation == generation && !instant_before(now, slot->from) && instant_before(now, slot->until);
}

bool quote_cache_get(struct quote_cache *cache, const char *ref, uint64_t generation, struct instant now,
                     char ret_master[REF_BYTES], struct out *out)
{
    struct set *set = set_of(cache, ref);
    char at[INSTANT_TEXT_BYTES];

    instant_format(now, at);
    pthread_mutex_lock(&set->lock);
    const struct slot *slot = slot_of(set, ref);
    bool found = slot != NULL && slot_is_true(slot, generation, now);

    if (found) {
        memcpy(ret_master, slot->master, REF_BYTES);
        out_bytes(out, slot->text, slot->at_begin);
        out_text(out, at);
        out_bytes(out, slot->text + slot->at_end, slot->size - slot->at_end);
    }
    pthread_mutex_unlock(&set->lock);
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
    struct set *set = set_of(cache, entry->ref);
    struct slot fresh = {.generation = entry->generation, .from = entry->from, .until = entry->until, .size = size};

    if (size > QUOTE_CACHE_TEXT_MAX || !moment_find(text, &fresh))
        return;
    strcpy(fresh.ref, entry->ref);
    strcpy(fresh.master, entry->master);
    fresh.text = strndup(text, size);
    pthread_mutex_lock(&set->lock);
    struct slot *slot = slot_of(set, entry->ref);

    if (slot == NULL)
        slot = &set->slots[set->next++ % WAYS];
    free(slot->text);
    *slot = fresh;
    pthread_mutex_unlock(&set->lock);
}
