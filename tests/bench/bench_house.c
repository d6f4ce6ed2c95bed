/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_house.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREPARE_COMMANDS 1024

void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

int64_t cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

int64_t number_of(const char *text)
{
    char *end;
    int64_t number = strtoll(text, &end, 10);

    if (*text == '\0' || *end != '\0' || number < 0)
        die("%s is no number", text);
    return number;
}

/* Migrates and reads the policies as `ebb serve` does, with a writer of its own before the engine's. */
static void store_prepare(struct bench_house *house, const char *directory, const char *url)
{
    char reason[512] = "";
    struct vault vault;
    struct store *store = NULL;
    int64_t from, to;

    if (vault_open(directory, true, &vault, reason) != ERR_NONE ||
        store_open(store_place(url, directory), STORE_WRITER, &vault, &store, reason) != ERR_NONE)
        die("%s", reason);
    if (store_migrate(store, &from, &to) != ERR_NONE)
        die("%s", store_reason(store));
    if (policies_open(store, NULL, system_clock_now(&house->clock), &house->policies, reason) != ERR_NONE)
        die("%s", reason);
    store_close(&store);
    vault_fini(&vault);
}

void bench_house_open(struct bench_house *house, const char *directory, const char *store)
{
    struct policy_mistake mistake = {0};
    char reason[256] = "";

    memset(house, 0, sizeof *house);
    house->world = (struct world){.now = system_clock_now, .context = &house->clock};
    random_init_system(&house->world.random);
    store_prepare(house, directory, store);
    if (calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &house->calendar, &mistake) != ERR_NONE)
        die("the calendar does not read: %s", mistake.expected);
    struct engine_config config = {.directory = directory,
                                   .store = store,
                                   .world = &house->world,
                                   .policies = &house->policies,
                                   .calendar = &house->calendar,
                                   .channels = &house->channels,
                                   .queue_max = 32768,
                                   .batch_max = 512};

    if (engine_open(&config, &house->engine, reason) != ERR_NONE)
        die("%s", reason);
}

void bench_house_close(struct bench_house *house)
{
    engine_close(&house->engine);
    policies_fini(&house->policies);
}

void bench_house_sign(struct command *command, const char *what, int64_t number)
{
    struct bytes part;

    snprintf(command->principal, sizeof command->principal, "key:operator");
    command->roles = BENCH_ROLES;
    snprintf(command->idempotency_key, sizeof command->idempotency_key, "%s-%lld", what, (long long)number);
    part = bytes_of_text(command->idempotency_key);
    hash_parts("request", NULL, &part, 1, command->fingerprint, sizeof command->fingerprint);
}

static void fact_answered(struct command *command, struct reply *reply)
{
    if (reply->status != 201)
        die("%s: %d %s", command->account, reply->status, reply->body);
    reply_fini(reply);
}

void bench_house_fact(struct bench_fact *fact, int64_t number, int64_t accounts)
{
    bool topup = number % 2 == 0;

    snprintf(fact->ref, sizeof fact->ref, "f%lld", (long long)number);
    if (topup)
        fact->ask.topup = (struct topup_ask){.ref = fact->ref,
                                             .amount = money_of(BENCH_FACT_MINOR),
                                             .method = METHOD_ALIPAY,
                                             .paid_at = {BENCH_FACT_PAID_MS},
                                             .payer = {PAYER_PERSONAL, "Bench", NULL}};
    else
        fact->ask.charge = (struct charge_ask){.ref = fact->ref, .amount = money_of(BENCH_FACT_MINOR)};
    fact->command = (struct command){.kind = topup ? COMMAND_TOPUP : COMMAND_CHARGE,
                                     .principal = "key:billing",
                                     .roles = BENCH_ROLES,
                                     .ask = &fact->ask,
                                     .done = fact_answered};
    snprintf(fact->command.account, REF_BYTES, "a%lld", (long long)(number / 2 % accounts));
}

/* ---- accounts ---- */

struct preparation {
    struct command commands[PREPARE_COMMANDS];
    struct command *list[PREPARE_COMMANDS];
    union {
        struct account_ask account;
        struct topup_ask topup;
    } asks[PREPARE_COMMANDS];
    char refs[PREPARE_COMMANDS][REF_BYTES];
    size_t count;
};

static void prepared(struct command *command, struct reply *reply)
{
    if (reply->status >= 300)
        die("account %s: %s", command->account, reply->body);
    reply_fini(reply);
}

static void flush(struct bench_house *house, struct preparation *p)
{
    if (p->count > 0)
        engine_run_batch(house->engine, p->list, p->count);
    p->count = 0;
}

static size_t command_add(struct bench_house *house, struct preparation *p, enum command_kind kind, int64_t account)
{
    if (p->count == PREPARE_COMMANDS)
        flush(house, p);
    size_t i = p->count++;

    p->commands[i] = (struct command){
        .kind = kind, .roles = BENCH_ROLES, .principal = "key:billing", .ask = &p->asks[i], .done = prepared};
    snprintf(p->commands[i].account, REF_BYTES, "a%lld", (long long)account);
    p->list[i] = &p->commands[i];
    return i;
}

void bench_house_accounts(struct bench_house *house, int64_t first, int64_t count, int64_t topups, int64_t topup_minor,
                          const char *policy)
{
    struct preparation *p = calloc(1, sizeof *p);

    if (p == NULL)
        die("no memory");
    for (int64_t account = first; account < first + count; account++) {
        size_t i = command_add(house, p, COMMAND_ACCOUNT_PUT, account);

        p->asks[i].account = (struct account_ask){.policy = policy,
                                                  .currency = "CNY",
                                                  .phone = "13800000000",
                                                  .state = ACCOUNT_ACTIVE,
                                                  .subject = {SUBJECT_PERSON, "Bench", p->commands[i].account, true}};
        for (int64_t topup = 0; topup < topups; topup++) {
            i = command_add(house, p, COMMAND_TOPUP, account);
            snprintf(p->refs[i], REF_BYTES, "t%lld", (long long)topup);
            p->asks[i].topup = (struct topup_ask){.ref = p->refs[i],
                                                  .amount = money_of(topup_minor),
                                                  .method = METHOD_ALIPAY,
                                                  .payer = {PAYER_PERSONAL, "Bench", NULL}};
        }
    }
    flush(house, p);
    free(p);
}
