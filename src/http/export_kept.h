/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of exports in the background, in DIR/exports: ID.json says what was asked, ID.result what came of it,
 * ID.data is the file. */
#ifndef EBB_HTTP_EXPORT_KEPT_H
#define EBB_HTTP_EXPORT_KEPT_H

#include <jansson.h>

#include "http/export_job.h"

#define EXPORT_PREFIX "ex_"
#define EXPORT_ID_BYTES (sizeof(EXPORT_PREFIX) + 2 * HASH_SHORT_BYTES)

void export_kept_path(const struct server *server, const char *id, const char *ending, char ret[EXPORT_PATH_BYTES]);
/* NULL: there is none that can be read. */
json_t *export_kept_json(const struct server *server, const char *id, const char *ending);
/* Whole or not at all. */
MUST_USE bool export_kept_put(const struct server *server, const char *id, const char *ending, const struct out *text);
/* Removes what has expired; counts what stays. */
size_t export_kept_sweep(const struct server *server, struct instant now);
/* Removes files that an earlier server left half done. */
void export_kept_open(const char *directory);

#endif
