/* SPDX-License-Identifier: Apache-2.0 */
#include "again.h"

#include "invariants.h"

static const char *const counts[AGAIN_COUNTS] = {"SELECT max(seq) FROM audit", "SELECT count(*) FROM entry",
                                                 "SELECT count(*) FROM idempotency", "SELECT count(*) FROM posting"};

void again_count(struct town *town, struct again *ret)
{
    for (int i = 0; i < AGAIN_COUNTS; i++)
        ret->counts[i] = town_int(town, counts[i]);
}

enum again_verdict again_judge(struct town *town, const struct again *wanted)
{
    struct broken broken = {0};

    for (int i = 0; i < AGAIN_COUNTS; i++)
        if (town_int(town, counts[i]) != wanted->counts[i])
            return AGAIN_NOT_ONCE;
    invariants_check(town_books(town), &broken);
    invariants_check_file(town_books(town), &broken);
    return broken.count > 0 ? AGAIN_DAMAGED : AGAIN_ONCE;
}
