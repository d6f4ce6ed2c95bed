/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "report/exporting.h"

#define PAGE_ARENA_BYTES ((size_t)64 << 20)
#define READ_BYTES 65536

static const char *const format_texts[] = {"none",
                                           [EXPORT_CSV] = "csv",
                                           [EXPORT_XLSX] = "xlsx",
                                           [EXPORT_JSONL] = "jsonl",
                                           [EXPORT_HLEDGER] = "hledger",
                                           [EXPORT_LEDGER] = "ledger",
                                           [EXPORT_BEANCOUNT] = "beancount",
                                           [EXPORT_PDF] = "pdf"};
const struct words export_format_words = {"format", format_texts, EXPORT__COUNT};

static const struct {
    const char *media_type;
    const struct export_writer *writer; /* NULL: of a journal */
} formats[] = {
    [EXPORT_CSV] = {"text/csv; charset=utf-8", &export_csv},
    [EXPORT_XLSX] = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &export_xlsx},
    [EXPORT_JSONL] = {"application/x-ndjson", &export_jsonl},
    [EXPORT_HLEDGER] = {"text/plain; charset=utf-8", NULL},
    [EXPORT_LEDGER] = {"text/plain; charset=utf-8", NULL},
    [EXPORT_BEANCOUNT] = {"text/plain; charset=utf-8", NULL},
    [EXPORT_PDF] = {"application/pdf", NULL},
};

const char *export_format_media_type(enum export_format format)
{
    return formats[format].media_type;
}

bool export_kind_takes(const struct export_kind *kind, enum export_format format)
{
    if (format == EXPORT_PDF)
        return kind->statement;
    return (formats[format].writer == NULL) == kind->journal;
}

bool export_word_ok(const struct export_kind *kind, const char *word)
{
    int value;

    return kind->word != NULL && (kind->words == NULL || word_parse(kind->words, word, &value) ||
                                  (kind->words == &entry_kind_words && strcmp(word, "withdrawal") == 0));
}

/* ---- what writers ask for ---- */

void exporting_bytes(struct exporting *exporting, const char *data, size_t size)
{
    exporting->failed = exporting->failed || fwrite(data, 1, size, exporting->file) != size;
    crypto_hash_sha256_update(&exporting->hash, (const unsigned char *)data, size);
    exporting->result->bytes += (int64_t)size;
}

void exporting_text(struct exporting *exporting, const char *text)
{
    exporting_bytes(exporting, text, strlen(text));
}

enum err exporting_account(struct exporting *exporting, int64_t id, const struct account_known **ret)
{
    struct account_known *known = &exporting->known[((uint64_t)id >> 10 ^ (uint64_t)id) % EXPORT_ACCOUNTS_KEPT];
    struct value arg = value_int("id", id);
    struct rows rows;

    if (known->id != id) {
        TRY(store_select(exporting->terms->store, QUERY_ACCOUNT_BY_ID, &arg, 1, &account_table, &exporting->arena,
                         &rows));
        if (rows.count != 1)
            return ERR_FATAL;
        const struct account *account = rows.items[0];
        known->id = id;
        memcpy(known->ref, account->ref, sizeof known->ref);
        memcpy(known->currency, account->currency, sizeof known->currency);
    }
    *ret = known;
    return ERR_NONE;
}

const char *exporting_id(struct exporting *exporting, const char *prefix, int64_t id)
{
    char *text = id != 0 ? arena_alloc(&exporting->arena, ID_TEXT_BYTES) : NULL;

    if (text != NULL)
        id_format(prefix, id, text);
    return text;
}

void exporting_total(struct exporting *exporting, const char *currency, int64_t amount)
{
    struct export_result *result = exporting->result;
    size_t i = 0;

    while (i < result->totals_count && strcmp(result->totals[i].currency, currency) != 0)
        i++;
    if (i == EXPORT_TOTALS_MAX) {
        exporting->failed = true; /* more currencies than there is room for: no total is better than a wrong one */
        return;
    }
    if (i == result->totals_count)
        snprintf(result->totals[result->totals_count++].currency, CURRENCY_BYTES, "%s", currency);
    result->totals[i].amount = money_add(money_of(result->totals[i].amount), money_of(amount)).minor;
}

enum err exporting_count(struct exporting *exporting)
{
    const struct export_terms *terms = exporting->terms;

    exporting->result->rows++;
    if (terms->progress != NULL)
        atomic_store_explicit(terms->progress, exporting->result->rows, memory_order_relaxed);
    if (terms->stopping != NULL && atomic_load_explicit(terms->stopping, memory_order_relaxed))
        return ERR_RETRY;
    return terms->rows_max > 0 && exporting->result->rows > terms->rows_max ? ERR_REQUEST : ERR_NONE;
}

static bool is_balance(enum ledger ledger)
{
    return ledger == LEDGER_TOPUP || ledger == LEDGER_TRANSFERRED_IN || ledger == LEDGER_ALLOCATED_IN ||
           ledger == LEDGER_OTHER || ledger == LEDGER_HELD;
}

enum err exporting_balance(struct exporting *exporting, int64_t account, struct instant before, struct money *ret)
{
    struct value args[] = {value_int("account", account),
                           instant_is_set(before) ? value_int("to", before.ms) : value_null("to")};
    struct money balance = MONEY_ZERO;
    struct rows sums;

    TRY(store_select(exporting->terms->store, QUERY_EXPORT_BALANCES, args, ARRAY_COUNT(args), &posting_table,
                     &exporting->arena, &sums));
    for (size_t i = 0; i < sums.count; i++) {
        const struct posting *sum = sums.items[i];

        if (is_balance(sum->ledger))
            balance = money_add(balance, sum->amount);
    }
    *ret = balance;
    return ERR_NONE;
}

static struct value or_null(const char *name, int64_t integer)
{
    return integer != 0 ? value_int(name, integer) : value_null(name);
}

enum err exporting_page(struct exporting *exporting, int64_t after, struct rows *ret)
{
    const struct export_ask *ask = exporting->ask;
    struct value args[] = {or_null("account", ask->account), value_text("word", ask->word),
                           or_null("from", ask->from.ms),    or_null("to", ask->to.ms),
                           value_int("after", after),        value_int("limit", EXPORT_PAGE)};

    arena_reset(&exporting->arena);
    return store_select(exporting->terms->store, ask->kind->query, args, ARRAY_COUNT(args), ask->kind->table,
                        &exporting->arena, ret);
}

/* ---- writing ---- */

/* Every table begins with the key that its pages are ordered by. */
static int64_t key_of(const struct table *table, const void *row)
{
    return *(const int64_t *)((const char *)row + table->columns[0].offset);
}

static void totals_add(struct exporting *exporting, const struct export_cell *cells)
{
    const struct export_kind *kind = exporting->ask->kind;

    for (size_t i = 0; i < kind->columns_count; i++)
        if (kind->columns[i].total && !cells[i].none)
            exporting_total(exporting, exporting->currency, cells[i].number);
}

static enum err row_write(struct exporting *exporting, const struct export_writer *writer, const void *row)
{
    struct export_cell cells[EXPORT_COLUMNS_MAX] = {0};

    TRY(exporting_count(exporting));
    TRY(exporting->ask->kind->cells(exporting, row, cells));
    totals_add(exporting, cells);
    TRY(writer->row(exporting, cells));
    return exporting->failed ? ERR_RETRY : ERR_NONE;
}

/* What stood before the first row and after the last one. */
static enum err balances_say(struct exporting *exporting)
{
    const struct export_ask *ask = exporting->ask;
    struct export_result *result = exporting->result;

    if (!ask->kind->statement || ask->account == 0)
        return ERR_NONE;
    if (instant_is_set(ask->from))
        TRY(exporting_balance(exporting, ask->account, ask->from, &result->opening));
    result->closing = exporting->opened ? exporting->balance : result->opening;
    return ERR_NONE;
}

static enum err rows_write(struct exporting *exporting, const struct export_writer *writer)
{
    const struct export_kind *kind = exporting->ask->kind;
    struct rows rows;

    TRY(writer->begin(exporting));
    for (int64_t after = 0;;) {
        TRY(exporting_page(exporting, after, &rows));
        for (size_t i = 0; i < rows.count; i++)
            TRY(row_write(exporting, writer, rows.items[i]));
        if (rows.count < EXPORT_PAGE)
            break;
        after = key_of(kind->table, rows.items[rows.count - 1]);
    }
    TRY(balances_say(exporting));
    return writer->end != NULL ? writer->end(exporting) : ERR_NONE;
}

/* Of a file that a library wrote. */
static enum err file_measure(struct exporting *exporting)
{
    FILE *file = fopen(exporting->terms->path, "re");
    char room[READ_BYTES];
    size_t size;

    if (file == NULL)
        return ERR_RETRY;
    while ((size = fread(room, 1, sizeof room, file)) > 0) {
        crypto_hash_sha256_update(&exporting->hash, (const unsigned char *)room, size);
        exporting->result->bytes += (int64_t)size;
    }
    bool read = ferror(file) == 0;

    fclose(file);
    return read ? ERR_NONE : ERR_RETRY;
}

static enum err text_write(struct exporting *exporting, const struct export_writer *writer)
{
    enum err err;

    exporting->file = fopen(exporting->terms->path, "wxe");
    if (exporting->file == NULL)
        return ERR_RETRY;
    err = writer != NULL ? rows_write(exporting, writer) : export_journal(exporting);
    if (fclose(exporting->file) != 0 || exporting->failed)
        err = err == ERR_NONE ? ERR_RETRY : err;
    return err;
}

static enum err file_write(struct exporting *exporting, const struct export_writer *writer)
{
    enum err err;

    if (writer == NULL || !writer->binary)
        return text_write(exporting, writer);
    err = rows_write(exporting, writer);
    writer->close(exporting);
    return err == ERR_NONE ? file_measure(exporting) : err;
}

enum err export_run(const struct export_ask *ask, const struct export_terms *terms, struct export_result *ret,
                    char ret_reason[256])
{
    static const char no_reason[] = "";
    struct exporting exporting = {.ask = ask, .terms = terms, .result = ret, .currency = no_reason};
    enum err err;

    *ret = (struct export_result){0};
    errno = 0;
    crypto_hash_sha256_init(&exporting.hash);
    arena_init(&exporting.arena, PAGE_ARENA_BYTES);
    err = file_write(&exporting, formats[ask->format].writer);
    arena_fini(&exporting.arena);
    crypto_hash_sha256_final(&exporting.hash, ret->sha256);
    if (err != ERR_NONE)
        snprintf(ret_reason, 256, "%.200s %s", store_reason(terms->store), errno != 0 ? strerror(errno) : "");
    return err;
}
