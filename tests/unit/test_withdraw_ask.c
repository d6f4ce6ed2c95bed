/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of a withdrawal: tables in which one attribute differs from a good ask, each refusal with its code,
 * its rule and the member that is wrong; and what is kept of a good one. Nothing is stored by a refusal. */
#include "story.h"

struct ask_row {
    const char *json;
    int status;
    const char *code, *rule, *pointer; /* of a refusal */
    const char *flags;                 /* of a withdrawal */
};

static void expect(size_t row, const char *what, const char *found, const char *wanted)
{
    if (strcmp(found, wanted != NULL ? wanted : "") != 0)
        fail_msg("row %zu: %s is \"%s\", not \"%s\"", row, what, found, wanted != NULL ? wanted : "");
}

/* Each row is asked of `who`, who asks as alice. */
static void ask_all(struct house *house, const char *who, const struct ask_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t before = house_sql(house, "SELECT count(*) FROM withdrawal");
        int64_t id = withdraw_for(house, who, rows[i].json);

        if (house->status != rows[i].status)
            fail_msg("row %zu: %d, not %d: %s", i, house->status, rows[i].status, house->body);
        assert_int_equal(house_sql(house, "SELECT count(*) FROM withdrawal") - before, id != 0);
        if (id != 0) {
            char flags[128];

            text(house, "SELECT coalesce(flags, '') FROM withdrawal ORDER BY id DESC LIMIT 1", flags);
            expect(i, "flags", flags, rows[i].flags);
            continue;
        }
        expect(i, "code", house_member(house, "code"), rows[i].code);
        expect(i, "rule", house_member(house, "rule"), rows[i].rule);
        expect(i, "pointer", house_member(house, "errors.0.pointer"), rows[i].pointer);
    }
}
#define ASK_ALL(house, who, rows) ask_all((house), (who), (rows), ARRAY_COUNT(rows))

#define TO_BANK(name, more) "\"destination\":{\"kind\":\"bank\",\"name\":\"" name "\",\"account\":\"62\"" more "}"
#define PLACE ",\"province\":\"x\",\"city\":\"y\""
#define PAPERS "\"documents\":[\"a\",\"b\"]"
#define LOST "\"reason\":\"card_lost\""

/* ---- amounts ---- */

/* NW-03: from 1.00 to 30000.00, the limits themselves inside. */
static void amounts_have_a_least_and_a_most(void **state)
{
    static const struct ask_row rows[] = {
        {"{\"account\":\"alice\",\"amount\":99}", 422, "below_minimum", NULL, "/amount", NULL},
        {"{\"account\":\"alice\",\"amount\":100}", 201, NULL, NULL, NULL, ""},
        {"{\"account\":\"alice\",\"amount\":3000000}", 201, NULL, NULL, NULL, ""},
        {"{\"account\":\"alice\",\"amount\":3000001}", 422, "above_maximum", "NW-03", "/amount", NULL},
    };
    struct house house;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "t1", 4000000, "2026-11-01T10:00:00+08:00");
    ASK_ALL(&house, "alice", rows);
    is(&house, "SELECT group_concat(amount) FROM (SELECT amount FROM withdrawal ORDER BY id)", "100,3000000");
    house_close(&house);
}

/* JD-05: money that only staff return is a case, as long as there is nothing else and any of it is left. */
static void money_of_cases_is_for_staff(void **state)
{
    static const struct ask_row only_cases[] = {
        {"{\"account\":\"alice\",\"amount\":100}", 422, "case_required", "JD-05", "/account", NULL}};
    static const struct ask_row others_too[] = {
        {"{\"account\":\"alice\",\"amount\":100}", 201, NULL, NULL, NULL, ""},
        {"{\"account\":\"alice\",\"amount\":50001}", 422, "amount_exceeds_withdrawable", "JD-07", "/amount", NULL}};
    struct house house;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "jdcloud", "Alice", "");
    topup_of(&house, "alice", "kept", 10000, "wechat", "2026-11-01T10:00:00+08:00", "Alice", ",\"arbitrage\":true");
    topup_of(&house, "alice", "offline", 70000, "bank_transfer", "2026-11-01T10:00:00+08:00", "Alice", "");
    ASK_ALL(&house, "alice", only_cases);
    topup_of(&house, "alice", "online", 50000, "wechat", "2026-11-01T10:00:00+08:00", "Alice", "");
    ASK_ALL(&house, "alice", others_too);
    house_close(&house);
}

/* A top-up that was paid back in full has come into the batch with the dossier of its withdrawal: it is no case. */
static void a_spent_topup_is_no_case(void **state)
{
    static const struct withdraw_ask ask = {.account = "alice", .amount = {100}};
    struct house house;
    struct command commands[2];
    int statuses[2];
    int64_t id;

    (void)state;
    house_open_with(&house, "2026-11-20T10:00:00+08:00", POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup_of(&house, "alice", "card", 50000, "bank_card", "2026-06-01T10:00:00+08:00", "Alice", "");
    id = withdraw(&house, 50000);
    assert_int_equal(confirm(&house, id), 200);
    assert_int_equal(tick(&house, id), 200);
    say(&house, 1, EVIDENCE_PAID, "", "R1");
    is(&house, "SELECT remaining FROM topup", "0");
    house.now_ms += 30 * MS_DAY; /* NW-09: by now the way back is closed, and what is left of it is a case */
    for (int other = 0; other < 2; other++) {
        if (other == 1)
            topup_of(&house, "alice", "other", 7000, "bank_card", "2026-06-02T10:00:00+08:00", "Alice", "");
        commands[0] = evidence(&house, 1, EVIDENCE_ARRIVED, "", "R1");
        commands[1] = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
        commands[1].ask = &ask;
        run_together(&house, commands, statuses, 2);
        assert_int_equal(statuses[0], 200);
        assert_int_equal(statuses[1], 422);
        assert_string_equal(house_member(&house, "code"), other ? "case_required" : "amount_exceeds_withdrawable");
    }
    house_close(&house);
}

/* ---- plans ---- */

/* What cannot be planned says which route, which top-up and how much there is. */
static void what_cannot_be_planned_says_why(void **state)
{
#define PICK(amount, picks) "{\"account\":\"alice\",\"amount\":" amount ",\"topups\":[" picks "]}"
    static const struct ask_row rows[] = {
        {"{\"account\":\"alice\",\"amount\":70000}", 422, "amount_exceeds_route", NULL, "/amount", NULL},
        {"{\"account\":\"alice\",\"amount\":90001}", 422, "amount_exceeds_withdrawable", NULL, "/amount", NULL},
        {"{\"account\":\"alice\",\"amount\":100,\"route\":\"application\"}", 422, "route_not_open", NULL, "/route",
         NULL},
        {"{\"account\":\"alice\",\"amount\":100,\"strategy\":\"selected\"}", 422, "invalid_value", NULL, "/amount",
         NULL},
        {PICK("100", "{\"ref\":\"new\",\"amount\":100}"), 201, NULL, NULL, NULL, ""},
        {PICK("100", "{\"ref\":\"new\",\"amount\":99}"), 422, "invalid_value", NULL, "/topups/0", NULL},
        {PICK("60001", "{\"ref\":\"new\",\"amount\":60001}"), 422, "amount_exceeds_withdrawable", NULL, "/topups/0",
         NULL},
        {PICK("200", "{\"ref\":\"new\",\"amount\":100},{\"ref\":\"none\",\"amount\":100}"), 422, "invalid_value", NULL,
         "/topups/1", NULL},
        {PICK("200", "{\"ref\":\"new\",\"amount\":100},{\"ref\":\"new\",\"amount\":100}"), 422, "invalid_value", NULL,
         "/topups/1", NULL},
        {PICK("200", "{\"ref\":\"new\",\"amount\":100},{\"ref\":\"old\",\"amount\":100}"), 422, "route_not_open",
         "NW-08", "/topups/1", NULL},
    };
    struct house house;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "new", 60000, "2026-11-01T10:00:00+08:00");
    topup(&house, "old", 30000, "2025-11-01T10:00:00+08:00");
    ASK_ALL(&house, "alice", rows);
    assert_int_equal(withdraw(&house, 70000), 0);
    assert_string_equal(house_member(&house, "requested"), "70000");
    assert_string_equal(house_member(&house, "available"), "60000");
    house_close(&house);
}

/* Asked for the sake of the answer: the same plan and no byte stored, and the fee is asked for as well. */
static void a_dry_run_says_what_would_be(void **state)
{
    struct house house;
    struct command command;
    int64_t audit;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "t1", 60000, "2026-11-02T10:00:00+08:00");
    topup(&house, "t2", 30000, "2026-11-01T10:00:00+08:00");
    audit = house_sql(&house, "SELECT max(seq) FROM audit");
    command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    command.dry_run = true;
    snprintf(command.idempotency_key, sizeof command.idempotency_key, "dry");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":70000}"), 200);
        assert_false(house.replayed);
        assert_string_equal(house_member(&house, "id"), "");
        assert_string_equal(house_member(&house, "status"), "awaiting_code");
        assert_string_equal(house_member(&house, "legs.0.amount"), "60000");
        assert_string_equal(house_member(&house, "legs.0.status"), "planned");
        assert_string_equal(house_member(&house, "legs.1.amount"), "10000");
        assert_string_equal(house_member(&house, "legs.1.lots.0.topup"), "t2");
    }
    assert_int_equal(house_ask(&house, &command, "{\"account\":\"alice\",\"amount\":99}"), 422);
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), audit);
    is(&house, "SELECT count(*) FROM idempotency", "0");
    house_close(&house);
}

/* The message names where the money goes by the end of the account's number, and never more of it. */
static void the_message_names_the_account(void **state)
{
    static const struct {
        const char *number, *named;
    } rows[] = {{"6222021234567890", "to the account ending in 7890."},
                {"7890", "to the account ending in 7890."},
                {"62", "to the account ending in 62."}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;
        char json[300];

        house_open(&house, MORNING);
        account(&house, "alice", "pingan", "Alice", "");
        topup(&house, "t1", 100000, "2026-11-01T10:00:00+08:00");
        snprintf(
            json, sizeof json,
            "{\"account\":\"alice\",\"amount\":1000,\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":"
            "\"%s\",\"bank\":\"PAB\",\"branch\":\"z\"}}",
            rows[i].number);
        assert_int_not_equal(withdraw_for(&house, "alice", json), 0);
        if (strstr(last_message(&house), rows[i].named) == NULL)
            fail_msg("row %zu: %s", i, last_message(&house));
        house_close(&house);
    }
}

/* ---- destinations, papers and reasons: Northwind's other way out, of a top-up whose window is open ---- */

static void a_destination_must_be_whole_and_of_a_kind_that_is_paid_to(void **state)
{
#define GO(destination)                                                                                                \
    "{\"account\":\"alice\",\"amount\":1000,\"route\":\"designated\"," PAPERS "," LOST "," destination "}"
    static const struct ask_row rows[] = {
        {GO(TO_BANK("Alice", ",\"bank\":\"ICBC\"" PLACE)), 201, NULL, NULL, NULL, ""},
        {GO("\"destination\":{\"kind\":\"alipay\",\"name\":\"Alice\",\"account\":\"a\"}"), 201, NULL, NULL, NULL, ""},
        {GO("\"strategy\":\"lifo\""), 422, "invalid_value", NULL, "/destination", NULL},
        {GO(TO_BANK("Alice", PLACE)), 422, "invalid_value", NULL, "/destination/bank", NULL},
        {GO(TO_BANK("Alice", ",\"bank\":\"ICBC\",\"city\":\"y\"")), 422, "invalid_value", NULL, "/destination/province",
         NULL},
        {GO(TO_BANK("Alice", ",\"bank\":\"ICBC\",\"province\":\"x\"")), 422, "invalid_value", NULL, "/destination/city",
         NULL},
        {GO(TO_BANK("Bob", ",\"bank\":\"ICBC\"" PLACE)), 422, "payee_name_mismatch", NULL, "/destination/name", NULL},
        {GO(TO_BANK("Alise", ",\"bank\":\"ICBC\"" PLACE)), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"},
    };
    static const struct ask_row no_alipay[] = {
        {GO("\"destination\":{\"kind\":\"alipay\",\"name\":\"Alice\",\"account\":\"a\"}"), 422, "invalid_value", NULL,
         "/destination/kind", NULL}};
    static const struct ask_row no_bank[] = {
        {GO(TO_BANK("Alice", ",\"bank\":\"ICBC\"" PLACE)), 422, "invalid_value", NULL, "/destination/kind", NULL}};
    static const struct ask_row branch_only[] = {
        {GO(TO_BANK("Alice", ",\"branch\":\"z\"")), 201, NULL, NULL, NULL, ""},
        {GO(TO_BANK("Alice", ",\"bank\":\"ICBC\"" PLACE)), 422, "invalid_value", NULL, "/destination/branch", NULL}};
    struct house house;
    struct route_terms *terms;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "t1", 60000, "2026-11-01T10:00:00+08:00");
    terms = &policy_named(&house, "northwind")->routes[ROUTE_DESIGNATED];
    ASK_ALL(&house, "alice", rows);
    terms->destination_alipay = false;
    ASK_ALL(&house, "alice", no_alipay);
    terms->destination_bank = false;
    ASK_ALL(&house, "alice", no_bank);
    terms->destination_bank = true;
    terms->needs_bank = terms->needs_city = false;
    terms->needs_branch = true;
    ASK_ALL(&house, "alice", branch_only);
    house_close(&house);
}

/* AL-04, NW-10: papers first, then a reason that is known and that fits the windows. */
static void papers_and_reasons_are_asked_for(void **state)
{
#define WHY(members)                                                                                                   \
    "{\"account\":\"alice\",\"amount\":1000,\"route\":\"designated\"," TO_BANK("Alice", ",\"bank\":\"ICBC\"" PLACE)    \
        members "}"
    static const struct ask_row inside[] = {
        {WHY("," LOST "," PAPERS), 201, NULL, NULL, NULL, ""},
        {WHY("," LOST), 422, "documents_required", NULL, "/documents", NULL},
        {WHY("," LOST ",\"documents\":[\"a\"]"), 422, "documents_required", NULL, "/documents", NULL},
        {WHY("," PAPERS), 422, "invalid_value", NULL, "/reason", NULL},
        {WHY(",\"reason\":\"bored\"," PAPERS), 422, "invalid_value", NULL, "/reason", NULL},
        {WHY(",\"reason\":\"too_late\"," PAPERS), 422, "route_not_open", NULL, "/reason", NULL},
    };
    static const struct ask_row outside[] = {
        {WHY("," LOST "," PAPERS), 201, NULL, NULL, NULL, ""},
        {WHY(",\"reason\":\"too_late\"," PAPERS), 201, NULL, NULL, NULL, ""},
        {WHY("," PAPERS), 201, NULL, NULL, NULL, ""}, /* there is only one reason that it can be */
    };
    static const struct ask_row no_such_reason[] = {{WHY("," PAPERS), 422, "invalid_value", NULL, "/reason", NULL}};
    static const struct ask_row no_reasons[] = {{WHY("," PAPERS), 201, NULL, NULL, NULL, ""}};
    struct house house;
    struct route_terms *terms;

    (void)state;
    house_open_with(&house, MORNING, POLICIES);
    account(&house, "alice", "northwind", "Alice", "");
    topup(&house, "new", 60000, "2026-11-01T10:00:00+08:00");
    ASK_ALL(&house, "alice", inside);
    fact(&house, COMMAND_CHARGEBACK, "alice", "new", "{\"ref\":\"cb\",\"amount\":60000}");
    topup(&house, "old", 60000, "2025-11-01T10:00:00+08:00");
    ASK_ALL(&house, "alice", outside);
    is(&house, "SELECT group_concat(reason) FROM (SELECT reason FROM withdrawal ORDER BY id)",
       "card_lost,card_lost,too_late,too_late");
    terms = &policy_named(&house, "northwind")->routes[ROUTE_DESIGNATED];
    terms->reasons_count = 1; /* card_lost alone */
    ASK_ALL(&house, "alice", no_such_reason);
    terms->reasons_count = 0;
    ASK_ALL(&house, "alice", no_reasons);
    house_close(&house);
}

/* HW-11: back to the source nothing is chosen, but what is not known of a source bank account the customer completes.
 */
static void only_an_unknown_source_is_completed(void **state)
{
#define BACK(destination) "{\"account\":\"alice\",\"amount\":1000,\"route\":\"original\"," destination "}"
    static const struct ask_row online[] = {
        {BACK("\"strategy\":\"lifo\""), 201, NULL, NULL, NULL, ""},
        {BACK(TO_BANK("Alice", ",\"bank\":\"ICBC\"")), 422, "invalid_value", NULL, "/destination", NULL}};
    static const struct ask_row unknown[] = {
        {BACK("\"strategy\":\"lifo\""), 201, NULL, NULL, NULL, ""},
        {BACK(TO_BANK("Alice", ",\"bank\":\"ICBC\"")), 201, NULL, NULL, NULL, ""},
        {BACK(TO_BANK("Alise", ",\"bank\":\"ICBC\"")), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"},
        {BACK(TO_BANK("Bob", ",\"bank\":\"ICBC\"")), 422, "payee_name_mismatch", "HW-12", "/destination/name", NULL},
        {BACK(TO_BANK("Alice", "")), 422, "invalid_value", NULL, "/destination/bank", NULL},
        {BACK("\"destination\":{\"kind\":\"alipay\",\"name\":\"Alice\",\"account\":\"a\"}"), 422, "invalid_value", NULL,
         "/destination/kind", NULL}};
    static const struct {
        const char *more; /* of a bank transfer of which this is known */
        int status;
    } sources[] = {{"", 201}, {",\"bank\":\"ICBC\"", 201}};
    struct house house;

    (void)state;
    house_open(&house, MORNING);
    account(&house, "alice", "huawei", "Alice", "");
    topup(&house, "online", 60000, "2026-11-01T10:00:00+08:00");
    ASK_ALL(&house, "alice", online);
    fact(&house, COMMAND_CHARGEBACK, "alice", "online", "{\"ref\":\"cb\",\"amount\":60000}");
    for (size_t i = 0; i < ARRAY_COUNT(sources); i++) {
        char ref[8], chargeback[64];

        snprintf(ref, sizeof ref, "bt%zu", i);
        topup_of(&house, "alice", ref, 60000, "bank_transfer", "2026-11-01T10:00:00+08:00", "Alice", sources[i].more);
        ASK_ALL(&house, "alice", unknown);
        snprintf(chargeback, sizeof chargeback, "{\"ref\":\"cb%zu\",\"amount\":60000}", i);
        fact(&house, COMMAND_CHARGEBACK, "alice", ref, chargeback);
    }
    fact(&house, COMMAND_TOPUP, "alice", "",
         "{\"ref\":\"known\",\"amount\":60000,\"method\":\"bank_transfer\",\"bank\":\"ICBC\",\"paid_at\":"
         "\"2026-11-01T10:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\",\"account\":\"62\"}}");
    ASK_ALL(&house, "alice", online);
    house_close(&house);
}

/* ---- whose name ---- */

/* One top-up by Alipay whose payer bears this name (NULL: not known), under a policy, of a subject of this name. */
static void open_named(struct house *house, const char *policy, const char *subject, const char *payer,
                       const char *paid_at)
{
    char json[300], name[60] = "";

    house_open(house, MORNING);
    if (subject != NULL)
        snprintf(name, sizeof name, ",\"name\":\"%s\"", subject);
    snprintf(json, sizeof json,
             "{\"policy\":\"%s\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"id_number\":\"110\","
             "\"verified\":true%s}}",
             policy, name);
    fact(house, COMMAND_ACCOUNT_PUT, "alice", "", json);
    name[0] = '\0';
    if (payer != NULL)
        snprintf(name, sizeof name, ",\"name\":\"%s\"", payer);
    snprintf(json, sizeof json,
             "{\"ref\":\"t1\",\"amount\":60000,\"method\":\"alipay\",\"paid_at\":\"%s\",\"payer\":{\"kind\":"
             "\"personal\"%s}}",
             paid_at, name);
    fact(house, COMMAND_TOPUP, "alice", "", json);
}

#define OLD "2025-01-01T10:00:00+08:00" /* past every window */
#define NEW "2026-11-01T10:00:00+08:00"
#define CARD(name)                                                                                                     \
    "{\"account\":\"alice\",\"amount\":1000,\"route\":\"designated\"," TO_BANK(                                        \
        name, ",\"bank\":\"ICBC\",\"branch\":\"z\"" PLACE) "}"

/* HW-12: the card's name is the payer's, and the subject's where the payer is not known. */
static void the_payee_is_whom_the_rule_names(void **state)
{
    static const struct {
        const char *subject, *payer;
        struct ask_row asks[2];
    } rows[] = {
        {"Wang Fang",
         "Li Bo",
         {{CARD("Li Bo"), 201, NULL, NULL, NULL, ""},
          {CARD("Wang Fang"), 422, "payee_name_mismatch", "HW-12", "/destination/name", NULL}}},
        {"Wang Fang",
         NULL,
         {{CARD("Wang Fang"), 201, NULL, NULL, NULL, ""},
          {CARD("Li Bo"), 422, "payee_name_mismatch", "HW-12", "/destination/name", NULL}}},
        {NULL,
         "Li Bo",
         {{CARD("Li Bo"), 201, NULL, NULL, NULL, ""},
          {CARD("Wang Fang"), 422, "payee_name_mismatch", "HW-12", "/destination/name", NULL}}},
        /* nobody's name is known: somebody must look at it */
        {NULL,
         NULL,
         {{CARD("Li Bo"), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"},
          {CARD("Wang Fang"), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"}}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;

        open_named(&house, "huawei", rows[i].subject, rows[i].payer, OLD);
        ASK_ALL(&house, "alice", rows[i].asks);
        house_close(&house);
    }
}

/* JD-01: what goes back to the source must have come from the subject, where the payer is known. */
static void the_source_belongs_to_the_subject(void **state)
{
    static const struct {
        const char *subject, *payer;
        struct ask_row ask;
    } rows[] = {
        {"Wang Fang", "Wang Fang", {"{\"account\":\"alice\",\"amount\":1000}", 201, NULL, NULL, NULL, ""}},
        {"Wang Fang",
         "Li Bo",
         {"{\"account\":\"alice\",\"amount\":1000}", 422, "payee_name_mismatch", "JD-01", "/destination/name", NULL}},
        {"Wang Fang", NULL, {"{\"account\":\"alice\",\"amount\":1000}", 201, NULL, NULL, NULL, ""}},
        {NULL, "Li Bo", {"{\"account\":\"alice\",\"amount\":1000}", 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"}},
        {NULL, NULL, {"{\"account\":\"alice\",\"amount\":1000}", 201, NULL, NULL, NULL, ""}},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct house house;

        open_named(&house, "jdcloud", rows[i].subject, rows[i].payer, NEW);
        ask_all(&house, "alice", &rows[i].ask, 1);
        house_close(&house);
    }
}

/* AL-04: another name is paid where papers say why, and only then; a reviewer sees it. */
static void papers_allow_another_payee(void **state)
{
#define PAY(route, name, more)                                                                                         \
    "{\"account\":\"alice\",\"amount\":1000,\"route\":\"" route                                                        \
    "\"," TO_BANK(name, ",\"bank\":\"ICBC\",\"branch\":\"z\"" PLACE) more "}"
    static const struct ask_row rows[] = {
        {PAY("designated", "Wang Fang", "," PAPERS), 201, NULL, NULL, NULL, ""},
        {PAY("designated", "Li Bo", "," PAPERS), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"},
        {PAY("designated", "Li Bo", ""), 422, "documents_required", "AL-14", "/documents", NULL},
        {PAY("application", "Wang Fang", "," PAPERS), 201, NULL, NULL, NULL, ""},
        {PAY("application", "Li Bo", "," PAPERS), 201, NULL, NULL, NULL, "[\"payee_name_differs\"]"},
    };
    static const struct ask_row no_papers[] = {
        {PAY("designated", "Wang Fang", ""), 201, NULL, NULL, NULL, ""},
        {PAY("designated", "Li Bo", ""), 422, "payee_name_mismatch", "AL-04", "/destination/name", NULL},
        {PAY("application", "Li Bo", ""), 422, "payee_name_mismatch", "AL-04", "/destination/name", NULL},
    };
    static const struct ask_row payer_of_nothing[] = {
        {PAY("application", "Wang Fang", ""), 201, NULL, NULL, NULL, ""},
        {PAY("application", "Li Bo", ""), 422, "payee_name_mismatch", "AL-04", "/destination/name", NULL},
    };
    struct house house;
    struct policy *policy;

    (void)state;
    open_named(&house, "alibaba", "Wang Fang", "Wang Fang", OLD);
    fact(&house, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}");
    ASK_ALL(&house, "alice", rows);
    policy = policy_named(&house, "alibaba");
    policy->routes[ROUTE_DESIGNATED].documents_min = policy->routes[ROUTE_APPLICATION].documents_min = 0;
    ASK_ALL(&house, "alice", no_papers);
    policy->routes[ROUTE_APPLICATION].payee[METHOD_NONE] = PAYEE_PAYER; /* other funds have no payer: the subject */
    ASK_ALL(&house, "alice", payer_of_nothing);
    house_close(&house);
}

/* AL-14: a document is one that was brought for this account; each counts once. */
static void documents_are_those_that_were_brought(void **state)
{
    struct house house;
    struct command paper = house_command(COMMAND_DOCUMENT, "bob", OPERATOR, "bob", "");
    struct command ask = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, "alice", "");
    char bobs[64], alices[64], json[600];
    static const char form[] = "{\"account\":\"alice\",\"amount\":30000,\"route\":\"application\",\"documents\":[%s],"
                               "\"destination\":{\"kind\":\"bank\",\"name\":\"Alice\",\"account\":\"62\",\"bank\":"
                               "\"ICBC\",\"branch\":\"x\",\"province\":\"x\",\"city\":\"y\"}}";
    static const char content[] = "{\"account\":\"%s\",\"name\":\"f\",\"media_type\":\"application/pdf\","
                                  "\"content\":\"JVBERi0xLjQK\"}";
    (void)state;

    house_open(&house, MORNING);
    account(&house, "alice", "alibaba", "Alice", "");
    account(&house, "bob", "alibaba", "Bob", "");
    fact(&house, COMMAND_CREDIT, "alice", "", "{\"ref\":\"k\",\"fund\":\"other\",\"amount\":50000}");
    snprintf(json, sizeof json, content, "bob");
    assert_int_equal(house_ask(&house, &paper, json), 201);
    snprintf(bobs, sizeof bobs, "\"%s\"", house_member(&house, "id"));
    paper = house_command(COMMAND_DOCUMENT, "alice", OPERATOR, "alice", "");
    snprintf(json, sizeof json, content, "alice");
    assert_int_equal(house_ask(&house, &paper, json), 201);
    snprintf(alices, sizeof alices, "\"%s\"", house_member(&house, "id"));
    const struct {
        const char *first, *second, *pointer;
    } rows[] = {{"\"a\"", NULL, "/documents/0"},
                {"\"doc_0000000000001\"", NULL, "/documents/0"},
                {bobs, NULL, "/documents/0"},
                {alices, bobs, "/documents/1"},
                {alices, alices, "/documents/1"}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char names[160];

        snprintf(names, sizeof names, "%s%s%s", rows[i].first, rows[i].second != NULL ? "," : "",
                 rows[i].second != NULL ? rows[i].second : "");
        snprintf(json, sizeof json, form, names);
        assert_int_equal(house_ask(&house, &ask, json), 422);
        expect(i, "code", house_member(&house, "code"), "invalid_value");
        expect(i, "pointer", house_member(&house, "errors.0.pointer"), rows[i].pointer);
    }
    snprintf(json, sizeof json, form, alices);
    assert_int_equal(house_ask(&house, &ask, json), 201);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_those_that_were_brought),
        cmocka_unit_test(amounts_have_a_least_and_a_most),
        cmocka_unit_test(money_of_cases_is_for_staff),
        cmocka_unit_test(a_spent_topup_is_no_case),
        cmocka_unit_test(what_cannot_be_planned_says_why),
        cmocka_unit_test(a_dry_run_says_what_would_be),
        cmocka_unit_test(the_message_names_the_account),
        cmocka_unit_test(a_destination_must_be_whole_and_of_a_kind_that_is_paid_to),
        cmocka_unit_test(papers_and_reasons_are_asked_for),
        cmocka_unit_test(only_an_unknown_source_is_completed),
        cmocka_unit_test(the_payee_is_whom_the_rule_names),
        cmocka_unit_test(the_source_belongs_to_the_subject),
        cmocka_unit_test(papers_allow_another_payee),
    };
    return cmocka_run_group_tests_name("withdraw_ask", tests, NULL, NULL);
}
