/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/leaf.h"

#include "base/out.h"
#include "domain/channel_key.h"

#include <stdio.h>
#include <string.h>

#define REFUSED "REFUSED"

/* ---- codes ---- */

static const char *const fact_texts[CODE_FACT__COUNT] = {"unknown", "did", "did_not", "pending", "returned", "arrived"};
static const char *const again_texts[CODE_AGAIN__COUNT] = {"ask", "same", "never"};
static const char *const alarm_texts[CHANNEL_ALARM__COUNT] = {"none", "tell", "halt"};
const struct words code_fact_words = {.texts = fact_texts, .count = CODE_FACT__COUNT};
const struct words channel_alarm_words = {.texts = alarm_texts, .count = CHANNEL_ALARM__COUNT};
const struct words code_again_words = {.texts = again_texts, .count = CODE_AGAIN__COUNT};

const struct channel_code *channel_code_find(const struct channel_codes *codes, const char *where, const char *code)
{
    for (size_t i = 0; i < codes->count; i++)
        if (strcmp(codes->items[i].where, where) == 0 && strcmp(codes->items[i].code, code) == 0)
            return &codes->items[i];
    return NULL;
}

/* What did not happen but may still be carried out keeps its money on hold: it is asked about and sent again. */
static enum evidence_kind evidence_did_not(const struct channel_code *code, bool first)
{
    bool proves = code->again == AGAIN_NEVER && (first || !code->first_only);

    return proves ? EVIDENCE_NOT_PAID : EVIDENCE_NOTHING;
}

enum evidence_kind channel_code_evidence(const struct channel_code *code, bool first)
{
    switch (code->fact) {
    case CODE_DID:
        return EVIDENCE_PAID;
    case CODE_DID_NOT:
        return evidence_did_not(code, first);
    case CODE_PENDING:
        return EVIDENCE_ACCEPTED;
    case CODE_RETURNED:
        return EVIDENCE_RETURNED;
    case CODE_ARRIVED:
        return EVIDENCE_ARRIVED;
    case CODE_UNKNOWN:
    case CODE_FACT__COUNT:
        break;
    }
    return EVIDENCE_NOTHING;
}

/* ---- stored requests ---- */

char *leaf_request_write(struct arena *arena, const char *verb, const char *place, const char *body)
{
    struct out out;

    out_init_in(&out, arena);
    out_format(&out, "%s %s\n\n", verb, place);
    out_text(&out, body);
    return out.failed ? NULL : out.data;
}

char *leaf_refusal_write(struct arena *arena, const char *code, const char *reason)
{
    return leaf_request_write(arena, REFUSED, code, reason);
}

bool leaf_request_read(const char *stored, struct leaf_request *ret)
{
    const char *space = strchr(stored, ' '), *line = strstr(stored, "\n\n");
    struct leaf_request read = {0};

    if (space == NULL || line == NULL || space > line || strlen(stored) > LEAF_REQUEST_BYTES_MAX)
        return false;
    size_t verb_bytes = (size_t)(space - stored), place_bytes = (size_t)(line - space - 1);

    if (verb_bytes >= sizeof read.verb || place_bytes >= sizeof read.place)
        return false;
    snprintf(read.verb, sizeof read.verb, "%.*s", (int)verb_bytes, stored);
    snprintf(read.place, sizeof read.place, "%.*s", (int)place_bytes, space + 1);
    read.body = line + 2;
    *ret = read;
    return true;
}

bool leaf_refused(const struct leaf_request *request, struct channel_answer *answer)
{
    if (strcmp(request->verb, REFUSED) != 0)
        return false;
    leaf_answer_say(answer, EVIDENCE_NOT_PAID, request->place, request->body);
    return true;
}

/* ---- answers ---- */

void leaf_answer_start(struct channel_answer *ret, const char *key)
{
    *ret = (struct channel_answer){0};
    snprintf(ret->key, sizeof ret->key, "%s", key);
    leaf_answer_say(ret, EVIDENCE_NOTHING, "no_answer", "");
}

void leaf_answer_say(struct channel_answer *answer, enum evidence_kind kind, const char *code, const char *detail)
{
    answer->kind = kind;
    answer->alarm = ALARM_NONE;
    snprintf(answer->code, sizeof answer->code, "%s", code);
    snprintf(answer->detail, sizeof answer->detail, "%s", detail != NULL ? detail : "");
}

void leaf_answer_doubt(struct channel_answer *answer)
{
    answer->kind = EVIDENCE_NOTHING;
    answer->alarm = ALARM_NONE;
}

/* Only payout/ and this module say these: they allow to send again. */
static bool is_of_the_house(const char *code)
{
    static const char *const codes[] = {CODE_NOT_FOUND,  CODE_NOT_SENT,    CODE_NEVER_SENT,
                                        "sent_too_late", "channel_paused", "quarantined"};

    for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

void leaf_answer_code(struct channel_answer *answer, const struct channel_codes *codes, const char *where,
                      const char *code, bool first, const char *detail)
{
    const struct channel_code *found = channel_code_find(codes, where, code);

    if (found == NULL && is_of_the_house(code)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "", detail);
        snprintf(answer->code, sizeof answer->code, "unlisted:%s", code);
        return;
    }
    leaf_answer_say(answer, found != NULL ? channel_code_evidence(found, first) : EVIDENCE_NOTHING, code, detail);
    if (found != NULL)
        answer->alarm = found->alarm;
}

bool leaf_answered(const struct https_reply *reply, bool first, struct channel_answer *answer)
{
    if (reply->fate == HTTPS_ANSWERED)
        return true;
    leaf_answer_say(answer, EVIDENCE_NOTHING,
                    reply->fate != HTTPS_NOT_SENT ? "no_answer"
                    : first                       ? CODE_NOT_SENT
                                                  : "not_connected",
                    reply->reason);
    return false;
}

/* ---- notifications ---- */

bool leaf_key_is_ours(const char *key)
{
    int64_t leg, number;

    return key != NULL && channel_key_parse(key, &leg, &number);
}

/* ---- JSON ---- */

json_t *leaf_json(const char *text, size_t size)
{
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

const char *leaf_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

bool leaf_json_integer(const json_t *object, const char *key, int64_t *ret)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        return false;
    *ret = json_integer_value(value);
    return true;
}
