/* SPDX-License-Identifier: Apache-2.0 */
/* One-time passwords for a person: a secret and recovery codes, as the person is told them and as they are kept. Made
 * by whoever answers or prints them; nobody is told them again. */
#ifndef EBB_ENGINE_ENROLMENT_H
#define EBB_ENGINE_ENROLMENT_H

#include "access/otp.h"
#include "domain/staff.h"

struct enrolment {
    struct staff_ask ask; /* first: what is asked of the engine */
    char secret[OTP_SECRET_TEXT_BYTES], uri[OTP_URI_BYTES];
    char codes[RECOVERY_CODES][RECOVERY_CODE_BYTES], hashes[RECOVERY_CODES * RECOVERY_HASH_BYTES];
};

/* The ask points into `ret`, and to `name`. */
MUST_USE enum err enrolment_make(const struct vault *vault, const char *name, struct enrolment *ret);

#endif
