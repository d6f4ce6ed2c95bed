/* SPDX-License-Identifier: Apache-2.0 */
/* ebb quote: the pure core on its own. Facts in, a quote out; no database, no server. */
#include "cli/quote.h"
#include "base/embedded.h"
#include "cli/cli.h"
#include "domain/facts.h"
#include "domain/policy_load.h"
#include "view/view.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "ebb quote"
#define FACTS_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define ARENA_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define POLICY_BYTES_MAX ((size_t)1024 * 1024)
#define READ_BYTES ((size_t)256 * 1024)

struct quote_options {
    const char *facts, *policy_files[POLICIES_LOADED_MAX];
    size_t policy_files_count;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct quote_options *options = state->input;

    switch (key) {
    case 'f':
        options->facts = value;
        return 0;
    case 'p':
        if (options->policy_files_count == POLICIES_LOADED_MAX - 4)
            argp_error(state, "at most %d policy files", POLICIES_LOADED_MAX - 4);
        options->policy_files[options->policy_files_count++] = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return 0;
    case ARGP_KEY_END:
        if (options->facts == NULL)
            argp_error(state, "--facts FILE is missing (- reads one facts object a line from standard input)");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option quote_option_table[] = {
    {"facts", 'f', "FILE", 0, "Facts object to quote; - reads one object a line and answers one line each", 0},
    {"policy-file", 'p', "FILE", 0, "A policy besides alibaba, huawei, jdcloud and pingan; may be repeated", 0},
    {0},
};
static const char quote_doc[] =
    "What is withdrawable, by which route, and why not more: computed from a facts object alone.\v"
    "Example:\n  ebb quote --facts account.json\n  producer | ebb quote --facts - > quotes.ndjson\n\n"
    "With - a bad line yields one problem line in its place, and the exit status is 2 at the end.";
static const struct argp quote_argp = {quote_option_table, parse_option, NULL, quote_doc, NULL, NULL, NULL};

static bool load_policy(struct quoting *quoting, const char *name, const char *yaml, size_t size)
{
    static struct policy_mistakes mistakes;
    struct policy *policy = &quoting->policies[quoting->policies_count];

    mistakes.count = 0;
    if (policy_load(yaml, size, &quoting->policy_arena, policy, &mistakes) == ERR_NONE) {
        quoting->policies_count++;
        return true;
    }
    for (size_t i = 0; i < mistakes.count; i++)
        cli_complain(PROGRAM, "%s:%zu: %s: %s", name, mistakes.items[i].line, mistakes.items[i].key,
                     mistakes.items[i].expected);
    if (mistakes.count == 0)
        cli_complain(PROGRAM, "%s: out of memory", name);
    return false;
}

static bool load_files(struct quoting *quoting, const struct quote_options *options)
{
    for (size_t i = 0; i < options->policy_files_count; i++) {
        size_t size;
        char *yaml = cli_read_file(options->policy_files[i], POLICY_BYTES_MAX, &size);

        if (yaml == NULL) {
            cli_complain(PROGRAM, "%s: %s", options->policy_files[i], strerror(errno));
            return false;
        }
        bool loaded = load_policy(quoting, options->policy_files[i], yaml, size);

        free(yaml);
        if (!loaded)
            return false;
    }
    return true;
}

bool quoting_load_embedded(struct quoting *quoting)
{
    for (const struct embedded *file = embedded_policies; file->name != NULL; file++)
        if (!load_policy(quoting, file->name, file->data, file->size))
            return false;
    return true;
}

/* A file given on the command line comes before the embedded policy of the same name. */
static const struct policy *find_policy(const struct quoting *quoting, const char *name)
{
    for (size_t i = 0; i < quoting->policies_count; i++)
        if (strcmp(quoting->policies[i].name, name) == 0)
            return &quoting->policies[i];
    return NULL;
}

static void write_problem(struct out *out, enum err err, bool malformed, const struct field_problems *fields)
{
    struct problem problem = {.status = malformed ? 400 : 422,
                              .code = malformed ? "malformed" : "invalid_value",
                              .title = malformed ? "The facts cannot be read" : "The facts contradict themselves",
                              .detail = "The facts object has problems; nothing was quoted.",
                              .fields = fields};

    if (err == ERR_RETRY)
        problem = (struct problem){.status = 503,
                                   .code = "out_of_memory",
                                   .title = "Out of memory",
                                   .detail = "The facts object is too large."};
    view_problem(out, &problem);
}

bool quote_facts(struct quoting *quoting, const char *json, size_t size)
{
    struct field_problems problems = {.count = 0};
    const struct policy *policy = NULL;
    struct quote_topup *rows = NULL;
    struct facts facts = {0};
    struct quote quote;
    bool malformed = false;

    arena_reset(&quoting->arena);
    enum err err = facts_read(json, size, &quoting->arena, &facts, &problems, &malformed);

    if (err == ERR_NONE) {
        policy = find_policy(quoting, facts.policy);
        if (policy == NULL)
            field_problem_add(&problems, "/policy", "unknown", "no policy has this name");
        else if (strcmp(policy->currency, facts.account.currency) != 0)
            field_problem_add(&problems, "/currency", "out_of_range", "the policy's currency is %s", policy->currency);
        err = problems.count > 0 ? ERR_REQUEST : ERR_NONE;
    }
    if (err == ERR_NONE) {
        rows = arena_alloc(&quoting->arena, (facts.topups_count + 1) * sizeof(*rows));
        err = rows == NULL ? ERR_RETRY : ERR_NONE;
    }
    if (err != ERR_NONE) {
        write_problem(&quoting->out, err, malformed, &problems);
        return false;
    }
    quote_make(&(struct quote_input){policy, facts.at, &facts.account, facts.topups, facts.topups_count}, rows, &quote);
    view_quote(&quoting->out, policy, &facts.account, facts.at, &quote);
    return true;
}

static int quote_file(struct quoting *quoting, const char *path)
{
    size_t size;
    char *json = cli_read_file(path, FACTS_BYTES_MAX, &size);

    if (json == NULL) {
        cli_complain(PROGRAM, "%s: %s", path, strerror(errno));
        return CLI_USAGE;
    }
    bool quoted = quote_facts(quoting, json, size);

    free(json);
    cli_print_json(&quoting->out, true, quoted ? stdout : stderr);
    return quoted ? CLI_OK : CLI_USAGE;
}

/* What was read and not yet quoted: at most one unfinished line once the whole ones are done. */
struct gathered {
    char *data;
    size_t size, capacity;
};

static bool is_blank(const char *line, size_t size)
{
    size_t blank = 0;

    while (blank < size && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
        blank++;
    return blank == size;
}

static bool quote_line(struct quoting *quoting, const char *line, size_t size)
{
    if (is_blank(line, size))
        return true;
    bool quoted = quote_facts(quoting, line, size);

    out_text(&quoting->out, "\n");
    return quoted;
}

/* Quotes the whole lines; `end` quotes the rest as well. */
static bool quote_gathered(struct quoting *quoting, struct gathered *gathered, bool end)
{
    char *line = gathered->data, *stop = gathered->data + gathered->size, *newline;
    bool clean = true;

    while (line < stop && (newline = memchr(line, '\n', (size_t)(stop - line))) != NULL) {
        clean = quote_line(quoting, line, (size_t)(newline - line)) && clean;
        line = newline + 1;
    }
    if (end && line < stop) {
        clean = quote_line(quoting, line, (size_t)(stop - line)) && clean;
        line = stop;
    }
    gathered->size = (size_t)(stop - line);
    memmove(gathered->data, line, gathered->size);
    return clean;
}

static bool gather(struct gathered *gathered, ssize_t *ret_bytes)
{
    if (gathered->capacity - gathered->size < READ_BYTES) {
        size_t capacity = gathered->capacity * 2 + READ_BYTES;
        char *grown = capacity > 2 * FACTS_BYTES_MAX ? NULL : realloc(gathered->data, capacity);

        if (grown == NULL) {
            errno = capacity > 2 * FACTS_BYTES_MAX ? EFBIG : ENOMEM;
            return false;
        }
        gathered->data = grown;
        gathered->capacity = capacity;
    }
    do
        *ret_bytes = read(STDIN_FILENO, gathered->data + gathered->size, READ_BYTES);
    while (*ret_bytes < 0 && errno == EINTR);
    gathered->size += *ret_bytes > 0 ? (size_t)*ret_bytes : 0;
    return *ret_bytes >= 0;
}

/* Lines in, lines out, in order. Answers leave before the next read waits, so that a program may hold a conversation.
 */
static int quote_lines(struct quoting *quoting)
{
    struct gathered gathered = {0};
    ssize_t bytes = 1;
    bool clean = true, whole = true;

    while (whole && bytes > 0) {
        whole = gather(&gathered, &bytes);
        if (!whole)
            break;
        clean = quote_gathered(quoting, &gathered, bytes == 0) && clean;
        if (quoting->out.size > 0)
            fwrite(quoting->out.data, 1, quoting->out.size, stdout);
        out_reset(&quoting->out);
        whole = fflush(stdout) == 0;
    }
    free(gathered.data);
    if (!whole)
        cli_complain(PROGRAM, "%s", strerror(errno));
    return clean && whole ? CLI_OK : CLI_USAGE;
}

bool quoting_init(struct quoting *quoting)
{
    *quoting = (struct quoting){.policies = calloc(POLICIES_LOADED_MAX, sizeof(struct policy))};
    arena_init(&quoting->policy_arena, ARENA_BYTES_MAX);
    arena_init(&quoting->arena, ARENA_BYTES_MAX);
    out_init(&quoting->out);
    return quoting->policies != NULL;
}

void quoting_fini(struct quoting *quoting)
{
    free(quoting->policies);
    out_fini(&quoting->out);
    arena_fini(&quoting->arena);
    arena_fini(&quoting->policy_arena);
}

int quote_main(int argc, char **argv)
{
    struct quote_options options = {0};
    struct quoting quoting;
    int status = CLI_USAGE;

    argp_parse(&quote_argp, argc, argv, 0, NULL, &options);
    if (quoting_init(&quoting) && load_files(&quoting, &options) && quoting_load_embedded(&quoting))
        status = strcmp(options.facts, "-") == 0 ? quote_lines(&quoting) : quote_file(&quoting, options.facts);
    quoting_fini(&quoting);
    return status;
}
