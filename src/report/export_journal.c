/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger as plain-text accounting reads it: hledger, ledger, beancount. What the books owe a customer is positive
 * in them and a liability here, so every amount changes its sign. After the transactions stand assertions, of sums that
 * the database made and not of what was written: each of the three programs adds up for itself and compares. A journal
 * of a period begins with what stood before. */
#include <string.h>

#include "report/exporting.h"

#define HOUSE_MAX 256
#define NAME_BYTES 320
#define ACCOUNTS_PAGE 200

/* The operator's side of all customers. */
struct house {
    struct {
        enum ledger ledger;
        char channel[CHANNEL_NAME_BYTES], currency[CURRENCY_BYTES];
        int64_t amount;
    } items[HOUSE_MAX];
    size_t count;
};

struct journal {
    struct out out; /* of one transaction */
    struct house house;
    int64_t first_day, last_day; /* of what was written; 0: nothing yet */
    bool asserted;               /* its assertions have begun */
};

static const struct {
    const char *name;
    bool customer;
} ledgers[LEDGER__COUNT] = {
    [LEDGER_TOPUP] = {"Topup-充值", true},
    [LEDGER_TRANSFERRED_IN] = {"TransferredIn-转入", true},
    [LEDGER_ALLOCATED_IN] = {"AllocatedIn-划拨", true},
    [LEDGER_OTHER] = {"Other-其他", true},
    [LEDGER_VOUCHER] = {"Voucher-代金券", true},
    [LEDGER_HELD] = {"Held-冻结", true},
    [LEDGER_CHANNEL] = {"Assets:Channels-渠道", false},
    [LEDGER_REVENUE] = {"Income:Revenue-消费", false},
    [LEDGER_SUSPENSE] = {"Assets:Suspense-暂记", false},
    [LEDGER_BONUS] = {"Expenses:Bonus-赠送", false},
    [LEDGER_TRANSIT] = {"Assets:Transit-在途", false},
};
static const struct {
    const char *channel, *name;
} channels[] = {{"alipay", "Alipay-支付宝"},
                {"wechatpay", "WeChatPay-微信支付"},
                {"wechat", "WeChatPay-微信支付"},
                {"unionpay", "UnionPay-银联"},
                {"bankfile", "Bank-银行"}};

/* ---- names ---- */

/* A part of a name in all three begins with a capital Latin letter; what Chinese adds stands behind it. Of a ref:
 * letters, digits and hyphens; what else a ref may hold is said by its code after a hyphen, and a hyphen by two: two
 * refs never have one name. */
static void part_write(struct out *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            out_bytes(out, text, 1);
        else if (c == '-')
            out_text(out, "--");
        else
            out_format(out, "-%02X", c);
    }
}

static void channel_write(struct out *out, const char *channel)
{
    for (size_t i = 0; i < ARRAY_COUNT(channels); i++)
        if (strcmp(channels[i].channel, channel) == 0) {
            out_text(out, channels[i].name);
            return;
        }
    out_text(out, "Other-其他-");
    part_write(out, channel);
}

static void name_write(struct out *out, const char *ref, enum ledger ledger, const char *channel)
{
    if (ledgers[ledger].customer) {
        out_text(out, "Liabilities:Customers-客户:C-");
        part_write(out, ref);
        out_text(out, ":");
    }
    out_text(out, ledgers[ledger].name);
    if (ledger == LEDGER_CHANNEL) {
        out_text(out, ":");
        channel_write(out, channel);
    }
}

static void amount_write(struct out *out, int64_t minor, const char *currency)
{
    char text[MONEY_TEXT_BYTES];

    money_format(money_of(minor), currency, text);
    out_format(out, "%s %s", text, currency);
}

static void date_write(struct out *out, int64_t day)
{
    char text[INSTANT_TEXT_BYTES];

    instant_format_date(instant_of_days(day, 0), text);
    out_text(out, text);
}

static bool is_beancount(const struct exporting *e)
{
    return e->ask->format == EXPORT_BEANCOUNT;
}

static enum err flush(struct exporting *e)
{
    struct journal *journal = e->own;

    if (journal->out.failed)
        return ERR_RETRY;
    exporting_bytes(e, journal->out.data, journal->out.size);
    out_reset(&journal->out);
    return e->failed ? ERR_RETRY : ERR_NONE;
}

/* ---- transactions ---- */

static void head_write(struct exporting *e, int64_t day, const char *what, const char *id, const char *withdrawal)
{
    struct journal *journal = e->own;

    journal->first_day = journal->first_day == 0 || day < journal->first_day ? day : journal->first_day;
    journal->last_day = day > journal->last_day ? day : journal->last_day;
    date_write(&journal->out, day);
    if (is_beancount(e))
        out_format(&journal->out, " * \"%s\" \"%s\"%s%s\n", what, id, withdrawal[0] != '\0' ? " ^" : "", withdrawal);
    else
        out_format(&journal->out, " * %s  ; %s %s\n", what, id, withdrawal);
}

static void posting_write(struct exporting *e, const char *ref, enum ledger ledger, const char *channel, int64_t amount,
                          const char *currency)
{
    struct journal *journal = e->own;

    out_text(&journal->out, "    ");
    name_write(&journal->out, ref, ledger, channel);
    out_text(&journal->out, "  ");
    amount_write(&journal->out, -amount, currency);
    out_text(&journal->out, "\n");
}

/* `at` goes on through the page's postings, which stand in the order of its entries. */
static enum err entry_write(struct exporting *e, const struct entry *entry, const struct rows *postings, size_t *at)
{
    struct journal *journal = e->own;
    const struct account_known *account;
    char withdrawal[ID_TEXT_BYTES] = "", id[ID_TEXT_BYTES];
    size_t first = *at;

    TRY(exporting_count(e));
    TRY(exporting_account(e, entry->account, &account));
    exporting_total(e, entry->currency, entry->amount.minor);
    id_format("en", entry->id, id);
    if (entry->withdrawal != 0)
        id_format("wd", entry->withdrawal, withdrawal);
    for (; *at < postings->count; (*at)++) {
        const struct posting *posting = postings->items[*at];

        if (posting->entry != entry->id)
            break;
        if (*at == first)
            head_write(e, instant_days(entry->at), word_text(&entry_kind_words, (int)entry->kind), id, withdrawal);
        posting_write(e, account->ref, posting->ledger, posting->channel, posting->amount.minor, entry->currency);
    }
    if (*at > first)
        out_text(&journal->out, "\n");
    return flush(e);
}

static enum err page_write(struct exporting *e, int64_t after, const struct rows *entries)
{
    int64_t last = ((const struct entry_line *)entries->items[entries->count - 1])->entry.id;
    struct value args[] = {e->ask->account != 0 ? value_int("account", e->ask->account) : value_null("account"),
                           value_int("after", after), value_int("last", last)};
    struct rows postings;
    size_t at = 0;

    TRY(store_select(e->terms->store, QUERY_EXPORT_POSTINGS, args, ARRAY_COUNT(args), &posting_table, &e->arena,
                     &postings));
    for (size_t i = 0; i < entries->count; i++) {
        int64_t id = ((const struct entry_line *)entries->items[i])->entry.id;

        while (at < postings.count && ((const struct posting *)postings.items[at])->entry < id)
            at++; /* of entries outside the period */
        TRY(entry_write(e, &((const struct entry_line *)entries->items[i])->entry, &postings, &at));
    }
    return ERR_NONE;
}

static enum err entries_write(struct exporting *e)
{
    struct rows entries;

    for (int64_t after = 0;;) {
        TRY(exporting_page(e, after, &entries));
        if (entries.count == 0)
            return ERR_NONE;
        TRY(page_write(e, after, &entries));
        after = ((const struct entry_line *)entries.items[entries.count - 1])->entry.id;
    }
}

/* ---- what stood before, and what stands at the end ---- */

static enum err house_add(struct exporting *e, const struct posting *sum, const char *currency)
{
    struct house *house = &((struct journal *)e->own)->house;
    size_t i = 0;

    while (i < house->count &&
           (house->items[i].ledger != sum->ledger || strcmp(house->items[i].channel, sum->channel) != 0 ||
            strcmp(house->items[i].currency, currency) != 0))
        i++;
    if (i == HOUSE_MAX)
        return ERR_FATAL;
    if (i == house->count) {
        house->count++;
        house->items[i].ledger = sum->ledger;
        memcpy(house->items[i].channel, sum->channel, sizeof house->items[i].channel);
        snprintf(house->items[i].currency, CURRENCY_BYTES, "%s", currency);
    }
    house->items[i].amount = money_add(money_of(house->items[i].amount), sum->amount).minor;
    return ERR_NONE;
}

static void assertion_write(struct exporting *e, const char *ref, enum ledger ledger, const char *channel,
                            int64_t amount, const char *currency)
{
    struct journal *journal = e->own;
    struct out *out = &journal->out;

    if (is_beancount(e)) {
        date_write(out, journal->first_day);
        out_text(out, " open ");
        name_write(out, ref, ledger, channel);
        out_format(out, " %s\n", currency);
        date_write(out, journal->last_day + 1);
        out_text(out, " balance ");
    } else {
        if (!journal->asserted)
            head_write(e, journal->last_day, "balances", "control", "");
        journal->asserted = true;
        out_text(out, "    ");
    }
    name_write(out, ref, ledger, channel);
    out_text(out, "  ");
    if (!is_beancount(e))
        out_format(out, "0 %s = ", currency);
    amount_write(out, -amount, currency);
    out_text(out, "\n");
}

static enum err balances_read(struct exporting *e, const struct account *account, struct instant before,
                              struct rows *ret)
{
    struct value args[] = {value_int("account", account->id),
                           instant_is_set(before) ? value_int("to", before.ms) : value_null("to")};

    return store_select(e->terms->store, QUERY_EXPORT_BALANCES, args, ARRAY_COUNT(args), &posting_table, &e->arena,
                        ret);
}

static enum err opening_write(struct exporting *e, const struct account *account)
{
    struct journal *journal = e->own;
    struct rows sums;
    bool begun = false;

    TRY(balances_read(e, account, e->ask->from, &sums));
    for (size_t i = 0; i < sums.count; i++) {
        const struct posting *sum = sums.items[i];

        if (money_is_zero(sum->amount))
            continue;
        if (!begun)
            head_write(e, instant_days(e->ask->from), "opening", account->ref, "");
        begun = true;
        posting_write(e, account->ref, sum->ledger, sum->channel, sum->amount.minor, account->currency);
    }
    if (begun)
        out_text(&journal->out, "\n");
    return flush(e);
}

static enum err closing_write(struct exporting *e, const struct account *account)
{
    struct rows sums;

    TRY(balances_read(e, account, e->ask->to, &sums));
    for (size_t i = 0; i < sums.count; i++) {
        const struct posting *sum = sums.items[i];

        if (ledgers[sum->ledger].customer)
            assertion_write(e, account->ref, sum->ledger, sum->channel, sum->amount.minor, account->currency);
        else
            TRY(house_add(e, sum, account->currency));
    }
    return flush(e);
}

static enum err accounts_each(struct exporting *e, enum err (*each)(struct exporting *e, const struct account *account))
{
    struct rows accounts;

    for (int64_t after = 0;;) {
        struct value args[] = {value_int("after", after), value_int("limit", ACCOUNTS_PAGE)};
        struct value one = value_int("id", e->ask->account);

        arena_reset(&e->arena);
        if (e->ask->account != 0)
            TRY(store_select(e->terms->store, QUERY_ACCOUNT_BY_ID, &one, 1, &account_table, &e->arena, &accounts));
        else
            TRY(store_select(e->terms->store, QUERY_ACCOUNTS_LIST, args, ARRAY_COUNT(args), &account_table, &e->arena,
                             &accounts));
        for (size_t i = 0; i < accounts.count; i++)
            TRY(each(e, accounts.items[i]));
        if (accounts.count < ACCOUNTS_PAGE)
            return ERR_NONE;
        after = ((const struct account *)accounts.items[accounts.count - 1])->id;
    }
}

static enum err house_write(struct exporting *e)
{
    const struct house *house = &((struct journal *)e->own)->house;

    for (size_t i = 0; i < house->count; i++)
        assertion_write(e, "", house->items[i].ledger, house->items[i].channel, house->items[i].amount,
                        house->items[i].currency);
    return flush(e);
}

static void note_write(struct exporting *e)
{
    char at[INSTANT_TEXT_BYTES];
    struct journal *journal = e->own;

    instant_format(e->terms->at, at);
    out_format(&journal->out, "; Ebb, made at %s\n", at);
    if (is_beancount(e))
        out_text(&journal->out, "option \"title\" \"Ebb\"\n");
    out_text(&journal->out, "\n");
}

enum err export_journal(struct exporting *e)
{
    struct journal journal = {0};
    enum err err = ERR_NONE;

    out_init(&journal.out);
    e->own = &journal;
    note_write(e);
    if (instant_is_set(e->ask->from))
        err = accounts_each(e, opening_write);
    if (err == ERR_NONE)
        err = entries_write(e);
    if (err == ERR_NONE)
        err = accounts_each(e, closing_write);
    if (err == ERR_NONE)
        err = house_write(e);
    out_fini(&journal.out);
    return err;
}
