/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <sqlite3.h>

#include "fuzz.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

struct piece {
    _Alignas(16) int size;
};

static void *piece_malloc(int size)
{
    struct piece *piece = __libc_malloc(sizeof *piece + (size_t)size);

    if (piece == NULL)
        return NULL;
    piece->size = size;
    return piece + 1;
}

static void piece_free(void *memory)
{
    if (memory != NULL)
        __libc_free((struct piece *)memory - 1);
}

static void *piece_realloc(void *memory, int size)
{
    struct piece *piece = __libc_realloc((struct piece *)memory - 1, sizeof *piece + (size_t)size);

    if (piece == NULL)
        return NULL;
    piece->size = size;
    return piece + 1;
}

static int piece_size(void *memory)
{
    return memory != NULL ? ((struct piece *)memory - 1)->size : 0;
}

static int piece_round(int size)
{
    return (size + 15) & ~15;
}

static int piece_init(void *context UNUSED)
{
    return SQLITE_OK;
}

static void piece_shutdown(void *context UNUSED)
{
}

void memory_choose(void)
{
    static const sqlite3_mem_methods methods = {piece_malloc, piece_free, piece_realloc,  piece_size,
                                                piece_round,  piece_init, piece_shutdown, NULL};

    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
}
