/* SPDX-License-Identifier: Apache-2.0 */
/* What signs in, each part alone: one-time passwords, passwords, guessing, sessions. */
#include "unit.h"

#include "access/otp.h"
#include "access/password.h"
#include "access/throttle.h"
#include "domain/staff.h"
#include "engine/role.h"
#include "http/address.h"

#include <stdio.h>
#include <string.h>

/* RFC 6238, appendix B: SHA-1, the last six of its eight digits. */
static void one_time_passwords_are_the_standard_s(void **state)
{
    static const char secret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    static const struct {
        int64_t at_s;
        const char *code;
    } rows[] = {
        {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
        {1234567890, "005924"}, {2000000000, "279037"}, {INT64_C(20000000000), "353130"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct instant at = {rows[i].at_s * MS_SECOND};
        int64_t step = rows[i].at_s / OTP_STEP_S;

        assert_int_equal(otp_step_of(secret, rows[i].code, at, 0), step);
        assert_int_equal(otp_step_of(secret, rows[i].code, instant_add_ms(at, 30 * MS_SECOND), 0), step);
        assert_int_equal(otp_step_of(secret, rows[i].code, instant_add_ms(at, 61 * MS_SECOND), 0), 0);
        assert_int_equal(otp_step_of(secret, rows[i].code, at, step), 0);
        assert_int_equal(otp_step_of(secret, rows[i].code, at, step - 1), step);
    }
    assert_int_equal(otp_step_of(secret, "28708", (struct instant){59000}, 0), 0);
    assert_int_equal(otp_step_of(secret, "2870822", (struct instant){59000}, 0), 0);
    assert_int_equal(otp_step_of("not base32!", "287082", (struct instant){59000}, 0), 0);
}

static void passwords_are_told_apart(void **state)
{
    char kept[PASSWORD_TEXT_BYTES], again[PASSWORD_TEXT_BYTES];

    (void)state;
    assert_int_equal(password_keep("river stone lantern", kept), ERR_NONE);
    assert_int_equal(password_keep("river stone lantern", again), ERR_NONE);
    assert_string_not_equal(kept, again);
    assert_true(password_is(kept, "river stone lantern"));
    assert_false(password_is(kept, "river stone lanterN"));
    assert_false(password_is(NULL, "river stone lantern"));
    assert_null(password_fault("anna", "river stone lantern"));
    assert_non_null(password_fault("anna", "rivers ANNA lantern"));
    assert_non_null(password_fault("anna", "qwertyuiop123"));
}

static int64_t waits(struct throttle *throttle, const char *name, const char *address, int64_t now_s)
{
    return throttle_wait_ms(throttle, name, address, (struct instant){now_s * MS_SECOND}) / MS_SECOND;
}

static void guessing_takes_longer_and_longer(void **state)
{
    static const int64_t wanted_s[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    static struct throttle throttle;
    int64_t now_s = 1000000;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wanted_s); i++) {
        throttle_wrong(&throttle, "anna", "192.0.2.1", (struct instant){now_s * MS_SECOND});
        assert_int_equal(waits(&throttle, "anna", "192.0.2.1", now_s), wanted_s[i]);
        assert_int_equal(waits(&throttle, "anna", "192.0.2.2", now_s), 0);
        now_s += wanted_s[i];
        assert_int_equal(waits(&throttle, "anna", "192.0.2.1", now_s), 0);
    }
    now_s += 3600;
    throttle_wrong(&throttle, "anna", "192.0.2.1", (struct instant){now_s * MS_SECOND});
    assert_int_equal(waits(&throttle, "anna", "192.0.2.1", now_s), 0);
}

/* From many addresses somebody is slowed down a little for strangers, and not where she is known; from one address
 * everybody is tried slowly. */
static void nobody_is_locked_out(void **state)
{
    static struct throttle throttle;
    struct instant now = {1000000 * MS_SECOND};
    char text[24];

    (void)state;
    throttle_right(&throttle, "anna", "192.0.2.1", now);
    for (int i = 0; i < 400; i++) {
        snprintf(text, sizeof text, "198.51.%d.%d", i / 200, i % 200);
        throttle_wrong(&throttle, "anna", text, now);
    }
    assert_int_equal(throttle_wait_ms(&throttle, "anna", "203.0.113.1", now), MS_MINUTE);
    assert_int_equal(throttle_wait_ms(&throttle, "anna", "192.0.2.1", now), 0);
    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof text, "user%d", i);
        throttle_wrong(&throttle, text, "192.0.2.66", now);
    }
    assert_true(throttle_wait_ms(&throttle, "somebody", "192.0.2.66", now) >= 256 * MS_SECOND);
    assert_int_equal(throttle_wait_ms(&throttle, "somebody", "192.0.2.67", now), 0);
    throttle_right(&throttle, "bert", "192.0.2.66", now); /* behind one address with those who guess */
    assert_int_equal(throttle_wait_ms(&throttle, "bert", "192.0.2.66", now), 0);
    for (int i = 0; i < 8; i++)
        throttle_wrong(&throttle, "bert", "192.0.2.66", now);
    assert_true(throttle_wait_ms(&throttle, "bert", "192.0.2.66", now) > 0); /* guesses at her own name count */
}

/* As proxies write them: with a port or without, and of IPv6 the network. */
static void addresses_are_read_as_they_are_written(void **state)
{
    static const struct {
        const char *text, *whole, *place; /* whole NULL: none */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:4711", "192.0.2.1", "192.0.2.1"},
        {"2001:db8::aa:1", "2001:db8::aa:1", "2001:db8::"},
        {"[2001:db8::aa:2]:99", "2001:db8::aa:2", "2001:db8::"},
        {"::1", "::1", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"", NULL, NULL},
        {"unknown", NULL, NULL},
        {"_hidden", NULL, NULL},
        {"192.0.2.1.5", NULL, NULL},
        {"192.0.2.1, 192.0.2.2", NULL, NULL},
        {"[::1", "::1", "::"},
    };
    char text[ADDRESS_TEXT_BYTES] = "as before";

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        assert_int_equal(address_read(rows[i].text, false, text), rows[i].whole != NULL);
        assert_string_equal(text, rows[i].whole != NULL ? rows[i].whole : text);
        if (rows[i].whole != NULL) {
            assert_true(address_read(rows[i].text, true, text));
            assert_string_equal(text, rows[i].place);
        }
    }
}

static void a_session_ends_by_itself(void **state)
{
    struct session session = {.created_at = {1000}, .seen_at = {5000}, .idle_ms = 300, .expires_at = {5200}};

    (void)state;
    assert_true(session_is_live(&session, (struct instant){5199}));
    assert_false(session_is_live(&session, (struct instant){5200}));
    session.expires_at.ms = 9000;
    assert_true(session_is_live(&session, (struct instant){5299}));
    assert_false(session_is_live(&session, (struct instant){5300}));
}

/* Whoever shows something that is good once changes its password once, and not what an administrator changed since it
 * was looked at; refused, it has used up nothing. */
static void a_proof_is_good_for_one_change(void **state)
{
    static const struct {
        struct staff_proof proof;
        bool good, disabled;
        int64_t step;
        const char *left;
    } rows[] = {
        {{.version = 4}, true, false, 7, "aa bb cc"},
        {{.version = 3}, false, false, 7, "aa bb cc"}, /* reset meanwhile */
        {{.version = 4}, false, true, 7, "aa bb cc"},
        {{.version = 4, .totp_step = 8}, true, false, 8, "aa bb cc"},
        {{.version = 4, .totp_step = 7}, false, false, 7, "aa bb cc"},
        {{.version = 3, .totp_step = 8}, false, false, 7, "aa bb cc"},
        {{.version = 4, .recovery = "aa"}, true, false, 7, "bb cc"},
        {{.version = 4, .recovery = "cc"}, true, false, 7, "aa bb"},
        {{.version = 4, .recovery = "dd"}, false, false, 7, "aa bb cc"},
        {{.version = 3, .recovery = "aa"}, false, false, 7, "aa bb cc"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct arena arena;
        struct changes changes = {0};
        struct deciding d = {.now = {9000}, .arena = &arena, .changes = &changes, .principal = "user:anna"};
        struct staff anna = {.row.table = &staff_table,
                             .name = "anna",
                             .state = rows[i].disabled ? STAFF_DISABLED : STAFF_ACTIVE,
                             .password = "old",
                             .totp_step = 7,
                             .recovery = "aa bb cc",
                             .version = 4};
        struct session_places places = {.staff = &anna};
        const struct staff_ask ask = {
            .act = STAFF_IS_PUT, .name = "anna", .exists = true, .password = "new", .proof = &rows[i].proof};
        const struct staff *told;

        arena_init(&arena, 1 << 20);
        assert_true(arena_reserve(&arena, 1 << 16));
        struct decision decision = staff_do(&d, &places, &ask, &told);
        assert_int_equal(decision.verdict, rows[i].good ? VERDICT_OK : VERDICT_CONFLICT);
        assert_string_equal(anna.password, rows[i].good ? "new" : "old");
        assert_int_equal(anna.version, rows[i].good ? 5 : 4);
        assert_int_equal(anna.totp_step, rows[i].step);
        assert_string_equal(anna.recovery, rows[i].left);
        assert_int_equal(changes.count, rows[i].good ? 1 : 0);
        if (rows[i].good)
            assert_int_equal(staff_do(&d, &places, &ask, &told).verdict, VERDICT_CONFLICT);
        arena_fini(&arena);
    }
}

static void roles_are_names_of_the_table(void **state)
{
    char names[ROLE_NAMES_BYTES];
    const char *two[] = {"admin", "viewer"}, *twice[] = {"viewer", "viewer"}, *keys[] = {"billing"}, *none[] = {"king"};

    (void)state;
    assert_int_equal(role_bits("viewer admin"), ROLE_READ | ROLE_AUDIT | ROLE_ADMIN);
    assert_int_equal(role_bits(""), 0);
    assert_int_equal(role_bits("king view viewers"), 0);
    assert_true(role_names_of_people(two, 2, names));
    assert_string_equal(names, "viewer admin");
    assert_false(role_names_of_people(twice, 2, names));
    assert_false(role_names_of_people(keys, 1, names));
    assert_false(role_names_of_people(none, 1, names));
    assert_false(role_names_of_people(two, 0, names));
    for (size_t i = 0; i < role_meanings_count; i++)
        assert_int_equal(role_meanings[i].bits & ROLE_SYSTEM, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_time_passwords_are_the_standard_s),  cmocka_unit_test(passwords_are_told_apart),
        cmocka_unit_test(guessing_takes_longer_and_longer),       cmocka_unit_test(nobody_is_locked_out),
        cmocka_unit_test(addresses_are_read_as_they_are_written), cmocka_unit_test(a_session_ends_by_itself),
        cmocka_unit_test(a_proof_is_good_for_one_change),         cmocka_unit_test(roles_are_names_of_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
