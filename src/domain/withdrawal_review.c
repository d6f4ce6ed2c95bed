/* SPDX-License-Identifier: Apache-2.0 */
/* Review: maker and checker are two people, an approval is bound to the version that was seen, and what was true when
 * the code came must still be true. */
#include "domain/withdrawal_plan.h"
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

/* Approvals given before documents were asked for do not count: they were of another application. */
static bool approved_by(const struct dossier *dossier, const char *principal)
{
    for (size_t i = dossier->reviews_count; i > 0 && dossier->reviews[i - 1]->decision == REVIEW_APPROVE; i--)
        if (strcmp(dossier->reviews[i - 1]->reviewer, principal) == 0)
            return true;
    return false;
}

static struct decision check_review(struct deciding *d, const struct dossier *dossier, enum review_decision decision,
                                    int64_t if_match, bool any_version)
{
    const struct withdrawal *w = dossier->withdrawal;
    bool open =
        w->status == WITHDRAWAL_IN_REVIEW || (w->status == WITHDRAWAL_NEED_DOCUMENTS && decision == REVIEW_REJECT);

    if (!any_version && if_match != w->version) {
        struct decision stale = decision_conflict(REFUSAL_STALE, "The withdrawal has changed since you saw it.");

        stale.verdict = VERDICT_STALE;
        return stale;
    }
    if (!open)
        return decision_conflict(REFUSAL_STATE_CONFLICT,
                                 deciding_text(d, "A withdrawal that is %s cannot be decided on.",
                                               word_text(&withdrawal_status_words, (int)w->status)));
    if (strcmp(w->maker, d->principal) == 0)
        return decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL,
                                "Whoever made a withdrawal may not decide on it.");
    if (decision == REVIEW_APPROVE && approved_by(dossier, d->principal))
        return decision_conflict(REFUSAL_STATE_CONFLICT, "You have approved it already; a second person is needed.");
    return decision_ok();
}

/* The dossier must know it at once: the next command of the same batch asks who has approved already. */
static void dossier_add_review(struct deciding *d, struct dossier *dossier, struct review *review)
{
    struct review **grown = arena_must(d->arena, (dossier->reviews_count + 1) * sizeof(struct review *));

    if (dossier->reviews_count > 0)
        memcpy(grown, dossier->reviews, dossier->reviews_count * sizeof(struct review *));
    grown[dossier->reviews_count++] = review;
    dossier->reviews = grown;
}

static void record(struct deciding *d, const struct book *book, struct dossier *dossier, const struct review_ask *ask)
{
    struct review *review = changes_new(d->changes, ARENA_MUST(d->arena, struct review), &review_table);

    review->id = deciding_id(d, book->account);
    review->withdrawal = dossier->withdrawal->id;
    snprintf(review->reviewer, sizeof review->reviewer, "%s", d->principal);
    review->decision = (enum review_decision)ask->decision;
    review->reason = ask->reason;
    review->version = dossier->withdrawal->version;
    review->at = d->now;
    dossier_add_review(d, dossier, review);
    deciding_move(d, "wd", dossier->withdrawal->id, NULL, word_text(&review_decision_words, ask->decision), NULL);
}

/* The last approval: claims, windows and the quote once more, then it may be sent. */
static void accept(struct deciding *d, struct book *book, struct dossier *dossier)
{
    withdrawal_move(d, dossier->withdrawal, WITHDRAWAL_ACCEPT);
    dossier->withdrawal->decided_at = d->now;
    plan_promise(d, book, dossier);
    if (withdrawal_reroute(d, book, dossier) == 0)
        withdrawal_conclude(d, book, dossier);
}

static struct decision approve(struct deciding *d, struct book *book, struct dossier *dossier,
                               const struct review_ask *ask)
{
    struct withdrawal *w = dossier->withdrawal;
    struct quote quote = {0};

    if (!withdrawal_covered(d, book, dossier, &quote)) {
        struct quote *kept = ARENA_MUST(d->arena, struct quote);
        struct decision no = decision_amount(REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE,
                                             d->policy->rule_of_refusal[REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE], NULL,
                                             w->amount, quote.withdrawable);

        *kept = quote;
        no.verdict = VERDICT_CONFLICT;
        no.quote = kept;
        no.detail = "The amount is no longer withdrawable; ask for documents or reject.";
        return no;
    }
    if (withdrawal_risk_found(d, book, w)) {
        struct decision look =
            decision_conflict(REFUSAL_STATE_CONFLICT, "Meanwhile another account of the same identity "
                                                      "owes something; look again, then decide.");

        look.changed = true;
        deciding_move(d, "wd", w->id, NULL, "risk_found", NULL);
        withdrawal_settle_row(d, dossier);
        return look;
    }
    record(d, book, dossier, ask);
    w->approvals++;
    if (w->approvals >= w->approvals_needed)
        accept(d, book, dossier);
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}

static struct decision reject(struct deciding *d, struct book *book, struct dossier *dossier,
                              const struct review_ask *ask)
{
    struct withdrawal *w = dossier->withdrawal;

    record(d, book, dossier, ask);
    withdrawal_move(d, w, WITHDRAWAL_REFUSE);
    withdrawal_release(d, book, dossier);
    w->decided_at = d->now;
    w->finished_at = d->now;
    snprintf(w->failure_code, sizeof w->failure_code, "rejected");
    w->failure_detail = ask->reason;
    withdrawal_tell(d, book, w,
                    ask->reason != NULL ? deciding_text(d, "rejected, because: %s", ask->reason) : "rejected");
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}

static struct decision ask_documents(struct deciding *d, struct book *book, struct dossier *dossier,
                                     const struct review_ask *ask)
{
    record(d, book, dossier, ask);
    withdrawal_move(d, dossier->withdrawal, WITHDRAWAL_ASK_DOCUMENTS);
    dossier->withdrawal->approvals = 0;
    withdrawal_tell(d, book, dossier->withdrawal,
                    ask->reason != NULL ? deciding_text(d, "we need documents: %s", ask->reason) : "we need documents");
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}

struct decision withdrawal_review(struct deciding *d, struct book *book, struct dossier *dossier,
                                  const struct review_ask *ask, int64_t if_match, bool any_version)
{
    enum review_decision wanted = (enum review_decision)ask->decision;
    struct decision decision = check_review(d, dossier, wanted, if_match, any_version);

    if (!decision_accepts(&decision))
        return decision;
    if (wanted == REVIEW_APPROVE)
        return approve(d, book, dossier, ask);
    return wanted == REVIEW_REJECT ? reject(d, book, dossier, ask) : ask_documents(d, book, dossier, ask);
}

struct decision withdrawal_documented(struct deciding *d, struct dossier *dossier, int64_t document)
{
    struct withdrawal *w = dossier->withdrawal;
    char id[ID_TEXT_BYTES];
    int size = (int)strlen(w->documents) - 1; /* without the bracket */

    id_format("doc", document, id);
    if (size == 1)
        w->documents = deciding_text(d, "[\"%s\"]", id);
    else
        w->documents = deciding_text(d, "%.*s,\"%s\"]", size, w->documents, id);
    if (w->status == WITHDRAWAL_NEED_DOCUMENTS)
        withdrawal_move(d, w, WITHDRAWAL_DOCUMENTED);
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}
