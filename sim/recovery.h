/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a disk that lost power: SQLite recovers it, its file is checked, and every row goes into a digest.
 * Equal images are recovered once, and equal databases judged once: what is left to chance follows from the image. */
#ifndef EBB_SIM_RECOVERY_H
#define EBB_SIM_RECOVERY_H

#include "crash.h"
#include "image.h"
#include "invariants.h"

struct recovered {
    bool opens;
    uint64_t books;
    struct broken file; /* what is wrong with it, or why it does not open */
};

/* One operation at a time; its town is stopped. */
void recovery_init(const struct operation *operation, struct town *town, struct part *counts);
void recovery_fini(void);

/* Of the database and what SQLite keeps beside it: nothing else is read when it is recovered. */
struct image_key recovery_key(const struct disk *disk);
/* As a writer begins: what the log holds is moved into the database. No schema is read for that. */
bool recovery_log_move(struct disk *disk, struct image_key key);

/* By SQLite alone, with the store's own settings. */
void recovery_light(struct disk *disk, struct recovered *ret);
/* By the whole store. */
void recovery_whole(struct disk *disk, struct recovered *ret);
/* Of what stands beside the database; NULL: it is as it must be. */
const char *recovery_beside(struct disk *disk, uint64_t books, bool answered);

#endif
