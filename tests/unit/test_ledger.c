/* SPDX-License-Identifier: Apache-2.0 */
/* Double entry, lots on hold, and the books that decisions are given. */
#include "books.h"

#include "unit.h"

static struct topup *topup_given(struct books *b, struct book *book, const char *ref, int64_t amount_minor)
{
    struct topup_ask ask = {.ref = ref, .amount = money_of(amount_minor), .method = METHOD_ALIPAY};

    assert_int_equal(books_topup(b, book, &ask, ref).verdict, VERDICT_CREATED);
    books_commit(b);
    return books_topup_of(b, book, ref);
}

static int64_t posted(struct books *b, enum ledger ledger, int64_t source)
{
    int64_t sum = 0;

    SHELF_EACH(b, posting, posting)
    if (posting->ledger == ledger && posting->source == source)
        sum += posting->amount.minor;
    return sum;
}

typedef void (*lot_move)(struct deciding *, struct entry_open *, struct account *, struct topup *, struct money);

static void settle_alipay(struct deciding *d, struct entry_open *open, struct account *account, struct topup *topup,
                          struct money amount)
{
    ledger_settle(d, open, account, topup, amount);
    ledger_outside(d, open, account, "alipay", amount, MONEY_ZERO);
}

static void return_alipay(struct deciding *d, struct entry_open *open, struct account *account, struct topup *topup,
                          struct money amount)
{
    ledger_return(d, open, account, topup, amount);
    ledger_outside(d, open, account, "alipay", money_negate(amount), MONEY_ZERO);
}

/* One row a move, each upon the last: of a top-up of 1000, and of 1000 of other funds. `refunded` is a top-up's alone.
 */
static const struct {
    const char *says;
    lot_move move;
    enum entry_kind kind;
    int64_t amount, remaining, held, refunded, channel;
} moves[] = {
    {"freeze: held, still there", ledger_freeze, ENTRY_FREEZE, 400, 1000, 400, 0, 0},
    {"freeze more", ledger_freeze, ENTRY_FREEZE, 600, 1000, 1000, 0, 0},
    {"release: free again", ledger_release, ENTRY_RELEASE, 300, 1000, 700, 0, 0},
    {"settle: gone out", settle_alipay, ENTRY_SETTLE, 500, 500, 200, 500, 500},
    {"return: back, and free", return_alipay, ENTRY_RETURN, 100, 600, 200, 400, 400},
    {"settle the rest", settle_alipay, ENTRY_SETTLE, 200, 400, 0, 600, 600},
    {"return all of it", return_alipay, ENTRY_RETURN, 600, 1000, 0, 0, 0},
};

static void lot_walk(struct books *b, struct account *account, struct topup *topup)
{
    int64_t source = topup == NULL ? 0 : topup->id;
    enum ledger ledger = topup == NULL ? LEDGER_OTHER : LEDGER_TOPUP;
    int64_t channel = posted(b, LEDGER_CHANNEL, 0);

    for (size_t i = 0; i < ARRAY_COUNT(moves); i++) {
        int64_t version = account->version;
        books_begin(b);
        struct entry_open entry = ledger_open(&b->d, account, moves[i].kind, 7, 8, money_of(moves[i].amount));
        moves[i].move(&b->d, &entry, account, topup, money_of(moves[i].amount));
        ledger_close(&b->d, &entry);
        assert_int_equal(entry.entry->object, 7);
        assert_int_equal(entry.entry->withdrawal, 8);
        assert_string_equal(entry.entry->currency, "CNY");
        assert_string_equal(b->d.moves_last->prefix, "en");
        assert_int_equal(b->d.moves_last->amount.minor, moves[i].amount);
        books_commit(b);

        struct money total = topup == NULL ? account->other : account->topup;
        struct money held = topup == NULL ? account->other_held : account->topup_held;
        assert_int_equal(total.minor, moves[i].remaining);
        assert_int_equal(held.minor, moves[i].held);
        assert_true(account->version > version);
        assert_int_equal(posted(b, ledger, source), moves[i].remaining - moves[i].held);
        assert_int_equal(posted(b, LEDGER_HELD, source), moves[i].held);
        assert_int_equal(posted(b, LEDGER_CHANNEL, 0), channel + moves[i].channel); /* what leaves has no source */
        if (topup == NULL)
            continue;
        assert_int_equal(topup->remaining.minor, moves[i].remaining);
        assert_int_equal(topup->held.minor, moves[i].held);
        assert_int_equal(topup->refunded.minor, moves[i].refunded);
    }
}

static void test_lots(void **state)
{
    static struct books b;

    (void)state;
    books_init(&b, 1);
    struct book *book = books_open(&b, "alice", NULL, NULL);
    struct topup *topup = topup_given(&b, book, "t1", 1000);
    lot_walk(&b, book->account, topup);
    assert_int_equal(books_credit(&b, book, "c1", FUND_OTHER, 1000).verdict, VERDICT_CREATED);
    books_commit(&b);
    lot_walk(&b, book->account, NULL);
    books_fini(&b);
}

static void test_zero_posts_nothing(void **state)
{
    static struct books b;

    (void)state;
    books_init(&b, 1);
    struct account *account = books_open(&b, "alice", NULL, NULL)->account;
    books_begin(&b);
    struct entry_open entry = ledger_open(&b.d, account, ENTRY_SUSPENSE, 0, 0, money_of(5));
    ledger_post(&b.d, &entry, account, LEDGER_REVENUE, "", 0, MONEY_ZERO);
    assert_int_equal(entry.lines, 0);
    ledger_post(&b.d, &entry, account, LEDGER_SUSPENSE, "", 0, money_of(5));
    ledger_post(&b.d, &entry, account, LEDGER_CHANNEL, "alipay", 0, money_of(-5));
    assert_int_equal(entry.lines, 2);
    ledger_close(&b.d, &entry);
    books_commit(&b);
    books_fini(&b);
}

static void close_posted(struct books *b, const struct account *account, int64_t out_minor, int64_t in_minor)
{
    struct entry_open entry = ledger_open(&b->d, account, ENTRY_SUSPENSE, 0, 0, money_of(5));

    ledger_post(&b->d, &entry, account, LEDGER_SUSPENSE, "", 0, money_of(out_minor));
    ledger_post(&b->d, &entry, account, LEDGER_REVENUE, "", 0, money_of(in_minor));
    ledger_close(&b->d, &entry);
}

/* An entry that makes or loses money is a bug, and ends the process before it is written. */
static void test_unbalanced_dies(void **state)
{
    static struct books b;

    (void)state;
    books_init(&b, 1);
    struct account *account = books_open(&b, "alice", NULL, NULL)->account;
    books_begin(&b);
    assert_false(DIES(close_posted(&b, account, -5, 5)));
    assert_true(DIES(close_posted(&b, account, -5, 4)));
    assert_true(DIES(close_posted(&b, account, -5, 0)));
    assert_true(DIES(close_posted(&b, account, 0, 0)));
    books_fini(&b);
}

/* Live lists keep their order whatever comes in whatever order, and take nothing twice. */
static void test_books_keep_order(void **state)
{
    static const int64_t paid_at[] = {50, 10, 40, 10, 60, 30, 20, 70, 5, 65, 15, 25, 35, 45, 55, 75, 1, 80};
    static struct topup topups[ARRAY_COUNT(paid_at)];
    static struct parcel parcels[ARRAY_COUNT(paid_at)];
    static struct books b;
    struct book book = {0};

    (void)state;
    books_init(&b, 1);
    books_begin(&b);
    for (size_t twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < ARRAY_COUNT(paid_at); i++) {
            topups[i].id = (int64_t)i + 1;
            topups[i].paid_at.ms = paid_at[i];
            topups[i].remaining = money_of((int64_t)i % 2);
            parcels[i].id = paid_at[i] * 100 + (int64_t)i;
            parcels[i].remaining = money_of((int64_t)i % 3);
            book_add_topup(&b.d, &book, &topups[i]);
            book_add_parcel(&b.d, &book, &parcels[i]);
        }
    assert_int_equal(book.topups_count, ARRAY_COUNT(paid_at));
    assert_int_equal(book.parcels_count, ARRAY_COUNT(paid_at));
    for (size_t i = 1; i < book.topups_count; i++) {
        struct topup *a = book.topups[i - 1], *c = book.topups[i];
        assert_true(a->paid_at.ms < c->paid_at.ms || (a->paid_at.ms == c->paid_at.ms && a->id < c->id));
        assert_true(book.parcels[i - 1]->id < book.parcels[i]->id);
    }
    book_drop_spent(&book);
    assert_int_equal(book.topups_count, ARRAY_COUNT(paid_at) / 2);
    assert_int_equal(book.parcels_count, ARRAY_COUNT(paid_at) * 2 / 3);
    for (size_t i = 0; i < book.topups_count; i++)
        assert_int_equal(book.topups[i]->remaining.minor, 1);
    books_fini(&b);
}

static void test_attempts_by_leg(void **state)
{
    static struct attempt attempts[] = {{.leg = 1, .number = 1}, {.leg = 2, .number = 1}, {.leg = 1, .number = 2}};
    static struct books b;
    struct dossier dossier = {0};

    (void)state;
    books_init(&b, 1);
    books_begin(&b);
    for (size_t i = 0; i < ARRAY_COUNT(attempts); i++)
        dossier_add_attempt(&b.d, &dossier, &attempts[i]);
    assert_ptr_equal(dossier.attempts[0], &attempts[0]);
    assert_ptr_equal(dossier.attempts[1], &attempts[2]);
    assert_ptr_equal(dossier.attempts[2], &attempts[1]);
    books_fini(&b);
}

/* A row is saved once, in the order in which it was first changed, and a new one stays new. */
static void test_changes(void **state)
{
    static struct fact rows[3];
    struct changes changes = {0};

    (void)state;
    changes_new(&changes, &rows[0], &fact_table);
    rows[1].row.table = rows[2].row.table = &fact_table;
    changes_put(&changes, &rows[2].row);
    changes_put(&changes, &rows[0].row);
    changes_put(&changes, &rows[1].row);
    changes_put(&changes, &rows[2].row);
    assert_int_equal(changes.count, 3);
    assert_ptr_equal(changes.first, &rows[0].row);
    assert_ptr_equal(changes.first->next_changed, &rows[2].row);
    assert_ptr_equal(changes.last, &rows[1].row);
    assert_int_equal(rows[0].row.state, ROW_NEW);
    assert_int_equal(rows[2].row.state, ROW_CHANGED);
}

static void test_decisions(void **state)
{
    struct decision ok = decision_ok(),
                    amount = decision_amount(REFUSAL_BELOW_MINIMUM, "AL-01", "/amount", money_of(1), money_of(2));
    struct decision missing = decision_missing("account"), conflict = decision_conflict(REFUSAL_STATE_CONFLICT, "no");
    struct decision created = decision_created(), stored = decision_stored();
    struct decision refused = decision_refused(REFUSAL_INVALID_VALUE, "", "/x", "why");

    (void)state;
    assert_true(decision_accepts(&ok) && decision_accepts(&created) && decision_accepts(&stored));
    assert_false(decision_accepts(&amount) || decision_accepts(&missing) || decision_accepts(&conflict));
    assert_int_equal(ok.tries_left, -1);
    assert_int_equal(amount.verdict, VERDICT_REFUSED);
    assert_true(amount.has_amounts && amount.requested.minor == 1 && amount.available.minor == 2);
    assert_string_equal(amount.rule, "AL-01");
    assert_null(refused.rule); /* a policy without a rule id says "" */
    assert_int_equal(missing.code, REFUSAL_NOT_FOUND);
    assert_int_equal(conflict.verdict, VERDICT_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lots),
        cmocka_unit_test(test_zero_posts_nothing),
        cmocka_unit_test(test_unbalanced_dies),
        cmocka_unit_test(test_books_keep_order),
        cmocka_unit_test(test_attempts_by_leg),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_decisions),
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
