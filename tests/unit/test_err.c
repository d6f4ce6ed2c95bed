/* SPDX-License-Identifier: Apache-2.0 */
/* Beliefs: the same source built as the product, as the builds that abort on a wrong one, and as the build that counts
 * coverage. */
#include "unit.h"

#include "base/err.h"

#include <string.h>

static bool evaluated;

static bool seen(bool value)
{
    evaluated = true;
    return value;
}

static void a_right_belief_goes_on(void **state)
{
    (void)state;
    assert_true(ALWAYS(seen(true)));
    assert_false(NEVER(seen(false)));
}

/* The product takes the safe way; a test's build stops; where branches are counted nothing is asked. */
static void a_wrong_belief_is_noticed_where_tests_look(void **state)
{
    (void)state;
#if defined(EBB_COVERAGE)
    evaluated = false;
    assert_true(ALWAYS(seen(false)));
    assert_false(NEVER(seen(true)));
    assert_false(evaluated);
#elif defined(EBB_BELIEFS_ABORT)
    assert_true(DIES((void)ALWAYS(seen(false))));
    assert_true(DIES((void)NEVER(seen(true))));
#else
    assert_false(ALWAYS(seen(false)));
    assert_true(NEVER(seen(true)));
    assert_true(evaluated);
#endif
}

static void a_broken_invariant_stops_every_build(void **state)
{
    (void)state;
    assert_true(DIES(INVARIANT(1, seen(false))));
    INVARIANT(1, seen(true));
}

static void faults_have_names(void **state)
{
    static const char *const names[] = {"none", "request", "retry", "unknown", "fatal"};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        assert_string_equal(err_name((enum err)i), names[i]);
    assert_string_equal(err_name((enum err)ARRAY_COUNT(names)), "?");
}

static enum err pass_on(enum err err)
{
    TRY(err);
    return ERR_NONE;
}

static void a_fault_is_handed_up_unchanged(void **state)
{
    (void)state;
    for (enum err err = ERR_NONE; err <= ERR_FATAL; err++)
        assert_int_equal(pass_on(err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_belief_goes_on),
        cmocka_unit_test(a_wrong_belief_is_noticed_where_tests_look),
        cmocka_unit_test(a_broken_invariant_stops_every_build),
        cmocka_unit_test(faults_have_names),
        cmocka_unit_test(a_fault_is_handed_up_unchanged),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
