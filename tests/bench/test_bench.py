# SPDX-License-Identifier: Apache-2.0
"""The bench's own tools, so that its figures are of what they say: generated books are sound, the check of a sample sees what
is wrong, a ceiling writes exactly the rows that the engine wrote, and the picture is one.

  test_bench.py BUILD"""
import pathlib
import sqlite3
import sys
import tempfile
import xml.etree.ElementTree

import plot
import rows_postgres
from measure import Bench, answer, bare, run, tape_rows
from rows import sampled_check

TABLES = ("withdrawal", "leg", "lot", "entry", "posting", "event", "message", "audit", "idempotency")


def test_generated_books_are_sound(bench):
    for kind, arguments in (("accounts", (120, 10)), ("spent", (1000, 20))):
        directory = bench.fresh(kind)
        run(bench.program("generate"), kind, directory, *arguments, "audited")
        said = run(bench.build / "src" / "ebb-audit", "--data", directory)
        assert said.startswith("sound: "), said
        sampled_check(directory)
    return 2


def test_a_sample_sees_what_is_wrong(bench):
    planted = ("UPDATE account SET topup = topup - 1", "UPDATE topup SET payer_name = NULL",
               "DROP TRIGGER posting_fixed; UPDATE posting SET amount = amount + 1 WHERE ledger = 'topup'",
               "DROP TRIGGER posting_fixed; UPDATE posting SET amount = amount + 1 WHERE ledger = 'channel'")
    for wrong in planted:
        directory = bench.copy(bench.directory / "accounts", "wrong")
        db = sqlite3.connect(directory / "ebb.db")
        db.executescript(wrong)
        db.close()
        try:
            sampled_check(directory)
        except SystemExit:
            continue
        raise AssertionError(f"not seen: {wrong}")
    return len(planted)


def test_a_ceiling_writes_the_same_rows(bench):
    start, tape = bench.directory / "accounts", bench.directory / "tape"
    played = bare(start / "ebb.db", bench.directory / "played.db")
    seen = answer(bench.program("engine_load"), "withdrawals", bench.copy(start, "ours"), 50, 8, 120,
                  environment={"LD_PRELOAD": bench.program("recorder.so"), "EBB_TAPE": str(tape)})
    assert seen["done"] == 50 and seen["commands"] == 100 and seen["refused"] == 0, seen
    ceiling = answer(bench.program("ceiling_sqlite"), tape, played)
    rows = {name: count for name, count in tape_rows(tape).items() if not name.startswith("create")}
    assert ceiling["rows"] == sum(tape_rows(tape).values()) and ceiling["groups"] >= seen["commits"], (ceiling, seen)
    assert rows["new withdrawal"] == 50 and rows["new audit"] == 100, rows
    ours = sqlite3.connect(bench.directory / "ours" / "ebb.db")
    theirs = sqlite3.connect(played)
    for table in TABLES + ("account", "topup"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert ours.execute(query).fetchall() == theirs.execute(query).fetchall(), table
    ours.close()
    theirs.close()
    return len(TABLES) + 2


def test_a_ceiling_of_postgresql_writes_the_same_rows(bench):
    tape, books = bench.directory / "postgresql.tape", ("120", "3", "1000000", "huawei")
    with rows_postgres.Postgres(durable=False) as server:
        bench.kept["postgres"] = server
        keys = rows_postgres.books(bench, *books)
        directory, store = rows_postgres.fresh(bench, keys)
        seen = answer(bench.program("engine_load"), "withdrawals", directory, 50, 8, 120,
                      environment=store | rows_postgres.recording(bench, tape))
        ceiling = answer(bench.program("ceiling_postgres"), tape, server.database("played", "books_bare"))
        rows = tape_rows(tape)
        assert ceiling["rows"] == sum(rows.values()) and ceiling["groups"] == seen["commits"], (ceiling, seen, rows)
        assert rows["new withdrawal"] == 50 and rows["new audit"] == 100, rows
        for table in TABLES + ("account", "topup"):
            asked = f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t"
            assert server.sql(asked, "turn") == server.sql(asked, "played") != "", table
    return len(TABLES) + 2


def test_the_picture_is_one(_):
    series = [("a < b", plot.OURS, [(1, 10.0), (4, 25.5), (256, 3.0)]), ("c", plot.CEILING, [(1, 0.0), (256, 99.0)])]
    root = xml.etree.ElementTree.fromstring(plot.page([plot.chart("t & u", "x", "y", series)] * 3))
    assert len(root.findall(".//{http://www.w3.org/2000/svg}polyline")) == 6
    assert plot.steps(99) == [0, 25, 50, 75, 100] and plot.short(1234567) == "1.23M"
    return 2


def main(build):
    with tempfile.TemporaryDirectory(prefix="ebb-bench-") as directory:
        bench = Bench(build, directory, True)
        tests = [function for name, function in globals().items() if name.startswith("test_")]
        print(f"{sum(test(bench) for test in tests)} checks in {len(tests)} tests")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
