/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/step.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_TEXT(constant, name, shape) name,
#define COMMAND_SHAPE(constant, name, shape) &shape,
static const char *const command_texts[] = {COMMANDS(COMMAND_TEXT)};
static const struct shape *const command_shapes[] = {COMMANDS(COMMAND_SHAPE)};
const struct words command_words = {"command", command_texts, COMMAND__COUNT};

const struct shape *command_shape(enum command_kind kind)
{
    return command_shapes[kind];
}

void reply_fini(struct reply *reply)
{
    free((void *)(uintptr_t)reply->body);
    memset(reply, 0, sizeof *reply);
}

/* Who may ask for what: deny by default, also when a door forgot to ask. */
#define FACT(load, decide)                                                                                             \
    {                                                                                                                  \
        ROLE_FACTS, load, decide, .remembered = true                                                                   \
    }
#define CUSTOMER (ROLE_CUSTOMER | ROLE_WITHDRAW)
#define ANYONE (ROLE_CUSTOMER | ROLE_WITHDRAW | ROLE_FACTS | ROLE_REVIEW | ROLE_RESOLVE)
const struct handler handlers[COMMAND__COUNT] = {
    [COMMAND_ACCOUNT_PUT] = FACT(load_account_put, decide_account_put),
    [COMMAND_TOPUP] = FACT(load_topup, decide_topup),
    [COMMAND_CHARGE] = FACT(load_charge, decide_charge),
    [COMMAND_CHARGE_REVERSE] = FACT(load_reverse, decide_reverse),
    [COMMAND_CHARGEBACK] = FACT(load_chargeback, decide_chargeback),
    [COMMAND_CLAIM_PUT] = FACT(load_claim, decide_claim),
    [COMMAND_RESOURCE_PUT] = FACT(load_resource, decide_resource),
    [COMMAND_CREDIT] = FACT(load_credit, decide_credit),
    [COMMAND_TRANSFER] = FACT(load_transfer, decide_transfer),
    [COMMAND_RECALL] = FACT(load_recall, decide_take_back),
    [COMMAND_ALLOCATE] = FACT(load_allocate, decide_allocate),
    [COMMAND_INVOICED_PUT] = FACT(load_allocation, decide_invoiced),
    [COMMAND_RECLAIM] = FACT(load_allocation, decide_take_back),
    [COMMAND_WITHDRAW] = {CUSTOMER, load_withdraw, decide_withdraw},
    [COMMAND_CODE] = {CUSTOMER, load_withdrawal, decide_code},
    [COMMAND_RESEND] = {CUSTOMER, load_withdrawal, decide_resend},
    [COMMAND_CANCEL] = {CUSTOMER, load_withdrawal, decide_cancel},
    [COMMAND_REVIEW] = {ROLE_REVIEW | ROLE_APPROVE, load_withdrawal, decide_review, .allows = review_allows},
    [COMMAND_DOCUMENT] = {ANYONE, load_paper, decide_document},
    [COMMAND_TICKET] = {ANYONE, load_paper, decide_ticket},
    [COMMAND_RESOLVE] = {ROLE_RESOLVE, load_resolve, decide_resolve},
    [COMMAND_QUARANTINE] = {ROLE_SYSTEM, load_quarantine, decide_quarantine, .reconciles = true, .alone = true},
    [COMMAND_STATEMENT] = {ROLE_RESOLVE, load_statement, decide_statement, .reconciles = true, .alone = true},
    [COMMAND_BREAK_SETTLE] = {ROLE_RESOLVE, load_break_settle, decide_break_settle, .alone = true},
    [COMMAND_RELEASE] = {ROLE_RESOLVE, load_release, decide_release, .reconciles = true, .alone = true},
    [COMMAND_STRAY_NAME] = {ROLE_RESOLVE, load_stray_name, decide_stray_name, .reconciles = true, .alone = true},
    [COMMAND_STRAY_SETTLE] = {ROLE_RESOLVE, load_stray_settle, decide_stray_settle, .reconciles = true, .alone = true},
    [COMMAND_USER] = {ROLE_ADMIN | ROLE_SYSTEM, load_user, decide_user, .reconciles = true, .alone = true},
    [COMMAND_SESSION] = {ROLE_SYSTEM, load_session, decide_session, .reconciles = true, .alone = true},
    [COMMAND_WEBHOOK_MAKE] = {ROLE_ADMIN, load_webhooks, decide_webhook_make, .alone = true},
    [COMMAND_WEBHOOK_CHANGE] = {ROLE_ADMIN, load_webhook, decide_webhook_change, .alone = true},
    [COMMAND_WEBHOOK_DELETE] = {ROLE_ADMIN, load_webhook, decide_webhook_delete, .alone = true},
    [COMMAND_WEBHOOK_ROTATE] = {ROLE_ADMIN, load_webhook, decide_webhook_rotate, .alone = true},
    [COMMAND_WEBHOOK_TEST] = {ROLE_ADMIN, load_webhook, decide_webhook_test, .alone = true},
    [COMMAND_WEBHOOK_REPLAY] = {ROLE_ADMIN, load_webhook, decide_webhook_replay, .alone = true},
    [COMMAND_DELIVERY_REPLAY] = {ROLE_ADMIN, load_delivery, decide_delivery_replay, .alone = true},
    [COMMAND_MESSAGES] = {ROLE_SYSTEM, load_messages, decide_messages, .alone = true},
    [COMMAND_DELIVERIES] = {ROLE_SYSTEM, load_deliveries, decide_deliveries, .alone = true},
    [COMMAND_EVIDENCE] = {ROLE_SYSTEM, load_evidence, decide_evidence, .reconciles = true},
    [COMMAND_TICK] = {ROLE_SYSTEM, load_withdrawal, decide_tick, .reconciles = true},
};
