/* SPDX-License-Identifier: Apache-2.0 */
/* A shim before the C library: the date goes EBB_HURRY times as fast from EBB_HURRY_FROM (seconds since 1970) on, so
 * that the hours in which a channel is asked about pass in seconds. Only the date: time-outs of sockets stay what they
 * are. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define NS 1000000000LL

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *ret)
{
    static int (*real)(clockid_t, struct timespec *);
    static long long from_s, times;

    if (real == NULL) {
        from_s = atoll(getenv("EBB_HURRY_FROM"));
        times = atoll(getenv("EBB_HURRY"));
        real = (int (*)(clockid_t, struct timespec *))(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = real(clock, ret);

    if (result == 0 && clock == CLOCK_REALTIME) {
        long long passed = (ret->tv_sec - from_s) * NS + ret->tv_nsec;

        ret->tv_sec = from_s + passed * times / NS;
        ret->tv_nsec = passed * times % NS;
    }
    return result;
}
