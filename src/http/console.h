/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the console, as tools/console.py put them into the program: the pages, which name the others, and files
 * whose names hold a hash of what is in them. Knows neither sessions nor accounts: the console is a client of the
 * API. */
#ifndef EBB_HTTP_CONSOLE_H
#define EBB_HTTP_CONSOLE_H

#include <stddef.h>

struct console_file {
    const char *name;
    const char *type;
    const char *tag; /* strong ETag, in its quotes */
    const char *data;
    size_t size;
    const char *packed; /* the same in brotli; NULL where that is not smaller */
    size_t packed_size;
};

/* Ended by an entry without a name. A page is called *.html; "index.html" is always there. */
extern const struct console_file console_files[];

#endif
