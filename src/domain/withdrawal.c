/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a withdrawal's life that several decisions share. */
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

static int move(struct deciding *d, const struct machine *machine, const char *prefix, int64_t id, int from, int event,
                int invariant, enum ledger_move *ret_due)
{
    const struct transition *transition = machine_find(machine, from, event);

    INVARIANT(invariant, transition != NULL);
    deciding_move(d, prefix, id, from == 0 ? NULL : word_text(machine->states, from), word_text(machine->events, event),
                  word_text(machine->states, transition->to));
    *ret_due = transition->move;
    return transition->to;
}

static void event_of(struct deciding *d, const struct withdrawal *w, int64_t account)
{
    struct account owner = {.id = account};
    const char *status = word_text(&withdrawal_status_words, (int)w->status);
    struct out out;
    char type[49];

    snprintf(type, sizeof type, "withdrawal.%s", status);
    out_init_in(&out, d->arena);
    out_object(&out, NULL);
    out_string(&out, "status", status);
    out_money(&out, "amount", w->amount);
    out_string(&out, "currency", w->currency);
    out_object_end(&out);
    deciding_event(d, &owner, type, w->id, deciding_written(&out));
}

enum ledger_move withdrawal_move(struct deciding *d, struct withdrawal *w, enum withdrawal_event event)
{
    enum ledger_move due;

    w->status = (enum withdrawal_status)move(d, &withdrawal_machine, "wd", w->id, (int)w->status, (int)event, 20, &due);
    changes_put(d->changes, &w->row);
    event_of(d, w, w->account);
    return due;
}

enum ledger_move leg_move(struct deciding *d, struct leg *leg, enum leg_event event)
{
    enum ledger_move due;

    leg->status = (enum leg_status)move(d, &leg_machine, "leg", leg->id, (int)leg->status, (int)event, 21, &due);
    changes_put(d->changes, &leg->row);
    return due;
}

enum ledger_move attempt_move(struct deciding *d, struct attempt *attempt, enum attempt_event event)
{
    enum ledger_move due;

    attempt->status =
        (enum attempt_status)move(d, &attempt_machine, "at", attempt->id, (int)attempt->status, (int)event, 22, &due);
    changes_put(d->changes, &attempt->row);
    return due;
}

struct topup *lot_topup(const struct book *book, const struct lot *lot)
{
    if (lot->topup == 0)
        return NULL;
    for (size_t i = 0;; i++) {
        INVARIANT(23, i < book->topups_count);
        if (book->topups[i]->id == lot->topup)
            return book->topups[i];
    }
}

/* The entry of a ledger move, and what it does with each lot. */
static const struct {
    enum entry_kind kind;
    void (*post)(struct deciding *d, struct entry_open *open, struct account *account, struct topup *topup,
                 struct money amount);
} ledger_moves[] = {
    [MOVE_FREEZE] = {ENTRY_FREEZE, ledger_freeze},
    [MOVE_SETTLE] = {ENTRY_SETTLE, ledger_settle},
    [MOVE_RELEASE] = {ENTRY_RELEASE, ledger_release},
    [MOVE_RETURN] = {ENTRY_RETURN, ledger_return},
};

void leg_post(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg, enum ledger_move due)
{
    struct money posted = MONEY_ZERO;

    INVARIANT(24, due != MOVE_NONE);
    struct entry_open open =
        ledger_open(d, book->account, ledger_moves[due].kind, leg->id, leg->withdrawal, leg->amount);
    for (size_t i = 0; i < dossier->lots_count; i++) {
        const struct lot *lot = dossier->lots[i];

        if (lot->leg != leg->id)
            continue;
        ledger_moves[due].post(d, &open, book->account, lot_topup(book, lot), lot->amount);
        posted = money_add(posted, lot->amount);
    }
    if (due == MOVE_SETTLE)
        ledger_outside(d, &open, book->account, leg->channel, leg->amount, leg->fee);
    if (due == MOVE_RETURN) /* a payment that came back was no service: the fee comes back with it */
        ledger_outside(d, &open, book->account, leg->channel, money_negate(leg->amount), money_negate(leg->fee));
    ledger_close(d, &open);
    INVARIANT(24, posted.minor == leg->amount.minor);
}

void withdrawal_release(struct deciding *d, struct book *book, struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->legs_count; i++)
        if (dossier->legs[i]->status == LEG_HELD)
            leg_post(d, book, dossier, dossier->legs[i], leg_move(d, dossier->legs[i], LEG_LET_GO));
    withdrawal_uncount(d, book->account, dossier->withdrawal);
}

void withdrawal_uncount(struct deciding *d, struct account *account, struct withdrawal *w)
{
    if (NEVER(w->counted_day == 0)) /* counted when its code was right, and the ends without payment come but once */
        return;
    if (account->month == w->counted_day / 100)
        account->withdrawals_month--;
    if (account->day == w->counted_day) {
        account->withdrawals_day--;
        account->withdrawn_day = money_sub(account->withdrawn_day, w->amount);
    }
    INVARIANT(17, account->withdrawals_month >= account->withdrawals_day && account->withdrawals_day >= 0 &&
                      !money_is_negative(account->withdrawn_day));
    w->counted_day = 0;
    changes_put(d->changes, &account->row);
}

/* What the legs say of the whole; WITHDRAWAL_EVENT_NONE while one is still open. */
static enum withdrawal_event conclusion(const struct dossier *dossier)
{
    size_t paid = 0, returned = 0;

    for (size_t i = 0; i < dossier->legs_count; i++) {
        enum leg_status status = dossier->legs[i]->status;

        if (!leg_status_final(status))
            return WITHDRAWAL_EVENT_NONE;
        paid += status == LEG_SUCCESSFUL || status == LEG_RETURNED;
        returned += status == LEG_RETURNED;
    }
    if (paid == 0)
        return WITHDRAWAL_NONE_PAID;
    if (returned == paid)
        return WITHDRAWAL_ALL_RETURNED;
    return paid == dossier->legs_count ? WITHDRAWAL_ALL_PAID : WITHDRAWAL_SOME_PAID;
}

static void copy_failure(struct withdrawal *w, const struct dossier *dossier)
{
    for (size_t i = 0; i < dossier->legs_count && w->failure_code[0] == '\0'; i++) {
        memcpy(w->failure_code, dossier->legs[i]->failure_code, sizeof w->failure_code);
        w->failure_detail = dossier->legs[i]->failure_detail;
    }
}

void withdrawal_conclude(struct deciding *d, struct book *book, struct dossier *dossier)
{
    struct withdrawal *w = dossier->withdrawal;
    enum withdrawal_event event = conclusion(dossier);

    if (event == WITHDRAWAL_EVENT_NONE || machine_find(&withdrawal_machine, (int)w->status, (int)event) == NULL)
        return;
    withdrawal_move(d, w, event);
    w->finished_at = d->now;
    if (event != WITHDRAWAL_ALL_PAID)
        copy_failure(w, dossier);
    if (event == WITHDRAWAL_NONE_PAID)
        withdrawal_uncount(d, book->account, w);
    withdrawal_tell(d, book, w, policy_label(d->policy, w->status, false));
}

struct leg *leg_by_id(const struct dossier *dossier, int64_t id)
{
    for (size_t i = 0;; i++) {
        INVARIANT(27, i < dossier->legs_count);
        if (dossier->legs[i]->id == id)
            return dossier->legs[i];
    }
}

struct attempt *leg_attempt(const struct dossier *dossier, const struct leg *leg)
{
    for (size_t i = 0; i < dossier->attempts_count; i++)
        if (dossier->attempts[i]->leg == leg->id)
            return dossier->attempts[i];
    return NULL;
}

bool code_is_one_of(const char *code, const char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

bool attempt_is_unsent(const struct attempt *attempt)
{
    static const char *const codes[] = {CODE_NOT_SENT, CODE_NEVER_SENT, "sent_too_late", "channel_paused"};

    return attempt->sends == 1 && code_is_one_of(attempt->code, codes, ARRAY_COUNT(codes));
}

/* 5 s, 10 s, 20 s … 1 h after the last contact, sends as well as questions, and in time for the alarm and for the
 * people.
 */
struct instant attempt_next_at(const struct attempt *attempt)
{
    struct instant alarm = instant_add_ms(attempt->began_at, UNKNOWN_ALARM_MS), next;
    int64_t wait = QUERY_FIRST_MS;

    if (attempt->status == ATTEMPT_INTENT)
        return instant_add_ms(attempt->last_sent_at, SEND_GUARD_MS);
    for (int64_t i = 0; i < attempt->queries + attempt->sends - 1 && wait < QUERY_LAST_MS; i++)
        wait *= 2;
    next = instant_add_ms(attempt->last_sent_at, wait < QUERY_LAST_MS ? wait : QUERY_LAST_MS);
    return instant_before(attempt->last_sent_at, alarm) ? instant_earlier(next, alarm) : next;
}

/* A payment that the channel has taken over may take as long as was promised. */
struct instant leg_manual_at(const struct leg *leg, const struct attempt *attempt)
{
    struct instant day = instant_add_ms(attempt->began_at, UNKNOWN_MANUAL_MS);

    return leg->status == LEG_ACCEPTED && instant_after(leg->arrives_by, day) ? leg->arrives_by : day;
}

struct instant leg_bounce_at(const struct deciding *d, const struct leg *leg, const struct attempt *attempt)
{
    int64_t after = MS_DAY, last = d->terms->bounce_ms(d->terms->channels, leg->channel);
    bool asked_last = !instant_before(attempt->last_sent_at, instant_add_ms(leg->paid_at, last));

    if (leg->status != LEG_SUCCESSFUL || last == 0 || asked_last)
        return INSTANT_NONE;
    while (after < last && !instant_before(attempt->last_sent_at, instant_add_ms(leg->paid_at, after)))
        after *= 2;
    return instant_add_ms(leg->paid_at, after < last ? after : last);
}

static struct instant leg_next_at(const struct deciding *d, const struct dossier *dossier, const struct leg *leg)
{
    struct attempt *attempt = leg_attempt(dossier, leg);

    if (leg->status == LEG_HELD)
        return instant_is_set(dossier->held_until) ? dossier->held_until : d->now;
    if (attempt != NULL && leg->status == LEG_SUCCESSFUL)
        return leg_bounce_at(d, leg, attempt);
    if (attempt == NULL || leg_status_final(leg->status) || leg->status == LEG_MANUAL)
        return INSTANT_NONE;
    return instant_earlier(attempt_next_at(attempt), leg_manual_at(leg, attempt));
}

static struct instant schedule(const struct deciding *d, const struct dossier *dossier)
{
    const struct withdrawal *w = dossier->withdrawal;
    struct instant next = INSTANT_NONE;

    if (w->status == WITHDRAWAL_AWAITING_CODE)
        return instant_add_ms(w->code_expires_at, 1);
    if (w->status == WITHDRAWAL_IN_REVIEW || w->status == WITHDRAWAL_NEED_DOCUMENTS)
        return INSTANT_NONE;
    for (size_t i = 0; i < dossier->legs_count; i++)
        next = instant_earlier(next, leg_next_at(d, dossier, dossier->legs[i]));
    return next;
}

void withdrawal_settle_row(struct deciding *d, struct dossier *dossier)
{
    dossier->withdrawal->next_at = schedule(d, dossier);
    if (d->moves != NULL)
        dossier->withdrawal->version++;
    d->object = dossier->withdrawal->id;
    changes_put(d->changes, &dossier->withdrawal->row);
}

void withdrawal_flag(struct deciding *d, struct withdrawal *w, const char *flag)
{
    if (w->flags == NULL)
        w->flags = deciding_text(d, "[\"%s\"]", flag);
    else if (strstr(w->flags, flag) == NULL)
        w->flags = deciding_text(d, "%.*s,\"%s\"]", (int)strlen(w->flags) - 1, w->flags, flag);
}

/* A reason that somebody wrote may end like a sentence already. */
static const char *stop_of(const char *text)
{
    static const char *const stops[] = {".", "!", "?", "。", "！", "？"};
    size_t size = strlen(text);

    for (size_t i = 0; i < ARRAY_COUNT(stops); i++) /* every text begins with words of ours: it is longer than a stop */
        if (ALWAYS(size >= strlen(stops[i])) && strcmp(text + size - strlen(stops[i]), stops[i]) == 0)
            return "";
    return ".";
}

void withdrawal_tell(struct deciding *d, const struct book *book, const struct withdrawal *w, const char *text)
{
    struct message *message = changes_new(d->changes, ARENA_MUST(d->arena, struct message), &message_table);
    char amount[MONEY_TEXT_BYTES], id[ID_TEXT_BYTES];

    money_format(w->amount, w->currency, amount);
    id_format("wd", w->id, id);
    message->id = deciding_id(d, book->account);
    message->account = w->account;
    message->withdrawal = w->id;
    message->recipient = book->identity->phone;
    message->text = deciding_text(d, "Your withdrawal %s of %s %s: %s%s", id, w->currency, amount, text, stop_of(text));
    message->at = d->now;
}

void incident_open(struct deciding *d, const struct account *account, const struct withdrawal *w, const char *kind,
                   struct money amount, const char *detail)
{
    struct incident *incident = changes_new(d->changes, ARENA_MUST(d->arena, struct incident), &incident_table);

    incident->id = deciding_id(d, account);
    incident->account = account->id;
    incident->withdrawal = w != NULL ? w->id : 0;
    snprintf(incident->kind, sizeof incident->kind, "%s", kind);
    incident->amount = amount;
    incident->detail = detail;
    incident->at = d->now;
    deciding_event(d, account, "incident.opened", incident->id,
                   deciding_text(d, "{\"kind\":\"%s\",\"amount\":%lld}", kind, (long long)amount.minor));
}
