/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/simulated_request.h"

#include "base/out.h"

#include <stdio.h>
#include <string.h>

#define REQUEST_BYTES_MAX 16384

struct request {
    const char *key, *kind, *channel_ref, *currency, *destination;
    struct money amount, topup_amount;
    struct instant at;
};
static const struct field request_fields[] = {
    {"key", FIELD_REF, FIELD_REQUIRED, offsetof(struct request, key)},
    {"kind", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct request, kind), .max = 16},
    {"channel_ref", FIELD_TEXT, FIELD_NULLABLE, offsetof(struct request, channel_ref), .max = 64},
    {"amount", FIELD_MONEY, FIELD_REQUIRED | FIELD_POSITIVE, offsetof(struct request, amount)},
    {"topup_amount", FIELD_MONEY, FIELD_NULLABLE, offsetof(struct request, topup_amount)},
    {"currency", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct request, currency), .min = 3, .max = 3},
    {"destination", FIELD_TEXT, FIELD_NULLABLE, offsetof(struct request, destination), .max = 8192},
    {"at", FIELD_INSTANT, FIELD_REQUIRED, offsetof(struct request, at)},
};
static const struct shape request_shape = {"simulated request", sizeof(struct request), request_fields,
                                           ARRAY_COUNT(request_fields)};

static const char *text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

char *simulated_request_build(const struct channel *channel UNUSED, const struct channel_order *order,
                              struct arena *arena)
{
    struct out out;

    out_init_in(&out, arena);
    out_object(&out, NULL);
    out_string(&out, "key", order->key);
    out_string(&out, "kind", order->refund ? "refund" : "transfer");
    out_string(&out, "channel_ref", text_or_null(order->channel_ref));
    out_money(&out, "amount", order->amount);
    if (money_is_positive(order->topup_amount))
        out_money(&out, "topup_amount", order->topup_amount);
    else
        out_null(&out, "topup_amount");
    out_string(&out, "currency", order->currency);
    out_string(&out, "destination", text_or_null(order->destination));
    out_instant(&out, "at", order->at);
    out_object_end(&out);
    return out.failed ? NULL : out.data;
}

bool simulated_request_read(const char *channel, const char *key, const char *request, struct payment *ret)
{
    struct request read = {0};
    struct field_problems problems = {0};
    struct bytes bytes = bytes_of_text(request);
    struct arena arena;
    bool ok;

    arena_init(&arena, 8 * REQUEST_BYTES_MAX);
    ok = bytes.size <= REQUEST_BYTES_MAX &&
         field_read_json(request, bytes.size, &request_shape, &arena, &read, &problems) == ERR_NONE &&
         strcmp(read.key, key) == 0 && strlen(key) < CHANNEL_KEY_BYTES;
    if (ok) {
        snprintf(ret->channel, sizeof ret->channel, "%s", channel);
        snprintf(ret->key, sizeof ret->key, "%s", key);
        snprintf(ret->currency, sizeof ret->currency, "%s", read.currency);
        ret->amount = read.amount;
        hash_parts("simulated request", NULL, &bytes, 1, ret->digest, sizeof ret->digest);
    }
    arena_fini(&arena);
    return ok;
}
