/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/enrolment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ret->secret is there. */
static void complete(const struct vault *vault, const char *name, struct random *random, struct enrolment *ret)
{
    size_t size = 0;

    otp_uri(name, ret->secret, ret->uri);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        recovery_code_make(random, ret->codes[i]);
        recovery_hash(vault, ret->codes[i], ret->hashes + size);
        size += RECOVERY_HASH_BYTES;
        ret->hashes[size - 1] = i + 1 < RECOVERY_CODES ? ' ' : '\0';
    }
    ret->ask = (struct staff_ask){
        .act = STAFF_TOTP_IS_SET, .name = name, .exists = true, .totp = ret->secret, .recovery = ret->hashes};
}

enum err enrolment_make(const struct vault *vault, const char *name, struct enrolment *ret)
{
    struct random random;

    random_init_system(&random);
    TRY(otp_secret_make(&random, ret->secret));
    complete(vault, name, &random, ret);
    return ERR_NONE;
}

/* ---- offers: "SECRET.UNTIL_MS.HASH" ---- */

static void offer_write(const struct vault *vault, const char *name, const char *secret, struct instant until,
                        char ret[OFFER_BYTES])
{
    char whole[OFFER_BYTES + REF_BYTES], hex[2 * HASH_SHORT_BYTES + 1];
    uint8_t hash[HASH_SHORT_BYTES];

    snprintf(whole, sizeof whole, "%s.%" PRId64 ".%s", secret, until.ms, name);
    vault_lookup(vault, "offer of a secret", whole, hash);
    hash_hex(hash, sizeof hash, hex);
    snprintf(ret, OFFER_BYTES, "%s.%" PRId64 ".%s", secret, until.ms, hex);
}

enum err offer_make(const struct vault *vault, const char *name, struct instant now, struct offer *ret)
{
    struct random random;

    random_init_system(&random);
    TRY(otp_secret_make(&random, ret->secret));
    otp_uri(name, ret->secret, ret->uri);
    ret->until = instant_add_ms(now, OFFER_MS);
    offer_write(vault, name, ret->secret, ret->until, ret->text);
    return ERR_NONE;
}

/* Written again from what it says, it must come out the same. */
static bool offer_read(const struct vault *vault, const char *name, const char *offer, struct instant now,
                       char ret_secret[OTP_SECRET_TEXT_BYTES])
{
    size_t size = strcspn(offer, ".");
    char again[OFFER_BYTES];
    struct instant until;

    if (size >= OTP_SECRET_TEXT_BYTES || offer[size] != '.' || strlen(offer) >= OFFER_BYTES)
        return false;
    memcpy(ret_secret, offer, size);
    ret_secret[size] = '\0';
    until.ms = strtoll(offer + size + 1, NULL, 10);
    offer_write(vault, name, ret_secret, until, again);
    size = strlen(again);
    return strlen(offer) == size && hash_equal((const uint8_t *)again, (const uint8_t *)offer, size) &&
           !instant_before(until, now);
}

bool enrolment_of_offer(const struct vault *vault, const char *name, const char *offer, struct instant now,
                        struct enrolment *ret)
{
    struct random random;

    if (!offer_read(vault, name, offer, now, ret->secret))
        return false;
    random_init_system(&random);
    complete(vault, name, &random, ret);
    return true;
}
