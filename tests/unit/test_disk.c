/* SPDX-License-Identifier: Apache-2.0 */
/* The disk of the simulators: a copy meets a power cut as the original does, and equal images have equal keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../sim/image.h"

#define SEEDS 10

static void put(struct disk *disk, const char *path, const char *text, int64_t offset)
{
    assert_int_equal(disk_write(disk, disk_create(disk, path), text, strlen(text), offset), FAULT_NONE);
}

/* Something of everything that no sync has covered: bytes over bytes, a shorter file, names made, moved and removed. */
static void fill(struct disk *disk, uint64_t seed)
{
    disk_init(disk, seed);
    put(disk, "/d/a", "the first text, synced", 0);
    put(disk, "/d/b", "another", 0);
    assert_int_equal(disk_sync(disk, disk_find(disk, "/d/a"), true), FAULT_NONE);
    assert_int_equal(disk_sync(disk, disk_find(disk, "/d/b"), false), FAULT_NONE);
    put(disk, "/d/a", "the second text", 4);
    put(disk, "/d/a", "third", 10);
    assert_int_equal(disk_truncate(disk, disk_find(disk, "/d/a"), 12), FAULT_NONE);
    put(disk, "/d/a", "and more behind the end", 40);
    put(disk, "/d/c", "a new one", 0);
    assert_int_equal(disk_rename(disk, disk_find(disk, "/d/c"), "/d/e"), FAULT_NONE);
    assert_int_equal(disk_remove(disk, disk_find(disk, "/d/b"), false), FAULT_NONE);
}

static bool same(const struct disk *a, const struct disk *b)
{
    struct image_key left = image_key(a, "/d/"), right = image_key(b, "/d/");

    return memcmp(&left, &right, sizeof left) == 0;
}

static void test_copy_is_cut_as_the_original(void **state UNUSED)
{
    int different = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (int damage = 0; damage < DAMAGE__COUNT; damage++) {
            struct disk original, copy, before;

            fill(&original, seed);
            disk_init(&copy, seed);
            disk_copy(&copy, &original);
            disk_init(&before, seed);
            disk_copy(&before, &original);
            assert_true(same(&copy, &original));
            disk_power_cut(&original, (enum disk_damage)damage);
            disk_power_cut(&copy, (enum disk_damage)damage);
            assert_true(same(&copy, &original));
            different += !same(&copy, &before);
            disk_fini(&original);
            disk_fini(&copy);
            disk_fini(&before);
        }
    assert_in_range(different, SEEDS, SEEDS * DAMAGE__COUNT); /* or nothing was lost, and nothing was shown */
}

/* A failed sync lost bytes that are still to be seen: the durable ones stand apart. */
static void test_copy_of_a_failed_sync(void **state UNUSED)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct disk original, copy;

        fill(&original, seed);
        original.fault = FAULT_SYNC;
        original.fault_at = original.ops + 1;
        assert_int_equal(disk_sync(&original, disk_find(&original, "/d/a"), false), FAULT_SYNC);
        disk_init(&copy, seed);
        disk_copy(&copy, &original);
        copy.random = original.random;
        disk_power_cut(&original, DAMAGE_TORN);
        disk_power_cut(&copy, DAMAGE_TORN);
        assert_true(same(&copy, &original));
        disk_fini(&original);
        disk_fini(&copy);
    }
}

static struct image_key key_of_file(const char *path, const char *text, size_t size)
{
    const char *stem = path[1] == 'd' ? "/d/" : "/tmp/other/";
    struct disk disk;

    disk_init(&disk, 1);
    assert_int_equal(disk_write(&disk, disk_create(&disk, path), text, size, 0), FAULT_NONE);
    struct image_key key = image_key(&disk, stem);
    assert_int_equal(disk_write(&disk, disk_create(&disk, "/elsewhere"), text, size, 0), FAULT_NONE);
    struct image_key still = image_key(&disk, stem);
    assert_memory_equal(&still, &key, sizeof key);
    disk_fini(&disk);
    return key;
}

static void test_key_sees_every_byte(void **state UNUSED)
{
    char text[300] = "";
    struct image_key plain;

    memset(text, 'x', sizeof text - 1);
    for (size_t size = 1; size < sizeof text; size += 37) {
        plain = key_of_file("/d/a", text, size);
        struct image_key same_again = key_of_file("/d/a", text, size), named = key_of_file("/d/b", text, size);
        struct image_key longer = key_of_file("/d/a", text, size + 1);
        struct image_key elsewhere = key_of_file("/tmp/other/a", text, size);

        assert_memory_equal(&same_again, &plain, sizeof plain);
        assert_memory_equal(&elsewhere, &plain, sizeof plain);
        assert_memory_not_equal(&named, &plain, sizeof plain);
        assert_memory_not_equal(&longer, &plain, sizeof plain);
    }
    struct disk disk;
    disk_init(&disk, 1);
    put(&disk, "/d/a", text, 0);
    plain = image_key(&disk, "/d/");
    for (size_t at = 0; at < sizeof text - 1; at++) {
        put(&disk, "/d/a", "y", (int64_t)at);
        struct image_key other = image_key(&disk, "/d/");
        put(&disk, "/d/a", "x", (int64_t)at);
        assert_memory_not_equal(&other, &plain, sizeof plain);
    }
    struct image_key as_before = image_key(&disk, "/d/");
    assert_memory_equal(&as_before, &plain, sizeof plain);
    disk_fini(&disk);
    struct image_key other_purpose = image_key_for(plain, 2);
    assert_memory_not_equal(&other_purpose, &plain, sizeof plain);
}

static void test_memo_finds_what_was_put(void **state UNUSED)
{
    struct image_memo memo = {0};
    uint64_t value;

    assert_false(image_memo_find(&memo, (struct image_key){{1, 1}}, &value));
    for (uint64_t i = 1; i <= 5000; i++)
        image_memo_put(&memo, (struct image_key){{i % 7 + 1, i}}, i * i); /* many in one place */
    for (uint64_t i = 1; i <= 5000; i++) {
        assert_true(image_memo_find(&memo, (struct image_key){{i % 7 + 1, i}}, &value));
        assert_int_equal(value, i * i);
    }
    assert_false(image_memo_find(&memo, (struct image_key){{1, 5001}}, &value));
    assert_int_equal(memo.count, 5000);
    image_memo_fini(&memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_is_cut_as_the_original),
        cmocka_unit_test(test_copy_of_a_failed_sync),
        cmocka_unit_test(test_key_sees_every_byte),
        cmocka_unit_test(test_memo_finds_what_was_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
