/* SPDX-License-Identifier: Apache-2.0 */
/* What can be exported, and what its columns say. Personal data is in none of them. */
#include <string.h>

#include "report/exporting.h"
#include "view/view.h"

#define TEXT(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_OF_TEXT, false                                                                                    \
    }
#define AMOUNT(name)                                                                                                   \
    {                                                                                                                  \
        name, COLUMN_OF_AMOUNT, false                                                                                  \
    }
#define TOTAL(name)                                                                                                    \
    {                                                                                                                  \
        name, COLUMN_OF_AMOUNT, true                                                                                   \
    }
#define TIME(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_OF_TIME, false                                                                                    \
    }
#define NUMBER(name)                                                                                                   \
    {                                                                                                                  \
        name, COLUMN_OF_NUMBER, false                                                                                  \
    }
#define BOOL(name)                                                                                                     \
    {                                                                                                                  \
        name, COLUMN_OF_BOOL, false                                                                                    \
    }

static struct export_cell text(const char *value)
{
    return (struct export_cell){.text = value, .none = value == NULL || value[0] == '\0'};
}

static struct export_cell word(const struct words *words, int value)
{
    return text(value != 0 ? word_text(words, value) : NULL);
}

static struct export_cell amount(struct money value)
{
    return (struct export_cell){.number = value.minor};
}

static struct export_cell moment(struct instant value)
{
    return (struct export_cell){.number = value.ms, .none = !instant_is_set(value)};
}

static struct export_cell number(int64_t value)
{
    return (struct export_cell){.number = value};
}

static enum err cells_copy(struct export_cell *ret, const struct export_cell *cells, size_t count)
{
    memcpy(ret, cells, count * sizeof *cells);
    return ERR_NONE;
}

/* ---- withdrawals ---- */

static const struct export_column withdrawal_columns[] = {
    TEXT("id"),          TEXT("account"),      TOTAL("amount"),        TEXT("currency"),     TEXT("route"),
    TEXT("status"),      TEXT("label"),        TIME("created_at"),     TIME("confirmed_at"), TIME("decided_at"),
    TIME("finished_at"), TEXT("failure_code"), TEXT("failure_detail"), TEXT("policy"),
};

static enum err withdrawal_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct withdrawal *w = row;
    const struct policy *policy = e->terms->policy(e->terms->context, w->policy, w->policy_version);
    const struct account_known *account;

    TRY(exporting_account(e, w->account, &account));
    e->currency = w->currency;
    const struct export_cell cells[] = {
        text(exporting_id(e, "wd", w->id)),
        text(account->ref),
        amount(w->amount),
        text(w->currency),
        word(&route_words, (int)w->route),
        word(&withdrawal_status_words, (int)w->status),
        text(policy != NULL ? policy_label(policy, w->status, false) : NULL),
        moment(w->created_at),
        moment(w->confirmed_at),
        moment(w->decided_at),
        moment(w->finished_at),
        text(w->failure_code),
        text(w->failure_detail),
        text(w->policy),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

/* ---- legs ---- */

static const struct export_column leg_columns[] = {
    TEXT("id"),           TEXT("withdrawal"),     TEXT("account"), NUMBER("number"),   TEXT("route"),
    TEXT("channel"),      TOTAL("amount"),        AMOUNT("fee"),   TEXT("currency"),   TEXT("status"),
    TEXT("reference"),    TIME("arrives_by"),     TIME("paid_at"), TIME("arrived_at"), TIME("returned_at"),
    TEXT("failure_code"), TEXT("failure_detail"),
};

static enum err leg_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct leg *leg = row;
    const struct account_known *account;

    TRY(exporting_account(e, leg->account, &account));
    e->currency = account->currency;
    const struct export_cell cells[] = {
        text(exporting_id(e, "leg", leg->id)),
        text(exporting_id(e, "wd", leg->withdrawal)),
        text(account->ref),
        number(leg->number),
        word(&route_words, (int)leg->route),
        text(leg->channel),
        amount(leg->amount),
        amount(leg->fee),
        text(account->currency),
        word(&leg_status_words, (int)leg->status),
        text(leg->reference),
        moment(leg->arrives_by),
        moment(leg->paid_at),
        moment(leg->arrived_at),
        moment(leg->returned_at),
        text(leg->failure_code),
        text(leg->failure_detail),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

/* ---- the billing details ---- */

#define ENTRY(name, kind, words)                                                                                       \
    {                                                                                                                  \
#name, kind, offsetof(struct entry_line, entry.name), sizeof(((struct entry *)0)->name), words                 \
    }
static const struct column entry_line_columns[] = {
    ENTRY(id, COLUMN_ID, NULL),
    ENTRY(account, COLUMN_ID, NULL),
    ENTRY(kind, COLUMN_WORD, &entry_kind_words),
    ENTRY(currency, COLUMN_TEXT, NULL),
    ENTRY(object, COLUMN_ID, NULL),
    ENTRY(withdrawal, COLUMN_ID, NULL),
    ENTRY(amount, COLUMN_MONEY, NULL),
    ENTRY(at, COLUMN_INSTANT, NULL),
    {"change", COLUMN_MONEY, offsetof(struct entry_line, change), sizeof(struct money), NULL},
};
const struct table entry_line_table = {"entry_line", sizeof(struct entry_line), entry_line_columns,
                                       ARRAY_COUNT(entry_line_columns)};

static const struct export_column entry_columns[] = {
    TIME("at"),     TEXT("id"),         TEXT("type"),    TEXT("kind"),     TOTAL("amount"),   TEXT("currency"),
    TEXT("object"), TEXT("withdrawal"), TEXT("account"), AMOUNT("change"), AMOUNT("balance"),
};

/* Every movement of one account: then a balance can be carried along. */
static bool carries_balance(const struct exporting *e)
{
    return e->ask->account != 0 && e->ask->word == NULL;
}

static enum err balance_carry(struct exporting *e, struct money change)
{
    if (!carries_balance(e))
        return ERR_NONE;
    if (!e->opened && instant_is_set(e->ask->from))
        TRY(exporting_balance(e, e->ask->account, e->ask->from, &e->balance));
    e->opened = true;
    e->balance = money_add(e->balance, change);
    return ERR_NONE;
}

static enum err entry_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct entry_line *line = row;
    const struct entry *entry = &line->entry;
    const struct account_known *account;
    bool withdrawal = entry->kind == ENTRY_SETTLE || entry->kind == ENTRY_RETURN;

    TRY(exporting_account(e, entry->account, &account));
    TRY(balance_carry(e, line->change));
    e->currency = entry->currency;
    const struct export_cell cells[] = {
        moment(entry->at),
        text(exporting_id(e, "en", entry->id)),
        withdrawal ? text("withdrawal") : word(&entry_kind_words, (int)entry->kind),
        word(&entry_kind_words, (int)entry->kind),
        amount(entry->amount),
        text(entry->currency),
        text(exporting_id(e, view_object_prefix(entry->kind), entry->object)),
        text(exporting_id(e, "wd", entry->withdrawal)),
        text(account->ref),
        amount(line->change),
        {.number = e->balance.minor, .none = !carries_balance(e)},
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

/* ---- top-ups ---- */

static const struct export_column topup_columns[] = {
    TEXT("id"),      TEXT("account"),     TEXT("ref"),    TEXT("method"),     TEXT("bank"),     TEXT("payer_kind"),
    TOTAL("amount"), AMOUNT("remaining"), AMOUNT("held"), AMOUNT("refunded"), TEXT("currency"), TIME("paid_at"),
    TEXT("channel"), TEXT("channel_ref"), BOOL("bonus"),  BOOL("arbitrage"),
};

static enum err topup_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct topup *topup = row;
    const struct account_known *account;

    TRY(exporting_account(e, topup->account, &account));
    e->currency = account->currency;
    const struct export_cell cells[] = {
        text(exporting_id(e, "tu", topup->id)),
        text(account->ref),
        text(topup->ref),
        word(&method_words, (int)topup->method),
        text(topup->bank),
        word(&payer_kind_words, (int)topup->payer_kind),
        amount(topup->amount),
        amount(topup->remaining),
        amount(topup->held),
        amount(topup->refunded),
        text(account->currency),
        moment(topup->paid_at),
        text(topup->channel),
        text(topup->channel_ref),
        number(topup->bonus),
        number(topup->arbitrage),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

/* ---- accounts ---- */

static const struct export_column account_columns[] = {
    TEXT("account"),          TEXT("policy"),         TEXT("currency"), TEXT("state"),
    BOOL("verified"),         TOTAL("cash"),          AMOUNT("held"),   AMOUNT("topup"),
    AMOUNT("transferred_in"), AMOUNT("allocated_in"), AMOUNT("other"),  AMOUNT("voucher"),
    TEXT("master"),           TIME("created_at"),
};

static enum err account_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct account *a = row;
    struct money cash = money_add(money_add(a->topup, a->transferred_in), money_add(a->allocated_in, a->other));

    e->currency = a->currency;
    const struct export_cell cells[] = {
        text(a->ref),
        text(a->policy),
        text(a->currency),
        word(&account_state_words, (int)a->state),
        number(a->verified),
        amount(cash),
        amount(money_add(a->topup_held, a->other_held)),
        amount(a->topup),
        amount(a->transferred_in),
        amount(a->allocated_in),
        amount(a->other),
        amount(a->voucher),
        text(a->master),
        moment(a->created_at),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

/* ---- what happened ---- */

static const struct export_column event_columns[] = {
    TEXT("id"), TIME("at"), TEXT("account"), TEXT("type"), TEXT("object"), TEXT("data"),
};

static enum err event_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct event *event = row;
    const struct account_known *account;

    TRY(exporting_account(e, event->account, &account));
    const struct export_cell cells[] = {
        text(exporting_id(e, "ev", event->id)),
        moment(event->at),
        text(account->ref),
        text(event->type),
        text(exporting_id(e, view_event_prefix(event->type), event->object)),
        text(event->data),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

static const struct export_column audit_columns[] = {
    NUMBER("seq"),   TIME("at"),     TEXT("principal"), TEXT("command"),
    TEXT("account"), TEXT("object"), TEXT("body"),      TEXT("hash"),
};

static enum err audit_cells(struct exporting *e, const void *row, struct export_cell *ret)
{
    const struct audit_row *audit = row;
    char *hash = arena_alloc(&e->arena, 2 * HASH_BYTES + 1);

    if (hash == NULL)
        return ERR_RETRY;
    hash_hex(audit->hash, sizeof audit->hash, hash);
    const struct export_cell cells[] = {
        number(audit->seq),
        moment(audit->at),
        text(audit->principal),
        text(audit->command),
        text(exporting_id(e, "ac", audit->account)),
        text(exporting_id(e, "ob", audit->object)),
        text(audit->body),
        text(hash),
    };
    return cells_copy(ret, cells, ARRAY_COUNT(cells));
}

#define OF(query, table, columns, cells) query, &table, columns, ARRAY_COUNT(columns), cells
static const struct export_kind kinds[] = {
    {"withdrawals", "status", &withdrawal_status_words, false, false,
     OF(QUERY_EXPORT_WITHDRAWALS, withdrawal_table, withdrawal_columns, withdrawal_cells)},
    {"transactions", "type", &entry_kind_words, false, true,
     OF(QUERY_EXPORT_ENTRIES, entry_line_table, entry_columns, entry_cells)},
    {"topups", "type", &method_words, false, false, OF(QUERY_EXPORT_TOPUPS, topup_table, topup_columns, topup_cells)},
    {"legs", "status", &leg_status_words, false, false, OF(QUERY_EXPORT_LEGS, leg_table, leg_columns, leg_cells)},
    {"accounts", "status", &account_state_words, false, false,
     OF(QUERY_EXPORT_ACCOUNTS, account_table, account_columns, account_cells)},
    {"events", "type", NULL, false, false, OF(QUERY_EXPORT_EVENTS, event_table, event_columns, event_cells)},
    {"audit", "type", NULL, false, false, OF(QUERY_EXPORT_AUDIT, audit_table, audit_columns, audit_cells)},
    {"journal", NULL, NULL, true, false, QUERY_EXPORT_ENTRIES, &entry_line_table, NULL, 0, NULL},
};

const struct export_kind *export_kind_at(size_t number_)
{
    return number_ < ARRAY_COUNT(kinds) ? &kinds[number_] : NULL;
}

const struct export_kind *export_kind_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}
