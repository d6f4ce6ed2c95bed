/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_channels.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "channel/config.h"
#include "channel/simulated.h"

#define PATH_BYTES 4200

static enum err simulated_make(const char *directory, struct channels *ret, char ret_reason[SERVE_REASON_BYTES])
{
    static const char *const names[] = {"alipay", "wechatpay", "unionpay", "bankfile"};
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/simulated.db", directory);
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct channel *channel = simulated_new(names[i], path, NULL, ret_reason);
        if (channel == NULL)
            return ERR_FATAL;
        ret->items[ret->count++] = channel;
    }
    return ERR_NONE;
}

static enum err configured_open(const char *file, struct channels *ret, char ret_reason[SERVE_REASON_BYTES])
{
    TRY(channels_open(file, ret, ret_reason));
    for (size_t i = 0; i < ret->count; i++)
        log_line(LOG_LEVEL_INFO, "channel", "name", ret->items[i]->name, NULL);
    return ERR_NONE;
}

enum err serve_channels(const char *file, const char *directory, bool demo, struct channels *ret,
                        char ret_reason[SERVE_REASON_BYTES])
{
    char beside[PATH_BYTES];

    if (demo && file != NULL) {
        snprintf(ret_reason, SERVE_REASON_BYTES, "--demo has simulated channels and takes no --channels");
        return ERR_REQUEST;
    }
    if (demo)
        return simulated_make(directory, ret, ret_reason);
    if (file != NULL)
        return configured_open(file, ret, ret_reason);
    snprintf(beside, sizeof(beside), "%s/" CHANNELS_FILE, directory);
    if (file_is_there(beside))
        return configured_open(beside, ret, ret_reason);
    log_line(LOG_LEVEL_WARN, "no channels are configured: approved withdrawals wait", NULL);
    return ERR_NONE;
}
