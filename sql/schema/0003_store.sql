-- Ebb, schema 3: the database has a name, so that an anchor that was kept outside says whose it is (src/base/anchor.h).
INSERT INTO meta (key, value) VALUES ('store', lower(hex(randomblob(16))));
