/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite.h"

/* Accounts by policy: those that allow many withdrawals have more. */
static const char *const policies[] = {"alibaba", "huawei", "jdcloud", "pingan", "northwind"};
static const int policy_of_account[PEOPLE_ACCOUNTS] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4};
static const char *const methods[] = {"alipay",      "alipay",    "wechat",        "unionpay",
                                      "online_bank", "bank_card", "bank_transfer", "offline"};
static const char *const banks[] = {"ICBC", "CMB", "BOC", "ABC", "NJCB"};

uint32_t sim_below(struct sim *sim, uint32_t bound)
{
    return random_below(&sim->town.random, bound);
}

void sim_trace(struct sim *sim, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < size; i++)
        sim->trace = (sim->trace ^ bytes[i]) * 1099511628211u;
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    va_list arguments;

    if (sim->failure[0] != '\0')
        return;
    va_start(arguments, format);
    vsnprintf(sim->failure, sizeof sim->failure, format, arguments);
    va_end(arguments);
}

static uint64_t text_hash(const char *text)
{
    uint64_t hash = 1469598103934665603u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    return hash;
}

/* ---- asking ---- */

struct memo *people_want(struct sim *sim, enum command_kind kind, const char *principal, unsigned roles,
                         const char *account, const char *object, int64_t object_id, const char *json, ...)
{
    struct memo *memo = &sim->flying[sim->flying_count++];

    memset(memo, 0, sizeof *memo);
    memo->kind = kind;
    memo->roles = roles;
    memo->object_id = object_id;
    memo->with_json = json != NULL;
    snprintf(memo->principal, sizeof memo->principal, "%s", principal);
    snprintf(memo->account, sizeof memo->account, "%s", account);
    snprintf(memo->object, sizeof memo->object, "%s", object);
    snprintf(memo->key, sizeof memo->key, "k%lld", (long long)++sim->keys);
    if (json != NULL) {
        va_list arguments;

        va_start(arguments, json);
        vsnprintf(memo->json, sizeof memo->json, json, arguments);
        va_end(arguments);
    }
    return memo;
}

static struct asking *asking_of(struct sim *sim, const struct memo *memo)
{
    struct asking *asking = town_ask(&sim->town, memo->kind, memo->principal, memo->roles, memo->account, memo->object,
                                     memo->with_json ? "%s" : NULL, memo->json);

    asking->command.object_id = memo->object_id;
    asking_key(asking, memo->key);
    return asking;
}

static void note_answer(struct sim *sim, struct memo *memo, const struct asking *asking)
{
    memo->status = asking->status;
    memo->body = text_hash(asking->body);
    sim_trace(sim, &asking->status, sizeof asking->status);
    sim_trace(sim, asking->body, strlen(asking->body));
    sim->withdrawals += memo->kind == COMMAND_WITHDRAW && asking->status == 201;
    sim->marks[MARK_WRONG_CODE] += strstr(asking->body, "\"wrong_code\"") != NULL;
    sim->marks[MARK_NOT_COVERED_AT_CODE] +=
        memo->kind == COMMAND_CODE && asking->status == 409 && strstr(asking->body, "exceeds_withdrawable") != NULL;
    sim->marks[MARK_UNKNOWN_COMMIT] += asking->status == 503 && strstr(asking->body, "unknown_outcome") != NULL;
}

/* Facts and withdrawals that were accepted are remembered by the engine for ever. */
static bool is_kept(const struct memo *memo)
{
    return memo->status >= 200 && memo->status < 300 && memo->kind != COMMAND_ACCOUNT_PUT &&
           memo->kind != COMMAND_CLAIM_PUT && memo->kind != COMMAND_RESOURCE_PUT && memo->kind != COMMAND_INVOICED_PUT;
}

static void note_fact(struct sim *sim, const struct memo *memo)
{
    if (sim->telling && sim->told_count < PEOPLE_TOLD && memo->status < 300 && strcmp(memo->principal, "billing") == 0)
        sim->told[sim->told_count++] = *memo;
}

void people_run(struct sim *sim)
{
    size_t count = sim->flying_count;

    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        sim->askings[i] = asking_of(sim, &sim->flying[i]);
    town_run(&sim->town, sim->askings, count);
    for (size_t i = 0; i < count; i++) {
        struct memo *memo = &sim->flying[i];

        if (!sim->askings[i]->answered) {
            sim_fail(sim, "%s was never answered", memo->key);
            continue;
        }
        note_answer(sim, memo, sim->askings[i]);
        note_fact(sim, memo);
        if (is_kept(memo))
            sim->memos[sim->memos_count++ % PEOPLE_MEMOS] = *memo;
        free(sim->askings[i]->body);
    }
    sim->flying_count = 0;
    sim->audit_acked = town_int(&sim->town, "SELECT coalesce(max(seq), 0) FROM audit");
    town_reset(&sim->town);
}

void people_ask_again(struct sim *sim, const struct memo *memo, bool must_be_known)
{
    struct asking *asking = asking_of(sim, memo);

    town_run(&sim->town, &asking, 1);
    sim->marks[MARK_REPLAY] += asking->replayed;
    if (must_be_known && asking->status < 500 &&
        (asking->status != memo->status || text_hash(asking->body) != memo->body))
        sim_fail(sim, "%s %s was answered %d, and asked again it is answered %d%s %.120s",
                 word_text(&command_words, (int)memo->kind), memo->key, memo->status, asking->status,
                 asking->replayed ? " (replayed)" : "", asking->body);
    sim_trace(sim, asking->body, strlen(asking->body));
    free(asking->body);
    town_reset(&sim->town);
}

/* The same key for another request is refused and changes nothing. */
static void ask_otherwise(struct sim *sim, const struct memo *memo)
{
    struct asking *asking = asking_of(sim, memo);

    asking->command.fingerprint[0] ^= 1;
    town_run(&sim->town, &asking, 1);
    sim->marks[MARK_OTHER_BODY] += asking->status == 422;
    if (asking->status != 422 && asking->status < 500)
        sim_fail(sim, "%s came with another body and was answered %d", memo->key, asking->status);
    free(asking->body);
    town_reset(&sim->town);
}

/* ---- billing ---- */

static void want_topup(struct sim *sim, struct person *person)
{
    const char *method = methods[sim_below(sim, ARRAY_COUNT(methods))];
    const char *bank = banks[sim_below(sim, ARRAY_COUNT(banks))];
    int64_t age = (int64_t)sim_below(sim, sim_below(sim, 3) == 0 ? 420 : 25) * MS_DAY + sim_below(sim, 86400) * 1000;
    char paid_at[INSTANT_TEXT_BYTES];

    /* Some stand at the edge of a window, so that it closes while they wait. */
    if (sim_below(sim, 8) == 0) {
        method = "alipay";
        age = (person->policy == 4 ? 360 : 180) * MS_DAY - (int64_t)sim_below(sim, 3600) * 1000 - 2 * MS_MINUTE;
        person->edge = person->topups + 1;
    }
    instant_format(instant_add_ms(sim->town.now, -age), paid_at);
    person->topups++;
    people_want(
        sim, COMMAND_TOPUP, "billing", ROLE_FACTS, person->ref, "", 0,
        "{\"ref\":\"t%lld\",\"amount\":%u,\"method\":\"%s\",\"bank\":\"%s\",\"paid_at\":\"%s\",\"payer\":{\"kind\":"
        "\"%s\",\"name\":\"%s\",\"account\":\"6222%u\"},\"channel_ref\":\"C%s%lld\"%s}",
        (long long)person->topups, (person->policy == 4 ? 10 : 1) * (40000 + sim_below(sim, 600000)), method, bank,
        paid_at, sim_below(sim, 3) == 0 ? "corporate" : "personal", person->name, 1000000 + sim_below(sim, 1000000),
        person->ref, (long long)person->topups, sim_below(sim, 20) == 0 ? ",\"bonus\":true" : "");
}

static void want_fact(struct sim *sim, struct person *person)
{
    struct person *other = &sim->people[sim_below(sim, PEOPLE_ACCOUNTS)];
    static const char *const kinds[] = {"owed_invoice", "unsettled", "overdue"};
    char ref[24], topup[24];

    snprintf(ref, sizeof ref, "f%lld", (long long)++person->facts);
    snprintf(topup, sizeof topup, "t%lld", 1 + (long long)sim_below(sim, (uint32_t)person->topups));
    switch (sim_below(sim, 10)) {
    case 0:
    case 1:
    case 2:
        people_want(sim, COMMAND_CHARGE, "billing", ROLE_FACTS, person->ref, "", 0, "{\"ref\":\"%s\",\"amount\":%u}",
                    ref, 1 + sim_below(sim, sim_below(sim, 6) == 0 ? 3000000 : 60000));
        break;
    case 3:
        snprintf(ref, sizeof ref, "f%lld", 1 + (long long)sim_below(sim, (uint32_t)person->facts));
        people_want(sim, COMMAND_CHARGE_REVERSE, "billing", ROLE_FACTS, person->ref, ref, 0, NULL);
        break;
    case 4:
        people_want(sim, COMMAND_CLAIM_PUT, "billing", ROLE_FACTS, person->ref, sim_below(sim, 2) ? "c1" : "c2", 0,
                    "{\"kind\":\"%s\",\"amount\":%u}", kinds[sim_below(sim, 3)],
                    sim_below(sim, 3) == 0 ? 20000 + sim_below(sim, 300000) : 0);
        break;
    case 5:
        people_want(sim, COMMAND_RESOURCE_PUT, "billing", ROLE_FACTS, person->ref, "r1", 0,
                    "{\"state\":\"%s\",\"frozen\":%u}", sim_below(sim, 3) ? "released" : "active",
                    sim_below(sim, 5000));
        break;
    case 6:
        people_want(sim, COMMAND_CREDIT, "billing", ROLE_FACTS, person->ref, "", 0,
                    "{\"ref\":\"%s\",\"fund\":\"%s\",\"amount\":%u}", ref, sim_below(sim, 4) ? "other" : "voucher",
                    1000 + sim_below(sim, 90000));
        break;
    case 7:
        if (other == person)
            other = &sim->people[(size_t)(person - sim->people + 1) % PEOPLE_ACCOUNTS];
        people_want(sim, COMMAND_TRANSFER, "billing", ROLE_FACTS, "", "", 0,
                    "{\"ref\":\"x%s%s\",\"from\":\"%s\",\"to\":\"%s\",\"amount\":%u}", person->ref, ref, person->ref,
                    other->ref, 1 + sim_below(sim, 30000));
        break;
    case 8:
        people_want(sim, COMMAND_CHARGEBACK, "billing", ROLE_FACTS, person->ref, topup, 0,
                    "{\"ref\":\"%s\",\"amount\":%u}", ref, 1 + sim_below(sim, 60000));
        break;
    default:
        snprintf(topup, sizeof topup, "x%sf%u", person->ref, 1 + sim_below(sim, (uint32_t)person->facts));
        people_want(sim, COMMAND_RECALL, "billing", ROLE_FACTS, "", topup, 0, NULL);
        break;
    }
}

/* ---- customers ---- */

/* The top-up whose window closes within the hour. */
static void want_edge(struct sim *sim, struct person *person)
{
    unsigned amount = 1000 + sim_below(sim, 10000);

    people_want(
        sim, COMMAND_WITHDRAW, person->ref, ROLE_CUSTOMER | ROLE_WITHDRAW, person->ref, "", 0,
        "{\"account\":\"%s\",\"amount\":%u,\"strategy\":\"selected\",\"topups\":[{\"ref\":\"t%lld\",\"amount\":%u}]}",
        person->ref, amount, (long long)person->edge, amount);
    person->edge = 0;
}

static void want_withdrawal(struct sim *sim, struct person *person)
{
    static const char *const strategies[] = {"lifo", "fastest", "fewest"};
    unsigned amount = 500 + sim_below(sim, sim_below(sim, 4) == 0 ? 400000 : 30000);
    char destination[320] = "";
    uint32_t route = sim_below(sim, 8);

    if (route < 3)
        snprintf(
            destination, sizeof destination,
            ",\"destination\":{\"kind\":\"bank\",\"name\":\"%s\",\"account\":\"6217%u\",\"bank\":\"ICBC\",\"branch\":"
            "\"Xixi\",\"province\":\"Zhejiang\",\"city\":\"Hangzhou\"},\"reason\":\"%s\",\"documents\":[\"%s\",\"%s\"]%"
            "s",
            person->name, sim_below(sim, 1000000), person->policy == 4 ? "card_lost" : "original_account_closed",
            person->papers[0], person->papers[1], route == 0 ? ",\"route\":\"application\"" : "");
    if (person->policy != 0 && person->policy != 4 && route < 3)
        snprintf(
            destination, sizeof destination,
            ",\"destination\":{\"kind\":\"bank\",\"name\":\"%s\",\"account\":\"6217%u\",\"bank\":\"ICBC\",\"branch\":"
            "\"Xixi\"}",
            person->name, sim_below(sim, 1000000));
    if (person->edge != 0 && destination[0] == '\0') {
        want_edge(sim, person);
        return;
    }
    if (person->policy == 4 && sim_below(sim, 2) == 0)
        amount = 1000000 + sim_below(sim, 1000000); /* two people must see it */
    people_want(sim, COMMAND_WITHDRAW, person->ref, ROLE_CUSTOMER | ROLE_WITHDRAW, person->ref, "", 0,
                "{\"account\":\"%s\",\"amount\":%u,\"strategy\":\"%s\"%s}", person->ref, amount,
                strategies[sim_below(sim, ARRAY_COUNT(strategies))], destination);
}

/* ---- what waits for somebody ---- */

#define WAITING "status IN ('in_review', 'need_documents')" /* as its index says it */
static const char *const pools[POOL__COUNT] = {
    [POOL_CODE] = "SELECT id FROM withdrawal WHERE next_at > 0 AND status = 'awaiting_code' ORDER BY id DESC LIMIT 64",
    [POOL_REVIEW] = "SELECT id FROM withdrawal WHERE " WAITING " AND status = 'in_review' LIMIT 64",
    [POOL_PAPER] = "SELECT id FROM withdrawal WHERE " WAITING " AND status = 'need_documents' LIMIT 64",
    [POOL_APPROVED] = "SELECT id FROM withdrawal WHERE next_at > 0 AND status = 'approved' ORDER BY id DESC LIMIT 64",
    [POOL_ANY] = "SELECT id FROM withdrawal ORDER BY id DESC LIMIT 64",
};

/* Looked up once a batch, and seldom taken twice in it: then two requests meet over one withdrawal. */
static bool pool_take(struct sim *sim, enum pool_kind kind, int64_t *ret)
{
    struct pool *pool = &sim->pools[kind];
    uint32_t at;

    if (!pool->known)
        pool->count = town_ints(&sim->town, pools[kind], pool->ids, POOL_IDS);
    pool->known = true;
    if (pool->count == 0)
        return false;
    at = sim_below(sim, (uint32_t)pool->count);
    *ret = pool->ids[at];
    if (sim_below(sim, 16) != 0)
        pool->ids[at] = pool->ids[--pool->count];
    return true;
}

static void pools_forget(struct sim *sim)
{
    for (int kind = 0; kind < POOL__COUNT; kind++)
        sim->pools[kind].known = false;
}

static void want_code(struct sim *sim, int64_t id)
{
    char code[16];

    town_code(&sim->town, id, code);
    if (code[0] == '\0')
        return; /* the disk did not answer */
    if (sim_below(sim, 15) == 0)
        snprintf(code, sizeof code, "%06u", sim_below(sim, 1000000));
    people_want(sim, COMMAND_CODE, "front", ROLE_WITHDRAW, "", "", id, "{\"code\":\"%s\"}", code);
}

static void want_review(struct sim *sim, int64_t id, bool finally)
{
    static const char *const reviewers[] = {"rita", "ravi", "rosa"};
    uint32_t chance = sim_below(sim, 12);

    people_want(sim, COMMAND_REVIEW, reviewers[sim_below(sim, 3)], ROLE_APPROVE, "", "", id,
                "{\"decision\":\"%s\",\"reason\":\"seen\"}",
                chance == 0 || (finally && chance < 6) ? "reject"
                : chance == 1 && !finally              ? "need_documents"
                                                       : "approve");
}

static void want_paper(struct sim *sim, int64_t id)
{
    char text[ID_TEXT_BYTES];

    id_format("wd", id, text);
    people_want(
        sim, COMMAND_DOCUMENT, "front", ROLE_WITHDRAW, "", "", 0,
        "{\"withdrawal\":\"%s\",\"name\":\"licence.png\",\"media_type\":\"image/png\",\"content\":\"iVBORw0KGgo=\"}",
        text);
}

static void want_other(struct sim *sim)
{
    static const enum pool_kind kinds[] = {POOL_CODE, POOL_REVIEW, POOL_APPROVED, POOL_ANY};
    int64_t id;

    if (pool_take(sim, kinds[sim_below(sim, ARRAY_COUNT(kinds))], &id))
        people_want(sim, sim_below(sim, 2) ? COMMAND_RESEND : COMMAND_CANCEL, "front", ROLE_WITHDRAW, "", "", id, NULL);
}

static void want_something(struct sim *sim)
{
    struct person *person = &sim->people[sim_below(sim, PEOPLE_ACCOUNTS)];
    uint32_t what = sim_below(sim, 100);
    int64_t id;

    if (what < 4)
        want_topup(sim, person);
    else if (what < 14)
        want_fact(sim, person);
    else if (what < 62)
        want_withdrawal(sim, person);
    else if (what < 78 && pool_take(sim, POOL_CODE, &id))
        want_code(sim, id);
    else if (what < 91 && pool_take(sim, POOL_REVIEW, &id))
        want_review(sim, id, false);
    else if (what < 95 && pool_take(sim, POOL_PAPER, &id))
        want_paper(sim, id);
    else
        want_other(sim);
}

void people_act(struct sim *sim, size_t most)
{
    pools_forget(sim);
    for (size_t i = 0; i < most; i++)
        want_something(sim);
    people_run(sim);
    if (sim->memos_count == 0 || sim_below(sim, 4) != 0)
        return;
    size_t kept = sim->memos_count < PEOPLE_MEMOS ? sim->memos_count : PEOPLE_MEMOS;
    const struct memo *memo = &sim->memos[sim_below(sim, (uint32_t)kept)];
    bool made = memo->status == 201 || memo->kind == COMMAND_CODE || memo->kind == COMMAND_REVIEW;
    if (made && sim_below(sim, 4) == 0)
        ask_otherwise(sim, memo);
    else
        people_ask_again(sim, memo, true);
}

/* One batch of decisions about all that waits. False: nothing did. */
static bool review_once(struct sim *sim)
{
    int64_t id;

    pools_forget(sim);
    while (sim->flying_count < TOWN_BATCH_MAX / 2 && pool_take(sim, POOL_REVIEW, &id))
        want_review(sim, id, true);
    while (sim->flying_count < TOWN_BATCH_MAX && pool_take(sim, POOL_PAPER, &id)) {
        if (sim_below(sim, 2) == 0)
            want_paper(sim, id);
        else
            people_want(sim, COMMAND_REVIEW, "rita", ROLE_REVIEW, "", "", id, "{\"decision\":\"reject\"}");
    }
    if (sim->flying_count == 0)
        return false;
    people_run(sim);
    return true;
}

void people_review_all(struct sim *sim)
{
    for (int i = 0; i < 1000 && review_once(sim); i++)
        continue;
}

/* ---- two people and a document ---- */

static void resolve_one(struct sim *sim, int64_t attempt)
{
    static const char *const people[] = {"rita", "ravi"};
    sqlite3_stmt *statement =
        town_statement(&sim->town, "SELECT withdrawal, key, channel, amount, (SELECT min(d.id) FROM document d "
                                   "WHERE d.account = attempt.account) FROM attempt WHERE id = ?1");
    char document[ID_TEXT_BYTES];

    if (statement == NULL)
        return;
    sqlite3_bind_int64(statement, 1, attempt);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t withdrawal = sqlite3_column_int64(statement, 0);
        const char *key = (const char *)sqlite3_column_text(statement, 1);
        struct channel *bank = channels_find(&sim->town.channels, (const char *)sqlite3_column_text(statement, 2));
        bool paid = simulated_paid_times(bank, key) > 0;

        if (sim_below(sim, 6) == 0)
            paid = !paid; /* people err */
        id_format("doc", sqlite3_column_int64(statement, 4), document);
        for (size_t i = 0; i < 2; i++)
            people_want(
                sim, COMMAND_RESOLVE, people[i], ROLE_RESOLVE, "", "", withdrawal,
                "{\"key\":\"%s\",\"kind\":\"%s\",\"amount\":%lld,\"document\":\"%s\",\"reference\":\"BY-HAND\"}", key,
                paid ? "paid" : "not_paid", (long long)sqlite3_column_int64(statement, 3), document);
    }
    sqlite3_reset(statement);
    people_run(sim);
}

void people_resolve_manual(struct sim *sim, bool all)
{
    int64_t ids[256];
    size_t count = town_ints(&sim->town,
                             "SELECT a.id FROM leg l JOIN attempt a ON a.withdrawal = l.withdrawal AND a.leg = l.id "
                             "WHERE l.status = 'manual' AND a.status IN ('intent', 'unknown')",
                             ids, ARRAY_COUNT(ids));

    for (size_t i = 0; i < count; i++)
        if (all || sim_below(sim, 2) == 0)
            resolve_one(sim, ids[i]);
}

/* ---- moving in ---- */

static void settle_paper(struct sim *sim, struct person *person, size_t n)
{
    struct asking *asking = town_ask(
        &sim->town, COMMAND_DOCUMENT, person->ref, ROLE_CUSTOMER, person->ref, "",
        "{\"account\":\"%s\",\"name\":\"form%zu.pdf\",\"media_type\":\"application/pdf\",\"content\":\"JVBERi0xLjQK\"}",
        person->ref, n);
    const char *id;

    town_run(&sim->town, &asking, 1);
    json_t *body = json_loads(asking->body, 0, NULL);
    id = json_string_value(json_object_get(body, "id"));
    if (id == NULL)
        sim_fail(sim, "a document was not taken: %d %.200s", asking->status, asking->body);
    snprintf(person->papers[n], sizeof person->papers[n], "%s", id != NULL ? id : "");
    json_decref(body);
    free(asking->body);
}

void people_settle(struct sim *sim)
{
    for (size_t i = 0; i < PEOPLE_ACCOUNTS; i++) {
        struct person *person = &sim->people[i];

        person->policy = policy_of_account[i];
        snprintf(person->ref, sizeof person->ref, "a%zu", i);
        snprintf(person->name, sizeof person->name, "Person %zu", i % 10); /* two accounts an identity */
        snprintf(person->identity, sizeof person->identity, "ID%zu", i % 10);
        people_want(
            sim, COMMAND_ACCOUNT_PUT, "billing", ROLE_FACTS, person->ref, "", 0,
            "{\"policy\":\"%s\",\"currency\":\"CNY\",\"phone\":\"138%08zu\",\"subject\":{\"kind\":\"person\",\"name\":"
            "\"%s\",\"id_number\":\"%s\",\"verified\":true}}",
            policies[person->policy], i, person->name, person->identity);
        people_run(sim);
        for (int topup = 0; topup < 5; topup++)
            want_topup(sim, person);
        people_run(sim);
        settle_paper(sim, person, 0);
        settle_paper(sim, person, 1);
    }
}
