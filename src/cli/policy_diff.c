/* SPDX-License-Identifier: Apache-2.0 */
/* ebb policy diff: what would change for the real accounts of a database if another policy ruled them. Reads only. */
#include "cli/cli.h"
#include "cli/policy.h"
#include "cli/sheet.h"
#include "domain/quote.h"
#include "engine/world.h"
#include "store/store.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "ebb policy diff"
#define DIFF_ARENA_BYTES ((size_t)256 << 20)
#define POLICY_ARENA_BYTES ((size_t)1024 * 1024)
#define PAGE_ACCOUNTS 500

enum { OPTION_DATA = 0x700, OPTION_STORE, OPTION_ALL, OPTION_JSON, OPTION_AT };

struct diff_options {
    const char *which[2];
    size_t which_count;
    const char *place; /* a directory or a URL */
    bool all, json;
    struct instant at;
};

struct diff {
    const struct diff_options *options;
    const struct policy *policies; /* two */
    struct store *store;
    struct arena *arena;
    struct sheet sheet;
    int64_t accounts, changed;
    struct money sums[2];
};

static error_t diff_option(int key, char *value, struct argp_state *state)
{
    struct diff_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
    case OPTION_STORE:
        options->place = value;
        return 0;
    case OPTION_ALL:
        options->all = true;
        return 0;
    case OPTION_JSON:
        options->json = true;
        return 0;
    case OPTION_AT:
        if (!instant_parse(value, &options->at))
            argp_error(state, "--at is a moment like 2026-11-20T10:00:00+08:00");
        return 0;
    case ARGP_KEY_ARG:
        if (options->which_count == 2)
            argp_error(state, "two policies at a time");
        options->which[options->which_count++] = value;
        return 0;
    case ARGP_KEY_END:
        if (options->which_count != 2)
            argp_error(state, "two policies are needed: the one that rules, and the one that might");
        if (options->place == NULL)
            argp_error(state, "--data DIR or --store URL is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option diff_option_table[] = {
    {"data", OPTION_DATA, "DIR", 0, "Where the database lives; a server may be running on it", 0},
    {"store", OPTION_STORE, "URL", 0, "postgresql://… of the database instead", 0},
    {"all", OPTION_ALL, NULL, 0, "All accounts, not only those that policy A rules today", 0},
    {"at", OPTION_AT, "MOMENT", 0, "As of this moment (default: now)", 0},
    {"json", OPTION_JSON, NULL, 0, "One JSON object a changed account, for programs", 0},
    {0},
};

static enum err quote_account(struct diff *diff, const struct account *account, struct quote quotes[2])
{
    struct rows rows = {0};

    TRY(store_select(diff->store, QUERY_TOPUPS_LIVE, (struct value[]){value_int("account", account->id)}, 1,
                     &topup_table, diff->arena, &rows));
    for (int i = 0; i < 2; i++) {
        struct quote_input input = {&diff->policies[i], diff->options->at, account, (struct topup **)rows.items,
                                    rows.count};
        struct quote_topup *topups = arena_alloc(diff->arena, (rows.count + 1) * sizeof *topups);

        if (topups == NULL)
            return ERR_RETRY;
        quote_make(&input, topups, &quotes[i]);
    }
    return ERR_NONE;
}

/* Why the second figure is what it is: its refusal, or the largest thing that it holds back. */
static const char *reason_of(const struct quote *quote)
{
    const struct quote_item *largest = NULL;

    if (quote->refusals_count > 0)
        return word_text(&refusal_words, (int)quote->refusals[0].code);
    for (size_t i = 0; i < quote->items_count; i++)
        if (largest == NULL || money_compare(quote->items[i].amount, largest->amount) > 0)
            largest = &quote->items[i];
    return largest != NULL ? word_text(&item_words, (int)largest->code) : "";
}

static void print_json(const struct account *account, const struct quote quotes[2])
{
    SCOPED(out_fini) struct out out;

    out_init(&out);
    out_object(&out, NULL);
    out_string(&out, "account", account->ref);
    out_string(&out, "currency", account->currency);
    out_money(&out, "before", quotes[0].withdrawable);
    out_money(&out, "after", quotes[1].withdrawable);
    out_string(&out, "reason", reason_of(&quotes[1]));
    out_object_end(&out);
    cli_print_json(&out, false, stdout);
}

static bool tell_account(struct diff *diff, const struct account *account, const struct quote quotes[2])
{
    char before[MONEY_TEXT_BYTES], after[MONEY_TEXT_BYTES], change[MONEY_TEXT_BYTES];
    struct money difference = money_sub(quotes[1].withdrawable, quotes[0].withdrawable);

    diff->accounts++;
    for (int i = 0; i < 2; i++)
        diff->sums[i] = money_add(diff->sums[i], quotes[i].withdrawable);
    if (money_is_zero(difference))
        return true;
    diff->changed++;
    if (diff->options->json) {
        print_json(account, quotes);
        return true;
    }
    money_format(quotes[0].withdrawable, account->currency, before);
    money_format(quotes[1].withdrawable, account->currency, after);
    money_format(difference, account->currency, change);
    return sheet_add(&diff->sheet, (const char *const[]){account->ref, before, after, change, reason_of(&quotes[1])});
}

static enum err walk(struct diff *diff)
{
    int64_t after = 0;
    struct rows page = {0};

    do {
        arena_reset(diff->arena);
        TRY(store_select(diff->store, QUERY_ACCOUNTS_LIST,
                         (struct value[]){value_int("after", after), value_int("limit", PAGE_ACCOUNTS)}, 2,
                         &account_table, diff->arena, &page));
        for (size_t i = 0; i < page.count; i++) {
            const struct account *account = page.items[i];
            struct quote quotes[2];

            after = account->id;
            if (!diff->options->all && strcmp(account->policy, diff->policies[0].name) != 0)
                continue;
            TRY(quote_account(diff, account, quotes));
            if (!tell_account(diff, account, quotes))
                return ERR_RETRY;
        }
    } while (page.count == PAGE_ACCOUNTS);
    return ERR_NONE;
}

static void print_sums(const struct diff *diff)
{
    char before[MONEY_TEXT_BYTES], after[MONEY_TEXT_BYTES];

    money_format(diff->sums[0], diff->policies[0].currency, before);
    money_format(diff->sums[1], diff->policies[1].currency, after);
    printf("%lld of %lld accounts change; withdrawable in all %s before, %s after\n", (long long)diff->changed,
           (long long)diff->accounts, before, after);
}

static int run(const struct diff_options *options, const struct policy policies[2])
{
    static const char *const titles[] = {"account", ">before", ">after", ">change", "held back most by"};
    SCOPED(arena_fini) struct arena arena;
    struct diff diff = {.options = options, .policies = policies, .arena = &arena};
    char reason[256] = "";
    enum err err;

    arena_init(&arena, DIFF_ARENA_BYTES);
    if (store_open(options->place, STORE_READER, NULL, &diff.store, reason) != ERR_NONE) {
        cli_complain(PROGRAM, "%s", reason);
        return CLI_USAGE;
    }
    sheet_init(&diff.sheet, titles, ARRAY_COUNT(titles));
    err = walk(&diff);
    if (err != ERR_NONE)
        cli_complain(PROGRAM, "%s", store_reason(diff.store));
    else if (!options->json) {
        if (diff.changed > 0)
            sheet_print(&diff.sheet);
        print_sums(&diff);
    }
    sheet_fini(&diff.sheet);
    store_close(&diff.store);
    return err == ERR_NONE ? CLI_OK : CLI_REFUSED;
}

int policy_diff_main(int argc, char **argv)
{
    static const struct argp argp = {
        diff_option_table,
        diff_option,
        "A B",
        "What would change for the accounts of a database that policy A rules, if policy B ruled "
        "them. A and B are names of the program's own policies or files.",
        NULL,
        NULL,
        NULL};
    struct system_clock clock = {0};
    struct diff_options options = {.at = system_clock_now(&clock)};
    SCOPED(arena_fini) struct arena arena;
    struct policy policies[2];

    arena_init(&arena, POLICY_ARENA_BYTES);
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    for (int i = 0; i < 2; i++) {
        int status = policy_load_which(argv[0], options.which[i], &arena, &policies[i]);

        if (status != CLI_OK)
            return status;
    }
    return run(&options, policies);
}
