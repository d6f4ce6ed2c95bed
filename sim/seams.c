/* SPDX-License-Identifier: Apache-2.0 */
#include "seams.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

struct stop_point stop_point;
static bool loud;

void seams_loud(void)
{
    loud = true;
}

static void stop(enum stop why)
{
    stop_point.set = false;
    siglongjmp(stop_point.jump, (int)why);
}

void seams_power_gone(void *context UNUSED)
{
    if (!stop_point.set)
        abort();
    stop(STOP_POWER);
}

static void aborted(int number)
{
    if (stop_point.set)
        stop(STOP_ABORT);
    signal(number, SIG_DFL);
}

void seams_install(void)
{
    struct sigaction action = {.sa_handler = aborted, .sa_flags = SA_NODEFER};

    (void)sigaction(SIGABRT, &action, NULL);
    /* What is freed is wanted again at once: pages are not given back to the kernel, to be cleared anew. 32 MB is the
     * largest threshold that the C library takes. */
    (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted UNUSED, struct timespec *left UNUSED)
{
    return 0;
}

void __wrap_log_line(enum log_level level, const char *event, ...);
void __wrap_log_line(enum log_level level UNUSED, const char *event, ...)
{
    va_list arguments;
    size_t used = (size_t)snprintf(stop_point.said, sizeof stop_point.said, "%s", event);

    va_start(arguments, event);
    for (const char *name; used < sizeof stop_point.said && (name = va_arg(arguments, const char *)) != NULL;) {
        const char *value = va_arg(arguments, const char *);

        used += (size_t)snprintf(stop_point.said + used, sizeof stop_point.said - used, " %s=%s", name,
                                 value != NULL ? value : "");
    }
    va_end(arguments);
    if (loud)
        fprintf(stderr, "%s\n", stop_point.said);
}

_Noreturn void __wrap_invariant_broken(int number, const char *condition, const char *file, int line);
_Noreturn void __wrap_invariant_broken(int number, const char *condition, const char *file, int line)
{
    snprintf(stop_point.said, sizeof stop_point.said, "INVARIANT %d: %.100s at %.80s:%d", number, condition, file,
             line);
    if (stop_point.set)
        stop(STOP_INVARIANT);
    fprintf(stderr, "%s\n", stop_point.said);
    _exit(70);
}
