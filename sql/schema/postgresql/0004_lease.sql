-- Ebb, schema 4, the twin of ../0004_lease.sql.
CREATE TABLE lease (
    name text PRIMARY KEY, epoch bigint NOT NULL CHECK (epoch >= 0), until bigint NOT NULL);
INSERT INTO lease (name, epoch, until) VALUES ('dispatcher', 0, 0);
