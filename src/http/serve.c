/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve.h"
#include "http/address.h"

#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/embedded.h"
#include "base/file.h"
#include "base/log.h"
#include "channel/config.h"
#include "http/demo_seed.h"
#include "http/demo_time.h"
#include "http/route.h"
#include "http/serve_channels.h"
#include "http/serve_notify.h"
#include "http/server.h"
#include "http/supervisor.h"
#include "payout/payout.h"

#define QUEUE_MAX 8192
#define BATCH_MAX 512
#define DOCUMENTS_DAY_MAX 50 /* of one account */
#define CONNECTIONS_MAX 2048
#define OPERATOR_BYTES_MAX 120

struct serve {
    /* what was asked for */
    bool demo, demo_unknown, print_routes, quarantine;
    const char *directory, *policies_directory, *store_url, *listen, *operator_name, *notify_file, *channels_file;
    const char *anchors[ANCHOR_PLACES_MAX]; /* the first one stands in the directory */
    size_t anchors_count;
    char address[ADDRESS_TEXT_BYTES], proxy[ADDRESS_TEXT_BYTES], anchor_beside[4200];
    uint16_t port;
    unsigned connections_max;
    struct session_terms sessions;
    /* what was wired */
    struct supervisor supervisor;
    int64_t commands_seen;
    struct system_clock clock;
    struct world world;
    struct vault vault;
    struct calendar calendar;
    struct channels channels;
    struct engine *engine;
    struct payout *payout;
    struct serve_notify notify;
    struct server *server;
    char reason[512];
};

static struct policies policies; /* some megabytes: not on a stack */

/* ---- arguments ---- */

enum {
    OPTION_DEMO = 256,
    OPTION_DEMO_UNKNOWN,
    OPTION_DATA,
    OPTION_STORE,
    OPTION_LISTEN,
    OPTION_POLICIES,
    OPTION_CHANNELS,
    OPTION_ROUTES,
    OPTION_CONNECTIONS,
    OPTION_ANCHOR,
    OPTION_QUARANTINE,
    OPTION_ORIGIN,
    OPTION_PROXY,
    OPTION_OPERATOR,
    OPTION_NOTIFY
};

static const struct argp_option options[] = {
    {"demo", OPTION_DEMO, NULL, 0, "samples, simulated channels, demo tokens and switches", 0},
    {"demo-unknown", OPTION_DEMO_UNKNOWN, NULL, 0,
     "the same, and one sample whose outcome no channel tells, for two people to decide", 0},
    {"data", OPTION_DATA, "DIR", 0, "where the database lives (default ./ebb-data); created if absent", 0},
    {"store", OPTION_STORE, "URL", 0, "postgresql://… to keep the rows there; DIR of --data then holds only keys", 0},
    {"listen", OPTION_LISTEN, "ADDR:PORT", 0, "default 127.0.0.1:8080; port 0 takes a free one", 0},
    {"policies", OPTION_POLICIES, "DIR", 0, "policy files, instead of the four that are built in", 0},
    {"channels", OPTION_CHANNELS, "FILE", 0, "who moves the money (default DIR/channels.yaml, where there is one)", 0},
    {"anchor", OPTION_ANCHOR, "FILE", 0, "keep the signed head of the audit chain there, too; may be repeated", 0},
    {"quarantine", OPTION_QUARANTINE, NULL, 0, "begin with a quarantine, as after a restore", 0},
    {"origin", OPTION_ORIGIN, "URL", 0,
     "where browsers find this server, as https://ebb.example; cookies are then Secure, and receipts lead there", 0},
    {"notify", OPTION_NOTIFY, "FILE", 0, "how and whereto the house may send webhooks and messages", 0},
    {"proxy", OPTION_PROXY, "ADDR", 0, "the address of our own proxy, whose X-Forwarded-For says where a client is", 0},
    {"connections", OPTION_CONNECTIONS, "N", 0, "at most so many connections (default 2048)", 0},
    {"operator", OPTION_OPERATOR, "NAME", 0, "who issues receipts, as it stands on them", 0},
    {"print-routes", OPTION_ROUTES, NULL, 0, "print every route and end", 0},
    {0},
};

static void anchor_take(struct serve *serve, const char *path, struct argp_state *state)
{
    if (serve->anchors_count == 0)
        serve->anchors_count = 1; /* the first place is the directory's own */
    if (serve->anchors_count == ANCHOR_PLACES_MAX)
        argp_error(state, "--anchor may be given %d times", ANCHOR_PLACES_MAX - 1);
    serve->anchors[serve->anchors_count++] = path;
}

static error_t option_take(int key, char *text, struct argp_state *state)
{
    struct serve *serve = state->input;
    long connections;

    switch (key) {
    case OPTION_DEMO_UNKNOWN:
        serve->demo_unknown = serve->demo = true;
        return 0;
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
    case OPTION_CHANNELS:
        serve->channels_file = text;
        return 0;
    case OPTION_ROUTES:
        serve->print_routes = true;
        return 0;
    case OPTION_ANCHOR:
        anchor_take(serve, text, state);
        return 0;
    case OPTION_NOTIFY:
        serve->notify_file = text;
        return 0;
    case OPTION_QUARANTINE:
        serve->quarantine = true;
        return 0;
    case OPTION_ORIGIN:
        if (!address_origin_ok(text))
            argp_error(state, "--origin is http(s)://HOST[:PORT], without a path");
        serve->sessions.origin = text;
        return 0;
    case OPTION_OPERATOR:
        serve->operator_name = text;
        if (*text == '\0' || strlen(text) > OPERATOR_BYTES_MAX || !text_utf8_ok(text, strlen(text)))
            argp_error(state, "--operator is a name of at most %d bytes of UTF-8", OPERATOR_BYTES_MAX);
        return 0;
    case OPTION_PROXY:
        if (!address_read(text, false, serve->proxy))
            argp_error(state, "--proxy is an address, as 127.0.0.1 or ::1");
        serve->sessions.proxy = serve->proxy;
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

static enum err directory_have(struct serve *serve)
{
    return directories_keep(serve->directory) ? ERR_NONE
                                              : failed(serve, "the data directory cannot be made: ", strerror(errno));
}

/* Migrates and reads policies with a writer of its own, which is closed before the engine opens the only one. */
static enum err store_prepare(struct serve *serve)
{
    struct instant now = serve->world.now(serve->world.context);
    int64_t from, to;
    struct store *store;
    enum err err;

    TRY(store_open(store_place(serve->store_url, serve->directory), STORE_WRITER, &serve->vault, &store,
                   serve->reason));
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
    bool exists;

    TRY(store_exists(store_place(serve->store_url, serve->directory), &exists, serve->reason));
    return vault_open(serve->directory, !exists, &serve->vault, serve->reason);
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
    return serve_channels(serve->channels_file, serve->directory, serve->demo, &serve->channels, serve->reason);
}

static enum err anchors_name(struct serve *serve)
{
    int size = snprintf(serve->anchor_beside, sizeof serve->anchor_beside, "%s/" ANCHOR_BESIDE, serve->directory);

    if (size >= (int)sizeof serve->anchor_beside)
        return failed(serve, "the name of the data directory is too long", "");
    serve->anchors[0] = serve->anchor_beside;
    if (serve->anchors_count == 0)
        serve->anchors_count = 1;
    return ERR_NONE;
}

static enum err engine_make(struct serve *serve)
{
    struct engine_config config = {.directory = serve->directory,
                                   .store = serve->store_url,
                                   .world = &serve->world,
                                   .policies = &policies,
                                   .calendar = &serve->calendar,
                                   .channels = &serve->channels,
                                   .anchors = serve->anchors,
                                   .anchors_count = serve->anchors_count,
                                   .quarantine = serve->quarantine,
                                   .queue_max = QUEUE_MAX,
                                   .batch_max = BATCH_MAX,
                                   .documents_day_max = serve->demo ? 0 : DOCUMENTS_DAY_MAX,
                                   .demo = serve->demo,
                                   .effects = payout_effects,
                                   .due = payout_due};

    serve->payout = payout_new();
    if (serve->payout == NULL)
        return failed(serve, "out of memory", "");
    config.sink = serve->payout;
    return engine_open(&config, &serve->engine, serve->reason);
}

static enum err engine_begin(struct serve *serve)
{
    return engine_start(serve->engine);
}

static enum err payout_make(struct serve *serve)
{
    struct payout_config config = {.engine = serve->engine,
                                   .channels = &serve->channels,
                                   .store = store_place(serve->store_url, serve->directory),
                                   .callers = serve->demo ? 0 : PAYOUT_CALLERS_MAX}; /* they wait for others */

    return payout_start(serve->payout, &config, serve->reason);
}

static enum err notify_read(struct serve *serve)
{
    return serve_notify_read(&serve->notify, serve->notify_file, serve->reason);
}

static enum err notify_make(struct serve *serve)
{
    const struct serve_notify_place place = {.engine = serve->engine,
                                             .store = store_place(serve->store_url, serve->directory),
                                             .vault = &serve->vault,
                                             .payout = serve->payout,
                                             .policies = &policies,
                                             .demo = serve->demo};

    return serve_notify_start(&serve->notify, &place, serve->reason);
}

static enum err samples_make(struct serve *serve)
{
    struct store *reader;
    enum err err;

    if (!serve->demo || engine_quarantined(serve->engine))
        return ERR_NONE;
    TRY(store_open(store_place(serve->store_url, serve->directory), STORE_READER, &serve->vault, &reader,
                   serve->reason));
    err = demo_seed(serve->engine, &policies, &serve->channels, serve->payout, reader, serve->demo_unknown,
                    serve->reason);
    store_close(&reader);
    return err;
}

static enum err server_make(struct serve *serve)
{
    struct http_config config = {.address = serve->address,
                                 .port = serve->port,
                                 .listening = serve->supervisor.listening,
                                 .threads = 2,
                                 .connections_max = serve->connections_max,
                                 .directory = serve->directory,
                                 .store = store_place(serve->store_url, serve->directory),
                                 .vault = &serve->vault,
                                 .engine = serve->engine,
                                 .policies = &policies,
                                 .calendar = &serve->calendar,
                                 .channels = &serve->channels,
                                 .payout = serve->payout,
                                 .notify = &serve->notify.stats,
                                 .demo = serve->demo,
                                 .sessions = serve->sessions,
                                 .clock = &serve->clock,
                                 .program = "/proc/self/exe",
                                 .operator_name = serve->operator_name};

    return server_open(&config, &serve->server, serve->reason);
}

static enum err clock_resume(struct serve *serve)
{
    if (serve->demo)
        demo_time_resume(serve->directory, &serve->clock);
    return ERR_NONE;
}

/* A step that says nothing of its own lacked something. What an earlier one had in mind to say is not the reason. */
static enum err step_take(struct serve *serve, enum err (*take)(struct serve *), const char *name)
{
    enum err err;

    serve->reason[0] = '\0';
    err = take(serve);
    if (err != ERR_NONE && serve->reason[0] == '\0')
        snprintf(serve->reason, sizeof(serve->reason), "no memory, thread or descriptor is left for %s", name);
    return err;
}

static enum err serve_open(struct serve *serve)
{
    static const struct {
        enum err (*take)(struct serve *);
        const char *name;
    } steps[] = {{directory_have, "the data directory"},
                 {clock_resume, "the clock"},
                 {keys_read, "the keys"},
                 {store_prepare, "the store"},
                 {notify_read, "the notifications' settings"},
                 {calendar_read, "the calendar"},
                 {channels_make, "the channels"},
                 {anchors_name, "the anchors"},
                 {engine_make, "the engine"},
                 {engine_begin, "the engine's threads"},
                 {payout_make, "the payout"},
                 {samples_make, "the samples"},
                 {notify_make, "the notifications"},
                 {server_make, "the HTTP server"}};

    serve->world = (struct world){.now = system_clock_now, .context = &serve->clock};
    random_init_system(&serve->world.random);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
        TRY(step_take(serve, steps[i].take, steps[i].name));
    return ERR_NONE;
}

/* The order matters: no new requests, no new payments, what is queued is committed, then the answers go out. */
static void serve_close(struct serve *serve)
{
    if (serve->server != NULL)
        server_drain(serve->server);
    if (serve->payout != NULL)
        payout_stop(serve->payout);
    serve_notify_fini(&serve->notify);
    if (serve->engine != NULL)
        engine_close(&serve->engine);
    server_close(&serve->server);
    if (serve->payout != NULL)
        payout_free(&serve->payout);
    channels_close(&serve->channels);
    policies_fini(&policies);
    vault_fini(&serve->vault);
}

/* ---- the process ---- */

/* Every connection is a descriptor; what the system allows is taken. */
static void descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool supervisor_have(struct serve *serve)
{
    if (!supervisor_find(&serve->supervisor, serve->reason))
        return false;
    if (serve->supervisor.listening != 0)
        serve->port = address_port((const struct sockaddr *)&serve->supervisor.address, serve->address);
    return true;
}

/* Nothing waits, or something was decided since the last time. */
static bool moves(void *context)
{
    struct serve *serve = context;
    int64_t seen = serve->commands_seen;

    serve->commands_seen = engine_stats(serve->engine)->commands;
    return engine_queue_depth(serve->engine) == 0 || serve->commands_seen != seen;
}

static void ready_say(const struct serve *serve)
{
    char address[256], messages[400];

    server_address(serve->server, address);
    snprintf(messages, sizeof messages, "READY=1\nSTATUS=%s %s",
             engine_quarantined(serve->engine) ? "In quarantine, reads only, on" : "Listening on", address);
    supervisor_say(&serve->supervisor, messages);
}

static int serve_run(struct serve *serve)
{
    sigset_t signals = supervisor_signals();

    descriptors_raise();
    if (!supervisor_have(serve) || serve_open(serve) != ERR_NONE) {
        fprintf(stderr, "ebb serve: %s\n", serve->reason);
        serve_close(serve);
        return 1;
    }
    bool six = strchr(serve->address, ':') != NULL;
    printf("Ebb listens on http://%s%s%s:%u%s\n", six ? "[" : "", serve->address, six ? "]" : "",
           server_port(serve->server), serve->demo ? " (demo)" : "");
    fflush(stdout);
    if (serve->demo)
        fputs("Demo tokens: demo-admin, demo-billing, demo-reviewer, demo-reviewer-2, demo-viewer, demo-support, "
              "demo-approver, demo-treasurer, demo-auditor, demo-customer:REF\n",
              stderr);
    ready_say(serve);
    (void)supervisor_wait(&serve->supervisor, &signals, moves, serve);
    supervisor_say(&serve->supervisor, "STOPPING=1\nSTATUS=Draining");
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
    serve.sessions = session_terms_usual;
    if (argp_parse(&argp, argc, argv, 0, NULL, &serve) != 0)
        return 2;
    if (serve.print_routes) {
        routes_print(stdout);
        return 0;
    }
    if (serve.store_url != NULL && !store_is_url(serve.store_url)) {
        fprintf(stderr, "ebb serve: --store wants postgresql://…, not %s; for SQLite give only --data DIR\n",
                serve.store_url);
        return 2;
    }
    if (!address_listen_read(serve.listen, serve.address, &serve.port)) {
        fprintf(stderr, "ebb serve: --listen wants ADDR:PORT, not %s\n", serve.listen);
        return 2;
    }
    return serve_run(&serve);
}
