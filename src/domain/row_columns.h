/* SPDX-License-Identifier: Apache-2.0 */
/* How the columns of a row are listed; for rows*.c of this room only. */
#ifndef EBB_DOMAIN_ROW_COLUMNS_H
#define EBB_DOMAIN_ROW_COLUMNS_H

#include "domain/rows.h"

#include <stddef.h>

/* One line a column, in the order of the schema; the first column is the row's id where a sealed column is bound to it.
 */
#define COLUMN(type, name, kind, words)                                                                                \
    {                                                                                                                  \
#name, kind, offsetof(struct type, name), sizeof(((struct type *)0)->name), words                              \
    }
#define COL(type, name, kind) COLUMN(type, name, COLUMN_##kind, NULL)
#define COL_WORD(type, name, vocabulary) COLUMN(type, name, COLUMN_WORD, &vocabulary##_words)
#define TABLE(type, sql_name)                                                                                          \
    const struct table type##_table = {sql_name, sizeof(struct type), type##_columns, ARRAY_COUNT(type##_columns)}

#endif
