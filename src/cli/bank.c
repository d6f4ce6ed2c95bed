/* SPDX-License-Identifier: Apache-2.0 */
/* ebb bank import: the operator's own list of banks or of branches, checked line by line and put into the data
 * directory, where a running server sees it. All of it or none. */
#include <argp.h>
#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "base/file.h"
#include "cli/cli.h"
#include "http/bank_directory.h"

#define PROGRAM "ebb bank import"
#define FILE_BYTES_MAX ((size_t)64 << 20)
#define CELL_BYTES_MAX 200
#define COMPLAINTS_MAX 20
#define BANK_TITLES_COUNT 5

struct options {
    const char *directory, *file;
};

/* A cell that must be there, or what it must consist of. */
struct rule {
    bool required;
    const char *characters; /* NULL: any */
    size_t exactly;         /* characters; 0: any number */
};
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
static const struct rule bank_rules[] = {
    {true, UPPER, 0}, {true, NULL, 0}, {true, NULL, 0}, {false, DIGITS, 12}, {false, LOWER, 0}};
static const struct rule branch_rules[] = {{true, UPPER, 0}, {true, NULL, 0},     {false, NULL, 0},
                                           {false, NULL, 0}, {false, DIGITS, 12}, {false, LOWER, 0}};

struct reading {
    const char *file, *name; /* name: of the list; NULL until the titles were read */
    const struct rule *rules;
    size_t rules_count, column, line, records, complaints, warnings;
    char titles[256];
    struct out row, text;
};

static void complain(struct reading *reading, const char *what)
{
    if (reading->complaints++ < COMPLAINTS_MAX)
        cli_complain(PROGRAM, "%s:%zu: column %zu: %s", reading->file, reading->line, reading->column + 1, what);
}

static void cnaps_warn(struct reading *reading, const char *number)
{
    if (cnaps_ok(number))
        return;
    if (reading->warnings++ < COMPLAINTS_MAX)
        fprintf(stderr, "%s:%zu: warning: the last digit of %s does not prove the others\n", reading->file,
                reading->line, number);
}

static void cell_check(struct reading *reading, const char *cell, size_t size)
{
    const struct rule *rule = &reading->rules[reading->column];

    if (reading->column >= reading->rules_count)
        complain(reading, "there are more cells than titles");
    else if (size > CELL_BYTES_MAX)
        complain(reading, "longer than 200 bytes");
    else if (!text_utf8_ok(cell, size) || strpbrk(cell, ",\"\n") != NULL)
        complain(reading, "expected text in UTF-8 without commas, quotes and line ends");
    else if (rule->required && size == 0)
        complain(reading, "is missing");
    else if (rule->characters != NULL && strspn(cell, rule->characters) != size)
        complain(reading, "has a character that cannot be there");
    else if (rule->exactly != 0 && size != 0 && size != rule->exactly)
        complain(reading, "expected 12 digits");
    else if (rule->exactly != 0 && size != 0)
        cnaps_warn(reading, cell);
}

static void on_cell(void *data, size_t size, void *context)
{
    struct reading *reading = context;
    char cell[CELL_BYTES_MAX + 2] = "";
    size_t kept = size < sizeof(cell) - 1 ? size : sizeof(cell) - 1;

    if (data != NULL)
        memcpy(cell, data, kept);
    if (reading->name != NULL)
        cell_check(reading, cell, data != NULL ? size : 0);
    if (reading->column > 0)
        out_bytes(&reading->row, ",", 1);
    out_text(&reading->row, cell);
    reading->column++;
}

static void titles_take(struct reading *reading)
{
    bool is_banks = strcmp(reading->row.data, bank_titles) == 0;

    if (!is_banks && strcmp(reading->row.data, branch_titles) != 0) {
        reading->complaints++;
        cli_complain(PROGRAM, "%s:1: the titles are %s for banks, or %s for branches", reading->file, bank_titles,
                     branch_titles);
    }
    reading->name = is_banks ? BANK_BANKS_FILE : BANK_BRANCHES_FILE;
    reading->rules = is_banks ? bank_rules : branch_rules;
    reading->rules_count = is_banks ? ARRAY_COUNT(bank_rules) : ARRAY_COUNT(branch_rules);
}

static void on_row(int end, void *context)
{
    struct reading *reading = context;

    (void)end;
    if (reading->name == NULL) {
        titles_take(reading);
    } else {
        reading->records++;
        if (reading->column < reading->rules_count)
            complain(reading, "there are fewer cells than titles");
    }
    out_text(&reading->text, reading->row.data);
    out_bytes(&reading->text, "\n", 1);
    out_reset(&reading->row);
    reading->column = 0;
    reading->line++;
}

static bool file_parse(struct reading *reading, const char *text, size_t size)
{
    struct csv_parser parser;
    bool marked = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;

    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return false;
    text += marked ? 3 : 0; /* a spreadsheet's mark */
    size -= marked ? 3 : 0;
    bool read = csv_parse(&parser, text, size, on_cell, on_row, reading) == size &&
                csv_fini(&parser, on_cell, on_row, reading) == 0;
    if (!read)
        cli_complain(PROGRAM, "%s:%zu: %s", reading->file, reading->line, csv_strerror(csv_error(&parser)));
    csv_free(&parser);
    if (read && reading->records > BANK_RECORDS_MAX)
        cli_complain(PROGRAM, "%s: more than %zu lines", reading->file, BANK_RECORDS_MAX);
    return read && reading->complaints == 0 && reading->records > 0 && reading->records <= BANK_RECORDS_MAX &&
           !reading->text.failed;
}

/* The new list stands there whole, or the old one does. */
static bool list_put(const struct reading *reading, const char *directory)
{
    char path[4200], beside[4210];
    int fd;
    bool put;

    snprintf(path, sizeof(path), "%s/%s", directory, reading->name);
    snprintf(beside, sizeof(beside), "%s.new", path);
    fd = file_open(beside, FILE_NEW);
    put = fd >= 0 && file_write(fd, reading->text.data, reading->text.size) && file_sync(fd);
    if (fd >= 0)
        file_close(fd);
    put = put && file_rename(beside, path) && directory_sync(directory);
    if (!put)
        cli_complain(PROGRAM, "%s: %s", path, strerror(errno));
    return put;
}

static error_t option_take(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case 'd':
        options->directory = value;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file != NULL)
            argp_error(state, "one FILE at a time");
        options->file = value;
        return 0;
    case ARGP_KEY_END:
        if (options->file == NULL || options->directory == NULL)
            argp_error(state, "FILE and --data DIR are needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int import_run(int argc, char **argv)
{
    static const struct argp_option arguments[] = {{"data", 'd', "DIR", 0, "The server's data directory", 0}, {0}};
    static const struct argp argp = {
        arguments,
        option_take,
        "FILE",
        "Replaces the list of banks, or that of branches, by a CSV file; its titles say which.\v"
        "Banks:    code,name_en,name_zh,cnaps,initials\n"
        "Branches: bank,name_zh,province,city,cnaps,initials\n"
        "cnaps and initials (of the name in pinyin, in small letters) may be empty. A number whose last digit does not "
        "prove the others is a warning. A running server sees the new list with the next search.",
        NULL,
        NULL,
        NULL};
    struct options options = {0};
    struct reading reading = {.line = 1};
    size_t size;
    int status = CLI_USAGE;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    reading.file = options.file;
    char *text = cli_read_file(options.file, FILE_BYTES_MAX, &size);
    if (text == NULL) {
        cli_complain(PROGRAM, "%s: %s", options.file, strerror(errno));
        return CLI_USAGE;
    }
    out_init(&reading.row);
    out_init(&reading.text);
    if (file_parse(&reading, text, size))
        status = list_put(&reading, options.directory) ? CLI_OK : CLI_REFUSED;
    else if (reading.records == 0 && reading.complaints == 0)
        cli_complain(PROGRAM, "%s: there is nothing in it", options.file);
    if (status == CLI_OK)
        printf("%zu %s\n", reading.records, strcmp(reading.name, BANK_BANKS_FILE) == 0 ? "banks" : "branches");
    out_fini(&reading.row);
    out_fini(&reading.text);
    free(text);
    return status;
}

int bank_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"import", "replace the list of banks, or of branches, by a CSV file", import_run, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb bank", "Example:\n  ebb bank import branches.csv --data ebb-data\n", argc, argv);
}
