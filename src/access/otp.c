/* SPDX-License-Identifier: Apache-2.0 */
#include "access/otp.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 20 /* as long as the hash: RFC 4226, 4 R6 */

static void text_free(char **text)
{
    free(*text);
}

enum err otp_secret_make(struct random *random, char ret[OTP_SECRET_TEXT_BYTES])
{
    char bytes[SECRET_BYTES];
    SCOPED(text_free) char *text = NULL;
    size_t size;

    random_fill(random, bytes, sizeof bytes);
    int code = oath_base32_encode(bytes, sizeof bytes, &text, &size);
    sodium_memzero(bytes, sizeof bytes);
    if (code != OATH_OK || size >= OTP_SECRET_TEXT_BYTES)
        return ERR_RETRY;
    memcpy(ret, text, size);
    ret[size] = '\0';
    return ERR_NONE;
}

void otp_uri(const char *name, const char *secret, char ret[OTP_URI_BYTES])
{
    snprintf(ret, OTP_URI_BYTES, "otpauth://totp/Ebb:%s?secret=%s&issuer=Ebb&algorithm=SHA1&digits=%d&period=%d", name,
             secret, OTP_DIGITS, OTP_STEP_S);
}

static bool step_has(const char *secret, size_t secret_bytes, int64_t step, const char code[OTP_DIGITS + 1])
{
    char right[OTP_DIGITS + 1];

    return oath_hotp_generate(secret, secret_bytes, (uint64_t)step, OTP_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION,
                              right) == OATH_OK &&
           sodium_memcmp(right, code, OTP_DIGITS) == 0;
}

int64_t otp_step_of(const char *secret, const char *code, struct instant now, int64_t after)
{
    SCOPED(text_free) char *bytes = NULL;
    int64_t current = now.ms / (OTP_STEP_S * MS_SECOND), found = 0;
    size_t size;

    if (strlen(code) != OTP_DIGITS || oath_base32_decode(secret, strlen(secret), &bytes, &size) != OATH_OK)
        return 0;
    for (int64_t step = current - 1; step <= current + 1; step++)
        if (step_has(bytes, size, step, code) && step > after && found == 0)
            found = step;
    sodium_memzero(bytes, size);
    return found;
}

/* ---- recovery codes ---- */

/* Without the letters that are read as digits: 50 bits. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void recovery_code_make(struct random *random, char ret[RECOVERY_CODE_BYTES])
{
    for (size_t i = 0; i < RECOVERY_CODE_BYTES - 1; i++)
        ret[i] = i == 5 ? '-' : alphabet[random_below(random, 32)];
    ret[RECOVERY_CODE_BYTES - 1] = '\0';
}

void recovery_hash(const struct vault *vault, const char *code, char ret[RECOVERY_HASH_BYTES])
{
    char plain[RECOVERY_CODE_BYTES] = "";
    uint8_t hash[HASH_SHORT_BYTES];
    size_t size = 0;

    for (; *code != '\0' && size < sizeof plain - 1; code++)
        if (*code != '-' && *code != ' ')
            plain[size++] = *code >= 'A' && *code <= 'Z' ? (char)(*code - 'A' + 'a') : *code;
    vault_lookup(vault, "recovery code", plain, hash);
    hash_hex(hash, sizeof hash, ret);
}
