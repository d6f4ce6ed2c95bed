/* SPDX-License-Identifier: Apache-2.0 */
/* What a pure decision is given and what it returns.
 *
 * A decision function gets a `struct deciding` (a moment, a policy, the loaded books, generators) and an ask, and
 * either refuses (a value; nothing was touched) or changes rows and registers them in `changes`. It refuses before it
 * touches. It does no I/O, reads no clock, and allocates only from the reserved arena. */
#ifndef EBB_DOMAIN_DECIDE_H
#define EBB_DOMAIN_DECIDE_H

#include "base/id.h"
#include "base/out.h"
#include "base/random.h"
#include "domain/ask.h"
#include "domain/calendar.h"
#include "domain/plan.h"

/* Everything loaded of one account. Arrays live in the batch's arena and grow by book_add_*. */
struct book {
    struct account *account;
    struct identity *identity; /* NULL unless loaded */
    struct subject *subject;   /* NULL when the identity is unknown */
    struct topup **topups;     /* live: remaining > 0; ascending (paid_at, id) */
    size_t topups_count, topups_capacity;
    struct parcel **parcels; /* received and live: remaining > 0; ascending id */
    size_t parcels_count, parcels_capacity;
    bool topups_loaded, parcels_loaded, payers_loaded;
};

/* Everything loaded of one withdrawal. */
struct dossier {
    struct withdrawal *withdrawal;
    struct leg **legs; /* by number */
    size_t legs_count;
    struct lot **lots; /* by leg, line */
    size_t lots_count;
    struct attempt **attempts; /* by leg, number */
    size_t attempts_count, attempts_capacity;
    struct review **reviews; /* by time */
    size_t reviews_count;
    struct evidence **told; /* by time: what was said of its payments; without what is stored unless told_loaded */
    size_t told_count, told_capacity;
    bool told_loaded;
    struct instant held_until; /* a leg that may not start yet: when to look again; none: now */
};

enum verdict {
    VERDICT_OK = 0,   /* 200: changed or unchanged on purpose */
    VERDICT_CREATED,  /* 201 */
    VERDICT_STORED,   /* 200: the same fact was recorded before */
    VERDICT_REFUSED,  /* 422: a rule or a value */
    VERDICT_CONFLICT, /* 409: the state does not allow it */
    VERDICT_MISSING,  /* 404 */
    VERDICT_STALE,    /* 412 */
};

struct decision {
    enum verdict verdict;
    enum refusal code;   /* REFUSAL_NONE when accepted */
    const char *rule;    /* rule id or NULL */
    const char *pointer; /* JSON pointer of the member at fault, or NULL */
    const char *detail;  /* one sentence in plain English; arena or literal */
    bool has_amounts;    /* requested and available are meant */
    struct money requested, available;
    int64_t tries_left;        /* -1: not meant */
    const struct quote *quote; /* the arithmetic behind a refused amount, or NULL */
    bool changed;              /* a refusal that changed something on purpose: a wrong code used up a try */
};

/* One line of the audit row's story. */
struct move {
    struct move *next;
    const char *prefix; /* "wd", "leg", "at", "tu" … or "en" for an entry */
    int64_t id;
    const char *from, *event, *to; /* from and to may be NULL */
    struct money amount;           /* entries */
};

/* The time whose records were lost, where an old backup came back (domain/quarantine.h): what may have happened in it
 * is asked of the channels before anything is sent again. All zero: there was none. */
struct lost_time {
    int64_t before;             /* ids below it are of the time before */
    struct instant from, known; /* since when records may be missing; when that was found out, for the last time */
};

struct channel_terms; /* domain/withdrawal.h */

struct deciding {
    struct instant now;
    struct arena *arena;
    struct ids *ids;
    struct random *random;
    const uint8_t *code_key; /* HASH_KEY_BYTES: keyed hash of codes */
    struct changes *changes;
    const struct calendar *calendar;
    const struct policy *policy; /* the account's current one; for a withdrawal, the pinned one */
    const char *principal;
    struct lost_time lost;
    const struct channel_terms *terms; /* what channels say of themselves; withdrawals need it */
    struct move *moves, *moves_last;
    int64_t object; /* what the command was about, for the audit row */
};

struct decision decision_ok(void);
struct decision decision_created(void);
struct decision decision_stored(void);
struct decision decision_refused(enum refusal code, const char *rule, const char *pointer, const char *detail);
struct decision decision_amount(enum refusal code, const char *rule, const char *pointer, struct money requested,
                                struct money available);
struct decision decision_conflict(enum refusal code, const char *detail);
struct decision decision_missing(const char *what);
static inline bool decision_accepts(const struct decision *decision)
{
    return decision->verdict <= VERDICT_STORED;
}

/* A new row of the table, from the arena, already registered: DECIDING_NEW(d, fact) is a struct fact *. */
#define DECIDING_NEW(deciding, type)                                                                                   \
    ((struct type *)changes_new((deciding)->changes, ARENA_MUST((deciding)->arena, struct type), &type##_table))

int64_t deciding_id(struct deciding *deciding, const struct account *account);
void deciding_move(struct deciding *deciding, const char *prefix, int64_t id, const char *from, const char *event,
                   const char *to);
char *deciding_text(struct deciding *deciding, const char *format, ...) PRINTF_LIKE(2, 3);
/* A writer whose text is kept until the rows are saved: what it holds when it is done (INVARIANT 2). */
const char *deciding_written(const struct out *out);
/* The text, kept until the rows are saved; NULL stays NULL. */
char *deciding_copy(struct deciding *deciding, const char *text);
/* Copies into a fixed member, cut to fit; NULL is "". Shapes have bounded the text before. */
void deciding_fill(char *member, size_t size, const char *text);
/* The account changed: saved, and one version older for whoever read it before. */
void deciding_put_account(struct deciding *deciding, struct account *account);
void deciding_event(struct deciding *deciding, const struct account *account, const char *type, int64_t object,
                    const char *data);

/* They keep the order; what is there already is not added twice. Decisions add what they make also to a list that is
 * not loaded yet: a row that is not stored would be missed by loading, which joins what is there. */
void book_add_topup(struct deciding *deciding, struct book *book, struct topup *topup);
void book_add_parcel(struct deciding *deciding, struct book *book, struct parcel *parcel);
void book_drop_spent(struct book *book);
void dossier_add_attempt(struct deciding *deciding, struct dossier *dossier, struct attempt *attempt);
void dossier_add_told(struct deciding *deciding, struct dossier *dossier, struct evidence *evidence);

#endif
