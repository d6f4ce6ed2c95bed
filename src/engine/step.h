/* SPDX-License-Identifier: Apache-2.0 */
/* One command on its way through the engine: what it loads, what is decided, what is answered. Private to engine/.
 *
 * A handler has two halves. `load` finds what the command touches (I/O, no change) and names the account that scopes
 * it; then the engine checks that the caller may touch it and whether the same request was answered before; `decide`
 * calls the domain and renders the answer. */
#ifndef EBB_ENGINE_STEP_H
#define EBB_ENGINE_STEP_H

#include "domain/funds.h"
#include "domain/reconcile.h"
#include "domain/stray.h"
#include "domain/withdrawal.h"
#include "engine/batch.h"
#include "engine/engine.h"
#include "view/view.h"

/* What telling of one session takes of the arena. */
#define STEP_SESSION_BYTES ((size_t)512)

/* A statement's file, as far as it is in the books (handle_recon.c). */
struct recon_step {
    struct recon_statement *statement;  /* NULL: it is new */
    const struct recon_statement *last; /* of this channel, with an account of the operator's; or NULL */
    struct recon_known *known;          /* of the ask's lines, at the first that has the key */
    struct rows sent;                   /* our payments that it should tell of, from swept on */
    const char **currencies;            /* of the missing ones; NULL: it is not missing */
    bool sweeps, more;                  /* more: this is not all of them */
    struct recon_break *found;          /* break_settle */
    const struct recon_line *claimed;   /* what it says; NULL: it is of no line */
    struct stray_place place;           /* where that belongs */
};

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
    bool quarantined;              /* only what reconciles may go on */
    struct quarantine *quarantine; /* the open one */
    bool turned;                   /* it began or ended with this command */
    struct quarantine_findings findings;
    int64_t documents_day; /* that the account brought within 24 hours */
    struct webhook *webhook;
    struct rows webhooks, deliveries, known; /* handle_webhooks.c says of what */
    struct stray *stray;
    const char *strange;         /* what a channel says of a key that nobody made */
    const struct incident *told; /* that it opened when it was said before; NULL */
    struct stray_place *places;  /* statement: of its lines */
    struct recon_step recon;
    struct session_places sessions;
    size_t reserve_bytes;    /* that the decision needs besides its books */
    size_t strange_document; /* that is named, counted from 1: not there, another account's, or named before */
    bool missing;            /* what the command names is not there */
    struct out *out;
    char location[96];
    int64_t version;
};

/* NULL where the command is about none, or about one that is yet to be made. */
static inline const struct account *step_account(const struct step *s)
{
    return s->book != NULL ? s->book->account : NULL;
}

struct handler {
    unsigned roles; /* any of them */
    enum err (*load)(struct step *step);
    struct decision (*decide)(struct step *step);
    /* Where the roles do not say it all: is this ask one for them? NULL: they do. */
    bool (*allows)(const struct command *command);
    bool reconciles; /* goes on in quarantine */
    bool remembered; /* what it loads and changes is the same rows in the next batch (engine.c) */
    bool alone;      /* in a batch of its own: it counts rows, and must see what is stored */
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
enum err load_resolve(struct step *s);
enum err load_evidence(struct step *s);
/* dossier->told: what was said of its payments, with what this batch has not saved yet. */
enum err told_load(struct batch *batch, struct dossier *dossier);
struct decision decide_withdraw(struct step *s);
struct decision decide_code(struct step *s);
struct decision decide_resend(struct step *s);
struct decision decide_cancel(struct step *s);
struct decision decide_review(struct step *s);
bool review_allows(const struct command *command);
struct decision decide_tick(struct step *s);
struct decision decide_evidence(struct step *s);
struct decision decide_resolve(struct step *s);
void withdrawal_answer(struct step *s);
/* handle_papers.c */
enum err load_paper(struct step *s);
struct decision decide_document(struct step *s);
struct decision decide_ticket(struct step *s);

/* handle_webhooks.c */
enum err load_webhooks(struct step *s);
enum err load_webhook(struct step *s);
enum err load_delivery(struct step *s);
enum err load_deliveries(struct step *s);
enum err load_messages(struct step *s);
struct decision decide_messages(struct step *s);
struct decision decide_webhook_make(struct step *s);
struct decision decide_webhook_change(struct step *s);
struct decision decide_webhook_delete(struct step *s);
struct decision decide_webhook_rotate(struct step *s);
struct decision decide_webhook_test(struct step *s);
struct decision decide_webhook_replay(struct step *s);
struct decision decide_delivery_replay(struct step *s);
struct decision decide_deliveries(struct step *s);

/* handle_quarantine.c */
enum err load_quarantine(struct step *s);
enum err load_release(struct step *s);
enum err load_stray_name(struct step *s);
enum err load_stray_settle(struct step *s);
/* Of the place of a line: what was said of its stray before, where that counts. */
enum err stray_told_load(struct batch *batch, struct stray_place *place, const struct line_ask *line);
/* What a channel says without a statement: about a payment that is known as a stray (s->stray, if it is one). */
enum err load_stray_evidence(struct step *s);
struct decision decide_stray_evidence(struct step *s);
struct decision decide_quarantine(struct step *s);
struct decision decide_release(struct step *s);
struct decision decide_stray_name(struct step *s);
struct decision decide_stray_settle(struct step *s);
/* handle_access.c */
enum err load_user(struct step *s);
struct decision decide_user(struct step *s);
enum err load_session(struct step *s);
struct decision decide_session(struct step *s);
/* handle_statement.c */
enum err load_statement(struct step *s);
struct decision decide_statement(struct step *s);

/* Where the line's key stands first among the ask's lines: its place, and what is known of it. */
size_t statement_first(const struct step *s, size_t at);
/* Before a line is decided. */
enum err statement_place(struct step *s, const char *channel, const struct line_ask *line, struct stray_place *place);
void statement_policy(struct step *s, const struct stray_place *place);
/* handle_recon.c: statements that are files, which have a hash. */
enum err recon_load(struct step *s);
struct decision recon_check(struct step *s);
void recon_decide(struct step *s);
enum err load_break_settle(struct step *s);
struct decision decide_break_settle(struct step *s);

/* fingerprint.c: hash of an ask along its shape, so that the same fact is the same however its JSON was written. */
MUST_USE enum err ask_fingerprint(const struct shape *shape, const void *ask, const char *context,
                                  uint8_t ret[HASH_SHORT_BYTES]);
const struct shape *command_shape(enum command_kind kind);

/* terms.c */
struct channel_terms terms_of(const struct channels *channels);

/* chain.c */
struct chain {
    int64_t seq;
    uint8_t hash[HASH_BYTES];
    struct instant at; /* of the newest row */
};
MUST_USE enum err chain_load(struct store *store, struct arena *arena, struct chain *ret);
/* The audit row of a decided command; needs reserved arena. */
void chain_append(struct chain *chain, struct step *step);
/* Where other engines append as well: from here to the commit nobody else does. */
MUST_USE enum err chain_lock(struct batch *batch);
/* The same, and the rows of the batch, made after `began`, follow what is there now. `*ret_last` is the last
 * quarantine, or NULL; `*ret_same`: nobody had appended since `began`. */
MUST_USE enum err chain_follow(struct batch *batch, const struct chain *began, struct chain *chain,
                               const struct quarantine **ret_last, bool *ret_same);

/* process.c: looks up all that process_command will, as far as it can be known by now (batch_fetch). */
MUST_USE enum err process_gather(struct step *step);
/* Decides one command into the batch. `ret` is filled unless the result is a fault. */
MUST_USE enum err process_command(struct step *step, struct chain *chain, struct reply *ret);

/* A command and its answer, as the engine works on them. */
struct work {
    struct command *command;
    struct reply reply;
    bool gathered;
};
/* works.c. Whoever asked has the answer, and owns the command again. */
void reply_send(struct work *work);
void work_fail(struct work *work, const char *code, const char *detail);
/* Something before it in its series failed: so does it, undecided. */
bool work_is_held_up(struct work *work);
void works_refuse(struct work *works, size_t count, const char *code, const char *detail);
/* Answers that were not sent are forgotten: the batch is decided anew. */
void works_forget(struct work *works, size_t count);
/* Ticks are what begins payments. */
bool works_are_ticks(const struct work *works, size_t count);
/* Moves the ticks behind the others, whose order stays, and says how many the others are. */
size_t works_part(struct work *works, size_t count);
/* gather.c: all look-ups of all commands, in as few round trips as they depend on each other. */
MUST_USE enum err gather(struct engine *engine, struct batch *batch, struct work *works, size_t count);
/* engine.c */
#define LATER_TEXT "The service cannot take this now; ask again with the same key."
bool engine_has_worker(const struct engine *engine);
struct step engine_step(struct engine *engine, struct command *command, struct out *out);

/* ERR_RETRY: there is no memory for its body; the status is set. */
enum err reply_problem(struct reply *reply, int status, const char *code, const char *detail, const char *request_id);

#endif
