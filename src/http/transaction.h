/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger entry with its postings, as the API tells it. */
#ifndef EBB_HTTP_TRANSACTION_H
#define EBB_HTTP_TRANSACTION_H

#include "http/request.h"

MUST_USE enum err transaction_write(struct request *request, struct store *store, const struct entry *entry,
                                    struct out *out);

#endif
