/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policies.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "store/store.h"

#define POLICY_FILE_BYTES_MAX ((size_t)256 * 1024)
#define POLICIES_BYTES_MAX ((size_t)64 << 20)
#define POLICY_FILES_MAX 64
#define REASON_BYTES 512

/* A stored version: the text is kept, because what a withdrawal was made under must be readable in ten years. */
struct policy_text {
    struct row row;
    char name[POLICY_NAME_BYTES];
    int64_t version;
    const char *text;
    struct instant at;
};
#define POLICY_TEXT(name, kind)                                                                                        \
    {                                                                                                                  \
#name, kind, offsetof(struct policy_text, name), sizeof(((struct policy_text *)0)->name), NULL                 \
    }
static const struct column policy_text_columns[] = {
    POLICY_TEXT(name, COLUMN_TEXT),
    POLICY_TEXT(version, COLUMN_INT),
    POLICY_TEXT(text, COLUMN_STRING),
    POLICY_TEXT(at, COLUMN_INSTANT),
};
static const struct table policy_text_table = {"policy", sizeof(struct policy_text), policy_text_columns,
                                               ARRAY_COUNT(policy_text_columns)};

/* What the texts came from, and what is to become of them. */
struct opening {
    struct policies *policies;
    struct store *store;
    struct rows stored;
    struct instant now;
    char *reason;
    char offered[POLICY_FILES_MAX][POLICY_NAME_BYTES]; /* one file a policy */
    size_t offered_count;
};

static enum err policy_add(struct opening *opening, const char *source, const char *text, size_t size, int64_t version)
{
    struct policies *policies = opening->policies;
    struct policy_mistakes mistakes = {0};

    if (policies->count == POLICIES_MAX) {
        snprintf(opening->reason, REASON_BYTES, "There are more than %d versions of policies.", POLICIES_MAX);
        return ERR_FATAL;
    }
    struct policy *policy = &policies->items[policies->count];
    memset(policy, 0, sizeof *policy);
    enum err err = policy_load(text, size, &policies->arena, policy, &mistakes);
    if (err == ERR_REQUEST)
        snprintf(opening->reason, REASON_BYTES, "%s:%zu: %s: expected %s%s", source, mistakes.items[0].line,
                 mistakes.items[0].key, mistakes.items[0].expected,
                 mistakes.count > 1 ? " (and more mistakes; see ebb policy check)" : "");
    else if (err != ERR_NONE)
        snprintf(opening->reason, REASON_BYTES, "%s cannot be read: there is no memory.", source);
    TRY(err);
    policy->version = version;
    policies->count++;
    return ERR_NONE;
}

static enum err store_fault(const struct opening *opening, enum err err)
{
    if (err != ERR_NONE)
        snprintf(opening->reason, REASON_BYTES, "The stored policies: %s.", store_reason(opening->store));
    return err;
}

static enum err stored_read(struct opening *opening)
{
    TRY(store_fault(opening, store_select(opening->store, QUERY_POLICIES_ALL, NULL, 0, &policy_text_table,
                                          &opening->policies->arena, &opening->stored)));
    for (size_t i = 0; i < opening->stored.count; i++) {
        const struct policy_text *stored = opening->stored.items[i];
        char source[64];

        snprintf(source, sizeof source, "stored policy %s version %lld", stored->name, (long long)stored->version);
        TRY(policy_add(opening, source, stored->text, strlen(stored->text), stored->version));
    }
    return ERR_NONE;
}

static const struct policy_text *stored_newest(const struct opening *opening, const char *name)
{
    const struct policy_text *newest = NULL;

    for (size_t i = 0; i < opening->stored.count; i++) {
        const struct policy_text *stored = opening->stored.items[i];

        if (strcmp(stored->name, name) == 0 && (newest == NULL || stored->version > newest->version))
            newest = stored;
    }
    return newest;
}

static enum err version_insert(struct opening *opening, const char *name, int64_t version, const char *text)
{
    const struct value args[] = {value_text("name", name), value_int("version", version), value_text("text", text),
                                 value_int("at", opening->now.ms)};

    return store_fault(opening, store_execute(opening->store, QUERY_POLICY_INSERT, args, ARRAY_COUNT(args)));
}

static enum err name_offer(struct opening *opening, const char *source, const char *name)
{
    for (size_t i = 0; i < opening->offered_count; i++)
        if (strcmp(opening->offered[i], name) == 0) {
            snprintf(opening->reason, REASON_BYTES, "%s: another file is the policy %s already.", source, name);
            return ERR_REQUEST;
        }
    if (opening->offered_count == POLICY_FILES_MAX) {
        snprintf(opening->reason, REASON_BYTES, "There are more than %d policy files.", POLICY_FILES_MAX);
        return ERR_REQUEST;
    }
    snprintf(opening->offered[opening->offered_count++], POLICY_NAME_BYTES, "%s", name);
    return ERR_NONE;
}

/* The newest version of some policy that has this very text, NULL: none. */
static const struct policy_text *stored_same(const struct opening *opening, const char *text)
{
    for (size_t i = 0; i < opening->stored.count; i++) {
        const struct policy_text *stored = opening->stored.items[i];

        if (strcmp(stored->text, text) == 0 && stored_newest(opening, stored->name) == stored)
            return stored;
    }
    return NULL;
}

/* A text that is not the newest stored one becomes the next version; the same text again adds nothing. */
static enum err text_offer(struct opening *opening, const char *source, const char *text, size_t size)
{
    struct policies *policies = opening->policies;
    size_t before = policies->count;
    const struct policy_text *same = stored_same(opening, text);

    if (same != NULL)
        return name_offer(opening, source, same->name);
    TRY(policy_add(opening, source, text, size, 1));
    struct policy *offered = &policies->items[before];
    TRY(name_offer(opening, source, offered->name));
    if (opening->store == NULL)
        return ERR_NONE;
    const struct policy_text *newest = stored_newest(opening, offered->name);
    offered->version = newest == NULL ? 1 : newest->version + 1;
    return version_insert(opening, offered->name, offered->version, text);
}

static enum err embedded_offer(struct opening *opening)
{
    for (const struct embedded *file = embedded_policies; file->name != NULL; file++)
        TRY(text_offer(opening, file->name, file->data, file->size));
    return ERR_NONE;
}

/* ---- a directory of YAML files ---- */

static void file_close(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static enum err file_offer(struct opening *opening, const char *path)
{
    SCOPED(file_close) FILE *file = fopen(path, "re");
    char *text = arena_alloc(&opening->policies->arena, POLICY_FILE_BYTES_MAX);

    if (file == NULL || text == NULL) {
        snprintf(opening->reason, REASON_BYTES, "The policy file %.300s cannot be read: %s.", path, strerror(errno));
        return ERR_FATAL;
    }
    size_t size = fread(text, 1, POLICY_FILE_BYTES_MAX - 1, file);
    if (ferror(file) || !feof(file) || memchr(text, '\0', size) != NULL) {
        snprintf(opening->reason, REASON_BYTES, "The policy file %.300s is longer than %zu bytes or no text.", path,
                 POLICY_FILE_BYTES_MAX - 1);
        return ERR_REQUEST;
    }
    return text_offer(opening, path, text, size);
}

static int is_policy_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static enum err directory_offer(struct opening *opening, const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_policy_file, alphasort);
    enum err err = ERR_NONE;

    for (int i = 0; i < count; i++) {
        const char *path = arena_format(&opening->policies->arena, "%s/%s", directory, entries[i]->d_name);

        if (err == ERR_NONE)
            err = path == NULL ? ERR_RETRY : file_offer(opening, path);
        free(entries[i]);
    }
    free(entries);
    if (count > 0)
        return err;
    snprintf(opening->reason, REASON_BYTES, "There is no policy (*.yaml) in %.300s.", directory);
    return ERR_FATAL;
}

static enum err all_offer(struct opening *opening, const char *directory)
{
    TRY(store_fault(opening, store_begin(opening->store)));
    enum err err = directory == NULL ? embedded_offer(opening) : directory_offer(opening, directory);
    if (err == ERR_NONE)
        return store_fault(opening, store_commit(opening->store));
    store_rollback(opening->store);
    return err;
}

/* ---- the door ---- */

static struct opening opening_of(struct policies *policies, struct store *store, struct instant now, char *reason)
{
    policies->count = 0;
    arena_init(&policies->arena, POLICIES_BYTES_MAX);
    snprintf(reason, REASON_BYTES, "There is no memory for the policies.");
    return (struct opening){.policies = policies, .store = store, .now = now, .reason = reason};
}

enum err policies_open(struct store *store, const char *directory, struct instant now, struct policies *ret,
                       char ret_reason[512])
{
    struct opening opening = opening_of(ret, store, now, ret_reason);
    enum err err = stored_read(&opening);

    if (err == ERR_NONE)
        err = all_offer(&opening, directory);
    if (err != ERR_NONE)
        policies_fini(ret);
    return err;
}

enum err policies_embedded(struct policies *ret, char ret_reason[512])
{
    struct opening opening = opening_of(ret, NULL, INSTANT_NONE, ret_reason);
    enum err err = embedded_offer(&opening);

    if (err != ERR_NONE)
        policies_fini(ret);
    return err;
}

void policies_fini(struct policies *policies)
{
    arena_fini(&policies->arena);
    policies->count = 0;
}

const struct policy *policies_find(const struct policies *policies, const char *name, int64_t version)
{
    const struct policy *found = NULL;

    for (size_t i = 0; i < policies->count; i++) {
        const struct policy *policy = &policies->items[i];

        if (strcmp(policy->name, name) != 0)
            continue;
        if (version == policy->version)
            return policy;
        if (version == 0 && (found == NULL || policy->version > found->version))
            found = policy;
    }
    return found;
}
