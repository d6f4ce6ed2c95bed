/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on a disk, as a key: the names and every visible byte. Recovery is a function of them, so that a disk
 * that was judged once need not be judged again. Two images that differ have the same key with a chance of about 2^-64.
 */
#ifndef EBB_SIM_IMAGE_H
#define EBB_SIM_IMAGE_H

#include "disk.h"

struct image_key {
    uint64_t words[2];
};

struct image_key image_key(const struct disk *disk, const char *stem);
/* Of a machine that is running, too: what its connections share of a write-ahead log says which frames count. */
struct image_key image_key_running(const struct disk *disk, const char *stem);

/* Another key, for another thing that is done with the same image. */
struct image_key image_key_for(struct image_key key, uint64_t purpose);

/* What was found on images: grows as it needs to. Zeroed at first. */
struct image_memo {
    struct image_found {
        struct image_key key;
        uint64_t value;
    } * slots;
    size_t count, capacity;
};

bool image_memo_find(const struct image_memo *memo, struct image_key key, uint64_t *ret);
void image_memo_put(struct image_memo *memo, struct image_key key, uint64_t value);
void image_memo_fini(struct image_memo *memo);

#endif
