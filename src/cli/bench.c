/* SPDX-License-Identifier: Apache-2.0 */
/* ebb bench: a mixed load on a running server, and what it bore. */
#include "cli/bench.h"
#include "cli/client.h"
#include "cli/sheet.h"

#include "base/random.h"
#include "engine/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL_BYTES 32
#define COLUMNS 8

enum {
    OPTION_CONNECTIONS = 0x600,
    OPTION_SECONDS,
    OPTION_ACCOUNTS,
    OPTION_TOPUPS,
    OPTION_MIX,
    OPTION_BATCH,
    OPTION_RATE,
    OPTION_POLICY,
    OPTION_REMOTE
};

struct bench_run {
    struct client client;
    struct load_target target;
    struct load_terms load;
    struct bench_terms terms;
    struct bench bench;
    const char *url;
    bool remote;
    int64_t took_us;
};

/* ---- arguments ---- */

static int64_t number_read(struct argp_state *state, const char *text, const char *name, int64_t least, int64_t most)
{
    char *end;
    long long number = strtoll(text, &end, 10);

    if (*text == '\0' || *end != '\0' || number < least || number > most)
        argp_error(state, "--%s is a number between %" PRId64 " and %" PRId64, name, least, most);
    return number;
}

/* "quote=60,topup=10,charge=20,withdrawal=10": weights, at least one above zero. */
static void mix_read(struct argp_state *state, const char *text, struct bench_terms *terms)
{
    terms->shares_sum = 0;
    memset(terms->shares, 0, sizeof(terms->shares));
    while (*text != '\0') {
        size_t size = strcspn(text, "=");
        int kind = 0;
        char *end;

        while (kind < BENCH_SHARES && (strlen(bench_word((enum bench_kind)kind)) != size ||
                                       strncmp(bench_word((enum bench_kind)kind), text, size) != 0))
            kind++;
        unsigned long share = text[size] == '=' ? strtoul(text + size + 1, &end, 10) : 0;

        if (kind == BENCH_SHARES || text[size] != '=' || end == text + size + 1 || share > 1000 ||
            (*end != ',' && *end != '\0')) {
            argp_error(state, "--mix is a list like quote=60,topup=10,charge=20,withdrawal=10");
            return;
        }
        terms->shares[kind] = (unsigned)share;
        terms->shares_sum += (unsigned)share;
        text = *end == ',' ? end + 1 : end;
    }
    if (terms->shares_sum == 0)
        argp_error(state, "--mix has a share above zero");
}

static error_t bench_option(int key, char *value, struct argp_state *state)
{
    struct bench_run *run = state->input;

    switch (key) {
    case OPTION_CONNECTIONS:
        run->load.connections = (size_t)number_read(state, value, "connections", 1, LOAD_CONNECTIONS_MAX);
        return 0;
    case OPTION_SECONDS:
        run->load.seconds = number_read(state, value, "seconds", 1, 86400);
        return 0;
    case OPTION_ACCOUNTS:
        run->terms.accounts = (size_t)number_read(state, value, "accounts", 1, 10000000);
        return 0;
    case OPTION_TOPUPS:
        run->terms.topups = (size_t)number_read(state, value, "topups", 1, 200);
        return 0;
    case OPTION_MIX:
        mix_read(state, value, &run->terms);
        return 0;
    case OPTION_BATCH:
        run->terms.batch_lines = (size_t)number_read(state, value, "batch", 1, 10000);
        return 0;
    case OPTION_RATE:
        run->load.rate = number_read(state, value, "rate", 1, 1000000);
        return 0;
    case OPTION_POLICY:
        run->terms.policy = value;
        return 0;
    case OPTION_REMOTE:
        run->remote = true;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &run->client;
        return 0;
    case ARGP_KEY_ARG:
        if (run->url != NULL)
            argp_error(state, "one URL at a time");
        run->url = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
static const struct argp_option bench_options[] = {
    {"connections", OPTION_CONNECTIONS, "N", 0, "Keep-alive connections, a request in flight on each (64)", 0},
    {"seconds", OPTION_SECONDS, "N", 0, "How long (10)", 0},
    {"accounts", OPTION_ACCOUNTS, "N", 0, "Accounts that are made for it and spread over (1000)", 0},
    {"topups", OPTION_TOPUPS, "N", 0, "Live top-ups that each of them begins with (5)", 0},
    {"mix", OPTION_MIX, "LIST", 0, "Shares of the requests (quote=60,topup=10,charge=20,withdrawal=10)", 0},
    {"batch", OPTION_BATCH, "LINES", 0, "Top-ups and charges as batches of so many lines", 0},
    {"rate", OPTION_RATE, "N", 0, "Requests offered a second, whether answered or not (as fast as answers come)", 0},
    {"policy", OPTION_POLICY, "NAME", 0, "Policy of the accounts (alibaba)", 0},
    {"allow-remote", OPTION_REMOTE, NULL, 0, "URL is not this machine, and its owner knows of the load", 0},
    {0},
};
static const struct argp bench_argp = {
    bench_options,
    bench_option,
    "[URL]",
    "Drives a running server with a mix of requests and says what it bore.\v"
    "It makes accounts of its own and leaves them there: do not point it at books that somebody lives from. "
    "A withdrawal is made, its code looked up where the demo shows messages, and the code entered; the three are "
    "counted apart.\n\n"
    "  ebb bench http://127.0.0.1:8080 --token demo-admin\n"
    "  ebb bench --mix topup=1,charge=1 --batch 500 --connections 4",
    children,
    NULL,
    NULL};

/* ---- saying ---- */

static int64_t answers(const struct bench *bench)
{
    int64_t sum = 0;

    for (int kind = 0; kind < BENCH__COUNT; kind++)
        sum += bench->counts[kind].latencies.count;
    return sum;
}

static void progress(void *context, int64_t seconds)
{
    struct bench_run *run = context;
    struct latencies *lately = &run->bench.lately;
    int64_t p99_us = latencies_at(lately, 9900), busy = 0, unknown = 0;

    for (int kind = 0; kind < BENCH__COUNT; kind++) {
        busy += run->bench.counts[kind].busy;
        unknown += run->bench.counts[kind].unknown;
    }
    fprintf(stderr, "%4" PRId64 " s  %8" PRId64 " answers  p99 %" PRId64 ".%02" PRId64 " ms", seconds, lately->count,
            p99_us / 1000, p99_us % 1000 / 10);
    fprintf(stderr, busy + unknown > 0 ? "  %" PRId64 " busy, %" PRId64 " unknown so far\n" : "\n", busy, unknown);
    memset(lately, 0, sizeof(*lately));
}

static int64_t per_second(const struct bench_run *run, int64_t count)
{
    return run->took_us > 0 ? count * 1000000 / run->took_us : 0;
}

static void cell(char ret[CELL_BYTES], int64_t number)
{
    snprintf(ret, CELL_BYTES, "%" PRId64, number);
}

static void cell_ms(char ret[CELL_BYTES], int64_t us)
{
    snprintf(ret, CELL_BYTES, "%" PRId64 ".%02" PRId64, us / 1000, us % 1000 / 10);
}

static int64_t durable(const struct bench_run *run)
{
    int64_t sum = 0;

    for (int kind = 0; kind < BENCH__COUNT; kind++)
        sum += bench_durable((enum bench_kind)kind) ? run->bench.counts[kind].done : 0;
    return sum;
}

static void table_print(const struct bench_run *run)
{
    static const char *const titles[COLUMNS] = {"request", ">done",   ">a second", ">p50 ms",
                                                ">p99 ms", ">max ms", ">refused",  ">busy, unknown"};
    struct sheet sheet;

    sheet_init(&sheet, titles, COLUMNS);
    for (int kind = 0; kind < BENCH__COUNT; kind++) {
        const struct bench_count *count = &run->bench.counts[kind];
        char text[COLUMNS][CELL_BYTES];
        const char *cells[COLUMNS] = {bench_word((enum bench_kind)kind)};

        if (count->done + count->refused + count->busy + count->unknown == 0)
            continue;
        cell(text[1], count->done);
        cell(text[2], per_second(run, count->done));
        cell_ms(text[3], latencies_at(&count->latencies, 5000));
        cell_ms(text[4], latencies_at(&count->latencies, 9900));
        cell_ms(text[5], count->latencies.greatest_us);
        cell(text[6], count->refused);
        snprintf(text[7], CELL_BYTES, "%" PRId64 ", %" PRId64, count->busy, count->unknown);
        for (size_t i = 1; i < COLUMNS; i++)
            cells[i] = text[i];
        (void)sheet_add(&sheet, cells);
    }
    sheet_print(&sheet);
    sheet_fini(&sheet);
    printf("%" PRId64 " durable commands a second\n", per_second(run, durable(run)));
    if (run->bench.codes_hidden)
        puts("no codes were entered: only the demo shows messages");
}

static void json_print(const struct bench_run *run)
{
    static const struct {
        const char *name;
        int64_t per_10000;
    } points[] = {{"p50_us", 5000}, {"p90_us", 9000}, {"p99_us", 9900}, {"p999_us", 9990}};
    struct out out;

    out_init(&out);
    out_object(&out, NULL);
    out_int(&out, "took_us", run->took_us);
    out_int(&out, "durable", durable(run));
    out_object(&out, "requests");
    for (int kind = 0; kind < BENCH__COUNT; kind++) {
        const struct bench_count *count = &run->bench.counts[kind];

        out_object(&out, bench_word((enum bench_kind)kind));
        out_int(&out, "done", count->done);
        out_int(&out, "refused", count->refused);
        out_int(&out, "busy", count->busy);
        out_int(&out, "unknown", count->unknown);
        for (size_t i = 0; i < ARRAY_COUNT(points); i++)
            out_int(&out, points[i].name, latencies_at(&count->latencies, points[i].per_10000));
        out_int(&out, "max_us", count->latencies.greatest_us);
        out_object_end(&out);
    }
    out_object_end(&out);
    out_object_end(&out);
    cli_print_json(&out, false, stdout);
    out_fini(&out);
}

/* ---- the run ---- */

static enum cli_exit prepare(struct bench_run *run)
{
    struct load_terms terms = {.connections = run->load.connections < 4 ? run->load.connections : 4};
    struct load_work work = {.context = &run->bench, .ask = bench_prepare_ask, .answered = bench_prepare_answered};
    char reason[256];

    if (load_run(&run->target, &terms, &work, reason) != ERR_NONE) {
        cli_complain(run->client.program, "%s", reason);
        return CLI_REFUSED;
    }
    if (run->bench.trouble[0] == '\0' && run->bench.prepared == run->terms.accounts)
        return CLI_OK;
    cli_complain(run->client.program, "%s",
                 run->bench.trouble[0] != '\0' ? run->bench.trouble : "the accounts could not be made");
    return CLI_REFUSED;
}

static enum cli_exit measure(struct bench_run *run)
{
    struct load_work work = {
        .context = &run->bench, .ask = bench_ask, .answered = bench_answered, .second = progress, .watcher = run};
    int64_t began_us = monotonic_us();
    char reason[256];
    enum err err;

    err = load_run(&run->target, &run->load, &work, reason);
    run->took_us = monotonic_us() - began_us;
    if (err != ERR_NONE) {
        cli_complain(run->client.program, "%s", reason);
        return CLI_REFUSED;
    }
    if (run->client.json)
        json_print(run);
    else
        table_print(run);
    return answers(&run->bench) > 0 ? CLI_OK : CLI_REFUSED;
}

static void prefix_make(char ret[24])
{
    struct random random;
    uint8_t bytes[4];

    random_init_system(&random);
    random_fill(&random, bytes, sizeof(bytes));
    snprintf(ret, 24, "bench-%02x%02x%02x%02x-", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static bool target_find(struct bench_run *run)
{
    const char *url = run->url != NULL ? run->url : run->client.url, *why = NULL;

    if (!load_target_parse(url, &run->target, &why)) {
        cli_complain(run->client.program, "%s: %s", url, why);
        return false;
    }
    if (run->target.loopback || run->remote)
        return true;
    cli_complain(run->client.program,
                 "%s is not this machine. A load may harm whoever works there: give --allow-remote "
                 "if its owner knows of it",
                 url);
    return false;
}

int bench_main(int argc, char **argv)
{
    static struct bench_run run = {
        .load = {.connections = 64, .seconds = 10},
        .terms = {.policy = "alibaba", .accounts = 1000, .topups = 5, .shares = {60, 10, 20, 10}, .shares_sum = 100}};

    client_init(&run.client, "ebb bench");
    argp_parse(&bench_argp, argc, argv, 0, NULL, &run);
    if (!target_find(&run))
        return CLI_USAGE;
    prefix_make(run.terms.prefix);
    run.terms.host = run.target.host;
    run.terms.token = run.client.token != NULL ? run.client.token : "";
    run.terms.connections = run.load.connections;
    if (bench_open(&run.terms, &run.bench) != ERR_NONE)
        return CLI_REFUSED;
    enum cli_exit status = prepare(&run);

    if (status == CLI_OK)
        status = measure(&run);
    bench_close(&run.bench);
    return (int)status;
}
