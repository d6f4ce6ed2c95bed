/* SPDX-License-Identifier: Apache-2.0 */
/* One-time passwords by time (RFC 6238, as every authenticator makes them: SHA-1, 30 seconds, six digits), by liboath;
 * and recovery codes for whoever lost the device. Pure but for the random source that comes in. */
#ifndef EBB_ACCESS_OTP_H
#define EBB_ACCESS_OTP_H

#include "access/vault.h"
#include "base/instant.h"
#include "base/random.h"

#define OTP_STEP_S 30
#define OTP_DIGITS 6
#define OTP_SECRET_TEXT_BYTES 40 /* 160 bits in base32 and a NUL */
#define OTP_URI_BYTES 256
#define RECOVERY_CODES 10
#define RECOVERY_CODE_BYTES 12 /* "xxxxx-xxxxx" */
#define RECOVERY_HASH_BYTES (2 * HASH_SHORT_BYTES + 1)

/* ERR_RETRY: no memory. */
MUST_USE enum err otp_secret_make(struct random *random, char ret[OTP_SECRET_TEXT_BYTES]);
/* What an authenticator reads, also from a QR code. */
void otp_uri(const char *name, const char *secret, char ret[OTP_URI_BYTES]);
/* The step that the code is of, now or one before or after, and newer than `after`; 0: it is none of these. Takes as
 * long whichever it is. */
int64_t otp_step_of(const char *secret, const char *code, struct instant now, int64_t after);

void recovery_code_make(struct random *random, char ret[RECOVERY_CODE_BYTES]);
/* As it is kept, in hex. Capital letters, spaces and hyphens do not matter. */
void recovery_hash(const struct vault *vault, const char *code, char ret[RECOVERY_HASH_BYTES]);

#endif
