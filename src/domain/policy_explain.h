/* SPDX-License-Identifier: Apache-2.0 */
/* A policy in plain sentences, English or Chinese, for the people who answer for it.
 *
 * Every sentence comes from the struct, so that it says what the engine does and not what somebody once wrote about it.
 * The operator's rule ids stand at the ends of the lines. Pure: text goes into `out`. */
#ifndef EBB_DOMAIN_POLICY_EXPLAIN_H
#define EBB_DOMAIN_POLICY_EXPLAIN_H

#include "base/out.h"
#include "domain/policy.h"

void policy_explain(const struct policy *policy, bool chinese, struct out *out);

#endif
