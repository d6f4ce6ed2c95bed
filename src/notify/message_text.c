/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/message_text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "notify/template.h"

bool message_is_useful(const struct message *message, const struct withdrawal *withdrawal, struct instant now)
{
    if (message->code == NULL)
        return true;
    return withdrawal != NULL && withdrawal->status == WITHDRAWAL_AWAITING_CODE &&
           message->at.ms == withdrawal->code_sent_at.ms && instant_before(now, withdrawal->code_expires_at);
}

/* The last four characters of the account: enough to see that it is one's own. */
static const char *payee_words(const struct withdrawal *withdrawal, bool chinese, struct arena *arena)
{
    const char *origin = chinese ? "原路退回" : "where it came from", *words = origin;

    if (withdrawal->destination == NULL)
        return origin;
    json_t *destination = json_loads(withdrawal->destination, 0, NULL);
    const char *account = json_string_value(json_object_get(destination, "account"));
    size_t size = account != NULL ? strlen(account) : 0;
    if (size > 0)
        words = arena_format(arena, chinese ? "尾号 %s 的账户" : "the account ending in %s",
                             size > 4 ? account + size - 4 : account);
    json_decref(destination);
    return words != NULL ? words : origin;
}

static const char *written(struct arena *arena, const char *text, const struct template_value *values, size_t count)
{
    struct out out;

    out_init_in(&out, arena);
    template_write(&out, text, values, count, false);
    return out.failed ? NULL : out.data;
}

enum err message_words(const struct notify_settings *settings, const struct message *message,
                       const struct withdrawal *withdrawal, const struct policy *policy, struct instant now,
                       struct arena *arena, struct message_words *ret)
{
    const struct message_text *text = &settings->messages.texts[message->code != NULL ? MESSAGE_CODE : MESSAGE_NOTICE];
    bool chinese = settings->messages.chinese;
    char amount[MONEY_TEXT_BYTES] = "", id[ID_TEXT_BYTES] = "", minutes[24] = "";
    const char *status = "", *payee = "";

    if (withdrawal != NULL) {
        money_format(withdrawal->amount, withdrawal->currency, amount);
        id_format("wd", withdrawal->id, id);
        snprintf(minutes, sizeof(minutes), "%lld",
                 (long long)((withdrawal->code_expires_at.ms - now.ms + MS_MINUTE - 1) / MS_MINUTE));
        payee = payee_words(withdrawal, chinese, arena);
        status = policy != NULL ? policy_label(policy, withdrawal->status, chinese)
                                : word_text(&withdrawal_status_words, (int)withdrawal->status);
    }
    const struct template_value values[] = {
        {"code", message->code != NULL ? message->code : ""},
        {"amount", amount},
        {"currency", withdrawal != NULL ? withdrawal->currency : ""},
        {"withdrawal", id},
        {"payee", payee},
        {"minutes", minutes},
        {"status", status},
        {"text", message->text},
    };
    *ret = (struct message_words){.subject = written(arena, text->subject, values, ARRAY_COUNT(values)),
                                  .body = written(arena, text->body, values, ARRAY_COUNT(values))};
    return ret->subject != NULL && ret->body != NULL ? ERR_NONE : ERR_RETRY;
}
