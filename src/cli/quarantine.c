/* SPDX-License-Identifier: Apache-2.0 */
/* ebb quarantine: what happened in the lost time of a restored database, told to the books, and their release by two
 * people. What each of them means stands in domain/quarantine.h and domain/stray.h. */
#include "cli/client.h"
#include "cli/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT_BYTES_MAX ((size_t)4 << 20)

enum { OPTION_OVERRIDE = 0x500, OPTION_REASON, OPTION_KEY, OPTION_POLICY, OPTION_AMOUNT, OPTION_LIMIT };

#define WORDS_MAX 2

struct quarantine_options {
    struct client client;
    const char *words[WORDS_MAX]; /* arguments, as many as the command takes */
    size_t words_count, words_wanted;
    const char *reason, *key, *policy, *amount;
    bool override;
    size_t limit;
};

static error_t quarantine_option(int key, char *value, struct argp_state *state)
{
    struct quarantine_options *options = state->input;

    switch (key) {
    case OPTION_OVERRIDE:
        options->override = true;
        return 0;
    case OPTION_REASON:
        options->reason = value;
        return 0;
    case OPTION_KEY:
        options->key = value;
        return 0;
    case OPTION_POLICY:
        options->policy = value;
        return 0;
    case OPTION_AMOUNT:
        options->amount = value;
        return 0;
    case OPTION_LIMIT:
        options->limit = strtoul(value, NULL, 10);
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->client;
        return 0;
    case ARGP_KEY_ARG:
        if (options->words_count == options->words_wanted)
            argp_error(state, "unexpected argument '%s'", value);
        options->words[options->words_count++] = value;
        return 0;
    case ARGP_KEY_END:
        if (options->words_count < options->words_wanted)
            argp_error(state, "an argument is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define KEY_OPTION                                                                                                     \
    {                                                                                                                  \
        "key", OPTION_KEY, "KEY", 0, "Idempotency key: the same key asks for the same thing again", 0                  \
    }

static const struct argp_child children[] = {{&client_argp, 0, "Server:", 9}, {0}};

/* The options and the first `wanted` arguments; ends the process where they are wrong. */
static struct quarantine_options options_of(const struct argp *argp, const char *program, size_t wanted, int argc,
                                            char **argv)
{
    struct quarantine_options options = {.words_wanted = wanted, .limit = 1000};

    client_init(&options.client, program);
    argp_parse(argp, argc, argv, 0, NULL, &options);
    return options;
}

/* POST of a body, with the key that was given or a fresh one. `ret` is to be finished. */
static enum cli_exit post(const struct quarantine_options *options, const char *path, const char *body,
                          size_t body_bytes, struct answer *ret)
{
    char key[CLIENT_KEY_BYTES];

    client_key(key);
    return client_call(&options->client,
                       &(struct client_request){.method = "POST",
                                                .path = path,
                                                .body = body,
                                                .body_bytes = body_bytes,
                                                .key = options->key != NULL ? options->key : key},
                       ret);
}

/* The answer as the server gave it, or through `people`. */
static int told(const struct quarantine_options *options, enum cli_exit status, struct answer *answer,
                void (*people)(const json_t *answer))
{
    if (status == CLI_OK && options->client.json)
        client_print(answer);
    else if (status == CLI_OK)
        people(answer->json);
    answer_fini(answer);
    return (int)status;
}

static int post_told(const struct quarantine_options *options, const char *path, struct out *body,
                     void (*people)(const json_t *answer))
{
    struct answer answer;
    enum cli_exit status = post(options, path, body->data, body->size, &answer);

    out_fini(body);
    return told(options, status, &answer, people);
}

/* ---- show ---- */

static const struct argp show_argp = {
    NULL, quarantine_option, NULL, "Why the books are held, and what is still open.", children, NULL, NULL};

static void proposal_show(const json_t *proposal)
{
    if (json_is_object(proposal))
        printf("proposed by %s at %s%s; another person must confirm\n", json_text(proposal, "by"),
               json_text(proposal, "at"), json_is_true(json_object_get(proposal, "override")) ? ", overriding" : "");
}

static void channels_show(const json_t *channels)
{
    static const char *const titles[] = {"channel", "covered", "missing from", "missing to"};
    struct sheet sheet;
    const json_t *channel;
    size_t i;

    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    json_array_foreach(channels, i, channel)
    {
        bool covered = json_is_true(json_object_get(channel, "covered"));

        (void)sheet_add(&sheet,
                        (const char *const[]){json_text(channel, "channel"), covered ? "yes" : "no",
                                              json_text(channel, "missing_from"), json_text(channel, "missing_to")});
    }
    sheet_print(&sheet);
    sheet_fini(&sheet);
}

static void state_show(const json_t *state)
{
    const json_t *gap = json_object_get(state, "gap"), *open = json_object_get(state, "open"),
                 *strays = json_object_get(state, "strays");

    printf("%s\n", json_text(state, "status"));
    if (strcmp(json_text(state, "status"), "none") == 0)
        return;
    printf("%s, since %s: %s\n", json_text(state, "reason"), json_text(state, "since"), json_text(state, "detail"));
    proposal_show(json_object_get(state, "proposal"));
    printf("\nlost time   %s to %s\n", json_text(gap, "from"), json_text(gap, "to"));
    printf("payments    %lld open (%lld not asked about since), %lld approved and not sent by these books\n",
           (long long)json_minor(open, "attempts"), (long long)json_minor(open, "unasked"),
           (long long)json_minor(open, "unsent"));
    printf("strays      %lld unassigned, %lld pending, %lld in suspense, %lld settled\n\n",
           (long long)json_minor(strays, "unassigned"), (long long)json_minor(strays, "pending"),
           (long long)json_minor(strays, "suspense"), (long long)json_minor(strays, "settled"));
    channels_show(json_object_get(state, "channels"));
    printf("\n%s\n", json_is_true(json_object_get(state, "clear")) ? "Nothing stands against a release."
                                                                   : "It cannot be released yet.");
}

static int quarantine_show_main(int argc, char **argv)
{
    struct quarantine_options options = options_of(&show_argp, "ebb quarantine show", 0, argc, argv);
    struct answer answer;
    enum cli_exit status = client_get(&options.client, "/v1/quarantine", &answer);

    return told(&options, status, &answer, state_show);
}

/* ---- statement ---- */

static const struct argp_option key_options[] = {KEY_OPTION, {0}};
static const struct argp statement_argp = {key_options,
                                           quarantine_option,
                                           "FILE",
                                           "Tells the books what one channel did in the lost time; FILE (or - for "
                                           "standard input) is a JSON object: channel, from, "
                                           "to, lines.",
                                           children,
                                           NULL,
                                           NULL};

static void statement_show(const json_t *statement)
{
    static const char *const titles[] = {"key", "effect", "stray"};
    struct sheet sheet;
    const json_t *line;
    size_t i;

    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    json_array_foreach(json_object_get(statement, "lines"), i, line)
    {
        (void)sheet_add(
            &sheet, (const char *const[]){json_text(line, "key"), json_text(line, "effect"), json_text(line, "stray")});
    }
    printf("%s, %s to %s: %zu lines\n", json_text(statement, "channel"), json_text(statement, "from"),
           json_text(statement, "to"), sheet.rows);
    if (sheet.rows > 0)
        sheet_print(&sheet);
    sheet_fini(&sheet);
}

static int quarantine_statement_main(int argc, char **argv)
{
    struct quarantine_options options = options_of(&statement_argp, "ebb quarantine statement", 1, argc, argv);
    struct answer answer;
    size_t size = 0;
    char *body = cli_read_file(options.words[0], STATEMENT_BYTES_MAX, &size);

    if (body == NULL) {
        cli_complain(options.client.program, "%s: %s", options.words[0], strerror(errno));
        return CLI_USAGE;
    }
    enum cli_exit status = post(&options, "/v1/quarantine/statement", body, size, &answer);

    free(body);
    return told(&options, status, &answer, statement_show);
}

/* ---- release ---- */

static const struct argp_option release_options[] = {
    {"override", OPTION_OVERRIDE, NULL, 0, "Although something is open; both people give their reason", 0},
    {"reason", OPTION_REASON, "TEXT", 0, "Why", 0},
    KEY_OPTION,
    {0},
};
static const struct argp release_argp = {
    release_options,
    quarantine_option,
    NULL,
    "Proposes that the books go on; asked the same by another person, releases them.",
    children,
    NULL,
    NULL};

static void release_show(const json_t *quarantine)
{
    printf("%s\n", json_text(quarantine, "status"));
    if (!json_is_object(json_object_get(quarantine, "release")))
        proposal_show(json_object_get(quarantine, "proposal"));
}

static int quarantine_release_main(int argc, char **argv)
{
    struct quarantine_options options = options_of(&release_argp, "ebb quarantine release", 0, argc, argv);
    struct out body;

    out_init(&body);
    out_object(&body, NULL);
    if (options.override)
        out_bool(&body, "override", true);
    if (options.reason != NULL)
        out_string(&body, "reason", options.reason);
    out_object_end(&body);
    return post_told(&options, "/v1/quarantine/release", &body, release_show);
}

/* ---- strays ---- */

static const struct argp_option strays_options[] = {
    {"limit", OPTION_LIMIT, "N", 0, "At most N of them (1000)", 0},
    {0},
};
static const struct argp strays_argp = {strays_options,
                                        quarantine_option,
                                        NULL,
                                        "Payments of the lost time that the books do not know, oldest first.",
                                        children,
                                        NULL,
                                        NULL};

static void stray_add(const json_t *stray, void *context)
{
    char amount[MONEY_TEXT_BYTES];

    (void)sheet_add(context, (const char *const[]){json_text(stray, "id"), json_text(stray, "status"),
                                                   json_text(stray, "channel"), json_text(stray, "key"),
                                                   json_amount(stray, "amount", json_text(stray, "currency"), amount),
                                                   json_text(stray, "account")});
}

static void stray_print(const json_t *stray, void *context)
{
    (void)context;
    json_dumpf(stray, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
}

static int quarantine_strays_main(int argc, char **argv)
{
    static const char *const titles[] = {"stray", "status", "channel", "key", ">amount", "account"};
    struct quarantine_options options = options_of(&strays_argp, "ebb quarantine strays", 0, argc, argv);
    struct sheet sheet;

    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    enum cli_exit status = client_each(&options.client, "/v1/strays", options.limit,
                                       options.client.json ? stray_print : stray_add, &sheet);

    if (status == CLI_OK && !options.client.json && sheet.rows > 0)
        sheet_print(&sheet);
    sheet_fini(&sheet);
    return (int)status;
}

static void stray_show(const json_t *stray)
{
    const json_t *settlement = json_object_get(stray, "settlement");
    char amount[MONEY_TEXT_BYTES];

    printf("%s  %s  %s  %s  %s\n", json_text(stray, "id"), json_text(stray, "status"), json_text(stray, "channel"),
           json_amount(stray, "amount", json_text(stray, "currency"), amount), json_text(stray, "account"));
    if (json_is_object(settlement) && json_is_null(json_object_get(settlement, "confirmed_by")))
        printf("%s proposed by %s; another person must confirm\n", json_text(settlement, "decision"),
               json_text(settlement, "by"));
}

static const struct argp_option name_options[] = {
    {"policy", OPTION_POLICY, "POLICY", 0, "Makes the account again, where the books have lost it", 0},
    KEY_OPTION,
    {0},
};
static const struct argp name_argp = {
    name_options, quarantine_option, "STRAY ACCOUNT", "Says whose payment it was.", children, NULL, NULL};

/* A path of the API with a word of the command line in it; false, and a complaint, where the word is none. */
static bool stray_path(const struct quarantine_options *options, const char *rest, char ret[CLIENT_PATH_BYTES])
{
    const char *id = options->words[0];

    if (strncmp(id, "st_", 3) != 0 || strspn(id + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(id + 3)) {
        cli_complain(options->client.program, "'%s' is not the id of a stray (st_…)", id);
        return false;
    }
    return snprintf(ret, CLIENT_PATH_BYTES, "/v1/strays/%s%s", id, rest) < CLIENT_PATH_BYTES;
}

static int quarantine_name_main(int argc, char **argv)
{
    struct quarantine_options options = options_of(&name_argp, "ebb quarantine name", 2, argc, argv);
    char path[CLIENT_PATH_BYTES];
    struct out body;

    if (!stray_path(&options, "/account", path))
        return CLI_USAGE;
    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "account", options.words[1]);
    if (options.policy != NULL)
        out_string(&body, "policy", options.policy);
    out_object_end(&body);
    return post_told(&options, path, &body, stray_show);
}

static const struct argp_option settle_options[] = {
    {"reason", OPTION_REASON, "TEXT", 0, "Why; it must be given", 0},
    {"amount", OPTION_AMOUNT, "AMOUNT", 0, "How much is taken of the customer's own money, as 1000.00", 0},
    KEY_OPTION,
    {0},
};
static const struct argp settle_argp = {settle_options,
                                        quarantine_option,
                                        "STRAY take|bear|came_back",
                                        "Proposes how a payment of the lost time is settled: taken from the customer's "
                                        "own money, borne, or come back. Asked "
                                        "the same by another person, settles it.",
                                        children,
                                        NULL,
                                        NULL};

/* The currency of one among the strays that are open. */
struct stray_currency {
    const char *id;
    char currency[8];
};

static void currency_look(const json_t *stray, void *context)
{
    struct stray_currency *wanted = context;

    if (strcmp(json_text(stray, "id"), wanted->id) == 0)
        snprintf(wanted->currency, sizeof wanted->currency, "%s", json_text(stray, "currency"));
}

/* A decimal means nothing without its currency, and only the server knows the payment's. */
static enum cli_exit amount_read(const struct quarantine_options *options, struct money *ret)
{
    struct stray_currency wanted = {.id = options->words[0]};
    enum cli_exit status = client_each(&options->client, "/v1/strays", SHEET_ROWS_MAX, currency_look, &wanted);

    if (status != CLI_OK)
        return status;
    if (wanted.currency[0] == '\0') {
        cli_complain(options->client.program, "no open stray has the id %s", wanted.id);
        return CLI_REFUSED;
    }
    if (money_parse(options->amount, wanted.currency, ret))
        return CLI_OK;
    cli_complain(options->client.program, "'%s' is not an amount of %s, as 1000.00", options->amount, wanted.currency);
    return CLI_USAGE;
}

static int quarantine_settle_main(int argc, char **argv)
{
    struct quarantine_options options = options_of(&settle_argp, "ebb quarantine settle", 2, argc, argv);
    enum cli_exit status = CLI_OK;
    char path[CLIENT_PATH_BYTES];
    struct money amount = {0};
    struct out body;

    if (!stray_path(&options, "/settle", path))
        return CLI_USAGE;
    if (options.amount != NULL)
        status = amount_read(&options, &amount);
    if (status != CLI_OK)
        return (int)status;
    out_init(&body);
    out_object(&body, NULL);
    out_string(&body, "decision", options.words[1]);
    if (options.amount != NULL)
        out_int(&body, "amount", amount.minor);
    if (options.reason != NULL)
        out_string(&body, "reason", options.reason);
    out_object_end(&body);
    return post_told(&options, path, &body, stray_show);
}

int quarantine_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"show", "why the books are held, and what is still open", quarantine_show_main, NULL},
        {"statement", "what one channel did in the lost time", quarantine_statement_main, NULL},
        {"release", "propose that the books go on; the second person releases", quarantine_release_main, NULL},
        {"strays", "payments of the lost time that the books do not know", quarantine_strays_main, NULL},
        {"name", "whose payment it was", quarantine_name_main, NULL},
        {"settle", "how it is settled; two people must say the same", quarantine_settle_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb quarantine",
                        "Example:\n  ebb quarantine show\n  ebb quarantine statement alipay.json\n", argc, argv);
}
