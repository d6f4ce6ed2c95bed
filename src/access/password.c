/* SPDX-License-Identifier: Apache-2.0 */
#include "access/password.h"

#include "base/embedded.h"
#include "base/field.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

#define PASSES 2
#define MEMORY_BYTES ((size_t)46 << 20)
#define CHARACTERS_MAX 128
#define DIFFERENT_MIN 5

_Static_assert(PASSWORD_TEXT_BYTES == crypto_pwhash_STRBYTES, "libsodium's text fits");

static const char *commonest(void)
{
    const struct embedded *file = embedded_data;

    while (file->name != NULL && strcmp(file->name, "passwords.txt") != 0)
        file++;
    return file->name != NULL ? file->data : "";
}

/* One a line; lines that begin with # are about the others. */
static bool is_common(const char *password)
{
    size_t size = strlen(password);

    for (const char *line = commonest(); *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        if (strcspn(line, "\n") == size && *line != '#' && strncasecmp(line, password, size) == 0)
            return true;
    return false;
}

static size_t characters_of(const char *password)
{
    size_t count = 0, left = strlen(password);

    while (left > 0) {
        size_t bytes = text_character_bytes(password, left);

        bytes += bytes == 0;
        password += bytes;
        left -= bytes;
        count++;
    }
    return count;
}

static size_t different_of(const char *password)
{
    bool seen[256] = {false};
    size_t count = 0;

    for (const unsigned char *at = (const unsigned char *)password; *at != '\0'; at++) {
        count += !seen[*at];
        seen[*at] = true;
    }
    return count;
}

const char *password_fault(const char *name, const char *password)
{
    size_t count = characters_of(password);

    if (count < PASSWORD_CHARACTERS_MIN || count > CHARACTERS_MAX)
        return "A password has 12 to 128 characters.";
    if (is_common(password))
        return "That password is one of the commonest.";
    if (different_of(password) < DIFFERENT_MIN)
        return "That password repeats itself.";
    if (strcasestr(password, name) != NULL && strlen(name) >= 3)
        return "A password does not hold its owner's name.";
    return NULL;
}

enum err password_keep(const char *password, char ret[PASSWORD_TEXT_BYTES])
{
    return crypto_pwhash_str_alg(ret, password, strlen(password), PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) ==
                   0
               ? ERR_NONE
               : ERR_RETRY;
}

/* Of nobody's password, made once. */
static char stranger[PASSWORD_TEXT_BYTES];

static void stranger_make(void)
{
    char random[33] = "";

    for (size_t i = 0; i < sizeof random - 1; i++)
        random[i] = (char)('a' + randombytes_uniform(26));
    if (password_keep(random, stranger) != ERR_NONE)
        stranger[0] = '\0';
}

bool password_is(const char *kept, const char *password)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    bool right;

    (void)pthread_once(&once, stranger_make);
    right = crypto_pwhash_str_verify(kept != NULL ? kept : stranger, password, strlen(password)) == 0;
    return right && kept != NULL;
}
