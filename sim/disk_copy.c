/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "disk_parts.h"

/* Which inode of the copy is which of the original. */
struct twins {
    struct twin {
        const struct inode *from;
        struct inode *to;
    } * items;
    size_t count, capacity;
};

static void bytes_copy(uint8_t **to, size_t *to_capacity, const uint8_t *from, size_t size)
{
    bytes_reserve(to, to_capacity, size > 0 ? size : 1);
    if (size > 0)
        memcpy(*to, from, size);
}

static struct inode *inode_copy(struct disk *to, const struct inode *from)
{
    struct inode *inode = inode_new(to);

    bytes_copy(&inode->now, &inode->now_capacity, from->now, from->now_size);
    if (inode_is_apart(from))
        bytes_copy(&inode->durable, &inode->durable_capacity, from->durable, from->durable_size);
    inode->directory = from->directory;
    inode->now_size = from->now_size;
    inode->durable_size = from->durable_size;
    inode->pending_low = from->pending_low;
    inode->pending_high = from->pending_high;
    return inode;
}

/* Copied when it is first asked for: what no name and no change leads to stays behind. */
static struct inode *twin_of(struct disk *to, struct twins *twins, const struct inode *from)
{
    if (from == NULL)
        return NULL;
    for (size_t i = 0; i < twins->count; i++)
        if (twins->items[i].from == from)
            return twins->items[i].to;
    if (twins->count == twins->capacity) {
        twins->capacity = twins->capacity == 0 ? 16 : 2 * twins->capacity;
        twins->items = disk_must(twins->items, twins->capacity * sizeof *twins->items);
    }
    twins->items[twins->count] = (struct twin){from, inode_copy(to, from)};
    return twins->items[twins->count++].to;
}

static void names_copy(struct disk *to, struct twins *twins, const struct disk *from)
{
    for (size_t i = 0; i < from->names_count; i++) {
        struct disk_name *name = &to->names[i];

        memset(name, 0, sizeof *name);
        memcpy(name->path, from->names[i].path, sizeof name->path);
        name->now = twin_of(to, twins, from->names[i].now);
        name->durable = twin_of(to, twins, from->names[i].durable);
    }
    to->names_count = from->names_count;
}

static void changes_copy(struct disk *to, struct twins *twins, const struct disk *from)
{
    if (from->changes_count == 0)
        return;
    to->changes = disk_must(NULL, from->changes_capacity * sizeof *to->changes);
    to->changes_capacity = from->changes_capacity;
    to->changes_count = from->changes_count;
    for (size_t i = 0; i < from->changes_count; i++) {
        const struct name_change *change = &from->changes[i];

        to->changes[i] = (struct name_change){
            .to = &to->names[change->to - from->names],
            .from = change->from != NULL ? &to->names[change->from - from->names] : NULL,
            .inode = twin_of(to, twins, change->inode),
        };
    }
}

static void pending_copy(struct disk *to, struct twins *twins, const struct pending *from)
{
    struct pending *pending = disk_must(NULL, sizeof *pending + from->covered);

    memcpy(pending, from, sizeof *pending + from->covered);
    pending->inode = twin_of(to, twins, from->inode);
    pending->before = to->pending_last;
    pending->next = NULL;
    if (from->data != NULL) {
        pending->data = disk_must(NULL, from->size);
        memcpy(pending->data, from->data, from->size);
    }
    if (to->pending_last != NULL)
        to->pending_last->next = pending;
    else
        to->pending = pending;
    to->pending_last = pending;
}

void disk_copy(struct disk *to, const struct disk *from)
{
    struct twins twins = {0};

    names_copy(to, &twins, from);
    changes_copy(to, &twins, from);
    for (const struct pending *pending = from->pending; pending != NULL; pending = pending->next)
        pending_copy(to, &twins, pending);
    free(twins.items);
}
