/* SPDX-License-Identifier: Apache-2.0 */
#include "http/target.h"

#include <string.h>

#include "base/field.h"

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Decodes in place. In a query a plus is a space, as forms write it. */
static bool decode(char *text, bool query)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        char character = *from;
        if (character == '%') {
            int high = hex_value(from[1]), low = high < 0 ? -1 : hex_value(from[2]);
            if (low < 0)
                return false;
            character = (char)(high * 16 + low);
            from += 2;
        } else if (character == '+' && query) {
            character = ' ';
        }
        if ((unsigned char)character < 0x20 || character == 0x7f)
            return false;
        *to++ = character;
    }
    *to = '\0';
    return text_utf8_ok(text, (size_t)(to - text));
}

static bool path_split(char *path, struct target *ret)
{
    char *rest = path;

    while (rest != NULL) {
        char *segment = strsep(&rest, "/");
        if (!decode(segment, false))
            return false;
        if (ret->segments_count == TARGET_SEGMENTS_MAX) {
            ret->segments_count = 0;
            return true;
        }
        ret->segments[ret->segments_count++] = segment;
    }
    return true;
}

static bool query_split(char *query, struct target *ret)
{
    char *rest = query;

    while (rest != NULL) {
        char *value = strsep(&rest, "&"), *name;
        if (*value == '\0')
            continue;
        name = strsep(&value, "=");
        if (ret->parameters_count == TARGET_PARAMETERS_MAX || !decode(name, true))
            return false;
        if (value != NULL && !decode(value, true))
            return false;
        ret->parameters[ret->parameters_count++] = (struct target_parameter){name, value != NULL ? value : ""};
    }
    return true;
}

/* RFC 9112 3.2.2: a server takes the absolute form too; the authority says nothing to us. */
static const char *origin_form(const char *raw)
{
    if (strncasecmp(raw, "http://", 7) == 0 || strncasecmp(raw, "https://", 8) == 0) {
        const char *path = strchr(strchr(raw, '/') + 2, '/');
        return path != NULL ? path : "/";
    }
    return raw;
}

enum target_verdict target_parse(const char *raw, struct target *ret)
{
    const char *origin = origin_form(raw);
    size_t size = strlen(origin);
    char *query;

    ret->segments_count = ret->parameters_count = 0;
    if (size > TARGET_BYTES_MAX)
        return TARGET_TOO_LONG;
    memcpy(ret->text, origin, size + 1);
    if (ret->text[0] != '/' || strchr(ret->text, '#') != NULL)
        return TARGET_MALFORMED;
    query = strchr(ret->text, '?');
    if (query != NULL)
        *query++ = '\0';
    if (!path_split(ret->text + 1, ret) || (query != NULL && !query_split(query, ret)))
        return TARGET_MALFORMED;
    return TARGET_OK;
}
