/* SPDX-License-Identifier: Apache-2.0 */
/* The process that draws pages: what it is given, what comes back, and every way in which it may not end well. The
 * programs of any system stand in for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/worker.h"

#define INPUT_BYTES (1 << 20)
#define MOMENT_US 100000

static enum err run(const char *program, const char *argument, const char *input, size_t input_bytes,
                    const _Atomic bool *until, struct out *out, char reason[256])
{
    const char *const arguments[] = {program, argument, NULL};
    struct worker_job job = {
        .program = program, .arguments = arguments, .input = input, .input_bytes = input_bytes, .stopping = until};

    out_init(out);
    reason[0] = '\0';
    return worker_run(&job, out, reason);
}

/* More than a pipe holds, in both directions at once. */
static void test_what_goes_in_comes_out(void **state)
{
    static char input[INPUT_BYTES];
    char reason[256];
    struct out out;

    (void)state;
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (char)('a' + i % 23);
    assert_int_equal(run("/bin/cat", NULL, input, sizeof input, NULL, &out, reason), ERR_NONE);
    assert_int_equal(out.size, sizeof input);
    assert_memory_equal(out.data, input, sizeof input);
    out_fini(&out);
}

static void test_it_has_no_environment_of_ours(void **state)
{
    char reason[256];
    struct out out;

    (void)state;
    setenv("EBB_TOKEN", "secret", 1);
    assert_int_equal(run("/usr/bin/env", NULL, "", 0, NULL, &out, reason), ERR_NONE);
    assert_string_equal(out.data, "PATH=/usr/bin:/bin\nLC_ALL=C.UTF-8\n");
    out_fini(&out);
}

static void test_what_does_not_end_well(void **state)
{
    static const struct {
        const char *program, *why;
    } cases[] = {
        {"/nonexistent", "could not be started"}, {"/bin/false", "ended badly"}, {"/usr/bin/yes", "more than"}};
    char reason[256];
    struct out out;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        assert_int_equal(run(cases[i].program, NULL, "x", 1, NULL, &out, reason), ERR_RETRY);
        assert_non_null(strstr(reason, cases[i].why));
        out_fini(&out);
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static _Atomic bool stopping;

static void *stop_later(void *context)
{
    usleep(MOMENT_US);
    stopping = true;
    return context;
}

static void test_it_is_killed_when_the_server_ends(void **state)
{
    char reason[256];
    pthread_t thread;
    struct out out;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_later, NULL), 0);
    assert_int_equal(run("/bin/sleep", "60", "", 0, &stopping, &out, reason), ERR_RETRY);
    assert_non_null(strstr(reason, "was stopped"));
    pthread_join(thread, NULL);
    out_fini(&out);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* In a child of this test: what it can still do after it confined itself. */
static int confined(void)
{
    int outside = open("/dev/null", O_RDONLY);
    struct rlimit limit;

    if (outside < 0 || !worker_confine())
        return 1;
    if (fcntl(outside, F_GETFD) != -1)
        return 2; /* a descriptor of the server's */
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_max != 0)
        return 3;
    if (geteuid() == 0)
        return 4;
    return 0;
}

static void test_it_gives_up_what_it_does_not_need(void **state)
{
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (child == 0)
        _exit(confined());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_goes_in_comes_out),
        cmocka_unit_test(test_it_has_no_environment_of_ours),
        cmocka_unit_test(test_what_does_not_end_well),
        cmocka_unit_test(test_it_is_killed_when_the_server_ends),
        cmocka_unit_test(test_it_gives_up_what_it_does_not_need),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
