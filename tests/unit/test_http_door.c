/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of the HTTP door: targets, query parameters, cursors, tokens, and the search in the table of routes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/caller.h"
#include "http/parameter.h"
#include "http/route.h"

static struct target target; /* too large to repeat on every stack */

static void targets_are_split_before_they_are_decoded(void **state)
{
    static const struct {
        const char *raw;
        enum target_verdict verdict;
        const char *segments; /* joined by | */
    } rows[] = {
        {"/", TARGET_OK, ""},
        {"/v1/accounts", TARGET_OK, "v1|accounts"},
        {"/v1/accounts/", TARGET_OK, "v1|accounts|"},
        {"//v1", TARGET_OK, "|v1"},
        {"/v1/a%2Fb", TARGET_OK, "v1|a/b"},
        {"/v1/%E9%AD%8F", TARGET_OK, "v1|\xe9\xad\x8f"},
        {"/v1/a+b", TARGET_OK, "v1|a+b"},
        {"http://host:1/v1/x", TARGET_OK, "v1|x"},
        {"http://host", TARGET_OK, ""},
        {"/1/2/3/4/5/6/7/8/9", TARGET_OK, NULL},
        {"", TARGET_MALFORMED, NULL},
        {"*", TARGET_MALFORMED, NULL},
        {"v1", TARGET_MALFORMED, NULL},
        {"/%", TARGET_MALFORMED, NULL},
        {"/%4", TARGET_MALFORMED, NULL},
        {"/%zz", TARGET_MALFORMED, NULL},
        {"/%00", TARGET_MALFORMED, NULL},
        {"/%1f", TARGET_MALFORMED, NULL},
        {"/%ff", TARGET_MALFORMED, NULL},
        {"/%c0%af", TARGET_MALFORMED, NULL},
        {"/a#b", TARGET_MALFORMED, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char joined[256] = "";
        assert_int_equal(target_parse(rows[i].raw, &target), rows[i].verdict);
        if (rows[i].verdict != TARGET_OK)
            continue;
        for (size_t s = 0; s < target.segments_count; s++) {
            strcat(joined, s > 0 ? "|" : "");
            strcat(joined, target.segments[s]);
        }
        assert_string_equal(joined, rows[i].segments != NULL ? rows[i].segments : "");
        assert_true((target.segments_count == 0) == (rows[i].segments == NULL));
    }
}

static void targets_have_a_largest_size(void **state)
{
    char raw[TARGET_BYTES_MAX + 2];

    (void)state;
    memset(raw, 'a', sizeof(raw));
    raw[0] = '/';
    raw[TARGET_BYTES_MAX] = '\0';
    assert_int_equal(target_parse(raw, &target), TARGET_OK);
    raw[TARGET_BYTES_MAX] = 'a';
    raw[TARGET_BYTES_MAX + 1] = '\0';
    assert_int_equal(target_parse(raw, &target), TARGET_TOO_LONG);
}

static void queries_are_split_before_they_are_decoded(void **state)
{
    (void)state;
    assert_int_equal(target_parse("/x?a=1&b=%26%3D&&c&d=e=f+g", &target), TARGET_OK);
    assert_int_equal(target.parameters_count, 4);
    assert_string_equal(target.parameters[1].value, "&=");
    assert_string_equal(target.parameters[2].name, "c");
    assert_string_equal(target.parameters[2].value, "");
    assert_string_equal(target.parameters[3].value, "e=f g");
    assert_int_equal(target_parse("/x?a=%", &target), TARGET_MALFORMED);
    assert_int_equal(target_parse("/x?%zz=1", &target), TARGET_MALFORMED);
    assert_int_equal(target_parse("/x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16", &target), TARGET_OK);
    assert_int_equal(target_parse("/x?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17", &target), TARGET_MALFORMED);
}

#define ALL_PARAMETERS ((1u << PARAMETER__COUNT) - 1)

static void parameters_are_read_or_named(void **state)
{
    static const struct {
        const char *raw, *pointer, *code; /* NULL: read */
    } rows[] = {
        {"/x", NULL, NULL},
        {"/x?limit=1", NULL, NULL},
        {"/x?limit=200", NULL, NULL},
        {"/x?limit=0", "limit", "malformed"},
        {"/x?limit=201", "limit", "malformed"},
        {"/x?limit=-1", "limit", "malformed"},
        {"/x?limit=1e1", "limit", "malformed"},
        {"/x?limit=9999999", "limit", "malformed"},
        {"/x?limit", "limit", "malformed"},
        {"/x?limit=1&limit=1", "limit", "duplicate"},
        {"/x?cursor=c_0000000000001", NULL, NULL},
        {"/x?cursor=c_0000000000000", "cursor", "malformed"},
        {"/x?cursor=wd_0000000000001", "cursor", "malformed"},
        {"/x?account=alice", NULL, NULL},
        {"/x?account=a%20b", "account", "malformed"},
        {"/x?account=", "account", "malformed"},
        {"/x?from=2026-11-20T10:00:00Z", NULL, NULL},
        {"/x?from=2026-11-20T10:00:00%2B08:00", NULL, NULL},
        {"/x?from=2026-11-20T10:00:00+08:00", NULL, NULL},
        {"/x?from=2026-11-20+10:00:00", "from", "malformed"},
        {"/x?to=2026-11-20", "to", "malformed"},
        {"/x?dry_run=true", NULL, NULL},
        {"/x?dry_run=1", "dry_run", "malformed"},
        {"/x?order=newest", NULL, NULL},
        {"/x?order=", "order", "malformed"},
        {"/x?colour=red", "colour", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct field_problems problems = {0};
        struct parameters read;
        assert_int_equal(target_parse(rows[i].raw, &target), TARGET_OK);
        assert_int_equal(parameters_read(&target, ALL_PARAMETERS, LIST_LIMIT_MAX, &read, &problems),
                         rows[i].code == NULL);
        assert_int_equal(problems.count, rows[i].code == NULL ? 0 : 1);
        if (rows[i].code == NULL)
            continue;
        assert_string_equal(problems.items[0].pointer, rows[i].pointer);
        assert_string_equal(problems.items[0].code, rows[i].code);
    }
}

static void a_route_takes_only_its_own_parameters(void **state)
{
    struct field_problems problems = {0};
    struct parameters read;

    (void)state;
    assert_int_equal(target_parse("/x?limit=1&account=a", &target), TARGET_OK);
    assert_false(parameters_read(&target, 1u << PARAMETER_LIMIT, LIST_LIMIT_MAX, &read, &problems));
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0].pointer, "account");
    assert_int_equal(read.limit, 1);
}

static void cursors_come_back(void **state)
{
    static const int64_t ids[] = {1, 31, 32, INT64_C(1) << 40, INT64_MAX};
    char text[ID_TEXT_BYTES];
    int64_t id;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
        cursor_format(ids[i], text);
        assert_true(cursor_parse(text, &id));
        assert_int_equal(id, ids[i]);
    }
}

static void demo_tokens_are_known_exactly(void **state)
{
    static const struct {
        const char *token;
        unsigned roles; /* 0: nobody */
        const char *own;
    } rows[] = {
        {"demo-admin", ROLE__ALL & ~(unsigned)(ROLE_SYSTEM | ROLE_CUSTOMER), ""},
        {"demo-billing", ROLE_FACTS | ROLE_READ, ""},
        {"demo-reviewer", ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE | ROLE_AUDIT | ROLE_READ, ""},
        {"demo-reviewer-2", ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE | ROLE_AUDIT | ROLE_READ, ""},
        {"demo-customer:alice", ROLE_CUSTOMER, "alice"},
        {"demo-customer:", 0, ""},
        {"demo-customer:a b", 0, ""},
        {"demo-customer", 0, ""},
        {"demo-reviewer-3", 0, ""},
        {"demo-admi", 0, ""},
        {"demo-admin2", 0, ""},
        {"", 0, ""},
    };
    struct caller caller;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_int_equal(caller_of_demo_token(rows[i].token, &caller) != NULL, rows[i].roles != 0);
        assert_int_equal(caller.roles, rows[i].roles);
        assert_string_equal(caller.own_account, rows[i].own);
        if (rows[i].roles != 0)
            assert_string_equal(caller.principal, rows[i].token);
    }
}

static void bearers_are_taken_from_their_header(void **state)
{
    (void)state;
    assert_string_equal(caller_bearer("Bearer x"), "x");
    assert_string_equal(caller_bearer("bearer  x"), "x");
    assert_null(caller_bearer(NULL));
    assert_null(caller_bearer("Basic x"));
    assert_null(caller_bearer("Bearer "));
    assert_null(caller_bearer("Bearer"));
}

static void routes_are_found_by_path_and_verb(void **state)
{
    static const struct {
        const char *raw;
        enum verb verb;
        const char *path, *account, *object, *id, *allow; /* path NULL: not found */
    } rows[] = {
        {"/v1/accounts/a", VERB_GET, "/v1/accounts/{account}", "a", NULL, NULL, NULL},
        {"/v1/accounts/a", VERB_POST, NULL, NULL, NULL, NULL, "GET, HEAD, PUT"},
        {"/v1/accounts/a", VERB__COUNT, NULL, NULL, NULL, NULL, "GET, HEAD, PUT"},
        {"/v1/accounts/", VERB_GET, NULL, NULL, NULL, NULL, ""},
        {"/v1/accounts/a/charges/c/reverse", VERB_POST, "/v1/accounts/{account}/charges/{charge}/reverse", "a", "c",
         NULL, NULL},
        {"/v1/withdrawals/wd_1/code", VERB_POST, "/v1/withdrawals/{id}/code", NULL, NULL, "wd_1", NULL},
        {"/v1/withdrawals/wd_1/code/resend", VERB_POST, "/v1/withdrawals/{id}/code/resend", NULL, NULL, "wd_1", NULL},
        {"/v1/withdrawals/wd_1/code/other", VERB_POST, NULL, NULL, NULL, NULL, ""},
        {"/V1/accounts", VERB_GET, NULL, NULL, NULL, NULL, ""},
        {"/nothing", VERB_GET, NULL, NULL, NULL, NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct route_match match;
        char allow[32];
        assert_int_equal(target_parse(rows[i].raw, &target), TARGET_OK);
        match = route_find(&target, rows[i].verb, true);
        assert_int_equal(match.route != NULL, rows[i].path != NULL);
        route_allow(match.allowed, allow);
        if (match.route == NULL) {
            assert_string_equal(allow, rows[i].allow);
            continue;
        }
        assert_string_equal(match.route->path, rows[i].path);
        assert_string_equal(match.account != NULL ? match.account : "", rows[i].account != NULL ? rows[i].account : "");
        assert_string_equal(match.object != NULL ? match.object : "", rows[i].object != NULL ? rows[i].object : "");
        assert_string_equal(match.id != NULL ? match.id : "", rows[i].id != NULL ? rows[i].id : "");
    }
}

static void demo_routes_exist_only_in_the_demo(void **state)
{
    (void)state;
    assert_int_equal(target_parse("/demo/clock", &target), TARGET_OK);
    assert_non_null(route_find(&target, VERB_POST, true).route);
    assert_int_equal(route_find(&target, VERB_POST, false).allowed, 0);
}

/* Whoever adds a route says who may use it, and what makes it safe to repeat. */
static void every_route_is_guarded(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        const struct http_route *route = &routes[i];
        bool open = (route->flags & ROUTE_OPEN) != 0, keyed = (route->flags & ROUTE_KEY) != 0;
        assert_true(open == (route->roles == 0));
        assert_true((route->roles & ROLE_SYSTEM) == 0);
        assert_non_null(route->answer);
        if (route->verb != VERB_POST)
            assert_false(keyed);
        else if (route->command != COMMAND__COUNT && !open)
            assert_true(keyed);
        for (size_t other = 0; other < i; other++)
            assert_false(routes[other].verb == route->verb && strcmp(routes[other].path, route->path) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_split_before_they_are_decoded),
        cmocka_unit_test(targets_have_a_largest_size),
        cmocka_unit_test(queries_are_split_before_they_are_decoded),
        cmocka_unit_test(parameters_are_read_or_named),
        cmocka_unit_test(a_route_takes_only_its_own_parameters),
        cmocka_unit_test(cursors_come_back),
        cmocka_unit_test(demo_tokens_are_known_exactly),
        cmocka_unit_test(bearers_are_taken_from_their_header),
        cmocka_unit_test(routes_are_found_by_path_and_verb),
        cmocka_unit_test(demo_routes_exist_only_in_the_demo),
        cmocka_unit_test(every_route_is_guarded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
