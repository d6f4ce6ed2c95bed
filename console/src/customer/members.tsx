// SPDX-License-Identifier: Apache-2.0
// The accounts that a management account sees: one goes into each and does there what its member could.
import { Money } from "../parts/money";
import { Page, Panel } from "../parts/page";
import { Status } from "../parts/status";
import { Table, type Column } from "../parts/table";
import { link } from "../route";
import type { Account } from "../model";
import { t } from "../words";
import { members } from "./account";

export function Members() {
  const columns: Column<Account>[] = [
    { name: t("customer.member"), head: true, cell: (a) => <a href={link([], { account: a.ref })}>{a.ref}</a> },
    { name: t("customer.state"), cell: (a) => <Status code={a.state} family="account_state" /> },
    { name: t("customer.in_progress"), end: true, cell: (a) => <Money minor={a.balance.held} currency={a.currency} /> },
    { name: t("customer.cash"), end: true, cell: (a) => <Money minor={a.balance.cash} currency={a.currency} /> },
  ];
  return (
    <Page title={t("customer.members")} lead={t("customer.members_lead")}>
      <Panel><Table caption={t("customer.members")} columns={columns} rows={members.value} rowKey={(a) => a.ref} /></Panel>
    </Page>
  );
}
