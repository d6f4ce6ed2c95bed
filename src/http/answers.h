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
void account_terms(struct request *request);
void account_cases(struct request *request);
void withdrawals_list(struct request *request);
void withdrawals_unresolved(struct request *request);
void withdrawal_show(struct request *request);
void withdrawal_receipt(struct request *request);
void withdrawal_receipt_pdf(struct request *request);
void withdrawal_events(struct request *request);
void withdrawal_attempts(struct request *request);
void withdrawal_history(struct request *request);
void withdrawal_audit(struct request *request);
void document_content(struct request *request);
void document_show(struct request *request);
void banks_list(struct request *request);
void events_list(struct request *request);
void events_stream(struct request *request);
void webhooks_list(struct request *request);
void webhook_show(struct request *request);
void webhook_secret(struct request *request);
void webhook_deliveries(struct request *request);
void audit_list(struct request *request);
void quarantine_show(struct request *request);
void strays_list(struct request *request);
void statement_answer(struct request *request);
void statements_list(struct request *request);
void breaks_list(struct request *request);
void transit_show(struct request *request);
void export_show(struct request *request);
void export_create(struct request *request);
void export_file(struct request *request);
void summary_show(struct request *request);
void receipt_verify(struct request *request);
void receipt_verify_page(struct request *request);
void receipt_key(struct request *request);
void ledger_show(struct request *request);
void incidents_list(struct request *request);
void policies_list(struct request *request);
void policy_show(struct request *request);

void roles_show(struct request *request);
void users_list(struct request *request);
void user_show(struct request *request);
void user_put(struct request *request);
void user_totp_put(struct request *request);
void user_totp_delete(struct request *request);
void session_password_put(struct request *request);
void session_totp_offer(struct request *request);
void session_totp_put(struct request *request);
void session_open(struct request *request);
void session_show(struct request *request);
void session_close(struct request *request);

void ops_health(struct request *request);
void ops_ready(struct request *request);
void ops_metrics(struct request *request);
void ops_openapi(struct request *request);

void console_page(struct request *request);
void console_asset(struct request *request);

void demo_messages(struct request *request);
void demo_clock(struct request *request);
void demo_channel(struct request *request);

#endif
