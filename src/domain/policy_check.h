/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy must mean, after every value of the file was read: rules that can be reached, routes that exist,
 * reviews that can end. Each check is skipped while a section that it looks at has mistakes of its own. */
#ifndef EBB_DOMAIN_POLICY_CHECK_H
#define EBB_DOMAIN_POLICY_CHECK_H

#include "domain/policy_read.h"

void policy_check(struct reading *reading, const struct policy *policy);

#endif
