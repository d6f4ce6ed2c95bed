#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every C file is laid out as .clang-format says: format.py ROOT. Judged by clang-format 14, as others differ in taste."""
import pathlib
import re
import shutil
import subprocess
import sys

VERSION = 14
ROOMS = ("src", "sim", "tests")


def complaints(program, root, files):
    done = subprocess.run([program, "--dry-run", "-Werror", *files], cwd=root, capture_output=True, text=True, check=False)
    told = re.findall(r"^(\S+:\d+):\d+: error:", done.stderr, re.MULTILINE)
    return told or ([done.stderr.strip() or "clang-format failed"] if done.returncode != 0 else [])


def main():
    root = pathlib.Path(sys.argv[1])
    program = shutil.which(f"clang-format-{VERSION}") or shutil.which("clang-format")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout if program else ""
    if f"version {VERSION}." not in version:
        print(f"skipped: clang-format {VERSION} is not here (script/bootstrap --tests)")
        return 77
    planted = subprocess.run([program, "--dry-run", "-Werror", "--assume-filename=planted.c", "--style=file:" + str(root / ".clang-format")],
                             input="int  main( void ){return 0;}\n", capture_output=True, text=True, check=False)
    if planted.returncode == 0:
        print("FAILED: a planted offender was not seen")
        return 1
    files = sorted(str(path.relative_to(root)) for room in ROOMS for path in (root / room).rglob("*.[ch]"))
    found = complaints(program, root, files)
    for where in found:
        print(f"{where}: not as clang-format lays it out (clang-format -i does it)")
    print(f"{len(files)} files, {len(found)} complaints")
    return 1 if found or len(files) < 100 else 0


sys.exit(main())
