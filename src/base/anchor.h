/* SPDX-License-Identifier: Apache-2.0 */
/* An anchor: the signed statement of where the audit chains of one database stood. A chain proves that nothing inside
 * it was changed; only what is kept beside it proves that its end was not cut off.
 *
 *   {"heads":[{"chain":0,"seq":812,"hash":"…"}],"at":"2026-11-20T10:00:00+08:00","store":"…","signature":"…"}
 *
 * One line of JSON. The signature is Ed25519, in hex, over exactly this line without its signature member; a statement
 * that was written differently (other order, spaces) is signed as if it had been written so. The keys are derived from
 * the master key: whoever holds the public one can check and not make. This module knows no file and no clock. */
#ifndef EBB_BASE_ANCHOR_H
#define EBB_BASE_ANCHOR_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/out.h"

#define ANCHOR_HEADS_MAX 16 /* one chain an engine worker */
#define ANCHOR_STORE_BYTES 33
#define ANCHOR_TEXT_BYTES 4096 /* the longest statement, and its end of line */
#define ANCHOR_ARENA_BYTES ((size_t)64 << 10)
#define ANCHOR_MASTER_BYTES 32
#define ANCHOR_SECRET_BYTES 64
#define ANCHOR_PUBLIC_BYTES 32
#define ANCHOR_SIGNATURE_BYTES 64

struct anchor_head {
    int64_t chain, seq; /* seq 0: the chain is empty, and its hash all zero */
    uint8_t hash[HASH_BYTES];
};

struct anchor {
    struct anchor_head heads[ANCHOR_HEADS_MAX];
    size_t heads_count;
    struct instant at;              /* of the newest row */
    char store[ANCHOR_STORE_BYTES]; /* which database: 32 hex digits */
    uint8_t signature[ANCHOR_SIGNATURE_BYTES];
};

/* False: libsodium does not start. */
MUST_USE bool anchor_keys(const uint8_t master[ANCHOR_MASTER_BYTES], uint8_t ret_secret[ANCHOR_SECRET_BYTES],
                          uint8_t ret_public[ANCHOR_PUBLIC_BYTES]);
/* False: no memory. */
MUST_USE bool anchor_sign(struct anchor *anchor, const uint8_t secret[ANCHOR_SECRET_BYTES]);
MUST_USE bool anchor_signed_by(const struct anchor *anchor, const uint8_t public[ANCHOR_PUBLIC_BYTES]);
/* The line without its end. */
void anchor_write(const struct anchor *anchor, struct out *out);
/* Of the right shape; whose signature it bears is another question. ERR_REQUEST: it is no statement. */
MUST_USE enum err anchor_read(const char *text, size_t size, struct arena *arena, struct anchor *ret);
/* Steps through a file of statements, *at from 0 on: a line a piece, or, where the file is made of slots of
 * ANCHOR_TEXT_BYTES, the first line of each slot, whatever a torn neighbour left behind. False: there is no more. */
MUST_USE bool anchor_piece(const char *text, size_t size, size_t *at, struct bytes *ret);
/* 2·size hex digits, and nothing else. False leaves `ret` undefined. */
MUST_USE bool anchor_hex(const char *text, uint8_t *ret, size_t size);

#endif
