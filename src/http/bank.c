/* SPDX-License-Identifier: Apache-2.0 */
/* Search in the lists of banks and of their branches (data/banks.csv, data/branches.csv): banks by code, by the
 * beginning of a word in English or by any part in Chinese; branches by any part of their name, with the province and
 * city that a destination may need (AL-14). The lists are a seed; an operator's own are longer. */
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>

#include "base/embedded.h"
#include "http/answers.h"
#include "http/request.h"

#define RECORDS_MAX 4096
#define RECORD_COLUMNS 4
#define RECORD_BYTES 200

struct record {
    char text[RECORD_BYTES];
    const char *columns[RECORD_COLUMNS];
};

struct records {
    struct record items[RECORDS_MAX];
    size_t count;
};

enum bank_column { BANK_CODE, BANK_NAME, BANK_NAME_ZH, BANK_CLEARING };
enum branch_column { BRANCH_BANK, BRANCH_NAME, BRANCH_PROVINCE, BRANCH_CITY };

static struct records banks, branches;
static pthread_once_t lists_made = PTHREAD_ONCE_INIT;

static void record_add(struct records *records, const char *line, size_t size)
{
    struct record *record = &records->items[records->count];
    char *rest = record->text;

    if (size == 0 || size >= RECORD_BYTES || records->count == RECORDS_MAX)
        return;
    memcpy(record->text, line, size);
    record->text[size] = '\0';
    for (int i = 0; i < RECORD_COLUMNS; i++)
        record->columns[i] = rest != NULL ? strsep(&rest, ",") : "";
    records->count++;
}

/* The first line names the columns. */
static void records_read(struct records *records, const char *name)
{
    const struct embedded *file = embedded_data;
    const char *line;

    while (file->name != NULL && strcmp(file->name, name) != 0)
        file++;
    line = file->name != NULL ? strchr(file->data, '\n') : NULL;
    while (line != NULL && line[1] != '\0') {
        const char *end = strchrnul(line + 1, '\n');
        record_add(records, line + 1, (size_t)(end - line - 1));
        line = *end != '\0' ? end : NULL;
    }
}

static void lists_make(void)
{
    records_read(&banks, "banks.csv");
    records_read(&branches, "branches.csv");
}

static bool word_begins(const char *text, const char *wanted)
{
    size_t size = strlen(wanted);

    for (const char *at = text; *at != '\0'; at++)
        if ((at == text || at[-1] == ' ') && strncasecmp(at, wanted, size) == 0)
            return true;
    return false;
}

static bool bank_matches(const struct record *bank, const char *wanted)
{
    return wanted == NULL || strncasecmp(bank->columns[BANK_CODE], wanted, strlen(wanted)) == 0 ||
           word_begins(bank->columns[BANK_NAME], wanted) || strstr(bank->columns[BANK_NAME_ZH], wanted) != NULL;
}

static void bank_write(struct out *out, const struct record *bank, const struct record *branch)
{
    const char *clearing = bank->columns[BANK_CLEARING];

    out_object(out, NULL);
    out_string(out, "code", bank->columns[BANK_CODE]);
    out_string(out, "name", bank->columns[BANK_NAME]);
    out_string(out, "name_zh", bank->columns[BANK_NAME_ZH]);
    out_string(out, "clearing_number", clearing[0] != '\0' ? clearing : NULL);
    out_string(out, "branch", branch != NULL ? branch->columns[BRANCH_NAME] : NULL);
    out_string(out, "province", branch != NULL ? branch->columns[BRANCH_PROVINCE] : NULL);
    out_string(out, "city", branch != NULL ? branch->columns[BRANCH_CITY] : NULL);
    out_object_end(out);
}

static const struct record *bank_of(const struct record *branch)
{
    for (size_t i = 0; i < banks.count; i++)
        if (strcmp(banks.items[i].columns[BANK_CODE], branch->columns[BRANCH_BANK]) == 0)
            return &banks.items[i];
    return NULL;
}

void banks_list(struct request *request)
{
    const char *wanted = request->parameters.query;
    int64_t room = request->parameters.limit;
    struct out out;

    pthread_once(&lists_made, lists_make);
    out_init(&out);
    request_list_begin(&out);
    for (size_t i = 0; i < banks.count && room > 0; i++) {
        if (!bank_matches(&banks.items[i], wanted))
            continue;
        bank_write(&out, &banks.items[i], NULL);
        room--;
    }
    for (size_t i = 0; i < branches.count && room > 0 && wanted != NULL; i++) {
        const struct record *branch = &branches.items[i], *bank = bank_of(branch);
        if (bank == NULL || strstr(branch->columns[BRANCH_NAME], wanted) == NULL)
            continue;
        bank_write(&out, bank, branch);
        room--;
    }
    request_list_end(&out, 0);
    request_answer(request, MHD_HTTP_OK, &out);
}
