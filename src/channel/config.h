/* SPDX-License-Identifier: Apache-2.0 */
/* channels.yaml: which channels a server has. Read once, at the start: a mistake anywhere and no channel is opened.
 *
 *     channels:
 *       stripe:                       the name that top-ups and policies carry
 *         kind: stripe
 *         secret_key_file: stripe.key
 *         webhook_secret_files: [stripe.whsec]
 *
 * Names of files are taken from the directory of the file itself. Secrets stand in files of their own, never in here.
 * docs/connector-guide.md describes every key. */
#ifndef EBB_CHANNEL_CONFIG_H
#define EBB_CHANNEL_CONFIG_H

#include "base/out.h"
#include "channel/channel.h"

#define CHANNELS_FILE "channels.yaml"
#define CHANNELS_REASON_BYTES 512

/* Adds to `channels`. ERR_REQUEST: "FILE:LINE: KEY: expected …", or what is wrong with a file of keys. */
MUST_USE enum err channels_open(const char *path, struct channels *channels, char ret_reason[CHANNELS_REASON_BYTES]);
void channels_close(struct channels *channels);

/* For people: what the file says, with secrets as their last four characters. Every mistake is a line of its own.
 * ERR_REQUEST when there is one. */
MUST_USE enum err channels_describe(const char *path, struct out *ret);
/* Every code of every kind with what it proves, tab-separated: kind, where, code, fact, again, first only, source. */
void channels_codes(struct out *ret);

#endif
