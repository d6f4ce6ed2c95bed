/* SPDX-License-Identifier: Apache-2.0 */
/* Reading maps along tables of keys: the part of policy_load that knows YAML values and no policy.
 *
 * A `struct key` names a key, where its value goes and how it is read. `read_map` reports keys that the table does not
 * have and required keys that the file does not have; each reader reports what it expected. Reading goes on after a
 * mistake. */
#ifndef EBB_DOMAIN_POLICY_READ_H
#define EBB_DOMAIN_POLICY_READ_H

#include "domain/tree.h"

struct reading {
    struct arena *arena;
    struct policy_mistakes *mistakes;
    const struct tree *root;
    char currency[CURRENCY_BYTES];
    bool exhausted; /* the arena could not hold a text */
};

struct key {
    const char *name;
    void (*read)(struct reading *reading, const struct tree *value, const struct key *key, void *at);
    size_t offset;             /* of the member within the struct of the map */
    size_t size;               /* char arrays: bytes; choices: count of texts */
    const char *const *texts;  /* choices: index is the value */
    const struct words *words; /* words of the domain */
    bool optional;
};

void read_map(struct reading *reading, const struct tree *map, const struct key *keys, size_t keys_count, void *into);
void read_mistake(struct reading *reading, const struct tree *at, const char *format, ...) PRINTF_LIKE(3, 4);

void read_missing(struct reading *reading, const struct tree *map, const char *name);

/* The readers of single values; the type of the member stands behind each. */
#define READER(name) void name(struct reading *reading, const struct tree *value, const struct key *key, void *at)
READER(read_name);        /* char[size]: a-z 0-9 - _ */
READER(read_rule_id);     /* char[RULE_ID_BYTES] */
READER(read_sentence);    /* const char *: 1–200 bytes */
READER(read_yes_no);      /* bool */
READER(read_choice);      /* int-sized enum, from key->texts */
READER(read_word);        /* int-sized enum, from key->words */
READER(read_method_set);  /* uint32_t: bit 1u << enum method */
READER(read_route_set);   /* uint32_t: bit 1u << enum route */
READER(read_amount);      /* struct money */
READER(read_amount_some); /* struct money: "none" is zero, an amount is above zero */
READER(read_count);       /* int64_t, from 1 */
READER(read_count_some);  /* int64_t: "none" is 0 */
READER(read_span);        /* int64_t milliseconds */

/* The sections of policy_load_routes.c: into a struct policy. */
READER(read_topups);
READER(read_routes);

/* Reads every element of a list by `element`, at most `max`; the count is returned. */
size_t read_list(struct reading *reading, const struct tree *list, size_t max, size_t element_bytes, void *into,
                 void (*element)(struct reading *, const struct tree *, const struct key *, void *));

/* Defines a reader of a map that goes into `type` along a table of keys. */
#define SECTION(name, keys, type)                                                                                      \
    static void name(struct reading *reading, const struct tree *value, const struct key *key, void *at)               \
    {                                                                                                                  \
        (void)key;                                                                                                     \
        read_map(reading, value, keys, ARRAY_COUNT(keys), (type *)at);                                                 \
    }

#define KEY(type, member, reader) .read = reader, .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#endif
