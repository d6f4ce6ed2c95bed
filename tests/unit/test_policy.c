/* SPDX-License-Identifier: Apache-2.0 */
/* Policies from file to struct: what the four shipped ones say, what the loader refuses and where it points, and
 * whether the explanation says what was loaded. Run from the top of the source tree. */
#include "domain/policy_explain.h"
#include "domain/tree.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_BYTES (128 * 1024)
#define ARENA_BYTES (1024 * 1024)

static const char *const shipped[] = {"alibaba", "huawei", "jdcloud", "pingan"};

struct file {
    char text[FILE_BYTES];
    size_t size;
};

static struct file *file_read(const char *path)
{
    struct file *file = calloc(1, sizeof *file);
    FILE *stream = fopen(path, "re");

    assert_non_null(file);
    if (stream == NULL)
        fail_msg("%s cannot be opened; run from the top of the source tree", path);
    file->size = fread(file->text, 1, sizeof file->text - 1, stream);
    assert_true(file->size > 0 && file->size < sizeof file->text - 1);
    fclose(stream);
    return file;
}

struct loaded {
    struct arena arena;
    struct policy policy;
    struct policy_mistakes mistakes;
};

static enum err load_text(struct loaded *loaded, const char *text, size_t size)
{
    arena_init(&loaded->arena, ARENA_BYTES);
    return policy_load(text, size, &loaded->arena, &loaded->policy, &loaded->mistakes);
}

static struct loaded *load_path(const char *path)
{
    struct loaded *loaded = calloc(1, sizeof *loaded);
    struct file *file = file_read(path);

    assert_non_null(loaded);
    enum err err = load_text(loaded, file->text, file->size);
    for (size_t i = 0; i < loaded->mistakes.count; i++)
        print_error("%s:%zu: %s: %s\n", path, loaded->mistakes.items[i].line, loaded->mistakes.items[i].key,
                    loaded->mistakes.items[i].expected);
    assert_int_equal(err, ERR_NONE);
    assert_int_equal(loaded->mistakes.count, 0);
    free(file);
    return loaded;
}

static struct loaded *load_named(const char *name)
{
    char path[256];

    snprintf(path, sizeof path, strcmp(name, "fifth") == 0 ? "tests/policies/%s.yaml" : "policies/%s.yaml", name);
    return load_path(path);
}

static void loaded_free(struct loaded *loaded)
{
    arena_fini(&loaded->arena);
    free(loaded);
}

/* What the files say. */

struct value {
    const char *policy, *member;
    size_t offset, size;
    int64_t expected;
};
#define VALUE(file, member, expected)                                                                                  \
    {                                                                                                                  \
        file, #member, offsetof(struct policy, member), sizeof(((struct policy *)0)->member), expected                 \
    }
#define DESIGNATED routes[ROUTE_DESIGNATED]
#define ORIGINAL routes[ROUTE_ORIGINAL]
#define APPLICATION routes[ROUTE_APPLICATION]

static const struct value values[] = {
    VALUE("alibaba", refuse_overdue, false),
    VALUE("jdcloud", refuse_overdue, true),
    VALUE("alibaba", refuse_partner_advance, false),
    VALUE("huawei", refuse_partner_advance, true),
    VALUE("alibaba", minimum.minor, 1),
    VALUE("fifth", minimum.minor, 100),
    VALUE("alibaba", fee.minor, 0),
    VALUE("fifth", fee.minor, 50),
    VALUE("alibaba", per_month_max, 0),
    VALUE("pingan", per_month_max, 1),
    VALUE("fifth", per_day_max, 3),
    VALUE("alibaba", per_withdrawal_max.minor, 0),
    VALUE("fifth", per_withdrawal_max.minor, 3000000),
    VALUE("fifth", per_day_amount_max.minor, 5000000),
    VALUE("alibaba", subtract[CLAIM_OWED_INVOICE], true),
    VALUE("alibaba", subtract[CLAIM_OVERDUE], true),
    VALUE("alibaba", subtract[CLAIM_UNSETTLED], true),
    VALUE("huawei", subtract[CLAIM_OVERDUE], true),
    VALUE("jdcloud", subtract[CLAIM_OVERDUE], false),
    VALUE("pingan", subtract[CLAIM_UNSETTLED], false),
    VALUE("fifth", subtract[CLAIM_OVERDUE], false),
    VALUE("alibaba", transferred_in_offsets, true),
    VALUE("huawei", transferred_in_offsets, false),
    VALUE("alibaba", invoiced_cap, false),
    VALUE("fifth", invoiced_cap, true),
    VALUE("alibaba", reserve, RESERVE_FIXED),
    VALUE("huawei", reserve, RESERVE_NONE),
    VALUE("jdcloud", reserve, RESERVE_RESOURCES),
    VALUE("alibaba", reserve_amount.minor, 10000),
    VALUE("pingan", reserve_amount.minor, 20000),
    VALUE("alibaba", reserve_release_ms, 24 * MS_HOUR),
    VALUE("pingan", reserve_release_ms, 0),
    VALUE("fifth", reserve_release_ms, 36 * MS_HOUR),
    VALUE("alibaba", exclude_bonus, false),
    VALUE("huawei", exclude_bonus, true),
    VALUE("huawei", exclude_arbitrage, false),
    VALUE("jdcloud", exclude_arbitrage, true),
    VALUE("alibaba", cool_off_ms, 0),
    VALUE("fifth", cool_off_ms, 15 * MS_MINUTE),
    VALUE("fifth", refunds_per_topup_max, 50),
    VALUE("alibaba", ORIGINAL.review, REVIEW_MODE_FLAGGED),
    VALUE("huawei", ORIGINAL.review, REVIEW_MODE_ALWAYS),
    VALUE("jdcloud", ORIGINAL.review, REVIEW_MODE_ALWAYS),
    VALUE("pingan", DESIGNATED.review, REVIEW_MODE_ALWAYS),
    VALUE("fifth", ORIGINAL.review, REVIEW_MODE_NEVER),
    VALUE("pingan", ORIGINAL.offered, false),
    VALUE("jdcloud", DESIGNATED.offered, false),
    VALUE("alibaba", APPLICATION.offered, true),
    VALUE("huawei", APPLICATION.offered, false),
    VALUE("alibaba", ORIGINAL.arrival[METHOD_ALIPAY].unit, ARRIVAL_MINUTES),
    VALUE("alibaba", ORIGINAL.arrival[METHOD_ONLINE_BANK].most, 60),
    VALUE("alibaba", ORIGINAL.arrival[METHOD_BANK_CARD].unit, ARRIVAL_WORKING_DAYS),
    VALUE("alibaba", ORIGINAL.arrival[METHOD_BANK_CARD].most, 2),
    VALUE("alibaba", DESIGNATED.arrival[METHOD_NONE].unit, ARRIVAL_DAYS),
    VALUE("alibaba", DESIGNATED.arrival[METHOD_ALIPAY].least, 7),
    VALUE("alibaba", DESIGNATED.arrival[METHOD_ALIPAY].most, 15),
    VALUE("alibaba", APPLICATION.arrival[METHOD_NONE].most, 15),
    VALUE("huawei", ORIGINAL.arrival[METHOD_UNIONPAY].most, 5),
    VALUE("huawei", ORIGINAL.arrival[METHOD_BANK_TRANSFER].unit, ARRIVAL_WORKING_DAYS),
    VALUE("huawei", ORIGINAL.arrival[METHOD_BANK_TRANSFER].most, 7),
    VALUE("huawei", DESIGNATED.arrival[METHOD_WECHAT].most, 7),
    VALUE("jdcloud", ORIGINAL.arrival[METHOD_ALIPAY].unit, ARRIVAL_UNSTATED),
    VALUE("pingan", DESIGNATED.arrival[METHOD_OFFLINE].unit, ARRIVAL_WORKING_DAYS),
    VALUE("pingan", DESIGNATED.arrival[METHOD_OFFLINE].least, 10),
    VALUE("pingan", DESIGNATED.arrival[METHOD_OFFLINE].most, 15),
    VALUE("fifth", DESIGNATED.arrival[METHOD_WECHAT].most, 90),
    VALUE("fifth", DESIGNATED.arrival[METHOD_ALIPAY].most, 5),
    VALUE("alibaba", DESIGNATED.payee[METHOD_ALIPAY], PAYEE_SUBJECT_OR_DOCUMENTS),
    VALUE("huawei", DESIGNATED.payee[METHOD_ALIPAY], PAYEE_PAYER),
    VALUE("huawei", DESIGNATED.payee[METHOD_WECHAT], PAYEE_PAYER),
    VALUE("huawei", DESIGNATED.payee[METHOD_ONLINE_BANK], PAYEE_SUBJECT),
    VALUE("huawei", DESIGNATED.payee[METHOD_NONE], PAYEE_SUBJECT),
    VALUE("jdcloud", ORIGINAL.payee[METHOD_ALIPAY], PAYEE_SUBJECT),
    VALUE("pingan", DESIGNATED.payee[METHOD_ALIPAY], PAYEE_SUBJECT),
    VALUE("alibaba", DESIGNATED.documents_min, 1),
    VALUE("alibaba", APPLICATION.documents_min, 1),
    VALUE("pingan", DESIGNATED.documents_min, 0),
    VALUE("fifth", DESIGNATED.documents_min, 2),
    VALUE("alibaba", DESIGNATED.destination, true),
    VALUE("alibaba", ORIGINAL.destination, false),
    VALUE("alibaba", DESIGNATED.destination_alipay, true),
    VALUE("huawei", DESIGNATED.destination_alipay, false),
    VALUE("alibaba", DESIGNATED.needs_city, true),
    VALUE("huawei", DESIGNATED.needs_bank, true),
    VALUE("huawei", DESIGNATED.needs_branch, false),
    VALUE("pingan", DESIGNATED.needs_branch, true),
    VALUE("pingan", DESIGNATED.needs_city, false),
    VALUE("alibaba", charge_order[0], FUND_VOUCHER),
    VALUE("alibaba", charge_order[4], FUND_OTHER),
    VALUE("alibaba", charge_order[5], FUND_NONE),
    VALUE("fifth", charge_order[0], FUND_TOPUP),
    VALUE("alibaba", debt, true),
    VALUE("fifth", debt, false),
    VALUE("alibaba", review_same_subject_overdue, true),
    VALUE("huawei", review_same_subject_overdue, false),
    VALUE("fifth", reviewers, 4),
    VALUE("fifth", tiers_count, 4),
    VALUE("fifth", tiers[1].above.minor, 500000),
    VALUE("fifth", tiers[1].approvals, 2),
    VALUE("fifth", tiers[1].routes, 1u << ROUTE_DESIGNATED),
    VALUE("fifth", tiers[2].routes, 0),
};

static int64_t value_of(const struct policy *policy, const struct value *value)
{
    const char *at = (const char *)policy + value->offset;

    if (value->size == sizeof(bool))
        return *(const bool *)at;
    if (value->size == sizeof(int))
        return *(const int *)at;
    assert_int_equal(value->size, sizeof(int64_t));
    return *(const int64_t *)at;
}

static void the_files_say_what_the_operators_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
        struct loaded *loaded = load_named(values[i].policy);
        int64_t value = value_of(&loaded->policy, &values[i]);
        if (value != values[i].expected)
            fail_msg("%s: %s is %lld, not %lld", values[i].policy, values[i].member, (long long)value,
                     (long long)values[i].expected);
        loaded_free(loaded);
    }
}

/* The first rule that fits, as the quote looks for it. */
static const struct topup_rule *rule_for(const struct policy *policy, enum method method, enum payer_kind payer,
                                         const char *bank)
{
    for (size_t i = 0; i < policy->topups_count; i++) {
        const struct topup_rule *rule = &policy->topups[i];
        bool fits =
            (rule->methods & 1u << method) != 0 && (rule->payer_kind == PAYER_NONE || rule->payer_kind == payer);
        bool named = rule->banks_count == 0;
        for (size_t b = 0; b < rule->banks_count; b++)
            named = named || strcmp(rule->banks[b], bank) == 0;
        if (fits && named)
            return rule;
    }
    return NULL;
}

static void every_kind_of_topup_has_its_window(void **state)
{
    enum { NO = 0, YES = 1 };
    static const struct {
        const char *policy;
        enum method method;
        enum payer_kind payer;
        const char *bank;
        bool original;
        int64_t days, months;
        bool inside;
        enum route after;
    } rows[] = {
        /* AL-05: one attribute differs from row to row */
        {"alibaba", METHOD_ONLINE_BANK, PAYER_CORPORATE, "JSBANK", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_CORPORATE, "NJCB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_CORPORATE, "ICBC", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "ICBC", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "BOC", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "CIB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "SPDB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "NJCB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "HZCB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "GRCB", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "JSBANK", YES, 30, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "CCB", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_PERSONAL, "CMB", YES, 90, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_CORPORATE, "CMB", YES, 90, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ONLINE_BANK, PAYER_NONE, "ICBC", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_BANK_CARD, PAYER_PERSONAL, "ICBC", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_ALIPAY, PAYER_PERSONAL, "", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_WECHAT, PAYER_PERSONAL, "", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_UNIONPAY, PAYER_PERSONAL, "", YES, 180, 0, YES, ROUTE_DESIGNATED},
        {"alibaba", METHOD_BANK_TRANSFER, PAYER_CORPORATE, "ICBC", NO, 0, 0, NO, ROUTE_DESIGNATED},
        {"alibaba", METHOD_OFFLINE, PAYER_CORPORATE, "", NO, 0, 0, NO, ROUTE_DESIGNATED},
        /* HW-06, HW-07, HW-08 */
        {"huawei", METHOD_ALIPAY, PAYER_PERSONAL, "", YES, 0, 11, NO, ROUTE_DESIGNATED},
        {"huawei", METHOD_WECHAT, PAYER_PERSONAL, "", YES, 0, 11, NO, ROUTE_DESIGNATED},
        {"huawei", METHOD_UNIONPAY, PAYER_PERSONAL, "", YES, 0, 3, NO, ROUTE_DESIGNATED},
        {"huawei", METHOD_BANK_TRANSFER, PAYER_CORPORATE, "ICBC", YES, 0, 0, NO, ROUTE_NONE},
        {"huawei", METHOD_ONLINE_BANK, PAYER_CORPORATE, "ICBC", NO, 0, 0, NO, ROUTE_DESIGNATED},
        {"huawei", METHOD_BANK_CARD, PAYER_PERSONAL, "", NO, 0, 0, NO, ROUTE_DESIGNATED},
        {"huawei", METHOD_OFFLINE, PAYER_CORPORATE, "", NO, 0, 0, NO, ROUTE_CASE},
        /* JD-02, JD-05 */
        {"jdcloud", METHOD_ALIPAY, PAYER_PERSONAL, "", YES, 0, 0, NO, ROUTE_NONE},
        {"jdcloud", METHOD_BANK_CARD, PAYER_PERSONAL, "", YES, 0, 0, NO, ROUTE_NONE},
        {"jdcloud", METHOD_BANK_TRANSFER, PAYER_CORPORATE, "", NO, 0, 0, NO, ROUTE_CASE},
        {"jdcloud", METHOD_OFFLINE, PAYER_CORPORATE, "", NO, 0, 0, NO, ROUTE_CASE},
        /* PA-05 */
        {"pingan", METHOD_ALIPAY, PAYER_PERSONAL, "", NO, 0, 0, NO, ROUTE_DESIGNATED},
        {"pingan", METHOD_OFFLINE, PAYER_PERSONAL, "", NO, 0, 0, NO, ROUTE_DESIGNATED},
        /* another operator altogether */
        {"fifth", METHOD_ONLINE_BANK, PAYER_PERSONAL, "ABC", YES, 45, 0, NO, ROUTE_DESIGNATED},
        {"fifth", METHOD_ONLINE_BANK, PAYER_PERSONAL, "CMB", YES, 0, 6, NO, ROUTE_CASE},
        {"fifth", METHOD_ALIPAY, PAYER_PERSONAL, "", YES, 360, 0, YES, ROUTE_DESIGNATED},
        {"fifth", METHOD_OFFLINE, PAYER_PERSONAL, "", NO, 0, 0, NO, ROUTE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct loaded *loaded = load_named(rows[i].policy);
        const struct topup_rule *rule = rule_for(&loaded->policy, rows[i].method, rows[i].payer, rows[i].bank);
        bool unlimited = rows[i].original && rows[i].days == 0 && rows[i].months == 0;
        if (rule == NULL || rule->original != rows[i].original || rule->window.days != rows[i].days ||
            rule->window.months != rows[i].months || rule->window.unlimited != unlimited ||
            rule->designated_inside != rows[i].inside || rule->after != rows[i].after)
            fail_msg("row %zu: %s %s %s %s", i, rows[i].policy, word_text(&method_words, rows[i].method),
                     word_text(&payer_kind_words, rows[i].payer), rows[i].bank);
        loaded_free(loaded);
    }
}

static void texts_come_through(void **state)
{
    struct loaded *alibaba = load_named("alibaba");
    const struct policy *policy = &alibaba->policy;

    (void)state;
    assert_string_equal(policy->name, "alibaba");
    assert_string_equal(policy->currency, "CNY");
    assert_string_equal(policy->title_zh, "阿里云");
    assert_string_equal(policy->rule_of_refusal[REFUSAL_ACCOUNT_FROZEN], "AL-01");
    assert_string_equal(policy->rule_of_item[ITEM_RESERVE], "AL-08");
    assert_string_equal(policy->rule_of_item[ITEM_TRANSFERRED_IN], "AL-11");
    assert_string_equal(policy->rule_of_refusal[REFUSAL_BONUS], "");
    assert_string_equal(policy_label(policy, WITHDRAWAL_APPROVED, false), "Approved, Pending Transfer");
    assert_string_equal(policy_label(policy, WITHDRAWAL_DISPATCHING, false), "Approved, Pending Transfer");
    assert_string_equal(policy_label(policy, WITHDRAWAL_NEED_DOCUMENTS, false), "In Review");
    assert_string_equal(policy_label(policy, WITHDRAWAL_REJECTED, true), "审核驳回");
    assert_string_equal(policy_channel(policy, ROUTE_DESIGNATED, DESTINATION_BANK), "bankfile");
    assert_string_equal(policy_channel(policy, ROUTE_DESIGNATED, DESTINATION_ALIPAY), "alipay");
    assert_string_equal(policy_channel(policy, ROUTE_ORIGINAL, DESTINATION_BANK), "");
    assert_false(policy_reason(policy, ROUTE_DESIGNATED, "window_passed")->inside_window);
    assert_true(policy_reason(policy, ROUTE_DESIGNATED, "employee_advance")->inside_window);
    assert_null(policy_reason(policy, ROUTE_DESIGNATED, "card_lost"));
    assert_null(policy_reason(policy, ROUTE_ORIGINAL, "window_passed"));
    loaded_free(alibaba);
}

/* How many people must approve: by amount, and by the route that the money takes. */
static void approvals_are_counted_by_amount_and_route(void **state)
{
    static const struct {
        const char *policy;
        int64_t minor;
        enum route route;
        int64_t people;
    } asked[] = {
        {"alibaba", INT64_C(900000000), ROUTE_DESIGNATED, 1},
        {"fifth", 1, ROUTE_ORIGINAL, 1},
        {"fifth", 500000, ROUTE_DESIGNATED, 1},
        {"fifth", 500001, ROUTE_DESIGNATED, 2}, /* its own line */
        {"fifth", 500001, ROUTE_ORIGINAL, 1},
        {"fifth", 1000000, ROUTE_ORIGINAL, 1},
        {"fifth", 1000001, ROUTE_ORIGINAL, 2},
        {"fifth", 1000001, ROUTE_DESIGNATED, 2},
        {"fifth", 10000001, ROUTE_ORIGINAL, 3},
        {"fifth", 10000001, ROUTE_DESIGNATED, 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(asked); i++) {
        struct loaded *loaded = load_named(asked[i].policy);

        if (policy_approvals(&loaded->policy, money_of(asked[i].minor), asked[i].route) != asked[i].people)
            fail_msg("row %zu: %s", i, asked[i].policy);
        loaded_free(loaded);
    }
}

/* docs/policy.md: one grep finds rule, policy and proof. */
static void every_rule_id_stands_in_a_comment(void **state)
{
    static const struct {
        const char *prefix, *policy;
        int count;
    } rows[] = {{"AL", "alibaba", 20}, {"HW", "huawei", 14}, {"JD", "jdcloud", 11}, {"PA", "pingan", 8}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char path[256];
        snprintf(path, sizeof path, "policies/%s.yaml", rows[i].policy);
        struct file *file = file_read(path);
        for (int number = 1; number <= rows[i].count; number++) {
            char id[RULE_ID_BYTES];
            bool found = false;
            snprintf(id, sizeof id, "%s-%02d", rows[i].prefix, number);
            /* the first three lines name the range, not the rules */
            for (const char *at = strstr(file->text, "policy: "); (at = strstr(at, id)) != NULL && !found; at++) {
                const char *line = at;
                while (line > file->text && line[-1] != '\n')
                    line--;
                found = memchr(line, '#', (size_t)(at - line)) != NULL;
            }
            if (!found)
                fail_msg("%s stands in no comment of %s", id, path);
        }
        free(file);
    }
}

/* What the loader refuses. */

/* One edit of the fifth policy, the place it must point to and how the expectation begins. The line is the one of the
 * edit, `below` lines further down; -1 says that the mistake stands where the key's section begins. */
struct slip {
    const char *find, *replace;
    int below;
    const char *key, *expected;
};

static const struct slip slips[] = {
    /* keys */
    {"fee: \"0.50\"", "fees: \"0.50\"", 0, "limits.fees", "one of the keys minimum, fee,"},
    {"  fee: \"0.50\"\n", "", -1, "limits.fee", "this key; it is missing"},
    {"fee: \"0.50\"", "minimum: \"2.00\"", 0, "limits.minimum", "this key once; it stands in line "},
    {"charges:\n", "charge:\n", 0, "charge", "one of the keys policy, title,"},
    {"  per_month_max: 20", "  per_month_max: 20\n  per_year_max: 5", 1, "limits.per_year_max", "one of the keys"},
    /* amounts */
    {"minimum: \"1.00\"", "minimum: \"1.005\"", 0, "limits.minimum", "an amount of CNY"},
    {"minimum: \"1.00\"", "minimum: \"-1.00\"", 0, "limits.minimum", "an amount of CNY"},
    {"minimum: \"1.00\"", "minimum: \"1,000\"", 0, "limits.minimum", "an amount of CNY"},
    {"minimum: \"1.00\"", "minimum: 1e2", 0, "limits.minimum", "an amount of CNY"},
    {"minimum: \"1.00\"", "minimum: [1]", 0, "limits.minimum", "an amount of CNY"},
    {"minimum: \"1.00\"", "minimum:", 0, "limits.minimum", "an amount of CNY"},
    {"per_withdrawal_max: \"30000.00\"", "per_withdrawal_max: \"0.00\"", 0, "limits.per_withdrawal_max",
     "an amount of CNY above zero"},
    {"per_withdrawal_max: \"30000.00\"", "per_withdrawal_max: \"0.99\"", 0, "limits.per_withdrawal_max",
     "at least the minimum"},
    {"per_day_amount_max: \"50000.00\"", "per_day_amount_max: \"0.50\"", 0, "limits.per_day_amount_max",
     "at least the minimum"},
    {"fee: \"0.50\"", "fee: \"1.00\"", 0, "limits.fee", "less than the minimum"},
    {"per_day_max: 3", "per_day_max: 0", 0, "limits.per_day_max", "a whole number"},
    {"per_day_max: 3", "per_day_max: 03", 0, "limits.per_day_max", "a whole number"},
    {"per_day_max: 3", "per_day_max: 2000000", 0, "limits.per_day_max", "a whole number"},
    {"currency: CNY", "currency: XQZ", 0, "currency", "an ISO 4217"},
    /* words and texts */
    {"policy: northwind", "policy: North Wind", 0, "policy", "a short name"},
    {"refuse_overdue: yes", "refuse_overdue: true", 0, "eligibility.refuse_overdue", "yes or no"},
    {"en: Northwind Hosting", "en: ''", 0, "title.en", "a text"},
    {"subtract: [owed_invoice, unsettled]", "subtract: [owed_invoice, owed_invoice]", 0, "formula.subtract[2]",
     "every claim once"},
    {"subtract: [owed_invoice, unsettled]", "subtract: [invoiced]", 0, "formula.subtract[1]",
     "owed_invoice, overdue or"},
    {"subtract: [owed_invoice, unsettled]", "subtract: []", 0, "formula.subtract", "none, or a list"},
    /* reserve */
    {"kind: fixed", "kind: some", 0, "reserve.kind", "one of none, fixed, resources"},
    {"amount: \"80.00\"", "amount: \"0.00\"", 0, "reserve.amount", "the amount that is kept back, above zero"},
    {"36 hours", "36 months", 0, "reserve.freed_after_last_release", "a span such as 24 hours"},
    {"36 hours", "400 days", 0, "reserve.freed_after_last_release", "a span such as 24 hours"},
    /* top-ups: windows, reach, coverage */
    {"within 45 days", "within 0 days", 0, "topups.rules[1].original", "how long the original route is open"},
    {"within 45 days", "within -5 days", 0, "topups.rules[1].original", "how long the original route is open"},
    {"within 45 days", "within 7301 days", 0, "topups.rules[1].original", "how long the original route is open"},
    {"within 6 months", "within 241 months", 0, "topups.rules[3].original", "how long the original route is open"},
    {"within 45 days", "within 45 hours", 0, "topups.rules[1].original", "how long the original route is open"},
    {"within 45 days", "45 days", 0, "topups.rules[1].original", "how long the original route is open"},
    {"cool_off: 15 minutes", "cool_off: fifteen minutes", 0, "topups.cool_off", "a span such as"},
    {"banks: [ICBC, ABC]", "banks: [ICBC, abc]", 0, "topups.rules[1].banks[2]", "a bank code such as ICBC"},
    {"banks: [ICBC, ABC]", "banks: [ICBC, ICBC]", 0, "topups.rules[1].banks[2]", "every bank once"},
    {"banks: [ICBC, ABC]", "banks: []", 0, "topups.rules[1].banks", "a list of at least one"},
    {"payer: personal", "payer: none", 0, "topups.rules[1].payer", "one of personal, corporate"},
    {"[alipay, wechat, unionpay]", "[alipay, wechat, alipay]", 0, "topups.rules[2].methods[3]", "every method once"},
    {"[alipay, wechat, unionpay]", "[alipay, wechat, paypal]", 0, "topups.rules[2].methods[3]",
     "one of alipay, wechat"},
    {"[alipay, wechat, unionpay]", "[alipay, wechat]", -1, "topups.rules", "a rule for unionpay from any payer"},
    {"[online_bank, bank_card]\n", "[online_bank, bank_card]\n      payer: corporate\n", -1, "topups.rules",
     "a rule for online_bank from any payer"},
    {"    - methods: [bank_transfer]",
     "    - methods: [wechat, bank_card]\n      original: never\n      after: none\n"
     "    - methods: [bank_transfer]",
     0, "topups.rules[4]", "a rule that some top-up can reach"},
    {"    - methods: [bank_transfer]",
     "    - methods: [online_bank]\n      banks: [CMB]\n      original: never\n"
     "      after: none\n    - methods: [bank_transfer]",
     0, "topups.rules[4]", "a rule that some top-up can reach"},
    {"original: always\n      after: none", "original: always\n      after: case", 1, "topups.rules[4].after",
     "none, since the original route never closes"},
    {"original: never", "original: never\n      designated_inside: yes", 1, "topups.rules[5].designated_inside",
     "no, since the original route is never open"},
    {"after: case", "after: original", 0, "topups.rules[3].after", "designated, case or none"},
    {"rule: NW-08", "rule: nw8", 0, "topups.rules[2].rule", "a rule id such as AL-09"},
    /* routes */
    {"review: never", "review: sometimes", 0, "routes.original.review", "one of never, flagged, always"},
    {"arrives: within 2 hours", "arrives: soon", 0, "routes.original.arrives", "when the money arrives"},
    {"default: 3 to 5 working days", "default: 5 to 3 working days", 0, "routes.designated.arrives.default",
     "when the money arrives"},
    {"default: 3 to 5 working days", "alipay: 3 to 5 working days", -1, "routes.designated.arrives.default",
     "this key; it is missing"},
    {"wechat: within 90 minutes", "paypal: within 90 minutes", 0, "routes.designated.arrives.paypal",
     "default or a payment method"},
    {"default: subject", "default: everybody", 0, "routes.designated.payee.default", "one of any, subject, payer"},
    {"documents: 2", "documents: 21", 0, "routes.designated.documents", "how many documents"},
    {"kinds: [bank, alipay]", "kinds: [bank, paypal]", 0, "routes.designated.destination.kinds[2]",
     "one of bank, alipay"},
    {"bank_needs: [bank, province_and_city]", "bank_needs: [bank, country]", 0,
     "routes.designated.destination.bank_needs[2]", "one of bank, branch"},
    {"    channel: {bank: bankfile, alipay: alipay}\n", "", -1, "routes.designated.channel.bank",
     "the channel that pays bank accounts"},
    {"channel: {bank: bankfile, alipay: alipay}", "channel: {bank: bankfile}", 0, "routes.designated.channel.alipay",
     "the channel that pays Alipay accounts"},
    {"kinds: [bank, alipay]", "kinds: [bank]", 2, "routes.designated.channel.alipay", "no channel for Alipay accounts"},
    {"payee: any", "payee: any\n    channel: {bank: bankfile}", 1, "routes.original.channel", "no channel"},
    {"payee: any", "payee: any\n    destination: {kinds: [bank]}", 1, "routes.original.destination", "no destination"},
    {"code: too_late", "code: card_lost", 0, "routes.designated.reasons[2]", "every reason's code once"},
    {"code: card_lost, inside_window: yes", "code: card_lost, inside_window: no", -1, "routes.designated.reasons",
     "a reason with inside_window: yes"},
    {"  original:\n    review: never\n    arrives: within 2 hours\n    payee: any\n", "", -1, "routes.original",
     "this route, since topups.rules lead to it"},
    /* charges, review, rules, labels */
    {"order: [topup, other,", "order: [topup, topup,", 0, "charges.order[2]", "every fund once"},
    {"reviewers: 4", "reviewers: 3", 6, "review.approvals[4].people", "fewer people than there are reviewers"},
    {"above: \"0.00\"", "above: \"1.00\"", 0, "review.approvals[1].above", "0.00 in the first line"},
    {"above: \"100000.00\"", "above: \"10000.00\"", 0, "review.approvals[4].above", "more than in the line before"},
    {"above: \"10000.00\"", "above: \"5000.00\"", 0, "review.approvals[3].above", "more than in the line before"},
    {"people: 3", "people: 2", 0, "review.approvals[4].people", "more people than in the line before"},
    {"people: 2, routes", "people: 1, routes", 0, "review.approvals[2].people",
     "more people than in the line before of the same route"},
    {"people: 2, routes", "people: 3, routes", 1, "review.approvals[3].people",
     "more people than in the line before of the same route"},
    {"people: 1}", "people: 1, routes: [original]}", 0, "review.approvals[1].routes", "no routes in the first line"},
    {"routes: [designated]", "routes: [designated, designated]", 0, "review.approvals[2].routes[2]",
     "every route once"},
    {"routes: [designated]", "routes: []", 0, "review.approvals[2].routes", "a list of routes"},
    {"routes: [designated]", "routes: [application]", 0, "review.approvals[2].routes",
     "only routes that this policy offers"},
    {"in_arrears: NW-01", "in_debt: NW-01", 0, "rules.in_debt", "a refusal code or held-back code"},
    {"in_arrears: NW-01", "in_arrears: 7", 0, "rules.in_arrears", "a rule id such as AL-09"},
    {"  returned: {en: Came back, zh: 已退回}\n", "", -1, "labels.returned", "this key; it is missing"},
    {"{en: Came back, zh: 已退回}", "{en: Came back}", 0, "labels.returned.zh", "this key; it is missing"},
    {"  returned:", "  bounced:", 0, "labels.bounced", "a status of a withdrawal"},
};

static size_t line_of(const char *text, const char *at)
{
    size_t line = 1;

    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static const struct policy_mistake *mistake_at(const struct policy_mistakes *mistakes, const char *key)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        if (strcmp(mistakes->items[i].key, key) == 0)
            return &mistakes->items[i];
    }
    return NULL;
}

/* Where the nearest section above a missing key stands: its own line in the edited text. */
static size_t line_of_section(const char *text, size_t size, const char *key)
{
    struct arena arena;
    struct policy_mistakes *mistakes = calloc(1, sizeof *mistakes);
    const struct tree *root = NULL;

    assert_non_null(mistakes);
    arena_init(&arena, TREE_ARENA_BYTES);
    assert_int_equal(tree_read(text, size, &arena, &root, mistakes), ERR_NONE);
    size_t line = tree_line(root, key);
    arena_fini(&arena);
    free(mistakes);
    return line;
}

static void check_slip(const struct file *file, const struct slip *slip)
{
    static struct file edited;
    static struct loaded loaded;
    const char *at = strstr(file->text, slip->find);

    if (at == NULL)
        fail_msg("\"%s\" does not stand in the fifth policy", slip->find);
    edited.size = (size_t)snprintf(edited.text, sizeof edited.text, "%.*s%s%s", (int)(at - file->text), file->text,
                                   slip->replace, at + strlen(slip->find));
    assert_int_equal(load_text(&loaded, edited.text, edited.size), ERR_REQUEST);
    const struct policy_mistake *mistake = mistake_at(&loaded.mistakes, slip->key);
    size_t line = slip->below < 0 ? line_of_section(edited.text, edited.size, slip->key)
                                  : line_of(file->text, at) + (size_t)slip->below;
    if (mistake == NULL || strncmp(mistake->expected, slip->expected, strlen(slip->expected)) != 0)
        fail_msg("\"%s\": no mistake at %s that begins \"%s\"; the first is %s: %s", slip->replace, slip->key,
                 slip->expected, loaded.mistakes.items[0].key, loaded.mistakes.items[0].expected);
    if (mistake->line != line)
        fail_msg("\"%s\": %s points to line %zu, not %zu", slip->replace, slip->key, mistake->line, line);
    arena_fini(&loaded.arena);
}

static void one_slip_is_found_where_it_stands(void **state)
{
    struct file *file = file_read("tests/policies/fifth.yaml");

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(slips); i++)
        check_slip(file, &slips[i]);
    free(file);
}

/* "# expect LINE KEY: BEGINNING", "-" for no key; all mistakes must be listed and no others. */
static void check_bad_file(const char *path)
{
    struct file *file = file_read(path);
    struct loaded *loaded = calloc(1, sizeof *loaded);
    size_t expectations = 0;

    assert_non_null(loaded);
    assert_int_equal(load_text(loaded, file->text, file->size), ERR_REQUEST);
    for (const char *at = file->text; (at = strstr(at, "# expect ")) != NULL; at++) {
        size_t line = 0;
        char key[96], expected[200];
        assert_int_equal(sscanf(at, "# expect %zu %95[^:]: %199[^\n]", &line, key, expected), 3);
        bool found = false;
        for (size_t i = 0; i < loaded->mistakes.count; i++) {
            const struct policy_mistake *mistake = &loaded->mistakes.items[i];
            found = found || (mistake->line == line && strcmp(mistake->key, strcmp(key, "-") == 0 ? "" : key) == 0 &&
                              strncmp(mistake->expected, expected, strlen(expected)) == 0);
        }
        if (!found)
            fail_msg("%s: line %zu, %s: nothing begins \"%s\"", path, line, key, expected);
        expectations++;
    }
    if (expectations != loaded->mistakes.count)
        fail_msg("%s: %zu mistakes, %zu expected", path, loaded->mistakes.count, expectations);
    loaded_free(loaded);
    free(file);
}

static void bad_files_are_refused_as_they_say(void **state)
{
    DIR *directory = opendir("tests/policies/bad");
    size_t files = 0;

    (void)state;
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[512];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "tests/policies/bad/%s", entry->d_name);
        check_bad_file(path);
        files++;
    }
    closedir(directory);
    assert_true(files >= 12);
}

static void size_and_number_are_limited(void **state)
{
    static struct loaded loaded;
    static char text[TREE_BYTES_MAX + 2];

    (void)state;
    memset(text, '#', sizeof text - 1);
    assert_int_equal(load_text(&loaded, text, TREE_BYTES_MAX + 1), ERR_REQUEST);
    assert_string_equal(loaded.mistakes.items[0].expected, "at most 65536 bytes; these are 65537");
    size_t size = (size_t)snprintf(text, sizeof text, "policy: [");
    while (size < 2 * (TREE_NODES_MAX + 10))
        size += (size_t)snprintf(text + size, sizeof text - size, "1,");
    assert_int_equal(load_text(&loaded, text, size), ERR_REQUEST);
    assert_string_equal(loaded.mistakes.items[0].expected, "at most 2000 values in a file");
}

/* libyaml gives such a byte no line, and it is met before the keys that stand behind it in its buffer. */
static void a_byte_that_is_not_utf8_has_a_line(void **state)
{
    static const char text[] = "policy: a\npolicy: b\ntitle: \xff\n";
    struct loaded loaded = {.arena = {0}};

    (void)state;
    assert_int_equal(load_text(&loaded, text, sizeof text - 1), ERR_REQUEST);
    assert_int_equal(loaded.mistakes.items[loaded.mistakes.count - 1].line, 3);
    assert_non_null(strstr(loaded.mistakes.items[loaded.mistakes.count - 1].expected, "UTF-8"));
    arena_fini(&loaded.arena);
}

/* However a file is cut off, there is an answer, and no policy without the whole of it. */
static void a_file_cut_off_is_no_policy(void **state)
{
    struct file *file = file_read("tests/policies/fifth.yaml");
    struct loaded *loaded = calloc(1, sizeof *loaded);
    size_t last_line = (size_t)(strstr(file->text, "  expired:") - file->text);

    (void)state;
    assert_non_null(loaded);
    for (size_t size = 0; size < last_line; size += 7) {
        size_t lines = line_of(file->text, file->text + size);
        char *copy = malloc(size + 1); /* exact size: a read beyond it is a fault under the sanitizer */
        assert_non_null(copy);
        memcpy(copy, file->text, size);
        memset(&loaded->policy, 0x5a, sizeof loaded->policy);
        assert_int_equal(load_text(loaded, copy, size), ERR_REQUEST);
        assert_true(loaded->mistakes.count > 0);
        for (size_t i = 0; i < loaded->mistakes.count; i++)
            assert_true(loaded->mistakes.items[i].line <= lines);
        assert_int_equal(*(const unsigned char *)&loaded->policy, 0x5a);
        arena_fini(&loaded->arena);
        free(copy);
    }
    free(loaded);
    free(file);
}

/* Explanation. */

static void check_explained(const char *name, bool chinese)
{
    struct loaded *loaded = load_named(name);
    const struct policy *policy = &loaded->policy;
    struct out out;

    out_init(&out);
    policy_explain(policy, chinese, &out);
    assert_false(out.failed);
    for (int code = 0; code < REFUSAL__COUNT; code++)
        assert_non_null(strstr(out.data, policy->rule_of_refusal[code]));
    for (int code = 0; code < ITEM__COUNT; code++)
        assert_non_null(strstr(out.data, policy->rule_of_item[code]));
    for (size_t i = 0; i < policy->topups_count; i++)
        assert_non_null(strstr(out.data, policy->topups[i].rule));
    for (int route = 0; route < ROUTE__COUNT; route++)
        assert_non_null(strstr(out.data, policy->routes[route].rule));
    for (int status = 1; status < WITHDRAWAL__COUNT; status++)
        assert_non_null(strstr(out.data, policy_label(policy, (enum withdrawal_status)status, chinese)));
    assert_non_null(strstr(out.data, chinese ? policy->title_zh : policy->title_en));
    for (char *newline = out.data; (newline = strchr(newline, '\n')) != NULL;)
        *newline = ' ';
    assert_true(text_utf8_ok(out.data, out.size));
    assert_null(strstr(out.data, "(null)"));
    out_fini(&out);
    loaded_free(loaded);
}

static void the_explanation_names_every_rule_and_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(shipped); i++) {
        check_explained(shipped[i], false);
        check_explained(shipped[i], true);
    }
    check_explained("fifth", false);
    check_explained("fifth", true);
}

static void sentences_follow_the_struct(void **state)
{
    static const struct {
        const char *policy;
        bool chinese;
        const char *sentence;
    } rows[] = {
        {"alibaba", false, "kept back: 100.00 CNY; it is freed 24 hours after the last release.  [AL-08]\n"},
        {"alibaba", false, "online banking, paid by a company, from JSBANK, NJCB: back to the source within 30 days"},
        {"alibaba", false,
         "arrives within 1 hour (bank card: within 2 working days); after a review, counted "
         "from the approval.  [AL-03]\n"},
        {"alibaba", true, "网银，企业付款，付款行为 JSBANK、NJCB：付款后 30 天内可原路退回"},
        {"huawei", false,
         "UnionPay: back to the source within 3 calendar months of payment; then to a designated account."},
        {"huawei", true, "支付宝、微信支付：付款后 11 个自然月内可原路退回；之后退至指定账户。  [HW-06]\n"},
        {"huawei", false,
         "Payee: the verified owner; Alipay: whoever paid the top-up; WeChat Pay: whoever paid the top-up."},
        {"jdcloud", false, "While any bill is overdue, nothing can be withdrawn.  [JD-03]\n"},
        {"jdcloud", false, "arrives at a time that is not stated.  [JD-02]\n"},
        {"pingan", false,
         "At most 1 withdrawal a calendar month; rejected, failed and cancelled ones do not count.  [PA-02]\n"},
        {"pingan", false, "it is freed with the last release.  [PA-04]\n"},
        {"pingan", true, "10 至 15 个工作日"},
        {"fifth", false, "Above 10000.00 CNY: 2 approvals.\n"},
        {"fifth", false, "Above 5000.00 CNY (To a designated account): 2 approvals.\n"},
        {"fifth", true, "超过 5000.00 CNY（退至指定账户）：须 2 人通过。\n"},
        {"fifth", false, "the fee is 0.50 CNY, kept back when it is paid."},
        {"fifth", true, "每个自然日最多提现 3 次；被驳回、失败或取消的不计。  [NW-04]\n"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct loaded *loaded = load_named(rows[i].policy);
        struct out out;
        out_init(&out);
        policy_explain(&loaded->policy, rows[i].chinese, &out);
        if (strstr(out.data, rows[i].sentence) == NULL)
            fail_msg("%s does not say \"%s\":\n%s", rows[i].policy, rows[i].sentence, out.data);
        out_fini(&out);
        loaded_free(loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_say_what_the_operators_say),
        cmocka_unit_test(every_kind_of_topup_has_its_window),
        cmocka_unit_test(texts_come_through),
        cmocka_unit_test(approvals_are_counted_by_amount_and_route),
        cmocka_unit_test(every_rule_id_stands_in_a_comment),
        cmocka_unit_test(one_slip_is_found_where_it_stands),
        cmocka_unit_test(bad_files_are_refused_as_they_say),
        cmocka_unit_test(size_and_number_are_limited),
        cmocka_unit_test(a_byte_that_is_not_utf8_has_a_line),
        cmocka_unit_test(a_file_cut_off_is_no_policy),
        cmocka_unit_test(the_explanation_names_every_rule_and_label),
        cmocka_unit_test(sentences_follow_the_struct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
