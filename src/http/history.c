/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is on record about one withdrawal, for staff: who asked, who decided and on which version, what
 * proves what, which papers there are, and what the books moved. */
#include <string.h>

#include "http/answers.h"
#include "http/dossier.h"
#include "http/transaction.h"

static void review_write(struct out *out, const struct review *review)
{
    out_object(out, NULL);
    out_instant(out, "at", review->at);
    out_string(out, "reviewer", review->reviewer);
    out_string(out, "decision", word_text(&review_decision_words, (int)review->decision));
    out_string(out, "reason", review->reason);
    out_int(out, "version", review->version);
    out_object_end(out);
}

static void evidence_write(struct out *out, const struct evidence *evidence)
{
    out_object(out, NULL);
    out_instant(out, "at", evidence->at);
    out_id(out, "attempt", "at", evidence->attempt);
    out_string(out, "channel", evidence->channel);
    out_string(out, "key", evidence->key);
    out_string(out, "source", word_text(&evidence_source_words, (int)evidence->source));
    out_string(out, "kind", word_text(&evidence_kind_words, (int)evidence->kind));
    out_string(out, "code", evidence->code[0] != '\0' ? evidence->code : NULL);
    out_money(out, "amount", evidence->amount);
    out_string(out, "reference", evidence->reference[0] != '\0' ? evidence->reference : NULL);
    out_string(out, "detail", evidence->detail);
    out_string(out, "effect", evidence->effect);
    out_object_end(out);
}

static void paper_write(struct out *out, const struct document *document)
{
    out_object(out, NULL);
    out_id(out, "id", "doc", document->id);
    out_string(out, "name", document->name);
    out_string(out, "media_type", document->media_type);
    out_int(out, "size", document->size);
    out_string(out, "uploader", document->uploader);
    out_instant(out, "at", document->at);
    out_object_end(out);
}

static enum err said_write(struct request *request, struct store *store, int64_t withdrawal, struct out *out)
{
    struct value arg = value_int("withdrawal", withdrawal);
    struct rows reviews, told;

    TRY(store_select(store, QUERY_REVIEWS_BY_WITHDRAWAL, &arg, 1, &review_table, &request->arena, &reviews));
    TRY(store_select(store, QUERY_EVIDENCE_BY_WITHDRAWAL, &arg, 1, &evidence_table, &request->arena, &told));
    out_array(out, "reviews");
    for (size_t i = 0; i < reviews.count; i++)
        review_write(out, reviews.items[i]);
    out_array_end(out);
    out_array(out, "evidence");
    for (size_t i = 0; i < told.count; i++)
        evidence_write(out, told.items[i]);
    out_array_end(out);
    return ERR_NONE;
}

/* Those that came with the request, and those that were brought for it afterwards. */
bool paper_belongs(const struct document *document, const struct withdrawal *withdrawal)
{
    char id[ID_TEXT_BYTES];

    id_format("doc", document->id, id);
    return document->withdrawal == withdrawal->id ||
           (withdrawal->documents != NULL && strstr(withdrawal->documents, id) != NULL);
}

static enum err papers_write(struct request *request, struct store *store, const struct withdrawal *withdrawal,
                             struct out *out)
{
    struct value arg = value_int("account", withdrawal->account);
    struct rows rows;

    TRY(store_select(store, QUERY_DOCUMENTS_BY_ACCOUNT, &arg, 1, &document_table, &request->arena, &rows));
    out_array(out, "documents");
    for (size_t i = 0; i < rows.count; i++)
        if (paper_belongs(rows.items[i], withdrawal))
            paper_write(out, rows.items[i]);
    out_array_end(out);
    return ERR_NONE;
}

static enum err entries_write(struct request *request, struct store *store, const struct withdrawal *withdrawal,
                              struct out *out)
{
    struct value args[] = {value_int("account", withdrawal->account), value_int("withdrawal", withdrawal->id)};
    struct rows rows;

    TRY(store_select(store, QUERY_ENTRIES_OF_WITHDRAWAL, args, ARRAY_COUNT(args), &entry_table, &request->arena,
                     &rows));
    out_array(out, "entries");
    for (size_t i = 0; i < rows.count; i++)
        TRY(transaction_write(request, store, rows.items[i], out));
    out_array_end(out);
    return ERR_NONE;
}

static enum err history(struct request *request, struct store *store, struct out *out)
{
    struct dossier_read read;
    bool found;

    TRY(dossier_read(request, store, request->match.id, &read, &found));
    if (!found)
        return ERR_NONE;
    out_object(out, NULL);
    out_id(out, "id", "wd", read.dossier.withdrawal->id);
    out_string(out, "maker", read.dossier.withdrawal->maker);
    TRY(said_write(request, store, read.dossier.withdrawal->id, out));
    TRY(papers_write(request, store, read.dossier.withdrawal, out));
    TRY(entries_write(request, store, read.dossier.withdrawal, out));
    out_object_end(out);
    return ERR_NONE;
}

void withdrawal_history(struct request *request)
{
    request_read(request, history);
}
