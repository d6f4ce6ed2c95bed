/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-audit: recomputes the books from the journal and says where they differ. It shares src/base with the engine and
 * no rule: what it believes about money and states was written a second time, in sql/audit/. */
#include "audit/chain.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum outcome { OUTCOME_SOUND = 0, OUTCOME_UNSOUND = 1, OUTCOME_UNREADABLE = 2 };

struct options {
    const char *directory, *anchor;
    int64_t since;
    bool json, help;
};

static const char usage[] = "usage: ebb-audit --data DIR [--json] [--anchor FILE] [--since SEQ]\n"
                            "exit: 0 the books are sound, 1 there are findings, 2 they cannot be read\n";

static enum err refuse(const char *what, const char *why)
{
    fprintf(stderr, "ebb-audit: %s%s\n", what, why);
    return ERR_REQUEST;
}

/* --store sqlite:DIR is the same as --data DIR. */
static enum err store_option(const char *url, const char **ret)
{
    if (strncmp(url, "sqlite:", 7) != 0)
        return refuse(url, ": only sqlite:DIR can be audited");
    *ret = url + 7;
    return ERR_NONE;
}

static enum err since_option(const char *text, int64_t *ret)
{
    char *end = NULL;
    long long value = strtoll(text, &end, 10);

    if (*text < '1' || *text > '9' || *end != '\0' || value == INT64_MAX)
        return refuse(text, ": --since takes the number of an audit row");
    *ret = value;
    return ERR_NONE;
}

static enum err options_read(int count, char **arguments, struct options *ret)
{
    static const struct option known[] = {{"data", required_argument, NULL, 'd'},
                                          {"store", required_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"anchor", required_argument, NULL, 'a'},
                                          {"since", required_argument, NULL, 'n'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    struct options options = {.since = 1};
    int option;

    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        if (option == 'd')
            options.directory = optarg;
        else if (option == 's')
            TRY(store_option(optarg, &options.directory));
        else if (option == 'j')
            options.json = true;
        else if (option == 'a')
            options.anchor = optarg;
        else if (option == 'n')
            TRY(since_option(optarg, &options.since));
        else if (option == 'h')
            options.help = true;
        else
            return ERR_REQUEST;
    }
    if (optind != count)
        return refuse(arguments[optind], ": unexpected");
    if (options.directory == NULL && !options.help)
        return refuse("", "--data DIR is missing");
    *ret = options;
    return ERR_NONE;
}

static enum outcome audit(sqlite3 *books, const struct options *options, const struct anchor *anchor)
{
    struct count counts[8];
    struct report report;
    struct head head;

    report_init(&report, stdout, options->json);
    books_check_file(books, &report);
    books_check_rows(books, &report);
    chain_check(books, options->since, anchor, &report, &head);
    if (anchor == NULL)
        report_warning(&report, "no --anchor: nothing outside proves that the end of the audit chain was not cut off");
    if (options->since > 1)
        report_warning(&report, "--since %lld: audit rows before it were not hashed again", (long long)options->since);
    report_end(&report, counts, books_count(books, counts, ARRAY_COUNT(counts)), head.seq, head.hash);
    report_fini(&report);
    return report.findings == 0 ? OUTCOME_SOUND : OUTCOME_UNSOUND;
}

int main(int count, char **arguments)
{
    struct options options;
    struct anchor anchor;
    char reason[REASON_BYTES] = "";
    SCOPED(books_close) sqlite3 *books = NULL;

    if (options_read(count, arguments, &options) != ERR_NONE) {
        fputs(usage, stderr);
        return OUTCOME_UNREADABLE;
    }
    if (options.help) {
        fputs(usage, stdout);
        return OUTCOME_SOUND;
    }
    if (options.anchor != NULL && anchor_read(options.anchor, &anchor) != ERR_NONE) {
        fprintf(stderr, "ebb-audit: %s: not an anchor; wanted {\"seq\":n,\"hash\":\"64 hex digits\"}\n",
                options.anchor);
        return OUTCOME_UNREADABLE;
    }
    if (books_open(options.directory, &books, reason) != ERR_NONE) {
        fprintf(stderr, "ebb-audit: %s\n", reason);
        return OUTCOME_UNREADABLE;
    }
    return (int)audit(books, &options, options.anchor == NULL ? NULL : &anchor);
}
