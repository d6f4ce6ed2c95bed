/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with {placeholders}, as data files: what a message says, and what a provider's interface wants to be told.
 *
 * A text is checked once, when it is read: a placeholder that is not among the known ones, or a brace without its
 * partner, is refused with its line. Pure. */
#ifndef EBB_NOTIFY_TEMPLATE_H
#define EBB_NOTIFY_TEMPLATE_H

#include "base/out.h"

#define TEMPLATE_BYTES_MAX 4096

struct template_value {
    const char *name, *text;
};

/* `names` ends with NULL. `json`: a brace that no placeholder begins with is JSON's own. On false `ret_reason` says
 * what is wrong, with its line. */
MUST_USE bool template_check(const char *text, const char *const *names, bool json, char ret_reason[160]);
/* Writes a text that was checked. `json`: values are escaped as within a JSON string. */
void template_write(struct out *out, const char *text, const struct template_value *values, size_t count, bool json);

#endif
