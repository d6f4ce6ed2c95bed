/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/anchor.h"

#include <string.h>

static const uint8_t master[ANCHOR_MASTER_BYTES] = "not a secret: the key of a test";

struct signer {
    uint8_t secret[ANCHOR_SECRET_BYTES], public[ANCHOR_PUBLIC_BYTES];
};

static struct signer signer_of(const uint8_t *key)
{
    struct signer signer;

    assert_true(anchor_keys(key, signer.secret, signer.public));
    return signer;
}

static struct anchor sample(int64_t seq)
{
    struct anchor anchor = {.heads_count = 2, .at = {INT64_C(1795140000123)}};

    anchor.heads[0] = (struct anchor_head){0, seq, {0xab, 1, 2, 3}};
    anchor.heads[1] = (struct anchor_head){1, 7, {0xff}};
    memcpy(anchor.store, "0123456789abcdef0123456789abcdef", sizeof anchor.store);
    return anchor;
}

static char *text_of(const struct anchor *anchor, struct out *out)
{
    out_init(out);
    anchor_write(anchor, out);
    assert_false(out->failed);
    return out->data;
}

static enum err read_back(const char *text, struct anchor *ret)
{
    struct arena arena;
    enum err err;

    arena_init(&arena, ANCHOR_ARENA_BYTES);
    err = anchor_read(text, strlen(text), &arena, ret);
    arena_fini(&arena);
    return err;
}

static void what_was_signed_is_read_again(void **state)
{
    struct signer signer = signer_of(master);
    struct anchor anchor = sample(812), again;
    SCOPED(out_fini) struct out out;
    (void)state;

    assert_true(anchor_sign(&anchor, signer.secret));
    assert_int_equal(read_back(text_of(&anchor, &out), &again), ERR_NONE);
    assert_int_equal(again.heads_count, 2);
    assert_int_equal(again.heads[0].seq, 812);
    assert_int_equal(again.heads[1].chain, 1);
    assert_memory_equal(again.heads[0].hash, anchor.heads[0].hash, HASH_BYTES);
    assert_int_equal(again.at.ms, anchor.at.ms);
    assert_string_equal(again.store, anchor.store);
    assert_true(anchor_signed_by(&again, signer.public));
    assert_null(strchr(out.data, '\n'));
}

/* Third parties check it with any Ed25519: the signature is over the line without its own member. */
static void the_form_is_fixed(void **state)
{
    struct signer signer = signer_of(master);
    struct anchor anchor = sample(812);
    SCOPED(out_fini) struct out out;
    static const char begin[] =
        "{\"heads\":[{\"chain\":0,\"seq\":812,\"hash\":"
        "\"ab01020300000000000000000000000000000000000000000000000000000000\"},{\"chain\":1,\"seq\":7,\"hash\":"
        "\"ff00000000000000000000000000000000000000000000000000000000000000\"}],"
        "\"at\":\"2026-11-20T10:00:00.123+08:00\",\"store\":\"0123456789abcdef0123456789abcdef\",\"signature\":\"";
    (void)state;

    assert_true(anchor_sign(&anchor, signer.secret));
    assert_int_equal(strncmp(text_of(&anchor, &out), begin, sizeof begin - 1), 0);
    assert_int_equal(out.size, sizeof begin - 1 + 128 + 2);
}

static void whoever_changes_a_word_is_found(void **state)
{
    struct signer signer = signer_of(master);
    struct anchor anchor = sample(812);
    (void)state;

    assert_true(anchor_sign(&anchor, signer.secret));
    struct anchor other[6] = {anchor, anchor, anchor, anchor, anchor, anchor};
    other[0].heads[0].seq++;
    other[1].heads[0].chain = 2;
    other[2].heads[1].hash[31] ^= 1;
    other[3].at.ms++;
    other[4].store[0] = 'f';
    other[5].heads_count = 1;
    for (size_t i = 0; i < ARRAY_COUNT(other); i++)
        assert_false(anchor_signed_by(&other[i], signer.public));
    anchor.signature[0] ^= 1;
    assert_false(anchor_signed_by(&anchor, signer.public));
}

static void another_master_key_signs_otherwise(void **state)
{
    uint8_t key[ANCHOR_MASTER_BYTES] = {1};
    struct signer signer = signer_of(master), stranger = signer_of(key), again = signer_of(master);
    struct anchor anchor = sample(1);
    (void)state;

    assert_memory_equal(&signer, &again, sizeof signer);
    assert_memory_not_equal(signer.public, stranger.public, sizeof signer.public);
    assert_true(anchor_sign(&anchor, stranger.secret));
    assert_false(anchor_signed_by(&anchor, signer.public));
    assert_memory_not_equal(signer.public, master, sizeof signer.public);
}

#define HASH "\"hash\":\"ab01020300000000000000000000000000000000000000000000000000000000\""
#define HEADS "\"heads\":[{\"chain\":0,\"seq\":1," HASH "}]"
#define REST ",\"at\":\"2026-11-20T10:00:00+08:00\",\"store\":\"0123456789abcdef0123456789abcdef\""
#define S16 "0123456789abcdef"
#define S64 S16 S16 S16 S16
#define SIGNATURE ",\"signature\":\"" S64 S64 "\""

static void what_is_no_statement_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{}",
        "null",
        "{" HEADS REST "}",
        "{" HEADS SIGNATURE "}",
        "{\"heads\":[]" REST SIGNATURE "}",
        "{" HEADS REST SIGNATURE ",\"more\":1}",
        "{" HEADS REST ",\"signature\":\"" S64 "\"}",
        "{" HEADS REST ",\"signature\":\"" S64 S16 S16 S16 "0123456789abcdeg\"}",
        "{\"heads\":[{\"chain\":0,\"seq\":-1," HASH "}]" REST SIGNATURE "}",
        "{\"heads\":[{\"chain\":-1,\"seq\":1," HASH "}]" REST SIGNATURE "}",
        "{\"heads\":[{\"chain\":0,\"seq\":1,\"hash\":\"ab\"}]" REST SIGNATURE "}",
        "{" HEADS ",\"at\":\"yesterday\",\"store\":\"0123456789abcdef0123456789abcdef\"" SIGNATURE "}",
        "{" HEADS REST SIGNATURE "}{}",
    };
    struct anchor anchor = sample(5), before = anchor;
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        assert_int_equal(read_back(bad[i], &anchor), ERR_REQUEST);
        assert_memory_equal(&anchor, &before, sizeof anchor);
    }
    assert_int_equal(read_back("{" HEADS REST SIGNATURE "}", &anchor), ERR_NONE);
}

static void as_many_heads_as_there_may_be_fit_a_slot(void **state)
{
    struct signer signer = signer_of(master);
    struct anchor anchor = sample(1), again;
    SCOPED(out_fini) struct out out;
    (void)state;

    anchor.heads_count = ANCHOR_HEADS_MAX;
    for (size_t i = 0; i < ANCHOR_HEADS_MAX; i++)
        anchor.heads[i] = (struct anchor_head){1000000, INT64_MAX, {0xff}};
    assert_true(anchor_sign(&anchor, signer.secret));
    assert_int_equal(read_back(text_of(&anchor, &out), &again), ERR_NONE);
    assert_true(out.size < ANCHOR_TEXT_BYTES);
    assert_true(anchor_signed_by(&again, signer.public));
}

static void a_file_is_read_piece_by_piece(void **state)
{
    static char slots[3 * ANCHOR_TEXT_BYTES];
    static const char lines[] = "one\n\ntwo\0three";
    struct bytes piece;
    size_t at = 0, count = 0;
    (void)state;

    memset(slots, 'x', sizeof slots); /* a torn slot ends nowhere */
    memcpy(slots + 2 * ANCHOR_TEXT_BYTES, "last\n", 5);
    while (anchor_piece(slots, sizeof slots, &at, &piece))
        count++;
    assert_int_equal(count, 3);
    assert_int_equal(piece.size, 4);
    assert_memory_equal(piece.data, "last", 4);
    at = count = 0;
    while (anchor_piece(lines, sizeof lines - 1, &at, &piece))
        count++;
    assert_int_equal(count, 4);
    assert_memory_equal(piece.data, "three", 5);
    at = 0;
    assert_false(anchor_piece("", 0, &at, &piece));
}

static void hex_is_read_whole_or_not(void **state)
{
    uint8_t two[2];
    (void)state;

    assert_true(anchor_hex("0aFf", two, 2));
    assert_int_equal(two[0], 10);
    assert_int_equal(two[1], 255);
    assert_false(anchor_hex("0aF", two, 2));
    assert_false(anchor_hex("0aFf0", two, 2));
    assert_false(anchor_hex("0aFg", two, 2));
    assert_false(anchor_hex("", two, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_read_again),   cmocka_unit_test(the_form_is_fixed),
        cmocka_unit_test(whoever_changes_a_word_is_found), cmocka_unit_test(another_master_key_signs_otherwise),
        cmocka_unit_test(what_is_no_statement_is_refused), cmocka_unit_test(as_many_heads_as_there_may_be_fit_a_slot),
        cmocka_unit_test(a_file_is_read_piece_by_piece),   cmocka_unit_test(hex_is_read_whole_or_not),
    };

    return cmocka_run_group_tests_name("anchor", tests, NULL, NULL);
}
