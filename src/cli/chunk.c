/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chunk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/world.h"
#include "http/batch.h"

#define LINE_ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define PAUSE_LEAST_US INT64_C(250000)
#define PAUSE_MOST_US INT64_C(5000000)
#define SECOND_US INT64_C(1000000)
#define STATUS_MALFORMED 400
#define STATUS_CROWDED 429
#define ROWS_LEAST 16 /* of a batch for a crowded server */

void chunk_init(struct chunk *chunk, const struct client *client, size_t rows_max, int64_t patience_s)
{
    chunk->rows_max = chunk->most = rows_max;
    chunk->client = client;
    chunk->patience_us = patience_s * SECOND_US;
    chunk->count = 0;
    chunk->vain_us = 0;
    out_init(&chunk->text);
    out_init(&chunk->body);
}

void chunk_fini(struct chunk *chunk)
{
    out_fini(&chunk->text);
    out_fini(&chunk->body);
}

void chunk_reset(struct chunk *chunk)
{
    out_reset(&chunk->text);
    chunk->count = 0;
}

bool chunk_has_room(const struct chunk *chunk)
{
    return chunk->count < chunk->rows_max && chunk->text.size < CHUNK_BYTES_MAX;
}

static struct chunk_text text_add(struct chunk *chunk, const char *text, size_t size)
{
    struct chunk_text added = {chunk->text.size, size};

    out_bytes(&chunk->text, text, size);
    return added;
}

void chunk_add(struct chunk *chunk, const struct row *row, const struct source_mark *mark)
{
    struct chunk_row *added = &chunk->rows[chunk->count++];

    *added = (struct chunk_row){.number = row->number, .mark = *mark};
    added->raw = text_add(chunk, row->raw, row->raw_bytes);
    if (row->line == row->raw)
        added->line = added->raw;
    else if (row->line != NULL)
        added->line = text_add(chunk, row->line, row->line_bytes);
    else {
        added->status = STATUS_MALFORMED;
        added->problem = text_add(chunk, row->problem, row->problem_bytes);
    }
}

const char *chunk_at(const struct chunk *chunk, struct chunk_text text)
{
    return chunk->text.data + text.start;
}

/* ---- what the server says ---- */

/* The status in {"line":7,"status":201,…, where it stands there like this; else 0. */
static int status_at_once(const char *result)
{
    static const char line[] = "{\"line\":", status[] = ",\"status\":";

    if (strncmp(result, line, sizeof(line) - 1) != 0)
        return 0;
    result += sizeof(line) - 1;
    result += strspn(result, "0123456789");
    return strncmp(result, status, sizeof(status) - 1) == 0 ? (int)strtol(result + sizeof(status) - 1, NULL, 10) : 0;
}

static bool stays(int64_t status)
{
    return status >= 200 && status < 500 && status != STATUS_CROWDED;
}

/* Most lines were recorded, and what stands in the body then is of no use here: only others are parsed. */
static void result_take(struct chunk *chunk, struct chunk_row *row, const char *result, size_t size)
{
    int status = status_at_once(result);

    if (status == 200 || status == 201) {
        row->status = row->recorded ? 201 : status;
        return;
    }
    json_t *value = json_loadb(result, size, 0, NULL);
    int64_t said = json_minor(value, "status");

    chunk->crowded = chunk->crowded || said == STATUS_CROWDED;
    if (stays(said)) {
        char *problem =
            json_dumps(json_object_get(value, "body"), JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);

        row->status = (int)said;
        row->problem = text_add(chunk, problem != NULL ? problem : "null", problem != NULL ? strlen(problem) : 4);
        free(problem);
    }
    json_decref(value);
}

static struct chunk_row *open_row(struct chunk *chunk, struct chunk_row *from)
{
    for (; from < chunk->rows + chunk->count; from++)
        if (from->status == 0)
            return from;
    return NULL;
}

/* How many rows are not open any more. What stands behind one that is still open is not settled: what was refused may
 * have needed that one, and what replaces must come behind it. It is all sent again. */
static size_t results_take(struct chunk *chunk, const char *at)
{
    struct chunk_row *row = open_row(chunk, chunk->rows);
    size_t closed = 0;
    bool behind = false;

    while (row != NULL && at != NULL && *at != '\0') {
        size_t size = strcspn(at, "\n");

        if (!behind)
            result_take(chunk, row, at, size);
        else
            row->recorded = row->recorded || status_at_once(at) == 201;
        behind = behind || row->status == 0;
        closed += row->status != 0;
        at += size + (at[size] == '\n');
        row = open_row(chunk, row + 1);
    }
    return closed;
}

/* ---- asking, and asking again ---- */

/* How many rows it holds. */
static size_t body_write(struct chunk *chunk)
{
    struct chunk_row *row = open_row(chunk, chunk->rows);
    size_t count = 0;

    out_reset(&chunk->body);
    for (; row != NULL && count < chunk->most; row = open_row(chunk, row + 1), count++) {
        out_bytes(&chunk->body, chunk_at(chunk, row->line), row->line.size);
        out_bytes(&chunk->body, "\n", 1);
    }
    return count;
}

/* Half as much, never less than a few; then half as much more. */
static void most_follow(struct chunk *chunk, bool taken)
{
    if (chunk->crowded)
        chunk->most = chunk->most / 2 > ROWS_LEAST ? chunk->most / 2 : ROWS_LEAST;
    else if (taken)
        chunk->most += chunk->most / 2 + 1;
    if (chunk->most > chunk->rows_max)
        chunk->most = chunk->rows_max;
}

/* False: the patience is over. */
static bool wait_some(struct chunk *chunk, const struct answer *answer, const char *why)
{
    int64_t now_us = monotonic_us(), pause_us;

    if (chunk->vain_us == 0) {
        chunk->vain_us = now_us;
        chunk->pause_us = PAUSE_LEAST_US;
        if (answer->status != STATUS_CROWDED && chunk->patience_us > 0)
            cli_complain(chunk->client->program, "%s: %s; trying again", chunk->client->url, why);
    }
    pause_us = answer->retry_after_s > 0 ? answer->retry_after_s * SECOND_US : chunk->pause_us;
    chunk->pause_us = chunk->pause_us * 2 < PAUSE_MOST_US ? chunk->pause_us * 2 : PAUSE_MOST_US;
    if (now_us + pause_us - chunk->vain_us > chunk->patience_us)
        return false;
    nanosleep(&(struct timespec){.tv_sec = pause_us / SECOND_US, .tv_nsec = pause_us % SECOND_US * 1000}, NULL);
    return true;
}

static enum cli_exit give_up(const struct chunk *chunk, const char *why)
{
    cli_complain(chunk->client->program, "%s: %s, for %" PRId64 " s", chunk->client->url, why,
                 chunk->patience_us / SECOND_US);
    return chunk->sent ? CLI_UNKNOWN : CLI_REFUSED;
}

/* Whether the same thing may go better a little later. */
static bool passes(const struct answer *answer)
{
    if (answer->fault != 0)
        return answer_fault_passes(answer);
    return (answer->status >= 200 && answer->status < 300) || answer->status == STATUS_CROWDED || answer->status >= 500;
}

static enum cli_exit exchange(struct chunk *chunk, size_t asked)
{
    struct client_request request = {.method = "POST",
                                     .path = "/v1/batch",
                                     .body = chunk->body.data,
                                     .body_bytes = chunk->body.size,
                                     .content_type = "application/x-ndjson"};
    struct answer answer;
    enum cli_exit status = CLI_OK;
    size_t closed = 0;
    char why[256] = "some lines were not answered";

    chunk->crowded = false;
    if (client_ask(chunk->client, &request, &answer) && answer.status == 200)
        closed = results_take(chunk, answer.body);
    chunk->crowded = chunk->crowded || answer.status == STATUS_CROWDED;
    most_follow(chunk, closed == asked);
    if (answer.fault != 0)
        snprintf(why, sizeof(why), "%s", answer_fault(&answer));
    else if (answer.status != 200)
        snprintf(why, sizeof(why), "%ld %s", answer.status, json_text(answer.json, "detail"));
    chunk->sent = chunk->sent || !answer_never_sent(&answer);
    if (closed > 0)
        chunk->vain_us = 0;
    if (!passes(&answer))
        status = client_explain(chunk->client, &request, &answer);
    else if (closed < asked && !wait_some(chunk, &answer, why))
        status = give_up(chunk, why);
    answer_fini(&answer);
    return status;
}

enum cli_exit chunk_send(struct chunk *chunk)
{
    enum cli_exit status = CLI_OK;

    chunk->sent = false;
    while (status == CLI_OK && open_row(chunk, chunk->rows) != NULL) {
        size_t asked = body_write(chunk);

        if (chunk->text.failed || chunk->body.failed) {
            cli_complain(chunk->client->program, "out of memory");
            return CLI_USAGE;
        }
        status = exchange(chunk, asked);
    }
    return status;
}

enum cli_exit chunk_check(struct chunk *chunk)
{
    struct arena arena;
    struct out problem;

    arena_init(&arena, LINE_ARENA_BYTES);
    out_init(&problem);
    for (struct chunk_row *row = open_row(chunk, chunk->rows); row != NULL; row = open_row(chunk, row + 1)) {
        struct field_problems problems = {.count = 0};

        arena_reset(&arena);
        row->status = STATUS_MALFORMED;
        if (batch_line_check(chunk_at(chunk, row->line), row->line.size, &arena, &problems) == ERR_NONE) {
            row->status = 200;
            continue;
        }
        out_reset(&problem);
        rows_problem_write(&problems, &problem);
        row->problem = text_add(chunk, problem.data, problem.size);
    }
    out_fini(&problem);
    arena_fini(&arena);
    return CLI_OK;
}
