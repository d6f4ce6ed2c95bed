#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test classes of a file side by side, each in a process of its own: for tests that wait more than they work.

Usage: parallel.py FILE EBB [CLASS…]      without one: every class of the file that has tests"""
import re
import subprocess
import sys

AT_ONCE = 4


def classes_of(file):
    text = open(file, encoding="utf-8").read()
    parts = re.split(r"^class (\w+)\(", text, flags=re.MULTILINE)
    return [name for name, body in zip(parts[1::2], parts[2::2]) if re.search(r"^    def test_", body, re.MULTILINE)]


def main():
    file, ebb, *classes = sys.argv[1:]
    waiting, running, failed = classes or classes_of(file), [], False
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            name = waiting.pop(0)
            running.append((name, subprocess.Popen([sys.executable, file, ebb, name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                                   text=True)))
        name, process = running.pop(0)
        print(f"---- {name}\n{process.communicate()[0]}", flush=True)
        failed = failed or process.returncode != 0
    return 1 if failed else 0


sys.exit(main())
