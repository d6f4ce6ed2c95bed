/* SPDX-License-Identifier: Apache-2.0 */
/* ebb role: who may what, as this program decides it. */
#include "engine/role.h"
#include "cli/cli.h"
#include "cli/sheet.h"
#include "http/route.h"

#include <stdio.h>
#include <string.h>

#define ROLES_MAX (SHEET_COLUMNS_MAX - 1)

static void role_row(struct sheet *sheet, const struct http_route *route)
{
    const char *cells[1 + ROLES_MAX];
    char name[128];
    size_t count = 0;

    snprintf(name, sizeof(name), "%s %s", verb_text(route->verb), route->path);
    cells[count++] = name;
    for (size_t i = 0; i < role_meanings_count; i++)
        cells[count++] = (route->flags & ROUTE_OPEN) != 0              ? "open"
                         : (role_meanings[i].bits & route->roles) != 0 ? "yes"
                                                                       : "-";
    sheet_add(sheet, cells);
}

static int role_list_main(int argc, char **argv)
{
    const char *titles[1 + ROLES_MAX] = {"route"};
    struct sheet sheet;

    if (argc > 1) {
        cli_complain("ebb role list", "unexpected argument '%s'", argv[1]);
        return CLI_USAGE;
    }
    for (size_t i = 0; i < role_meanings_count; i++)
        titles[1 + i] = role_meanings[i].name;
    /* sheet_init knows how many columns there can be */
    sheet_init(&sheet, titles, 1 + role_meanings_count);
    for (size_t i = 0; i < routes_count; i++)
        role_row(&sheet, &routes[i]);
    sheet_print(&sheet);
    sheet_fini(&sheet);
    puts("");
    for (size_t i = 0; i < role_meanings_count; i++)
        printf("%-10s %s\n", role_meanings[i].name, role_meanings[i].words);
    return CLI_OK;
}

int role_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"list", "every route, and the roles that may use it", role_list_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb role", "Example:\n  ebb role list\n", argc, argv);
}
