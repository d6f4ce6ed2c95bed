/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/template.h"

#include <stdio.h>
#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz_"

/* The placeholder at `at`, "{name}": the size of its name; 0 when it is none. */
static size_t placeholder(const char *at)
{
    size_t size = at[0] == '{' ? strspn(at + 1, NAME_CHARACTERS) : 0;

    return size > 0 && at[1 + size] == '}' ? size : 0;
}

static bool is_known(const char *name, size_t size, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strlen(*names) == size && memcmp(*names, name, size) == 0)
            return true;
    return false;
}

bool template_check(const char *text, const char *const *names, bool json, char ret_reason[160])
{
    size_t line = 1;

    if (strlen(text) > TEMPLATE_BYTES_MAX) {
        snprintf(ret_reason, 160, "longer than %d bytes", TEMPLATE_BYTES_MAX);
        return false;
    }
    for (const char *at = text; *at != '\0'; at++) {
        size_t size = placeholder(at);

        line += *at == '\n';
        if (size > 0 && !is_known(at + 1, size, names)) {
            snprintf(ret_reason, 160, "line %zu: there is no placeholder {%.*s}", line, (int)(size < 60 ? size : 60),
                     at + 1);
            return false;
        }
        if (size == 0 && !json && (*at == '{' || *at == '}')) {
            snprintf(ret_reason, 160, "line %zu: a brace that is no placeholder's", line);
            return false;
        }
        at += size > 0 ? size + 1 : 0;
    }
    return true;
}

/* The text as it stands within the quotes of JSON. */
static void escaped_write(struct out *out, const char *text)
{
    struct out quoted;

    out_init(&quoted);
    out_string(&quoted, NULL, text);
    if (quoted.failed)
        out->failed = true;
    else
        out_bytes(out, quoted.data + 1, quoted.size - 2);
    out_fini(&quoted);
}

void template_write(struct out *out, const char *text, const struct template_value *values, size_t count, bool json)
{
    for (const char *at = text; *at != '\0'; at++) {
        size_t size = placeholder(at);

        if (size == 0) {
            out_bytes(out, at, 1);
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            if (strlen(values[i].name) != size || memcmp(values[i].name, at + 1, size) != 0)
                continue;
            if (json)
                escaped_write(out, values[i].text);
            else
                out_text(out, values[i].text);
        }
        at += size + 1;
    }
}
