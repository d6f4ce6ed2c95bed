/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of channels: verified by the channel itself, then evidence like any other, and acknowledged after the
 * commit in the words that the channel wants. What it says back is never more than that. */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/answers.h"
#include "http/request.h"

static const char *header_of(void *context, const char *name)
{
    return request_header(context, name);
}

static const struct channel *channel_of(const struct request *request)
{
    return channels_find(server_config(request->server)->channels, request->match.object);
}

static void taken_answer(struct request *request)
{
    const struct channel_operations *operations = channel_of(request)->operations;

    request_answer_static(request, operations->taken_type, operations->taken, strlen(operations->taken));
}

/* On the engine's thread. Only what is committed, or was there before, is taken; the rest the channel tells again. */
static void notify_done(struct command *command, struct reply *reply)
{
    struct request *request = command->context;

    if (reply->status < 300) {
        reply_fini(reply);
        taken_answer(request);
    } else {
        request_reply(request, reply);
    }
    request_resume(request);
}

static void notify_refuse(struct request *request, const struct channel *channel, const char *reason)
{
    log_line(LOG_LEVEL_WARN, "a notification was refused", "channel", channel->name, "reason", reason, NULL);
    request_problem(request, MHD_HTTP_BAD_REQUEST, "notification_refused", "The notification could not be verified.");
}

static void notify_take(struct request *request, const struct channel *channel)
{
    struct command *command = &request->command;

    snprintf(command->principal, sizeof(command->principal), "channel:%s", channel->name);
    command->roles = ROLE_SYSTEM;
    memcpy(command->channel, channel->name, sizeof(command->channel));
    command->source = SOURCE_CALLBACK;
    request_submit_for(request, notify_done);
}

void notify_answer(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    struct channel *channel = channels_find(config->channels, request->match.object);
    struct channel_notice notice = {.body = request->body,
                                    .size = request->body_size,
                                    .header = header_of,
                                    .headers = request,
                                    .now = engine_now(config->engine)};
    char reason[201] = "";

    if (channel == NULL || channel->operations->notify == NULL) {
        request_missing(request);
        return;
    }
    request_command(request, &request->command, COMMAND_EVIDENCE);
    switch (channel->operations->notify(channel, &notice, &request->command.answer, reason)) {
    case HEARD_NEWS:
        notify_take(request, channel);
        break;
    case HEARD_NOTHING:
        taken_answer(request);
        break;
    case HEARD_REFUSED:
        notify_refuse(request, channel, reason);
        break;
    }
}
