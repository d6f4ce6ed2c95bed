/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#define DUE_ARENA_BYTES ((size_t)16 << 20)

enum err engine_due(struct store *reader, struct instant now, bool only_questions, int64_t *ret_ids, size_t capacity,
                    size_t *ret_count, struct instant *ret_next)
{
    struct arena arena;
    struct rows rows = {0};
    int64_t next = 0;
    enum err err;

    arena_init(&arena, DUE_ARENA_BYTES);
    err = store_select(reader, only_questions ? QUERY_WITHDRAWALS_DUE_QUESTIONS : QUERY_WITHDRAWALS_DUE,
                       (struct value[]){value_int("now", now.ms), value_int("limit", (int64_t)capacity)}, 2,
                       &withdrawal_table, &arena, &rows);
    if (err == ERR_NONE)
        err = store_int(reader, QUERY_WITHDRAWAL_NEXT_DUE, NULL, 0, &next);
    if (err == ERR_NONE) {
        *ret_count = rows.count;
        for (size_t i = 0; i < rows.count; i++)
            ret_ids[i] = ((const struct withdrawal *)rows.items[i])->id;
        *ret_next = (struct instant){next};
    }
    arena_fini(&arena);
    return err;
}
