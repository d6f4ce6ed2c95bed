/* SPDX-License-Identifier: Apache-2.0 */
/* What channels tell: replies and notifications of Stripe, Alipay and WeChat Pay, as anybody may send them.
 *
 * The first byte chooses who is believed to speak; the rest is what was said. "Paid" is only said of the key that was
 * asked about, with the amount that stands there; the bytes whose signature counts are the ones that are read; and
 * nothing is believed of a webhook whose signature was not made with our secret over exactly that body. */
#include "channel/alipay.h"
#include "channel/stripe_webhook.h"
#include "channel/wechatpay.h"
#include "fuzz.h"
#include "look.h"

#include <sodium.h>

#define OUR_KEY "EBB000000000000101"
#define NOW_S INT64_C(1795140000)
#define HEADER_BYTES 256

static char whsec[] = "whsec_fuzz";
static const struct secret secrets[] = {{whsec, sizeof whsec - 1}};

static const char *header_of(void *header, const char *name)
{
    return strcmp(name, "Stripe-Signature") == 0 ? header : NULL;
}

static struct channel_notice notice_of(const char *body, size_t size, char *header)
{
    return (struct channel_notice){body, size, header_of, header, {NOW_S * MS_SECOND}};
}

static void header_sign(const char *body, size_t size, char ret[HEADER_BYTES])
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char hex[2 * sizeof mac + 1], head[24];

    crypto_auth_hmacsha256_init(&state, (const uint8_t *)whsec, sizeof whsec - 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)head,
                                  (size_t)snprintf(head, sizeof head, "%lld.", (long long)NOW_S));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, size);
    crypto_auth_hmacsha256_final(&state, mac);
    snprintf(ret, HEADER_BYTES, "t=%lld,v1=%s", (long long)NOW_S, sodium_bin2hex(hex, sizeof hex, mac, sizeof mac));
}

/* The header as somebody wrote it: without our secret it never holds. */
static void stripe_forged(char *text)
{
    char *body = strchr(text, '\n'), reason[201];

    if (body == NULL)
        return;
    *body++ = '\0';
    struct channel_notice notice = notice_of(body, strlen(body), text);

    CHECK(!stripe_webhook_verify(&notice, secrets, 1, reason));
}

static void stripe_told(char *text)
{
    size_t size = strlen(text);
    char header[HEADER_BYTES], reason[201];
    struct channel_notice notice = notice_of(text, size, header);
    struct channel_answer answer = {0};

    header_sign(text, size, header);
    CHECK(stripe_webhook_verify(&notice, secrets, 1, reason));
    if (stripe_webhook_read(&notice, &answer, reason) == HEARD_NEWS)
        CHECK(answer.key[0] == '\0' || strstr(text, "ebb_key") != NULL || strchr(text, '\\') != NULL);
    if (size > 0) {
        text[size / 2] = (char)(text[size / 2] ^ 1);
        CHECK(!stripe_webhook_verify(&notice, secrets, 1, reason));
    }
}

static bool text_is(const json_t *object, const char *member, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL && strcmp(text, wanted) == 0;
}

static bool proves(const struct channel_answer *answer)
{
    CHECK(answer->kind != EVIDENCE_NONE && answer->kind < EVIDENCE__COUNT && strcmp(answer->key, OUR_KEY) == 0);
    CHECK(memchr(answer->code, 0, sizeof answer->code) != NULL);
    return answer->kind == EVIDENCE_PAID || answer->kind == EVIDENCE_RETURNED;
}

static void refunds_read(const json_t *told)
{
    struct channel_answer answer;
    const json_t *amount = json_object_get(told, "amount"), *payer = json_object_get(amount, "payer_refund");
    const char *account = json_string_value(json_object_get(told, "user_received_account"));

    leaf_answer_start(&answer, OUR_KEY);
    if (stripe_refund_read(told, &answer) && proves(&answer))
        CHECK(text_is(json_object_get(told, "metadata"), "ebb_key", OUR_KEY) && json_is_integer(amount) &&
              answer.amount.minor >= -1);
    leaf_answer_start(&answer, OUR_KEY);
    wechatpay_refund_read(told, "status", &answer);
    if (proves(&answer))
        CHECK(text_is(told, "out_refund_no", OUR_KEY) && text_is(told, "status", "SUCCESS") &&
              json_is_integer(json_object_get(amount, "refund")) &&
              json_integer_value(json_object_get(amount, payer != NULL ? "payer_refund" : "refund")) ==
                  answer.amount.minor &&
              (account == NULL || strncmp(account, "商户", strlen("商户")) != 0));
}

static void alipay_read(const json_t *told)
{
    json_t *asked = json_pack("{s:s, s:s}", "trade_no", "2026", "refund_amount", "123.45");
    struct channel_answer answer;
    struct money amount = {0};

    leaf_answer_start(&answer, OUR_KEY);
    alipay_refund_read(told, asked, true, &answer);
    if (proves(&answer))
        CHECK(text_is(told, "fund_change", "Y") && text_is(told, "trade_no", "2026") && answer.amount.minor <= 12345);
    leaf_answer_start(&answer, OUR_KEY);
    alipay_refund_read(told, asked, false, &answer);
    CHECK(!proves(&answer)); /* sent again, only the query is believed */
    leaf_answer_start(&answer, OUR_KEY);
    alipay_refund_query_read(told, asked, &answer);
    if (proves(&answer))
        CHECK(text_is(told, "refund_status", "REFUND_SUCCESS") && text_is(told, "out_request_no", OUR_KEY));
    leaf_answer_start(&answer, OUR_KEY);
    alipay_status_read(told, NULL, &answer);
    if (proves(&answer))
        CHECK(text_is(told, "out_biz_no", OUR_KEY) && alipay_amount(told, "trans_amount", &amount) &&
              amount.minor == answer.amount.minor);
    json_decref(asked);
}

static void replies_read(char *text)
{
    json_t *told SCOPED(look_free) = leaf_json(text, strlen(text));

    if (told == NULL)
        return;
    refunds_read(told);
    alipay_read(told);
}

/* What is verified is what is read. */
static void member_found(char *text)
{
    json_t *whole SCOPED(look_free) = leaf_json(text, strlen(text));
    const json_t *member = json_object_get(whole, "r");
    struct bytes bytes;

    if (whole == NULL || !alipay_member_bytes(text, strlen(text), "r", &bytes))
        return;
    json_t *read SCOPED(look_free) = json_loadb(bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL);

    CHECK((const char *)bytes.data >= text && (const char *)bytes.data + bytes.size <= text + strlen(text));
    CHECK(json_is_object(member) && read != NULL && json_equal(read, member));
}

/* Without a key of Alipay's nothing is believed; the form is read all the same. */
static void form_told(char *text)
{
    struct alipay alipay = {.app_id = "2021"};
    struct channel_notice notice = notice_of(text, strlen(text), NULL);
    struct channel_answer answer;
    char reason[201];

    CHECK(alipay_notify(&alipay.channel, &notice, &answer, reason) == HEARD_REFUSED);
}

static void stored_read(char *text)
{
    struct leaf_request request;

    if (leaf_request_read(text, &request))
        CHECK(request.body > text && request.body <= text + strlen(text) && strchr(request.verb, ' ') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const speakers[])(char *text) = {stripe_forged, stripe_told, replies_read,
                                                   member_found,  form_told,   stored_read};
    struct input input = {data, size};
    void (*speak)(char *) = speakers[input_choice(&input, ARRAY_COUNT(speakers))];
    char *text = input_rest(&input);

    speak(text);
    free(text);
    return 0;
}
