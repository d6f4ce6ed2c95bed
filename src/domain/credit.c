/* SPDX-License-Identifier: Apache-2.0 */
/* Credits: money that is no top-up. Other funds can be applied for; vouchers never leave as money (PA-01). */
#include "domain/draw.h"
#include "domain/funds.h"

/* Who pays for a credit: an adjustment or refund comes out of revenue, a voucher out of bonus. */
static enum ledger credit_source(enum fund fund)
{
    return fund == FUND_VOUCHER ? LEDGER_BONUS : LEDGER_REVENUE;
}

struct decision credit_record(struct deciding *d, struct book *book, const struct credit_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret)
{
    struct account *account = book->account;
    enum fund fund = (enum fund)ask->fund;

    if (earlier != NULL) {
        struct decision repeated = fact_repeated(earlier->fingerprint, fingerprint);
        if (decision_accepts(&repeated))
            *ret = earlier;
        return repeated;
    }
    if (fund != FUND_OTHER && fund != FUND_VOUCHER)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/fund", "A credit goes to other or to voucher.");
    if (!money_fits(fund_balance(account), ask->amount, MONEY_BALANCE_MAX))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount",
                                "The account would hold more than an account may.");

    struct fact *credit = fact_new(d, account, FACT_CREDIT, ask->ref, ask->amount, fingerprint);
    struct money *total = fund_total(account, fund);
    credit->fund = fund;
    *total = money_add(*total, ask->amount);
    deciding_put_account(d, account);

    struct entry_open entry = ledger_open(d, account, ENTRY_CREDIT, credit->id, 0, ask->amount);
    ledger_post(d, &entry, account, credit_source(fund), "", 0, money_negate(ask->amount));
    ledger_post(d, &entry, account, fund_ledger(fund), "", 0, ask->amount);
    ledger_close(d, &entry);
    d->object = credit->id;
    deciding_move(d, "cr", credit->id, NULL, "credit", "recorded");
    fact_event(d, account, "credit.recorded", "cr", credit->id, credit->ref, credit->amount);
    *ret = credit;
    return decision_created();
}
