/* SPDX-License-Identifier: Apache-2.0 */
/* A sign of life is one: it is given while work goes on, and not when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/supervisor.h"

#define LOOKS 3

struct work {
    bool goes_on;
    int looks;
};

static bool look(void *context)
{
    struct work *work = context;

    if (++work->looks == LOOKS)
        assert_int_equal(kill(getpid(), SIGUSR1), 0);
    return work->goes_on;
}

/* The signs of life that were given at LOOKS looks. */
static int signs(bool goes_on)
{
    struct supervisor supervisor = {.watchdog_ms = 4};
    struct work work = {.goes_on = goes_on};
    char name[64], message[64];
    sigset_t wanted;
    int heard = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), count = 0;

    assert_true(heard >= 0);
    snprintf(name, sizeof name, "ebb-supervisor-%d", (int)getpid());
    supervisor.place.sun_family = AF_UNIX;
    memcpy(supervisor.place.sun_path + 1, name, strlen(name));
    supervisor.place_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    assert_int_equal(bind(heard, (struct sockaddr *)&supervisor.place, supervisor.place_size), 0);

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &wanted, NULL), 0);
    assert_int_equal(supervisor_wait(&supervisor, &wanted, look, &work), SIGUSR1);
    assert_int_equal(work.looks, LOOKS);
    for (ssize_t size; (size = recv(heard, message, sizeof message, 0)) > 0; count++)
        assert_memory_equal(message, "WATCHDOG=1", (size_t)size);
    close(heard);
    return count;
}

static void test_work_goes_on(void **state)
{
    (void)state;
    assert_int_equal(signs(true), LOOKS);
}

static void test_work_stands_still(void **state)
{
    (void)state;
    assert_int_equal(signs(false), 0);
}

/* Signals arrive, nobody waits for signs: it sleeps until then. */
static void test_no_watchdog(void **state)
{
    struct supervisor supervisor = {0};
    sigset_t wanted;

    (void)state;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &wanted, NULL), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(supervisor_wait(&supervisor, &wanted, look, NULL), SIGUSR1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_goes_on),
        cmocka_unit_test(test_work_stands_still),
        cmocka_unit_test(test_no_watchdog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
