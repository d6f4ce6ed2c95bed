/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy_explain.h"

#include "domain/policy_sentence.h"

#include <inttypes.h>

static void tell_who(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    HEADING(telling, "Who may withdraw", "谁可以提现");
    SAY(telling, "The account is active, neither frozen nor closed, and its owner's real name is verified.",
        "账户状态正常（未冻结、未关闭），且已完成实名认证。");
    cite_refusal(telling, REFUSAL_ACCOUNT_FROZEN);
    cite_refusal(telling, REFUSAL_ACCOUNT_CLOSED);
    cite_refusal(telling, REFUSAL_REAL_NAME_REQUIRED);
    line_end(telling);
    if (policy->refuse_partner_advance) {
        SAY(telling, "An account tied to a partner that pays in advance cannot withdraw.",
            "关联了代付模式伙伴的账户不能提现。");
        cite_refusal(telling, REFUSAL_PARTNER_ADVANCE);
        line_end(telling);
    }
    if (policy->refuse_overdue) {
        SAY(telling, "While any bill is overdue, nothing can be withdrawn.", "存在欠费时不能提现。");
        cite_refusal(telling, REFUSAL_IN_ARREARS);
        line_end(telling);
    }
}

static void tell_cap(struct telling *telling, struct money amount, const char *en, const char *zh, enum refusal refusal)
{
    if (money_is_zero(amount))
        return;
    SAY(telling, "%s at most ", "%s不超过 ", telling->chinese ? zh : en);
    tell_amount(telling, amount);
    MORE(telling, ".", "。");
    cite_refusal(telling, refusal);
    line_end(telling);
}

static void tell_times(struct telling *telling, int64_t times, const char *en, const char *zh, enum refusal refusal)
{
    if (times == 0)
        return;
    SAY(telling, "At most %1$" PRId64 " %2$s a %3$s; rejected, failed and cancelled ones do not count.",
        "每个%3$s最多提现 %1$" PRId64 " 次；被驳回、失败或取消的不计。%2$.0s", times,
        times == 1 ? "withdrawal" : "withdrawals", telling->chinese ? zh : en);
    cite_refusal(telling, refusal);
    line_end(telling);
}

static void tell_limits(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    SAY(telling, "A withdrawal is at least ", "单笔提现至少 ");
    tell_amount(telling, policy->minimum);
    if (money_is_zero(policy->fee)) {
        MORE(telling, "; there is no fee.", "；不收手续费。");
    } else {
        MORE(telling, "; the fee is ", "；手续费为 ");
        tell_amount(telling, policy->fee);
        MORE(telling, ", kept back when it is paid.", "，付款时扣除。");
    }
    cite_refusal(telling, REFUSAL_BELOW_MINIMUM);
    line_end(telling);
    tell_cap(telling, policy->per_withdrawal_max, "One withdrawal pays", "单笔提现", REFUSAL_ABOVE_MAXIMUM);
    tell_cap(telling, policy->per_day_amount_max, "The withdrawals of one day pay", "每日提现合计",
             REFUSAL_DAILY_LIMIT);
    tell_times(telling, policy->per_day_max, "day", "自然日", REFUSAL_DAILY_LIMIT);
    tell_times(telling, policy->per_month_max, "calendar month", "自然月", REFUSAL_MONTHLY_LIMIT);
}

static void tell_claims(struct telling *telling)
{
    const struct policy *policy = telling->policy;
    bool first = true;

    for (int claim = CLAIM_NONE + 1; claim < CLAIM__COUNT; claim++) {
        if (!policy->subtract[claim])
            continue;
        if (first)
            SAY(telling, "Also kept back: ", "另需扣除：");
        comma(telling, &first);
        MORE(telling, "%s", "%s", claim_name(telling, claim));
    }
    if (first)
        SAY(telling, "Claims do not reduce the amount", "欠票与账单不扣减可提金额");
    MORE(telling, ".", "。");
    if (!first) {
        cite_item(telling, ITEM_OWED_INVOICE);
        cite_item(telling, ITEM_OVERDUE);
        cite_item(telling, ITEM_UNSETTLED);
    }
    line_end(telling);
    if (policy->transferred_in_offsets) {
        SAY(telling, "Money transferred in pays those claims first; only what it does not cover is kept back.",
            "转入款先行抵扣上述款项，不足部分才从余额中扣除。");
        cite_item(telling, ITEM_TRANSFERRED_IN);
        line_end(telling);
    }
}

static void tell_reserve(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    switch (policy->reserve) {
    case RESERVE_NONE:
        SAY(telling, "Nothing is reserved for pay-as-you-go resources.", "按量付费资源不预留金额。");
        break;
    case RESERVE_FIXED:
        SAY(telling, "While pay-as-you-go resources are in use, a reserve is kept back: ", "使用按量付费资源期间预留 ");
        tell_amount(telling, policy->reserve_amount);
        if (policy->reserve_release_ms == 0) {
            MORE(telling, "; it is freed with the last release.", "；最后一个资源释放后立即解除。");
        } else {
            MORE(telling, "; it is freed ", "；最后一个资源释放满 ");
            tell_span(telling, policy->reserve_release_ms);
            MORE(telling, " after the last release.", " 后解除。");
        }
        break;
    case RESERVE_RESOURCES:
        SAY(telling, "What each active pay-as-you-go resource keeps frozen is kept back.",
            "扣除每个使用中的按量付费资源所冻结的金额。");
        break;
    }
    cite_item(telling, ITEM_RESERVE);
    line_end(telling);
}

static void tell_amounts(struct telling *telling)
{
    HEADING(telling, "How much", "可提多少");
    tell_limits(telling);
    SAY(telling,
        "Withdrawable is the cash (never vouchers), less money already being withdrawn, less money that other accounts "
        "transferred or allocated, less what is listed here, never below zero; and no more than the top-ups can give "
        "back.",
        "可提金额等于现金余额（不含代金券）减去提现中的金额、其他账户转入或划拨的金额及以下各项，最低为零；且不超过各笔"
        "充值可退之和。");
    cite_refusal(telling, REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE);
    cite_item(telling, ITEM_HOLD);
    cite_item(telling, ITEM_TRANSFERRED_IN);
    cite_item(telling, ITEM_ALLOCATED_IN);
    cite_item(telling, ITEM_NOT_WITHDRAWABLE);
    line_end(telling);
    tell_claims(telling);
    tell_reserve(telling);
    if (telling->policy->invoiced_cap) {
        SAY(telling, "Never more than all top-ups less the total invoiced.", "不超过累计充值减去累计开票金额。");
        line_end(telling);
    }
}

/* " (Back to the source, To a designated account)"; nothing where the line speaks for every route. */
static void tell_tier_routes(struct telling *telling, const struct approval_tier *tier)
{
    bool first = true;

    if (tier->routes == 0)
        return;
    MORE(telling, " (", "（");
    for (int route = ROUTE_NONE + 1; route < ROUTE__COUNT; route++) {
        if ((tier->routes & 1u << route) == 0)
            continue;
        comma(telling, &first);
        MORE(telling, "%s", "%s", route_name(telling, route));
    }
    MORE(telling, ")", "）");
}

static void tell_review(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    HEADING(telling, "Review", "审核");
    SAY(telling, "%" PRId64 " people can review; whoever made a withdrawal may not approve it.",
        "共有 %" PRId64 " 名审核人；申请人不得审核自己的申请。", policy->reviewers);
    cite_refusal(telling, REFUSAL_MAKER_IS_CHECKER);
    line_end(telling);
    for (size_t i = 0; i < policy->tiers_count; i++) {
        bool one = policy->tiers[i].approvals == 1;
        if (i == 0) {
            SAY(telling, "A reviewed withdrawal needs %" PRId64 " %s", "需审核的提现须 %" PRId64 " 人通过%s",
                policy->tiers[i].approvals,
                telling->chinese ? ""
                : one            ? "approval"
                                 : "approvals");
        } else {
            SAY(telling, "Above ", "超过 ");
            tell_amount(telling, policy->tiers[i].above);
            tell_tier_routes(telling, &policy->tiers[i]);
            MORE(telling, ": %" PRId64 " approvals", "：须 %" PRId64 " 人通过", policy->tiers[i].approvals);
        }
        MORE(telling, ".", "。");
        line_end(telling);
    }
    if (policy->review_same_subject_overdue) {
        SAY(telling, "An overdue bill in any account of the same identity number flags the withdrawal for review.",
            "同一证件号码名下任一账户有逾期账单的，提现转入人工审核。");
        line_end(telling);
    }
}

static void tell_charges(struct telling *telling)
{
    const struct policy *policy = telling->policy;
    bool first = true;

    HEADING(telling, "Consumption", "消费扣款");
    SAY(telling, "A charge uses up, in this order: ", "扣款顺序：");
    for (size_t i = 0; i < FUND__COUNT && policy->charge_order[i] != FUND_NONE; i++) {
        comma(telling, &first);
        MORE(telling, "%s", "%s", fund_name(telling, policy->charge_order[i]));
    }
    MORE(telling, ". Money on hold is never used up.", "。提现中的金额不参与扣款。");
    line_end(telling);
    if (policy->debt)
        SAY(telling, "What a charge cannot cover becomes overdue.", "余额不足的部分计为欠费。");
    else
        SAY(telling, "A charge that is not covered is refused.", "余额不足的扣款被拒绝。");
    cite_refusal(telling, REFUSAL_INSUFFICIENT_FUNDS);
    line_end(telling);
}

static void tell_labels(struct telling *telling)
{
    HEADING(telling, "What the customer reads", "客户看到的状态");
    for (int status = WITHDRAWAL_NONE + 1; status < WITHDRAWAL__COUNT; status++) {
        SAY(telling, "%s: %s", "%s：%s", word_text(&withdrawal_status_words, status),
            policy_label(telling->policy, (enum withdrawal_status)status, telling->chinese));
        line_end(telling);
    }
}

static void tell_codes(struct telling *telling)
{
    const struct policy *policy = telling->policy;

    HEADING(telling, "Rules that answers name", "答复中引用的规则");
    for (int code = REFUSAL_NONE + 1; code < REFUSAL__COUNT; code++) {
        if (*policy->rule_of_refusal[code] != '\0')
            out_format(telling->out, "  - %s: %s\n", word_text(&refusal_words, code), policy->rule_of_refusal[code]);
    }
    for (int code = ITEM_NONE + 1; code < ITEM__COUNT; code++) {
        if (*policy->rule_of_item[code] != '\0')
            out_format(telling->out, "  - %s: %s\n", word_text(&item_words, code), policy->rule_of_item[code]);
    }
}

void policy_explain(const struct policy *policy, bool chinese, struct out *out)
{
    struct telling telling = {.policy = policy, .out = out, .chinese = chinese};

    MORE(&telling, "%s (policy %s, amounts in %s)\n", "%s（策略 %s，金额单位 %s）\n",
         chinese ? policy->title_zh : policy->title_en, policy->name, policy->currency);
    tell_who(&telling);
    tell_amounts(&telling);
    tell_topups(&telling);
    tell_routes(&telling);
    tell_review(&telling);
    tell_charges(&telling);
    tell_labels(&telling);
    tell_codes(&telling);
}
