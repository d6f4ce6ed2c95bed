/* SPDX-License-Identifier: Apache-2.0 */
#include "counter.h"

#include "base/log.h"
#include "http/clerk.h"
#include "http/route.h"
#include "http/server.h"
#include "look.h"

#define PAYOUT_TURNS 8

struct counter counter;
static struct server *server;
static struct system_clock demo_clock;
static int64_t commits; /* when the input began */

/* The engine decides on this thread, at once. */
bool __wrap_engine_submit(struct engine *engine, struct command *command);
bool __wrap_engine_submit(struct engine *engine, struct command *command)
{
    engine_run_batch(engine, &command, 1);
    return true;
}

/* Nobody works in the background. */
bool __wrap_clerk_give(struct clerk *clerk, struct task *task);
bool __wrap_clerk_give(struct clerk *clerk UNUSED, struct task *task UNUSED)
{
    return false;
}

/* ---- the books ---- */

static int64_t withdraw(const char *account, const char *amount, bool confirm)
{
    char json[128], code[16];

    snprintf(json, sizeof json, "{\"account\":\"%s\",\"amount\":%s}", account, amount);
    CHECK(stage_ask(COMMAND_WITHDRAW, "front", ROLE_WITHDRAW, account, "", 0, json) == 201);
    int64_t id = stage_newest();
    if (!confirm)
        return id;
    town_code(&stage, id, code);
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", code);
    CHECK(stage_ask(COMMAND_CODE, "front", ROLE_WITHDRAW, "", "", id, json) == 200);
    return id;
}

static void pay(void)
{
    for (int i = 0; i < PAYOUT_TURNS && payout_step(stage.payout) > 0; i++)
        continue;
}

static void books_fill(void)
{
    int64_t ids[COUNTER_WITHDRAWALS];

    ids[COUNTER_SUCCESSFUL] = withdraw("ali", "1500", true);
    pay();
    for (size_t i = 0; i < TOWN_CHANNELS; i++)
        stage_script(i, "timeout_unpaid");
    ids[COUNTER_MANUAL] = withdraw("ali", "700", true);
    pay();
    stage.now = instant_add_ms(stage.now, 2 * MS_DAY);
    pay();
    ids[COUNTER_IN_REVIEW] = withdraw("hua", "5000", true);
    ids[COUNTER_AWAITING_CODE] = withdraw("ali", "2500", false);
    for (int i = 0; i < COUNTER_WITHDRAWALS; i++) {
        id_format("wd", ids[i], counter.ids[i]);
        counter.versions[i] = stage_int("SELECT version FROM withdrawal WHERE id = ?1", ids[i]);
    }
    town_code(&stage, ids[COUNTER_AWAITING_CODE], counter.code);
}

static void server_start(void)
{
    struct http_config config = {.address = "127.0.0.1",
                                 .threads = 1,
                                 .connections_max = 1,
                                 .directory = stage.directory,
                                 .store = stage.directory,
                                 .vault = &stage.vault,
                                 .engine = stage.engine,
                                 .policies = &stage.policies,
                                 .calendar = &stage.calendar,
                                 .channels = &stage.channels,
                                 .payout = stage.payout,
                                 .demo = true,
                                 .clock = &demo_clock,
                                 .program = "none"};
    char reason[256];

    demo_clock.offset_ms = 0;
    CHECK(server_open(&config, &server, reason) == ERR_NONE);
    commits = stage_commits();
}

static void clock_forget(void)
{
    char path[DISK_PATH_BYTES + 16];

    snprintf(path, sizeof path, "%s/demo-clock", stage.directory);
    (void)remove(path);
}

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    log_quiet(true);
    stage_build(books_fill);
    atexit(clock_forget);
    server_start();
    return 0;
}

void counter_open(void)
{
    if (stage_commits() == commits)
        return;
    server_close(&server);
    stage_reset();
    server_start();
}

/* ---- what is true of every answer ---- */

static const unsigned statuses[] = {200, 201, 400, 401, 403, 404, 405, 409, 412, 413, 414, 415, 422, 428, 429};

static void problem_check(const struct mhd_answer *answer, const json_t *body)
{
    const char *id = mhd_header(&answer->headers, "Request-Id");
    const json_t *errors = json_object_get(body, "errors");
    size_t index;
    json_t *error;

    CHECK(json_integer_value(json_object_get(body, "status")) == answer->status);
    CHECK(json_is_string(json_object_get(body, "code")) && json_is_string(json_object_get(body, "title")));
    CHECK(strcmp(json_string_value(json_object_get(body, "request_id")), id) == 0);
    json_array_foreach(errors, index, error)
        CHECK(json_is_string(json_object_get(error, "pointer")) && json_is_string(json_object_get(error, "detail")));
    CHECK(answer->status != 401 || mhd_header(&answer->headers, "WWW-Authenticate") != NULL);
    CHECK((answer->status == 405) == (mhd_header(&answer->headers, "Allow") != NULL));
}

/* A line of JSON for every line that was asked. */
static void lines_check(const struct mhd_request *request, const struct mhd_answer *answer)
{
    size_t asked = request->body_size > 0 && request->body[request->body_size - 1] != '\n', answered = 0;

    for (size_t i = 0; i < request->body_size; i++)
        asked += request->body[i] == '\n';
    for (const char *line = answer->body, *end; *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        CHECK(end != NULL);
        json_t *value SCOPED(look_free) = look_parse(line, (size_t)(end - line), JSON_REJECT_DUPLICATES);
        CHECK(json_integer_value(json_object_get(value, "line")) == (json_int_t)++answered);
        CHECK(json_is_object(json_object_get(value, "body")));
    }
    CHECK(answered == asked);
}

static void answer_check(const struct mhd_request *request, const struct mhd_answer *answer)
{
    const char *type = mhd_header(&answer->headers, "Content-Type");
    bool known = false;

    for (size_t i = 0; i < ARRAY_COUNT(statuses); i++)
        known = known || statuses[i] == answer->status;
    if (!known)
        fprintf(stderr, "%u %s\n", answer->status, answer->body);
    CHECK(known && type != NULL && mhd_header(&answer->headers, "Request-Id") != NULL);
    CHECK((answer->status >= 400) == (strcmp(type, "application/problem+json") == 0) ||
          strncmp(type, "text/html", 9) == 0); /* what people see is told them in words */
    if (strcmp(type, "application/x-ndjson") == 0) {
        lines_check(request, answer);
    } else if (strstr(type, "json") != NULL) {
        json_t *body SCOPED(look_free) = look_parse(answer->body, answer->body_size, JSON_REJECT_DUPLICATES);
        CHECK(json_is_object(body));
        if (answer->status >= 400)
            problem_check(answer, body);
    }
}

/* Whoever only reads changes nothing, nor does one who is refused before the rules were asked. */
static bool may_change(const struct mhd_request *request, const struct mhd_answer *answer)
{
    if (answer->dropped || strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0)
        return false;
    return answer->status < 300 || answer->status == 409 || answer->status == 422;
}

bool counter_ask(const struct mhd_request *request, struct mhd_answer *ret)
{
    int64_t before = stage_commits();

    if (strstr(request->target, "channel") != NULL)
        stage_banks_used();
    mhd_exchange(request, ret);
    bool changed = stage_commits() != before;
    if (!ret->dropped)
        answer_check(request, ret);
    CHECK(!changed || may_change(request, ret));
    return changed;
}
