/* SPDX-License-Identifier: Apache-2.0 */
/* What a channel's CSV looks like, as data: which column is what, and in which words. A JSON object along
 * `mapping_shape`; docs/reconciliation.md shows some. */
#ifndef EBB_RECON_MAPPING_H
#define EBB_RECON_MAPPING_H

#include "base/field.h"

enum mapping_encoding { ENCODING_NONE = 0, ENCODING_UTF8, ENCODING_GBK, ENCODING__COUNT };
enum mapping_unit { UNIT_NONE = 0, UNIT_DECIMAL, UNIT_MINOR, UNIT__COUNT };
enum mapping_outcome {
    OUTCOME_NONE = 0,
    OUTCOME_PAID,
    OUTCOME_ACCEPTED,
    OUTCOME_NOT_PAID,
    OUTCOME_RETURNED,
    OUTCOME_SKIP
};

struct mapping_columns { /* names in the line of titles */
    const char *key, *amount, *at, *status, *reference, *currency;
};
struct mapping_word { /* of the column `status`; `amount`: the column that holds this word's amount, or NULL */
    const char *word;
    int outcome;
};
struct mapping_trailer { /* the line that begins with this cell ends the list and says its sums */
    const char *begins;
    int64_t count, sum; /* columns from 1 that hold the number of lines and the sum of their amounts; 0: none */
};
struct mapping {
    int encoding, unit;
    const char *separator; /* one character; NULL: a comma */
    const char *comment;   /* lines that begin with it are passed over; NULL: none */
    const char *strip;     /* characters that stand before a cell's text and mean nothing (WeChat's `) */
    const char *currency;  /* where no column says it */
    const char *date;      /* strptime's words; by Shanghai's clock */
    struct mapping_columns columns;
    struct field_list words; /* struct mapping_word */
    struct mapping_trailer trailer;
    bool has_trailer;
};
extern const struct shape mapping_shape;

#endif
