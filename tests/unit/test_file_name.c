/* SPDX-License-Identifier: Apache-2.0 */
/* Names that stay when the power goes: what is made is made before the directory above it is synced, and the next thing
 * after that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/vault.h"
#include "base/file.h"
#include "store/store.h"

static char root[64], said[1024]; /* what happened below the root, in order */
static const char *broken;        /* no sync of this one */

bool __real_directory_make(const char *path);
bool __wrap_directory_make(const char *path);
bool __real_directory_sync(const char *path);
bool __wrap_directory_sync(const char *path);

static const char *below(const char *path)
{
    return path[strlen(root)] == '\0' ? "." : path + strlen(root) + 1;
}

static void note(const char *what, const char *path)
{
    size_t used = strlen(said);

    if (strncmp(path, root, strlen(root)) == 0)
        snprintf(said + used, sizeof said - used, "%s%s %s", used > 0 ? ", " : "", what, below(path));
}

bool __wrap_directory_make(const char *path)
{
    bool made = __real_directory_make(path);
    int reason = errno;

    if (made)
        note("made", path);
    errno = reason;
    return made;
}

bool __wrap_directory_sync(const char *path)
{
    if (broken != NULL && strncmp(path, root, strlen(root)) == 0 && strcmp(below(path), broken) == 0) {
        errno = EIO;
        return false;
    }
    note("synced", path);
    return __real_directory_sync(path);
}

static int root_make(void **state)
{
    (void)state;
    strcpy(root, "/tmp/ebb-names-XXXXXX");
    assert_non_null(mkdtemp(root));
    said[0] = '\0';
    broken = NULL;
    return 0;
}

static int root_remove(void **state)
{
    char command[96];
    (void)state;

    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static const char *place(const char *name)
{
    static char path[4200];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void test_every_new_directory_stays(void **state)
{
    char cwd[4096];
    (void)state;

    assert_true(directories_keep(place("a/b//c/")));
    assert_string_equal(said, "made a, synced ., made a/b, synced a, made a/b//c, synced a/b, synced a/b");
    said[0] = '\0';
    assert_true(directories_keep(place("a/b"))); /* there already, perhaps since a start that was killed */
    assert_string_equal(said, "synced a");
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(root), 0);
    assert_true(directory_keep("here"));
    assert_int_equal(chdir(cwd), 0);
    assert_int_equal(access(place("here"), F_OK), 0);
}

static void test_a_name_that_does_not_stay_is_told(void **state)
{
    char *path = malloc(5000);
    (void)state;

    broken = "a";
    assert_false(directories_keep(place("a/b/c")));
    assert_int_equal(errno, EIO);
    assert_int_not_equal(access(place("a/b/c"), F_OK), 0);
    assert_true(directory_keep(place("a/b"))); /* whoever made it answers for it */
    assert_false(directory_keep(place("x/y")));
    assert_int_equal(errno, ENOENT);
    memset(path, 'a', 4999);
    path[4999] = '\0';
    assert_false(directories_keep(path));
    assert_int_equal(errno, ENAMETOOLONG);
    free(path);
}

/* All that a first writer makes has a name that stays, before it answers anything. */
static void test_a_new_database_stays(void **state)
{
    char reason[256] = "", directory[4200];
    struct store *store = NULL;
    struct vault vault;
    (void)state;

    snprintf(directory, sizeof directory, "%s", place("data"));
    assert_int_equal(vault_open(directory, true, &vault, reason), ERR_NONE);
    assert_string_equal(said, "made data, synced ., synced data");
    said[0] = '\0';
    assert_int_equal(store_open(directory, STORE_WRITER, &vault, &store, reason), ERR_NONE);
    assert_string_equal(said, "");
    store_close(&store);
    snprintf(directory, sizeof directory, "%s", place("data2"));
    assert_int_equal(store_open(directory, STORE_WRITER, &vault, &store, reason), ERR_NONE);
    assert_string_equal(said, "made data2, synced .");
    store_close(&store);
    broken = ".";
    snprintf(directory, sizeof directory, "%s", place("data3"));
    assert_int_equal(store_open(directory, STORE_WRITER, &vault, &store, reason), ERR_FATAL);
    assert_non_null(strstr(reason, "cannot be created"));
    store_close(&store);
    vault_fini(&vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_new_directory_stays, root_make, root_remove),
        cmocka_unit_test_setup_teardown(test_a_name_that_does_not_stay_is_told, root_make, root_remove),
        cmocka_unit_test_setup_teardown(test_a_new_database_stays, root_make, root_remove),
    };

    return cmocka_run_group_tests_name("file_name", tests, NULL, NULL);
}
