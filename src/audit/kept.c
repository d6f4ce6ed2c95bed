/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/kept.h"

#include "audit/chain.h"
#include "audit/checks.h"
#include "base/field.h"

#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 10)
#define ARENA_BYTES ((size_t)4 << 20)
#define PATH_BYTES 4200

static void file_close(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static void statement_close(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

/* ---- the key ---- */

/* False: there is no master.key that we may read; whose key it is, is not ours to doubt. */
static bool key_of_directory(const char *directory, uint8_t ret[ANCHOR_PUBLIC_BYTES])
{
    char path[PATH_BYTES];
    uint8_t master[ANCHOR_MASTER_BYTES + 1], secret[ANCHOR_SECRET_BYTES];
    int size = snprintf(path, sizeof path, "%s/master.key", directory);
    SCOPED(file_close) FILE *file = size < (int)sizeof path ? fopen(path, "re") : NULL;

    if (file == NULL || fread(master, 1, sizeof master, file) != ANCHOR_MASTER_BYTES)
        return false;
    return anchor_keys(master, secret, ret);
}

/* ---- the file ---- */

/* {"seq":n,"hash":"hex"}: what the auditor itself prints as the head. */
static enum err bare_read(const char *text, size_t size, struct arena *arena, struct anchor *ret)
{
    struct wanted {
        int64_t seq;
        const char *hash;
    } wanted = {0};
    static const struct field fields[] = {
        {.name = "seq",
         .kind = FIELD_COUNT,
         .flags = FIELD_REQUIRED,
         .offset = offsetof(struct wanted, seq),
         .min = 1,
         .max = INT64_MAX},
        {.name = "hash",
         .kind = FIELD_TEXT,
         .flags = FIELD_REQUIRED,
         .offset = offsetof(struct wanted, hash),
         .min = 2 * HASH_BYTES,
         .max = 2 * HASH_BYTES},
    };
    static const struct shape shape = {"anchor", sizeof(struct wanted), fields, ARRAY_COUNT(fields)};
    struct field_problems problems = {0};
    struct anchor anchor = {.heads_count = 1};

    TRY(field_read_json(text, size, &shape, arena, &wanted, &problems));
    if (!anchor_hex(wanted.hash, anchor.heads[0].hash, HASH_BYTES))
        return ERR_REQUEST;
    anchor.heads[0].seq = wanted.seq;
    *ret = anchor;
    return ERR_NONE;
}

static void text_take(const char *text, size_t size, const uint8_t *key, struct arena *arena, struct kept *kept)
{
    struct anchor anchor;
    bool bare = false;

    arena_reset(arena);
    if (kept->count == KEPT_MAX)
        return;
    if (anchor_read(text, size, arena, &anchor) != ERR_NONE) {
        bare = bare_read(text, size, arena, &anchor) == ERR_NONE;
        if (!bare)
            return;
    }
    if (!bare && key != NULL && !anchor_signed_by(&anchor, key)) {
        kept->strangers++;
        return;
    }
    kept->is_signed = kept->is_signed || !bare;
    kept->anchors[kept->count++] = anchor;
}

/* One statement that fills the whole file, however it is laid out; else one a line or slot. */
static void texts_take(const char *text, size_t size, const uint8_t *key, struct arena *arena, struct kept *kept)
{
    struct bytes piece;

    text_take(text, size, key, arena, kept);
    if (kept->count + kept->strangers > 0)
        return;
    for (size_t at = 0; anchor_piece(text, size, &at, &piece);)
        text_take(piece.data, piece.size, key, arena, kept);
}

static enum err no(char reason[256], const char *path, const char *why)
{
    snprintf(reason, 256, "%.120s: %s", path, why);
    return ERR_REQUEST;
}

enum err kept_read(const char *path, const char *key, const char *directory, struct kept *ret, char ret_reason[256])
{
    static char text[FILE_BYTES_MAX];
    uint8_t public[ANCHOR_PUBLIC_BYTES];
    SCOPED(arena_fini) struct arena arena;
    SCOPED(file_close) FILE *file = fopen(path, "re");

    arena_init(&arena, ARENA_BYTES);
    memset(ret, 0, sizeof *ret);
    if (key != NULL && !anchor_hex(key, public, sizeof public))
        return no(ret_reason, key, "--anchor-key takes 64 hex digits, as `ebb anchor key` prints them");
    ret->key_known = key != NULL || key_of_directory(directory, public);
    if (file == NULL)
        return no(ret_reason, path, "there is no such file, or it may not be read");
    texts_take(text, fread(text, 1, sizeof text, file), ret->key_known ? public : NULL, &arena, ret);
    if (ret->count + ret->strangers == 0)
        return no(ret_reason, path,
                  "not an anchor; wanted a line that `ebb serve` wrote, or {\"seq\":n,\"hash\":\"64 hex digits\"}");
    return ERR_NONE;
}

/* ---- against the books ---- */

/* -1: no life of this database has that name. */
static int64_t rows_shared(sqlite3 *books, const char *store)
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (store[0] == '\0')
        return INT64_MAX;
    if (sqlite3_prepare_v2(books, sql_store, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_bind_text(statement, 1, store, -1, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        return -1;
    return sqlite3_column_int64(statement, 0);
}

static void one_check(sqlite3 *books, const struct anchor *anchor, struct report *report)
{
    int64_t shared = rows_shared(books, anchor->store);
    char hash[2 * HASH_BYTES + 1];

    if (shared < 0)
        report_finding(report, &(struct finding){.code = "anchor_store",
                                                 .sentence = "the anchor is one of this database",
                                                 .table = "meta",
                                                 .row = "store",
                                                 .found = "another",
                                                 .journal = anchor->store});
    for (size_t i = 0; shared >= 0 && i < anchor->heads_count; i++) {
        const struct anchor_head *head = &anchor->heads[i];

        if (head->seq > shared)
            report_warning(report, "an anchor of row %lld is of a time that was lost; that was reconciled",
                           (long long)head->seq);
        if (head->seq == 0 || head->seq > shared)
            continue;
        hash_hex(head->hash, HASH_BYTES, hash);
        chain_contains(books, head->seq, hash, "anchor_missing", "the chain contains the anchor that was kept outside",
                       report);
    }
}

void kept_check(sqlite3 *books, const struct kept *kept, struct report *report)
{
    for (size_t i = 0; i < kept->count; i++)
        one_check(books, &kept->anchors[i], report);
    if (kept->count == 0)
        report_finding(report, &(struct finding){.code = "anchor_signature",
                                                 .sentence = "the anchor was signed with the key of these books",
                                                 .table = "anchor",
                                                 .row = "signature",
                                                 .found = "another signature"});
    else if (kept->strangers > 0)
        report_warning(report, "%zu statements of the anchor were not signed with this key and do not count",
                       kept->strangers);
    if (kept->is_signed && !kept->key_known)
        report_warning(report, "the anchor's signature was not checked: give --anchor-key (ebb anchor key prints it)");
}
