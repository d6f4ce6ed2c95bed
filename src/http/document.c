/* SPDX-License-Identifier: Apache-2.0 */
/* A document that was attached, for those who decide about it and for its owner. */
#include <microhttpd.h>
#include <sodium.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

/* NULL after answering 404. */
static enum err document_read(struct request *request, struct store *store, const struct document **ret,
                              struct account **ret_account)
{
    struct rows rows = {0};
    struct value arg;
    int64_t id;

    *ret = NULL;

    if (id_parse("doc", request->match.document, &id)) {
        arg = value_int("id", id);
        TRY(store_select(store, QUERY_DOCUMENT_CONTENT_BY_ID, &arg, 1, &document_table, &request->arena, &rows));
    }
    if (rows.count == 0) {
        request_missing(request);
        return ERR_NONE;
    }
    TRY(request_account_by_id(request, store, ((const struct document *)rows.items[0])->account, ret_account));
    if (*ret_account != NULL)
        *ret = rows.items[0];
    return ERR_NONE;
}

static enum err show(struct request *request, struct store *store, struct out *out)
{
    const struct document *document;
    struct account *account;

    TRY(document_read(request, store, &document, &account));
    if (document == NULL)
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

/* RFC 6266: shown, and kept under its own name, whatever letters that has. */
static const char *disposition(struct request *request, const struct document *document)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const char *name = document->name != NULL ? document->name : "document";
    struct out out;

    out_init_in(&out, &request->arena);
    out_text(&out, "inline; filename=\"document\"; filename*=UTF-8''");
    for (const char *at = name; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL)
            out_bytes(&out, at, 1);
        else
            out_format(&out, "%%%02X", (unsigned)(unsigned char)*at);
    }
    return out.failed ? "inline" : out.data;
}

/* A picture needs nothing of a page, and gets nothing. A browser's own reader of PDF does not run in a sandbox. */
static const char *content_security(const struct document *document)
{
    return strcmp(document->media_type, "application/pdf") == 0 ? "frame-ancestors 'self'"
                                                                : "default-src 'none'; sandbox; frame-ancestors 'self'";
}

/* Its bytes. What kind they are was seen in them when it came (PDF, PNG, JPEG), so a browser may show them, within our
 * own pages only. */
static enum err content(struct request *request, struct store *store, struct out *out)
{
    const struct document *document;
    struct account *account;
    unsigned char *bytes;
    size_t size;

    TRY(document_read(request, store, &document, &account));
    if (document == NULL)
        return ERR_NONE;
    size = strlen(document->content) / 4 * 3 + 3;
    bytes = arena_alloc(&request->arena, size);
    if (bytes == NULL)
        return ERR_RETRY;
    if (sodium_base642bin(bytes, size, document->content, strlen(document->content), "\r\n", &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return ERR_FATAL;
    out_bytes(out, (const char *)bytes, size);
    request_answer(request, MHD_HTTP_OK, out);
    request->content_type = document->media_type;
    request_header_add(request, "Content-Security-Policy", content_security(document));
    request_header_add(request, "Content-Disposition", disposition(request, document));
    return ERR_NONE;
}

void document_content(struct request *request)
{
    request_read(request, content);
}
