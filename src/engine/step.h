/* SPDX-License-Identifier: Apache-2.0 */
/* One command on its way through the engine: what it loads, what is decided, what is answered. Private to engine/.
 *
 * A handler has two halves. `load` finds what the command touches (I/O, no change) and names the account that scopes
 * it; then the engine checks that the caller may touch it and whether the same request was answered before; `decide`
 * calls the domain and renders the answer. */
#ifndef EBB_ENGINE_STEP_H
#define EBB_ENGINE_STEP_H

#include "domain/funds.h"
#include "domain/withdrawal.h"
#include "engine/batch.h"
#include "engine/engine.h"
#include "view/view.h"

struct step {
    const struct engine_config *config;
    struct vault *vault;
    struct batch *batch;
    struct command *command;
    struct deciding d;
    struct book *book, *other; /* the account; the counterparty */
    struct dossier *dossier;
    struct attempt *attempt;
    struct fact *fact;
    struct parcel *parcel;
    struct topup *topup;
    struct claim *claim;
    struct resource *resource;
    struct draw_list *draws;
    struct subject *subject;
    uint8_t subject_id[HASH_SHORT_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES]; /* of the ask itself */
    struct quote quote;
    struct call *calls;
    bool missing; /* what the command names is not there */
    struct out *out;
    char location[96];
    int64_t version;
};

struct handler {
    unsigned roles; /* any of them */
    enum err (*load)(struct step *step);
    struct decision (*decide)(struct step *step);
};
extern const struct handler handlers[COMMAND__COUNT];

/* handle_facts.c */
enum err load_account_put(struct step *s);
enum err load_topup(struct step *s);
enum err load_charge(struct step *s);
enum err load_reverse(struct step *s);
enum err load_chargeback(struct step *s);
enum err load_claim(struct step *s);
enum err load_resource(struct step *s);
enum err load_credit(struct step *s);
struct decision decide_account_put(struct step *s);
struct decision decide_topup(struct step *s);
struct decision decide_charge(struct step *s);
struct decision decide_reverse(struct step *s);
struct decision decide_chargeback(struct step *s);
struct decision decide_claim(struct step *s);
struct decision decide_resource(struct step *s);
struct decision decide_credit(struct step *s);
/* handle_parcels.c */
enum err load_transfer(struct step *s);
enum err load_allocate(struct step *s);
enum err load_recall(struct step *s);
enum err load_allocation(struct step *s);
struct decision decide_transfer(struct step *s);
struct decision decide_allocate(struct step *s);
struct decision decide_take_back(struct step *s);
struct decision decide_invoiced(struct step *s);
/* handle_withdrawals.c */
enum err load_withdraw(struct step *s);
enum err load_withdrawal(struct step *s);
enum err load_evidence(struct step *s);
struct decision decide_withdraw(struct step *s);
struct decision decide_code(struct step *s);
struct decision decide_resend(struct step *s);
struct decision decide_cancel(struct step *s);
struct decision decide_review(struct step *s);
struct decision decide_tick(struct step *s);
struct decision decide_evidence(struct step *s);
struct decision decide_resolve(struct step *s);
void withdrawal_answer(struct step *s);
/* handle_papers.c */
enum err load_paper(struct step *s);
struct decision decide_document(struct step *s);
struct decision decide_ticket(struct step *s);

/* fingerprint.c: hash of an ask along its shape, so that the same fact is the same however its JSON was written. */
void ask_fingerprint(const struct shape *shape, const void *ask, const char *context, uint8_t ret[HASH_SHORT_BYTES]);
const struct shape *command_shape(enum command_kind kind);

/* terms.c */
struct channel_terms terms_of(const struct channels *channels);

/* chain.c */
struct chain {
    int64_t seq;
    uint8_t hash[HASH_BYTES];
};
MUST_USE enum err chain_load(struct store *store, struct arena *arena, struct chain *ret);
/* The audit row of a decided command; needs reserved arena. */
void chain_append(struct chain *chain, struct step *step);

/* process.c: decides one command into the batch. `ret` is filled unless the result is a fault. */
MUST_USE enum err process_command(struct step *step, struct chain *chain, struct reply *ret);
void reply_problem(struct reply *reply, int status, const char *code, const char *detail, const char *request_id);

#endif
