/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for SQLite in a process that lives for one history: blocks of a few sizes from one region, taken and given
 * back in a handful of instructions. It knows one thread. */
#ifndef EBB_SIM_HEAP_H
#define EBB_SIM_HEAP_H

/* Before SQLite's first use; it may refuse later. */
void heap_install(void);

#endif
