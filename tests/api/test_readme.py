#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what the README tells a newcomer to type, and compares what it prints: test_readme.py EBB EBB_AUDIT README

Every fenced sh block is one step; lines that begin with "# " are the expected output of the commands before them.
Address and paths are those of a fresh server. Prints TAP."""
import os
import re
import subprocess
import sys
import tempfile

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


def main():
    ebb, audit, readme = (os.path.abspath(path) for path in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="ebb-readme-") as directory, open(readme, encoding="utf-8") as file:
        data = os.path.join(directory, "data")
        server = subprocess.Popen([ebb, "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0"], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        address = re.search(r"127\.0\.0\.1:\d+", server.stdout.readline()).group()
        text = file.read().replace("127.0.0.1:8080", address)
        text = text.replace("build/ebb-audit", audit).replace("build/demo-data", data)
        shell = subprocess.Popen(["bash"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, cwd=directory)
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
        shell.stdin.close()
        server.terminate()
        server.wait()
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
