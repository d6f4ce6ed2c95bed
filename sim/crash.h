/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of ebb-crash share: what was asked for, and what each leaves. A part is one operation, either cut
 * (cuts.h) or struck by faults (strikes.h); it has a process and a town of its own. */
#ifndef EBB_SIM_CRASH_H
#define EBB_SIM_CRASH_H

#include "operations.h"

#define SAID_BYTES 8192
#define FAILURES_SHOWN 10 /* of a part */

enum weakness { WEAK_NONE = 0, WEAK_LYING_DISK, WEAK_LOG_UNSYNCED, WEAK_EARLY_REPLY };
extern const char *const weakness_names[];

struct options {
    int64_t histories;
    uint64_t seed;
    enum weakness weakness;
    const char *operation; /* NULL: all */
    int64_t point;         /* 0: all */
    int damage;            /* -1: all */
    int fault;             /* 0: all */
    bool faults;
    bool anew; /* every history is recovered and judged, also where its image was met before */
    size_t jobs;
};
extern struct options options;

#define SUMS(X)                                                                                                        \
    X(histories)                                                                                                       \
    X(points)                                                                                                          \
    X(second_cuts)                                                                                                     \
    X(whole)                                                                                                           \
    X(images)                                                                                                          \
    X(contents)                                                                                                        \
    X(lost)                                                                                                            \
    X(faults)                                                                                                          \
    X(went_on)                                                                                                         \
    X(stopped)                                                                                                         \
    X(judged)                                                                                                          \
    X(failures)

struct sums {
#define SUMS_MEMBER(name) int64_t name;
    SUMS(SUMS_MEMBER)
#undef SUMS_MEMBER
};

struct part {
    bool done;
    struct sums sums;
    char said[SAID_BYTES]; /* of failures */
};

/* Counts a failure. Says the line, unless it said enough of them. */
void part_fail(struct part *part, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
