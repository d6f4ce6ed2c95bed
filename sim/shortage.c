/* SPDX-License-Identifier: Apache-2.0 */
#include "shortage.h"

#include <errno.h>
#include <execinfo.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* Where memory really comes from. */
#ifdef SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
void *REAL(memalign)(size_t alignment, size_t size);
void REAL(free)(void *memory);

#ifdef SANITIZED
int __lsan_do_recoverable_leak_check(void);
#endif

/* Called before the sanitizer is ready for code that it watches. */
#define BARE __attribute__((no_sanitize("address", "undefined")))
#define PUBLIC BARE __attribute__((visibility("default")))
#define TLS_EARLY __attribute__((tls_model("initial-exec"))) /* the first allocation may come before anything else */

static struct {
    _Atomic bool armed, for_ever, all_threads;
    _Atomic int holds;
    _Atomic int64_t n, count, failed, live;
} shortage;
static _Thread_local bool my_thread TLS_EARLY;
static bool loud;

void shortage_loud(void)
{
    void *frames[1];

    loud = backtrace(frames, 1) > 0; /* the first call loads a library */
}

static void say_where(void)
{
    void *frames[40];

    backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
}

BARE static bool strikes(void)
{
    if (!atomic_load_explicit(&shortage.armed, memory_order_relaxed) || atomic_load(&shortage.holds) > 0 ||
        (!my_thread && !atomic_load(&shortage.all_threads)))
        return false;
    int64_t n = atomic_load(&shortage.n), count = atomic_fetch_add(&shortage.count, 1) + 1;
    if (n == 0 || count < n || (count > n && !atomic_load(&shortage.for_ever)))
        return false;
    if (atomic_fetch_add(&shortage.failed, 1) == 0 && loud)
        say_where();
    errno = ENOMEM;
    return true;
}

BARE static void *counted(void *memory)
{
    if (memory != NULL)
        atomic_fetch_add_explicit(&shortage.live, 1, memory_order_relaxed);
    return memory;
}

PUBLIC void *malloc(size_t size)
{
    return strikes() ? NULL : counted(REAL(malloc)(size));
}

PUBLIC void *calloc(size_t count, size_t size)
{
    return strikes() ? NULL : counted(REAL(calloc)(count, size));
}

PUBLIC void *realloc(void *old, size_t size)
{
    if (strikes())
        return NULL;
    return old == NULL ? counted(REAL(realloc)(old, size)) : REAL(realloc)(old, size);
}

PUBLIC void *memalign(size_t alignment, size_t size);
PUBLIC void *memalign(size_t alignment, size_t size)
{
    return strikes() ? NULL : counted(REAL(memalign)(alignment, size));
}

PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

PUBLIC int posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *memory = memalign(alignment, size);

    if (memory == NULL)
        return ENOMEM;
    *ret = memory;
    return 0;
}

PUBLIC void free(void *memory)
{
    if (memory != NULL)
        atomic_fetch_sub_explicit(&shortage.live, 1, memory_order_relaxed);
    REAL(free)(memory);
}

void shortage_begin(int64_t n, bool for_ever, enum shortage_reach reach, bool held)
{
    my_thread = true;
    atomic_store(&shortage.all_threads, reach == SHORTAGE_ALL_THREADS);
    atomic_store(&shortage.for_ever, for_ever);
    atomic_store(&shortage.n, n);
    atomic_store(&shortage.count, 0);
    atomic_store(&shortage.failed, 0);
    atomic_store(&shortage.holds, held ? 1 : 0);
    atomic_store(&shortage.armed, true);
}

void shortage_hold(bool hold)
{
    atomic_fetch_add(&shortage.holds, hold ? 1 : -1);
}

int64_t shortage_end(void)
{
    atomic_store(&shortage.armed, false);
    return atomic_load(&shortage.failed);
}

int64_t shortage_count(void)
{
    return atomic_load(&shortage.count);
}

int64_t shortage_live(void)
{
#ifdef SANITIZED
    return -1;
#else
    return atomic_load(&shortage.live);
#endif
}

_Noreturn void shortage_exit(int status)
{
#ifdef SANITIZED
    if (__lsan_do_recoverable_leak_check() != 0)
        _exit(23);
#endif
    _exit(status);
}
