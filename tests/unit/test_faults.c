/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th write or sync to the disk fails, for every n until nothing is hit. After each failure the database is opened
 * again and must hold all of the batch or nothing of it, and never nothing after the store said "committed". */
#include "sample_rows.h"

/* ---- a disk that fails on demand ---- */

static struct {
    int64_t countdown; /* the operation that fails; 0: none */
    bool for_ever;
    int code; /* what the disk says */
    int64_t hits, syncs;
} disk;

/* Read only by the thread of the test. */
static bool disk_strikes(void)
{
    if (disk.countdown == 0)
        return false;
    if (disk.countdown > 1) {
        disk.countdown--;
        return false;
    }
    if (!disk.for_ever)
        disk.countdown = 0;
    disk.hits++;
    return true;
}

/* A file of ours is a head with our methods, followed by SQLite's own file. */
struct faulty {
    sqlite3_file head;
    sqlite3_file *real;
};

static sqlite3_io_methods faulty_methods;
static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty *)file)->real;
}

static int faulty_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int faulty_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), data, size, at);
}

/* A write that fails has perhaps written its first half. */
static int faulty_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
    if (disk_strikes()) {
        (void)real_of(file)->pMethods->xWrite(real_of(file), data, size / 2, at);
        return disk.code;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), data, size, at);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return disk_strikes() ? SQLITE_IOERR_TRUNCATE : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    disk.syncs++;
    return disk_strikes() ? SQLITE_IOERR_FSYNC : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int faulty_reserved(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int faulty_control(sqlite3_file *file, int what, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int faulty_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int faulty_traits(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int faulty_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void faulty_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int faulty_unmap(sqlite3_file *file, int gone)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), gone);
}

static sqlite3_io_methods faulty_methods = {
    2,
    faulty_close,
    faulty_read,
    faulty_write,
    faulty_truncate,
    faulty_sync,
    faulty_size,
    faulty_lock,
    faulty_unlock,
    faulty_reserved,
    faulty_control,
    faulty_sector,
    faulty_traits,
    faulty_map,
    faulty_shm_lock,
    faulty_barrier,
    faulty_unmap,
    NULL,
    NULL,
};

static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct faulty *faulty = (struct faulty *)file;

    (void)vfs;
    faulty->real = (sqlite3_file *)(faulty + 1);
    int code = real_vfs->xOpen(real_vfs, name, faulty->real, flags, ret_flags);
    faulty->head.pMethods = code == SQLITE_OK ? &faulty_methods : NULL;
    return code;
}

static sqlite3_vfs faulty_vfs;

static void faults_install(void)
{
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = (int)sizeof(struct faulty) + real_vfs->szOsFile;
    faulty_vfs.xOpen = faulty_open;
    assert_int_equal(sqlite3_vfs_register(&faulty_vfs, 1), SQLITE_OK);
}

static void faults_off(void)
{
    disk.countdown = 0;
    disk.for_ever = false;
}

/* ---- what is done, and what must be there afterwards ---- */

/* One batch on an open store: every kind of row, then a select. What the caller was told. */
static enum err batch_run(struct sample_place *place, struct changes *changes)
{
    struct rows rows;
    const struct value args[] = {value_int("id", SAMPLE_ACCOUNT)};
    enum err err = store_begin(place->store);

    if (err == ERR_NONE)
        err = store_save(place->store, changes);
    if (err == ERR_NONE)
        err = store_commit(place->store);
    if (err != ERR_NONE) {
        store_rollback(place->store);
        return err;
    }
    /* Committed is committed, whatever reading says now. */
    if (store_select(place->store, QUERY_ACCOUNT_BY_ID, args, 1, &account_table, &place->arena, &rows) == ERR_NONE)
        assert_int_equal(rows.count, 1);
    return ERR_NONE;
}

static void batch_make(struct sample_place *place, struct changes *changes)
{
    sample_receiver(&place->arena, changes);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++)
        sample_row(sample_tables[i], 1, &place->arena, changes);
}

/* Opens again and counts: the batch is whole or absent. */
static bool batch_is_there(struct sample_place *place)
{
    char reason[256] = "";
    struct rows accounts, audit;
    const struct value list[] = {value_int("after", 0), value_int("limit", 9)};

    store_close(&place->store);
    faults_off();
    if (store_open(place->directory, STORE_WRITER, &place->vault, &place->store, reason) != ERR_NONE)
        fail_msg("%s", reason);
    sample_must(place->store,
                store_select(place->store, QUERY_ACCOUNTS_LIST, list, 2, &account_table, &place->arena, &accounts));
    sample_must(place->store,
                store_select(place->store, QUERY_AUDIT_LIST, list, 2, &audit_table, &place->arena, &audit));
    assert_true((accounts.count == 2 && audit.count == 1) || (accounts.count == 0 && audit.count == 0));
    return audit.count == 1;
}

static void outcome_check(struct sample_place *place, enum err said, int64_t n)
{
    struct rows rows;
    const struct value list[] = {value_int("after", 0), value_int("limit", 9)};

    if (said == ERR_UNKNOWN) /* and asked again it does not pretend */
        assert_int_equal(store_select(place->store, QUERY_ACCOUNTS_LIST, list, 2, &account_table, &place->arena, &rows),
                         ERR_UNKNOWN);
    bool there = batch_is_there(place);
    if (said == ERR_NONE && !there)
        fail_msg("n = %lld: committed and lost", (long long)n);
    if ((said == ERR_RETRY || said == ERR_FATAL) && there)
        fail_msg("n = %lld: %s, and yet it is there", (long long)n, err_name(said));
}

static int64_t said_count[ERR_FATAL + 1];

static void disk_sweep(int code, bool for_ever)
{
    memset(said_count, 0, sizeof said_count);
    for (int64_t n = 1;; n++) {
        struct sample_place place;
        struct changes changes = {0};

        sample_open(&place);
        batch_make(&place, &changes);
        disk.code = code;
        disk.for_ever = for_ever;
        disk.hits = 0;
        disk.countdown = n;
        enum err said = batch_run(&place, &changes);
        int64_t hits = disk.hits;
        faults_off();
        said_count[said]++;
        outcome_check(&place, said, n);
        sample_close(&place);
        if (hits == 0) {
            assert_int_equal(said, ERR_NONE);
            assert_true(n > 5);
            return;
        }
    }
}

static void test_every_write_may_fail(void **state)
{
    static const struct {
        int code;
        bool for_ever;
    } cases[] = {{SQLITE_IOERR_WRITE, false}, {SQLITE_IOERR_WRITE, true}, {SQLITE_FULL, false}, {SQLITE_FULL, true}};
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        disk_sweep(cases[i].code, cases[i].for_ever);
        assert_true(said_count[ERR_UNKNOWN] > 0); /* the frames are written by COMMIT */
        assert_int_equal(said_count[ERR_REQUEST], 0);
    }
}

/* synchronous=FULL: "committed" is said after the disk said so, each time. */
static void test_every_commit_syncs(void **state)
{
    struct sample_place place;
    (void)state;

    sample_open(&place);
    for (int round = 0; round < 3; round++) {
        disk.syncs = 0;
        sample_must(place.store, store_begin(place.store));
        sample_must(place.store, store_meta_put(place.store, "round", round % 2 == 0 ? "even" : "odd"));
        assert_int_equal(disk.syncs, 0);
        sample_must(place.store, store_commit(place.store));
        assert_int_equal(disk.syncs, 1);
    }
    sample_close(&place);
}

static void text_load(sqlite3 *raw, const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(sqlite3_exec(raw, text, NULL, NULL, NULL), SQLITE_OK);
}

/* The place without its database, or with the one of a dump in its stead (of another key: that is forgotten). */
static void database_replace(struct sample_place *place, const char *dump)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[128];

    store_close(&place->store);
    for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++) {
        snprintf(path, sizeof path, "%s/ebb.db%s", place->directory, suffixes[i]);
        (void)unlink(path);
    }
    if (dump == NULL)
        return;
    sqlite3 *raw = sample_raw(place);
    text_load(raw, dump);
    assert_int_equal(sqlite3_exec(raw, "DELETE FROM meta WHERE key = 'key_check'", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
}

static int64_t raw_int(const struct sample_place *place, const char *sql)
{
    sqlite3 *raw = sample_raw(place);
    sqlite3_stmt *statement;
    int64_t value;

    assert_int_equal(sqlite3_prepare_v2(raw, sql, -1, &statement, NULL), SQLITE_OK);
    value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(raw);
    return value;
}

/* Fails at the n-th write or sync, then is started again. Returns whether anything failed. */
static bool migration_cut_off(const char *dump, int64_t n, const char *law, int64_t wanted)
{
    struct sample_place place;
    char reason[256] = "";
    int64_t from = 0, to = 0;

    sample_open(&place);
    database_replace(&place, dump);
    disk.code = SQLITE_IOERR_WRITE;
    disk.for_ever = true;
    disk.hits = 0;
    disk.countdown = n;
    enum err said = store_open(place.directory, STORE_WRITER, &place.vault, &place.store, reason);
    if (said == ERR_NONE)
        said = store_migrate(place.store, &from, &to);
    bool hit = disk.hits > 0;
    faults_off();
    assert_true(hit || said == ERR_NONE);
    store_close(&place.store);
    if (store_open(place.directory, STORE_WRITER, &place.vault, &place.store, reason) != ERR_NONE)
        fail_msg("n = %lld: %s", (long long)n, reason);
    sample_must(place.store, store_migrate(place.store, &from, &to));
    assert_int_equal(to, store_schema_latest());
    assert_int_equal(raw_int(&place, law), wanted);
    sample_close(&place);
    return hit;
}

/* A migration that is cut off anywhere is finished by the next start, from nothing and from an older schema with rows:
 * twelve withdrawals of the dump count, each under its day. */
static void test_a_migration_may_be_cut_off(void **state)
{
    int64_t n;

    (void)state;
    for (n = 1; migration_cut_off(NULL, n, "SELECT count(*) FROM withdrawal", 0); n++)
        ;
    assert_true(n > 5);
    for (n = 1; migration_cut_off(
             DUMP, n, "SELECT count(*) FROM withdrawal WHERE counted_day BETWEEN 20261120 AND 20261205", 12);
         n++)
        ;
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_commit_syncs),
        cmocka_unit_test(test_every_write_may_fail),
        cmocka_unit_test(test_a_migration_may_be_cut_off),
    };

    faults_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
