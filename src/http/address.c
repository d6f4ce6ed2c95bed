/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_BYTES 8 /* of an IPv6 address: its first 64 bits */

static void text_of(const struct sockaddr *address, bool place, char ret[ADDRESS_TEXT_BYTES])
{
    struct sockaddr_in6 six;

    ret[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, ret, ADDRESS_TEXT_BYTES);
    } else if (address->sa_family == AF_INET6) {
        memcpy(&six, address, sizeof(six));
        if (place && !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
            memset(six.sin6_addr.s6_addr + PLACE_BYTES, 0, sizeof(six.sin6_addr) - PLACE_BYTES);
        inet_ntop(AF_INET6, &six.sin6_addr, ret, ADDRESS_TEXT_BYTES);
    }
}

void address_whole(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES])
{
    text_of(address, false, ret);
}

void address_place(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES])
{
    text_of(address, true, ret);
}

/* Without brackets and port. */
static bool bare(const char *text, char ret[ADDRESS_TEXT_BYTES])
{
    const char *colon = strchr(text, ':');
    bool bracketed = text[0] == '[', port = colon != NULL && strchr(colon + 1, ':') == NULL;
    size_t size = bracketed ? strcspn(++text, "]") : port ? (size_t)(colon - text) : strlen(text);

    if (size == 0 || size >= ADDRESS_TEXT_BYTES)
        return false;
    memcpy(ret, text, size);
    ret[size] = '\0';
    return true;
}

bool address_read(const char *text, bool place, char ret[ADDRESS_TEXT_BYTES])
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    char host[ADDRESS_TEXT_BYTES];

    if (!bare(text, host))
        return false;
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1)
        text_of((const struct sockaddr *)(const void *)&four, place, ret);
    else if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1)
        text_of((const struct sockaddr *)(const void *)&six, place, ret);
    else
        return false;
    return true;
}

uint16_t address_port(const struct sockaddr *address, char ret[ADDRESS_TEXT_BYTES])
{
    struct sockaddr_in6 six = {0};
    struct sockaddr_in four = {0};

    text_of(address, false, ret);
    if (address->sa_family == AF_INET6) {
        memcpy(&six, address, sizeof six);
        return ntohs(six.sin6_port);
    }
    memcpy(&four, address, sizeof four);
    return ntohs(four.sin_port);
}

bool address_listen_read(const char *text, char ret_address[ADDRESS_TEXT_BYTES], uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    size_t size = colon != NULL ? (size_t)(colon - text) : 0;
    char *end;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;

    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return false;
    if (size < (bracketed ? 3U : 1U) || size >= ADDRESS_TEXT_BYTES || (bracketed && colon[-1] != ']'))
        return false;
    snprintf(ret_address, ADDRESS_TEXT_BYTES, "%.*s", (int)(bracketed ? size - 2 : size), text + (bracketed ? 1 : 0));
    *ret_port = (uint16_t)port;
    return true;
}

bool address_origin_ok(const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;

    return scheme > 0 && text[scheme] != '\0' && strcspn(text + scheme, "/?#@ ") == strlen(text + scheme);
}
