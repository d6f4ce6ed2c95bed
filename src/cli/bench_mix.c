/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGE_MINOR 1000000000 /* a top-up that withdrawals are taken from */
#define SMALL_MINOR 700        /* a top-up of the run, and the charge that uses up exactly one */
#define WITHDRAWAL_MINOR 100
#define LONG_AGO "2020-01-01T00:00:00+08:00" /* of the small ones: charges take the oldest, withdrawals the latest */
#define PREPARE_LINES 1000
#define JSON "application/json"
#define LINES "application/x-ndjson"
#define ID_TEXT_MAX 40
#define CODE_TEXT_MAX 8

struct bench_connection {
    enum bench_kind kind; /* in flight */
    uint64_t dice;
    size_t turn, account;
    unsigned long long asked; /* numbers refs and keys */
    char id[ID_TEXT_MAX];     /* of the withdrawal in hand, "" when there is none … */
    char code[CODE_TEXT_MAX]; /* … and its code, once it is known */
    struct out body;
};

static const struct {
    const char *word;
    bool durable;
} kinds[BENCH__COUNT] = {
#define BENCH_ENTRY(constant, word, durable) {word, durable},
    BENCH_KINDS(BENCH_ENTRY)
#undef BENCH_ENTRY
};

const char *bench_word(enum bench_kind kind)
{
    return kinds[kind].word;
}

bool bench_durable(enum bench_kind kind)
{
    return kinds[kind].durable;
}

enum err bench_open(const struct bench_terms *terms, struct bench *ret)
{
    *ret = (struct bench){.terms = terms};
    ret->connections = calloc(terms->connections, sizeof(*ret->connections));
    if (ret->connections == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < terms->connections; i++) {
        ret->connections[i].dice = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
        out_init(&ret->connections[i].body);
    }
    return ERR_NONE;
}

void bench_close(struct bench *bench)
{
    for (size_t i = 0; bench->connections != NULL && i < bench->terms->connections; i++)
        out_fini(&bench->connections[i].body);
    free(bench->connections);
    bench->connections = NULL;
}

/* xorshift64: which request comes next need not be unforeseeable, only mixed. */
static uint64_t dice_roll(struct bench_connection *c)
{
    c->dice ^= c->dice << 13;
    c->dice ^= c->dice >> 7;
    c->dice ^= c->dice << 17;
    return c->dice;
}

/* Connections keep to accounts of their own while there are enough of them. */
static void account_next(const struct bench *bench, struct bench_connection *c, size_t connection)
{
    size_t accounts = bench->terms->accounts, connections = bench->terms->connections;
    size_t own = accounts > connections ? (accounts - 1 - connection) / connections + 1 : 1;

    c->account = (connection + c->turn++ % own * connections) % accounts;
}

/* ---- bodies ---- */

static void topup_members(struct out *out, const char *ref, int64_t minor, const char *paid_at)
{
    out_string(out, "ref", ref);
    out_int(out, "amount", minor);
    out_string(out, "method", "alipay");
    if (paid_at != NULL)
        out_string(out, "paid_at", paid_at);
    out_object(out, "payer");
    out_string(out, "kind", "personal");
    out_string(out, "name", "Bench");
    out_object_end(out);
}

static void charge_members(struct out *out, const char *ref)
{
    out_string(out, "ref", ref);
    out_int(out, "amount", SMALL_MINOR);
}

static void line_head(const struct bench *bench, struct out *out, const char *op, size_t account)
{
    char ref[48];

    snprintf(ref, sizeof(ref), "%s%zu", bench->terms->prefix, account);
    out_object(out, NULL);
    out_string(out, "op", op);
    out_string(out, "account", ref);
}

/* A line is a JSON text of its own; the writer takes one at a time. */
static void line_end(struct out *line, struct out *body)
{
    out_object_end(line);
    out_bytes(body, line->data, line->size);
    out_bytes(body, "\n", 1);
    out_reset(line);
}

static void ref_next(struct bench_connection *c, size_t connection, char letter, char ret[40])
{
    snprintf(ret, 40, "%c%zu-%llu", letter, connection, c->asked++);
}

static void account_lines(const struct bench *bench, size_t account, struct out *body)
{
    struct out line;
    char text[48];

    out_init(&line);
    line_head(bench, &line, "account", account);
    out_string(&line, "policy", bench->terms->policy);
    out_string(&line, "currency", "CNY");
    out_string(&line, "phone", "13800000000");
    out_object(&line, "subject");
    out_string(&line, "kind", "person");
    out_string(&line, "name", "Bench");
    snprintf(text, sizeof(text), "%s%zu", bench->terms->prefix, account);
    out_string(&line, "id_number", text);
    out_bool(&line, "verified", true);
    out_object_end(&line);
    line_end(&line, body);
    for (size_t i = 0; i < bench->terms->topups; i++) {
        line_head(bench, &line, "topup", account);
        snprintf(text, sizeof(text), "large-%zu", i);
        topup_members(&line, text, LARGE_MINOR, NULL);
        line_end(&line, body);
    }
    body->failed = body->failed || line.failed;
    out_fini(&line);
}

static void batch_lines(const struct bench *bench, struct bench_connection *c, size_t connection)
{
    unsigned topups = bench->terms->shares[BENCH_TOPUP], both = topups + bench->terms->shares[BENCH_CHARGE];
    struct out line;
    char ref[40];

    out_init(&line);
    for (size_t i = 0; i < bench->terms->batch_lines; i++) {
        bool topup = dice_roll(c) % both < topups;

        account_next(bench, c, connection);
        ref_next(c, connection, topup ? 't' : 'c', ref);
        line_head(bench, &line, topup ? "topup" : "charge", c->account);
        if (topup)
            topup_members(&line, ref, SMALL_MINOR, LONG_AGO);
        else
            charge_members(&line, ref);
        line_end(&line, &c->body);
    }
    c->body.failed = c->body.failed || line.failed;
    out_fini(&line);
}

static void fact_body(struct bench_connection *c, size_t connection)
{
    bool topup = c->kind == BENCH_TOPUP;
    char ref[40];

    ref_next(c, connection, topup ? 't' : 'c', ref);
    out_object(&c->body, NULL);
    if (topup)
        topup_members(&c->body, ref, SMALL_MINOR, LONG_AGO);
    else
        charge_members(&c->body, ref);
    out_object_end(&c->body);
}

static void withdrawal_body(const struct bench *bench, struct bench_connection *c)
{
    char ref[48];

    snprintf(ref, sizeof(ref), "%s%zu", bench->terms->prefix, c->account);
    out_object(&c->body, NULL);
    out_string(&c->body, "account", ref);
    out_int(&c->body, "amount", WITHDRAWAL_MINOR);
    out_object_end(&c->body);
}

static void code_body(struct bench_connection *c)
{
    out_object(&c->body, NULL);
    out_string(&c->body, "code", c->code);
    out_object_end(&c->body);
}

/* ---- requests ---- */

/* What follows the request line; the body, where there is one, is used up. */
static void request_end(const struct bench *bench, struct bench_connection *c, size_t connection, const char *type,
                        struct out *request)
{
    out_format(request, " HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", bench->terms->host,
               bench->terms->token);
    if (type != NULL)
        out_format(request, "Content-Type: %s\r\nContent-Length: %zu\r\nIdempotency-Key: %s%zu-%llu\r\n", type,
                   c->body.size, bench->terms->prefix, connection, c->asked++);
    out_text(request, "\r\n");
    if (type != NULL)
        out_bytes(request, c->body.data, c->body.size);
    request->failed = request->failed || c->body.failed;
    out_reset(&c->body);
}

static void path_write(const struct bench *bench, const struct bench_connection *c, struct out *request)
{
    const char *prefix = bench->terms->prefix;

    switch (c->kind) {
    case BENCH_QUOTE:
        out_format(request, "GET /v1/accounts/%s%zu/withdrawable", prefix, c->account);
        break;
    case BENCH_TOPUP:
        out_format(request, "POST /v1/accounts/%s%zu/topups", prefix, c->account);
        break;
    case BENCH_CHARGE:
        out_format(request, "POST /v1/accounts/%s%zu/charges", prefix, c->account);
        break;
    case BENCH_WITHDRAWAL:
        out_text(request, "POST /v1/withdrawals");
        break;
    case BENCH_CODE:
        out_format(request, "POST /v1/withdrawals/%s/code", c->id);
        break;
    case BENCH_MESSAGES: /* of an account that more than one connection withdraws from, the latest may be another's */
        out_format(request, "GET /demo/messages?account=%s%zu&limit=%d", prefix, c->account,
                   bench->terms->accounts < bench->terms->connections ? 100 : 1);
        break;
    case BENCH_LINE:
        out_text(request, "POST /v1/batch");
        break;
    case BENCH__COUNT:
        break;
    }
}

static const char *body_write(const struct bench *bench, struct bench_connection *c, size_t connection)
{
    switch (c->kind) {
    case BENCH_TOPUP:
    case BENCH_CHARGE:
        fact_body(c, connection);
        return JSON;
    case BENCH_WITHDRAWAL:
        withdrawal_body(bench, c);
        return JSON;
    case BENCH_CODE:
        code_body(c);
        return JSON;
    case BENCH_LINE:
        batch_lines(bench, c, connection);
        return LINES;
    case BENCH_QUOTE:
    case BENCH_MESSAGES:
    case BENCH__COUNT:
        break;
    }
    return NULL;
}

static enum bench_kind kind_choose(const struct bench *bench, struct bench_connection *c)
{
    uint64_t left = dice_roll(c) % bench->terms->shares_sum;
    enum bench_kind kind = BENCH_QUOTE;

    while (left >= bench->terms->shares[kind])
        left -= bench->terms->shares[kind++];
    if (bench->terms->batch_lines > 0 && (kind == BENCH_TOPUP || kind == BENCH_CHARGE))
        return BENCH_LINE;
    return kind;
}

/* A withdrawal is three requests: made, its code looked up, the code entered. */
bool bench_ask(void *context, size_t connection, struct out *request)
{
    struct bench *bench = context;
    struct bench_connection *c = &bench->connections[connection];

    if (c->code[0] != '\0') {
        c->kind = BENCH_CODE;
    } else if (c->id[0] != '\0') {
        c->kind = BENCH_MESSAGES;
    } else {
        c->kind = kind_choose(bench, c);
        account_next(bench, c, connection);
    }
    const char *type = body_write(bench, c, connection);

    path_write(bench, c, request);
    request_end(bench, c, connection, type, request);
    return true;
}

bool bench_prepare_ask(void *context, size_t connection, struct out *request)
{
    struct bench *bench = context;
    struct bench_connection *c = &bench->connections[connection];
    size_t least = PREPARE_LINES / (bench->terms->topups + 1) + 1;

    if (bench->trouble[0] != '\0' || bench->prepared >= bench->terms->accounts)
        return false;
    for (size_t i = 0; i < least && bench->prepared < bench->terms->accounts; i++)
        account_lines(bench, bench->prepared++, &c->body);
    out_text(request, "POST /v1/batch");
    request_end(bench, c, connection, LINES, request);
    return true;
}

/* ---- answers ---- */

/* The text of a member, looked for between two places; "" when it is not there or does not fit. */
static void member_copy(const char *from, const char *end, const char *member, char *ret, size_t size)
{
    const char *at = memmem(from, (size_t)(end - from), member, strlen(member));
    const char *close = at != NULL ? memchr(at + strlen(member), '"', (size_t)(end - at) - strlen(member)) : NULL;

    ret[0] = '\0';
    if (close == NULL || (size_t)(close - at) - strlen(member) >= size)
        return;
    snprintf(ret, size, "%.*s", (int)((size_t)(close - at) - strlen(member)), at + strlen(member));
}

/* Newest first; `code` stands before `withdrawal` in each message. */
static void code_find(struct bench_connection *c, const struct load_answer *answer)
{
    const char *end = answer->body + answer->body_bytes, *message = answer->body;
    const char *own = memmem(answer->body, answer->body_bytes, c->id, strlen(c->id));

    for (const char *at = answer->body; own != NULL && at != NULL && at < own; at++) {
        at = memmem(at, (size_t)(own - at), "\"to\":", 5);
        if (at == NULL)
            break;
        message = at;
    }
    if (own != NULL)
        member_copy(message, end, "\"code\":\"", c->code, sizeof(c->code));
}

static struct bench_count *count_of(struct bench *bench, enum bench_kind kind, int status)
{
    struct bench_count *count = &bench->counts[kind];

    if (status >= 200 && status < 300)
        count->done++;
    else if (status == 429)
        count->busy++;
    else if (status >= 400 && status < 500)
        count->refused++;
    else
        count->unknown++;
    return count;
}

/* Each line's own status: {"line":7,"status":201,… */
static void lines_count(struct bench *bench, const struct load_answer *answer)
{
    static const char member[] = "\"status\":";
    const char *at = answer->body, *end = answer->body + answer->body_bytes;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        const char *status = memmem(at, (size_t)((stop != NULL ? stop : end) - at), member, sizeof(member) - 1);

        count_of(bench, BENCH_LINE, status != NULL ? (int)strtol(status + sizeof(member) - 1, NULL, 10) : 0);
        at = stop != NULL ? stop + 1 : end;
    }
}

void bench_answered(void *context, size_t connection, const struct load_answer *answer)
{
    struct bench *bench = context;
    struct bench_connection *c = &bench->connections[connection];
    bool fine = answer->status >= 200 && answer->status < 300;

    if (c->kind == BENCH_LINE && fine)
        lines_count(bench, answer);
    else
        count_of(bench, c->kind, answer->status);
    if (answer->status > 0) {
        latencies_add(&bench->counts[c->kind].latencies, answer->took_us);
        latencies_add(&bench->lately, answer->took_us);
    }
    c->code[0] = '\0';
    if (c->kind == BENCH_WITHDRAWAL && fine && !bench->codes_hidden) {
        member_copy(answer->body, answer->body + answer->body_bytes, "\"id\":\"", c->id, sizeof(c->id));
        return;
    }
    if (c->kind == BENCH_MESSAGES && fine)
        code_find(c, answer);
    if (c->kind == BENCH_MESSAGES && (answer->status == 404 || answer->status == 403))
        bench->codes_hidden = true; /* no demo, or not its administrator: withdrawals wait for their codes */
    if (c->code[0] == '\0')
        c->id[0] = '\0';
}

void bench_prepare_answered(void *context, size_t connection, const struct load_answer *answer)
{
    struct bench *bench = context;
    const char *bad = NULL;

    (void)connection;
    if (answer->status == 200)
        bad = memmem(answer->body, answer->body_bytes, "\"status\":4", 10);
    if (answer->status == 200 && bad == NULL)
        bad = memmem(answer->body, answer->body_bytes, "\"status\":5", 10);
    if ((answer->status == 200 && bad == NULL) || bench->trouble[0] != '\0')
        return;
    snprintf(bench->trouble, sizeof(bench->trouble), "the accounts could not be made: %d %.*s", answer->status,
             bad != NULL ? (int)strcspn(bad, "\n") : (int)answer->body_bytes, bad != NULL ? bad : answer->body);
}
