/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of Standard Webhooks 1.0.0: "v1," and the base64 of HMAC-SHA256 over id.timestamp.body, keyed by what the
 * secret says behind whsec_. Pure. */
#ifndef EBB_NOTIFY_SIGN_H
#define EBB_NOTIFY_SIGN_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_BYTES 48 /* "v1," and 44 characters, with its NUL */

/* False: not a secret. */
MUST_USE bool sign(const char *secret, const char *id, int64_t timestamp_s, const char *body,
                   char ret[SIGNATURE_BYTES]);

#endif
