/* SPDX-License-Identifier: Apache-2.0 */
/* From a message in the outbox to the words that are sent. Knows nothing of how they are sent. */
#ifndef EBB_NOTIFY_MESSAGE_TEXT_H
#define EBB_NOTIFY_MESSAGE_TEXT_H

#include "engine/policies.h"
#include "notify/settings.h"
#include "store/store.h"

struct message_words {
    const char *subject, *body; /* in the arena */
};

/* Is it still of use? A code is, while it is the newest of its withdrawal and not expired. */
bool message_is_useful(const struct message *message, const struct withdrawal *withdrawal, struct instant now);
/* `policy` NULL: unknown. ERR_RETRY: no memory. */
MUST_USE enum err message_words(const struct notify_settings *settings, const struct message *message,
                                const struct withdrawal *withdrawal, const struct policy *policy, struct instant now,
                                struct arena *arena, struct message_words *ret);

#endif
