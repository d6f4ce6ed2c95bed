/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the settings that says how messages are sent; for settings.c. */
#ifndef EBB_NOTIFY_SETTINGS_MESSAGES_H
#define EBB_NOTIFY_SETTINGS_MESSAGES_H

#include "domain/tree.h"
#include "notify/settings.h"

struct reading {
    struct arena *arena;
    struct notify_settings *settings;
    const char *templates; /* a directory; NULL: those that are built in */
    struct policy_mistakes mistakes;
};
struct settings_key {
    const char *name;
    void (*read)(struct reading *reading, const struct tree *value);
};

void settings_mistake(struct reading *reading, const struct tree *value, const char *expected);
/* NULL and a mistake: it is no text, or an empty one. */
const char *settings_text(struct reading *reading, const struct tree *value);
void settings_map(struct reading *reading, const struct tree *map, const struct settings_key *keys, size_t count);
/* A whole file of at most TREE_BYTES_MAX bytes, in the arena. */
MUST_USE enum err settings_file(const char *path, struct arena *arena, char **ret, size_t *ret_size,
                                char ret_reason[256]);

void messages_settings_read(struct reading *reading, const struct tree *value);
/* The texts of the language that was chosen, checked. */
MUST_USE enum err messages_templates_read(struct reading *reading, char ret_reason[256]);

#endif
