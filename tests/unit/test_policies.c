/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_rows.h"

#include <sys/stat.h>

#include "base/embedded.h"
#include "engine/policies.h"

static const struct instant now = {1760000000000};

struct scene {
    struct sample_place place;
    struct policies *policies;
    char directory[96], reason[512];
};

static void scene_open(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    sample_open(&scene->place);
    scene->policies = calloc(1, sizeof *scene->policies);
    assert_non_null(scene->policies);
    snprintf(scene->directory, sizeof scene->directory, "%s/policies", scene->place.directory);
    assert_int_equal(mkdir(scene->directory, 0700), 0);
}

static void scene_close(struct scene *scene)
{
    policies_fini(scene->policies);
    free(scene->policies);
    sample_close(&scene->place);
}

static const char *embedded_text(const char *name)
{
    for (const struct embedded *file = embedded_policies; file->name != NULL; file++)
        if (strcmp(file->name, name) == 0)
            return file->data;
    fail_msg("no embedded %s", name);
    return NULL;
}

static void file_put(const struct scene *scene, const char *name, const char *text, const char *more)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", scene->directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fputs(more, file);
    assert_int_equal(fclose(file), 0);
}

static enum err reopen(struct scene *scene, const char *directory)
{
    policies_fini(scene->policies);
    return policies_open(scene->place.store, directory, now, scene->policies, scene->reason);
}

static void reopen_must(struct scene *scene, const char *directory)
{
    if (reopen(scene, directory) != ERR_NONE)
        fail_msg("%s", scene->reason);
}

static void test_the_embedded_four(void **state)
{
    static const char *const names[] = {"alibaba", "huawei", "jdcloud", "pingan"};
    struct scene scene;
    (void)state;

    scene_open(&scene);
    assert_int_equal(policies_embedded(scene.policies, scene.reason), ERR_NONE);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        const struct policy *policy = policies_find(scene.policies, names[i], 0);

        assert_non_null(policy);
        assert_string_equal(policy->name, names[i]);
        assert_int_equal(policy->version, 1);
    }
    assert_null(policies_find(scene.policies, "nobody", 0));
    assert_null(policies_find(scene.policies, "alibaba", 2));
    scene_close(&scene);
}

static void test_the_same_text_is_the_same_version(void **state)
{
    struct scene scene;
    (void)state;

    scene_open(&scene);
    reopen_must(&scene, NULL);
    assert_int_equal(scene.policies->count, 4);
    reopen_must(&scene, NULL);
    assert_int_equal(scene.policies->count, 4);
    file_put(&scene, "a.yaml", embedded_text("alibaba.yaml"), "");
    file_put(&scene, "notes.txt", "not a policy", "");
    reopen_must(&scene, scene.directory);
    assert_int_equal(scene.policies->count, 4);
    assert_int_equal(policies_find(scene.policies, "alibaba", 0)->version, 1);
    scene_close(&scene);
}

/* A withdrawal keeps the version it was made under, so an old text never leaves; going back is one more version. */
static void test_another_text_is_the_next_version(void **state)
{
    struct scene scene;
    const char *text = embedded_text("alibaba.yaml");
    (void)state;

    scene_open(&scene);
    reopen_must(&scene, NULL);
    file_put(&scene, "a.yaml", text, "# dearer from today\n");
    reopen_must(&scene, scene.directory);
    assert_int_equal(policies_find(scene.policies, "alibaba", 0)->version, 2);
    assert_non_null(policies_find(scene.policies, "alibaba", 1));
    assert_int_equal(policies_find(scene.policies, "huawei", 0)->version, 1);
    reopen_must(&scene, scene.directory);
    assert_int_equal(policies_find(scene.policies, "alibaba", 0)->version, 2);
    reopen_must(&scene, NULL);
    assert_int_equal(policies_find(scene.policies, "alibaba", 0)->version, 3);
    assert_int_equal(scene.policies->count, 6);
    scene_close(&scene);
}

/* Nothing of a directory is stored when one of its files is wrong. */
static void test_a_wrong_file_stops_all(void **state)
{
    static const struct {
        const char *second, *more, *words;
    } cases[] = {
        {"alibaba.yaml", "# again\n", "another file is the policy alibaba"},
        {"alibaba.yaml", "", "another file is the policy alibaba"},
        {"huawei.yaml", "surprise: 1\n", "surprise"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct scene scene;

        scene_open(&scene);
        file_put(&scene, "a.yaml", embedded_text("alibaba.yaml"), "");
        file_put(&scene, "b.yaml", embedded_text(cases[i].second), cases[i].more);
        assert_int_equal(reopen(&scene, scene.directory), ERR_REQUEST);
        if (strstr(scene.reason, cases[i].words) == NULL)
            fail_msg("%s", scene.reason);
        assert_int_equal(scene.policies->count, 0);
        reopen_must(&scene, NULL);
        assert_int_equal(scene.policies->count, 4);
        assert_int_equal(policies_find(scene.policies, "alibaba", 0)->version, 1);
        scene_close(&scene);
    }
}

static void test_a_directory_without_policies(void **state)
{
    struct scene scene;
    (void)state;

    scene_open(&scene);
    assert_int_equal(reopen(&scene, scene.directory), ERR_FATAL);
    assert_non_null(strstr(scene.reason, "There is no policy"));
    assert_int_equal(reopen(&scene, "/nowhere/at/all"), ERR_FATAL);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_embedded_four),
        cmocka_unit_test(test_the_same_text_is_the_same_version),
        cmocka_unit_test(test_another_text_is_the_next_version),
        cmocka_unit_test(test_a_wrong_file_stops_all),
        cmocka_unit_test(test_a_directory_without_policies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
