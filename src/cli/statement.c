/* SPDX-License-Identifier: Apache-2.0 */
/* ebb statement: what channels say they did, against what the books say.
 *
 * A file is gone through twice: first the whole of it, so that one that is wrong anywhere is refused before the server
 * hears of it; then its lines go out in pieces under the file's hash. The second time it is our own copy, so that what
 * was checked is what is sent, also when somebody writes to the file meanwhile. Whatever ends that, the same command
 * goes on where the server stands. Memory holds one piece, however long the file is. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/client.h"
#include "cli/sheet.h"
#include "recon/bill.h"
#include "recon/camt.h"

#define PIECE_LINES 200
#define MAPPING_BYTES_MAX ((size_t)64 << 10)

enum { OPTION_CHANNEL = 0x500, OPTION_MAPPING, OPTION_FROM, OPTION_TO, OPTION_ACCOUNT, OPTION_CURRENCY, OPTION_LAG };

struct statement_options {
    struct client client;
    const char *word; /* the file */
    bool wants_word;
    const char *channel, *mapping;
    struct statement_wish wish;
    int64_t lag_hours;
};

static void instant_take(const char *value, struct instant *ret, const struct argp_state *state)
{
    if (!instant_parse(value, ret))
        argp_error(state, "'%s' is no moment, as 2026-11-20T00:00:00+08:00", value);
}

static error_t statement_option(int key, char *value, struct argp_state *state)
{
    struct statement_options *options = state->input;

    switch (key) {
    case OPTION_CHANNEL:
        options->channel = value;
        return 0;
    case OPTION_MAPPING:
        options->mapping = value;
        return 0;
    case OPTION_FROM:
        instant_take(value, &options->wish.from, state);
        return 0;
    case OPTION_TO:
        instant_take(value, &options->wish.to, state);
        return 0;
    case OPTION_ACCOUNT:
        options->wish.account = value;
        return 0;
    case OPTION_LAG:
        options->lag_hours = strtoll(value, NULL, 10);
        return 0;
    case OPTION_CURRENCY:
        options->wish.currency = value;
        return 0;
    case ARGP_KEY_INIT:
        if (state->child_inputs != NULL && state->root_argp->children != NULL)
            state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (!options->wants_word || options->word != NULL)
            argp_error(state, "unexpected argument '%s'", value);
        options->word = value;
        return 0;
    case ARGP_KEY_END:
        if (options->wants_word && options->word == NULL)
            argp_error(state, "an argument is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};

static struct statement_options options_of(const struct argp *argp, const char *program, bool wants_word, int argc,
                                           char **argv)
{
    struct statement_options options = {.wants_word = wants_word};

    client_init(&options.client, program);
    argp_parse(argp, argc, argv, 0, NULL, &options);
    return options;
}

static enum cli_exit post(const struct client *client, const char *path, const struct out *body, struct answer *ret)
{
    char key[CLIENT_KEY_BYTES];

    client_key(key);
    return client_call(client,
                       &(struct client_request){
                           .method = "POST", .path = path, .body = body->data, .body_bytes = body->size, .key = key},
                       ret);
}

/* ---- import ---- */

struct import {
    const struct statement_options *options;
    struct mapping mapping;
    struct arena arena; /* of the mapping */
    struct statement_summary summary;
    char hash[HASH_BYTES * 2 + 1];
    int64_t line, taken; /* read in this reading; in the server's books */
    struct out lines;    /* of the piece, a JSON array without its brackets */
    int64_t piece_first;
    size_t piece_lines;
    struct answer answer; /* the last one */
    enum cli_exit status;
    int fd, copy; /* the file; what was read of it, -1: it is not kept */
    int64_t copy_at;
};

static const char *copy_directory(void)
{
    const char *directory = getenv("TMPDIR");

    return directory != NULL && directory[0] != '\0' ? directory : "/tmp";
}

static void copy_failed(struct import *import)
{
    cli_complain(import->options->client.program, "%s: no copy of it can be kept in %s (TMPDIR): %s",
                 import->options->word, copy_directory(), strerror(errno));
    import->status = CLI_USAGE;
}

static int64_t file_source(void *context, void *data, size_t size)
{
    struct import *import = context;
    int64_t got = file_read(import->fd, data, size);

    if (got <= 0 || import->copy < 0 || file_write(import->copy, data, (size_t)got))
        return got;
    copy_failed(import);
    return -1;
}

static int64_t copy_source(void *context, void *data, size_t size)
{
    struct import *import = context;
    int64_t got = file_read_at(import->copy, data, size, import->copy_at);

    import->copy_at += got > 0 ? got : 0;
    return got;
}

/* False: refused, and said so. */
static bool bytes_through(struct import *import, struct statement_source source, statement_taker *take,
                          struct statement_summary *ret)
{
    const struct statement_options *options = import->options;
    struct statement_why why = {0};
    bool read = options->mapping != NULL ? bill_read(&source, &import->mapping, &options->wish, take, import, ret, &why)
                                         : camt_read(&source, &options->wish, take, import, ret, &why);

    if (read || import->status != CLI_OK)
        return read;
    if (why.line > 0)
        cli_complain(options->client.program, "%s:%lld: %s", options->word, (long long)why.line, why.text);
    else
        cli_complain(options->client.program, "%s: %s", options->word, why.text);
    import->status = CLI_REFUSED;
    return false;
}

static bool line_count(void *context, const struct line_ask *line)
{
    (void)context;
    (void)line;
    return true;
}

static bool file_check(struct import *import)
{
    bool read;

    import->fd = file_open(import->options->word, FILE_READ);
    if (import->fd < 0) {
        cli_complain(import->options->client.program, "%s: %s", import->options->word, strerror(errno));
        import->status = CLI_USAGE;
        return false;
    }
    read = bytes_through(import, (struct statement_source){file_source, import}, line_count, &import->summary);
    file_close(import->fd);
    if (read)
        hash_hex(import->summary.hash, HASH_BYTES, import->hash);
    return read;
}

static bool copy_open(struct import *import)
{
    import->copy = file_nameless(copy_directory());
    if (import->copy < 0)
        copy_failed(import);
    return import->copy >= 0;
}

/* What is in `lines` goes out; the answer says how far the server is. */
static bool piece_send(struct import *import)
{
    const struct statement_options *options = import->options;
    struct out body;

    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "channel", options->channel);
    out_instant(&body, "from", import->summary.from);
    out_instant(&body, "to", import->summary.to);
    out_string(&body, "format", options->mapping != NULL ? "csv" : "camt.053");
    if (import->summary.account[0] != '\0')
        out_string(&body, "account", import->summary.account);
    out_string(&body, "hash", import->hash);
    out_int(&body, "first", import->piece_first);
    out_int(&body, "total", import->summary.lines);
    out_int(&body, "lag_hours", options->lag_hours);
    if (import->piece_lines > 0)
        out_array_end(&import->lines);
    out_raw(&body, "lines", import->piece_lines > 0 ? import->lines.data : "[]",
            import->piece_lines > 0 ? import->lines.size : 2);
    out_object_end(&body);
    answer_fini(&import->answer);
    import->status = post(&options->client, "/v1/statements", &body, &import->answer);
    out_fini(&body);
    out_reset(&import->lines);
    import->piece_first += (int64_t)import->piece_lines;
    import->piece_lines = 0;
    import->taken = import->status == CLI_OK ? json_minor(import->answer.json, "taken") : import->taken;
    return import->status == CLI_OK;
}

static bool line_send(void *context, const struct line_ask *line)
{
    struct import *import = context;
    struct out *out = &import->lines;

    if (import->line++ < import->taken)
        return true;
    if (import->piece_lines == PIECE_LINES && !piece_send(import))
        return false;
    if (import->piece_lines++ == 0) {
        import->piece_first = import->line - 1;
        out_array(out, NULL);
    }
    out_object(out, NULL);
    out_string(out, "key", line->key);
    out_string(out, "outcome", word_text(&evidence_kind_words, line->outcome));
    out_money(out, "amount", line->amount);
    out_string(out, "currency", line->currency);
    out_instant(out, "at", line->at);
    out_string(out, "reference", line->reference[0] != '\0' ? line->reference : NULL);
    out_string(out, "code", line->code != NULL && line->code[0] != '\0' ? line->code : NULL);
    out_object_end(out);
    return !out->failed;
}

static bool is_taken(const struct import *import)
{
    return strcmp(json_text(import->answer.json, "status"), "taken") == 0;
}

/* The first piece is empty: it says how far the server is with this file. Behind the last line it looks for our
 * payments as long as it says that it goes on. */
static bool lines_send(struct import *import, bool *ret_already)
{
    struct statement_summary again;

    if (!piece_send(import))
        return false;
    *ret_already = is_taken(import) && json_is_true(json_object_get(import->answer.json, "already"));
    if (*ret_already || !bytes_through(import, (struct statement_source){copy_source, import}, line_send, &again))
        return import->status == CLI_OK;
    if (memcmp(again.hash, import->summary.hash, HASH_BYTES) != 0) {
        cli_complain(import->options->client.program, "%s: its copy in %s was changed", import->options->word,
                     copy_directory());
        import->status = CLI_REFUSED;
        return false;
    }
    while (import->piece_lines > 0 || !is_taken(import)) {
        if (import->piece_lines == 0)
            import->piece_first = import->summary.lines;
        if (!piece_send(import))
            return false;
    }
    return true;
}

static void import_show(const struct import *import, bool already)
{
    const json_t *answer = import->answer.json;

    if (import->options->client.json) {
        client_print(&import->answer);
        return;
    }
    printf("%s, %s to %s: %lld lines, %lld matched, %lld breaks%s\n", json_text(answer, "channel"),
           json_text(answer, "from"), json_text(answer, "to"), (long long)json_minor(answer, "total"),
           (long long)json_minor(answer, "matched"), (long long)json_minor(answer, "breaks"),
           already ? "; the books had it already, nothing changed" : "");
    if (import->summary.others > 0)
        printf("%lld others: money that came in, or none that moved\n", (long long)import->summary.others);
}

static bool mapping_load(struct import *import)
{
    const struct statement_options *options = import->options;
    struct field_problems problems = {0};
    size_t size = 0;
    char *text = cli_read_file(options->mapping, MAPPING_BYTES_MAX, &size);
    enum err err;

    import->status = CLI_USAGE;
    if (text == NULL) {
        cli_complain(options->client.program, "%s: %s", options->mapping, strerror(errno));
        return false;
    }
    err = field_read_json(text, size, &mapping_shape, &import->arena, &import->mapping, &problems);
    free(text);
    for (size_t i = 0; i < problems.count; i++)
        cli_complain(options->client.program, "%s: %s: %s", options->mapping, problems.items[i].pointer,
                     problems.items[i].detail);
    if (err != ERR_NONE)
        return false;
    import->status = CLI_OK;
    return true;
}

static const struct argp_option import_options[] = {
    {"channel", OPTION_CHANNEL, "NAME", 0, "Whose statement it is; it must be given", 0},
    {"mapping", OPTION_MAPPING, "FILE", 0, "The file is CSV, and this says in JSON what its columns are", 0},
    {"account", OPTION_ACCOUNT, "ACCOUNT", 0, "Our own account there; a file of another one is refused", 0},
    {"currency", OPTION_CURRENCY, "CODE", 0, "A file of another currency is refused", 0},
    {"from", OPTION_FROM, "TIME", 0, "From when it tells everything, where it does not say so itself", 0},
    {"to", OPTION_TO, "TIME", 0, "To when", 0},
    {"lag", OPTION_LAG, "HOURS", 0, "Payments of its last hours may stand in the next one, and are looked for there",
     0},
    {0},
};
static const struct argp import_argp = {
    import_options,
    statement_option,
    "FILE",
    "Compares a channel's statement (camt.053, or CSV with a mapping) with the books: what is unknown is settled by "
    "it, "
    "what differs becomes a break. The same file again changes nothing; one that was cut short goes on.",
    children,
    NULL,
    NULL};

static int statement_import_main(int argc, char **argv)
{
    struct statement_options options = options_of(&import_argp, "ebb statement import", true, argc, argv);
    struct import import = {.options = &options, .status = CLI_OK, .copy = -1};
    bool already = false;

    if (options.channel == NULL) {
        cli_complain(options.client.program, "--channel says whose statement it is");
        return CLI_USAGE;
    }
    arena_init(&import.arena, MAPPING_BYTES_MAX * 16);
    out_init(&import.lines);
    if ((options.mapping == NULL || mapping_load(&import)) && copy_open(&import) && file_check(&import)) {
        client_keep(&options.client);
        if (lines_send(&import, &already))
            import_show(&import, already);
        client_leave(&options.client);
    }
    file_close(import.copy);
    answer_fini(&import.answer);
    out_fini(&import.lines);
    arena_fini(&import.arena);
    return (int)import.status;
}

/* ---- check ---- */

static const struct argp_option check_options[] = {
    {"mapping", OPTION_MAPPING, "FILE", 0, "The file is CSV, and this says in JSON what its columns are", 0},
    {"account", OPTION_ACCOUNT, "ACCOUNT", 0, "Of which it must be", 0},
    {"currency", OPTION_CURRENCY, "CODE", 0, "In which it must be", 0},
    {"from", OPTION_FROM, "TIME", 0, "From when it tells everything, where it does not say so itself", 0},
    {"to", OPTION_TO, "TIME", 0, "To when", 0},
    {0},
};
static const struct argp check_argp = {check_options,
                                       statement_option,
                                       "FILE",
                                       "Reads a channel's statement as import does, and tells no server.",
                                       NULL /* alone */,
                                       NULL,
                                       NULL};

static void summary_show(const struct import *import)
{
    const struct statement_summary *summary = &import->summary;
    char paid[MONEY_TEXT_BYTES], returned[MONEY_TEXT_BYTES], from[INSTANT_TEXT_BYTES], to[INSTANT_TEXT_BYTES];

    instant_format(summary->from, from);
    instant_format(summary->to, to);
    printf("%s to %s: %lld entries, %lld lines, %lld others\n", from, to, (long long)summary->entries,
           (long long)summary->lines, (long long)summary->others);
    if (summary->lines > 0) {
        money_format(summary->paid, summary->currency, paid);
        money_format(summary->returned, summary->currency, returned);
        printf("%s %s paid, %s returned\n", summary->currency, paid, returned);
    }
    printf("BLAKE2b %s\n", import->hash);
}

static int statement_check_main(int argc, char **argv)
{
    struct statement_options options = {.wants_word = true, .client = {.program = "ebb statement check"}};
    struct import import = {.options = &options, .status = CLI_OK, .copy = -1};

    argp_parse(&check_argp, argc, argv, 0, NULL, &options);
    arena_init(&import.arena, MAPPING_BYTES_MAX * 16);
    if ((options.mapping == NULL || mapping_load(&import)) && file_check(&import))
        summary_show(&import);
    arena_fini(&import.arena);
    return (int)import.status;
}

/* ---- transit ---- */

static const struct argp transit_argp = {
    NULL,     statement_option,
    NULL,     "Money that was sent and is not proven; exit status 1 while there is some.",
    children, NULL,
    NULL};

static void transit_sheet(const json_t *parts)
{
    static const char *const titles[] = {"channel", "status", ">payments", ">amount", "oldest"};
    char amount[MONEY_TEXT_BYTES], count[24];
    struct sheet sheet;
    const json_t *part;
    size_t i;

    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    json_array_foreach(parts, i, part)
    {
        snprintf(count, sizeof count, "%lld", (long long)json_minor(part, "count"));
        (void)sheet_add(&sheet, (const char *const[]){json_text(part, "channel"), json_text(part, "status"), count,
                                                      json_amount(part, "amount", json_text(part, "currency"), amount),
                                                      json_text(part, "oldest_at")});
    }
    sheet_print(&sheet);
    sheet_fini(&sheet);
}

static int statement_transit_main(int argc, char **argv)
{
    struct statement_options options = options_of(&transit_argp, "ebb statement transit", false, argc, argv);
    struct answer answer;
    enum cli_exit status = client_get(&options.client, "/v1/transit", &answer);
    bool clear = status == CLI_OK && json_is_true(json_object_get(answer.json, "clear"));

    if (status == CLI_OK && options.client.json)
        client_print(&answer);
    else if (clear)
        printf("nothing is in transit\n");
    else if (status == CLI_OK)
        transit_sheet(json_object_get(answer.json, "in_transit"));
    answer_fini(&answer);
    return status != CLI_OK ? (int)status : clear ? CLI_OK : CLI_REFUSED;
}

int statement_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"import", "a channel's statement against the books", statement_import_main, NULL},
        {"check", "is it right in itself? no server is told", statement_check_main, NULL},
        {"transit", "money that was sent and is not proven", statement_transit_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb statement",
                        "Example:\n  ebb statement import 20261120.xml --channel bankfile\n"
                        "  ebb statement import refunds.csv --channel alipay --mapping alipay.json\n",
                        argc, argv);
}
