/* SPDX-License-Identifier: Apache-2.0 */
/* Pay-as-you-go resources: what keeps a reserve on the account, and since when it no longer does. */
#include "domain/funds.h"

static struct money resource_reserve(enum resource_state state, struct money frozen)
{
    return state == RESOURCE_ACTIVE ? frozen : MONEY_ZERO;
}

/* The account's count and sum of active resources follow one of them from what it was to what it is. */
static void payg_follow(struct deciding *d, struct account *account, enum resource_state from, struct money from_frozen,
                        enum resource_state to, struct money to_frozen)
{
    account->payg_active += (to == RESOURCE_ACTIVE) - (from == RESOURCE_ACTIVE);
    account->payg_frozen = money_add(money_sub(account->payg_frozen, resource_reserve(from, from_frozen)),
                                     resource_reserve(to, to_frozen));
    INVARIANT(16, account->payg_active >= 0 && !money_is_negative(account->payg_frozen));
    deciding_put_account(d, account);
}

/* Every release restarts the 24 hours (AL-08); one that is told late does not turn them back. */
static void payg_release(struct account *account, struct instant at)
{
    if (instant_after(at, account->payg_last_released_at))
        account->payg_last_released_at = at;
}

static struct resource *resource_new(struct deciding *d, const struct account *account, const char *ref)
{
    struct resource *resource = DECIDING_NEW(d, resource);

    resource->id = deciding_id(d, account);
    resource->account = account->id;
    deciding_fill(resource->ref, sizeof(resource->ref), ref);
    return resource;
}

static bool resource_same(const struct resource *resource, enum resource_state state, struct money frozen,
                          struct instant released_at)
{
    return resource->state == state && resource->frozen.minor == frozen.minor &&
           resource->released_at.ms == released_at.ms;
}

/* When the resource counts as released: not before an earlier release of the same one, never while it is active. */
static struct instant resource_released_at(const struct resource *earlier, enum resource_state state, struct instant at)
{
    if (state == RESOURCE_ACTIVE)
        return INSTANT_NONE;
    if (earlier != NULL && earlier->state == RESOURCE_RELEASED && !instant_after(at, earlier->released_at))
        return earlier->released_at;
    return at;
}

/* Telling a release again without a moment repeats it; it is no new one. */
static struct instant resource_moment(const struct deciding *d, const struct resource_ask *ask,
                                      const struct resource *earlier)
{
    if (instant_is_set(ask->at))
        return ask->at;
    if (earlier != NULL && earlier->state == RESOURCE_RELEASED && ask->state == RESOURCE_RELEASED)
        return earlier->released_at;
    return d->now;
}

static void resource_write(struct deciding *d, struct account *account, struct resource *resource,
                           enum resource_state state, struct money frozen, struct instant released_at)
{
    payg_follow(d, account, resource->state, resource->frozen, state, frozen);
    if (state == RESOURCE_RELEASED)
        payg_release(account, released_at);
    deciding_move(d, "rs", resource->id,
                  resource->state == RESOURCE_NONE ? NULL : word_text(&resource_state_words, (int)resource->state),
                  "resource", word_text(&resource_state_words, (int)state));
    resource->state = state;
    resource->frozen = frozen;
    resource->released_at = released_at;
    changes_put(d->changes, &resource->row);
    fact_event(d, account, "resource.updated", "rs", resource->id, resource->ref, frozen);
}

struct decision resource_put(struct deciding *d, struct book *book, const char *ref, const struct resource_ask *ask,
                             struct resource *earlier, struct resource **ret)
{
    enum resource_state state = (enum resource_state)ask->state;

    if (!field_ref_ok(ref))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, NULL, "A resource's ref is 1 to 64 plain characters.");
    if (instant_is_set(ask->at) && fact_in_future(d, ask->at))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/at", "A resource cannot have changed in the future.");
    if (!money_fits(book->account->payg_frozen, ask->frozen, MONEY_BALANCE_MAX))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/frozen", "The account's frozen sum would be too large.");

    struct instant released_at = resource_released_at(earlier, state, resource_moment(d, ask, earlier));
    bool created = earlier == NULL;
    if (!created && resource_same(earlier, state, ask->frozen, released_at)) {
        d->object = earlier->id;
        *ret = earlier;
        return decision_ok();
    }
    struct resource *resource = created ? resource_new(d, book->account, ref) : earlier;
    resource_write(d, book->account, resource, state, ask->frozen, released_at);
    d->object = resource->id;
    *ret = resource;
    return created ? decision_created() : decision_ok();
}
