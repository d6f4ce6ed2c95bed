/* SPDX-License-Identifier: Apache-2.0 */
/* Durable withdrawals through the engine, in this process: quote, plan, hold, ledger, audit, outbox.
 *
 *   engine_load prepare DIR ACCOUNTS TOPUPS TOPUP_MINOR POLICY    makes accounts a0, a1, … by commands
 *   engine_load withdrawals DIR COUNT IN_FLIGHT ACCOUNTS          COUNT withdrawals, made and confirmed by their codes
 *   engine_load crowd DIR COUNT ACCOUNTS                          all are made at once, then all codes entered at once
 *
 * Where BENCH_STORE is set to a URL of PostgreSQL the rows are there, and only the keys in DIR.
 *
 * `withdrawals` keeps IN_FLIGHT commands in the engine, each followed by the next as soon as it is answered. Accounts
 * are visited with a stride, so that neighbours in time are no neighbours in the tables. One JSON line tells what it
 * took. A wrong answer ends the program; only the refusal of a code for want of money, in a crowd, is counted. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_house.h"
#include "cli/latency.h"

#define STRIDE INT64_C(104729) /* a prime, so that every account has its turn */
#define AMOUNT_MINOR 100

struct slot {
    struct command command;
    char account[REF_BYTES];
    struct withdraw_ask withdraw;
    struct code_ask code;
    int64_t withdrawal, asked_us;
};

static struct load {
    struct bench_house house;
    int64_t count, accounts;
    char series[24]; /* begins the keys of this run: another one on the same data asks for new things */
    bool crowd;
    struct slot *slots;
    struct latencies latencies; /* written by the engine's thread only */
    _Atomic int64_t begun;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int64_t made, confirmed, refused;
} load = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* Linked in the place of base/random.c's, whose only customer is the code: every code is BENCH_CODE. */
uint32_t __wrap_random_below(struct random *random, uint32_t bound);
uint32_t __wrap_random_below(struct random *random, uint32_t bound)
{
    (void)random;
    return (uint32_t)number_of(BENCH_CODE) % bound;
}

static void answered(struct command *command, struct reply *reply);

static void submit(struct slot *slot, enum command_kind kind, const void *ask, int64_t number)
{
    struct command *command = &slot->command;

    *command = (struct command){.kind = kind,
                                .object_id = kind == COMMAND_CODE ? slot->withdrawal : 0,
                                .ask = ask,
                                .done = answered,
                                .context = slot};
    bench_house_sign(command, kind == COMMAND_CODE ? "code" : load.series, number);
    slot->asked_us = monotonic_us();
    if (!engine_submit(load.house.engine, command))
        die("the engine took no more");
}

static void make(struct slot *slot)
{
    int64_t number = load.begun++;

    if (number >= load.count)
        return;
    snprintf(slot->account, sizeof slot->account, "a%lld", (long long)(number * STRIDE % load.accounts));
    slot->withdraw = (struct withdraw_ask){.account = slot->account, .amount = money_of(AMOUNT_MINOR)};
    submit(slot, COMMAND_WITHDRAW, &slot->withdraw, number);
}

static void confirm(struct slot *slot)
{
    slot->code.code = BENCH_CODE;
    submit(slot, COMMAND_CODE, &slot->code, slot->withdrawal);
}

static void counted(int64_t *counter)
{
    pthread_mutex_lock(&load.mutex);
    ++*counter;
    pthread_cond_signal(&load.changed);
    pthread_mutex_unlock(&load.mutex);
}

static void made(struct slot *slot, const struct reply *reply)
{
    const char *id = strrchr(reply->location, '/');

    if (reply->status != 201 || id == NULL || !id_parse("wd", id + 1, &slot->withdrawal))
        die("not made: %d %s", reply->status, reply->body);
    if (!load.crowd)
        confirm(slot);
    counted(&load.made);
}

static void confirmed(struct slot *slot, const struct reply *reply)
{
    bool poor = load.crowd && reply->status == 409 && strstr(reply->body, "amount_exceeds_withdrawable") != NULL;

    if (reply->status != 200 && !poor)
        die("not confirmed: %d %s", reply->status, reply->body);
    if (!load.crowd)
        make(slot);
    counted(poor ? &load.refused : &load.confirmed);
}

static void answered(struct command *command, struct reply *reply)
{
    struct slot *slot = command->context;

    latencies_add(&load.latencies, monotonic_us() - slot->asked_us);
    if (command->kind == COMMAND_WITHDRAW)
        made(slot, reply);
    else
        confirmed(slot, reply);
    reply_fini(reply);
}

static void wait_for(const int64_t *a, const int64_t *b)
{
    pthread_mutex_lock(&load.mutex);
    while (*a + (b != NULL ? *b : 0) < load.count)
        pthread_cond_wait(&load.changed, &load.mutex);
    pthread_mutex_unlock(&load.mutex);
}

static void slots_make(int64_t count)
{
    load.slots = calloc((size_t)count, sizeof *load.slots);
    if (load.slots == NULL)
        die("no memory");
}

static void withdrawals(int64_t in_flight)
{
    slots_make(in_flight);
    for (int64_t i = 0; i < in_flight; i++)
        make(&load.slots[i]);
    wait_for(&load.confirmed, NULL);
}

static void crowd(void)
{
    load.crowd = true;
    slots_make(load.count);
    for (int64_t i = 0; i < load.count; i++)
        make(&load.slots[i]);
    wait_for(&load.made, NULL);
    for (int64_t i = 0; i < load.count; i++)
        confirm(&load.slots[i]);
    wait_for(&load.confirmed, &load.refused);
}

static void tell(int64_t began_us, int64_t began_cpu_us)
{
    const struct engine_stats *stats = engine_stats(load.house.engine);

    printf("{\"done\":%lld,\"refused\":%lld,\"commands\":%lld,\"commits\":%lld,\"us\":%lld,\"cpu_us\":%lld,"
           "\"p50_us\":%lld,\"p99_us\":%lld,\"max_us\":%lld}\n",
           (long long)load.confirmed, (long long)load.refused, (long long)stats->commands, (long long)stats->commits,
           (long long)(monotonic_us() - began_us), (long long)(cpu_us() - began_cpu_us),
           (long long)latencies_at(&load.latencies, 5000), (long long)latencies_at(&load.latencies, 9900),
           (long long)load.latencies.greatest_us);
}

int main(int argc, char **argv)
{
    bool prepare = argc == 7 && strcmp(argv[1], "prepare") == 0;
    bool all_at_once = argc == 5 && strcmp(argv[1], "crowd") == 0;

    if (!prepare && !all_at_once && (argc != 6 || strcmp(argv[1], "withdrawals") != 0))
        die("usage: see the top of engine_load.c");
    bench_house_open(&load.house, argv[2], getenv("BENCH_STORE"));
    if (prepare) {
        bench_house_accounts(&load.house, 0, number_of(argv[3]), number_of(argv[4]), number_of(argv[5]), argv[6]);
    } else {
        load.count = number_of(argv[3]);
        snprintf(load.series, sizeof load.series, "make-%llx",
                 (unsigned long long)system_clock_now(&load.house.clock).ms);
        load.accounts = number_of(argv[all_at_once ? 4 : 5]);
        if (engine_start(load.house.engine) != ERR_NONE)
            die("no thread for the engine");
        int64_t began_us = monotonic_us(), began_cpu_us = cpu_us();

        if (all_at_once)
            crowd();
        else
            withdrawals(number_of(argv[4]));
        tell(began_us, began_cpu_us);
    }
    bench_house_close(&load.house);
    free(load.slots);
    return 0;
}
