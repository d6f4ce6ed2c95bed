#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server as a service: what it tells whoever watches over it, sockets that are handed over, and the unit that ships.

Usage: test_service.py EBB EBB.SERVICE"""
import contextlib
import http.client
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "postgresql"))
from cluster import child  # noqa: E402

PROGRAM, UNIT = os.path.abspath(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
PATIENCE = 60


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {PATIENCE} s")
        time.sleep(0.02)
    return value


class Watcher:
    """Whoever systemd would be: a socket where messages arrive."""

    def __init__(self, directory):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"{directory}/notify")
        self.place = f"{directory}/notify"

    def next(self):
        if not select.select([self.socket], [], [], PATIENCE)[0]:
            raise AssertionError(f"no message within {PATIENCE} s")
        return self.socket.recv(4096).decode().split("\n")

    def wait_for(self, wanted):
        while wanted not in (messages := self.next()):
            pass
        return messages


def listener(kind=socket.SOCK_STREAM, listening=True):
    handed = socket.socket(socket.AF_INET, kind)
    handed.bind(("127.0.0.1", 0))
    if listening and kind == socket.SOCK_STREAM:
        handed.listen(64)
    return handed


@contextlib.contextmanager
def service(directory, environment=None, handed=None, arguments=("--listen", "127.0.0.1:0"), fds="1"):
    """The program as systemd would start it: LISTEN_PID is its own pid, the socket its descriptor 3."""
    variables = {name: value for name, value in os.environ.items()
                 if name not in ("LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")}
    variables.update(environment or {})
    if handed is not None:
        variables["LISTEN_FDS"] = fds
    start = 'test -n "$LISTEN_FDS" && export LISTEN_PID="${LISTEN_PID-$$}"; exec "$0" "$@"'

    def prepare():
        child.ends_with_parent()
        if handed is not None:
            os.dup2(handed.fileno(), 3)

    process = subprocess.Popen(["sh", "-c", start, PROGRAM, "serve", "--data", f"{directory}/data", *arguments], env=variables,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=prepare,
                               pass_fds=(3,) if handed is not None else ())
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def health(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/healthz")
    with contextlib.closing(connection):
        return connection.getresponse().status


class Case(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="ebb-ops-")
        self.addCleanup(place.cleanup)
        self.directory = place.name

    def watcher(self):
        watcher = Watcher(self.directory)
        self.addCleanup(watcher.socket.close)
        return watcher


class Told(Case):
    def test_ready_alive_and_stopping(self):
        watcher = self.watcher()
        with service(self.directory, {"NOTIFY_SOCKET": watcher.place, "WATCHDOG_USEC": "200000"}) as process:
            ready = watcher.next()
            self.assertEqual(ready[0], "READY=1")
            self.assertRegex(ready[1], r"^STATUS=Listening on http://127\.0\.0\.1:\d+$")
            self.assertEqual(health(int(ready[1].rsplit(":", 1)[1])), 200)
            for _ in range(3):
                watcher.wait_for("WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            watcher.wait_for("STOPPING=1")
            self.assertEqual(process.wait(timeout=PATIENCE), 0)

    def test_a_name_without_a_file(self):
        name = f"ebb-ops-{os.getpid()}"
        watching = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(watching.close)
        watching.bind("\0" + name)
        watching.settimeout(PATIENCE)
        with service(self.directory, {"NOTIFY_SOCKET": "@" + name}):
            self.assertTrue(watching.recv(4096).startswith(b"READY=1\n"))

    def test_a_quarantine_is_told(self):
        watcher = self.watcher()
        with service(self.directory, {"NOTIFY_SOCKET": watcher.place}, arguments=("--listen", "127.0.0.1:0", "--quarantine")):
            self.assertIn("STATUS=In quarantine, reads only", watcher.wait_for("READY=1")[1])

    def test_a_watchdog_meant_for_another_gets_no_sign(self):
        watcher = self.watcher()
        with service(self.directory, {"NOTIFY_SOCKET": watcher.place, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}) as process:
            watcher.wait_for("READY=1")
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(watcher.next()[0], "STOPPING=1")

    def test_where_nobody_hears_it_runs_all_the_same(self):
        with service(self.directory, {"NOTIFY_SOCKET": f"{self.directory}/nobody"}) as process:
            port = int(re.search(r":(\d+)$", process.stdout.readline().strip()).group(1))
            self.assertEqual(health(port), 200)


class HandedOver(Case):
    def test_nobody_is_refused_while_it_starts_again(self):
        handed = listener()
        self.addCleanup(handed.close)
        port = handed.getsockname()[1]
        watcher = self.watcher()
        asked = {"NOTIFY_SOCKET": watcher.place}
        with service(self.directory, asked, handed) as process:
            self.assertEqual(watcher.wait_for("READY=1")[1], f"STATUS=Listening on http://127.0.0.1:{port}")
            self.assertEqual(health(port), 200)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=PATIENCE), 0)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(health(port)))
        asking.start()  # there is no server now, and the connection waits
        with service(self.directory, asked, handed):
            asking.join(PATIENCE)
            self.assertEqual(answers, [200])

    def test_systemd_hands_it_over(self):
        free = listener()
        port = free.getsockname()[1]
        free.close()
        process = subprocess.Popen(["systemd-socket-activate", "-l", f"127.0.0.1:{port}", PROGRAM, "serve", "--data",
                                    f"{self.directory}/data", "--listen", "127.0.0.1:1"], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, preexec_fn=child.ends_with_parent)
        try:
            def answered():
                with contextlib.suppress(OSError):
                    return health(port)
            self.assertEqual(until(answered, "an answer"), 200)
            self.assertEqual(process.stdout.readline(), f"Ebb listens on http://127.0.0.1:{port}\n")
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)

    def test_what_was_meant_for_another_is_left_alone(self):
        handed = listener()
        self.addCleanup(handed.close)
        with service(self.directory, {"LISTEN_PID": "1"}, handed) as process:
            line = process.stdout.readline()
            self.assertNotIn(f":{handed.getsockname()[1]}", line)
            self.assertIn("Ebb listens on", line)

    def test_anything_else_is_refused_with_what_was_expected(self):
        cases = {"two": (listener(), "2"), "not a number": (listener(), "x"), "nobody listens": (listener(listening=False), "1"),
                 "no TCP": (listener(socket.SOCK_DGRAM), "1")}
        for name, (handed, fds) in cases.items():
            with self.subTest(name), contextlib.closing(handed), service(self.directory, {}, handed, fds=fds) as process:
                _, complaint = process.communicate(timeout=PATIENCE)
                self.assertEqual(process.returncode, 1)
                self.assertEqual(complaint, f"ebb serve: LISTEN_FDS={fds}: expected one socket that listens on TCP\n")
        self.assertFalse(os.path.exists(f"{self.directory}/data"))

    def test_a_place_for_messages_that_is_none(self):
        with service(self.directory, {"NOTIFY_SOCKET": "somewhere"}) as process:
            _, complaint = process.communicate(timeout=PATIENCE)
            self.assertEqual(process.returncode, 1)
            self.assertIn("NOTIFY_SOCKET=somewhere: expected the path of a socket, or @ and a name", complaint)


class Unit(Case):
    """systemd itself reads what ships."""

    def test_it_is_understood(self):
        text = re.sub("^ExecStart=[^ ]*|^Documentation=.*", lambda at: f"ExecStart={PROGRAM}" if "Exec" in at[0] else "",
                      UNIT.read_text(), flags=re.MULTILINE)
        pathlib.Path(self.directory, "ebb.service").write_text(text)
        shutil.copy(ROOT / "data" / "systemd" / "ebb.socket", self.directory)
        done = subprocess.run(["systemd-analyze", "verify", f"{self.directory}/ebb.service", f"{self.directory}/ebb.socket"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_its_exposure_is_small(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15",
                               str(UNIT)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_user_is_one_that_systemd_makes(self):
        done = subprocess.run(["systemd-sysusers", "--dry-run", str(ROOT / "data" / "systemd" / "ebb.sysusers")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
