/* SPDX-License-Identifier: Apache-2.0 */
/* A QR code (ISO/IEC 18004) of a text: which of its modules are dark. Knows no canvas and no answer. The smallest
 * version that holds the text, error correction M; whoever shows it leaves QR_QUIET modules white around it. */
#ifndef EBB_REPORT_QR_H
#define EBB_REPORT_QR_H

#include <stdbool.h>

#include "base/err.h"

#define QR_QUIET 4
#define QR_WIDTH_MAX 177 /* version 40 */

struct qr {
    void *code;
    int width; /* modules of a side */
};

/* ERR_RETRY: no memory, or the text is too long for any version. */
MUST_USE enum err qr_make(const char *text, struct qr *ret);
bool qr_is_dark(const struct qr *qr, int x, int y);
void qr_fini(struct qr *qr);

#endif
