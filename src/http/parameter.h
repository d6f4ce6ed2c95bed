/* SPDX-License-Identifier: Apache-2.0 */
/* Query parameters: which exist, how each is read, and the opaque cursor of lists.
 *
 * A route says by a mask which parameters it takes (routes.def); another name, a repeated one or a value that does not
 * read is a problem with the name as its pointer. Pure. */
#ifndef EBB_HTTP_PARAMETER_H
#define EBB_HTTP_PARAMETER_H

#include "base/field.h"
#include "base/id.h"
#include "http/target.h"

#define LIST_LIMIT_DEFAULT 50
#define LIST_LIMIT_MAX 200
#define LIST_LIMIT_MESSAGES 10000

/* X(CONSTANT, "name") */
/* clang-format off */
#define PARAMETERS(X)                                                                                                  \
    X(PARAMETER_LIMIT, "limit")                                                                                        \
    X(PARAMETER_CURSOR, "cursor")                                                                                      \
    X(PARAMETER_ACCOUNT, "account")                                                                                    \
    X(PARAMETER_STATUS, "status") X(PARAMETER_TYPE, "type") X(PARAMETER_FROM, "from") X(PARAMETER_TO, "to")            \
        X(PARAMETER_QUERY, "query") X(PARAMETER_DRY_RUN, "dry_run")                 \
        X(PARAMETER_MASTER, "master") X(PARAMETER_ORDER, "order")
/* clang-format on */
enum parameter {
#define PARAMETER_CONSTANT(constant, name) constant,
    PARAMETERS(PARAMETER_CONSTANT)
#undef PARAMETER_CONSTANT
        PARAMETER__COUNT
};
extern const char *const parameter_names[PARAMETER__COUNT];

struct parameters {
    int64_t limit;                        /* LIST_LIMIT_DEFAULT unless given */
    int64_t cursor;                       /* id after which to go on; 0: from the start */
    const char *account, *master, *query; /* NULL: not given */
    const char *status, *type;            /* words as given; the reader knows which are meant */
    struct instant from, to;
    bool dry_run, newest_first;
};

/* `mask` has bit 1u << PARAMETER_… for what is allowed. Texts point into the target. */
bool parameters_read(const struct target *target, unsigned mask, int64_t limit_max, struct parameters *ret,
                     struct field_problems *problems);

/* The cursor names the last id of a page; outside nobody may rely on what it looks like. */
void cursor_format(int64_t id, char ret[ID_TEXT_BYTES]);
MUST_USE bool cursor_parse(const char *text, int64_t *ret);

#endif
