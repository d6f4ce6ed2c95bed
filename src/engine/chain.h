/* SPDX-License-Identifier: Apache-2.0 */
/* The audit chain, for whoever shows a part of it. Whether the whole of it holds only ebb-audit says, which walks all
 * rows and compares them with the anchors outside. */
#ifndef EBB_ENGINE_CHAIN_H
#define EBB_ENGINE_CHAIN_H

#include "domain/rows.h"

/* The row's hash covers what the row says and the row before it. `before` NULL: the row is the first. */
bool chain_holds(const struct audit_row *row, const struct audit_row *before);

#endif
