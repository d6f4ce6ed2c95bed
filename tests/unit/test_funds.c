/* SPDX-License-Identifier: Apache-2.0 */
/* Billing facts one by one: what each does to the books, and what it refuses. Their mixture is test_funds_property.c.
 */
#include "books.h"

static struct books b;

static int setup(void **state)
{
    (void)state;
    books_init(&b, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    books_fini(&b);
    return 0;
}

/* The decision is what was expected; what it changed is kept. */
static void accepted(struct decision decision, enum verdict verdict)
{
    if (decision.verdict != verdict)
        fail_msg("verdict %d, code %s, %s", (int)decision.verdict, word_text(&refusal_words, (int)decision.code),
                 decision.detail == NULL ? "" : decision.detail);
    books_commit(&b);
}

/* The decision refuses so, and nothing was touched. */
static void refused(struct decision decision, enum verdict verdict, enum refusal code, const char *pointer)
{
    assert_int_equal(decision.verdict, verdict);
    assert_int_equal(decision.code, code);
    assert_true(decision.pointer == pointer || strcmp(decision.pointer, pointer) == 0);
    assert_int_equal(b.changes.count, 0);
    assert_null(b.d.moves);
}

static struct decision topup_at(struct book *book, const char *ref, int64_t amount_minor, int64_t paid_at_ms)
{
    struct topup_ask ask = {
        .ref = ref, .amount = money_of(amount_minor), .method = METHOD_ALIPAY, .paid_at = {paid_at_ms}};
    char body[160];

    snprintf(body, sizeof(body), "%s %lld %lld", ref, (long long)amount_minor, (long long)paid_at_ms);
    return books_topup(&b, book, &ask, body);
}

static struct topup *topup_of(struct book *book, const char *ref)
{
    struct topup *topup = books_topup_of(&b, book, ref);

    assert_non_null(topup);
    return topup;
}

static void freeze(struct book *book, struct topup *topup, int64_t amount_minor)
{
    books_begin(&b);
    struct entry_open entry = ledger_open(&b.d, book->account, ENTRY_FREEZE, 0, 0, money_of(amount_minor));
    ledger_freeze(&b.d, &entry, book->account, topup, money_of(amount_minor));
    ledger_close(&b.d, &entry);
    books_commit(&b);
}

/* --- top-ups --- */

static void test_topup_channel(void **state)
{
    static const struct {
        enum method method;
        const char *channel, *expected;
    } rows[] = {
        {METHOD_ALIPAY, NULL, "alipay"},      {METHOD_WECHAT, NULL, "wechatpay"},
        {METHOD_UNIONPAY, NULL, "unionpay"},  {METHOD_ONLINE_BANK, NULL, "unionpay"},
        {METHOD_BANK_CARD, NULL, "unionpay"}, {METHOD_BANK_TRANSFER, NULL, "bankfile"},
        {METHOD_OFFLINE, NULL, "bankfile"},   {METHOD_ALIPAY, "stripe", "stripe"},
    };
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char ref[8];
        snprintf(ref, sizeof(ref), "t%zu", i);
        struct topup_ask ask = {
            .ref = ref, .amount = money_of(100), .method = (int)rows[i].method, .channel = rows[i].channel};
        accepted(books_topup(&b, alice, &ask, ref), VERDICT_CREATED);
        assert_string_equal(topup_of(alice, ref)->channel, rows[i].expected);
        assert_int_equal(topup_of(alice, ref)->paid_at.ms, BOOKS_NOW);
    }
    assert_int_equal(alice->account->topup.minor, 800);
    assert_int_equal(alice->account->topped_up.minor, 800);
    assert_int_equal(alice->topups_count, 8);
}

/* In one batch a top-up may be recorded before anybody needed the list: the list has it all the same. */
static void test_topup_before_loading(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    alice->topups_loaded = false;
    accepted(topup_at(alice, "t1", 100, 0), VERDICT_CREATED);
    assert_int_equal(alice->topups_count, 1);
    accepted(books_charge(&b, alice, "c1", 100), VERDICT_CREATED);
    assert_int_equal(alice->topups_count, 0);
    accepted(books_reverse(&b, alice, "c1"), VERDICT_OK);
    assert_int_equal(alice->topups_count, 1);
}

static void test_topup_refusals(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    accepted(topup_at(alice, "ahead", 1, BOOKS_NOW + FACT_AHEAD_MS), VERDICT_CREATED);
    refused(topup_at(alice, "t", 1, BOOKS_NOW + FACT_AHEAD_MS + 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/paid_at");
    accepted(topup_at(alice, "t1", 100, 0), VERDICT_CREATED);
    assert_int_equal(topup_at(alice, "t1", 100, 0).verdict, VERDICT_STORED);
    assert_int_equal(b.changes.count, 0);
    refused(topup_at(alice, "t1", 101, 0), VERDICT_CONFLICT, REFUSAL_REF_REUSED, NULL);
    /* The balance ends at MONEY_BALANCE_MAX exactly. */
    for (int i = 0; i < 99; i++) {
        char ref[8];
        snprintf(ref, sizeof(ref), "m%d", i);
        accepted(topup_at(alice, ref, MONEY_INPUT_MAX, 0), VERDICT_CREATED);
    }
    accepted(topup_at(alice, "last", MONEY_INPUT_MAX - 101, 0), VERDICT_CREATED);
    assert_int_equal(fund_balance(alice->account).minor, MONEY_BALANCE_MAX);
    refused(topup_at(alice, "over", 1, 0), VERDICT_REFUSED, REFUSAL_BALANCE_LIMIT, "/amount");
    refused(books_credit(&b, alice, "over", FUND_VOUCHER, 1), VERDICT_REFUSED, REFUSAL_BALANCE_LIMIT, "/amount");
}

/* --- charges --- */

/* Funds: voucher 10, transferred_in 20, allocated_in 30, top-ups 40 (older, 15 on hold) and 50, other 60 (6 on hold).
 */
static struct book *rich_account(void)
{
    struct book *boss = books_open(&b, "boss", NULL, NULL);
    struct book *alice = books_open(&b, "alice", "id-1", "boss");

    accepted(topup_at(boss, "b1", 50, BOOKS_NOW - 9), VERDICT_CREATED);
    accepted(books_send(&b, PARCEL_TRANSFER, boss, alice, "x1", 20), VERDICT_CREATED);
    accepted(books_send(&b, PARCEL_ALLOCATION, boss, alice, "a1", 30), VERDICT_CREATED);
    accepted(topup_at(alice, "new", 50, BOOKS_NOW - 1), VERDICT_CREATED);
    accepted(topup_at(alice, "old", 40, BOOKS_NOW - 2), VERDICT_CREATED);
    accepted(books_credit(&b, alice, "o1", FUND_OTHER, 60), VERDICT_CREATED);
    accepted(books_credit(&b, alice, "v1", FUND_VOUCHER, 10), VERDICT_CREATED);
    freeze(alice, topup_of(alice, "old"), 15);
    freeze(alice, NULL, 6);
    return alice;
}

static const struct charge_row {
    int64_t amount, voucher, transferred_in, allocated_in, old, fresh, other, overdue;
} charge_rows[] = {
    {1, 9, 20, 30, 40, 50, 60, 0}, {10, 0, 20, 30, 40, 50, 60, 0}, {11, 0, 19, 30, 40, 50, 60, 0},
    {30, 0, 0, 30, 40, 50, 60, 0}, {31, 0, 0, 29, 40, 50, 60, 0},  {60, 0, 0, 0, 40, 50, 60, 0},
    {61, 0, 0, 0, 39, 50, 60, 0},  {85, 0, 0, 0, 15, 50, 60, 0},   {86, 0, 0, 0, 15, 49, 60, 0},
    {135, 0, 0, 0, 15, 0, 60, 0},  {136, 0, 0, 0, 15, 0, 59, 0},   {189, 0, 0, 0, 15, 0, 6, 0},
    {190, 0, 0, 0, 15, 0, 6, 1},   {1000, 0, 0, 0, 15, 0, 6, 811},
};

static void charge_figures(struct book *alice, const struct charge_row *row)
{
    const struct account *a = alice->account;

    assert_int_equal(a->voucher.minor, row->voucher);
    assert_int_equal(a->transferred_in.minor, row->transferred_in);
    assert_int_equal(a->allocated_in.minor, row->allocated_in);
    assert_int_equal(topup_of(alice, "old")->remaining.minor, row->old);
    assert_int_equal(topup_of(alice, "new")->remaining.minor, row->fresh);
    assert_int_equal(a->topup.minor, row->old + row->fresh);
    assert_int_equal(a->other.minor, row->other);
    assert_int_equal(a->overdue.minor, row->overdue);
    assert_int_equal(alice->subject->overdue.minor, row->overdue);
    assert_int_equal(books_parcel_of(&b, PARCEL_TRANSFER, "x1")->remaining.minor, row->transferred_in);
    assert_int_equal(books_parcel_of(&b, PARCEL_ALLOCATION, "a1")->remaining.minor, row->allocated_in);
    assert_int_equal(a->topup_held.minor, 15);
    assert_int_equal(a->other_held.minor, 6);
}

/* A charge walks down the policy's order to the cent, and its reversal walks back. */
static void test_charge_order(void **state)
{
    static const struct charge_row untouched = {0, 10, 20, 30, 40, 50, 60, 0};
    struct book *alice = rich_account();

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(charge_rows); i++) {
        char ref[8], claim[REF_BYTES];
        snprintf(ref, sizeof(ref), "c%zu", i);
        accepted(books_charge(&b, alice, ref, charge_rows[i].amount), VERDICT_CREATED);
        struct fact *charge = books_fact_of(&b, alice, FACT_CHARGE, ref);
        assert_int_equal(charge->unpaid.minor, charge_rows[i].overdue);
        charge_figures(alice, &charge_rows[i]);
        fact_claim_ref(charge, claim);
        assert_int_equal(books_claim_of(&b, alice, claim) != NULL, charge_rows[i].overdue > 0);

        accepted(books_reverse(&b, alice, ref), VERDICT_OK);
        charge_figures(alice, &untouched);
        assert_int_equal(books_reverse(&b, alice, ref).verdict, VERDICT_STORED);
        assert_int_equal(b.changes.count, 0);
    }
}

static void test_charge_without_debt(void **state)
{
    struct book *alice = rich_account();

    (void)state;
    b.policy.debt = false;
    struct decision decision = books_charge(&b, alice, "c1", 190);
    refused(decision, VERDICT_CONFLICT, REFUSAL_INSUFFICIENT_FUNDS, NULL);
    assert_true(decision.has_amounts && decision.requested.minor == 190 && decision.available.minor == 189);
    accepted(books_charge(&b, alice, "c1", 189), VERDICT_CREATED);
    assert_int_equal(books_charge(&b, alice, "c1", 189).verdict, VERDICT_STORED);
    refused(books_charge(&b, alice, "c1", 188), VERDICT_CONFLICT, REFUSAL_REF_REUSED, NULL);
}

/* The claim of a charge keeps a name of its own, however long the charge's is. */
static void test_charge_claims(void **state)
{
    char shorter[REF_BYTES], longer[REF_BYTES], twin[REF_BYTES], claim[REF_BYTES], other[REF_BYTES];
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    memset(shorter, 'x', 57);
    shorter[57] = '\0';
    memset(longer, 'x', 64);
    longer[64] = '\0';
    memcpy(twin, longer, sizeof(twin));
    twin[63] = 'y';
    accepted(books_charge(&b, alice, shorter, 1), VERDICT_CREATED);
    accepted(books_charge(&b, alice, longer, 2), VERDICT_CREATED);
    accepted(books_charge(&b, alice, twin, 4), VERDICT_CREATED);
    assert_int_equal(alice->account->overdue.minor, 7);
    fact_claim_ref(books_fact_of(&b, alice, FACT_CHARGE, shorter), claim);
    assert_int_equal(strlen(claim), 64);
    fact_claim_ref(books_fact_of(&b, alice, FACT_CHARGE, longer), claim);
    fact_claim_ref(books_fact_of(&b, alice, FACT_CHARGE, twin), other);
    assert_string_not_equal(claim, other);
    assert_true(field_ref_ok(claim));
    refused(books_claim(&b, alice, "charge:next", CLAIM_OVERDUE, 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, NULL);
    refused(books_claim(&b, alice, "charge.id:ch_1", CLAIM_OVERDUE, 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, NULL);
    refused(books_claim(&b, alice, "chargeback:1", CLAIM_OVERDUE, 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, NULL);
    /* The billing system may close it when it was paid; the reversal then finds nothing left to lower. */
    accepted(books_claim(&b, alice, claim, CLAIM_OVERDUE, 1), VERDICT_OK);
    accepted(books_reverse(&b, alice, longer), VERDICT_OK);
    assert_int_equal(alice->account->overdue.minor, 5);
}

/* --- chargebacks --- */

static void test_chargeback(void **state)
{
    struct book *alice = books_open(&b, "alice", "id-1", NULL);

    (void)state;
    accepted(topup_at(alice, "t1", 100, 0), VERDICT_CREATED);
    struct topup *t1 = topup_of(alice, "t1");
    refused(books_chargeback(&b, alice, "t1", "cb1", 101), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/amount");
    accepted(books_chargeback(&b, alice, "t1", "cb1", 30), VERDICT_CREATED);
    assert_int_equal(t1->remaining.minor, 70);
    assert_int_equal(t1->refunded.minor, 30);
    assert_int_equal(alice->account->overdue.minor, 0);
    assert_int_equal(books_chargeback(&b, alice, "t1", "cb1", 30).verdict, VERDICT_STORED);
    refused(books_chargeback(&b, alice, "t1", "cb1", 31), VERDICT_CONFLICT, REFUSAL_REF_REUSED, NULL);

    freeze(alice, t1, 20);
    accepted(books_chargeback(&b, alice, "t1", "cb2", 60), VERDICT_CREATED);
    assert_int_equal(t1->remaining.minor, 20); /* what is on hold stays for its withdrawal */
    assert_int_equal(t1->refunded.minor, 80);
    assert_int_equal(alice->account->overdue.minor, 10);
    assert_int_equal(alice->subject->overdue.minor, 10);
    assert_int_equal(books_claim_of(&b, alice, "chargeback:cb2")->amount.minor, 10);
    assert_int_equal(books_shelf(&b, &incident_table)->count, 1);
    struct incident *incident = (struct incident *)books_shelf(&b, &incident_table)->items[0];
    assert_string_equal(incident->kind, "chargeback_short");
    assert_int_equal(incident->amount.minor, 10);
}

/* --- claims --- */

static void test_claims(void **state)
{
    static const struct {
        const char *says, *ref;
        enum claim_kind kind;
        int64_t amount;
        enum verdict verdict;
        int64_t owed_invoice, overdue, unsettled, invoiced;
    } rows[] = {
        {"opened", "k1", CLAIM_OVERDUE, 100, VERDICT_CREATED, 0, 100, 0, 0},
        {"told again", "k1", CLAIM_OVERDUE, 100, VERDICT_OK, 0, 100, 0, 0},
        {"grown", "k1", CLAIM_OVERDUE, 150, VERDICT_OK, 0, 150, 0, 0},
        {"another", "k2", CLAIM_UNSETTLED, 7, VERDICT_CREATED, 0, 150, 7, 0},
        {"an invoice", "k3", CLAIM_OWED_INVOICE, 3, VERDICT_CREATED, 3, 150, 7, 0},
        {"invoiced so far", "k4", CLAIM_INVOICED, 9, VERDICT_CREATED, 3, 150, 7, 9},
        {"unsettled falls due", "k2", CLAIM_OVERDUE, 7, VERDICT_OK, 3, 157, 0, 9},
        {"paid in part", "k1", CLAIM_OVERDUE, 20, VERDICT_OK, 3, 27, 0, 9},
        {"closed", "k1", CLAIM_OVERDUE, 0, VERDICT_OK, 3, 7, 0, 9},
        {"closed twice", "k1", CLAIM_OVERDUE, 0, VERDICT_OK, 3, 7, 0, 9},
        {"opened again", "k1", CLAIM_OVERDUE, 1, VERDICT_OK, 3, 8, 0, 9},
        {"never more than nothing", "k5", CLAIM_OVERDUE, 0, VERDICT_CREATED, 3, 8, 0, 9},
    };
    struct book *alice = books_open(&b, "alice", "id-1", NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        accepted(books_claim(&b, alice, rows[i].ref, rows[i].kind, rows[i].amount), rows[i].verdict);
        assert_int_equal(alice->account->owed_invoice.minor, rows[i].owed_invoice);
        assert_int_equal(alice->account->overdue.minor, rows[i].overdue);
        assert_int_equal(alice->account->unsettled.minor, rows[i].unsettled);
        assert_int_equal(alice->account->invoiced.minor, rows[i].invoiced);
        assert_int_equal(alice->subject->overdue.minor, rows[i].overdue);
    }
    refused(books_claim(&b, alice, "a/b", CLAIM_OVERDUE, 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, NULL);
    alice->account->overdue = money_of(MONEY_BALANCE_MAX);
    refused(books_claim(&b, alice, "k6", CLAIM_OVERDUE, 1), VERDICT_REFUSED, REFUSAL_BALANCE_LIMIT, "/amount");
}

/* --- resources --- */

static void test_resources(void **state)
{
    static const int64_t t = BOOKS_NOW - MS_DAY;
    static const struct {
        const char *says, *ref;
        enum resource_state state;
        int64_t at, frozen;
        enum verdict verdict;
        int64_t active, sum, released;
    } rows[] = {
        {"one comes up", "r1", RESOURCE_ACTIVE, 0, 50, VERDICT_CREATED, 1, 50, 0},
        {"told again", "r1", RESOURCE_ACTIVE, 0, 50, VERDICT_OK, 1, 50, 0},
        {"another freezes more", "r2", RESOURCE_ACTIVE, t, 20, VERDICT_CREATED, 2, 70, 0},
        {"the first freezes less", "r1", RESOURCE_ACTIVE, 0, 10, VERDICT_OK, 2, 30, 0},
        {"one is released", "r1", RESOURCE_RELEASED, t + 5, 0, VERDICT_OK, 1, 20, t + 5},
        {"an earlier release heard of late", "r2", RESOURCE_RELEASED, t + 3, 0, VERDICT_OK, 0, 0, t + 5},
        {"first heard of when released", "r3", RESOURCE_RELEASED, t + 9, 99, VERDICT_CREATED, 0, 0, t + 9},
        {"released again, earlier", "r3", RESOURCE_RELEASED, t + 1, 99, VERDICT_OK, 0, 0, t + 9},
        {"released again, without a moment", "r3", RESOURCE_RELEASED, 0, 99, VERDICT_OK, 0, 0, t + 9},
        {"released again, later", "r3", RESOURCE_RELEASED, t + 12, 99, VERDICT_OK, 0, 0, t + 12},
        {"up again", "r3", RESOURCE_ACTIVE, 0, 5, VERDICT_OK, 1, 5, t + 12},
        {"down now", "r3", RESOURCE_RELEASED, 0, 5, VERDICT_OK, 0, 0, BOOKS_NOW},
    };
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        accepted(books_resource(&b, alice, rows[i].ref, rows[i].state, rows[i].at, rows[i].frozen), rows[i].verdict);
        if (alice->account->payg_active != rows[i].active || alice->account->payg_frozen.minor != rows[i].sum ||
            alice->account->payg_last_released_at.ms != rows[i].released)
            fail_msg("%s: %lld active, %lld frozen, released %lld", rows[i].says,
                     (long long)alice->account->payg_active, (long long)alice->account->payg_frozen.minor,
                     (long long)(alice->account->payg_last_released_at.ms - t));
    }
    refused(books_resource(&b, alice, "r1", RESOURCE_RELEASED, BOOKS_NOW + FACT_AHEAD_MS + 1, 0), VERDICT_REFUSED,
            REFUSAL_INVALID_VALUE, "/at");
}

/* --- credits --- */

static void test_credits(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    accepted(books_credit(&b, alice, "c1", FUND_OTHER, 5), VERDICT_CREATED);
    accepted(books_credit(&b, alice, "c2", FUND_VOUCHER, 7), VERDICT_CREATED);
    assert_int_equal(alice->account->other.minor, 5);
    assert_int_equal(alice->account->voucher.minor, 7);
    assert_int_equal(books_credit(&b, alice, "c1", FUND_OTHER, 5).verdict, VERDICT_STORED);
    refused(books_credit(&b, alice, "c1", FUND_VOUCHER, 5), VERDICT_CONFLICT, REFUSAL_REF_REUSED, NULL);
    refused(books_credit(&b, alice, "c3", FUND_TOPUP, 5), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/fund");
    refused(books_credit(&b, alice, "c3", FUND_TRANSFERRED_IN, 5), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/fund");
}

/* --- transfers and allocations --- */

static void test_transfer(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL), *bob = books_open(&b, "bob", NULL, NULL);

    (void)state;
    accepted(topup_at(alice, "old", 40, BOOKS_NOW - 2), VERDICT_CREATED);
    accepted(topup_at(alice, "new", 50, BOOKS_NOW - 1), VERDICT_CREATED);
    accepted(books_credit(&b, alice, "o", FUND_OTHER, 10), VERDICT_CREATED);
    accepted(books_credit(&b, alice, "v", FUND_VOUCHER, 1000), VERDICT_CREATED);
    freeze(alice, topup_of(alice, "old"), 5);
    refused(books_send(&b, PARCEL_TRANSFER, alice, alice, "x1", 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/to");
    struct decision decision = books_send(&b, PARCEL_TRANSFER, alice, bob, "x1", 96);
    refused(decision, VERDICT_CONFLICT, REFUSAL_INSUFFICIENT_FUNDS, NULL);
    assert_int_equal(decision.available.minor, 95);

    accepted(books_send(&b, PARCEL_TRANSFER, alice, bob, "x1", 88), VERDICT_CREATED);
    assert_int_equal(topup_of(alice, "old")->remaining.minor, 5);
    assert_int_equal(topup_of(alice, "new")->remaining.minor, 0);
    assert_int_equal(alice->account->other.minor, 7);
    assert_int_equal(bob->account->transferred_in.minor, 88);
    assert_int_equal(books_send(&b, PARCEL_TRANSFER, alice, bob, "x1", 88).verdict, VERDICT_STORED);
    refused(books_send(&b, PARCEL_TRANSFER, alice, bob, "x1", 87), VERDICT_CONFLICT, REFUSAL_REF_REUSED, NULL);
    /* What was given is no money of the receiver's own: it cannot be passed on. */
    decision = books_send(&b, PARCEL_TRANSFER, bob, alice, "x2", 1);
    refused(decision, VERDICT_CONFLICT, REFUSAL_INSUFFICIENT_FUNDS, NULL);

    accepted(books_charge(&b, bob, "c1", 60), VERDICT_CREATED);
    accepted(books_take_back(&b, PARCEL_TRANSFER, "x1"), VERDICT_OK);
    /* 28 were left: other's 3 first, then 25 of the newer top-up. */
    assert_int_equal(bob->account->transferred_in.minor, 0);
    assert_int_equal(bob->parcels_count, 0);
    assert_int_equal(alice->account->other.minor, 10);
    assert_int_equal(topup_of(alice, "new")->remaining.minor, 25);
    assert_int_equal(topup_of(alice, "old")->remaining.minor, 5);
    assert_int_equal(alice->topups_count, 2);
    refused(books_take_back(&b, PARCEL_TRANSFER, "x1"), VERDICT_CONFLICT, REFUSAL_STATE_CONFLICT, NULL);

    /* The charge is undone after the recall: its money stands in the parcel again, and can be recalled again. */
    accepted(books_reverse(&b, bob, "c1"), VERDICT_OK);
    assert_int_equal(bob->account->transferred_in.minor, 60);
    assert_int_equal(bob->parcels_count, 1);
    accepted(books_take_back(&b, PARCEL_TRANSFER, "x1"), VERDICT_OK);
    assert_int_equal(topup_of(alice, "old")->remaining.minor, 40);
    assert_int_equal(topup_of(alice, "new")->remaining.minor, 50);
}

static void test_transfer_currency(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL), *bob = &b.books[b.books_count++];
    struct account_ask ask = {.policy = "plain", .currency = "USD"};

    (void)state;
    books_begin(&b);
    refused(books_account_put(&b, bob, "bob", &ask), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/currency");
    snprintf(b.policy.currency, sizeof b.policy.currency, "USD");
    accepted(books_account_put(&b, bob, "bob", &ask), VERDICT_CREATED);
    snprintf(b.policy.currency, sizeof b.policy.currency, "CNY");
    accepted(topup_at(alice, "t1", 40, 0), VERDICT_CREATED);
    refused(books_send(&b, PARCEL_TRANSFER, alice, bob, "x1", 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/to");
}

/* HW-05: reclaimable = allocated − used − invoiced. */
static void test_allocation(void **state)
{
    struct book *boss = books_open(&b, "boss", NULL, NULL), *alice = books_open(&b, "alice", NULL, "boss");
    struct book *carol = books_open(&b, "carol", NULL, NULL);

    (void)state;
    accepted(topup_at(boss, "t1", 100, 0), VERDICT_CREATED);
    refused(books_send(&b, PARCEL_ALLOCATION, boss, carol, "a1", 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/member");
    refused(books_send(&b, PARCEL_ALLOCATION, alice, boss, "a1", 1), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/member");
    accepted(books_send(&b, PARCEL_ALLOCATION, boss, alice, "a1", 100), VERDICT_CREATED);
    assert_int_equal(alice->account->allocated_in.minor, 100);
    refused(books_invoiced(&b, "a1", 101), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/invoiced");
    accepted(books_invoiced(&b, "a1", 30), VERDICT_OK);
    accepted(books_invoiced(&b, "a1", 30), VERDICT_OK);
    accepted(books_charge(&b, alice, "c1", 20), VERDICT_CREATED);
    accepted(books_take_back(&b, PARCEL_ALLOCATION, "a1"), VERDICT_OK); /* 100 − 20 − 30 */
    assert_int_equal(alice->account->allocated_in.minor, 30);
    assert_int_equal(boss->account->topup.minor, 50);
    refused(books_take_back(&b, PARCEL_ALLOCATION, "a1"), VERDICT_CONFLICT, REFUSAL_STATE_CONFLICT, NULL);
    accepted(books_invoiced(&b, "a1", 0), VERDICT_OK); /* the invoice was returned (HW-04) */
    accepted(books_take_back(&b, PARCEL_ALLOCATION, "a1"), VERDICT_OK);
    assert_int_equal(boss->account->topup.minor, 80);
}

/* --- accounts --- */

static struct decision account_again(struct book *book, const char *ref, const struct account_ask *ask)
{
    books_begin(&b);
    return books_account_put(&b, book, ref, ask);
}

static void test_account_refusals(void **state)
{
    static const struct {
        const char *says, *ref, *currency, *master, *pointer;
    } rows[] = {
        {"an unknown currency", "alice", "XQZ", NULL, "/currency"},
        {"lower case is unknown", "alice", "cny", NULL, "/currency"},
        {"its own master", "alice", "CNY", "alice", "/master"},
        {"a ref that is none", "al ice", "CNY", NULL, NULL},
    };
    struct book book = {0};
    struct account_ask plain = {.policy = "plain", .currency = "CNY"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct account_ask ask = {.policy = "plain", .currency = rows[i].currency, .master = rows[i].master};
        refused(account_again(&book, rows[i].ref, &ask), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, rows[i].pointer);
        assert_null(book.account);
    }
    b.d.policy = NULL;
    refused(account_again(&book, "alice", &plain), VERDICT_REFUSED, REFUSAL_INVALID_VALUE, "/policy");
}

static void test_account_changes(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL);
    struct account_ask ask = {
        .policy = "plain", .currency = "CNY", .subject = {SUBJECT_ENTERPRISE, "ACME", NULL, true}};
    int64_t version = alice->account->version;

    (void)state;
    assert_int_equal(alice->account->state, ACCOUNT_ACTIVE);
    accepted(account_again(alice, "alice", &ask), VERDICT_OK);
    assert_int_equal(alice->account->version, version); /* nothing said, nothing new */
    ask.policy = "other";
    ask.state = ACCOUNT_FROZEN;
    ask.phone = "13900000000";
    ask.partner = (struct partner_ask){"p1", PARTNER_ADVANCE, true};
    accepted(account_again(alice, "alice", &ask), VERDICT_OK);
    assert_string_equal(alice->account->policy, "other");
    assert_int_equal(alice->account->state, ACCOUNT_FROZEN);
    assert_string_equal(alice->account->partner, "p1");
    assert_int_equal(alice->account->partner_payment, PARTNER_ADVANCE);
    assert_string_equal(alice->identity->phone, "13900000000");
    assert_int_equal(alice->account->version, version + 1);
    assert_string_equal(b.d.moves->from, "active");
    assert_string_equal(b.d.moves->to, "frozen");
    ask.currency = "USD";
    refused(account_again(alice, "alice", &ask), VERDICT_CONFLICT, REFUSAL_STATE_CONFLICT, NULL);
    /* A PUT unsets what it leaves out, and a frozen or closed account takes facts. */
    struct account_ask bare = {.policy = "plain", .currency = "CNY", .state = ACCOUNT_CLOSED};
    accepted(account_again(alice, "alice", &bare), VERDICT_OK);
    assert_null(alice->identity->phone);
    assert_false(alice->account->verified);
    accepted(topup_at(alice, "t1", 5, 0), VERDICT_CREATED);
}

/* AL-06 stands on this: the identity's overdue follows its accounts. */
static void test_subjects(void **state)
{
    struct book *alice = books_open(&b, "alice", "id-1", NULL), *alma = books_open(&b, "alma", "id-1", NULL);
    struct account_ask ask = {.policy = "plain", .currency = "CNY", .subject = {SUBJECT_PERSON, "A", "id-2", true}};

    (void)state;
    assert_ptr_equal(alice->subject, alma->subject);
    assert_int_equal(alice->subject->accounts, 2);
    accepted(books_claim(&b, alice, "k", CLAIM_OVERDUE, 10), VERDICT_CREATED);
    accepted(books_claim(&b, alma, "k", CLAIM_OVERDUE, 5), VERDICT_CREATED);
    assert_int_equal(alma->subject->overdue.minor, 15);
    struct subject *before = alice->subject;
    accepted(account_again(alice, "alice", &ask), VERDICT_OK);
    assert_int_equal(before->overdue.minor, 5);
    assert_int_equal(before->accounts, 1);
    assert_int_equal(alice->subject->overdue.minor, 10);
    assert_int_equal(alice->subject->accounts, 1);
    ask.subject.id_number = NULL;
    before = alice->subject;
    accepted(account_again(alice, "alice", &ask), VERDICT_OK);
    assert_null(alice->subject);
    assert_int_equal(before->overdue.minor, 0);
    accepted(books_claim(&b, alice, "k", CLAIM_OVERDUE, 11), VERDICT_OK);
}

/* Every accepted fact tells the audit what it was about, and the outside that it happened. */
static void test_story(void **state)
{
    struct book *alice = books_open(&b, "alice", NULL, NULL);

    (void)state;
    assert_int_equal(b.d.object, alice->account->id);
    accepted(topup_at(alice, "t1", 100, 0), VERDICT_CREATED);
    assert_int_equal(b.d.object, topup_of(alice, "t1")->id);
    assert_string_equal(b.d.moves->prefix, "en");
    assert_string_equal(b.d.moves_last->prefix, "tu");
    struct shelf *events = books_shelf(&b, &event_table);
    struct event *event = (struct event *)events->items[events->count - 1];
    char expected[200], id[ID_TEXT_BYTES];
    id_format("tu", topup_of(alice, "t1")->id, id);
    snprintf(expected, sizeof(expected),
             "{\"account\":\"alice\",\"id\":\"%s\",\"ref\":\"t1\",\"amount\":100,\"currency\":\"CNY\"}", id);
    assert_string_equal(event->type, "topup.recorded");
    assert_string_equal(event->data, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_topup_channel),
        TEST(test_topup_before_loading),
        TEST(test_topup_refusals),
        TEST(test_charge_order),
        TEST(test_charge_without_debt),
        TEST(test_charge_claims),
        TEST(test_chargeback),
        TEST(test_claims),
        TEST(test_resources),
        TEST(test_credits),
        TEST(test_transfer),
        TEST(test_transfer_currency),
        TEST(test_allocation),
        TEST(test_account_refusals),
        TEST(test_account_changes),
        TEST(test_subjects),
        TEST(test_story),
    };

    return cmocka_run_group_tests_name("funds", tests, NULL, NULL);
}
