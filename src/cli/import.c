/* SPDX-License-Identifier: Apache-2.0 */
/* ebb import: billing facts from a file of batch lines into a server. Lines that were refused are written to
 * FILE.errors with what was wrong; the facts' own refs make it safe to run the whole file again. */
#include "cli/client.h"
#include "http/batch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_LINES_MAX 2000
#define CHUNK_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define LINE_ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define BAR_WIDTH 30

enum { OPTION_DRY_RUN = 0x500 };

struct import {
    struct client client;
    const char *file;
    bool dry_run, bar;
    FILE *in, *errors;
    char errors_name[4096];
    off_t bytes_total, bytes_read;
    struct out chunk;
    size_t numbers[CHUNK_LINES_MAX]; /* of the chunk's lines in the file */
    size_t starts[CHUNK_LINES_MAX];  /* and where they begin in the chunk */
    size_t count, line;              /* lines in the chunk; lines read */
    size_t created, unchanged, refused;
};

static error_t import_option(int key, char *value, struct argp_state *state)
{
    struct import *import = state->input;

    switch (key) {
    case OPTION_DRY_RUN:
        import->dry_run = true;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &import->client;
        return 0;
    case ARGP_KEY_ARG:
        if (import->file != NULL)
            argp_error(state, "one FILE at a time");
        import->file = value;
        return 0;
    case ARGP_KEY_END:
        if (import->file == NULL)
            argp_error(state, "FILE is missing (- is standard input)");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};
static const struct argp_option import_options[] = {
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Check the shape of every line here; send nothing", 0},
    {0},
};
static const struct argp import_argp = {
    import_options,
    import_option,
    "FILE",
    "Sends billing facts, one JSON object a line, as /v1/batch takes them.\v"
    "A line: {\"op\":\"topup\",\"account\":\"alice\",\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\"}\n\n"
    "Refused lines go to FILE.errors with what was wrong. Running the file again is safe: a fact that is known is not "
    "recorded twice.",
    children,
    NULL,
    NULL};

static void bar_draw(const struct import *import)
{
    int64_t percent = import->bytes_total > 0 ? import->bytes_read * 100 / import->bytes_total : 100;
    int64_t full = percent * BAR_WIDTH / 100;

    if (!import->bar)
        return;
    fprintf(stderr, "\r[%.*s%*s] %3" PRId64 "%%  %zu lines, %zu refused", (int)full, "##############################",
            (int)(BAR_WIDTH - full), "", percent, import->line, import->refused);
}

/* {"line":7,"status":422,"problem":{…},"text":"…"}; the file appears with its first line. */
static bool error_write(struct import *import, size_t number, const char *text, size_t size, int64_t status,
                        const char *problem, size_t problem_bytes)
{
    struct out line;
    char *copy = strndup(text, size);

    import->refused++;
    if (import->errors == NULL)
        import->errors = fopen(import->errors_name, "we");
    if (import->errors == NULL || copy == NULL) {
        cli_complain(import->client.program, "%s: %s", import->errors_name, strerror(errno));
        free(copy);
        return false;
    }
    out_init(&line);
    out_object(&line, NULL);
    out_int(&line, "line", (int64_t)number);
    out_int(&line, "status", status);
    out_raw(&line, "problem", problem, problem_bytes);
    out_string(&line, "text", copy);
    out_object_end(&line);
    fprintf(import->errors, "%s\n", line.data != NULL ? line.data : "");
    out_fini(&line);
    free(copy);
    return true;
}

static void line_bounds(const struct import *import, size_t index, const char **ret, size_t *ret_size)
{
    size_t end = index + 1 < import->count ? import->starts[index + 1] : import->chunk.size;

    *ret = import->chunk.data + import->starts[index];
    *ret_size = end - import->starts[index] - 1; /* without the newline */
}

/* ---- dry run ---- */

static void problems_write(const struct field_problems *problems, struct out *out)
{
    out_object(out, NULL);
    out_string(out, "code", "malformed");
    out_array(out, "errors");
    for (size_t i = 0; i < problems->count; i++) {
        out_object(out, NULL);
        out_string(out, "pointer", problems->items[i].pointer);
        out_string(out, "detail", problems->items[i].detail);
        out_object_end(out);
    }
    out_array_end(out);
    out_object_end(out);
}

static enum cli_exit chunk_check(struct import *import)
{
    enum cli_exit status = CLI_OK;
    struct arena arena;

    arena_init(&arena, LINE_ARENA_BYTES);
    for (size_t i = 0; i < import->count && status == CLI_OK; i++) {
        struct field_problems problems = {.count = 0};
        const char *text;
        size_t size;
        struct out out;

        line_bounds(import, i, &text, &size);
        arena_reset(&arena);
        if (batch_line_check(text, size, &arena, &problems) == ERR_NONE) {
            import->created++;
            continue;
        }
        out_init(&out);
        problems_write(&problems, &out);
        if (!error_write(import, import->numbers[i], text, size, 400, out.data, out.size))
            status = CLI_USAGE;
        out_fini(&out);
    }
    arena_fini(&arena);
    return status;
}

/* ---- to the server ---- */

static bool result_take(struct import *import, size_t index, const char *result, size_t size)
{
    json_t *value = json_loadb(result, size, 0, NULL);
    int64_t status = json_minor(value, "status");
    json_t *body = json_object_get(value, "body");
    bool written = true;

    if (status == 201)
        import->created++;
    else if (status == 200)
        import->unchanged++;
    else {
        char *problem = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
        const char *text;
        size_t bytes;

        line_bounds(import, index, &text, &bytes);
        written = error_write(import, import->numbers[index], text, bytes, status, problem != NULL ? problem : "null",
                              problem != NULL ? strlen(problem) : 4);
        free(problem);
    }
    json_decref(value);
    return written;
}

static enum cli_exit chunk_send(struct import *import)
{
    struct client_request request = {.method = "POST",
                                     .path = "/v1/batch",
                                     .body = import->chunk.data,
                                     .body_bytes = import->chunk.size,
                                     .content_type = "application/x-ndjson"};
    struct answer answer;
    enum cli_exit status = client_call(&import->client, &request, &answer);
    size_t index = 0;
    char *at = answer.body;

    while (status == CLI_OK && at != NULL && *at != '\0' && index < import->count) {
        size_t size = strcspn(at, "\n");

        if (!result_take(import, index++, at, size))
            status = CLI_USAGE;
        at += size + (at[size] == '\n');
    }
    if (status == CLI_OK && index < import->count) {
        cli_complain(import->client.program, "the server answered %zu of %zu lines", index, import->count);
        status = CLI_UNKNOWN;
    }
    if (status == CLI_UNKNOWN)
        cli_complain(import->client.program, "some lines after line %zu may have been recorded: run the file again",
                     import->numbers[0] - 1);
    answer_fini(&answer);
    return status;
}

static enum cli_exit chunk_flush(struct import *import)
{
    enum cli_exit status = CLI_OK;

    if (import->count > 0)
        status = import->dry_run ? chunk_check(import) : chunk_send(import);
    out_reset(&import->chunk);
    import->count = 0;
    bar_draw(import);
    return status;
}

static enum cli_exit lines_read(struct import *import)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    enum cli_exit status = CLI_OK;

    while (status == CLI_OK && (size = getline(&line, &capacity, import->in)) > 0) {
        import->line++;
        import->bytes_read += size;
        if (line[size - 1] == '\n')
            size--;
        if (strspn(line, " \t\r\n") >= (size_t)size)
            continue;
        if (import->count == CHUNK_LINES_MAX ||
            (import->count > 0 && import->chunk.size + (size_t)size > CHUNK_BYTES_MAX))
            status = chunk_flush(import);
        import->numbers[import->count] = import->line;
        import->starts[import->count++] = import->chunk.size;
        out_bytes(&import->chunk, line, (size_t)size);
        out_bytes(&import->chunk, "\n", 1);
    }
    if (status == CLI_OK && ferror(import->in)) {
        cli_complain(import->client.program, "%s: %s", import->file, strerror(errno));
        status = CLI_USAGE;
    }
    free(line);
    return status == CLI_OK ? chunk_flush(import) : status;
}

static bool import_open(struct import *import)
{
    bool standard_input = strcmp(import->file, "-") == 0;
    struct stat stat;

    import->in = standard_input ? stdin : fopen(import->file, "re");
    if (import->in == NULL) {
        cli_complain(import->client.program, "%s: %s", import->file, strerror(errno));
        return false;
    }
    if (fstat(fileno(import->in), &stat) == 0 && S_ISREG(stat.st_mode))
        import->bytes_total = stat.st_size;
    import->bar = isatty(STDERR_FILENO) && import->bytes_total > 0;
    snprintf(import->errors_name, sizeof(import->errors_name), "%s.errors", standard_input ? "stdin" : import->file);
    out_init(&import->chunk);
    return true;
}

int import_main(int argc, char **argv)
{
    static struct import import;

    client_init(&import.client, "ebb import");
    argp_parse(&import_argp, argc, argv, 0, NULL, &import);
    if (!import_open(&import))
        return CLI_USAGE;
    enum cli_exit status = lines_read(&import);

    if (import.bar)
        fputc('\n', stderr);
    if (import.errors != NULL && fclose(import.errors) != 0)
        status = CLI_USAGE;
    if (import.in != stdin)
        fclose(import.in);
    out_fini(&import.chunk);
    if (import.dry_run)
        printf("%zu lines are of the right shape, %zu are not\n", import.created, import.refused);
    else
        printf("%zu recorded, %zu known before or changed, %zu refused\n", import.created, import.unchanged,
               import.refused);
    if (import.refused > 0)
        cli_complain(import.client.program, "see %s", import.errors_name);
    return status != CLI_OK ? (int)status : import.refused > 0 ? CLI_REFUSED : CLI_OK;
}
