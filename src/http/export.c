/* SPDX-License-Identifier: Apache-2.0 */
/* GET /v1/exports/withdrawals.csv: an export while its caller waits, if it is not too large for that. It is written to
 * a file first, so that its rows, its total and its hash can be said before it, and nobody gets half of one. */
#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "http/answers.h"
#include "http/clerk.h"
#include "http/export_job.h"

#define DIRECT_ROWS_MAX 50000

struct direct {
    struct task task;
    struct request *request;
    struct export_order order;
    int64_t number;
};

/* Who took what out of the house, as the jobs say it. */
static void log_made(const struct direct *direct)
{
    log_line(LOG_LEVEL_INFO, "export made", "export", direct->request->match.object, "what", direct->order.kind->name,
             "principal", direct->request->caller.principal, "account", direct->order.account_ref, NULL);
}

static void direct_answer(struct direct *direct, const char *path)
{
    struct request *request = direct->request;
    char reason[256] = "";
    struct export_result result;
    struct export_run_terms terms = {.server = request->server,
                                     .path = path,
                                     .rows_max = DIRECT_ROWS_MAX,
                                     .stopping = clerk_stopping(export_jobs_clerk(server_exports(request->server)))};
    enum err err = export_order_run(&direct->order, &terms, &result, reason);

    if (err == ERR_REQUEST)
        request_problem(request, MHD_HTTP_UNPROCESSABLE_CONTENT,
                        direct->order.format == EXPORT_PDF ? "statement_too_long" : "export_too_large",
                        direct->order.format == EXPORT_PDF
                            ? "A statement has at most 3000 movements: choose a shorter period."
                            : "There are more than 50000 rows: POST /v1/exports makes them in the background.");
    else if (err != ERR_NONE || !export_answer_file(request, &direct->order, path, &result))
        request_fault(request, err == ERR_NONE ? ERR_RETRY : err, reason);
    else
        log_made(direct);
}

static void direct_run(struct task *task, bool stopping)
{
    struct direct *direct = (struct direct *)task;
    struct request *request = direct->request;
    char name[64], path[EXPORT_PATH_BYTES];

    snprintf(name, sizeof name, "direct-%lld.tmp", (long long)direct->number);
    export_path(request->server, name, path);
    if (stopping)
        request_fault(request, ERR_RETRY, "draining");
    else if (!export_room_keep(request->server))
        request_fault(request, ERR_RETRY, strerror(errno));
    else
        direct_answer(direct, path);
    (void)unlink(path);
    free(direct);
    request_resume(request);
}

/* "withdrawals.csv" in its two halves. */
static bool name_read(struct request *request, struct export_wish *ret)
{
    const char *name = request->match.object, *dot = strrchr(name, '.');
    char *what = dot != NULL ? arena_alloc(&request->arena, (size_t)(dot - name) + 1) : NULL;

    if (what == NULL || !word_parse(&export_format_words, dot + 1, &ret->format))
        return false;
    memcpy(what, name, (size_t)(dot - name));
    what[dot - name] = '\0';
    ret->what = what;
    return true;
}

/* Leaves the order in `out`'s place: what is read is a struct, not a text. */
static enum err order_read(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct export_wish wish = {
        .account = asked->account, .status = asked->status, .type = asked->type, .from = asked->from, .to = asked->to};
    struct export_order order = {0};
    bool read = false;

    if (!name_read(request, &wish)) {
        request_missing(request);
        return ERR_NONE;
    }
    TRY(export_order_read(request, store, &wish, &order, &read));
    if (read)
        out_bytes(out, (const char *)&order, sizeof order);
    return out->failed ? ERR_RETRY : ERR_NONE;
}

void export_show(struct request *request)
{
    static _Atomic int64_t numbers;
    struct direct *direct;
    struct out order;

    if (export_job_is(request->match.object)) {
        export_job_show(request);
        return;
    }
    if (!request_load(request, order_read, &order))
        return;
    direct = calloc(1, sizeof *direct);
    if (direct != NULL)
        memcpy(&direct->order, order.data, sizeof direct->order);
    out_fini(&order);
    if (direct == NULL) {
        request_fault(request, ERR_RETRY, "out of memory");
        return;
    }
    direct->task.run = direct_run;
    direct->request = request;
    direct->number = atomic_fetch_add(&numbers, 1);
    request_suspend(request);
    if (clerk_give(export_jobs_clerk(server_exports(request->server)), &direct->task))
        return;
    free(direct);
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests", "Too many exports are being made.");
    request_resume(request);
}
