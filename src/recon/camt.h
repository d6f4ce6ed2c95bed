/* SPDX-License-Identifier: Apache-2.0 */
/* A bank's statement, ISO 20022 camt.053.001.08 (BankToCustomerStatement), by libxml2: streamed, one statement
 * a file, without DTD, entities or network (docs/adr/0024).
 *
 * A booked debit is paid and a pending one accepted; a credit that reverses or returns a payment is returned; other
 * credits are money that came in, and notes (INFO) are no payments: both are counted only. Our key is EndToEndId; where
 * there is none, the bank's own reference stands for it. The counts and sums of the summary, the sums of batches and
 * the balances (OPBD + booked = CLBD) must agree with the entries. It is not validated against the schema: what is read
 * is checked here, what is not read is nobody's concern. What is read of an entry stands there once and before its
 * payments, as the schema has it, since they are handed out by it; elements of another namespace are refused, but in
 * the schema's own envelope for them (SplmtryData/Envlp), where nothing is read. */
#ifndef EBB_RECON_CAMT_H
#define EBB_RECON_CAMT_H

#include "recon/statement_file.h"

/* False: refused, see `why`. `ret` is filled when it is true. */
MUST_USE bool camt_read(const struct statement_source *source, const struct statement_wish *wish, statement_taker *take,
                        void *context, struct statement_summary *ret, struct statement_why *why);

#endif
