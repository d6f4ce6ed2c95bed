/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4352
#define MASKED_FROM 16 /* of a shorter one even four characters are too much */

/* NULL: the file may be used. */
static const char *file_complaint(const struct stat *file, enum secret_kind kind)
{
    if (!S_ISREG(file->st_mode))
        return "it is no plain file";
    if (file->st_uid != geteuid() && file->st_uid != 0)
        return "it belongs to another user";
    if (kind == SECRET_PRIVATE && (file->st_mode & 077) != 0)
        return "others may read it; its mode must be 0600 or 0400";
    if ((file->st_mode & 022) != 0)
        return "others may write it";
    if (file->st_size == 0 || file->st_size > SECRET_BYTES_MAX)
        return "it is empty or larger than 16 KiB";
    return NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool content_read(int fd, struct secret *ret)
{
    struct secret secret = {.text = calloc(1, SECRET_BYTES_MAX + 1)};
    ssize_t got = 0;

    if (secret.text == NULL)
        return false;
    while (secret.size < SECRET_BYTES_MAX &&
           (got = read(fd, secret.text + secret.size, SECRET_BYTES_MAX - secret.size)) > 0)
        secret.size += (size_t)got;
    while (secret.size > 0 && is_blank(secret.text[secret.size - 1]))
        secret.text[--secret.size] = '\0';
    if (got < 0 || secret.size == 0 || strlen(secret.text) != secret.size) {
        secret_fini(&secret);
        return false;
    }
    *ret = secret;
    return true;
}

static bool refused(char ret_reason[256], const char *path, const char *complaint)
{
    snprintf(ret_reason, 256, "%.180s: %.70s", path, complaint);
    return false;
}

bool secret_read(const char *directory, const char *path, enum secret_kind kind, struct secret *ret,
                 char ret_reason[256])
{
    char place[PATH_BYTES];
    const char *complaint;
    struct stat file;
    int fd, size;
    bool ok;

    size = path[0] == '/' ? snprintf(place, sizeof place, "%s", path)
                          : snprintf(place, sizeof place, "%s/%s", directory, path);
    if (size >= (int)sizeof place)
        return refused(ret_reason, path, "the name is too long");
    fd = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &file) != 0) {
        ok = refused(ret_reason, place, strerror(errno));
    } else {
        complaint = file_complaint(&file, kind);
        ok = complaint == NULL ? content_read(fd, ret) || refused(ret_reason, place, "it cannot be read as text")
                               : refused(ret_reason, place, complaint);
    }
    if (fd >= 0)
        close(fd);
    return ok;
}

void secret_fini(struct secret *secret)
{
    if (secret->text != NULL)
        sodium_memzero(secret->text, SECRET_BYTES_MAX + 1);
    free(secret->text);
    *secret = (struct secret){0};
}

void secret_mask(const struct secret *secret, char ret[16])
{
    snprintf(ret, 16, "…%s", secret->size >= MASKED_FROM ? secret->text + secret->size - 4 : "");
}
