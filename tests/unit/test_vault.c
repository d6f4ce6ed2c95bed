/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/vault.h"

struct place {
    char directory[64], key_path[96], reason[256];
    struct vault vault;
    struct arena arena;
};

static void place_open(struct place *place)
{
    memset(place, 0, sizeof *place);
    snprintf(place->directory, sizeof place->directory, "/tmp/ebb-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    snprintf(place->key_path, sizeof place->key_path, "%s/master.key", place->directory);
    arena_init(&place->arena, 1 << 20);
    if (vault_open(place->directory, true, &place->vault, place->reason) != ERR_NONE)
        fail_msg("%s", place->reason);
}

static void place_close(struct place *place)
{
    vault_fini(&place->vault);
    arena_fini(&place->arena);
    (void)unlink(place->key_path);
    assert_int_equal(rmdir(place->directory), 0); /* nothing was left lying beside the key */
}

static void test_the_key_is_made_once(void **state)
{
    struct place place;
    struct vault again;
    struct stat about;
    (void)state;

    place_open(&place);
    assert_int_equal(stat(place.key_path, &about), 0);
    assert_int_equal(about.st_size, 32);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(vault_open(place.directory, true, &again, place.reason), ERR_NONE);
    assert_memory_equal(&again, &place.vault, sizeof again);
    assert_int_equal(vault_open(place.directory, false, &again, place.reason), ERR_NONE);
    assert_memory_equal(&again, &place.vault, sizeof again);
    place_close(&place);
}

static void test_keys_for_different_work_differ(void **state)
{
    struct place place;
    (void)state;

    place_open(&place);
    const uint8_t *keys[] = {place.vault.seal_key, place.vault.lookup_key, place.vault.code_key, place.vault.nonce_key};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        for (size_t j = i + 1; j < ARRAY_COUNT(keys); j++)
            assert_memory_not_equal(keys[i], keys[j], HASH_KEY_BYTES);
    place_close(&place);
}

static void test_a_bad_key_file_is_refused(void **state)
{
    static const struct {
        const char *what, *words;
        mode_t mode;
        int size; /* -1: missing, -2: a directory */
    } cases[] = {
        {"as it should be", NULL, 0600, 32},   {"read only", NULL, 0400, 32},
        {"group may read", "0600", 0640, 32},  {"others may read", "0600", 0604, 32},
        {"group may write", "0600", 0620, 32}, {"a byte short", "32 bytes", 0600, 31},
        {"a byte long", "32 bytes", 0600, 33}, {"empty", "32 bytes", 0600, 0},
        {"missing", "is missing", 0600, -1},   {"a directory", "is not a file", 0700, -2},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct place place;
        struct vault untouched = {.version = 77};

        place_open(&place);
        assert_int_equal(unlink(place.key_path), 0);
        if (cases[i].size == -2) {
            assert_int_equal(mkdir(place.key_path, cases[i].mode), 0);
        } else if (cases[i].size >= 0) {
            FILE *file = fopen(place.key_path, "w");
            assert_non_null(file);
            for (int byte = 0; byte < cases[i].size; byte++)
                fputc(byte, file);
            fclose(file);
            assert_int_equal(chmod(place.key_path, cases[i].mode), 0);
        }
        enum err err = vault_open(place.directory, false, &untouched, place.reason);
        if (err != (cases[i].words == NULL ? ERR_NONE : ERR_FATAL))
            fail_msg("%s: %s", cases[i].what, err_name(err));
        if (cases[i].words != NULL) {
            assert_int_equal(untouched.version, 77);
            if (strstr(place.reason, cases[i].words) == NULL)
                fail_msg("%s: %s", cases[i].what, place.reason);
        }
        if (cases[i].size == -2)
            assert_int_equal(rmdir(place.key_path), 0);
        place_close(&place);
    }
}

static void test_what_is_sealed_opens(void **state)
{
    static const char *const texts[] = {"", "a", "张三", "6222020000001234",
                                        ("a text of more than sixty-four bytes, so that "
                                         "the cipher needs a second block for it")};
    struct place place;
    (void)state;

    place_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        uint8_t sealed[256];
        const char *opened = NULL;
        size_t size = vault_sealed_bytes(strlen(texts[i]));

        assert_true(size <= sizeof sealed);
        vault_seal(&place.vault, "identity", "name", 7, texts[i], strlen(texts[i]), sealed);
        assert_int_equal(
            vault_open_field(&place.vault, "identity", "name", 7, bytes_of(sealed, size), &place.arena, &opened),
            ERR_NONE);
        assert_string_equal(opened, texts[i]);
    }
    place_close(&place);
}

/* One attribute differs per row. */
static void test_a_seal_holds_for_one_place(void **state)
{
    static const struct {
        const char *table, *column;
        int64_t row;
        bool opens;
    } cases[] = {
        {"identity", "name", 7, true},
        {"message", "name", 7, false},
        {"identity", "phone", 7, false},
        {"identity", "fame", 7, false},
        {"identitx", "name", 7, false},
        {"identity", "name", 8, false},
        {"identityn", "ame", 7, false},
        {"identity", "name", -7, false},
        {"identity", "name", 7 + ((int64_t)1 << 56), false},
    };
    struct place place;
    uint8_t sealed[64];
    size_t size = vault_sealed_bytes(5);
    (void)state;

    place_open(&place);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, sealed);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const char *opened = "untouched";
        enum err err = vault_open_field(&place.vault, cases[i].table, cases[i].column, cases[i].row,
                                        bytes_of(sealed, size), &place.arena, &opened);

        assert_int_equal(err, cases[i].opens ? ERR_NONE : ERR_FATAL);
        assert_string_equal(opened, cases[i].opens ? "alice" : "untouched");
    }
    place_close(&place);
}

static void test_every_bit_counts(void **state)
{
    struct place place;
    uint8_t sealed[64];
    size_t size = vault_sealed_bytes(5);
    const char *opened = "untouched";
    (void)state;

    place_open(&place);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, sealed);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(
            vault_open_field(&place.vault, "identity", "name", 7, bytes_of(sealed, size), &place.arena, &opened),
            ERR_FATAL);
        sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t shorter = 0; shorter < size; shorter++)
        assert_int_equal(
            vault_open_field(&place.vault, "identity", "name", 7, bytes_of(sealed, shorter), &place.arena, &opened),
            ERR_FATAL);
    assert_string_equal(opened, "untouched");
    place_close(&place);
}

static void test_another_key_opens_nothing(void **state)
{
    struct place place, other;
    uint8_t sealed[64], here[HASH_SHORT_BYTES], there[HASH_SHORT_BYTES];
    const char *opened = NULL;
    (void)state;

    place_open(&place);
    place_open(&other);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, sealed);
    assert_int_equal(vault_open_field(&other.vault, "identity", "name", 7, bytes_of(sealed, vault_sealed_bytes(5)),
                                      &other.arena, &opened),
                     ERR_FATAL);
    vault_lookup(&place.vault, "id_number", "1", here);
    vault_lookup(&other.vault, "id_number", "1", there);
    assert_memory_not_equal(here, there, sizeof here);
    place_close(&other);
    place_close(&place);
}

/* One seed replays one database; different texts or places never share a nonce. */
static void test_the_nonce_follows_text_and_place(void **state)
{
    struct place place;
    uint8_t first[64], same[64], other[64];
    size_t size = vault_sealed_bytes(5);
    (void)state;

    place_open(&place);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, first);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, same);
    assert_memory_equal(first, same, size);
    vault_seal(&place.vault, "identity", "name", 8, "alice", 5, other);
    assert_memory_not_equal(first + 1, other + 1, 24);
    vault_seal(&place.vault, "identity", "name", 7, "alicf", 5, other);
    assert_memory_not_equal(first + 1, other + 1, 24);
    place_close(&place);
}

static void test_look_up_hashes(void **state)
{
    struct place place;
    uint8_t a[HASH_SHORT_BYTES], b[HASH_SHORT_BYTES];
    (void)state;

    place_open(&place);
    vault_lookup(&place.vault, "id_number", "110101199003070000", a);
    vault_lookup(&place.vault, "id_number", "110101199003070000", b);
    assert_memory_equal(a, b, sizeof a);
    vault_lookup(&place.vault, "id_number", "110101199003070001", b);
    assert_memory_not_equal(a, b, sizeof a);
    vault_lookup(&place.vault, "phone", "110101199003070000", b);
    assert_memory_not_equal(a, b, sizeof a);
    place_close(&place);
}

static void test_opening_without_memory_is_retry(void **state)
{
    struct place place;
    struct arena small;
    uint8_t sealed[64];
    const char *opened = NULL;
    (void)state;

    place_open(&place);
    arena_init(&small, 0);
    vault_seal(&place.vault, "identity", "name", 7, "alice", 5, sealed);
    assert_int_equal(
        vault_open_field(&place.vault, "identity", "name", 7, bytes_of(sealed, vault_sealed_bytes(5)), &small, &opened),
        ERR_RETRY);
    arena_fini(&small);
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_key_is_made_once),
        cmocka_unit_test(test_keys_for_different_work_differ),
        cmocka_unit_test(test_a_bad_key_file_is_refused),
        cmocka_unit_test(test_what_is_sealed_opens),
        cmocka_unit_test(test_a_seal_holds_for_one_place),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_another_key_opens_nothing),
        cmocka_unit_test(test_the_nonce_follows_text_and_place),
        cmocka_unit_test(test_look_up_hashes),
        cmocka_unit_test(test_opening_without_memory_is_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
