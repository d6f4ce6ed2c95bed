/* SPDX-License-Identifier: Apache-2.0 */
/* A withdrawal with everything that its JSON shows, loaded through a reader. */
#ifndef EBB_HTTP_DOSSIER_H
#define EBB_HTTP_DOSSIER_H

#include "http/request.h"

struct dossier_read {
    struct dossier dossier;
    struct account *account;
    const struct policy *policy;   /* the pinned one */
    const char *const *topup_refs; /* of the lots */
};

/* False in `ret_found` after answering 404: absent, or not the caller's. */
MUST_USE enum err dossier_read(struct request *request, struct store *store, const char *id_text,
                               struct dossier_read *ret, bool *ret_found);
/* Of a withdrawal already at hand; the account comes from the caller. */
MUST_USE enum err dossier_fill(struct request *request, struct store *store, struct withdrawal *withdrawal,
                               struct account *account, struct dossier_read *ret);
void dossier_write(struct request *request, const struct dossier_read *read, struct out *out);
/* history.c: whether the account's document is one of this withdrawal. */
bool paper_belongs(const struct document *document, const struct withdrawal *withdrawal);
/* receipt.c: what the receipt says of it now (report/receipt.h). */
MUST_USE enum err receipt_of_dossier(struct request *request, struct store *store, const struct dossier_read *read,
                                     struct out *out);

#endif
