/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy_sentence.h"

#include <inttypes.h>
#include <string.h>

struct names {
    const char *en, *zh;
};

static const struct names methods[METHOD__COUNT] = {
    [METHOD_ALIPAY] = {"Alipay", "支付宝"},
    [METHOD_WECHAT] = {"WeChat Pay", "微信支付"},
    [METHOD_UNIONPAY] = {"UnionPay", "银联"},
    [METHOD_ONLINE_BANK] = {"online banking", "网银"},
    [METHOD_BANK_CARD] = {"bank card", "银行卡"},
    [METHOD_BANK_TRANSFER] = {"bank transfer", "银行转账"},
    [METHOD_OFFLINE] = {"offline payment", "线下付款"},
};
static const struct names funds[FUND__COUNT] = {
    [FUND_TOPUP] = {"top-ups (oldest first)", "充值款（先充先用）"},
    [FUND_TRANSFERRED_IN] = {"money transferred in", "转入款"},
    [FUND_ALLOCATED_IN] = {"money allocated by the master account", "主账号划拨款"},
    [FUND_OTHER] = {"adjustments and other refunds", "调账及其他退款"},
    [FUND_VOUCHER] = {"vouchers", "代金券"},
};
static const struct names claims[CLAIM__COUNT] = {
    [CLAIM_OWED_INVOICE] = {"what was invoiced beyond consumption", "超出消费的已开票金额（欠票）"},
    [CLAIM_OVERDUE] = {"overdue bills", "逾期未付账单"},
    [CLAIM_UNSETTLED] = {"consumption not yet billed", "未出账消费"},
    [CLAIM_INVOICED] = {"the total invoiced", "已开票总额"},
};
static const struct names routes[ROUTE__COUNT] = {
    [ROUTE_ORIGINAL] = {"Back to the source", "原路退回"},
    [ROUTE_DESIGNATED] = {"To a designated account", "退至指定账户"},
    [ROUTE_APPLICATION] = {"By application, for money that was not topped up", "非充值款提现申请"},
    [ROUTE_CASE] = {"By a case for staff", "由人工工单处理"},
};

static const char *choose(const struct telling *telling, const struct names *names)
{
    return telling->chinese ? names->zh : names->en;
}

const char *method_name(const struct telling *telling, int method)
{
    return choose(telling, &methods[method]);
}

const char *fund_name(const struct telling *telling, enum fund fund)
{
    return choose(telling, &funds[fund]);
}

const char *claim_name(const struct telling *telling, int claim)
{
    return choose(telling, &claims[claim]);
}

const char *route_name(const struct telling *telling, int route)
{
    return choose(telling, &routes[route]);
}

void cite(struct telling *telling, const char *rule)
{
    if (*rule == '\0' || telling->cited_count == CITED_MAX)
        return;
    for (size_t i = 0; i < telling->cited_count; i++) {
        if (strcmp(telling->cited[i], rule) == 0)
            return;
    }
    telling->cited[telling->cited_count++] = rule;
}

void cite_refusal(struct telling *telling, enum refusal refusal)
{
    cite(telling, telling->policy->rule_of_refusal[refusal]);
}

void cite_item(struct telling *telling, enum item item)
{
    cite(telling, telling->policy->rule_of_item[item]);
}

void line_end(struct telling *telling)
{
    for (size_t i = 0; i < telling->cited_count; i++)
        out_format(telling->out, "%s%s%s", i == 0 ? "  [" : ", ", telling->cited[i],
                   i + 1 == telling->cited_count ? "]" : "");
    out_text(telling->out, "\n");
    telling->cited_count = 0;
}

void comma(struct telling *telling, bool *first)
{
    if (!*first)
        MORE(telling, ", ", "、");
    *first = false;
}

void tell_amount(struct telling *telling, struct money amount)
{
    char text[MONEY_TEXT_BYTES];

    money_format(amount, telling->policy->currency, text);
    out_format(telling->out, "%s %s", text, telling->policy->currency);
}

void tell_span(struct telling *telling, int64_t ms)
{
    if (ms == 0)
        MORE(telling, "at once", "立即");
    else if (ms % MS_HOUR != 0)
        MORE(telling, "%" PRId64 " minutes", "%" PRId64 " 分钟", ms / MS_MINUTE);
    else if (ms % MS_DAY != 0 || ms == MS_DAY)
        MORE(telling, "%" PRId64 " hours", "%" PRId64 " 小时", ms / MS_HOUR);
    else
        MORE(telling, "%" PRId64 " days", "%" PRId64 " 天", ms / MS_DAY);
}

static void tell_many(struct telling *telling, int64_t count, const char *one, const char *many, const char *zh)
{
    if (telling->chinese)
        out_format(telling->out, "%" PRId64 " %s", count, zh);
    else
        out_format(telling->out, "%" PRId64 " %s", count, count == 1 ? one : many);
}

static void tell_range(struct telling *telling, struct arrival arrival, const char *one, const char *many,
                       const char *zh)
{
    if (arrival.least > 0)
        MORE(telling, "in %" PRId64 " to ", "%" PRId64 " 至 ", arrival.least);
    else
        MORE(telling, "within ", "");
    tell_many(telling, arrival.most, one, many, zh);
    if (arrival.least == 0)
        MORE(telling, "", "内");
}

void tell_arrival(struct telling *telling, struct arrival arrival)
{
    bool hours = arrival.least % 60 == 0 && arrival.most % 60 == 0;

    switch (arrival.unit) {
    case ARRIVAL_UNSTATED:
        MORE(telling, "at a time that is not stated", "未承诺时间");
        return;
    case ARRIVAL_MINUTES:
        if (hours) {
            arrival.least /= 60;
            arrival.most /= 60;
            tell_range(telling, arrival, "hour", "hours", "小时");
        } else {
            tell_range(telling, arrival, "minute", "minutes", "分钟");
        }
        return;
    case ARRIVAL_DAYS:
        tell_range(telling, arrival, "day", "days", "天");
        return;
    case ARRIVAL_WORKING_DAYS:
        tell_range(telling, arrival, "working day", "working days", "个工作日");
        return;
    }
}
