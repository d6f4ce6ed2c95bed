/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/stripe_webhook.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SIGNATURES_MAX 8
#define MAC_BYTES crypto_auth_hmacsha256_BYTES

struct signature {
    char time[24];
    int64_t at_ms;
    uint8_t macs[SIGNATURES_MAX][MAC_BYTES];
    size_t macs_count;
};

static bool time_read(const char *text, size_t size, struct signature *ret)
{
    int64_t seconds = 0;

    if (size == 0 || size > 11 || strspn(text, "0123456789") < size)
        return false;
    for (size_t i = 0; i < size; i++)
        seconds = seconds * 10 + (text[i] - '0');
    snprintf(ret->time, sizeof ret->time, "%.*s", (int)size, text);
    ret->at_ms = seconds * MS_SECOND;
    return true;
}

/* "t=1492774577,v1=5257…,v1=…,v0=…": other schemes are passed over. */
static bool signature_read(const char *header, struct signature *ret)
{
    struct signature read = {0};

    for (const char *at = header; *at != '\0';) {
        size_t size = strcspn(at, ",");
        uint8_t *mac = read.macs[read.macs_count];
        size_t mac_size = 0;

        if (size > 2 && strncmp(at, "t=", 2) == 0) {
            if (read.time[0] != '\0' || !time_read(at + 2, size - 2, &read))
                return false;
        } else if (size == 3 + 2 * MAC_BYTES && strncmp(at, "v1=", 3) == 0 && read.macs_count + 1 < SIGNATURES_MAX &&
                   sodium_hex2bin(mac, MAC_BYTES, at + 3, size - 3, NULL, &mac_size, NULL) == 0 &&
                   mac_size == MAC_BYTES) {
            read.macs_count++;
        }
        at += size + (at[size] == ',');
    }
    *ret = read;
    return read.time[0] != '\0' && read.macs_count > 0;
}

static bool signed_by(const struct secret *secret, const struct signature *signature,
                      const struct channel_notice *notice)
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[MAC_BYTES];
    bool found = false;

    crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret->text, secret->size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)signature->time, strlen(signature->time));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)".", 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)notice->body, notice->size);
    crypto_auth_hmacsha256_final(&state, mac);
    for (size_t i = 0; i < signature->macs_count; i++)
        found |= sodium_memcmp(mac, signature->macs[i], MAC_BYTES) == 0;
    return found;
}

bool stripe_webhook_verify(const struct channel_notice *notice, const struct secret *secrets, size_t count,
                           char ret_reason[201])
{
    const char *header = notice->header(notice->headers, "Stripe-Signature");
    struct signature signature;
    bool ours = false;

    if (header == NULL || !signature_read(header, &signature)) {
        snprintf(ret_reason, 201, "the header Stripe-Signature is missing or unreadable");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        ours |= signed_by(&secrets[i], &signature, notice);
    if (!ours) {
        snprintf(ret_reason, 201, "none of the webhook secrets made the signature");
        return false;
    }
    if (signature.at_ms < notice->now.ms - STRIPE_TOLERANCE_MS ||
        signature.at_ms > notice->now.ms + STRIPE_TOLERANCE_MS) {
        snprintf(ret_reason, 201, "the signature is more than five minutes from now");
        return false;
    }
    return true;
}

static bool is_about_refunds(const char *type)
{
    return type != NULL && (strncmp(type, "refund.", 7) == 0 || strcmp(type, "charge.refund.updated") == 0);
}

static enum channel_heard event_read(const json_t *event, struct channel_answer *ret, char ret_reason[201])
{
    const json_t *refund = json_object_get(json_object_get(event, "data"), "object");
    const char *key = stripe_refund_key(refund);

    if (!is_about_refunds(leaf_json_text(event, "type")) || key == NULL)
        return HEARD_NOTHING; /* others use this Stripe account, too */
    if (strlen(key) >= sizeof ret->key) {
        snprintf(ret_reason, 201, "its ebb_key is none of ours");
        return HEARD_REFUSED;
    }
    leaf_answer_start(ret, key);
    return stripe_refund_read(refund, ret) ? HEARD_NEWS : HEARD_NOTHING;
}

enum channel_heard stripe_webhook_read(const struct channel_notice *notice, struct channel_answer *ret,
                                       char ret_reason[201])
{
    json_t *event = leaf_json(notice->body, notice->size);
    enum channel_heard heard = HEARD_REFUSED;

    if (event == NULL)
        snprintf(ret_reason, 201, "the body is no JSON object");
    else
        heard = event_read(event, ret, ret_reason);
    json_decref(event);
    return heard;
}
