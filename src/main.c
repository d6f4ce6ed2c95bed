/* SPDX-License-Identifier: Apache-2.0 */
/* The `ebb` program. What it can do stands in cli/cli.h; `ebb serve` chooses its implementations in http/serve. */
#include "cli/cli.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
    umask(077); /* whatever is made here knows customers: databases, their logs and copies */
    return cli_main(argc, argv);
}
