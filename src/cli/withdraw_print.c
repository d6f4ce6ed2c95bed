/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "cli/sheet.h"
#include "cli/withdraw.h"

#include <stdio.h>
#include <string.h>

bool withdraw_path(const struct client *client, const char *id, const char *rest, char ret[CLIENT_PATH_BYTES])
{
    int64_t number;

    if (!id_parse("wd", id, &number)) {
        cli_complain(client->program, "'%s' is not the id of a withdrawal (wd_…)", id);
        return false;
    }
    snprintf(ret, CLIENT_PATH_BYTES, "/v1/withdrawals/%s%s", id, rest);
    return true;
}

static void leg_add(struct sheet *sheet, const json_t *leg, const char *currency)
{
    char amount[MONEY_TEXT_BYTES], lots[256] = "";
    size_t index, used = 0;
    json_t *lot;

    json_array_foreach(json_object_get(leg, "lots"), index, lot)
    {
        const char *topup = json_text(lot, "topup");

        if (used < sizeof(lots))
            used += (size_t)snprintf(lots + used, sizeof(lots) - used, "%s%s %s", index > 0 ? ", " : "",
                                     topup[0] != '\0' ? topup : "other", json_amount(lot, "amount", currency, amount));
    }
    sheet_add(sheet, (const char *[]){json_text(leg, "route"), json_text(leg, "channel"),
                                      json_amount(leg, "amount", currency, amount), json_text(leg, "status"),
                                      json_text(leg, "arrives_by"), lots});
}

static void failure_print(const json_t *object)
{
    const json_t *failure = json_object_get(object, "failure");

    if (json_is_object(failure)) {
        const char *detail = json_text(failure, "detail");

        printf("failed: %s%s%s\n", json_text(failure, "code"), detail[0] != '\0' ? " " : "", detail);
    }
}

static void withdrawal_people(const json_t *withdrawal)
{
    static const char *const titles[] = {"leg by", "channel", ">amount", "status", "arrives by", "from"};
    const char *currency = json_text(withdrawal, "currency"), *id = json_text(withdrawal, "id");
    char amount[MONEY_TEXT_BYTES];
    struct sheet sheet;
    size_t index;
    json_t *leg;

    printf("%s  %s  %s %s  %s (%s)\n", id[0] != '\0' ? id : "dry run, nothing stored", json_text(withdrawal, "account"),
           json_amount(withdrawal, "amount", currency, amount), currency, json_text(withdrawal, "status"),
           json_text(withdrawal, "label"));
    failure_print(withdrawal);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    json_array_foreach(json_object_get(withdrawal, "legs"), index, leg) leg_add(&sheet, leg, currency);
    sheet_print(&sheet);
    sheet_fini(&sheet);
    json_array_foreach(json_object_get(withdrawal, "legs"), index, leg) failure_print(leg);
    if (strcmp(json_text(withdrawal, "status"), "awaiting_code") == 0 && id[0] != '\0')
        printf("a code was sent: ebb withdraw code %s CODE\n", id);
}

void withdraw_print(const struct client *client, const struct answer *answer)
{
    if (client->json)
        client_print(answer);
    else
        withdrawal_people(answer->json);
}

static void list_row(const json_t *withdrawal, void *context)
{
    const char *currency = json_text(withdrawal, "currency");
    char amount[MONEY_TEXT_BYTES];

    sheet_add(context, (const char *[]){json_text(withdrawal, "id"), json_text(withdrawal, "account"),
                                        json_amount(withdrawal, "amount", currency, amount), currency,
                                        json_text(withdrawal, "route"), json_text(withdrawal, "status"),
                                        json_text(withdrawal, "created_at")});
}

static void list_line(const json_t *withdrawal, void *context)
{
    (void)context;
    json_dumpf(withdrawal, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
}

enum cli_exit withdraw_list(const struct client *client, const char *path, size_t limit)
{
    static const char *const titles[] = {"withdrawal", "account", ">amount", "currency", "route", "status", "created"};
    struct sheet sheet;

    if (client->json)
        return client_each(client, path, limit, list_line, NULL);
    sheet_init(&sheet, titles, ARRAY_COUNT(titles));
    enum cli_exit status = client_each(client, path, limit, list_row, &sheet);

    if (status == CLI_OK)
        sheet_print(&sheet);
    sheet_fini(&sheet);
    return status;
}
