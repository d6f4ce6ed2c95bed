/* SPDX-License-Identifier: Apache-2.0 */
/* ebb user: the people of a data directory, the first administrator above all. What it changes is decided by the same
 * functions as through the API, and written here, so on SQLite the server must be down: the writer's lock says so
 * otherwise. What an administrator may not do to itself or to the last one is done here: it is the way out. The audit
 * chain is a server's; what is done here stands in the rows alone, as with `ebb key`. */
#include "access/password.h"
#include "base/field.h"
#include "cli/cli.h"
#include "cli/place.h"
#include "cli/sheet.h"
#include "domain/staff.h"
#include "engine/enrolment.h"
#include "engine/role.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define RESERVED_BYTES ((size_t)256 << 10)
#define ROLES_MAX 16

enum { OPTION_ROLE = 0xa00, OPTION_OFF };

struct user_options {
    struct cli_where where;
    const char *roles[ROLES_MAX];
    size_t roles_count;
    char role_names[ROLE_NAMES_BYTES];
    bool takes_roles, off;
};

/* ---- arguments ---- */

static error_t user_option(int key, char *value, struct argp_state *state)
{
    struct user_options *options = state->input;

    switch (key) {
    case OPTION_ROLE:
        if (options->roles_count == ROLES_MAX)
            argp_error(state, "--role may be given %d times", ROLES_MAX);
        options->roles[options->roles_count++] = value;
        return 0;
    case OPTION_OFF:
        options->off = true;
        return 0;
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &options->where;
        return 0;
    case ARGP_KEY_END:
        if (options->takes_roles && !role_names_of_people(options->roles, options->roles_count, options->role_names))
            argp_error(state, "--role is viewer, support, reviewer, approver, treasurer, auditor or admin");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&cli_where_argp, 0, NULL, 0}, {0}};
static const struct argp_option create_options[] = {
    {"role", OPTION_ROLE, "WORD", 0, "A role (ebb role list); may be repeated", 0}, {0}};
static const struct argp_option totp_options[] = {{"off", OPTION_OFF, NULL, 0, "Sign in without one-time passwords", 0},
                                                  {0}};

/* ---- a change ---- */

static enum err places_load(struct cli_place *place, const struct staff_ask *ask, struct instant now,
                            struct session_places *ret)
{
    char principal[PRINCIPAL_BYTES];
    const struct value name = value_text("name", ask->name);
    struct rows rows;

    staff_principal(ask->name, principal);
    const struct value own[] = {value_text("principal", principal), value_int("now", now.ms)};
    TRY(store_select(place->store, QUERY_STAFF_BY_NAME, &name, 1, &staff_table, &place->arena, &rows));
    ret->staff = rows.count > 0 ? rows.items[0] : NULL;
    TRY(store_select(place->store, QUERY_SESSIONS_BY_PRINCIPAL, own, 2, &session_table, &place->arena, &rows));
    ret->own = (struct session **)rows.items;
    ret->own_count = rows.count;
    return arena_reserve(&place->arena, RESERVED_BYTES) ? ERR_NONE : ERR_RETRY;
}

static enum err user_change(struct cli_place *place, const struct staff_ask *ask, struct decision *ret)
{
    struct session_places places = {0};
    struct changes changes = {0};
    struct ids ids;
    struct deciding d = {.now = system_clock_now(&place->clock),
                         .arena = &place->arena,
                         .ids = &ids,
                         .changes = &changes,
                         .principal = "command line"};
    const struct staff *staff;

    TRY(cli_place_ids(place, &ids));
    TRY(store_begin(place->store));
    enum err err = places_load(place, ask, d.now, &places);
    if (err == ERR_NONE) {
        *ret = staff_do(&d, &places, ask, &staff);
        if (decision_accepts(ret) && changes.first != NULL)
            return store_save_commit(place->store, &changes);
    }
    store_rollback(place->store);
    return err;
}

static int user_done(struct cli_place *place, const struct user_options *options, const struct staff_ask *ask)
{
    struct decision decision = {0};
    enum err err = user_change(place, ask, &decision);

    if (err != ERR_NONE)
        return cli_place_failed(place, &options->where, err);
    if (!decision_accepts(&decision))
        cli_complain(options->where.program, "%s: %s", options->where.name, decision.detail);
    return decision_accepts(&decision) ? CLI_OK : CLI_REFUSED;
}

/* ---- passwords ---- */

/* A line of standard input; a terminal does not show it. */
static bool line_read(const char *prompt, char ret[PASSWORD_BYTES_MAX])
{
    bool terminal = isatty(STDIN_FILENO) != 0;
    struct termios shown, hidden;
    char *line;

    if (terminal && tcgetattr(STDIN_FILENO, &shown) == 0) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    line = fgets(ret, PASSWORD_BYTES_MAX, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    if (line != NULL)
        ret[strcspn(ret, "\n")] = '\0';
    return line != NULL;
}

static bool password_read(const struct user_options *options, char ret[PASSWORD_TEXT_BYTES])
{
    char password[PASSWORD_BYTES_MAX];
    const char *fault;

    if (!line_read("Password: ", password)) {
        cli_complain(options->where.program, "the password is a line of standard input, and there is none");
        return false;
    }
    fault = text_utf8_ok(password, strlen(password)) ? password_fault(options->where.name, password)
                                                     : "A password is UTF-8 text.";
    if (fault != NULL)
        cli_complain(options->where.program, "%s", fault);
    else if (password_keep(password, ret) != ERR_NONE)
        fault = "no memory";
    return fault == NULL;
}

/* ---- commands ---- */

static int user_run(int argc, char **argv, const struct argp *argp, struct user_options *options,
                    int (*run)(struct cli_place *place, void *context))
{
    argp_parse(argp, argc, argv, 0, NULL, options);
    return cli_place_run(&options->where, run, options);
}

static int create_run(struct cli_place *place, void *context)
{
    const struct user_options *options = context;
    char kept[PASSWORD_TEXT_BYTES];
    struct staff_ask ask = {
        .act = STAFF_IS_PUT, .name = options->where.name, .roles = options->role_names, .password = kept};

    return password_read(options, kept) ? user_done(place, options, &ask) : CLI_USAGE;
}

static int user_create_main(int argc, char **argv)
{
    static const struct argp argp = {create_options,
                                     user_option,
                                     "NAME",
                                     "Makes a person, or gives it other roles and another password, which is a line of "
                                     "standard input.\vExample:\n  ebb user create anna --data ebb-data --role admin",
                                     children,
                                     NULL,
                                     NULL};
    struct user_options options = {.where = {"ebb user create", "user", true, STORE_WRITER}, .takes_roles = true};

    return user_run(argc, argv, &argp, &options, create_run);
}

static int password_run(struct cli_place *place, void *context)
{
    const struct user_options *options = context;
    char kept[PASSWORD_TEXT_BYTES];
    struct staff_ask ask = {.act = STAFF_IS_PUT, .name = options->where.name, .exists = true, .password = kept};

    return password_read(options, kept) ? user_done(place, options, &ask) : CLI_USAGE;
}

static int user_password_main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,     user_option, "NAME", "Gives a person another password, a line of standard input; its sessions end.",
        children, NULL,        NULL};
    struct user_options options = {.where = {"ebb user password", "user", false, STORE_WRITER}};

    return user_run(argc, argv, &argp, &options, password_run);
}

static int disable_run(struct cli_place *place, void *context)
{
    const struct user_options *options = context;
    struct staff_ask ask = {.act = STAFF_IS_PUT, .name = options->where.name, .exists = true, .state = STAFF_DISABLED};

    return user_done(place, options, &ask);
}

static int user_disable_main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,     user_option, "NAME", "A person cannot sign in any more; its sessions end, its name stays taken.",
        children, NULL,        NULL};
    struct user_options options = {.where = {"ebb user disable", "user", false, STORE_WRITER}};

    return user_run(argc, argv, &argp, &options, disable_run);
}

static int totp_run(struct cli_place *place, void *context)
{
    const struct user_options *options = context;
    struct enrolment enrolment;
    struct staff_ask none = {.act = STAFF_TOTP_IS_CLEARED, .name = options->where.name, .exists = true};
    int status;

    if (options->off)
        return user_done(place, options, &none);
    if (enrolment_make(&place->vault, options->where.name, &enrolment) != ERR_NONE)
        return CLI_REFUSED;
    status = user_done(place, options, &enrolment.ask);
    if (status != CLI_OK)
        return status;
    printf("secret    %s\nuri       %s\n", enrolment.secret, enrolment.uri);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        printf("recovery  %s\n", enrolment.codes[i]);
    return CLI_OK;
}

static int user_totp_main(int argc, char **argv)
{
    static const struct argp argp = {
        totp_options, user_option,
        "NAME",       "Makes a secret for one-time passwords and ten recovery codes, told this once.",
        children,     NULL,
        NULL};
    struct user_options options = {.where = {"ebb user totp", "user", false, STORE_WRITER}};

    return user_run(argc, argv, &argp, &options, totp_run);
}

static int list_run(struct cli_place *place, void *context)
{
    const struct user_options *options = context;
    static const char *const titles[] = {"user", "roles", "state", "one-time passwords", "created"};
    struct sheet sheet;
    struct rows rows;

    if (store_select(place->store, QUERY_STAFF_ALL, NULL, 0, &staff_table, &place->arena, &rows) != ERR_NONE)
        return cli_place_failed(place, &options->where, ERR_RETRY);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    for (size_t i = 0; i < rows.count; i++) {
        const struct staff *staff = rows.items[i];
        char created[INSTANT_TEXT_BYTES];

        instant_format(staff->created_at, created);
        sheet_add(&sheet, (const char *[]){staff->name, staff->roles, word_text(&staff_state_words, (int)staff->state),
                                           staff->totp != NULL ? "yes" : "no", created});
    }
    sheet_print(&sheet);
    sheet_fini(&sheet);
    return CLI_OK;
}

static int user_list_main(int argc, char **argv)
{
    static const struct argp argp = {NULL,     user_option, NULL, "Everybody, disabled ones included.",
                                     children, NULL,        NULL};
    struct user_options options = {.where = {"ebb user list", NULL, false, STORE_READER}};

    return user_run(argc, argv, &argp, &options, list_run);
}

int user_main(int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "make a person, or change roles and password", user_create_main, NULL},
        {"list", "everybody", user_list_main, NULL},
        {"password", "another password", user_password_main, NULL},
        {"disable", "no more signing in", user_disable_main, NULL},
        {"totp", "one-time passwords and recovery codes", user_totp_main, NULL},
        {0},
    };

    return cli_dispatch(commands, "ebb user", "Example:\n  ebb user create anna --data ebb-data --role admin\n", argc,
                        argv);
}
