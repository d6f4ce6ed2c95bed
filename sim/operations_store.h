/* SPDX-License-Identifier: Apache-2.0 */
/* What the store does besides commands: it takes the books of an older program over, and makes backups and restores
 * them. */
#ifndef EBB_SIM_OPERATIONS_STORE_H
#define EBB_SIM_OPERATIONS_STORE_H

#include "town.h"

/* The town is stopped, and its database is one that an engine of schema 1 wrote, with its master key. */
void older_books(struct town *town);

void backup_create(struct town *town);
/* A backup that was answered is sound and has the books; otherwise it is that, or has no manifest. */
const char *backup_beside(const struct town *town, uint64_t books, bool answered);

void backup_restore(struct town *town);
/* A database in the new place says that it was restored, and has the books; one that was answered is there. */
const char *restore_beside(const struct town *town, uint64_t books, bool answered);
#define RESTORE_META "key <> 'restored_from'"

#endif
