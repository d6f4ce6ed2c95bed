/* SPDX-License-Identifier: Apache-2.0 */
/* Exports in the background: a job is what was asked (DIR/exports/ID.json, written before the answer), and, when it is
 * done, its result (ID.result) and its file (ID.data). It is its maker's alone and is kept for three days. The id comes
 * from who asked and the Idempotency-Key: asked again, it is the same job. A server that ends leaves jobs behind that
 * were not done; they are failed then, and can be asked for again. Jobs are known to the server that made them. */
#ifndef EBB_HTTP_EXPORT_JOB_H
#define EBB_HTTP_EXPORT_JOB_H

#include "http/export_order.h"

#define EXPORT_KEPT_MS (3 * MS_DAY)
#define EXPORT_JOBS_MAX 500 /* kept at a time */

struct export_jobs;
/* Forgets what earlier servers left half done. NULL: no memory or no thread. */
struct export_jobs *export_jobs_new(const char *directory);
void export_jobs_free(struct export_jobs **jobs);
struct clerk *export_jobs_clerk(struct export_jobs *jobs);

/* Is it the name of a job? */
bool export_job_is(const char *name);
void export_job_show(struct request *request);

#endif
