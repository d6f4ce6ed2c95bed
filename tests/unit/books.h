/* SPDX-License-Identifier: Apache-2.0 */
/* A small engine for tests of the fact modules: it keeps the rows that decisions make, hands the right ones back by
 * ref, and "commits" by marking them clean. No store, no clock; everything lives in one arena. */
#ifndef EBB_TESTS_BOOKS_H
#define EBB_TESTS_BOOKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/draw.h"
#include "domain/funds.h"

#define BOOKS_ARENA_BYTES (256u << 20)
#define BOOKS_ACCOUNTS 4
#define BOOKS_NOW INT64_C(1795140000000) /* 2026-11-20T10:00:00+08:00 */

/* The rows of one table, in order of their making. */
struct shelf {
    const struct table *table;
    struct row **items;
    size_t count, capacity;
};
struct books {
    struct arena arena;
    struct ids ids;
    struct random random;
    struct changes changes;
    struct policy policy;
    struct deciding d;
    struct shelf shelves[16];
    size_t shelves_count;
    struct book books[BOOKS_ACCOUNTS];
    size_t books_count;
};

static inline struct shelf *books_shelf(struct books *b, const struct table *table)
{
    for (size_t i = 0; i < b->shelves_count; i++)
        if (b->shelves[i].table == table)
            return &b->shelves[i];
    assert_true(b->shelves_count < ARRAY_COUNT(b->shelves));
    b->shelves[b->shelves_count].table = table;
    return &b->shelves[b->shelves_count++];
}

/* Every row of a table in turn, as `var`; the body is one statement. */
#define SHELF_EACH(b, type, var)                                                                                       \
    for (size_t var##_i = 0; var##_i < books_shelf((b), &type##_table)->count; var##_i++)                              \
        for (struct type *var = (struct type *)books_shelf((b), &type##_table)->items[var##_i]; var != NULL; var = NULL)

static inline void books_init(struct books *b, uint64_t seed)
{
    static const enum fund order[FUND__COUNT] = {FUND_VOUCHER, FUND_TRANSFERRED_IN, FUND_ALLOCATED_IN, FUND_TOPUP,
                                                 FUND_OTHER};

    memset(b, 0, sizeof(*b));
    arena_init(&b->arena, BOOKS_ARENA_BYTES);
    ids_init(&b->ids, 0, 0);
    random_init_seed(&b->random, seed);
    memcpy(b->policy.charge_order, order, sizeof(order));
    b->policy.debt = true;
    snprintf(b->policy.name, sizeof(b->policy.name), "plain");
    snprintf(b->policy.currency, sizeof(b->policy.currency), "CNY");
    b->d = (struct deciding){.now = {BOOKS_NOW},
                             .arena = &b->arena,
                             .ids = &b->ids,
                             .random = &b->random,
                             .changes = &b->changes,
                             .policy = &b->policy,
                             .principal = "test"};
}

static inline void books_fini(struct books *b)
{
    for (size_t i = 0; i < b->shelves_count; i++)
        free(b->shelves[i].items);
    arena_fini(&b->arena);
}

/* Before every decision, as the engine does. */
static inline void books_begin(struct books *b)
{
    assert_int_equal(b->changes.count, 0);
    b->d.moves = b->d.moves_last = NULL;
    b->d.object = 0;
    assert_true(arena_reserve(&b->arena, FUNDS_ARENA_BYTES + 256 * FUNDS_LOT_BYTES));
}

/* Takes what changed to the shelves; nothing is "changed" afterwards. */
static inline void books_commit(struct books *b)
{
    size_t count = 0;

    for (struct row *row = b->changes.first, *next; row != NULL; row = next, count++) {
        next = row->next_changed;
        if (row->state == ROW_NEW) {
            struct shelf *shelf = books_shelf(b, row->table);
            if (shelf->count == shelf->capacity) {
                shelf->capacity = shelf->capacity == 0 ? 64 : shelf->capacity * 2;
                shelf->items = realloc(shelf->items, shelf->capacity * sizeof(*shelf->items));
                assert_non_null(shelf->items);
            }
            shelf->items[shelf->count++] = row;
        }
        row->state = ROW_CLEAN;
        row->next_changed = NULL;
    }
    assert_int_equal(count, b->changes.count);
    b->changes = (struct changes){0};
}

static inline void books_fingerprint(const char *text, uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes part = bytes_of_text(text);

    hash_parts("test", NULL, &part, 1, ret, HASH_SHORT_BYTES);
}

static inline struct subject *books_subject(struct books *b, const uint8_t id[HASH_SHORT_BYTES])
{
    SHELF_EACH(b, subject, subject)
    if (memcmp(subject->id, id, HASH_SHORT_BYTES) == 0)
        return subject;
    return NULL;
}

/* Puts an account as the engine would: the identity's hash, its subject rows, its book. */
static inline struct decision books_account_put(struct books *b, struct book *book, const char *ref,
                                                const struct account_ask *ask)
{
    static const uint8_t none[HASH_SHORT_BYTES];
    uint8_t id[HASH_SHORT_BYTES] = {0};

    if (ask->subject.id_number != NULL)
        books_fingerprint(ask->subject.id_number, id);
    struct subject *old_subject = book->account == NULL ? NULL : books_subject(b, book->account->subject);
    struct subject *new_subject = memcmp(id, none, sizeof(id)) == 0 ? NULL : books_subject(b, id);
    return account_put(&b->d, book, ref, ask, old_subject, new_subject, id);
}

/* An account of the name, committed, with the identity number (NULL: none) and master. */
static inline struct book *books_open(struct books *b, const char *ref, const char *id_number, const char *master)
{
    struct account_ask ask = {.policy = "plain",
                              .currency = "CNY",
                              .master = master,
                              .subject = {SUBJECT_ENTERPRISE, "ACME", id_number, true}};
    struct book *book = &b->books[b->books_count++];

    assert_true(b->books_count <= BOOKS_ACCOUNTS);
    books_begin(b);
    struct decision decision = books_account_put(b, book, ref, &ask);
    assert_int_equal(decision.verdict, VERDICT_CREATED);
    books_commit(b);
    return book;
}

static inline struct topup *books_topup_of(struct books *b, const struct book *book, const char *ref)
{
    SHELF_EACH(b, topup, topup)
    if (topup->account == book->account->id && strcmp(topup->ref, ref) == 0)
        return topup;
    return NULL;
}

static inline struct fact *books_fact_of(struct books *b, const struct book *book, enum fact_kind kind, const char *ref)
{
    SHELF_EACH(b, fact, fact)
    if (fact->account == book->account->id && fact->kind == kind && strcmp(fact->ref, ref) == 0)
        return fact;
    return NULL;
}

static inline struct claim *books_claim_of(struct books *b, const struct book *book, const char *ref)
{
    SHELF_EACH(b, claim, claim)
    if (claim->account == book->account->id && strcmp(claim->ref, ref) == 0)
        return claim;
    return NULL;
}

static inline struct resource *books_resource_of(struct books *b, const struct book *book, const char *ref)
{
    SHELF_EACH(b, resource, resource)
    if (resource->account == book->account->id && strcmp(resource->ref, ref) == 0)
        return resource;
    return NULL;
}

static inline struct parcel *books_parcel_of(struct books *b, enum parcel_kind kind, const char *ref)
{
    SHELF_EACH(b, parcel, parcel)
    if (parcel->kind == kind && strcmp(parcel->ref, ref) == 0)
        return parcel;
    return NULL;
}

/* The draws of a fact or parcel with the lots that they came from. */
#define BOOKS_DRAWS_MAX 256
struct draws {
    struct draw *draws[BOOKS_DRAWS_MAX];
    struct topup *topups[BOOKS_DRAWS_MAX];
    struct parcel *parcels[BOOKS_DRAWS_MAX];
    size_t count;
};
static inline void books_draws_of(struct books *b, int64_t owner, struct draws *ret)
{
    memset(ret, 0, sizeof(*ret));
    SHELF_EACH(b, draw, draw)
    {
        if (draw->owner != owner)
            continue;
        assert_true(ret->count < BOOKS_DRAWS_MAX);
        SHELF_EACH(b, topup, topup)
        if (topup->id == draw->source)
            ret->topups[ret->count] = topup;
        SHELF_EACH(b, parcel, parcel)
        if (parcel->id == draw->source)
            ret->parcels[ret->count] = parcel;
        ret->draws[ret->count++] = draw;
    }
}

/* Facts by their refs, looked up as the engine looks them up. The fingerprint is of the text. */
static inline struct decision books_topup(struct books *b, struct book *book, const struct topup_ask *ask,
                                          const char *body)
{
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct topup *ret = NULL;

    books_begin(b);
    books_fingerprint(body, fingerprint);
    return topup_record(&b->d, book, ask, fingerprint, books_topup_of(b, book, ask->ref), &ret);
}

static inline struct decision books_charge(struct books *b, struct book *book, const char *ref, int64_t amount_minor)
{
    struct charge_ask ask = {ref, money_of(amount_minor)};
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct fact *ret = NULL;
    char body[128];

    books_begin(b);
    snprintf(body, sizeof(body), "%s %lld", ref, (long long)amount_minor);
    books_fingerprint(body, fingerprint);
    return charge_record(&b->d, book, &ask, fingerprint, books_fact_of(b, book, FACT_CHARGE, ref), &ret);
}

static inline struct decision books_reverse(struct books *b, struct book *book, const char *ref)
{
    struct fact *charge = books_fact_of(b, book, FACT_CHARGE, ref);
    char claim[REF_BYTES];
    static struct draws draws;

    books_begin(b);
    assert_non_null(charge);
    fact_claim_ref(charge, claim);
    books_draws_of(b, charge->id, &draws);
    return charge_reverse(&b->d, book, charge, draws.draws, draws.count, draws.topups, draws.parcels,
                          books_claim_of(b, book, claim));
}

static inline struct decision books_chargeback(struct books *b, struct book *book, const char *topup, const char *ref,
                                               int64_t amount_minor)
{
    struct chargeback_ask ask = {ref, money_of(amount_minor)};
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct fact *ret = NULL;
    char body[192];

    books_begin(b);
    snprintf(body, sizeof(body), "%s %s %lld", topup, ref, (long long)amount_minor);
    books_fingerprint(body, fingerprint);
    return chargeback_record(&b->d, book, books_topup_of(b, book, topup), &ask, fingerprint,
                             books_fact_of(b, book, FACT_CHARGEBACK, ref), &ret);
}

static inline struct decision books_claim(struct books *b, struct book *book, const char *ref, enum claim_kind kind,
                                          int64_t amount_minor)
{
    struct claim_ask ask = {(int)kind, money_of(amount_minor)};
    struct claim *ret = NULL;

    books_begin(b);
    return claim_put(&b->d, book, ref, &ask, books_claim_of(b, book, ref), &ret);
}

static inline struct decision books_resource(struct books *b, struct book *book, const char *ref,
                                             enum resource_state state, int64_t at_ms, int64_t frozen_minor)
{
    struct resource_ask ask = {(int)state, {at_ms}, money_of(frozen_minor)};
    struct resource *ret = NULL;

    books_begin(b);
    return resource_put(&b->d, book, ref, &ask, books_resource_of(b, book, ref), &ret);
}

static inline struct decision books_credit(struct books *b, struct book *book, const char *ref, enum fund fund,
                                           int64_t amount_minor)
{
    struct credit_ask ask = {ref, (int)fund, money_of(amount_minor)};
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct fact *ret = NULL;
    char body[128];

    books_begin(b);
    snprintf(body, sizeof(body), "%s %d %lld", ref, (int)fund, (long long)amount_minor);
    books_fingerprint(body, fingerprint);
    return credit_record(&b->d, book, &ask, fingerprint, books_fact_of(b, book, FACT_CREDIT, ref), &ret);
}

static inline struct decision books_send(struct books *b, enum parcel_kind kind, struct book *giver,
                                         struct book *receiver, const char *ref, int64_t amount_minor)
{
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct parcel *ret = NULL;
    char body[256];

    books_begin(b);
    snprintf(body, sizeof(body), "%s %s %s %lld", ref, giver->account->ref, receiver->account->ref,
             (long long)amount_minor);
    books_fingerprint(body, fingerprint);
    return parcel_send(&b->d, kind, giver, receiver, ref, money_of(amount_minor), fingerprint,
                       books_parcel_of(b, kind, ref), &ret);
}

static inline struct book *books_of(struct books *b, int64_t account)
{
    for (size_t i = 0; i < b->books_count; i++)
        if (b->books[i].account->id == account)
            return &b->books[i];
    return NULL;
}

static inline struct decision books_take_back(struct books *b, enum parcel_kind kind, const char *ref)
{
    struct parcel *parcel = books_parcel_of(b, kind, ref);
    static struct draws draws;

    books_begin(b);
    assert_non_null(parcel);
    books_draws_of(b, parcel->id, &draws);
    return parcel_take_back(&b->d, books_of(b, parcel->giver), books_of(b, parcel->receiver), parcel, draws.draws,
                            draws.count, draws.topups);
}

static inline struct decision books_invoiced(struct books *b, const char *ref, int64_t invoiced_minor)
{
    struct parcel *parcel = books_parcel_of(b, PARCEL_ALLOCATION, ref);
    struct invoiced_ask ask = {money_of(invoiced_minor)};

    books_begin(b);
    assert_non_null(parcel);
    return allocation_invoiced(&b->d, books_of(b, parcel->giver), parcel, &ask);
}

#endif
