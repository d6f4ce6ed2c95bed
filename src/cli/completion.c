/* SPDX-License-Identifier: Apache-2.0 */
/* ebb completion: scripts for three shells, made from the table of commands so that they cannot fall behind it. Options
 * complete from each command's own --help. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void bash_print(void)
{
    printf("# ebb completion for bash:  source <(ebb completion bash)\n"
           "_ebb() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=\n"
           "    if ((COMP_CWORD == 1)); then\n"
           "        words='");
    for (const struct cli_command *command = cli_commands(); command->name != NULL; command++)
        printf("%s ", command->name);
    printf("'\n"
           "    elif [[ $word == -* ]]; then\n"
           "        local path=\"ebb $command\"\n"
           "        ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[2]} != -* ]] && path+=\" ${COMP_WORDS[2]}\"\n"
           "        words=$($path --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')\n"
           "    elif ((COMP_CWORD == 2)); then\n"
           "        case $command in\n");
    for (const struct cli_command *command = cli_commands(); command->name != NULL; command++)
        if (command->words != NULL)
            printf("        %s) words='%s' ;;\n", command->name, command->words);
    printf("        esac\n"
           "    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "}\n"
           "complete -o default -F _ebb ebb\n");
}

static void zsh_print(void)
{
    printf("#compdef ebb\n"
           "# ebb completion for zsh:  ebb completion zsh > ~/.zfunc/_ebb\n"
           "_ebb() {\n"
           "    local -a commands\n"
           "    commands=(\n");
    for (const struct cli_command *command = cli_commands(); command->name != NULL; command++)
        printf("        \"%s:%s\"\n", command->name, command->help);
    printf("    )\n"
           "    if ((CURRENT == 2)); then\n"
           "        _describe command commands\n"
           "        return\n"
           "    fi\n"
           "    if ((CURRENT == 3)); then\n"
           "        case $words[2] in\n");
    for (const struct cli_command *command = cli_commands(); command->name != NULL; command++)
        if (command->words != NULL)
            printf("        %s) compadd -- %s; return ;;\n", command->name, command->words);
    printf("        esac\n"
           "    fi\n"
           "    if [[ $words[CURRENT] == -* ]]; then\n"
           "        local command=(ebb $words[2])\n"
           "        ((CURRENT > 3)) && [[ $words[3] != -* ]] && command+=($words[3])\n"
           "        compadd -- ${(f)\"$($command --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')\"}\n"
           "    else\n"
           "        _files\n"
           "    fi\n"
           "}\n"
           "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _ebb \"$@\"; else compdef _ebb ebb; fi\n");
}

static void fish_print(void)
{
    printf("# ebb completion for fish:  ebb completion fish > ~/.config/fish/completions/ebb.fish\n");
    for (const struct cli_command *command = cli_commands(); command->name != NULL; command++) {
        printf("complete -c ebb -f -n __fish_use_subcommand -a %s -d \"%s\"\n", command->name, command->help);
        if (command->words != NULL)
            printf("complete -c ebb -f -n '__fish_seen_subcommand_from %s' -a '%s'\n", command->name, command->words);
        else
            printf("complete -c ebb -F -n '__fish_seen_subcommand_from %s'\n", command->name);
    }
}

int completion_main(int argc, char **argv)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", bash_print}, {"zsh", zsh_print}, {"fish", fish_print}};

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("Usage: ebb completion bash|zsh|fish\n\nPrints a completion script: source <(ebb completion bash)");
        return CLI_OK;
    }
    for (size_t i = 0; argc == 2 && i < ARRAY_COUNT(shells); i++)
        if (strcmp(argv[1], shells[i].shell) == 0) {
            shells[i].print();
            return CLI_OK;
        }
    cli_complain("ebb completion", "name one shell: bash, zsh or fish");
    return CLI_USAGE;
}
