/* SPDX-License-Identifier: Apache-2.0 */
/* The receipt of a finished withdrawal: the signed statement (report/receipt.h), and the page that shows it, drawn by a
 * worker while the request waits. */
#include "report/receipt.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "http/answers.h"
#include "http/clerk.h"
#include "http/dossier.h"
#include "report/worker.h"

static enum err identity_find(struct request *request, struct store *store, int64_t account,
                              const struct identity **ret)
{
    struct value arg = value_int("account", account);
    struct rows rows;

    TRY(store_select(store, QUERY_IDENTITY_BY_ACCOUNT, &arg, 1, &identity_table, &request->arena, &rows));
    *ret = rows.count == 1 ? rows.items[0] : NULL;
    return ERR_NONE;
}

enum err receipt_of_dossier(struct request *request, struct store *store, const struct dossier_read *read,
                            struct out *out)
{
    struct receipt_facts facts = {.dossier = &read->dossier, .account = read->account, .policy = read->policy};

    TRY(identity_find(request, store, read->account->id, &facts.identity));
    receipt_write(out, &facts);
    return out->failed ? ERR_RETRY : ERR_NONE;
}

static enum err receipt(struct request *request, struct store *store, struct out *out)
{
    const struct http_config *config = server_config(request->server);
    SCOPED(out_fini) struct out content;
    struct dossier_read read;
    char address[256];
    bool found;

    out_init(&content);
    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    if (!instant_is_set(read.dossier.withdrawal->finished_at)) {
        request_problem(request, MHD_HTTP_CONFLICT, "state_conflict",
                        "There is a receipt once the withdrawal is finished.");
        return ERR_NONE;
    }
    TRY(receipt_of_dossier(request, store, &read, &content));
    server_address(request->server, address);
    struct receipt_issue issue = {.withdrawal = read.dossier.withdrawal->id,
                                  .operator_name = config->operator_name,
                                  .address = address,
                                  .at = engine_now(config->engine),
                                  .vault = config->vault};
    return receipt_sign(out, &content, &issue) ? ERR_NONE : ERR_RETRY;
}

void withdrawal_receipt(struct request *request)
{
    request_read(request, receipt);
}

/* ---- the page ---- */

struct page_task {
    struct task task;
    struct request *request;
    struct out statement;
};

static const char *page_make(struct page_task *page, struct out *pdf, char reason[256])
{
    static const char *const arguments[] = {"ebb", "receipt", "page", NULL};
    const struct http_config *config = server_config(page->request->server);
    struct worker_job job = {.program = config->program,
                             .arguments = arguments,
                             .input = page->statement.data,
                             .input_bytes = page->statement.size,
                             .stopping = clerk_stopping(server_clerk(page->request->server))};

    if (worker_run(&job, pdf, reason) != ERR_NONE)
        return reason;
    return receipt_file_seal(pdf, &page->statement, config->vault) ? NULL : "the page could not be sealed";
}

static void page_run(struct task *task, bool stopping)
{
    struct page_task *page = (struct page_task *)task;
    struct request *request = page->request;
    char reason[256] = "draining";
    struct out pdf;

    out_init(&pdf);
    const char *why = stopping ? reason : page_make(page, &pdf, reason);
    if (why == NULL) {
        request->content_type = "application/pdf";
        request_answer(request, MHD_HTTP_OK, &pdf);
    } else {
        out_fini(&pdf);
        request_fault(request, stopping ? ERR_RETRY : ERR_UNKNOWN, why);
    }
    out_fini(&page->statement);
    free(page);
    request_resume(request);
}

void withdrawal_receipt_pdf(struct request *request)
{
    struct out statement;

    if (!request_load(request, receipt, &statement))
        return;
    struct page_task *page = server_config(request->server)->program != NULL ? calloc(1, sizeof *page) : NULL;

    if (page == NULL) {
        out_fini(&statement);
        request_fault(request, ERR_RETRY, "no page can be drawn");
        return;
    }
    page->statement = statement;
    page->task.run = page_run;
    page->request = request;
    snprintf(request->filename, sizeof request->filename, "%s.pdf", request->match.id);
    request_suspend(request);
    if (clerk_give(server_clerk(request->server), &page->task))
        return;
    request->retry_after_s = 1;
    request_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, "too_many_requests", "Too many pages are being drawn.");
    out_fini(&page->statement);
    free(page);
    request_resume(request);
}
