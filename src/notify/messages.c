/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox: messages that wait go out by SMS, or by mail where the recipient is an address of mail, until one of the
 * two took them or they are of no more use. What was sent is a row that the engine changes; a kill between the two
 * sends again, under the same key. Nothing of a message is ever logged but its id. */
#include "notify/message_text.h"
#include "notify/notify_parts.h"
#include "notify/template.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"

#define NOTICE_MS MS_DAY /* so long a message is tried */
#define PAGE_MESSAGES 64
#define PAGES_MAX 8

/* Before the next attempt, after so many. */
static const int64_t waits_ms[] = {2 * MS_SECOND, 5 * MS_SECOND, 15 * MS_SECOND,
                                   MS_MINUTE,     5 * MS_MINUTE, 30 * MS_MINUTE};

/* ---- posts ---- */

static struct post *post_of(struct notify *notify, int64_t message)
{
    struct post *free_one = NULL, *oldest = NULL;

    for (size_t i = 0; i < POSTS_MAX; i++) {
        struct post *post = &notify->posts[i];
        if (post->used && post->message == message)
            return post;
        if (!post->used && free_one == NULL)
            free_one = post;
        if (post->used && !post->flying && !post->sent && (oldest == NULL || post->message < oldest->message))
            oldest = post;
    }
    free_one = free_one != NULL ? free_one : oldest;
    if (free_one != NULL)
        *free_one = (struct post){.notify = notify, .message = message, .used = true};
    return free_one;
}

static void post_drop(struct post *post)
{
    post->given_up = true;
}

/* What the other side says about the message itself, and not about itself. */
static bool is_final(const struct wire_answer *answer, bool mail)
{
    if (mail)
        return answer->status >= 500 && answer->status < 600;
    return answer->status >= 400 && answer->status < 500 && answer->status != 408 && answer->status != 425 &&
           answer->status != 429;
}

static void post_failed(struct post *post, const struct wire_answer *answer, bool final)
{
    char id[ID_TEXT_BYTES];
    int64_t last = (int64_t)ARRAY_COUNT(waits_ms) - 1;
    int64_t wait = waits_ms[post->attempts - 1 < last ? post->attempts - 1 : last];

    post->notify->config.stats->messages_failed++;
    post->next_at = instant_add_ms(engine_now(post->notify->config.engine),
                                   wait > answer->retry_after_ms ? wait : answer->retry_after_ms);
    if (!final)
        return;
    post_drop(post);
    id_format("ms", post->message, id);
    log_line(LOG_LEVEL_WARN, "a message was refused", "message", id, "why", answer->detail, NULL);
}

static void post_ended(struct post *post, const struct wire_answer *answer, bool mail)
{
    post->flying = false;
    post->sent = answer->well;
    if (answer->well)
        post->notify->config.stats->messages_sent++;
    else
        post_failed(post, answer, is_final(answer, mail));
}

static void on_sms(void *context, const struct wire_answer *answer)
{
    post_ended(context, answer, false);
}

static void on_mail(void *context, const struct wire_answer *answer)
{
    post_ended(context, answer, true);
}

/* ---- sending ---- */

static enum err sms_send(struct notify *notify, struct post *post, const char *to, const struct message_words *words)
{
    const struct notify_settings *settings = notify->config.settings;
    struct wire_call call = {.url = settings->messages.sms.url,
                             .headers = {"Content-Type: application/json"},
                             .trusted = true,
                             .done = on_sms,
                             .context = post};
    char id[ID_TEXT_BYTES];
    size_t headers = 1;
    struct out out;

    id_format("ms", post->message, id);
    const struct template_value values[] = {{"to", to}, {"text", words->body}, {"id", id}};
    out_init_in(&out, &notify->arena);
    template_write(&out, settings->messages.sms.body, values, ARRAY_COUNT(values), true);
    if (settings->messages.sms.idempotency != NULL) {
        const char *key = arena_format(&notify->arena, "%s: %s", settings->messages.sms.idempotency, id);
        if (key == NULL)
            return ERR_RETRY;
        call.headers[headers++] = key;
    }
    for (size_t i = 0; i < settings->messages.sms.headers_count; i++)
        call.headers[headers++] = settings->messages.sms.headers[i];
    call.body = out.data;
    return out.failed ? ERR_RETRY : wire_post(notify->wire, &call);
}

/* RFC 2047 for the subject, RFC 2045 for the text: whatever letters they have, the lines are short and of ASCII. */
static const char *base64_lines(struct arena *arena, const char *text)
{
    size_t size = sodium_base64_encoded_len(strlen(text), sodium_base64_VARIANT_ORIGINAL);
    char *plain = arena_alloc(arena, size);
    struct out out;

    if (plain == NULL)
        return NULL;
    sodium_bin2base64(plain, size, (const unsigned char *)text, strlen(text), sodium_base64_VARIANT_ORIGINAL);
    out_init_in(&out, arena);
    for (size_t at = 0, left = strlen(plain); left > 0;) {
        size_t line = left < 76 ? left : 76;
        out_bytes(&out, plain + at, line);
        out_text(&out, "\r\n");
        at += line;
        left -= line;
    }
    return out.failed ? NULL : out.data;
}

static const char *mail_make(struct notify *notify, const struct post *post, const char *to,
                             const struct message_words *words)
{
    const char *from = notify->config.settings->messages.mail.from, *host = strchr(from, '@') + 1;
    const char *text = base64_lines(&notify->arena, words->body),
               *subject = base64_lines(&notify->arena, words->subject);
    char id[ID_TEXT_BYTES];

    id_format("ms", post->message, id);
    return text == NULL || subject == NULL
               ? NULL
               : arena_format(&notify->arena,
                              "From: <%s>\r\nTo: <%s>\r\nSubject: =?UTF-8?B?%.*s?=\r\nMessage-ID: <%s@%s>\r\n"
                              "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n%s",
                              from, to, (int)strcspn(subject, "\r"), subject, id, host, text);
}

static bool mail_address_ok(const char *to)
{
    return strpbrk(to, " <>,;\"\\\r\n") == NULL;
}

static enum err mail_send(struct notify *notify, struct post *post, const char *to, const struct message_words *words)
{
    const struct notify_settings *settings = notify->config.settings;
    const struct wire_call call = {.url = settings->messages.mail.url,
                                   .body = mail_make(notify, post, to, words),
                                   .trusted = true,
                                   .mail = {.from = settings->messages.mail.from,
                                            .to = to,
                                            .user = settings->messages.mail.user,
                                            .password = settings->messages.mail.password,
                                            .plain = settings->messages.mail.plain},
                                   .done = on_mail,
                                   .context = post};

    return call.body != NULL ? wire_post(notify->wire, &call) : ERR_RETRY;
}

/* ---- the round ---- */

static enum err withdrawal_read(struct notify *notify, int64_t id, const struct withdrawal **ret)
{
    const struct value arg = value_int("id", id);
    struct rows rows = {0};

    *ret = NULL;
    if (id == 0)
        return ERR_NONE;
    TRY(store_select(notify->reader, QUERY_WITHDRAWAL_BY_ID, &arg, 1, &withdrawal_table, &notify->arena, &rows));
    *ret = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

static enum err message_send(struct notify *notify, const struct message *message, struct post *post, bool mail)
{
    struct instant now = engine_now(notify->config.engine);
    const struct withdrawal *withdrawal;
    struct message_words words;

    TRY(withdrawal_read(notify, message->withdrawal, &withdrawal));
    if (!message_is_useful(message, withdrawal, now) || (mail && !mail_address_ok(message->recipient))) {
        post_drop(post);
        return ERR_NONE;
    }
    const struct policy *policy =
        withdrawal != NULL ? policies_find(notify->config.policies, withdrawal->policy, withdrawal->policy_version)
                           : NULL;
    TRY(message_words(notify->config.settings, message, withdrawal, policy, now, &notify->arena, &words));
    TRY(mail ? mail_send(notify, post, message->recipient, &words)
             : sms_send(notify, post, message->recipient, &words));
    post->attempts++;
    post->flying = true;
    return ERR_NONE;
}

/* By which way it goes, if there is one. */
static enum err message_look(struct notify *notify, const struct message *message)
{
    const struct notify_settings *settings = notify->config.settings;
    bool mail = message->recipient != NULL && strchr(message->recipient, '@') != NULL;
    struct post *post;

    if (message->recipient == NULL || message->recipient[0] == '\0' ||
        (mail ? settings->messages.mail.url : settings->messages.sms.url) == NULL)
        return ERR_NONE;
    post = post_of(notify, message->id);
    if (post == NULL || post->flying || post->sent || post->given_up || wire_flying(notify->wire) >= FLIGHTS_MAX ||
        instant_after(post->next_at, engine_now(notify->config.engine)))
        return ERR_NONE;
    return message_send(notify, message, post, mail);
}

static enum err sent_report(struct notify *notify)
{
    int64_t ids[POSTS_MAX];
    struct messages_ask ask = {.ids = ids};
    struct command command = {
        .kind = COMMAND_MESSAGES, .roles = ROLE_SYSTEM, .principal = "system:notify", .quiet = true, .ask = &ask};
    struct reply reply;

    for (size_t i = 0; i < POSTS_MAX; i++)
        if (notify->posts[i].used && notify->posts[i].sent)
            ids[ask.count++] = notify->posts[i].message;
    if (ask.count == 0)
        return ERR_NONE;
    engine_run(notify->config.engine, &command, &reply);
    bool done = reply.status >= 200 && reply.status < 300;
    reply_fini(&reply);
    for (size_t i = 0; i < POSTS_MAX && done; i++)
        if (notify->posts[i].used && notify->posts[i].sent)
            notify->posts[i].used = false;
    return done ? ERR_NONE : ERR_RETRY;
}

enum err messages_round(struct notify *notify)
{
    int64_t after = id_last_of(instant_add_ms(engine_now(notify->config.engine), -NOTICE_MS));
    struct rows rows = {.count = PAGE_MESSAGES};

    TRY(sent_report(notify));
    for (int page = 0; page < PAGES_MAX && rows.count == PAGE_MESSAGES; page++) {
        const struct value args[] = {value_int("after", after), value_int("limit", PAGE_MESSAGES)};
        TRY(store_select(notify->reader, QUERY_MESSAGES_TO_SEND, args, ARRAY_COUNT(args), &message_table,
                         &notify->arena, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            const struct message *message = rows.items[i];
            TRY(message_look(notify, message));
            after = message->id;
        }
    }
    return ERR_NONE;
}
