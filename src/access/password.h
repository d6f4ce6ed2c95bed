/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords of people: what may be one, and what is kept of it.
 *
 * Kept is Argon2id's text (libsodium's crypto_pwhash_str, RFC 9106): 46 MiB and two passes, one more than OWASP ASVS
 * 5.0 (appendix C) asks for with that memory, with a salt of its own. That takes a tenth of a second or two on purpose:
 * nothing that others wait for calls it on their thread. A password has 12 to 128 characters (OWASP ASVS 5.0, 6.2.1
 * and 6.2.9), is none of the commonest (data/passwords.txt), is not made of a few characters again and again, and does
 * not hold its owner's name; which letters and digits it mixes is its owner's business. */
#ifndef EBB_ACCESS_PASSWORD_H
#define EBB_ACCESS_PASSWORD_H

#include "base/err.h"

#define PASSWORD_TEXT_BYTES 128 /* crypto_pwhash_STRBYTES */
#define PASSWORD_CHARACTERS_MIN 12
#define PASSWORD_BYTES_MAX 512

/* Why it may not be one, as a sentence; NULL: it may. */
const char *password_fault(const char *name, const char *password);
/* ERR_RETRY: not enough memory now. */
MUST_USE enum err password_keep(const char *password, char ret[PASSWORD_TEXT_BYTES]);
/* `kept` NULL: there is nothing to compare with, and the answer takes as long. */
MUST_USE bool password_is(const char *kept, const char *password);

#endif
