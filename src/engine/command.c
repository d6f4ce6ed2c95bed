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
#define FACTS ROLE_FACTS
#define CUSTOMER (ROLE_CUSTOMER | ROLE_WITHDRAW)
#define ANYONE (ROLE_CUSTOMER | ROLE_WITHDRAW | ROLE_FACTS | ROLE_REVIEW)
const struct handler handlers[COMMAND__COUNT] = {
    [COMMAND_ACCOUNT_PUT] = {FACTS, load_account_put, decide_account_put},
    [COMMAND_TOPUP] = {FACTS, load_topup, decide_topup},
    [COMMAND_CHARGE] = {FACTS, load_charge, decide_charge},
    [COMMAND_CHARGE_REVERSE] = {FACTS, load_reverse, decide_reverse},
    [COMMAND_CHARGEBACK] = {FACTS, load_chargeback, decide_chargeback},
    [COMMAND_CLAIM_PUT] = {FACTS, load_claim, decide_claim},
    [COMMAND_RESOURCE_PUT] = {FACTS, load_resource, decide_resource},
    [COMMAND_CREDIT] = {FACTS, load_credit, decide_credit},
    [COMMAND_TRANSFER] = {FACTS, load_transfer, decide_transfer},
    [COMMAND_RECALL] = {FACTS, load_recall, decide_take_back},
    [COMMAND_ALLOCATE] = {FACTS, load_allocate, decide_allocate},
    [COMMAND_INVOICED_PUT] = {FACTS, load_allocation, decide_invoiced},
    [COMMAND_RECLAIM] = {FACTS, load_allocation, decide_take_back},
    [COMMAND_WITHDRAW] = {CUSTOMER, load_withdraw, decide_withdraw},
    [COMMAND_CODE] = {CUSTOMER, load_withdrawal, decide_code},
    [COMMAND_RESEND] = {CUSTOMER, load_withdrawal, decide_resend},
    [COMMAND_CANCEL] = {CUSTOMER, load_withdrawal, decide_cancel},
    [COMMAND_REVIEW] = {ROLE_REVIEW, load_withdrawal, decide_review},
    [COMMAND_DOCUMENT] = {ANYONE, load_paper, decide_document},
    [COMMAND_TICKET] = {ANYONE, load_paper, decide_ticket},
    [COMMAND_RESOLVE] = {ROLE_REVIEW, load_withdrawal, decide_resolve},
    [COMMAND_EVIDENCE] = {ROLE_SYSTEM, load_evidence, decide_evidence},
    [COMMAND_TICK] = {ROLE_SYSTEM, load_withdrawal, decide_tick},
};
