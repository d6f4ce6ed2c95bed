/* SPDX-License-Identifier: Apache-2.0 */
/* A kept quote is used only while it is true: same account, same generation, between its two moments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/quote_cache.h"

#define TEXT "{\"policy\":\"p\",\"at\":\"1970-01-01T08:00:01+08:00\",\"withdrawable\":7}"
static const struct instant from = {1000000}, until = {2000000};

static struct quote_entry entry_of(const char *ref, uint64_t generation)
{
    return (struct quote_entry){.ref = ref, .master = "boss", .generation = generation, .from = from, .until = until};
}

static void an_entry_is_used_only_while_it_is_true(void **state)
{
    static const struct {
        const char *ref;
        uint64_t generation;
        int64_t now_ms;
        bool found;
    } rows[] = {
        {"alice", 5, 1000000, true},  {"alice", 5, 1999999, true},  {"alice", 5, 2000000, false},
        {"alice", 5, 999999, false},  {"alice", 4, 1500000, false}, {"alice", 6, 1500000, false},
        {"alicf", 5, 1500000, false}, {"", 5, 1500000, false},
    };
    struct quote_cache *cache = quote_cache_new();
    struct quote_entry entry = entry_of("alice", 5);
    char master[REF_BYTES];
    struct out out;

    (void)state;
    assert_non_null(cache);
    quote_cache_put(cache, &entry, TEXT, strlen(TEXT));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        out_init(&out);
        assert_int_equal(
            quote_cache_get(cache, rows[i].ref, rows[i].generation, (struct instant){rows[i].now_ms}, master, &out),
            rows[i].found);
        assert_int_equal(out.size > 0, rows[i].found);
        out_fini(&out);
    }
    quote_cache_free(&cache);
    assert_null(cache);
}

static void the_moment_is_written_anew_and_nothing_else(void **state)
{
    struct quote_cache *cache = quote_cache_new();
    struct quote_entry entry = entry_of("alice", 0);
    char master[REF_BYTES];
    struct out out;

    (void)state;
    quote_cache_put(cache, &entry, TEXT, strlen(TEXT));
    out_init(&out);
    assert_true(quote_cache_get(cache, "alice", 0, (struct instant){1500250}, master, &out));
    assert_string_equal(out.data, "{\"policy\":\"p\",\"at\":\"1970-01-01T08:25:00.250+08:00\",\"withdrawable\":7}");
    assert_string_equal(master, "boss");
    out_fini(&out);
    quote_cache_free(&cache);
}

static void a_newer_entry_takes_the_place(void **state)
{
    struct quote_cache *cache = quote_cache_new();
    struct quote_entry old = entry_of("alice", 1), fresh = entry_of("alice", 2);
    char master[REF_BYTES];
    struct out out;

    (void)state;
    quote_cache_put(cache, &old, TEXT, strlen(TEXT));
    quote_cache_put(cache, &fresh, TEXT, strlen(TEXT));
    out_init(&out);
    assert_false(quote_cache_get(cache, "alice", 1, from, master, &out));
    assert_true(quote_cache_get(cache, "alice", 2, from, master, &out));
    out_fini(&out);
    quote_cache_free(&cache);
}

static void what_does_not_fit_is_made_each_time(void **state)
{
    static char large[QUOTE_CACHE_TEXT_MAX + 2];
    struct quote_cache *cache = quote_cache_new();
    struct quote_entry entry = entry_of("alice", 1);
    char master[REF_BYTES];
    struct out out;

    (void)state;
    memset(large, ' ', sizeof(large) - 1);
    memcpy(large, TEXT, strlen(TEXT));
    quote_cache_put(cache, &entry, large, QUOTE_CACHE_TEXT_MAX + 1);
    out_init(&out);
    assert_false(quote_cache_get(cache, "alice", 1, from, master, &out));
    quote_cache_put(cache, &entry, "{\"withdrawable\":7}", 18);
    assert_false(quote_cache_get(cache, "alice", 1, from, master, &out));
    out_fini(&out);
    quote_cache_free(&cache);
}

static void many_accounts_share_the_slots_and_never_answer_for_each_other(void **state)
{
    struct quote_cache *cache = quote_cache_new();
    char ref[REF_BYTES], text[128], master[REF_BYTES];
    struct out out;
    size_t found = 0;

    (void)state;
    for (int i = 0; i < 3 * QUOTE_CACHE_SLOTS; i++) {
        struct quote_entry entry = entry_of(ref, 1);
        snprintf(ref, sizeof(ref), "account-%d", i);
        snprintf(text, sizeof(text), "{\"at\":\"x\",\"who\":%d}", i);
        quote_cache_put(cache, &entry, text, strlen(text));
    }
    for (int i = 0; i < 3 * QUOTE_CACHE_SLOTS; i++) {
        snprintf(ref, sizeof(ref), "account-%d", i);
        snprintf(text, sizeof(text), "\"who\":%d}", i);
        out_init(&out);
        if (quote_cache_get(cache, ref, 1, from, master, &out)) {
            found++;
            assert_non_null(strstr(out.data, text));
        }
        out_fini(&out);
    }
    assert_in_range(found, QUOTE_CACHE_SLOTS / 2, QUOTE_CACHE_SLOTS);
    quote_cache_free(&cache);
}

static void half_as_many_accounts_as_slots_keep_their_quotes(void **state)
{
    struct quote_cache *cache = quote_cache_new();
    char ref[REF_BYTES], master[REF_BYTES];
    int found = 0;

    (void)state;
    for (int i = 0; i < 2 * (QUOTE_CACHE_SLOTS / 2); i++) {
        struct quote_entry entry = entry_of(ref, 1);
        struct out out;

        snprintf(ref, sizeof(ref), "bench-%d", i % (QUOTE_CACHE_SLOTS / 2));
        out_init(&out);
        if (i < QUOTE_CACHE_SLOTS / 2)
            quote_cache_put(cache, &entry, TEXT, strlen(TEXT));
        else
            found += quote_cache_get(cache, ref, 1, from, master, &out);
        out_fini(&out);
    }
    assert_in_range(found, QUOTE_CACHE_SLOTS / 2 * 95 / 100, QUOTE_CACHE_SLOTS / 2);
    quote_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_used_only_while_it_is_true),
        cmocka_unit_test(the_moment_is_written_anew_and_nothing_else),
        cmocka_unit_test(a_newer_entry_takes_the_place),
        cmocka_unit_test(what_does_not_fit_is_made_each_time),
        cmocka_unit_test(many_accounts_share_the_slots_and_never_answer_for_each_other),
        cmocka_unit_test(half_as_many_accounts_as_slots_keep_their_quotes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
