// SPDX-License-Identifier: Apache-2.0
// The receipt, to be printed or kept: what was paid, with the hash that proves it is ours.
import { dayTime } from "../dates";
import { useLoad } from "../load";
import { Button, ButtonLink } from "../parts/button";
import { Facts, Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Table, type Column } from "../parts/table";
import { language, t, tOf } from "../words";
import { to } from "./account";

interface Payment {
  leg: string;
  route: string;
  channel: string | null;
  reference: string | null;
  amount: string;
  status: string;
  paid_at: string | null;
}

interface Receipted {
  proof: string;
  receipt: {
    withdrawal: string; account: string; status: string; label: string; label_zh: string; currency: string; requested: string;
    payments: Payment[]; paid: string; fee: string; policy: string; policy_version: number; created_at: string; finished_at: string;
  };
}

const columns = (currency: string): Column<Payment>[] => [
  { name: t("customer.payment"), head: true, cell: (one) => <span class="pair"><span>{one.channel ? tOf("channel", one.channel) : ""}</span><small class="muted">{tOf("route", one.route)}</small></span> },
  { name: t("customer.reference"), cell: (one) => <span class="mono fine">{one.reference ?? "–"}</span> },
  { name: t("customer.paid_on"), cell: (one) => <span class="when">{one.paid_at ? dayTime(one.paid_at) : "–"}</span> },
  { name: t("customer.amount"), end: true, cell: (one) => <span class="money strong">{currency} {one.amount}</span> },
];

function Paper({ it }: { it: Receipted }) {
  const { receipt } = it;
  return (
    <Panel>
      <div class="stack receipt">
        <p class="sum money">{receipt.currency} {receipt.paid}</p>
        <Facts facts={[
          [t("customer.state"), language.value === "zh" ? receipt.label_zh : receipt.label], [t("customer.account"), receipt.account],
          [t("customer.requested_amount"), `${receipt.currency} ${receipt.requested}`], [t("customer.fee"), `${receipt.currency} ${receipt.fee}`],
          [t("customer.asked_at"), dayTime(receipt.created_at)], [t("customer.finished_at"), dayTime(receipt.finished_at)],
          [t("customer.number"), <span key="id" class="mono">{receipt.withdrawal}</span>],
        ]} />
        <Table caption={t("customer.payments")} columns={columns(receipt.currency)} rows={receipt.payments} rowKey={(one) => one.leg} />
        <p class="fine muted">{t("customer.proof")}<br /><span class="mono">{it.proof}</span></p>
      </div>
    </Panel>
  );
}

export function Receipt({ id }: { id: string }) {
  const path = `/v1/withdrawals/${encodeURIComponent(id)}/receipt`;
  const loaded = useLoad<Receipted>(path), it = loaded.data.value;
  return (
    <Page title={t("customer.receipt")} crumb={<a href={to(["records", id])}>{t("customer.record")}</a>} actions={<>
      <Button icon="print" onPress={() => window.print()}>{t("customer.print")}</Button>
      <ButtonLink icon="file" href={`${path}.pdf`} download={`${id}.pdf`}>PDF</ButtonLink>
      <ButtonLink icon="file" href={path} download={`${id}.json`}>JSON</ButtonLink>
    </>}>
      <ProblemNote problem={loaded.problem.value} onAgain={() => void loaded.again()} />
      {it === null ? (loaded.problem.value ? null : <Loading />) : <Paper it={it} />}
    </Page>
  );
}
