/* SPDX-License-Identifier: Apache-2.0 */
/* The money core as a whole: bytes decide a sequence of commands to the real engine, of every kind, with banks that
 * answer as they like and a clock that goes on. After it every invariant of sim/invariants.sql holds. On the way: a
 * refusal leaves no trace in the journal, an accepted request that comes again is answered as before, and every answer
 * is JSON. */
#include "base/log.h"
#include "look.h"
#include "payout/payout.h"
#include "stage.h"

#define STEPS_MAX 40
#define JSON_BYTES 1024
#define BILLING ROLE_FACTS
#define FRONT ROLE_WITHDRAW

static struct input *input;

/* The command in hand, so that it can come again. */
static struct asked {
    enum command_kind kind;
    const char *principal;
    unsigned roles;
    char account[8], object[ID_TEXT_BYTES], json[JSON_BYTES], key[16];
    int64_t object_id;
    int status;
    char *body;
} last;
static unsigned keys;

static int64_t journal_end(void)
{
    return town_int(&stage, "SELECT coalesce(max(seq), 0) FROM audit");
}

static int send_last(void)
{
    struct asking *asking = town_ask(&stage, last.kind, last.principal, last.roles, last.account, last.object,
                                     last.json[0] != '\0' ? "%s" : NULL, last.json);

    asking->command.object_id = last.object_id;
    asking_key(asking, last.key);
    int status = stage_run(&asking->command);
    town_reset(&stage);
    return status;
}

static bool is_ok(int status)
{
    return status == 200 || status == 201;
}

static void answer_check(int status)
{
    json_t *answer SCOPED(look_free) = look_parse(stage_answer.body, strlen(stage_answer.body), JSON_REJECT_DUPLICATES);

    if (status >= 500)
        fprintf(stderr, "%d %s\n", status, stage_answer.body);
    CHECK(json_is_object(answer));
    CHECK(is_ok(status) || status == 403 || status == 404 || status == 409 || status == 412 || status == 422 ||
          status == 429);
    if (!is_ok(status))
        CHECK(json_integer_value(json_object_get(answer, "status")) == status &&
              json_is_string(json_object_get(answer, "code")));
}

/* A code's used-up try, an expiry that was noticed, a flag that a review set: what was refused is then written down. */
static bool may_leave_a_trace(enum command_kind kind)
{
    return kind == COMMAND_CODE || kind == COMMAND_RESEND || kind == COMMAND_REVIEW;
}

static void ask(enum command_kind kind, const char *principal, unsigned roles, const char *account, const char *object,
                int64_t object_id)
{
    int64_t before = journal_end();

    last.kind = kind;
    last.principal = principal;
    last.roles = roles;
    last.object_id = object_id;
    snprintf(last.account, sizeof last.account, "%s", account);
    snprintf(last.object, sizeof last.object, "%s", object);
    snprintf(last.key, sizeof last.key, "k%u", ++keys);
    last.status = send_last();
    answer_check(last.status);
    if (!is_ok(last.status) && !may_leave_a_trace(kind))
        CHECK(journal_end() == before);
    free(last.body);
    last.body = strdup(stage_answer.body);
    CHECK(last.body != NULL);
}

/* The same request under the same key: what was accepted is answered again and done once. */
static void ask_again(void)
{
    int64_t before = journal_end();

    if (last.body == NULL || !is_ok(last.status))
        return;
    int status = send_last();
    CHECK(status == last.status && strcmp(stage_answer.body, last.body) == 0 && stage_answer.replayed);
    CHECK(journal_end() == before);
}

/* ---- what the bytes choose ---- */

static const char *account(void)
{
    return stage_accounts[input_choice(input, STAGE_ACCOUNTS)];
}

static int ref(void)
{
    return (int)input_choice(input, 4);
}

static long long amount(void)
{
    static const long long some[] = {1, 100, 999, 5000, 10000, 10001, 20000, 30000, 100000, 10000000000000};
    uint8_t which = input_byte(input);

    return which < 2 * ARRAY_COUNT(some) ? some[which / 2] : 1 + (long long)input_number(input, 2);
}

static int64_t withdrawal(void)
{
    int64_t id = stage_int("SELECT id FROM withdrawal ORDER BY id DESC LIMIT 1 OFFSET ?1", ref());

    return id > 0 ? id : 1;
}

/* ---- steps: facts ---- */

/* The compiler may ask arguments in any order: what is taken from the input is taken first. */
struct named {
    int ref;
    long long amount;
};

static struct named named(void)
{
    int which = ref();

    return (struct named){which, amount()};
}

static void step_topup(void)
{
    static const char *const methods[] = {"alipay",    "wechat",        "unionpay", "online_bank",
                                          "bank_card", "bank_transfer", "offline"};
    char at[INSTANT_TEXT_BYTES];
    uint8_t marks = input_byte(input);
    const char *who = account();

    instant_format(instant_add_ms(stage.now, -(int64_t)(input_number(input, 2) % 800) * MS_DAY), at);
    struct named topup = named();
    snprintf(
        last.json, sizeof last.json,
        "{\"ref\":\"n%d\",\"amount\":%lld,\"method\":\"%s\",\"paid_at\":\"%s\",\"payer\":{\"kind\":\"%s\",\"name\":"
        "\"%s\"},\"bonus\":%s,\"arbitrage\":%s}",
        topup.ref, topup.amount, methods[marks % ARRAY_COUNT(methods)], at, marks & 8 ? "personal" : "corporate",
        marks & 16 ? "Acme Ltd" : "Acme Lt", (marks & 0x60) == 0x60 ? "true" : "false",
        (marks & 0xC0) == 0xC0 ? "true" : "false");
    ask(COMMAND_TOPUP, "billing", BILLING, who, "", 0);
}

static void step_charge(void)
{
    struct named charge = named();

    snprintf(last.json, sizeof last.json, "{\"ref\":\"c%d\",\"amount\":%lld}", charge.ref, charge.amount);
    ask(COMMAND_CHARGE, "billing", BILLING, account(), "", 0);
}

static void step_reverse(void)
{
    char charge[8];

    snprintf(charge, sizeof charge, "c%d", ref());
    ask(COMMAND_CHARGE_REVERSE, "billing", BILLING, account(), charge, 0);
}

static void step_chargeback(void)
{
    char topup[8];

    char kind = input_byte(input) & 1 ? 't' : 'n';
    snprintf(topup, sizeof topup, "%c%d", kind, ref());
    struct named chargeback = named();
    snprintf(last.json, sizeof last.json, "{\"ref\":\"b%d\",\"amount\":%lld}", chargeback.ref, chargeback.amount);
    ask(COMMAND_CHARGEBACK, "billing", BILLING, account(), topup, 0);
}

static void step_claim(void)
{
    static const char *const kinds[] = {"owed_invoice", "overdue", "unsettled", "invoiced"};
    char claim[8];

    snprintf(claim, sizeof claim, "k%d", ref());
    const char *kind = kinds[input_choice(input, 4)];
    snprintf(last.json, sizeof last.json, "{\"kind\":\"%s\",\"amount\":%lld}", kind, amount() - 1);
    ask(COMMAND_CLAIM_PUT, "billing", BILLING, account(), claim, 0);
}

static void step_resource(void)
{
    char resource[8];

    snprintf(resource, sizeof resource, "s%d", ref());
    const char *state = input_byte(input) & 1 ? "active" : "released";
    snprintf(last.json, sizeof last.json, "{\"state\":\"%s\",\"frozen\":%lld}", state, amount());
    ask(COMMAND_RESOURCE_PUT, "billing", BILLING, account(), resource, 0);
}

static void step_credit(void)
{
    const char *fund = input_byte(input) & 1 ? "other" : "voucher";
    struct named credit = named();

    snprintf(last.json, sizeof last.json, "{\"ref\":\"o%d\",\"fund\":\"%s\",\"amount\":%lld}", credit.ref, fund,
             credit.amount);
    ask(COMMAND_CREDIT, "billing", BILLING, account(), "", 0);
}

/* ---- steps: parcels and accounts ---- */

static void parcel_name(char ret[8])
{
    snprintf(ret, 8, "x%d", ref());
}

static void step_transfer(void)
{
    const char *from = account(), *to = account();
    struct named parcel = named();

    snprintf(last.json, sizeof last.json, "{\"ref\":\"x%d\",\"from\":\"%s\",\"to\":\"%s\",\"amount\":%lld}", parcel.ref,
             from, to, parcel.amount);
    ask(COMMAND_TRANSFER, "billing", BILLING, from, "", 0);
}

static void step_allocate(void)
{
    const char *master = input_byte(input) < 200 ? "hua" : account();
    const char *member = input_byte(input) < 200 ? "mem" : account();
    struct named parcel = named();

    snprintf(last.json, sizeof last.json, "{\"ref\":\"x%d\",\"master\":\"%s\",\"member\":\"%s\",\"amount\":%lld}",
             parcel.ref, master, member, parcel.amount);
    ask(COMMAND_ALLOCATE, "billing", BILLING, master, "", 0);
}

static void step_take_back(void)
{
    char parcel[8];

    parcel_name(parcel);
    enum command_kind kind = input_byte(input) & 1 ? COMMAND_RECALL : COMMAND_RECLAIM;
    ask(kind, "billing", BILLING, "", parcel, 0);
}

static void step_invoiced(void)
{
    char parcel[8];

    parcel_name(parcel);
    snprintf(last.json, sizeof last.json, "{\"invoiced\":%lld}", amount() - 1);
    ask(COMMAND_INVOICED_PUT, "billing", BILLING, "", parcel, 0);
}

static void step_account(void)
{
    static const char *const states[] = {"active", "active", "frozen", "closed"};
    static const char *const policies[] = {"alibaba", "huawei", "jdcloud", "pingan"};
    uint8_t marks = input_byte(input);

    snprintf(last.json, sizeof last.json,
             "{\"policy\":\"%s\",\"currency\":\"%s\",\"phone\":\"13800000000\",\"state\":\"%s\",\"subject\":{\"kind\":"
             "\"enterprise\",\"name\":\"Acme Ltd\",\"id_number\":\"ID%d\",\"verified\":%s}}",
             policies[marks & 3], marks == 255 ? "USD" : "CNY", states[marks >> 2 & 3], marks >> 4 & 3,
             marks >> 6 == 3 ? "false" : "true");
    ask(COMMAND_ACCOUNT_PUT, "billing", BILLING, account(), "", 0);
}

/* ---- steps: withdrawals ---- */

/* The newest one. */
static void paper_name(char ret[64])
{
    int64_t id = 0;
    sqlite3_stmt *row = town_statement(&stage, "SELECT id FROM document ORDER BY id DESC LIMIT 1");
    CHECK(row != NULL);
    if (sqlite3_step(row) == SQLITE_ROW)
        id = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    snprintf(ret, 64, "doc_0000000000001");
    if (id != 0)
        id_format("doc", id, ret);
}

/* Brought for the account, where it is there. */
static void paper_bring(const char *who, char ret[64])
{
    snprintf(last.json, sizeof last.json,
             "{\"account\":\"%s\",\"name\":\"a.png\",\"media_type\":\"image/png\",\"content\":\"iVBORw0KGgo=\"}", who);
    ask(COMMAND_DOCUMENT, "front", FRONT, who, "", 0);
    paper_name(ret);
}

static void letter_bring(int64_t withdrawal, char ret[64])
{
    char id[ID_TEXT_BYTES];

    id_format("wd", withdrawal, id);
    snprintf(last.json, sizeof last.json,
             "{\"withdrawal\":\"%s\",\"name\":\"a.png\",\"media_type\":\"image/png\",\"content\":\"iVBORw0KGgo=\"}",
             id);
    ask(COMMAND_DOCUMENT, "front", FRONT, "", "", 0);
    paper_name(ret);
}

static void step_withdraw(void)
{
    static const char *const strategies[] = {"lifo", "fastest", "fewest"};
    static const char *const payees[] = {"Acme Ltd", "ACME  LTD", "Acme Ltt", "Somebody"};
    uint8_t marks = input_byte(input);
    char more[512] = "";
    const char *who = account();
    char papers[2][64];

    for (size_t i = 0; i < 2 && marks >> 6 == 1; i++)
        paper_bring(who, papers[i]);
    if (marks >> 6 == 1)
        snprintf(more, sizeof more,
                 ",\"destination\":{\"kind\":\"%s\",\"name\":\"%s\",\"account\":\"6217\",\"bank\":\"ICBC\",\"branch\":"
                 "\"Xixi\",\"province\":\"Zhejiang\",\"city\":\"Hangzhou\"},\"reason\":\"original_account_closed\","
                 "\"documents\":[\"%s\",\"%s\"]%s",
                 marks & 1 ? "alipay" : "bank", payees[marks >> 1 & 3], papers[0], papers[1],
                 marks & 8 ? ",\"route\":\"application\"" : "");
    else if (marks >> 6 == 2)
        snprintf(more, sizeof more, ",\"topups\":[{\"ref\":\"t%d\",\"amount\":%d},{\"ref\":\"n%d\",\"amount\":1}]",
                 marks & 3, 1 + marks % 7 * 100, marks >> 2 & 3);
    else
        snprintf(more, sizeof more, ",\"strategy\":\"%s\"", strategies[marks % ARRAY_COUNT(strategies)]);
    long long sum = marks >> 6 == 2 && (marks & 16) != 0 ? 2 + marks % 7 * 100 : amount();
    snprintf(last.json, sizeof last.json, "{\"account\":\"%s\",\"amount\":%lld%s}", who, sum, more);
    ask(COMMAND_WITHDRAW, "front", FRONT, who, "", 0);
}

static void step_code(void)
{
    int64_t id = withdrawal();
    char code[16];

    town_code(&stage, id, code);
    if (code[0] == '\0' || input_byte(input) > 220)
        snprintf(code, sizeof code, "000000");
    snprintf(last.json, sizeof last.json, "{\"code\":\"%s\"}", code);
    ask(COMMAND_CODE, "front", FRONT, "", "", id);
}

static void step_resend(void)
{
    ask(COMMAND_RESEND, "front", FRONT, "", "", withdrawal());
}

static void step_cancel(void)
{
    ask(COMMAND_CANCEL, "front", FRONT, "", "", withdrawal());
}

static void step_review(void)
{
    static const char *const decisions[] = {"approve", "approve", "approve", "reject", "need_documents"};
    static const char *const people[] = {"rita", "ravi", "front"};
    const char *decision = decisions[input_choice(input, ARRAY_COUNT(decisions))];
    const char *person = people[input_choice(input, ARRAY_COUNT(people))];

    snprintf(last.json, sizeof last.json, "{\"decision\":\"%s\",\"reason\":\"seen\"}", decision);
    ask(COMMAND_REVIEW, person, ROLE_APPROVE, "", "", withdrawal());
}

static void step_document(void)
{
    char name[64];

    letter_bring(withdrawal(), name);
}

/* ---- steps: money outside ---- */

/* One of the latest, or nobody's. */
static const char *attempt_key(int64_t *ret_amount)
{
    static char key[CHANNEL_KEY_BYTES];
    sqlite3_stmt *row = town_statement(&stage, "SELECT key, amount FROM attempt ORDER BY id DESC LIMIT 1 OFFSET ?1");

    snprintf(key, sizeof key, "NOBODYS");
    *ret_amount = 1;
    CHECK(row != NULL && sqlite3_bind_int(row, 1, ref()) == SQLITE_OK);
    if (sqlite3_step(row) == SQLITE_ROW) {
        snprintf(key, sizeof key, "%s", (const char *)sqlite3_column_text(row, 0));
        *ret_amount = sqlite3_column_int64(row, 1);
    }
    sqlite3_reset(row);
    return key;
}

/* A channel says whatever bytes make it say, of a key of ours or of nobody's. */
static void step_evidence(void)
{
    uint8_t marks = input_byte(input);
    struct command command = {.kind = COMMAND_EVIDENCE,
                              .roles = ROLE_SYSTEM,
                              .any_version = true,
                              .source = (enum evidence_source)(1 + (marks & 3)),
                              .answer = {.kind = (enum evidence_kind)(1 + input_choice(input, EVIDENCE__COUNT - 1))}};
    struct channel_answer *answer = &command.answer;
    int64_t asked;

    snprintf(command.principal, sizeof command.principal, "channel");
    snprintf(command.channel, sizeof command.channel, "%s",
             stage.channels.items[marks >> 2 & 3 ? 0 : input_choice(input, TOWN_CHANNELS)]->name);
    snprintf(answer->key, sizeof answer->key, "%s", attempt_key(&asked));
    snprintf(answer->code, sizeof answer->code, "CODE%d", marks & 7);
    snprintf(answer->reference, sizeof answer->reference, "R%d", ref());
    snprintf(answer->currency, sizeof answer->currency, marks & 0x40 ? "USD" : "CNY");
    answer->amount = money_of(amount());
    if (marks & 0x80)
        answer->amount = money_of(asked);
    answer_check(stage_run(&command));
}

static void step_resolve(void)
{
    static const char *const people[] = {"rita", "ravi"};
    const char *person = people[input_choice(input, 2)];
    const char *kind = input_byte(input) & 1 ? "paid" : "not_paid";
    int64_t asked;
    const char *key = attempt_key(&asked);
    long long sum = amount();
    int64_t id = withdrawal();
    char letter[64];

    letter_bring(id, letter);
    snprintf(last.json, sizeof last.json,
             "{\"key\":\"%s\",\"kind\":\"%s\",\"amount\":%lld,\"document\":\"%s\",\"reason\":\"letter\"}", key, kind,
             sum, letter);
    ask(COMMAND_RESOLVE, person, ROLE_RESOLVE, "", "", id);
}

static void step_payout(void)
{
    for (int i = 0; i < 3 && payout_step(stage.payout) > 0; i++)
        continue;
}

static void step_time(void)
{
    static const int64_t spans[] = {MS_SECOND, 5 * MS_SECOND, MS_MINUTE,   6 * MS_MINUTE,
                                    MS_HOUR,   MS_DAY,        25 * MS_DAY, -MS_HOUR};

    stage.now = instant_add_ms(stage.now, spans[input_choice(input, ARRAY_COUNT(spans))]);
}

static void step_bank(void)
{
    static const char *const words[] = {
        "pending_then_paid",  "refused:ACQ.NO",     "timeout_paid",      "timeout_unpaid", "bounce_after:1h",
        "duplicate_callback", "reordered_callback", "pays_other_amount", "pays_twice_key", "not_found_then_paid",
        "error_500",          "bad_signature",      "unlisted_code"};
    const char *word = words[input_choice(input, ARRAY_COUNT(words))];

    stage_script(input_choice(input, TOWN_CHANNELS), word);
}

static void (*const steps[])(void) = {
    step_withdraw, step_code,     step_review,   step_payout,     step_time,     step_bank,
    step_topup,    step_charge,   step_reverse,  step_chargeback, step_claim,    step_resource,
    step_credit,   step_transfer, step_allocate, step_take_back,  step_invoiced, step_account,
    step_resend,   step_cancel,   step_document, step_evidence,   step_resolve,  ask_again,
};

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    stage_build(NULL);
    log_quiet(true);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input taken = {data, size};

    stage_reset();
    input = &taken;
    keys = 0;
    last.status = 0;
    for (int step = 0; step < STEPS_MAX && taken.left > 0; step++) {
        uint8_t what = input_byte(input);
        if (steps[what % ARRAY_COUNT(steps)] != ask_again) {
            last.json[0] = '\0';
            last.status = 0; /* what is asked again is what was asked just before */
        }
        steps[what % ARRAY_COUNT(steps)]();
    }
    free(last.body);
    last.body = NULL;
    stage_check();
    return 0;
}
