#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of its own for tests: in a temporary directory, on a socket there, as a user that is not root, gone at the end.

    cluster.py run [--durable] [--seconds N] -- COMMAND…    runs COMMAND with EBB_TEST_STORE=postgresql in its environment

Tests take a fresh place for their rows from `place()`: a schema of its own in the one database, named in the URL that it
returns. --durable leaves fsync on. Python's standard library only; importable."""
import argparse
import contextlib
import glob
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import child  # noqa: E402

SETTINGS = {"listen_addresses": "''", "shared_buffers": "64MB", "max_connections": "200", "autovacuum_naptime": "10s",
            "max_wal_size": "256MB", "logging_collector": "off", "log_min_messages": "warning", "jit": "off",
            "timezone": "'UTC'", "log_timezone": "'UTC'"}
CARELESS = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


def programs():
    """The newest server's programs: Debian keeps them out of PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    if found:
        return found[-1]
    path = shutil.which("initdb")
    if path is None:
        raise SystemExit("PostgreSQL's server is not installed: script/bootstrap --tests")
    return os.path.dirname(path)


def user():
    """Who runs it: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise SystemExit("there is no user to run PostgreSQL as")


class Cluster:
    """start() … stop(); or a context."""

    def __init__(self, durable=False, settings=None):
        self.directory = tempfile.mkdtemp(prefix="ebb-pg-")
        self.data = os.path.join(self.directory, "data")
        self.as_user = user()
        if self.as_user:
            os.chown(self.directory, self.as_user["user"], self.as_user["group"])
        os.chmod(self.directory, 0o755)
        self.settings = {**SETTINGS, **({} if durable else CARELESS), "unix_socket_directories": f"'{self.directory}'",
                         **(settings or {})}
        self.process = None

    def command(self, name, *arguments, **more):
        return subprocess.run([os.path.join(programs(), name), *arguments], check=True, capture_output=True, text=True,
                              timeout=60, cwd=self.directory, **self.as_user, **more)

    def initialize(self):
        self.command("initdb", "-D", self.data, "-U", "ebb", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
                     "--no-instructions")
        self.configure(self.settings)

    def configure(self, settings):
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def start(self, seconds=30):
        self.log = open(os.path.join(self.directory, "log"), "ab")
        self.process = subprocess.Popen([os.path.join(programs(), "postgres"), "-D", self.data], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, cwd=self.directory, start_new_session=True,
                                        preexec_fn=lambda: child.ends_with_parent(signal.SIGQUIT), **self.as_user)
        end = time.monotonic() + seconds
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise SystemExit("PostgreSQL did not start:\n" + self.told())
            time.sleep(0.02)

    def told(self):
        return open(self.log.name, encoding="utf-8", errors="replace").read()[-3000:]

    def answers(self):
        done = subprocess.run([os.path.join(programs(), "pg_isready"), "-q", "-h", self.directory, "-U", "ebb"], check=False)
        return done.returncode == 0

    def stop(self, how=signal.SIGINT):
        """SIGINT ends it in order, SIGQUIT at once."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None
        self.log.close()

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def sql(self, text, database="postgres"):
        return self.command("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-U", "ebb",
                            "-d", database, "-c", text).stdout

    def url(self, database="postgres"):
        return f"postgresql://ebb@/{database}?host={self.directory}"

    def __enter__(self):
        self.initialize()
        self.start()
        return self

    def __exit__(self, *fault):
        self.remove()


def place(url):
    """A fresh schema in the database of `url`, as a URL of its own."""
    name = "t" + secrets.token_hex(8)
    psql(url, f"CREATE SCHEMA {name}")
    return f"{url}&options=-csearch_path%3D{name}"


def psql(url, text):
    return subprocess.run([os.path.join(programs(), "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c",
                           text], check=True, capture_output=True, text=True, timeout=60).stdout


class Digest:
    """Of all rows of a database, as often as it is asked, over one connection."""
    END = "-- end of the answer"

    def __init__(self, url):
        tables = psql(url, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'lease' ORDER BY 1"
                      ).split()  # the dispatcher's lease is renewed by time alone
        self.text = " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t" for table in tables)
        self.process = subprocess.Popen([os.path.join(programs(), "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def now(self):
        """Changes when any row of any table does."""
        self.process.stdin.write(f"{self.text};\n\\echo '{self.END}'\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == self.END + "\n":
                return lines
            lines.append(line)
        raise RuntimeError("psql ended")

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def asked():
    """The tests' switch: the URL of the database to test on, or None for SQLite."""
    return os.environ["EBB_TEST_POSTGRESQL"] if os.environ.get("EBB_TEST_STORE") == "postgresql" else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run"])
    parser.add_argument("--durable", action="store_true")
    parser.add_argument("--seconds", type=int, default=1200)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    with Cluster(options.durable) as cluster:
        environment = {**os.environ, "EBB_TEST_STORE": "postgresql", "EBB_TEST_POSTGRESQL": cluster.url()}
        python = [sys.executable] if options.command[0].endswith(".py") else []
        process = subprocess.Popen(python + options.command, env=environment, preexec_fn=child.ends_with_parent)
        try:
            return process.wait(options.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            print(f"FAILED: not done within {options.seconds} s", file=sys.stderr)
            return 1
        finally:
            if process.poll() is None:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
