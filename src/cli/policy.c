/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "base/embedded.h"
#include "cli/cli.h"
#include "domain/policy_explain.h"
#include "domain/policy_load.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_ARENA_BYTES ((size_t)1024 * 1024)
#define FILE_BYTES_MAX ((size_t)1024 * 1024) /* the loader's own limit is lower and says so by name */

static void print_mistakes(const char *name, const struct policy_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct policy_mistake *mistake = &mistakes->items[i];
        fprintf(stderr, "%s:%zu: %s%sexpected %s\n", name, mistake->line, mistake->key,
                *mistake->key == '\0' ? "" : ": ", mistake->expected);
    }
    if (mistakes->count == POLICY_MISTAKES_MAX)
        fprintf(stderr, "%s: there may be more mistakes; the first %d are shown\n", name, POLICY_MISTAKES_MAX);
}

static int load_text(const char *program, const char *name, const char *yaml, size_t size, struct arena *arena,
                     struct policy *ret)
{
    static struct policy_mistakes mistakes;
    enum err err = policy_load(yaml, size, arena, ret, &mistakes);

    if (err == ERR_NONE)
        return CLI_OK;
    if (err != ERR_REQUEST) {
        cli_complain(program, "%s: out of memory", name);
        return CLI_USAGE;
    }
    print_mistakes(name, &mistakes);
    return CLI_REFUSED;
}

static int load_file(const char *program, const char *path, struct arena *arena, struct policy *ret)
{
    size_t size = 0;
    char *yaml = cli_read_file(path, FILE_BYTES_MAX, &size);

    if (yaml == NULL) {
        cli_complain(program, "%s: %s", path, strerror(errno));
        return CLI_USAGE;
    }
    int status = load_text(program, path, yaml, size, arena, ret);
    free(yaml);
    return status;
}

static bool bank_known(const char *code)
{
    const struct embedded *file = embedded_data;
    size_t length = strlen(code);
    const char *line;

    while (file->name != NULL && strcmp(file->name, "banks.csv") != 0)
        file++;
    line = file->name != NULL ? strchr(file->data, '\n') : NULL; /* after the titles */
    while (line != NULL && (strncmp(line + 1, code, length) != 0 || line[1 + length] != ','))
        line = strchr(line + 1, '\n');
    return line != NULL;
}

/* A rule for a bank that nobody has is most likely mistyped; a bank that this program does not list may exist. */
static void warn_banks(const char *path, const struct policy *policy)
{
    for (size_t i = 0; i < policy->topups_count; i++)
        for (size_t j = 0; j < policy->topups[i].banks_count; j++)
            if (!bank_known(policy->topups[i].banks[j]))
                fprintf(stderr, "%s: warning: top-up rule %zu: the bank %s is not in data/banks.csv\n", path, i + 1,
                        policy->topups[i].banks[j]);
}

static int check_file(const char *program, const char *path)
{
    SCOPED(arena_fini) struct arena arena;
    struct policy policy;

    arena_init(&arena, POLICY_ARENA_BYTES);
    int status = load_file(program, path, &arena, &policy);
    if (status == CLI_OK)
        printf("%s: sound: policy %s, %zu top-up rules\n", path, policy.name, policy.topups_count);
    if (status == CLI_OK)
        warn_banks(path, &policy);
    return status;
}

struct check_options {
    char **paths;
    int paths_count;
};

static error_t parse_check(int key, char *value, struct argp_state *state)
{
    struct check_options *options = state->input;

    (void)value;
    switch (key) {
    case ARGP_KEY_ARGS:
        options->paths = state->argv + state->next;
        options->paths_count = state->argc - state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "a policy file is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int check_main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL, parse_check, "FILE...", "Reads policy files and reports every mistake with line and key.",
        NULL, NULL,        NULL};
    struct check_options options = {.paths_count = 0};
    int worst = CLI_OK;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    for (int i = 0; i < options.paths_count; i++) {
        int status = check_file(argv[0], options.paths[i]);
        if (status > worst)
            worst = status;
    }
    return worst;
}

struct explain_options {
    const char *which;
    bool chinese;
};

static error_t parse_explain(int key, char *value, struct argp_state *state)
{
    struct explain_options *options = state->input;

    switch (key) {
    case 'l':
        if (strcmp(value, "en") != 0 && strcmp(value, "zh") != 0)
            argp_error(state, "--lang is en or zh");
        options->chinese = strcmp(value, "zh") == 0;
        return 0;
    case ARGP_KEY_ARG:
        if (options->which != NULL)
            argp_error(state, "one policy at a time");
        options->which = value;
        return 0;
    case ARGP_KEY_END:
        if (options->which == NULL)
            argp_error(state, "the name or file of a policy is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* A name of the program's own policies, else a path. */
int policy_load_which(const char *program, const char *which, struct arena *arena, struct policy *ret)
{
    size_t length = strlen(which);

    for (const struct embedded *file = embedded_policies; file->name != NULL; file++) {
        if (strncmp(file->name, which, length) == 0 && strcmp(file->name + length, ".yaml") == 0)
            return load_text(program, file->name, file->data, file->size, arena, ret);
    }
    int status = load_file(program, which, arena, ret);

    if (status == CLI_USAGE && strchr(which, '/') == NULL) {
        fprintf(stderr, "%s: the built-in policies are", program);
        for (const struct embedded *file = embedded_policies; file->name != NULL; file++)
            fprintf(stderr, "%s %.*s", file == embedded_policies ? "" : ",", (int)strcspn(file->name, "."), file->name);
        fputc('\n', stderr);
    }
    return status;
}

static int explain_main(int argc, char **argv)
{
    static const struct argp_option table[] = {{"lang", 'l', "en|zh", 0, "Language of the sentences (default en)", 0},
                                               {0}};
    static const struct argp argp = {table, parse_explain, "NAME|FILE", "Says in sentences what a policy rules.",
                                     NULL,  NULL,          NULL};
    SCOPED(arena_fini) struct arena arena;
    SCOPED(out_fini) struct out out;
    struct explain_options options = {.which = NULL};
    struct policy policy;

    arena_init(&arena, POLICY_ARENA_BYTES);
    out_init(&out);
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    int status = policy_load_which(argv[0], options.which, &arena, &policy);
    if (status != CLI_OK)
        return status;
    policy_explain(&policy, options.chinese, &out);
    if (out.failed || fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout) != 0) {
        cli_complain(argv[0], "cannot write the answer");
        return CLI_USAGE;
    }
    return CLI_OK;
}

int policy_main(int argc, char **argv)
{
    static const struct cli_command table[] = {
        {"check", "report every mistake of policy files", check_main},
        {"explain", "say in sentences what a policy rules", explain_main},
        {"diff", "what another policy would change for real accounts", policy_diff_main},
        {0},
    };
    static const char examples[] = "Examples:\n"
                                   "  ebb policy check policies/alibaba.yaml\n"
                                   "  ebb policy explain huawei --lang zh\n"
                                   "  ebb policy diff alibaba new-rules.yaml --data /var/lib/ebb\n"
                                   "\n"
                                   "Exit status: 0 sound, 1 mistakes found, 2 unreadable or misused.\n";

    return cli_dispatch(table, argv[0], examples, argc, argv);
}
