/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/arena.h"

#include <malloc.h>
#include <string.h>

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    struct arena arena;
    char *before = NULL;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t bytes = 0; bytes < 300; bytes++) {
        char *memory = arena_alloc(&arena, bytes);
        assert_non_null(memory);
        assert_ptr_not_equal(memory, before);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xAA, bytes);
        before = memory;
    }
    arena_reset(&arena);
    char *again = arena_alloc(&arena, 4096);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(again[i], 0); /* also where something stood before */
    arena_fini(&arena);
}

static void the_limit_is_exact(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 48));
    assert_null(arena_alloc(&arena, 17));
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_alloc(&arena, 0));
    assert_int_equal(arena.bytes_used, 64);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_text(&arena, "x"));
    assert_null(arena_format(&arena, "%d", 1));
    assert_null(arena_copy(&arena, "x", 1));
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 64));
    arena_fini(&arena);
    assert_int_equal(arena.bytes_max, 64);
}

/* A decision reserves for everything it might touch, and touches little of it: the next one finds room in the same
 * chunk. */
static void what_was_reserved_and_not_used_serves_the_next(void **state)
{
    struct arena arena;
    size_t before;
    (void)state;

    arena_init(&arena, (size_t)512 << 20);
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 0; i < 500; i++) {
        assert_true(arena_reserve(&arena, (size_t)5 << 20));
        assert_non_null(arena_alloc(&arena, 3000));
    }
#ifndef __SANITIZE_ADDRESS__ /* whose allocator counts otherwise */
    assert_true(mallinfo2().uordblks + mallinfo2().hblkhd - before < (size_t)16 << 20);
#endif
    (void)before;
    arena_fini(&arena);
}

static void what_is_reserved_cannot_fail(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 400000);
    assert_non_null(arena_alloc(&arena, 60000));
    assert_true(arena_reserve(&arena, 200000)); /* more than the rest of the first chunk, and than a usual one */
    const struct arena_chunk *chunk = arena.current;
    for (int i = 0; i < 200000 / 16; i++)
        assert_non_null(arena_must(&arena, 3));
    assert_ptr_equal(arena.current, chunk); /* one piece: nothing was asked of the machine */
    assert_false(arena_reserve(&arena, 140016));
    assert_true(arena_reserve(&arena, 140000));
    assert_false(arena_reserve(&arena, SIZE_MAX));
    assert_true(DIES(arena_must(&arena, 140016)));
    arena_fini(&arena);
}

static void chunks_are_kept_for_the_next_batch(void **state)
{
    struct arena arena;
    void *places[8];

    (void)state;
    arena_init(&arena, 1 << 20);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++) {
            void *memory = arena_alloc(&arena, 50000);
            if (round == 0)
                places[i] = memory;
            assert_ptr_equal(memory, places[i]);
        }
        arena_reset(&arena);
        assert_int_equal(arena.bytes_used, 0);
    }
    arena_fini(&arena);
}

static void texts_are_copied(void **state)
{
    struct arena arena;
    char original[] = "abc";

    (void)state;
    arena_init(&arena, 4096);
    char *copy = arena_text(&arena, original);
    original[0] = 'x';
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_text(&arena, ""), "");
    assert_string_equal(arena_format(&arena, "%s-%d", "wd", 7), "wd-7");
    assert_memory_equal(arena_copy(&arena, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_copy(&arena, NULL, 0));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(what_was_reserved_and_not_used_serves_the_next),
        cmocka_unit_test(what_is_reserved_cannot_fail),
        cmocka_unit_test(chunks_are_kept_for_the_next_batch),
        cmocka_unit_test(texts_are_copied),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
