/* SPDX-License-Identifier: Apache-2.0 */
/* ebb-audit: recomputes the books from the journal and says where they differ. It shares src/base with the engine and
 * no rule: what it believes about money and states was written a second time, in sql/audit/. */
#include "audit/chain.h"
#include "audit/checkpoint.h"
#include "audit/kept.h"
#include "base/version.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum outcome { OUTCOME_SOUND = 0, OUTCOME_UNSOUND = 1, OUTCOME_UNREADABLE = 2 };

struct options {
    const char *directory, *url, *anchor, *anchor_key;
    const char *from, *checkpoint;
    int64_t since;
    bool json, help, version;
};

static const char usage[] =
    "usage: ebb-audit --data DIR | --store postgresql://… [--json]\n"
    "                 [--anchor FILE [--anchor-key HEX]] [--since SEQ]\n"
    "                 [--from FILE] [--checkpoint FILE]\n"
    "  --data DIR         the directory of the database; a server may be running on it\n"
    "  --store URL        the rows are in PostgreSQL\n"
    "  --json             one JSON object instead of lines\n"
    "  --anchor FILE      a head of the audit chain that was kept outside; the chain must hold it\n"
    "  --anchor-key HEX   what the head is signed with (ebb anchor key), not DIR's own key\n"
    "  --since SEQ        hash the audit rows from there on only\n"
    "  --checkpoint FILE  leave what the next audit can go on from\n"
    "  --from FILE        go on from there; what is older is not looked at again\n"
    "  --version          say which program this is\n"
    "exit: 0 the books are sound, 1 there are findings, 2 they cannot be read\n";

static enum err refuse(const char *what, const char *why)
{
    fprintf(stderr, "ebb-audit: %s%s\n", what, why);
    return ERR_REQUEST;
}

/* --store sqlite:DIR is the same as --data DIR. */
static enum err store_option(const char *url, struct options *ret)
{
    if (strncmp(url, "sqlite:", 7) == 0)
        ret->directory = url + 7;
    else if (strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0)
        ret->url = url;
    else
        return refuse(url, ": only sqlite:DIR and postgresql://… can be audited");
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
                                          {"anchor-key", required_argument, NULL, 'k'},
                                          {"since", required_argument, NULL, 'n'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"checkpoint", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    struct options options = {.since = 1};
    int option;

    while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
        if (option == 'd')
            options.directory = optarg;
        else if (option == 's')
            TRY(store_option(optarg, &options));
        else if (option == 'j')
            options.json = true;
        else if (option == 'a')
            options.anchor = optarg;
        else if (option == 'k')
            options.anchor_key = optarg;
        else if (option == 'n')
            TRY(since_option(optarg, &options.since));
        else if (option == 'f')
            options.from = optarg;
        else if (option == 'c')
            options.checkpoint = optarg;
        else if (option == 'h')
            options.help = true;
        else if (option == 'V')
            options.version = true;
        else
            return ERR_REQUEST;
    }
    if (optind != count)
        return refuse(arguments[optind], ": unexpected");
    if (options.directory == NULL && options.url == NULL && !options.help && !options.version)
        return refuse("", "--data DIR is missing, or else --store URL");
    if (options.anchor_key != NULL && options.anchor == NULL)
        return refuse("", "--anchor-key is the key of an --anchor FILE");
    if (options.since > 1 && (options.from != NULL || options.checkpoint != NULL))
        return refuse("", "--since leaves rows out: it goes neither with --from nor with --checkpoint");
    *ret = options;
    return ERR_NONE;
}

/* Rows and chain: all, or behind the checkpoint `base`, whose head must be in the chain, or nothing behind it means
 * anything. */
static void check(sqlite3 *books, const struct options *options, const struct checkpoint *base, struct report *report,
                  struct head *ret)
{
    if (base != NULL) {
        chain_contains(books, base->head.seq, base->head.hash, "checkpoint_missing",
                       "the audit chain contains the row that the checkpoint was made at", report);
        *ret = base->head;
        if (report->findings > 0)
            return;
    } else {
        books_check_file(books, report);
    }
    books_check_rows(books, base != NULL, options->checkpoint != NULL, report);
    chain_check(books, base != NULL ? base->head.seq + 1 : options->since, report, ret);
}

/* False: one was wanted, and there is none. Behind books that are not sound nothing is left: the next audit would take
 * their sums for true. */
static bool leave_checkpoint(sqlite3 *books, const struct options *options, struct report *report,
                             char digest[2 * HASH_BYTES + 1])
{
    char reason[REASON_BYTES] = "the books are not sound";

    digest[0] = '\0';
    if (options->checkpoint == NULL ||
        (report->findings == 0 &&
         checkpoint_write(books, options->from, options->checkpoint, digest, reason) == ERR_NONE))
        return true;
    report_warning(report, "no checkpoint was left: %.150s", reason);
    return false;
}

/* `kept` NULL: nothing was kept outside. `base` NULL: a full audit. */
static enum outcome audit(sqlite3 *books, const struct options *options, const struct kept *kept,
                          const struct checkpoint *base)
{
    struct report report;
    struct head head;
    struct origin origin = {0};
    char digest[2 * HASH_BYTES + 1];
    int64_t read[3] = {0};

    report_init(&report, stdout, options->json);
    check(books, options, base, &report, &head);
    if (kept != NULL)
        kept_check(books, kept, &report);
    else
        report_warning(&report, "no --anchor: nothing outside proves that the end of the audit chain was not cut off");
    if (options->since > 1)
        report_warning(&report, "--since %lld: audit rows before it were not hashed again", (long long)options->since);
    struct summary summary = {.head_seq = head.seq, .head = head.hash};
    if (base != NULL) {
        books_behind(books, read);
        origin = (struct origin){base->head.seq, base->head.hash, base->digest, read[0], read[1], read[2]};
        summary.origin = &origin;
    }
    bool left = leave_checkpoint(books, options, &report, digest);
    summary.checkpoint = digest[0] != '\0' ? digest : NULL;
    summary.counts_count = books_count(books, summary.counts, ARRAY_COUNT(summary.counts));
    report_end(&report, &summary);
    report_fini(&report);
    return report.findings > 0 ? OUTCOME_UNSOUND : left ? OUTCOME_SOUND : OUTCOME_UNREADABLE;
}

int main(int count, char **arguments)
{
    struct options options;
    static struct kept kept;
    struct checkpoint base;
    char reason[REASON_BYTES] = "";
    SCOPED(books_close) sqlite3 *books = NULL;

    if (options_read(count, arguments, &options) != ERR_NONE) {
        fputs(usage, stderr);
        return OUTCOME_UNREADABLE;
    }
    if (options.help || options.version) {
        fputs(options.help ? usage : "ebb-audit " EBB_VERSION "\n", stdout);
        return OUTCOME_SOUND;
    }
    if (options.anchor != NULL &&
        kept_read(options.anchor, options.anchor_key, options.directory, &kept, reason) != ERR_NONE) {
        fprintf(stderr, "ebb-audit: %s\n", reason);
        return OUTCOME_UNREADABLE;
    }
    if ((options.url != NULL ? books_copy(options.url, &books, reason)
                             : books_open(options.directory, &books, reason)) != ERR_NONE) {
        fprintf(stderr, "ebb-audit: %s\n", reason);
        return OUTCOME_UNREADABLE;
    }
    if (options.from != NULL && checkpoint_attach(books, options.from, &base, reason) != ERR_NONE) {
        fprintf(stderr, "ebb-audit: %s\n", reason);
        return OUTCOME_UNREADABLE;
    }
    return (int)audit(books, &options, options.anchor == NULL ? NULL : &kept, options.from == NULL ? NULL : &base);
}
