/* SPDX-License-Identifier: Apache-2.0 */
/* One table: a path, what its text is, the element of which it is said, and where that is kept. What is not in it is
 * not read. Payments are handed out as they come, by what was said of their entry: so nothing of it that counts may
 * stand behind them, or twice. */
#include "recon/camt_entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum meaning {
    MEANS_TEXT,   /* of at most `size` − 1 bytes */
    MEANS_AMOUNT, /* a decimal in the element's Ccy */
    MEANS_SUM,    /* a decimal in the statement's currency: struct camt_total */
    MEANS_COUNT,  /* struct camt_total, or an int64_t where size says so */
    MEANS_SENSE,  /* CRDT or DBIT */
    MEANS_FLAG,   /* true or false */
    MEANS_DATE,   /* a day in Shanghai */
    MEANS_MOMENT, /* with an offset, or by Shanghai's clock */
    MEANS_CURRENCY,
    MEANS_ACCOUNT,
    MEANS_HOLDER, /* elements that hold others */
    MEANS_RETURN, /* that it is there says that the payment came back */
};

struct camt_place {
    const char *path;
    size_t path_bytes;
    enum meaning meaning;
    enum camt_holder holder; /* that it is, or of which it is said */
    size_t offset, size;     /* in struct camt */
};
#define AT(member) offsetof(struct camt, member), sizeof((struct camt *)0)->member
#define NOWHERE 0, 0
#define PATH(text) text, sizeof(text) - 1

static const struct camt_place places[] = {
    {PATH("Stmt/Acct/Ccy"), MEANS_CURRENCY, CAMT_STATEMENT, NOWHERE},
    {PATH("Stmt/Acct/Id/IBAN"), MEANS_ACCOUNT, CAMT_STATEMENT, NOWHERE},
    {PATH("Stmt/Acct/Id/Othr/Id"), MEANS_ACCOUNT, CAMT_STATEMENT, NOWHERE},
    {PATH("Stmt/FrToDt/FrDtTm"), MEANS_MOMENT, CAMT_STATEMENT, AT(from)},
    {PATH("Stmt/FrToDt/ToDtTm"), MEANS_MOMENT, CAMT_STATEMENT, AT(to)},
    {PATH("Stmt/Bal/Tp/CdOrPrtry/Cd"), MEANS_TEXT, CAMT_BALANCE, AT(balance.code)},
    {PATH("Stmt/Bal/Amt"), MEANS_AMOUNT, CAMT_BALANCE, AT(balance.amount)},
    {PATH("Stmt/Bal/CdtDbtInd"), MEANS_SENSE, CAMT_BALANCE, AT(balance.sense)},
    {PATH("Stmt/TxsSummry/TtlNtries/NbOfNtries"), MEANS_COUNT, CAMT_STATEMENT, AT(all)},
    {PATH("Stmt/TxsSummry/TtlNtries/Sum"), MEANS_SUM, CAMT_STATEMENT, AT(all)},
    {PATH("Stmt/TxsSummry/TtlCdtNtries/NbOfNtries"), MEANS_COUNT, CAMT_STATEMENT, AT(credits)},
    {PATH("Stmt/TxsSummry/TtlCdtNtries/Sum"), MEANS_SUM, CAMT_STATEMENT, AT(credits)},
    {PATH("Stmt/TxsSummry/TtlDbtNtries/NbOfNtries"), MEANS_COUNT, CAMT_STATEMENT, AT(debits)},
    {PATH("Stmt/TxsSummry/TtlDbtNtries/Sum"), MEANS_SUM, CAMT_STATEMENT, AT(debits)},
    {PATH("Stmt/Ntry/Amt"), MEANS_AMOUNT, CAMT_ENTRY, AT(entry.payment.amount)},
    {PATH("Stmt/Ntry/CdtDbtInd"), MEANS_SENSE, CAMT_ENTRY, AT(entry.sense)},
    {PATH("Stmt/Ntry/RvslInd"), MEANS_FLAG, CAMT_ENTRY, AT(entry.reversal)},
    {PATH("Stmt/Ntry/Sts/Cd"), MEANS_TEXT, CAMT_ENTRY, AT(entry.status)},
    {PATH("Stmt/Ntry/BookgDt/Dt"), MEANS_DATE, CAMT_ENTRY, AT(entry.at)},
    {PATH("Stmt/Ntry/BookgDt/DtTm"), MEANS_MOMENT, CAMT_ENTRY, AT(entry.at)},
    {PATH("Stmt/Ntry/AcctSvcrRef"), MEANS_TEXT, CAMT_ENTRY, AT(entry.payment.reference)},
    {PATH("Stmt/Ntry/NtryDtls/Btch/NbOfTxs"), MEANS_COUNT, CAMT_DETAILS, AT(details.batch_count)},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/Refs/EndToEndId"), MEANS_TEXT, CAMT_PAYMENT, AT(payment.key)},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/Refs/AcctSvcrRef"), MEANS_TEXT, CAMT_PAYMENT, AT(payment.reference)},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/Amt"), MEANS_AMOUNT, CAMT_PAYMENT, AT(payment.amount)},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/CdtDbtInd"), MEANS_SENSE, CAMT_PAYMENT, AT(payment.sense)},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/RtrInf/Rsn/Cd"), MEANS_TEXT, CAMT_PAYMENT, AT(payment.code)},
    {PATH("Stmt"), MEANS_HOLDER, CAMT_STATEMENT, NOWHERE},
    {PATH("Stmt/Bal"), MEANS_HOLDER, CAMT_BALANCE, NOWHERE},
    {PATH("Stmt/Ntry"), MEANS_HOLDER, CAMT_ENTRY, NOWHERE},
    {PATH("Stmt/Ntry/NtryDtls"), MEANS_HOLDER, CAMT_DETAILS, NOWHERE},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls"), MEANS_HOLDER, CAMT_PAYMENT, NOWHERE},
    {PATH("Stmt/Ntry/NtryDtls/TxDtls/RtrInf"), MEANS_RETURN, CAMT_PAYMENT, NOWHERE},
};

/* Every element asks; few paths are of one length. */
const struct camt_place *camt_place(const char *path, size_t bytes)
{
    for (size_t i = 0; i < ARRAY_COUNT(places); i++)
        if (places[i].path_bytes == bytes && memcmp(places[i].path, path, bytes) == 0)
            return &places[i];
    return NULL;
}

/* ---- what a text says ---- */

/* ISO's decimals may end in zeros beyond the currency's digits, and begin with a plus: "100.000" of CNY is 100.00. */
static bool amount_parse(const char *text, const char *currency, struct money *ret)
{
    char kept[32], *point;
    size_t size;
    int digits = currency_digits(currency);

    if (text[0] == '+')
        text++;
    size = strlen(text);
    if (digits < 0 || size >= sizeof kept)
        return false;
    memcpy(kept, text, size + 1);
    point = strchr(kept, '.');
    while (point != NULL && strlen(point + 1) > (size_t)digits && kept[size - 1] == '0')
        kept[--size] = '\0';
    if (point != NULL && point[1] == '\0')
        *point = '\0';
    return money_parse(kept, currency, ret) && ret->minor >= 0;
}

static bool moment_parse(const char *text, bool with_time, struct instant *ret)
{
    const char *rest = with_time ? "+08:00" : "T00:00:00+08:00";
    char whole[INSTANT_TEXT_BYTES];
    size_t bytes = strlen(text);

    if (with_time && bytes > 11 && strpbrk(text + 11, "Z+-") != NULL)
        return instant_parse(text, ret);
    if (bytes + strlen(rest) >= sizeof whole)
        return false;
    memcpy(whole, text, bytes);
    memcpy(whole + bytes, rest, strlen(rest) + 1);
    return instant_parse(whole, ret);
}

static bool count_parse(const char *text, int64_t *ret)
{
    size_t size = strlen(text);

    if (size == 0 || size > 15 || strspn(text, "0123456789") != size)
        return false;
    *ret = strtoll(text, NULL, 10);
    return true;
}

static bool sense_parse(const char *text, enum camt_sense *ret)
{
    *ret = strcmp(text, "CRDT") == 0 ? SENSE_CREDIT : strcmp(text, "DBIT") == 0 ? SENSE_DEBIT : SENSE_NONE;
    return *ret != SENSE_NONE;
}

static bool flag_parse(const char *text, bool *ret)
{
    *ret = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *ret || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

static bool text_keep(char *into, size_t size, const char *text)
{
    if (strlen(text) >= size)
        return false;
    memcpy(into, text, strlen(text) + 1);
    return true;
}

static bool total_sum(struct camt *camt, const char *text, struct camt_total *total)
{
    total->has_sum = amount_parse(text, camt->reading.summary.currency, &total->sum);
    return total->has_sum;
}

static bool value_take(struct camt *camt, const struct camt_place *place, const char *text, int64_t line)
{
    void *into = (char *)camt + place->offset;

    switch (place->meaning) {
    case MEANS_TEXT:
        return text_keep(into, place->size, text);
    case MEANS_AMOUNT:
        return statement_currency(&camt->reading, line, camt->text_currency) &&
               amount_parse(text, camt->text_currency, into);
    case MEANS_SUM:
        return total_sum(camt, text, into);
    case MEANS_COUNT:
        return count_parse(text, into); /* the first member of a total is its count */
    case MEANS_SENSE:
        return sense_parse(text, into);
    case MEANS_FLAG:
        return flag_parse(text, into);
    case MEANS_DATE:
    case MEANS_MOMENT:
        return moment_parse(text, place->meaning == MEANS_MOMENT, into);
    case MEANS_CURRENCY:
        return statement_currency(&camt->reading, line, text);
    case MEANS_ACCOUNT:
        return statement_account(&camt->reading, line, text);
    case MEANS_HOLDER:
    case MEANS_RETURN:
        return true; /* empty: what is missing in it is said at its end */
    }
    return false;
}

bool camt_text(struct camt *camt, const struct camt_place *place, const char *text, int64_t line)
{
    if (!value_take(camt, place, text, line))
        return statement_refuse(&camt->reading, line, "%s: '%.60s' is not what stands there.", place->path, text);
    if (place->offset == offsetof(struct camt, payment.amount))
        camt->payment.has_amount = true;
    return place->meaning < MEANS_HOLDER || camt_end(camt, place, line);
}

/* ---- elements ---- */

static bool statement_begin(struct camt *camt, int64_t line)
{
    static const struct camt_total unsaid = {.count = -1};

    if (camt->statements++ > 0)
        return statement_refuse(&camt->reading, line, "It holds a second statement; hand them in one by one.");
    camt->all = camt->credits = camt->debits = unsaid;
    return true;
}

/* Each is said of an element once, and of an entry before its payments. */
static bool place_note(struct camt *camt, const struct camt_place *place, int64_t line)
{
    uint64_t bit = UINT64_C(1) << (place - places);

    _Static_assert(ARRAY_COUNT(places) <= 64, "a bit for each place");
    if (place->holder == CAMT_ENTRY && camt->entry.payments > 0)
        return statement_refuse(&camt->reading, line, "%s: it stands behind the payments of its entry.", place->path);
    if ((camt->said[place->holder] & bit) != 0)
        return statement_refuse(&camt->reading, line, "%s: it stands there twice.", place->path);
    camt->said[place->holder] |= bit;
    return true;
}

static bool holder_begin(struct camt *camt, enum camt_holder holder, int64_t line)
{
    camt->said[holder] = 0;
    switch (holder) {
    case CAMT_STATEMENT:
        return statement_begin(camt, line);
    case CAMT_BALANCE:
        memset(&camt->balance, 0, sizeof camt->balance);
        return true;
    case CAMT_ENTRY:
        camt->entry = (struct camt_entry){.line = line};
        return true;
    case CAMT_DETAILS:
        camt->details.batch_count = -1;
        camt->details.payments_before = camt->entry.payments;
        return true;
    case CAMT_PAYMENT:
        camt->payment = (struct camt_payment){0};
        return true;
    case CAMT__COUNT:
        break;
    }
    return true;
}

bool camt_begin(struct camt *camt, const struct camt_place *place, int64_t line)
{
    return place->meaning == MEANS_HOLDER ? holder_begin(camt, place->holder, line) : place_note(camt, place, line);
}

static bool balance_end(struct camt *camt)
{
    bool opens = strcmp(camt->balance.code, "OPBD") == 0, closes = strcmp(camt->balance.code, "CLBD") == 0;
    struct money amount =
        camt->balance.sense == SENSE_DEBIT ? money_negate(camt->balance.amount) : camt->balance.amount;

    if (opens)
        camt->opening = amount;
    if (closes)
        camt->closing = amount;
    camt->has_opening |= opens;
    camt->has_closing |= closes;
    return true;
}

/* ---- a payment ---- */

static bool is_absent(const char *reference)
{
    return reference[0] == '\0' || strcmp(reference, "NOTPROVIDED") == 0;
}

static int outcome_of(const struct camt_entry *entry, const struct camt_payment *payment, enum camt_sense sense)
{
    bool booked = strcmp(entry->status, "BOOK") == 0, pending = strcmp(entry->status, "PDNG") == 0;

    if (sense == SENSE_DEBIT)
        return booked ? EVIDENCE_PAID : pending ? EVIDENCE_ACCEPTED : 0;
    return booked && (entry->reversal || payment->comes_back) ? EVIDENCE_RETURNED : 0;
}

static bool payment_take(struct camt *camt, const struct camt_payment *payment)
{
    const struct camt_entry *entry = &camt->entry;
    const char *reference = payment->reference[0] != '\0' ? payment->reference : entry->payment.reference;
    char unnamed[32];
    struct line_ask line = {.key = payment->key, .reference = reference, .code = payment->code};

    line.outcome = outcome_of(entry, payment, payment->sense != SENSE_NONE ? payment->sense : entry->sense);
    line.amount = payment->amount;
    line.currency = camt->reading.summary.currency;
    line.at = entry->at;
    if (line.outcome == 0) {
        camt->reading.summary.others++;
        return true;
    }
    if (is_absent(payment->key)) {
        snprintf(unnamed, sizeof unnamed, "line %lld", (long long)entry->line);
        line.key = reference[0] != '\0' ? reference : unnamed;
    }
    return statement_hand_out(&camt->reading, entry->line, &line);
}

/* A payment without its own amount is the whole entry; one that runs against its entry takes away from it. */
static bool payment_end(struct camt *camt, int64_t line)
{
    struct camt_entry *entry = &camt->entry;
    struct camt_payment *payment = &camt->payment;
    bool against = payment->sense != SENSE_NONE && payment->sense != entry->sense;
    struct money part;

    if (!payment->has_amount)
        payment->amount = entry->payment.amount;
    part = against ? money_negate(payment->amount) : payment->amount;
    entry->payments++;
    if (__builtin_add_overflow(entry->payments_sum.minor, part.minor, &entry->payments_sum.minor))
        return statement_refuse(&camt->reading, line, "The sum of the entry's payments is too large.");
    return payment_take(camt, payment);
}

static bool details_end(struct camt *camt)
{
    int64_t payments = camt->entry.payments - camt->details.payments_before, said = camt->details.batch_count;

    if (said < 0 || payments == 0 || said == payments)
        return true;
    return statement_refuse(&camt->reading, camt->entry.line, "The entry says %lld payments and has %lld.",
                            (long long)said, (long long)payments);
}

static bool seen_add(struct camt *camt, const struct camt_entry *entry)
{
    struct camt_total *seen = entry->sense == SENSE_CREDIT ? &camt->seen_credits : &camt->seen_debits;
    int64_t amount = entry->payment.amount.minor, signed_amount = entry->sense == SENSE_CREDIT ? amount : -amount;

    seen->count++;
    if (__builtin_add_overflow(seen->sum.minor, amount, &seen->sum.minor) ||
        (strcmp(entry->status, "BOOK") == 0 &&
         __builtin_add_overflow(camt->booked.minor, signed_amount, &camt->booked.minor)))
        return statement_refuse(&camt->reading, entry->line, "The sum of the entries is too large.");
    return true;
}

static bool entry_end(struct camt *camt)
{
    struct camt_entry *entry = &camt->entry;
    struct statement_reading *reading = &camt->reading;

    if (entry->sense == SENSE_NONE)
        return statement_refuse(reading, entry->line, "The entry is neither a credit nor a debit (CdtDbtInd).");
    if (strcmp(entry->status, "BOOK") != 0 && strcmp(entry->status, "PDNG") != 0 && strcmp(entry->status, "INFO") != 0)
        return statement_refuse(reading, entry->line, "The entry's status is '%s': BOOK, PDNG or INFO were expected.",
                                entry->status);
    if (!instant_is_set(entry->at))
        return statement_refuse(reading, entry->line, "The entry has no booking date (BookgDt).");
    if (entry->payments > 0 && entry->payments_sum.minor != entry->payment.amount.minor)
        return statement_refuse(reading, entry->line, "The entry's payments do not add up to its amount.");
    reading->summary.entries++;
    return seen_add(camt, entry) && (entry->payments > 0 || payment_take(camt, &entry->payment));
}

static bool holder_end(struct camt *camt, enum camt_holder holder, int64_t line)
{
    switch (holder) {
    case CAMT_BALANCE:
        return balance_end(camt);
    case CAMT_ENTRY:
        return entry_end(camt);
    case CAMT_DETAILS:
        return details_end(camt);
    case CAMT_PAYMENT:
        return payment_end(camt, line);
    case CAMT_STATEMENT:
    case CAMT__COUNT:
        break;
    }
    return true;
}

bool camt_end(struct camt *camt, const struct camt_place *place, int64_t line)
{
    if (place->meaning == MEANS_HOLDER)
        return holder_end(camt, place->holder, line);
    if (place->meaning == MEANS_RETURN) {
        camt->payment.comes_back = true;
        return true;
    }
    return statement_refuse(&camt->reading, line, "%s: a text was expected, and it holds elements.", place->path);
}

/* ---- the whole ---- */

static bool total_agrees(struct camt *camt, const char *what, const struct camt_total *said, int64_t count, int64_t sum)
{
    if (said->count >= 0 && said->count != count)
        return statement_refuse(&camt->reading, 0, "It says %lld %s and has %lld.", (long long)said->count, what,
                                (long long)count);
    if (said->has_sum && said->sum.minor != sum)
        return statement_refuse(&camt->reading, 0, "The sum of its %s is %lld minor units, and it says %lld.", what,
                                (long long)sum, (long long)said->sum.minor);
    return true;
}

static bool balances_agree(struct camt *camt)
{
    int64_t expected;

    if (!camt->has_opening || !camt->has_closing)
        return true;
    if (!__builtin_add_overflow(camt->opening.minor, camt->booked.minor, &expected) && expected == camt->closing.minor)
        return true;
    return statement_refuse(&camt->reading, 0,
                            "Its entries do not lead from its opening balance (OPBD) to its closing balance (CLBD).");
}

bool camt_finish(struct camt *camt)
{
    const struct camt_total *credits = &camt->seen_credits, *debits = &camt->seen_debits;
    int64_t all;

    if (camt->statements == 0)
        return statement_refuse(&camt->reading, 0, "It holds no statement (Stmt).");
    if (__builtin_add_overflow(credits->sum.minor, debits->sum.minor, &all))
        return statement_refuse(&camt->reading, 0, "The sum of the entries is too large.");
    return total_agrees(camt, "entries", &camt->all, credits->count + debits->count, all) &&
           total_agrees(camt, "credits", &camt->credits, credits->count, credits->sum.minor) &&
           total_agrees(camt, "debits", &camt->debits, debits->count, debits->sum.minor) && balances_agree(camt) &&
           statement_period(&camt->reading, camt->from, camt->to);
}
