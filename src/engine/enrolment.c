/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/enrolment.h"

enum err enrolment_make(const struct vault *vault, const char *name, struct enrolment *ret)
{
    struct random random;
    size_t size = 0;

    random_init_system(&random);
    TRY(otp_secret_make(&random, ret->secret));
    otp_uri(name, ret->secret, ret->uri);
    for (size_t i = 0; i < RECOVERY_CODES; i++) {
        recovery_code_make(&random, ret->codes[i]);
        recovery_hash(vault, ret->codes[i], ret->hashes + size);
        size += RECOVERY_HASH_BYTES;
        ret->hashes[size - 1] = i + 1 < RECOVERY_CODES ? ' ' : '\0';
    }
    ret->ask = (struct staff_ask){
        .act = STAFF_TOTP_IS_SET, .name = name, .exists = true, .totp = ret->secret, .recovery = ret->hashes};
    return ERR_NONE;
}
