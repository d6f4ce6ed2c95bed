/* SPDX-License-Identifier: Apache-2.0 */
/* What instructions.py counts under callgrind: everything inside `measured`, and nothing else.
 *
 *   instructions quote|plan ROUNDS            each of the four policies in turn
 *   instructions withdrawal ROUNDS DIR        made and confirmed by its code, a commit each, on a fresh data directory
 *   instructions fact ROUNDS DIR              so many times FACTS top-ups and charges, each read from its line as
 *                                             /v1/batch does, one commit a time, on a fresh data directory
 *
 * The clock stands still, the keys are all the same byte, the codes are known: two runs execute the same instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_house.h"
#include "http/batch.h"
#include "pure_world.h"

#define WARM 40 /* statements prepared, caches filled, the first pages split */
#define ACCOUNTS 20
#define TOPUPS 5
#define FACTS 500 /* instructions.py divides by it */
#define FACT_ACCOUNTS 250

enum what { WHAT_QUOTE, WHAT_PLAN, WHAT_WITHDRAWAL, WHAT_FACT };

static struct pure_world pure;
static struct bench_house house;
static int64_t asked;

uint32_t __wrap_random_below(struct random *random, uint32_t bound);
uint32_t __wrap_random_below(struct random *random, uint32_t bound)
{
    (void)random;
    return (uint32_t)number_of(BENCH_CODE) % bound;
}

static struct instant stopped_clock(void *context)
{
    (void)context;
    return (struct instant){PURE_AT_MS};
}

static void ask(struct command *command, int status, struct reply *ret)
{
    bench_house_sign(command, "instructions", 1000000 + asked++);
    engine_run(house.engine, command, ret);
    if (ret->status != status)
        die("%d: %s", ret->status, ret->body);
}

static void withdraw(void)
{
    char account[REF_BYTES];
    struct withdraw_ask make = {.account = account, .amount = money_of(100)};
    struct code_ask code = {.code = BENCH_CODE};
    struct command command = {.kind = COMMAND_WITHDRAW, .ask = &make};
    struct command confirm = {.kind = COMMAND_CODE, .ask = &code};
    struct reply reply;

    snprintf(account, sizeof account, "a%lld", (long long)(asked / 2 % ACCOUNTS));
    ask(&command, 201, &reply);
    if (!id_parse("wd", strrchr(reply.location, '/') + 1, &confirm.object_id))
        die("no id");
    reply_fini(&reply);
    ask(&confirm, 200, &reply);
    reply_fini(&reply);
}

/* ---- facts ---- */

static struct bench_fact facts[FACTS];
static struct command *fact_list[FACTS];
static char fact_lines[FACTS][256];
static struct arena fact_arena;

static void facts_make(void)
{
    for (size_t i = 0; i < FACTS; i++, asked++) {
        const struct bench_fact *fact = &facts[i];

        bench_house_fact(&facts[i], asked, FACT_ACCOUNTS);
        fact_list[i] = &facts[i].command;
        snprintf(fact_lines[i], sizeof fact_lines[i],
                 fact->command.kind == COMMAND_TOPUP
                     ? "{\"op\":\"topup\",\"account\":\"%s\",\"ref\":\"%s\",\"amount\":%d,\"method\":\"alipay\","
                       "\"paid_at\":\"2020-01-01T00:00:00+08:00\",\"payer\":{\"kind\":\"personal\",\"name\":\"Bench\"}}"
                     : "{\"op\":\"charge\",\"account\":\"%s\",\"ref\":\"%s\",\"amount\":%d}",
                 fact->command.account, fact->ref, BENCH_FACT_MINOR);
    }
}

static void facts_tell(void)
{
    struct field_problems problems = {0};

    arena_reset(&fact_arena);
    for (size_t i = 0; i < FACTS; i++)
        if (batch_line_check(fact_lines[i], strlen(fact_lines[i]), &fact_arena, &problems) != ERR_NONE)
            die("%s is no line", fact_lines[i]);
    engine_run_batch(house.engine, fact_list, FACTS);
}

/* callgrind counts from here to the return. */
__attribute__((noinline)) void measured(enum what what, const struct policy *policy);
__attribute__((noinline)) void measured(enum what what, const struct policy *policy)
{
    switch (what) {
    case WHAT_QUOTE:
        pure_quote(&pure, policy);
        break;
    case WHAT_PLAN:
        pure_plan(&pure, policy);
        break;
    case WHAT_WITHDRAWAL:
        withdraw();
        break;
    case WHAT_FACT:
        facts_tell();
        break;
    }
}

static void pure_rounds(enum what what, int64_t rounds)
{
    pure_world_init(&pure);
    for (int64_t i = 0; i < rounds; i++)
        for (size_t j = 0; j < PURE_POLICIES; j++) {
            if (what == WHAT_PLAN)
                pure_quote(&pure, &pure.policies[j]);
            measured(what, &pure.policies[j]);
        }
    pure_world_fini(&pure);
}

static void key_write(const char *directory)
{
    char path[4096];
    uint8_t key[32];
    int fd;

    memset(key, 0x42, sizeof key);
    snprintf(path, sizeof path, "%s/master.key", directory);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || write(fd, key, sizeof key) != sizeof key || close(fd) != 0)
        die("%s cannot be written", path);
}

static void house_open(const char *directory, int64_t accounts)
{
    key_write(directory);
    bench_house_open(&house, directory, NULL);
    house.world.now = stopped_clock;
    random_init_seed(&house.world.random, 7);
    bench_house_accounts(&house, 0, accounts, TOPUPS, 1000000, "huawei");
}

static void withdrawal_rounds(int64_t rounds, const char *directory)
{
    house_open(directory, ACCOUNTS);
    for (int i = 0; i < WARM; i++)
        withdraw();
    for (int64_t i = 0; i < rounds; i++)
        measured(WHAT_WITHDRAWAL, NULL);
    bench_house_close(&house);
}

/* Every account has been met before what is counted, as in books that live. */
static void fact_rounds(int64_t rounds, const char *directory)
{
    house_open(directory, FACT_ACCOUNTS);
    arena_init(&fact_arena, (size_t)16 << 20);
    for (int i = 0; i < 2 * FACT_ACCOUNTS / FACTS; i++) {
        facts_make();
        facts_tell();
    }
    for (int64_t i = 0; i < rounds; i++) {
        facts_make();
        measured(WHAT_FACT, NULL);
    }
    arena_fini(&fact_arena);
    bench_house_close(&house);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "quote") == 0)
        pure_rounds(WHAT_QUOTE, number_of(argv[2]));
    else if (argc == 3 && strcmp(argv[1], "plan") == 0)
        pure_rounds(WHAT_PLAN, number_of(argv[2]));
    else if (argc == 4 && strcmp(argv[1], "withdrawal") == 0)
        withdrawal_rounds(number_of(argv[2]), argv[3]);
    else if (argc == 4 && strcmp(argv[1], "fact") == 0)
        fact_rounds(number_of(argv[2]), argv[3]);
    else
        die("usage: see the top of instructions.c");
    return 0;
}
