/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for one batch: handed out in order, given back all at once, with a fixed limit.
 *
 * `arena_alloc` returns zeroed, 16-byte aligned memory, or NULL when the limit or the machine is exhausted; callers
 * that run before a decision turn that into ERR_RETRY. A decision must not fail for want of memory, so the engine calls
 * `arena_reserve` first and `arena_must` then cannot fail (INVARIANT 2). Sizes count rounded up to 16. */
#ifndef EBB_BASE_ARENA_H
#define EBB_BASE_ARENA_H

#include "base/err.h"

struct arena_chunk;
struct arena {
    struct arena_chunk *first, *current;
    size_t bytes_used, bytes_max;
};

void arena_init(struct arena *arena, size_t bytes_max);
void arena_fini(struct arena *arena);
/* Forgets everything. Keeps chunks for the next batch, at most 32 MiB of them and the first. */
void arena_reset(struct arena *arena);
MUST_USE void *arena_alloc(struct arena *arena, size_t bytes);
MUST_USE bool arena_reserve(struct arena *arena, size_t bytes);
void *arena_must(struct arena *arena, size_t bytes);
/* Copies of NUL-terminated text and of bytes; NULL when exhausted. */
MUST_USE char *arena_text(struct arena *arena, const char *text);
MUST_USE void *arena_copy(struct arena *arena, const void *bytes, size_t bytes_count);
char *arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_MUST(arena, type) ((type *)arena_must((arena), sizeof(type)))

#endif
