/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve.h"

#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/log.h"
#include "channel/simulated.h"
#include "http/demo_seed.h"
#include "http/demo_time.h"
#include "http/route.h"
#include "http/server.h"
#include "payout/payout.h"

#define QUEUE_MAX 8192
#define BATCH_MAX 512
#define CONNECTIONS_MAX 2048
#define ADDRESS_BYTES 64

struct serve {
    /* what was asked for */
    bool demo, print_routes;
    const char *directory, *policies_directory, *store_url, *listen;
    char address[ADDRESS_BYTES];
    uint16_t port;
    unsigned connections_max;
    /* what was wired */
    struct system_clock clock;
    struct world world;
    struct vault vault;
    struct calendar calendar;
    struct channels channels;
    struct engine *engine;
    struct payout *payout;
    struct server *server;
    char reason[512];
};

static struct policies policies; /* some megabytes: not on a stack */

/* ---- arguments ---- */

enum {
    OPTION_DEMO = 256,
    OPTION_DATA,
    OPTION_STORE,
    OPTION_LISTEN,
    OPTION_POLICIES,
    OPTION_ROUTES,
    OPTION_CONNECTIONS
};

static const struct argp_option options[] = {
    {"demo", OPTION_DEMO, NULL, 0, "samples, simulated channels, demo tokens and switches", 0},
    {"data", OPTION_DATA, "DIR", 0, "where the database lives (default ./ebb-data); created if absent", 0},
    {"store", OPTION_STORE, "URL", 0, "refused: this version stores in SQLite only, in DIR of --data", 0},
    {"listen", OPTION_LISTEN, "ADDR:PORT", 0, "default 127.0.0.1:8080; port 0 takes a free one", 0},
    {"policies", OPTION_POLICIES, "DIR", 0, "policy files (default: the four that are built in)", 0},
    {"connections", OPTION_CONNECTIONS, "N", 0, "at most so many connections (default 2048)", 0},
    {"print-routes", OPTION_ROUTES, NULL, 0, "print every route and end", 0},
    {0},
};

static bool listen_read(struct serve *serve)
{
    const char *colon = strrchr(serve->listen, ':');
    bool bracketed = serve->listen[0] == '[';
    size_t size = colon != NULL ? (size_t)(colon - serve->listen) : 0;
    char *end;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;

    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || *end != '\0' || port > 65535)
        return false;
    if (size < (bracketed ? 3U : 1U) || size >= ADDRESS_BYTES || (bracketed && colon[-1] != ']'))
        return false;
    snprintf(serve->address, sizeof(serve->address), "%.*s", (int)(bracketed ? size - 2 : size),
             serve->listen + (bracketed ? 1 : 0));
    serve->port = (uint16_t)port;
    return true;
}

static error_t option_take(int key, char *text, struct argp_state *state)
{
    struct serve *serve = state->input;
    long connections;

    switch (key) {
    case OPTION_DEMO:
        serve->demo = true;
        return 0;
    case OPTION_DATA:
        serve->directory = text;
        return 0;
    case OPTION_STORE:
        serve->store_url = text;
        return 0;
    case OPTION_LISTEN:
        serve->listen = text;
        return 0;
    case OPTION_POLICIES:
        serve->policies_directory = text;
        return 0;
    case OPTION_ROUTES:
        serve->print_routes = true;
        return 0;
    case OPTION_CONNECTIONS:
        connections = strtol(text, NULL, 10);
        if (connections < 8 || connections > 65536)
            argp_error(state, "--connections is between 8 and 65536");
        serve->connections_max = (unsigned)connections;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument: %s", text);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- wiring ---- */

static enum err failed(struct serve *serve, const char *what, const char *detail)
{
    snprintf(serve->reason, sizeof(serve->reason), "%s%s", what, detail);
    return ERR_FATAL;
}

/* Every directory of the path, private to the user where it is new. */
static enum err directory_make(struct serve *serve)
{
    char path[4096];

    if (strlen(serve->directory) >= sizeof(path))
        return failed(serve, "the name of the data directory is too long", "");
    strcpy(path, serve->directory);
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return failed(serve, "the data directory cannot be made: ", strerror(errno));
        if (slash == NULL)
            return ERR_NONE;
        *slash = '/';
    }
}

/* Migrates and reads policies with a writer of its own, which is closed before the engine opens the only one. */
static enum err store_prepare(struct serve *serve)
{
    struct instant now = serve->world.now(serve->world.context);
    int64_t from, to;
    struct store *store;
    enum err err;

    TRY(store_open(serve->directory, STORE_WRITER, &serve->vault, &store, serve->reason));
    err = store_migrate(store, &from, &to);
    if (err != ERR_NONE)
        snprintf(serve->reason, sizeof(serve->reason), "%s", store_reason(store));
    else
        err = policies_open(store, serve->policies_directory, now, &policies, serve->reason);
    store_close(&store);
    return err;
}

/* A key is made only together with the database: beside one whose key is lost, a new key opens nothing and hides the
 * loss. */
static enum err keys_read(struct serve *serve)
{
    char path[4200];

    snprintf(path, sizeof(path), "%s/ebb.db", serve->directory);
    return vault_open(serve->directory, access(path, F_OK) != 0, &serve->vault, serve->reason);
}

static enum err calendar_read(struct serve *serve)
{
    struct policy_mistake mistake = {0};

    if (calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &serve->calendar, &mistake) != ERR_NONE)
        return failed(serve, "the calendar does not read: ", mistake.expected);
    return ERR_NONE;
}

static enum err channels_make(struct serve *serve)
{
    static const char *const names[] = {"alipay", "wechatpay", "unionpay", "bankfile"};
    char path[4200];

    if (!serve->demo) {
        log_line(LOG_LEVEL_WARN, "no channels are configured: approved withdrawals wait", NULL);
        return ERR_NONE;
    }
    snprintf(path, sizeof(path), "%s/simulated.db", serve->directory);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct channel *channel = simulated_new(names[i], path, NULL, serve->reason);
        if (channel == NULL)
            return ERR_FATAL;
        serve->channels.items[serve->channels.count++] = channel;
    }
    return ERR_NONE;
}

static enum err engine_make(struct serve *serve)
{
    struct engine_config config = {.directory = serve->directory,
                                   .world = &serve->world,
                                   .policies = &policies,
                                   .calendar = &serve->calendar,
                                   .channels = &serve->channels,
                                   .queue_max = QUEUE_MAX,
                                   .batch_max = BATCH_MAX,
                                   .demo = serve->demo,
                                   .effects = payout_effects,
                                   .due = payout_due};

    serve->payout = payout_new();
    if (serve->payout == NULL)
        return failed(serve, "out of memory", "");
    config.sink = serve->payout;
    TRY(engine_open(&config, &serve->engine, serve->reason));
    return engine_start(serve->engine);
}

static enum err payout_make(struct serve *serve)
{
    struct payout_config config = {
        .engine = serve->engine, .channels = &serve->channels, .directory = serve->directory};

    return payout_start(serve->payout, &config, serve->reason);
}

static enum err samples_make(struct serve *serve)
{
    struct store *reader;
    enum err err;

    if (!serve->demo)
        return ERR_NONE;
    TRY(store_open(serve->directory, STORE_READER, &serve->vault, &reader, serve->reason));
    err = demo_seed(serve->engine, &policies, reader, serve->reason);
    store_close(&reader);
    return err;
}

static enum err server_make(struct serve *serve)
{
    struct http_config config = {.address = serve->address,
                                 .port = serve->port,
                                 .threads = 2,
                                 .connections_max = serve->connections_max,
                                 .directory = serve->directory,
                                 .vault = &serve->vault,
                                 .engine = serve->engine,
                                 .policies = &policies,
                                 .calendar = &serve->calendar,
                                 .channels = &serve->channels,
                                 .payout = serve->payout,
                                 .demo = serve->demo,
                                 .clock = &serve->clock};

    return server_open(&config, &serve->server, serve->reason);
}

static enum err clock_resume(struct serve *serve)
{
    if (serve->demo)
        demo_time_resume(serve->directory, &serve->clock);
    return ERR_NONE;
}

static enum err serve_open(struct serve *serve)
{
    static enum err (*const steps[])(struct serve *) = {directory_make, clock_resume,  keys_read,   store_prepare,
                                                        calendar_read,  channels_make, engine_make, payout_make,
                                                        samples_make,   server_make};

    serve->world = (struct world){.now = system_clock_now, .context = &serve->clock};
    random_init_system(&serve->world.random);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        TRY(steps[i](serve));
    return ERR_NONE;
}

/* The order matters: no new requests, no new payments, what is queued is committed, then the answers go out. */
static void serve_close(struct serve *serve)
{
    if (serve->server != NULL)
        server_drain(serve->server);
    if (serve->payout != NULL)
        payout_stop(serve->payout);
    if (serve->engine != NULL)
        engine_close(&serve->engine);
    server_close(&serve->server);
    if (serve->payout != NULL)
        payout_free(&serve->payout);
    for (size_t i = 0; i < serve->channels.count; i++)
        serve->channels.items[i]->operations->close(serve->channels.items[i]);
    policies_fini(&policies);
    vault_fini(&serve->vault);
}

/* ---- the process ---- */

static sigset_t signals_block(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file may not grow: a failed write, like a full disk, not the end */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

/* Every connection is a descriptor; what the system allows is taken. */
static void descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve_run(struct serve *serve)
{
    sigset_t signals = signals_block();
    bool six = strchr(serve->address, ':') != NULL;
    int signal_number;

    descriptors_raise();
    if (serve_open(serve) != ERR_NONE) {
        fprintf(stderr, "ebb serve: %s\n", serve->reason[0] != '\0' ? serve->reason : "it could not start");
        serve_close(serve);
        return 1;
    }
    printf("Ebb listens on http://%s%s%s:%u%s\n", six ? "[" : "", serve->address, six ? "]" : "",
           server_port(serve->server), serve->demo ? " (demo)" : "");
    fflush(stdout);
    if (serve->demo)
        fputs("Demo tokens: demo-admin, demo-billing, demo-reviewer, demo-reviewer-2, demo-customer:REF\n", stderr);
    sigwait(&signals, &signal_number);
    log_line(LOG_LEVEL_INFO, "draining", NULL);
    serve_close(serve);
    return 0;
}

int serve_main(int argc, char **argv)
{
    static const struct argp argp = {options, option_take, NULL, "Runs the server.", NULL, NULL, NULL};
    static struct serve serve = {
        .directory = "ebb-data", .listen = "127.0.0.1:8080", .connections_max = CONNECTIONS_MAX};

    argp_err_exit_status = 2;
    if (argp_parse(&argp, argc, argv, 0, NULL, &serve) != 0)
        return 2;
    if (serve.print_routes) {
        routes_print(stdout);
        return 0;
    }
    if (serve.store_url != NULL) {
        fprintf(stderr, "ebb serve: this version stores in SQLite only; leave --store out and give --data DIR\n");
        return 2;
    }
    if (!listen_read(&serve)) {
        fprintf(stderr, "ebb serve: --listen wants ADDR:PORT, not %s\n", serve.listen);
        return 2;
    }
    return serve_run(&serve);
}
