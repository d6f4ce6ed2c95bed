/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/rsa.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MIN 2048
#define BITS_MAX 4096
#define SIGNATURE_BYTES_MAX (BITS_MAX / 8)

struct rsa_key {
    EVP_PKEY *key;
    char serial[RSA_SERIAL_BYTES];
};

/* ---- keys ---- */

static void bio_close(BIO **bio)
{
    BIO_free(*bio);
}

/* A key that asks for a password has none here. */
static int no_password(char *buffer, int size, int writing, void *context)
{
    (void)buffer, (void)size, (void)writing, (void)context;
    return 0;
}

static EVP_PKEY *certificate_key(const struct secret *secret, char ret_serial[RSA_SERIAL_BYTES])
{
    SCOPED(bio_close) BIO *bio = BIO_new_mem_buf(secret->text, (int)secret->size);
    X509 *certificate = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    EVP_PKEY *key = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
    BIGNUM *number = certificate != NULL ? ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL) : NULL;
    char *text = number != NULL ? BN_bn2hex(number) : NULL;

    if (text != NULL)
        snprintf(ret_serial, RSA_SERIAL_BYTES, "%s", text);
    OPENSSL_free(text);
    BN_free(number);
    X509_free(certificate);
    return key;
}

static EVP_PKEY *key_read(const struct secret *secret, enum secret_kind kind, char ret_serial[RSA_SERIAL_BYTES])
{
    SCOPED(bio_close) BIO *bio = NULL;

    if (strstr(secret->text, "BEGIN CERTIFICATE") != NULL)
        return kind == SECRET_PUBLIC ? certificate_key(secret, ret_serial) : NULL;
    bio = BIO_new_mem_buf(secret->text, (int)secret->size);
    if (bio == NULL)
        return NULL;
    return kind == SECRET_PUBLIC ? PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL)
                                 : PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
}

static struct rsa_key *rsa_open(const char *directory, const char *path, enum secret_kind kind, char ret_reason[256])
{
    struct rsa_key *opened = calloc(1, sizeof *opened);
    struct secret secret = {0};

    snprintf(ret_reason, 256, "no memory for a key");
    if (opened == NULL || !secret_read(directory, path, kind, &secret, ret_reason)) {
        free(opened);
        return NULL;
    }
    opened->key = key_read(&secret, kind, opened->serial);
    secret_fini(&secret);
    ERR_clear_error();
    if (opened->key != NULL && EVP_PKEY_get_base_id(opened->key) == EVP_PKEY_RSA &&
        EVP_PKEY_get_bits(opened->key) >= BITS_MIN && EVP_PKEY_get_bits(opened->key) <= BITS_MAX)
        return opened;
    snprintf(ret_reason, 256, "%.180s: no RSA key in PEM of %d to %d bits", path, BITS_MIN, BITS_MAX);
    rsa_free(&opened);
    return NULL;
}

struct rsa_key *rsa_private_open(const char *directory, const char *path, char ret_reason[256])
{
    return rsa_open(directory, path, SECRET_PRIVATE, ret_reason);
}

struct rsa_key *rsa_public_open(const char *directory, const char *path, char ret_reason[256])
{
    return rsa_open(directory, path, SECRET_PUBLIC, ret_reason);
}

void rsa_free(struct rsa_key **key)
{
    if (*key == NULL)
        return;
    EVP_PKEY_free((*key)->key);
    free(*key);
    *key = NULL;
}

const char *rsa_serial(const struct rsa_key *key)
{
    return key->serial;
}

/* ---- signatures ---- */

static void digest_close(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

bool rsa_sign(const struct rsa_key *key, const void *data, size_t size, char ret[RSA_TEXT_BYTES])
{
    SCOPED(digest_close) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[SIGNATURE_BYTES_MAX];
    size_t signature_size = sizeof signature;

    if (context == NULL || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) != 1 ||
        EVP_DigestSign(context, signature, &signature_size, data, size) != 1)
        return false;
    sodium_bin2base64(ret, RSA_TEXT_BYTES, signature, signature_size, sodium_base64_VARIANT_ORIGINAL);
    return true;
}

bool rsa_verify(const struct rsa_key *key, const void *data, size_t size, const char *signature)
{
    SCOPED(digest_close) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t bytes[SIGNATURE_BYTES_MAX];
    size_t bytes_size;
    bool ok;

    if (context == NULL || sodium_base642bin(bytes, sizeof bytes, signature, strlen(signature), NULL, &bytes_size, NULL,
                                             sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    ok = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
         EVP_DigestVerify(context, bytes, bytes_size, data, size) == 1;
    ERR_clear_error();
    return ok;
}

/* ---- AES-256-GCM ---- */

static void cipher_close(EVP_CIPHER_CTX **context)
{
    EVP_CIPHER_CTX_free(*context);
}

bool aead_open(const uint8_t key[AEAD_KEY_BYTES], const char *nonce, const char *associated, const uint8_t *sealed,
               size_t size, char *ret)
{
    SCOPED(cipher_close) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t tag[AEAD_TAG_BYTES];
    int written = 0, rest = 0;

    if (context == NULL || strlen(nonce) != AEAD_NONCE_BYTES || size < sizeof tag || size > INT32_MAX)
        return false;
    int text_size = (int)(size - sizeof tag);

    memcpy(tag, sealed + text_size, sizeof tag);
    if (EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, (const uint8_t *)nonce) != 1 ||
        EVP_DecryptUpdate(context, NULL, &written, (const uint8_t *)associated, (int)strlen(associated)) != 1 ||
        EVP_DecryptUpdate(context, (uint8_t *)ret, &written, sealed, text_size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) != 1 ||
        EVP_DecryptFinal_ex(context, (uint8_t *)ret + written, &rest) != 1) {
        sodium_memzero(ret, (size_t)text_size + 1);
        ERR_clear_error();
        return false;
    }
    ret[written + rest] = '\0';
    return true;
}
