-- SPDX-License-Identifier: Apache-2.0
-- How the tables are distributed with Citus (docs/adr/0015), for `ebb migrate --distribute`. What stands here of a table is
-- the whole of it: tests/postgresql/test_shards.py holds every key in the catalogue against it.

-- name: citus_offered (postgresql)
SELECT count(*) FROM pg_available_extensions WHERE name = 'citus';

-- name: citus_created (postgresql)
SELECT count(*) FROM pg_extension WHERE extname = 'citus';

-- What an account has lies with it. What is found by a name that says nothing of an account lies where its name says. Small
-- tables, and the one chain, stay where the sessions are:
-- local: meta policy api_key staff session customer_key customer_pass lease schema_migration quarantine cover stray recon_statement recon_line recon_break webhook delivery audit
-- The triggers that keep entries and postings as they are act on their own table alone, in every part of it.
-- name: distribute (postgresql)
SET LOCAL citus.enable_unsafe_triggers = on;
SELECT create_distributed_table('account', 'shard', colocate_with => 'none');
SELECT create_distributed_table('identity', 'shard', colocate_with => 'account');
SELECT create_distributed_table('topup', 'shard', colocate_with => 'account');
SELECT create_distributed_table('claim', 'shard', colocate_with => 'account');
SELECT create_distributed_table('resource', 'shard', colocate_with => 'account');
SELECT create_distributed_table('fact', 'shard', colocate_with => 'account');
SELECT create_distributed_table('parcel', 'shard', colocate_with => 'account');
SELECT create_distributed_table('draw', 'shard', colocate_with => 'account');
SELECT create_distributed_table('withdrawal', 'shard', colocate_with => 'account');
SELECT create_distributed_table('leg', 'shard', colocate_with => 'account');
SELECT create_distributed_table('lot', 'shard', colocate_with => 'account');
SELECT create_distributed_table('attempt', 'shard', colocate_with => 'account');
SELECT create_distributed_table('evidence', 'shard', colocate_with => 'account');
SELECT create_distributed_table('review', 'shard', colocate_with => 'account');
SELECT create_distributed_table('entry', 'shard', colocate_with => 'account');
SELECT create_distributed_table('posting', 'shard', colocate_with => 'account');
SELECT create_distributed_table('message', 'shard', colocate_with => 'account');
SELECT create_distributed_table('event', 'shard', colocate_with => 'account');
SELECT create_distributed_table('incident', 'shard', colocate_with => 'account');
SELECT create_distributed_table('document', 'shard', colocate_with => 'account');
SELECT create_distributed_table('ticket', 'shard', colocate_with => 'account');
SELECT create_distributed_table('subject', 'id', colocate_with => 'none');
SELECT create_distributed_table('idempotency', 'scope', colocate_with => 'none');
SELECT create_distributed_table('parcel_key', 'ref', colocate_with => 'none');
