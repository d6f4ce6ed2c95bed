/* SPDX-License-Identifier: Apache-2.0 */
/* Members that several objects share. Private to view/. */
#ifndef EBB_VIEW_VIEW_PARTS_H
#define EBB_VIEW_VIEW_PARTS_H

#include "view/view.h"

/* "" is null. */
void view_text(struct out *out, const char *key, const char *text);
/* 0 is null. */
void view_word(struct out *out, const char *key, const struct words *words, int value);
/* {code, rule}; a code of 0 is null. */
void view_refusal(struct out *out, const char *key, enum refusal code, const char *rule);
/* Masked; NULL is null. */
void view_name(struct out *out, const char *key, const char *name);
void view_number(struct out *out, const char *key, const char *number);
/* The members `refusals` and `held_back` of a quote. */
void view_quote_reasons(struct out *out, const struct quote *quote);

#endif
