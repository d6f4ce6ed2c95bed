/* SPDX-License-Identifier: Apache-2.0 */
/* The real engine in this process, over a data directory that stays: what the programs of this folder drive. Faults end
 * the program; there is nobody to tell them to. Codes are known (BENCH_CODE): programs that enter codes are linked with
 * a random_below of their own, so that no time goes into reading mail. */
#ifndef EBB_BENCH_HOUSE_H
#define EBB_BENCH_HOUSE_H

#include <sys/resource.h>

#include "base/embedded.h"
#include "domain/calendar.h"
#include "engine/engine.h"

#define BENCH_CODE "123456"
#define BENCH_ROLES (ROLE_FACTS | ROLE_WITHDRAW | ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE)

struct bench_house {
    struct system_clock clock;
    struct world world;
    struct policies policies;
    struct calendar calendar;
    struct channels channels; /* none: nothing is sent */
    struct engine *engine;
};

_Noreturn void die(const char *format, ...) PRINTF_LIKE(1, 2);
/* With its rows at `store`, a URL, or where there is none in the directory. */
void bench_house_open(struct bench_house *house, const char *directory, const char *store);
void bench_house_close(struct bench_house *house);
int64_t cpu_us(void); /* of this process, user and system */
/* A number among the arguments. */
int64_t number_of(const char *text);
/* Sends account, and top-ups of it, as commands; at most 1024 commands a call of the engine. */
void bench_house_accounts(struct bench_house *house, int64_t first, int64_t count, int64_t topups, int64_t topup_minor,
                          const char *policy);

/* Who asks (the operator), with the key "what-number" and a fingerprint of it. */
void bench_house_sign(struct command *command, const char *what, int64_t number);

/* A fact as a line of /v1/batch brings it: top-ups and charges in turn, two facts an account. The top-ups are paid as
 * long ago as `ebb bench` says: a charge uses up exactly the one before it. */
#define BENCH_FACT_MINOR 700
#define BENCH_FACT_PAID_MS INT64_C(1577808000000)
struct bench_fact {
    struct command command;
    union {
        struct topup_ask topup;
        struct charge_ask charge;
    } ask;
    char ref[REF_BYTES];
};
void bench_house_fact(struct bench_fact *fact, int64_t number, int64_t accounts);

#endif
