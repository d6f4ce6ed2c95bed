/* SPDX-License-Identifier: Apache-2.0 */
/* What channels did in a lost time, line by line, and the payments among it that our books do not know: strays.
 *
 * A key that we know is evidence about its attempt. A key that a leg of ours would have used makes that leg sent
 * (withdrawal_found_sent). Whatever else was paid is a stray: booked to suspense of the account that it belongs to, as
 * far as that is known, with an incident; and while an account has money in suspense it withdraws nothing, because what
 * its balance still shows may have left already. People name the account and settle it:
 *
 *                 paid                     accepted     not_paid               returned
 *   (none)        suspense | unassigned    pending      void                   void
 *   unassigned    –                        –            incident               void
 *   pending       suspense | unassigned    –            void                   void
 *   suspense      – (other amount: inc.)   –            incident               back, void
 *   settled       –                        –            incident               incident
 *   void          suspense, incident       –            –                      –
 *
 * "void": no money is out. From void, paid is older news when the channel said "returned" before. An incident is opened
 * for a fact, not for each time that it is told. */
#ifndef EBB_DOMAIN_STRAY_H
#define EBB_DOMAIN_STRAY_H

#include "domain/quarantine.h"
#include "domain/withdrawal.h"

/* Where a line belongs, as far as it is known. */
struct stray_place {
    struct book *book;       /* NULL: no account is known */
    struct dossier *dossier; /* with leg */
    struct leg *leg;
    struct attempt *attempt;
    struct stray *stray;
    struct evidence **told; /* what is stored of what was said of the stray; wanted where stray_complains */
    size_t told_count;
};

/* Does this line contradict what is known, so that someone must look, and nothing moves? */
bool stray_complains(const struct stray *stray, const struct line_ask *line);

/* One line of a statement, or of a callback about a stray; without a quarantine only about one that is known. A payment
 * in another currency than its account's stays unassigned.
 * `ret_effect`: the word that says what it did. Changes place->attempt and place->stray to what it made. */
void stray_line(struct deciding *d, struct quarantine *q, const char *channel, const struct channel_terms *terms,
                struct stray_place *place, enum evidence_source source, const struct line_ask *line,
                const char **ret_effect);

/* Keys of ours carry the shard of their account; of others nothing is known. */
bool stray_key_fits(const char *key, const struct account *account);
/* The account of a payment becomes known, or another one. The key carries its account's shard: another account's is
 * refused. */
struct decision stray_name_check(const struct account *account, const struct stray *stray);
struct decision stray_name(struct deciding *d, struct book *book, struct book *before, struct stray *stray);

/* One person proposes, another confirms the same: `take` so much from the customer's funds into suspense, `bear` it, or
 * it `came_back` to the channel's account. Then the account may withdraw again. All live top-ups of the book must be
 * loaded. */
struct decision stray_settle(struct deciding *d, struct book *book, struct stray *stray,
                             const struct stray_settle_ask *ask);

/* stray.c, for stray_settle.c */
void stray_book(struct deciding *d, struct book *book, struct stray *stray);
void stray_unbook(struct deciding *d, struct book *book, struct stray *stray);

#endif
