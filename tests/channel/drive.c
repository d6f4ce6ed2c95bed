/* SPDX-License-Identifier: Apache-2.0 */
/* A channel without a house: what a file of channels configures, called from outside. For the tests in Python.
 *
 *     drive channels FILE     a JSON object a line in, one out:
 *       {"do":"build","channel":…,"key":…,"refund":true,"channel_ref":…,"amount":…,"topup_amount":…,"currency":…,
 *        "destination":…,"at":…}                                            → {"request":…}
 *       {"do":"send","channel":…,"key":…,"request":…,"first":true}          → the answer
 *       {"do":"query","channel":…,"key":…,"request":…}                      → the answer
 *       {"do":"notify","channel":…,"body":…,"headers":{…},"now":…}          → {"heard":…, "reason":…, the answer}
 *     drive messages DIR      the messages of a server's store, which only the vault opens: a JSON object a line */
#include "access/vault.h"
#include "channel/config.h"
#include "channel/leaf.h"
#include "store/store.h"
#include "view/view.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_BYTES (1 << 20)
#define MESSAGES_MAX 10000

static struct channels channels;
static struct arena arena;

static const char *text_of(const json_t *ask, const char *key)
{
    return json_string_value(json_object_get(ask, key));
}

static int64_t number_of(const json_t *ask, const char *key)
{
    return json_integer_value(json_object_get(ask, key));
}

static void answer_write(struct out *out, const struct channel_answer *answer)
{
    out_string(out, "kind", answer->kind < EVIDENCE__COUNT ? word_text(&evidence_kind_words, (int)answer->kind) : "?");
    out_string(out, "alarm", channel_alarm_words.texts[answer->alarm]);
    out_string(out, "key", answer->key);
    out_string(out, "code", answer->code);
    out_string(out, "detail", answer->detail);
    out_string(out, "reference", answer->reference);
    out_money(out, "amount", answer->amount);
    out_string(out, "currency", answer->currency);
}

static const char *header_of(void *headers, const char *name)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)headers, key, value)
    {
        if (strcasecmp(key, name) == 0)
            return json_string_value(value);
    }
    return NULL;
}

static void do_build(struct channel *channel, const json_t *ask, struct out *out)
{
    struct channel_order order = {.key = text_of(ask, "key"),
                                  .refund = json_is_true(json_object_get(ask, "refund")),
                                  .channel_ref = text_of(ask, "channel_ref"),
                                  .amount = money_of(number_of(ask, "amount")),
                                  .topup_amount = money_of(number_of(ask, "topup_amount")),
                                  .currency = text_of(ask, "currency"),
                                  .destination = text_of(ask, "destination"),
                                  .at = {number_of(ask, "at")}};

    out_string(out, "request", channel->operations->build(channel, &order, &arena));
}

static void do_notify(struct channel *channel, const json_t *ask, struct out *out)
{
    static const char *const heard_texts[] = {"refused", "news", "nothing"};
    const json_t *body = json_object_get(ask, "body");
    struct channel_notice notice = {.body = json_string_value(body),
                                    .size = json_string_length(body),
                                    .header = header_of,
                                    .headers = json_object_get(ask, "headers"),
                                    .now = {number_of(ask, "now")}};
    struct channel_answer answer = {0};
    char reason[201] = "";
    enum channel_heard heard = channel->operations->notify(channel, &notice, &answer, reason);

    out_string(out, "heard", heard_texts[heard]);
    out_string(out, "reason", reason);
    if (heard == HEARD_NEWS)
        answer_write(out, &answer);
}

static void ask_do(struct channel *channel, const json_t *ask, struct out *out)
{
    const char *verb = text_of(ask, "do"), *key = text_of(ask, "key"), *request = text_of(ask, "request");
    struct instant now = {number_of(ask, "now")};
    struct channel_answer answer = {0};

    if (strcmp(verb, "build") == 0) {
        do_build(channel, ask, out);
    } else if (strcmp(verb, "notify") == 0) {
        do_notify(channel, ask, out);
    } else if (strcmp(verb, "send") == 0) {
        channel->operations->send(channel, key, request, json_is_true(json_object_get(ask, "first")), now, &answer);
        answer_write(out, &answer);
    } else {
        channel->operations->query(channel, key, request, now, &answer);
        answer_write(out, &answer);
    }
}

static int channels_drive(const char *path)
{
    static char line[LINE_BYTES];
    char reason[CHANNELS_REASON_BYTES];
    struct out out;

    if (channels_open(path, &channels, reason) != ERR_NONE) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    arena_init(&arena, (size_t)1 << 20);
    while (fgets(line, sizeof line, stdin) != NULL) {
        json_t *ask = json_loads(line, 0, NULL);
        struct channel *channel = channels_find(&channels, text_of(ask, "channel"));

        out_init(&out);
        out_object(&out, NULL);
        if (channel == NULL)
            out_string(&out, "mistake", "no such channel");
        else
            ask_do(channel, ask, &out);
        out_object_end(&out);
        puts(out.data);
        fflush(stdout);
        out_fini(&out);
        arena_reset(&arena);
        json_decref(ask);
    }
    arena_fini(&arena);
    channels_close(&channels);
    return 0;
}

static int messages_print(const char *directory)
{
    const struct value limit = value_int("limit", MESSAGES_MAX);
    struct vault vault;
    struct store *store;
    struct rows rows = {0};
    struct out out;
    char reason[256];

    if (vault_open(directory, false, &vault, reason) != ERR_NONE ||
        store_open(directory, STORE_READER, &vault, &store, reason) != ERR_NONE) {
        fprintf(stderr, "%s\n", reason);
        return 1;
    }
    arena_init(&arena, (size_t)64 << 20);
    if (store_select(store, QUERY_MESSAGES_ALL, &limit, 1, &message_table, &arena, &rows) != ERR_NONE)
        fprintf(stderr, "%s\n", store_reason(store));
    for (size_t i = 0; i < rows.count; i++) {
        out_init(&out);
        view_message(&out, rows.items[i]);
        puts(out.data);
        out_fini(&out);
    }
    arena_fini(&arena);
    store_close(&store);
    vault_fini(&vault);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "channels") == 0)
        return channels_drive(argv[2]);
    if (argc == 3 && strcmp(argv[1], "messages") == 0)
        return messages_print(argv[2]);
    fprintf(stderr, "usage: drive channels FILE | drive messages DIR\n");
    return 2;
}
