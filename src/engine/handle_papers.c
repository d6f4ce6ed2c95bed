/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and cases: what people attach and what they ask staff for. */
#include "engine/step.h"

#include <sodium.h>
#include <string.h>

#define DOCUMENT_BYTES_MAX ((size_t)5 << 20)

enum err load_paper(struct step *s)
{
    const char *withdrawal = s->command->kind == COMMAND_DOCUMENT
                                 ? ((const struct document_ask *)s->command->ask)->withdrawal
                                 : ((const struct ticket_ask *)s->command->ask)->withdrawal;
    const char *account = s->command->account;
    int64_t id = 0;

    if (account[0] != '\0') {
        TRY(batch_book(s->batch, account, BOOK_IDENTITY, &s->book));
        s->missing = s->book == NULL;
    }
    if (withdrawal == NULL || s->missing)
        return ERR_NONE;
    if (!id_parse("wd", withdrawal, &id)) {
        s->missing = true;
        return ERR_NONE;
    }
    struct book *owner = NULL;

    TRY(batch_dossier(s->batch, id, BOOK_IDENTITY | BOOK_TOPUPS, &s->dossier, &owner));
    s->missing = s->dossier == NULL || (s->book != NULL && s->book != owner);
    s->book = owner;
    return ERR_NONE;
}

/* What a file is, by its first bytes, not by what it is called. */
static const char *media_type_of(const unsigned char *data, size_t size)
{
    static const struct {
        const char *type, *magic;
        size_t bytes;
    } known[] = {
        {"application/pdf", "%PDF-", 5}, {"image/png", "\x89PNG\r\n\x1a\n", 8}, {"image/jpeg", "\xff\xd8\xff", 3}};

    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (size >= known[i].bytes && memcmp(data, known[i].magic, known[i].bytes) == 0)
            return known[i].type;
    return NULL;
}

static struct decision decode(struct step *s, const struct document_ask *ask, unsigned char **ret, size_t *ret_size)
{
    size_t length = strlen(ask->content), size = length / 4 * 3 + 3;
    unsigned char *data = arena_alloc(s->d.arena, size);

    if (data == NULL || length > DOCUMENT_BYTES_MAX / 3 * 4)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/content", "A document has at most 5 MiB.");
    if (sodium_base642bin(data, size, ask->content, length, "\r\n", &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size == 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/content", "The content is not base64.");
    *ret = data;
    *ret_size = size;
    return decision_ok();
}

static void answer_document(struct step *s, const struct document *document)
{
    view_document(s->out, document, s->book->account->ref);
}

struct decision decide_document(struct step *s)
{
    const struct document_ask *ask = s->command->ask;
    unsigned char *data = NULL;
    size_t size = 0;
    struct decision decision;
    const char *type;

    if (s->book == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/account", "An account or a withdrawal is needed.");
    decision = decode(s, ask, &data, &size);
    if (!decision_accepts(&decision))
        return decision;
    type = media_type_of(data, size);
    if (type == NULL || (ask->media_type != NULL && strcmp(type, ask->media_type) != 0))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, ask->media_type != NULL ? "/media_type" : "/content",
                                "PDF, PNG and JPEG are taken; the content must be what the type says.");
    struct document *document = DECIDING_NEW(&s->d, document);

    document->id = deciding_id(&s->d, s->book->account);
    document->account = s->book->account->id;
    document->withdrawal = s->dossier != NULL ? s->dossier->withdrawal->id : 0;
    document->name = ask->name;
    deciding_fill(document->media_type, sizeof document->media_type, type);
    document->size = (int64_t)size;
    hash_parts("document", NULL, (struct bytes[]){bytes_of(data, size)}, 1, document->digest, sizeof document->digest);
    document->content = ask->content;
    deciding_fill(document->uploader, sizeof document->uploader, s->command->principal);
    document->at = s->d.now;
    deciding_move(&s->d, "doc", document->id, NULL, "uploaded", "kept");
    if (s->dossier != NULL)
        withdrawal_documented(&s->d, s->dossier, document->id);
    s->d.object = document->id;
    answer_document(s, document);
    return decision_created();
}

static const char *ticket_json(struct step *s, const struct ticket_ask *ask)
{
    const struct {
        const char *name, *value;
    } members[] = {{"company", ask->company},     {"bank_account", ask->bank_account},
                   {"bank_type", ask->bank_type}, {"bank", ask->bank},
                   {"city", ask->city},           {"branch", ask->branch},
                   {"reason", ask->reason},       {"withdrawal", ask->withdrawal}};
    struct out out;
    const char *json;

    out_init(&out);
    out_object(&out, NULL);
    out_money(&out, "amount", ask->amount);
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        out_string(&out, members[i].name, members[i].value);
    out_object_end(&out);
    INVARIANT(2, !out.failed);
    json = deciding_text(&s->d, "%s", out.data);
    out_fini(&out);
    return json;
}

struct decision decide_ticket(struct step *s)
{
    const struct ticket_ask *ask = s->command->ask;

    if (s->book == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/account", "The account is needed.");
    struct ticket *ticket = DECIDING_NEW(&s->d, ticket);

    ticket->id = deciding_id(&s->d, s->book->account);
    ticket->account = s->book->account->id;
    deciding_fill(ticket->kind, sizeof ticket->kind, ask->kind);
    deciding_fill(ticket->state, sizeof ticket->state, "open");
    ticket->body = ticket_json(s, ask);
    deciding_fill(ticket->opener, sizeof ticket->opener, s->command->principal);
    ticket->at = s->d.now;
    s->d.object = ticket->id;
    deciding_move(&s->d, "case", ticket->id, NULL, "opened", "open");
    deciding_event(&s->d, s->book->account, "case.opened", ticket->id, "{}");
    view_ticket(s->out, ticket, s->book->account->ref);
    return decision_created();
}
