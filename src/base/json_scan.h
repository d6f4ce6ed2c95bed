/* SPDX-License-Identifier: Apache-2.0 */
/* Two questions about JSON text that the parser does not answer: how deep it nests, asked before it is parsed, and
 * which member stands at a byte where the parser stopped. Reads tokens only; it does not check syntax and keeps no
 * values. */
#ifndef EBB_BASE_JSON_SCAN_H
#define EBB_BASE_JSON_SCAN_H

#include "base/field.h"

/* No deeper than JSON_DEPTH_MAX. */
MUST_USE bool json_depth_ok(const char *json, size_t size);
/* RFC 6901 pointer of the member in which the first `position` bytes end; the bytes before it must be well-formed and
 * no deeper than JSON_DEPTH_MAX. */
void json_pointer_at(const char *json, size_t position, char ret[FIELD_POINTER_BYTES]);
/* Appends "/token" to a pointer, escaped; what does not fit is cut off. */
void json_pointer_add(char pointer[FIELD_POINTER_BYTES], const char *token, size_t token_size);
void json_pointer_add_index(char pointer[FIELD_POINTER_BYTES], size_t index);

#endif
