/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever started this process and watches over it, as systemd does: the listening socket that it hands over, the
 * messages that it waits for, and the sign of life that it wants.
 *
 * Source: sd_listen_fds(3), sd_notify(3) and sd_watchdog_enabled(3). systemd promises that these protocols stay as they
 * are and may be implemented without its library (its page "Interface Portability and Stability"). Everything comes by
 * environment variables; without them every function does nothing. They are taken out of the environment, so that no
 * process started from here believes that they are meant for it.
 *
 * A message that cannot be delivered is no reason to end: it is dropped. */
#ifndef EBB_HTTP_SUPERVISOR_H
#define EBB_HTTP_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct supervisor {
    int listening;                   /* owned by whoever listens; 0: none was handed over */
    struct sockaddr_storage address; /* of the socket */
    int64_t watchdog_ms;             /* without a sign of life for so long it ends us; 0: it does not wait for one */
    struct sockaddr_un place;        /* where messages go */
    socklen_t place_size;            /* 0: nobody waits for them */
};

/* Reads and clears the environment. False: what was handed over is not one listening TCP socket, or cannot be read. */
bool supervisor_find(struct supervisor *ret, char ret_reason[256]);
/* "READY=1", "STOPPING=1", "STATUS=…" and others, one a line. */
void supervisor_say(const struct supervisor *supervisor, const char *messages);
/* Blocks, for all threads to come, the signals by which a server is told to end. A reader that has gone and a file that
 * may not grow are failed writes from now on, like a full disk, and not the end. */
sigset_t supervisor_signals(void);
/* Waits for one of the blocked signals and returns its number; meanwhile it gives a sign of life twice in the time of
 * the watchdog, as long as `moves` says that work goes on. */
int supervisor_wait(const struct supervisor *supervisor, const sigset_t *signals, bool (*moves)(void *context),
                    void *context);

#endif
