/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/channel_key.h"

#include <stdio.h>
#include <string.h>

#define HEAD "EBB"
#define HEAD_BYTES (sizeof HEAD - 1)
#define ID_DIGITS 13
#define NUMBER_DIGITS 2

void channel_key_make(int64_t leg, int64_t number, char ret[CHANNEL_KEY_BYTES])
{
    char id[ID_TEXT_BYTES];

    INVARIANT(25, number > 0 && number < 100);
    id_format("e", leg, id);
    snprintf(ret, CHANNEL_KEY_BYTES, HEAD "%s%02lld", id + 2, (long long)number);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool channel_key_parse(const char *key, int64_t *ret_leg, int64_t *ret_number)
{
    char id[ID_TEXT_BYTES];
    const char *number = key + HEAD_BYTES + ID_DIGITS;

    if (strlen(key) != HEAD_BYTES + ID_DIGITS + NUMBER_DIGITS || memcmp(key, HEAD, HEAD_BYTES) != 0 ||
        !is_digit(number[0]) || !is_digit(number[1]) || (number[0] == '0' && number[1] == '0'))
        return false;
    snprintf(id, sizeof id, "e_%.*s", ID_DIGITS, key + HEAD_BYTES);
    if (!id_parse("e", id, ret_leg))
        return false;
    *ret_number = (number[0] - '0') * 10 + (number[1] - '0');
    return true;
}
