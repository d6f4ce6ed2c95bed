/* SPDX-License-Identifier: Apache-2.0 */
/* Search in the list of banks (data/banks.csv): by code, by the beginning of a word in English, by any part in Chinese.
 */
#include <pthread.h>
#include <string.h>

#include "base/embedded.h"
#include "http/answers.h"
#include "http/request.h"

#define BANKS_MAX 512
#define BANK_COLUMNS 4
#define BANK_BYTES 200

struct bank {
    char text[BANK_BYTES];
    const char *columns[BANK_COLUMNS]; /* code, English name, Chinese name, number in the national clearing system */
};

static struct bank banks[BANKS_MAX];
static size_t banks_count;
static pthread_once_t banks_made = PTHREAD_ONCE_INIT;

static void bank_add(const char *line, size_t size)
{
    struct bank *bank = &banks[banks_count];
    char *rest = bank->text;

    if (size == 0 || size >= BANK_BYTES || banks_count == BANKS_MAX)
        return;
    memcpy(bank->text, line, size);
    bank->text[size] = '\0';
    for (int i = 0; i < BANK_COLUMNS; i++) {
        const char *column = rest != NULL ? strsep(&rest, ",") : "";
        bank->columns[i] = column;
    }
    banks_count++;
}

static void banks_make(void)
{
    const struct embedded *file = embedded_data;
    const char *line;

    while (file->name != NULL && strcmp(file->name, "banks.csv") != 0)
        file++;
    line = file->name != NULL ? strchr(file->data, '\n') : NULL;
    while (line != NULL && line[1] != '\0') {
        const char *end = strchrnul(line + 1, '\n');
        bank_add(line + 1, (size_t)(end - line - 1));
        line = *end != '\0' ? end : NULL;
    }
}

static bool word_begins(const char *text, const char *wanted)
{
    size_t size = strlen(wanted);

    for (const char *at = text; *at != '\0'; at++)
        if ((at == text || at[-1] == ' ') && strncasecmp(at, wanted, size) == 0)
            return true;
    return false;
}

static bool bank_matches(const struct bank *bank, const char *wanted)
{
    if (wanted == NULL)
        return true;
    return strncasecmp(bank->columns[0], wanted, strlen(wanted)) == 0 || word_begins(bank->columns[1], wanted) ||
           strstr(bank->columns[2], wanted) != NULL;
}

void banks_list(struct request *request)
{
    struct out out;
    int64_t shown = 0;

    pthread_once(&banks_made, banks_make);
    out_init(&out);
    request_list_begin(&out);
    for (size_t i = 0; i < banks_count && shown < request->parameters.limit; i++) {
        const struct bank *bank = &banks[i];
        if (!bank_matches(bank, request->parameters.query))
            continue;
        out_object(&out, NULL);
        out_string(&out, "code", bank->columns[0]);
        out_string(&out, "name", bank->columns[1]);
        out_string(&out, "name_zh", bank->columns[2]);
        out_string(&out, "clearing_number", bank->columns[3][0] != '\0' ? bank->columns[3] : NULL);
        out_object_end(&out);
        shown++;
    }
    request_list_end(&out, 0);
    request_answer(request, 200, &out);
}
