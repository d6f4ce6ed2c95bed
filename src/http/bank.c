/* SPDX-License-Identifier: Apache-2.0 */
/* Search in the directory of banks and of their branches, with the province and city that a destination may need
 * (AL-14). */
#include <microhttpd.h>

#include "http/answers.h"
#include "http/bank_directory.h"
#include "http/request.h"

static void bank_write(void *context, const struct bank_record *bank, const struct bank_record *branch)
{
    struct out *out = context;
    const char *own = branch != NULL ? branch->columns[BRANCH_CNAPS] : "";
    const char *clearing = own[0] != '\0' ? own : bank->columns[BANK_CNAPS];

    out_object(out, NULL);
    out_string(out, "code", bank->columns[BANK_CODE]);
    out_string(out, "name", bank->columns[BANK_NAME]);
    out_string(out, "name_zh", bank->columns[BANK_NAME_ZH]);
    out_string(out, "clearing_number", clearing[0] != '\0' ? clearing : NULL);
    out_string(out, "branch", branch != NULL ? branch->columns[BRANCH_NAME] : NULL);
    out_string(out, "province", branch != NULL ? branch->columns[BRANCH_PROVINCE] : NULL);
    out_string(out, "city", branch != NULL ? branch->columns[BRANCH_CITY] : NULL);
    out_object_end(out);
}

void banks_list(struct request *request)
{
    const struct parameters *asked = &request->parameters;
    struct out out;

    out_init(&out);
    request_list_begin(&out);
    bank_search(server_config(request->server)->directory, asked->query, asked->limit, bank_write, &out);
    request_list_end(&out, 0);
    request_answer(request, MHD_HTTP_OK, &out);
}
