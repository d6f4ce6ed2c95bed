-- SPDX-License-Identifier: Apache-2.0
-- How PostgreSQL is asked for many keys, or given many rows, at once: src/store/postgres_text.c puts the parts of a named
-- query in place of the words behind an @. A parameter `$name` is there the column `_name` of q.

-- Rows come back with the number of the key that they are of. The OFFSET keeps the subselect one: it is walked key by key,
-- so that the rows of one key keep their order, locks are taken in the order of the keys, and a plan that was made while
-- the table was empty does not read the whole of it for every key when it is full.
-- name: form_many (postgresql)
SELECT q.n, x.* FROM unnest(@numbers) WITH ORDINALITY AS q(@keys, n), LATERAL (@head OFFSET 0) AS x;

-- name: form_insert (postgresql)
@head SELECT @values FROM unnest(@numbers) AS q(@keys);

-- A change that meets another number of rows than it was given divides by zero: what stands behind it in the pipeline, the
-- COMMIT above all, is then not done.
-- name: form_update (postgresql)
WITH changed AS (@head FROM unnest(@numbers) AS q(@keys) @tail RETURNING 1)
SELECT 1 / CAST(count(*) = cardinality($1) AS int) FROM changed;

-- name: form_delete (postgresql)
WITH changed AS (@head USING unnest(@numbers) AS q(@keys) @tail RETURNING 1)
SELECT 1 / CAST(count(*) = cardinality($1) AS int) FROM changed;
