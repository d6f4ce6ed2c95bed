/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test needs: cmocka with its includes, and a way to see a broken invariant end the process. */
#ifndef EBB_TESTS_UNIT_H
#define EBB_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* True when `statement` aborts; it runs in a child, whose standard error is nobody's business. */
#define DIES(statement)                                                                                                \
    __extension__({                                                                                                    \
        pid_t child_ = fork();                                                                                         \
        int status_ = 0;                                                                                               \
        if (child_ == 0) {                                                                                             \
            signal(SIGABRT, SIG_DFL);                                                                                  \
            dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);                                                          \
            statement;                                                                                                 \
            _exit(0);                                                                                                  \
        }                                                                                                              \
        assert_int_equal(waitpid(child_, &status_, 0), child_);                                                        \
        WIFSIGNALED(status_) && WTERMSIG(status_) == SIGABRT;                                                          \
    })

#endif
