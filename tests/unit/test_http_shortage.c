/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation behind a request fails: of the HTTP library, of reading and answering, of the engine's thread. The
 * real server in this process is asked over loopback; the n-th allocation fails, or the n-th and all after it until the
 * answer is there, for every n until nothing is hit. The answer is whole and true, or a 503 with its problem, or the
 * connection ends without one; never half an answer and never a wrong refusal. Asked again, with memory, the request
 * succeeds: no thread and no connection to the database is left useless. When all is closed no block is lost. */
#include "house.h"

#include "../../sim/shortage.h"
#include "http/server.h"
#include "payout/payout.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#define ANSWER_BYTES (1 << 20)
#define SILENCE_MS 20000
#define PATIENCE_MS 20
#define LIBRARY_BLOCKS 16 /* kept by threads' stacks and the like; a sanitizer looks closer */

static struct house house;
static struct server *server;
static struct payout *payout;
static struct vault vault;
static struct system_clock wall;

/* Nothing here is about durability: a sync that takes no time. */
__attribute__((visibility("default"))) int fdatasync(int fd UNUSED)
{
    return 0;
}

/* ---- the house that is asked ---- */

static char withdrawal_ids[3][ID_TEXT_BYTES]; /* paid, in review, waiting for its code */
static char document_id[ID_TEXT_BYTES];
static char unused_code[16];

static int64_t withdrawn(const char *account, int amount)
{
    struct command command = house_command(COMMAND_WITHDRAW, account, OPERATOR, account, "");
    char json[160];
    int64_t id;

    snprintf(json, sizeof json, "{\"account\":\"%s\",\"amount\":%d}", account, amount);
    assert_int_equal(house_ask(&house, &command, json), 201);
    assert_true(id_parse("wd", house_member(&house, "id"), &id));
    return id;
}

static void confirmed(int64_t id)
{
    char code[16], json[48];

    house_code(&house, code);
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&house, COMMAND_CODE, id, "front", json), 200);
}

static void paid(int64_t id)
{
    struct command command = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");

    assert_int_equal(house_on(&house, COMMAND_TICK, id, "system", NULL), 200);
    snprintf(command.answer.key, sizeof command.answer.key, "%s", house.effects->key);
    snprintf(command.channel, sizeof command.channel, "%s", house.effects->channel);
    snprintf(command.answer.currency, sizeof command.answer.currency, "CNY");
    command.answer.kind = EVIDENCE_PAID;
    command.answer.amount = money_of(3000);
    command.source = SOURCE_CALLBACK;
    assert_int_equal(house_ask(&house, &command, NULL), 200);
}

static void account_made(const char *ref, const char *policy)
{
    char json[256];

    snprintf(
        json, sizeof json,
        "{\"policy\":\"%s\",\"currency\":\"CNY\",\"phone\":\"13800000000\",\"subject\":{\"kind\":\"person\",\"name\":"
        "\"Alice\",\"id_number\":\"ID-%s\",\"verified\":true}}",
        policy, ref);
    assert_int_equal(house_fact(&house, COMMAND_ACCOUNT_PUT, ref, "", json), 201);
    for (int i = 0; i < 3; i++) {
        snprintf(json, sizeof json,
                 "{\"ref\":\"t%d\",\"amount\":1000000,\"method\":\"alipay\",\"channel_ref\":\"C%d\","
                 "\"payer\":{\"kind\":\"personal\",\"name\":\"Alice\"}}",
                 i, i);
        assert_int_equal(house_fact(&house, COMMAND_TOPUP, ref, "", json), 201);
    }
}

static void document_made(int64_t withdrawal)
{
    struct command command = house_command(COMMAND_DOCUMENT, "front", OPERATOR, "", "");
    char json[200], id[ID_TEXT_BYTES];

    id_format("wd", withdrawal, id);
    snprintf(json, sizeof json,
             "{\"withdrawal\":\"%s\",\"name\":\"a.png\",\"media_type\":\"image/png\",\"content\":\"iVBORw0KGgo=\"}",
             id);
    assert_int_equal(house_ask(&house, &command, json), 201);
    snprintf(document_id, sizeof document_id, "%s", house_member(&house, "id"));
}

static void house_furnish(void)
{
    int64_t ids[3];

    account_made("ali", "alibaba");
    account_made("hua", "huawei");
    assert_int_equal(house_fact(&house, COMMAND_CHARGE, "ali", "", "{\"ref\":\"c1\",\"amount\":500}"), 201);
    ids[0] = withdrawn("ali", 3000);
    confirmed(ids[0]);
    paid(ids[0]);
    ids[1] = withdrawn("hua", 4000);
    confirmed(ids[1]);
    document_made(ids[1]);
    ids[2] = withdrawn("ali", 5000);
    house_code(&house, unused_code);
    for (size_t i = 0; i < ARRAY_COUNT(ids); i++)
        id_format("wd", ids[i], withdrawal_ids[i]);
}

static void server_start(void)
{
    char reason[256] = "";
    struct http_config config = {.address = "127.0.0.1",
                                 .threads = 1,
                                 .connections_max = 16,
                                 .directory = house.directory,
                                 .store = house.directory,
                                 .vault = &vault,
                                 .engine = house.engine,
                                 .policies = &house.policies,
                                 .calendar = &house.calendar,
                                 .channels = &house.channels,
                                 .payout = payout,
                                 .demo = true,
                                 .clock = &wall};

    if (server_open(&config, &server, reason) != ERR_NONE)
        fail_msg("%s", reason);
}

static void all_open(void)
{
    char reason[256] = "";

    house_open(&house, "2026-11-20T10:00:00+08:00");
    house_furnish();
    payout = payout_new();
    assert_non_null(payout);
    assert_int_equal(vault_open(house.directory, false, &vault, reason), ERR_NONE);
    assert_int_equal(engine_start(house.engine), ERR_NONE);
    server_start();
}

static void all_close(void)
{
    server_drain(server);
    house_close(&house);
    server_close(&server);
    payout_free(&payout);
    vault_fini(&vault);
}

/* ---- what is asked ---- */

struct ask {
    const char *verb, *path, *token,
        *body; /* %N is a new number; %1 %2 %3 the withdrawals, %D the document, %C a code */
    int status;
    bool steady;      /* the same answer, byte for byte, each time */
    const char *more; /* headers */
    bool fresh;       /* what was read before must be read again */
};
static const struct ask asks[] = {
    {"GET", "/healthz", NULL, NULL, 200, true},
    {"GET", "/readyz", NULL, NULL, 200, true},
    {"GET", "/metrics", NULL, NULL, 200, false},
    {"GET", "/openapi.json", NULL, NULL, 200, true},
    {"GET", "/v1/accounts", "demo-admin", NULL, 200, true},
    {"GET", "/v1/accounts/ali", "demo-admin", NULL, 200, true},
    {"GET", "/v1/accounts/hua/withdrawable", "demo-admin", NULL, 200, false, NULL, true},
    {"GET", "/v1/accounts/ali/withdrawable", "demo-customer:ali", NULL, 200, true},
    {"GET", "/v1/accounts/ali/topups?limit=2", "demo-admin", NULL, 200, true},
    {"GET", "/v1/accounts/ali/transactions", "demo-admin", NULL, 200, true},
    {"GET", "/v1/withdrawals?account=ali&status=successful", "demo-admin", NULL, 200, true},
    {"GET", "/v1/withdrawals/%1", "demo-customer:ali", NULL, 200, true},
    {"GET", "/v1/withdrawals/%1/receipt", "demo-admin", NULL, 200, false}, /* issued at another moment */
    {"GET", "/v1/withdrawals/%2/receipt", "demo-admin", NULL, 409, true},
    {"GET", "/v1/withdrawals/%2/receipt.pdf", "demo-admin", NULL, 409, true},
    {"GET", "/v1/verify", NULL, NULL, 200, true},
    {"GET", "/v1/summary", "demo-admin", NULL, 200, false},
    {"GET", "/v1/withdrawals/%1/events", "demo-admin", NULL, 200, true},
    {"GET", "/v1/withdrawals/%1/attempts", "demo-admin", NULL, 200, true},
    {"GET", "/v1/documents/%D", "demo-admin", NULL, 200, true},
    {"GET", "/v1/banks?query=nj", "demo-admin", NULL, 200, true},
    {"GET", "/v1/events?limit=5", "demo-admin", NULL, 200, true},
    {"GET", "/v1/audit?limit=5", "demo-admin", NULL, 200, true},
    {"GET", "/demo/messages?account=ali", "demo-admin", NULL, 200, true},
    {"GET", "/v1/accounts/nobody", "demo-admin", NULL, 404, true},
    {"GET", "/v1/accounts/hua", "demo-customer:ali", NULL, 404, true},
    {"GET", "/v1/accounts", "no-such-key", NULL, 401, true},
    {"GET", "/v1/accounts?limit=0", "demo-admin", NULL, 400, true},
    {"DELETE", "/v1/accounts", "demo-admin", NULL, 405, true},
    {"POST", "/v1/withdrawals?dry_run=true", "demo-customer:ali", "{\"account\":\"ali\",\"amount\":700}", 200, true},
    {"PUT", "/v1/accounts/a%N", "demo-admin",
     "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"A\",\"id_number\":\"I%"
     "N\","
     "\"verified\":true}}",
     201, false},
    {"POST", "/v1/accounts/ali/topups", "demo-billing", "{\"ref\":\"n%N\",\"amount\":500,\"method\":\"wechat\"}", 201,
     false},
    {"POST", "/v1/accounts/ali/topups", "demo-billing", "{\"ref\":\"n%N\",\"amount\":500}", 400, true},
    {"POST", "/v1/accounts/ali/charges", "demo-billing", "{\"ref\":\"n%N\",\"amount\":5}", 201, false},
    {"POST", "/v1/withdrawals", "demo-customer:ali", "{\"account\":\"ali\",\"amount\":100}", 201, false},
    {"POST", "/v1/withdrawals", "demo-customer:ali", "{\"account\":\"ali\",\"amount\":99999999}", 422, true},
    {"POST", "/v1/withdrawals/%2/review", "demo-reviewer", "{\"decision\":\"approve\"}", 412, true,
     "If-Match: \"v999\"\r\n"},
    {"POST", "/v1/batch", "demo-billing",
     "{\"op\":\"topup\",\"account\":\"hua\",\"ref\":\"m%N\",\"amount\":7,\"method\":\"alipay\"}\n"
     "{\"op\":\"charge\",\"account\":\"hua\",\"ref\":\"m%N\",\"amount\":3}\n{\"op\":\"nonsense\"}\n",
     200, false},
    {"POST", "/demo/channel", "demo-admin", "{\"next\":[\"paid\"]}", 200, true},
    {"POST", "/v1/channels/alipay/notify", NULL, "{}", 404, true},
};

static char text[4096], answer[ANSWER_BYTES + 1];
static int64_t number;

static const char *filled(char mark)
{
    static char digits[24];

    snprintf(digits, sizeof digits, "%lld", (long long)number);
    return mark == 'N' ? digits : mark == 'D' ? document_id : mark == 'C' ? unused_code : withdrawal_ids[mark - '1'];
}

static void fill(char *to, size_t size, const char *from)
{
    size_t used = 0;

    for (; *from != '\0' && used + 1 < size; from++) {
        if (*from == '%') {
            used += (size_t)snprintf(to + used, size - used, "%s", filled(*++from));
            continue;
        }
        to[used++] = *from;
    }
    to[used < size ? used : size - 1] = '\0';
}

static void request_write(const struct ask *ask)
{
    char path[256], body[1024] = "", token[96] = "", key[64];

    fill(path, sizeof path, ask->path);
    if (ask->body != NULL)
        fill(body, sizeof body, ask->body);
    if (ask->token != NULL)
        snprintf(token, sizeof token, "Authorization: Bearer %s\r\n", ask->token);
    snprintf(key, sizeof key, "Idempotency-Key: key-%lld\r\n", (long long)number);
    snprintf(text, sizeof text,
             "%s %s HTTP/1.1\r\nHost: x\r\nRequest-Id: me\r\nConnection: close\r\n%s%s%sContent-Type: %s\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             ask->verb, path, token, key, ask->more != NULL ? ask->more : "",
             strcmp(path, "/v1/batch") == 0 ? "application/x-ndjson" : "application/json", strlen(body), body);
}

/* ---- asking ---- */

static int64_t failed;
static struct {
    int64_t points, failed, told, silent, faults, woken;
} sums;

/* More of the answer: false at its end, and after a silence. */
static bool receive(int fd, size_t *size, int wait_ms, bool *ret_silent)
{
    struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
    ssize_t got = recv(fd, answer + *size, ANSWER_BYTES - *size, 0);
    *ret_silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    *size += got > 0 ? (size_t)got : 0;
    return got > 0;
}

static int connection(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server_port(server))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* libmicrohttpd forgets, when its own list for poll(2) finds no memory, that a connection was to go on, until anything
 * else happens on that thread. */
static void something_else_happens(void)
{
    close(connection());
    sums.woken++;
}

/* Neither this nor what it calls allocates. 0: the connection ended without an answer. A server without any memory may
 * wait for some: after a moment of silence it comes back. */
static int exchange(void)
{
    size_t size = 0;
    bool silent;
    int fd = connection();

    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
    while (receive(fd, &size, PATIENCE_MS, &silent))
        continue;
    failed = shortage_end();
    if (silent && !receive(fd, &size, PATIENCE_MS, &silent) && silent)
        something_else_happens();
    while ((silent || size > 0) && receive(fd, &size, SILENCE_MS, &silent))
        continue;
    close(fd);
    answer[size] = '\0';
    if (silent)
        fail_msg("no answer within %d ms to\n%s", SILENCE_MS, text);
    return size == 0 ? 0 : (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10);
}

static const char *body_of(const char *from)
{
    const char *end = strstr(from, "\r\n\r\n");

    return end != NULL ? end + 4 : "";
}

static bool is_whole(void)
{
    const char *length = strcasestr(answer, "\r\nContent-Length: ");
    const char *body = body_of(answer);

    return length != NULL && (size_t)strtoul(length + strlen("\r\nContent-Length: "), NULL, 10) == strlen(body);
}

/* JSON, JSON lines, or the text of the metrics. */
static bool is_well_formed(void)
{
    char copy[8192], *save = NULL;

    if (strcasestr(answer, "Content-Type: text/plain") != NULL)
        return true;
    if (strcasestr(answer, "Content-Type: application/x-ndjson") == NULL) {
        json_t *value = json_loads(body_of(answer), JSON_REJECT_DUPLICATES, NULL);

        json_decref(value);
        return value != NULL;
    }
    snprintf(copy, sizeof copy, "%s", body_of(answer));
    for (char *line = strtok_r(copy, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        json_t *value = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        int status = (int)json_integer_value(json_object_get(value, "status"));
        bool right =
            json_is_object(json_object_get(value, "body")) &&
            (status == 201 || status == 200 || status == 503 || (status == 400 && strstr(line, "\"line\":3") != NULL));

        json_decref(value);
        if (!right)
            return false;
    }
    return true;
}

/* ---- judging ---- */

static char reference[ANSWER_BYTES + 1];

static void must(bool right, const struct ask *ask, int64_t n, bool for_ever, const char *what)
{
    if (!right)
        fail_msg("%s %s, allocation %lld %s: %s\n%.2000s", ask->verb, ask->path, (long long)n,
                 for_ever ? "for ever" : "once", what, answer);
}

/* The quote that is kept for an account holds until the account changes. */
static void disturb(void)
{
    struct command command = house_command(COMMAND_CREDIT, "billing", BILLING, "hua", "");
    char json[64];

    snprintf(json, sizeof json, "{\"ref\":\"d%lld\",\"fund\":\"voucher\",\"amount\":1}", (long long)number);
    assert_int_equal(house_ask(&house, &command, json), 201);
}

static void judge(const struct ask *ask, int status, int64_t n, bool for_ever)
{
    if (status == 0) {
        sums.silent++;
        return;
    }
    must(is_whole(), ask, n, for_ever, "half an answer");
    must(is_well_formed(), ask, n, for_ever, "not well-formed");
    must(status == ask->status || status == 503, ask, n, for_ever, "a wrong answer");
    if (status == 503) {
        sums.faults++;
        must(strstr(answer, "\"code\":") != NULL && strstr(answer, "\"request_id\":") != NULL, ask, n, for_ever,
             "a fault without its problem");
        return;
    }
    sums.told++;
    if (ask->steady)
        must(strcmp(body_of(answer), body_of(reference)) == 0, ask, n, for_ever, "another answer");
}

/* The answer of a request that met no want of memory. */
static void ask_well(const struct ask *ask, int64_t n, bool for_ever)
{
    int status = exchange();

    must(status == ask->status || (ask->status == 201 && status == 200), ask, n, for_ever, "asked again");
    must(is_whole() && is_well_formed(), ask, n, for_ever, "asked again, and half an answer");
    must(strstr(answer, "\"status\":503") == NULL, ask, n, for_ever, "asked again, and a line was not taken");
    if (ask->steady)
        must(strcmp(body_of(answer), body_of(reference)) == 0, ask, n, for_ever, "asked again, and another answer");
}

static int64_t sweep(const struct ask *ask, bool for_ever)
{
    for (int64_t n = 1;; n++) {
        number++;
        request_write(ask);
        if (ask->fresh)
            disturb();
        shortage_begin(n, for_ever, SHORTAGE_ALL_THREADS, false);
        int status = exchange();
        int64_t hits = failed;
        judge(ask, status, n, for_ever);
        ask_well(ask, n, for_ever);
        if (hits == 0)
            return n - 1;
        sums.points++;
        sums.failed += hits;
    }
}

static void every_allocation_of_every_request_may_fail(void **state)
{
    int64_t live;

    (void)state;
    all_open(); /* what libraries keep for ever they have afterwards */
    all_close();
    live = shortage_live();
    all_open();
    for (size_t i = 0; i < ARRAY_COUNT(asks); i++) {
        int64_t counts[2];

        number++;
        request_write(&asks[i]);
        (void)exchange();
        memcpy(reference, answer, sizeof reference);
        ask_well(&asks[i], 0, false);
        for (int mode = 0; mode < 2; mode++)
            counts[mode] = sweep(&asks[i], mode == 1);
        print_message("%-6s %-48s %4lld allocations once, %4lld for ever\n", asks[i].verb, asks[i].path,
                      (long long)counts[0], (long long)counts[1]);
    }
    print_message(
        "%zu requests: %lld points, %lld allocations failed; answered %lld, with a fault %lld, not at all %lld\n",
        ARRAY_COUNT(asks), (long long)sums.points, (long long)sums.failed, (long long)sums.told, (long long)sums.faults,
        (long long)sums.silent);
    all_close();
    assert_true(shortage_live() <= live + LIBRARY_BLOCKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_every_request_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
