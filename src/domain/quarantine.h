/* SPDX-License-Identifier: Apache-2.0 */
/* Quarantine: the books are older than what happened, or may be. The house reads, asks channels about what is open, and
 * takes in what they did; nothing else moves until that is complete and two people say so.
 *
 *   (begun by the engine at its start) → statements, strays … → proposed by one person → released by another
 *
 * Whatever comes to light after a proposal makes it void: the second person must mean what the first one saw. With the
 * release the database gets a new name, so that anchors of the lost time are told from those of its new life; and ids
 * go on behind the lost time. Pure; who compares anchors and who counts what is open stands in engine/. */
#ifndef EBB_DOMAIN_QUARANTINE_H
#define EBB_DOMAIN_QUARANTINE_H

#include "domain/decide.h"

struct quarantine_ask {
    enum quarantine_reason reason;
    const char *detail;
    int64_t head_seq, anchor_seq;
    struct instant gap_from;  /* of the last row of our books */
    struct instant anchor_at; /* none when no anchor is known */
    const char *store;
    const char *restored_from; /* NULL: it was not restored */
    uint8_t seen[HASH_SHORT_BYTES];
    const char *strangers; /* names of databases, in one text; NULL: none */
};

/* What stands against a release; all zero: nothing. */
struct quarantine_findings {
    int64_t unasked;     /* open payments that their channel was not asked about since */
    int64_t unassigned;  /* paid under a key that no account is known for */
    int64_t pending;     /* under way under such a key */
    size_t uncovered;    /* channels */
    const char *channel; /* the first of them, and the first time that no statement covers */
    struct instant from, to;
};

struct quarantine *quarantine_begin(struct deciding *d, const struct quarantine_ask *ask);
/* The books were in quarantine when the copy of them was made that came back: what happened since then, its release and
 * all that followed, belongs to the lost time, too. */
void quarantine_extend(struct deciding *d, struct quarantine *q, const struct quarantine_ask *ask);

/* The first part of from … to that no statement of the channel covers. False: there is none. */
MUST_USE bool cover_gap(const struct cover *const *covers, size_t count, const char *channel, struct instant from,
                        struct instant to, struct instant *ret_from, struct instant *ret_to);
/* A statement of a channel was taken in: proposals are void. */
struct cover *quarantine_cover(struct deciding *d, struct quarantine *q, const char *channel, struct instant from,
                               struct instant to, int64_t lines);
/* Something came to light: whoever proposed a release saw another state. */
void quarantine_disturb(struct deciding *d, struct quarantine *q);

bool quarantine_is_clear(const struct quarantine_findings *findings);
/* One sentence for each finding. */
const char *quarantine_findings_text(struct deciding *d, const struct quarantine_findings *findings);
/* Proposes, or when another person proposed the same, releases. `q` NULL: there is none. */
struct decision quarantine_release(struct deciding *d, struct quarantine *q, const struct release_ask *ask,
                                   const struct quarantine_findings *findings);

#endif
