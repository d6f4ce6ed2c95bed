#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Could the tables be distributed by account? Asked of PostgreSQL's catalogue, of the statements, and of older books that are taken
to the schema that carries the shard: cluster.py run -- test_shards.py EBB ROOT. Prints TAP.

sql/query/distribute.sql says which table is distributed by which column and which stay where they are."""
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cluster

MASK = 1023  # src/base/id.h
# Asked of all shards inside the engine: by its clock, at its start, while it is in quarantine, or to look for what a statement
# does not tell of; never for a customer.
BY_THE_CLOCK = {"withdrawals_due", "withdrawals_due_questions", "withdrawal_next_due", "ids_highest", "attempts_unasked",
                "attempts_swept"}
results = []


def check(name, wrong):
    results.append(not wrong)
    print("not ok" if wrong else "ok", len(results), "-", name, flush=True)
    for line in wrong if isinstance(wrong, list) else [wrong] if wrong else []:
        print("#", str(line)[:600], flush=True)


# ---- what is said ----

def said(root):
    """{table: column}, and the tables that are not distributed"""
    text = open(os.path.join(root, "sql/query/distribute.sql"), encoding="utf-8").read()
    calls = re.findall(r"^SELECT create_distributed_table\('(\w+)', '(\w+)', colocate_with => '(\w+)'\);$", text, re.MULTILINE)
    local = " ".join(re.findall(r"^-- local: (.*)$", text, re.MULTILINE)).split()
    return {table: column for table, column, _ in calls}, {table: group for table, _, group in calls}, set(local)


# ---- the catalogue ----

def rows(url, query):
    return [line.split("|") for line in cluster.psql(url, query).splitlines()]


KEYS = """SELECT t.relname, i.relname, x.indisprimary, coalesce(string_agg(a.attname, ',' ORDER BY a.attnum), '')
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey)
WHERE x.indisunique AND t.relnamespace = CAST(current_schema() AS regnamespace) GROUP BY 1, 2, 3"""
REFERENCES = """SELECT t.relname, c.conname, r.relname, (SELECT string_agg(a.attname || '=' || b.attname, ',')
    FROM unnest(c.conkey, c.confkey) AS k(own, other)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
    JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
WHERE c.contype = 'f' AND t.relnamespace = CAST(current_schema() AS regnamespace)"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


def key_problems(url, column_of, local):
    tables = {table for table, in rows(url, TABLES)}
    yield from (f"{table} is neither distributed nor local" for table in tables - set(column_of) - local)
    yield from (f"{table} is not there" for table in (set(column_of) | local) - tables)
    yield from (f"{table} is both" for table in set(column_of) & local)
    primary = set()
    for table, index, is_primary, columns in rows(url, KEYS):
        if is_primary == "t":
            primary.add(table)
        if table in column_of and column_of[table] not in columns.split(","):
            yield f"{index} of {table} ({columns}) lacks {column_of[table]}"
    yield from (f"{table} has no primary key" for table in set(column_of) - primary)


def reference_problems(url, column_of):
    for table, name, other, columns in rows(url, REFERENCES):
        if table not in column_of and other not in column_of:
            continue
        if column_of.get(table) != "shard" or column_of.get(other) != "shard" or "shard=shard" not in columns.split(","):
            yield f"{name}: {table} → {other} ({columns}) leaves its shard"


def catalogue(url, column_of, groups, local):
    check("every table is said to be distributed or local, and every unique key carries what it is distributed by",
          list(key_problems(url, column_of, local)))
    check("every foreign key stays within its shard", list(reference_problems(url, column_of)))
    check("what carries the shard lies together", [table for table, column in column_of.items()
                                                   if (groups[table] == "account") != (column == "shard" and table != "account")])
    planted = cluster.place(url)
    cluster.psql(planted, "CREATE TABLE a (id bigint PRIMARY KEY, shard bigint, UNIQUE (id, shard)); CREATE TABLE c (id bigint);"
                          "CREATE TABLE b (id bigint, shard bigint REFERENCES a (id), UNIQUE (shard)); CREATE UNIQUE INDEX bi ON b (id)")
    found = list(key_problems(planted, {"a": "shard", "b": "shard"}, set())) + list(reference_problems(planted, {"a": "shard", "b": "shard"}))
    expected = {"c is neither distributed nor local", "a_pkey of a (id) lacks shard", "bi of b (id) lacks shard",
                "b has no primary key", "b_shard_fkey: b → a (shard=id) leaves its shard"}
    check("a key without it would be found", set(found) ^ expected and sorted(found))


# ---- the statements ----

def tables_of(text, tables):
    return [word for word in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)", text) if word in tables]


def bounded(text):
    """A page, what belongs to the rows of a page, or a number by an index."""
    return " LIMIT " in text or " <= $last" in text or re.match(r"SELECT (count|min|max|greatest)\(|SELECT .*\bcount\(\*\)", text)


def statement_problems(name, text, shard, column_of, local):
    mentioned = tables_of(text, set(column_of) | local)
    sharded = [table for table in mentioned if column_of.get(table) == "shard"]
    own = [table for table in mentioned if column_of.get(table, "shard") != "shard"]
    apart = text.count("(SELECT ") == len(mentioned)  # one number of each
    if sharded and len(sharded) < len(mentioned) and not apart:
        yield f"{name} asks {mentioned} at once"
    if (shard is not None) != bool(sharded):
        yield f"{name}: -- shard: {shard}, about {mentioned}"
    if shard == "every":
        joins = len(re.findall(r"\bJOIN ", text)) + len(re.findall(r"EXISTS \(", text))
        within = {frozenset(pair) for pair in re.findall(r"(\w+)\.shard = (\w+)\.shard", text)}
        met = {frozenset(pair) for pair in re.findall(r"(\w+)\.\w+ = (\w+)\.\w+", text)}  # also in a sub-select
        if joins > len(re.findall(r"\w+\.shard = \w+\.shard", text)) or met - within:
            yield f"{name} joins across shards"
        if not bounded(text):
            yield f"{name} has no bound"
    elif sharded and not text.startswith("INSERT") and text.count("shard = ") < len(sharded):
        yield f"{name} does not say the shard of {sharded}"
    for table in own:
        if not text.startswith("INSERT") and not re.search(rf"WHERE {column_of[table]} = \$", text):
            yield f"{name} looks through {table}"


def queries_in(pattern):
    return {name.lower() for path in glob.glob(pattern) for name in re.findall(r"\bQUERY_([A-Z_]+)\b", open(path, encoding="utf-8").read())}


def statements(root, column_of, local):
    sys.path.insert(0, os.path.join(root, "tools"))
    import queries
    found = queries.statements(sorted(glob.glob(os.path.join(root, "sql/query/*.sql"))))
    asked, wrong = {}, []
    for name, texts in found.items():
        text = queries.text_for(texts, "postgresql")
        if text is not None and name != "distribute" and not name.startswith("form_"):
            asked[name] = texts.get("postgresql", texts.get(None)).shard
            wrong += statement_problems(name, text, asked[name], column_of, local)
    check("every statement on them says its shard; those that ask all of them are bounded and join within each", wrong)
    hot = queries_in(os.path.join(root, "src/engine/*.c")) | queries_in(os.path.join(root, "src/store/save.c"))
    crossing = {name for name in hot if asked.get(name) == "every"}
    check(f"no command asks all shards ({len(hot)} statements)", crossing ^ BY_THE_CLOCK and sorted(crossing ^ BY_THE_CLOCK))
    sharded = {table for table, column in column_of.items() if column == "shard"}
    for planted in (("SELECT id FROM leg WHERE id = $id", None), ("SELECT id FROM leg WHERE id = $id", "$id"), ("SELECT id FROM leg", "every"),
                    ("SELECT id FROM leg JOIN lot ON lot.leg = leg.id LIMIT 1", "every"), ("SELECT key FROM meta", "$id"),
                    ("SELECT key FROM meta JOIN leg ON leg.shard = meta.key LIMIT 1", "every"), ("SELECT id FROM subject WHERE accounts = $n", None)):
        if not list(statement_problems("planted", *planted, column_of, local)):
            check("an offender would be found", [planted])
    return sharded


# ---- books that were written before ----

class Server:
    def __init__(self, ebb, url):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = tempfile.mkdtemp(prefix="ebb-shards-")
        self.process = subprocess.Popen([ebb, "serve", "--demo", "--data", self.directory, "--store", url, "--listen", f"127.0.0.1:{self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=cluster.child.ends_with_parent)
        for _ in range(1500):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        raise SystemExit("the server did not start")

    def ask(self, verb, path, body=None, key=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(verb, path, None if body is None else json.dumps(body), {
            "Authorization": "Bearer demo-admin", "Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text[:1] == "{" else text

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        shutil.rmtree(self.directory)


def town(server):
    """Accounts of many shards, money between them, and a name that two transfers want. What is wrong with it."""
    for n in range(20):
        server.ask("PUT", f"/v1/accounts/s{n}", {"policy": "alibaba", "currency": "CNY", "subject": {
            "kind": "person", "name": "Zhang San", "id_number": f"11010119900307{n:04}", "verified": True}, "state": "active"})
        server.ask("POST", f"/v1/accounts/s{n}/topups", {"ref": "t", "amount": 5000, "method": "alipay", "paid_at": "2026-01-01T00:00:00Z",
                                                         "payer": {"kind": "personal", "name": "Zhang San"}, "channel": "alipay", "channel_ref": f"c{n}"}, f"t{n}")
    told = [server.ask("POST", "/v1/transfers", {"ref": f"p{n}", "from": f"s{n}", "to": f"s{n + 1}", "amount": 100}, f"p{n}") for n in range(19)]
    yield from (answer for answer in told if answer[0] != 201)
    again = server.ask("POST", "/v1/transfers", {"ref": "p3", "from": "s3", "to": "s4", "amount": 100}, "again")
    other = server.ask("POST", "/v1/transfers", {"ref": "p3", "from": "s9", "to": "s10", "amount": 100}, "other")
    back = server.ask("POST", "/v1/transfers/p5/recall", {}, "recall")
    spent = server.ask("POST", "/v1/accounts/s8/charges", {"ref": "x", "amount": 90}, "charge")
    undone = server.ask("POST", "/v1/accounts/s8/charges/x/reverse", {}, "undo")
    if [again[0], other[0], back[0], spent[0], undone[0]] != [200, 409, 200, 201, 200] or other[1]["code"] != "ref_reused":
        yield [again[0], other[0], back[0], spent[0], undone]


def shards_wrong(url, sharded):
    """Every id carries the shard of its row, and a row that of its account. A parcel lies with its receiver."""
    for table in sorted(sharded):
        columns = {column for column, in rows(url, "SELECT attname FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid ="
                                                   f" CAST('{table}' AS regclass)")}
        for column in {"id", "account", "withdrawal", "leg", "entry", "owner", "receiver"} & columns - ({"id"} if table == "parcel" else set()):
            count = cluster.psql(url, f"SELECT count(*) FROM {table} WHERE {column} & {MASK} <> shard").strip()
            if count != "0":
                yield f"{count} rows of {table} are not on the shard of their {column}"


def older(url, root):
    """The same rows as schema 5 had them, taken to today's schema."""
    old = cluster.place(url)
    files = sorted(glob.glob(os.path.join(root, "sql/schema/postgresql/*.sql")))
    last = [os.path.basename(path) for path in files].index("0006_shard.sql")
    for path in files[:last]:
        cluster.psql(old, open(path, encoding="utf-8").read())
    schema = re.search(r"search_path%3D(\w+)", url)[1]
    cluster.psql(old, "DELETE FROM meta; DELETE FROM lease; " + ";".join(
        f"ALTER TABLE {table} DISABLE TRIGGER ALL; INSERT INTO {table} SELECT {columns} FROM {schema}.{table}; ALTER TABLE {table} ENABLE TRIGGER ALL"
        for table, columns in rows(old, "SELECT relname, string_agg(attname, ', ' ORDER BY attnum) FROM pg_class JOIN pg_attribute ON"
                                        " attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped WHERE relkind = 'r' AND"
                                        " relnamespace = CAST(current_schema() AS regnamespace) GROUP BY 1")))
    for path in files[last:]:
        cluster.psql(old, "BEGIN;" + open(path, encoding="utf-8").read() + ";COMMIT")
    return old


def contents(url):
    return {table: cluster.psql(url, f"SELECT md5(string_agg(CAST(t AS text), ',' ORDER BY CAST(t AS text))), count(*) FROM {table} t")
            for table, in rows(url, TABLES) if table != "schema_migration"}


# ---- ebb migrate --distribute ----

# Not Citus: functions of its names that note how they were called, and refuse what Citus would refuse of a key.
STUBS = """CREATE TABLE called (number serial, relation text, distributed_by text, lies_with text);
CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = table_name AND x.indisunique AND NOT EXISTS (
        SELECT 1 FROM pg_attribute a WHERE a.attrelid = table_name AND a.attnum = ANY (x.indkey) AND a.attname = distribution_column)) THEN
        RAISE EXCEPTION 'a key of % lacks its distribution column', table_name;
    END IF;
    IF current_setting('citus.enable_unsafe_triggers', true) IS DISTINCT FROM 'on'
        AND EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = table_name AND NOT g.tgisinternal) THEN
        RAISE EXCEPTION '% has triggers', table_name;
    END IF;
    INSERT INTO called (relation, distributed_by, lies_with) VALUES (CAST(table_name AS text), distribution_column, colocate_with);
END
$body$;"""


def told(ebb, url, *more):
    done = subprocess.run([ebb, "migrate", "--store", url, *more], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def is_refused(answer, why):
    return answer[0] == 1 and answer[1] == "" and why in answer[2] and "Nothing was changed." in answer[2]


def distribution(ebb, root, url):
    bare = cluster.place(url)
    answer = told(ebb, bare, "--distribute")
    check("without Citus the command says so and changes nothing", not is_refused(answer, "does not offer the extension citus")
          and [answer] or rows(bare, TABLES))
    usage = subprocess.run([ebb, "migrate", "--data", "/nowhere", "--distribute"], capture_output=True, text=True, check=False)
    check("a file is not distributed", usage.returncode != 2 and [usage])
    stubs, both = cluster.place(url), cluster.place(url)
    both = f"{both}%2C{re.search('search_path%3D(.*)', stubs)[1]}%2Cpg_catalog"
    cluster.psql(stubs, "CREATE VIEW pg_available_extensions AS SELECT CAST('citus' AS name) AS name")
    answer = told(ebb, both, "--distribute")
    check("an extension that is only offered is not enough", not is_refused(answer, "CREATE EXTENSION citus") and [answer] or rows(both, TABLES))
    cluster.psql(stubs, "CREATE VIEW pg_extension AS SELECT CAST('citus' AS name) AS extname")
    answer = told(ebb, both, "--distribute")
    check("a call that fails is the server's word, and distributes nothing",
          (answer[0] != 1 or "create_distributed_table" not in answer[2] or rows(both, "SELECT 1 FROM meta WHERE key = 'distributed'")) and [answer])
    cluster.psql(stubs, STUBS)
    expected = re.findall(r"^SELECT create_distributed_table\('(\w+)', '(\w+)', colocate_with => '(\w+)'\);$",
                          open(os.path.join(root, "sql/query/distribute.sql"), encoding="utf-8").read(), re.MULTILINE)
    dry = told(ebb, both, "--distribute", "--dry-run")
    check("a dry run shows the calls and makes none", (dry[0] != 0 or dry[1].count("create_distributed_table(") != len(expected)
                                                       or rows(stubs, "SELECT 1 FROM called")) and [dry])
    answer = told(ebb, both, "--distribute")
    called = [tuple(row) for row in rows(stubs, "SELECT relation, distributed_by, lies_with FROM called ORDER BY number")]
    check(f"the calls are those that are written down ({len(called)} recorded)", (answer[0] != 0 or called != expected) and [answer, called])
    order = [table for table, _, _ in called]
    check("no table before one that it refers to", [key for key in rows(both, REFERENCES) if key[0] in order and order.index(key[0]) < order.index(key[2])])
    again, later = told(ebb, both, "--distribute"), told(ebb, both)
    check("once is enough", (again[0] != 0 or "already distributed" not in again[1] or later[0] != 0
                             or len(rows(stubs, "SELECT 1 FROM called")) != len(called)) and [again, later])
    server = Server(ebb, both)
    try:
        check("where it is distributed accounts are locked one at a time, and money moves", list(town(server)))
    finally:
        server.stop()


def main():
    ebb, root = sys.argv[1:]
    url = cluster.place(os.environ["EBB_TEST_POSTGRESQL"])
    server = Server(ebb, url)
    try:
        check("money moves between shards, and a parcel's name is one in all of them", list(town(server)))
    finally:
        server.stop()
    column_of, groups, local = said(root)
    catalogue(url, column_of, groups, local)
    sharded = statements(root, column_of, local)
    check("rows lie with their accounts", list(shards_wrong(url, sharded)))
    old = older(url, root)
    before, after = contents(url), contents(old)
    check("older books are taken to the same rows", sorted(table for table in before if before[table] != after.get(table)))
    check("and to the same keys", [key for query in (KEYS, REFERENCES) for key in set(map(tuple, rows(url, query))) ^ set(map(tuple, rows(old, query)))
                                   if key[0] != "schema_migration"])
    distribution(ebb, root, os.environ["EBB_TEST_POSTGRESQL"])
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
