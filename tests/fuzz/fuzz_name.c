/* SPDX-License-Identifier: Apache-2.0 */
/* Names of payees (domain/name.h): two names from one input, parted by a newline. A comparison is the same from both
 * sides; what folding unifies changes no answer; a name is itself; and one character more in a long name is near. */
#include <ctype.h>

#include "base/field.h"
#include "domain/name.h"
#include "fuzz.h"

/* The name written anew as folding allows: wide letters and blanks, spaces around it, lower case. */
static char *disguise(const char *name, unsigned how)
{
    char *to = malloc(3 * strlen(name) + 8), *at = to;

    CHECK(to != NULL);
    if ((how & 1) != 0)
        *at++ = ' ';
    for (; *name != '\0'; name++) {
        char c = *name;
        if ((how & 2) != 0 && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((how & 4) != 0 && c > ' ' && c < 0x7F) {
            unsigned wide = 0xFF00u + (unsigned)c - 0x20;
            *at++ = (char)(0xE0 | wide >> 12);
            *at++ = (char)(0x80 | (wide >> 6 & 0x3F));
            *at++ = (char)(0x80 | (wide & 0x3F));
        } else {
            *at++ = c;
        }
        if ((how & 8) != 0 && c == ' ')
            *at++ = ' ';
    }
    if ((how & 1) != 0)
        *at++ = ' ';
    *at = '\0';
    return to;
}

static size_t characters(const char *name)
{
    size_t count = 0;

    for (; *name != '\0'; name++)
        count += ((unsigned char)*name & 0xC0) != 0x80;
    return count;
}

static bool well_formed(const char *text)
{
    size_t size = strlen(text);

    for (size_t at = 0, bytes; at < size; at += bytes)
        if ((bytes = text_character_bytes(text + at, size - at)) == 0)
            return false;
    return true;
}

/* Nobody gets through in disguise, and nobody is kept out for it. Longer names than are folded are left out. */
static void disguise_check(const char *a, const char *b, unsigned how)
{
    char *other = disguise(a, how);

    if (characters(other) < NAME_CHARACTERS_MAX && well_formed(a)) {
        CHECK(name_compare(a, other) == NAME_SAME && name_compare(other, a) == NAME_SAME);
        CHECK(name_compare(a, b) == name_compare(other, b));
    }
    free(other);
}

/* One letter more is another name, and a near one where there are three. */
static void longer_check(const char *a)
{
    size_t size = strlen(a);
    char *longer = malloc(size + 2);

    CHECK(longer != NULL);
    memcpy(longer, a, size);
    memcpy(longer + size, "Q", 2);
    CHECK(name_compare(a, longer) != NAME_SAME);
    if (size >= 2 && isalnum((unsigned char)a[0]) && isalnum((unsigned char)a[1]) &&
        isalnum((unsigned char)a[size - 1]) && characters(a) < NAME_CHARACTERS_MAX && well_formed(a))
        CHECK(name_compare(a, longer) == NAME_NEAR);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    unsigned how = input_byte(&input);
    const uint8_t *line = input.left > 0 ? memchr(input.at, '\n', input.left) : NULL;
    char *a = input_text(&input, line != NULL ? (size_t)(line - input.at) : input.left);
    (void)input_byte(&input);
    char *b = input_rest(&input);

    enum name_match match = name_compare(a, b);
    CHECK(match == name_compare(b, a));
    CHECK(match == name_compare(a, b));
    CHECK(name_compare(a, a) == NAME_SAME && name_compare(b, b) == NAME_SAME);
    if (strcmp(a, b) != 0 && (!well_formed(a) || !well_formed(b)))
        CHECK(match == NAME_DIFFERENT);
    disguise_check(a, b, how);
    longer_check(a);
    free(a);
    free(b);
    return 0;
}
