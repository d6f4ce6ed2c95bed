#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what the README and the pages behind it tell a newcomer to type, and compares what it prints, one after the other
against one server: test_readme.py EBB EBB_AUDIT README PAGE…

Every fenced sh block is one step; lines that begin with "# " are the expected output of the commands before them.
Addresses and paths are those of a fresh server. Prints TAP."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import child  # noqa: E402

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def steps(text):
    """(commands, expected output or None) in the order of the text."""
    for block in BLOCK.findall(text):
        commands, expected = [], []
        for line in block.splitlines():
            if line.startswith("# "):
                expected.append(line[2:])
                continue
            if expected:
                yield commands, expected
                commands, expected = [], []
            commands.append(line)
        yield commands, expected or None


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def port_that_is_free():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main():
    ebb, audit, *pages = (os.path.abspath(path) for path in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="ebb-readme-") as directory:
        data = os.path.join(directory, "demo-data")
        server = subprocess.Popen([ebb, "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0"], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  preexec_fn=child.ends_with_parent)
        address = re.search(r"127\.0\.0\.1:\d+", server.stdout.readline()).group()
        text = "\n".join(map(read, pages))
        for written, meant in (("127.0.0.1:8080", address), ("127.0.0.1:8081", f"127.0.0.1:{port_that_is_free()}"),
                               ("build/ebb-audit", audit), ("build/ebb ", ebb + " "), ("build/demo-", directory + "/demo-")):
            text = text.replace(written, meant)
        shell = subprocess.Popen(["bash"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, cwd=directory, start_new_session=True)
        count = failed = 0
        for commands, expected in steps(text):
            shell.stdin.write("\n".join(commands) + "\necho end-of-step\n")
            shell.stdin.flush()
            seen = list(iter(lambda: shell.stdout.readline().rstrip("\n"), "end-of-step"))
            good = seen == expected if expected else not any("error" in line or "null" in line for line in seen)
            count, failed = count + 1, failed + (not good)
            print("ok" if good else "not ok", count, "-", commands[0].strip() if commands else "")
            if not good:
                print(*(f"# {line}" for line in ["expected:", *(expected or []), "seen:", *seen[:40]]), sep="\n")
        os.killpg(shell.pid, signal.SIGKILL)  # with what its steps left behind
        shell.wait()
        server.terminate()
        server.wait()
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
