/* SPDX-License-Identifier: Apache-2.0 */
/* All facts mixed at random over three accounts, with withdrawals' freezing, settling, releasing and returning among
 * them.
 *
 * After every step: entries close at zero, rows add up to the account's totals and to the postings by (ledger, source),
 * nothing is negative, books are what loading them anew would give, and a decision that did not accept changed no byte.
 * `test_funds_property SEED` walks one history again. */
#include "books.h"

#define HISTORIES 500
#define STEPS 200
#define REFS 24

static struct books b;

/* Σ postings by account, ledger and source: what an auditor would compute. */
static struct sum {
    int64_t account, source, minor;
    enum ledger ledger;
} sums[4096];
static size_t sums_count, postings_seen;
static int64_t everything;

static int64_t *sum_of(int64_t account, enum ledger ledger, int64_t source)
{
    for (size_t i = 0; i < sums_count; i++)
        if (sums[i].account == account && sums[i].ledger == ledger && sums[i].source == source)
            return &sums[i].minor;
    assert_true(sums_count < ARRAY_COUNT(sums));
    sums[sums_count] = (struct sum){account, source, 0, ledger};
    return &sums[sums_count++].minor;
}

/* Postings come entry by entry, lines from 1, each entry closed at zero. */
static void check_postings(void)
{
    struct shelf *shelf = books_shelf(&b, &posting_table);
    int64_t entry = 0, line = 0, entry_sum = 0;

    for (; postings_seen < shelf->count; postings_seen++) {
        struct posting *posting = (struct posting *)shelf->items[postings_seen];
        if (posting->entry != entry) {
            assert_int_equal(entry_sum, 0);
            entry = posting->entry;
            line = 0;
        }
        assert_int_equal(posting->line, ++line);
        assert_int_not_equal(posting->amount.minor, 0);
        entry_sum += posting->amount.minor;
        everything += posting->amount.minor;
        *sum_of(posting->account, posting->ledger, posting->source) += posting->amount.minor;
    }
    assert_int_equal(entry_sum, 0);
    assert_int_equal(everything, 0);
}

/* The CHECKs of the schema, row by row. */
static void check_rows(void)
{
    SHELF_EACH(&b, topup, t)
    {
        assert_true(t->held.minor >= 0 && t->held.minor <= t->remaining.minor);
        assert_true(t->refunded.minor >= 0 && t->remaining.minor + t->refunded.minor <= t->amount.minor);
        assert_int_equal(*sum_of(t->account, LEDGER_TOPUP, t->id), t->remaining.minor - t->held.minor);
        assert_int_equal(*sum_of(t->account, LEDGER_HELD, t->id), t->held.minor);
    }
    SHELF_EACH(&b, claim, claim)
    assert_true(claim->amount.minor >= 0);
    SHELF_EACH(&b, fact, fact)
    assert_true(fact->amount.minor > 0 && fact->unpaid.minor >= 0 && fact->unpaid.minor <= fact->amount.minor);
    SHELF_EACH(&b, draw, draw)
    assert_true(draw->amount.minor > 0 && draw->given_back.minor >= 0 && draw->given_back.minor <= draw->amount.minor);
}

/* What draws of an owner took and did not give back. */
static int64_t drawn_by(int64_t owner)
{
    int64_t sum = 0;

    SHELF_EACH(&b, draw, draw)
    if (draw->owner == owner)
        sum += draw->amount.minor - draw->given_back.minor;
    return sum;
}

static int64_t drawn_from(int64_t source)
{
    int64_t sum = 0;

    SHELF_EACH(&b, draw, draw)
    if (draw->source == source)
        sum += draw->amount.minor - draw->given_back.minor;
    return sum;
}

static void check_owners(void)
{
    SHELF_EACH(&b, parcel, p)
    {
        enum ledger ledger = p->kind == PARCEL_TRANSFER ? LEDGER_TRANSFERRED_IN : LEDGER_ALLOCATED_IN;
        assert_int_not_equal(p->giver, p->receiver);
        assert_true(p->remaining.minor >= 0 && p->taken_back.minor >= 0 && p->invoiced.minor >= 0);
        assert_int_equal(p->amount.minor, p->remaining.minor + drawn_from(p->id) + p->taken_back.minor);
        assert_int_equal(drawn_by(p->id), p->amount.minor - p->taken_back.minor);
        assert_int_equal(*sum_of(p->receiver, ledger, p->id), p->remaining.minor);
        assert_int_equal(*sum_of(p->giver, LEDGER_TRANSIT, p->id) + *sum_of(p->receiver, LEDGER_TRANSIT, p->id), 0);
    }
    SHELF_EACH(&b, fact, fact)
    {
        if (fact->kind == FACT_CREDIT)
            continue;
        int64_t kept = instant_is_set(fact->reversed_at) ? 0 : fact->amount.minor - fact->unpaid.minor;
        assert_int_equal(drawn_by(fact->id), kept);
    }
}

static void check_account_funds(const struct account *a)
{
    int64_t topup = 0, held = 0, topped_up = 0, transferred_in = 0, allocated_in = 0;

    SHELF_EACH(&b, topup, t)
    {
        bool own = t->account == a->id;
        topup += own ? t->remaining.minor : 0;
        held += own ? t->held.minor : 0;
        topped_up += own ? t->amount.minor : 0;
    }
    SHELF_EACH(&b, parcel, p)
    {
        transferred_in += p->receiver == a->id && p->kind == PARCEL_TRANSFER ? p->remaining.minor : 0;
        allocated_in += p->receiver == a->id && p->kind == PARCEL_ALLOCATION ? p->remaining.minor : 0;
    }
    assert_int_equal(a->topup.minor, topup);
    assert_int_equal(a->topup_held.minor, held);
    assert_int_equal(a->topped_up.minor, topped_up);
    assert_int_equal(a->transferred_in.minor, transferred_in);
    assert_int_equal(a->allocated_in.minor, allocated_in);
    assert_true(a->other_held.minor >= 0 && a->other_held.minor <= a->other.minor && a->voucher.minor >= 0);
    assert_int_equal(*sum_of(a->id, LEDGER_OTHER, 0), a->other.minor - a->other_held.minor);
    assert_int_equal(*sum_of(a->id, LEDGER_HELD, 0), a->other_held.minor);
    assert_int_equal(*sum_of(a->id, LEDGER_VOUCHER, 0), a->voucher.minor);
}

static void check_account_claims(const struct account *a)
{
    int64_t by_kind[CLAIM__COUNT] = {0}, active = 0, frozen = 0, released = 0;

    SHELF_EACH(&b, claim, claim)
    if (claim->account == a->id)
        by_kind[claim->kind] += claim->amount.minor;
    SHELF_EACH(&b, resource, resource)
    {
        bool up = resource->account == a->id && resource->state == RESOURCE_ACTIVE;
        active += up;
        frozen += up ? resource->frozen.minor : 0;
        if (resource->account == a->id && resource->released_at.ms > released)
            released = resource->released_at.ms;
    }
    assert_int_equal(a->owed_invoice.minor, by_kind[CLAIM_OWED_INVOICE]);
    assert_int_equal(a->overdue.minor, by_kind[CLAIM_OVERDUE]);
    assert_int_equal(a->unsettled.minor, by_kind[CLAIM_UNSETTLED]);
    assert_int_equal(a->invoiced.minor, by_kind[CLAIM_INVOICED]);
    assert_int_equal(a->payg_active, active);
    assert_int_equal(a->payg_frozen.minor, frozen);
    assert_true(a->payg_last_released_at.ms >= released); /* a resource that is up again forgets its release */
}

static void check_subjects(void)
{
    SHELF_EACH(&b, subject, subject)
    {
        int64_t overdue = 0, accounts = 0;
        for (size_t i = 0; i < b.books_count; i++)
            if (memcmp(b.books[i].account->subject, subject->id, HASH_SHORT_BYTES) == 0) {
                overdue += b.books[i].account->overdue.minor;
                accounts++;
                assert_ptr_equal(b.books[i].subject, subject);
            }
        assert_int_equal(subject->overdue.minor, overdue);
        assert_int_equal(subject->accounts, accounts);
    }
}

/* The live lists hold every live row once, in order: sorted, of the right size, nothing spent but what a settlement
 * spent. */
static void check_book(const struct book *book)
{
    size_t live = 0;

    SHELF_EACH(&b, topup, t)
    live += t->account == book->account->id && t->remaining.minor > 0;
    for (size_t i = 0; i < book->topups_count; i++) {
        const struct topup *t = book->topups[i], *before = i == 0 ? NULL : book->topups[i - 1];
        live -= t->remaining.minor > 0;
        assert_true(before == NULL || before->paid_at.ms < t->paid_at.ms ||
                    (before->paid_at.ms == t->paid_at.ms && before->id < t->id));
    }
    assert_int_equal(live, 0);
    SHELF_EACH(&b, parcel, p)
    live += p->receiver == book->account->id && p->remaining.minor > 0;
    for (size_t i = 0; i < book->parcels_count; i++)
        assert_true(i == 0 || book->parcels[i - 1]->id < book->parcels[i]->id);
    assert_int_equal(live, book->parcels_count);
}

static void check(void)
{
    check_postings();
    check_rows();
    check_owners();
    check_subjects();
    for (size_t i = 0; i < b.books_count; i++) {
        check_account_funds(b.books[i].account);
        check_account_claims(b.books[i].account);
        check_book(&b.books[i]);
    }
}

/* Every row, every book and its lists, byte by byte. */
static size_t snapshot(uint8_t *ret, size_t capacity)
{
    size_t size = 0;

    for (size_t i = 0; i < b.shelves_count; i++)
        for (size_t k = 0; k < b.shelves[i].count; k++) {
            assert_true(size + b.shelves[i].table->row_bytes <= capacity);
            memcpy(ret + size, b.shelves[i].items[k], b.shelves[i].table->row_bytes);
            size += b.shelves[i].table->row_bytes;
        }
    for (size_t i = 0; i < b.books_count; i++) {
        const struct book *book = &b.books[i];
        assert_true(size + sizeof(*book) + (book->topups_count + book->parcels_count) * sizeof(void *) <= capacity);
        memcpy(ret + size, book, sizeof(*book));
        size += sizeof(*book);
        for (size_t k = 0; k < book->topups_count; k++, size += sizeof(void *))
            memcpy(ret + size, &book->topups[k], sizeof(void *));
        for (size_t k = 0; k < book->parcels_count; k++, size += sizeof(void *))
            memcpy(ret + size, &book->parcels[k], sizeof(void *));
    }
    return size;
}

/* --- steps --- */

static uint32_t below(uint32_t bound)
{
    return random_below(&b.random, bound);
}

static struct book *any_book(void)
{
    return &b.books[below((uint32_t)b.books_count)];
}

static const char *any_ref(char prefix)
{
    static char ref[8];

    snprintf(ref, sizeof(ref), "%c%u", prefix, below(REFS));
    return ref;
}

static int64_t any_amount(void)
{
    return 1 + below(below(8) == 0 ? 20000 : 500);
}

static void *any_row(const struct table *table)
{
    struct shelf *shelf = books_shelf(&b, table);

    return shelf->count == 0 ? NULL : shelf->items[below((uint32_t)shelf->count)];
}

/* Nothing there to do it with: a decision that accepts without changing anything. */
static struct decision nothing(void)
{
    return decision_stored();
}

/* Draws from the stream stand in statements of their own: the same seed is the same history under every compiler. */
static struct decision step_topup(void)
{
    struct book *book = any_book();
    const char *ref = any_ref('t');
    int64_t amount_minor = any_amount();
    int method = 1 + (int)below(METHOD__COUNT - 1);
    int64_t paid_before_ms = below(1000);
    struct topup_ask ask = {.ref = ref,
                            .amount = money_of(amount_minor),
                            .method = method,
                            .paid_at = {paid_before_ms < 300 ? 0 : BOOKS_NOW - paid_before_ms}};
    char body[64];

    snprintf(body, sizeof(body), "%s %lld", ref, (long long)amount_minor);
    return books_topup(&b, book, &ask, body);
}

static struct decision step_charge(void)
{
    struct book *book = any_book();
    const char *ref = any_ref('c');
    int64_t amount_minor = any_amount();

    b.policy.debt = below(4) != 0;
    return books_charge(&b, book, ref, amount_minor);
}

static struct decision step_reverse(void)
{
    struct fact *fact = any_row(&fact_table);

    if (fact == NULL || fact->kind != FACT_CHARGE)
        return nothing();
    return books_reverse(&b, books_of(&b, fact->account), fact->ref);
}

static struct decision step_chargeback(void)
{
    struct topup *topup = any_row(&topup_table);
    const char *ref = any_ref('k');

    if (topup == NULL)
        return nothing();
    return books_chargeback(&b, books_of(&b, topup->account), topup->ref, ref,
                            1 + below((uint32_t)topup->amount.minor + 5));
}

/* Now and then it closes or changes a claim that a charge made. */
static struct decision step_claim(void)
{
    struct book *book = any_book();
    enum claim_kind kind = (enum claim_kind)(1 + below(CLAIM__COUNT - 1));
    int64_t amount_minor = below(3) == 0 ? 0 : any_amount();
    const char *prefix = below(3) == 0 ? "charge:" : "";
    char ref[16];

    snprintf(ref, sizeof(ref), "%s%s", prefix, any_ref('c'));
    return books_claim(&b, book, ref, kind, amount_minor);
}

static struct decision step_resource(void)
{
    struct book *book = any_book();
    const char *ref = any_ref('r');
    enum resource_state state = (enum resource_state)(1 + below(2));
    int64_t before_ms = below(1000);
    int64_t frozen_minor = below(3) * 100;

    return books_resource(&b, book, ref, state, before_ms < 500 ? 0 : BOOKS_NOW - before_ms, frozen_minor);
}

static struct decision step_credit(void)
{
    struct book *book = any_book();
    const char *ref = any_ref('o');
    enum fund fund = (enum fund)(1 + below(FUND__COUNT - 1));

    return books_credit(&b, book, ref, fund, any_amount());
}

static struct decision step_transfer(void)
{
    struct book *giver = any_book(), *receiver = any_book();
    const char *ref = any_ref('x');

    return books_send(&b, PARCEL_TRANSFER, giver, receiver, ref, any_amount());
}

static struct decision step_allocation(void)
{
    struct book *member = any_book();
    const char *ref = any_ref('a');

    return books_send(&b, PARCEL_ALLOCATION, &b.books[0], member, ref, any_amount());
}

static struct decision step_take_back(void)
{
    struct parcel *parcel = any_row(&parcel_table);

    return parcel == NULL ? nothing() : books_take_back(&b, parcel->kind, parcel->ref);
}

static struct decision step_invoiced(void)
{
    struct parcel *parcel = any_row(&parcel_table);

    if (parcel == NULL || parcel->kind != PARCEL_ALLOCATION)
        return nothing();
    return books_invoiced(&b, parcel->ref, below((uint32_t)parcel->amount.minor + 5));
}

static struct decision step_account(void)
{
    static const char *const numbers[] = {NULL, "id-1", "id-2", "id-3"};
    struct book *book = any_book();
    struct account_ask ask = {.policy = "plain", .subject = {.kind = SUBJECT_PERSON, .name = "A"}};

    ask.currency = below(8) == 0 ? "USD" : "CNY";
    ask.master = book == &b.books[0] ? NULL : "boss";
    ask.state = (int)below(ACCOUNT__COUNT);
    ask.subject.id_number = numbers[below(ARRAY_COUNT(numbers))];
    ask.subject.verified = below(2) == 0;
    books_begin(&b);
    return books_account_put(&b, book, book->account->ref, &ask);
}

/* What withdrawals do to lots, within what the lots have. */
static struct decision step_hold(void)
{
    struct topup *topup = below(4) == 0 ? NULL : any_row(&topup_table);
    struct account *a = topup == NULL ? any_book()->account : books_of(&b, topup->account)->account;
    int64_t held = topup == NULL ? a->other_held.minor : topup->held.minor;
    int64_t all = topup == NULL ? a->other.minor : topup->remaining.minor;
    int64_t gone = topup == NULL ? 0 : topup->refunded.minor;
    int64_t most[] = {all - held, held, held, gone};
    uint32_t what = below(4);

    if (most[what] == 0)
        return nothing();
    struct money amount = money_of(1 + below((uint32_t)most[what]));
    static const enum entry_kind kinds[] = {ENTRY_FREEZE, ENTRY_RELEASE, ENTRY_SETTLE, ENTRY_RETURN};
    books_begin(&b);
    struct entry_open entry = ledger_open(&b.d, a, kinds[what], 0, 0, amount);
    if (what == 0)
        ledger_freeze(&b.d, &entry, a, topup, amount);
    else if (what == 1)
        ledger_release(&b.d, &entry, a, topup, amount);
    else if (what == 2)
        ledger_settle(&b.d, &entry, a, topup, amount);
    else
        ledger_return(&b.d, &entry, a, topup, amount);
    if (what >= 2)
        ledger_outside(&b.d, &entry, a, "alipay", what == 2 ? amount : money_negate(amount), MONEY_ZERO);
    ledger_close(&b.d, &entry);
    if (topup != NULL)
        book_add_topup(&b.d, books_of(&b, a->id), topup);
    return decision_ok();
}

/* Any fact told once more, word for word: stored, whatever happened since. */
static struct decision fact_again(const struct fact *fact)
{
    struct book *book = books_of(&b, fact->account);
    int64_t amount_minor = fact->amount.minor;

    if (fact->kind == FACT_CREDIT)
        return books_credit(&b, book, fact->ref, fact->fund, amount_minor);
    if (fact->kind == FACT_CHARGE)
        return books_charge(&b, book, fact->ref, amount_minor);
    SHELF_EACH(&b, topup, topup)
    if (topup->id == fact->topup)
        return books_chargeback(&b, book, topup->ref, fact->ref, amount_minor);
    fail_msg("a chargeback of no top-up");
    return nothing();
}

/* Any fact told once more, word for word: stored, whatever happened since. */
static struct decision step_again(void)
{
    struct fact *fact = any_row(&fact_table);
    struct parcel *parcel = any_row(&parcel_table);
    struct decision decision;

    if (fact != NULL && below(2) == 0)
        decision = fact_again(fact);
    else if (parcel != NULL)
        decision = books_send(&b, parcel->kind, books_of(&b, parcel->giver), books_of(&b, parcel->receiver),
                              parcel->ref, parcel->amount.minor);
    else
        return nothing();
    assert_int_equal(decision.verdict, VERDICT_STORED);
    return decision;
}

static const struct {
    const char *name;
    struct decision (*take)(void);
    uint32_t weight;
} steps[] = {
    {"topup", step_topup, 12},
    {"charge", step_charge, 14},
    {"reverse", step_reverse, 12},
    {"chargeback", step_chargeback, 4},
    {"claim", step_claim, 6},
    {"resource", step_resource, 5},
    {"credit", step_credit, 6},
    {"transfer", step_transfer, 12},
    {"allocation", step_allocation, 8},
    {"take_back", step_take_back, 12},
    {"invoiced", step_invoiced, 8},
    {"account", step_account, 4},
    {"hold", step_hold, 16},
    {"again", step_again, 6},
};
static size_t changed_count[ARRAY_COUNT(steps)], unchanged_count[ARRAY_COUNT(steps)], refused_count;

static size_t any_step(void)
{
    uint32_t total = 0, at;
    size_t i = 0;

    for (size_t k = 0; k < ARRAY_COUNT(steps); k++)
        total += steps[k].weight;
    for (at = below(total); at >= steps[i].weight; i++)
        at -= steps[i].weight;
    return i;
}

static void step(void)
{
    static uint8_t before[8u << 20], after[8u << 20];
    size_t i = any_step(), size = snapshot(before, sizeof(before));
    struct decision decision = steps[i].take();
    bool changes = b.changes.count > 0;

    /* Only what is accepted changes anything, and what is created did. */
    assert_true(!changes || decision_accepts(&decision));
    assert_true(decision.verdict != VERDICT_CREATED || changes);
    assert_true(decision.verdict != VERDICT_STORED || !changes);
    assert_int_equal(decision.code == REFUSAL_NONE, decision_accepts(&decision));
    assert_true((b.changes.first == NULL) == !changes && (b.changes.last == NULL) == !changes);
    changed_count[i] += changes;
    unchanged_count[i] += !changes;
    refused_count += !decision_accepts(&decision);
    if (!changes) {
        assert_int_equal(snapshot(after, sizeof(after)), size);
        assert_memory_equal(before, after, size);
        return;
    }
    books_commit(&b);
    check();
}

static void walk(uint64_t of_seed)
{
    books_init(&b, of_seed);
    sums_count = postings_seen = 0;
    everything = 0;
    books_open(&b, "boss", "id-1", NULL);
    books_open(&b, "alice", "id-1", "boss");
    books_open(&b, "bob", NULL, "boss");
    for (int i = 0; i < STEPS; i++) {
        b.d.now.ms += below(1000);
        step();
    }
    books_fini(&b);
}

static uint64_t only_seed, seed;

/* A history that broke says how to walk it again. */
static int teardown(void **state)
{
    (void)state;
    if (seed != 0)
        fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
    return 0;
}

static void test_histories(void **state)
{
    (void)state;
    if (only_seed != 0) {
        walk(only_seed);
        return;
    }
    for (seed = 1; seed <= HISTORIES; seed++)
        walk(seed);
    seed = 0;
    /* A walk that never does something proves nothing about it. */
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        printf("%-12s %6zu changed, %6zu did not\n", steps[i].name, changed_count[i], unchanged_count[i]);
        assert_true(steps[i].take == step_again ? changed_count[i] == 0 && unchanged_count[i] > 1000
                                                : changed_count[i] > 1000);
    }
    assert_true(refused_count > 1000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_histories)};

    only_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    return cmocka_run_group_tests_name("funds_property", tests, NULL, teardown);
}
