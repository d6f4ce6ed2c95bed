/* SPDX-License-Identifier: Apache-2.0 */
/* The wire form of the simulated payers: one JSON object whose members always stand in the same order. */
#ifndef EBB_CHANNEL_SIMULATED_REQUEST_H
#define EBB_CHANNEL_SIMULATED_REQUEST_H

#include "channel/channel.h"
#include "channel/simulated_book.h"

/* The `build` of struct channel_operations. */
char *simulated_request_build(const struct channel *channel, const struct channel_order *order, struct arena *arena);
/* Fills whose key, how much, and the digest of the bytes. False: not a request in this form, or under another key. */
MUST_USE bool simulated_request_read(const char *channel, const char *key, const char *request, struct payment *ret);

#endif
