/* SPDX-License-Identifier: Apache-2.0 */
/* Between a program and the C library (LD_PRELOAD): counts its system calls by call and by the file that they are
 * about, and lets the n-th of one kind fail, be cut short, or be the last thing that the process does.
 *
 * What is wanted and what was counted stand in a file that EBB_INJECT names, mapped by the test that started the
 * program (syscalls.py, which knows the same layout). Without it every call passes. Calls that the C library makes
 * inside itself (stdio, name look-ups) are not seen, but for fopen. */
#undef _FILE_OFFSET_BITS /* the names are the symbols: open is not open64 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define FDS_MAX 4096

/* The order is syscalls.py's. */
enum call {
    CALL_OPEN,
    CALL_READ,
    CALL_PREAD,
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_RENAME,
    CALL_LINK,
    CALL_UNLINK,
    CALL_MKDIR,
    CALL_MMAP,
    CALL_FCNTL,
    CALL_FLOCK,
    CALL_ACCEPT4,
    CALL_RECV,
    CALL_SEND,
    CALL_SENDMSG,
    CALL_POLL,
    CALL_EVENTFD,
    CALL_THREAD,
    CALL__COUNT
};
enum place {
    PLACE_NONE = 0, /* neither of the data directory nor the one above: never touched */
    PLACE_DATABASE,
    PLACE_LOG,
    PLACE_INDEX,
    PLACE_BANK,
    PLACE_ANCHOR,
    PLACE_KEY,
    PLACE_LOCK,
    PLACE_OTHER,
    PLACE_NET,
    PLACE_BELL,
    PLACE__COUNT
};
enum action { ACTION_NONE = 0, ACTION_ERROR, ACTION_KILL, ACTION_SHORT, ACTION_TORN };

struct control {
    _Atomic uint32_t armed, call, place, action, error, for_ever;
    _Atomic uint64_t n, seen, hits;
    _Atomic uint64_t counts[CALL__COUNT][PLACE__COUNT];
};

static struct control *control;
static char directory[4096];
static _Atomic uint8_t places[FDS_MAX];

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("EBB_INJECT"), *data = getenv("EBB_INJECT_DATA");
    int fd = path != NULL && data != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    snprintf(directory, sizeof directory, "%s", data);
    if (memory != MAP_FAILED)
        control = memory;
}

/* ---- what a call is about ---- */

/* Where the data directory has its name. */
static bool is_above(const char *path)
{
    size_t size = strlen(path);

    return size > 0 && strncmp(path, directory, size) == 0 && directory[size] == '/' &&
           strchr(directory + size + 1, '/') == NULL;
}

static enum place place_of_path(const char *path)
{
    static const struct {
        const char *name;
        enum place place;
    } names[] = {{"ebb.db", PLACE_DATABASE},
                 {"ebb.db-wal", PLACE_LOG},
                 {"ebb.db-shm", PLACE_INDEX},
                 {"simulated.db", PLACE_BANK},
                 {"simulated.db-journal", PLACE_BANK},
                 {"ebb.anchor", PLACE_ANCHOR},
                 {"ebb.lock", PLACE_LOCK}};
    size_t size = strlen(directory);

    if (control != NULL && is_above(path))
        return PLACE_OTHER;
    if (control == NULL || strncmp(path, directory, size) != 0)
        return PLACE_NONE;
    if (path[size] != '/')
        return PLACE_OTHER; /* the directory itself */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(path + size + 1, names[i].name) == 0)
            return names[i].place;
    return strncmp(path + size + 1, "master.key", 10) == 0 ? PLACE_KEY : PLACE_OTHER;
}

static enum place place_of(int fd)
{
    return fd >= 0 && fd < FDS_MAX ? (enum place)atomic_load(&places[fd]) : PLACE_NONE;
}

static int keep(int fd, enum place place)
{
    if (fd >= 0 && fd < FDS_MAX)
        atomic_store(&places[fd], (uint8_t)place);
    return fd;
}

/* ---- does it strike? ---- */

static void end_here(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What is to happen to this call; ACTION_KILL has happened already. */
static enum action strike(enum call call, enum place place)
{
    if (control == NULL || place == PLACE_NONE)
        return ACTION_NONE;
    atomic_fetch_add(&control->counts[call][place], 1);
    if (atomic_load(&control->armed) == 0 || atomic_load(&control->call) != (uint32_t)call ||
        atomic_load(&control->place) != (uint32_t)place)
        return ACTION_NONE;
    uint64_t n = atomic_load(&control->n), seen = atomic_fetch_add(&control->seen, 1) + 1;
    if (seen < n || (seen > n && atomic_load(&control->for_ever) == 0))
        return ACTION_NONE;
    atomic_fetch_add(&control->hits, 1);
    if (atomic_load(&control->action) == ACTION_KILL)
        end_here();
    errno = (int)atomic_load(&control->error);
    return (enum action)atomic_load(&control->action);
}

#define REAL(result, name, ...)                                                                                        \
    static result (*real)(__VA_ARGS__);                                                                                \
    if (real == NULL)                                                                                                  \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* A call that only passes or fails. */
#define SIMPLE(result, failed, name, call, place, arguments, ...)                                                      \
    PUBLIC result name(__VA_ARGS__);                                                                                   \
    PUBLIC result name(__VA_ARGS__)                                                                                    \
    {                                                                                                                  \
        REAL(result, name, __VA_ARGS__);                                                                               \
        return strike(call, place) == ACTION_ERROR ? (failed) : real arguments;                                        \
    }

SIMPLE(int, -1, fsync, CALL_FSYNC, place_of(fd), (fd), int fd)
SIMPLE(int, -1, fdatasync, CALL_FDATASYNC, place_of(fd), (fd), int fd)
SIMPLE(int, -1, ftruncate, CALL_FTRUNCATE, place_of(fd), (fd, size), int fd, off_t size)
SIMPLE(int, -1, ftruncate64, CALL_FTRUNCATE, place_of(fd), (fd, size), int fd, off64_t size)
SIMPLE(int, -1, rename, CALL_RENAME, place_of_path(to), (from, to), const char *from, const char *to)
SIMPLE(int, -1, link, CALL_LINK, place_of_path(to), (from, to), const char *from, const char *to)
SIMPLE(int, -1, unlink, CALL_UNLINK, place_of_path(path), (path), const char *path)
SIMPLE(int, -1, mkdir, CALL_MKDIR, place_of_path(path), (path, mode), const char *path, mode_t mode)
SIMPLE(void *, MAP_FAILED, mmap, CALL_MMAP, place_of(fd), (at, size, protection, flags, fd, offset), void *at,
       size_t size, int protection, int flags, int fd, off_t offset)
SIMPLE(void *, MAP_FAILED, mmap64, CALL_MMAP, place_of(fd), (at, size, protection, flags, fd, offset), void *at,
       size_t size, int protection, int flags, int fd, off64_t offset)
SIMPLE(int, -1, flock, CALL_FLOCK, place_of(fd), (fd, operation), int fd, int operation)
SIMPLE(ssize_t, -1, read, CALL_READ, place_of(fd), (fd, to, size), int fd, void *to, size_t size)
SIMPLE(ssize_t, -1, pread, CALL_PREAD, place_of(fd), (fd, to, size, offset), int fd, void *to, size_t size,
       off_t offset)
SIMPLE(ssize_t, -1, pread64, CALL_PREAD, place_of(fd), (fd, to, size, offset), int fd, void *to, size_t size,
       off64_t offset)
SIMPLE(ssize_t, -1, recv, CALL_RECV, place_of(fd), (fd, to, size, flags), int fd, void *to, size_t size, int flags)
SIMPLE(ssize_t, -1, sendmsg, CALL_SENDMSG, place_of(fd), (fd, message, flags), int fd, const struct msghdr *message,
       int flags)
SIMPLE(int, -1, poll, CALL_POLL, PLACE_NET, (fds, count, timeout), struct pollfd *fds, nfds_t count, int timeout)

/* ---- what writes: half of it may be written ---- */

#define WRITING(name, call, arguments, half, ...)                                                                      \
    PUBLIC ssize_t name(__VA_ARGS__);                                                                                  \
    PUBLIC ssize_t name(__VA_ARGS__)                                                                                   \
    {                                                                                                                  \
        REAL(ssize_t, name, __VA_ARGS__);                                                                              \
        enum action action = strike(call, place_of(fd));                                                               \
        if (action == ACTION_ERROR)                                                                                    \
            return -1;                                                                                                 \
        if (action == ACTION_NONE || size < 2)                                                                         \
            return real arguments;                                                                                     \
        ssize_t written = real half;                                                                                   \
        if (action == ACTION_TORN)                                                                                     \
            end_here();                                                                                                \
        return written;                                                                                                \
    }

WRITING(write, CALL_WRITE, (fd, from, size), (fd, from, size / 2), int fd, const void *from, size_t size)
WRITING(pwrite, CALL_PWRITE, (fd, from, size, offset), (fd, from, size / 2, offset), int fd, const void *from,
        size_t size, off_t offset)
WRITING(pwrite64, CALL_PWRITE, (fd, from, size, offset), (fd, from, size / 2, offset), int fd, const void *from,
        size_t size, off64_t offset)
WRITING(send, CALL_SEND, (fd, from, size, flags), (fd, from, size / 2, flags), int fd, const void *from, size_t size,
        int flags)

/* ---- what makes descriptors ---- */

#define OPENING(name)                                                                                                  \
    PUBLIC int name(const char *path, int flags, ...);                                                                 \
    PUBLIC int name(const char *path, int flags, ...)                                                                  \
    {                                                                                                                  \
        REAL(int, name, const char *, int, ...);                                                                       \
        enum place place = place_of_path(path);                                                                        \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;                                          \
        va_end(arguments);                                                                                             \
        return strike(CALL_OPEN, place) == ACTION_ERROR ? -1 : keep(real(path, flags, mode), place);                   \
    }
OPENING(open)
OPENING(open64)

#define OPENING_STREAM(name)                                                                                           \
    PUBLIC FILE *name(const char *path, const char *mode);                                                             \
    PUBLIC FILE *name(const char *path, const char *mode)                                                              \
    {                                                                                                                  \
        REAL(FILE *, name, const char *, const char *);                                                                \
        return strike(CALL_OPEN, place_of_path(path)) == ACTION_ERROR ? NULL : real(path, mode);                       \
    }
OPENING_STREAM(fopen)
OPENING_STREAM(fopen64)

PUBLIC int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
    REAL(int, accept4, int, struct sockaddr *, socklen_t *, int);
    enum place place = control != NULL ? PLACE_NET : PLACE_NONE;

    return strike(CALL_ACCEPT4, place) == ACTION_ERROR ? -1 : keep(real(fd, address, size, flags), place);
}

PUBLIC int eventfd(unsigned value, int flags)
{
    REAL(int, eventfd, unsigned, int);
    enum place place = control != NULL ? PLACE_BELL : PLACE_NONE;

    return strike(CALL_EVENTFD, place) == ACTION_ERROR ? -1 : keep(real(value, flags), place);
}

PUBLIC int close(int fd)
{
    REAL(int, close, int);
    (void)keep(fd, PLACE_NONE);
    return real(fd);
}

/* ---- locks, and threads ---- */

#define LOCKING(name)                                                                                                  \
    PUBLIC int name(int fd, int command, ...);                                                                         \
    PUBLIC int name(int fd, int command, ...)                                                                          \
    {                                                                                                                  \
        REAL(int, name, int, int, ...);                                                                                \
        bool lock = command == F_SETLK;                                                                                \
        va_list arguments;                                                                                             \
        va_start(arguments, command);                                                                                  \
        void *argument = va_arg(arguments, void *);                                                                    \
        va_end(arguments);                                                                                             \
        /* letting a lock go does not fail */                                                                          \
        lock = lock && ((const struct flock *)argument)->l_type != F_UNLCK;                                            \
        return lock && strike(CALL_FCNTL, place_of(fd)) == ACTION_ERROR ? -1 : real(fd, command, argument);            \
    }
LOCKING(fcntl)
LOCKING(fcntl64)

PUBLIC int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    REAL(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    enum place place = control != NULL ? PLACE_OTHER : PLACE_NONE;

    return strike(CALL_THREAD, place) == ACTION_ERROR ? (int)atomic_load(&control->error)
                                                      : real(thread, attributes, run, argument);
}
