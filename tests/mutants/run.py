#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the tests: each patch in this directory plants one defect that an engineer could have made. The tree is copied, one
patch applied, what the named test needs built again, and the test run. A mutant that its own test lets through meets the wider
suites in turn: unit, property, scenarios. One that all of them let through has survived: a hole in the tests.

A patch begins with two lines, `# what a tester would say is wrong` and `# caught by: SUITE/NAME` (`scenario/FILE` for a story).
A patch that does not apply or does not compile is an error and no catch. The tests must pass without a patch first.

run.py [--list] [--only NN]… [--keep DIRECTORY]   prints a line a mutant; exit 1 when one survived or could not be planted"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "mutants"
TEST_SECONDS = 300
BUILD_SECONDS = 1200
WIDER = ("unit", "property", "scenario")
SLOW = ("faults", "funds_property", "withdrawal", "payout")  # these come last
SCENARIOS = "scenario/*"
FAILED = re.compile(r"^ *not ok \d+\b(?! *-? *# SKIP) *-? *(.*)$", re.MULTILINE)  # cmocka says a skipped case so, too


class Mutant:
    def __init__(self, path):
        self.path = path
        self.number, self.name = path.stem.split("-", 1)
        lines = path.read_text(encoding="utf-8").split("\n")
        self.wrong = lines[0].removeprefix("# ")
        self.catcher = lines[1].removeprefix("# caught by: ")
        self.files = re.findall(r"^\+\+\+ b/(\S+)$", "\n".join(lines), re.MULTILINE)
        if lines[0][:2] != "# " or lines[1] == self.catcher or not self.files:
            raise SystemExit(f"{path.name}: two header lines and a unified diff are needed")


def run_until_failure(command, seconds, **options):
    """As run(), but ends with the first case that failed: nobody waits for the others."""
    process = subprocess.Popen(["nice", "stdbuf", "-oL", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True, **options)
    late = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
    late.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if FAILED.match(line):
                os.killpg(process.pid, signal.SIGKILL)
                break
        return process.wait(), "".join(lines)
    finally:
        late.cancel()
        process.stdout.close()


def mutants_read():
    return [Mutant(path) for path in sorted(HERE.glob("[0-9]*-*.patch"))]


def run(command, seconds, **options):
    """Exit status and output; a command that does not end has failed like any other."""
    try:
        done = subprocess.run(["nice", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=seconds, text=True, errors="replace", check=False, **options)
    except subprocess.TimeoutExpired:
        return "timeout", ""
    return done.returncode, done.stdout


def tracked_files():
    """What the tree consists of; without git, all but what is built."""
    status, names = run(["git", "-C", str(ROOT), "ls-files", "-z"], 60)
    if status == 0:
        return [name for name in names.split("\0") if name and (ROOT / name).is_file()]
    return [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
            if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(("build", ".git"))]


class Copy:
    """The tree's copy and its one build directory."""

    def __init__(self, directory, options=("-Dbuildtype=debug", "-Doptimization=0")):
        self.tree = directory / "tree"
        self.build = directory / "build"
        for name in tracked_files():
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.tree / name)
        self.clean = directory / "clean"
        shutil.copytree(self.tree / "src", self.clean / "src")
        shutil.copytree(self.tree / "sql", self.clean / "sql")
        setup = ["meson", "setup", *options, str(self.build), str(self.tree)]
        status, output = run(setup, BUILD_SECONDS)
        if status != 0:
            raise SystemExit(f"the copy cannot be set up:\n{output}")
        self.scratch = directory / "scratch"
        self.scratch.mkdir()
        self.environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "PYTHONDONTWRITEBYTECODE": "1",
                            "PYTHONUNBUFFERED": "1", "TMPDIR": str(self.scratch)}
        self.tests = {}
        outputs = {target["id"]: target["filename"] for target in self.introspect("targets")}
        for test in self.introspect("tests"):
            for suite in test["suite"]:
                built = [name for item in test["depends"] for name in outputs.get(item, [])]
                test["outputs"] = [os.path.relpath(name, self.build) for name in built]
                self.tests[f"{suite.split(':')[-1]}/{test['name']}"] = test

    def introspect(self, what):
        status, text = run(["meson", "introspect", f"--{what}", str(self.build)], 60)
        if status != 0:
            raise SystemExit(f"meson introspect --{what} failed:\n{text}")
        return json.loads(text)

    def plant(self, mutant):
        """None, or why it does not apply."""
        command = ["patch", "--strip=1", "--fuzz=0", "--batch", "--no-backup-if-mismatch", "--directory", str(self.tree),
                   "--input", str(mutant.path)]
        status, output = run(command, 60)
        return None if status == 0 else output

    def restore(self, mutant):
        """The files as they were, with a new time: what was built of the defect is built again."""
        for name in mutant.files:
            shutil.copyfile(self.clean / name, self.tree / name)
            (self.tree / (name + ".rej")).unlink(missing_ok=True)

    def make(self, names):
        """None, or the compiler's words. One job: the machine is shared."""
        status, output = run(["ninja", "-C", str(self.build), "-j", "1", *names], BUILD_SECONDS)
        return None if status == 0 else output[-3000:]

    def targets(self, catcher):
        if catcher.startswith("scenario/"):
            return ["src/ebb", "src/ebb-audit"]
        return self.tests[catcher]["outputs"]

    def passes(self, catcher):
        """Whether the test passes on what is built; else the first case that failed."""
        if catcher.startswith("scenario/"):
            name = catcher.removeprefix("scenario/")
            stories = [] if name == "*" else [f"tests/scenario/{name}.scenario"]
            command = [sys.executable, "tests/scenario/run.py", "--ebb", str(self.build / "src" / "ebb"), "--audit",
                       str(self.build / "src" / "ebb-audit"), *stories]
            status, output = run_until_failure(command, TEST_SECONDS, cwd=self.tree, env=self.environment)
        else:
            test = self.tests[catcher]
            environment = {**test["env"], **self.environment}
            seconds = max(TEST_SECONDS, test["timeout"])
            status, output = run_until_failure(test["cmd"], seconds, cwd=test["workdir"] or self.build, env=environment)
        if status == 0:
            return True, ""
        failed = FAILED.search(output)
        return False, failed[1].strip() if failed else f"ended with {status}"


def wider_of(copy, suite):
    if suite == "scenario":
        return [SCENARIOS]
    names = [name for name in copy.tests if name.startswith(suite + "/")]
    return sorted(names, key=lambda name: name.split("/")[1] in SLOW)


def try_one(copy, mutant):
    """(caught, what to print)"""
    unplanted = copy.plant(mutant)
    if unplanted is not None:
        return False, f"does not apply:\n{unplanted}"
    asked = [mutant.catcher]
    broken = copy.make(copy.targets(mutant.catcher))
    if broken is not None:
        return False, f"does not compile:\n{broken}"
    passed, case = copy.passes(mutant.catcher)
    if not passed:
        return True, f"caught by {mutant.catcher} ({case})"
    for suite in WIDER:
        names = [name for name in wider_of(copy, suite) if name not in asked]
        broken = copy.make([target for name in names for target in copy.targets(name)])
        if broken is not None:
            return False, f"does not compile:\n{broken}"
        for name in names:
            passed, case = copy.passes(name)
            if not passed:
                return True, f"caught by {name} ({case}), not by {mutant.catcher}"
    return False, f"SURVIVED: {mutant.wrong}"


def check_clean(copy, mutants):
    """What fails without a defect catches nothing."""
    catchers = sorted({mutant.catcher for mutant in mutants})
    unknown = [name for name in catchers if name not in copy.tests and not name.startswith("scenario/")]
    if unknown:
        raise SystemExit("no such test: " + ", ".join(unknown))
    broken = copy.make(sorted({target for name in catchers for target in copy.targets(name)}))
    if broken is not None:
        raise SystemExit(f"the tree does not compile as it is:\n{broken}")
    for name in catchers:
        passed, case = copy.passes(name)
        if not passed:
            raise SystemExit(f"{name} fails without a defect ({case})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="print the mutants and plant none")
    parser.add_argument("--only", action="append", metavar="NN", help="the mutant of this number")
    parser.add_argument("--keep", metavar="DIRECTORY", help="work there, and leave it there (it must not exist)")
    options = parser.parse_args()
    mutants = [mutant for mutant in mutants_read() if not options.only or mutant.number in options.only]
    if not mutants:
        raise SystemExit("no such mutant")
    if options.list:
        for mutant in mutants:
            print(f"{mutant.number} {mutant.name}: {mutant.wrong} ({mutant.catcher})")
        return 0
    began = time.monotonic()
    directory = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="ebb-mutants-")).resolve()
    caught = 0
    try:
        copy = Copy(directory)
        check_clean(copy, mutants)
        print(f"the tests pass without a defect ({time.monotonic() - began:.0f} s)", flush=True)
        for mutant in mutants:
            ok, told = try_one(copy, mutant)
            copy.restore(mutant)
            caught += ok
            print(f"{mutant.number} {mutant.name}: {told}", flush=True)
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    print(f"{caught} of {len(mutants)} caught, {time.monotonic() - began:.0f} s")
    return 0 if caught == len(mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
