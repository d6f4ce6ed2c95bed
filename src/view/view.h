/* SPDX-License-Identifier: Apache-2.0 */
/* Domain objects as the JSON of api/openapi.yaml. One function an object, used by the engine's replies, the
 * readers of the HTTP API, the CLI and the exports alike. Pure. Personal data leaves masked: names keep the first
 * character, accounts the last four. */
#ifndef EBB_VIEW_VIEW_H
#define EBB_VIEW_VIEW_H

#include "base/out.h"
#include "domain/decide.h"
#include "domain/rows_recon.h"

/* `at`: the moment whose month is meant by "this month". */
void view_account(struct out *out, const struct account *account, const struct identity *identity, struct instant at);
void view_quote(struct out *out, const struct policy *policy, const struct account *account, struct instant at,
                const struct quote *quote);
void view_topup(struct out *out, const struct topup *topup, const struct account *account);
void view_fact(struct out *out, const struct fact *fact, const struct account *account);
void view_claim(struct out *out, const struct claim *claim, const struct account *account);
void view_resource(struct out *out, const struct resource *resource, const struct account *account);
void view_parcel(struct out *out, const struct parcel *parcel, const char *giver, const char *receiver,
                 const char *currency);
/* `topup_refs[i]` is the ref of dossier->lots[i]'s top-up, NULL for other funds. id 0 (dry run) leaves `id` out. */
void view_withdrawal(struct out *out, const struct dossier *dossier, const struct policy *policy,
                     const char *account_ref, const char *const *topup_refs, bool chinese);
/* What was sent to a channel for a leg; the sealed request itself stays inside. */
void view_attempt(struct out *out, const struct attempt *attempt);
/* The member `destination` of a withdrawal, masked, from its sealed text; NULL is null. */
void view_destination(struct out *out, const char *json);
void view_document(struct out *out, const struct document *document, const char *account_ref);
/* What a policy asks of a withdrawal: limits, routes, payees, documents, reasons. */
void view_terms(struct out *out, const struct policy *policy);
/* Without its secrets. */
void view_webhook(struct out *out, const struct webhook *webhook);
void view_delivery(struct out *out, const struct delivery *delivery);
void view_ticket(struct out *out, const struct ticket *ticket, const char *account_ref);
void view_message(struct out *out, const struct message *message);
/* Its members alone, for an object that says more. */
void view_recon_statement_members(struct out *out, const struct recon_statement *statement);
/* `now`: to which its age counts while it is open. */
void view_break(struct out *out, const struct recon_break *found, struct instant now);
void view_quarantine(struct out *out, const struct quarantine *quarantine);
/* The members of a quarantine alone, for an object that says more. */
void view_quarantine_members(struct out *out, const struct quarantine *quarantine);
/* `candidates`: accounts that the key may belong to, while it has none. */
void view_stray(struct out *out, const struct stray *stray, const char *account_ref,
                const struct account *const *candidates, size_t candidates_count);
/* Without anything that signs in. */
void view_staff(struct out *out, const struct staff *staff);
/* The members of a person alone, for an object that says more. */
void view_staff_members(struct out *out, const struct staff *staff);
/* Without what its cookie says. */
void view_session(struct out *out, const struct session *session);
/* Names with a space between two, as the member `roles`. */
void view_roles(struct out *out, const char *names);
void view_event(struct out *out, const struct event *event, const char *account_ref);
/* Whose id an event of this type carries: "wd", "tu" … */
/* Of what an entry is about: "tu", "wd", "leg" … */
const char *view_object_prefix(enum entry_kind kind);
const char *view_event_prefix(const char *type);

/* RFC 9457. `errors` may be NULL. */
struct problem {
    int status;
    const char *code, *title, *detail, *rule, *request_id, *pointer;
    const struct field_problems *fields;
    const struct decision *decision; /* adds requested, withdrawable/available, tries_left, held_back, refusals */
    const struct policy *policy;
};
void view_problem(struct out *out, const struct problem *problem);
/* The status and problem of a refusal. */
int view_decision_status(const struct decision *decision);

/* "张三" → "张*"; "6222020000001234" → "****1234". Into the buffer, cut if need be. */
void view_mask_name(const char *name, char *ret, size_t size);
void view_mask_account(const char *account, char *ret, size_t size);

#endif
