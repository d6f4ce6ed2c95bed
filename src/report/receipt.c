/* SPDX-License-Identifier: Apache-2.0 */
#include "report/receipt.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "view/view.h"

#define CODE_BYTES (8 + 2 * HASH_SHORT_BYTES)
#define SIGNATURE_BYTES crypto_sign_BYTES
#define NAME_BYTES 256

_Static_assert(sodium_base64_ENCODED_LEN(CODE_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == RECEIPT_CODE_BYTES,
               "a code fits");

/* ---- what it says ---- */

static void decimal(struct out *out, const char *key, struct money amount, const char *currency)
{
    char text[MONEY_TEXT_BYTES];

    money_format(amount, currency, text);
    out_string(out, key, text);
}

static bool leg_shows(const struct leg *leg)
{
    return leg->status == LEG_SUCCESSFUL || leg->status == LEG_RETURNED;
}

struct sums {
    struct money paid, fee;
};

static void payment_write(struct out *out, const struct leg *leg, const char *currency)
{
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

/* What reached the channel, and of it all what the operator kept. */
static struct sums payments_write(struct out *out, const struct dossier *dossier)
{
    struct sums sums = {MONEY_ZERO, MONEY_ZERO};

    out_array(out, "payments");
    for (size_t i = 0; i < dossier->legs_count; i++) {
        const struct leg *leg = dossier->legs[i];

        if (leg->status == LEG_SUCCESSFUL) {
            sums.paid = money_add(sums.paid, money_sub(leg->amount, leg->fee));
            sums.fee = money_add(sums.fee, leg->fee);
        }
        if (leg_shows(leg))
            payment_write(out, leg, dossier->withdrawal->currency);
    }
    out_array_end(out);
    return sums;
}

static void later(struct instant *newest, struct instant at)
{
    if (instant_after(at, *newest))
        *newest = at;
}

/* Since when it is as it is. */
static struct instant state_since(const struct dossier *dossier)
{
    struct instant newest = dossier->withdrawal->finished_at;

    for (size_t i = 0; i < dossier->legs_count; i++) {
        later(&newest, dossier->legs[i]->paid_at);
        later(&newest, dossier->legs[i]->arrived_at);
        later(&newest, dossier->legs[i]->returned_at);
    }
    return newest;
}

void receipt_write(struct out *out, const struct receipt_facts *facts)
{
    const struct withdrawal *withdrawal = facts->dossier->withdrawal;
    const char *holder = facts->identity != NULL ? facts->identity->name : NULL;
    char name[NAME_BYTES] = "";

    if (holder != NULL)
        view_mask_name(holder, name, sizeof name);
    out_object(out, NULL);
    out_id(out, "withdrawal", "wd", withdrawal->id);
    out_string(out, "account", facts->account->ref);
    out_string(out, "holder", holder != NULL ? name : NULL);
    view_destination(out, withdrawal->destination);
    out_string(out, "status", word_text(&withdrawal_status_words, (int)withdrawal->status));
    out_string(out, "label", policy_label(facts->policy, withdrawal->status, false));
    out_string(out, "label_zh", policy_label(facts->policy, withdrawal->status, true));
    out_string(out, "route", word_text(&route_words, (int)withdrawal->route));
    out_string(out, "currency", withdrawal->currency);
    decimal(out, "requested", withdrawal->amount, withdrawal->currency);
    struct sums sums = payments_write(out, facts->dossier);
    decimal(out, "paid", sums.paid, withdrawal->currency);
    decimal(out, "fee", sums.fee, withdrawal->currency);
    out_string(out, "policy", withdrawal->policy);
    out_int(out, "policy_version", withdrawal->policy_version);
    out_instant(out, "created_at", withdrawal->created_at);
    out_instant(out, "finished_at", withdrawal->finished_at);
    out_instant(out, "as_of", state_since(facts->dossier));
    out_object_end(out);
}

void receipt_proof(const struct out *receipt, uint8_t ret[RECEIPT_PROOF_BYTES])
{
    crypto_generichash(ret, RECEIPT_PROOF_BYTES, (const unsigned char *)receipt->data, receipt->size, NULL, 0);
}

/* ---- signing ---- */

static void value_drop(json_t **value)
{
    json_decref(*value);
}

static void text_drop(char **text)
{
    free(*text);
}

/* RFC 8785 of what stands in statements: their names are ASCII, their numbers small whole ones, their texts hold no
 * control characters. NULL: no memory. */
static char *canonical(const json_t *statement)
{
    return json_dumps(statement, JSON_COMPACT | JSON_SORT_KEYS);
}

static void address_write(struct out *out, const struct receipt_issue *issue, const uint8_t *proof)
{
    SCOPED(out_fini) struct out address;
    char code[RECEIPT_CODE_BYTES];

    receipt_code_format(issue->vault, issue->withdrawal, proof, code);
    out_init(&address);
    out_format(&address, "%s/verify/%s", issue->address, code);
    out->failed = out->failed || address.failed;
    out_string(out, "verify", address.data);
}

static void hex_write(struct out *out, const char *key, const uint8_t *bytes, size_t size)
{
    char text[2 * SIGNATURE_BYTES + 1];

    hash_hex(bytes, size, text);
    out_string(out, key, text);
}

static bool signature_make(const struct out *unsigned_, const struct vault *vault, uint8_t ret[SIGNATURE_BYTES])
{
    SCOPED(value_drop) json_t *value = unsigned_->failed ? NULL : json_loadb(unsigned_->data, unsigned_->size, 0, NULL);
    SCOPED(text_drop) char *text = value != NULL ? canonical(value) : NULL;

    if (text == NULL)
        return false;
    crypto_sign_detached(ret, NULL, (const unsigned char *)text, strlen(text), vault->receipt_secret);
    return true;
}

bool receipt_sign(struct out *out, const struct out *receipt, const struct receipt_issue *issue)
{
    uint8_t proof[RECEIPT_PROOF_BYTES], signature[SIGNATURE_BYTES];

    if (receipt->failed)
        return false;
    receipt_proof(receipt, proof);
    for (int round = 0; round < 2; round++) {
        out_object(out, NULL);
        out_raw(out, "receipt", receipt->data, receipt->size);
        hex_write(out, "proof", proof, sizeof proof);
        out_string(out, "format", RECEIPT_FORMAT);
        out_string(out, "operator", issue->operator_name);
        out_instant(out, "issued_at", issue->at);
        address_write(out, issue, proof);
        hex_write(out, "key", issue->vault->receipt_public, sizeof issue->vault->receipt_public);
        if (round == 1)
            hex_write(out, "signature", signature, sizeof signature);
        out_object_end(out);
        if (round == 0) {
            if (!signature_make(out, issue->vault, signature))
                return false;
            out_reset(out);
        }
    }
    return !out->failed;
}

/* ---- verifying ---- */

static const char *member(const json_t *statement, const char *name)
{
    const char *text = json_string_value(json_object_get(statement, name));

    return text != NULL ? text : "";
}

static bool is_signed(const json_t *statement, const uint8_t *signature, const uint8_t *public, bool *ret)
{
    SCOPED(value_drop) json_t *content = json_copy((json_t *)(uintptr_t)statement);
    SCOPED(text_drop) char *text = NULL;

    if (content == NULL || json_object_del(content, "signature") != 0)
        return false;
    text = canonical(content);
    if (text == NULL)
        return false;
    *ret = crypto_sign_verify_detached(signature, (const unsigned char *)text, strlen(text), public) == 0;
    return true;
}

bool receipt_hex(const char *text, uint8_t *ret, size_t size)
{
    return strspn(text, "0123456789abcdef") == 2 * size && anchor_hex(text, ret, size);
}

enum receipt_verdict receipt_check(const char *text, size_t size, const uint8_t public[ANCHOR_PUBLIC_BYTES])
{
    SCOPED(value_drop) json_t *statement = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    uint8_t key[ANCHOR_PUBLIC_BYTES], signature[SIGNATURE_BYTES];
    bool good;

    if (!json_is_object(statement) || strcmp(member(statement, "format"), RECEIPT_FORMAT) != 0 ||
        !receipt_hex(member(statement, "key"), key, sizeof key) ||
        !receipt_hex(member(statement, "signature"), signature, sizeof signature))
        return RECEIPT_UNREADABLE;
    if (!is_signed(statement, signature, key, &good))
        return RECEIPT_NO_MEMORY;
    if (!good)
        return RECEIPT_CHANGED;
    if (public == NULL)
        return RECEIPT_SELF;
    return hash_equal(key, public, sizeof key) ? RECEIPT_GENUINE : RECEIPT_FOREIGN;
}

/* ---- the code ---- */

static void code_seal(const struct vault *vault, const uint8_t head[8 + HASH_SHORT_BYTES],
                      uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes part = bytes_of(head, 8 + HASH_SHORT_BYTES);

    hash_parts("receipt code", vault->receipt_code_key, &part, 1, ret, HASH_SHORT_BYTES);
}

void receipt_code_format(const struct vault *vault, int64_t withdrawal, const uint8_t proof[RECEIPT_PROOF_BYTES],
                         char ret[RECEIPT_CODE_BYTES])
{
    uint8_t code[CODE_BYTES];

    for (int i = 0; i < 8; i++)
        code[i] = (uint8_t)((uint64_t)withdrawal >> (8 * (7 - i)));
    memcpy(code + 8, proof, HASH_SHORT_BYTES);
    code_seal(vault, code, code + 8 + HASH_SHORT_BYTES);
    sodium_bin2base64(ret, RECEIPT_CODE_BYTES, code, sizeof code, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* Only as it is written: libsodium takes some bytes above 127 for characters of base64. */
static bool code_decode(const char *text, uint8_t ret[CODE_BYTES])
{
    char again[RECEIPT_CODE_BYTES];
    size_t size = 0;

    if (strlen(text) != RECEIPT_CODE_BYTES - 1 ||
        sodium_base642bin(ret, CODE_BYTES, text, RECEIPT_CODE_BYTES - 1, NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size != CODE_BYTES)
        return false;
    sodium_bin2base64(again, sizeof again, ret, CODE_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return strcmp(again, text) == 0;
}

bool receipt_code_parse(const struct vault *vault, const char *text, int64_t *ret_withdrawal,
                        uint8_t ret_proof[HASH_SHORT_BYTES])
{
    uint8_t code[CODE_BYTES], seal[HASH_SHORT_BYTES];
    uint64_t withdrawal = 0;

    if (!code_decode(text, code))
        return false;
    code_seal(vault, code, seal);
    if (!hash_equal(seal, code + 8 + HASH_SHORT_BYTES, sizeof seal))
        return false;
    for (int i = 0; i < 8; i++)
        withdrawal = withdrawal << 8 | code[i];
    *ret_withdrawal = (int64_t)withdrawal;
    memcpy(ret_proof, code + 8, HASH_SHORT_BYTES);
    return true;
}
