/* SPDX-License-Identifier: Apache-2.0 */
/* What `ebb bench` asks a server: a mix of quotes, top-ups, charges and withdrawals over accounts of its own, and what
 * became of them. Knows requests and answers of the contract as text; knows no sockets (cli/load.h) and no clock. */
#ifndef EBB_CLI_BENCH_H
#define EBB_CLI_BENCH_H

#include "cli/latency.h"
#include "cli/load.h"

/* The first BENCH_SHARES are what a mix is made of; the others follow from them.
 * X(CONSTANT, "word", durable: an accepted one was written) */
/* clang-format off */
#define BENCH_KINDS(X)                                                                                                 \
    X(BENCH_QUOTE, "quote", false)                                                                                     \
    X(BENCH_TOPUP, "topup", true)                                                                                      \
    X(BENCH_CHARGE, "charge", true)                                                                                    \
    X(BENCH_WITHDRAWAL, "withdrawal", true)                                                                            \
    X(BENCH_CODE, "code", true)                                                                                        \
    X(BENCH_MESSAGES, "messages", false)                                                                               \
    X(BENCH_LINE, "batch line", true)
/* clang-format on */
enum bench_kind {
#define BENCH_CONSTANT(constant, word, durable) constant,
    BENCH_KINDS(BENCH_CONSTANT)
#undef BENCH_CONSTANT
        BENCH__COUNT
};
#define BENCH_SHARES 4

const char *bench_word(enum bench_kind kind);
bool bench_durable(enum bench_kind kind);

struct bench_terms {
    const char *host, *token, *policy;
    char prefix[24];               /* of the accounts' refs: no two runs share one */
    size_t accounts, topups;       /* live top-ups an account */
    unsigned shares[BENCH_SHARES]; /* add up to `shares_sum` > 0 */
    unsigned shares_sum;
    size_t batch_lines; /* top-ups and charges go as batches of so many lines; 0: each by itself */
    size_t connections;
};

struct bench_count {
    struct latencies latencies; /* of answered requests; a batch is one */
    int64_t done, refused;      /* 2xx; 4xx that a rule or a state gave */
    int64_t busy, unknown;      /* 429; 5xx, or a broken connection */
};

struct bench_connection;
struct bench {
    const struct bench_terms *terms;
    struct bench_connection *connections;
    struct bench_count counts[BENCH__COUNT];
    struct latencies lately; /* of all kinds, since whoever shows it emptied it */
    size_t prepared;         /* accounts whose lines were sent */
    bool codes_hidden;
    char trouble[256]; /* "" while the preparation goes well */
};

MUST_USE enum err bench_open(const struct bench_terms *terms, struct bench *ret);
void bench_close(struct bench *bench);

/* For load_work: makes the accounts, then ends. See `trouble`. */
bool bench_prepare_ask(void *bench, size_t connection, struct out *request);
void bench_prepare_answered(void *bench, size_t connection, const struct load_answer *answer);
/* For load_work: the mix, for ever. */
bool bench_ask(void *bench, size_t connection, struct out *request);
void bench_answered(void *bench, size_t connection, const struct load_answer *answer);

#endif
