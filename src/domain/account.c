/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: who the customer is, under which policy, and whether the account may be used. */
#include "domain/draw.h"
#include "domain/funds.h"

#include <string.h>

bool account_has_subject(const struct account *account)
{
    static const uint8_t none[HASH_SHORT_BYTES];

    return memcmp(account->subject, none, HASH_SHORT_BYTES) != 0;
}

static bool text_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

/* What the body says, written over the row; the money, claims and counters stay. */
static void account_describe(struct account *account, const struct account_ask *ask,
                             const uint8_t subject_id[HASH_SHORT_BYTES])
{
    deciding_fill(account->policy, sizeof(account->policy), ask->policy);
    deciding_fill(account->currency, sizeof(account->currency), ask->currency);
    account->state = ask->state == ACCOUNT_NONE ? ACCOUNT_ACTIVE : (enum account_state)ask->state;
    account->subject_kind = (enum subject_kind)ask->subject.kind;
    account->verified = ask->subject.verified;
    memcpy(account->subject, subject_id, HASH_SHORT_BYTES);
    deciding_fill(account->master, sizeof(account->master), ask->master);
    deciding_fill(account->partner, sizeof(account->partner), ask->partner.given ? ask->partner.ref : NULL);
    account->partner_payment = ask->partner.given ? (enum partner_payment)ask->partner.payment : PARTNER_NONE;
}

static bool identity_same(const struct identity *identity, const struct account_ask *ask)
{
    return text_same(identity->name, ask->subject.name) && text_same(identity->id_number, ask->subject.id_number) &&
           text_same(identity->phone, ask->phone);
}

static void identity_describe(struct deciding *d, struct identity *identity, const struct account_ask *ask)
{
    identity->name = deciding_copy(d, ask->subject.name);
    identity->id_number = deciding_copy(d, ask->subject.id_number);
    identity->phone = deciding_copy(d, ask->phone);
}

/* The account's overdue goes with it from one identity to the other (AL-06). */
static void subject_leave(struct deciding *d, const struct account *account, struct subject *subject)
{
    if (subject == NULL)
        return;
    subject->overdue = money_sub(subject->overdue, account->overdue);
    subject->accounts--;
    INVARIANT(16, !money_is_negative(subject->overdue) && subject->accounts >= 0);
    changes_put(d->changes, &subject->row);
}

static struct subject *subject_join(struct deciding *d, const struct account *account, struct subject *subject)
{
    if (!account_has_subject(account))
        return NULL;
    if (subject == NULL) {
        subject = DECIDING_NEW(d, subject);
        memcpy(subject->id, account->subject, HASH_SHORT_BYTES);
    }
    INVARIANT(16, memcmp(subject->id, account->subject, HASH_SHORT_BYTES) == 0);
    subject->overdue = money_add(subject->overdue, account->overdue);
    subject->accounts++;
    changes_put(d->changes, &subject->row);
    return subject;
}

static void account_event(struct deciding *d, const struct account *account, const char *type)
{
    deciding_event(d, account, type, account->id,
                   deciding_text(d, "{\"account\":\"%s\",\"state\":\"%s\"}", account->ref,
                                 word_text(&account_state_words, (int)account->state)));
}

static struct decision account_create(struct deciding *d, struct book *book, const char *ref,
                                      const struct account_ask *ask, struct subject *subject,
                                      const uint8_t subject_id[HASH_SHORT_BYTES])
{
    struct account *account = DECIDING_NEW(d, account);
    struct identity *identity = DECIDING_NEW(d, identity);

    deciding_fill(account->ref, sizeof(account->ref), ref);
    account->id = deciding_id(d, account);
    account->created_at = d->now;
    account_describe(account, ask, subject_id);
    deciding_put_account(d, account);
    identity->account = account->id;
    identity_describe(d, identity, ask);
    book->account = account;
    book->identity = identity;
    book->subject = subject_join(d, account, subject);
    book->topups_loaded = book->parcels_loaded = book->payers_loaded = true;
    d->object = account->id;
    deciding_move(d, "ac", account->id, NULL, "account", word_text(&account_state_words, (int)account->state));
    account_event(d, account, "account.created");
    return decision_created();
}

static struct decision account_update(struct deciding *d, struct book *book, const struct account_ask *ask,
                                      struct subject *old_subject, struct subject *new_subject,
                                      const uint8_t subject_id[HASH_SHORT_BYTES])
{
    struct account *account = book->account;
    struct account next;

    INVARIANT(16, book->identity != NULL);
    d->object = account->id;
    memcpy(&next, account, sizeof(next)); /* bytes, padding and all: compared as such */
    account_describe(&next, ask, subject_id);
    bool same = memcmp(&next, account, sizeof(next)) == 0;
    if (same && identity_same(book->identity, ask))
        return decision_ok();

    const char *from = word_text(&account_state_words, (int)account->state);
    bool moves = memcmp(account->subject, subject_id, HASH_SHORT_BYTES) != 0;
    if (moves)
        subject_leave(d, account, old_subject);
    account_describe(account, ask, subject_id);
    if (moves)
        book->subject = subject_join(d, account, new_subject);
    changes_put_described(d->changes, &account->row);
    deciding_put_account(d, account);
    if (!identity_same(book->identity, ask)) {
        identity_describe(d, book->identity, ask);
        changes_put(d->changes, &book->identity->row);
    }
    deciding_move(d, "ac", account->id, from, "account", word_text(&account_state_words, (int)account->state));
    account_event(d, account, "account.updated");
    return decision_ok();
}

struct decision account_put(struct deciding *d, struct book *book, const char *ref, const struct account_ask *ask,
                            struct subject *old_subject, struct subject *new_subject,
                            const uint8_t subject_id[HASH_SHORT_BYTES])
{
    if (!field_ref_ok(ref))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, NULL, "An account's ref is 1 to 64 plain characters.");
    if (d->policy == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/policy", "No policy has this name.");
    if (currency_digits(ask->currency) < 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/currency", "This is no known currency code.");
    if (ask->master != NULL && strcmp(ask->master, ref) == 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/master", "An account is not its own master.");
    if (book->account != NULL && strcmp(book->account->currency, ask->currency) != 0)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "The currency of an account never changes.");
    if (strcmp(d->policy->currency, ask->currency) != 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/currency", "The policy is for another currency.");
    if (book->account == NULL)
        return account_create(d, book, ref, ask, new_subject, subject_id);
    if (new_subject != NULL && !money_fits(new_subject->overdue, book->account->overdue, FUND_BEARABLE_MAX))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, NULL, "This identity's overdue total would be too large.");
    return account_update(d, book, ask, old_subject, new_subject, subject_id);
}
