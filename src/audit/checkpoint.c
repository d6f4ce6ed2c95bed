/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/checkpoint.h"

#include "audit/checks.h"
#include "base/file.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define FORMAT 1                           /* raised when the sums of sql/audit/06_sum.sql change their meaning */
#define TRAILER_BYTES (2 * HASH_BYTES + 1) /* the digest and a line feed */
#define CHUNK_BYTES ((size_t)1 << 20)
#define PATH_BYTES 4200

static void statement_close(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static void fd_close(int *fd)
{
    file_close(*fd);
}

static enum err no(char reason[REASON_BYTES], const char *path, const char *why)
{
    sqlite3_snprintf(REASON_BYTES, reason, "%s: %s", path, why);
    return ERR_REQUEST;
}

/* The digest of the next `size` bytes, which go on to `to` unless that is -1. */
static bool pass(int from, int to, int64_t size, char ret_digest[2 * HASH_BYTES + 1])
{
    static const char domain[] = "ebb checkpoint";
    static uint8_t chunk[CHUNK_BYTES];
    uint8_t hash[HASH_BYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain);
    while (size > 0) {
        int64_t got = file_read(from, chunk, size < (int64_t)sizeof chunk ? (size_t)size : sizeof chunk);

        if (got <= 0 || (to >= 0 && !file_write(to, chunk, (size_t)got)))
            return false;
        crypto_generichash_update(&state, chunk, (size_t)got);
        size -= got;
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    hash_hex(hash, sizeof hash, ret_digest);
    return true;
}

static int64_t size_of(int fd)
{
    int64_t size = lseek(fd, 0, SEEK_END);

    return size >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? size : -1;
}

/* A file that is whole by its own digest; what stands before the digest goes on to `to` unless that is -1. */
static bool whole(int fd, int to, char ret_digest[2 * HASH_BYTES + 1])
{
    int64_t size = size_of(fd);
    char trailer[TRAILER_BYTES];

    return size > TRAILER_BYTES && pass(fd, to, size - TRAILER_BYTES, ret_digest) &&
           file_read(fd, trailer, sizeof trailer) == TRAILER_BYTES && trailer[2 * HASH_BYTES] == '\n' &&
           memcmp(trailer, ret_digest, 2 * HASH_BYTES) == 0;
}

/* ---- going on from one ---- */

static bool attach(sqlite3 *books, const char *path)
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    return sqlite3_prepare_v2(books, sql_base_attach, -1, &statement, NULL) == SQLITE_OK &&
           sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) == SQLITE_OK &&
           sqlite3_step(statement) == SQLITE_DONE;
}

static enum err head_read(sqlite3 *books, const char *path, struct head *ret, char reason[REASON_BYTES])
{
    SCOPED(statement_close) sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(books, sql_base_head, -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int64(statement, 0) != FORMAT)
        return no(reason, path, "this is no checkpoint of this ebb-audit; a full audit leaves a new one");
    if (sqlite3_column_int(statement, 3) == 0)
        return no(reason, path, "the checkpoint is of another database");
    ret->seq = sqlite3_column_int64(statement, 1);
    sqlite3_snprintf(sizeof ret->hash, ret->hash, "%s", sqlite3_column_text(statement, 2));
    return ERR_NONE;
}

enum err checkpoint_attach(sqlite3 *books, const char *path, struct checkpoint *ret, char ret_reason[REASON_BYTES])
{
    SCOPED(fd_close) int fd = file_open(path, FILE_READ);

    if (fd < 0)
        return no(ret_reason, path, "there is no such file, or it may not be read");
    if (!whole(fd, -1, ret->digest))
        return no(ret_reason, path, "the file is damaged, or no checkpoint: it is not what its digest says");
    if (!attach(books, path))
        return no(ret_reason, path, sqlite3_errmsg(books));
    return head_read(books, path, &ret->head, ret_reason);
}

/* ---- leaving one ---- */

static int value_copy(sqlite3_stmt *from, sqlite3_stmt *to)
{
    int result = SQLITE_OK;

    for (int i = 0; result == SQLITE_OK && i < sqlite3_column_count(from); i++)
        result = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
    if (result == SQLITE_OK)
        result = sqlite3_step(to);
    sqlite3_reset(to);
    return result;
}

static bool rows_copy(sqlite3 *books, sqlite3 *file, const char *select, const char *insert)
{
    SCOPED(statement_close) sqlite3_stmt *from = NULL;
    SCOPED(statement_close) sqlite3_stmt *to = NULL;
    int result;

    if (sqlite3_prepare_v2(books, select, -1, &from, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(file, insert, -1, &to, NULL) != SQLITE_OK)
        return false;
    while ((result = sqlite3_step(from)) == SQLITE_ROW)
        if (value_copy(from, to) != SQLITE_DONE)
            return false;
    return result == SQLITE_DONE;
}

static bool sum_copy(sqlite3 *books, sqlite3 *file, const char *name, bool make)
{
    SCOPED(statement_close) sqlite3_stmt *table = NULL;

    return sqlite3_prepare_v2(books, sql_keep_table, -1, &table, NULL) == SQLITE_OK &&
           sqlite3_bind_text(table, 1, name, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(table) == SQLITE_ROW &&
           (!make || sqlite3_exec(file, (const char *)sqlite3_column_text(table, 0), NULL, NULL, NULL) == SQLITE_OK) &&
           rows_copy(books, file, (const char *)sqlite3_column_text(table, 1),
                     (const char *)sqlite3_column_text(table, 2));
}

static bool sums_copy(sqlite3 *books, const char *path, bool make)
{
    SCOPED(books_close) sqlite3 *file = NULL;

    if (sqlite3_open_v2(path, &file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_exec(file, sql_keep_open, NULL, NULL, NULL) != SQLITE_OK)
        return false;
    for (const struct check *sum = sum_list; sum->code != NULL; sum++)
        if (!sum_copy(books, file, sum->code, make))
            return false;
    return sqlite3_exec(file, sql_keep_close, NULL, NULL, NULL) == SQLITE_OK;
}

/* The sums that were kept before, or an empty file. */
static bool begin(const char *from, const char *path)
{
    char digest[2 * HASH_BYTES + 1];
    SCOPED(fd_close) int to = file_open(path, FILE_NEW);
    SCOPED(fd_close) int old = from != NULL ? file_open(from, FILE_READ) : -1;

    return to >= 0 && (from == NULL || (old >= 0 && whole(old, to, digest)));
}

static bool seal(const char *path, char ret_digest[2 * HASH_BYTES + 1])
{
    SCOPED(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC);
    char trailer[TRAILER_BYTES + 1];

    if (fd < 0 || !pass(fd, -1, size_of(fd), ret_digest))
        return false;
    sqlite3_snprintf(sizeof trailer, trailer, "%s\n", ret_digest);
    return file_write(fd, trailer, TRAILER_BYTES) && file_sync(fd);
}

enum err checkpoint_write(sqlite3 *books, const char *from, const char *path, char ret_digest[2 * HASH_BYTES + 1],
                          char ret_reason[REASON_BYTES])
{
    char fresh[PATH_BYTES];

    if (strlen(path) + sizeof ".new" > sizeof fresh)
        return no(ret_reason, path, "the name is too long");
    sqlite3_snprintf(sizeof fresh, fresh, "%s.new", path);
    if (begin(from, fresh) && sums_copy(books, fresh, from == NULL) && seal(fresh, ret_digest) &&
        file_rename(fresh, path))
        return ERR_NONE;
    (void)unlink(fresh);
    return no(ret_reason, path, "the checkpoint cannot be written");
}
