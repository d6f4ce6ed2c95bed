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

/* What a person is offered to set up alone: a secret, and a text that says that it is ours, of this person and until
 * when. Nothing of it is kept; it comes back with a code of that secret. */
#define OFFER_MS (10 * MS_MINUTE)
#define OFFER_BYTES (OTP_SECRET_TEXT_BYTES + 20 + 2 * HASH_SHORT_BYTES + 3)
struct offer {
    char secret[OTP_SECRET_TEXT_BYTES], uri[OTP_URI_BYTES], text[OFFER_BYTES];
    struct instant until;
};

/* The ask points into `ret`, and to `name`. */
MUST_USE enum err enrolment_make(const struct vault *vault, const char *name, struct enrolment *ret);
MUST_USE enum err offer_make(const struct vault *vault, const char *name, struct instant now, struct offer *ret);
/* The same for the secret of an offer; false: it is none of ours, or not this person's, or over. */
MUST_USE bool enrolment_of_offer(const struct vault *vault, const char *name, const char *offer, struct instant now,
                                 struct enrolment *ret);

#endif
