/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

#define NOW_MS INT64_C(1795140000000)
#define EPOCH_MS INT64_C(1704067200000)

static struct instant now_plus(int64_t ms)
{
    return (struct instant){NOW_MS + ms};
}

static int64_t id_ms(int64_t id)
{
    return (id >> 22) + EPOCH_MS;
}

static void ids_grow_and_carry_their_shard(void **state)
{
    struct ids ids;
    int64_t before = 0;

    (void)state;
    ids_init(&ids, 0, 0);
    for (int i = 0; i < 1000; i++) {
        int64_t id = ids_next(&ids, now_plus(i / 7), i % ID_SHARD_COUNT);
        assert_true(id > before);
        assert_int_equal(id_shard(id), i % ID_SHARD_COUNT);
        assert_int_equal(id_ms(id), NOW_MS + i / 7);
        before = id;
    }
}

static void a_used_up_millisecond_borrows_the_next(void **state)
{
    struct ids ids;
    int64_t before = 0;

    (void)state;
    ids_init(&ids, 5, 0);
    for (int i = 0; i < 600; i++) {
        int64_t id = ids_next(&ids, now_plus(0), 1023);
        assert_true(id >> ID_SHARD_BITS > before >> ID_SHARD_BITS);
        assert_int_equal(id_ms(id), NOW_MS + i / 256);
        assert_int_equal(id >> 18 & 15, 5); /* the node stays what it is */
        before = id;
    }
}

static void a_clock_that_goes_back_changes_nothing(void **state)
{
    struct ids ids;

    (void)state;
    ids_init(&ids, 0, 0);
    int64_t first = ids_next(&ids, now_plus(0), 1);
    int64_t second = ids_next(&ids, now_plus(-60000), 1);
    int64_t before_epoch = ids_next(&ids, (struct instant){1}, 1);
    int64_t ahead = ids_next(&ids, now_plus(5), 1);
    assert_true(first < second && second < before_epoch && before_epoch < ahead);
    assert_int_equal(id_ms(before_epoch), NOW_MS);
    assert_int_equal(id_ms(ahead), NOW_MS + 5);
}

static void a_restart_goes_on_behind_what_is_stored(void **state)
{
    struct ids ids;

    (void)state;
    ids_init(&ids, 0, 0);
    int64_t stored = 0;
    for (int i = 0; i < 300; i++)
        stored = ids_next(&ids, now_plus(0), 1023);
    for (int node = 0; node < 16; node++) {
        ids_init(&ids, node, stored);
        int64_t id = ids_next(&ids, now_plus(-1000), 0);
        assert_true(id > stored);
        assert_int_equal(id >> 18 & 15, node);
    }
}

static void no_id_is_zero_and_limits_hold(void **state)
{
    struct ids ids;

    (void)state;
    ids_init(&ids, 0, 0);
    assert_true(ids_next(&ids, (struct instant){EPOCH_MS}, 0) > 0);
    assert_true(ids_next(&ids, (struct instant){INT64_MAX}, 1023) > 0); /* beyond 2093: the last millisecond */
    assert_true(DIES(ids_init(&ids, 16, 0)));
    assert_true(DIES(ids_init(&ids, -1, 0)));
    assert_true(DIES(ids_next(&ids, now_plus(0), ID_SHARD_COUNT)));
    assert_true(DIES(ids_next(&ids, now_plus(0), -1)));
    ids_init(&ids, 0, INT64_MAX);
    assert_true(DIES(ids_next(&ids, now_plus(0), 0))); /* used up for good */
}

static void texts_are_ids_and_back(void **state)
{
    static const int64_t rows[] = {1, 31, 32, 1023, INT64_C(1) << 62, INT64_MAX};
    char text[ID_TEXT_BYTES];

    (void)state;
    id_format("wd", 1, text);
    assert_string_equal(text, "wd_0000000000001");
    id_format("wd", INT64_MAX, text);
    assert_string_equal(text, "wd_7ZZZZZZZZZZZZ");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t id = 0;
        id_format("leg", rows[i], text);
        assert_true(id_parse("leg", text, &id));
        assert_int_equal(id, rows[i]);
        assert_false(id_parse("wd", text, &id));
    }
    assert_true(DIES(id_format("wd", -1, text)));
}

static void order_of_texts_is_order_of_ids(void **state)
{
    struct ids ids;
    char before[ID_TEXT_BYTES] = "", text[ID_TEXT_BYTES];

    (void)state;
    ids_init(&ids, 3, 0);
    for (int i = 0; i < 2000; i++) {
        id_format("wd", ids_next(&ids, now_plus(i * 977), i % 1024), text);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof text);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "wd",
        "wd_",
        "wd_000000000001",
        "wd_00000000000001",
        "wd_000000000000I",
        "wd_000000000000L",
        "wd_000000000000O",
        "wd_000000000000U",
        "wd_000000000000a",
        "wd_8000000000000",
        "wd_ZZZZZZZZZZZZZ",
        "wd_0000000000000",
        "wd-0000000000001",
        "WD_0000000000001",
        " wd_0000000000001",
        "wd_0000000000001 ",
        "wd_000000 000001",
        "w_0000000000001",
        "wdd_0000000000001",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        int64_t id = 77;
        assert_false(id_parse("wd", rows[i], &id));
        assert_int_equal(id, 77);
    }
}

static void shards_are_stable_and_spread(void **state)
{
    int hits[ID_SHARD_COUNT] = {0}, used = 0;
    char ref[16];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(ref, sizeof ref, "account-%d", i);
        hits[shard_of_ref(ref)]++;
        assert_int_equal(shard_of_ref(ref), shard_of_ref(ref));
    }
    for (int i = 0; i < ID_SHARD_COUNT; i++)
        used += hits[i] > 0;
    assert_int_equal(used, ID_SHARD_COUNT);
}

static void hashes_of_other_lists_differ(void **state)
{
    struct bytes split[] = {bytes_of("ab", 2), bytes_of("c", 1)}, other[] = {bytes_of("a", 1), bytes_of("bc", 2)};
    struct bytes joined = bytes_of("abc", 3);
    const uint8_t key[HASH_KEY_BYTES] = {1};
    uint8_t hashes[6][HASH_SHORT_BYTES];
    char hex[2 * HASH_SHORT_BYTES + 1];

    (void)state;
    hash_parts("x", NULL, split, 2, hashes[0], HASH_SHORT_BYTES);
    hash_parts("x", NULL, other, 2, hashes[1], HASH_SHORT_BYTES);
    hash_parts("x", NULL, &joined, 1, hashes[2], HASH_SHORT_BYTES);
    hash_parts("y", NULL, split, 2, hashes[3], HASH_SHORT_BYTES);
    hash_parts("x", key, split, 2, hashes[4], HASH_SHORT_BYTES);
    hash_parts("x", NULL, split, 1, hashes[5], HASH_SHORT_BYTES);
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++)
            assert_int_equal(hash_equal(hashes[i], hashes[j], HASH_SHORT_BYTES), i == j);
    }
    hash_hex((const uint8_t *)"\x00\xAB\xFF", 3, hex);
    assert_string_equal(hex, "00abff");
    assert_true(DIES(hash_parts("x", NULL, NULL, 0, hashes[0], 20)));
}

static void one_seed_is_one_stream(void **state)
{
    struct random a, b, other, system;
    uint8_t from_a[64], from_b[64], again[64];
    int seen[6] = {0};

    (void)state;
    random_init_seed(&a, 42);
    random_init_seed(&b, 42);
    random_init_seed(&other, 43);
    random_init_system(&system);
    random_fill(&a, from_a, sizeof from_a);
    random_fill(&b, from_b, sizeof from_b);
    assert_memory_equal(from_a, from_b, sizeof from_a);
    random_fill(&a, again, sizeof again);
    assert_memory_not_equal(from_a, again, sizeof again);
    random_fill(&other, again, sizeof again);
    assert_memory_not_equal(from_a, again, sizeof again);
    random_fill(&system, again, sizeof again);
    assert_memory_not_equal(from_a, again, sizeof again);
    for (int i = 0; i < 6000; i++)
        seen[random_below(&a, 6)]++;
    for (int i = 0; i < 6; i++)
        assert_in_range(seen[i], 800, 1200);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(random_below(&a, 1), 0);
        assert_true(random_below(&a, 0x80000001u) <= 0x80000000u);
    }
    assert_true(DIES(random_below(&a, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_grow_and_carry_their_shard),
        cmocka_unit_test(a_used_up_millisecond_borrows_the_next),
        cmocka_unit_test(a_clock_that_goes_back_changes_nothing),
        cmocka_unit_test(a_restart_goes_on_behind_what_is_stored),
        cmocka_unit_test(no_id_is_zero_and_limits_hold),
        cmocka_unit_test(texts_are_ids_and_back),
        cmocka_unit_test(order_of_texts_is_order_of_ids),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(shards_are_stable_and_spread),
        cmocka_unit_test(hashes_of_other_lists_differ),
        cmocka_unit_test(one_seed_is_one_stream),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
