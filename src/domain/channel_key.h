/* SPDX-License-Identifier: Apache-2.0 */
/* Our references at the channels: "EBB", 13 characters of base32 for the leg (whose id carries the moment and the
 * shard) and two digits for the number of its attempt. A leg has the same keys for ever, also when its row comes back
 * from a backup: that is what makes a second send harmless. */
#ifndef EBB_DOMAIN_CHANNEL_KEY_H
#define EBB_DOMAIN_CHANNEL_KEY_H

#include "base/id.h"
#include "domain/rows.h"

void channel_key_make(int64_t leg, int64_t number, char ret[CHANNEL_KEY_BYTES]);
/* False: it is none of ours. */
MUST_USE bool channel_key_parse(const char *key, int64_t *ret_leg, int64_t *ret_number);

#endif
