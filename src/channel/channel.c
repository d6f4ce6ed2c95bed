/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/channel.h"

#include <string.h>

struct channel *channels_find(const struct channels *channels, const char *name)
{
    for (size_t i = 0; i < channels->count; i++)
        if (strcmp(channels->items[i]->name, name) == 0)
            return channels->items[i];
    return NULL;
}
