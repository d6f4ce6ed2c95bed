/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include "base/random.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define HEADER_BYTES 512
#define CONNECT_TIMEOUT_MS 5000L
#define CALL_TIMEOUT_MS 120000L
#define PAGE_ITEMS "200"

enum { OPTION_URL = 0x100, OPTION_TOKEN, OPTION_JSON };

static const struct argp_option client_options[] = {
    {"url", OPTION_URL, "URL", 0, "The server (EBB_URL, or http://127.0.0.1:8080)", 90},
    {"token", OPTION_TOKEN, "TOKEN", 0, "The API key (EBB_TOKEN)", 90},
    {"json", OPTION_JSON, NULL, 0, "Answer in JSON, as the server gave it", 90},
    {0},
};

static error_t client_option(int key, char *value, struct argp_state *state)
{
    struct client *client = state->input;

    switch (key) {
    case OPTION_URL:
        client->url = value;
        return 0;
    case OPTION_TOKEN:
        client->token = value;
        return 0;
    case OPTION_JSON:
        client->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp client_argp = {client_options, client_option, NULL, NULL, NULL, NULL, NULL};

void client_init(struct client *client, const char *program)
{
    const char *url = getenv("EBB_URL");

    *client = (struct client){.program = program,
                              .url = url != NULL && url[0] != '\0' ? url : "http://127.0.0.1:8080",
                              .token = getenv("EBB_TOKEN")};
}

void client_key(char ret[CLIENT_KEY_BYTES])
{
    uint8_t bytes[(CLIENT_KEY_BYTES - 1) / 2];
    struct random random;

    random_init_system(&random);
    random_fill(&random, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

const char *json_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

int64_t json_minor(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

const char *json_amount(const json_t *object, const char *member, const char *currency, char ret[MONEY_TEXT_BYTES])
{
    if (json_is_integer(json_object_get(object, member)) && currency_digits(currency) >= 0)
        money_format(money_of(json_minor(object, member)), currency, ret);
    else
        snprintf(ret, MONEY_TEXT_BYTES, "%" PRId64, json_minor(object, member));
    return ret;
}

/* ---- the exchange ---- */

static size_t body_take(char *data, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t bytes = size * count;
    char *grown;

    if (answer->sink != NULL && answer->status >= 200 && answer->status < 300)
        return fwrite(data, 1, bytes, answer->sink);
    if (answer->body_bytes + bytes > ANSWER_BYTES_MAX)
        return 0;
    grown = realloc(answer->body, answer->body_bytes + bytes + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + answer->body_bytes, data, bytes);
    answer->body = grown;
    answer->body_bytes += bytes;
    answer->body[answer->body_bytes] = '\0';
    return bytes;
}

static bool header_value(const char *data, size_t bytes, const char *name, char *ret, size_t ret_bytes)
{
    size_t start = strlen(name);

    if (bytes <= start || strncasecmp(data, name, start) != 0)
        return false;
    while (start < bytes && data[start] == ' ')
        start++;
    snprintf(ret, ret_bytes, "%.*s", (int)(bytes - start), data + start);
    ret[strcspn(ret, "\r\n")] = '\0';
    return true;
}

static size_t header_take(char *data, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    char seconds[16], status[16];

    if (header_value(data, size * count, "HTTP/", status, sizeof(status))) /* "2 200": the version, and what it says */
        answer->status = strtol(status + strcspn(status, " "), NULL, 10);
    header_value(data, size * count, "ETag:", answer->etag, sizeof(answer->etag));
    if (header_value(data, size * count, "Retry-After:", seconds, sizeof(seconds)))
        answer->retry_after_s = strtoll(seconds, NULL, 10); /* a date counts as none */
    return size * count;
}

static bool header_add(struct curl_slist **headers, const char *name, const char *value)
{
    char text[HEADER_BYTES];
    struct curl_slist *grown;

    if (value == NULL)
        return true;
    if (snprintf(text, sizeof(text), "%s: %s", name, value) >= (int)sizeof(text) || strpbrk(value, "\r\n") != NULL)
        return false;
    grown = curl_slist_append(*headers, text);
    if (grown == NULL)
        return false;
    *headers = grown;
    return true;
}

static bool headers_make(const struct client *client, const struct client_request *request, struct curl_slist **ret)
{
    const char *type = request->content_type != NULL ? request->content_type : "application/json";
    char bearer[HEADER_BYTES];

    if (client->token != NULL && snprintf(bearer, sizeof(bearer), "Bearer %s", client->token) >= (int)sizeof(bearer))
        return false;
    return header_add(ret, "Authorization", client->token != NULL ? bearer : NULL) &&
           header_add(ret, "Content-Type", request->body != NULL ? type : NULL) &&
           header_add(ret, "Idempotency-Key", request->key) && header_add(ret, "If-Match", request->if_match) &&
           header_add(ret, "Expect", ""); /* no 100-continue */
}

static void request_prepare(CURL *curl, const struct client_request *request, const char *url,
                            struct curl_slist *headers, struct answer *ret)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    if (request->sink == NULL) {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, CALL_TIMEOUT_MS);
    } else { /* a file may take long, but not stand still */
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, CALL_TIMEOUT_MS / 1000);
    }
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_take);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, ret);
    if (request->body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
}

/* Nothing has left the house when the connection was never made. */
bool answer_never_sent(const struct answer *answer)
{
    int code = answer->fault;

    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_URL_MALFORMAT ||
           code == CURLE_UNSUPPORTED_PROTOCOL;
}

bool answer_fault_passes(const struct answer *answer)
{
    return answer->fault != CURLE_URL_MALFORMAT && answer->fault != CURLE_UNSUPPORTED_PROTOCOL &&
           answer->fault != CURLE_COULDNT_RESOLVE_HOST && answer->fault != CURLE_OUT_OF_MEMORY &&
           answer->fault != CURLE_PEER_FAILED_VERIFICATION;
}

const char *answer_fault(const struct answer *answer)
{
    return curl_easy_strerror((CURLcode)answer->fault);
}

static enum cli_exit exchange_failed(const struct client *client, const struct client_request *request,
                                     const struct answer *answer)
{
    bool harmless = answer_never_sent(answer) || strcmp(request->method, "GET") == 0;

    cli_complain(client->program, "%s: %s", client->url, answer_fault(answer));
    if (answer->fault == CURLE_COULDNT_CONNECT)
        cli_complain(client->program, "is the server running? 'ebb serve' starts one; --url names another");
    if (!harmless && request->key != NULL)
        cli_complain(client->program, "the outcome is not known: ask again with --key %s", request->key);
    return harmless ? CLI_REFUSED : CLI_UNKNOWN;
}

/* ---- problems, for people ---- */

static void explain_amounts(const json_t *problem, const char *currency, const char *program)
{
    static const char *const members[] = {"requested", "withdrawable", "available"};
    char amount[MONEY_TEXT_BYTES];

    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        if (json_is_integer(json_object_get(problem, members[i])))
            cli_complain(program, "  %s: %s %s", members[i],
                         json_amount(problem, members[i], currency != NULL ? currency : "", amount),
                         currency != NULL ? currency : "(minor units)");
    if (json_is_integer(json_object_get(problem, "tries_left")))
        cli_complain(program, "  tries_left: %" PRId64, json_minor(problem, "tries_left"));
}

static enum cli_exit explain(const struct client *client, const struct client_request *request,
                             const struct answer *answer)
{
    const json_t *problem = answer->json;
    const char *rule = json_text(problem, "rule"), *detail = json_text(problem, "detail");
    json_t *error;
    size_t index;

    if (client->json && problem != NULL)
        client_print(answer);
    cli_complain(client->program, "%ld %s%s%s%s: %s%s", answer->status, json_text(problem, "code"),
                 rule[0] != '\0' ? " (rule " : "", rule, rule[0] != '\0' ? ")" : "",
                 detail[0] != '\0' ? detail : "the server refused",
                 answer->status == 401 ? " (set EBB_TOKEN or --token)" : "");
    explain_amounts(problem, request->currency, client->program);
    json_array_foreach(json_object_get(problem, "errors"), index, error)
        cli_complain(client->program, "  %s: %s", json_text(error, "pointer"), json_text(error, "detail"));
    if (answer->status == 503) {
        if (request->key != NULL)
            cli_complain(client->program, "%s with --key %s",
                         strcmp(json_text(problem, "code"), "quarantined") == 0
                             ? "nothing was done now; when the quarantine is released, ask again"
                             : "the outcome is not known: ask again",
                         request->key);
        return CLI_UNKNOWN;
    }
    return answer->status == 400 ? CLI_USAGE : CLI_REFUSED;
}

enum cli_exit client_explain(const struct client *client, const struct client_request *request,
                             const struct answer *answer)
{
    return answer->fault != CURLE_OK ? exchange_failed(client, request, answer) : explain(client, request, answer);
}

bool client_ask(const struct client *client, const struct client_request *request, struct answer *ret)
{
    char url[HEADER_BYTES + CLIENT_PATH_BYTES];
    struct curl_slist *headers = NULL;
    CURL *curl = client->kept != NULL ? client->kept : curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;

    *ret = (struct answer){.sink = request->sink};
    if (snprintf(url, sizeof(url), "%s%s", client->url, request->path) >= (int)sizeof(url))
        code = CURLE_URL_MALFORMAT;
    else if (curl != NULL && headers_make(client, request, &headers)) {
        request_prepare(curl, request, url, headers, ret);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
    }
    if (client->kept != NULL)
        curl_easy_reset(curl); /* keeps the connection */
    else
        curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    ret->fault = (int)code;
    if (code == CURLE_OK && ret->body != NULL)
        ret->json = json_loadb(ret->body, ret->body_bytes, 0, NULL);
    return code == CURLE_OK;
}

enum cli_exit client_call(const struct client *client, const struct client_request *request, struct answer *ret)
{
    if (client_ask(client, request, ret) && ret->status >= 200 && ret->status < 300)
        return CLI_OK;
    return client_explain(client, request, ret);
}

void client_keep(struct client *client)
{
    client->kept = curl_easy_init(); /* without memory: a connection for each exchange */
}

void client_leave(struct client *client)
{
    curl_easy_cleanup(client->kept);
    client->kept = NULL;
}

void answer_fini(struct answer *answer)
{
    json_decref(answer->json);
    free(answer->body);
    *answer = (struct answer){0};
}

enum cli_exit client_get(const struct client *client, const char *path, struct answer *ret)
{
    return client_call(client, &(struct client_request){.method = "GET", .path = path}, ret);
}

void client_query(char path[CLIENT_PATH_BYTES], const char *name, const char *value)
{
    size_t used = strlen(path);
    char *escaped = value != NULL ? curl_easy_escape(NULL, value, 0) : NULL;

    if (escaped != NULL)
        snprintf(path + used, CLIENT_PATH_BYTES - used, "%c%s=%s", strchr(path, '?') != NULL ? '&' : '?', name,
                 escaped);
    curl_free(escaped);
}

enum cli_exit client_each(const struct client *client, const char *path, size_t limit,
                          void (*each)(const json_t *item, void *context), void *context)
{
    char page[CLIENT_PATH_BYTES], cursor[CLIENT_PATH_BYTES] = "";
    size_t seen = 0;

    do {
        struct answer answer;
        size_t index;
        json_t *item;

        snprintf(page, sizeof(page), "%s", path);
        client_query(page, "limit", PAGE_ITEMS);
        client_query(page, "cursor", cursor[0] != '\0' ? cursor : NULL);
        enum cli_exit status = client_get(client, page, &answer);

        json_array_foreach(json_object_get(answer.json, "data"), index, item) if (seen++ < limit) each(item, context);
        snprintf(cursor, sizeof(cursor), "%s", json_text(answer.json, "next_cursor"));
        answer_fini(&answer);
        if (status != CLI_OK)
            return status;
    } while (cursor[0] != '\0' && seen < limit);
    return CLI_OK;
}

void client_print(const struct answer *answer)
{
    struct out view = {.data = answer->body, .size = answer->body_bytes};

    if (answer->body != NULL)
        cli_print_json(&view, true, stdout);
}
