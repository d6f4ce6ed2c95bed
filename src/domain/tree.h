/* SPDX-License-Identifier: Apache-2.0 */
/* A small, strict part of YAML as a tree that remembers where everything stands.
 *
 * Maps, lists and texts; every scalar is a text, so "100.00" is never a number on its way to money. Refused: anchors,
 * aliases, tags, directives, a second document, keys that are not texts, repeated keys, more than TREE_BYTES_MAX bytes,
 * TREE_NODES_MAX values or TREE_DEPTH_MAX levels. The tree knows lines and key paths and nothing of policies or
 * calendars. */
#ifndef EBB_DOMAIN_TREE_H
#define EBB_DOMAIN_TREE_H

#include "domain/policy_load.h"

#define TREE_BYTES_MAX 65536
#define TREE_NODES_MAX 2000
#define TREE_DEPTH_MAX 8
#define TREE_KEY_BYTES 41
#define TREE_ARENA_BYTES (1024 * 1024) /* always enough for a tree within the limits above */

enum tree_kind { TREE_TEXT, TREE_LIST, TREE_MAP };

struct tree {
    enum tree_kind kind;
    size_t line;      /* from 1; where the key stands, or the element of a list */
    const char *path; /* "routes.designated.arrives"; elements count from 1: "topups.rules[2]"; "" is the whole file */
    const char *key;  /* within a map; NULL elsewhere */
    const char *text; /* TREE_TEXT */
    struct tree *first, *last, *next; /* children, and the next sibling */
    size_t children_count;
};

/* The tree lives in the arena. ERR_REQUEST: the first mistake of form is added; ERR_RETRY: the arena is exhausted.
 * Repeated keys are added as mistakes and leave a tree all the same, so that the rest of the file is read too. */
MUST_USE enum err tree_read(const char *yaml, size_t size, struct arena *arena, const struct tree **ret,
                            struct policy_mistakes *mistakes);
/* NULL when the map has no such key. */
const struct tree *tree_child(const struct tree *map, const char *key);
/* The line of the deepest value on the path that exists. */
size_t tree_line(const struct tree *root, const char *path);

void policy_mistake_add(struct policy_mistakes *mistakes, size_t line, const char *key, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
