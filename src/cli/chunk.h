/* SPDX-License-Identifier: Apache-2.0 */
/* So many rows of an import as go into one /v1/batch, and what the server said to each.
 *
 * A row is open until it has an answer that stays: "too many requests" and the server's faults do not. What is open is
 * asked again, in the order of the file, after the time that the server names or ever longer ones, until the patience
 * is over, together with what stands behind it. A server that has too much to do is asked half as much at once, and
 * more again with every batch that it took. One batch is in flight at a time: the engine decides one after the other,
 * and the order of an account's facts is the order of the file. */
#ifndef EBB_CLI_CHUNK_H
#define EBB_CLI_CHUNK_H

#include "cli/client.h"
#include "cli/rows.h"

#define CHUNK_ROWS_MAX 10000 /* of /v1/batch */
#define CHUNK_ROWS 2000      /* more in one are not faster */
#define CHUNK_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct chunk_text {
    size_t start, size; /* in `text` */
};

struct chunk_row {
    int64_t number; /* of its line in the file */
    int status;     /* HTTP's; 0: open */
    bool recorded;  /* a server said so, but something before it was open */
    struct chunk_text raw, line, problem;
    struct source_mark mark; /* the file up to its end */
};

struct chunk {
    struct chunk_row rows[CHUNK_ROWS_MAX];
    size_t count, rows_max;
    size_t most;  /* rows of the next batch: fewer when the server is crowded */
    bool crowded; /* the last answer said so, of all or of a row */
    struct out text, body;
    const struct client *client;
    int64_t patience_us; /* for how long to ask in vain */
    int64_t vain_us;     /* since when; 0: the last time was not in vain */
    int64_t pause_us;    /* before the next time */
    bool sent;           /* open rows may have left the house */
};

void chunk_init(struct chunk *chunk, const struct client *client, size_t rows_max, int64_t patience_s);
void chunk_fini(struct chunk *chunk);
void chunk_reset(struct chunk *chunk);
bool chunk_has_room(const struct chunk *chunk);
void chunk_add(struct chunk *chunk, const struct row *row, const struct source_mark *mark);
const char *chunk_at(const struct chunk *chunk, struct chunk_text text);
/* Until no row is open. Else it was said why: CLI_UNKNOWN when the patience is over and rows that are open may have
 * been recorded, CLI_REFUSED when they never left. */
enum cli_exit chunk_send(struct chunk *chunk);
/* Here, without a server: a row of the right shape has status 200. */
enum cli_exit chunk_check(struct chunk *chunk);

#endif
