/* SPDX-License-Identifier: Apache-2.0 */
#include "base/field.h"

#include <string.h>

#define REF_MAX 64

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The second byte is where overlong forms, surrogates and values above U+10FFFF show (RFC 3629, section 4). */
static bool second_ok(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second <= 0xBF;
    case 0xED:
        return second >= 0x80 && second <= 0x9F;
    case 0xF0:
        return second >= 0x90 && second <= 0xBF;
    case 0xF4:
        return second >= 0x80 && second <= 0x8F;
    default:
        return is_continuation(second);
    }
}

size_t text_character_bytes(const char *text, size_t size)
{
    if (size == 0)
        return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80)
        return 1;
    size_t bytes = first >= 0xC2 && first <= 0xDF   ? 2
                   : first >= 0xE0 && first <= 0xEF ? 3
                   : first >= 0xF0 && first <= 0xF4 ? 4
                                                    : 0;
    if (bytes == 0 || bytes > size || !second_ok(first, (unsigned char)text[1]))
        return 0;
    for (size_t i = 2; i < bytes; i++) {
        if (!is_continuation((unsigned char)text[i]))
            return 0;
    }
    return bytes;
}

static bool is_control(const char *text, size_t bytes)
{
    unsigned char first = (unsigned char)text[0];

    if (bytes == 1)
        return first < 0x20 || first == 0x7F;
    return bytes == 2 && first == 0xC2 && (unsigned char)text[1] < 0xA0; /* U+0080 … U+009F */
}

bool text_utf8_ok(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t bytes = text_character_bytes(text + at, size - at);
        if (bytes == 0 || is_control(text + at, bytes))
            return false;
        at += bytes;
    }
    return true;
}

void text_clean(char *text, size_t size)
{
    size_t length = strnlen(text, size - 1);

    text[length] = '\0';
    for (size_t at = 0; at < length;) {
        size_t bytes = text_character_bytes(text + at, length - at);
        bool good = bytes > 0 && !is_control(text + at, bytes);

        bytes = bytes > 0 ? bytes : 1;
        if (!good)
            memset(text + at, '?', bytes);
        at += bytes;
    }
}

static bool ref_character_ok(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:@-", c) != NULL);
}

bool field_ref_ok(const char *text)
{
    size_t size = 0;

    if (text == NULL)
        return false;
    while (size <= REF_MAX && ref_character_ok(text[size]))
        size++;
    return size >= 1 && size <= REF_MAX && text[size] == '\0';
}

const char *word_text(const struct words *words, int value)
{
    INVARIANT(8, value >= 0 && value < words->count);
    return words->texts[value];
}

bool word_parse(const struct words *words, const char *text, int *ret)
{
    for (int i = 1; text != NULL && i < words->count; i++) {
        if (strcmp(words->texts[i], text) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}
