/* SPDX-License-Identifier: Apache-2.0 */
/* The request target, taken apart: decoded path segments and query parameters.
 *
 * The raw target is split first and decoded afterwards, so that an encoded slash stays inside its segment. Broken
 * percent signs, control characters and text that is not UTF-8 are malformed; nothing is repaired. Pure: it knows no
 * route. */
#ifndef EBB_HTTP_TARGET_H
#define EBB_HTTP_TARGET_H

#include "base/err.h"

#define TARGET_BYTES_MAX 2048
#define TARGET_SEGMENTS_MAX 8
#define TARGET_PARAMETERS_MAX 16

enum target_verdict { TARGET_OK = 0, TARGET_TOO_LONG, TARGET_MALFORMED };

struct target_parameter {
    const char *name, *value;
};

struct target {
    char text[TARGET_BYTES_MAX + 1]; /* what the pointers below point into */
    const char *segments[TARGET_SEGMENTS_MAX];
    size_t segments_count; /* 0: more than any route has */
    struct target_parameter parameters[TARGET_PARAMETERS_MAX];
    size_t parameters_count;
};

/* `ret` is only whole after TARGET_OK. */
enum target_verdict target_parse(const char *raw, struct target *ret);

#endif
