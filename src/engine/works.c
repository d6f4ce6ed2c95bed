/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of a batch with their answers, before these are sent. */
#include "engine/step.h"

#include <string.h>

void reply_send(struct work *work)
{
    if (work->command->done != NULL)
        work->command->done(work->command, &work->reply);
    else
        reply_fini(&work->reply);
}

void work_fail(struct work *work, const char *code, const char *detail)
{
    if (work->command->held_up != NULL)
        *work->command->held_up = true;
    reply_fini(&work->reply);
    (void)reply_problem(&work->reply, 503, code, detail, work->command->request_id);
}

bool work_is_held_up(struct work *work)
{
    if (work->command->held_up == NULL || !*work->command->held_up)
        return false;
    work_fail(work, "later", LATER_TEXT);
    return true;
}

void works_refuse(struct work *works, size_t count, const char *code, const char *detail)
{
    for (size_t i = 0; i < count; i++) {
        work_fail(&works[i], code, detail);
        reply_send(&works[i]);
    }
}

void works_forget(struct work *works, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        reply_fini(&works[i].reply);
        works[i] = (struct work){.command = works[i].command};
    }
}

bool works_are_ticks(const struct work *works, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (works[i].command->kind != COMMAND_TICK)
            return false;
    return true;
}

size_t works_part(struct work *works, size_t count)
{
    size_t others = 0;

    for (size_t i = 0; i < count; i++) {
        struct work work = works[i];

        if (work.command->kind == COMMAND_TICK)
            continue;
        memmove(&works[others + 1], &works[others], (i - others) * sizeof *works);
        works[others++] = work;
    }
    return others;
}
