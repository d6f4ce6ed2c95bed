/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <sqlite3.h>

#include "../../sim/crash_vfs.h"
#include "../../sim/invariants.h"
#include "memory.h"

#define SEED 13
#define ROLES (ROLE_FACTS | ROLE_WITHDRAW | ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE)

const char *const stage_accounts[STAGE_ACCOUNTS] = {"ali", "hua", "mem", "jd", "pa"};
struct town stage;
struct stage_answer stage_answer;
static struct disk base;
static struct instant base_now;
static bool banks_used;

/* ---- asking ---- */

static void answered(struct command *command UNUSED, struct reply *reply)
{
    free(stage_answer.body);
    stage_answer.status = reply->status;
    stage_answer.replayed = reply->replayed;
    stage_answer.body = strdup(reply->body != NULL ? reply->body : "");
    CHECK(stage_answer.body != NULL);
    reply_fini(reply);
}

int stage_run(struct command *command)
{
    command->done = answered;
    engine_run_batch(stage.engine, &command, 1);
    return stage_answer.status;
}

int stage_ask(enum command_kind kind, const char *principal, unsigned roles, const char *account, const char *object,
              int64_t object_id, const char *json)
{
    struct asking *asking = town_ask(&stage, kind, principal, roles, account, object, json != NULL ? "%s" : NULL, json);

    asking->command.object_id = object_id;
    int status = stage_run(&asking->command);
    town_reset(&stage);
    return status;
}

/* ---- what is true of the books ---- */

int64_t stage_commits(void)
{
    return engine_stats(stage.engine)->commits;
}

int64_t stage_int(const char *sql, int64_t parameter)
{
    sqlite3_stmt *row = town_statement(&stage, sql);
    int64_t value = -1;

    CHECK(row != NULL && sqlite3_bind_int64(row, 1, parameter) == SQLITE_OK);
    if (sqlite3_step(row) == SQLITE_ROW)
        value = sqlite3_column_int64(row, 0);
    sqlite3_reset(row);
    return value;
}

int64_t stage_newest(void)
{
    return town_int(&stage, "SELECT coalesce(max(id), 0) FROM withdrawal");
}

void stage_check(void)
{
    struct broken broken = {0};

    invariants_check(town_books(&stage), &broken);
    if (broken.count > 0)
        fprintf(stderr, "%s\n", broken.first);
    CHECK(broken.count == 0);
}

/* ---- the town ---- */

static void account_open(const char *ref, const char *policy, const char *id_number, const char *master)
{
    char json[512];

    snprintf(json, sizeof json,
             "{\"policy\":\"%s\",\"currency\":\"CNY\",\"phone\":\"13800000000\"%s%s%s,\"subject\":{\"kind\":"
             "\"enterprise\",\"name\":\"Acme Ltd\",\"id_number\":\"%s\",\"verified\":true}}",
             policy, master != NULL ? ",\"master\":\"" : "", master != NULL ? master : "", master != NULL ? "\"" : "",
             id_number);
    CHECK(stage_ask(COMMAND_ACCOUNT_PUT, "billing", ROLES, ref, "", 0, json) == 201);
}

static void topup(const char *account, const char *ref, const char *method, int64_t amount, int days_ago)
{
    char json[512], paid_at[INSTANT_TEXT_BYTES];

    instant_format(instant_add_ms(stage.now, -days_ago * MS_DAY), paid_at);
    snprintf(
        json, sizeof json,
        "{\"ref\":\"%s\",\"amount\":%lld,\"method\":\"%s\",\"bank\":\"CMB\",\"paid_at\":\"%s\",\"payer\":{\"kind\":"
        "\"corporate\",\"name\":\"Acme Ltd\",\"account\":\"6222000\"},\"channel_ref\":\"C%s%s\"}",
        ref, (long long)amount, method, paid_at, account, ref);
    CHECK(stage_ask(COMMAND_TOPUP, "billing", ROLES, account, "", 0, json) == 201);
}

static void people(void)
{
    static const char *const methods[] = {"alipay", "wechat", "online_bank", "bank_transfer"};

    account_open("ali", "alibaba", "ID1", NULL);
    account_open("hua", "huawei", "ID2", NULL);
    account_open("mem", "huawei", "ID2", "hua");
    account_open("jd", "jdcloud", "ID3", NULL);
    account_open("pa", "pingan", "ID1", NULL);
    for (int account = 0; account < STAGE_ACCOUNTS; account++)
        for (int i = 0; i < 4; i++) {
            char ref[8];
            snprintf(ref, sizeof ref, "t%d", i);
            topup(stage_accounts[account], ref, methods[i], 10000 * (i + 1), 1 + 100 * i);
        }
    CHECK(stage_ask(COMMAND_CREDIT, "billing", ROLES, "ali", "", 0,
                    "{\"ref\":\"o1\",\"fund\":\"other\",\"amount\":5000}") == 201);
    CHECK(stage_ask(COMMAND_CREDIT, "billing", ROLES, "hua", "", 0,
                    "{\"ref\":\"v1\",\"fund\":\"voucher\",\"amount\":900}") == 201);
}

static void start(bool whole)
{
    char reason[512];
    bool started = town_start(&stage, whole, reason);

    if (!started)
        fprintf(stderr, "the town does not start: %s\n", reason);
    CHECK(started);
}

static void remove_files(void)
{
    town_raze(&stage);
}

void stage_banks_used(void)
{
    banks_used = true;
}

void stage_script(size_t bank, const char *word)
{
    char reason[201];

    banks_used = true;
    CHECK(simulated_script(stage.channels.items[bank], &word, 1, reason) == ERR_NONE);
}

/* The banks' books are theirs; a bank that was asked something is made anew. */
static void banks_renew(void)
{
    char reason[256];

    for (size_t i = 0; i < stage.channels.count; i++) {
        struct channel *old = stage.channels.items[i];
        struct channel_capability capability = old->capability;
        char name[CHANNEL_NAME_BYTES];

        snprintf(name, sizeof name, "%s", old->name);
        old->operations->close(old);
        stage.channels.items[i] = simulated_new(name, ":memory:", &capability, reason);
        CHECK(stage.channels.items[i] != NULL);
    }
    banks_used = false;
}

void stage_build(void (*fill)(void))
{
    char place[DISK_PATH_BYTES];

    memory_choose();
    town_place(place);
    crash_vfs_install(place);
    town_build(&stage, SEED, false);
    start(true);
    people();
    if (fill != NULL)
        fill();
    stage_check();
    town_stop(&stage);
    base_now = stage.now;
    disk_init(&base, SEED);
    disk_copy(&base, &stage.disk);
    banks_renew();
    start(false);
    atexit(remove_files);
}

void stage_reset_disk(void)
{
    void (*power_gone)(void *) = stage.disk.power_gone;

    disk_fini(&stage.disk);
    disk_init(&stage.disk, SEED);
    stage.disk.power_gone = power_gone;
    disk_copy(&stage.disk, &base);
}

void stage_reset(void)
{
    const struct payout_stats *stats = payout_stats(stage.payout);
    bool asked = banks_used || stats->sends + stats->queries + stats->callbacks > 0;

    town_stop(&stage);
    stage_reset_disk();
    if (asked)
        banks_renew();
    stage.now = base_now;
    random_init_seed(&stage.world.random, SEED);
    random_init_seed(&stage.random, SEED);
    start(false);
}
