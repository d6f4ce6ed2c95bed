/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of api/openapi.yaml, member by member: what is accepted, and what is said about the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/ask.h"

#define TEXT_64 "0123456789012345678901234567890123456789012345678901234567890123"

union any_ask {
    struct account_ask account;
    struct topup_ask topup;
    struct withdraw_ask withdraw;
    struct ticket_ask ticket;
    struct document_ask document;
    struct evidence_ask evidence;
};

static enum err ask_read(const struct shape *shape, const char *json, struct arena *arena, union any_ask *ret,
                         struct field_problems *problems)
{
    memset(ret, 0, sizeof(*ret));
    memset(problems, 0, sizeof(*problems));
    arena_reset(arena);
    return field_read_json(json, strlen(json), shape, arena, ret, problems);
}

/* `pointer` NULL: accepted. */
static const struct {
    const char *says;
    const struct shape *shape;
    const char *json, *pointer, *code;
} bodies[] = {
    {"an account needs policy and currency only", &account_shape, "{\"policy\":\"alibaba\",\"currency\":\"CNY\"}", NULL,
     NULL},
    {"everything an account can have", &account_shape,
     "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"enterprise\",\"name\":\"云端\",\"id_"
     "number\":\"91\","
     "\"verified\":true},\"phone\":\"139\",\"state\":\"frozen\",\"master\":\"boss\",\"partner\":{\"ref\":\"p\","
     "\"payment\":\"advance\"}}",
     NULL, NULL},
    {"null is the same as leaving it out", &account_shape,
     "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":null,\"phone\":null,\"state\":null,\"master\":null,"
     "\"partner\":null}",
     NULL, NULL},
    {"no policy", &account_shape, "{\"currency\":\"CNY\"}", "/policy", "missing"},
    {"a required member is not null", &account_shape, "{\"policy\":null,\"currency\":\"CNY\"}", "/policy",
     "wrong_type"},
    {"a currency has three letters", &account_shape, "{\"policy\":\"a\",\"currency\":\"CN\"}", "/currency",
     "out_of_range"},
    {"not four", &account_shape, "{\"policy\":\"a\",\"currency\":\"CNYY\"}", "/currency", "too_long"},
    {"a subject has a kind", &account_shape, "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":{\"name\":\"x\"}}",
     "/subject/kind", "missing"},
    {"of the two", &account_shape, "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"robot\"}}",
     "/subject/kind", "out_of_range"},
    {"an identity number of 64", &account_shape,
     "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"id_number\":\"" TEXT_64 "\"}}", NULL,
     NULL},
    {"of 65", &account_shape,
     "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"id_number\":\"" TEXT_64 "5\"}}",
     "/subject/id_number", "too_long"},
    {"no empty identity number", &account_shape,
     "{\"policy\":\"a\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"id_number\":\"\"}}",
     "/subject/id_number", "out_of_range"},
    {"an unknown state", &account_shape, "{\"policy\":\"a\",\"currency\":\"CNY\",\"state\":\"none\"}", "/state",
     "out_of_range"},
    {"a partner has a payment mode", &account_shape,
     "{\"policy\":\"a\",\"currency\":\"CNY\",\"partner\":{\"ref\":\"p\"}}", "/partner/payment", "missing"},
    {"an unknown member", &account_shape, "{\"policy\":\"a\",\"currency\":\"CNY\",\"colour\":1}", "/colour", "unknown"},

    {"the least of a top-up", &topup_shape, "{\"ref\":\"t1\",\"amount\":1,\"method\":\"alipay\"}", NULL, NULL},
    {"everything a top-up can have", &topup_shape,
     "{\"ref\":\"t1\",\"amount\":10000000000000,\"method\":\"online_bank\",\"bank\":\"ICBC\",\"paid_at\":\"2026-11-"
     "01T00:00:00+08:00\","
     "\"payer\":{\"kind\":\"corporate\",\"name\":\"n\",\"account\":\"6222\"},\"channel\":\"unionpay\",\"channel_ref\":"
     "\"x\",\"bonus\":true,"
     "\"arbitrage\":false}",
     NULL, NULL},
    {"everything optional null", &topup_shape,
     "{\"ref\":\"t1\",\"amount\":1,\"method\":\"alipay\",\"bank\":null,\"paid_at\":null,\"payer\":null,\"channel\":"
     "null,"
     "\"channel_ref\":null,\"bonus\":null,\"arbitrage\":null}",
     NULL, NULL},
    {"a payer without a kind", &topup_shape,
     "{\"ref\":\"t1\",\"amount\":1,\"method\":\"alipay\",\"payer\":{\"name\":\"n\"}}", NULL, NULL},
    {"a top-up of nothing", &topup_shape, "{\"ref\":\"t1\",\"amount\":0,\"method\":\"alipay\"}", "/amount",
     "out_of_range"},
    {"a negative one", &topup_shape, "{\"ref\":\"t1\",\"amount\":-1,\"method\":\"alipay\"}", "/amount", "out_of_range"},
    {"beyond the largest amount", &topup_shape, "{\"ref\":\"t1\",\"amount\":10000000000001,\"method\":\"alipay\"}",
     "/amount", "out_of_range"},
    {"a decimal is no amount", &topup_shape, "{\"ref\":\"t1\",\"amount\":1.0,\"method\":\"alipay\"}", "/amount",
     "wrong_type"},
    {"nor is a text", &topup_shape, "{\"ref\":\"t1\",\"amount\":\"1\",\"method\":\"alipay\"}", "/amount", "wrong_type"},
    {"an amount twice", &topup_shape, "{\"ref\":\"t1\",\"amount\":1,\"amount\":2,\"method\":\"alipay\"}", "/amount",
     "duplicate"},
    {"a ref with a slash", &topup_shape, "{\"ref\":\"t/1\",\"amount\":1,\"method\":\"alipay\"}", "/ref", "malformed"},
    {"a time without an offset", &topup_shape,
     "{\"ref\":\"t1\",\"amount\":1,\"method\":\"alipay\",\"paid_at\":\"2026-11-01T00:00:00\"}", "/paid_at",
     "malformed"},
    {"an unknown method", &topup_shape, "{\"ref\":\"t1\",\"amount\":1,\"method\":\"cash\"}", "/method", "out_of_range"},

    {"a charge", &charge_shape, "{\"ref\":\"c\",\"amount\":1}", NULL, NULL},
    {"a charge of nothing", &charge_shape, "{\"ref\":\"c\",\"amount\":0}", "/amount", "out_of_range"},
    {"a chargeback", &chargeback_shape, "{\"ref\":\"c\",\"amount\":1}", NULL, NULL},
    {"a chargeback of nothing", &chargeback_shape, "{\"ref\":\"c\",\"amount\":0}", "/amount", "out_of_range"},
    {"a claim", &claim_shape, "{\"kind\":\"overdue\",\"amount\":1}", NULL, NULL},
    {"a claim may be nothing", &claim_shape, "{\"kind\":\"overdue\",\"amount\":0}", NULL, NULL},
    {"not less", &claim_shape, "{\"kind\":\"overdue\",\"amount\":-1}", "/amount", "out_of_range"},
    {"a resource", &resource_shape, "{\"state\":\"active\",\"at\":\"2026-11-01T00:00:00Z\",\"frozen\":0}", NULL, NULL},
    {"a resource has a state", &resource_shape, "{\"frozen\":5}", "/state", "missing"},
    {"a credit", &credit_shape, "{\"ref\":\"c\",\"fund\":\"other\",\"amount\":1}", NULL, NULL},
    {"of no known fund", &credit_shape, "{\"ref\":\"c\",\"fund\":\"cash\",\"amount\":1}", "/fund", "out_of_range"},
    {"a transfer", &transfer_shape, "{\"ref\":\"c\",\"from\":\"a\",\"to\":\"b\",\"amount\":1}", NULL, NULL},
    {"a transfer goes somewhere", &transfer_shape, "{\"ref\":\"c\",\"from\":\"a\",\"amount\":1}", "/to", "missing"},
    {"an allocation", &allocation_shape, "{\"ref\":\"c\",\"master\":\"a\",\"member\":\"b\",\"amount\":1}", NULL, NULL},
    {"to a member", &allocation_shape, "{\"ref\":\"c\",\"master\":\"a\",\"amount\":1}", "/member", "missing"},
    {"nothing invoiced", &invoiced_shape, "{\"invoiced\":0}", NULL, NULL},
    {"invoiced is required", &invoiced_shape, "{}", "/invoiced", "missing"},

    {"the least of a withdrawal", &withdraw_shape, "{\"account\":\"a\",\"amount\":1}", NULL, NULL},
    {"a destination has a name", &withdraw_shape,
     "{\"account\":\"a\",\"amount\":1,\"destination\":{\"kind\":\"bank\",\"account\":\"6222\"}}", "/destination/name",
     "missing"},
    {"and an account", &withdraw_shape,
     "{\"account\":\"a\",\"amount\":1,\"destination\":{\"kind\":\"bank\",\"name\":\"n\"}}", "/destination/account",
     "missing"},
    {"picked top-ups are some", &withdraw_shape, "{\"account\":\"a\",\"amount\":1,\"topups\":[]}", "/topups",
     "out_of_range"},
    {"a picked amount is positive", &withdraw_shape,
     "{\"account\":\"a\",\"amount\":1,\"topups\":[{\"ref\":\"t\",\"amount\":0}]}", "/topups/0/amount", "out_of_range"},
    {"a withdrawal of nothing", &withdraw_shape, "{\"account\":\"a\",\"amount\":0}", "/amount", "out_of_range"},
    {"no documents", &withdraw_shape, "{\"account\":\"a\",\"amount\":1,\"documents\":[]}", NULL, NULL},
    {"documents are ids", &withdraw_shape, "{\"account\":\"a\",\"amount\":1,\"documents\":[1]}", "/documents/0",
     "wrong_type"},

    {"a code", &code_shape, "{\"code\":\"123456\"}", NULL, NULL},
    {"a code of 17", &code_shape, "{\"code\":\"12345678901234567\"}", "/code", "too_long"},
    {"a code is a text", &code_shape, "{\"code\":123456}", "/code", "wrong_type"},
    {"a review", &review_shape, "{\"decision\":\"approve\"}", NULL, NULL},
    {"a review decides", &review_shape, "{\"reason\":\"x\"}", "/decision", "missing"},
    {"a document", &document_shape,
     "{\"account\":\"a\",\"name\":\"n\",\"media_type\":\"image/png\",\"content\":\"AA==\"}", NULL, NULL},
    {"without content", &document_shape, "{\"account\":\"a\",\"name\":\"n\",\"media_type\":\"image/png\"}", "/content",
     "missing"},
    {"a case", &ticket_shape, "{\"account\":\"a\",\"kind\":\"not_arrived\",\"amount\":0}", NULL, NULL},
    {"a case has a kind", &ticket_shape, "{\"account\":\"a\"}", "/kind", "missing"},
    {"evidence", &evidence_shape, "{\"key\":\"k\",\"kind\":\"not_paid\",\"reason\":\"bank letter\"}", NULL, NULL},
    {"evidence says what", &evidence_shape, "{\"key\":\"k\"}", "/kind", "missing"},
    {"nothing at all", &empty_shape, "{}", NULL, NULL},
    {"nothing is an object", &empty_shape, "[]", "", "wrong_type"},
    {"and has no members", &empty_shape, "{\"a\":1}", "/a", "unknown"},
};

static void test_bodies(void **state)
{
    struct arena *arena = *state;
    struct field_problems problems;
    union any_ask ask;

    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        enum err err = ask_read(bodies[i].shape, bodies[i].json, arena, &ask, &problems);
        bool accepted = bodies[i].pointer == NULL;
        if ((err == ERR_NONE) != accepted ||
            (!accepted && (problems.count != 1 || strcmp(problems.items[0].pointer, bodies[i].pointer) != 0 ||
                           strcmp(problems.items[0].code, bodies[i].code) != 0)))
            fail_msg("%s: %s: %zu problems, first %s %s", bodies[i].shape->name, bodies[i].says, problems.count,
                     problems.items[0].pointer, problems.items[0].code);
    }
}

static void test_account_is_filled(void **state)
{
    struct field_problems problems;
    union any_ask ask;

    assert_int_equal(ask_read(&account_shape, bodies[1].json, *state, &ask, &problems), ERR_NONE);
    assert_string_equal(ask.account.policy, "alibaba");
    assert_string_equal(ask.account.currency, "CNY");
    assert_int_equal(ask.account.subject.kind, SUBJECT_ENTERPRISE);
    assert_string_equal(ask.account.subject.name, "云端");
    assert_true(ask.account.subject.verified);
    assert_int_equal(ask.account.state, ACCOUNT_FROZEN);
    assert_string_equal(ask.account.master, "boss");
    assert_true(ask.account.partner.given);
    assert_string_equal(ask.account.partner.ref, "p");
    assert_int_equal(ask.account.partner.payment, PARTNER_ADVANCE);

    assert_int_equal(ask_read(&account_shape, bodies[2].json, *state, &ask, &problems), ERR_NONE);
    assert_false(ask.account.partner.given);
    assert_int_equal(ask.account.state, ACCOUNT_NONE);
    assert_null(ask.account.master);
}

static void test_withdrawal_is_filled(void **state)
{
    static const char json[] = "{\"account\":\"a\",\"amount\":70,\"strategy\":\"selected\",\"topups\":[{\"ref\":\"t1\","
                               "\"amount\":50},{\"ref\":\"t2\","
                               "\"amount\":20}],\"route\":\"designated\",\"destination\":{\"kind\":\"alipay\",\"name\":"
                               "\"n\",\"account\":\"x@y\"},"
                               "\"reason\":\"window_passed\",\"documents\":[\"do_1\",\"do_2\"]}";
    struct field_problems problems;
    union any_ask ask;

    assert_int_equal(ask_read(&withdraw_shape, json, *state, &ask, &problems), ERR_NONE);
    const struct withdraw_ask *w = &ask.withdraw;
    const struct pick_ask *picks = w->topups.items;
    const char *const *documents = w->documents.items;
    assert_true(w->topups_given);
    assert_true(w->destination.given);
    assert_int_equal(w->topups.count, 2);
    assert_string_equal(picks[1].ref, "t2");
    assert_int_equal(picks[1].amount.minor, 20);
    assert_int_equal(w->strategy, STRATEGY_SELECTED);
    assert_int_equal(w->route, ROUTE_DESIGNATED);
    assert_int_equal(w->destination.kind, DESTINATION_ALIPAY);
    assert_string_equal(w->destination.account, "x@y");
    assert_int_equal(w->documents.count, 2);
    assert_string_equal(documents[1], "do_2");
}

/* Lists at their largest and one more. */
static void test_list_limits(void **state)
{
    static const struct {
        const char *member, *element;
        size_t most;
    } lists[] = {{"topups", "{\"ref\":\"t\",\"amount\":1}", 200}, {"documents", "\"do_1\"", 20}};
    static char json[16384];
    struct field_problems problems;
    union any_ask ask;

    for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
        for (size_t more = 0; more < 2; more++) {
            int size = snprintf(json, sizeof(json), "{\"account\":\"a\",\"amount\":1,\"%s\":[", lists[i].member);
            for (size_t k = 0; k < lists[i].most + more; k++)
                size += snprintf(json + size, sizeof(json) - (size_t)size, "%s%s", k == 0 ? "" : ",", lists[i].element);
            snprintf(json + size, sizeof(json) - (size_t)size, "]}");
            assert_int_equal(ask_read(&withdraw_shape, json, *state, &ask, &problems),
                             more == 0 ? ERR_NONE : ERR_REQUEST);
        }
}

/* A document of 7 MiB of base64 is taken, one byte more is not. */
static void test_document_limit(void **state)
{
    const size_t most = 7 * 1024 * 1024;
    char *json = malloc(most + 256);
    struct field_problems problems;
    union any_ask ask;

    assert_non_null(json);
    for (size_t more = 0; more < 2; more++) {
        int size = sprintf(json, "{\"account\":\"a\",\"name\":\"n\",\"media_type\":\"image/png\",\"content\":\"");
        memset(json + size, 'A', most + more);
        strcpy(json + (size_t)size + most + more, "\"}");
        assert_int_equal(ask_read(&document_shape, json, *state, &ask, &problems), more == 0 ? ERR_NONE : ERR_REQUEST);
        assert_true(more == 0 || strcmp(problems.items[0].pointer, "/content") == 0);
    }
    free(json);
}

static int setup(void **state)
{
    static struct arena arena;

    arena_init(&arena, 64u << 20);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    arena_fini(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_account_is_filled),
        cmocka_unit_test(test_withdrawal_is_filled),
        cmocka_unit_test(test_list_limits),
        cmocka_unit_test(test_document_limit),
    };

    return cmocka_run_group_tests_name("ask", tests, setup, teardown);
}
