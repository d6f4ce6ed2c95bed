/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_rows.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

static const struct instant now = {1760000000000};

struct scene {
    struct sample_place place;
    char target[96], again[96], reason[256];
};

static void scene_open(struct scene *scene)
{
    struct row *saved[ARRAY_COUNT(sample_tables)];

    memset(scene, 0, sizeof *scene);
    sample_open(&scene->place);
    sample_save_all(&scene->place, saved);
    snprintf(scene->target, sizeof scene->target, "%s-backup", scene->place.directory);
    snprintf(scene->again, sizeof scene->again, "%s-again", scene->place.directory);
}

static void scene_close(struct scene *scene)
{
    sample_remove(scene->target);
    sample_remove(scene->again);
    sample_close(&scene->place);
}

static void scene_must(const struct scene *scene, enum err err)
{
    if (err != ERR_NONE)
        fail_msg("%s: %s", err_name(err), scene->reason);
}

static void scene_refused(const struct scene *scene, enum err err, const char *words)
{
    if (err != ERR_REQUEST || strstr(scene->reason, words) == NULL)
        fail_msg("%s instead of a refusal with \"%s\": %s", err_name(err), words, scene->reason);
}

static void path_of(char ret[160], const char *directory, const char *name)
{
    snprintf(ret, 160, "%s/%s", directory, name);
}

static bool exists(const char *directory, const char *name)
{
    char path[160];

    path_of(path, directory, name);
    return access(path, F_OK) == 0;
}

static void test_a_backup_of_a_running_store_comes_back(void **state)
{
    struct scene scene;
    struct store *restored = NULL;
    struct rows rows;
    const char *origin = NULL;
    const struct value args[] = {value_int("account", SAMPLE_ACCOUNT)};
    (void)state;

    scene_open(&scene);
    scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
    assert_true(exists(scene.target, "ebb.db"));
    assert_true(exists(scene.target, "manifest.json"));
    assert_false(exists(scene.target, "master.key"));
    assert_false(exists(scene.target, "ebb.db.part"));
    scene_must(&scene, store_backup_verify(scene.target, scene.reason));
    assert_false(exists(scene.target, "ebb.db-wal")); /* looking changes nothing */
    scene_must(&scene, store_backup_restore(scene.target, scene.again, scene.reason));
    assert_false(exists(scene.again, "master.key"));
    scene_must(&scene, store_open(scene.again, STORE_WRITER, &scene.place.vault, &restored, scene.reason));
    sample_must(restored,
                store_select(restored, QUERY_IDENTITY_BY_ACCOUNT, args, 1, &identity_table, &scene.place.arena, &rows));
    assert_int_equal(rows.count, 1);
    assert_string_equal(((struct identity *)rows.items[0])->name, "plain-identity-name-1");
    sample_must(restored, store_meta_get(restored, "restored_from", &scene.place.arena, &origin));
    assert_string_equal(origin, "2025-10-09T16:53:20+08:00");
    store_close(&restored);
    scene_must(&scene, store_backup_verify(scene.target, scene.reason));
    scene_close(&scene);
}

static void test_a_key_beside_the_manifest_is_restored(void **state)
{
    struct scene scene;
    struct vault vault;
    struct stat about;
    char command[400], path[160];
    (void)state;

    scene_open(&scene);
    scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
    snprintf(command, sizeof command, "cp %s/master.key %s/ && chmod 644 %s/master.key", scene.place.directory,
             scene.target, scene.target);
    assert_int_equal(system(command), 0);
    scene_must(&scene, store_backup_restore(scene.target, scene.again, scene.reason));
    path_of(path, scene.again, "master.key");
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    scene_must(&scene, vault_open(scene.again, false, &vault, scene.reason));
    assert_memory_equal(&vault, &scene.place.vault, sizeof vault);
    scene_close(&scene);
}

static void byte_change(const char *path, off_t at, unsigned char mask)
{
    unsigned char byte;
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* A byte anywhere in the copy, and in the manifest wherever it means something. */
static void test_one_changed_byte_is_found(void **state)
{
    static const char *const marks[] = {"\"size\":", "\"hash\":\"",
                                        "\"schema\":", "\"audit_seq\":", "\"audit_hash\":\""};
    struct scene scene;
    struct stat about;
    char path[160];
    (void)state;

    scene_open(&scene);
    scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
    path_of(path, scene.target, "ebb.db");
    assert_int_equal(stat(path, &about), 0);
    for (off_t at = 0; at < about.st_size; at += about.st_size / 37) {
        byte_change(path, at, 0x20);
        scene_refused(&scene, store_backup_verify(scene.target, scene.reason), "size or hash differ");
        scene_refused(&scene, store_backup_restore(scene.target, scene.again, scene.reason), "size or hash differ");
        assert_int_not_equal(access(scene.again, F_OK), 0);
        byte_change(path, at, 0x20);
    }
    scene_must(&scene, store_backup_verify(scene.target, scene.reason));
    path_of(path, scene.target, "manifest.json");
    for (size_t i = 0; i < ARRAY_COUNT(marks); i++) {
        char text[1024] = "";
        FILE *file = fopen(path, "r");

        assert_non_null(file);
        assert_true(fread(text, 1, sizeof text - 1, file) > 0);
        fclose(file);
        char *mark = strstr(text, marks[i]);
        if (mark == NULL)
            fail_msg("no %s in %s", marks[i], text);
        off_t at = mark - text + (off_t)strlen(marks[i]);
        while (text[at] >= '0' && text[at] <= '9' && text[at + 1] >= '0' && text[at + 1] <= '9')
            at++;                 /* the last digit: a number does not begin with 0 */
        byte_change(path, at, 1); /* a digit becomes another one: the manifest can be read and is wrong */
        scene_refused(&scene, store_backup_verify(scene.target, scene.reason), "the manifest");
        byte_change(path, at, 1);
    }
    scene_must(&scene, store_backup_verify(scene.target, scene.reason));
    scene_close(&scene);
}

/* A whole file with a right hash that is no sound database: the hash alone is not believed. */
static void test_what_is_no_backup(void **state)
{
    struct scene scene;
    char path[160];
    (void)state;

    scene_open(&scene);
    scene_refused(&scene, store_backup_verify(scene.target, scene.reason), "no manifest");
    assert_int_equal(mkdir(scene.target, 0700), 0);
    scene_refused(&scene, store_backup_verify(scene.target, scene.reason), "no manifest");
    scene_refused(&scene, store_backup_restore(scene.target, scene.again, scene.reason), "no manifest");
    path_of(path, scene.target, "manifest.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"format\":1}", file);
    fclose(file);
    scene_refused(&scene, store_backup_verify(scene.target, scene.reason), "is no manifest");
    scene_close(&scene);
}

static void test_only_empty_directories_are_filled(void **state)
{
    struct scene scene;
    (void)state;

    scene_open(&scene);
    scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
    scene_refused(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason), "not empty");
    scene_refused(&scene, store_backup_restore(scene.target, scene.place.directory, scene.reason), "empty directory");
    assert_int_equal(mkdir(scene.again, 0700), 0);
    scene_must(&scene, store_backup_restore(scene.target, scene.again, scene.reason));
    scene_refused(&scene, store_backup_restore(scene.target, scene.again, scene.reason), "empty directory");
    scene_close(&scene);
}

static void test_odd_names_of_directories(void **state)
{
    struct scene scene;
    (void)state;

    scene_open(&scene);
    snprintf(scene.target, sizeof scene.target, "%s back?up#1 %%41", scene.place.directory);
    scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
    scene_must(&scene, store_backup_verify(scene.target, scene.reason));
    scene_close(&scene);
}

/* ---- while the writer writes ---- */

struct writing {
    struct scene *scene;
    _Atomic bool stop;
    _Atomic int64_t commits;
    _Atomic bool failed;
};

/* Each commit adds one event and moves the account's version with it: a torn copy would show them apart. */
static void *write_on(void *context)
{
    struct writing *writing = context;
    struct store *store = writing->scene->place.store;
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (int64_t n = 1; !writing->stop && !writing->failed; n++) {
        struct changes changes = {0};
        struct account account = {0};
        struct event event = {0};

        changes_new(&changes, &event, &event_table);
        event = (struct event){.row = event.row, .id = 900000 + n, .account = SAMPLE_ACCOUNT, .data = "{}", .at = now};
        memcpy(event.type, "tick", 5);
        account.id = SAMPLE_ACCOUNT;
        account.row.table = &account_table;
        account.state = ACCOUNT_ACTIVE;
        memcpy(account.policy, "p", 2);
        memcpy(account.currency, "CNY", 4);
        account.version = n;
        changes_put(&changes, &account.row);
        writing->failed = store_begin(store) != ERR_NONE || store_save(store, &changes) != ERR_NONE ||
                          store_commit(store) != ERR_NONE;
        writing->commits = n;
    }
    arena_fini(&arena);
    return NULL;
}

static void copy_check(struct scene *scene, int round)
{
    struct store *copy = NULL;
    struct rows accounts, events;
    char restored[128];
    const struct value id[] = {value_int("id", SAMPLE_ACCOUNT)};
    const struct value all[] = {value_int("after", 900000), value_int("limit", 1000000), value_null("account")};

    snprintf(restored, sizeof restored, "%s-%d", scene->again, round);
    scene_must(scene, store_backup_verify(scene->target, scene->reason));
    scene_must(scene, store_backup_restore(scene->target, restored, scene->reason));
    scene_must(scene, store_open(restored, STORE_READER, &scene->place.vault, &copy, scene->reason));
    sample_must(copy, store_select(copy, QUERY_ACCOUNT_BY_ID, id, 1, &account_table, &scene->place.arena, &accounts));
    sample_must(copy, store_select(copy, QUERY_EVENTS_LIST, all, 3, &event_table, &scene->place.arena, &events));
    assert_true(events.count > 0);
    assert_int_equal(((struct account *)accounts.items[0])->version, events.count);
    store_close(&copy);
    sample_remove(restored);
    sample_remove(scene->target);
}

static void test_a_backup_while_writing_is_one_moment(void **state)
{
    struct scene scene;
    struct writing writing = {.scene = &scene};
    pthread_t thread;
    int64_t before = 0;
    (void)state;

    scene_open(&scene);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &writing), 0);
    for (int round = 0; round < 5; round++) {
        while (writing.commits < before + 20 && !writing.failed)
            usleep(1000);
        scene_must(&scene, store_backup_create(scene.place.directory, scene.target, now, scene.reason));
        before = writing.commits;
        copy_check(&scene, round);
    }
    writing.stop = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    if (writing.failed)
        fail_msg("the writer was disturbed: %s", store_reason(scene.place.store));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_backup_of_a_running_store_comes_back),
        cmocka_unit_test(test_a_key_beside_the_manifest_is_restored),
        cmocka_unit_test(test_one_changed_byte_is_found),
        cmocka_unit_test(test_what_is_no_backup),
        cmocka_unit_test(test_only_empty_directories_are_filled),
        cmocka_unit_test(test_odd_names_of_directories),
        cmocka_unit_test(test_a_backup_while_writing_is_one_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
