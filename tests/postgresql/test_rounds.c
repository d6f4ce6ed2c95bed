/* SPDX-License-Identifier: Apache-2.0 */
/* How often a batch goes to PostgreSQL and back, counted where the library says that it is the other side's turn; and
 * that what an engine remembers of an account is a guess of what to ask for, and nothing that it decides on. Without a
 * server (tests/postgresql/cluster.py run) there is nothing to test, and it says so. */
#include "story.h"

#define LOOKED_UP_AND_SAVED 2
#define LOOKED_FOR 1

static int rounds;

int __real_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection);
int __wrap_PQpipelineSync(PGconn *connection)
{
    rounds++;
    return __real_PQpipelineSync(connection);
}

static int count_rounds(void)
{
    int counted = rounds;

    rounds = 0;
    return counted;
}

static void alice_with_money(struct house *house)
{
    house_open(house, MORNING);
    account(house, "alice", "alibaba", "Alice", "");
    topup(house, "t1", 100000, "2026-11-01T10:00:00+08:00");
    topup(house, "t2", 100000, "2026-11-02T10:00:00+08:00");
    count_rounds();
}

/* Whose it is, what hangs on it and what was answered before: all in one round, behind the account's lock. */
static void test_a_known_account_is_two_rounds(void **state)
{
    struct house house;
    char code[16];
    (void)state;

    alice_with_money(&house);
    topup(&house, "t3", 100000, "2026-11-03T10:00:00+08:00");
    assert_int_equal(count_rounds(), LOOKED_UP_AND_SAVED);
    fact(&house, COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":500}");
    assert_int_equal(count_rounds(), LOOKED_UP_AND_SAVED);
    int64_t id = withdraw(&house, 1000);
    assert_int_equal(count_rounds(), LOOKED_UP_AND_SAVED);
    house_code(&house, code);
    count_rounds();
    assert_int_equal(enter(&house, id, code), 200);
    assert_int_equal(count_rounds(), LOOKED_UP_AND_SAVED);
    house_close(&house);
}

/* An account that this engine has not met yet is looked for first. */
static void test_a_new_acquaintance_is_three(void **state)
{
    struct house house;
    (void)state;

    alice_with_money(&house);
    account(&house, "bob", "alibaba", "Bob", "");
    engine_close(&house.engine);
    house_start(&house);
    fact(&house, COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":500}"); /* finds the chain as it was left */
    count_rounds();
    topup_of(&house, "bob", "t1", 100000, "alipay", "2026-11-01T10:00:00+08:00", "Bob", "");
    assert_int_equal(count_rounds(), LOOKED_FOR + LOOKED_UP_AND_SAVED);
    house_close(&house);
}

/* What another engine made of the account counts: its policy, whose it is, and what it has. */
static void test_a_guess_is_only_a_guess(void **state)
{
    struct house house;
    struct engine *first, *second;
    char reason[512];
    (void)state;

    alice_with_money(&house);
    first = house.engine;
    if (engine_open(&house.config, &second, reason) != ERR_NONE)
        fail_msg("%s", reason);
    house.engine = second;
    fact(&house, COMMAND_ACCOUNT_PUT, "alice", "",
         "{\"policy\":\"huawei\",\"currency\":\"CNY\",\"phone\":\"1380\",\"subject\":{\"kind\":\"person\",\"name\":"
         "\"Alice\",\"id_number\":\"222\",\"verified\":true}}");
    fact(&house, COMMAND_CHARGE, "alice", "", "{\"ref\":\"c1\",\"amount\":150000}");
    house.engine = first;
    assert_int_equal(withdraw(&house, 50001), 0);
    assert_string_equal(house_member(&house, "code"), "amount_exceeds_withdrawable");
    assert_int_not_equal(withdraw(&house, 50000), 0);
    is(&house, "SELECT policy FROM withdrawal", "huawei");
    is(&house, "SELECT count(*) FROM account a JOIN subject s ON s.id = a.subject WHERE s.accounts = 1", "1");
    engine_close(&second);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_known_account_is_two_rounds),
        cmocka_unit_test(test_a_new_acquaintance_is_three),
        cmocka_unit_test(test_a_guess_is_only_a_guess),
    };

    if (place_server() == NULL) {
        puts("no PostgreSQL: run it by tests/postgresql/cluster.py");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
