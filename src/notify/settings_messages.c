/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/settings_messages.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "notify/template.h"

#define SUBJECT "Subject: "

const char *const message_placeholders[] = {"code",    "amount", "currency", "withdrawal", "payee",
                                            "minutes", "status", "text",     NULL};
const char *const sms_placeholders[] = {"to", "text", "id", NULL};
static const char *const text_names[MESSAGE_TEXTS] = {[MESSAGE_CODE] = "code", [MESSAGE_NOTICE] = "notice"};

/* ---- SMS ---- */

static void sms_url_read(struct reading *reading, const struct tree *value)
{
    const char *url = settings_text(reading, value);

    if (url != NULL && strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
        settings_mistake(reading, value, "expected https://… (plain http only to loopback)");
    reading->settings->messages.sms.url = url;
}

/* What comes out must be JSON, whatever the values are. */
static bool body_is_json(const char *body)
{
    static const struct template_value values[] = {{"to", "1\"2"}, {"text", "a\\b"}, {"id", "ms_1"}};
    SCOPED(out_fini) struct out out;

    out_init(&out);
    template_write(&out, body, values, ARRAY_COUNT(values), true);
    json_t *parsed = out.failed ? NULL : json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
    json_decref(parsed);
    return parsed != NULL;
}

static void sms_body_read(struct reading *reading, const struct tree *value)
{
    const char *body = settings_text(reading, value);
    char reason[160];

    if (body == NULL)
        return;
    if (!template_check(body, sms_placeholders, true, reason))
        settings_mistake(reading, value, reason);
    else if (!body_is_json(body))
        settings_mistake(reading, value, "expected JSON with {to}, {text} and {id} within its strings");
    reading->settings->messages.sms.body = body;
}

static void sms_idempotency_read(struct reading *reading, const struct tree *value)
{
    reading->settings->messages.sms.idempotency = settings_text(reading, value);
}

static void sms_headers_read(struct reading *reading, const struct tree *value)
{
    size_t *count = &reading->settings->messages.sms.headers_count;

    if (value->kind != TREE_LIST)
        settings_mistake(reading, value, "expected a list of headers");
    for (const struct tree *child = value->kind == TREE_LIST ? value->first : NULL; child != NULL;
         child = child->next) {
        const char *text = settings_text(reading, child);
        if (text == NULL || strchr(text, ':') == NULL || *count == SETTINGS_HEADERS_MAX)
            settings_mistake(reading, child, "expected at most four headers, as 'Authorization: Bearer …'");
        else
            reading->settings->messages.sms.headers[(*count)++] = text;
    }
}

static void sms_read(struct reading *reading, const struct tree *value)
{
    static const struct settings_key keys[] = {{"url", sms_url_read},
                                               {"body", sms_body_read},
                                               {"idempotency", sms_idempotency_read},
                                               {"headers", sms_headers_read}};

    settings_map(reading, value, keys, ARRAY_COUNT(keys));
    if (value->kind == TREE_MAP &&
        (reading->settings->messages.sms.url == NULL || reading->settings->messages.sms.body == NULL))
        settings_mistake(reading, value, "url and body are needed");
}

/* ---- mail ---- */

static void mail_url_read(struct reading *reading, const struct tree *value)
{
    const char *url = settings_text(reading, value);

    if (url != NULL && strncmp(url, "smtps://", 8) != 0 && strncmp(url, "smtp://", 7) != 0)
        settings_mistake(reading, value, "expected smtps://host:port or smtp://host:port");
    reading->settings->messages.mail.url = url;
}

static void mail_from_read(struct reading *reading, const struct tree *value)
{
    const char *from = settings_text(reading, value);

    if (from != NULL && (strchr(from, '@') == NULL || strpbrk(from, " <>\r\n") != NULL))
        settings_mistake(reading, value, "expected an address, as ebb@example.org");
    reading->settings->messages.mail.from = from;
}

static void mail_user_read(struct reading *reading, const struct tree *value)
{
    reading->settings->messages.mail.user = settings_text(reading, value);
}

static void mail_password_read(struct reading *reading, const struct tree *value)
{
    reading->settings->messages.mail.password = settings_text(reading, value);
}

static void mail_tls_read(struct reading *reading, const struct tree *value)
{
    const char *text = settings_text(reading, value);

    if (text != NULL && strcmp(text, "required") != 0 && strcmp(text, "none") != 0)
        settings_mistake(reading, value, "expected required or none");
    reading->settings->messages.mail.plain = text != NULL && strcmp(text, "none") == 0;
}

static void mail_read(struct reading *reading, const struct tree *value)
{
    static const struct settings_key keys[] = {{"url", mail_url_read},
                                               {"from", mail_from_read},
                                               {"user", mail_user_read},
                                               {"password", mail_password_read},
                                               {"tls", mail_tls_read}};

    settings_map(reading, value, keys, ARRAY_COUNT(keys));
    if (value->kind == TREE_MAP &&
        (reading->settings->messages.mail.url == NULL || reading->settings->messages.mail.from == NULL))
        settings_mistake(reading, value, "url and from are needed");
}

/* ---- all of it ---- */

static void language_read(struct reading *reading, const struct tree *value)
{
    const char *text = settings_text(reading, value);

    if (text != NULL && strcmp(text, "zh") != 0 && strcmp(text, "en") != 0)
        settings_mistake(reading, value, "expected zh or en");
    reading->settings->messages.chinese = text != NULL && strcmp(text, "zh") == 0;
}

static void templates_read(struct reading *reading, const struct tree *value)
{
    reading->templates = settings_text(reading, value);
}

void messages_settings_read(struct reading *reading, const struct tree *value)
{
    static const struct settings_key keys[] = {
        {"language", language_read}, {"templates", templates_read}, {"sms", sms_read}, {"mail", mail_read}};

    settings_map(reading, value, keys, ARRAY_COUNT(keys));
}

/* ---- templates ---- */

static enum err text_find(struct reading *reading, const char *name, char **ret, char ret_reason[256])
{
    const struct embedded *file = embedded_templates;
    size_t size;

    if (reading->templates != NULL)
        return settings_file(arena_format(reading->arena, "%s/%s", reading->templates, name), reading->arena, ret,
                             &size, ret_reason);
    while (file->name != NULL && strcmp(file->name, name) != 0)
        file++;
    *ret = file->name != NULL ? arena_text(reading->arena, file->data) : NULL;
    return *ret != NULL ? ERR_NONE : ERR_RETRY;
}

/* "Subject: …", an empty line, the text. */
static bool text_cut(char *text, struct message_text *ret)
{
    char *end = strstr(text, "\n\n");
    size_t size = strlen(text);

    if (strncmp(text, SUBJECT, strlen(SUBJECT)) != 0 || end == NULL || strchr(text, '\n') != end)
        return false;
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    *end = '\0';
    *ret = (struct message_text){.subject = text + strlen(SUBJECT), .body = end + 2};
    return end[2] != '\0';
}

static enum err text_read(struct reading *reading, size_t which, char ret_reason[256])
{
    struct message_text *ret = &reading->settings->messages.texts[which];
    char name[32], reason[160] = "expected 'Subject: …', an empty line and the text";
    char *text = NULL;

    snprintf(name, sizeof(name), "%s.%s.txt", text_names[which], reading->settings->messages.chinese ? "zh" : "en");
    TRY(text_find(reading, name, &text, ret_reason));
    bool good = template_check(text, message_placeholders, false, reason) && text_cut(text, ret);
    if (good && which == MESSAGE_CODE && strstr(ret->body, "{code}") == NULL) {
        snprintf(reason, sizeof(reason), "the text has no {code}");
        good = false;
    }
    if (good)
        return ERR_NONE;
    snprintf(ret_reason, 256, "the template %s: %s", name, reason);
    return ERR_FATAL;
}

enum err messages_templates_read(struct reading *reading, char ret_reason[256])
{
    for (size_t i = 0; i < MESSAGE_TEXTS; i++)
        TRY(text_read(reading, i, ret_reason));
    return ERR_NONE;
}
