#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's schema says what SQLite's says: every numbered file has a twin, and in it the same tables, columns, constraints
and indexes, in the same words but for the names of types; a trigger for every trigger; and rows of the same tables are moved. A
file may be one engine's affair alone: then its twin says "nothing to do", and says nothing else. And ids go on behind those of
every table that has some (sql/query/engine.sql, ids_highest): one that is left out could be given an id twice.

schemas.py ROOT"""
import pathlib
import re
import sys

TYPES = {"INTEGER": "bigint", "BLOB": "bytea", "TEXT": "text"}
IDLE = "nothing to do"
OWN = ("CREATE FUNCTION",)  # PostgreSQL's triggers call one


def statements(text):
    text = re.sub(r"--[^\n]*", "", text)
    text = re.sub(r"\$(\w*)\$.*?\$\1\$", "''", text, flags=re.DOTALL)
    text = re.sub(r"\bBEGIN (SELECT .*?); END;", r"\1;", text)
    return [" ".join(statement.split()) for statement in text.split(";") if statement.strip()]


def normal(statement):
    """A statement of either engine in one spelling; a trigger by its name, its table and its moment; one that moves rows by its
    table, because engines compute in their own words."""
    moves = re.match(r"(UPDATE|INSERT INTO|DELETE FROM) (\w+)", statement)
    if moves:
        return moves[0]
    trigger = re.match(r"CREATE TRIGGER (\w+) BEFORE (UPDATE|DELETE)(?: OR TRUNCATE)? ON (\w+)\b", statement)
    if trigger:
        return "trigger " + " ".join(trigger.groups())
    statement = re.sub(r"\) STRICT(, WITHOUT ROWID)?$", ")", statement)
    return re.sub(r"\b(INTEGER|BLOB|TEXT)\b", lambda match: TYPES[match[0]], statement)


def problems(sqlite, postgresql):
    one = [normal(statement) for statement in statements(sqlite)]
    other = [normal(statement) for statement in statements(postgresql) if not statement.startswith(OWN)]
    if (other and not one and IDLE in sqlite) or (one and not other and IDLE in postgresql):
        return
    yield from (f"only in SQLite's: {statement[:100]}" for statement in one if statement not in other)
    yield from (f"only in PostgreSQL's: {statement[:100]}" for statement in other if statement not in one)
    if not one:
        yield "no statements"


def ids_left_out(schema, queries):
    """Tables of the schema whose ids a start does not look at."""
    having = set(re.findall(r"CREATE TABLE (\w+) \(\s*id INTEGER PRIMARY KEY", schema))
    texts = re.findall(r"-- name: ids_highest\b.*?;", queries, re.DOTALL)
    looked = [set(re.findall(r"max\(id\), 0\) FROM (\w+)", text)) for text in texts]
    if len(looked) != 2 or not having:
        yield "ids_highest: two texts and some tables were expected"
    yield from (f"ids_highest: {table} is left out, or has no id" for seen in looked for table in sorted(having ^ seen))


def self_check():
    ids = "-- name: ids_highest\nSELECT max((SELECT coalesce(max(id), 0) FROM a));\n"
    assert not list(ids_left_out("CREATE TABLE a (\n    id INTEGER PRIMARY KEY", ids + ids))
    assert list(ids_left_out("CREATE TABLE a (id INTEGER PRIMARY KEY\nCREATE TABLE b (id INTEGER PRIMARY KEY", ids + ids))
    assert list(ids_left_out("CREATE TABLE a (id INTEGER PRIMARY KEY", ids))
    table = "CREATE TABLE a (id INTEGER PRIMARY KEY, b BLOB NOT NULL CHECK (b > 0)) STRICT;\n"
    twin = "CREATE TABLE a (id bigint PRIMARY KEY, b bytea NOT NULL CHECK (b > 0));\n"
    fixed = "CREATE TRIGGER f BEFORE UPDATE ON a BEGIN SELECT RAISE(ABORT, 'no'); END;"
    fixed_twin = "CREATE TRIGGER f BEFORE UPDATE ON a FOR EACH STATEMENT EXECUTE FUNCTION x();"
    assert not list(problems(table + fixed, twin + fixed_twin))
    assert not list(problems("UPDATE a SET b = hex(b);", "UPDATE a SET b = encode(b);"))
    assert list(problems("UPDATE a SET b = 1;", "UPDATE b SET b = 1;"))
    assert not list(problems("-- nothing to do", twin))
    assert list(problems("-- nothing to do\n" + table, twin + fixed_twin)) and list(problems("-- nothing to do", ""))
    for bad in ("", twin, fixed_twin, (twin + fixed_twin).replace("bytea", "text"), twin.replace(" NOT NULL", "") + fixed_twin,
                twin.replace("b > 0", "b >= 0") + fixed_twin, twin + fixed_twin.replace(" a ", " b "), twin + fixed_twin + twin + "x;"):
        assert list(problems(table + fixed, bad)), bad


def main():
    self_check()
    root = pathlib.Path(sys.argv[1]) / "sql" / "schema"
    names = {path.name for path in root.glob("*.sql")}
    twins = {path.name for path in (root / "postgresql").glob("*.sql")}
    found = [f"{name}: has no twin" for name in sorted(names ^ twins)]
    for name in sorted(names & twins):
        found += [f"{name}: {problem}" for problem in problems((root / name).read_text(encoding="utf-8"),
                                                               (root / "postgresql" / name).read_text(encoding="utf-8"))]
    found += ids_left_out("".join((root / name).read_text(encoding="utf-8") for name in sorted(names)),
                          (root.parent / "query" / "engine.sql").read_text(encoding="utf-8"))
    print(*found, f"{len(names)} files, {len(found)} problems", sep="\n")
    return 1 if found or not names else 0


sys.exit(main())
