/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TRIES_NOT_MEANT (-1)
#define BOOK_CAPACITY_FIRST 16

static struct decision decision_of(enum verdict verdict, enum refusal code, const char *detail)
{
    return (struct decision){.verdict = verdict, .code = code, .detail = detail, .tries_left = TRIES_NOT_MEANT};
}

struct decision decision_ok(void)
{
    return decision_of(VERDICT_OK, REFUSAL_NONE, NULL);
}

struct decision decision_created(void)
{
    return decision_of(VERDICT_CREATED, REFUSAL_NONE, NULL);
}

struct decision decision_stored(void)
{
    return decision_of(VERDICT_STORED, REFUSAL_NONE, NULL);
}

struct decision decision_refused(enum refusal code, const char *rule, const char *pointer, const char *detail)
{
    struct decision decision = decision_of(VERDICT_REFUSED, code, detail);

    decision.rule = rule != NULL && rule[0] != '\0' ? rule : NULL;
    decision.pointer = pointer;
    return decision;
}

struct decision decision_amount(enum refusal code, const char *rule, const char *pointer, struct money requested,
                                struct money available)
{
    struct decision decision = decision_refused(code, rule, pointer, NULL);

    decision.has_amounts = true;
    decision.requested = requested;
    decision.available = available;
    return decision;
}

struct decision decision_conflict(enum refusal code, const char *detail)
{
    return decision_of(VERDICT_CONFLICT, code, detail);
}

struct decision decision_missing(const char *what)
{
    return decision_of(VERDICT_MISSING, REFUSAL_NOT_FOUND, what);
}

int64_t deciding_id(struct deciding *deciding, const struct account *account)
{
    int shard = account->id != 0 ? id_shard(account->id) : shard_of_ref(account->ref);

    return ids_next(deciding->ids, deciding->now, shard);
}

void deciding_move(struct deciding *deciding, const char *prefix, int64_t id, const char *from, const char *event,
                   const char *to)
{
    struct move *move = ARENA_MUST(deciding->arena, struct move);

    *move = (struct move){.prefix = prefix, .id = id, .from = from, .event = event, .to = to};
    if (deciding->moves_last == NULL)
        deciding->moves = move;
    else
        deciding->moves_last->next = move;
    deciding->moves_last = move;
}

char *deciding_text(struct deciding *deciding, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    INVARIANT(13, length >= 0);

    size_t size = (size_t)length + 1;
    char *text = arena_must(deciding->arena, size);
    vsnprintf(text, size, format, again);
    va_end(again);
    return text;
}

char *deciding_copy(struct deciding *deciding, const char *text)
{
    if (text == NULL)
        return NULL;

    size_t size = strlen(text) + 1;
    return memcpy(arena_must(deciding->arena, size), text, size);
}

const char *deciding_written(const struct out *out)
{
    INVARIANT(2, !out->failed && out->arena != NULL);
    return out->data;
}

void deciding_fill(char *member, size_t size, const char *text)
{
    size_t length = text == NULL ? 0 : strnlen(text, size - 1);

    memset(member, 0, size);
    if (length > 0)
        memcpy(member, text, length);
}

void deciding_put_account(struct deciding *deciding, struct account *account)
{
    account->version++;
    changes_put(deciding->changes, &account->row);
}

void deciding_event(struct deciding *deciding, const struct account *account, const char *type, int64_t object,
                    const char *data)
{
    struct event *event = DECIDING_NEW(deciding, event);

    event->id = deciding_id(deciding, account);
    event->account = account->id;
    deciding_fill(event->type, sizeof(event->type), type);
    event->object = object;
    event->data = data;
    event->at = deciding->now;
}

/* Room for one more pointer; the arena keeps the outgrown array until the batch ends. */
static void *list_grow(struct arena *arena, void *items, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return items;

    size_t larger = *capacity == 0 ? BOOK_CAPACITY_FIRST : *capacity * 2;
    void *grown = arena_must(arena, larger * sizeof(void *));
    if (count > 0)
        memcpy(grown, items, count * sizeof(void *));
    *capacity = larger;
    return grown;
}

static bool topup_before(const struct topup *a, const struct topup *b)
{
    if (a->paid_at.ms != b->paid_at.ms)
        return a->paid_at.ms < b->paid_at.ms;
    return a->id < b->id;
}

/* Where `topup` stands or would stand. */
static size_t book_topup_place(const struct book *book, const struct topup *topup)
{
    size_t low = 0, high = book->topups_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (topup_before(book->topups[middle], topup))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void book_add_topup(struct deciding *deciding, struct book *book, struct topup *topup)
{
    size_t place = book_topup_place(book, topup);

    if (place < book->topups_count && book->topups[place]->id == topup->id)
        return;
    book->topups = list_grow(deciding->arena, book->topups, book->topups_count, &book->topups_capacity);
    memmove(book->topups + place + 1, book->topups + place, (book->topups_count - place) * sizeof(*book->topups));
    book->topups[place] = topup;
    book->topups_count++;
}

void book_add_parcel(struct deciding *deciding, struct book *book, struct parcel *parcel)
{
    size_t place = book->parcels_count;

    while (place > 0 && book->parcels[place - 1]->id >= parcel->id)
        place--;
    if (place < book->parcels_count && book->parcels[place]->id == parcel->id)
        return;
    book->parcels = list_grow(deciding->arena, book->parcels, book->parcels_count, &book->parcels_capacity);
    memmove(book->parcels + place + 1, book->parcels + place, (book->parcels_count - place) * sizeof(*book->parcels));
    book->parcels[place] = parcel;
    book->parcels_count++;
}

/* The book lists live lots only: what is spent leaves it, as it would when the account were loaded anew. */
void book_drop_spent(struct book *book)
{
    size_t kept = 0;

    for (size_t i = 0; i < book->topups_count; i++)
        if (!money_is_zero(book->topups[i]->remaining))
            book->topups[kept++] = book->topups[i];
    book->topups_count = kept;
    kept = 0;
    for (size_t i = 0; i < book->parcels_count; i++)
        if (!money_is_zero(book->parcels[i]->remaining))
            book->parcels[kept++] = book->parcels[i];
    book->parcels_count = kept;
}

void dossier_add_attempt(struct deciding *deciding, struct dossier *dossier, struct attempt *attempt)
{
    size_t place = dossier->attempts_count;

    dossier->attempts =
        list_grow(deciding->arena, dossier->attempts, dossier->attempts_count, &dossier->attempts_capacity);
    while (place > 0 && dossier->attempts[place - 1]->leg > attempt->leg)
        place--;
    memmove(dossier->attempts + place + 1, dossier->attempts + place,
            (dossier->attempts_count - place) * sizeof(*dossier->attempts));
    dossier->attempts[place] = attempt;
    dossier->attempts_count++;
}

void dossier_add_told(struct deciding *deciding, struct dossier *dossier, struct evidence *evidence)
{
    dossier->told = list_grow(deciding->arena, dossier->told, dossier->told_count, &dossier->told_capacity);
    dossier->told[dossier->told_count++] = evidence;
}
