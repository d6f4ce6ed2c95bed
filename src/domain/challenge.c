/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/challenge.h"

#include "domain/withdrawal.h"

#include <stdio.h>
#include <string.h>

void challenge_bind(const struct withdrawal *withdrawal, uint8_t ret[HASH_SHORT_BYTES])
{
    char account[24], amount[24], route[4];

    snprintf(account, sizeof account, "%lld", (long long)withdrawal->account);
    snprintf(amount, sizeof amount, "%lld", (long long)withdrawal->amount.minor);
    snprintf(route, sizeof route, "%d", (int)withdrawal->route);
    struct bytes parts[] = {bytes_of_text(account), bytes_of_text(amount), bytes_of_text(route),
                            bytes_of_text(withdrawal->destination)};

    hash_parts("binding", NULL, parts, ARRAY_COUNT(parts), ret, HASH_SHORT_BYTES);
}

/* Bound to what the row says now, not to what it once said: a row that was changed since confirms nothing. */
static void hash_code(const struct deciding *d, const struct withdrawal *withdrawal, const char *code,
                      uint8_t ret[HASH_SHORT_BYTES])
{
    uint8_t binding[HASH_SHORT_BYTES];
    char id[24];

    snprintf(id, sizeof id, "%lld", (long long)withdrawal->id);
    challenge_bind(withdrawal, binding);
    struct bytes parts[] = {bytes_of_text(id), bytes_of(binding, sizeof binding), bytes_of_text(code)};

    hash_parts("code", d->code_key, parts, ARRAY_COUNT(parts), ret, HASH_SHORT_BYTES);
}

void challenge_send(struct deciding *d, struct withdrawal *withdrawal, const struct account *account,
                    const char *recipient, const char *payee)
{
    char *code = deciding_text(d, "%06u", (unsigned)random_below(d->random, 1000000));
    char amount[MONEY_TEXT_BYTES];
    struct message *message = changes_new(d->changes, ARENA_MUST(d->arena, struct message), &message_table);

    challenge_bind(withdrawal, withdrawal->binding);
    hash_code(d, withdrawal, code, withdrawal->code_hash);
    withdrawal->code_sent_at = d->now;
    withdrawal->code_expires_at = instant_add_ms(d->now, CODE_TTL_MS);
    money_format(withdrawal->amount, withdrawal->currency, amount);
    message->id = deciding_id(d, account);
    message->account = account->id;
    message->withdrawal = withdrawal->id;
    message->recipient = recipient;
    message->code = code;
    message->text = deciding_text(d,
                                  "%s is your code to withdraw %s %s to %s. It is valid for 5 minutes. "
                                  "Nobody from us will ever ask you for it.",
                                  code, withdrawal->currency, amount, payee);
    message->at = d->now;
}

enum challenge_answer challenge_answer(struct deciding *d, struct withdrawal *withdrawal, const char *code)
{
    static const uint8_t none[HASH_SHORT_BYTES];
    uint8_t hash[HASH_SHORT_BYTES];

    if (withdrawal->code_tries_left <= 0 || instant_after(d->now, withdrawal->code_expires_at) ||
        hash_equal(withdrawal->code_hash, none, sizeof none))
        return CHALLENGE_EXPIRED;
    hash_code(d, withdrawal, code, hash);
    if (!hash_equal(hash, withdrawal->code_hash, sizeof hash)) {
        withdrawal->code_tries_left--;
        return CHALLENGE_WRONG;
    }
    memset(withdrawal->code_hash, 0, sizeof withdrawal->code_hash);
    return CHALLENGE_RIGHT;
}
