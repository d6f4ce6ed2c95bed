/* SPDX-License-Identifier: Apache-2.0 */
#include "recon/statement_file.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void statement_reading_init(struct statement_reading *reading, const struct statement_source *source,
                            const struct statement_wish *wish, statement_taker *take, void *context)
{
    *reading = (struct statement_reading){.source = source, .wish = wish, .take = take, .context = context};
    reading->hashing = aligned_alloc(64, (crypto_generichash_statebytes() + 63) / 64 * 64);
    if (reading->hashing == NULL)
        statement_refuse(reading, 0, "There is no memory to read it.");
    else
        (void)crypto_generichash_init(reading->hashing, NULL, 0, HASH_BYTES);
    if (wish->currency != NULL && currency_digits(wish->currency) < 0)
        statement_refuse(reading, 0, "'%.8s' is no currency that is known.", wish->currency);
    else if (wish->currency != NULL)
        snprintf(reading->summary.currency, CURRENCY_BYTES, "%s", wish->currency);
}

void statement_reading_fini(struct statement_reading *reading)
{
    if (reading->hashing != NULL)
        (void)crypto_generichash_final(reading->hashing, reading->summary.hash, HASH_BYTES);
    free(reading->hashing);
    reading->hashing = NULL;
}

int64_t statement_bytes(struct statement_reading *reading, void *data, size_t size)
{
    int64_t count = reading->source->read(reading->source->context, data, size);

    if (count < 0)
        statement_refuse(reading, 0, "It cannot be read to its end.");
    else if (count > 0)
        (void)crypto_generichash_update(reading->hashing, data, (unsigned long long)count);
    return count;
}

bool statement_refuse(struct statement_reading *reading, int64_t line, const char *format, ...)
{
    va_list arguments;

    if (reading->why.text[0] != '\0')
        return false;
    va_start(arguments, format);
    vsnprintf(reading->why.text, sizeof reading->why.text, format, arguments);
    va_end(arguments);
    text_clean(reading->why.text, strlen(reading->why.text) + 1);
    reading->why.line = line;
    return false;
}

bool statement_currency(struct statement_reading *reading, int64_t number, const char *currency)
{
    char *expected = reading->summary.currency;

    if (strcmp(expected, currency) == 0)
        return true;
    if (currency_digits(currency) < 0)
        return statement_refuse(reading, number, "'%.8s' is no currency that is known.", currency);
    if (expected[0] == '\0') {
        snprintf(expected, CURRENCY_BYTES, "%s", currency);
        return true;
    }
    return statement_refuse(reading, number, "It is in %s, where %s was expected.", currency, expected);
}

bool statement_account(struct statement_reading *reading, int64_t number, const char *account)
{
    const char *expected = reading->wish->account;

    if (strlen(account) >= STATEMENT_ACCOUNT_BYTES)
        return statement_refuse(reading, number, "An account has at most 64 characters.");
    snprintf(reading->summary.account, STATEMENT_ACCOUNT_BYTES, "%s", account);
    if (expected == NULL || strcmp(expected, account) == 0)
        return true;
    return statement_refuse(reading, number, "It is of the account %s, where %s was expected.", account, expected);
}

/* ---- a line ---- */

static bool text_fits(struct statement_reading *reading, int64_t number, const char *what, const char *text,
                      size_t bytes_max)
{
    size_t size = text != NULL ? strlen(text) : 0;

    if (size > bytes_max)
        return statement_refuse(reading, number, "The %s is longer than %zu bytes.", what, bytes_max);
    if (size > 0 && !text_utf8_ok(text, size))
        return statement_refuse(reading, number, "The %s is no text without control characters.", what);
    return true;
}

static bool sum_add(struct statement_reading *reading, int64_t number, struct money *sum, struct money amount)
{
    if (!__builtin_add_overflow(sum->minor, amount.minor, &sum->minor))
        return true;
    return statement_refuse(reading, number, "The sum of its lines is too large.");
}

static void period_stretch(struct statement_reading *reading, struct instant at)
{
    if (!instant_is_set(reading->first) || instant_before(at, reading->first))
        reading->first = at;
    if (!instant_is_set(reading->last) || instant_after(at, reading->last))
        reading->last = at;
}

static struct instant day_of(struct instant at, int64_t later)
{
    return instant_is_set(at) ? instant_of_days(instant_days(at) + later, 0) : INSTANT_NONE;
}

static struct instant first_of(struct instant wish, struct instant own, struct instant lines)
{
    return instant_is_set(wish) ? wish : instant_is_set(own) ? own : lines;
}

bool statement_period(struct statement_reading *reading, struct instant from, struct instant to)
{
    struct statement_summary *summary = &reading->summary;

    summary->from = first_of(reading->wish->from, from, day_of(reading->first, 0));
    summary->to = first_of(reading->wish->to, to, day_of(reading->last, 1));
    if (!instant_is_set(summary->from) || !instant_is_set(summary->to))
        return statement_refuse(reading, 0, "It does not say from when to when it tells.");
    if (!instant_before(summary->from, summary->to))
        return statement_refuse(reading, 0, "It ends before it begins.");
    if (summary->lines > 0 &&
        (instant_before(reading->first, summary->from) || instant_after(reading->last, summary->to)))
        return statement_refuse(reading, 0, "A line of it lies outside of its time.");
    return true;
}

bool statement_hand_out(struct statement_reading *reading, int64_t number, const struct line_ask *line)
{
    struct statement_summary *summary = &reading->summary;

    if (line->key == NULL || line->key[0] == '\0')
        return statement_refuse(reading, number, "It has no reference by which it could be found.");
    if (!text_fits(reading, number, "reference that we gave", line->key, REF_BYTES - 1) ||
        !text_fits(reading, number, "channel's reference", line->reference, REF_BYTES - 1) ||
        !text_fits(reading, number, "code", line->code, FAILURE_CODE_BYTES - 1))
        return false;
    if (line->amount.minor < 0 || line->amount.minor > MONEY_INPUT_MAX)
        return statement_refuse(reading, number, "Its amount is too large.");
    if (!statement_currency(reading, number, line->currency))
        return false;
    if (line->outcome != EVIDENCE_NOT_PAID && money_is_zero(line->amount)) {
        summary->others++;
        return true;
    }
    if (line->outcome == EVIDENCE_PAID && !sum_add(reading, number, &summary->paid, line->amount))
        return false;
    if (line->outcome == EVIDENCE_RETURNED && !sum_add(reading, number, &summary->returned, line->amount))
        return false;
    period_stretch(reading, line->at);
    summary->lines++;
    if (reading->take(reading->context, line))
        return true;
    return statement_refuse(reading, number, "It could not be kept.");
}

/* ---- text in memory ---- */

static int64_t text_read(void *context, void *data, size_t size)
{
    struct statement_text *text = context;
    size_t rest = text->size - text->at, count = size < rest ? size : rest;

    memcpy(data, text->text + text->at, count);
    text->at += count;
    return (int64_t)count;
}

struct statement_source statement_source_of(struct statement_text *text)
{
    return (struct statement_source){text_read, text};
}
