/* SPDX-License-Identifier: Apache-2.0 */
/* The `ebb` command: a table of subcommands, and what all of them share.
 *
 * Every subcommand is `int NAME_main(int argc, char **argv)` with argv[0] already "ebb NAME"; it returns one of the
 * exit codes below. Answers go to standard output, everything else to standard error. The command line knows no rule of
 * its own: it reads facts for the pure core, or talks HTTP to a server. */
#ifndef EBB_CLI_CLI_H
#define EBB_CLI_CLI_H

#include "base/out.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_REFUSED = 1, /* a rule, a state or a server said no; nothing changed unless the answer says so */
    CLI_USAGE = 2,   /* wrong arguments or unreadable input */
    CLI_UNKNOWN = 3, /* it may have happened or not: ask again with the same key */
};

struct cli_command {
    const char *name, *help; /* one line */
    int (*run)(int argc, char **argv);
    const char *words; /* its subcommands, for completion; NULL: none */
};

/* Finds argv[1] in a table ended by a NULL name and runs it; `program` is "ebb" or "ebb account". Prints the table for
 * --help and for an unknown word. */
int cli_dispatch(const struct cli_command *table, const char *program, const char *examples, int argc, char **argv);
int cli_main(int argc, char **argv);
/* The top table, for completion. */
const struct cli_command *cli_commands(void);

/* "ebb quote: facts.json: No such file". */
void cli_complain(const char *program, const char *format, ...) PRINTF_LIKE(2, 3);
/* Writes one JSON text to a stream: as it is, or indented for people. */
void cli_print_json(const struct out *json, bool indented, void *stream);
/* The whole of a file, or of standard input for "-", NUL-terminated, malloc'd. NULL with errno set. At most
 * `bytes_max`. */
char *cli_read_file(const char *path, size_t bytes_max, size_t *ret_size);

int quote_main(int argc, char **argv);
int customer_key_main(int argc, char **argv);
int user_main(int argc, char **argv);
int role_main(int argc, char **argv);
int config_main(int argc, char **argv);
int key_main(int argc, char **argv);
int bank_main(int argc, char **argv);
int account_main(int argc, char **argv);
int withdraw_main(int argc, char **argv);
int review_main(int argc, char **argv);
int quarantine_main(int argc, char **argv);
int statement_main(int argc, char **argv);
int break_main(int argc, char **argv);
int import_main(int argc, char **argv);
int bench_main(int argc, char **argv);
int export_main(int argc, char **argv);
int receipt_main(int argc, char **argv);
int backup_main(int argc, char **argv);
int anchor_main(int argc, char **argv);
int migrate_main(int argc, char **argv);
int audit_main(int argc, char **argv);
int status_main(int argc, char **argv);
int completion_main(int argc, char **argv);

#endif
