/* SPDX-License-Identifier: Apache-2.0 */
/* The harnesses without libFuzzer: plays every file that is named, and every file below the directories that are named,
 * in the order of their names. A corpus that is not there, or that holds nothing, is a failure: it would prove nothing.
 */
#include <fts.h>

#include "fuzz.h"

#define INPUT_BYTES_MAX ((size_t)1 << 20)

#pragma weak LLVMFuzzerInitialize

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool play(const char *path)
{
    FILE *file = fopen(path, "re");
    uint8_t *data = file != NULL ? malloc(INPUT_BYTES_MAX + 1) : NULL;
    size_t size = data != NULL ? fread(data, 1, INPUT_BYTES_MAX + 1, file) : 0;
    bool whole = data != NULL && ferror(file) == 0 && size <= INPUT_BYTES_MAX;
    /* Exactly as large as the input: whoever reads behind it is seen. */
    uint8_t *exact = whole ? realloc(data, size > 0 ? size : 1) : NULL;

    if (exact != NULL) {
        fprintf(stderr, "%s\n", path); /* the last line names the one that failed */
        (void)LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact != NULL ? exact : data);
    if (file != NULL)
        fclose(file);
    return exact != NULL;
}

int main(int count, char **arguments)
{
    size_t played = 0, failed = 0;
    FTS *tree = count > 1 ? fts_open(arguments + 1, FTS_LOGICAL | FTS_NOCHDIR, by_name) : NULL;

    if (tree == NULL) {
        fprintf(stderr, "usage: %s CORPUS…\n", arguments[0]);
        return 2;
    }
    if (LLVMFuzzerInitialize != NULL)
        (void)LLVMFuzzerInitialize(&count, &arguments);
    for (FTSENT *entry; (entry = fts_read(tree)) != NULL;) {
        bool file = entry->fts_info == FTS_F, good = file && play(entry->fts_path);
        if (!file && entry->fts_info != FTS_NS && entry->fts_info != FTS_ERR && entry->fts_info != FTS_DNR)
            continue;
        played++;
        failed += !good;
        printf("%s %zu - %s\n", good ? "ok" : "not ok", played, entry->fts_name);
    }
    fts_close(tree);
    printf("1..%zu\n", played);
    return played > 0 && failed == 0 ? 0 : 1;
}
