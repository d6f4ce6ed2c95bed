/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the build put into the program (tools/embed.py): arrays ended by an entry without a name. */
#ifndef EBB_BASE_EMBEDDED_H
#define EBB_BASE_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *name; /* base name of the file */
    const char *data; /* NUL-terminated */
    size_t size;      /* without the NUL */
};

extern const struct embedded embedded_schema[], embedded_schema_postgresql[], embedded_policies[], embedded_calendars[],
    embedded_data[], embedded_api[], embedded_templates[];

#endif
