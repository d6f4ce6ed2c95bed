/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a withdrawal: made, confirmed by code, reviewed, dispatched, ended by evidence.
 *
 *   awaiting_code → in_review | approved → dispatching → successful | partly_successful | failed;  … → returned
 *   need_documents ⇄ in_review → rejected;  awaiting_code | in_review | approved → cancelled;  awaiting_code → expired
 *
 * The legal moves are the tables of domain/machine.h. Creating holds nothing; the right code holds the money in the
 * same decision. Money leaves only through withdrawal_tick (which says what to send) and ends only by
 * withdrawal_evidence. */
#ifndef EBB_DOMAIN_WITHDRAWAL_H
#define EBB_DOMAIN_WITHDRAWAL_H

#include "domain/ledger.h"

#define CODE_DIGITS 6
#define CODE_TRIES 5
#define CODE_TTL_MS (5 * MS_MINUTE)
#define CODE_RESEND_MS MS_MINUTE
#define UNKNOWN_ALARM_MS (30 * MS_MINUTE)
#define UNKNOWN_MANUAL_MS MS_DAY
#define QUERY_FIRST_MS (5 * MS_SECOND)
#define QUERY_LAST_MS MS_HOUR
#define SEND_GUARD_MS (30 * MS_SECOND) /* an answer that is not here by then is unknown */

/* What a decision may ask of the channels: pure functions of the capability table. The engine fills it in. */
struct channel_terms {
    const void *channels;
    /* Name of the channel that serves a leg; NULL when there is none. */
    const char *(*name)(const void *channels, const char *wanted);
    char *(*build)(const void *channels, const char *channel, const struct withdrawal *withdrawal,
                   const struct leg *leg, const struct topup *topup, const char *key, struct instant at,
                   struct arena *arena);
    int64_t (*dedupe_ms)(const void *channels, const char *channel); /* 0: unbounded */
    int64_t (*spacing_ms)(const void *channels, const char *channel);
    int64_t (*bounce_ms)(const void *channels, const char *channel);           /* 0: it tells what comes back */
    struct instant (*halted_until)(const void *channels, const char *channel); /* nothing is begun before that */
};

/* A call for the outside, to be made after the commit. */
struct call {
    struct call *next;
    const struct attempt *attempt;
    bool query, first;
};

/* Whether making or confirming a withdrawal by this route (ROUTE_NONE: it is still to be chosen) looks at who paid its
 * top-ups. Where it does, the book must have its payers. */
bool withdrawal_asks_payers(const struct policy *policy, enum route route, bool destination);
/* Decides, and unless `dry_run` registers the withdrawal, its legs and lots, the code and its message. */
struct decision withdrawal_make(struct deciding *d, struct book *book, const struct withdraw_ask *ask, bool dry_run,
                                struct dossier *ret, struct quote *ret_quote);
struct decision withdrawal_code(struct deciding *d, struct book *book, struct dossier *dossier, const char *code,
                                struct quote *ret_quote);
struct decision withdrawal_resend(struct deciding *d, struct book *book, struct dossier *dossier);
struct decision withdrawal_cancel(struct deciding *d, struct book *book, struct dossier *dossier);
struct decision withdrawal_review(struct deciding *d, struct book *book, struct dossier *dossier,
                                  const struct review_ask *ask, int64_t if_match, bool any_version);
/* A document was attached: need_documents goes back to in_review. */
struct decision withdrawal_documented(struct deciding *d, struct dossier *dossier, int64_t document);

/* Whatever the clock asks for at d->now: expiry of the code, intents of approved legs, queries, alarm, manual. */
struct decision withdrawal_tick(struct deciding *d, struct book *book, struct dossier *dossier,
                                const struct channel_terms *terms, struct call **ret_calls);
/* In quarantine: what is open is asked about, and nothing else happens. */
struct decision withdrawal_question(struct deciding *d, struct book *book, struct dossier *dossier,
                                    struct call **ret_calls);

/* withdrawal_lost.c: a channel knows a key of one of its legs that these books never used. Where the leg is on hold and
 * may go out, it is begun under that very key as if we had sent it, and the attempt is returned: evidence ends it.
 * Where the books are older than that, the withdrawal ends, what it holds is given back, and NULL is returned.
 * `first_seen`: since when the channel remembers the key. */
struct attempt *withdrawal_found_sent(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg,
                                      const struct channel_terms *terms, struct instant first_seen);

/* Does this answer only say what was to be expected of an open payment? Then nobody needs to know what was told before.
 */
bool evidence_is_plain(const struct dossier *dossier, const struct attempt *attempt, struct money amount,
                       const char *currency);
/* What a channel, a statement or two people prove about one attempt of the dossier. Unless the answer is plain
 * dossier->told must be loaded: what contradicts opens an incident for each fact, and none for one that is told again.
 */
struct decision withdrawal_evidence(struct deciding *d, struct book *book, struct dossier *dossier,
                                    struct attempt *attempt, const char *channel, enum evidence_source source,
                                    enum evidence_kind kind, const char *key, const char *code, const char *detail,
                                    const char *reference, struct money amount, const char *currency);
/* The answer that was just told says, beside what it proves of the payment, that something is wrong with the house: an
 * incident of that kind, once for each code of an attempt. dossier->told is loaded. */
void withdrawal_alarm(struct deciding *d, struct book *book, struct dossier *dossier, const struct attempt *attempt,
                      const char *kind, const char *what);

#endif
