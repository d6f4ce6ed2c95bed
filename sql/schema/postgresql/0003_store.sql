-- Ebb, schema 3, the twin of ../0003_store.sql.
INSERT INTO meta (key, value) VALUES ('store', replace(gen_random_uuid()::text, '-', ''));
