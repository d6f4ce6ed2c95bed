-- SPDX-License-Identifier: Apache-2.0
-- The audit rows taken apart: moves of objects and entries that they name. Behind a checkpoint only the rows behind it,
-- which hide the others under the table's own name.

-- behind: audit
CREATE TEMP TABLE audit AS SELECT * FROM main.audit WHERE seq > (SELECT seq FROM base_head);
CREATE UNIQUE INDEX temp.audit_behind ON audit (seq);

-- setup: move
-- Steps of objects. A note (a query, a wrong code) changes no state: it has neither from nor to, and is left out. A known
-- move is where a checkpoint left the object.
CREATE TEMP TABLE move (
    prefix TEXT, object INTEGER, seq INTEGER, line INTEGER, was TEXT, event TEXT, became TEXT, known INTEGER,
    PRIMARY KEY (prefix, object, seq, line)) WITHOUT ROWID;
INSERT INTO move
SELECT object_prefix(json_extract(m.value, '$.o')), object_id(json_extract(m.value, '$.o')), a.seq, m.key,
       json_extract(m.value, '$.from'), json_extract(m.value, '$.event'), json_extract(m.value, '$.to'), 0
FROM audit a, json_each(CASE WHEN json_valid(a.body) THEN a.body ELSE '{}' END, '$.moves') m
WHERE m.type = 'object'
  AND (json_extract(m.value, '$.from') IS NOT NULL OR json_extract(m.value, '$.to') IS NOT NULL);

-- setup: named
CREATE TEMP TABLE named (entry INTEGER, seq INTEGER, line INTEGER, kind TEXT, amount INTEGER, PRIMARY KEY (entry,
    seq, line)) WITHOUT ROWID;
INSERT INTO named
SELECT object_id(json_extract(m.value, '$.o')), a.seq, m.key, json_extract(m.value, '$.kind'), json_extract(m.value,
    '$.amount')
FROM audit a, json_each(CASE WHEN json_valid(a.body) THEN a.body ELSE '{}' END, '$.entries') m
WHERE m.type = 'object';
