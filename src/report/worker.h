/* SPDX-License-Identifier: Apache-2.0 */
/* A process of its own for what draws pages: the libraries of fonts and pictures are large, and what they read comes
 * from customers. The server starts the same program again, without its environment and descriptors; the worker takes
 * away from itself what it does not need (worker_confine), reads its input, writes its output and ends. It knows no key
 * and reaches no data. */
#ifndef EBB_REPORT_WORKER_H
#define EBB_REPORT_WORKER_H

#include <stdatomic.h>

#include "base/out.h"

#define WORKER_MS_MAX 10000
#define WORKER_OUTPUT_BYTES_MAX ((size_t)8 << 20)

struct worker_job {
    const char *program;          /* its path */
    const char *const *arguments; /* ended by NULL; the first one is the program's name */
    const char *input;
    size_t input_bytes;
    const _Atomic bool *stopping; /* when it turns true the worker is killed; NULL: never */
};
/* ERR_RETRY: it could not be started, took too long, wrote too much or ended badly; `ret_reason` says what. The
 * caller's thread waits. */
MUST_USE enum err worker_run(const struct worker_job *job, struct out *out, char ret_reason[256]);

/* In the worker, first of all: no new privileges, another user where it was started by root, no files to write, bounded
 * memory and time. False: it may not go on. */
MUST_USE bool worker_confine(void);

#endif
