/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated payer: a small outside world with a memory of its own.
 *
 * What it knows (keys seen, digests of their requests, what it paid, callbacks it still owes) stands in its own SQLite
 * file, written before it answers, so that it remembers whom it paid when the server is killed. It keeps its promises
 * as a good bank does: the same key with the same bytes pays once, other bytes under a known key pay nothing. What it
 * answers to the next first sends is scripted; queries and resends take nothing from the script, and when the script is
 * used up it pays. Several instances may share a file: each is a channel of its own, the script is common to them.
 * Thread-safe. It knows nothing of accounts and reads no clock; the only real time it spends is a short pause where it
 * plays a time-out. Callbacks come at least once: asking `poll` again says that the last one has arrived. One thread at
 * a time polls a channel.
 *
 * Words of the script, and what really happens:
 *   paid                pays and says so
 *   pending_then_paid   takes over ("PROCESSING"); pays at the first query, or two seconds later and calls back
 *   refused:CODE        does not pay, and never will under that key
 *   timeout_paid        pays, and the answer is lost
 *   timeout_unpaid      the request is lost; a resend pays
 *   bounce_after:72h    pays; the money comes back after that time (m, h or d) and a callback says so
 * and for tests of the engine's distrust:
 *   duplicate_callback  pays, and says so by reply and by two callbacks
 *   reordered_callback  pays; two callbacks say so while the reply, older news, still says "PROCESSING"
 *   pays_other_amount   pays one minor unit less, or more where there is only one
 *   pays_twice_key      pays, loses the answer, and pays again when the same key comes again: deduplication is a lie
 *   not_found_then_paid pays, loses the answer, and denies it at the first query
 *   error_500           pays, and answers HTTP 500
 *   bad_signature       pays, and signs wrongly
 *   not_sent            the line does not come about, so that no byte leaves; a resend pays
 *   denied:CODE         does not pay, and says that our side is wrong; a resend pays
 *   unlisted_code       does not pay, and answers a code that stands on no list, now and at every query */
#ifndef EBB_CHANNEL_SIMULATED_H
#define EBB_CHANNEL_SIMULATED_H

#include "channel/channel.h"

#define SIMULATED_PENDING_MS (2 * MS_SECOND)
#define SIMULATED_SCRIPT_MAX 10000

/* `path` is a file, created when absent, or ":memory:" (not shared). `capability` NULL: refund, transfer, query and
 * callbacks, no spacing, unlimited memory, time-out one second; with timeout_ms 0 it does not pause at all. NULL on a
 * fault, with a sentence in `ret_reason`. Closed by channel->operations->close. */
MUST_USE struct channel *simulated_new(const char *name, const char *path, const struct channel_capability *capability,
                                       char ret_reason[256]);

/* Appends to the script of the channel's file. Not ERR_NONE: nothing was appended; a word is unknown or the script is
 * too long (ERR_REQUEST), or the file cannot be written now. `ret_reason` says which. */
MUST_USE enum err simulated_script(struct channel *channel, const char *const *outcomes, size_t outcomes_count,
                                   char ret_reason[201]);

/* What really left for a key (NULL: for all keys of this channel): the sum in minor units, bounced money included, and
 * how often it left. -1 when the book cannot be read. */
int64_t simulated_total_paid(struct channel *channel, const char *key);
int64_t simulated_paid_times(struct channel *channel, const char *key);

#endif
