/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/anchors.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (ANCHOR_SLOTS * ANCHOR_TEXT_BYTES)
#define PATH_BYTES 4096
#define SLOT_PLAIN 0

struct place {
    char path[PATH_BYTES];
    int fd;
    int synced; /* slot 1 or 2: the one that was synced last; guarded by `syncing` */
    _Atomic bool failed;
    bool empty;
};

struct anchors {
    const struct vault *vault;
    struct world *world;
    struct place places[ANCHOR_PLACES_MAX];
    size_t places_count;
    struct anchor found[ANCHOR_PLACES_MAX * ANCHOR_SLOTS];
    size_t found_count;
    _Atomic int64_t failures;
    int bell;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
    struct instant told_at;  /* in the log; the thread's */
    pthread_mutex_t syncing; /* one sync at a time */

    pthread_mutex_t mutex; /* guards what follows */
    struct anchor head;
    bool known, put, synced, rung; /* the head is there; and was written since it changed */
    int64_t synced_seq;
};

static void fd_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* ---- opening ---- */

static enum err no(char reason[256], const char *path, const char *why)
{
    snprintf(reason, 256, "The anchor %.140s %.90s.", path, why);
    return ERR_FATAL;
}

/* Its size is fixed from the beginning, so that later writes need no room on the disk. */
static bool file_lay_out(int fd, const char *path)
{
    static const char nothing[FILE_BYTES];

    return file_write_at(fd, nothing, sizeof nothing, 0) && file_sync(fd) && name_sync(path);
}

/* A process that ended while it laid the file out left some of its zeros. */
static bool is_half_laid_out(const char *there, int64_t size)
{
    static const char nothing[FILE_BYTES];

    return size < FILE_BYTES && memcmp(there, nothing, (size_t)size) == 0;
}

/* `ret_there`: what the file holds. A disk that does not say is no file without an anchor: that would look like an old
 * backup for ever. */
static enum err place_open(struct place *place, const char *path, char ret_there[FILE_BYTES], char *reason)
{
    struct stat about;
    int64_t size;

    place->fd = -1;
    place->synced = 1;
    if ((size_t)snprintf(place->path, sizeof place->path, "%s", path) >= sizeof place->path)
        return no(reason, path, "has too long a name");
    place->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (place->fd < 0 || fstat(place->fd, &about) != 0)
        return no(reason, path, strerror(errno));
    memset(ret_there, 0, FILE_BYTES);
    size = S_ISREG(about.st_mode) ? file_read_at(place->fd, ret_there, FILE_BYTES, 0) : 0;
    if (size < 0)
        return no(reason, path, strerror(errno));
    if (!S_ISREG(about.st_mode) || (about.st_size != FILE_BYTES && !is_half_laid_out(ret_there, size)))
        return no(reason, path, "is another file already; name one that is not there, or that Ebb made");
    if (flock(place->fd, LOCK_EX | LOCK_NB) != 0)
        return no(reason, path, "is kept by another Ebb");
    if (about.st_size != FILE_BYTES && !file_lay_out(place->fd, path))
        return no(reason, path, strerror(errno));
    return ERR_NONE;
}

/* ERR_REQUEST: there is none in this slot. */
static enum err slot_read(const struct anchors *anchors, const char text[ANCHOR_TEXT_BYTES], struct anchor *ret)
{
    SCOPED(arena_fini) struct arena arena;
    const char *end = memchr(text, '\n', ANCHOR_TEXT_BYTES);

    arena_init(&arena, ANCHOR_ARENA_BYTES);
    if (end == NULL)
        return ERR_REQUEST;
    TRY(anchor_read(text, (size_t)(end - text), &arena, ret));
    return anchor_signed_by(ret, anchors->vault->anchor_public) ? ERR_NONE : ERR_REQUEST;
}

static int64_t rows_of(const struct anchor *anchor)
{
    int64_t rows = 0;

    for (size_t i = 0; i < anchor->heads_count; i++)
        rows += anchor->heads[i].seq;
    return rows;
}

/* The next sync overwrites the older of the two. */
static enum err place_read(struct anchors *anchors, struct place *place, const char there[FILE_BYTES])
{
    int64_t rows[ANCHOR_SLOTS] = {-1, -1, -1};

    place->empty = true;
    for (int slot = 0; slot < ANCHOR_SLOTS; slot++) {
        struct anchor *found = &anchors->found[anchors->found_count];

        enum err err = slot_read(anchors, there + (size_t)slot * ANCHOR_TEXT_BYTES, found);

        if (err == ERR_REQUEST)
            continue;
        TRY(err);
        rows[slot] = rows_of(found);
        place->empty = false;
        anchors->found_count++;
    }
    place->synced = rows[2] > rows[1] ? 2 : 1;
    return ERR_NONE;
}

enum err anchors_open(const struct anchors_config *config, struct anchors **ret, char ret_reason[256])
{
    struct anchors *anchors = calloc(1, sizeof *anchors);
    char there[FILE_BYTES];
    enum err err = ERR_NONE;

    if (anchors == NULL)
        return ERR_RETRY;
    anchors->vault = config->vault;
    anchors->world = config->world;
    pthread_mutex_init(&anchors->mutex, NULL);
    pthread_mutex_init(&anchors->syncing, NULL);
    anchors->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (anchors->bell < 0 || config->paths_count > ANCHOR_PLACES_MAX)
        err = no(ret_reason, config->paths[0], "cannot be kept: too many places, or no descriptor left");
    for (size_t i = 0; err == ERR_NONE && i < config->paths_count; i++) {
        err = place_open(&anchors->places[anchors->places_count++], config->paths[i], there, ret_reason);
        if (err == ERR_NONE)
            err = place_read(anchors, &anchors->places[i], there);
    }
    if (err == ERR_NONE)
        *ret = anchors;
    else
        anchors_close(&anchors);
    return err;
}

const struct anchor *anchors_found(const struct anchors *anchors, size_t *ret_count)
{
    *ret_count = anchors->found_count;
    return anchors->found;
}

bool anchors_beside_is_empty(const struct anchors *anchors)
{
    return anchors->places[0].empty;
}

int64_t anchors_failures(const struct anchors *anchors)
{
    return anchors->failures;
}

/* ---- writing ---- */

static void bell_ring(int bell)
{
    const uint64_t one = 1;
    ssize_t written = write(bell, &one, sizeof one);

    (void)written; /* full means that it rings already */
}

static bool same_head(const struct anchor *a, const struct anchor *b)
{
    return a->heads[0].seq == b->heads[0].seq && strcmp(a->store, b->store) == 0;
}

void anchors_advance(struct anchors *anchors, const char *store, const struct anchor_head *head, struct instant at)
{
    struct anchor next = {.heads_count = 1, .heads = {*head}, .at = at};
    bool ring = false;

    snprintf(next.store, sizeof next.store, "%s", store);
    pthread_mutex_lock(&anchors->mutex);
    if (!anchors->known || !same_head(&next, &anchors->head)) {
        anchors->head = next;
        anchors->known = true;
        anchors->put = anchors->synced = false;
        ring = !anchors->rung && head->seq - anchors->synced_seq >= ANCHOR_ROWS;
        anchors->rung = anchors->rung || ring;
    }
    pthread_mutex_unlock(&anchors->mutex);
    if (ring)
        bell_ring(anchors->bell);
}

/* The head as a line that fills its slot. False: there is none, or no memory. */
static bool line_make(struct anchors *anchors, struct anchor *ret, char line[ANCHOR_TEXT_BYTES])
{
    SCOPED(out_fini) struct out out;
    bool known;

    pthread_mutex_lock(&anchors->mutex);
    *ret = anchors->head;
    known = anchors->known;
    pthread_mutex_unlock(&anchors->mutex);
    out_init(&out);
    if (!known || !anchor_sign(ret, anchors->vault->anchor_secret))
        return false;
    anchor_write(ret, &out);
    if (out.failed || out.size >= ANCHOR_TEXT_BYTES)
        return false;
    memset(line, ' ', ANCHOR_TEXT_BYTES);
    memcpy(line, out.data, out.size);
    line[ANCHOR_TEXT_BYTES - 1] = '\n';
    return true;
}

/* One line in the log when it begins to fail, and one when it works again. */
static bool place_result(struct anchors *anchors, struct place *place, bool ok)
{
    if (!ok)
        anchors->failures++;
    if (ok == place->failed)
        log_line(ok ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR,
                 ok ? "the anchor can be written again" : "the anchor cannot be written", "file", place->path, "reason",
                 ok ? "" : strerror(errno), NULL);
    place->failed = !ok;
    return ok;
}

static bool slot_write(const struct place *place, int slot, const char line[ANCHOR_TEXT_BYTES])
{
    return file_write_at(place->fd, line, ANCHOR_TEXT_BYTES, (int64_t)slot * ANCHOR_TEXT_BYTES);
}

bool anchors_put(struct anchors *anchors)
{
    char line[ANCHOR_TEXT_BYTES];
    struct anchor head;
    bool done, somewhere = false;

    pthread_mutex_lock(&anchors->mutex);
    done = anchors->known && anchors->put;
    pthread_mutex_unlock(&anchors->mutex);
    if (done)
        return true;
    if (!line_make(anchors, &head, line))
        return false;
    for (size_t i = 0; i < anchors->places_count; i++) {
        struct place *place = &anchors->places[i];

        somewhere = place_result(anchors, place, slot_write(place, SLOT_PLAIN, line)) || somewhere;
    }
    pthread_mutex_lock(&anchors->mutex);
    anchors->put = somewhere; /* only the caller's thread advances the head */
    pthread_mutex_unlock(&anchors->mutex);
    return somewhere;
}

static bool places_sync(struct anchors *anchors, const char line[ANCHOR_TEXT_BYTES])
{
    bool everywhere = true;

    for (size_t i = 0; i < anchors->places_count; i++) {
        struct place *place = &anchors->places[i];
        int slot = place->synced == 1 ? 2 : 1;
        bool ok = slot_write(place, slot, line) && fdatasync(place->fd) == 0;

        if (place_result(anchors, place, ok))
            place->synced = slot;
        everywhere = everywhere && ok;
    }
    return everywhere;
}

bool anchors_sync(struct anchors *anchors)
{
    char line[ANCHOR_TEXT_BYTES];
    struct anchor head;
    bool everywhere;

    pthread_mutex_lock(&anchors->syncing);
    everywhere = line_make(anchors, &head, line) && places_sync(anchors, line);
    pthread_mutex_lock(&anchors->mutex);
    anchors->rung = false;
    if (everywhere) {
        anchors->synced_seq = head.heads[0].seq;
        anchors->synced = same_head(&head, &anchors->head);
    }
    pthread_mutex_unlock(&anchors->mutex);
    pthread_mutex_unlock(&anchors->syncing);
    return everywhere;
}

/* ---- the thread ---- */

/* A third way out: whoever collects logs elsewhere holds the heads, too. */
static void tell(struct anchors *anchors)
{
    struct instant now = anchors->world->now(anchors->world->context);
    char line[ANCHOR_TEXT_BYTES];
    struct anchor head;

    if (instant_is_set(anchors->told_at) && !instant_before(now, anchors->told_at) &&
        instant_before(now, instant_add_ms(anchors->told_at, ANCHOR_ROUND_MS)))
        return;
    if (!line_make(anchors, &head, line))
        return;
    for (size_t end = sizeof line; end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\n'); end--)
        line[end - 1] = '\0';
    log_line(LOG_LEVEL_INFO, "audit head", "anchor", line, NULL);
    anchors->told_at = now;
}

static void *keeper_run(void *context)
{
    struct anchors *anchors = context;

    while (!anchors->stopping) {
        struct pollfd waiting = {.fd = anchors->bell, .events = POLLIN};
        uint64_t rung;
        bool wanted;

        if (poll(&waiting, 1, ANCHOR_ROUND_MS) > 0 && read(anchors->bell, &rung, sizeof rung) < 0)
            continue; /* it had stopped ringing */
        pthread_mutex_lock(&anchors->mutex);
        wanted = anchors->known && !anchors->synced;
        pthread_mutex_unlock(&anchors->mutex);
        if (!wanted || anchors->stopping)
            continue;
        anchors_sync(anchors); /* what failed is tried again in the next round */
        tell(anchors);
    }
    return NULL;
}

enum err anchors_keep(struct anchors *anchors)
{
    if (pthread_create(&anchors->thread, NULL, keeper_run, anchors) != 0)
        return ERR_RETRY;
    anchors->started = true;
    return ERR_NONE;
}

void anchors_close(struct anchors **pointer)
{
    struct anchors *anchors = *pointer;

    if (anchors == NULL)
        return;
    if (anchors->started) {
        anchors->stopping = true;
        bell_ring(anchors->bell);
        pthread_join(anchors->thread, NULL);
    }
    for (size_t i = 0; i < anchors->places_count; i++)
        fd_close(&anchors->places[i].fd);
    fd_close(&anchors->bell);
    pthread_mutex_destroy(&anchors->mutex);
    pthread_mutex_destroy(&anchors->syncing);
    free(anchors);
    *pointer = NULL;
}
