/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of channel: what its part of channels.yaml may say, what it can do, what its codes prove, and how one of it is
 * opened. Each kind is one row of channel_kinds; nothing else in the tree lists them. */
#ifndef EBB_CHANNEL_KIND_H
#define EBB_CHANNEL_KIND_H

#include "channel/leaf.h"
#include "domain/policy_read.h"

#define CHANNEL_TIMEOUT_MS (8 * MS_SECOND) /* less than a server may take to end */
#define CHANNEL_TIMEOUT_MS_MIN (MS_SECOND / 2)
#define CHANNEL_TIMEOUT_MS_MAX (9 * MS_SECOND)
#define CHANNEL_FILES_MAX 4 /* of one key: an old and a new one while keys change, and a little room */

struct channel_files {
    const char *paths[CHANNEL_FILES_MAX];
    size_t count;
};

/* What every kind's settings begin with. Texts live in the arena of the reading, beyond the opening they are copied. */
struct channel_settings {
    const char *endpoint, *ca_file;
    int64_t timeout_ms;
};

struct channel_kind {
    const char *name;
    const struct key *keys;
    size_t keys_count, settings_bytes;
    const struct channel_capability *capability;
    const struct channel_codes *codes;
    /* `directory`: where relative file names begin. NULL: `ret_reason` says what is missing. */
    struct channel *(*open)(const char *name, const void *settings, const char *directory, char ret_reason[256]);
};
#define CHANNEL_KINDS 3
extern const struct channel_kind *const channel_kinds[CHANNEL_KINDS];
extern const struct channel_kind stripe_kind, alipay_kind, wechatpay_kind;

/* Readers of values for the kinds' tables of keys. */
READER(read_endpoint); /* const char *: https://HOST[:PORT][/path] without a slash at its end */
READER(read_file);     /* const char * */
READER(read_files);    /* struct channel_files: one or a list */
READER(read_timeout);  /* int64_t */
READER(read_mark);     /* const char *: an id as the channel gives it: 1–64 of A–Z a–z 0–9 _ . - */

/* The keys that all kinds have. */
#define CHANNEL_KEY_(type, name, member, reader)                                                                       \
    {                                                                                                                  \
        name, KEY(type, common.member, reader), .optional = true                                                       \
    }
#define CHANNEL_SETTINGS_KEYS(type)                                                                                    \
    CHANNEL_KEY_(type, "endpoint", endpoint, read_endpoint), CHANNEL_KEY_(type, "ca_file", ca_file, read_file),        \
        CHANNEL_KEY_(type, "timeout_ms", timeout_ms, read_timeout)

/* A channel's own copies of what it needs on each call. */
struct channel_place {
    char endpoint[HTTPS_URL_BYTES / 2];
    char *ca_file; /* NULL: the system's */
    int64_t timeout_ms;
};
MUST_USE bool channel_place_open(const struct channel_settings *settings, const char *endpoint_usual,
                                 const char *directory, struct channel_place *ret, char ret_reason[256]);
void channel_place_fini(struct channel_place *place);

#endif
