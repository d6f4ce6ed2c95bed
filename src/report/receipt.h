/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: what a withdrawal came to, said in a way that its holder can prove to anybody.
 *
 * A statement is one line of JSON. Its member `receipt` is the same for the same withdrawal in the same state, and
 * `proof` its BLAKE2b-256; around it stand who issued it, when, and where it can be verified. `signature` is Ed25519,
 * in hex, over the canonical form (RFC 8785) of the statement without its member `signature`, so that a statement that
 * was indented or ordered anew is still the one that was signed. The key is derived from the master key for receipts
 * alone: what is signed here can never be taken for an anchor. A PDF carries the statement as an attachment and ends
 * with a signature over every byte before it, so that what the page shows cannot be changed either.
 *
 * A receipt says how things stood when it was issued; a payment that bounces later makes it old, not false. The code in
 * its QR, which only the server can make and read, tells a holder whether it still holds. This module knows no clock,
 * no store and no HTTP. */
#ifndef EBB_REPORT_RECEIPT_H
#define EBB_REPORT_RECEIPT_H

#include "access/vault.h"
#include "domain/decide.h"

#define RECEIPT_FORMAT "ebb-receipt-1"
#define RECEIPT_CODE_BYTES 55 /* 54 characters of base64url */
#define RECEIPT_PROOF_BYTES HASH_BYTES
#define RECEIPT_FILE_BYTES_MAX ((size_t)8 << 20)

struct receipt_facts {
    const struct dossier *dossier;
    const struct account *account;
    const struct identity *identity; /* NULL: nobody is known */
    const struct policy *policy;     /* the pinned one */
};
/* The member `receipt`; personal data leaves masked. */
void receipt_write(struct out *out, const struct receipt_facts *facts);
void receipt_proof(const struct out *receipt, uint8_t ret[RECEIPT_PROOF_BYTES]);

struct receipt_issue {
    int64_t withdrawal;
    const char *operator_name, *address; /* of the server, as holders reach it: http://… */
    struct instant at;
    const struct vault *vault;
};
/* The signed statement around a receipt. False: no memory. */
MUST_USE bool receipt_sign(struct out *out, const struct out *receipt, const struct receipt_issue *issue);

/* What a verification says. Only RECEIPT_GENUINE is good news. */
enum receipt_verdict {
    RECEIPT_GENUINE,
    RECEIPT_SELF, /* nothing was changed since it was signed, but by whom it was signed is not known */
    RECEIPT_FOREIGN,
    RECEIPT_CHANGED,
    RECEIPT_UNREADABLE, /* it is no receipt, or not in the form in which it was issued */
    RECEIPT_NO_MEMORY,
};
/* 2·size hex digits as they are written here, in small letters: another spelling is another receipt. */
MUST_USE bool receipt_hex(const char *text, uint8_t *ret, size_t size);
/* `public` is the operator's key, or NULL: the one that the statement names. */
enum receipt_verdict receipt_check(const char *text, size_t size, const uint8_t public[ANCHOR_PUBLIC_BYTES]);

/* The code in the QR: which withdrawal, and of what the receipt was. */
void receipt_code_format(const struct vault *vault, int64_t withdrawal, const uint8_t proof[RECEIPT_PROOF_BYTES],
                         char ret[RECEIPT_CODE_BYTES]);
/* False: it is none of ours. `ret_proof` is the beginning of the proof, HASH_SHORT_BYTES. */
MUST_USE bool receipt_code_parse(const struct vault *vault, const char *text, int64_t *ret_withdrawal,
                                 uint8_t ret_proof[HASH_SHORT_BYTES]);

/* ---- receipt_file.c: the PDF ---- */

/* Attaches the statement to a PDF as cairo writes it and signs the whole. False: it is no such PDF, or no memory. */
MUST_USE bool receipt_file_seal(struct out *pdf, const struct out *statement, const struct vault *vault);
/* Of a PDF or a JSON text. `ret_statement` points into the file, or is empty where none was found. */
enum receipt_verdict receipt_file_check(const char *file, size_t size, const uint8_t public[ANCHOR_PUBLIC_BYTES],
                                        struct bytes *ret_statement);

/* ---- receipt_page.c: in the worker's process ---- */

/* The statement as a page of PDF, by cairo and pango. ERR_REQUEST: it is no statement; ERR_FATAL: cairo's word. */
MUST_USE enum err receipt_page(const char *statement, size_t size, struct out *out, char ret_reason[256]);

/* ---- capital.c ---- */

#define CAPITAL_BYTES 256
/* 1234.50 as 壹仟贰佰叁拾肆元伍角整: how amounts stand on Chinese vouchers. */
void capital_format(struct money amount, char ret[CAPITAL_BYTES]);

#endif
