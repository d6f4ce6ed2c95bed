#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an audit costs, full and from a checkpoint, on books that the real engine wrote: measure.py BUILD [WITHDRAWALS].

Ten withdrawals an account are made through the engine, the books audited in full and a checkpoint left; then one in a hundred
more are made, and the books audited from it and in full again. Processor seconds, since a busy machine says nothing else."""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile


def timed(*command):
    """(processor seconds, standard output)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-500:]}{done.stderr[-500:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, done.stdout


def main():
    build, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    load, auditor = os.path.join(build, "tests/bench/engine_load"), os.path.join(build, "src/ebb-audit")
    data = tempfile.mkdtemp(prefix="ebb-measure-")
    checkpoint = os.path.join(data, "checkpoint")
    accounts, more = max(count // 10, 1), max(count // 100, 1)
    timed(load, "prepare", data, str(accounts), "2", "100000", "alibaba")
    timed(load, "withdrawals", data, str(count), "64", str(accounts))
    full, _ = timed(auditor, "--data", data)
    leaving, _ = timed(auditor, "--data", data, "--checkpoint", checkpoint)
    nothing, _ = timed(auditor, "--data", data, "--from", checkpoint)
    timed(load, "withdrawals", data, str(more), "64", str(accounts))
    some, told = timed(auditor, "--data", data, "--json", "--from", checkpoint)
    again, whole = timed(auditor, "--data", data, "--json")
    told, whole = json.loads(told)["result"], json.loads(whole)["result"]
    same = all(told[name] == whole[name] for name in ("sound", "findings", "rows", "head"))
    print(f"{count} withdrawals: full {full:.1f} s, leaving a checkpoint of {os.path.getsize(checkpoint) // 2**20} MiB "
          f"{leaving:.1f} s, from it with nothing new {nothing:.2f} s")
    print(f"{more} more: from the checkpoint {some:.2f} s, in full {again:.1f} s, {again / some:.0f} times as much; "
          f"{'the same result' if same else 'ANOTHER RESULT'}")
    shutil.rmtree(data)
    return 0 if same else 1


sys.exit(main())
