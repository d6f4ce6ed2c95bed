/* SPDX-License-Identifier: Apache-2.0 */
/* Top-ups and charges in turn through the engine, in this process, so many in flight: what /v1/batch gives the engine
 * to do, without HTTP and JSON in front of it. Each is a transfer of the ledger: an entry with two postings.
 *
 *   engine_facts DIR COUNT IN_FLIGHT ACCOUNTS     on a directory of `engine_load prepare`, with its BENCH_STORE; one
 * JSON line tells what it took */
#include <stdio.h>
#include <stdlib.h>

#include "bench_house.h"

#define IN_FLIGHT_MAX 512
#define SMALL_MINOR 700

static struct bench_house house;
static struct command commands[IN_FLIGHT_MAX], *list[IN_FLIGHT_MAX];
static struct topup_ask topups[IN_FLIGHT_MAX];
static struct charge_ask charges[IN_FLIGHT_MAX];
static char refs[IN_FLIGHT_MAX][REF_BYTES];

static void answered(struct command *command, struct reply *reply)
{
    if (reply->status != 201)
        die("%s: %d %s", command->account, reply->status, reply->body);
    reply_fini(reply);
}

/* As long ago as `ebb bench` says: a charge uses up exactly the oldest of these. */
static void fact_make(int64_t number, int64_t accounts, size_t i)
{
    bool topup = number % 2 == 0;

    snprintf(refs[i], REF_BYTES, "f%lld", (long long)number);
    topups[i] = (struct topup_ask){.ref = refs[i],
                                   .amount = money_of(SMALL_MINOR),
                                   .method = METHOD_ALIPAY,
                                   .paid_at = {INT64_C(1577808000000)},
                                   .payer = {PAYER_PERSONAL, "Bench", NULL}};
    charges[i] = (struct charge_ask){.ref = refs[i], .amount = money_of(SMALL_MINOR)};
    commands[i] = (struct command){.kind = topup ? COMMAND_TOPUP : COMMAND_CHARGE,
                                   .principal = "key:billing",
                                   .roles = BENCH_ROLES,
                                   .ask = topup ? (const void *)&topups[i] : (const void *)&charges[i],
                                   .done = answered};
    snprintf(commands[i].account, REF_BYTES, "a%lld", (long long)(number / 2 % accounts));
    list[i] = &commands[i];
}

int main(int argc, char **argv)
{
    if (argc != 5 || number_of(argv[3]) > IN_FLIGHT_MAX)
        die("usage: engine_facts DIR COUNT IN_FLIGHT ACCOUNTS");
    int64_t count = number_of(argv[2]), accounts = number_of(argv[4]);
    size_t in_flight = (size_t)number_of(argv[3]);

    bench_house_open(&house, argv[1], getenv("BENCH_STORE"));
    int64_t began_us = monotonic_us(), began_cpu_us = cpu_us();

    for (int64_t number = 0; number < count;) {
        size_t size = 0;

        while (size < in_flight && number < count)
            fact_make(number++, accounts, size++);
        engine_run_batch(house.engine, list, size);
    }
    printf("{\"done\":%lld,\"us\":%lld,\"cpu_us\":%lld}\n", (long long)count, (long long)(monotonic_us() - began_us),
           (long long)(cpu_us() - began_cpu_us));
    bench_house_close(&house);
    return 0;
}
