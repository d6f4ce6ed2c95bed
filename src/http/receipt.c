/* SPDX-License-Identifier: Apache-2.0 */
/* The receipt: what was paid, where to and under which rules, with a hash of its own text as proof.
 *
 * `proof` is the BLAKE2b-256 of the member `receipt` exactly as it stands in the answer, in hex (`b2sum -l 256` makes
 * the same): the same withdrawal in the same state gives the same bytes, so a kept copy can be compared with a fresh
 * one. */
#include <microhttpd.h>
#include <sodium.h>

#include "http/answers.h"
#include "http/dossier.h"

static bool leg_shows(const struct leg *leg)
{
    return leg->status == LEG_SUCCESSFUL || leg->status == LEG_RETURNED;
}

static void decimal(struct out *out, const char *key, struct money amount, const char *currency)
{
    char text[MONEY_TEXT_BYTES];

    money_format(amount, currency, text);
    out_string(out, key, text);
}

/* What reached the channel, and of it all what the operator kept. */
static struct money legs_write(struct out *out, const struct dossier *dossier, const char *currency,
                               struct money *ret_fee)
{
    struct money paid = MONEY_ZERO;

    *ret_fee = MONEY_ZERO;

    out_array(out, "payments");
    for (size_t i = 0; i < dossier->legs_count; i++) {
        const struct leg *leg = dossier->legs[i];
        if (!leg_shows(leg))
            continue;
        if (leg->status == LEG_SUCCESSFUL) {
            paid = money_add(paid, money_sub(leg->amount, leg->fee));
            *ret_fee = money_add(*ret_fee, leg->fee);
        }
        out_object(out, NULL);
        out_id(out, "leg", "leg", leg->id);
        out_string(out, "route", word_text(&route_words, (int)leg->route));
        out_string(out, "channel", leg->channel);
        out_string(out, "reference", leg->reference[0] != '\0' ? leg->reference : NULL);
        decimal(out, "amount", money_sub(leg->amount, leg->fee), currency);
        out_string(out, "status", word_text(&leg_status_words, (int)leg->status));
        out_instant(out, "paid_at", leg->paid_at);
        out_instant(out, "arrived_at", leg->arrived_at);
        out_instant(out, "returned_at", leg->returned_at);
        out_object_end(out);
    }
    out_array_end(out);
    return paid;
}

static void content_write(struct out *out, const struct dossier_read *read)
{
    const struct withdrawal *withdrawal = read->dossier.withdrawal;
    struct money paid, fee;

    out_object(out, NULL);
    out_id(out, "withdrawal", "wd", withdrawal->id);
    out_string(out, "account", read->account->ref);
    out_string(out, "status", word_text(&withdrawal_status_words, (int)withdrawal->status));
    out_string(out, "label", policy_label(read->policy, withdrawal->status, false));
    out_string(out, "label_zh", policy_label(read->policy, withdrawal->status, true));
    out_string(out, "currency", withdrawal->currency);
    decimal(out, "requested", withdrawal->amount, withdrawal->currency);
    paid = legs_write(out, &read->dossier, withdrawal->currency, &fee);
    decimal(out, "paid", paid, withdrawal->currency);
    decimal(out, "fee", fee, withdrawal->currency);
    out_string(out, "policy", withdrawal->policy);
    out_int(out, "policy_version", withdrawal->policy_version);
    out_instant(out, "created_at", withdrawal->created_at);
    out_instant(out, "finished_at", withdrawal->finished_at);
    out_object_end(out);
}

static enum err receipt(struct request *request, struct store *store, struct out *out)
{
    SCOPED(out_fini) struct out content;
    struct dossier_read read;
    uint8_t hash[HASH_BYTES];
    char proof[2 * HASH_BYTES + 1];
    bool found;

    out_init(&content);
    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    if (!instant_is_set(read.dossier.withdrawal->finished_at)) {
        request_problem(request, MHD_HTTP_CONFLICT, "state_conflict",
                        "There is a receipt once the withdrawal is finished.");
        return ERR_NONE;
    }
    content_write(&content, &read);
    if (content.failed)
        return ERR_RETRY;
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)content.data, content.size, NULL, 0);
    hash_hex(hash, sizeof(hash), proof);
    out_object(out, NULL);
    out_raw(out, "receipt", content.data, content.size);
    out_string(out, "proof", proof);
    out_object_end(out);
    return ERR_NONE;
}

void withdrawal_receipt(struct request *request)
{
    request_read(request, receipt);
}
