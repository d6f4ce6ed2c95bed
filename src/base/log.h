/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON line an event on standard error. Library rooms never log; the process does, once, where it decides what to
 * do. Values are given as text and escaped; personal data has no business here. */
#ifndef EBB_BASE_LOG_H
#define EBB_BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* Key–value pairs of text, ended by NULL: log_line(LOG_LEVEL_INFO, "listening", "address", "127.0.0.1:8080", NULL). */
void log_line(enum log_level level, const char *message, ...) __attribute__((sentinel));
void log_quiet(bool quiet); /* tests */

#endif
