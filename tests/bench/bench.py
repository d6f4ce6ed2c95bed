# SPDX-License-Identifier: Apache-2.0
"""How fast Ebb is, as ratios to what the same machine does at the same moment without a rule (script/bench).

  bench.py --build DIR [--only P1,P3] [--quick] [--keep]

Prints a table, writes DIR/bench.json ({"P1": {"value":…, "target":…, "met":…, …}, …}) and DIR/bench.svg. Exit status 1 when a
target is missed. --quick only shows that everything works: its figures are of runs too short to mean much."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import curves
import plot
import rows
from measure import Bench, Busy, run

ROWS = {
    "P1": ("withdrawals through the engine, SQLite", rows.p1),
    "P2": ("charges and top-ups through /v1/batch", rows.p2),
    "P3": ("quote over HTTP, 64 connections", rows.p3),
    "P4": ("quote and plan, 20 live top-ups, one core", rows.p4),
    "P5": ("growth", rows.p5),
    "P6": ("one hot account", rows.p6),
    "P7": ("PostgreSQL, 64 in flight", rows.p7),
    "P8": ("start, idle memory, size", rows.p8),
    "P9": ("camt.053 with a million entries", rows.p9),
    "P10": ("withdrawals over HTTP, 64 connections", rows.p10),
}


def machine(bench):
    """What the figures were made on and with, line by line."""
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    disk = subprocess.run(["stat", "-f", "-c", "%T", str(bench.directory)], capture_output=True, text=True, check=False)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    pragmas = run(bench.program("ceiling_sqlite"), "--settings").strip().split("\n")
    return {"date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"), "commit": commit.stdout.strip(),
            "processors": f"{os.cpu_count()} x {cpu}", "kernel": platform.release(), "file system": disk.stdout.strip(),
            "load before": " ".join(f"{load:.1f}" for load in os.getloadavg()), **dict(line.split(": ", 1) for line in pragmas)}


def figure(number):
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}" if number else "0"


def show(name, row):
    print(f"\n{name}  {row['what']}{'' if row['met'] is None else '' if row['met'] else '   MISSED'}")
    for word, part in row["parts"].items():
        sign = "<=" if part["at_most"] else ">="
        line = f"     {word:<16} {figure(part['value']):>10}  ({sign} {figure(part['target'])})"
        if "range" in part:
            line += f"  {figure(part['range'][0])} to {figure(part['range'][1])}"
        if "ceiling" in part:
            line += f"   ours {figure(part['ours'])}, ceiling {figure(part['ceiling'])}"
        print(line + (f" {part['unit']}" if part.get("unit") else "") + ("" if part["met"] else "   <- missed"))
    for note in row["notes"]:
        print(f"     {note}")
    print(f"     took {row['seconds']} s; others had {row['others_percent']}% of the machine", flush=True)


def tried(function, bench):
    """The parts of a row and its notes. A row that broke is a missed one; the others are measured all the same."""
    try:
        parts = function(bench)
    except (Exception, SystemExit) as fault:  # pylint: disable=broad-except
        return {}, [f"broke off: {type(fault).__name__}: {str(fault)[:2000]}"], True
    return parts, parts.pop("notes", []), False


def measure(bench, name):
    what, function = ROWS[name]
    busy, began = Busy(), time.monotonic()
    parts, notes, broke = tried(function, bench)
    row = {"what": what, "parts": parts, "notes": notes, "seconds": round(time.monotonic() - began),
           "others_percent": busy.percent()}
    first = next(iter(parts.values()), {"value": None, "target": None})
    worst = first if name != "P4" else min(parts.values(), key=lambda part: part["value"])
    return {"value": worst["value"], "target": worst["target"],
            "met": False if broke else all(part["met"] for part in parts.values()) if parts else None, **row}


def keep(build, results):
    """After each row, so that a run that is stopped leaves what it has seen."""
    out = pathlib.Path(build, "bench.json")
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return out


def main():
    parser = argparse.ArgumentParser(usage="script/bench [--only P1,P3] [--quick] [--keep]")
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="a minute in all, to see that everything works")
    parser.add_argument("--keep", action="store_true", help="leave the data of the runs where it is, and say where")
    parser.add_argument("--no-curves", action="store_true", help="no picture")
    asked = parser.parse_args()
    names = asked.only.split(",")
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        parser.error(f"no row {unknown[0]}: {', '.join(ROWS)}")
    directory = tempfile.mkdtemp(prefix="bench-", dir=asked.build)  # on the disk that is meant, not in memory
    bench = Bench(asked.build, directory, asked.quick)
    results = {"machine": machine(bench)}
    print("\n".join(f"{word:<16} {value}" for word, value in results["machine"].items()))
    try:
        for name in names:
            results[name] = measure(bench, name)
            show(name, results[name])
            keep(asked.build, results)
        if not asked.no_curves:
            picture = pathlib.Path(asked.build, "bench.svg")
            results["curves"] = curves.measure(bench)
            picture.write_text(plot.page(curves.charts(results["curves"])), encoding="utf-8")
            print(f"\npicture: {picture}")
    finally:
        bench.closing.close()
        if asked.keep:
            print(f"data: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    out = keep(asked.build, results)
    missed = [name for name in names if results[name]["met"] is False]
    waiting = [name for name in names if results[name]["met"] is None]
    print(f"figures: {out}\n{len(names) - len(missed) - len(waiting)} met, {len(missed)} missed"
          + (f" ({', '.join(missed)})" if missed else "") + (f", {len(waiting)} not there yet" if waiting else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
