/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/out.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

static atomic_bool quiet_now;

void log_quiet(bool quiet)
{
    atomic_store(&quiet_now, quiet);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    }
    return "?";
}

void log_line(enum log_level level, const char *message, ...)
{
    SCOPED(out_fini) struct out line = {0};
    va_list pairs;

    if (atomic_load(&quiet_now))
        return;
    out_object(&line, NULL);
    out_string(&line, "level", level_name(level));
    out_string(&line, "message", message);
    va_start(pairs, message);
    for (const char *key = va_arg(pairs, const char *); key != NULL; key = va_arg(pairs, const char *))
        out_string(&line, key, va_arg(pairs, const char *));
    va_end(pairs);
    out_object_end(&line);
    out_bytes(&line, "\n", 1);
    /* One call a line, so that threads do not mix theirs. The line carries no time: who collects it stamps it. */
    if (!line.failed)
        fwrite(line.data, 1, line.size, stderr);
}
