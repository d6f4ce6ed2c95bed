/* SPDX-License-Identifier: Apache-2.0 */
/* The life of withdrawals, for Spin: every interleaving of customers, reviewers, dispatchers, a channel that loses, delays
 * and forgets, news in any order and any number, crashes, people who decide by hand (wrongly, too), and the return of an old
 * backup. The moves are the lines of src/domain/machines.def, the same that the program's tables are made of: a move that
 * is not there is a broken I9 here and an INVARIANT there.
 *
 * One atomic block is one commit, or one event outside. A crash is the loss of what is only in memory: the calls to make.
 * News is memoryless on purpose: whatever was once true of a key may be told at any time and again, so duplicates, late
 * and reordered answers and callbacks need no counting. "Not found" may be told at any time, because it was true once.
 *
 * Shapes (-D):   (none) two withdrawals of one leg, the second reviewed, money for one    PARTS  one withdrawal of two legs
 *                RESTORE  one withdrawal and an old backup that comes back                LIVE   one, bounded adversity: it ends
 * Mutants (-D), each of which must be refuted, stand in script/model with the invariant that refutes them.
 * It knows no amounts but one unit a leg, no clock but "it may be late", and nothing of quotes, plans and claims. */

#ifdef PARTS
#define WITHDRAWALS 1
#define LEGS 2
#define FUND 2
#define OWNER(l) 0
#define PARTS_OF(i) 2
#define REVIEWED(i) 0
#else
#if defined(RESTORE) || defined(LIVE)
#define WITHDRAWALS 1
#define LEGS 1
#define REVIEWED(i) 1
#else
#define WITHDRAWALS 2
#define LEGS 2
#define REVIEWED(i) ((i) == 1)
#endif
#define FUND 1
#define OWNER(l) (l)
#define PARTS_OF(i) 1
#endif

/* Reviewers ask for documents, and are asked again, where there is only one leg: it keeps the search small. */
#define ONE (WITHDRAWALS + LEGS == 2)

/* The program knows one key a leg; only mutants know how to make a second one. */
#if defined(NEW_KEY_ON_UNKNOWN) || defined(SECOND_DISPATCHER)
#define KEYS 2
#else
#define KEYS 1
#endif
#define PAYMENTS (LEGS * KEYS)
#define LEG_OF(k) ((k) / KEYS)
#define FIRST(l) ((l) * KEYS)

#define WITHDRAWAL_NONE 0
#define LEG_NONE 0
#define ATTEMPT_NONE 0
mtype = { WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_IN_REVIEW, WITHDRAWAL_NEED_DOCUMENTS, WITHDRAWAL_APPROVED,
          WITHDRAWAL_DISPATCHING, WITHDRAWAL_SUCCESSFUL, WITHDRAWAL_PARTLY_SUCCESSFUL, WITHDRAWAL_FAILED,
          WITHDRAWAL_RETURNED, WITHDRAWAL_REJECTED, WITHDRAWAL_CANCELLED, WITHDRAWAL_EXPIRED };
mtype = { LEG_PLANNED, LEG_HELD, LEG_SENDING, LEG_ACCEPTED, LEG_UNKNOWN, LEG_MANUAL, LEG_SUCCESSFUL, LEG_RETURNED, LEG_FAILED,
          LEG_RELEASED, LEG_REROUTED };
mtype = { ATTEMPT_INTENT, ATTEMPT_UNKNOWN, ATTEMPT_PAID, ATTEMPT_REFUSED, ATTEMPT_RETURNED };
mtype = { WITHDRAWAL_MADE, WITHDRAWAL_CONFIRMED, WITHDRAWAL_CONFIRMED_FOR_REVIEW, WITHDRAWAL_CODE_EXPIRED,
          WITHDRAWAL_WITHDRAWN, WITHDRAWAL_NOT_COVERED, WITHDRAWAL_ACCEPT, WITHDRAWAL_REFUSE, WITHDRAWAL_ASK_DOCUMENTS,
          WITHDRAWAL_DOUBT, WITHDRAWAL_DOCUMENTED, WITHDRAWAL_DISPATCH, WITHDRAWAL_ALL_PAID, WITHDRAWAL_SOME_PAID, WITHDRAWAL_NONE_PAID,
          WITHDRAWAL_ALL_RETURNED };
mtype = { LEG_PLAN, LEG_FREEZE, LEG_SEND, LEG_ACCEPT, LEG_LOSE_SIGHT, LEG_AGE, LEG_PAID, LEG_NOT_PAID, LEG_BOUNCE, LEG_LET_GO,
          LEG_WINDOW_CLOSED };
mtype = { ATTEMPT_BEGIN, ATTEMPT_LOSE_SIGHT, ATTEMPT_RESEND, ATTEMPT_PROVEN_PAID, ATTEMPT_PROVEN_NOT_PAID, ATTEMPT_BOUNCE };
mtype = { PROVES_PAID, PROVES_NOT_PAID, PROVES_RETURNED, PROVES_ACCEPTED, PROVES_NOTHING, PROVES_NOT_FOUND };
mtype = { BANK_NOTHING, BANK_PROCESSING, BANK_PAID, BANK_REFUSED, BANK_RETURNED };

/* Durable, and so part of a backup. */
mtype w[WITHDRAWALS];
mtype leg[LEGS];
mtype attempt[PAYMENTS];
bit unheard[PAYMENTS];         /* the last answer was "not found" */
byte proposed[LEGS];           /* who proposed what by hand: 1 2 the first person paid, not paid; 4 8 the second */
bit coded[WITHDRAWALS];        /* its code was used up */
bit asked[WITHDRAWALS];        /* for documents, once */
bit doubted[WITHDRAWALS];      /* before its first send, once */
bit settled[LEGS], released[LEGS], returned[LEGS], suspended[LEGS], by_hand[LEGS];
short available = FUND, held, paid, suspense;

/* In memory: lost in a crash. */
bit call[PAYMENTS];

/* Outside: nobody restores the world. */
mtype truth[PAYMENTS] = BANK_NOTHING;
bit wire[PAYMENTS];            /* a copy of the request is under way */
bit forgotten[PAYMENTS];       /* the channel no longer knows the key: the same bytes would pay again */
byte paid_times[LEGS];
short outside;

bit quarantine;
#ifdef RESTORE
bit stored, back, matched;
bit missed;                    /* the statements of the gap left out a payment of a leg on hold */
#define MISSED missed
#else
#define MISSED 0
#endif
#if defined(RESTORE) && !defined(SEND_BEFORE_ASKING)
#define OF_OLD_BOOKS back
#else
#define OF_OLD_BOOKS 0
#endif

/* Chosen and used within one commit; 0 between two. */
mtype verdict, attempt_event, leg_event, news;
bit bounces;

#ifdef LIVE
bit lost[PAYMENTS], gossip[LEGS];
#endif

/* ---- what must be true: knowledge of the house, numbered as in docs/reliability.md ---- */

#define BROKEN(number) assert(!(number))
#define MUST(number, what) if :: (what) -> skip :: else -> BROKEN(number) fi
#define IN_FLIGHT(l) (leg[l] == LEG_HELD || leg[l] == LEG_SENDING || leg[l] == LEG_ACCEPTED || leg[l] == LEG_UNKNOWN || \
                      leg[l] == LEG_MANUAL)
#define OPEN(k) (attempt[k] == ATTEMPT_INTENT || attempt[k] == ATTEMPT_UNKNOWN)
#define MISJUDGED(l) (by_hand[l] && released[l] && !suspended[l])
#if LEGS == 2
#define SUM(f) (f(0) + f(1))
#else
#define SUM(f) (f(0))
#endif

active proctype Monitor()
{
end:
    if
    :: atomic { available + held + paid + suspense != FUND -> BROKEN(1) }           /* conservation */
    :: atomic { available < 0 || held < 0 || paid < 0 -> BROKEN(2) }                /* no overdraft */
    :: atomic { held != SUM(IN_FLIGHT) -> BROKEN(3) }                               /* held = in flight */
#if KEYS > 1
    :: atomic { (OPEN(0) && OPEN(1)) || (OPEN(2) && OPEN(3)) -> BROKEN(7) }         /* one open attempt a leg */
#endif
    :: atomic { !quarantine && outside > held + paid + SUM(MISJUDGED) -> BROKEN(4) } /* covered */
    fi
}

/* ---- moves: machines.def, and the ledger in the same breath ---- */

#define POST_NONE(l) skip
#define POST_FREEZE(l) available--; held++
#define POST_SETTLE(l) MUST(6, !settled[l] && !released[l]); settled[l] = 1; held--; paid++
#define POST_RELEASE(l) MUST(6, !settled[l] && !released[l]); released[l] = 1; held--; available++
#define POST_RETURN(l) MUST(6, settled[l] && !returned[l]); returned[l] = 1; paid--; available++

/* Every line that was ever followed is told at the end: a model that never takes a row says nothing about it. */
#ifdef ROWS
c_decl {
    static char row_taken[512];
    __attribute__((destructor)) static void rows_print(void)
    {
        for (int i = 0; i < 512; i++)
            if (row_taken[i])
                printf("row %d\n", i);
    }
}
#define TAKEN c_code { row_taken[__LINE__] = 1; }
#else
#define TAKEN skip
#endif

inline withdrawal_move(mi, what)
{
    d_step {
    if
#define WITHDRAWAL_MOVE(from, event, to, money) \
    :: w[mi] == WITHDRAWAL_##from && what == WITHDRAWAL_##event -> TAKEN; w[mi] = WITHDRAWAL_##to;
#include "../src/domain/machines.def"
    :: else -> BROKEN(9)
    fi
    }
}

inline leg_move(ml, what)
{
    d_step {
    if
#define LEG_MOVE(from, event, to, money) \
    :: leg[ml] == LEG_##from && what == LEG_##event -> TAKEN; leg[ml] = LEG_##to; POST_##money(ml);
#include "../src/domain/machines.def"
    :: else -> BROKEN(9)
    fi
    }
}

inline attempt_move(mk, what)
{
    d_step {
    if
#define ATTEMPT_MOVE(from, event, to, money) \
    :: attempt[mk] == ATTEMPT_##from && what == ATTEMPT_##event -> TAKEN; attempt[mk] = ATTEMPT_##to;
#include "../src/domain/machines.def"
    :: else -> BROKEN(9)
    fi
    }
}

#ifdef PARTS
#define EACH_LEG(i, step) step(0); step(1)
#define ALL(i, f) (f(0) && f(1))
#define ANY(i, f) (f(0) || f(1))
#else
#define EACH_LEG(i, step) step(i)
#define ALL(i, f) (f(i))
#define ANY(i, f) (f(i))
#endif
#define LEG_TO_PLAN(l) leg_move(l, LEG_PLAN)
#define LEG_TO_HOLD(l) leg_move(l, LEG_FREEZE)
#define LEG_TO_RELEASE(l) if :: leg[l] == LEG_HELD -> leg_move(l, LEG_LET_GO) :: else -> skip fi
#define IS_HELD(l) (leg[l] == LEG_HELD)
#define IS_PAID(l) (leg[l] == LEG_SUCCESSFUL)
#define IS_RETURNED(l) (leg[l] == LEG_RETURNED)
#define IS_UNPAID(l) (leg[l] == LEG_FAILED || leg[l] == LEG_RELEASED || leg[l] == LEG_REROUTED)
#define HAS_ENDED(l) (IS_PAID(l) || IS_RETURNED(l) || IS_UNPAID(l))
#define IS_PAID_OR_BACK(l) (IS_PAID(l) || IS_RETURNED(l))
#define IS_BACK_OR_UNPAID(l) (IS_RETURNED(l) || IS_UNPAID(l))

/* When all legs have ended, so has the withdrawal; later only a return moves it. */
inline conclude(ci)
{
    if
    :: (w[ci] == WITHDRAWAL_APPROVED || w[ci] == WITHDRAWAL_DISPATCHING) && ALL(ci, HAS_ENDED) ->
        if
        :: ALL(ci, IS_UNPAID) -> verdict = WITHDRAWAL_NONE_PAID
        :: !ANY(ci, IS_PAID) && ANY(ci, IS_RETURNED) -> verdict = WITHDRAWAL_ALL_RETURNED
        :: ANY(ci, IS_PAID) && ANY(ci, IS_UNPAID) -> verdict = WITHDRAWAL_SOME_PAID
        :: ANY(ci, IS_PAID) && !ANY(ci, IS_UNPAID) -> verdict = WITHDRAWAL_ALL_PAID
        fi
    :: (w[ci] == WITHDRAWAL_SUCCESSFUL || w[ci] == WITHDRAWAL_PARTLY_SUCCESSFUL) && !ANY(ci, IS_PAID) ->
        verdict = WITHDRAWAL_ALL_RETURNED
    :: else -> skip
    fi;
    if :: verdict != 0 -> withdrawal_move(ci, verdict); verdict = 0 :: else -> skip fi
}

/* ---- evidence ---- */

inline suspend(sl)
{
#ifdef SUSPENSE_EVERY_TIME
    MUST(6, !suspended[sl]); suspended[sl] = 1; suspense--; paid++
#else
    if
    :: !suspended[sl] -> suspended[sl] = 1; suspense--; paid++
    :: else -> skip /* told again: once is enough */
    fi
#endif
}

/* Time-outs, 5xx, bad signatures, unlisted codes and "not found" prove nothing. */
#ifdef TIMEOUT_IS_FAILED
#define IS_PROOF_AGAINST(what) (what == PROVES_NOT_PAID || what == PROVES_NOTHING)
#else
#ifdef NOT_FOUND_IS_FAILED
#define IS_PROOF_AGAINST(what) (what == PROVES_NOT_PAID || what == PROVES_NOT_FOUND)
#else
#define IS_PROOF_AGAINST(what) (what == PROVES_NOT_PAID)
#endif
#endif

/* The table of domain/withdrawal_evidence.c: what each kind of evidence does in each state of the attempt. First the moves
 * are chosen, then they are made. */
inline prove(pk, what)
{
    if
#ifdef NO_COMPARE_AND_SET
    :: what == PROVES_PAID && attempt[pk] != ATTEMPT_NONE ->
        attempt[pk] = ATTEMPT_PAID; leg[LEG_OF(pk)] = LEG_SUCCESSFUL; POST_SETTLE(LEG_OF(pk))
#else
    :: what == PROVES_PAID && OPEN(pk) -> attempt_event = ATTEMPT_PROVEN_PAID; leg_event = LEG_PAID
    :: what == PROVES_PAID && attempt[pk] == ATTEMPT_REFUSED -> suspend(LEG_OF(pk))
#endif
    :: IS_PROOF_AGAINST(what) && OPEN(pk) -> attempt_event = ATTEMPT_PROVEN_NOT_PAID; leg_event = LEG_NOT_PAID
    :: what == PROVES_RETURNED && OPEN(pk) -> attempt_event = ATTEMPT_PROVEN_PAID; leg_event = LEG_PAID; bounces = 1
    :: what == PROVES_RETURNED && attempt[pk] == ATTEMPT_PAID -> bounces = 1
#ifdef RETURN_EVERY_TIME
    :: what == PROVES_RETURNED && attempt[pk] == ATTEMPT_RETURNED -> POST_RETURN(LEG_OF(pk))
#endif
    :: what == PROVES_ACCEPTED && OPEN(pk) ->
        if :: attempt[pk] == ATTEMPT_INTENT -> attempt_event = ATTEMPT_LOSE_SIGHT :: else -> skip fi;
        if
        :: leg[LEG_OF(pk)] == LEG_SENDING || leg[LEG_OF(pk)] == LEG_UNKNOWN -> leg_event = LEG_ACCEPT
        :: else -> skip
        fi
    :: !IS_PROOF_AGAINST(what) && (what == PROVES_NOTHING || what == PROVES_NOT_FOUND) && OPEN(pk) ->
        if :: attempt[pk] == ATTEMPT_INTENT -> attempt_event = ATTEMPT_LOSE_SIGHT :: else -> skip fi;
        if :: leg[LEG_OF(pk)] == LEG_SENDING -> leg_event = LEG_LOSE_SIGHT :: else -> skip fi
    :: else -> skip
    fi;
    if :: attempt_event != 0 -> attempt_move(pk, attempt_event) :: else -> skip fi;
    if :: leg_event != 0 -> leg_move(LEG_OF(pk), leg_event) :: else -> skip fi;
    if :: bounces -> attempt_move(pk, ATTEMPT_BOUNCE); leg_move(LEG_OF(pk), LEG_BOUNCE) :: else -> skip fi;
    unheard[pk] = (what == PROVES_NOT_FOUND && OPEN(pk));
    attempt_event = 0; leg_event = 0; bounces = 0;
    conclude(OWNER(LEG_OF(pk)))
}

inline lose_sight(lk)
{
    if :: attempt[lk] == ATTEMPT_INTENT -> attempt_move(lk, ATTEMPT_LOSE_SIGHT) :: else -> skip fi;
    if :: leg[LEG_OF(lk)] == LEG_SENDING -> leg_move(LEG_OF(lk), LEG_LOSE_SIGHT) :: else -> skip fi
}

/* ---- the customer and the reviewer ---- */

inline confirm(oi)
{
    MUST(12, !coded[oi]);
    coded[oi] = 1;
    if
    :: REVIEWED(oi) -> withdrawal_move(oi, WITHDRAWAL_CONFIRMED_FOR_REVIEW)
    :: else -> withdrawal_move(oi, WITHDRAWAL_CONFIRMED)
    fi;
    EACH_LEG(oi, LEG_TO_HOLD)
}

#ifdef CANCEL_WHEN_SENT
#define MAY_CANCEL(i) (w[i] == WITHDRAWAL_APPROVED || w[i] == WITHDRAWAL_IN_REVIEW || w[i] == WITHDRAWAL_NEED_DOCUMENTS || \
                       w[i] == WITHDRAWAL_DISPATCHING)
#define LEG_TO_LOSE(l) if :: IN_FLIGHT(l) -> leg[l] = LEG_RELEASED; POST_RELEASE(l) :: else -> skip fi
#else
#define MAY_CANCEL(i) ((w[i] == WITHDRAWAL_APPROVED || w[i] == WITHDRAWAL_IN_REVIEW || w[i] == WITHDRAWAL_NEED_DOCUMENTS) && \
                       !MISSED) /* given back, it is found only when it is told: docs/reliability.md, known limits */
#endif

proctype Customer(byte i)
{
end:
    do
    :: atomic { !quarantine && w[i] == WITHDRAWAL_NONE -> withdrawal_move(i, WITHDRAWAL_MADE); EACH_LEG(i, LEG_TO_PLAN) }
#ifdef CHECK_THEN_ACT
    :: atomic { w[i] == WITHDRAWAL_AWAITING_CODE && available >= PARTS_OF(i) -> skip };
       atomic { w[i] == WITHDRAWAL_AWAITING_CODE -> confirm(i) }
#else
    :: atomic { !quarantine && w[i] == WITHDRAWAL_AWAITING_CODE && available >= PARTS_OF(i) -> confirm(i) }
#endif
    :: atomic { !quarantine && w[i] == WITHDRAWAL_AWAITING_CODE && available < PARTS_OF(i) ->
                withdrawal_move(i, WITHDRAWAL_NOT_COVERED) }
    :: atomic { !quarantine && w[i] == WITHDRAWAL_AWAITING_CODE ->
                if
                :: true -> withdrawal_move(i, WITHDRAWAL_CODE_EXPIRED)
                :: true -> withdrawal_move(i, WITHDRAWAL_WITHDRAWN)
                fi }
#ifdef CANCEL_WHEN_SENT
    :: atomic { !quarantine && MAY_CANCEL(i) -> w[i] = WITHDRAWAL_CANCELLED; EACH_LEG(i, LEG_TO_LOSE) }
#else
    :: atomic { !quarantine && MAY_CANCEL(i) -> withdrawal_move(i, WITHDRAWAL_WITHDRAWN); EACH_LEG(i, LEG_TO_RELEASE) }
#endif
    :: atomic { !quarantine && w[i] == WITHDRAWAL_NEED_DOCUMENTS -> withdrawal_move(i, WITHDRAWAL_DOCUMENTED) }
    od
}

/* Person 0 made it; 1 and 2 may check. */
#ifdef MAKER_REVIEWS
#define MAY_REVIEW(person) 1
#else
#define MAY_REVIEW(person) ((person) != 0)
#endif

proctype Reviewer(byte i)
{
    byte person;
end:
    do
    :: atomic { !quarantine && w[i] == WITHDRAWAL_IN_REVIEW ->
        if :: MAY_REVIEW(0) -> person = 0 :: MAY_REVIEW(1) -> person = 1 fi;
        if
        :: true -> MUST(12, person != 0); withdrawal_move(i, WITHDRAWAL_ACCEPT)
        :: true -> withdrawal_move(i, WITHDRAWAL_REFUSE); EACH_LEG(i, LEG_TO_RELEASE)
        :: ONE && !asked[i] -> asked[i] = 1; withdrawal_move(i, WITHDRAWAL_ASK_DOCUMENTS)
        fi;
        person = 0 }
    :: atomic { !quarantine && w[i] == WITHDRAWAL_NEED_DOCUMENTS ->
        withdrawal_move(i, WITHDRAWAL_REFUSE); EACH_LEG(i, LEG_TO_RELEASE) }
    od
}

/* ---- dispatching: two of them look at every leg ---- */

/* The intent is durable before the channel hears of it. */
inline begin(bl, bk)
{
    if
    :: w[OWNER(bl)] == WITHDRAWAL_APPROVED -> withdrawal_move(OWNER(bl), WITHDRAWAL_DISPATCH)
    :: else -> skip
    fi;
    attempt_move(bk, ATTEMPT_BEGIN);
    leg_move(bl, LEG_SEND);
    if :: truth[bk] == BANK_NOTHING -> forgotten[bk] = 0 :: else -> skip fi /* its memory begins with the first sight */
}

#ifdef DISPATCH_IN_QUARANTINE
#define MAY_DISPATCH 1
#else
#define MAY_DISPATCH (!quarantine)
#endif
#define MAY_BEGIN(l) ((w[OWNER(l)] == WITHDRAWAL_APPROVED || w[OWNER(l)] == WITHDRAWAL_DISPATCHING) && leg[l] == LEG_HELD)

proctype Dispatcher(byte l)
{
end:
    do
#ifdef SECOND_DISPATCHER
    /* Looks, and acts later on what it saw. */
    :: atomic { MAY_DISPATCH && MAY_BEGIN(l) -> skip };
       atomic { if
                :: attempt[FIRST(l)] == ATTEMPT_NONE -> begin(l, FIRST(l)); call[FIRST(l)] = 1
                :: attempt[FIRST(l) + 1] == ATTEMPT_NONE && attempt[FIRST(l)] != ATTEMPT_NONE ->
                    attempt[FIRST(l) + 1] = ATTEMPT_INTENT; call[FIRST(l) + 1] = 1
                :: else -> skip
                fi }
#else
#ifdef SEND_BEFORE_INTENT
    :: atomic { MAY_DISPATCH && MAY_BEGIN(l) && !call[FIRST(l)] -> call[FIRST(l)] = 1 }
    :: atomic { MAY_DISPATCH && MAY_BEGIN(l) && call[FIRST(l)] -> begin(l, FIRST(l)) }
#else
    /* What may have been sent in the lost time is asked about first. */
    :: atomic { MAY_DISPATCH && MAY_BEGIN(l) -> begin(l, FIRST(l));
                if :: OF_OLD_BOOKS -> lose_sight(FIRST(l)) :: else -> call[FIRST(l)] = 1 fi }
#endif
#endif
    /* No longer withdrawable: nothing of it was sent and it ends; or this leg ends alone. Its window closed: the same.
     * A risk that nobody has looked at: back to the reviewer. */
    :: atomic { !quarantine && MAY_BEGIN(l) && !MISSED ->
        if
        :: w[OWNER(l)] == WITHDRAWAL_APPROVED ->
            withdrawal_move(OWNER(l), WITHDRAWAL_NOT_COVERED); EACH_LEG(OWNER(l), LEG_TO_RELEASE)
        :: w[OWNER(l)] == WITHDRAWAL_DISPATCHING -> leg_move(l, LEG_LET_GO)
        :: w[OWNER(l)] == WITHDRAWAL_APPROVED && ONE && !doubted[OWNER(l)] ->
            doubted[OWNER(l)] = 1; withdrawal_move(OWNER(l), WITHDRAWAL_DOUBT)
        :: true -> leg_move(l, LEG_WINDOW_CLOSED)
        fi;
        conclude(OWNER(l)) }
    od
}

/* ---- the janitor: silence is unknown; then the same bytes again, or a question; after a day, people ---- */

#define IS_ASKED(l) (leg[l] == LEG_SENDING || leg[l] == LEG_ACCEPTED || leg[l] == LEG_UNKNOWN)
#ifdef RESEND_FOR_EVER
#define MAY_RESEND(k) (unheard[k])
#else
#define MAY_RESEND(k) (unheard[k] && !forgotten[k])
#endif
#ifdef LIVE
#define IS_LATE(k) (!call[k]) /* the guard is longer than any caller waits */
#else
#define IS_LATE(k) 1
#endif

proctype Janitor(byte l)
{
end:
    do
    :: atomic { MAY_DISPATCH && IS_ASKED(l) && OPEN(FIRST(l)) && IS_LATE(FIRST(l)) ->
        lose_sight(FIRST(l));
        if
        :: leg[l] == LEG_UNKNOWN && MAY_RESEND(FIRST(l)) ->
            attempt_move(FIRST(l), ATTEMPT_RESEND); leg_move(l, LEG_SEND);
            unheard[FIRST(l)] = 0; call[FIRST(l)] = 1
        :: else -> call[FIRST(l)] = 0 /* asks instead; a send that waited so long is not made */
        fi }
#ifdef NEW_KEY_ON_UNKNOWN
    :: atomic { leg[l] == LEG_UNKNOWN && attempt[FIRST(l) + 1] == ATTEMPT_NONE ->
        attempt[FIRST(l) + 1] = ATTEMPT_INTENT; leg[l] = LEG_SENDING; call[FIRST(l) + 1] = 1 }
#endif
    od
}

proctype Day(byte l)
{
end:
    do
#ifndef NEVER_AGES
    :: atomic { !quarantine && IS_ASKED(l) && OPEN(FIRST(l)) ->
        lose_sight(FIRST(l)); leg_move(l, LEG_AGE); call[FIRST(l)] = 0 }
#else
    :: atomic { false -> skip }
#endif
    od
}

/* ---- outside: callers, the network, the channel, what it tells ---- */

#ifdef LIVE
#define LOSE(k) !lost[k] -> lost[k] = 1
#else
#define LOSE(k) skip
#endif

proctype Caller(byte k)
{
end:
    do
    :: atomic { call[k] ->
        MUST(8, attempt[k] != ATTEMPT_NONE); /* bytes on the wire only after the intent is durable */
        MUST(15, !quarantine);
        call[k] = 0;
        if
        :: wire[k] = 1
        :: LOSE(k)
        fi }
    od
}

inline bank_pays(bk)
{
    MUST(5, paid_times[LEG_OF(bk)] == 0);
    truth[bk] = BANK_PAID; paid_times[LEG_OF(bk)]++; outside++
}

proctype Bank(byte k)
{
end:
    do
    :: atomic { wire[k] && truth[k] == BANK_NOTHING ->
        if :: true -> bank_pays(k) :: truth[k] = BANK_REFUSED :: truth[k] = BANK_PROCESSING fi } /* the copy stays: it is seen again */
    :: atomic { truth[k] == BANK_PROCESSING -> if :: true -> bank_pays(k) :: truth[k] = BANK_REFUSED fi }
    :: atomic { wire[k] && truth[k] != BANK_NOTHING ->
        wire[k] = 0;
        if :: forgotten[k] && truth[k] != BANK_PROCESSING -> bank_pays(k) :: else -> skip fi } /* the same key pays once */
    :: atomic { !wire[k] && !call[k] && !forgotten[k] && attempt[k] != ATTEMPT_NONE -> forgotten[k] = 1 }
    :: atomic { truth[k] == BANK_PAID -> truth[k] = BANK_RETURNED; outside-- }
    od
}

#ifdef LIVE
#define GOSSIP(l) !gossip[l]
#define GOSSIPED(l) gossip[l] = 1
#else
#define GOSSIP(l) 1
#define GOSSIPED(l) skip
#endif

proctype News(byte k)
{
end:
    do
    :: atomic { attempt[k] != ATTEMPT_NONE && GOSSIP(LEG_OF(k)) ->
        GOSSIPED(LEG_OF(k));
        if
        :: truth[k] == BANK_PAID || truth[k] == BANK_RETURNED -> news = PROVES_PAID
        :: truth[k] == BANK_REFUSED -> news = PROVES_NOT_PAID
        :: truth[k] == BANK_RETURNED -> news = PROVES_RETURNED
        :: truth[k] != BANK_NOTHING -> news = PROVES_ACCEPTED
        :: true -> news = PROVES_NOTHING
        :: true -> news = PROVES_NOT_FOUND
        fi;
        prove(k, news);
        news = 0 }
    od
}

#ifdef LIVE
/* A channel that answers: what it says when asked is true. */
proctype Answer(byte k)
{
end:
    do
    :: atomic { attempt[k] == ATTEMPT_UNKNOWN && leg[LEG_OF(k)] != LEG_MANUAL && truth[k] != BANK_PROCESSING &&
                !(truth[k] == BANK_NOTHING && unheard[k]) ->
        if
        :: truth[k] == BANK_PAID -> news = PROVES_PAID
        :: truth[k] == BANK_REFUSED -> news = PROVES_NOT_PAID
        :: truth[k] == BANK_RETURNED -> news = PROVES_RETURNED
        :: truth[k] == BANK_NOTHING -> news = PROVES_NOT_FOUND
        fi;
        prove(k, news);
        news = 0 }
    od
}
#endif

#ifndef LIVE
active proctype Crash()
{
end:
    do
    :: atomic { call[0] -> call[0] = 0 }
#if PAYMENTS > 1
    :: atomic { call[1] -> call[1] = 0 }
#endif
#if PAYMENTS > 2
    :: atomic { call[2] -> call[2] = 0 }
    :: atomic { call[3] -> call[3] = 0 }
#endif
    od
}
#endif

/* ---- by hand: one proposes with a document, another one confirms the same. They may be wrong. ---- */

#define OWN(person) (1 << (2 * (person)))
#define OTHERS(person) (1 << (2 - 2 * (person)))
#ifdef ONE_PERSON
#define SECONDED(l, person, kind) 1
#else
#define SECONDED(l, person, kind) (proposed[l] & (OTHERS(person) << (kind)))
#endif

#ifdef LIVE
#define AGREES(l, person, kind) (!(proposed[l] & (3 * OTHERS(person))) || SECONDED(l, person, kind)) /* at some time */
#else
#define AGREES(l, person, kind) 1
#endif

proctype Person(byte l; byte person)
{
    byte kind; /* 0 paid, 1 not paid */
end:
    do
    :: atomic { !quarantine && leg[l] == LEG_MANUAL ->
        if :: AGREES(l, person, 0) -> kind = 0 :: AGREES(l, person, 1) -> kind = 1 fi;
        if
        :: SECONDED(l, person, kind) ->
            MUST(12, proposed[l] & (OTHERS(person) << kind));
            proposed[l] = 0; by_hand[l] = 1;
            if :: kind == 0 -> news = PROVES_PAID :: else -> news = PROVES_NOT_PAID fi;
            prove(FIRST(l), news);
            news = 0
        :: else -> proposed[l] = proposed[l] | (OWN(person) << kind)
        fi;
        kind = 0 }
    :: atomic { leg[l] != LEG_MANUAL && proposed[l] != 0 -> proposed[l] = 0 } /* decided by other evidence: of no use */
    od
}

/* ---- an old backup comes back: quarantine until every payment of the gap is matched, and two people say so ---- */

#ifdef RESTORE
byte approvals;
mtype b_w, b_leg, b_attempt;
bit b_unheard, b_coded, b_asked, b_doubted, b_settled, b_released, b_returned, b_suspended, b_by_hand;
byte b_proposed;
short b_available, b_held, b_paid, b_suspense;

active proctype Backup()
{
    atomic { !stored -> stored = 1;
        b_w = w[0]; b_leg = leg[0]; b_attempt = attempt[0]; b_unheard = unheard[0]; b_coded = coded[0]; b_asked = asked[0];
        b_doubted = doubted[0];        b_settled = settled[0]; b_released = released[0]; b_returned = returned[0]; b_suspended = suspended[0];
        b_by_hand = by_hand[0]; b_proposed = proposed[0];
        b_available = available; b_held = held; b_paid = paid; b_suspense = suspense };
    atomic { back = 1; call[0] = 0;
#ifndef NO_QUARANTINE
        quarantine = 1;
#endif
        w[0] = b_w; leg[0] = b_leg; attempt[0] = b_attempt; unheard[0] = b_unheard; coded[0] = b_coded; asked[0] = b_asked;
        doubted[0] = b_doubted;        settled[0] = b_settled; released[0] = b_released; returned[0] = b_returned; suspended[0] = b_suspended;
        by_hand[0] = b_by_hand; proposed[0] = b_proposed;
        available = b_available; held = b_held; paid = b_paid; suspense = b_suspense;
        b_w = 0; b_leg = 0; b_attempt = 0; b_unheard = 0; b_coded = 0; b_asked = 0; b_doubted = 0; b_settled = 0; b_released = 0;
        b_returned = 0; b_suspended = 0; b_by_hand = 0; b_proposed = 0; b_available = 0; b_held = 0; b_paid = 0; b_suspense = 0 }
}

/* A key of the gap that the old books do not know. The channel names it: the leg that would have used it is found, and
 * ends as if it had been sent. Where the books are older than that, what they hold is given back, the withdrawal ends, and a
 * paid amount stands in suspense. A refused key counts as used, too: its old "refused" would end a leg that is sent again.
 * Statements may leave out a payment of a leg on hold. */
#define WAS_PAID (truth[0] == BANK_PAID || truth[0] == BANK_RETURNED)

inline suspend_paid()
{
    if :: WAS_PAID -> suspend(0) :: else -> skip fi
}

inline adopt()
{
    if
    :: leg[0] == LEG_HELD && (w[0] == WITHDRAWAL_APPROVED || w[0] == WITHDRAWAL_DISPATCHING) ->
        begin(0, 0)
    :: w[0] == WITHDRAWAL_IN_REVIEW || w[0] == WITHDRAWAL_NEED_DOCUMENTS ->
        withdrawal_move(0, WITHDRAWAL_REFUSE); leg_move(0, LEG_LET_GO); suspend_paid()
    :: w[0] == WITHDRAWAL_AWAITING_CODE -> withdrawal_move(0, WITHDRAWAL_CODE_EXPIRED); suspend_paid()
    :: w[0] == WITHDRAWAL_NONE -> /* never heard of: its number is not given out again */
        withdrawal_move(0, WITHDRAWAL_MADE); leg_move(0, LEG_PLAN);
        withdrawal_move(0, WITHDRAWAL_CODE_EXPIRED); suspend_paid()
    fi
}

active proctype Reconciler()
{
end:
    do
#ifndef NO_RECONCILIATION
    /* The gap is covered: nothing is under way any more and the channel is done with every key. */
    :: atomic { quarantine && !matched && !wire[0] && truth[0] != BANK_PROCESSING ->
        if
        :: truth[0] != BANK_NOTHING && attempt[0] == ATTEMPT_NONE -> adopt()
        :: truth[0] != BANK_NOTHING && attempt[0] == ATTEMPT_NONE && MAY_BEGIN(0) -> missed = 1
        :: else -> skip
        fi;
        if
        :: attempt[0] != ATTEMPT_NONE && truth[0] == BANK_PAID -> news = PROVES_PAID
        :: attempt[0] != ATTEMPT_NONE && truth[0] == BANK_RETURNED -> news = PROVES_RETURNED
        :: attempt[0] != ATTEMPT_NONE && truth[0] == BANK_REFUSED -> news = PROVES_NOT_PAID
        :: else -> skip
        fi;
        if :: news != 0 -> prove(0, news) :: else -> skip fi;
        news = 0;
        matched = 1 }
    :: atomic { quarantine && matched && approvals != 3 -> if :: approvals = approvals | 1 :: approvals = approvals | 2 fi }
#else
    :: atomic { quarantine && approvals != 3 -> if :: approvals = approvals | 1 :: approvals = approvals | 2 fi }
#endif
    :: atomic { quarantine && approvals == 3 -> quarantine = 0 }
    od
}
#endif

init
{
    byte n;
    atomic {
        n = 0;
        do
        :: n < WITHDRAWALS -> run Customer(n); run Reviewer(n); n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < LEGS ->
            run Dispatcher(n); run Janitor(n); run Day(n); run Person(n, 0); run Person(n, 1);
#ifdef SECOND_DISPATCHER
            run Dispatcher(n);
#endif
            n++
        :: else -> break
        od;
        n = 0;
        do
        :: n < PAYMENTS ->
            run Caller(n); run Bank(n); run News(n);
#ifdef LIVE
            run Answer(n);
#endif
            n++
        :: else -> break
        od;
        n = 0
    }
}

#ifdef LIVE
#define ALIVE(i) (w[i] == WITHDRAWAL_IN_REVIEW || w[i] == WITHDRAWAL_NEED_DOCUMENTS || w[i] == WITHDRAWAL_APPROVED || \
                  w[i] == WITHDRAWAL_DISPATCHING)
ltl ends { [] (ALIVE(0) -> <> !ALIVE(0)) }
#endif
