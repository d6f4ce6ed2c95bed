#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one operation costs, in processor time and in bytes, which is what docs/scale.md reckons with.

  cost.py --build DIR                                                            SQLite
  tests/postgresql/cluster.py run --durable -- tests/bench/cost.py --build DIR   PostgreSQL

Each load runs twice, a short and a long one, and the cost is what the longer one used more, divided by what it did more: what it
takes to begin does not count. Processor time is that of the server and of PostgreSQL's processes, not of the load; it is what
a machine that others use as well can still tell. Rates are printed too, and are those of this machine at this moment."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from measure import Bench, Busy, load, serving

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postgresql"))
import cluster

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
LOADS = {  # what is counted, and how ebb bench is told to make it
    "quote": ("quote", ("--mix", "quote=1")),
    "fact": ("batch line", ("--mix", "topup=1,charge=1", "--batch", "500", "--connections", "4")),
    "withdrawal": ("withdrawal", ("--mix", "withdrawal=1", "--topups", "20")),
}


def cpu_s(pid, children=False):
    """User and system time of a process, of its children that ended, and of those that live."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    own = sum(map(int, words[11:15] if children else words[11:13])) * TICK_S
    if not children:
        return own
    living = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return own + sum(cpu_s(child) for child in living)


class Postgres:
    def __init__(self, url):
        self.url = url
        directory = cluster.psql(url, "SHOW data_directory").strip()
        self.pid = int(pathlib.Path(directory, "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def look(self):
        cluster.psql(self.url, "CHECKPOINT")
        size, log = cluster.psql(self.url, "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'").strip().split("|")
        return {"store_s": cpu_s(self.pid, True), "bytes": int(size), "log": int(log)}


class File:
    """SQLite works within the server."""

    def __init__(self, data):
        self.data = data

    def look(self):
        return {"store_s": 0, "bytes": sum(path.stat().st_size for path in self.data.glob("ebb.db")), "log": 0}


def settled(server):
    """Everything that was confirmed has been paid."""
    for _ in range(600):
        told = server.ask("GET", "/metrics").decode()
        if "ebb_withdrawals_open" not in told:
            raise SystemExit("the server does not count its withdrawals")
        if not re.search(r'ebb_withdrawals_open\{status="(approved|dispatching)"\} [1-9]', told):
            return
        time.sleep(0.2)
    raise SystemExit("not everything was paid within two minutes")


def once(bench, name, url, seconds):
    """One load on books of its own: how many were done, and what they took."""
    data = bench.fresh("cost")
    place = cluster.place(url) if url else None
    word, options = LOADS[name]
    with serving(bench, data, demo=True, store=place) as server:
        store = Postgres(place) if place else File(data)
        before = store.look() | {"server_s": cpu_s(server.process.pid)}
        seen = load(bench, server.url, server.token, *options, "--accounts", "1000", seconds=seconds)
        settled(server)
        after = store.look() | {"server_s": cpu_s(server.process.pid)}
    kinds = seen["requests"]
    if word not in kinds:
        raise SystemExit(f"ebb bench counts {sorted(kinds)}, not {word}")
    if place:
        cluster.psql(url, f"DROP SCHEMA {place.rpartition('%3D')[2]} CASCADE")
    return {"done": kinds[word]["done"], "rate": kinds[word]["rate"], "kinds": kinds, **{key: after[key] - before[key] for key in after}}


def cost(bench, name, url, seconds):
    busy = Busy()
    short, long = once(bench, name, url, seconds[0]), once(bench, name, url, seconds[1])
    done = long["done"] - short["done"]
    per = {key: (long[key] - short[key]) / done for key in ("server_s", "store_s", "bytes", "log")}
    return {"done": done, "rate": long["rate"], "server_us": per["server_s"] * 1e6, "store_us": per["store_s"] * 1e6,
            "bytes": per["bytes"], "log_bytes": per["log"], "others_percent": busy.percent()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--only", default=",".join(LOADS))
    parser.add_argument("--seconds", default="2,8", help="of the short load and of the long one")
    asked = parser.parse_args()
    url, seconds = cluster.asked(), [int(word) for word in asked.seconds.split(",")]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    print(f"{'PostgreSQL' if url else 'SQLite'}, {commit}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="cost-", dir=asked.build) as directory:
        bench = Bench(asked.build, directory, quick=False)
        for name in asked.only.split(","):
            print(name, json.dumps({key: round(value) for key, value in cost(bench, name, url, seconds).items()}), flush=True)


if __name__ == "__main__":
    main()
