/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that are files, through the engine's door: what each line is, which breaks there are and how they end, and
 * that a file goes on where it stood. */
#include "../unit/story.h"

#define HASH_A "00000000000000000000000000000000000000000000000000000000000000aa"
#define HASH_B "00000000000000000000000000000000000000000000000000000000000000bb"
#define HASH_C "00000000000000000000000000000000000000000000000000000000000000cc"
#define DAY "2026-11-20T00:00:00+08:00"
#define AT "2026-11-20T10:05:00+08:00"

static int tell(struct house *house, const char *who, const char *json)
{
    struct command command = house_command(COMMAND_STATEMENT, who, ROLE_RESOLVE, "", "");

    return house_ask(house, &command, json);
}

/* A piece of a statement of today until now: `lines` as JSON, "$1" in them is the key of the first payment. */
static int piece(struct house *house, const char *hash, int first, int total, const char *lines)
{
    char body[3000], to[INSTANT_TEXT_BYTES], key[128];
    size_t used;

    text(house, "SELECT coalesce(min(key), '') FROM attempt", key);
    instant_format((struct instant){house->now_ms}, to);
    used = (size_t)snprintf(body, sizeof body,
                            "{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"%s\",\"hash\":\"%s\",\"first\":%d,"
                            "\"total\":%d,\"format\":\"csv\",\"lines\":[",
                            to, hash, first, total);
    for (const char *at = lines; *at != '\0'; at++) {
        if (at[0] == '$' && at[1] == '1') {
            used += (size_t)snprintf(body + used, sizeof body - used, "%s", key);
            at++;
        } else
            body[used++] = *at;
    }
    snprintf(body + used, sizeof body - used, "]}");
    return tell(house, "anna", body);
}

#define REF(text) ",\"reference\":\"" text "\""
#define LINE(key, outcome, amount, reference)                                                                          \
    "{\"key\":\"" key "\",\"outcome\":\"" outcome "\",\"amount\":" #amount ",\"currency\":\"CNY\",\"at\":\"" AT        \
    "\"" reference "}"

#define BREAKS                                                                                                         \
    "SELECT coalesce(group_concat(b), '') FROM (SELECT kind || ' ' || owner || ' ' || ours || ' ' || theirs || ' ' "   \
    "|| "                                                                                                              \
    "status AS b FROM recon_break ORDER BY id)"
#define VERDICTS "SELECT coalesce(group_concat(verdict), '') FROM (SELECT verdict FROM recon_line ORDER BY number)"

static void later(struct house *house)
{
    house->now_ms += 10 * MS_MINUTE;
}

/* ---- the stories ---- */

static void an_unknown_payment_is_settled_by_its_line(void **state)
{
    static const struct {
        const char *line, *leg, *verdict, *breaks;
        int64_t held;
    } cases[] = {
        {LINE("$1", "paid", 30000, REF("A1")), "successful", "matched", "", 0},
        {LINE("$1", "not_paid", 0, ""), "unknown", "status_differs", "status_differs treasury 30000 0 open", 30000},
        {LINE("$1", "accepted", 30000, ""), "accepted", "matched", "", 30000},
        {LINE("$1", "returned", 30000, REF("A1")), "unknown", "status_differs",
         "status_differs treasury 30000 30000 open", 30000},
        {LINE("$1", "paid", 29999, REF("A1")), "unknown", "amount_differs", "amount_differs channel 30000 29999 open",
         30000},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house house;

        (void)open_sent(&house);
        say(&house, 1, EVIDENCE_NOTHING, "TIMEOUT", "");
        is(&house, LEGS, "unknown");
        later(&house);
        assert_int_equal(piece(&house, HASH_A, 0, 1, cases[i].line), 200);
        assert_string_equal(house_member(&house, "status"), "taken");
        assert_string_equal(house_member(&house, "lines.0.effect"), cases[i].verdict);
        is(&house, LEGS, cases[i].leg);
        is(&house, BREAKS, cases[i].breaks);
        assert_int_equal(house_sql(&house, HELD), cases[i].held);
        is(&house, "SELECT source FROM evidence ORDER BY id DESC LIMIT 1",
           strcmp(cases[i].verdict, "status_differs") == 0 ? "callback" : "statement");
        house_close(&house);
    }
}

static void what_was_proven_is_compared(void **state)
{
    static const struct {
        enum evidence_kind before;
        const char *line, *verdict, *leg, *breaks;
    } cases[] = {
        {EVIDENCE_PAID, LINE("$1", "paid", 30000, REF("A1")), "matched", "successful", ""},
        {EVIDENCE_PAID, LINE("$1", "returned", 30000, REF("A1")), "status_differs", "successful",
         "status_differs treasury 30000 30000 open"},
        {EVIDENCE_RETURNED, LINE("$1", "returned", 30000, REF("A1")), "matched", "returned", ""},
        {EVIDENCE_PAID, LINE("$1", "not_paid", 0, ""), "status_differs", "successful",
         "status_differs treasury 30000 0 open"},
        {EVIDENCE_PAID, LINE("$1", "paid", 30001, REF("A1")), "amount_differs", "successful",
         "amount_differs channel 30000 30001 open"},
        {EVIDENCE_NOT_PAID, LINE("$1", "not_paid", 0, ""), "matched", "failed", ""},
        {EVIDENCE_NOT_PAID, LINE("$1", "paid", 30000, REF("A1")), "status_differs", "failed",
         "status_differs treasury 30000 30000 open"},
        {EVIDENCE_PAID, LINE("X", "paid", 500, REF("B1")), "theirs_not_ours", "successful",
         "theirs_not_ours treasury 0 500 open,ours_not_theirs channel 30000 0 open"},
        {EVIDENCE_PAID, LINE("X", "not_paid", 0, ""), "void", "successful", "ours_not_theirs channel 30000 0 open"},
        {EVIDENCE_PAID, LINE("$1", "paid", 30000, REF("A1")) "," LINE("$1", "paid", 30000, REF("A2")), "matched",
         "successful", "duplicate channel 30000 30000 open"},
        {EVIDENCE_NOTHING, LINE("$1", "paid", 30000, REF("A1")) "," LINE("$1", "returned", 30000, REF("A1")), "matched",
         "successful", "status_differs treasury 30000 30000 open"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        int total = 1 + (strstr(cases[i].line, "},{") != NULL);
        struct house house;

        (void)open_sent(&house);
        say(&house, 1, cases[i].before, "C", "A1");
        later(&house);
        assert_int_equal(piece(&house, HASH_A, 0, total, cases[i].line), 200);
        assert_string_equal(house_member(&house, "lines.0.effect"), cases[i].verdict);
        is(&house, LEGS, cases[i].leg);
        is(&house, BREAKS, cases[i].breaks);
        house_close(&house);
    }
}

/* Somebody changed the books behind the engine's back: payment and channel agree, the ledger does not. */
static void the_ledger_is_the_third(void **state)
{
    struct house house;
    sqlite3 *db;
    char path[120];
    (void)state;

    if (place_server() != NULL)
        skip(); /* SQLite's own words */
    (void)open_sent(&house);
    say(&house, 1, EVIDENCE_PAID, "OK", "A1");
    later(&house);
    snprintf(path, sizeof path, "%s/ebb.db", house.directory);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "DROP TRIGGER posting_fixed; UPDATE posting SET amount = amount - 1 WHERE ledger = "
                                  "'channel' AND amount = 30000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_changes(db), 1);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "paid", 30000, REF("A1"))), 200);
    is(&house, BREAKS, "amount_differs channel 30000 30000 open");
    house_close(&house);
}

static void the_same_file_changes_nothing(void **state)
{
    struct house house;
    int64_t audit;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "paid", 30000, REF("A1"))), 200);
    assert_string_equal(house_member(&house, "matched"), "1");
    audit = house_sql(&house, "SELECT max(seq) FROM audit");
    later(&house);
    for (int times = 0; times < 2; times++) {
        assert_int_equal(piece(&house, HASH_A, 0, 1, times == 0 ? LINE("$1", "paid", 30000, REF("A1")) : ""), 200);
        assert_string_equal(house_member(&house, "status"), "taken");
        assert_non_null(strstr(house.body, "\"already\":true"));
    }
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), audit);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM recon_line"), 1);
    /* a second statement that overlaps tells the same line again */
    assert_int_equal(piece(&house, HASH_B, 0, 1, LINE("$1", "paid", 30000, REF("A1"))), 200);
    assert_string_equal(house_member(&house, "lines.0.effect"), "repeated");
    is(&house, BREAKS, "");
    house_close(&house);
}

static void a_file_goes_on_where_it_stood(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 1, 3, LINE("$1", "paid", 30000, REF("A1"))), 409);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM recon_statement"), 0);
    assert_int_equal(piece(&house, HASH_A, 0, 3, LINE("X", "paid", 1, REF("B"))), 200);
    assert_string_equal(house_member(&house, "status"), "taking");
    assert_int_equal(piece(&house, HASH_A, 2, 3, LINE("Z", "paid", 1, REF("B"))), 409);
    assert_int_equal(piece(&house, HASH_A, 0, 4, LINE("X", "paid", 1, REF("B"))), 409);
    assert_int_equal(
        piece(&house, HASH_A, 0, 3, LINE("X", "paid", 1, REF("B")) "," LINE("$1", "paid", 30000, REF("A1"))), 200);
    assert_string_equal(house_member(&house, "taken"), "2");
    is(&house, LEGS, "successful");
    is(&house, BREAKS, "theirs_not_ours treasury 0 1 open");
    assert_int_equal(piece(&house, HASH_A, 2, 3, LINE("Z", "not_paid", 0, "")), 200);
    assert_string_equal(house_member(&house, "status"), "taken");
    is(&house, VERDICTS, "theirs_not_ours,matched,void");
    assert_int_equal(piece(&house, HASH_A, 0, 3, ""), 200);
    is(&house, BREAKS, "theirs_not_ours treasury 0 1 open");
    house_close(&house);
}

static void what_is_missing_may_come_late(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 0, ""), 200);
    is(&house, BREAKS, "ours_not_theirs channel 30000 0 open");
    is(&house, LEGS, "sending"); /* absence proves nothing */
    later(&house);
    assert_int_equal(piece(&house, HASH_C, 0, 0, ""), 200); /* nor is it a second break */
    is(&house, BREAKS, "ours_not_theirs channel 30000 0 open");
    later(&house);
    assert_int_equal(piece(&house, HASH_B, 0, 1, LINE("$1", "paid", 30000, REF("A1"))), 200);
    is(&house, BREAKS, "late channel 30000 30000 settled");
    is(&house, "SELECT settler FROM recon_break", "statement");
    is(&house, LEGS, "successful");
    house_close(&house);
}

/* Sent before the cut, booked behind it: looked for in the next statement, which begins earlier by as much. */
static void what_may_stand_in_the_next_statement_is_not_missing(void **state)
{
    static const char next[] =
        "{\"channel\":\"alipay\",\"from\":\"2026-11-20T11:00:00+08:00\",\"to\":\"2026-11-20T12:00:00+08:00\",\"hash\":"
        "\"%s\",\"total\":0,\"lag_hours\":%d,\"lines\":[]}";
    static const struct {
        int lag_hours;
        const char *breaks;
    } cases[] = {{0, ""}, {1, "ours_not_theirs channel 30000 0 open"}, {2, ""}};
    char body[400];
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) { /* from 11:00, from 10:00, until 10:00 and without it */
        struct house house;

        (void)open_sent(&house); /* at 10:00 */
        house.now_ms += 3 * MS_HOUR;
        snprintf(body, sizeof body, next, HASH_A, cases[i].lag_hours);
        assert_int_equal(tell(&house, "anna", body), 200);
        is(&house, BREAKS, cases[i].breaks);
        house_close(&house);
    }
}

static void a_person_settles_a_break_with_a_reason(void **state)
{
    struct house house;
    struct command command;
    char id[ID_TEXT_BYTES];
    int64_t number;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("X", "paid", 1, REF("B"))), 200);
    number = house_sql(&house, "SELECT min(id) FROM recon_break");
    id_format("bk", number, id);
    command = house_command(COMMAND_BREAK_SETTLE, "anna", ROLE_REVIEW, "", id);
    assert_int_equal(house_ask(&house, &command, "{\"reason\":\"the bank's fee\"}"), 403);
    command = house_command(COMMAND_BREAK_SETTLE, "anna", ROLE_RESOLVE, "", id);
    assert_int_equal(house_ask(&house, &command, "{\"reason\":\"the bank's fee\"}"), 200);
    assert_string_equal(house_member(&house, "settlement.by"), "anna");
    assert_string_equal(house_member(&house, "settlement.reason"), "the bank's fee");
    command = house_command(COMMAND_BREAK_SETTLE, "bert", ROLE_RESOLVE, "", id);
    assert_int_equal(house_ask(&house, &command, "{\"reason\":\"again\"}"), 409);
    command = house_command(COMMAND_BREAK_SETTLE, "bert", ROLE_RESOLVE, "", "bk_0000000000001");
    assert_int_equal(house_ask(&house, &command, "{\"reason\":\"again\"}"), 404);
    house_close(&house);
}

static int settle(struct house *house, const char *who, const char *json)
{
    struct command command;
    char id[ID_TEXT_BYTES];

    id_format("bk", house_sql(house, "SELECT min(id) FROM recon_break"), id);
    command = house_command(COMMAND_BREAK_SETTLE, who, ROLE_RESOLVE, "", id);
    return house_ask(house, &command, json);
}

/* One person with a file could otherwise give back what was paid. */
static void two_people_believe_what_frees_money(void **state)
{
    static const char believe[] = "{\"reason\":\"seen at the bank\",\"believe\":true}";
    static const struct {
        enum evidence_kind before;
        const char *line, *held_before, *leg;
    } cases[] = {
        {EVIDENCE_NOTHING, LINE("$1", "not_paid", 0, ""), "unknown", "failed"},
        {EVIDENCE_NOTHING, LINE("$1", "returned", 30000, REF("A1")), "unknown", "returned"},
        {EVIDENCE_PAID, LINE("$1", "returned", 30000, REF("A1")), "successful", "returned"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct house house;

        (void)open_sent(&house);
        say(&house, 1, cases[i].before, "C", "A1");
        later(&house);
        assert_int_equal(piece(&house, HASH_A, 0, 1, cases[i].line), 200);
        is(&house, LEGS, cases[i].held_before);
        assert_int_equal(settle(&house, "anna", believe), 422);
        assert_string_equal(house_member(&house, "code"), "maker_is_checker");
        assert_int_equal(settle(&house, "alice", believe), 422); /* it is her withdrawal */
        is(&house, LEGS, cases[i].held_before);
        assert_int_equal(settle(&house, "bert", believe), 200);
        is(&house, LEGS, cases[i].leg);
        assert_int_equal(house_sql(&house, HELD), 0);
        is(&house, "SELECT settler || ' ' || status FROM recon_break", "bert settled");
        is(&house, "SELECT source FROM evidence ORDER BY id DESC LIMIT 1", "statement");
        assert_int_equal(settle(&house, "bert", believe), 409);
        house_close(&house);
    }
}

/* What was said of the first send is no word of the second; and what frees nothing cannot be believed. */
static void a_line_that_proves_nothing_is_not_believed(void **state)
{
    static const char believe[] = "{\"reason\":\"r\",\"believe\":true}";
    struct house house;
    int64_t id;
    (void)state;

    id = open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "not_found", "");
    later(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_int_equal(house_sql(&house, "SELECT sends FROM attempt"), 2);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "not_paid", 0, "")), 200);
    assert_int_equal(settle(&house, "bert", believe), 409);
    assert_int_equal(house_sql(&house, HELD), 30000);
    assert_int_equal(settle(&house, "bert", "{\"reason\":\"of the first send\"}"), 200); /* it is only noted why */
    assert_int_equal(house_sql(&house, HELD), 30000);
    house_close(&house);

    (void)open_sent(&house);
    say(&house, 1, EVIDENCE_PAID, "OK", "A1");
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "not_paid", 0, "")), 200);
    assert_int_equal(settle(&house, "bert", believe), 409);
    is(&house, LEGS, "successful");
    house_close(&house);
}

/* A code in a file is no answer of the channel: it makes nobody send again. */
static void a_code_of_a_statement_sends_nothing_again(void **state)
{
    struct house house;
    int64_t id;
    (void)state;

    id = open_sent(&house);
    say(&house, 1, EVIDENCE_NOTHING, "TIMEOUT", "");
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1,
                           "{\"key\":\"$1\",\"outcome\":\"paid\",\"amount\":1,\"currency\":\"CNY\",\"at\":\"" AT
                           "\",\"code\":\"never_sent\"}"),
                     200);
    is(&house, "SELECT code FROM attempt", "TIMEOUT");
    later(&house);
    assert_int_equal(tick(&house, id), 200);
    assert_int_equal(house_sql(&house, "SELECT sends FROM attempt"), 1);
    house_close(&house);
}

/* Twice the same key, amount and day, in two files, and no reference that tells them apart. */
static void what_may_be_a_second_payment_is_no_repetition(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "paid", 30000, "")), 200);
    is(&house, BREAKS, "");
    assert_int_equal(piece(&house, HASH_B, 0, 1, LINE("$1", "paid", 30000, "")), 200);
    is(&house, BREAKS, "duplicate channel 30000 30000 open");
    house_close(&house);
}

/* The channel had taken it over, and that was all that it ever said. */
static void what_was_only_taken_over_is_still_missing(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "accepted", 30000, "")), 200);
    is(&house, BREAKS, "");
    later(&house);
    assert_int_equal(piece(&house, HASH_B, 0, 0, ""), 200);
    is(&house, BREAKS, "ours_not_theirs channel 30000 0 open");
    house_close(&house);
}

/* The bank calls it otherwise in its statement; a second line of the key would be another payment. */
static void another_reference_of_what_is_known_is_no_second_payment(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    say(&house, 1, EVIDENCE_PAID, "OK", "A1");
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("$1", "paid", 30000, REF("BANK-7"))), 200);
    assert_string_equal(house_member(&house, "lines.0.effect"), "matched");
    is(&house, INCIDENTS, "");
    later(&house);
    assert_int_equal(piece(&house, HASH_B, 0, 1, LINE("$1", "paid", 30000, REF("BANK-8"))), 200);
    is(&house, BREAKS, "duplicate channel 30000 30000 open");
    is(&house, INCIDENTS, "paid_twice");
    house_close(&house);
}

/* Refused as a whole, and nothing is in the books. */
static void a_statement_that_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *what;
        int status;
    } cases[] = {
        {"{\"channel\":\"nobody\",\"from\":\"" DAY "\",\"to\":\"" AT "\",\"hash\":\"" HASH_A
         "\",\"total\":0,\"lines\":[]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" AT "\",\"to\":\"" DAY "\",\"hash\":\"" HASH_A
         "\",\"total\":0,\"lines\":[]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"2026-12-20T00:00:00+08:00\",\"hash\":\"" HASH_A
         "\",\"total\":0,\"lines\":[]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"" AT
         "\",\"hash\":\"zz00000000000000000000000000000000000000000000000000000000000000\",\"total\":0,\"lines\":[]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"" AT "\",\"hash\":\"" HASH_A
         "\",\"total\":0,\"lines\":[" LINE("X", "paid", 1, REF("B")) "]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"2026-11-20T10:00:00+08:00\",\"hash\":\"" HASH_A
         "\",\"total\":1,\"lines\":[" LINE("X", "paid", 1, REF("B")) "]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"" AT "\",\"hash\":\"" HASH_B
         "\",\"total\":0,\"account\":\"another\",\"lines\":[]}",
         422},
        {"{\"channel\":\"alipay\",\"from\":\"" DAY "\",\"to\":\"" AT "\",\"total\":0,\"lines\":[]}", 409},
    };
    struct house house;
    int64_t before;
    (void)state;

    (void)open_sent(&house);
    later(&house);
    assert_int_equal(tell(&house, "anna",
                          "{\"channel\":\"alipay\",\"from\":\"2026-11-18T00:00:00+08:00\",\"to\":\"" DAY
                          "\",\"hash\":\"" HASH_A "\",\"total\":0,\"account\":\"2088\",\"lines\":[]}"),
                     200);
    before = house_sql(&house, "SELECT max(seq) FROM audit");
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
        if (tell(&house, "anna", cases[i].what) != cases[i].status)
            fail_msg("%s: %d %s", cases[i].what, house.status, house.body);
    assert_int_equal(house_sql(&house, "SELECT max(seq) FROM audit"), before);
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM recon_statement"), 1);
    house_close(&house);
}

/* More payments than one command looks for: it says that it goes on, and the same file goes on. */
static void a_sweep_is_bounded(void **state)
{
    enum { PAYMENTS = 53 };
    struct house house;
    (void)state;

    open_alice(&house);
    for (int i = 0; i < PAYMENTS; i++) {
        int64_t id = withdraw(&house, 1 + i);

        assert_int_equal(confirm(&house, id), 200);
        assert_int_equal(tick(&house, id), 200);
        house.now_ms += MS_MINUTE;
    }
    assert_int_equal(piece(&house, HASH_A, 0, 1, LINE("X", "paid", 1, REF("B"))), 200);
    assert_string_equal(house_member(&house, "breaks"), "51");
    assert_string_equal(house_member(&house, "status"), "taking");
    assert_int_equal(piece(&house, HASH_A, 1, 1, ""), 200);
    assert_string_equal(house_member(&house, "breaks"), "54");
    assert_string_equal(house_member(&house, "status"), "taken");
    house_close(&house);
}

/* In a quarantine a file is a statement of the lost time: strays are its breaks, and it covers its time. */
static void in_quarantine_a_file_covers_the_lost_time(void **state)
{
    struct house house;
    (void)state;

    (void)open_sent(&house);
    engine_close(&house.engine);
    house_drop_effects(&house);
    house.config.quarantine = true;
    house_start(&house);
    house.config.quarantine = false;
    later(&house);
    assert_int_equal(piece(&house, HASH_A, 0, 2, LINE("STRANGE", "paid", 500, REF("B"))), 200);
    assert_string_equal(house_member(&house, "status"), "taking");
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM cover"), 0);
    assert_int_equal(piece(&house, HASH_A, 1, 2, LINE("$1", "paid", 30000, REF("A"))), 200);
    assert_string_equal(house_member(&house, "status"), "taken");
    is(&house, VERDICTS, "unassigned,evidence");
    is(&house, BREAKS, "");
    is(&house, LEGS, "successful");
    is(&house, "SELECT channel || ' ' || lines FROM cover", "alipay 2");
    is(&house, "SELECT key || ' ' || status FROM stray", "STRANGE unassigned");
    assert_int_equal(piece(&house, HASH_B, 0, 1, LINE("0123456789012345678901234567890123", "paid", 1, REF("B"))), 422);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_payment_is_settled_by_its_line),
        cmocka_unit_test(what_was_proven_is_compared),
        cmocka_unit_test(the_ledger_is_the_third),
        cmocka_unit_test(the_same_file_changes_nothing),
        cmocka_unit_test(a_file_goes_on_where_it_stood),
        cmocka_unit_test(what_is_missing_may_come_late),
        cmocka_unit_test(what_may_stand_in_the_next_statement_is_not_missing),
        cmocka_unit_test(a_person_settles_a_break_with_a_reason),
        cmocka_unit_test(two_people_believe_what_frees_money),
        cmocka_unit_test(a_line_that_proves_nothing_is_not_believed),
        cmocka_unit_test(a_code_of_a_statement_sends_nothing_again),
        cmocka_unit_test(what_may_be_a_second_payment_is_no_repetition),
        cmocka_unit_test(what_was_only_taken_over_is_still_missing),
        cmocka_unit_test(another_reference_of_what_is_known_is_no_second_payment),
        cmocka_unit_test(a_statement_that_cannot_be_is_refused),
        cmocka_unit_test(a_sweep_is_bounded),
        cmocka_unit_test(in_quarantine_a_file_covers_the_lost_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
