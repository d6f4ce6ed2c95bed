/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/paper.h"

#include "base/err.h"

#include <string.h>

const char *paper_type(const unsigned char *data, size_t size)
{
    static const struct {
        const char *type, *magic;
        size_t bytes;
    } known[] = {
        {"application/pdf", "%PDF-", 5}, {"image/png", "\x89PNG\r\n\x1a\n", 8}, {"image/jpeg", "\xff\xd8\xff", 3}};

    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (size >= known[i].bytes && memcmp(data, known[i].magic, known[i].bytes) == 0)
            return known[i].type;
    return NULL;
}
