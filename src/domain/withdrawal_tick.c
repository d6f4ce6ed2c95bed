/* SPDX-License-Identifier: Apache-2.0 */
/* What the clock asks of a withdrawal: codes expire, approved legs get their intents, silence is asked about, and what
 * stays silent for a day goes to people. Nothing here ends a leg: only evidence does. */
#include "domain/channel_key.h"
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

/* A held leg whose channel is not there is looked at again after this. */
#define HELD_RETRY_MS MS_SECOND
#define HALT_SPREAD_MS (30 * MS_SECOND)

struct tick {
    struct deciding *d;
    struct book *book;
    struct dossier *dossier;
    const struct channel_terms *terms;
    struct call *calls, *calls_last;
};

static void call_add(struct tick *t, const struct attempt *attempt, bool query, bool first)
{
    struct call *call = ARENA_MUST(t->d->arena, struct call);

    *call = (struct call){NULL, attempt, query, first};
    if (t->calls_last == NULL)
        t->calls = call;
    else
        t->calls_last->next = call;
    t->calls_last = call;
}

/* The top-up that a leg pays back to its source; NULL where it goes elsewhere. Back to the source a leg is one lot. */
static struct topup *source_of(const struct book *book, const struct dossier *dossier, const struct leg *leg)
{
    if (leg->route != ROUTE_ORIGINAL)
        return NULL;
    for (size_t i = 0;; i++) {
        INVARIANT(25, i < dossier->lots_count);
        if (dossier->lots[i]->leg == leg->id)
            return lot_topup(book, dossier->lots[i]);
    }
}

/* When the pause after the last refund of the same top-up is over. A refund that lies ahead of a clock that was set
 * back is taken to be of now: there is one pause, not one until the clock has caught up. */
static struct instant turn_of(struct tick *t, const struct leg *leg, struct topup *source)
{
    int64_t spacing = t->terms->spacing_ms(t->terms->channels, leg->channel);

    if (source == NULL || spacing == 0 || !instant_is_set(source->refund_last_at))
        return t->d->now;
    if (instant_after(source->refund_last_at, t->d->now)) {
        source->refund_last_at = t->d->now;
        changes_put(t->d->changes, &source->row);
    }
    return instant_add_ms(source->refund_last_at, spacing);
}

/* False: not yet, and the dossier says when to look again. */
static bool is_time(struct tick *t, struct instant turn)
{
    if (!instant_after(turn, t->d->now))
        return true;
    t->dossier->held_until = instant_earlier(t->dossier->held_until, turn);
    return false;
}

/* When its channel takes orders, as far as is known. After a halt the payments come one after the other: the first
 * finds out for those behind it. */
static struct instant opening_of(const struct tick *t, const struct leg *leg)
{
    struct instant until = t->terms->halted_until(t->terms->channels, leg->channel);

    if (t->terms->name(t->terms->channels, leg->channel) == NULL)
        return instant_add_ms(t->d->now, HELD_RETRY_MS);
    return instant_is_set(until) ? instant_add_ms(until, leg->id % HALT_SPREAD_MS) : t->d->now;
}

static bool may_begin(struct tick *t, const struct leg *leg, struct topup *source)
{
    return is_time(t, opening_of(t, leg)) && is_time(t, turn_of(t, leg, source));
}

/* The bytes are made of what stands in the books since the code was right, and of no other moment: a leg that comes
 * back from a backup is sent under the same key with the same bytes. */
struct attempt *attempt_begin(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg,
                              const struct channel_terms *terms)
{
    struct topup *source = source_of(book, dossier, leg);
    struct attempt *attempt = changes_new(d->changes, ARENA_MUST(d->arena, struct attempt), &attempt_table);
    int64_t dedupe = terms->dedupe_ms(terms->channels, leg->channel);

    attempt->id = deciding_id(d, book->account);
    attempt->leg = leg->id;
    attempt->withdrawal = leg->withdrawal;
    attempt->account = leg->account;
    attempt->number = 1;
    channel_key_make(leg->id, attempt->number, attempt->key);
    memcpy(attempt->channel, leg->channel, sizeof attempt->channel);
    attempt->amount = money_sub(leg->amount, leg->fee);
    attempt->request = terms->build(terms->channels, leg->channel, dossier->withdrawal, leg, source, attempt->key,
                                    dossier->withdrawal->confirmed_at, d->arena);
    INVARIANT(25, attempt->request != NULL);
    attempt->sends = 1;
    attempt->began_at = d->now;
    attempt->last_sent_at = d->now;
    attempt->dedupe_until = dedupe > 0 ? instant_add_ms(d->now, dedupe) : INSTANT_NONE;
    attempt_move(d, attempt, ATTEMPT_BEGIN);
    leg_move(d, leg, LEG_SEND);
    if (source != NULL) {
        source->refunds++;
        source->refund_last_at = d->now;
        changes_put(d->changes, &source->row);
    }
    dossier_add_attempt(d, dossier, attempt);
    return attempt;
}

static void lose_sight(struct tick *t, struct leg *leg, struct attempt *attempt)
{
    attempt_move(t->d, attempt, ATTEMPT_LOSE_SIGHT);
    leg_move(t->d, leg, LEG_LOSE_SIGHT);
}

/* What was said of an attempt before its records were lost is no answer to a question of now. */
static void question_add(struct tick *t, struct attempt *attempt)
{
    attempt->queries++;
    attempt->last_sent_at = t->d->now;
    if (withdrawal_may_be_lost(t->d, t->dossier->withdrawal))
        attempt->code[0] = '\0';
    changes_put(t->d->changes, &attempt->row);
    deciding_move(t->d, "at", attempt->id, NULL, "query", NULL);
    call_add(t, attempt, true, false);
}

/* It may have been sent in the lost time, as early as that began: so long ago does the channel's memory of it begin. */
static void begin_by_asking(struct tick *t, struct leg *leg, struct attempt *attempt)
{
    const struct withdrawal *w = t->dossier->withdrawal;
    int64_t dedupe = t->terms->dedupe_ms(t->terms->channels, leg->channel);
    struct instant sent = instant_after(t->d->lost.from, w->confirmed_at) ? t->d->lost.from : w->confirmed_at;

    attempt->dedupe_until = dedupe > 0 ? instant_add_ms(sent, dedupe) : INSTANT_NONE;
    lose_sight(t, leg, attempt);
    question_add(t, attempt);
}

/* The intent with its exact bytes: durable before the channel hears of it. */
static void begin(struct tick *t, struct leg *leg)
{
    struct attempt *attempt;

    if (!may_begin(t, leg, source_of(t->book, t->dossier, leg)))
        return;
    attempt = attempt_begin(t->d, t->book, t->dossier, leg, t->terms);
    if (withdrawal_may_be_lost(t->d, t->dossier->withdrawal))
        begin_by_asking(t, leg, attempt);
    else
        call_add(t, attempt, false, true);
}

/* The channel has never heard of the key, or the last send was not made. */
static bool says_not_there(const char *code)
{
    static const char *const codes[] = {CODE_NOT_FOUND, CODE_NEVER_SENT, "sent_too_late", "channel_paused",
                                        "quarantined"};

    return code_is_one_of(code, codes, ARRAY_COUNT(codes));
}

/* The only send there was did not leave: the next one is the first, and what is refused then was never paid. Not after
 * an old backup: it may have been sent in the lost time. */
static bool none_has_left(const struct tick *t, const struct attempt *attempt)
{
    return attempt_is_unsent(attempt) && !withdrawal_may_be_lost(t->d, t->dossier->withdrawal);
}

/* Since the books came back old, or they never did. */
static bool was_asked(const struct tick *t, const struct attempt *attempt)
{
    return !withdrawal_may_be_lost(t->d, t->dossier->withdrawal) ||
           instant_after(attempt->last_sent_at, t->d->lost.known);
}

/* May the same bytes go out again under the same key? Only while the channel still remembers the key; and nothing
 * leaves an account of which a payment stands in suspense: it may have been made instead of this one. */
static bool may_resend(const struct tick *t, const struct attempt *attempt)
{
    return says_not_there(attempt->code) && money_is_zero(t->book->account->suspended) &&
           (!instant_is_set(attempt->dedupe_until) || instant_before(t->d->now, attempt->dedupe_until));
}

/* A halted channel is asked, and sent nothing: what is withheld would count as a send. */
static bool takes_orders(const struct tick *t, const struct leg *leg)
{
    return !instant_after(opening_of(t, leg), t->d->now);
}

static void alarm_raise(struct tick *t, const struct attempt *attempt)
{
    struct instant alarm = instant_add_ms(attempt->began_at, UNKNOWN_ALARM_MS);

    if (!instant_before(t->d->now, alarm) && instant_before(attempt->last_sent_at, alarm))
        incident_open(t->d, t->book->account, t->dossier->withdrawal, "outcome_unknown", attempt->amount,
                      deciding_text(t->d, "%s has not proven payment %s paid or not paid for 30 minutes.",
                                    attempt->channel, attempt->key));
}

static void resend_add(struct tick *t, struct leg *leg, struct attempt *attempt)
{
    bool first = none_has_left(t, attempt);

    attempt_move(t->d, attempt, ATTEMPT_RESEND);
    leg_move(t->d, leg, LEG_SEND);
    attempt->sends++;
    attempt->code[0] = '\0';
    call_add(t, attempt, false, first);
}

/* Silence: after the guard it is unknown; then query, or send the same again where the channel has never heard of it.
 */
static void ask_again(struct tick *t, struct leg *leg, struct attempt *attempt)
{
    struct instant manual_at = leg_manual_at(leg, attempt);
    /* Silence ends in people's hands only when the channel was asked lately: after a long stop it is asked first. */
    bool asked = !instant_before(attempt->last_sent_at, instant_add_ms(manual_at, -QUERY_LAST_MS));

    if (instant_before(t->d->now, attempt_next_at(attempt)) && instant_before(t->d->now, manual_at))
        return;
    alarm_raise(t, attempt);
    if (attempt->status == ATTEMPT_INTENT)
        lose_sight(t, leg, attempt);
    if (asked && !instant_before(t->d->now, manual_at)) {
        leg_move(t->d, leg, LEG_AGE);
        incident_open(t->d, t->book->account, t->dossier->withdrawal, "manual_decision", attempt->amount,
                      deciding_text(t->d,
                                    "Payment %s at %s is neither proven paid nor not paid: two people must decide.",
                                    attempt->key, attempt->channel));
    } else if (leg->status == LEG_UNKNOWN && takes_orders(t, leg) && was_asked(t, attempt) && may_resend(t, attempt)) {
        resend_add(t, leg, attempt);
    } else {
        question_add(t, attempt);
    }
    attempt->last_sent_at = t->d->now;
    changes_put(t->d->changes, &attempt->row);
}

/* Sent, and not in people's hands: its channel can say more. */
static bool is_asked(const struct leg *leg)
{
    return leg->status == LEG_SENDING || leg->status == LEG_ACCEPTED || leg->status == LEG_UNKNOWN;
}

static void tick_leg(struct tick *t, struct leg *leg)
{
    struct attempt *attempt = leg_attempt(t->dossier, leg);

    if (leg->status == LEG_HELD) {
        begin(t, leg);
    } else if (is_asked(leg)) {
        INVARIANT(26, attempt != NULL);
        ask_again(t, leg, attempt);
    }
}

/* Nothing of it was sent: the whole withdrawal ends. Some legs are under way: the held ones end alone. */
static void stop_held(struct tick *t)
{
    struct withdrawal *w = t->dossier->withdrawal;

    for (size_t i = 0; i < t->dossier->legs_count; i++) {
        struct leg *leg = t->dossier->legs[i];

        if (leg->status != LEG_HELD)
            continue;
        snprintf(leg->failure_code, sizeof leg->failure_code, "amount_exceeds_withdrawable");
        leg->failure_detail = "Before it was sent the amount was no longer withdrawable; the money is in the balance.";
        if (w->status == WITHDRAWAL_DISPATCHING)
            leg_post(t->d, t->book, t->dossier, leg, leg_move(t->d, leg, LEG_LET_GO));
    }
    if (w->status == WITHDRAWAL_DISPATCHING) {
        withdrawal_tell(t->d, t->book, w, "a part is not paid, because that amount is no longer withdrawable");
        withdrawal_conclude(t->d, t->book, t->dossier);
        return;
    }
    withdrawal_move(t->d, w, WITHDRAWAL_NOT_COVERED);
    withdrawal_release(t->d, t->book, t->dossier);
    snprintf(w->failure_code, sizeof w->failure_code, "amount_exceeds_withdrawable");
    w->failure_detail = "Before it was sent the amount was no longer withdrawable; the money is in the balance.";
    w->finished_at = t->d->now;
    withdrawal_tell(t->d, t->book, w, "cancelled, because the amount is no longer withdrawable");
}

static bool any_held(const struct tick *t)
{
    for (size_t i = 0; i < t->dossier->legs_count; i++)
        if (t->dossier->legs[i]->status == LEG_HELD)
            return true;
    return false;
}

/* Before each first send everything is asked once more: the account, the claims, the windows. A leg may have waited for
 * its channel or its turn while the others went out. */
static bool may_start(struct tick *t)
{
    struct quote quote = {0};

    if (!withdrawal_covered(t->d, t->book, t->dossier, &quote)) {
        stop_held(t);
        return false;
    }
    if (withdrawal_reroute(t->d, t->book, t->dossier) == 0) {
        withdrawal_conclude(t->d, t->book, t->dossier);
        return false;
    }
    return true;
}

/* A channel that is not there holds the money up for ever: somebody must know, once. */
static void miss_channels(struct tick *t)
{
    const char *before = t->dossier->withdrawal->flags;

    for (size_t i = 0; i < t->dossier->legs_count; i++) {
        const struct leg *leg = t->dossier->legs[i];

        if (leg->status != LEG_HELD || t->terms->name(t->terms->channels, leg->channel) != NULL)
            continue;
        withdrawal_flag(t->d, t->dossier->withdrawal, "no_channel");
        if (t->dossier->withdrawal->flags == before)
            return;
        deciding_move(t->d, "leg", leg->id, NULL, "no_channel", NULL);
        incident_open(t->d, t->book->account, t->dossier->withdrawal, "no_channel", leg->amount,
                      deciding_text(t->d, "No channel \"%s\" is configured; the money stays on hold.", leg->channel));
        return;
    }
}

static bool any_channel(struct tick *t)
{
    bool any = false;

    for (size_t i = 0; i < t->dossier->legs_count; i++)
        if (t->dossier->legs[i]->status == LEG_HELD)
            any |= is_time(t, opening_of(t, t->dossier->legs[i]));
    return any;
}

/* Nobody has looked at it, and now somebody must (AL-06). Nothing of it was sent yet. */
static bool doubt(struct tick *t)
{
    struct withdrawal *w = t->dossier->withdrawal;

    if (w->status != WITHDRAWAL_APPROVED || w->approvals_needed > 0)
        return false;
    if (!withdrawal_risk_found(t->d, t->book, w))
        return false;
    w->approvals_needed = policy_approvals(t->d->policy, w->amount, w->route);
    w->decided_at = INSTANT_NONE;
    withdrawal_move(t->d, w, WITHDRAWAL_DOUBT);
    return true;
}

static void tick_held(struct tick *t)
{
    if (!any_held(t) || doubt(t) || !may_start(t))
        return;
    miss_channels(t);
    if (t->dossier->withdrawal->status == WITHDRAWAL_APPROVED && any_channel(t))
        withdrawal_move(t->d, t->dossier->withdrawal, WITHDRAWAL_DISPATCH);
}

/* Paid, and perhaps back without a word. */
static void watch_returns(struct tick *t)
{
    for (size_t i = 0; i < t->dossier->legs_count; i++) {
        struct attempt *attempt = leg_attempt(t->dossier, t->dossier->legs[i]);
        struct instant at = attempt != NULL ? leg_bounce_at(t->d, t->dossier->legs[i], attempt) : INSTANT_NONE;

        if (instant_is_set(at) && !instant_after(at, t->d->now))
            question_add(t, attempt);
    }
}

struct decision withdrawal_tick(struct deciding *d, struct book *book, struct dossier *dossier,
                                const struct channel_terms *terms, struct call **ret_calls)
{
    struct tick t = {.d = d, .book = book, .dossier = dossier, .terms = terms};
    struct withdrawal *w = dossier->withdrawal;

    *ret_calls = NULL;
    dossier->held_until = INSTANT_NONE;
    if (w->status == WITHDRAWAL_AWAITING_CODE && instant_after(d->now, w->code_expires_at)) {
        withdrawal_move(d, w, WITHDRAWAL_CODE_EXPIRED);
        memset(w->code_hash, 0, sizeof w->code_hash);
        w->finished_at = d->now;
    } else if (w->status == WITHDRAWAL_APPROVED || w->status == WITHDRAWAL_DISPATCHING) {
        tick_held(&t);
    }
    if (w->status == WITHDRAWAL_DISPATCHING)
        for (size_t i = 0; i < dossier->legs_count; i++)
            tick_leg(&t, dossier->legs[i]);
    watch_returns(&t);
    *ret_calls = t.calls;
    withdrawal_settle_row(d, dossier);
    if (instant_is_set(w->next_at) && !instant_after(w->next_at, d->now))
        w->next_at = instant_add_ms(d->now, HELD_RETRY_MS); /* no leg has a channel */
    return decision_ok();
}

/* ---- in quarantine ---- */

#define QUARANTINE_ROUND_MS MS_MINUTE

static void question(struct tick *t, struct leg *leg, struct attempt *attempt)
{
    if (instant_before(t->d->now, attempt_next_at(attempt)))
        return;
    if (attempt->status == ATTEMPT_INTENT)
        lose_sight(t, leg, attempt);
    question_add(t, attempt);
}

struct decision withdrawal_question(struct deciding *d, struct book *book, struct dossier *dossier,
                                    struct call **ret_calls)
{
    struct tick t = {.d = d, .book = book, .dossier = dossier};
    struct instant next = instant_add_ms(d->now, QUARANTINE_ROUND_MS);

    for (size_t i = 0; i < dossier->legs_count; i++) {
        struct attempt *attempt = leg_attempt(dossier, dossier->legs[i]);

        if (!is_asked(dossier->legs[i]))
            continue;
        INVARIANT(26, attempt != NULL);
        question(&t, dossier->legs[i], attempt);
        next = instant_earlier(next, attempt_next_at(attempt));
    }
    *ret_calls = t.calls;
    withdrawal_settle_row(d, dossier);
    dossier->withdrawal->next_at = next;
    return decision_ok();
}
