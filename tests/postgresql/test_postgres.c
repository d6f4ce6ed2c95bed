/* SPDX-License-Identifier: Apache-2.0 */
/* What only PostgreSQL does: many keys at once, lost connections, several writers, and the fence of the dispatcher.
 * Without a server (tests/postgresql/cluster.py run) there is nothing to test, and it says so. */
#include "sample_rows.h"

#include "engine/step.h"

static struct store *writer_open(const struct sample_place *place)
{
    struct vault *vault = (struct vault *)(uintptr_t)&place->vault;
    struct store *store = NULL;
    char reason[256] = "";

    if (store_open(place->url, STORE_WRITER, vault, &store, reason) != ERR_NONE)
        fail_msg("%s", reason);
    return store;
}

/* Every session of the program under test ends; our own question is not one of them. */
static void sessions_end(const struct sample_place *place)
{
    char none[128];

    place_text(place->url,
               "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = 'ebb'",
               none);
}

static void accounts_save(struct sample_place *place, struct store *store, int count)
{
    struct changes changes = {0};

    for (int i = 0; i < count; i++) {
        struct account *account = (struct account *)sample_row(&account_table, 1, &place->arena, &changes);

        account->id = SAMPLE_ACCOUNT + i;
        snprintf(account->ref, sizeof account->ref, "many-%d", i);
        for (int j = 0; j <= i % 3; j++) {
            struct topup *topup = (struct topup *)sample_row(&topup_table, 1, &place->arena, &changes);

            topup->id = account->id + (9 + j) * ID_SHARD_COUNT;
            topup->account = account->id;
            topup->paid_at.ms -= j; /* the later the id the earlier it was paid */
            snprintf(topup->ref, sizeof topup->ref, "t%d", j);
        }
    }
    sample_must(store, store_begin(store));
    sample_must(store, store_save_commit(store, &changes));
}

/* Each question gets its own rows, in their own order, whatever the order of the questions. */
static void test_many_keys_at_once(void **state)
{
    struct sample_place place;
    struct value args[40];
    struct fetch fetches[40], *all[40];
    (void)state;

    sample_open(&place);
    accounts_save(&place, place.store, 40);
    for (size_t i = 0; i < 40; i++) {
        args[i] = value_int(i % 2 == 0 ? "account" : "id", SAMPLE_ACCOUNT + 39 - (int64_t)i);
        fetches[i] = (struct fetch){.query = i % 2 == 0 ? QUERY_TOPUPS_LIVE_PAYERS : QUERY_ACCOUNT_BY_ID,
                                    .table = i % 2 == 0 ? &topup_table : &account_table,
                                    .args = &args[i],
                                    .args_count = 1};
        all[i] = &fetches[i];
    }
    sample_must(place.store, store_begin(place.store));
    sample_must(place.store, store_fetch(place.store, all, 40, &place.arena));
    for (size_t i = 0; i < 40; i++) {
        const struct rows *rows = &fetches[i].rows;
        int64_t id = args[i].integer;

        assert_int_equal(rows->count, i % 2 == 0 ? (id - SAMPLE_ACCOUNT) % 3 + 1 : 1);
        if (i % 2 == 1)
            assert_int_equal(((struct account *)rows->items[0])->id, id);
        for (size_t j = 0; i % 2 == 0 && j < rows->count; j++) {
            const struct topup *topup = rows->items[j];

            assert_int_equal(topup->account, id);
            assert_int_equal((topup->id - id) / ID_SHARD_COUNT - 9, rows->count - 1 - j);
            assert_string_equal(topup->payer_name, "plain-topup-payer_name-1");
        }
    }
    store_rollback(place.store);
    sample_close(&place);
}

static void distribute(struct sample_place *place)
{
    char none[128];

    place_text(place->url, "INSERT INTO meta VALUES ('distributed', 'so') ON CONFLICT DO NOTHING", none);
    store_close(&place->store);
    place->store = writer_open(place);
}

enum { MANY = 600 }; /* statements; one pipeline takes fewer */

static void accounts_lock(struct sample_place *place, struct store *store)
{
    struct value args[MANY];
    struct fetch fetches[MANY], *all[MANY];

    for (size_t i = 0; i < MANY; i++) {
        args[i] = value_int("id", SAMPLE_ACCOUNT + MANY - 1 - (int64_t)i);
        fetches[i] =
            (struct fetch){.query = QUERY_ACCOUNT_LOCK, .table = &account_table, .args = &args[i], .args_count = 1};
        all[i] = &fetches[i];
    }
    sample_must(store, store_begin(store));
    sample_must(store, store_fetch(store, all, MANY, &place->arena));
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(fetches[i].rows.count, 1);
        assert_int_equal(((struct account *)fetches[i].rows.items[0])->id, args[i].integer);
    }
}

/* Where the tables are distributed each account is locked by a statement of its own, else all of them by one. */
static void test_locks_of_several_nodes(void **state)
{
    static const char asked[] = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ebb' "
                                "AND query LIKE '%FOR NO KEY UPDATE%' AND query LIKE '%unnest%'";
    struct sample_place place;
    (void)state;

    sample_open(&place);
    accounts_save(&place, place.store, MANY);
    for (int distributed = 0; distributed < 2; distributed++) {
        accounts_lock(&place, place.store);
        assert_int_equal(place_int(place.url, asked), !distributed);
        store_rollback(place.store);
        distribute(&place);
    }
    sample_close(&place);
}

/* A statement is planned once, and a table that is full was empty one day: it is looked up key by key all the same, and
 * not read from end to end. */
static void test_a_plan_outlives_the_empty_table(void **state)
{
    enum { KEYS = 50 };
    struct sample_place place;
    struct changes changes = {0};
    struct value args[KEYS];
    struct fetch fetches[KEYS], *all[KEYS];
    char none[128];
    (void)state;

    sample_open(&place);
    place_text(place.url, "ANALYZE idempotency", none);
    for (size_t i = 0; i < KEYS; i++) {
        struct idempotency *row = (struct idempotency *)sample_row(&idempotency_table, 1, &place.arena, &changes);

        row->scope[0] = (uint8_t)i;
        args[i] = value_bytes("scope", row->scope, sizeof row->scope);
        fetches[i] = (struct fetch){
            .query = QUERY_IDEMPOTENCY_BY_SCOPE, .table = &idempotency_table, .args = &args[i], .args_count = 1};
        all[i] = &fetches[i];
    }
    for (size_t expected = 0; expected <= 1; expected++) {
        sample_must(place.store, store_begin(place.store));
        sample_must(place.store, store_fetch(place.store, all, KEYS, &place.arena));
        for (size_t i = 0; i < KEYS; i++)
            assert_int_equal(fetches[i].rows.count, expected);
        if (expected == 0)
            sample_must(place.store, store_save_commit(place.store, &changes));
    }
    store_rollback(place.store);
    store_close(&place.store); /* which tells the server what it counted */
    assert_int_equal(place_int(place.url,
                               "SELECT idx_scan FROM pg_stat_user_indexes WHERE schemaname = current_schema() "
                               "AND indexrelname = 'idempotency_pkey'"),
                     2 * KEYS);
    sample_close(&place);
}

/* There a row has a statement of its own; that it met none is found before the COMMIT goes out, however many there are.
 */
static void test_rows_of_several_nodes(void **state)
{
    struct sample_place place;
    struct row *rows[ARRAY_COUNT(sample_tables)];
    struct changes changes = {0};
    (void)state;

    sample_open(&place);
    distribute(&place);
    sample_save_all(&place, rows);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        char count[96];

        snprintf(count, sizeof count, "SELECT count(*) FROM %s", sample_tables[i]->name);
        assert_int_equal(place_int(place.url, count), sample_tables[i] == &account_table ? 2 : 1);
    }
    assert_int_equal(place_int(place.url, "SELECT count(*) FROM parcel_key"), 1);
    for (int i = 0; i < MANY; i++) {
        struct event *event = (struct event *)sample_row(&event_table, 1, &place.arena, &changes);

        event->id = SAMPLE_OTHER + (9 + i) * ID_SHARD_COUNT;
    }
    ((struct topup *)sample_row(&topup_table, 1, &place.arena, &changes))->id += ID_SHARD_COUNT;
    changes.last->state = ROW_CHANGED; /* of a row that nobody wrote */
    sample_must(place.store, store_begin(place.store));
    assert_int_equal(store_save_commit(place.store, &changes), ERR_FATAL);
    assert_non_null(strstr(store_reason(place.store), "topup_update wrote another number of rows"));
    store_rollback(place.store);
    assert_int_equal(place_int(place.url, "SELECT count(*) FROM event"), 1);
    sample_close(&place);
}

/* Before the commit nothing was done; from the moment it is sent nobody knows. */
static void test_a_lost_connection(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    struct rows rows;
    const struct value args[] = {value_int("id", SAMPLE_ACCOUNT)};
    (void)state;

    sample_open(&place);
    sample_must(place.store, store_begin(place.store));
    sample_must(place.store,
                store_select(place.store, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    sessions_end(&place);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows),
                     ERR_RETRY);
    assert_true(store_raced(place.store));
    store_rollback(place.store);
    assert_int_equal(store_begin(place.store), ERR_RETRY);
    store_close(&place.store);

    place.store = writer_open(&place);
    sample_row(&account_table, 1, &place.arena, &changes);
    sample_must(place.store, store_begin(place.store));
    sample_must(place.store,
                store_select(place.store, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    sessions_end(&place);
    assert_int_equal(store_save_commit(place.store, &changes), ERR_UNKNOWN);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows),
                     ERR_UNKNOWN);
    store_close(&place.store);
    place.store = writer_open(&place);
    assert_int_equal(place_int(place.url, "SELECT count(*) FROM account"), 0);
    sample_close(&place);
}

/* A batch that is decided asks for the chain's head before it saves. When its session has ended by then, that is a
 * connection lost before the commit: nothing of the batch is saved or linked, and it may be done again. */
static void test_the_head_of_the_chain_is_lost(void **state)
{
    struct sample_place place;
    struct batch batch;
    struct chain began, chain, before;
    const struct quarantine *last = NULL;
    struct audit_row *row;
    bool same = false;
    (void)state;

    sample_open(&place);
    sample_must(place.store, chain_load(place.store, &place.arena, &began));
    sample_must(place.store, store_begin(place.store));
    batch_init(&batch, place.store, &place.arena, NULL);
    row = (struct audit_row *)sample_row(&audit_table, 1, &place.arena, &batch.changes);
    row->seq = 4711;
    chain = before = (struct chain){.seq = 4711};
    sample_must(place.store, chain_follow(&batch, &began, &chain, &last, &same));
    assert_true(same);
    same = false;
    began.seq = 17; /* another had the head: the row would be linked anew */
    sessions_end(&place);
    assert_int_equal(chain_follow(&batch, &began, &chain, &last, &same), ERR_RETRY);
    assert_true(store_raced(place.store));
    assert_memory_equal(&chain, &before, sizeof chain);
    assert_int_equal(row->seq, 4711);
    assert_false(same);
    store_rollback(place.store);
    store_close(&place.store);
    place.store = writer_open(&place);
    assert_int_equal(place_int(place.url, "SELECT count(*) FROM audit"), 0);
    sample_close(&place);
}

static void test_a_reader_connects_anew(void **state)
{
    struct sample_place place;
    struct store *reader;
    struct rows rows;
    char reason[256];
    const struct value args[] = {value_int("id", SAMPLE_ACCOUNT)};
    (void)state;

    sample_open(&place);
    accounts_save(&place, place.store, 1);
    assert_int_equal(store_open(place.url, STORE_READER, &place.vault, &reader, reason), ERR_NONE);
    for (int i = 0; i < 3; i++) {
        sample_must(reader, store_select(reader, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
        assert_int_equal(rows.count, 1);
        sessions_end(&place);
    }
    assert_int_equal(store_execute(reader, QUERY_KEY_REVOKE, NULL, 0), ERR_FATAL);
    store_close(&reader);
    sample_close(&place);
}

/* The same new account by two: the second is told that it lost a race, and has saved nothing. */
static void test_a_race_is_told(void **state)
{
    struct sample_place place;
    struct changes one = {0}, other = {0};
    int first, second;
    (void)state;

    sample_open(&place);
    struct store *rival = writer_open(&place);
    sample_must(place.store, store_lease(place.store, &first));
    sample_must(rival, store_lease(rival, &second));
    assert_int_not_equal(first, second);
    sample_row(&account_table, 1, &place.arena, &one);
    sample_row(&account_table, 1, &place.arena, &other);
    sample_must(place.store, store_begin(place.store));
    sample_must(rival, store_begin(rival));
    sample_must(place.store, store_save_commit(place.store, &one));
    assert_int_equal(store_save_commit(rival, &other), ERR_RETRY);
    assert_true(store_raced(rival));
    store_rollback(rival);
    store_close(&rival);
    assert_int_equal(place_int(place.url, "SELECT count(*) FROM account"), 1);
    sample_close(&place);
}

/* Another epoch, or a lease that does not last: nothing is saved, and it is no race. */
static void test_the_fence_holds(void **state)
{
    static const struct {
        const char *lease;
        int64_t epoch;
        enum err err;
    } cases[] = {
        {"UPDATE lease SET epoch = 7, until = 9000000000000", 7, ERR_NONE},
        {"UPDATE lease SET epoch = 8, until = 9000000000000", 7, ERR_RETRY},
        {"UPDATE lease SET epoch = 7, until = 0", 7, ERR_RETRY},
        {"UPDATE lease SET epoch = 7, until = extract(epoch FROM now()) * 1000 + 20000", 7, ERR_RETRY},
        {"UPDATE lease SET epoch = 7, until = extract(epoch FROM now()) * 1000 + 60000", 7, ERR_NONE},
        {"UPDATE lease SET epoch = 7, until = 0", 0, ERR_NONE},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct sample_place place;
        struct changes changes = {0};
        char none[128];

        sample_open(&place);
        place_text(place.url, cases[i].lease, none);
        sample_row(&account_table, 1, &place.arena, &changes);
        sample_must(place.store, store_begin(place.store));
        store_fence(place.store, cases[i].epoch, 30000);
        enum err err = store_save_commit(place.store, &changes);
        if (err != cases[i].err)
            fail_msg("case %zu: %s", i, err_name(err));
        assert_false(store_raced(place.store));
        store_rollback(place.store);
        assert_int_equal(place_int(place.url, "SELECT count(*) FROM account"), err == ERR_NONE);
        sample_close(&place);
    }
}

#define REPLACED "CREATE OR REPLACE FUNCTION ebb_fixed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"

static void test_a_schema_that_was_altered_is_refused(void **state)
{
    static const char *const changes[] = {"DROP TRIGGER posting_fixed ON posting",
                                          "ALTER TABLE account ADD extra bigint",
                                          "ALTER TABLE entry DISABLE TRIGGER entry_fixed",
                                          "ALTER TABLE account DROP CONSTRAINT account_topup_check", REPLACED};
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
        struct sample_place place;
        int64_t from, to;
        char none[128];

        sample_open(&place);
        sample_must(place.store, store_migrate(place.store, &from, &to));
        assert_int_equal(from, store_schema_latest());
        place_text(place.url, changes[i], none);
        if (store_migrate(place.store, &from, &to) != ERR_FATAL)
            fail_msg("%s went unnoticed", changes[i]);
        assert_non_null(strstr(store_reason(place.store), "altered by hand"));
        sample_close(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_keys_at_once),      cmocka_unit_test(test_locks_of_several_nodes),
        cmocka_unit_test(test_rows_of_several_nodes),  cmocka_unit_test(test_a_plan_outlives_the_empty_table),
        cmocka_unit_test(test_a_lost_connection),      cmocka_unit_test(test_the_head_of_the_chain_is_lost),
        cmocka_unit_test(test_a_reader_connects_anew), cmocka_unit_test(test_a_race_is_told),
        cmocka_unit_test(test_the_fence_holds),        cmocka_unit_test(test_a_schema_that_was_altered_is_refused),
    };

    if (place_server() == NULL) {
        puts("no PostgreSQL: run it by tests/postgresql/cluster.py");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
