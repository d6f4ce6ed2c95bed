/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of channels: verified by the channel itself, then evidence like any other, answered after the commit.
 */
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

static const char *header_of(void *context, const char *name)
{
    return request_header(context, name);
}

void notify_answer(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    struct channel *channel = channels_find(config->channels, request->match.object);
    struct command *command = &request->command;
    char reason[201] = "";

    if (channel == NULL || channel->operations->notify == NULL) {
        request_missing(request);
        return;
    }
    request_command(request, command, COMMAND_EVIDENCE);
    if (!channel->operations->notify(channel, request->body, request->body_size, header_of, request, &command->answer,
                                     reason)) {
        request_problem(request, MHD_HTTP_BAD_REQUEST, "notification_refused",
                        "The notification could not be verified.");
        return;
    }
    snprintf(command->principal, sizeof(command->principal), "channel:%s", channel->name);
    command->roles = ROLE_SYSTEM;
    memcpy(command->channel, channel->name, sizeof(command->channel));
    command->source = SOURCE_CALLBACK;
    request_submit(request);
}
