/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/row.h"

static void changes_append(struct changes *changes, struct row *row)
{
    row->next_changed = NULL;
    if (changes->last == NULL)
        changes->first = row;
    else
        changes->last->next_changed = row;
    changes->last = row;
    changes->count++;
}

void *changes_new(struct changes *changes, void *row, const struct table *table)
{
    struct row *head = row;

    INVARIANT(13, head->state == ROW_CLEAN && head->table == NULL);
    head->table = table;
    head->state = ROW_NEW;
    changes_append(changes, head);
    return row;
}

void changes_put(struct changes *changes, struct row *row)
{
    INVARIANT(13, row->table != NULL);
    if (row->state != ROW_CLEAN)
        return;
    row->state = ROW_CHANGED;
    changes_append(changes, row);
}

void changes_put_described(struct changes *changes, struct row *row)
{
    row->described = true;
    changes_put(changes, row);
}

void changes_drop(struct changes *changes, struct row *row)
{
    INVARIANT(13, row->table != NULL);
    switch (row->state) {
    case ROW_NEW:
        row->state = ROW_CLEAN; /* stays in the list; the store passes over it */
        break;
    case ROW_CLEAN:
        row->state = ROW_GONE;
        changes_append(changes, row);
        break;
    case ROW_CHANGED:
    case ROW_GONE:
        row->state = ROW_GONE;
        break;
    }
}
