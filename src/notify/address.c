/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define MAPPED_BITS 96

/* What is not public, from the special-purpose registries of IANA (RFC 6890 and its updates). */
static const char *const special[] = {
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    "2001::/23",     "2001:db8::/32",   "2002::/16",      "3fff::/20",
};
/* What is: all of IPv4, and the one part of IPv6 that is handed out; special addresses are taken from it. */
static const char *const global[] = {"0.0.0.0/0", "2000::/3"};
static const char *const loopback[] = {"127.0.0.0/8", "::1/128"};

static void mapped(const void *four, uint8_t ret[16])
{
    memset(ret, 0, 10);
    memset(ret + 10, 0xff, 2);
    memcpy(ret + 12, four, 4);
}

static bool bits_read(const char *text, unsigned most, unsigned *ret)
{
    char *end;
    unsigned long bits = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || bits > most)
        return false;
    *ret = (unsigned)bits;
    return true;
}

bool address_range_parse(const char *text, struct address_range *ret)
{
    struct address_range range = {.bits = 128};
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchrnul(text, '/');
    size_t size = (size_t)(slash - text);
    struct in_addr four;
    unsigned bits;

    if (size == 0 || size >= sizeof(address))
        return false;
    memcpy(address, text, size);
    address[size] = '\0';
    bool is_four = inet_pton(AF_INET, address, &four) == 1;
    if (is_four)
        mapped(&four, range.bytes);
    else if (inet_pton(AF_INET6, address, range.bytes) != 1)
        return false;
    if (*slash == '/') {
        if (!bits_read(slash + 1, is_four ? 32 : 128, &bits))
            return false;
        range.bits = is_four ? MAPPED_BITS + bits : bits;
    }
    *ret = range;
    return true;
}

static bool range_has(const struct address_range *range, const uint8_t bytes[16])
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;

    if (memcmp(range->bytes, bytes, whole) != 0)
        return false;
    return rest == 0 || ((range->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

static bool texts_have(const char *const *texts, size_t count, const uint8_t bytes[16])
{
    struct address_range range;

    for (size_t i = 0; i < count; i++) {
        bool known = address_range_parse(texts[i], &range); /* they are ours, and written as ranges are */

        if (ALWAYS(known) && range_has(&range, bytes))
            return true;
    }
    return false;
}

static bool bytes_of_address(const struct sockaddr *address, uint8_t ret[16])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in four;

        memcpy(&four, address, sizeof(four));
        mapped(&four.sin_addr, ret);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 six;

        memcpy(&six, address, sizeof(six));
        memcpy(ret, &six.sin6_addr, 16);
        return true;
    }
    return false;
}

bool address_may_be_called(const struct sockaddr *address, const struct address_ranges *allowed)
{
    uint8_t bytes[16];

    if (!bytes_of_address(address, bytes))
        return false;
    for (size_t i = 0; i < allowed->count; i++)
        if (range_has(&allowed->items[i], bytes))
            return true;
    return texts_have(global, ARRAY_COUNT(global), bytes) && !texts_have(special, ARRAY_COUNT(special), bytes);
}

bool address_is_loopback(const struct sockaddr *address)
{
    uint8_t bytes[16];

    return bytes_of_address(address, bytes) && texts_have(loopback, ARRAY_COUNT(loopback), bytes);
}
