/* SPDX-License-Identifier: Apache-2.0 */
/* What befalls a town: power cuts, kills, disk errors, clocks that jump, banks that are slow, silent or lie. */
#ifndef EBB_SIM_FAULTS_H
#define EBB_SIM_FAULTS_H

#include "people.h"

/* Perhaps something happens, now or at some write to come. `quarantined`: banks tell the truth, clocks go right. */
void faults_strike(struct sim *sim, bool quarantined);
/* One of the next `within` writes and syncs, or reads too, fails. */
void faults_disk(struct sim *sim, uint32_t within);
/* Nothing more happens to disk and clock, and every bank is open again. */
void faults_heal(struct sim *sim);

#endif
