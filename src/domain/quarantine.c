/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/quarantine.h"

#include "domain/withdrawal.h"

#include <string.h>

/* A clock that had leapt years ahead in the lost time does not take the ids with it. */
#define FLOOR_AHEAD_MS (366 * MS_DAY)

static struct instant later(struct instant a, struct instant b)
{
    return instant_after(a, b) ? a : b;
}

static void store_name(struct random *random, char ret[STORE_NAME_BYTES])
{
    uint8_t bytes[(STORE_NAME_BYTES - 1) / 2];

    random_fill(random, bytes, sizeof bytes);
    hash_hex(bytes, sizeof bytes, ret);
}

/* What was on the wire when the lost time ended may arrive later by as long as a send may take. No id of that time is
 * given out again, and anchors of that time are told from later ones by the database's next name. */
static void gap_close(struct deciding *d, struct quarantine *q, const struct quarantine_ask *ask)
{
    struct instant last = later(later(d->now, ask->anchor_at), q->gap_from);
    int64_t floor;

    q->gap_to = later(q->gap_to, instant_add_ms(last, SEND_GUARD_MS));
    floor = id_last_of(instant_earlier(q->gap_to, instant_add_ms(d->now, FLOOR_AHEAD_MS)));
    q->ids_floor = floor > q->ids_floor ? floor : q->ids_floor;
    ids_skip(d->ids, q->ids_floor);
    q->anchor_seq = ask->anchor_seq > q->anchor_seq ? ask->anchor_seq : q->anchor_seq;
    memcpy(q->seen, ask->seen, sizeof q->seen);
    if (ask->strangers != NULL)
        q->strangers = deciding_text(d, "%s%s", q->strangers != NULL ? q->strangers : "", ask->strangers);
    if (ask->restored_from != NULL)
        q->restored_from = deciding_copy(d, ask->restored_from);
    store_name(d->random, q->next_store);
}

struct quarantine *quarantine_begin(struct deciding *d, const struct quarantine_ask *ask)
{
    struct quarantine *q = DECIDING_NEW(d, quarantine);
    struct account nobody = {0};

    q->reason = ask->reason;
    q->detail = deciding_copy(d, ask->detail);
    q->began_at = d->now;
    q->gap_from = ask->gap_from;
    q->head_seq = ask->head_seq;
    deciding_fill(q->store, sizeof q->store, ask->store);
    gap_close(d, q, ask);
    q->id = deciding_id(d, &nobody);
    d->object = q->id;
    deciding_move(d, "qu", q->id, NULL, word_text(&quarantine_reason_words, (int)q->reason), "quarantined");
    return q;
}

void quarantine_extend(struct deciding *d, struct quarantine *q, const struct quarantine_ask *ask)
{
    gap_close(d, q, ask);
    q->detail = deciding_text(d, "%s; then %s", q->detail, ask->detail);
    changes_put(d->changes, &q->row);
    d->object = q->id;
    deciding_move(d, "qu", q->id, NULL, "extend", NULL);
    quarantine_disturb(d, q);
}

/* ---- what statements cover ---- */

/* How far the statements of a channel reach from `at` on; `at` itself when none covers it. */
static struct instant covered_until(const struct cover *const *covers, size_t count, const char *channel,
                                    struct instant at)
{
    struct instant until = at;

    for (size_t i = 0; i < count; i++)
        if (strcmp(covers[i]->channel, channel) == 0 && !instant_after(covers[i]->covers_from, at))
            until = later(until, covers[i]->covers_to);
    return until;
}

static struct instant covered_again(const struct cover *const *covers, size_t count, const char *channel,
                                    struct instant at, struct instant to)
{
    struct instant again = to;

    for (size_t i = 0; i < count; i++)
        if (strcmp(covers[i]->channel, channel) == 0 && instant_after(covers[i]->covers_from, at))
            again = instant_earlier(again, covers[i]->covers_from);
    return again;
}

bool cover_gap(const struct cover *const *covers, size_t count, const char *channel, struct instant from,
               struct instant to, struct instant *ret_from, struct instant *ret_to)
{
    struct instant at = from;

    for (size_t i = 0; i < count; i++) { /* each round reaches further, or no statement does */
        struct instant until = covered_until(covers, count, channel, at);

        if (!instant_after(until, at))
            break;
        at = until;
    }
    if (!instant_before(at, to))
        return false;
    *ret_from = at;
    *ret_to = covered_again(covers, count, channel, at, to);
    return true;
}

void quarantine_disturb(struct deciding *d, struct quarantine *q)
{
    if (q->proposer[0] == '\0')
        return;
    q->proposer[0] = '\0';
    q->proposed_at = INSTANT_NONE;
    q->overrides = false;
    q->proposal = NULL;
    changes_put(d->changes, &q->row);
    deciding_move(d, "qu", q->id, "proposed", "disturb", "quarantined");
}

struct cover *quarantine_cover(struct deciding *d, struct quarantine *q, const char *channel, struct instant from,
                               struct instant to, int64_t lines)
{
    struct cover *cover = DECIDING_NEW(d, cover);
    struct account nobody = {0};

    cover->id = deciding_id(d, &nobody);
    cover->quarantine = q->id;
    deciding_fill(cover->channel, sizeof cover->channel, channel);
    cover->covers_from = from;
    cover->covers_to = to;
    cover->lines = lines;
    deciding_fill(cover->principal, sizeof cover->principal, d->principal);
    cover->at = d->now;
    d->object = cover->id;
    deciding_move(d, "cov", cover->id, NULL, "statement", "taken");
    quarantine_disturb(d, q);
    return cover;
}

/* ---- release ---- */

bool quarantine_is_clear(const struct quarantine_findings *f)
{
    return f->unasked == 0 && f->unassigned == 0 && f->pending == 0 && f->uncovered == 0;
}

/* One more sentence behind `text`. */
static const char *also(struct deciding *d, const char *text, int64_t count, const char *what)
{
    return deciding_text(d, "%s%s%lld %s.", text, text[0] != '\0' ? " " : "", (long long)count, what);
}

const char *quarantine_findings_text(struct deciding *d, const struct quarantine_findings *f)
{
    const char *text = "";

    if (f->uncovered > 0) {
        char from[INSTANT_TEXT_BYTES], to[INSTANT_TEXT_BYTES];

        instant_format(f->from, from);
        instant_format(f->to, to);
        text = deciding_text(d, "No statement of %s covers %s to %s (%zu channel%s uncovered).", f->channel, from, to,
                             f->uncovered, f->uncovered == 1 ? " is" : "s are");
    }
    if (f->unasked > 0)
        text = also(d, text, f->unasked, "open payments were not asked about since");
    if (f->unassigned > 0)
        text = also(d, text, f->unassigned, "payments of the lost time have no account");
    if (f->pending > 0)
        text = also(d, text, f->pending, "payments of the lost time are still under way");
    return text;
}

static struct decision propose(struct deciding *d, struct quarantine *q, const struct release_ask *ask)
{
    quarantine_disturb(d, q); /* another kind of proposal takes the place of the first */
    deciding_fill(q->proposer, sizeof q->proposer, d->principal);
    q->proposed_at = d->now;
    q->overrides = ask->override;
    q->proposal = deciding_copy(d, ask->reason);
    changes_put(d->changes, &q->row);
    deciding_move(d, "qu", q->id, "quarantined", ask->override ? "propose_override" : "propose", "proposed");
    return decision_ok();
}

static struct decision release(struct deciding *d, struct quarantine *q, const struct release_ask *ask)
{
    deciding_fill(q->releaser, sizeof q->releaser, d->principal);
    q->released_at = d->now;
    q->verdict = deciding_copy(d, ask->reason);
    changes_put(d->changes, &q->row);
    deciding_move(d, "qu", q->id, "proposed", ask->override ? "override" : "release", "released");
    return decision_ok();
}

struct decision quarantine_release(struct deciding *d, struct quarantine *q, const struct release_ask *ask,
                                   const struct quarantine_findings *findings)
{
    bool again, own;

    if (q == NULL)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "There is no quarantine to release.");
    if (!quarantine_is_clear(findings) && !ask->override)
        return decision_conflict(REFUSAL_NOT_RECONCILED, quarantine_findings_text(d, findings));
    if (ask->override && ask->reason == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/reason", "An override needs a reason, of both people.");
    d->object = q->id;
    again = q->proposer[0] != '\0' && q->overrides == ask->override;
    own = strcmp(q->proposer, d->principal) == 0;
    if (!again)
        return propose(d, q, ask);
    if (own)
        return decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL,
                                "You have proposed it already; another person must confirm.");
    return release(d, q, ask);
}
