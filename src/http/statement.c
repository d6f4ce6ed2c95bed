/* SPDX-License-Identifier: Apache-2.0 */
/* Statements come in as a file of at most as many lines as one command takes, or as pieces of lines that somebody else
 * has read out of a file (`ebb statement import`): both become the same command. What is wrong anywhere in a file
 * refuses it here, before the engine hears of it. */
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "domain/rows_recon.h"
#include "http/answers.h"
#include "http/ask.h"
#include "http/request.h"
#include "recon/bill.h"
#include "recon/camt.h"

#define CONTENT_BYTES (7 * 1024 * 1024)

/* ---- POST /v1/statements ---- */

struct upload {
    struct statement_ask ask;
    const char *content, *currency;
    struct mapping mapping;
    bool has_mapping;
};

#define UPLOAD(kind_, member_, at_) .name = #member_, .kind = (kind_), .offset = offsetof(struct upload, at_)
#define OPTIONAL .flags = FIELD_NULLABLE
static const struct field upload_fields[] = {
    {UPLOAD(FIELD_TEXT, channel, ask.channel), .flags = FIELD_REQUIRED, .min = 1, .max = CHANNEL_NAME_BYTES - 1},
    {UPLOAD(FIELD_INSTANT, from, ask.from), OPTIONAL},
    {UPLOAD(FIELD_INSTANT, to, ask.to), OPTIONAL},
    {UPLOAD(FIELD_TEXT, account, ask.account), OPTIONAL, .min = 1, .max = REF_BYTES - 1},
    {UPLOAD(FIELD_TEXT, currency, currency), OPTIONAL, .min = 3, .max = CURRENCY_BYTES - 1},
    {UPLOAD(FIELD_TEXT, content, content), OPTIONAL, .min = 1, .max = CONTENT_BYTES},
    {UPLOAD(FIELD_OBJECT, mapping, mapping), OPTIONAL, .shape = &mapping_shape,
     .present_offset = offsetof(struct upload, has_mapping)},
    {UPLOAD(FIELD_TEXT, hash, ask.hash), OPTIONAL, .min = HASH_BYTES * 2, .max = HASH_BYTES * 2},
    {UPLOAD(FIELD_TEXT, format, ask.format), OPTIONAL, .min = 1, .max = FORMAT_BYTES - 1},
    {UPLOAD(FIELD_COUNT, first, ask.first), OPTIONAL, .max = STATEMENT_TOTAL_MAX},
    {UPLOAD(FIELD_COUNT, total, ask.total), OPTIONAL, .max = STATEMENT_TOTAL_MAX},
    {UPLOAD(FIELD_COUNT, lag_hours, ask.lag_hours), OPTIONAL, .max = STATEMENT_LAG_HOURS_MAX},
    {UPLOAD(FIELD_ARRAY, lines, ask.lines), OPTIONAL, .max = STATEMENT_LINES_MAX, .shape = &line_shape},
};
static const struct shape upload_shape = {"upload", sizeof(struct upload), upload_fields, ARRAY_COUNT(upload_fields)};

static void refuse(struct request *request, const struct statement_why *why)
{
    struct field_problems problems = {0};

    if (why->line > 0)
        field_problem_add(&problems, "/content", "malformed", "line %lld: %s", (long long)why->line, why->text);
    else
        field_problem_add(&problems, "/content", "malformed", "%s", why->text);
    request_invalid(request, &problems);
}

struct taking {
    struct request *request;
    struct line_ask *lines;
    size_t count;
    bool full; /* there was one more */
};

static bool line_take(void *context, const struct line_ask *line)
{
    struct taking *taking = context;
    struct arena *arena = &taking->request->arena;
    struct line_ask *kept;

    taking->full = taking->count == STATEMENT_LINES_MAX;
    if (taking->full)
        return false;
    kept = &taking->lines[taking->count++];
    *kept = *line;
    kept->key = arena_text(arena, line->key);
    kept->currency = arena_text(arena, line->currency);
    kept->reference = arena_text(arena, line->reference);
    kept->code = arena_text(arena, line->code);
    return kept->key != NULL && kept->currency != NULL && kept->reference != NULL && kept->code != NULL;
}

static bool content_read(const struct upload *upload, struct statement_text *text, struct taking *taking,
                         struct statement_summary *ret, struct statement_why *why)
{
    const struct statement_wish wish = {upload->currency, upload->ask.account, upload->ask.from, upload->ask.to};
    struct statement_source source = statement_source_of(text);
    bool read = upload->has_mapping ? bill_read(&source, &upload->mapping, &wish, line_take, taking, ret, why)
                                    : camt_read(&source, &wish, line_take, taking, ret, why);

    if (!read && taking->full)
        snprintf(why->text, sizeof why->text, "It has more than %d lines: hand it in with `ebb statement import`.",
                 STATEMENT_LINES_MAX);
    return read;
}

/* What the file says of itself becomes the ask. */
static bool ask_fill(struct request *request, struct upload *upload, const struct taking *taking,
                     const struct statement_summary *summary)
{
    char *hash = arena_alloc(&request->arena, HASH_BYTES * 2 + 1);
    const char *account = arena_text(&request->arena, summary->account);

    if (hash == NULL || account == NULL)
        return false;
    hash_hex(summary->hash, HASH_BYTES, hash);
    upload->ask.hash = hash;
    upload->ask.format = upload->has_mapping ? "csv" : "camt.053";
    upload->ask.from = summary->from;
    upload->ask.to = summary->to;
    if (account[0] != '\0')
        upload->ask.account = account;
    upload->ask.lines = (struct field_list){taking->lines, taking->count};
    upload->ask.first = 0;
    upload->ask.total = (int64_t)taking->count;
    return true;
}

static bool no_memory(struct request *request)
{
    request_fault(request, ERR_RETRY, "no memory for the statement");
    return false;
}

/* False after answering. */
static bool content_take(struct request *request, struct upload *upload)
{
    struct taking taking = {.request = request};
    size_t length = strlen(upload->content), size = length / 4 * 3 + 3;
    char *bytes = arena_alloc(&request->arena, size);
    struct statement_summary summary;
    struct statement_why why = {0};

    taking.lines = arena_alloc(&request->arena, STATEMENT_LINES_MAX * sizeof(taking.lines[0]));
    if (bytes == NULL || taking.lines == NULL)
        return no_memory(request);
    if (sodium_base642bin((unsigned char *)bytes, size, upload->content, length, "\r\n", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        snprintf(why.text, sizeof why.text, "The content is not base64.");
    struct statement_text text = {bytes, size, 0};
    if (why.text[0] != '\0' || !content_read(upload, &text, &taking, &summary, &why)) {
        refuse(request, &why);
        return false;
    }
    return ask_fill(request, upload, &taking, &summary) || no_memory(request);
}

/* Lines that were read elsewhere say which file they are of. */
static bool pieces_complete(struct request *request, const struct upload *upload)
{
    struct field_problems problems = {0};

    if (upload->ask.hash == NULL)
        field_problem_add(&problems, "/content", "missing", "Either the file's content, or its lines with its hash.");
    if (!instant_is_set(upload->ask.from))
        field_problem_add(&problems, "/from", "missing", "Lines without their file say from when they tell.");
    if (!instant_is_set(upload->ask.to))
        field_problem_add(&problems, "/to", "missing", "Lines without their file say to when they tell.");
    if (problems.count > 0)
        request_malformed(request, &problems);
    return problems.count == 0;
}

void statement_answer(struct request *request)
{
    struct upload *upload = ARENA_NEW(&request->arena, struct upload);

    request_command(request, &request->command, COMMAND_STATEMENT);
    if (upload == NULL) {
        (void)no_memory(request);
        return;
    }
    if (!request_body(request, &upload_shape, upload))
        return;
    if (upload->content != NULL ? !content_take(request, upload) : !pieces_complete(request, upload))
        return;
    request->command.ask = &upload->ask;
    ask_submit(request);
}

/* ---- GET /v1/statements ---- */

static enum err statements(struct request *request, struct store *store, struct out *out)
{
    struct value args[] = {value_int("after", request->parameters.cursor),
                           value_int("limit", request->parameters.limit + 1)};
    struct rows rows;
    size_t shown;

    TRY(store_select(store, QUERY_RECON_STATEMENTS, args, ARRAY_COUNT(args), &recon_statement_table, &request->arena,
                     &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++) {
        out_object(out, NULL);
        view_recon_statement_members(out, rows.items[i]);
        out_object_end(out);
    }
    request_list_end(out, shown < rows.count ? ((const struct recon_statement *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void statements_list(struct request *request)
{
    request_read(request, statements);
}

/* ---- GET /v1/breaks ---- */

/* Open ones, unless settled ones are asked for. False after answering. */
static bool status_read(struct request *request, int *ret)
{
    struct field_problems problems = {0};

    *ret = BREAK_OPEN;
    if (request->parameters.status == NULL || word_parse(&break_status_words, request->parameters.status, ret))
        return true;
    field_problem_add(&problems, "status", "malformed", "expected open or settled");
    request_malformed(request, &problems);
    return false;
}

static enum err breaks(struct request *request, struct store *store, struct out *out)
{
    struct value args[] = {value_int("after", request->parameters.cursor),
                           value_int("limit", request->parameters.limit + 1)};
    struct instant now = engine_now(server_config(request->server)->engine);
    struct rows rows;
    size_t shown;
    int status;

    if (!status_read(request, &status))
        return ERR_NONE;
    TRY(store_select(store, status == BREAK_OPEN ? QUERY_RECON_BREAKS_OPEN : QUERY_RECON_BREAKS_SETTLED, args,
                     ARRAY_COUNT(args), &recon_break_table, &request->arena, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++)
        view_break(out, rows.items[i], now);
    request_list_end(out, shown < rows.count ? ((const struct recon_break *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void breaks_list(struct request *request)
{
    request_read(request, breaks);
}
