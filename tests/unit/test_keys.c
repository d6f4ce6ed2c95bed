/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_rows.h"

#include "store/keyring.h"

static const struct instant now = {1760000000000};

static struct api_key key_new(struct sample_place *place, const char *name, struct instant expires_at,
                              char token[KEY_TOKEN_BYTES])
{
    struct random random;
    struct api_key key;

    random_init_seed(&random, (uint64_t)name[0]);
    key_issue(&place->vault, &random, name, 5, name[0] == 'c' ? "alice" : NULL, now, expires_at, &key, token);
    sample_must(place->store, keyring_add(place->store, &key));
    return key;
}

static const struct api_key *key_found_by(struct sample_place *place, struct keyring_memory *memory, const char *token,
                                          int64_t after_ms)
{
    const struct api_key *found = NULL;

    sample_must(place->store, keyring_find(place->store, memory, &place->vault, token, instant_add_ms(now, after_ms),
                                           &place->arena, &found));
    return found;
}

static const struct api_key *key_found(struct sample_place *place, const char *token, int64_t after_ms)
{
    return key_found_by(place, NULL, token, after_ms);
}

static void test_a_token_finds_its_key(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES], other[KEY_TOKEN_BYTES];
    (void)state;

    sample_open(&place);
    key_new(&place, "billing", INSTANT_NONE, token);
    key_new(&place, "customer", INSTANT_NONE, other);
    assert_string_not_equal(token, other);
    const struct api_key *found = key_found(&place, token, 0);
    assert_non_null(found);
    assert_string_equal(found->name, "billing");
    assert_string_equal(found->account, "");
    assert_int_equal(found->roles, 5);
    assert_int_equal(found->created_at.ms, now.ms);
    found = key_found(&place, other, 0);
    assert_non_null(found);
    assert_string_equal(found->account, "alice");
    sample_close(&place);
}

static void test_what_is_no_token(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES], changed[KEY_TOKEN_BYTES + 1];
    (void)state;

    sample_open(&place);
    key_new(&place, "billing", INSTANT_NONE, token);
    assert_int_equal(strlen(token), 56);
    assert_true(key_token_ok(token));
    static const char *const wrong[] = {"", "ebb_", "demo-admin", "ebb_0123456789abcdefghjkmnpqrstvwxyz"};
    for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
        assert_false(key_token_ok(wrong[i]));
        assert_null(key_found(&place, wrong[i], 0));
    }
    for (size_t i = 0; i < KEY_TOKEN_BYTES - 1; i++) {
        memcpy(changed, token, sizeof token);
        changed[i] = changed[i] == '0' ? '1' : '0';
        assert_null(key_found(&place, changed, 0));
    }
    snprintf(changed, sizeof changed, "%s0", token);
    assert_null(key_found(&place, changed, 0));
    sample_close(&place);
}

static void test_a_key_lives_until_its_end(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES];
    (void)state;

    sample_open(&place);
    key_new(&place, "billing", instant_add_ms(now, 1000), token);
    assert_non_null(key_found(&place, token, 999));
    assert_null(key_found(&place, token, 1000));
    sample_close(&place);
}

static void test_revoking(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES];
    struct rows rows;
    bool revoked = false;
    (void)state;

    sample_open(&place);
    key_new(&place, "billing", INSTANT_NONE, token);
    sample_must(place.store, keyring_revoke(place.store, "nobody", now, &revoked));
    assert_false(revoked);
    sample_must(place.store, keyring_revoke(place.store, "billing", now, &revoked));
    assert_true(revoked);
    assert_null(key_found(&place, token, 0));
    sample_must(place.store, keyring_revoke(place.store, "billing", instant_add_ms(now, 5), &revoked));
    assert_false(revoked);
    sample_must(place.store, keyring_list(place.store, &place.arena, &rows));
    assert_int_equal(rows.count, 1);
    assert_int_equal(((const struct api_key *)rows.items[0])->revoked_at.ms, now.ms);
    sample_close(&place);
}

/* A key that was found is not asked for again where nobody else writes: only its end is looked at. Where others do, it
 * is asked for each time, and its end by another is seen at once. */
static void test_a_key_is_remembered(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES], wrong[KEY_TOKEN_BYTES];
    struct keyring_memory *memory = keyring_memory_new();
    bool revoked, shared;
    (void)state;

    sample_open(&place);
    shared = store_is_shared(place.store);
    key_new(&place, "billing", instant_add_ms(now, 1000), token);
    memcpy(wrong, token, sizeof token);
    wrong[10] = wrong[10] == '0' ? '1' : '0';
    assert_null(key_found_by(&place, memory, wrong, 0));
    assert_non_null(key_found_by(&place, memory, token, 0));
    sample_must(place.store,
                keyring_revoke(place.store, "billing", now, &revoked)); /* as nobody does beside a writer */
    assert_int_equal(key_found_by(&place, memory, token, 999) != NULL, !shared);
    assert_null(key_found_by(&place, memory, token, 1000));
    assert_null(key_found_by(&place, memory, wrong, 0));
    assert_null(key_found(&place, token, 0));
    keyring_memory_free(&memory);
    sample_close(&place);
}

/* Keys that meet in one place: each is found as what it is. With so many, some do. */
static void test_keys_that_share_a_place(void **state)
{
    enum { KEYS = 400 };
    static char tokens[KEYS][KEY_TOKEN_BYTES], names[KEYS][REF_BYTES];
    struct sample_place place;
    struct keyring_memory *memory = keyring_memory_new();
    struct random random;
    struct api_key key;
    (void)state;

    sample_open(&place);
    random_init_seed(&random, 11);
    for (int i = 0; i < KEYS; i++) {
        snprintf(names[i], REF_BYTES, "key-%d", i);
        key_issue(&place.vault, &random, names[i], 5, NULL, now, INSTANT_NONE, &key, tokens[i]);
        sample_must(place.store, keyring_add(place.store, &key));
    }
    for (int i = 0; i < 2 * KEYS; i++) {
        const struct api_key *found = key_found_by(&place, memory, tokens[i % KEYS], 0);

        assert_non_null(found);
        assert_string_equal(found->name, names[i % KEYS]);
        arena_reset(&place.arena);
    }
    keyring_memory_free(&memory);
    sample_close(&place);
}

static void test_a_name_stands_once(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES];
    bool revoked;
    (void)state;

    sample_open(&place);
    struct api_key key = key_new(&place, "billing", INSTANT_NONE, token);
    key.hash[0] ^= 1;
    assert_int_equal(keyring_add(place.store, &key), ERR_REQUEST);
    assert_non_null(strstr(store_reason(place.store), "billing"));
    sample_must(place.store, keyring_revoke(place.store, "billing", now, &revoked));
    assert_int_equal(keyring_add(place.store, &key), ERR_REQUEST);
    sample_close(&place);
}

/* The database holds nothing that logs anybody in. */
static void test_the_token_is_not_stored(void **state)
{
    struct sample_place place;
    char token[KEY_TOKEN_BYTES], command[200];
    (void)state;

    sample_open(&place);
    key_new(&place, "billing", INSTANT_NONE, token);
    snprintf(command, sizeof command, "grep -aq '%s' %s/ebb.db*", token + 4, place.directory);
    assert_int_not_equal(system(command), 0);
    snprintf(command, sizeof command, "grep -aq 'billing' %s/ebb.db*", place.directory);
    assert_int_equal(system(command), 0);
    sample_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_token_finds_its_key),     cmocka_unit_test(test_what_is_no_token),
        cmocka_unit_test(test_a_key_lives_until_its_end), cmocka_unit_test(test_revoking),
        cmocka_unit_test(test_a_key_is_remembered),       cmocka_unit_test(test_keys_that_share_a_place),
        cmocka_unit_test(test_a_name_stands_once),        cmocka_unit_test(test_the_token_is_not_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
