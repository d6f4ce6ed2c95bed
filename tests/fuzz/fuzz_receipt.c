/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts as somebody may bring them (report/receipt.h): any bytes as a file, and genuine ones that were changed, cut
 * or made longer. Nothing but what was signed is ever called genuine; a statement may be written in another order or
 * with spaces, a page not. A code leads to a withdrawal only as it was made. */
#include "fuzz.h"
#include "look.h"
#include "report/receipt.h"

#define FILE_BYTES_MAX 16384

static struct vault vault;
static struct out statement, page;
static char code[RECEIPT_CODE_BYTES];

/* The end of a file as cairo writes it. */
static const char drawn[] = "%PDF-1.5\n1 0 obj\n<< /Type /Catalog\n   /Pages 2 0 R\n>>\nendobj\nxref\n0 2\n"
                            "trailer\n<< /Size 3\n   /Root 1 0 R\n   /Info 2 0 R\n>>\nstartxref\n9\n%%EOF\n";

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    static const uint8_t seed[ANCHOR_MASTER_BYTES] = {9};
    static const char content[] =
        "{\"withdrawal\":\"wd_0ANEQ6ZDM0061\",\"paid\":\"1123.45\",\"payments\":[{\"amount\":\"1\"}]}";
    uint8_t proof[RECEIPT_PROOF_BYTES];
    struct out receipt;

    CHECK(anchor_keys(seed, vault.receipt_secret, vault.receipt_public));
    out_init(&receipt);
    out_init(&statement);
    out_init(&page);
    out_bytes(&receipt, content, sizeof content - 1);
    struct receipt_issue issue = {.withdrawal = 4711,
                                  .operator_name = "云舟 \"Ebb\"",
                                  .address = "https://ebb.example",
                                  .at = {INT64_C(1795140000000)},
                                  .vault = &vault};
    CHECK(receipt_sign(&statement, &receipt, &issue));
    out_bytes(&page, drawn, sizeof drawn - 1);
    CHECK(receipt_file_seal(&page, &statement, &vault));
    receipt_proof(&receipt, proof);
    receipt_code_format(&vault, issue.withdrawal, proof, code);
    out_fini(&receipt);
    return 0;
}

static enum receipt_verdict verdict_of(const char *file, size_t size)
{
    struct bytes found;
    enum receipt_verdict verdict = receipt_file_check(file, size, vault.receipt_public, &found);

    CHECK(found.size == 0 ||
          ((const char *)found.data >= file && (const char *)found.data + found.size <= file + size));
    return verdict;
}

/* Of JSON: does it say the same? */
static bool same_words(const char *text, size_t size)
{
    json_t *a SCOPED(look_free) = look_parse(text, size, JSON_REJECT_DUPLICATES);
    json_t *b SCOPED(look_free) = look_parse(statement.data, statement.size, JSON_REJECT_DUPLICATES);

    return json_equal(a, b) == 1;
}

static void forgery_check(struct input *input, const struct out *genuine, bool pdf)
{
    static char file[FILE_BYTES_MAX + 1];
    size_t size = genuine->size;

    CHECK(size < FILE_BYTES_MAX && verdict_of(genuine->data, size) == RECEIPT_GENUINE);
    memcpy(file, genuine->data, size);
    for (int i = 0; i < 4 && input->left > 0; i++) {
        size_t at = (size_t)input_number(input, 2) % size;
        uint8_t byte = input_byte(input);

        if (byte == 0)
            size = at + 1;
        else if (byte == 1 && size < FILE_BYTES_MAX)
            file[size++] = (char)at;
        else
            file[at] = (char)(byte < 128 ? byte : file[at] ^ (byte - 127));
    }
    if (verdict_of(file, size) != RECEIPT_GENUINE)
        return;
    if (pdf)
        CHECK(size == genuine->size && memcmp(file, genuine->data, size) == 0);
    else
        CHECK(same_words(file, size));
}

static void code_check(struct input *input)
{
    uint8_t proof[HASH_SHORT_BYTES];
    char changed[RECEIPT_CODE_BYTES];
    int64_t withdrawal = 0;

    memcpy(changed, code, sizeof changed);
    if (input->left > 0) {
        size_t at = input_choice(input, RECEIPT_CODE_BYTES - 1);
        changed[at] = (char)(input_byte(input) | 1);
    }
    CHECK(receipt_code_parse(&vault, changed, &withdrawal, proof) == (strcmp(changed, code) == 0));
    CHECK(strcmp(changed, code) != 0 || withdrawal == 4711);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    enum receipt_verdict verdict = verdict_of((const char *)data, size);

    CHECK(verdict != RECEIPT_GENUINE || same_words((const char *)data, size));
    forgery_check(&input, &statement, false);
    forgery_check(&input, &page, true);
    code_check(&input);
    return 0;
}
