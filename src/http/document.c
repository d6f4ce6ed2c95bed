/* SPDX-License-Identifier: Apache-2.0 */
/* A document that was attached, for those who decide about it and for its owner. */
#include "http/answers.h"
#include "http/request.h"

static enum err show(struct request *request, struct store *store, struct out *out)
{
    struct account *account;
    struct rows rows = {0};
    struct value arg;
    int64_t id;

    if (id_parse("doc", request->match.document, &id)) {
        arg = value_int("id", id);
        TRY(store_select(store, QUERY_DOCUMENT_CONTENT_BY_ID, &arg, 1, &document_table, &request->arena, &rows));
    }
    if (rows.count == 0) {
        request_missing(request);
        return ERR_NONE;
    }
    const struct document *document = rows.items[0];
    TRY(request_account_by_id(request, store, document->account, &account));
    if (account == NULL)
        return ERR_NONE;
    out_object(out, NULL);
    out_id(out, "id", "doc", document->id);
    out_string(out, "account", account->ref);
    out_id(out, "withdrawal", "wd", document->withdrawal);
    out_string(out, "name", document->name);
    out_string(out, "media_type", document->media_type);
    out_int(out, "size", document->size);
    out_string(out, "uploader", document->uploader);
    out_instant(out, "at", document->at);
    out_string(out, "content", document->content);
    out_object_end(out);
    return ERR_NONE;
}

void document_show(struct request *request)
{
    request_read(request, show);
}
