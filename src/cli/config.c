/* SPDX-License-Identifier: Apache-2.0 */
/* ebb config: what a server's channels.yaml says, checked as the server would, and what the channels' codes prove. */
#include "channel/config.h"
#include "cli/cli.h"

#include <argp.h>
#include <stdio.h>

enum { OPTION_DATA = 0xA00, OPTION_CHANNELS };

struct config_options {
    const char *program, *directory, *file;
};

static error_t config_option(int key, char *value, struct argp_state *state)
{
    struct config_options *options = state->input;

    switch (key) {
    case OPTION_DATA:
        options->directory = value;
        return 0;
    case OPTION_CHANNELS:
        options->file = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options_known[] = {
    {"data", OPTION_DATA, "DIR", 0, "the data directory in which channels.yaml stands (default ./ebb-data)", 0},
    {"channels", OPTION_CHANNELS, "FILE", 0, "the file itself", 0},
    {0},
};

static int show_main(int argc, char **argv)
{
    static const struct argp argp = {
        options_known,
        config_option,
        NULL,
        "Reads the channels' configuration as the server does, and shows it: secrets as their last four characters at "
        "most. Every mistake is a line; exit status 1 when there is one.",
        NULL,
        NULL,
        NULL};
    struct config_options options = {"ebb config show", "ebb-data", NULL};
    char path[4352];
    struct out out;
    enum err err;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    snprintf(path, sizeof path, "%s/" CHANNELS_FILE, options.directory);
    out_init(&out);
    err = channels_describe(options.file != NULL ? options.file : path, &out);
    fwrite(out.data, 1, out.size, err == ERR_NONE ? stdout : stderr);
    out_fini(&out);
    return err == ERR_NONE ? CLI_OK : CLI_REFUSED;
}

static int codes_main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        config_option,
        NULL,
        "What each code of each kind of channel proves, tab-separated: kind, where, code, "
        "fact, whether to ask again, whether it counts only on a first send, alarm, source.",
        NULL,
        NULL,
        NULL};
    struct config_options options = {"ebb config codes", NULL, NULL};
    struct out out;

    argp_parse(&argp, argc, argv, 0, NULL, &options);
    out_init(&out);
    channels_codes(&out);
    fwrite(out.data, 1, out.size, stdout);
    out_fini(&out);
    return CLI_OK;
}

static const struct cli_command commands[] = {
    {"show", "what channels.yaml says, and whether it can be used", show_main, NULL},
    {"codes", "what the codes of the channels prove", codes_main, NULL},
    {0},
};

int config_main(int argc, char **argv)
{
    return cli_dispatch(commands, "ebb config", "Example: ebb config show --data ebb-data\n", argc, argv);
}
