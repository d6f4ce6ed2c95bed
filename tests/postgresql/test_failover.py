#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R14: PostgreSQL fails over in the middle of transactions; everything that was acknowledged is kept.

A primary and a synchronous standby; customers withdraw without pause (tests/fault/kill9.py) while, at random moments, the
primary's processes are killed and the standby is promoted, or the server's sessions are ended, or the standby is killed and the
wait for it cancelled. The dead one becomes the new standby. In the end all acknowledged work must be there, every confirmed
withdrawal ended, nobody paid twice, and the books sound.

    test_failover.py EBB [--failovers N] [--seed S] [--customers N]"""
import argparse
import collections
import os
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "fault")]
import cluster  # noqa: E402
import kill9  # noqa: E402

SYNCHRONOUS = {"synchronous_standby_names": "'*'", "hot_standby": "on", "wal_keep_size": "'256MB'"}
EBB = "application_name = 'ebb' AND backend_type = 'client backend'"


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if int(open(f"/proc/{name}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(name))
            except OSError:
                pass
    return found


class Pair:
    def __init__(self):
        self.primary, self.standby = (cluster.Cluster(settings=SYNCHRONOUS) for _ in range(2))
        self.blows = collections.Counter()

    def start(self):
        self.primary.initialize()
        self.primary.start()
        self.follow()

    def follow(self):
        """The standby is made anew from the primary, and waited for until commits wait for it."""
        shutil.rmtree(self.standby.data, ignore_errors=True)
        self.standby.command("pg_basebackup", "-D", self.standby.data, "-h", self.primary.directory, "-U", "ebb", "-R", "-X",
                             "stream", "-c", "fast", "--no-sync")
        self.standby.configure(self.standby.settings)
        self.standby.start()
        self.wait()

    def wait(self):
        end = time.monotonic() + 30
        while self.primary.sql("SELECT sync_state FROM pg_stat_replication").strip() != "sync":
            if time.monotonic() > end:
                raise SystemExit("FAILED: the standby does not follow:\n" + self.standby.told())
            time.sleep(0.02)

    def url(self):
        return f"postgresql://ebb@/postgres?host={self.primary.directory},{self.standby.directory}"

    @staticmethod
    def kill(server):
        """As a crash of the machine would end it, but for the disk."""
        pids = [server.process.pid] + children(server.process.pid)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        server.process.wait()
        server.process = None
        server.log.close()
        time.sleep(0.05)

    def fail_over(self):
        self.kill(self.primary)
        self.primary, self.standby = self.standby, self.primary
        self.primary.sql("SELECT pg_promote(true, 30)")
        self.follow()

    def end_sessions(self):
        self.primary.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {EBB}")

    def cancel_waits(self):
        """Commits that wait for a standby that is gone are let go: they are durable here and nowhere else."""
        self.kill(self.standby)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            if "t" in self.primary.sql(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND {EBB}"):
                break
            time.sleep(0.01)
        self.standby.start()
        self.wait()

    def blow(self, _, dice):
        blow = dice.choice([self.fail_over, self.fail_over, self.end_sessions, self.cancel_waits])
        self.blows[blow.__name__] += 1
        blow()

    def remove(self):
        self.primary.remove()
        self.standby.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--failovers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=6)
    arguments = parser.parse_args()
    arguments.ebb, arguments.kills = os.path.abspath(arguments.ebb), arguments.failovers
    directory = tempfile.mkdtemp(prefix="ebb-failover-")
    pair = Pair()
    try:
        pair.start()
        problems = kill9.run(arguments, os.path.join(directory, "data"), pair.url(), pair.blow)
    finally:
        pair.remove()
    log = open(os.path.join(directory, "server.log"), encoding="utf-8", errors="replace").read()
    print("R14:", dict(pair.blows), "commits of unknown outcome:", log.count("commit of unknown outcome"))
    for problem in problems[:50]:
        print("FAILED:", problem)
    if problems:
        print("the data stands in", directory)
    else:
        shutil.rmtree(directory)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
