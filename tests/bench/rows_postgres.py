# SPDX-License-Identifier: Apache-2.0
"""What the rows of the bench need of PostgreSQL: a durable server of the bench's own (tests/postgresql/cluster.py), and
databases that are made anew from a template for each turn."""
import os
import pathlib
import statistics
import sys
import time

from measure import Turns, answer, load, run, serving, tape_rows

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "postgresql"))
from cluster import Cluster  # noqa: E402

SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
LEDGER = pathlib.Path(__file__).with_name("ledger.sql")


class Postgres:
    def __init__(self, durable=True):
        self.cluster = Cluster(durable, SETTINGS)

    def __enter__(self):
        self.cluster.__enter__()
        return self

    def __exit__(self, *fault):
        self.cluster.__exit__(*fault)

    def sql(self, text, database="postgres"):
        return self.cluster.sql(text, database)

    def processor_us(self):
        """Of the server's sessions that have ended, and of programs that this one has waited for."""
        words = pathlib.Path(f"/proc/{self.cluster.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        times = os.times()
        ticks = sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")
        return 1e6 * (ticks + times.children_user + times.children_system)

    def url(self, name):
        return self.cluster.url(name)

    def database(self, name, template="template1"):
        """A new one under this name; what making it left to write is written."""
        self.sql(f"DROP DATABASE IF EXISTS {name}")
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        self.sql("CHECKPOINT")
        return self.url(name)

    def settle(self, name):
        self.sql("VACUUM ANALYZE", name)
        return name

    def bare(self, source, name):
        """The same tables, columns, keys and indexes with the same rows; no constraint, no trigger, no foreign key."""
        self.database(name, source)
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", name).split()
        self.sql("CREATE SCHEMA bare; " + " ".join(
            f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING INDEXES); INSERT INTO bare.{table} SELECT * FROM"
            f" public.{table};" for table in tables) + " DROP SCHEMA public CASCADE; ALTER SCHEMA bare RENAME TO public", name)
        return self.settle(name)


def postgres(bench):
    return bench.once("postgres", lambda: bench.closing.enter_context(Postgres()))


def settings(bench):
    """The server and what it promises, line by line."""
    return run(bench.program("ceiling_postgres"), "--settings", postgres(bench).url("postgres")).strip().split("\n")


def recording(bench, tape):
    return {"LD_PRELOAD": bench.program("recorder_postgres.so"), "EBB_TAPE": str(tape)}


def tape_rate(bench, tape, template, units, begin=""):
    seen = answer(bench.program("ceiling_postgres"), tape, postgres(bench).database("played", template),
                  *([begin] if begin else []))
    return units * 1e6 / seen["us"]


def books(bench, accounts, topups, topup_minor, policy):
    """The directory of the keys; the databases "books" and "books_bare"."""
    def make():
        server, keys = postgres(bench), bench.fresh("keys")
        run(bench.program("engine_load"), "prepare", keys, accounts, topups, topup_minor, policy,
            environment={"BENCH_STORE": server.database("books")})
        server.bare(server.settle("books"), "books_bare")
        return keys
    return bench.once("books of PostgreSQL", make)


def fresh(bench, keys):
    """A copy of the keys and of the books, for one turn: the directory, and where the rows are."""
    return bench.copy(keys, "keys.turn"), {"BENCH_STORE": postgres(bench).database("turn", "books")}


def withdrawals(bench, keys, count, in_flight, accounts):
    """Turns of the engine and of the bare rows, and what there is to say of them."""
    tape, ours = bench.directory / "p7.tape", {}

    def turn(recorded=None):
        directory, store = fresh(bench, keys)
        ours["seen"] = answer(bench.program("engine_load"), "withdrawals", directory, count, in_flight, accounts,
                              environment=store | (recorded or {}))
        return count * 1e6 / ours["seen"]["us"]

    turn(recording(bench, tape))
    rows = sum(tape_rows(tape).values())
    turns = Turns(bench, turn, lambda: tape_rate(bench, tape, "books_bare", count))
    seen = ours["seen"]
    return turns, (f"a withdrawal writes {rows / count:.3g} rows; {seen['commands'] / seen['commits']:.1f} commands a commit, p50"
                   f" {seen['p50_us'] / 1000:.1f} ms, p99 {seen['p99_us'] / 1000:.1f} ms a command")


def transfers(bench, keys, count, in_flight, accounts):
    """Top-ups and charges through the engine, each an entry with two postings, and transfers of a ledger in pure SQL by as
    many clients, each with a connection of its own; and what there is to say of them."""
    server, used = postgres(bench), {"ours": [], "pure SQL": []}
    server.database("ledger")
    server.sql(LEDGER.read_text(encoding="utf-8"), "ledger")
    server.settle("ledger")

    def counted(who, *command, environment=None):
        before = server.processor_us()
        seen = answer(*command, environment=environment)
        time.sleep(0.2)  # sessions end after their clients
        used[who].append((server.processor_us() - before) / count)
        return count * 1e6 / seen["us"]

    def turn():
        directory, store = fresh(bench, keys)
        return counted("ours", bench.program("engine_facts"), directory, count, in_flight, accounts, environment=store)

    def pure_sql():
        place = server.database("turn", "ledger")
        return counted("pure SQL", bench.program("ledger_postgres"), place, in_flight, count)

    turns = Turns(bench, turn, pure_sql)
    ours, theirs = (statistics.median(used[who]) for who in ("ours", "pure SQL"))
    return turns, (f"processor time a transfer, server and client: ours {ours:.0f} us, pure SQL {theirs:.0f} us,"
                   f" {theirs / ours:.2g} times as much")


def facts(bench, options):
    """Lines of /v1/batch with the store on PostgreSQL, and their rows alone."""
    server, keys, tape = postgres(bench), bench.fresh("facts"), bench.directory / "p2.postgresql.tape"
    with serving(bench, keys, store=server.database("facts")):
        pass
    server.bare(server.settle("facts"), "facts_bare")

    def turn(tape=None):
        url = server.database("turn", "facts")
        with serving(bench, bench.copy(keys, "keys.turn"), store=url,
                     environment=None if tape is None else recording(bench, tape)) as ebb:
            seen = load(bench, ebb.url, ebb.token, *options)["requests"]["batch line"]
        assert seen["refused"] == seen["unknown"] == 0, seen
        return seen

    lines = turn(tape)["done"]
    return Turns(bench, lambda: turn()["rate"], lambda: tape_rate(bench, tape, "facts_bare", lines, "INSERT INTO fact"))
