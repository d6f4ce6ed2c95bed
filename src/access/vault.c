/* SPDX-License-Identifier: Apache-2.0 */
#include "access/vault.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define MASTER_BYTES 32
#define KEY_VERSION 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES (1 + NONCE_BYTES)
#define PLACE_BYTES 160

_Static_assert(MASTER_BYTES == crypto_kdf_KEYBYTES, "the master key feeds crypto_kdf");
_Static_assert(MASTER_BYTES == ANCHOR_MASTER_BYTES, "and the anchor's keys");
_Static_assert(HASH_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a derived key seals");

/* Numbers of the derived keys: part of the stored format, never reused. */
enum {
    SUBKEY_SEAL = 1,
    SUBKEY_LOOKUP = 2,
    SUBKEY_CODE = 3,
    SUBKEY_NONCE = 4,
    SUBKEY_RECEIPT = 5,
    SUBKEY_RECEIPT_CODE = 6
};

struct master {
    uint8_t key[MASTER_BYTES];
};

/* Receipts go to customers, anchors to auditors: what is signed for one can never be taken for the other. */
static void receipt_keys(const struct master *master, const char context[crypto_kdf_CONTEXTBYTES], struct vault *ret)
{
    uint8_t seed[crypto_sign_SEEDBYTES];

    crypto_kdf_derive_from_key(seed, sizeof seed, SUBKEY_RECEIPT, context, master->key);
    crypto_sign_seed_keypair(ret->receipt_public, ret->receipt_secret, seed);
    crypto_kdf_derive_from_key(ret->receipt_code_key, sizeof ret->receipt_code_key, SUBKEY_RECEIPT_CODE, context,
                               master->key);
    sodium_memzero(seed, sizeof seed);
}

static void master_fini(struct master *master)
{
    sodium_memzero(master->key, sizeof master->key);
}

static void fd_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static enum err refuse(char ret_reason[256], const char *path, const char *why)
{
    snprintf(ret_reason, 256, "The key file %.120s %.110s.", path, why);
    return ERR_FATAL;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* Written aside and linked into place whole: a crash leaves either no key or all of it, and an existing key always
 * wins. */
static enum err key_create(const char *directory, const char *path, char ret_reason[256])
{
    char aside[PATH_BYTES + 32];
    SCOPED(master_fini) struct master master;

    if (!directory_keep(directory))
        return refuse(ret_reason, path, "cannot be created: its directory cannot");
    snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid());
    (void)unlink(aside);
    SCOPED(fd_close) int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return refuse(ret_reason, path, strerror(errno));
    randombytes_buf(master.key, sizeof master.key);
    bool written = write_all(fd, master.key, sizeof master.key) && fsync(fd) == 0;
    bool linked = written && (link(aside, path) == 0 || errno == EEXIST);
    (void)unlink(aside);
    if (!linked || !directory_sync(directory))
        return refuse(ret_reason, path, "cannot be written");
    return ERR_NONE;
}

static bool read_all(int fd, uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t got = read(fd, data, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        data += got;
        size -= (size_t)got;
    }
    return true;
}

static enum err key_read(const char *path, struct master *ret, char ret_reason[256])
{
    struct stat about;
    SCOPED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return refuse(ret_reason, path,
                      errno == ENOENT ? "is missing: no backup holds it, put the copy that you kept there"
                                      : strerror(errno));
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return refuse(ret_reason, path, "is not a file");
    if ((about.st_mode & 077) != 0)
        return refuse(ret_reason, path, "may be read by others; make it mode 0600");
    if (about.st_size != MASTER_BYTES)
        return refuse(ret_reason, path, "is not 32 bytes long");
    if (!read_all(fd, ret->key, sizeof ret->key))
        return refuse(ret_reason, path, "cannot be read");
    return ERR_NONE;
}

static bool keys_derive(const struct master *master, struct vault *ret)
{
    static const char context[crypto_kdf_CONTEXTBYTES] = {'e', 'b', 'b', 'v', 'a', 'u', 'l', 't'};

    crypto_kdf_derive_from_key(ret->seal_key, sizeof ret->seal_key, SUBKEY_SEAL, context, master->key);
    crypto_kdf_derive_from_key(ret->lookup_key, sizeof ret->lookup_key, SUBKEY_LOOKUP, context, master->key);
    crypto_kdf_derive_from_key(ret->code_key, sizeof ret->code_key, SUBKEY_CODE, context, master->key);
    crypto_kdf_derive_from_key(ret->nonce_key, sizeof ret->nonce_key, SUBKEY_NONCE, context, master->key);
    receipt_keys(master, context, ret);
    ret->version = KEY_VERSION;
    return anchor_keys(master->key, ret->anchor_secret, ret->anchor_public);
}

enum err vault_open(const char *directory, bool create, struct vault *ret, char ret_reason[256])
{
    char path[PATH_BYTES];
    SCOPED(master_fini) struct master master;

    if (sodium_init() < 0)
        return refuse(ret_reason, directory, "cannot be used: libsodium does not start");
    if ((size_t)snprintf(path, sizeof path, "%s/master.key", directory) >= sizeof path)
        return refuse(ret_reason, directory, "has too long a name");
    if (create && access(path, F_OK) != 0 && errno == ENOENT)
        TRY(key_create(directory, path, ret_reason));
    TRY(key_read(path, &master, ret_reason));
    return keys_derive(&master, ret) ? ERR_NONE : refuse(ret_reason, path, "gives no keys");
}

void vault_fini(struct vault *vault)
{
    sodium_memzero(vault, sizeof *vault);
}

size_t vault_sealed_bytes(size_t plain_bytes)
{
    return HEAD_BYTES + plain_bytes + TAG_BYTES;
}

/* Where a sealed field belongs: "table NUL column NUL row id, version". Names are short constants of domain/rows.c. */
static size_t place_of(const char *table, const char *column, int64_t row, uint8_t version, char ret[PLACE_BYTES])
{
    size_t table_bytes = strlen(table) + 1, column_bytes = strlen(column) + 1, at = 0;

    INVARIANT(63, table_bytes + column_bytes + 9 <= PLACE_BYTES);
    memcpy(ret, table, table_bytes);
    at += table_bytes;
    memcpy(ret + at, column, column_bytes);
    at += column_bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        ret[at++] = (char)((uint64_t)row >> shift);
    ret[at++] = (char)version;
    return at;
}

void vault_seal(const struct vault *vault, const char *table, const char *column, int64_t row, const void *plain,
                size_t size, uint8_t *ret)
{
    char place[PLACE_BYTES];
    size_t place_bytes = place_of(table, column, row, vault->version, place);
    const struct bytes parts[] = {bytes_of(place, place_bytes), bytes_of(plain, size)};
    uint8_t hash[HASH_BYTES];

    hash_parts("ebb nonce", vault->nonce_key, parts, ARRAY_COUNT(parts), hash, sizeof hash);
    ret[0] = vault->version;
    memcpy(ret + 1, hash, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret + HEAD_BYTES, NULL, plain, size, (const uint8_t *)place, place_bytes,
                                               NULL, ret + 1, vault->seal_key);
}

enum err vault_open_field(const struct vault *vault, const char *table, const char *column, int64_t row,
                          struct bytes sealed, struct arena *arena, const char **ret)
{
    char place[PLACE_BYTES];
    const uint8_t *data = sealed.data;

    if (sealed.size < HEAD_BYTES + TAG_BYTES || data[0] != vault->version)
        return ERR_FATAL;
    size_t place_bytes = place_of(table, column, row, data[0], place);
    size_t plain_bytes = sealed.size - HEAD_BYTES - TAG_BYTES;
    char *plain = arena_alloc(arena, plain_bytes + 1);
    if (plain == NULL)
        return ERR_RETRY;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, NULL, NULL, data + HEAD_BYTES,
                                                   sealed.size - HEAD_BYTES, (const uint8_t *)place, place_bytes,
                                                   data + 1, vault->seal_key) != 0)
        return ERR_FATAL;
    plain[plain_bytes] = '\0';
    *ret = plain;
    return ERR_NONE;
}

void vault_lookup(const struct vault *vault, const char *what, const char *value, uint8_t ret[HASH_SHORT_BYTES])
{
    const struct bytes parts[] = {bytes_of_text(what), bytes_of_text(value)};

    hash_parts("ebb lookup", vault->lookup_key, parts, ARRAY_COUNT(parts), ret, HASH_SHORT_BYTES);
}
