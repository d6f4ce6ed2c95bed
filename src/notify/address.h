/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses the house calls: an endpoint's owner must not reach through it what only the house can reach.
 *
 * Judged is the address that a socket is about to be connected to, after every name was resolved, so that no name, no
 * spelling of a number and no second answer of a resolver gets around it. Public addresses may be called; everything
 * else (private, loopback, link-local, shared, multicast, reserved, documentation, tunnels, IPv4 within IPv6) only when
 * the operator has allowed its range. */
#ifndef EBB_NOTIFY_ADDRESS_H
#define EBB_NOTIFY_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

#define ADDRESS_RANGES_MAX 32

struct address_range {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;     /* of the sixteen bytes */
};
struct address_ranges {
    struct address_range items[ADDRESS_RANGES_MAX];
    size_t count;
};

/* "10.0.0.0/8", "::1/128", "127.0.0.1" */
MUST_USE bool address_range_parse(const char *text, struct address_range *ret);
bool address_may_be_called(const struct sockaddr *address, const struct address_ranges *allowed);
bool address_is_loopback(const struct sockaddr *address);

#endif
