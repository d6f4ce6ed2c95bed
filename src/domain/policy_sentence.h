/* SPDX-License-Identifier: Apache-2.0 */
/* Writing one line of an explanation in one of two languages, with the rule ids it rests on at its end. Private to
 * policy_explain. A line is begun by SAY, may be continued by MORE, gets its rules by `cite` and is ended by
 * `line_end`. */
#ifndef EBB_DOMAIN_POLICY_SENTENCE_H
#define EBB_DOMAIN_POLICY_SENTENCE_H

#include "domain/policy_explain.h"

#define CITED_MAX 8

struct telling {
    const struct policy *policy;
    struct out *out;
    bool chinese;
    const char *cited[CITED_MAX];
    size_t cited_count;
};

#define MORE(telling, english, chinese_text, ...)                                                                      \
    out_format((telling)->out, (telling)->chinese ? chinese_text : english, ##__VA_ARGS__)
#define SAY(telling, english, chinese_text, ...) MORE(telling, "  - " english, "  - " chinese_text, ##__VA_ARGS__)
#define SAY_BELOW(telling, english, chinese_text, ...)                                                                 \
    MORE(telling, "      " english, "      " chinese_text, ##__VA_ARGS__)
#define HEADING(telling, english, chinese_text) MORE(telling, "\n" english "\n", "\n" chinese_text "\n")

void cite(struct telling *telling, const char *rule); /* "" and repeated ids are left out */
void cite_refusal(struct telling *telling, enum refusal refusal);
void cite_item(struct telling *telling, enum item item);
void line_end(struct telling *telling);

/* ", " or "、" before every element but the first. */
void comma(struct telling *telling, bool *first);
void tell_amount(struct telling *telling, struct money amount);
void tell_span(struct telling *telling, int64_t ms);
void tell_arrival(struct telling *telling, struct arrival arrival);
const char *method_name(const struct telling *telling, int method);
const char *fund_name(const struct telling *telling, enum fund fund);
const char *claim_name(const struct telling *telling, int claim);
const char *route_name(const struct telling *telling, int route);

void tell_topups(struct telling *telling);
void tell_routes(struct telling *telling);

#endif
