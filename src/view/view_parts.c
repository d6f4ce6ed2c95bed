/* SPDX-License-Identifier: Apache-2.0 */
#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#define MASK_BYTES 96
#define MASK_SHOWN 4 /* characters of an account number that stay */

/* One star for whatever follows: its length would say more than we want to. */
void view_mask_name(const char *name, char *ret, size_t size)
{
    size_t length = strlen(name);
    size_t first = text_character_bytes(name, length);

    snprintf(ret, size, "%.*s%s", (int)first, name, length > first ? "*" : "");
}

/* Short numbers show nothing: four of five digits would be no mask. */
void view_mask_account(const char *account, char *ret, size_t size)
{
    size_t length = strlen(account), from = length, shown = 0;

    while (from > 0 && shown < MASK_SHOWN) {
        from--;
        if (((unsigned char)account[from] & 0xC0) != 0x80)
            shown++; /* the first byte of a character */
    }
    snprintf(ret, size, "****%s", length >= 2 * MASK_SHOWN ? account + from : "");
}

void view_text(struct out *out, const char *key, const char *text)
{
    out_string(out, key, text == NULL || text[0] == '\0' ? NULL : text);
}

void view_word(struct out *out, const char *key, const struct words *words, int value)
{
    out_string(out, key, value == 0 ? NULL : word_text(words, value));
}

void view_name(struct out *out, const char *key, const char *name)
{
    char masked[MASK_BYTES];

    if (name == NULL) {
        out_null(out, key);
        return;
    }
    view_mask_name(name, masked, sizeof masked);
    out_string(out, key, masked);
}

void view_number(struct out *out, const char *key, const char *number)
{
    char masked[MASK_BYTES];

    if (number == NULL) {
        out_null(out, key);
        return;
    }
    view_mask_account(number, masked, sizeof masked);
    out_string(out, key, masked);
}
