/* SPDX-License-Identifier: Apache-2.0 */
#include "http/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIRST_HANDED_OVER 3 /* SD_LISTEN_FDS_START */

/* A variable that is a whole number; -1: absent, or something else. */
static int64_t number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    intmax_t number;

    if (text == NULL || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    number = strtoimax(text, &end, 10);
    return errno == 0 && *end == '\0' ? number : -1;
}

/* Variables of a parent may be inherited by others than the one that they were meant for. */
static bool meant_for_us(const char *name)
{
    return getenv(name) == NULL || number_of(name) == getpid();
}

static bool option_is(int socket, int option, int wanted)
{
    int value = -1;
    socklen_t size = sizeof value;

    return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

static bool listening_take(struct supervisor *supervisor, char ret_reason[256])
{
    int64_t handed_over = number_of("LISTEN_FDS");
    socklen_t size = sizeof supervisor->address;

    if (getenv("LISTEN_FDS") == NULL || getenv("LISTEN_PID") == NULL || !meant_for_us("LISTEN_PID"))
        return true;
    if (handed_over != 1 || !option_is(FIRST_HANDED_OVER, SO_TYPE, SOCK_STREAM) ||
        !option_is(FIRST_HANDED_OVER, SO_ACCEPTCONN, 1) ||
        getsockname(FIRST_HANDED_OVER, (struct sockaddr *)&supervisor->address, &size) != 0 ||
        (supervisor->address.ss_family != AF_INET && supervisor->address.ss_family != AF_INET6)) {
        snprintf(ret_reason, 256, "LISTEN_FDS=%.20s: expected one socket that listens on TCP", getenv("LISTEN_FDS"));
        return false;
    }
    (void)fcntl(FIRST_HANDED_OVER, F_SETFD, FD_CLOEXEC);
    supervisor->listening = FIRST_HANDED_OVER;
    return true;
}

/* "@name" is a name without a file. */
static bool place_take(struct supervisor *supervisor, char ret_reason[256])
{
    const char *text = getenv("NOTIFY_SOCKET");
    size_t size = text != NULL ? strlen(text) : 0;

    if (size == 0)
        return true;
    if ((text[0] != '/' && text[0] != '@') || size >= sizeof supervisor->place.sun_path) {
        snprintf(ret_reason, 256, "NOTIFY_SOCKET=%.120s: expected the path of a socket, or @ and a name", text);
        return false;
    }
    supervisor->place.sun_family = AF_UNIX;
    memcpy(supervisor->place.sun_path, text, size);
    if (text[0] == '@')
        supervisor->place.sun_path[0] = '\0';
    supervisor->place_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return true;
}

bool supervisor_find(struct supervisor *ret, char ret_reason[256])
{
    static const char *const variables[] = {"LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES",
                                            "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    int64_t watchdog_us = meant_for_us("WATCHDOG_PID") ? number_of("WATCHDOG_USEC") : -1;
    bool found;

    *ret = (struct supervisor){.watchdog_ms = watchdog_us > 0 ? watchdog_us / 1000 : 0};
    found = listening_take(ret, ret_reason) && place_take(ret, ret_reason);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        (void)unsetenv(variables[i]);
    return found;
}

void supervisor_say(const struct supervisor *supervisor, const char *messages)
{
    int sender;

    if (supervisor->place_size == 0)
        return;
    sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender < 0)
        return;
    (void)sendto(sender, messages, strlen(messages), MSG_NOSIGNAL, (const struct sockaddr *)&supervisor->place,
                 supervisor->place_size);
    close(sender);
}

sigset_t supervisor_signals(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

int supervisor_wait(const struct supervisor *supervisor, const sigset_t *signals, bool (*moves)(void *context),
                    void *context)
{
    int64_t half_ms = supervisor->watchdog_ms / 2;
    struct timespec half = {.tv_sec = half_ms / 1000, .tv_nsec = half_ms % 1000 * 1000000};
    int number;

    do {
        number = sigtimedwait(signals, NULL, half_ms > 0 ? &half : NULL);
        if (number < 0 && errno == EAGAIN && moves(context))
            supervisor_say(supervisor, "WATCHDOG=1");
    } while (number < 0);
    return number;
}
