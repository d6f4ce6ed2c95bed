/* SPDX-License-Identifier: Apache-2.0 */
/* Which channels a server has: the demo's simulated ones, or those that a file configures. */
#ifndef EBB_HTTP_SERVE_CHANNELS_H
#define EBB_HTTP_SERVE_CHANNELS_H

#include "channel/channel.h"

#define SERVE_REASON_BYTES 512

/* `file` NULL: DIR/channels.yaml, where there is one. */
MUST_USE enum err serve_channels(const char *file, const char *directory, bool demo, struct channels *ret,
                                 char ret_reason[SERVE_REASON_BYTES]);

#endif
