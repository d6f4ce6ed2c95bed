/* SPDX-License-Identifier: Apache-2.0 */
#include "http/export_order.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/statement.h"
#include "report/worker.h"

#define TOTALS_BYTES (EXPORT_TOTALS_MAX * (MONEY_TEXT_BYTES + CURRENCY_BYTES + 3))
#define DIGEST_BYTES 64

/* ---- reading ---- */

static void copy(char *ret, size_t size, const char *text)
{
    snprintf(ret, size, "%s", text != NULL ? text : "");
}

/* The filter is called status for some kinds and type for others. */
static bool word_read(const struct export_wish *wish, const struct export_kind *kind, struct export_order *ret,
                      struct field_problems *problems)
{
    const struct {
        const char *name, *value;
    } words[] = {{"status", wish->status}, {"type", wish->type}};

    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        if (words[i].value == NULL)
            continue;
        if (kind->word == NULL || strcmp(kind->word, words[i].name) != 0)
            field_problem_add(problems, words[i].name, "unknown", "%s has no such filter", kind->name);
        else if (strlen(words[i].value) >= EXPORT_WORD_BYTES || !export_word_ok(kind, words[i].value))
            field_problem_add(problems, words[i].name, "out_of_range", "expected a %s of %s", kind->word, kind->name);
        else
            copy(ret->word, sizeof ret->word, words[i].value);
    }
    return problems->count == 0;
}

static bool wish_ok(struct request *request, const struct export_wish *wish, struct export_order *ret)
{
    struct field_problems problems = {0};

    if (!export_kind_takes(ret->kind, ret->format))
        field_problem_add(&problems, "format", "out_of_range", "%s is not made in this format", ret->kind->name);
    if (instant_is_set(wish->from) && instant_is_set(wish->to) && !instant_before(wish->from, wish->to))
        field_problem_add(&problems, "from", "out_of_range", "expected a moment before to");
    if (ret->format == EXPORT_PDF && wish->account == NULL && request->caller.own_account[0] == '\0')
        field_problem_add(&problems, "account", "missing", "a statement is of one account");
    if (ret->format == EXPORT_PDF && wish->type != NULL)
        field_problem_add(&problems, "type", "unknown", "a statement has all movements");
    if (word_read(wish, ret->kind, ret, &problems))
        return true;
    request_malformed(request, &problems);
    return false;
}

static enum err holder_take(struct request *request, struct store *store, struct export_order *ret)
{
    struct value arg = value_int("account", ret->account);
    struct rows rows;

    TRY(store_select(store, QUERY_IDENTITY_BY_ACCOUNT, &arg, 1, &identity_table, &request->arena, &rows));
    const struct identity *identity = rows.count == 1 ? rows.items[0] : NULL;
    if (identity != NULL && identity->name != NULL)
        view_mask_name(identity->name, ret->holder, sizeof ret->holder);
    return ERR_NONE;
}

/* A customer's exports are of its own account unless it names a member's. */
static enum err account_take(struct request *request, struct store *store, const char *ref, struct export_order *ret,
                             bool *ret_read)
{
    const char *own = request->caller.own_account;
    const char *wanted = ref != NULL ? ref : own[0] != '\0' ? own : NULL;
    struct account *account;

    *ret_read = true;
    if (wanted == NULL)
        return ERR_NONE;
    TRY(request_account(request, store, wanted, &account));
    *ret_read = account != NULL;
    if (account == NULL)
        return ERR_NONE;
    ret->account = account->id;
    copy(ret->account_ref, sizeof ret->account_ref, account->ref);
    copy(ret->currency, sizeof ret->currency, account->currency);
    return ret->format == EXPORT_PDF ? holder_take(request, store, ret) : ERR_NONE;
}

/* A file of all rows is for whoever may page through them (routes.def). */
static bool role_ok(const struct request *request, const struct export_kind *kind)
{
    static const struct {
        const char *kind;
        unsigned roles;
    } narrower[] = {{"audit", ROLE_AUDIT}, {"events", ROLE_READ | ROLE_FACTS}};

    for (size_t i = 0; i < ARRAY_COUNT(narrower); i++)
        if (strcmp(narrower[i].kind, kind->name) == 0)
            return (request->caller.roles & narrower[i].roles) != 0;
    return true;
}

enum err export_order_read(struct request *request, struct store *store, const struct export_wish *wish,
                           struct export_order *ret, bool *ret_read)
{
    *ret_read = false;
    ret->kind = export_kind_named(wish->what);
    ret->format = (enum export_format)wish->format;
    ret->from = wish->from;
    ret->to = wish->to;
    if (ret->kind == NULL) {
        request_missing(request);
        return ERR_NONE;
    }
    if (!role_ok(request, ret->kind)) {
        request_problem(request, MHD_HTTP_FORBIDDEN, "forbidden", "Your role does not include this.");
        return ERR_NONE;
    }
    if (!wish_ok(request, wish, ret))
        return ERR_NONE;
    return account_take(request, store, wish->account, ret, ret_read);
}

bool export_order_allowed(struct request *request, const json_t *answer)
{
    const char *what = json_string_value(json_object_get(answer, "what"));
    const char *ref = json_string_value(json_object_get(answer, "account"));
    const struct export_kind *kind = what != NULL ? export_kind_named(what) : NULL;
    struct account *account = NULL;
    struct store *store;
    char reason[256];

    if (kind == NULL || !role_ok(request, kind))
        return false;
    if (request->caller.own_account[0] == '\0')
        return true;
    return ref != NULL && server_reader(request->server, &store, reason) == ERR_NONE &&
           request_account(request, store, ref, &account) == ERR_NONE && account != NULL;
}

/* ---- saying ---- */

void export_order_name(const struct export_order *order, char ret[REF_BYTES])
{
    snprintf(ret, REF_BYTES, "%s.%s", order->kind->name, word_text(&export_format_words, (int)order->format));
}

void export_order_write(struct out *out, const struct export_order *order)
{
    out_string(out, "what", order->kind->name);
    out_string(out, "format", word_text(&export_format_words, (int)order->format));
    out_string(out, "account", order->account_ref[0] != '\0' ? order->account_ref : NULL);
    if (order->kind->word != NULL)
        out_string(out, order->kind->word, order->word[0] != '\0' ? order->word : NULL);
    out_instant(out, "from", order->from);
    out_instant(out, "to", order->to);
}

void export_result_write(struct out *out, const struct export_result *result)
{
    char sha256[2 * EXPORT_SHA256_BYTES + 1];

    hash_hex(result->sha256, sizeof result->sha256, sha256);
    out_int(out, "rows", result->rows);
    out_array(out, "totals");
    for (size_t i = 0; i < result->totals_count; i++) {
        out_object(out, NULL);
        out_string(out, "currency", result->totals[i].currency);
        out_int(out, "amount", result->totals[i].amount);
        out_object_end(out);
    }
    out_array_end(out);
    out_int(out, "bytes", result->bytes);
    out_string(out, "sha256", sha256);
}

/* ---- making ---- */

void export_path(const struct server *server, const char *name, char ret[EXPORT_PATH_BYTES])
{
    snprintf(ret, EXPORT_PATH_BYTES, "%.4200s/" EXPORT_DIRECTORY "/%.100s", server_config(server)->directory, name);
}

bool export_room_keep(const struct server *server)
{
    char room[EXPORT_PATH_BYTES];

    export_path(server, "", room);
    return directory_keep(room);
}

static const struct policy *policy_of(const void *context, const char *name, int64_t version)
{
    return policies_find(context, name, version);
}

static enum err rows_run(const struct export_order *order, const struct export_run_terms *terms,
                         struct export_result *ret, char ret_reason[256])
{
    const struct http_config *config = server_config(terms->server);
    struct export_ask ask = {.kind = order->kind,
                             .format = order->format,
                             .account = order->account,
                             .account_ref = order->account_ref,
                             .word = order->word[0] != '\0' ? order->word : NULL,
                             .from = order->from,
                             .to = order->to};
    SCOPED(store_close) struct store *store = NULL;
    char room[EXPORT_PATH_BYTES];
    enum err err;

    export_path(terms->server, "", room);
    TRY(store_open(config->store, STORE_READER, config->vault, &store, ret_reason));
    struct export_terms how = {.store = store,
                               .path = terms->path,
                               .room = room,
                               .at = engine_now(config->engine),
                               .rows_max = terms->rows_max,
                               .policy = policy_of,
                               .context = config->policies,
                               .stopping = terms->stopping,
                               .progress = terms->progress};
    err = store_begin(store);
    if (err != ERR_NONE) {
        snprintf(ret_reason, 256, "%s", store_reason(store));
        return err;
    }
    err = export_run(&ask, &how, ret, ret_reason);
    store_rollback(store);
    return err;
}

/* ---- a statement: the rows first, then a worker draws them ---- */

static void statement_head(struct out *out, const struct export_order *order, const struct export_run_terms *terms,
                           const struct export_result *result)
{
    const struct http_config *config = server_config(terms->server);

    out_object(out, NULL);
    out_string(out, "operator", config->operator_name);
    out_string(out, "account", order->account_ref);
    out_string(out, "holder", order->holder);
    out_string(out, "currency", order->currency);
    out_instant(out, "from", order->from);
    out_instant(out, "to", order->to);
    out_instant(out, "made_at", engine_now(config->engine));
    out_money(out, "opening", result->opening);
    out_money(out, "closing", result->closing);
    out_object_end(out);
    out_text(out, "\n");
}

static bool lines_add(struct out *out, const char *path)
{
    int fd = file_open(path, FILE_READ);
    char room[16384];
    int64_t size = -1;

    while (fd >= 0 && (size = file_read(fd, room, sizeof room)) > 0)
        out_bytes(out, room, (size_t)size);
    if (fd >= 0)
        file_close(fd);
    return size == 0 && !out->failed;
}

static bool pdf_keep(const char *path, const struct out *pdf, struct export_result *result)
{
    int fd = file_open(path, FILE_NEW);
    bool kept = fd >= 0 && file_write(fd, pdf->data, pdf->size);

    if (fd >= 0)
        file_close(fd);
    crypto_hash_sha256(result->sha256, (const unsigned char *)pdf->data, pdf->size);
    result->bytes = (int64_t)pdf->size;
    return kept;
}

static enum err statement_draw(const struct export_order *order, const struct export_run_terms *terms,
                               const char *lines, struct export_result *result, char ret_reason[256])
{
    static const char *const arguments[] = {"ebb", "receipt", "statement", NULL};
    SCOPED(out_fini) struct out input, pdf;

    out_init(&input);
    out_init(&pdf);
    statement_head(&input, order, terms, result);
    snprintf(ret_reason, 256, "the statement's lines or its file");
    if (!lines_add(&input, lines) || server_config(terms->server)->program == NULL)
        return ERR_RETRY;
    struct worker_job job = {.program = server_config(terms->server)->program,
                             .arguments = arguments,
                             .input = input.data,
                             .input_bytes = input.size,
                             .stopping = terms->stopping};

    TRY(worker_run(&job, &pdf, ret_reason));
    return pdf_keep(terms->path, &pdf, result) ? ERR_NONE : ERR_RETRY;
}

static enum err statement_run(const struct export_order *order, const struct export_run_terms *terms,
                              struct export_result *ret, char ret_reason[256])
{
    struct export_order rows = *order;
    struct export_run_terms how = *terms;
    char lines[EXPORT_PATH_BYTES + 8];
    enum err err;

    snprintf(lines, sizeof lines, "%s.tmp", terms->path);
    rows.format = EXPORT_JSONL;
    how.path = lines;
    how.rows_max = STATEMENT_ROWS_MAX;
    err = rows_run(&rows, &how, ret, ret_reason);
    if (err == ERR_NONE)
        err = statement_draw(order, terms, lines, ret, ret_reason);
    (void)unlink(lines);
    return err;
}

enum err export_order_run(const struct export_order *order, const struct export_run_terms *terms,
                          struct export_result *ret, char ret_reason[256])
{
    return order->format == EXPORT_PDF ? statement_run(order, terms, ret, ret_reason)
                                       : rows_run(order, terms, ret, ret_reason);
}

/* ---- answering ---- */

static const char *totals_say(struct request *request, const struct export_result *result)
{
    char *text = arena_alloc(&request->arena, TOTALS_BYTES), amount[MONEY_TEXT_BYTES];
    size_t size = 0;

    if (text == NULL)
        return NULL;
    text[0] = '\0';
    for (size_t i = 0; i < result->totals_count; i++) {
        money_format(money_of(result->totals[i].amount), result->totals[i].currency, amount);
        size += (size_t)snprintf(text + size, TOTALS_BYTES - size, "%s%s %s", i > 0 ? ", " : "",
                                 result->totals[i].currency, amount);
    }
    return text;
}

/* RFC 9530 */
static const char *digest_say(struct request *request, const struct export_result *result)
{
    char *text = arena_alloc(&request->arena, DIGEST_BYTES + 16), digest[DIGEST_BYTES];

    if (text == NULL)
        return NULL;
    sodium_bin2base64(digest, sizeof digest, result->sha256, sizeof result->sha256, sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, DIGEST_BYTES + 16, "sha-256=:%s:", digest);
    return text;
}

static const char *rows_say(struct request *request, const struct export_result *result)
{
    char *text = arena_alloc(&request->arena, DIGITS_BYTES);

    if (text != NULL)
        digits_of(result->rows, text);
    return text;
}

bool export_answer_file(struct request *request, const struct export_order *order, const char *path,
                        const struct export_result *result)
{
    const char *rows = rows_say(request, result), *totals = totals_say(request, result),
               *digest = digest_say(request, result);
    int fd = rows != NULL && totals != NULL && digest != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

    if (fd < 0)
        return false;
    request_header_add(request, "Ebb-Rows", rows);
    if (totals[0] != '\0')
        request_header_add(request, "Ebb-Control-Total", totals);
    request_header_add(request, "Repr-Digest", digest);
    export_order_name(order, request->filename);
    request_answer_file(request, export_format_media_type(order->format), fd, result->bytes);
    return true;
}
