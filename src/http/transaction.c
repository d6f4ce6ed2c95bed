/* SPDX-License-Identifier: Apache-2.0 */
/* The billing details: an account's ledger entries, where money that left reads as type "withdrawal" (AL-17). */
#include "http/transaction.h"

#include <string.h>

#include "http/answers.h"

#define TYPE_WITHDRAWAL "withdrawal"

static bool is_withdrawal(enum entry_kind kind)
{
    return kind == ENTRY_SETTLE || kind == ENTRY_RETURN;
}

/* A parcel's money names its parcel, everything else its top-up. */
static const char *source_prefix(enum ledger ledger)
{
    if (ledger == LEDGER_TRANSIT || ledger == LEDGER_TRANSFERRED_IN)
        return "tr";
    return ledger == LEDGER_ALLOCATED_IN ? "al" : "tu";
}

static enum err postings_write(struct request *request, struct store *store, int64_t entry, struct out *out)
{
    struct value arg = value_int("entry", entry);
    struct rows rows;

    TRY(store_select(store, QUERY_POSTINGS_BY_ENTRY, &arg, 1, &posting_table, &request->arena, &rows));
    out_array(out, "postings");
    for (size_t i = 0; i < rows.count; i++) {
        const struct posting *posting = rows.items[i];
        out_object(out, NULL);
        out_string(out, "ledger", word_text(&ledger_words, (int)posting->ledger));
        if (posting->channel[0] != '\0')
            out_string(out, "channel", posting->channel);
        out_money(out, "amount", posting->amount);
        out_id(out, "source", source_prefix(posting->ledger), posting->source);
        out_object_end(out);
    }
    out_array_end(out);
    return ERR_NONE;
}

enum err transaction_write(struct request *request, struct store *store, const struct entry *entry, struct out *out)
{
    const char *kind = word_text(&entry_kind_words, (int)entry->kind);

    out_object(out, NULL);
    out_id(out, "id", "en", entry->id);
    out_string(out, "type", is_withdrawal(entry->kind) ? TYPE_WITHDRAWAL : kind);
    out_string(out, "kind", kind);
    out_money(out, "amount", entry->amount);
    out_string(out, "currency", entry->currency);
    out_instant(out, "at", entry->at);
    out_id(out, "withdrawal", "wd", entry->withdrawal);
    out_id(out, "object", view_object_prefix(entry->kind), entry->object);
    TRY(postings_write(request, store, entry->id, out));
    out_object_end(out);
    return ERR_NONE;
}

static bool type_ok(struct request *request)
{
    const char *type = request->parameters.type;
    struct field_problems problems = {0};
    int kind;

    if (type == NULL || strcmp(type, TYPE_WITHDRAWAL) == 0 || word_parse(&entry_kind_words, type, &kind))
        return true;
    field_problem_add(&problems, "type", "out_of_range", "expected withdrawal or a kind of entry");
    request_malformed(request, &problems);
    return false;
}

static enum err transactions(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    bool withdrawals = asked->type != NULL && strcmp(asked->type, TYPE_WITHDRAWAL) == 0;
    struct account *account;
    struct rows rows;
    size_t shown;

    TRY(request_account(request, store, request->match.account, &account));
    if (account == NULL || !type_ok(request))
        return ERR_NONE;
    struct value args[] = {value_int("account", account->id),     value_int_or_null("from", asked->from.ms),
                           value_int_or_null("to", asked->to.ms), value_int_or_null("before", asked->cursor),
                           value_int("limit", asked->limit + 1),  value_text("kind", asked->type)};
    TRY(store_select(store, withdrawals ? QUERY_TRANSACTIONS_OF_WITHDRAWALS : QUERY_TRANSACTIONS_LIST, args,
                     withdrawals ? 5 : 6, &entry_table, &request->arena, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++)
        TRY(transaction_write(request, store, rows.items[i], out));
    request_list_end(out, shown < rows.count ? ((const struct entry *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void account_transactions(struct request *request)
{
    request_read(request, transactions);
}
