/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's statement as a file: read once from its first byte to its last, in bounded memory, line by line.
 *
 * Each format is a leaf (camt.h, csv_bill.h) that hands every line to a taker as the `line_ask` that commands carry,
 * and at the end says what the whole was: its time, its sums, its hash. A file is right as a whole or refused with the
 * line and the reason: nothing that was handed out before may count then, so a taker only keeps or counts, and acts
 * when the reading has ended well. Lines that are no payment of ours by their nature (money that came in, notes of what
 * is still to come) are counted and not handed out. Knows no books. */
#ifndef EBB_RECON_STATEMENT_FILE_H
#define EBB_RECON_STATEMENT_FILE_H

#include "base/hash.h"
#include "domain/ask.h"

#define STATEMENT_WHY_BYTES 256
#define STATEMENT_ACCOUNT_BYTES 65
#define STATEMENT_CELL_BYTES 512

/* Where the bytes come from. `read`: up to `size` of them, 0 at the end, -1 when they cannot be had. */
struct statement_source {
    int64_t (*read)(void *context, void *data, size_t size);
    void *context;
};

/* What is expected of it; NULL and none: whatever it says. */
struct statement_wish {
    const char *currency, *account;
    struct instant from, to;
};

struct statement_why {
    int64_t line; /* of the file, from 1; 0: of the whole */
    char text[STATEMENT_WHY_BYTES];
};

struct statement_summary {
    struct instant from, to; /* the wish, its own words, or the days of its first and last line */
    char account[STATEMENT_ACCOUNT_BYTES], currency[CURRENCY_BYTES];
    int64_t entries, lines, others; /* in the file; handed out; counted only */
    struct money paid, returned;    /* of the lines that were handed out */
    uint8_t hash[HASH_BYTES];       /* of its bytes */
};

/* `line` and its texts live until it returns. False: the taker has had enough, which it has to explain itself. */
typedef bool statement_taker(void *context, const struct line_ask *line);

/* What all formats share while they read. */
struct statement_reading {
    const struct statement_source *source;
    const struct statement_wish *wish;
    statement_taker *take;
    void *context;
    struct statement_summary summary;
    struct statement_why why;   /* the first reason; text "": none */
    struct instant first, last; /* of the lines */
    void *hashing;              /* of libsodium */
};
void statement_reading_init(struct statement_reading *reading, const struct statement_source *source,
                            const struct statement_wish *wish, statement_taker *take, void *context);
void statement_reading_fini(struct statement_reading *reading);
/* Bytes of the source, counted into the hash. */
int64_t statement_bytes(struct statement_reading *reading, void *data, size_t size);
/* The first reason stays. Always false. */
bool statement_refuse(struct statement_reading *reading, int64_t line, const char *format, ...) PRINTF_LIKE(3, 4);
/* A line: its texts must be such as our books can hold, and its amount of the statement's currency. One that moves no
 * money although it says paid or returned is only counted. */
MUST_USE bool statement_hand_out(struct statement_reading *reading, int64_t number, const struct line_ask *line);
MUST_USE bool statement_currency(struct statement_reading *reading, int64_t number, const char *currency);
MUST_USE bool statement_account(struct statement_reading *reading, int64_t number, const char *account);

/* Behind the last line: from when to when it tells, which holds all of its lines. `from` and `to`: the file's own
 * words. */
MUST_USE bool statement_period(struct statement_reading *reading, struct instant from, struct instant to);

/* Text in memory as a source. */
struct statement_text {
    const char *text;
    size_t size, at;
};
struct statement_source statement_source_of(struct statement_text *text);

#endif
