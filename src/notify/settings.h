/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator says about what leaves the house: `ebb serve --notify FILE` (docs/operations.md). Without a file
 * the defaults stand. Unknown keys and values that do not read are refused at the start, with file and line. */
#ifndef EBB_NOTIFY_SETTINGS_H
#define EBB_NOTIFY_SETTINGS_H

#include "base/arena.h"
#include "notify/address.h"

#define SETTINGS_ARENA_BYTES ((size_t)2 << 20)

#define SETTINGS_HEADERS_MAX 4

/* What a message says; also its subject where it goes by mail. */
struct message_text {
    const char *subject, *body;
};
enum { MESSAGE_CODE = 0, MESSAGE_NOTICE, MESSAGE_TEXTS };
/* Placeholders of the texts, and of what an SMS provider is told; ended by NULL. */
extern const char *const message_placeholders[], *const sms_placeholders[];

struct notify_settings {
    const char *source; /* of events, as CloudEvents calls it */
    struct {
        int64_t timeout_ms;
        const char *ca; /* NULL: the system's */
        struct address_ranges allowed;
    } webhooks;
    struct {
        bool chinese;
        struct message_text texts[MESSAGE_TEXTS];
        struct {
            const char *url; /* NULL: no SMS is sent */
            const char *body, *idempotency;
            const char *headers[SETTINGS_HEADERS_MAX];
            size_t headers_count;
        } sms;
        struct {
            const char *url; /* NULL: no mail is sent */
            const char *from, *user, *password;
            bool plain; /* without TLS */
        } mail;
    } messages;
};

/* `path` NULL: the defaults. Texts live in the arena. */
MUST_USE enum err notify_settings_read(const char *path, struct arena *arena, struct notify_settings *ret,
                                       char ret_reason[256]);

#endif
