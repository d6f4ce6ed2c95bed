-- Ebb, schema 4: who may call channels. One of the servers of a database holds the lease; each time it changes hands its
-- epoch goes up. On SQLite there is one server, and the row stays as it is.
CREATE TABLE lease (
    name TEXT PRIMARY KEY, epoch INTEGER NOT NULL CHECK (epoch >= 0), until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO lease (name, epoch, until) VALUES ('dispatcher', 0, 0);
