/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN 16
#define ARENA_CHUNK_BYTES ((size_t)64 << 10) /* the first; each new one is twice its neighbour, up to */
#define ARENA_CHUNK_BYTES_MAX ((size_t)4 << 20)
#define ARENA_TWICE_BYTES_MAX ((size_t)32 << 20)
#define ARENA_KEPT_BYTES ((size_t)32 << 20)

struct arena_chunk {
    struct arena_chunk *next;
    size_t capacity, used;
    _Alignas(ARENA_ALIGN) char data[];
};

void arena_init(struct arena *arena, size_t bytes_max)
{
    *arena = (struct arena){.bytes_max = bytes_max};
}

static void chunks_free(struct arena_chunk *chunk)
{
    while (chunk != NULL) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void arena_fini(struct arena *arena)
{
    chunks_free(arena->first);
    arena_init(arena, arena->bytes_max);
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *chunk = arena->first;
    size_t kept = 0;

    arena->current = arena->first;
    arena->bytes_used = 0;
    for (; chunk != NULL; chunk = chunk->next) {
        chunk->used = 0;
        kept += chunk->capacity;
        if (chunk->next != NULL && kept + chunk->next->capacity > ARENA_KEPT_BYTES)
            break;
    }
    if (chunk == NULL)
        return;
    chunks_free(chunk->next);
    chunk->next = NULL;
}

static bool size_round_up(size_t bytes, size_t *ret)
{
    size_t padded;

    if (__builtin_add_overflow(bytes, (size_t)(ARENA_ALIGN - 1), &padded))
        return false;
    *ret = padded & ~(size_t)(ARENA_ALIGN - 1);
    return true;
}

static bool chunk_fits(const struct arena_chunk *chunk, size_t bytes)
{
    return chunk != NULL && chunk->capacity - chunk->used >= bytes;
}

/* Who reserves much and uses little leaves most of a small chunk empty, and what is used lies on as many pages as there
 * are chunks: they grow. */
static size_t chunk_capacity(const struct arena_chunk *neighbour, size_t bytes)
{
    size_t capacity = neighbour == NULL ? ARENA_CHUNK_BYTES : 2 * neighbour->capacity;

    if (capacity > ARENA_CHUNK_BYTES_MAX)
        capacity = ARENA_CHUNK_BYTES_MAX;
    if (bytes > ARENA_TWICE_BYTES_MAX)
        return bytes;
    return 2 * bytes > capacity ? 2 * bytes : capacity; /* or the next reservation of that size needs a chunk again */
}

/* Makes a chunk current that has `bytes` free in one piece. Chunks behind the current one are empty. */
static bool chunk_ready(struct arena *arena, size_t bytes)
{
    struct arena_chunk *current = arena->current;

    if (chunk_fits(current, bytes))
        return true;
    if (current != NULL && chunk_fits(current->next, bytes)) {
        arena->current = current->next;
        return true;
    }
    size_t capacity = chunk_capacity(current, bytes);
    struct arena_chunk *chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL)
        return false;
    *chunk = (struct arena_chunk){.next = current == NULL ? NULL : current->next, .capacity = capacity};
    if (current == NULL)
        arena->first = chunk;
    else
        current->next = chunk;
    arena->current = chunk;
    return true;
}

bool arena_reserve(struct arena *arena, size_t bytes)
{
    size_t rounded;

    return size_round_up(bytes, &rounded) && rounded <= arena->bytes_max - arena->bytes_used &&
           chunk_ready(arena, rounded);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded;

    /* No bytes are a byte: every address handed out is different. */
    if (!size_round_up(bytes == 0 ? 1 : bytes, &rounded) || !arena_reserve(arena, rounded))
        return NULL;
    struct arena_chunk *chunk = arena->current;
    void *memory = chunk->data + chunk->used;
    chunk->used += rounded;
    arena->bytes_used += rounded;
    INVARIANT(2, chunk->used <= chunk->capacity && arena->bytes_used <= arena->bytes_max);
    return memset(memory, 0, rounded);
}

void *arena_must(struct arena *arena, size_t bytes)
{
    void *memory = arena_alloc(arena, bytes);

    INVARIANT(2, memory != NULL);
    return memory;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t bytes_count)
{
    void *copy = arena_alloc(arena, bytes_count);

    if (copy != NULL && bytes_count > 0)
        memcpy(copy, bytes, bytes_count);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    INVARIANT(2, size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    if (text == NULL)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return text;
}
