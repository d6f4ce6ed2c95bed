#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the harnesses with clang, libFuzzer, ASan and UBSan, and lets each run for a while.

What a harness finds that its corpus does not reach yet is kept in build-fuzz/found/NAME and is where the next run goes on; the
committed corpora are only read, unless --merge is given. With --seed a run starts from the committed corpora alone and takes one
sequence of inputs, as far as the time allows: it goes by the code, not by luck. An input that breaks a property, or takes more
than a second or 512 MB, is kept beside them and ends the run with an error. A second is the processor's: a machine that is busy is
given as many seconds as it has work, and an input that is not late when it is played again alone is no find, and the harness goes on."""
import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build-fuzz"
MEMORY = pathlib.Path("/dev/shm")
SETUP = ["-Dfuzz=enabled", "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=2"]
ENVIRONMENT = {"CC": "clang", "UBSAN_OPTIONS": "print_stacktrace=1",
               "ASAN_OPTIONS": "quarantine_size_mb=16:detect_stack_use_after_return=0:allocator_may_return_null=1"}
LIMITS = ["-rss_limit_mb=512", "-malloc_limit_mb=256"]
INPUT_BYTES = 8192
LATE_SECONDS = 1
COMMITTED_FILES = 64  # a harness, at most, of at most this many bytes each
COMMITTED_BYTES = 4096
PLANTED_SECONDS = 60
FINDS = ("crash-", "leak-", "oom-", "timeout-")


class Harness:
    def __init__(self, test, build):
        self.name = test["name"]
        self.program = test["cmd"][0]
        self.corpora = test["cmd"][2:]
        self.found = build / "found" / self.name
        self.finds = build / "finds"
        self.dictionary = HERE / "dictionaries" / f"{self.name}.dict"

    def command(self, *options):
        words = [f"-dict={self.dictionary}"] if self.dictionary.exists() else []
        return ["nice", self.program, f"-timeout={patience()}", *LIMITS, *words, f"-max_len={INPUT_BYTES}", "-print_final_stats=1",
                f"-artifact_prefix={self.finds}/{self.name}-", *options]

    def kept(self):
        """Inputs that broke something, by name."""
        return {path for kind in FINDS for path in self.finds.glob(f"{self.name}-{kind}*")}


def run(command, **options):
    """Exit status and output. Harnesses with files have them in memory, and what one that died leaves is swept up."""
    with tempfile.TemporaryDirectory(prefix="ebb-fuzz-", dir=MEMORY if MEMORY.is_dir() else None) as aside:
        environment = {**os.environ, **ENVIRONMENT, "TMPDIR": aside}
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", check=False, env=environment, **options)
    return done.returncode, done.stdout


def patience():
    """Seconds by the clock in which a second of the processor should have passed."""
    return max(LATE_SECONDS, math.ceil(os.getloadavg()[0] / (os.cpu_count() or 1)))


def must(command, **options):
    status, output = run(command, **options)
    if status != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {status}:\n{output}")
    return output


def build():
    if not (BUILD / "build.ninja").exists():
        must(["meson", "setup", *SETUP, str(BUILD), str(ROOT)])
    must(["ninja", "-C", str(BUILD), "fuzz"])


def harnesses_read(directory, only=()):
    tests = json.loads(must(["meson", "introspect", "--tests", str(directory)]))
    harnesses = [Harness(test, directory) for test in tests if any(name.endswith("fuzz") for name in test["suite"])]
    unknown = set(only or ()) - {harness.name for harness in harnesses}
    if unknown or not harnesses:
        raise SystemExit("no such harness: " + ", ".join(sorted(unknown)))
    return sorted((harness for harness in harnesses if not only or harness.name in only), key=lambda one: one.name)


def last_number(pattern, output):
    numbers = re.findall(pattern, output, re.MULTILINE)
    return int(numbers[-1]) if numbers else 0


def processor_seconds(command):
    """What a program took of the processor; None where it ended badly, as one does that never ends by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env={**os.environ, **ENVIRONMENT})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime if status == 0 else None


def is_late(harness, path):
    """Whether the input takes its second of the processor alone, too: the best of three counts, without the start."""
    command = ["nice", harness.program, f"-timeout={20 * patience()}"]
    start = processor_seconds([*command, "-runs=0"])
    played = [processor_seconds([*command, str(path)]) for _ in range(3)]
    return start is None or None in played or min(played) - start >= LATE_SECONDS


class Outcome:
    def __init__(self, harness):
        self.harness = harness
        self.executions = self.edges = self.late = 0
        self.seconds = 0.0
        self.files = 0
        self.finds = []
        self.words = ""

    def take(self, output, seconds):
        self.executions += last_number(r"^stat::number_of_executed_units:\s*(\d+)", output)
        self.edges = max(self.edges, last_number(r"cov: (\d+)", output))
        self.seconds += seconds


def seeded(harness, seed, aside):
    """Options of a run that is the same again: inputs in one order, nothing from earlier runs and nothing read meanwhile."""
    inputs = pathlib.Path(aside) / "inputs"
    inputs.write_text(",".join(str(path) for corpus in harness.corpora for path in sorted(pathlib.Path(corpus).iterdir())))
    return [f"-seed={seed}", "-reload=0", f"-seed_inputs=@{inputs}"]


def run_harness(harness, seconds, seed=0):
    with tempfile.TemporaryDirectory(prefix="ebb-fuzz-") as aside:
        return run_inputs(harness, seconds, seeded(harness, seed, aside) if seed else [str(harness.found), *harness.corpora])


def run_inputs(harness, seconds, inputs):
    outcome = Outcome(harness)
    harness.found.mkdir(parents=True, exist_ok=True)
    harness.finds.mkdir(parents=True, exist_ok=True)
    files_before = len(list(harness.found.iterdir()))
    began = time.monotonic()
    while (left := seconds - (time.monotonic() - began)) >= 1 or not outcome.seconds:
        known = harness.kept()
        started = time.monotonic()
        command = harness.command(f"-max_total_time={max(1, round(left))}", *inputs)
        status, output = run(command)
        outcome.take(output, time.monotonic() - started)
        new = sorted(harness.kept() - known)
        if status == 0 and not new:
            break
        if new and all("-timeout-" in path.name for path in new) and not any(is_late(harness, path) for path in new):
            outcome.late += 1
            for path in new:
                path.unlink()
            continue
        outcome.finds += new or [None]
        outcome.words = output
        break
    outcome.files = len(list(harness.found.iterdir())) - files_before
    return outcome


def told(outcome):
    """The lines that say what broke, without libFuzzer's own."""
    lines = [line for line in outcome.words.splitlines() if not re.match(r"#\d+\s+(NEW|REDUCE|pulse|RELOAD|INITED|DONE)", line)]
    wanted = [number for number, line in enumerate(lines) if re.search(r"property broken|INVARIANT|ERROR|runtime error|ALARM", line)]
    first = wanted[0] if wanted else max(0, len(lines) - 20)
    return "\n".join("    " + line for line in lines[first:first + 20])


def campaign(options):
    build()
    harnesses = harnesses_read(BUILD, options.only)
    print(f"{len(harnesses)} harnesses, {options.seconds} s each, {options.jobs} at a time", flush=True)
    print(f"{'harness':<12} {'executions':>12} {'exec/s':>8} {'edges':>6} {'new files':>9} {'crashes':>7}", flush=True)
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(lambda harness: run_harness(harness, options.seconds, options.seed), harnesses):
            print(f"{one.harness.name:<12} {one.executions:>12} {one.executions / max(one.seconds, 1):>8.0f} {one.edges:>6} "
                  f"{one.files:>9} {len(one.finds):>7}" + (f"   late, not alone: {one.late}" if one.late else ""), flush=True)
            outcomes.append(one)
    finds = [(one, path) for one in outcomes for path in one.finds]
    for one, path in finds:
        print(f"\n{one.harness.name}: reproduce with\n    {one.harness.program} {path or '(no input was kept)'}\n{told(one)}")
    executions = sum(one.executions for one in outcomes)
    idle = [one.harness.name for one in outcomes if one.executions == 0 and not one.finds]
    failed = len({one.harness.name for one, _ in finds}) + len(idle)
    print("".join(f"\n{name} did not run" for name in idle))
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    print(f"{executions} executions, {len(finds)} crashes")
    return 1 if failed else 0


def merge(options):
    """Adds to each committed corpus what reaches further, smallest sets first, and never takes anything away."""
    build()
    for harness in harnesses_read(BUILD, options.only):
        committed = pathlib.Path(harness.corpora[0])
        committed.mkdir(parents=True, exist_ok=True)
        harness.found.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="ebb-fuzz-") as aside:
            for path in committed.iterdir():
                shutil.copy2(path, aside)
            must(harness.command("-set_cover_merge=1", "-use_counters=0", f"-max_len={COMMITTED_BYTES}", aside,
                                 *harness.corpora[1:], str(harness.found)))
            new = [path for path in pathlib.Path(aside).iterdir() if not (committed / path.name).exists()]
            room = COMMITTED_FILES - len(list(committed.iterdir()))
            for path in sorted(new, key=lambda one: one.stat().st_size)[:max(0, room)]:
                shutil.copy2(path, committed)
        print(f"{harness.name}: {len(list(committed.iterdir()))} files, {len(new)} reached further", flush=True)
    return 0


def self_check(options):
    """Plants the defects of tests/fuzz/planted in a copy of the tree, one at a time; the harness that is named must see it."""
    sys.path.insert(0, str(ROOT / "tests" / "mutants"))
    import run as mutants  # pylint: disable=import-outside-toplevel

    planted = [mutants.Mutant(path) for path in sorted((HERE / "planted").glob("[0-9]*.patch"))]
    planted = [one for one in planted if not options.only or one.number in options.only]
    if not planted:
        raise SystemExit("no such defect")
    os.environ.update(ENVIRONMENT)
    seen = 0
    with tempfile.TemporaryDirectory(prefix="ebb-fuzz-") as directory:
        copy = mutants.Copy(pathlib.Path(directory).resolve(), SETUP)
        for one in planted:
            unplanted = copy.plant(one) or copy.make(copy.tests[one.catcher]["outputs"])
            harness = harnesses_read(copy.build, [one.catcher.removeprefix("fuzz/")])[0]
            outcome = None if unplanted else run_harness(harness, options.seconds)
            copy.restore(one)
            ok = outcome is not None and bool(outcome.finds)
            seen += ok
            how = unplanted or (f"found by {harness.name} after {outcome.executions} executions, {outcome.seconds:.0f} s" if ok
                                else f"NOT FOUND by {harness.name} in {outcome.executions} executions: {one.wrong}")
            print(f"{one.number} {one.name}: {how}", flush=True)
    print(f"{seen} of {len(planted)} planted defects found")
    return 0 if seen == len(planted) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=0, metavar="N", help="how long each harness runs")
    parser.add_argument("--only", action="append", metavar="NAME", help="this harness (or planted defect); may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="how many run at the same time")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same inputs again, from the committed corpora")
    parser.add_argument("--merge", action="store_true", help="take what was found into the committed corpora")
    parser.add_argument("--self-check", action="store_true", help="plant defects that must be found")
    parser.add_argument("--list", action="store_true", help="print the harnesses and run none")
    options = parser.parse_args()
    if options.list:
        print(*sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c")), sep="\n")
        return 0
    if options.self_check:
        options.seconds = options.seconds or PLANTED_SECONDS
        return self_check(options)
    if options.merge:
        return merge(options)
    if options.seconds < 1 or options.jobs < 1:
        parser.error("--seconds N is missing")
    return campaign(options)


if __name__ == "__main__":
    sys.exit(main())
