/* SPDX-License-Identifier: Apache-2.0 */
#include "base/anchor.h"

#include "base/field.h"

#include <sodium.h>
#include <string.h>

_Static_assert(ANCHOR_MASTER_BYTES == crypto_kdf_KEYBYTES, "the master key feeds crypto_kdf");
_Static_assert(ANCHOR_SECRET_BYTES == crypto_sign_SECRETKEYBYTES && ANCHOR_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES &&
                   ANCHOR_SIGNATURE_BYTES == crypto_sign_BYTES,
               "Ed25519");

/* Number of the derived key in its own context: part of the format, never reused. */
enum { SUBKEY_SIGN = 1 };

bool anchor_keys(const uint8_t master[ANCHOR_MASTER_BYTES], uint8_t ret_secret[ANCHOR_SECRET_BYTES],
                 uint8_t ret_public[ANCHOR_PUBLIC_BYTES])
{
    static const char context[crypto_kdf_CONTEXTBYTES] = {'e', 'b', 'b', 'a', 'n', 'c', 'h', 'r'};
    uint8_t seed[crypto_sign_SEEDBYTES];

    if (sodium_init() < 0)
        return false;
    crypto_kdf_derive_from_key(seed, sizeof seed, SUBKEY_SIGN, context, master);
    crypto_sign_seed_keypair(ret_public, ret_secret, seed);
    sodium_memzero(seed, sizeof seed);
    return true;
}

bool anchor_hex(const char *text, uint8_t *ret, size_t size)
{
    size_t got = 0;
    const char *end = text;

    return strlen(text) == 2 * size && sodium_hex2bin(ret, size, text, 2 * size, NULL, &got, &end) == 0 &&
           got == size && *end == '\0';
}

bool anchor_piece(const char *text, size_t size, size_t *at, struct bytes *ret)
{
    bool slots = size > 0 && size % ANCHOR_TEXT_BYTES == 0;
    size_t begin = *at, bytes = 0;

    if (begin >= size)
        return false;
    while (begin + bytes < size && text[begin + bytes] != '\n' && text[begin + bytes] != '\0')
        bytes++;
    *ret = bytes_of(text + begin, bytes);
    *at = slots ? begin + ANCHOR_TEXT_BYTES : begin + bytes + 1;
    return true;
}

/* Everything but the signature, still open at its end. */
static void statement_write(const struct anchor *anchor, struct out *out)
{
    char hash[2 * HASH_BYTES + 1];

    out_object(out, NULL);
    out_array(out, "heads");
    for (size_t i = 0; i < anchor->heads_count; i++) {
        out_object(out, NULL);
        out_int(out, "chain", anchor->heads[i].chain);
        out_int(out, "seq", anchor->heads[i].seq);
        hash_hex(anchor->heads[i].hash, HASH_BYTES, hash);
        out_string(out, "hash", hash);
        out_object_end(out);
    }
    out_array_end(out);
    out_instant(out, "at", anchor->at);
    out_string(out, "store", anchor->store);
}

void anchor_write(const struct anchor *anchor, struct out *out)
{
    char signature[2 * ANCHOR_SIGNATURE_BYTES + 1];

    sodium_bin2hex(signature, sizeof signature, anchor->signature, sizeof anchor->signature);
    statement_write(anchor, out);
    out_string(out, "signature", signature);
    out_object_end(out);
}

bool anchor_sign(struct anchor *anchor, const uint8_t secret[ANCHOR_SECRET_BYTES])
{
    SCOPED(out_fini) struct out text;

    out_init(&text);
    statement_write(anchor, &text);
    out_object_end(&text);
    return !text.failed &&
           crypto_sign_detached(anchor->signature, NULL, (const uint8_t *)text.data, text.size, secret) == 0;
}

bool anchor_signed_by(const struct anchor *anchor, const uint8_t public[ANCHOR_PUBLIC_BYTES])
{
    SCOPED(out_fini) struct out text;

    out_init(&text);
    statement_write(anchor, &text);
    out_object_end(&text);
    return !text.failed &&
           crypto_sign_verify_detached(anchor->signature, (const uint8_t *)text.data, text.size, public) == 0;
}

/* ---- reading ---- */

struct wanted_head {
    int64_t chain, seq;
    const char *hash;
};
struct wanted {
    struct field_list heads;
    struct instant at;
    const char *store, *signature;
};
#define MEMBER(type, member, field_kind, least, most)                                                                  \
    {                                                                                                                  \
        .name = #member, .kind = (field_kind), .flags = FIELD_REQUIRED, .offset = offsetof(struct type, member),       \
        .min = (least), .max = (most)                                                                                  \
    }
static const struct field head_fields[] = {
    MEMBER(wanted_head, chain, FIELD_COUNT, 0, 1000000),
    MEMBER(wanted_head, seq, FIELD_COUNT, 0, INT64_MAX),
    MEMBER(wanted_head, hash, FIELD_TEXT, 2 * HASH_BYTES, 2 * HASH_BYTES),
};
static const struct shape head_shape = {"head", sizeof(struct wanted_head), head_fields, ARRAY_COUNT(head_fields)};
static const struct field anchor_fields[] = {
    {.name = "heads",
     .kind = FIELD_ARRAY,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct wanted, heads),
     .min = 1,
     .max = ANCHOR_HEADS_MAX,
     .shape = &head_shape},
    MEMBER(wanted, at, FIELD_INSTANT, 0, 0),
    MEMBER(wanted, store, FIELD_TEXT, ANCHOR_STORE_BYTES - 1, ANCHOR_STORE_BYTES - 1),
    MEMBER(wanted, signature, FIELD_TEXT, 2 * ANCHOR_SIGNATURE_BYTES, 2 * ANCHOR_SIGNATURE_BYTES),
};
static const struct shape anchor_shape = {"anchor", sizeof(struct wanted), anchor_fields, ARRAY_COUNT(anchor_fields)};

static bool heads_take(const struct wanted *wanted, struct anchor *ret)
{
    const struct wanted_head *heads = wanted->heads.items;

    for (size_t i = 0; i < wanted->heads.count; i++) {
        ret->heads[i].chain = heads[i].chain;
        ret->heads[i].seq = heads[i].seq;
        if (!anchor_hex(heads[i].hash, ret->heads[i].hash, HASH_BYTES))
            return false;
    }
    ret->heads_count = wanted->heads.count;
    return true;
}

enum err anchor_read(const char *text, size_t size, struct arena *arena, struct anchor *ret)
{
    struct wanted wanted = {0};
    struct field_problems problems = {0};
    struct anchor anchor = {0};

    TRY(field_read_json(text, size, &anchor_shape, arena, &wanted, &problems));
    if (!heads_take(&wanted, &anchor) || !anchor_hex(wanted.signature, anchor.signature, ANCHOR_SIGNATURE_BYTES))
        return ERR_REQUEST;
    anchor.at = wanted.at;
    memcpy(anchor.store, wanted.store, sizeof anchor.store);
    *ret = anchor;
    return ERR_NONE;
}
