/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of a disk under the running engine: the n-th write or sync of an operation fails in each of four ways, the
 * process is started again (as servers are, as an engine alone, or not at all), everything is asked again, and the
 * power goes. In the end each request has happened exactly once. Each fault has a process of its own. */
#ifndef EBB_SIM_STRIKES_H
#define EBB_SIM_STRIKES_H

#include "crash.h"

void strikes_run(const struct operation *operation, struct part *ret);

#endif
