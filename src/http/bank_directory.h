/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of banks and of their branches: the seed that is built in (data/banks.csv, data/branches.csv), each
 * replaced by the file of that name in the data directory where there is one. `ebb bank import` puts it there; it is
 * read again when it was changed, without a restart.
 *
 * Found by code, by the beginning of a word in English, by any part of the Chinese name, by the beginning of its pinyin
 * initials (zsyhsz: 招商银行深圳…), or by the beginning of its number in CNAPS. Linear over the list: a hundred
 * thousand branches take some milliseconds. */
#ifndef EBB_HTTP_BANK_DIRECTORY_H
#define EBB_HTTP_BANK_DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BANK_BANKS_FILE "banks.csv"
#define BANK_BRANCHES_FILE "branches.csv"
#define BANK_RECORDS_MAX ((size_t)300000)
#define BANK_RECORD_COLUMNS 6

/* In the order of the files' columns. */
enum bank_column { BANK_CODE, BANK_NAME, BANK_NAME_ZH, BANK_CNAPS, BANK_INITIALS };
enum branch_column { BRANCH_BANK, BRANCH_NAME, BRANCH_PROVINCE, BRANCH_CITY, BRANCH_CNAPS, BRANCH_INITIALS };
extern const char bank_titles[], branch_titles[]; /* the files' first lines */

struct bank_record {
    const char *columns[BANK_RECORD_COLUMNS]; /* "" where there is nothing */
};

/* Calls `found` for each that matches, banks first, until `limit`; `branch` is NULL for a bank. Branches are looked for
 * only when something is asked. Safe from any thread; what is given lives until `found` returns. */
void bank_search(const char *directory, const char *query, int64_t limit,
                 void (*found)(void *context, const struct bank_record *bank, const struct bank_record *branch),
                 void *context);

/* The last of its twelve digits proves the others (ISO 7064, MOD 11,10). */
bool cnaps_ok(const char *number);

#endif
