/* SPDX-License-Identifier: Apache-2.0 */
/* A whole house for tests: the real engine on a real SQLite file in a directory of its own, with a clock that the test
 * turns. Commands are given as the JSON that a caller would send. */
#ifndef EBB_TESTS_HOUSE_H
#define EBB_TESTS_HOUSE_H

#include "place.h"

#include "base/embedded.h"
#include "channel/simulated.h"
#include "engine/engine.h"
#include "engine/step.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BILLING ROLE_FACTS
#define OPERATOR (ROLE_FACTS | ROLE_WITHDRAW | ROLE_REVIEW | ROLE_APPROVE | ROLE_RESOLVE)

struct house {
    char directory[64], store[PLACE_BYTES]; /* of the keys; of the rows */
    _Atomic int64_t now_ms;
    struct world world;
    struct policies policies;
    struct calendar calendar;
    struct channels channels;
    struct engine_config config;
    struct engine *engine;
    struct effect *effects;
    struct arena arena;
    int status; /* of the last answer */
    bool replayed;
    char *body;
    int64_t version;
};

static inline struct instant house_now(void *context)
{
    return (struct instant){((struct house *)context)->now_ms};
}

static inline void house_effects(void *context, struct effect *list)
{
    struct house *house = context;
    struct effect **last = &house->effects;

    while (*last != NULL)
        last = &(*last)->next;
    *last = list;
}

static inline void house_start(struct house *house)
{
    char reason[512] = "";

    if (engine_open(&house->config, &house->engine, reason) != ERR_NONE)
        fail_msg("%s", reason);
}

/* `directory`: policies beside the four that ship; NULL: none. */
static inline void house_open_with(struct house *house, const char *now, const char *directory)
{
    char reason[512] = "", path[96];
    struct policy_mistake mistake = {0};
    struct instant at;
    struct vault vault;
    struct store *store = NULL;
    int64_t from, to;
    static const char *const names[] = {"alipay", "wechatpay", "unionpay", "bankfile"};

    memset(house, 0, sizeof *house);
    snprintf(house->directory, sizeof house->directory, "/tmp/ebb-test-XXXXXX");
    assert_non_null(mkdtemp(house->directory));
    place_make(house->directory, house->store);
    assert_true(instant_parse(now, &at));
    house->now_ms = at.ms;
    house->world.now = house_now;
    house->world.context = house;
    random_init_seed(&house->world.random, 7);
    arena_init(&house->arena, (size_t)64 << 20);
    if (vault_open(house->directory, true, &vault, reason) != ERR_NONE ||
        store_open(house->store, STORE_WRITER, &vault, &store, reason) != ERR_NONE)
        fail_msg("%s", reason);
    assert_int_equal(store_migrate(store, &from, &to), ERR_NONE);
    if (policies_open(store, NULL, at, &house->policies, reason) != ERR_NONE)
        fail_msg("%s", reason);
    if (directory != NULL) {
        policies_fini(&house->policies);
        if (policies_open(store, directory, at, &house->policies, reason) != ERR_NONE)
            fail_msg("%s", reason);
    }
    store_close(&store);
    vault_fini(&vault);
    assert_int_equal(calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &house->calendar, &mistake),
                     ERR_NONE);
    snprintf(path, sizeof path, "%s/simulated.db", house->directory);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        house->channels.items[house->channels.count++] = simulated_new(names[i], path, NULL, reason);
    house->config = (struct engine_config){.directory = house->directory,
                                           .store = place_url(house->store),
                                           .world = &house->world,
                                           .policies = &house->policies,
                                           .calendar = &house->calendar,
                                           .channels = &house->channels,
                                           .queue_max = 20000,
                                           .batch_max = 256,
                                           .effects = house_effects,
                                           .sink = house};
    house_start(house);
}

static inline void house_open(struct house *house, const char *now)
{
    house_open_with(house, now, NULL);
}

static inline void house_drop_effects(struct house *house)
{
    while (house->effects != NULL) {
        struct effect *next = house->effects->next;

        free(house->effects->request);
        free(house->effects);
        house->effects = next;
    }
}

static inline void house_close(struct house *house)
{
    char command[160];

    engine_close(&house->engine);
    house_drop_effects(house);
    for (size_t i = 0; i < house->channels.count; i++)
        house->channels.items[i]->operations->close(house->channels.items[i]);
    policies_fini(&house->policies);
    arena_fini(&house->arena);
    free(house->body);
    snprintf(command, sizeof command, "rm -rf '%s'", house->directory);
    assert_int_equal(system(command), 0);
}

static inline void house_keep(struct house *house, struct reply *reply)
{
    free(house->body);
    house->body = reply->body != NULL ? strdup(reply->body) : NULL;
    house->status = reply->status;
    house->version = reply->version;
    house->replayed = reply->replayed;
    reply_fini(reply);
}

/* `json` NULL: a command without a body. The status is returned and kept with the body. */
static inline int house_ask(struct house *house, struct command *command, const char *json)
{
    const struct shape *shape = command_shape(command->kind);
    struct field_problems problems = {0};
    struct reply reply = {0};

    arena_reset(&house->arena);
    if (json != NULL) {
        void *ask = arena_alloc(&house->arena, shape->bytes);

        if (field_read_json(json, strlen(json), shape, &house->arena, ask, &problems) != ERR_NONE)
            fail_msg("%s: %s %s", json, problems.items[0].pointer, problems.items[0].detail);
        command->ask = ask;
    }
    engine_run(house->engine, command, &reply);
    house_keep(house, &reply);
    return house->status;
}

static inline struct command house_command(enum command_kind kind, const char *principal, unsigned roles,
                                           const char *account, const char *object)
{
    struct command command = {.kind = kind, .roles = roles, .any_version = true};

    snprintf(command.principal, sizeof command.principal, "%s", principal);
    snprintf(command.account, sizeof command.account, "%s", account);
    snprintf(command.object, sizeof command.object, "%s", object);
    return command;
}

static inline int house_fact(struct house *house, enum command_kind kind, const char *account, const char *object,
                             const char *json)
{
    struct command command = house_command(kind, "billing", BILLING, account, object);

    return house_ask(house, &command, json);
}

/* A command on a withdrawal. */
static inline int house_on(struct house *house, enum command_kind kind, int64_t id, const char *principal,
                           const char *json)
{
    unsigned roles = kind == COMMAND_TICK ? (unsigned)ROLE_SYSTEM : (unsigned)OPERATOR;
    struct command command = house_command(kind, principal, roles, "", "");

    command.object_id = id;
    return house_ask(house, &command, json);
}

/* Papers that a story only names ("documents":["a","b"]) are brought for alice; `ret` names them by their ids. */
static inline void house_papers(struct house *house, const char *json, char *ret, size_t size)
{
    static const char member[] = "\"documents\":[";
    const char *at = strstr(json, member);
    size_t used = at != NULL ? (size_t)(at - json) + sizeof member - 1 : strlen(json);

    snprintf(ret, size, "%.*s", (int)used, json);
    if (at == NULL)
        return;
    for (at = json + used; *at == '"'; at = strchr(at + 1, '"') + 1, at += *at == ',') {
        struct command paper = house_command(COMMAND_DOCUMENT, "alice", OPERATOR, "alice", "");
        json_t *answer;

        assert_int_equal(house_ask(house, &paper,
                                   "{\"account\":\"alice\",\"name\":\"f\",\"media_type\":\"application/pdf\","
                                   "\"content\":\"JVBERi0xLjQK\"}"),
                         201);
        answer = json_loads(house->body, 0, NULL);
        used += (size_t)snprintf(ret + used, size - used, "%s\"%s\"", ret[used - 1] == '[' ? "" : ",",
                                 json_string_value(json_object_get(answer, "id")));
        json_decref(answer);
    }
    snprintf(ret + used, size - used, "%s", at);
}

/* What a SQL statement says of the closed or open database. */
static inline int64_t house_sql(const struct house *house, const char *sql)
{
    return place_int(house->store, sql);
}

/* A member of the last answer by name, "a.b" for nested and "a.0.b" for elements; as text. */
static inline const char *house_member(struct house *house, const char *path)
{
    static char text[256];
    json_t *root = json_loads(house->body, 0, NULL), *at = root;
    char copy[128], *save = NULL;

    snprintf(copy, sizeof copy, "%s", path);
    for (char *part = strtok_r(copy, ".", &save); part != NULL && at != NULL; part = strtok_r(NULL, ".", &save))
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(part)) : json_object_get(at, part);
    text[0] = '\0';
    if (json_is_string(at))
        snprintf(text, sizeof text, "%s", json_string_value(at));
    else if (json_is_integer(at))
        snprintf(text, sizeof text, "%lld", (long long)json_integer_value(at));
    json_decref(root);
    return text;
}

/* The latest messages, the last first, in the house's arena: only a test that holds the keys can read them. */
static inline struct rows house_messages(struct house *house)
{
    struct vault vault;
    char reason[256];
    struct store *reader;
    struct rows rows = {0};

    assert_int_equal(vault_open(house->directory, false, &vault, reason), ERR_NONE);
    assert_int_equal(store_open(house->store, STORE_READER, &vault, &reader, reason), ERR_NONE);
    assert_int_equal(store_select(reader, QUERY_MESSAGES_ALL, (struct value[]){value_int("limit", 50)}, 1,
                                  &message_table, &house->arena, &rows),
                     ERR_NONE);
    store_close(&reader);
    vault_fini(&vault);
    return rows;
}

/* The code that was sent last. */
static inline void house_code(struct house *house, char ret[16])
{
    struct rows rows = house_messages(house);

    ret[0] = '\0';
    for (size_t i = 0; i < rows.count && ret[0] == '\0'; i++)
        if (((const struct message *)rows.items[i])->code != NULL)
            snprintf(ret, 16, "%s", ((const struct message *)rows.items[i])->code);
}

#endif
