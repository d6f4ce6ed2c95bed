/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/hash.h"

#include <string.h>

#define ID_EPOCH_MS INT64_C(1704067200000) /* 2024-01-01T00:00:00Z */
#define ID_MS_MAX ((INT64_C(1) << 41) - 1) /* into the year 2093 */
#define ID_NODE_BITS 4
#define ID_SEQUENCE_BITS 8
#define ID_SEQUENCE_MASK ((INT64_C(1) << ID_SEQUENCE_BITS) - 1)
#define ID_TIME_SHIFT (ID_NODE_BITS + ID_SEQUENCE_BITS)
#define ID_DIGITS 13 /* 65 bits of base32 hold the 63 */

static const char id_alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static int64_t id_slot(const struct ids *ids, int64_t ms, int64_t sequence)
{
    return ms << ID_TIME_SHIFT | (int64_t)ids->node << ID_SEQUENCE_BITS | sequence;
}

void ids_init(struct ids *ids, int node, int64_t highest_known_id)
{
    INVARIANT(4, node >= 0 && node < 1 << ID_NODE_BITS);
    INVARIANT(4, highest_known_id >= 0);
    ids->node = node;
    ids->last = highest_known_id >> ID_SHARD_BITS;
    /* Another node's id: start behind the whole of its millisecond. */
    if ((ids->last >> ID_SEQUENCE_BITS & ((1 << ID_NODE_BITS) - 1)) != node)
        ids->last = id_slot(ids, ids->last >> ID_TIME_SHIFT, ID_SEQUENCE_MASK);
}

int64_t ids_next(struct ids *ids, struct instant now, int shard)
{
    int64_t ms = now.ms - ID_EPOCH_MS;

    INVARIANT(4, shard >= 0 && shard < ID_SHARD_COUNT);
    ms = ms < 0 ? 0 : ms > ID_MS_MAX ? ID_MS_MAX : ms;
    int64_t slot = id_slot(ids, ms, 0);
    if (slot <= ids->last) {
        bool used_up = (ids->last & ID_SEQUENCE_MASK) == ID_SEQUENCE_MASK;
        slot = used_up ? id_slot(ids, (ids->last >> ID_TIME_SHIFT) + 1, 0) : ids->last + 1;
    }
    INVARIANT(4, slot > ids->last && slot >> ID_TIME_SHIFT <= ID_MS_MAX);
    ids->last = slot;
    return slot << ID_SHARD_BITS | shard;
}

void ids_skip(struct ids *ids, int64_t id)
{
    struct ids behind;

    ids_init(&behind, ids->node, id);
    if (behind.last > ids->last)
        ids->last = behind.last;
}

struct instant id_moment(int64_t id)
{
    return (struct instant){(id >> (ID_TIME_SHIFT + ID_SHARD_BITS)) + ID_EPOCH_MS};
}

int64_t id_last_of(struct instant at)
{
    int64_t ms = at.ms - ID_EPOCH_MS;

    ms = ms < 0 ? 0 : ms > ID_MS_MAX ? ID_MS_MAX : ms;
    return ((ms + 1) << (ID_TIME_SHIFT + ID_SHARD_BITS)) - 1;
}

int id_shard(int64_t id)
{
    return (int)(id & (ID_SHARD_COUNT - 1));
}

int shard_of_ref(const char *ref)
{
    uint8_t hash[HASH_SHORT_BYTES];
    struct bytes part = bytes_of_text(ref);

    hash_parts("shard", NULL, &part, 1, hash, sizeof hash);
    return (hash[0] | hash[1] << 8) & (ID_SHARD_COUNT - 1);
}

void id_format(const char *prefix, int64_t id, char ret[ID_TEXT_BYTES])
{
    size_t size = strlen(prefix);
    uint64_t rest = (uint64_t)id;

    INVARIANT(4, id >= 0 && size + 1 + ID_DIGITS < ID_TEXT_BYTES);
    memcpy(ret, prefix, size);
    ret[size] = '_';
    for (int i = ID_DIGITS; i-- > 0; rest >>= 5)
        ret[size + 1 + (size_t)i] = id_alphabet[rest & 31];
    ret[size + 1 + ID_DIGITS] = '\0';
}

bool id_parse(const char *prefix, const char *text, int64_t *ret)
{
    size_t prefix_size = strlen(prefix);
    uint64_t value = 0;

    if (text == NULL || strncmp(text, prefix, prefix_size) != 0 || text[prefix_size] != '_')
        return false;
    const char *digits = text + prefix_size + 1;
    if (strlen(digits) != ID_DIGITS || digits[0] > '7')
        return false; /* 13 digits are 65 bits; from '8' on the first one does not fit */
    for (int i = 0; i < ID_DIGITS; i++) {
        const char *at = strchr(id_alphabet, digits[i]);
        if (at == NULL)
            return false;
        value = value << 5 | (uint64_t)(at - id_alphabet);
    }
    if (value == 0 || value > INT64_MAX)
        return false;
    *ret = (int64_t)value;
    return true;
}
