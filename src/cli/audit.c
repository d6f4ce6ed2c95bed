/* SPDX-License-Identifier: Apache-2.0 */
/* ebb audit: hands over to ebb-audit, the program beside this one that shares no rule with it. */
#include "cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AUDITOR "ebb-audit"

int audit_main(int argc, char **argv)
{
    char path[PATH_MAX + sizeof(AUDITOR)];
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash;

    (void)argc;
    argv[0] = (char[]){AUDITOR};
    path[size > 0 ? size : 0] = '\0';
    slash = strrchr(path, '/');
    if (slash != NULL) {
        strcpy(slash + 1, AUDITOR);
        execv(path, argv);
    }
    execvp(AUDITOR, argv); /* installed elsewhere */
    cli_complain("ebb audit", "%s: %s", AUDITOR, strerror(errno));
    return CLI_REFUSED;
}
