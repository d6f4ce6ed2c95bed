/* SPDX-License-Identifier: Apache-2.0 */
/* What an export is asked to hold, from a query string or a body, checked against what the caller may see; and how it
 * is made, on a clerk's thread, with a reader of its own. It outlives the request. */
#ifndef EBB_HTTP_EXPORT_ORDER_H
#define EBB_HTTP_EXPORT_ORDER_H

#include <jansson.h>

#include "http/request.h"
#include "report/export.h"

#define EXPORT_WORD_BYTES 49
#define EXPORT_HOLDER_BYTES 128
#define EXPORT_PATH_BYTES 4400
#define EXPORT_DIRECTORY "exports" /* in the data directory */

struct export_order {
    const struct export_kind *kind;
    enum export_format format;
    int64_t account; /* 0: all */
    char account_ref[REF_BYTES], word[EXPORT_WORD_BYTES];
    char currency[CURRENCY_BYTES], holder[EXPORT_HOLDER_BYTES]; /* of the account; the holder masked, for a statement */
    struct instant from, to;
};

struct export_wish {
    const char *what, *account, *status, *type;
    int format;
    struct instant from, to;
};
/* False after answering: no such export, not the caller's, a filter that it does not have. `ret` is zeroed. */
MUST_USE enum err export_order_read(struct request *request, struct store *store, const struct export_wish *wish,
                                    struct export_order *ret, bool *ret_read);
/* May the caller, as it is now, still have what was asked? `answer` is what export_order_write told. */
bool export_order_allowed(struct request *request, const json_t *answer);
/* "withdrawals.csv" */
void export_order_name(const struct export_order *order, char ret[REF_BYTES]);
/* What was asked, as members of an object that is open. */
void export_order_write(struct out *out, const struct export_order *order);
/* rows, totals, bytes, sha256 as members. */
void export_result_write(struct out *out, const struct export_result *result);

struct export_run_terms {
    struct server *server;
    const char *path;
    int64_t rows_max;
    _Atomic int64_t *progress;
    const _Atomic bool *stopping;
};
MUST_USE enum err export_order_run(const struct export_order *order, const struct export_run_terms *terms,
                                   struct export_result *ret, char ret_reason[256]);
/* False: the directory cannot be made; errno says why. */
MUST_USE bool export_room_keep(const struct server *server);
/* DIR/exports/NAME */
void export_path(const struct server *server, const char *name, char ret[EXPORT_PATH_BYTES]);
/* Answers with the file, which is opened here, and says beside it what a receiver compares. False: it cannot be opened.
 */
MUST_USE bool export_answer_file(struct request *request, const struct export_order *order, const char *path,
                                 const struct export_result *result);

#endif
