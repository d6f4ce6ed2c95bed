/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64

/* Of one task. */
struct place {
    pid_t process; /* 0: not begun */
    int status;
    bool ended;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

size_t crew_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count > 0 && count <= JOBS_MAX ? (size_t)count : 1;
}

int64_t crew_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int crew_alone(void (*task)(void *context), void *context)
{
    int status = -1;

    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        task(context);
        _exit(0);
    }
    return child < 0 || waitpid(child, &status, 0) != child ? -1 : status;
}

static void begin(const struct crew *crew, size_t number, struct place *place, void *result)
{
    fflush(NULL);
    place->process = fork();
    if (place->process < 0)
        die("fork");
    if (place->process == 0) {
        crew->task(number, result);
        _exit(0);
    }
}

/* The one that ended. */
static struct place *wait_for_one(struct place *places, size_t begun)
{
    int status;
    pid_t process = wait(&status);

    for (size_t i = 0; i < begun; i++)
        if (process > 0 && places[i].process == process && !places[i].ended) {
            places[i].status = status;
            places[i].ended = true;
            return &places[i];
        }
    die("wait");
    return NULL;
}

void crew_run(const struct crew *crew, size_t count)
{
    size_t jobs = crew->jobs > 0 ? crew->jobs : crew_processors(), begun = 0, told = 0, running = 0;
    struct place *places = calloc(count > 0 ? count : 1, sizeof *places);
    char *results = mmap(NULL, (count + 1) * crew->result_bytes, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (places == NULL || results == MAP_FAILED)
        die("memory for the results");
    while (told < count) {
        for (; begun < count && running < jobs; begun++, running++)
            begin(crew, begun, &places[begun], results + begun * crew->result_bytes);
        (void)wait_for_one(places + told, begun - told);
        running--;
        for (; told < begun && places[told].ended; told++)
            crew->done(told, results + told * crew->result_bytes, places[told].status);
    }
    munmap(results, (count + 1) * crew->result_bytes);
    free(places);
}
