/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void invariant_broken(int number, const char *condition, const char *file, int line)
{
    fprintf(stderr, "ebb: invariant %d broken: %s (%s:%d)\n", number, condition, file, line);
    fflush(stderr);
    abort();
}

const char *err_name(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return "none";
    case ERR_REQUEST:
        return "request";
    case ERR_RETRY:
        return "retry";
    case ERR_UNKNOWN:
        return "unknown";
    case ERR_FATAL:
        return "fatal";
    }
    return "?";
}
