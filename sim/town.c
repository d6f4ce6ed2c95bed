/* SPDX-License-Identifier: Apache-2.0 */
#include "town.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/vault.h"
#include "base/embedded.h"
#include "crash_vfs.h"
#include "store/sqlite.h"

extern const struct embedded embedded_fifth[];

#define TOWN_ARENA_BYTES ((size_t)64 << 20)

/* The banks differ in what they promise. */
static const struct {
    const char *name;
    struct channel_capability capability;
} banks[TOWN_CHANNELS] = {
    {"alipay", {.refund = true, .transfer = true, .query = true, .callbacks = true}},
    {"wechatpay",
     {.refund = true,
      .transfer = true,
      .query = true,
      .callbacks = true,
      .spacing_ms = MS_MINUTE,
      .dedupe_ms = MS_DAY}},
    {"unionpay", {.refund = true, .transfer = true, .query = true, .dedupe_ms = 7 * MS_DAY, .bounce_days = 5}},
    {"bankfile", {.refund = true, .transfer = true, .query = true, .callbacks = true}},
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "sim: %s: %s\n", what, why);
    exit(2);
}

static struct instant town_now(void *context)
{
    return ((struct town *)context)->now;
}

static void path_of(const struct town *town, const char *name, char ret[DISK_PATH_BYTES + 32])
{
    snprintf(ret, DISK_PATH_BYTES + 32, "%s/%s", town->directory, name);
}

/* The master key comes from the seed, or two runs of one seed would differ in every sealed byte. */
static void key_of_seed(const struct town *town, uint64_t seed)
{
    uint8_t key[TOWN_KEY_BYTES];
    struct random random;

    random_init_seed(&random, ~seed);
    random_fill(&random, key, sizeof key);
    town_key(town, key);
}

void town_key(const struct town *town, const uint8_t key[TOWN_KEY_BYTES])
{
    char path[DISK_PATH_BYTES + 32];

    path_of(town, "master.key", path);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, key, TOWN_KEY_BYTES) != TOWN_KEY_BYTES)
        die(path, "cannot be written");
    close(fd);
}

void town_place(char ret[DISK_PATH_BYTES])
{
    static char place[DISK_PATH_BYTES];
    const char *above = getenv("TMPDIR");

    if (place[0] == '\0')
        snprintf(place, sizeof place, "%s/ebb-sim-%ld", above != NULL ? above : "/tmp", (long)getpid());
    memcpy(ret, place, sizeof place);
}

static void policy_write(const struct town *town, const struct embedded *file)
{
    char path[2 * DISK_PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", town->policies_directory, file->name);
    FILE *out = fopen(path, "we");
    if (out == NULL || fwrite(file->data, 1, file->size, out) != file->size)
        die(path, "cannot be written");
    fclose(out);
}

static void policies_write(struct town *town)
{
    snprintf(town->policies_directory, sizeof town->policies_directory, "%s/policies", town->directory);
    (void)mkdir(town->policies_directory, 0700);
    for (const struct embedded *file = embedded_policies; file->name != NULL; file++)
        policy_write(town, file);
    for (const struct embedded *file = embedded_fifth; file->name != NULL; file++)
        policy_write(town, file);
}

void town_reseed(struct town *town, uint64_t seed)
{
    random_init_seed(&town->world.random, seed ^ 0x5eed);
    random_init_seed(&town->random, seed);
    random_init_seed(&town->disk.random, seed);
    sqlite3_randomness(0, NULL);
    town->checkpoint_commits = 4 << (seed % 4);
}

void town_anchor(struct town *town)
{
    path_of(town, ANCHOR_BESIDE, town->anchor);
    (void)unlink(town->anchor);
    town->anchors[0] = town->anchor;
    town->anchors_count = 1;
}

void town_build(struct town *town, uint64_t seed, bool fifth)
{
    char reason[256] = "";
    struct policy_mistake mistake = {0};

    memset(town, 0, sizeof *town);
    town_place(town->directory);
    if (mkdir(town->directory, 0700) != 0 && access(town->directory, W_OK) != 0)
        die(town->directory, "cannot be made");
    if (fifth)
        policies_write(town);
    key_of_seed(town, seed);
    disk_init(&town->disk, seed);
    town->disk.power_gone = seams_power_gone;
    crash_vfs_insert(&town->disk);
    sqlite3_randomness(0, NULL);
    town->now = (struct instant){TOWN_START_MS};
    town->world = (struct world){.now = town_now, .context = town};
    town_reseed(town, seed);
    arena_init(&town->arena, TOWN_ARENA_BYTES);
    if (calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &town->calendar, &mistake) != ERR_NONE)
        die("calendar", mistake.expected);
    for (size_t i = 0; i < TOWN_CHANNELS; i++) {
        town->channels.items[i] = simulated_new(banks[i].name, ":memory:", &banks[i].capability, reason);
        if (town->channels.items[i] == NULL)
            die(banks[i].name, reason);
    }
    town->channels.count = TOWN_CHANNELS;
    town->fd_first = dup(STDERR_FILENO);
    if (town->fd_first < 0)
        die("descriptors", "there are none left");
    close(town->fd_first);
}

void town_forget(struct town *town)
{
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        town->channels.items[i]->operations->close(town->channels.items[i]);
    if (town->prepared)
        policies_fini(&town->policies);
    arena_fini(&town->arena);
    disk_fini(&town->disk);
}

void town_sweep(const struct town *town)
{
    static const char *const files[] = {"master.key",
                                        "ebb.lock",
                                        ANCHOR_BESIDE,
                                        "ebb.db",
                                        "ebb.db-shm",
                                        "ebb.db-wal",
                                        "policies/alibaba.yaml",
                                        "policies/huawei.yaml",
                                        "policies/jdcloud.yaml",
                                        "policies/pingan.yaml",
                                        "policies/fifth.yaml"};
    char path[DISK_PATH_BYTES + 32];

    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        path_of(town, files[i], path);
        (void)unlink(path);
    }
    path_of(town, "policies", path);
    (void)rmdir(path);
    (void)rmdir(town->directory);
}

void town_raze(struct town *town)
{
    town_forget(town);
    town_sweep(town);
}

static enum err database_prepare(struct town *town, char ret_reason[512])
{
    struct store *store = NULL;
    int64_t from, to;
    enum err err;

    TRY(store_open(town->directory, STORE_WRITER, NULL, &store, ret_reason));
    err = store_migrate(store, &from, &to);
    if (err == ERR_NONE)
        err = policies_open(store, town->policies_directory[0] != '\0' ? town->policies_directory : NULL, town->now,
                            &town->policies, ret_reason);
    else
        snprintf(ret_reason, 512, "%s", store_reason(store));
    store_close(&store);
    return err;
}

static enum err engine_prepare(struct town *town, char ret_reason[512])
{
    struct engine_config config = {.directory = town->directory,
                                   .world = &town->world,
                                   .policies = &town->policies,
                                   .calendar = &town->calendar,
                                   .channels = &town->channels,
                                   .queue_max = 1000,
                                   .batch_max = TOWN_BATCH_MAX,
                                   .checkpoint_commits = town->checkpoint_commits,
                                   .anchors = town->anchors,
                                   .anchors_count = town->anchors_count,
                                   .effects = payout_effects,
                                   .due = payout_due};
    struct payout_config payouts = {.channels = &town->channels, .store = town->directory};

    town->payout = payout_new();
    if (town->payout == NULL)
        return ERR_RETRY;
    config.sink = town->payout;
    TRY(vault_open(town->directory, false, &town->vault, ret_reason));
    TRY(engine_open(&config, &town->engine, ret_reason));
    payouts.engine = town->engine;
    TRY(payout_attach(town->payout, &payouts, ret_reason));
    return store_open(town->directory, STORE_READER, &town->vault, &town->reader, ret_reason);
}

bool town_start(struct town *town, bool whole, char ret_reason[512])
{
    ret_reason[0] = '\0';
    town->starts++;
    if (whole || !town->prepared) {
        if (town->prepared)
            policies_fini(&town->policies);
        town->prepared = false;
        if (database_prepare(town, ret_reason) != ERR_NONE)
            return false;
        town->prepared = true;
    }
    return engine_prepare(town, ret_reason) == ERR_NONE;
}

void town_stop(struct town *town)
{
    town_statements_close(town);
    store_close(&town->reader);
    payout_free(&town->payout);
    engine_close(&town->engine);
}

/* What the dead process held open, its lock among it, is let go as the kernel would. */
void town_let_go(const struct town *town)
{
    (void)close_range((unsigned)town->fd_first, ~0u, 0);
}

void town_drop(struct town *town)
{
    town_let_go(town);
    town->engine = NULL;
    town->payout = NULL;
    town->reader = NULL;
    town_statements_forget(town);
    disk_process_end(&town->disk);
}

/* ---- asking ---- */

static void asking_done(struct command *command, struct reply *reply)
{
    struct asking *asking = command->context;

    asking->answered = true;
    asking->status = reply->status;
    asking->replayed = reply->replayed;
    if (reply->body == NULL) {
        asking->body = strdup("");
        return;
    }
    memcpy(&asking->body, &reply->body, sizeof asking->body); /* it was malloc'ed for us */
    *reply = (struct reply){0};
}

struct asking *town_ask_text(struct town *town, enum command_kind kind, const char *principal, unsigned roles,
                             const char *account, const char *object, const char *json)
{
    struct asking *asking = arena_must(&town->arena, sizeof *asking);
    struct command *command = &asking->command;
    const struct shape *shape = command_shape(kind);
    const char *text = json != NULL ? json : "";

    *command = (struct command){.kind = kind, .roles = roles, .any_version = true};
    snprintf(command->principal, sizeof command->principal, "%s", principal);
    snprintf(command->account, sizeof command->account, "%s", account);
    snprintf(command->object, sizeof command->object, "%s", object);
    if (json != NULL) {
        struct field_problems problems = {0};
        void *ask = arena_must(&town->arena, shape->bytes);

        if (field_read_json(text, strlen(text), shape, &town->arena, ask, &problems) != ERR_NONE)
            die(text, problems.items[0].detail);
        command->ask = ask;
    }
    struct bytes parts[] = {bytes_of_text(text), bytes_of_text(account), bytes_of_text(object)};
    hash_parts("sim", NULL, parts, ARRAY_COUNT(parts), command->fingerprint, sizeof command->fingerprint);
    return asking;
}

struct asking *town_ask(struct town *town, enum command_kind kind, const char *principal, unsigned roles,
                        const char *account, const char *object, const char *json, ...)
{
    char text[2048];
    va_list arguments;

    if (json == NULL)
        return town_ask_text(town, kind, principal, roles, account, object, NULL);
    va_start(arguments, json);
    vsnprintf(text, sizeof text, json, arguments);
    va_end(arguments);
    return town_ask_text(town, kind, principal, roles, account, object, text);
}

void asking_key(struct asking *asking, const char *key)
{
    snprintf(asking->command.idempotency_key, sizeof asking->command.idempotency_key, "%s", key);
}

void town_run(struct town *town, struct asking **askings, size_t count)
{
    struct command *commands[TOWN_BATCH_MAX];

    for (size_t i = 0; i < count; i++) {
        commands[i] = &askings[i]->command;
        commands[i]->done = asking_done;
        commands[i]->context = askings[i];
    }
    engine_run_batch(town->engine, commands, count);
}

void town_reset(struct town *town)
{
    arena_reset(&town->arena);
}
