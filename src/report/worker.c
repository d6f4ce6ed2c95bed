/* SPDX-License-Identifier: Apache-2.0 */
#include "report/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUND_MS 50
#define CPU_S 8
#define MEMORY_BYTES ((rlim_t)1 << 30)
#define NOBODY 65534

struct worker {
    pid_t pid;
    int in, out; /* our ends */
    size_t written;
};

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum err no(char ret_reason[256], const char *why)
{
    snprintf(ret_reason, 256, "the page's worker %s", why);
    return ERR_RETRY;
}

/* ---- starting ---- */

static bool spawn(const struct worker_job *job, int input, int output, pid_t *ret)
{
    static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    bool started;

    sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    started = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
              posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
              posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
              posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0 &&
              posix_spawn(ret, job->program, &actions, &attributes, (char *const *)(uintptr_t)job->arguments,
                          (char *const *)(uintptr_t)environment) == 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

static bool start(const struct worker_job *job, struct worker *ret)
{
    SCOPED(fd_close) int input = -1, ours_in = -1, output = -1, ours_out = -1;
    int pair[2];

    if (pipe2(pair, O_CLOEXEC) != 0)
        return false;
    input = pair[0];
    ours_in = pair[1];
    if (pipe2(pair, O_CLOEXEC) != 0)
        return false;
    ours_out = pair[0];
    output = pair[1];
    if (fcntl(ours_in, F_SETFL, O_NONBLOCK) != 0 || !spawn(job, input, output, &ret->pid))
        return false;
    ret->in = ours_in;
    ret->out = ours_out;
    ours_in = ours_out = -1;
    return true;
}

/* ---- talking ---- */

static void feed(struct worker *worker, const struct worker_job *job)
{
    ssize_t written = write(worker->in, job->input + worker->written, job->input_bytes - worker->written);

    if (written > 0)
        worker->written += (size_t)written;
    if ((written < 0 && errno != EAGAIN && errno != EINTR) || worker->written == job->input_bytes)
        fd_close(&worker->in);
}

/* False at the end of its output. */
static bool drain(struct worker *worker, struct out *out)
{
    char room[16384];
    ssize_t size = read(worker->out, room, sizeof room);

    if (size > 0)
        out_bytes(out, room, (size_t)size);
    return size > 0 || (size < 0 && (errno == EINTR || errno == EAGAIN));
}

static const char *talk(struct worker *worker, const struct worker_job *job, struct out *out)
{
    for (int waited_ms = 0; waited_ms < WORKER_MS_MAX;) {
        struct pollfd waiting[] = {{.fd = worker->out, .events = POLLIN}, {.fd = worker->in, .events = POLLOUT}};
        int ready = poll(waiting, 2, ROUND_MS);

        if (job->stopping != NULL && atomic_load(job->stopping))
            return "was stopped";
        waited_ms += ready == 0 ? ROUND_MS : 1; /* also for one that never ends to write */
        if (worker->in >= 0 && waiting[1].revents != 0)
            feed(worker, job);
        if (waiting[0].revents != 0 && !drain(worker, out))
            return NULL;
        if (out->failed || out->size > WORKER_OUTPUT_BYTES_MAX)
            return "wrote more than there is room for";
    }
    return "took too long";
}

static bool ended_well(pid_t pid)
{
    int status;
    pid_t ended;

    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    return ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum err worker_run(const struct worker_job *job, struct out *out, char ret_reason[256])
{
    struct worker worker = {0};
    const char *why;
    bool well;

    if (!start(job, &worker))
        return no(ret_reason, "could not be started");
    why = talk(&worker, job, out);
    fd_close(&worker.in);
    fd_close(&worker.out);
    if (why != NULL)
        (void)kill(worker.pid, SIGKILL);
    well = ended_well(worker.pid);
    if (why == NULL && !well)
        why = "ended badly";
    return why == NULL ? ERR_NONE : no(ret_reason, why);
}

/* ---- in the worker ---- */

static bool limit(__rlimit_resource_t what, rlim_t most)
{
    return setrlimit(what, &(struct rlimit){most, most}) == 0;
}

/* The sanitizers' shadow is larger than any limit. */
static bool memory_limit(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(EBB_BELIEFS_ABORT)
    return true;
#else
    return limit(RLIMIT_AS, MEMORY_BYTES);
#endif
}

bool worker_confine(void)
{
    signal(SIGXFSZ, SIG_IGN); /* a cache of fonts that cannot be written is none */
    if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return false;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return memory_limit() && limit(RLIMIT_CPU, CPU_S) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0);
}
