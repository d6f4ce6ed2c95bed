/* SPDX-License-Identifier: Apache-2.0 */
/* The seams that only a linker can cut (--wrap): pauses take no time, the log is silent, and a broken invariant or an
 * abort ends the history instead of the program. */
#ifndef EBB_SIM_SEAMS_H
#define EBB_SIM_SEAMS_H

#include <setjmp.h>

#include "base/err.h"

enum stop { STOP_NONE = 0, STOP_POWER, STOP_ABORT, STOP_INVARIANT };

/* Where a history ends when its process does. */
struct stop_point {
    sigjmp_buf jump;
    bool set;
    char said[256]; /* the broken invariant, or the last line of the log */
};
extern struct stop_point stop_point;

/* SIGABRT jumps to the stop point, when one is set. */
void seams_install(void);
/* Says the log on standard error. */
void seams_loud(void);
/* For struct disk.power_gone. */
void seams_power_gone(void *context);

#endif
