/* SPDX-License-Identifier: Apache-2.0 */
#include "recon/mapping.h"

#include <stddef.h>

#define NAME_MAX 120
#define WORDS_MAX 50
#define COLUMNS_MAX 200

static const char *const encoding_texts[] = {"", "UTF-8", "GBK"};
static const struct words encoding_words = {"encoding", encoding_texts, ENCODING__COUNT};
static const char *const unit_texts[] = {"", "decimal", "minor"};
static const struct words unit_words = {"unit", unit_texts, UNIT__COUNT};
static const char *const outcome_texts[] = {"", "paid", "accepted", "not_paid", "returned", "skip"};
static const struct words outcome_words = {"outcome", outcome_texts, OUTCOME_SKIP + 1};

#define OF(type, member, kind_, flags_, max_)                                                                          \
    .name = #member, .kind = kind_, .flags = flags_, .offset = offsetof(struct type, member), .max = max_
#define NAMED(type, member, flags)                                                                                     \
    {                                                                                                                  \
        OF(type, member, FIELD_TEXT, flags, NAME_MAX)                                                                  \
    }

static const struct field columns_fields[] = {
    NAMED(mapping_columns, key, FIELD_REQUIRED), NAMED(mapping_columns, amount, FIELD_REQUIRED),
    NAMED(mapping_columns, at, FIELD_REQUIRED),  NAMED(mapping_columns, status, FIELD_REQUIRED),
    NAMED(mapping_columns, reference, 0),        NAMED(mapping_columns, currency, 0),
};
static const struct shape columns_shape = {"columns", sizeof(struct mapping_columns), columns_fields,
                                           ARRAY_COUNT(columns_fields)};

static const struct field word_fields[] = {
    NAMED(mapping_word, word, FIELD_REQUIRED),
    {OF(mapping_word, outcome, FIELD_WORD, FIELD_REQUIRED, 0), .words = &outcome_words},
};
static const struct shape word_shape = {"word", sizeof(struct mapping_word), word_fields, ARRAY_COUNT(word_fields)};

static const struct field trailer_fields[] = {
    NAMED(mapping_trailer, begins, FIELD_REQUIRED),
    {OF(mapping_trailer, count, FIELD_COUNT, 0, COLUMNS_MAX)},
    {OF(mapping_trailer, sum, FIELD_COUNT, 0, COLUMNS_MAX)},
};
static const struct shape trailer_shape = {"trailer", sizeof(struct mapping_trailer), trailer_fields,
                                           ARRAY_COUNT(trailer_fields)};

static const struct field mapping_fields[] = {
    {OF(mapping, encoding, FIELD_WORD, FIELD_REQUIRED, 0), .words = &encoding_words},
    {OF(mapping, unit, FIELD_WORD, FIELD_REQUIRED, 0), .words = &unit_words},
    {OF(mapping, separator, FIELD_TEXT, 0, 1), .min = 1},
    NAMED(mapping, comment, 0),
    NAMED(mapping, strip, 0),
    {OF(mapping, currency, FIELD_TEXT, 0, 3)},
    NAMED(mapping, date, FIELD_REQUIRED),
    {OF(mapping, columns, FIELD_OBJECT, FIELD_REQUIRED, 0), .shape = &columns_shape},
    {OF(mapping, words, FIELD_ARRAY, FIELD_REQUIRED, WORDS_MAX), .min = 1, .shape = &word_shape},
    {OF(mapping, trailer, FIELD_OBJECT, 0, 0), .shape = &trailer_shape,
     .present_offset = offsetof(struct mapping, has_trailer)},
};
const struct shape mapping_shape = {"mapping", sizeof(struct mapping), mapping_fields, ARRAY_COUNT(mapping_fields)};
