/* SPDX-License-Identifier: Apache-2.0 */
/* RSA signatures (PKCS #1 v1.5 with SHA-256) in Base64, as Alipay and WeChat Pay want them, and what else they take
 * from libcrypto: serial numbers of certificates, and AES-256-GCM. Keys of less than 2048 bits are refused. It
 * knows no channel and prints nothing. */
#ifndef EBB_CHANNEL_RSA_H
#define EBB_CHANNEL_RSA_H

#include "channel/secret.h"

#include <stddef.h>
#include <stdint.h>

#define RSA_TEXT_BYTES 704 /* Base64 of 4096 bits, and a NUL */
#define RSA_SERIAL_BYTES 64
#define AEAD_KEY_BYTES 32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES 16

struct rsa_key; /* private, public, or a certificate's */

/* From a file in PEM; a certificate's key is its owner's. NULL: `ret_reason` says why. */
struct rsa_key *rsa_private_open(const char *directory, const char *path, char ret_reason[256]);
struct rsa_key *rsa_public_open(const char *directory, const char *path, char ret_reason[256]);
void rsa_free(struct rsa_key **key);
/* The certificate's serial number in capital hexadecimal; "" for a bare key. */
const char *rsa_serial(const struct rsa_key *key);

/* Thread-safe. False: libcrypto could not (no memory). */
MUST_USE bool rsa_sign(const struct rsa_key *key, const void *data, size_t size, char ret[RSA_TEXT_BYTES]);
MUST_USE bool rsa_verify(const struct rsa_key *key, const void *data, size_t size, const char *signature);
/* `sealed` ends with the tag; `ret` holds size - AEAD_TAG_BYTES and a NUL. False: it was not made with this key, nonce
 * and associated data. */
MUST_USE bool aead_open(const uint8_t key[AEAD_KEY_BYTES], const char *nonce, const char *associated,
                        const uint8_t *sealed, size_t size, char *ret);

#endif
