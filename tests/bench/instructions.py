# SPDX-License-Identifier: Apache-2.0
"""How many instructions a quote, a plan, a whole withdrawal and a billing fact take, counted by callgrind and compared with what stands in
instructions.json: a rise over 5% fails. Unlike a time, a count is the same on a busy machine.

  instructions.py PROGRAM JSON BUILD [--update]

BUILD says by what the program was built, "gcc-12-debugoptimized": other compilers make other instructions, and a build that
has no figures in the file is not compared (exit status 77). Counted are Ebb's own code and SQLite's, which are built for any
x86-64; the C library and libsodium choose their code by the processor and are left out. --update writes what was counted."""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

RISE = 1.05
# Rounds, and how many there are in one: quote and plan go through four policies, facts come five hundred a commit.
WORK = {"quote": (200, 4), "plan": (200, 4), "withdrawal": (20, 1), "fact": (4, 500)}
DURABLE = ("withdrawal", "fact")  # these want a directory
NOT_COMPARED = 77


def costs(text):
    """Instructions by object of a callgrind file. Lines of a call repeat what the called function has counted itself."""
    names, found, here, skip = {}, collections.Counter(), "?", False
    for line in text.splitlines():
        if skip:
            skip = False
        elif line.startswith("calls="):
            skip = True
        elif line.startswith("ob="):
            number, _, name = line[3:].partition(" ")
            here = names.setdefault(number, name or number)
        elif line[:1] in "0123456789+-*" and line:
            found[here] += int(line.split()[1])
        elif line.startswith("cob="):
            number, _, name = line[4:].partition(" ")
            names.setdefault(number, name or number)
    return found


def count(program, what, work, directory):
    out = pathlib.Path(directory, what + ".out")
    rounds, each = work
    arguments = [program, what, str(rounds)]
    if what in DURABLE:
        data = pathlib.Path(directory, what)
        data.mkdir(mode=0o700)
        arguments.append(str(data))
    subprocess.run(["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured",
                    f"--callgrind-out-file={out}", *arguments], check=True, timeout=600)
    by_object = costs(out.read_text())
    ours = sum(cost for name, cost in by_object.items() if name == program or "libsqlite3" in name)
    assert ours > 0, f"nothing was counted of {what}: {dict(by_object)}"
    return ours // (rounds * each)


def self_check():
    planted = "ob=(1) /a\nfn=(1) f\n10 7\n+1 3\ncob=(2) /b\ncfn=(2) g\ncalls=1 0\n+1 100\nob=(2)\nfn=(2)\n5 100\n* 2\n"
    assert costs(planted) == {"/a": 10, "/b": 102}, costs(planted)


def main(program, path, build, update):
    self_check()
    program = str(pathlib.Path(program).resolve())
    recorded = json.loads(pathlib.Path(path).read_text())
    with tempfile.TemporaryDirectory(prefix="ebb-instructions-") as directory:
        counted = {what: count(program, what, work, directory) for what, work in WORK.items()}
    if update:
        recorded[build] = counted
        pathlib.Path(path).write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n")
    known = recorded.get(build)
    failed = 0
    for what, number in counted.items():
        before = known.get(what, 0) if known else 0
        bad = known is not None and number > before * RISE
        failed += bad
        print(f"{'not ok' if bad else 'ok'} - {what}: {number} instructions" + (f", {before} recorded" if known else ""))
    if known is None:
        print(f"{build} has no figures in {path}: nothing to compare with")
        return NOT_COMPARED
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4], "--update" in sys.argv))
