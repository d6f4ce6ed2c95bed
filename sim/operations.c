/* SPDX-License-Identifier: Apache-2.0 */
#include "operations.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/plan.h"
#include "operations_store.h"
#include "store/sqlite.h"

#define BILLING ROLE_FACTS
#define FRONT (ROLE_WITHDRAW | ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE | ROLE_FACTS)

void (*operation_step)(struct town *town, bool done);
int operation_accepted;
char operation_refusal[OPERATION_REFUSAL_BYTES];

static int64_t key_number, key_number_before;
static struct instant now_before;

void operation_remember(struct town *town)
{
    key_number_before = key_number;
    now_before = town->now;
}

void operation_ask_again(struct town *town)
{
    key_number = key_number_before;
    town->now = now_before;
}

static void answer_note(struct asking *asking)
{
    operation_accepted += asking->status >= 200 && asking->status < 300;
    if (asking->status >= 300 && operation_refusal[0] == '\0')
        snprintf(operation_refusal, sizeof operation_refusal, "%d %.480s", asking->status, asking->body);
    free(asking->body);
}

static int run(struct town *town, struct asking *asking)
{
    char key[24];
    int status;

    snprintf(key, sizeof key, "key%lld", (long long)++key_number);
    asking_key(asking, key);
    if (operation_step != NULL)
        operation_step(town, false);
    town_run(town, &asking, 1);
    status = asking->status;
    answer_note(asking);
    town_reset(town);
    if (operation_step != NULL)
        operation_step(town, true);
    return status;
}

static int fact(struct town *town, enum command_kind kind, const char *account, const char *object, const char *json)
{
    return run(town, town_ask(town, kind, "billing", BILLING, account, object, json != NULL ? "%s" : NULL, json));
}

static int64_t newest(struct town *town)
{
    return town_int(town, "SELECT max(id) FROM withdrawal");
}

static int on(struct town *town, enum command_kind kind, const char *principal, const char *json)
{
    struct asking *asking =
        town_ask(town, kind, principal, kind == COMMAND_TICK ? (unsigned)ROLE_SYSTEM : (unsigned)FRONT, "", "",
                 json != NULL ? "%s" : NULL, json);

    asking->command.object_id = newest(town);
    return run(town, asking);
}

static void later(struct town *town, int64_t ms)
{
    town->now = instant_add_ms(town->now, ms);
}

/* ---- accounts and money ---- */

#define ACCOUNT(policy, id)                                                                                            \
    "{\"policy\":\"" policy                                                                                            \
    "\",\"currency\":\"CNY\",\"phone\":\"13800000000\",\"subject\":{\"kind\":\"person\",\"name\":"                     \
    "\"Alice\",\"id_number\":\"" id "\",\"verified\":true}}"
#define TOPUP(ref, method)                                                                                             \
    "{\"ref\":\"" ref "\",\"amount\":100000,\"method\":\"" method                                                      \
    "\",\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"},"                                                         \
    "\"channel_ref\":\"C" ref "\"}"

static void base(struct town *town)
{
    key_number = 0;
    operation_step = NULL;
    fact(town, COMMAND_ACCOUNT_PUT, "ali", "", ACCOUNT("alibaba", "ID1"));
    fact(town, COMMAND_ACCOUNT_PUT, "hua", "", ACCOUNT("huawei", "ID2"));
    fact(town, COMMAND_ACCOUNT_PUT, "mem", "",
         "{\"policy\":\"huawei\",\"currency\":\"CNY\",\"master\":\"hua\",\"subject\":{\"kind\":\"person\",\"name\":"
         "\"Alice\","
         "\"id_number\":\"ID2\",\"verified\":true}}");
    fact(town, COMMAND_TOPUP, "ali", "", TOPUP("t1", "alipay"));
    fact(town, COMMAND_TOPUP, "ali", "", TOPUP("t2", "alipay"));
    fact(town, COMMAND_TOPUP, "hua", "", TOPUP("t1", "alipay"));
    fact(town, COMMAND_CREDIT, "ali", "", "{\"ref\":\"o1\",\"fund\":\"other\",\"amount\":5000}");
}

static void nothing(struct town *town UNUSED)
{
}

static void account(struct town *town)
{
    fact(town, COMMAND_ACCOUNT_PUT, "new", "", ACCOUNT("jdcloud", "ID9"));
}
static void topup(struct town *town)
{
    fact(town, COMMAND_TOPUP, "ali", "", TOPUP("t3", "wechat"));
}
static void charge(struct town *town)
{
    fact(town, COMMAND_CHARGE, "ali", "", "{\"ref\":\"c1\",\"amount\":120000}");
}
static void reverse(struct town *town)
{
    fact(town, COMMAND_CHARGE_REVERSE, "ali", "c1", NULL);
}
static void chargeback(struct town *town)
{
    fact(town, COMMAND_CHARGEBACK, "ali", "t1", "{\"ref\":\"b1\",\"amount\":30000}");
}
static void claim(struct town *town)
{
    fact(town, COMMAND_CLAIM_PUT, "ali", "cl1", "{\"kind\":\"overdue\",\"amount\":700}");
}
static void resource(struct town *town)
{
    fact(town, COMMAND_RESOURCE_PUT, "ali", "r1", "{\"state\":\"active\",\"frozen\":100}");
}
static void credit(struct town *town)
{
    fact(town, COMMAND_CREDIT, "ali", "", "{\"ref\":\"v1\",\"fund\":\"voucher\",\"amount\":900}");
}
static void transfer(struct town *town)
{
    fact(town, COMMAND_TRANSFER, "", "", "{\"ref\":\"x1\",\"from\":\"ali\",\"to\":\"hua\",\"amount\":4000}");
}
static void recall(struct town *town)
{
    fact(town, COMMAND_RECALL, "", "x1", NULL);
}
static void allocate(struct town *town)
{
    fact(town, COMMAND_ALLOCATE, "", "", "{\"ref\":\"p1\",\"master\":\"hua\",\"member\":\"mem\",\"amount\":6000}");
}
static void invoiced(struct town *town)
{
    fact(town, COMMAND_INVOICED_PUT, "", "p1", "{\"invoiced\":1000}");
}
static void reclaim(struct town *town)
{
    fact(town, COMMAND_RECLAIM, "", "p1", NULL);
}
static void ticket(struct town *town)
{
    fact(town, COMMAND_TICKET, "ali", "", "{\"account\":\"ali\",\"kind\":\"not_arrived\",\"reason\":\"where is it\"}");
}

/* ---- withdrawals ---- */

static void withdraw(struct town *town)
{
    run(town, town_ask(town, COMMAND_WITHDRAW, "ali", FRONT, "ali", "", "{\"account\":\"ali\",\"amount\":150000}"));
}
static void withdraw_reviewed(struct town *town)
{
    run(town, town_ask(town, COMMAND_WITHDRAW, "hua", FRONT, "hua", "", "{\"account\":\"hua\",\"amount\":30000}"));
}
static void code(struct town *town)
{
    char text[16], json[48];

    town_code(town, newest(town), text);
    if (text[0] == '\0')
        return; /* the disk did not answer */
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", text);
    on(town, COMMAND_CODE, "front", json);
}
static void code_wrong(struct town *town)
{
    on(town, COMMAND_CODE, "front", "{\"code\":\"no\"}");
}
static void code_again(struct town *town)
{
    later(town, 2 * MS_MINUTE);
    on(town, COMMAND_RESEND, "front", NULL);
}
static void cancel(struct town *town)
{
    on(town, COMMAND_CANCEL, "front", NULL);
}
static void approve(struct town *town)
{
    on(town, COMMAND_REVIEW, "rita", "{\"decision\":\"approve\"}");
}
static void reject(struct town *town)
{
    on(town, COMMAND_REVIEW, "rita", "{\"decision\":\"reject\",\"reason\":\"no\"}");
}
static void ask_papers(struct town *town)
{
    on(town, COMMAND_REVIEW, "rita", "{\"decision\":\"need_documents\"}");
}
static void bring_papers(struct town *town)
{
    char id[ID_TEXT_BYTES];

    id_format("wd", newest(town), id);
    run(town,
        town_ask(town, COMMAND_DOCUMENT, "front", FRONT, "", "",
                 "{\"withdrawal\":\"%s\",\"name\":\"a.png\",\"media_type\":\"image/png\",\"content\":\"iVBORw0KGgo=\"}",
                 id));
}
static void tick(struct town *town)
{
    on(town, COMMAND_TICK, "system:payout", NULL);
}
static void tick_later(struct town *town)
{
    later(town, MS_MINUTE);
    tick(town);
}
static void tick_tomorrow(struct town *town)
{
    later(town, MS_DAY + MS_MINUTE);
    tick(town); /* after a long stop the channel is asked once more */
}

/* Evidence of one kind about the newest payment. */
static void prove(struct town *town, enum evidence_kind kind, const char *why)
{
    struct asking *asking = town_ask(town, COMMAND_EVIDENCE, "system:payout", ROLE_SYSTEM, "", "", NULL);
    struct channel_answer *answer = &asking->command.answer;
    sqlite3_stmt *row = town_statement(town, "SELECT key, channel, amount FROM attempt ORDER BY id DESC LIMIT 1");

    if (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        snprintf(answer->key, sizeof answer->key, "%s", (const char *)sqlite3_column_text(row, 0));
        snprintf(asking->command.channel, CHANNEL_NAME_BYTES, "%s", (const char *)sqlite3_column_text(row, 1));
        answer->amount = money_of(sqlite3_column_int64(row, 2));
    }
    sqlite3_reset(row);
    answer->kind = kind;
    snprintf(answer->code, sizeof answer->code, "%s", why);
    snprintf(answer->reference, sizeof answer->reference, "REF1");
    snprintf(answer->currency, sizeof answer->currency, "CNY");
    asking->command.source = SOURCE_REPLY;
    run(town, asking);
}
static void paid(struct town *town)
{
    prove(town, EVIDENCE_PAID, "SUCCESS");
}
static void not_paid(struct town *town)
{
    prove(town, EVIDENCE_NOT_PAID, "CLOSED");
}
static void nothing_known(struct town *town)
{
    prove(town, EVIDENCE_NOTHING, "timeout");
}
static void not_found(struct town *town)
{
    prove(town, EVIDENCE_NOTHING, "not_found");
}
static void accepted(struct town *town)
{
    prove(town, EVIDENCE_ACCEPTED, "PROCESSING");
}
static void returned(struct town *town)
{
    prove(town, EVIDENCE_RETURNED, "RETURNED");
}
static void arrived(struct town *town)
{
    prove(town, EVIDENCE_ARRIVED, "ARRIVED");
}
static void resolve(struct town *town)
{
    static const char *const people[] = {"rita", "ravi"};
    char json[256], key[CHANNEL_KEY_BYTES] = "", letter[ID_TEXT_BYTES] = "";
    sqlite3_stmt *row = town_statement(town, "SELECT key, (SELECT max(id) FROM document) FROM attempt "
                                             "ORDER BY id DESC LIMIT 1");

    if (row != NULL && sqlite3_step(row) == SQLITE_ROW) {
        snprintf(key, sizeof key, "%s", (const char *)sqlite3_column_text(row, 0));
        id_format("doc", sqlite3_column_int64(row, 1), letter);
    }
    sqlite3_reset(row);
    snprintf(json, sizeof json, "{\"key\":\"%s\",\"kind\":\"not_paid\",\"document\":\"%s\",\"reason\":\"statement\"}",
             key, letter);
    for (size_t i = 0; i < 2; i++)
        on(town, COMMAND_RESOLVE, people[i], json);
}

/* ---- how far a withdrawal is before the operation ---- */

static void with_code(struct town *town)
{
    withdraw(town);
    code(town);
}
static void in_review(struct town *town)
{
    withdraw_reviewed(town);
    code(town);
}
static void without_papers(struct town *town)
{
    in_review(town);
    ask_papers(town);
}
static void sent(struct town *town)
{
    in_review(town);
    approve(town);
    tick(town);
}
static void was_unknown(struct town *town)
{
    sent(town);
    nothing_known(town);
}
static void was_not_found(struct town *town)
{
    sent(town);
    not_found(town);
}
static void was_paid(struct town *town)
{
    sent(town);
    paid(town);
}
static void was_released(struct town *town)
{
    sent(town);
    not_paid(town);
}
static void was_asked_lately(struct town *town)
{
    was_unknown(town);
    tick_tomorrow(town);
}
static void was_manual(struct town *town)
{
    was_asked_lately(town);
    tick_later(town);
    bring_papers(town);
}

/* ---- many at once, and the store's own work ---- */

/* Decided in one batch, each with a key of its own; forgotten when they are answered. */
static void run_batch(struct town *town, struct asking **askings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char key[24];

        snprintf(key, sizeof key, "key%lld", (long long)++key_number);
        asking_key(askings[i], key);
    }
    if (operation_step != NULL)
        operation_step(town, false);
    town_run(town, askings, count);
    for (size_t i = 0; i < count; i++)
        answer_note(askings[i]);
    town_reset(town);
    if (operation_step != NULL)
        operation_step(town, true);
}

static void batch(struct town *town)
{
    struct asking *askings[TOWN_BATCH_MAX];

    for (size_t i = 0; i < ARRAY_COUNT(askings); i++)
        askings[i] = town_ask(town, COMMAND_TOPUP, "billing", BILLING, "ali", "",
                              "{\"ref\":\"m%zu\",\"amount\":%zu,\"method\":\"wechat\"}", i, 100 + i);
    run_batch(town, askings, ARRAY_COUNT(askings));
}

/* What one of them loaded and changed the next ones find. */
static void batch_mixed(struct town *town)
{
    struct asking *askings[] = {
        town_ask(town, COMMAND_CHARGE, "billing", BILLING, "ali", "", "{\"ref\":\"c9\",\"amount\":70}"),
        town_ask(town, COMMAND_TICK, "system:payout", ROLE_SYSTEM, "", "", NULL),
        town_ask(town, COMMAND_TOPUP, "billing", BILLING, "ali", "", TOPUP("t9", "alipay")),
        town_ask(town, COMMAND_TRANSFER, "billing", BILLING, "", "",
                 "{\"ref\":\"x9\",\"from\":\"ali\",\"to\":\"hua\",\"amount\":30}"),
        town_ask(town, COMMAND_WITHDRAW, "hua", FRONT, "hua", "", "{\"account\":\"hua\",\"amount\":900}"),
        town_ask(town, COMMAND_WITHDRAW, "ali", FRONT, "ali", "", "{\"account\":\"ali\",\"amount\":800}"),
        town_ask(town, COMMAND_CLAIM_PUT, "billing", BILLING, "ali", "k9", "{\"kind\":\"overdue\",\"amount\":5}")};

    askings[1]->command.object_id =
        town_int(town, "SELECT min(id) FROM withdrawal"); /* there is a newer one afterwards */
    run_batch(town, askings, ARRAY_COUNT(askings));
}

/* The same key again, and the same key with another request. */
static void topup_again(struct town *town)
{
    key_number--;
    topup(town);
}
static void key_reused(struct town *town)
{
    key_number--;
    charge(town);
}
static void withdraw_too_much(struct town *town)
{
    run(town, town_ask(town, COMMAND_WITHDRAW, "ali", FRONT, "ali", "", "{\"account\":\"ali\",\"amount\":9999999}"));
}
static void withdraw_elsewhere(struct town *town)
{
    run(town, town_ask(town, COMMAND_WITHDRAW, "ali", FRONT, "nobody", "", "{\"account\":\"nobody\",\"amount\":1}"));
}

/* One after the other, so that the log holds several commits that a checkpoint has not seen. */
static void story(struct town *town)
{
    charge(town);
    topup(town);
    reverse(town);
    claim(town);
}

/* The writer and the reader are closed in order: the log is moved into the database and removed. */
static void stop(struct town *town)
{
    town_stop(town);
}

static void backed_up(struct town *town)
{
    story(town);
    backup_create(town);
}

static void start(struct town *town)
{
    char reason[512];

    if (!town_start(town, true, reason))
        snprintf(operation_refusal, sizeof operation_refusal, "%.200s", reason);
}

static void stop_and_start(struct town *town)
{
    town_stop(town);
    start(town);
}

/* The first command of a process finds no page of the database in memory. */
static void after_start(struct town *town)
{
    with_code(town);
    stop_and_start(town);
}

/* ---- the largest withdrawal that there may be ---- */

static void many_topups(struct town *town)
{
    fact(town, COMMAND_ACCOUNT_PUT, "big", "", ACCOUNT("alibaba", "ID3"));
    for (int i = 0; i < PLAN_LOTS_MAX; i++)
        run(town, town_ask(town, COMMAND_TOPUP, "billing", BILLING, "big", "",
                           "{\"ref\":\"b%d\",\"amount\":1000,\"method\":\"alipay\"}", i));
}
static void withdraw_all(struct town *town)
{
    run(town, town_ask(town, COMMAND_WITHDRAW, "big", FRONT, "big", "", "{\"account\":\"big\",\"amount\":%d}",
                       PLAN_LOTS_MAX * 1000));
}
static void large(struct town *town)
{
    many_topups(town);
    withdraw_all(town);
}
static void large_with_code(struct town *town)
{
    large(town);
    code(town);
}
static void large_sent(struct town *town)
{
    large_with_code(town);
    tick(town);
}

const struct operation operations_thin[OPERATIONS_THIN] = {
    {"after_start", after_start, batch_mixed},
    {"large_withdraw", many_topups, withdraw_all},
    {"large_code", large, code},
    {"large_cancel", large_with_code, cancel},
    {"large_intents", large_with_code, tick},
    {"large_evidence", large_sent, paid},
};

const struct operation operations[] = {
    {"account", nothing, account},
    {"topup", nothing, topup},
    {"charge", nothing, charge},
    {"charge_reverse", charge, reverse},
    {"chargeback", nothing, chargeback},
    {"claim", nothing, claim},
    {"resource", nothing, resource},
    {"credit", nothing, credit},
    {"transfer", nothing, transfer},
    {"recall", transfer, recall},
    {"allocate", nothing, allocate},
    {"invoiced", allocate, invoiced},
    {"reclaim", allocate, reclaim},
    {"case", nothing, ticket},
    {"withdraw", nothing, withdraw},
    {"code", withdraw, code},
    {"code_for_review", withdraw_reviewed, code},
    {"wrong_code", withdraw, code_wrong, .refusal = "wrong_code"},
    {"replay", topup, topup_again},
    {"key_reused", topup, key_reused, .refusal = "idempotency_key_reused"},
    {"refused", nothing, withdraw_too_much, .refusal = "amount_exceeds_withdrawable"},
    {"missing", nothing, withdraw_elsewhere, .refusal = "not_found"},
    {"resend_code", withdraw, code_again},
    {"cancel", with_code, cancel},
    {"expire", withdraw, tick_tomorrow},
    {"approve", in_review, approve},
    {"reject", in_review, reject},
    {"need_documents", in_review, ask_papers},
    {"document", without_papers, bring_papers},
    {"intents", with_code, tick},
    {"evidence_paid", sent, paid},
    {"evidence_not_paid", sent, not_paid},
    {"evidence_nothing", sent, nothing_known},
    {"evidence_accepted", sent, accepted},
    {"evidence_returned", was_paid, returned},
    {"evidence_arrived", was_paid, arrived},
    {"evidence_duplicate", was_paid, paid},
    {"paid_after_release", was_released, paid},
    {"contradiction", was_paid, not_paid},
    {"query", was_unknown, tick_later},
    {"resend_same_key", was_not_found, tick_later},
    {"age_to_manual", was_asked_lately, tick_later},
    {"resolve_by_two", was_manual, resolve},
    {"batch_of_16", nothing, batch},
    {"batch_mixed", with_code, batch_mixed},
    {"four_in_a_row", nothing, story},
    {"start", stop, start, .by_store = true},
    {"stop", story, stop, .by_store = true},
    {"stop_and_start", story, stop_and_start, .by_store = true},
    {"backup", story, backup_create, .by_store = true, .beside = backup_beside},
    {"restore", backed_up, backup_restore, .by_store = true, .beside = restore_beside, .meta = RESTORE_META},
    {"migrate", older_books, start, .by_store = true, .finishes = true, .meta = "key <> 'store'"}, /* a random name */
};
const size_t operations_count = ARRAY_COUNT(operations);

void operation_ready(struct town *town, const struct operation *operation)
{
    char reason[512];

    town_build(town, 7, false);
    if (!town_start(town, true, reason)) {
        fprintf(stderr, "the town does not start: %s\n", reason);
        exit(2);
    }
    base(town);
    operation_refusal[0] = '\0';
    operation->prepare(town);
}

bool operation_refused_rightly(const struct operation *operation)
{
    char code[64];

    snprintf(code, sizeof code, "\"code\":\"%s\"", operation->refusal != NULL ? operation->refusal : "");
    return strstr(operation_refusal, code) != NULL;
}
