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

static struct bench_house house;
static struct bench_fact facts[IN_FLIGHT_MAX];
static struct command *list[IN_FLIGHT_MAX];

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

        for (; size < in_flight && number < count; size++) {
            bench_house_fact(&facts[size], number++, accounts);
            list[size] = &facts[size].command;
        }
        engine_run_batch(house.engine, list, size);
    }
    printf("{\"done\":%lld,\"us\":%lld,\"cpu_us\":%lld}\n", (long long)count, (long long)(monotonic_us() - began_us),
           (long long)(cpu_us() - began_cpu_us));
    bench_house_close(&house);
    return 0;
}
