/* SPDX-License-Identifier: Apache-2.0 */
/* Documents and cases: what people attach and what they ask staff for. */
#include "engine/step.h"

#include "domain/paper.h"

#include <sodium.h>
#include <string.h>

#define DOCUMENT_BYTES_MAX ((size_t)5 << 20)

/* Those that this batch has not saved yet are not among them: a bound of what is stored, not a promise to the last. */
static enum err documents_count(struct step *s)
{
    if (s->command->kind != COMMAND_DOCUMENT || s->config->documents_day_max == 0 || s->book == NULL ||
        s->batch->gathering)
        return ERR_NONE;
    const struct value args[] = {value_int("account", s->book->account->id), value_int("since", s->d.now.ms - MS_DAY)};

    return store_int(s->batch->store, QUERY_DOCUMENTS_COUNT, args, ARRAY_COUNT(args), &s->documents_day);
}

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
        return documents_count(s);
    if (!id_parse("wd", withdrawal, &id)) {
        s->missing = true;
        return ERR_NONE;
    }
    struct book *owner = NULL;

    TRY(batch_dossier(s->batch, id, BOOK_IDENTITY | BOOK_TOPUPS, &s->dossier, &owner));
    s->missing = s->dossier == NULL || (s->book != NULL && s->book != owner);
    s->book = owner;
    return documents_count(s);
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
    if (s->config->documents_day_max > 0 && s->documents_day >= s->config->documents_day_max)
        return decision_conflict(REFUSAL_STATE_CONFLICT,
                                 "The account has brought as many documents as a day has room for; "
                                 "bring it tomorrow.");
    decision = decode(s, ask, &data, &size);
    if (!decision_accepts(&decision))
        return decision;
    type = paper_type(data, size);
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
    /* What staff bring is kept beside it; what was asked of the customer is answered by the customer. */
    if (s->dossier != NULL && (s->command->roles & (ROLE_CUSTOMER | ROLE_WITHDRAW)) != 0)
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

    out_init_in(&out, s->d.arena);
    out_object(&out, NULL);
    out_money(&out, "amount", ask->amount);
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        out_string(&out, members[i].name, members[i].value);
    out_object_end(&out);
    return deciding_written(&out);
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
