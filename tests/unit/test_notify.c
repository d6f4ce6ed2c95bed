/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves the house, as far as it is pure: addresses that may be called, signatures, templates, who is told of
 * what, and when an attempt comes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "domain/webhook.h"
#include "http/bank_directory.h"
#include "notify/address.h"
#include "notify/sign.h"
#include "notify/template.h"

static void address_of(const char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in *four = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

    memset(ret, 0, sizeof(*ret));
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1)
        four->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &six->sin6_addr) == 1)
        six->sin6_family = AF_INET6;
    else
        fail_msg("%s is no address", text);
}

static const struct {
    const char *address;
    bool may, may_when_allowed; /* 127.0.0.0/8, 10.2.0.0/15 and fd00:1::/32 are */
} addresses[] = {
    {"8.8.8.8", true, true},
    {"1.1.1.1", true, true},
    {"9.255.255.255", true, true},
    {"10.0.0.0", false, false},
    {"10.1.255.255", false, false},
    {"10.2.0.0", false, true},
    {"10.3.255.255", false, true},
    {"10.4.0.0", false, false},
    {"11.0.0.0", true, true},
    {"0.0.0.0", false, false},
    {"0.1.2.3", false, false},
    {"100.63.255.255", true, true},
    {"100.64.0.1", false, false},
    {"100.127.255.255", false, false},
    {"100.128.0.0", true, true},
    {"127.0.0.1", false, true},
    {"127.255.255.254", false, true},
    {"169.254.169.254", false, false},
    {"172.15.255.255", true, true},
    {"172.16.0.1", false, false},
    {"172.31.255.255", false, false},
    {"172.32.0.0", true, true},
    {"192.0.0.8", false, false},
    {"192.0.2.1", false, false},
    {"192.88.99.1", false, false},
    {"192.168.1.1", false, false},
    {"198.18.0.1", false, false},
    {"198.19.255.255", false, false},
    {"198.51.100.7", false, false},
    {"203.0.113.7", false, false},
    {"224.0.0.1", false, false},
    {"239.255.255.255", false, false},
    {"240.0.0.1", false, false},
    {"255.255.255.255", false, false},
    {"::", false, false},
    {"::1", false, false},
    {"::ffff:8.8.8.8", true, true},
    {"::ffff:127.0.0.1", false, true},
    {"::ffff:10.0.0.1", false, false},
    {"::ffff:169.254.169.254", false, false},
    {"::127.0.0.1", false, false},
    {"64:ff9b::7f00:1", false, false},
    {"64:ff9b:1::1", false, false},
    {"100::1", false, false},
    {"2001::1", false, false},
    {"2001:db8::1", false, false},
    {"2001:4860:4860::8888", true, true},
    {"2002:7f00:1::", false, false},
    {"2606:4700:4700::1111", true, true},
    {"3fff::1", false, false},
    {"4000::1", false, false},
    {"fc00::1", false, false},
    {"fd00::1", false, false},
    {"fd00:1::1", false, true},
    {"fe80::1", false, false},
    {"fec0::1", false, false},
    {"ff02::1", false, false},
};

static void addresses_are_judged(void **state)
{
    struct address_ranges nothing = {0}, allowed = {.count = 3};

    (void)state;
    assert_true(address_range_parse("127.0.0.0/8", &allowed.items[0]));
    assert_true(address_range_parse("10.2.0.0/15", &allowed.items[1]));
    assert_true(address_range_parse("fd00:1::/32", &allowed.items[2]));
    for (size_t i = 0; i < ARRAY_COUNT(addresses); i++) {
        struct sockaddr_storage address;

        address_of(addresses[i].address, &address);
        if (address_may_be_called((const struct sockaddr *)&address, &nothing) != addresses[i].may ||
            address_may_be_called((const struct sockaddr *)&address, &allowed) != addresses[i].may_when_allowed)
            fail_msg("%s is judged wrongly", addresses[i].address);
    }
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(address_may_be_called(&local, &allowed));
}

static void ranges_are_read(void **state)
{
    static const char *const bad[] = {"",      "/8",   "10.0.0.0/",    "10.0.0.0/33", "10.0.0/8",  "::1/129",
                                      "::1/x", "host", "10.0.0.0/8/8", "10.0.0.0/-1", "1.2.3.4.5", "2130706433"};
    struct address_range range;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++)
        if (address_range_parse(bad[i], &range))
            fail_msg("'%s' reads", bad[i]);
    assert_true(address_range_parse("1.2.3.4", &range));
    assert_int_equal(range.bits, 128);
    assert_true(address_range_parse("0.0.0.0/0", &range));
    assert_int_equal(range.bits, 96);
}

/* The example of the standard's own libraries. */
static void signatures_are_the_standards(void **state)
{
    char signature[SIGNATURE_BYTES];

    (void)state;
    assert_true(sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                     "{\"test\": 2432232314}", signature));
    assert_string_equal(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_false(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "m", 1, "{}", signature));
    assert_false(sign("whsec_!", "m", 1, "{}", signature));
}

static void templates_are_checked_and_written(void **state)
{
    static const char *const names[] = {"to", "text", NULL};
    static const struct template_value values[] = {{"to", "a\"b"}, {"text", "x\n{to}"}};
    static const struct {
        const char *text;
        bool json, good;
    } rows[] = {{"plain", false, true},
                {"{to}: {text}", false, true},
                {"{too}", false, false},
                {"{to", false, false},
                {"a } b", false, false},
                {"{\"a\":\"{to}\"}", true, true},
                {"{\"a\":\"{who}\"}", true, false},
                {"{ to }", false, false},
                {"", false, true}};
    char reason[160];
    struct out out;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (template_check(rows[i].text, names, rows[i].json, reason) != rows[i].good)
            fail_msg("'%s' is checked wrongly", rows[i].text);
    out_init(&out);
    template_write(&out, "{\"a\":\"{to}\",\"b\":\"{text}\"}", values, ARRAY_COUNT(values), true);
    assert_string_equal(out.data, "{\"a\":\"a\\\"b\",\"b\":\"x\\n{to}\"}"); /* what a value says is no placeholder */
    out_fini(&out);
}

static void endpoints_are_told_of_what_they_named(void **state)
{
    static const struct {
        const char *events, *type;
        bool wants;
    } rows[] = {{NULL, "anything.at_all", true},
                {"withdrawal.paid", "withdrawal.paid", true},
                {"withdrawal.paid", "withdrawal.paid_back", false},
                {"withdrawal.paid_back", "withdrawal.paid", false},
                {"withdrawal.*", "withdrawal.paid", true},
                {"withdrawal.*", "withdrawals.paid", false},
                {"topup.recorded withdrawal.*", "withdrawal.paid", true},
                {"topup.recorded withdrawal.*", "topup.recorded", true},
                {"topup.recorded withdrawal.*", "case.opened", false}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        if (webhook_wants(rows[i].events, rows[i].type) != rows[i].wants)
            fail_msg("row %zu is wrong", i);
}

/* The waits between attempts add up to about three days; the last failure gives the endpoint up. */
static void attempts_come_again_for_three_days(void **state)
{
    static const int64_t waits_s[] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};
    const struct delivery_outcome answers = {.answer = 500, .detail = "It answered 500."};
    struct arena arena;
    struct ids ids;
    struct random random;
    struct changes changes = {0};
    struct deciding d = {
        .now = {INT64_C(1700000000000)}, .arena = &arena, .ids = &ids, .random = &random, .changes = &changes};
    struct webhook webhook = {.row.table = &webhook_table, .id = 1, .enabled = true, .secret = "whsec_"};

    (void)state;
    arena_init(&arena, 1 << 20);
    ids_init(&ids, 0, 0);
    random_init_seed(&random, 7);
    struct delivery *delivery = delivery_make(&d, &webhook, 2);
    for (size_t i = 0; i <= ARRAY_COUNT(waits_s); i++) {
        struct delivery_outcome outcome = answers;
        outcome.attempts = delivery->attempts;
        delivery_conclude(&d, &webhook, delivery, &outcome);
        assert_int_equal(delivery->attempts, i + 1);
        if (i == ARRAY_COUNT(waits_s))
            break;
        int64_t wait_ms = delivery->next_at.ms - d.now.ms;
        assert_in_range(wait_ms, waits_s[i] * 900, waits_s[i] * 1100);
        assert_true(webhook.enabled);
        d.now = delivery->next_at;
    }
    assert_int_equal(delivery->state, DELIVERY_FAILED);
    assert_false(webhook.enabled);
    assert_string_equal(webhook.reason, "failing");
    delivery_replay(&d, delivery);
    struct delivery_outcome stale = {.answer = 200, .attempts = 5};
    delivery_conclude(&d, &webhook, delivery, &stale);
    assert_int_equal(delivery->state, DELIVERY_WAITING); /* of an attempt that another sender counted */
    arena_fini(&arena);
}

static void clearing_numbers_prove_themselves(void **state)
{
    char number[] = "102100099996";

    (void)state;
    assert_true(cnaps_ok(number));
    for (size_t i = 0; i < 12; i++)
        for (char digit = '0'; digit <= '9'; digit++) {
            char kept = number[i];
            number[i] = digit;
            assert_int_equal(cnaps_ok(number), digit == kept);
            number[i] = kept;
        }
    assert_false(cnaps_ok("10210009999"));
    assert_false(cnaps_ok("10210009999x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_judged),
        cmocka_unit_test(ranges_are_read),
        cmocka_unit_test(signatures_are_the_standards),
        cmocka_unit_test(templates_are_checked_and_written),
        cmocka_unit_test(endpoints_are_told_of_what_they_named),
        cmocka_unit_test(attempts_come_again_for_three_days),
        cmocka_unit_test(clearing_numbers_prove_themselves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
