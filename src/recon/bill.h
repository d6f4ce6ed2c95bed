/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's statement as CSV, read along a mapping (mapping.h): Alipay's and WeChat Pay's bills, and whatever else
 * has titles and columns. Cells by libcsv (docs/adr/0016), GBK by iconv; a byte that is none of the encoding refuses
 * the file. Every word in the column of states must be on the mapping's list. */
#ifndef EBB_RECON_BILL_H
#define EBB_RECON_BILL_H

#include "recon/mapping.h"
#include "recon/statement_file.h"

/* False: refused, see `why`. `ret` is filled when it is true. */
MUST_USE bool bill_read(const struct statement_source *source, const struct mapping *mapping,
                        const struct statement_wish *wish, statement_taker *take, void *context,
                        struct statement_summary *ret, struct statement_why *why);

#endif
