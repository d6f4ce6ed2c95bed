# SPDX-License-Identifier: Apache-2.0
"""Children of a test do not outlive it: Popen(…, preexec_fn=child.ends_with_parent).

The kernel ends them when the thread that started them is gone, also where nothing of the test can run any more (it was
killed, or it crashed before its clean-up). So they are started by a thread that lives as long as they shall.

child.py --self-check: a parent is killed, and its child must be gone."""
import ctypes
import os
import select
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
PATIENCE_S = 20

_prctl = ctypes.CDLL(None).prctl  # found before the fork: between fork and exec nothing is loaded


def ends_with_parent(by=signal.SIGKILL):
    _prctl(PR_SET_PDEATHSIG, by)


def self_check():
    """The grandchild holds the writing end of a pipe: its end is the pipe's."""
    program = ("import subprocess, sys, time; sys.path.insert(0, %r); import child; "
               "subprocess.Popen(['sleep', '600'], stdout=1, preexec_fn=child.ends_with_parent); "
               "print('started', flush=True); time.sleep(600)" % os.path.dirname(os.path.abspath(__file__)))
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"started\n"
    parent.kill()
    parent.wait()
    ready, _, _ = select.select([parent.stdout], [], [], PATIENCE_S)
    assert ready and parent.stdout.read() == b"", "the child outlived its parent"
    print("a child ends with its parent")


if __name__ == "__main__":
    assert sys.argv[1:] == ["--self-check"], __doc__
    self_check()
