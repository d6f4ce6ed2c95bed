/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_rows.h"

#include <errno.h>
#include <fcntl.h>

#include <sys/stat.h>

/* ---- several connections ---- */

static void test_a_second_writer_is_refused(void **state)
{
    struct sample_place place;
    struct store *second = NULL;
    char reason[256] = "";
    (void)state;

    sample_open(&place);
    assert_int_equal(store_open(place.directory, STORE_WRITER, &place.vault, &second, reason), ERR_FATAL);
    assert_null(second);
    assert_non_null(strstr(reason, "Another Ebb writes"));
    store_close(&place.store);
    assert_int_equal(store_open(place.directory, STORE_WRITER, &place.vault, &place.store, reason), ERR_NONE);
    sample_close(&place);
}

static void test_readers_see_commits_and_write_nothing(void **state)
{
    struct sample_place place;
    struct store *reader = NULL;
    struct changes changes = {0};
    struct rows rows;
    char reason[256] = "";
    const struct value args[] = {value_int("id", SAMPLE_ACCOUNT)};
    (void)state;

    sample_open(&place);
    assert_int_equal(store_open(place.directory, STORE_READER, &place.vault, &reader, reason), ERR_NONE);
    sample_row(&account_table, 1, &place.arena, &changes);
    sample_must(place.store, store_begin(place.store));
    sample_must(place.store, store_save(place.store, &changes));
    sample_must(reader, store_select(reader, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    assert_int_equal(rows.count, 0);
    sample_must(reader, store_begin(reader)); /* one moment for several selects */
    sample_must(reader, store_select(reader, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    sample_must(place.store, store_commit(place.store));
    sample_must(reader, store_select(reader, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    assert_int_equal(rows.count, 0);
    store_rollback(reader);
    sample_must(reader, store_select(reader, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place.arena, &rows));
    assert_int_equal(rows.count, 1);
    assert_int_equal(store_execute(reader, QUERY_KEY_REVOKE, NULL, 0), ERR_FATAL);
    assert_int_equal(store_checkpoint(reader), ERR_FATAL);
    store_close(&reader);
    sample_must(place.store, store_checkpoint(place.store));
    sample_close(&place);
}

/* SQLite opens a file that it may not open for writing for reading, and says that all is well. */
static int opens_refused;
static int (*real_open)(const char *path, int flags, int mode);
static int open_for_reading(const char *path, int flags, int mode)
{
    if ((flags & O_ACCMODE) != O_RDWR || strstr(path, "ebb.db") == NULL)
        return real_open(path, flags, mode);
    opens_refused++;
    errno = EMFILE;
    return -1;
}

static void test_a_writer_that_may_only_read_is_refused(void **state)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct sample_place place;
    char reason[256] = "";
    (void)state;

    sample_open(&place);
    store_close(&place.store);
    real_open = (int (*)(const char *, int, int))vfs->xGetSystemCall(vfs, "open");
    assert_int_equal(vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_for_reading), SQLITE_OK);
    enum err err = store_open(place.directory, STORE_WRITER, &place.vault, &place.store, reason);
    assert_int_equal(vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)real_open), SQLITE_OK);
    assert_true(opens_refused > 0);
    assert_int_equal(err, ERR_FATAL);
    assert_non_null(strstr(reason, "can only be read"));
    assert_int_equal(store_open(place.directory, STORE_WRITER, &place.vault, &place.store, reason), ERR_NONE);
    sample_close(&place);
}

static void test_a_reader_needs_a_database(void **state)
{
    char directory[] = "/tmp/ebb-test-XXXXXX", reason[256] = "";
    struct store *reader = NULL;
    (void)state;

    assert_non_null(mkdtemp(directory));
    assert_int_equal(store_open(directory, STORE_READER, NULL, &reader, reason), ERR_FATAL);
    assert_non_null(strstr(reason, "There is no database"));
    sample_remove(directory);
}

static void test_files_are_ours_alone(void **state)
{
    static const char *const files[] = {"ebb.db", "ebb.db-wal", "ebb.db-shm", "ebb.lock", "master.key"};
    struct sample_place place;
    (void)state;

    sample_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        char path[96];
        struct stat about;

        snprintf(path, sizeof path, "%s/%s", place.directory, files[i]);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    sample_close(&place);
}

/* ---- sealed columns ---- */

static void test_no_sealed_text_reaches_the_disk(void **state)
{
    struct sample_place place;
    struct row *saved[ARRAY_COUNT(sample_tables)];
    char command[160];
    size_t sealed = 0;
    (void)state;

    sample_open(&place);
    sample_save_all(&place, saved);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++)
        for (size_t c = 0; c < sample_tables[i]->columns_count; c++)
            if (sample_tables[i]->columns[c].kind == COLUMN_SEALED) {
                snprintf(command, sizeof command, "grep -aq 'plain-%s-%s' %s/ebb.db*", sample_tables[i]->name,
                         sample_tables[i]->columns[c].name, place.directory);
                assert_int_not_equal(system(command), 0);
                sealed++;
            }
    assert_int_equal(sealed, 13);
    /* The search finds what is there. */
    snprintf(command, sizeof command, "grep -aq 'plain-evidence-detail' %s/ebb.db*", place.directory);
    assert_int_equal(system(command), 0);
    sample_close(&place);
}

static void test_another_key_is_refused_at_the_door(void **state)
{
    struct sample_place place;
    struct store *reader = NULL;
    struct vault other;
    char directory[] = "/tmp/ebb-test-XXXXXX", reason[256] = "";
    (void)state;

    sample_open(&place);
    assert_non_null(mkdtemp(directory));
    assert_int_equal(vault_open(directory, true, &other, reason), ERR_NONE);
    assert_int_equal(store_open(place.directory, STORE_READER, &other, &reader, reason), ERR_FATAL);
    assert_non_null(strstr(reason, "not the key of this database"));
    store_close(&place.store);
    assert_int_equal(store_open(place.directory, STORE_WRITER, &other, &place.store, reason), ERR_FATAL);
    vault_fini(&other);
    sample_remove(directory);
    sample_close(&place);
}

/* A ciphertext put into another row or column does not open. */
static void test_a_moved_ciphertext_is_refused(void **state)
{
    static const char *const moves[] = {
        "UPDATE identity SET name = phone",
        "UPDATE identity SET account = 1002",
        "UPDATE identity SET name = CAST(substr(name, 1, length(name) - 1) || X'00' AS BLOB)",
        "UPDATE identity SET name = X'01'",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        struct sample_place place;
        struct row *saved[ARRAY_COUNT(sample_tables)];
        struct rows rows;
        const struct value args[] = {value_int("account", i == 1 ? SAMPLE_ACCOUNT_2 : SAMPLE_ACCOUNT)};

        sample_open(&place);
        sample_save_all(&place, saved);
        sqlite3 *raw = sample_raw(&place);
        assert_int_equal(sqlite3_exec(raw, moves[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(raw);
        assert_int_equal(
            store_select(place.store, QUERY_IDENTITY_BY_ACCOUNT, args, 1, &identity_table, &place.arena, &rows),
            ERR_FATAL);
        assert_non_null(strstr(store_reason(place.store), "does not open"));
        sample_close(&place);
    }
}

static void test_sealed_columns_need_the_key(void **state)
{
    struct sample_place place;
    struct row *saved[ARRAY_COUNT(sample_tables)];
    struct store *reader = NULL;
    struct rows rows;
    char reason[256] = "";
    const struct value args[] = {value_int("account", SAMPLE_ACCOUNT)};
    (void)state;

    sample_open(&place);
    sample_save_all(&place, saved);
    assert_int_equal(store_open(place.directory, STORE_READER, NULL, &reader, reason), ERR_NONE);
    assert_int_equal(store_select(reader, QUERY_IDENTITY_BY_ACCOUNT, args, 1, &identity_table, &place.arena, &rows),
                     ERR_FATAL);
    sample_must(reader, store_select(reader, QUERY_TOPUPS_LIVE, args, 1, &topup_table, &place.arena, &rows));
    assert_int_equal(rows.count, 1);
    assert_null(((struct topup *)rows.items[0])->payer_name);
    store_close(&reader);
    sample_close(&place);
}

/* ---- schema ---- */

static void test_migrating_twice_changes_nothing(void **state)
{
    struct sample_place place;
    int64_t from = -1, to = -1;
    (void)state;

    sample_open(&place);
    sample_must(place.store, store_migrate(place.store, &from, &to));
    assert_int_equal(from, store_schema_latest());
    assert_int_equal(to, store_schema_latest());
    sample_must(place.store, store_schema_version(place.store, &from));
    assert_int_equal(from, store_schema_latest());
    sample_close(&place);
}

static void test_other_schemas_are_refused(void **state)
{
    static const struct {
        const char *change, *words;
    } cases[] = {
        {"INSERT INTO schema_migration VALUES (999, zeroblob(32), zeroblob(32))", "Use the newer program"},
        {"UPDATE schema_migration SET checksum = randomblob(32)", "from another text"},
        {"DROP TRIGGER posting_fixed", "altered by hand"},
        {"CREATE TABLE mine (a) STRICT", ""},
        {"CREATE TABLE mine (a INTEGER) STRICT", "altered by hand"},
        {"ALTER TABLE account ADD COLUMN extra INTEGER", "altered by hand"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct sample_place place;
        int64_t from, to;

        sample_open(&place);
        sqlite3 *raw = sample_raw(&place);
        bool changed = sqlite3_exec(raw, cases[i].change, NULL, NULL, NULL) == SQLITE_OK;
        sqlite3_close(raw);
        assert_int_equal(store_migrate(place.store, &from, &to), changed ? ERR_FATAL : ERR_NONE);
        assert_int_equal(changed, cases[i].words[0] != '\0');
        if (changed)
            assert_non_null(strstr(store_reason(place.store), cases[i].words));
        sample_close(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_writer_is_refused),
        cmocka_unit_test(test_readers_see_commits_and_write_nothing),
        cmocka_unit_test(test_a_writer_that_may_only_read_is_refused),
        cmocka_unit_test(test_a_reader_needs_a_database),
        cmocka_unit_test(test_files_are_ours_alone),
        cmocka_unit_test(test_no_sealed_text_reaches_the_disk),
        cmocka_unit_test(test_another_key_is_refused_at_the_door),
        cmocka_unit_test(test_a_moved_ciphertext_is_refused),
        cmocka_unit_test(test_sealed_columns_need_the_key),
        cmocka_unit_test(test_migrating_twice_changes_nothing),
        cmocka_unit_test(test_other_schemas_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
