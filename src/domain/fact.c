/* SPDX-License-Identifier: Apache-2.0 */
/* What all facts have in common: the caller's name for them, and that the same one twice is one. */
#include "domain/funds.h"

struct decision fact_repeated(const uint8_t stored[HASH_SHORT_BYTES], const uint8_t fingerprint[HASH_SHORT_BYTES])
{
    if (hash_equal(stored, fingerprint, HASH_SHORT_BYTES))
        return decision_stored();
    return decision_conflict(REFUSAL_REF_REUSED, "This ref was used before with another body.");
}

struct decision fact_insufficient(struct money requested, struct money available)
{
    struct decision decision = decision_amount(REFUSAL_INSUFFICIENT_FUNDS, NULL, NULL, requested, available);

    decision.verdict = VERDICT_CONFLICT;
    decision.detail = "The account does not hold that much that is free to use.";
    return decision;
}

bool fact_in_future(const struct deciding *d, struct instant at)
{
    return instant_after(at, instant_add_ms(d->now, FACT_AHEAD_MS));
}

struct fact *fact_new(struct deciding *d, const struct account *account, enum fact_kind kind, const char *ref,
                      struct money amount, const uint8_t fingerprint[HASH_SHORT_BYTES])
{
    struct fact *fact = DECIDING_NEW(d, fact);

    fact->id = deciding_id(d, account);
    fact->account = account->id;
    fact->kind = kind;
    deciding_fill(fact->ref, sizeof(fact->ref), ref);
    for (size_t i = 0; i < HASH_SHORT_BYTES; i++)
        fact->fingerprint[i] = fingerprint[i];
    fact->amount = amount;
    fact->at = d->now;
    return fact;
}

void fact_event(struct deciding *d, const struct account *account, const char *type, const char *prefix, int64_t id,
                const char *ref, struct money amount)
{
    struct out out;

    out_init_in(&out, d->arena);
    out_object(&out, NULL);
    out_string(&out, "account", account->ref);
    out_id(&out, "id", prefix, id);
    out_string(&out, "ref", ref);
    out_money(&out, "amount", amount);
    out_string(&out, "currency", account->currency);
    out_object_end(&out);
    deciding_event(d, account, type, id, deciding_written(&out));
}
