/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, and what is done with them: sealing personal fields, hashing what must be found again, hashing codes.
 *
 * The master key lives in DIR/master.key (32 random bytes, mode 0600, created on first use); separate keys for sealing,
 * for look-up hashes, for codes, for signing anchors and receipts are derived from it. A sealed field is key version ‖
 * nonce ‖ XChaCha20-Poly1305 ciphertext; associated data binds table, column, row id and key version, so that a
 * ciphertext moved to another place does not open. The nonce is a keyed hash of text and place: no random source to
 * fail, one seed replays one database, and what equal ciphertexts tell is only that the same field of the same row
 * holds the same text again. */
#ifndef EBB_ACCESS_VAULT_H
#define EBB_ACCESS_VAULT_H

#include "base/anchor.h"

struct vault {
    uint8_t seal_key[HASH_KEY_BYTES], lookup_key[HASH_KEY_BYTES], code_key[HASH_KEY_BYTES];
    uint8_t nonce_key[HASH_KEY_BYTES];
    uint8_t anchor_secret[ANCHOR_SECRET_BYTES], anchor_public[ANCHOR_PUBLIC_BYTES];   /* base/anchor.h */
    uint8_t receipt_secret[ANCHOR_SECRET_BYTES], receipt_public[ANCHOR_PUBLIC_BYTES]; /* report/receipt.h */
    uint8_t receipt_code_key[HASH_KEY_BYTES];
    uint8_t version;
};

/* ERR_FATAL with a sentence when the key file is missing though `create` is false, unreadable, of wrong size or
 * readable by others. */
MUST_USE enum err vault_open(const char *directory, bool create, struct vault *ret, char ret_reason[256]);
void vault_fini(struct vault *vault);

size_t vault_sealed_bytes(size_t plain_bytes);
/* `ret` holds vault_sealed_bytes(size). */
void vault_seal(const struct vault *vault, const char *table, const char *column, int64_t row, const void *plain,
                size_t size, uint8_t *ret);
/* NUL-terminated text in the arena. ERR_FATAL: not sealed by this key for this place. */
MUST_USE enum err vault_open_field(const struct vault *vault, const char *table, const char *column, int64_t row,
                                   struct bytes sealed, struct arena *arena, const char **ret);
/* Keyed hash for look-up of equal values (identity numbers). */
void vault_lookup(const struct vault *vault, const char *what, const char *value, uint8_t ret[HASH_SHORT_BYTES]);

#endif
