/* SPDX-License-Identifier: Apache-2.0 */
#include "report/qr.h"

#include <qrencode.h>

enum err qr_make(const char *text, struct qr *ret)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL)
        return ERR_RETRY;
    *ret = (struct qr){code, code->width};
    return ERR_NONE;
}

bool qr_is_dark(const struct qr *qr, int x, int y)
{
    const QRcode *code = qr->code;

    return (code->data[y * code->width + x] & 1) != 0;
}

void qr_fini(struct qr *qr)
{
    if (qr->code != NULL)
        QRcode_free(qr->code);
}
