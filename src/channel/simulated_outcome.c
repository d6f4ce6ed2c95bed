/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/simulated_outcome.h"

#include "channel/simulated.h"

#include <string.h>

const struct behaviour simulated_behaviours[OUTCOME__COUNT] = {
    [OUTCOME_PAID] = {"paid", false, PAYMENT_PAID, EVIDENCE_PAID, "SUCCESS", 0, 0, false, ALARM_NONE},
    [OUTCOME_PENDING_THEN_PAID] = {"pending_then_paid", false, PAYMENT_PROCESSING, EVIDENCE_ACCEPTED, "PROCESSING", 1,
                                   SIMULATED_PENDING_MS, false, ALARM_NONE},
    [OUTCOME_REFUSED] = {"refused", true, PAYMENT_REFUSED, EVIDENCE_NOT_PAID, NULL, 0, 0, false, ALARM_NONE},
    [OUTCOME_TIMEOUT_PAID] = {"timeout_paid", false, PAYMENT_PAID, EVIDENCE_NOTHING, "timeout", 0, 0, true, ALARM_NONE},
    [OUTCOME_TIMEOUT_UNPAID] = {"timeout_unpaid", false, PAYMENT_LOST, EVIDENCE_NOTHING, "timeout", 0, 0, true,
                                ALARM_NONE},
    [OUTCOME_BOUNCE_AFTER] = {"bounce_after", true, PAYMENT_PAID, EVIDENCE_PAID, "SUCCESS", 0, 0, false, ALARM_NONE},
    [OUTCOME_DUPLICATE_CALLBACK] = {"duplicate_callback", false, PAYMENT_PAID, EVIDENCE_PAID, "SUCCESS", 2, 0, false,
                                    ALARM_NONE},
    [OUTCOME_REORDERED_CALLBACK] = {"reordered_callback", false, PAYMENT_PAID, EVIDENCE_ACCEPTED, "PROCESSING", 2, 0,
                                    true, ALARM_NONE},
    [OUTCOME_PAYS_OTHER_AMOUNT] = {"pays_other_amount", false, PAYMENT_PAID, EVIDENCE_PAID, "SUCCESS", 0, 0, false,
                                   ALARM_NONE},
    [OUTCOME_PAYS_TWICE_KEY] = {"pays_twice_key", false, PAYMENT_PAID, EVIDENCE_NOTHING, "timeout", 0, 0, true,
                                ALARM_NONE},
    [OUTCOME_NOT_FOUND_THEN_PAID] = {"not_found_then_paid", false, PAYMENT_PAID, EVIDENCE_NOTHING, "timeout", 0, 0,
                                     true, ALARM_NONE},
    [OUTCOME_ERROR_500] = {"error_500", false, PAYMENT_PAID, EVIDENCE_NOTHING, "http_500", 0, 0, false, ALARM_NONE},
    [OUTCOME_BAD_SIGNATURE] = {"bad_signature", false, PAYMENT_PAID, EVIDENCE_NOTHING, "bad_signature", 0, 0, false,
                               ALARM_NONE},
    [OUTCOME_UNLISTED_CODE] = {"unlisted_code", false, PAYMENT_LOST, EVIDENCE_NOTHING, "UNLISTED.0000", 0, 0, false,
                               ALARM_NONE},
    [OUTCOME_NOT_SENT] = {"not_sent", false, PAYMENT_LOST, EVIDENCE_NOTHING, CODE_NOT_SENT, 0, 0, false, ALARM_NONE},
    [OUTCOME_DENIED] = {"denied", true, PAYMENT_LOST, EVIDENCE_NOTHING, NULL, 0, 0, false, ALARM_HALT},
};

bool simulated_outcome_parse(const char *word, enum outcome *ret, const char **ret_argument)
{
    const char *colon = strchr(word, ':');
    size_t size = colon != NULL ? (size_t)(colon - word) : strlen(word);

    for (int i = 0; i < OUTCOME__COUNT; i++) {
        if (strlen(simulated_behaviours[i].word) != size || strncmp(simulated_behaviours[i].word, word, size) != 0)
            continue;
        if (simulated_behaviours[i].argument != (colon != NULL))
            return false;
        *ret = (enum outcome)i;
        *ret_argument = colon != NULL ? colon + 1 : "";
        return true;
    }
    return false;
}

bool simulated_outcome_delay(const char *text, int64_t *ret_ms)
{
    int64_t count = 0;
    int64_t unit;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 6 || text[digits] == '\0' || text[digits + 1] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        count = count * 10 + (text[i] - '0');
    if (text[digits] == 'm')
        unit = MS_MINUTE;
    else if (text[digits] == 'h')
        unit = MS_HOUR;
    else if (text[digits] == 'd')
        unit = MS_DAY;
    else
        return false;
    if (count * unit > 366 * MS_DAY)
        return false;
    *ret_ms = count * unit;
    return true;
}

static bool code_ok(const char *code)
{
    size_t size = strlen(code);

    return size > 0 && size < FAILURE_CODE_BYTES &&
           strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                        "0123456789._-") == size;
}

bool simulated_outcome_ok(const char *word)
{
    enum outcome outcome;
    const char *argument;
    int64_t ms;

    if (strlen(word) >= OUTCOME_BYTES || !simulated_outcome_parse(word, &outcome, &argument))
        return false;
    if (outcome == OUTCOME_REFUSED || outcome == OUTCOME_DENIED)
        return code_ok(argument);
    if (outcome == OUTCOME_BOUNCE_AFTER)
        return simulated_outcome_delay(argument, &ms);
    return true;
}
