/* SPDX-License-Identifier: Apache-2.0 */
/* The one-time code: what it is bound to, how long and how often it may be tried, and that it is used up. */
#include "books.h"

#include "domain/challenge.h"
#include "domain/withdrawal.h"

static const uint8_t key[HASH_KEY_BYTES] = {7};

/* A withdrawal whose code has just been sent; the code is in the message. */
static const char *sent(struct books *b, struct withdrawal *ret)
{
    static const struct account account = {.id = 41};
    const char *code = NULL;

    books_init(b, 1);
    b->d.code_key = key;
    *ret = (struct withdrawal){.row = {.table = &withdrawal_table, .state = ROW_NEW},
                               .id = 42,
                               .account = 41,
                               .amount = money_of(30000),
                               .currency = "CNY",
                               .route = ROUTE_DESIGNATED,
                               .destination = "{\"kind\":\"bank\",\"account\":\"6222\"}",
                               .code_tries_left = CODE_TRIES};
    challenge_send(&b->d, ret, &account, "1380", "the account ending in 6222");
    books_commit(b);
    SHELF_EACH(b, message, message)
    code = message->code;
    assert_non_null(code);
    assert_int_equal(strlen(code), 6);
    return code;
}

static void other_id(struct withdrawal *w)
{
    w->id++;
}
static void other_account(struct withdrawal *w)
{
    w->account++;
}
static void other_amount(struct withdrawal *w)
{
    w->amount = money_of(30001);
}
static void other_route(struct withdrawal *w)
{
    w->route = ROUTE_APPLICATION;
}
static void other_destination(struct withdrawal *w)
{
    w->destination = "{\"kind\":\"bank\",\"account\":\"6223\"}";
}
static void nothing_that_matters(struct withdrawal *w)
{
    w->flags = "[\"x\"]";
    w->version++;
}

/* The digits are right; one attribute is not what they were sent for. */
static void a_code_is_bound_to_what_it_was_sent_for(void **state)
{
    static const struct {
        const char *says;
        void (*change)(struct withdrawal *);
        enum challenge_answer answer;
    } rows[] = {
        {"as it was", nothing_that_matters, CHALLENGE_RIGHT},
        {"another withdrawal", other_id, CHALLENGE_WRONG},
        {"another account", other_account, CHALLENGE_WRONG},
        {"a cent more", other_amount, CHALLENGE_WRONG},
        {"another route", other_route, CHALLENGE_WRONG},
        {"another destination", other_destination, CHALLENGE_WRONG},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        static struct books b;
        struct withdrawal w;
        const char *code = sent(&b, &w);

        rows[i].change(&w);
        if (challenge_answer(&b.d, &w, code) != rows[i].answer)
            fail_msg("%s", rows[i].says);
        books_fini(&b);
    }
}

static void a_code_lives_five_minutes_its_last_instant_included(void **state)
{
    static const struct {
        int64_t later_ms;
        enum challenge_answer answer;
    } rows[] = {{0, CHALLENGE_RIGHT},
                {CODE_TTL_MS - 1, CHALLENGE_RIGHT},
                {CODE_TTL_MS, CHALLENGE_RIGHT},
                {CODE_TTL_MS + 1, CHALLENGE_EXPIRED}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        static struct books b;
        struct withdrawal w;
        const char *code = sent(&b, &w);

        b.d.now = instant_add_ms(b.d.now, rows[i].later_ms);
        assert_int_equal(challenge_answer(&b.d, &w, code), rows[i].answer);
        books_fini(&b);
    }
}

/* Five tries; after the fifth wrong one even the right digits come too late. */
static void a_wrong_code_uses_up_a_try(void **state)
{
    static struct books b;
    struct withdrawal w;
    const char *code = sent(&b, &w);

    (void)state;
    for (int32_t left = CODE_TRIES - 1; left >= 0; left--) {
        assert_int_equal(challenge_answer(&b.d, &w, "no"), CHALLENGE_WRONG);
        assert_int_equal(w.code_tries_left, left);
    }
    assert_int_equal(challenge_answer(&b.d, &w, code), CHALLENGE_EXPIRED);
    assert_int_equal(challenge_answer(&b.d, &w, "no"), CHALLENGE_EXPIRED);
    assert_int_equal(w.code_tries_left, 0);
    books_fini(&b);
}

static void a_right_code_is_used_up(void **state)
{
    static const uint8_t none[HASH_SHORT_BYTES];
    static struct books b;
    struct withdrawal w;
    const char *code = sent(&b, &w);

    (void)state;
    assert_int_equal(challenge_answer(&b.d, &w, code), CHALLENGE_RIGHT);
    assert_int_equal(w.code_tries_left, CODE_TRIES); /* a right one is no try */
    assert_memory_equal(w.code_hash, none, sizeof none);
    assert_int_equal(challenge_answer(&b.d, &w, code), CHALLENGE_EXPIRED);
    books_fini(&b);
}

/* Sent again: new digits, new minutes, no new tries; the old digits are wrong. */
static void the_latest_code_counts(void **state)
{
    static const struct account account = {.id = 41};
    static struct books b;
    struct withdrawal w;
    const char *first = sent(&b, &w), *second = NULL;

    (void)state;
    assert_int_equal(challenge_answer(&b.d, &w, "no"), CHALLENGE_WRONG);
    b.d.now = instant_add_ms(b.d.now, CODE_RESEND_MS);
    challenge_send(&b.d, &w, &account, "1380", "the account ending in 6222");
    books_commit(&b);
    SHELF_EACH(&b, message, message)
    second = message->code;
    assert_string_not_equal(first, second);
    assert_int_equal(w.code_tries_left, CODE_TRIES - 1);
    assert_int_equal(w.code_expires_at.ms, b.d.now.ms + CODE_TTL_MS);
    assert_int_equal(challenge_answer(&b.d, &w, first), CHALLENGE_WRONG);
    assert_int_equal(challenge_answer(&b.d, &w, second), CHALLENGE_RIGHT);
    books_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_bound_to_what_it_was_sent_for),
        cmocka_unit_test(a_code_lives_five_minutes_its_last_instant_included),
        cmocka_unit_test(a_wrong_code_uses_up_a_try),
        cmocka_unit_test(a_right_code_is_used_up),
        cmocka_unit_test(the_latest_code_counts),
    };

    return cmocka_run_group_tests_name("challenge", tests, NULL, NULL);
}
