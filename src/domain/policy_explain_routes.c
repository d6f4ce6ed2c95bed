/* SPDX-License-Identifier: Apache-2.0 */
/* The part of an explanation about where money may go: each kind of top-up, then each route. */
#include "domain/policy_sentence.h"

#include <inttypes.h>
#include <string.h>

static void tell_exclusions(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    if (policy->exclude_bonus) {
        SAY(telling, "A top-up that earned a bonus or coupons cannot be withdrawn.",
            "享受过赠送或代金券的充值不可提现。");
        cite_refusal(telling, REFUSAL_BONUS);
        line_end(telling);
    }
    if (policy->exclude_arbitrage) {
        SAY(telling, "A top-up of a campaign that could be arbitraged cannot be withdrawn.",
            "参加可能套利活动的充值不可提现。");
        cite_refusal(telling, REFUSAL_ARBITRAGE);
        line_end(telling);
    }
    if (policy->cool_off_ms > 0) {
        SAY(telling, "A top-up can be withdrawn once it is this old: ", "充值满以下时间后方可提现：");
        tell_span(telling, policy->cool_off_ms);
        MORE(telling, ".", "。");
        cite_refusal(telling, REFUSAL_COOLING_OFF);
        line_end(telling);
    }
    if (policy->refunds_per_topup_max > 0) {
        SAY(telling, "One top-up can be refunded at most %" PRId64 " times.", "单笔充值最多退款 %" PRId64 " 次。",
            policy->refunds_per_topup_max);
        cite_refusal(telling, REFUSAL_REFUNDS_USED_UP);
        line_end(telling);
    }
}

static void tell_which(struct telling *telling, const struct topup_rule *rule)
{
    bool first = true;

    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++) {
        if ((rule->methods & 1u << method) == 0)
            continue;
        comma(telling, &first);
        MORE(telling, "%s", "%s", method_name(telling, method));
    }
    if (rule->payer_kind == PAYER_PERSONAL)
        MORE(telling, ", paid by a person", "，个人付款");
    else if (rule->payer_kind == PAYER_CORPORATE)
        MORE(telling, ", paid by a company", "，企业付款");
    if (rule->banks_count == 0)
        return;
    MORE(telling, ", from ", "，付款行为 ");
    first = true;
    for (size_t i = 0; i < rule->banks_count; i++) {
        comma(telling, &first);
        out_text(telling->out, rule->banks[i]);
    }
}

static void tell_window(struct telling *telling, const struct topup_rule *rule)
{
    if (!rule->original)
        MORE(telling, "never back to the source", "不可原路退回");
    else if (rule->window.unlimited)
        MORE(telling, "back to the source, at any time", "随时可原路退回");
    else if (rule->window.months > 0)
        MORE(telling, "back to the source within %" PRId64 " calendar %s of payment",
             "付款后 %" PRId64 " 个自然月内可原路退回%.0s", rule->window.months,
             rule->window.months == 1 ? "month" : "months");
    else
        MORE(telling, "back to the source within %" PRId64 " %s of payment", "付款后 %" PRId64 " 天内可原路退回%.0s",
             rule->window.days, rule->window.days == 1 ? "day" : "days");
}

static void tell_after(struct telling *telling, const struct topup_rule *rule)
{
    if (rule->original && rule->window.unlimited)
        return;
    MORE(telling, "; %s", "；%s", rule->original ? (telling->chinese ? "之后" : "then ") : "");
    if (rule->after == ROUTE_DESIGNATED)
        MORE(telling, "to a designated account", "退至指定账户");
    else if (rule->after == ROUTE_CASE)
        MORE(telling, "by a case for staff", "由人工工单处理");
    else
        MORE(telling, "not withdrawable", "不可提现");
}

void tell_topups(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    HEADING(telling, "Which top-ups, and where they go", "各类充值的去向");
    tell_exclusions(telling);
    for (size_t i = 0; i < policy->topups_count; i++) {
        const struct topup_rule *rule = &policy->topups[i];
        out_format(telling->out, "  %zu. ", i + 1);
        tell_which(telling, rule);
        MORE(telling, ": ", "：");
        tell_window(telling, rule);
        if (rule->designated_inside)
            MORE(telling, ", or to a designated account for a reason that allows it",
                 "，期内有正当原因的也可退至指定账户");
        tell_after(telling, rule);
        MORE(telling, ".", "。");
        cite(telling, rule->rule);
        if (rule->after == ROUTE_CASE)
            cite_refusal(telling, REFUSAL_CASE_REQUIRED);
        line_end(telling);
    }
    SAY(telling, "The first line that fits a top-up counts.", "按顺序以首条符合的规定为准。");
    line_end(telling);
}

static void tell_route_review(struct telling *telling, enum review_mode mode)
{
    switch (mode) {
    case REVIEW_MODE_NEVER:
        MORE(telling, "paid without review", "无需审核");
        break;
    case REVIEW_MODE_FLAGGED:
        MORE(telling, "reviewed where something flags it", "触发风险标记时审核");
        break;
    case REVIEW_MODE_ALWAYS:
        MORE(telling, "always reviewed", "一律审核");
        break;
    }
}

static bool same_arrival(struct arrival a, struct arrival b)
{
    return a.unit == b.unit && a.least == b.least && a.most == b.most;
}

static void tell_arrivals(struct telling *telling, const struct route_terms *terms)
{
    MORE(telling, "; arrives ", "；到账时间：");
    tell_arrival(telling, terms->arrival[METHOD_NONE]);
    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++) {
        if (same_arrival(terms->arrival[method], terms->arrival[METHOD_NONE]))
            continue;
        MORE(telling, " (%s: ", "（%s：", method_name(telling, method));
        tell_arrival(telling, terms->arrival[method]);
        MORE(telling, ")", "）");
    }
    if (terms->arrives_after_approval)
        MORE(telling, "; after a review, counted from the approval", "；经审核的，自审核通过起算");
}

static const char *payee_text(const struct telling *telling, enum payee_rule payee)
{
    switch (payee) {
    case PAYEE_ANY:
        return telling->chinese ? "不限" : "anybody";
    case PAYEE_SUBJECT:
        return telling->chinese ? "实名认证主体" : "the verified owner";
    case PAYEE_PAYER:
        return telling->chinese ? "原付款人" : "whoever paid the top-up";
    case PAYEE_SUBJECT_OR_DOCUMENTS:
        return telling->chinese ? "实名认证主体；提交证明材料的可为他人"
                                : "the verified owner, or with documents somebody else";
    }
    return "";
}

static void tell_payees(struct telling *telling, const struct route_terms *terms)
{
    enum payee_rule usual = terms->payee[METHOD_NONE];

    if (usual == PAYEE_ANY && !terms->destination)
        return;
    SAY_BELOW(telling, "Payee: %s", "收款人：%s", payee_text(telling, usual));
    for (int method = METHOD_NONE + 1; method < METHOD__COUNT; method++) {
        if (terms->payee[method] != usual)
            MORE(telling, "; %s: %s", "；%s：%s", method_name(telling, method),
                 payee_text(telling, terms->payee[method]));
    }
    MORE(telling, ".", "。");
    cite_refusal(telling, REFUSAL_PAYEE_NAME_MISMATCH);
    line_end(telling);
}

static void tell_bank_needs(struct telling *telling, const struct route_terms *terms)
{
    bool first = true;
    const struct {
        bool needed;
        const char *en, *zh;
    } needs[] = {
        {terms->needs_bank, "bank", "开户银行"},
        {terms->needs_branch, "branch", "支行"},
        {terms->needs_city, "province and city", "省市"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(needs); i++) {
        if (!needs[i].needed)
            continue;
        if (first)
            MORE(telling, " with ", "，需填写");
        comma(telling, &first);
        out_text(telling->out, telling->chinese ? needs[i].zh : needs[i].en);
    }
}

static void tell_destination(struct telling *telling, const struct route_terms *terms)
{
    if (!terms->destination)
        return;
    SAY_BELOW(telling, "Destination: ", "收款账户：");
    if (terms->destination_bank) {
        MORE(telling, "a bank account", "银行账户");
        tell_bank_needs(telling, terms);
        MORE(telling, " (channel %s)", "（渠道 %s）", terms->channel);
    }
    if (terms->destination_alipay)
        MORE(telling, "%san Alipay account (channel %s)", "%s支付宝账户（渠道 %s）",
             !terms->destination_bank ? ""
             : telling->chinese       ? "；或"
                                      : ", or ",
             terms->channel_alipay);
    MORE(telling, ".", "。");
    line_end(telling);
}

static void tell_papers(struct telling *telling, const struct route_terms *terms)
{
    if (terms->documents_min > 0) {
        SAY_BELOW(telling, "Documents: at least %" PRId64 ".", "证明材料：至少 %" PRId64 " 份。", terms->documents_min);
        cite_refusal(telling, REFUSAL_DOCUMENTS_REQUIRED);
        line_end(telling);
    }
    for (size_t i = 0; i < terms->reasons_count; i++) {
        const struct payout_reason *reason = &terms->reasons[i];
        SAY_BELOW(telling, "Reason %s: %s (%s).", "原因 %s：%s（%s）。", reason->code,
                  telling->chinese ? reason->zh : reason->en,
                  telling->chinese
                      ? (reason->inside_window ? "随时可用" : "仅限原路退回期满后")
                      : (reason->inside_window ? "at any time" : "only once the original route is closed"));
        line_end(telling);
    }
}

void tell_routes(struct telling *telling)
{
    HEADING(telling, "Routes", "退款途径");
    for (int route = ROUTE_ORIGINAL; route < ROUTE_CASE; route++) {
        const struct route_terms *terms = &telling->policy->routes[route];
        if (!terms->offered)
            continue;
        SAY(telling, "%s: ", "%s：", route_name(telling, route));
        tell_route_review(telling, terms->review);
        tell_arrivals(telling, terms);
        MORE(telling, ".", "。");
        cite(telling, terms->rule);
        line_end(telling);
        tell_payees(telling, terms);
        tell_destination(telling, terms);
        tell_papers(telling, terms);
    }
    if (telling->policy->routes[ROUTE_APPLICATION].offered)
        return;
    SAY(telling, "Money that was not topped up cannot be withdrawn.", "非充值款不可提现。");
    cite_item(telling, ITEM_NOT_WITHDRAWABLE);
    line_end(telling);
}
