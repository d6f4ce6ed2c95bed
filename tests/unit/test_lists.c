/* SPDX-License-Identifier: Apache-2.0 */
/* What readers page through: six withdrawals of three accounts, and which of them each list shows in which order. */
#include "sample_rows.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, LARGEST_LIMIT = 100 };

/* carol is the master of bob */
static const struct made {
    int64_t id, account;
    enum withdrawal_status status;
    int64_t created_ms, next_ms, amount;
} made[] = {
    {11, ALICE, WITHDRAWAL_SUCCESSFUL, 1000, 0, 100},     {12, BOB, WITHDRAWAL_IN_REVIEW, 2000, 0, 200},
    {13, ALICE, WITHDRAWAL_IN_REVIEW, 3000, 9000, 300},   {14, CAROL, WITHDRAWAL_DISPATCHING, 4000, 7000, 400},
    {15, ALICE, WITHDRAWAL_NEED_DOCUMENTS, 5000, 0, 500}, {16, BOB, WITHDRAWAL_DISPATCHING, 6000, 8000, 600},
};

static void scene_open(struct sample_place *place)
{
    struct changes changes = {0};

    sample_open(place);
    for (int64_t id = ALICE; id <= CAROL; id++) {
        struct account *account = (struct account *)sample_row(&account_table, 1, &place->arena, &changes);

        account->id = id;
        snprintf(account->ref, sizeof account->ref, "%s", id == ALICE ? "alice" : id == BOB ? "bob" : "carol");
        snprintf(account->master, sizeof account->master, "%s", id == BOB ? "carol" : "");
    }
    for (size_t i = 0; i < ARRAY_COUNT(made); i++) {
        struct withdrawal *w = (struct withdrawal *)sample_row(&withdrawal_table, 1, &place->arena, &changes);
        struct event *event = (struct event *)sample_row(&event_table, 1, &place->arena, &changes);

        w->id = event->id = made[i].id;
        w->account = event->account = made[i].account;
        w->status = made[i].status;
        w->amount = money_of(made[i].amount);
        w->created_at = (struct instant){made[i].created_ms};
        w->next_at = (struct instant){made[i].next_ms};
    }
    sample_save(place->store, &changes);
}

/* The ids of a list as text: "16 15 14". Both kinds of row begin with their id. */
static void ids_must(struct sample_place *place, enum query query, const struct value *args, size_t args_count,
                     const struct table *table, const char *expected)
{
    struct rows rows;
    char text[256] = "";

    sample_must(place->store, store_select(place->store, query, args, args_count, table, &place->arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        int64_t id = *(const int64_t *)sample_member(rows.items[i], &table->columns[0]);

        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%lld", i == 0 ? "" : " ", (long long)id);
    }
    if (strcmp(text, expected) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", query_names[query], text, expected);
}

static struct value maybe(const char *name, int64_t integer)
{
    return integer == 0 ? value_null(name) : value_int(name, integer);
}

/* One argument differs per row; 0 and NULL do not restrict. */
static void test_withdrawals_newest_first(void **state)
{
    static const struct {
        int64_t account;
        const char *status;
        int64_t from, to, before, limit;
        const char *ids;
    } cases[] = {
        {0, NULL, 0, 0, 0, LARGEST_LIMIT, "16 15 14 13 12 11"},
        {ALICE, NULL, 0, 0, 0, LARGEST_LIMIT, "15 13 11"},
        {9, NULL, 0, 0, 0, LARGEST_LIMIT, ""},
        {0, "in_review", 0, 0, 0, LARGEST_LIMIT, "13 12"},
        {ALICE, "in_review", 0, 0, 0, LARGEST_LIMIT, "13"},
        {0, NULL, 3000, 0, 0, LARGEST_LIMIT, "16 15 14 13"},
        {0, NULL, 0, 3000, 0, LARGEST_LIMIT, "12 11"},
        {0, NULL, 0, 0, 14, LARGEST_LIMIT, "13 12 11"},
        {ALICE, NULL, 0, 0, 15, LARGEST_LIMIT, "13 11"},
        {0, NULL, 0, 0, 0, 2, "16 15"},
        {ALICE, NULL, 0, 0, 0, 2, "15 13"},
    };
    struct sample_place place;
    (void)state;

    scene_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct value args[] = {maybe("account", cases[i].account), value_text("status", cases[i].status),
                                     maybe("from", cases[i].from),       maybe("to", cases[i].to),
                                     maybe("before", cases[i].before),   value_int("limit", cases[i].limit)};

        ids_must(&place, QUERY_WITHDRAWALS_LIST, args, ARRAY_COUNT(args), &withdrawal_table, cases[i].ids);
    }
    sample_close(&place);
}

static void test_a_master_sees_its_members(void **state)
{
    static const struct {
        const char *master, *status, *ids;
    } cases[] = {
        {"carol", NULL, "16 14 12"},  {"bob", NULL, "16 12"}, {"alice", NULL, "15 13 11"},
        {"carol", "in_review", "12"}, {"nobody", NULL, ""},
    };
    struct sample_place place;
    (void)state;

    scene_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        const struct value args[] = {value_text("master", cases[i].master),
                                     value_text("status", cases[i].status),
                                     value_null("from"),
                                     value_null("to"),
                                     value_null("before"),
                                     value_int("limit", LARGEST_LIMIT)};

        ids_must(&place, QUERY_WITHDRAWALS_LIST_MEMBERS, args, ARRAY_COUNT(args), &withdrawal_table, cases[i].ids);
    }
    sample_close(&place);
}

static void test_queues_are_oldest_first(void **state)
{
    struct sample_place place;
    (void)state;

    scene_open(&place);
    ids_must(&place, QUERY_REVIEW_QUEUE, (struct value[]){value_int("after", 0), value_int("limit", 9)}, 2,
             &withdrawal_table, "12 13 15");
    ids_must(&place, QUERY_REVIEW_QUEUE, (struct value[]){value_int("after", 12), value_int("limit", 1)}, 2,
             &withdrawal_table, "13");
    ids_must(&place, QUERY_EVENTS_LIST,
             (struct value[]){value_int("after", 12), value_int("limit", 3), value_null("account")}, 3, &event_table,
             "13 14 15");
    ids_must(&place, QUERY_EVENTS_LIST,
             (struct value[]){value_int("after", 12), value_int("limit", 3), value_int("account", BOB)}, 3,
             &event_table, "16");
    sample_close(&place);
}

/* By the moment that has come, not by id; the moment itself is due. */
static void test_what_is_due(void **state)
{
    static const struct {
        int64_t now, limit;
        const char *ids;
    } cases[] = {{6999, 9, ""}, {7000, 9, "14"}, {8999, 9, "14 16"}, {9000, 9, "14 16 13"}, {9000, 2, "14 16"}};
    struct sample_place place;
    int64_t next = 0;
    (void)state;

    scene_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        ids_must(&place, QUERY_WITHDRAWALS_DUE,
                 (struct value[]){value_int("now", cases[i].now), value_int("limit", cases[i].limit)}, 2,
                 &withdrawal_table, cases[i].ids);
    sample_must(place.store, store_int(place.store, QUERY_WITHDRAWAL_NEXT_DUE, NULL, 0, &next));
    assert_int_equal(next, 7000);
    sample_must(place.store, store_int(place.store, QUERY_IDS_HIGHEST, NULL, 0, &next));
    assert_int_equal(next, 16);
    sample_close(&place);
}

static void tally_must(struct sample_place *place, enum query query, const char *expected)
{
    struct rows rows;
    char text[512] = "";

    sample_must(place->store, store_select(place->store, query, NULL, 0, &tally_table, &place->arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct tally *tally = rows.items[i];

        snprintf(text + strlen(text), sizeof text - strlen(text), "%s %lld %lld %lld;", tally->word,
                 (long long)tally->count, (long long)tally->amount.minor, (long long)tally->at.ms);
    }
    if (strcmp(text, expected) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", query_names[query], text, expected);
}

static void test_tallies(void **state)
{
    struct sample_place place;
    (void)state;

    scene_open(&place);
    tally_must(&place, QUERY_WITHDRAWALS_COUNT,
               "dispatching 2 1000 4000;in_review 2 500 2000;need_documents 1 500 5000;successful 1 100 1000;");
    /* in_review stands in both indexes: one of the two is on a timer */
    tally_must(&place, QUERY_WITHDRAWALS_COUNT_OPEN,
               "dispatching 2 1000 4000;in_review 2 500 2000;need_documents 1 500 5000;");
    tally_must(&place, QUERY_LEGS_COUNT_UNKNOWN, "");
    tally_must(&place, QUERY_INCIDENTS_COUNT, "");
    tally_must(&place, QUERY_MESSAGES_COUNT_UNSENT, "unsent 0 0 0;");
    sample_close(&place);
}

/* Reading one page must not walk the table: no list may end in a scan of history. */
static void test_lists_walk_an_index(void **state)
{
    static const enum query lists[] = {
        QUERY_WITHDRAWALS_LIST,
        QUERY_WITHDRAWALS_LIST_MEMBERS,
        QUERY_REVIEW_QUEUE,
        QUERY_ACCOUNTS_LIST,
        QUERY_EVENTS_LIST,
        QUERY_TRANSACTIONS_LIST,
        QUERY_MESSAGES_BY_ACCOUNT,
        QUERY_TOPUPS_ALL_BY_ACCOUNT,
        QUERY_AUDIT_LIST,
        QUERY_TOPUPS_LIVE,
        QUERY_PARCELS_LIVE,
        QUERY_WITHDRAWALS_DUE,
        QUERY_ATTEMPT_BY_KEY,
        QUERY_FACT_BY_REF,
        QUERY_IDEMPOTENCY_BY_SCOPE,
        QUERY_LEGS_COUNT_UNKNOWN,
        QUERY_DOCUMENTS_BY_WITHDRAWAL,
        QUERY_TICKETS_OPEN,
        QUERY_LOTS_BY_WITHDRAWAL,
        QUERY_TOPUPS_BY_WITHDRAWAL,
    };
    struct sample_place place;
    (void)state;

    sample_open(&place);
    sqlite3 *raw = sample_raw(&place);
    for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
        sqlite3_stmt *statement;
        char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", query_texts[lists[i]]);

        assert_int_equal(sqlite3_prepare_v2(raw, text, -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(statement, 3);

            if (strncmp(step, "SCAN ", 5) == 0 && strncmp(step, "SCAN (", 6) != 0 && strcmp(step, "SCAN page") != 0)
                fail_msg("%s: %s", query_names[lists[i]], step);
        }
        sqlite3_finalize(statement);
        sqlite3_free(text);
    }
    sqlite3_close(raw);
    sample_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_withdrawals_newest_first),
        cmocka_unit_test(test_a_master_sees_its_members),
        cmocka_unit_test(test_queues_are_oldest_first),
        cmocka_unit_test(test_what_is_due),
        cmocka_unit_test(test_tallies),
        cmocka_unit_test(test_lists_walk_an_index),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
