/* SPDX-License-Identifier: Apache-2.0 */
/* What the routes do: one function an entry of routes.def. Each ends by giving the request an answer, or hands it to
 * the engine, which gives it one later. */
#ifndef EBB_HTTP_ANSWERS_H
#define EBB_HTTP_ANSWERS_H

struct request;

void command_answer(struct request *request);
void batch_answer(struct request *request);
void notify_answer(struct request *request);

void accounts_list(struct request *request);
void account_show(struct request *request);
void account_quote(struct request *request);
void account_topups(struct request *request);
void account_transactions(struct request *request);
void withdrawals_list(struct request *request);
void withdrawal_show(struct request *request);
void withdrawal_receipt(struct request *request);
void withdrawal_events(struct request *request);
void withdrawal_attempts(struct request *request);
void document_show(struct request *request);
void banks_list(struct request *request);
void events_list(struct request *request);
void audit_list(struct request *request);

void ops_health(struct request *request);
void ops_ready(struct request *request);
void ops_metrics(struct request *request);
void ops_openapi(struct request *request);

void demo_messages(struct request *request);
void demo_clock(struct request *request);
void demo_channel(struct request *request);

#endif
