/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include "base/err.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STEP_BYTES 32 /* sizes of small blocks differ by so much */
#define STEPS_MAX 160 /* up to 5 KB: a page and its header are one */
#define REGION_BYTES ((size_t)16 << 20)

/* Stands before each block; keeps it aligned to 16. */
struct head {
    size_t bytes; /* of the block */
    struct head *next;
};

static struct head *spare[STEPS_MAX + 1];
static char *region;
static size_t left;

static int rounded(int bytes)
{
    return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
}

static bool is_small(size_t bytes)
{
    return bytes <= (size_t)STEPS_MAX * STEP_BYTES;
}

static struct head *carve(size_t bytes)
{
    size_t whole = sizeof(struct head) + bytes;

    if (left < whole) {
        region = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        left = region == MAP_FAILED ? 0 : REGION_BYTES;
    }
    if (left < whole)
        return NULL;
    struct head *head = (struct head *)region;
    region += whole;
    left -= whole;
    return head;
}

static void *heap_take(int count)
{
    size_t bytes = (size_t)rounded(count);
    struct head *head;

    if (!is_small(bytes))
        head = malloc(sizeof *head + bytes);
    else if ((head = spare[bytes / STEP_BYTES]) != NULL)
        spare[bytes / STEP_BYTES] = head->next;
    else
        head = carve(bytes);
    if (head == NULL)
        return NULL;
    head->bytes = bytes;
    return head + 1;
}

static struct head *head_of(void *block)
{
    return (struct head *)block - 1;
}

static void heap_give_back(void *block)
{
    struct head *head = head_of(block);

    if (!is_small(head->bytes)) {
        free(head);
        return;
    }
    head->next = spare[head->bytes / STEP_BYTES];
    spare[head->bytes / STEP_BYTES] = head;
}

static int heap_size(void *block)
{
    return block != NULL ? (int)head_of(block)->bytes : 0;
}

static void *heap_resize(void *block, int count)
{
    size_t before = head_of(block)->bytes;
    void *moved;

    if ((size_t)rounded(count) == before)
        return block;
    moved = heap_take(count);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, before < (size_t)count ? before : (size_t)count);
    heap_give_back(block);
    return moved;
}

static int heap_begin(void *context UNUSED)
{
    return SQLITE_OK;
}

static void heap_end(void *context UNUSED)
{
}

void heap_install(void)
{
    static const sqlite3_mem_methods methods = {.xMalloc = heap_take,
                                                .xFree = heap_give_back,
                                                .xRealloc = heap_resize,
                                                .xSize = heap_size,
                                                .xRoundup = rounded,
                                                .xInit = heap_begin,
                                                .xShutdown = heap_end};

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
}
