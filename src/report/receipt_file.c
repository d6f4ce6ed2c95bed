/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt's PDF is what cairo wrote, then an update as ISO 32000-1 (7.5.6) has it: the statement as an embedded file
 * (7.11.4), and a catalog that names it. The last line is a comment that bears the signature over everything before it.
 * Only this form is read again: what another program saved anew is no longer what was issued. */
#include "report/receipt.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "%EBB-RECEIPT "
#define MARK_BYTES (sizeof(MARK) - 1)
#define HEX_BYTES (2 * crypto_sign_BYTES)
#define LAST_LINE_BYTES (MARK_BYTES + HEX_BYTES + 1)
#define EMBEDDED "<< /Type /EmbeddedFile /Subtype /application#2Fjson /Length "
#define STREAM " >>\nstream\n"

/* ---- writing ---- */

/* What the end of cairo's file says. */
struct ending {
    long size, root, info, xref;
    const char *catalog; /* the members of the catalog */
    size_t catalog_bytes;
};

static const char *find_last(const struct out *pdf, const char *what)
{
    const char *found = NULL;

    for (const char *at = pdf->data;
         (at = memmem(at, (size_t)(pdf->data + pdf->size - at), what, strlen(what))) != NULL; at++)
        found = at;
    return found;
}

static bool catalog_find(const struct out *pdf, struct ending *ret)
{
    char head[32];
    int size = snprintf(head, sizeof head, "\n%ld 0 obj\n<< ", ret->root);
    const char *at = find_last(pdf, head), *end;

    if (at == NULL)
        return false;
    ret->catalog = at + size;
    end = memmem(ret->catalog, (size_t)(pdf->data + pdf->size - ret->catalog), ">>\nendobj", 9);
    if (end == NULL)
        return false;
    ret->catalog_bytes = (size_t)(end - ret->catalog);
    return true;
}

static bool ending_read(const struct out *pdf, struct ending *ret)
{
    const char *trailer = pdf->failed ? NULL : find_last(pdf, "\ntrailer\n");
    const char *startxref = pdf->failed ? NULL : find_last(pdf, "\nstartxref\n");

    return trailer != NULL && startxref != NULL &&
           sscanf(trailer, "\ntrailer\n<< /Size %ld /Root %ld 0 R /Info %ld 0 R", &ret->size, &ret->root, &ret->info) ==
               3 &&
           sscanf(startxref, "\nstartxref\n%ld", &ret->xref) == 1 && catalog_find(pdf, ret);
}

static void update_write(struct out *pdf, const struct ending *ending, const char *catalog, const struct out *statement)
{
    size_t file, name, root, xref;

    file = pdf->size;
    out_format(pdf, "%ld 0 obj\n" EMBEDDED "%zu" STREAM, ending->size, statement->size);
    out_bytes(pdf, statement->data, statement->size);
    out_text(pdf, "\nendstream\nendobj\n");
    name = pdf->size;
    out_format(
        pdf,
        "%ld 0 obj\n<< /Type /Filespec /F (receipt.json) /UF (receipt.json) /AFRelationship /Source /EF << /F %ld "
        "0 R >> >>\nendobj\n",
        ending->size + 1, ending->size);
    root = pdf->size;
    out_format(pdf,
               "%ld 0 obj\n<< %s   /Names << /EmbeddedFiles << /Names [ (receipt.json) %ld 0 R ] >> >>\n   /AF [ %ld 0 "
               "R ]\n>>\nendobj\n",
               ending->root, catalog, ending->size + 1, ending->size + 1);
    xref = pdf->size;
    out_format(pdf, "xref\n%ld 1\n%010zu 00000 n \n%ld 2\n%010zu 00000 n \n%010zu 00000 n \n", ending->root, root,
               ending->size, file, name);
    out_format(pdf, "trailer\n<< /Size %ld /Root %ld 0 R /Info %ld 0 R /Prev %ld >>\nstartxref\n%zu\n%%%%EOF\n",
               ending->size + 2, ending->root, ending->info, ending->xref, xref);
}

static void digest_of(const char *data, size_t size, uint8_t ret[HASH_BYTES])
{
    struct bytes part = bytes_of(data, size);

    hash_parts("receipt file", NULL, &part, 1, ret, HASH_BYTES);
}

static void text_drop(char **text)
{
    free(*text);
}

bool receipt_file_seal(struct out *pdf, const struct out *statement, const struct vault *vault)
{
    uint8_t digest[HASH_BYTES], signature[crypto_sign_BYTES];
    char text[HEX_BYTES + 1];
    struct ending ending;

    if (statement->failed || !ending_read(pdf, &ending))
        return false;
    SCOPED(text_drop) char *catalog = strndup(ending.catalog, ending.catalog_bytes);
    if (catalog == NULL)
        return false;
    update_write(pdf, &ending, catalog, statement);
    if (pdf->failed)
        return false;
    digest_of(pdf->data, pdf->size, digest);
    crypto_sign_detached(signature, NULL, digest, sizeof digest, vault->receipt_secret);
    hash_hex(signature, sizeof signature, text);
    out_format(pdf, "%s%s\n", MARK, text);
    return !pdf->failed;
}

/* ---- reading ---- */

static struct bytes statement_find(const char *file, size_t size)
{
    const char *at = memmem(file, size, EMBEDDED, sizeof(EMBEDDED) - 1), *end = file + size;
    size_t bytes = 0;

    if (at == NULL)
        return (struct bytes){0};
    for (at += sizeof(EMBEDDED) - 1; at < end && *at >= '0' && *at <= '9' && bytes <= size; at++)
        bytes = 10 * bytes + (size_t)(*at - '0');
    if ((size_t)(end - at) < sizeof(STREAM) - 1 || memcmp(at, STREAM, sizeof(STREAM) - 1) != 0)
        return (struct bytes){0};
    at += sizeof(STREAM) - 1;
    return bytes <= (size_t)(end - at) ? bytes_of(at, bytes) : (struct bytes){0};
}

/* Of the line that closes the file. */
static bool signature_read(const char *file, size_t size, uint8_t ret[crypto_sign_BYTES])
{
    const char *line = file + size - LAST_LINE_BYTES;
    char text[HEX_BYTES + 1];

    if (size < LAST_LINE_BYTES || file[size - 1] != '\n' || memcmp(line, MARK, MARK_BYTES) != 0)
        return false;
    memcpy(text, line + MARK_BYTES, HEX_BYTES);
    text[HEX_BYTES] = '\0';
    return receipt_hex(text, ret, crypto_sign_BYTES);
}

static bool key_of(struct bytes statement, uint8_t ret[ANCHOR_PUBLIC_BYTES])
{
    const char *at = memmem(statement.data, statement.size, "\"key\":\"", 7);
    char text[2 * ANCHOR_PUBLIC_BYTES + 1];

    if (at == NULL || (size_t)((const char *)statement.data + statement.size - at) < 7 + sizeof text)
        return false;
    memcpy(text, at + 7, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    return receipt_hex(text, ret, ANCHOR_PUBLIC_BYTES);
}

enum receipt_verdict receipt_file_check(const char *file, size_t size, const uint8_t public[ANCHOR_PUBLIC_BYTES],
                                        struct bytes *ret_statement)
{
    uint8_t digest[HASH_BYTES], signature[crypto_sign_BYTES], key[ANCHOR_PUBLIC_BYTES];
    bool pdf = size >= 5 && memcmp(file, "%PDF-", 5) == 0;
    enum receipt_verdict verdict;

    *ret_statement = pdf ? statement_find(file, size) : bytes_of(file, size);
    verdict =
        ret_statement->size > 0 ? receipt_check(ret_statement->data, ret_statement->size, public) : RECEIPT_UNREADABLE;
    if (!pdf || (verdict != RECEIPT_GENUINE && verdict != RECEIPT_SELF))
        return verdict;
    if (!signature_read(file, size, signature) || !key_of(*ret_statement, key))
        return RECEIPT_CHANGED;
    digest_of(file, size - LAST_LINE_BYTES, digest);
    return crypto_sign_verify_detached(signature, digest, sizeof digest, key) == 0 ? verdict : RECEIPT_CHANGED;
}
