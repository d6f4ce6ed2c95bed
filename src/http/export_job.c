/* SPDX-License-Identifier: Apache-2.0 */
#include "http/export_job.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "http/answers.h"
#include "http/clerk.h"
#include "http/export_kept.h"

/* One that waits or runs. */
struct job {
    struct task task;
    struct job *next;
    struct server *server;
    char id[EXPORT_ID_BYTES], principal[PRINCIPAL_BYTES];
    struct export_order order;
    _Atomic int64_t rows;
    bool running;
};

struct export_jobs {
    struct clerk *clerk;
    pthread_mutex_t lock; /* guards the list */
    struct job *first;
};

struct clerk *export_jobs_clerk(struct export_jobs *jobs)
{
    return jobs->clerk;
}

static void value_drop(json_t **value)
{
    json_decref(*value);
}

/* ---- the list of those that are not done ---- */

static struct job *job_find(struct export_jobs *jobs, const char *id)
{
    struct job *job = jobs->first;

    while (job != NULL && strcmp(job->id, id) != 0)
        job = job->next;
    return job;
}

static void job_forget(struct export_jobs *jobs, struct job *job)
{
    pthread_mutex_lock(&jobs->lock);
    for (struct job **at = &jobs->first; *at != NULL; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    pthread_mutex_unlock(&jobs->lock);
    free(job);
}

static const char *job_progress(struct export_jobs *jobs, const char *id, int64_t *ret_rows)
{
    const char *status = NULL;

    pthread_mutex_lock(&jobs->lock);
    const struct job *job = job_find(jobs, id);
    if (job != NULL) {
        status = job->running ? "running" : "queued";
        *ret_rows = atomic_load(&job->rows);
    }
    pthread_mutex_unlock(&jobs->lock);
    return status;
}

/* ---- making ---- */

static void job_make(struct job *job)
{
    char path[EXPORT_PATH_BYTES], reason[256] = "";
    struct export_result result;
    SCOPED(out_fini) struct out out;
    struct export_run_terms terms = {.server = job->server,
                                     .path = path,
                                     .progress = &job->rows,
                                     .stopping = clerk_stopping(export_jobs_clerk(server_exports(job->server)))};

    export_kept_path(job->server, job->id, ".data", path);
    (void)unlink(path);
    enum err err = export_order_run(&job->order, &terms, &result, reason);

    if (err != ERR_NONE)
        (void)unlink(path);
    if (err == ERR_RETRY && atomic_load(terms.stopping))
        return;
    out_init(&out);
    out_object(&out, NULL);
    if (err == ERR_NONE)
        export_result_write(&out, &result);
    else
        out_string(&out, "failure", "It could not be written; the log says why.");
    out_object_end(&out);
    bool kept = export_kept_put(job->server, job->id, ".result", &out);

    log_line(err == ERR_NONE && kept ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "export made", "export", job->id, "what",
             job->order.kind->name, "principal", job->principal, "account", job->order.account_ref, "reason", reason,
             NULL);
}

static void job_run(struct task *task, bool stopping)
{
    struct job *job = (struct job *)task;
    struct export_jobs *jobs = server_exports(job->server);

    pthread_mutex_lock(&jobs->lock);
    job->running = true;
    pthread_mutex_unlock(&jobs->lock);
    if (!stopping)
        job_make(job);
    job_forget(jobs, job);
}

/* ---- asking ---- */

struct job_body {
    const char *what, *account, *status, *type;
    int format;
    struct instant from, to;
};
#define TEXT_OF(member, most)                                                                                          \
    {                                                                                                                  \
        .name = #member, .kind = FIELD_TEXT, .flags = FIELD_NULLABLE, .offset = offsetof(struct job_body, member),     \
        .max = most                                                                                                    \
    }
static const struct field body_fields[] = {
    {.name = "what", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED, .offset = offsetof(struct job_body, what), .max = 32},
    {.name = "format",
     .kind = FIELD_WORD,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct job_body, format),
     .words = &export_format_words},
    {.name = "account", .kind = FIELD_REF, .flags = FIELD_NULLABLE, .offset = offsetof(struct job_body, account)},
    TEXT_OF(status, 48),
    TEXT_OF(type, 48),
    {.name = "from", .kind = FIELD_INSTANT, .flags = FIELD_NULLABLE, .offset = offsetof(struct job_body, from)},
    {.name = "to", .kind = FIELD_INSTANT, .flags = FIELD_NULLABLE, .offset = offsetof(struct job_body, to)},
};
static const struct shape body_shape = {"export", sizeof(struct job_body), body_fields, ARRAY_COUNT(body_fields)};

static void job_id(const struct request *request, char ret[EXPORT_ID_BYTES])
{
    const struct bytes parts[] = {bytes_of_text(request->caller.principal),
                                  bytes_of_text(request_header(request, "Idempotency-Key"))};
    uint8_t hash[HASH_SHORT_BYTES];

    hash_parts("export job", server_config(request->server)->vault->code_key, parts, ARRAY_COUNT(parts), hash,
               sizeof hash);
    strcpy(ret, EXPORT_PREFIX);
    hash_hex(hash, sizeof hash, ret + strlen(EXPORT_PREFIX));
}

static void body_hash(const struct request *request, char ret[2 * HASH_SHORT_BYTES + 1])
{
    struct bytes body = bytes_of(request->body, request->body_size);
    uint8_t hash[HASH_SHORT_BYTES];

    hash_parts("export body", NULL, &body, 1, hash, sizeof hash);
    hash_hex(hash, sizeof hash, ret);
}

static void answer_write(struct out *out, const char *id, const struct export_order *order, struct instant now)
{
    out_object(out, NULL);
    out_string(out, "id", id);
    export_order_write(out, order);
    out_instant(out, "created_at", now);
    out_instant(out, "expires_at", instant_add_ms(now, EXPORT_KEPT_MS));
    out_object_end(out);
}

static void answer_created(struct request *request, const char *id, struct out *answer, bool replayed)
{
    request_answer(request, MHD_HTTP_CREATED, answer);
    snprintf(request->reply.location, sizeof request->reply.location, "/v1/exports/%s", id);
    request->reply.replayed = replayed;
}

static bool was_done_or_runs(struct request *request, const char *id)
{
    SCOPED(value_drop) json_t *result = export_kept_json(request->server, id, ".result");
    int64_t rows;

    return result != NULL || job_progress(server_exports(request->server), id, &rows) != NULL;
}

/* NULL: there was no memory for it. */
static void answer_again(struct out *out, const json_t *answer)
{
    char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    out_init(out);
    if (text != NULL)
        out_text(out, text);
    else
        out->failed = true;
    free(text);
}

/* Asked before: the first answer again, or a refusal. False: it was not, or is to be made anew. */
static bool replayed(struct request *request, const char *id, const char *hash)
{
    SCOPED(value_drop) json_t *job = export_kept_json(request->server, id, ".json");
    const char *known = json_string_value(json_object_get(job, "body"));
    struct out out;

    if (known == NULL)
        return false;
    if (strcmp(known, hash) != 0) {
        request_problem(request, MHD_HTTP_UNPROCESSABLE_CONTENT, "idempotency_key_reused",
                        "This key was used for another request.");
        return true;
    }
    if (!was_done_or_runs(request, id))
        return false;
    answer_again(&out, json_object_get(job, "answer"));
    answer_created(request, id, &out, true);
    return true;
}

static bool job_give(struct request *request, const char *id, const struct export_order *order)
{
    struct export_jobs *jobs = server_exports(request->server);
    struct job *job = calloc(1, sizeof *job);

    if (job == NULL)
        return false;
    job->task.run = job_run;
    job->server = request->server;
    job->order = *order;
    memcpy(job->id, id, sizeof job->id);
    memcpy(job->principal, request->caller.principal, sizeof job->principal);
    pthread_mutex_lock(&jobs->lock);
    bool twin = job_find(jobs, id) != NULL; /* asked twice at once: one is enough */
    if (!twin) {
        job->next = jobs->first;
        jobs->first = job;
    }
    pthread_mutex_unlock(&jobs->lock);
    if (twin) {
        free(job);
        return true;
    }
    if (clerk_give(jobs->clerk, &job->task))
        return true;
    job_forget(jobs, job);
    return false;
}

static void job_create(struct request *request, const char *id, const char *hash, const struct export_order *order)
{
    struct instant now = engine_now(server_config(request->server)->engine);
    SCOPED(out_fini) struct out file;
    struct out answer;
    bool kept, given = false;

    out_init(&file);
    out_init(&answer);
    answer_write(&answer, id, order, now);
    out_object(&file, NULL);
    out_string(&file, "principal", request->caller.principal);
    out_string(&file, "body", hash);
    out_raw(&file, "answer", answer.data, answer.size);
    out_object_end(&file);
    kept = !answer.failed && export_kept_sweep(request->server, now) < EXPORT_JOBS_MAX &&
           export_kept_put(request->server, id, ".json", &file);
    if (kept)
        given = job_give(request, id, order);
    if (given) {
        answer_created(request, id, &answer, false);
        return;
    }
    out_fini(&answer);
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests",
                    "Too many exports wait or are kept. Ask again with the same key.");
}

static enum err order_read(struct request *request, struct store *store, struct out *out)
{
    struct field_problems problems = {0};
    struct export_order order = {0};
    struct job_body body = {0};
    bool read;
    enum err err = field_read_json(request->body, request->body_size, &body_shape, &request->arena, &body, &problems);

    if (err == ERR_NONE && export_kind_named(body.what) == NULL) {
        field_problem_add(&problems, "/what", "out_of_range", "there is no such export");
        err = ERR_REQUEST;
    }
    if (err == ERR_REQUEST) {
        request_malformed(request, &problems);
        return ERR_NONE;
    }
    TRY(err);
    struct export_wish wish = {body.what, body.account, body.status, body.type, body.format, body.from, body.to};

    TRY(export_order_read(request, store, &wish, &order, &read));
    if (read)
        out_bytes(out, (const char *)&order, sizeof order);
    return out->failed ? ERR_RETRY : ERR_NONE;
}

void export_create(struct request *request)
{
    char id[EXPORT_ID_BYTES], hash[2 * HASH_SHORT_BYTES + 1];
    struct export_order order;
    struct out read;

    job_id(request, id);
    body_hash(request, hash);
    if (!request_load(request, order_read, &read))
        return;
    memcpy(&order, read.data, sizeof order);
    out_fini(&read);
    if (!export_room_keep(request->server))
        request_fault(request, ERR_RETRY, strerror(errno));
    else if (!replayed(request, id, hash))
        job_create(request, id, hash, &order);
}

/* ---- showing ---- */

/* The job as it was asked, if it is the caller's and not expired; 404 is answered otherwise. */
static json_t *job_load(struct request *request, const char *id)
{
    struct instant now = engine_now(server_config(request->server)->engine), expires;
    json_t *job =
        strlen(id) == EXPORT_ID_BYTES - 1 && export_job_is(id) ? export_kept_json(request->server, id, ".json") : NULL;
    const char *owner = json_string_value(json_object_get(job, "principal"));
    const char *text = json_string_value(json_object_get(json_object_get(job, "answer"), "expires_at"));

    /* Whoever lost the right to ask for it has lost the right to what was made of it. */
    if (owner != NULL && strcmp(owner, request->caller.principal) == 0 && text != NULL &&
        instant_parse(text, &expires) && instant_before(now, expires) &&
        export_order_allowed(request, json_object_get(job, "answer")))
        return job;
    json_decref(job);
    if (!request->answered)
        request_missing(request);
    return NULL;
}

static bool members_add(json_t *to, const json_t *from)
{
    return json_object_update(to, (json_t *)(uintptr_t)from) == 0;
}

/* What became of it, as members of the answer. */
static bool state_add(struct request *request, const char *id, json_t *answer)
{
    int64_t rows = 0;
    const char *status = job_progress(server_exports(request->server), id, &rows);
    SCOPED(value_drop) json_t *result = status == NULL ? export_kept_json(request->server, id, ".result") : NULL;
    char file[EXPORT_ID_BYTES + 32];

    if (status != NULL)
        return json_object_set_new(answer, "state", json_string(status)) == 0 &&
               json_object_set_new(answer, "rows", json_integer(rows)) == 0;
    if (result == NULL || json_object_get(result, "failure") != NULL)
        return json_object_set_new(answer, "state", json_string("failed")) == 0 &&
               json_object_set_new(answer, "failure",
                                   json_string(result == NULL
                                                   ? "The server ended meanwhile. Ask again with the same key."
                                                   : "It could not be written.")) == 0;
    snprintf(file, sizeof file, "/v1/exports/%s/file", id);
    return json_object_set_new(answer, "state", json_string("done")) == 0 && members_add(answer, result) &&
           json_object_set_new(answer, "file", json_string(file)) == 0;
}

void export_job_show(struct request *request)
{
    SCOPED(value_drop) json_t *job = job_load(request, request->match.object);
    json_t *answer = json_object_get(job, "answer");
    struct out out;

    if (job == NULL)
        return;
    answer_again(&out, state_add(request, request->match.object, answer) ? answer : NULL);
    request_answer(request, MHD_HTTP_OK, &out);
}

/* What a receiver compares, from the file beside it. */
static bool result_read(const json_t *result, struct export_result *ret)
{
    const json_t *total;
    size_t i;

    ret->rows = json_integer_value(json_object_get(result, "rows"));
    ret->bytes = json_integer_value(json_object_get(result, "bytes"));
    json_array_foreach(json_object_get(result, "totals"), i, total)
    {
        if (i == EXPORT_TOTALS_MAX)
            return false;
        snprintf(ret->totals[i].currency, CURRENCY_BYTES, "%s", json_string_value(json_object_get(total, "currency")));
        ret->totals[i].amount = json_integer_value(json_object_get(total, "amount"));
        ret->totals_count = i + 1;
    }
    const char *sha256 = json_string_value(json_object_get(result, "sha256"));

    return sha256 != NULL && anchor_hex(sha256, ret->sha256, sizeof ret->sha256);
}

void export_file(struct request *request)
{
    const char *id = request->match.object;
    SCOPED(value_drop) json_t *job = job_load(request, id);
    SCOPED(value_drop) json_t *result = job != NULL ? export_kept_json(request->server, id, ".result") : NULL;
    const json_t *answer = json_object_get(job, "answer");
    struct export_result said = {0};
    struct export_order order = {0};
    char path[EXPORT_PATH_BYTES];
    int format;

    if (job == NULL)
        return;
    const char *what = json_string_value(json_object_get(answer, "what"));
    const char *word = json_string_value(json_object_get(answer, "format"));

    order.kind = what != NULL ? export_kind_named(what) : NULL;
    if (order.kind == NULL || word == NULL || !word_parse(&export_format_words, word, &format) ||
        !result_read(result, &said)) {
        request_problem(request, MHD_HTTP_CONFLICT, "state_conflict", "There is a file once the export is done.");
        return;
    }
    order.format = (enum export_format)format;
    export_kept_path(request->server, id, ".data", path);
    if (!export_answer_file(request, &order, path, &said))
        request_fault(request, ERR_RETRY, "the export's file cannot be opened");
}

/* ---- life ---- */

struct export_jobs *export_jobs_new(const char *directory)
{
    struct export_jobs *jobs = calloc(1, sizeof *jobs);
    char path[EXPORT_PATH_BYTES];

    if (jobs == NULL)
        return NULL;
    pthread_mutex_init(&jobs->lock, NULL);
    snprintf(path, sizeof path, "%.4200s/" EXPORT_DIRECTORY, directory);
    jobs->clerk = clerk_new();
    export_kept_open(path);
    if (jobs->clerk == NULL)
        export_jobs_free(&jobs);
    return jobs;
}

void export_jobs_free(struct export_jobs **pointer)
{
    struct export_jobs *jobs = *pointer;

    if (jobs == NULL)
        return;
    clerk_free(&jobs->clerk);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
    *pointer = NULL;
}
