/* SPDX-License-Identifier: Apache-2.0 */
/* ebb import: billing facts from a file into a server, a batch at a time.
 *
 * What was answered is written down after each batch (cli/progress.h), and the errors that belong to it before; a
 * second start cuts the errors back to what was written down and goes on behind it. A batch that was sent and whose
 * answer was lost is sent again: facts are known by their refs, and what replaces (accounts, claims, resources) ends as
 * it did. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/chunk.h"
#include "cli/progress.h"
#include "engine/world.h"

#define BAR_WIDTH 30
#define PATIENCE_S 60
#define PATIENCE_MOST_S 86400
#define NAME_BYTES 4096

enum { OPTION_DRY_RUN = 0x500, OPTION_FORMAT, OPTION_STATE, OPTION_RESTART, OPTION_PATIENCE, OPTION_BATCH };

struct import {
    struct client client;
    const char *file, *state;
    enum rows_format format; /* 0: by the file's name */
    bool dry_run, restart, bar;
    int64_t patience_s, batch_lines;
    int fd, errors;                                          /* errors -1: not open yet */
    char errors_name[NAME_BYTES], progress_name[NAME_BYTES]; /* "": no progress is kept */
    struct progress progress;
    int64_t began_us, began_lines;
    struct rows rows;
    struct chunk chunk;
};

static void format_take(struct import *import, const char *value, const struct argp_state *state)
{
    if (strcmp(value, "csv") != 0 && strcmp(value, "ndjson") != 0)
        argp_error(state, "--format is csv or ndjson");
    import->format = strcmp(value, "csv") == 0 ? ROWS_CSV : ROWS_NDJSON;
}

static int64_t number_take(const char *value, int64_t least, int64_t most, const struct argp_state *state)
{
    char *end;
    int64_t number = strtoll(value, &end, 10);

    if (end == value || *end != '\0' || number < least || number > most)
        argp_error(state, "'%s' is not from %" PRId64 " to %" PRId64, value, least, most);
    return number;
}

static error_t import_option(int key, char *value, struct argp_state *state)
{
    struct import *import = state->input;

    switch (key) {
    case OPTION_DRY_RUN:
        import->dry_run = true;
        return 0;
    case OPTION_FORMAT:
        format_take(import, value, state);
        return 0;
    case OPTION_STATE:
        import->state = value;
        return 0;
    case OPTION_RESTART:
        import->restart = true;
        return 0;
    case OPTION_PATIENCE:
        import->patience_s = number_take(value, 0, PATIENCE_MOST_S, state);
        return 0;
    case OPTION_BATCH:
        import->batch_lines = number_take(value, 1, CHUNK_ROWS_MAX, state);
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
    {"format", OPTION_FORMAT, "WORD", 0, "csv or ndjson; else CSV when FILE ends in .csv", 0},
    {"state", OPTION_STATE, "DIR", 0, "Where progress and errors are written, not beside FILE", 0},
    {"restart", OPTION_RESTART, NULL, 0, "Begin anew, whatever an earlier run got done", 0},
    {"patience", OPTION_PATIENCE, "SECONDS", 0, "How long to ask a silent server again (60)", 0},
    {"batch", OPTION_BATCH, "LINES", 0, "How many lines to send at once (2000)", 0},
    {0},
};
static const struct argp import_argp = {
    import_options,
    import_option,
    "FILE",
    "Sends billing facts, as /v1/batch takes them: one JSON object a line, or CSV.\v"
    "A line: {\"op\":\"topup\",\"account\":\"alice\",\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\"}\n"
    "The same in CSV, whose first line names the members (payer.kind is one of payer); an empty cell is none:\n"
    "  op,account,ref,amount,method,payer.kind\n"
    "  topup,alice,t1,100000,alipay,\n\n"
    "Refused lines go to FILE.errors with what was wrong. What was answered is written to FILE.progress until all is "
    "done: after a kill, the same command goes on from there. Running the file again is safe: a fact that is known is "
    "not recorded twice.",
    children,
    NULL,
    NULL};

static void bar_draw(const struct import *import)
{
    const struct progress *progress = &import->progress;
    int64_t percent = progress->mark.bytes * 100 / progress->file_bytes, full = percent * BAR_WIDTH / 100;
    int64_t spent_ms = (monotonic_us() - import->began_us) / 1000 + 1;

    fprintf(stderr, "\r[%.*s%*s] %3" PRId64 "%%  %" PRId64 " lines, %" PRId64 " a second, %" PRId64 " refused ",
            (int)full, "##############################", (int)(BAR_WIDTH - full), "", percent, progress->mark.lines,
            (progress->mark.lines - import->began_lines) * 1000 / spent_ms, progress->refused);
}

static bool file_trouble(const struct import *import, const char *name)
{
    cli_complain(import->client.program, "%s: %s", name, strerror(errno));
    return false;
}

/* ---- the file of errors ---- */

static bool errors_name_column(const struct rows *rows, const json_t *errors, size_t column)
{
    json_t *error;
    size_t index;

    json_array_foreach(errors, index, error) if (rows_column_is(rows, column, json_text(error, "pointer"))) return true;
    return false;
}

/* In which columns of CSV the problem's members stand, counted from 1: "columns":{"amount":4}. */
static void columns_write(const struct rows *rows, const char *problem, size_t size, struct out *out)
{
    json_t *value = json_loadb(problem, size, 0, NULL);

    out_object(out, "columns");
    for (size_t i = 0; i < rows->columns; i++)
        if (errors_name_column(rows, json_object_get(value, "errors"), i))
            out_int(out, rows->names[i], (int64_t)i + 1);
    out_object_end(out);
    json_decref(value);
}

/* {"line":7,"status":422,"problem":{…},"text":"…"} */
static void error_write(const struct import *import, const struct chunk_row *row, struct out *out)
{
    const char *problem = chunk_at(&import->chunk, row->problem);
    char *raw = strndup(chunk_at(&import->chunk, row->raw), row->raw.size);

    out->need_comma = false;
    out_object(out, NULL);
    out_int(out, "line", row->number);
    if (import->rows.format == ROWS_CSV)
        columns_write(&import->rows, problem, row->problem.size, out);
    out_int(out, "status", row->status);
    out_raw(out, "problem", problem, row->problem.size);
    out_string(out, "text", raw != NULL ? raw : "");
    out_object_end(out);
    out_bytes(out, "\n", 1);
    out->failed = out->failed || raw == NULL;
    free(raw);
}

/* The file appears with its first line. */
static bool errors_append(struct import *import, const struct out *text)
{
    if (text->size == 0)
        return true;
    errno = ENOMEM;
    if (text->failed)
        return file_trouble(import, import->errors_name);
    if (import->errors < 0)
        import->errors = open(import->errors_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (import->errors < 0 || !file_write(import->errors, text->data, text->size))
        return file_trouble(import, import->errors_name);
    import->progress.errors_bytes += (int64_t)text->size;
    return true;
}

/* ---- batches ---- */

/* Writes down what is answered, up to the first row that is not. */
static bool chunk_record(struct import *import)
{
    const struct chunk *chunk = &import->chunk;
    struct progress *progress = &import->progress;
    struct out errors;
    bool written;

    if (chunk->count == 0 || chunk->rows[0].status == 0)
        return true;
    out_init(&errors);
    for (size_t i = 0; i < chunk->count && chunk->rows[i].status != 0; i++) {
        const struct chunk_row *row = &chunk->rows[i];

        progress->created += row->status == 201 || (import->dry_run && row->status == 200);
        progress->unchanged += row->status == 200 && !import->dry_run;
        progress->refused += row->status >= 300;
        progress->mark = row->mark;
        if (row->status >= 300)
            error_write(import, row, &errors);
    }
    written = errors_append(import, &errors);
    out_fini(&errors);
    if (written && import->progress_name[0] != '\0' && !progress_write(import->progress_name, progress))
        return file_trouble(import, import->progress_name);
    return written;
}

static enum cli_exit chunk_flush(struct import *import)
{
    enum cli_exit status;

    if (import->chunk.count == 0)
        return CLI_OK;
    status = import->dry_run ? chunk_check(&import->chunk) : chunk_send(&import->chunk);
    if (!chunk_record(import))
        status = CLI_USAGE;
    chunk_reset(&import->chunk);
    if (import->bar)
        bar_draw(import);
    return status;
}

static enum cli_exit rows_import(struct import *import)
{
    enum cli_exit status = CLI_OK;
    enum rows_got got = ROWS_ROW;
    struct row row;

    while (status == CLI_OK && (got = rows_next(&import->rows, &row)) == ROWS_ROW) {
        chunk_add(&import->chunk, &row, &import->rows.source.mark);
        if (!chunk_has_room(&import->chunk))
            status = chunk_flush(import);
    }
    if (status == CLI_OK)
        status = chunk_flush(import);
    if (got == ROWS_STOP) {
        cli_complain(import->client.program, "%s: %s", import->file, import->rows.why);
        status = status == CLI_OK ? CLI_USAGE : status;
    }
    return status;
}

/* ---- where an earlier run stopped ---- */

static bool stale(const struct import *import, const char *what)
{
    cli_complain(import->client.program, "%s: %s; --restart begins anew", import->progress_name, what);
    return false;
}

static bool errors_cut(struct import *import)
{
    int64_t bytes = import->progress.errors_bytes;
    struct stat stat;

    if (bytes == 0)
        return unlink(import->errors_name) == 0 || errno == ENOENT || file_trouble(import, import->errors_name);
    import->errors = open(import->errors_name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (import->errors < 0 || fstat(import->errors, &stat) != 0)
        return file_trouble(import, import->errors_name);
    if (stat.st_size < bytes)
        return stale(import, "the file of errors is shorter than it was");
    return ftruncate(import->errors, bytes) == 0 || file_trouble(import, import->errors_name);
}

static bool go_on(struct import *import, const struct progress *found)
{
    const struct progress *now = &import->progress;

    if (strcmp(found->url, now->url) != 0)
        return stale(import, "what is done was sent to another server");
    if (found->format != now->format || found->file_bytes != now->file_bytes ||
        !rows_skip(&import->rows, found->mark.bytes) || found->mark.lines != import->rows.source.mark.lines ||
        !hash_equal(found->mark.hash, import->rows.source.mark.hash, HASH_SHORT_BYTES))
        return stale(import, "what is done was another file of this name");
    import->progress = *found;
    cli_complain(import->client.program, "going on after line %" PRId64, found->mark.lines);
    return true;
}

static bool progress_find(struct import *import)
{
    struct progress found;

    if (import->progress_name[0] != '\0' && !import->restart)
        switch (progress_read(import->progress_name, &found)) {
        case PROGRESS_THERE:
            if (!go_on(import, &found))
                return false;
            break;
        case PROGRESS_NONE:
            break;
        case PROGRESS_UNREADABLE:
            return stale(import, "cannot be read");
        }
    import->began_lines = import->progress.mark.lines;
    return errors_cut(import);
}

/* ---- the whole ---- */

static bool name_make(const struct import *import, const char *ending, char ret[NAME_BYTES])
{
    const char *file = strcmp(import->file, "-") == 0 ? "stdin" : import->file;
    const char *slash = strrchr(file, '/');
    int size = import->state != NULL
                   ? snprintf(ret, NAME_BYTES, "%s/%s%s", import->state, slash != NULL ? slash + 1 : file, ending)
                   : snprintf(ret, NAME_BYTES, "%s%s", file, ending);

    if (size < NAME_BYTES)
        return true;
    errno = ENAMETOOLONG;
    return file_trouble(import, import->file);
}

static bool ends_in_csv(const char *name)
{
    size_t size = strlen(name);

    return size > 4 && strcasecmp(name + size - 4, ".csv") == 0;
}

/* Standard input cannot be read a second time unless it is asked for. A dry run leaves alone what a run has written. */
static bool names_make(struct import *import)
{
    bool kept = !import->dry_run && (import->state != NULL || strcmp(import->file, "-") != 0);

    return name_make(import, import->dry_run ? ".dry-run.errors" : ".errors", import->errors_name) &&
           (!kept || name_make(import, ".progress", import->progress_name));
}

static bool import_open(struct import *import)
{
    struct stat stat;

    import->fd = strcmp(import->file, "-") == 0 ? STDIN_FILENO : file_open(import->file, FILE_READ);
    if (import->fd < 0 || fstat(import->fd, &stat) != 0)
        return file_trouble(import, import->file);
    if (!import->dry_run && flock(import->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        cli_complain(import->client.program, "%s: is being imported already", import->file);
        return false;
    }
    if (import->format == 0)
        import->format = ends_in_csv(import->file) ? ROWS_CSV : ROWS_NDJSON;
    import->progress.format = import->format;
    import->progress.file_bytes = S_ISREG(stat.st_mode) ? stat.st_size : -1;
    snprintf(import->progress.url, sizeof(import->progress.url), "%s", import->client.url);
    import->bar = isatty(STDERR_FILENO) && import->progress.file_bytes > 0;
    if (!names_make(import))
        return false;
    if (!rows_open(&import->rows, import->fd, import->format)) {
        cli_complain(import->client.program, "%s: %s", import->file, import->rows.why);
        return false;
    }
    return progress_find(import);
}

static void import_close(struct import *import)
{
    rows_fini(&import->rows);
    chunk_fini(&import->chunk);
    client_leave(&import->client);
    file_close(import->errors);
    file_close(import->fd);
}

static int import_end(const struct import *import, enum cli_exit status)
{
    const struct progress *progress = &import->progress;

    if (import->bar)
        fputc('\n', stderr);
    if (import->dry_run)
        printf("%" PRId64 " lines are of the right shape, %" PRId64 " are not\n", progress->created, progress->refused);
    else
        printf("%" PRId64 " recorded, %" PRId64 " known before or changed, %" PRId64 " refused\n", progress->created,
               progress->unchanged, progress->refused);
    if (progress->refused > 0)
        cli_complain(import->client.program, "see %s", import->errors_name);
    if (status == CLI_UNKNOWN)
        cli_complain(import->client.program, "some lines after line %" PRId64 " may have been recorded",
                     progress->mark.lines);
    if (status != CLI_OK && import->progress_name[0] != '\0' && progress->mark.lines > 0)
        cli_complain(import->client.program, "the same command goes on after line %" PRId64, progress->mark.lines);
    if (status == CLI_OK && import->progress_name[0] != '\0' && unlink(import->progress_name) != 0 && errno != ENOENT) {
        file_trouble(import, import->progress_name);
        status = CLI_USAGE;
    }
    return status != CLI_OK ? (int)status : progress->refused > 0 ? CLI_REFUSED : CLI_OK;
}

int import_main(int argc, char **argv)
{
    static struct import import = {.errors = -1, .patience_s = PATIENCE_S, .batch_lines = CHUNK_ROWS};
    int status = CLI_USAGE;

    client_init(&import.client, "ebb import");
    argp_parse(&import_argp, argc, argv, 0, NULL, &import);
    client_keep(&import.client);
    chunk_init(&import.chunk, &import.client, (size_t)import.batch_lines, import.patience_s);
    import.began_us = monotonic_us();
    if (import_open(&import))
        status = import_end(&import, rows_import(&import));
    import_close(&import);
    return status;
}
