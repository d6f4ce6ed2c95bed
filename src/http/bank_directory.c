/* SPDX-License-Identifier: Apache-2.0 */
#include "http/bank_directory.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/embedded.h"
#include "base/file.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

const char bank_titles[] = "code,name_en,name_zh,cnaps,initials";
const char branch_titles[] = "bank,name_zh,province,city,cnaps,initials";

struct list {
    const char *name;
    char *text; /* the columns' texts */
    struct bank_record *items;
    size_t count;
    struct timespec changed; /* of the file that it was read from; 0: the seed */
    bool read;
};

static struct list banks = {.name = BANK_BANKS_FILE}, branches = {.name = BANK_BRANCHES_FILE};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- reading ---- */

static void record_cut(char *line, struct bank_record *ret)
{
    char *rest = line;

    for (size_t i = 0; i < BANK_RECORD_COLUMNS; i++)
        ret->columns[i] = rest != NULL ? strsep(&rest, ",") : "";
}

/* Takes `text` over. The first line names the columns. */
static void list_fill(struct list *list, char *text)
{
    size_t lines = 0;
    char *rest = text;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    struct bank_record *items = calloc(lines + 1, sizeof(*items));
    if (items == NULL) {
        free(text);
        return;
    }
    free(list->text);
    free(list->items);
    *list = (struct list){.name = list->name, .text = text, .items = items, .changed = list->changed, .read = true};
    (void)strsep(&rest, "\n");
    for (char *line; (line = strsep(&rest, "\n")) != NULL && list->count < lines;)
        if (line[0] != '\0')
            record_cut(line, &items[list->count++]);
}

static char *seed_copy(const char *name)
{
    const struct embedded *file = embedded_data;

    while (file->name != NULL && strcmp(file->name, name) != 0)
        file++;
    return strndup(file->name != NULL ? file->data : "", file->name != NULL ? file->size : 0);
}

static char *file_copy(const char *path, size_t size)
{
    char *text = size <= FILE_BYTES_MAX ? calloc(1, size + 1) : NULL;
    int fd = text != NULL ? file_open(path, FILE_READ) : -1;

    if (fd < 0 || file_read_at(fd, text, size, 0) < 0) {
        free(text);
        text = NULL;
    }
    if (fd >= 0)
        file_close(fd);
    return text;
}

/* A file that cannot be read leaves what was known. */
static void list_follow(struct list *list, const char *directory)
{
    char path[4200];
    struct stat seen;
    bool there;

    snprintf(path, sizeof(path), "%s/%s", directory, list->name);
    there = stat(path, &seen) == 0 && S_ISREG(seen.st_mode);
    struct timespec changed = there ? seen.st_mtim : (struct timespec){0};
    if (list->read && changed.tv_sec == list->changed.tv_sec && changed.tv_nsec == list->changed.tv_nsec)
        return;
    char *text = there ? file_copy(path, (size_t)seen.st_size) : seed_copy(list->name);
    if (text == NULL)
        return;
    list->changed = changed;
    list_fill(list, text);
}

/* ---- looking ---- */

static bool begins(const char *text, const char *wanted)
{
    return strncasecmp(text, wanted, strlen(wanted)) == 0;
}

static bool word_begins(const char *text, const char *wanted)
{
    for (const char *at = text; *at != '\0'; at++)
        if ((at == text || at[-1] == ' ') && begins(at, wanted))
            return true;
    return false;
}

static bool bank_matches(const struct bank_record *bank, const char *wanted)
{
    return wanted == NULL || begins(bank->columns[BANK_CODE], wanted) ||
           word_begins(bank->columns[BANK_NAME], wanted) || strstr(bank->columns[BANK_NAME_ZH], wanted) != NULL ||
           begins(bank->columns[BANK_INITIALS], wanted) || begins(bank->columns[BANK_CNAPS], wanted);
}

static bool branch_matches(const struct bank_record *branch, const char *wanted)
{
    return strstr(branch->columns[BRANCH_NAME], wanted) != NULL || begins(branch->columns[BRANCH_INITIALS], wanted) ||
           begins(branch->columns[BRANCH_CNAPS], wanted);
}

static const struct bank_record *bank_of(const struct bank_record *branch)
{
    for (size_t i = 0; i < banks.count; i++)
        if (strcmp(banks.items[i].columns[BANK_CODE], branch->columns[BRANCH_BANK]) == 0)
            return &banks.items[i];
    return NULL;
}

void bank_search(const char *directory, const char *query, int64_t limit,
                 void (*found)(void *context, const struct bank_record *bank, const struct bank_record *branch),
                 void *context)
{
    pthread_mutex_lock(&lock);
    list_follow(&banks, directory);
    list_follow(&branches, directory);
    for (size_t i = 0; i < banks.count && limit > 0; i++) {
        if (!bank_matches(&banks.items[i], query))
            continue;
        found(context, &banks.items[i], NULL);
        limit--;
    }
    for (size_t i = 0; i < branches.count && limit > 0 && query != NULL; i++) {
        const struct bank_record *branch = &branches.items[i];
        const struct bank_record *bank = branch_matches(branch, query) ? bank_of(branch) : NULL;
        if (bank == NULL)
            continue;
        found(context, bank, branch);
        limit--;
    }
    pthread_mutex_unlock(&lock);
}

bool cnaps_ok(const char *number)
{
    int product = 10;

    if (strlen(number) != 12 || strspn(number, "0123456789") != 12)
        return false;
    for (size_t i = 0; i < 11; i++) {
        int sum = (product + number[i] - '0') % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (product + number[11] - '0') % 10 == 1;
}
