/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client is, as text that can be compared, and where a server is to be. Knows nothing of requests. */
#ifndef EBB_HTTP_ADDRESS_H
#define EBB_HTTP_ADDRESS_H

#include "base/err.h"

struct sockaddr;

#define ADDRESS_TEXT_BYTES 64

/* "" where it is neither IPv4 nor IPv6. */
void address_whole(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES]);
/* The same, of IPv6 only the network, which one client has whole. */
void address_place(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES]);
/* As people and proxies write one: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1]:4711. Gives the whole
 * address, or its place. False: it is none, and `ret` is untouched. */
MUST_USE bool address_read(const char *text, bool place, char ret[ADDRESS_TEXT_BYTES]);

/* The port; the address as text. */
uint16_t address_port(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES]);
/* ADDR:PORT or [ADDR]:PORT, the address without its brackets; whether it is one, the server says. */
MUST_USE bool address_listen_read(const char *text, char ret_address[ADDRESS_TEXT_BYTES], uint16_t *ret_port);
/* http(s)://HOST[:PORT], without a path. */
MUST_USE bool address_origin_ok(const char *text);

#endif
