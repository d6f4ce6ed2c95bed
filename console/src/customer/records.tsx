// SPDX-License-Identifier: Apache-2.0
// What was asked for, found again by state and day; each leads to its own page.
import { dayTime } from "../dates";
import { useList } from "../load";
import type { Withdrawal, WithdrawalStatus } from "../model";
import { Button, ButtonLink } from "../parts/button";
import { SelectField, TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Status } from "../parts/status";
import { Table, type Column } from "../parts/table";
import { filter, place } from "../route";
import { t, tOf } from "../words";
import { account, members, ownAccount, to } from "./account";
import { Receipt } from "./receipt";
import { Record } from "./record";

const STATUSES: readonly WithdrawalStatus[] = ["awaiting_code", "in_review", "need_documents", "approved", "dispatching", "successful",
  "partly_successful", "failed", "returned", "rejected", "cancelled", "expired"];

/** The start of a day as the API wants it, in the browser's zone; `days` later. */
function dayStart(value: string, days = 0): string | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  if (parts === null) return null;
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + days).toISOString();
}

function pathNow(query: URLSearchParams): string {
  const asked = new URLSearchParams({ limit: "20" });
  const from = dayStart(query.get("from") ?? ""), until = dayStart(query.get("until") ?? "", 1);
  if (account() !== ownAccount() || query.get("whose") !== "all") asked.set("account", account());
  if (query.get("status")) asked.set("status", query.get("status")!);
  if (from) asked.set("from", from);
  if (until) asked.set("to", until);
  return `/v1/withdrawals?${asked}`;
}

function Filters({ query }: { query: URLSearchParams }) {
  const value = (name: string) => query.get(name) ?? "";
  const any = ["status", "from", "until", "whose"].some((name) => query.has(name));
  return (
    <div class="narrowing" role="search" aria-label={t("customer.filters")}>
      <SelectField label={t("customer.state")} value={value("status")} onChange={(status) => filter({ status })}
                   choices={[{ value: "", label: t("customer.any") }, ...STATUSES.map((status) => ({ value: status, label: tOf("status", status) }))]} />
      <TextField label={t("customer.from")} type="date" value={value("from")} required={false} onChange={(from) => filter({ from })} />
      <TextField label={t("customer.until_day")} type="date" value={value("until")} required={false} onChange={(until) => filter({ until })} />
      {members.value.length > 0 && account() === ownAccount() ? (
        <SelectField label={t("customer.whose")} value={value("whose")} onChange={(whose) => filter({ whose })}
                     choices={[{ value: "", label: t("customer.mine") }, { value: "all", label: t("customer.mine_and_members") }]} />
      ) : null}
      {any ? <Button kind="quiet" onPress={() => filter({ status: null, from: null, until: null, whose: null })}>{t("customer.clear")}</Button> : null}
    </div>
  );
}

function columns(): Column<Withdrawal>[] {
  return [
    { name: t("customer.asked_at"), head: true, cell: (w) => <a class="when" href={to(["records", w.id])}>{dayTime(w.created_at)}</a> },
    { name: t("customer.state"), cell: (w) => <span class="pair"><Status code={w.status} label={w.label} />{w.failure ? <small class="muted">{w.failure.detail ?? w.failure.code}</small> : null}</span> },
    { name: t("customer.way_back"), cell: (w) => tOf("route", w.route) },
    ...(place.value.query.get("whose") === "all" ? [{ name: t("customer.account"), cell: (w: Withdrawal) => w.account }] : []),
    { name: t("customer.number"), cell: (w) => <span class="mono fine">{w.id}</span> },
    { name: t("customer.amount"), end: true, cell: (w) => <Money minor={w.amount} currency={w.currency} strong /> },
  ];
}

function List() {
  const { query } = place.value;
  const list = useList<Withdrawal>(pathNow(query)), rows = list.rows.value;
  return (
    <Page title={t("customer.records")} actions={<ButtonLink kind="primary" href={to(["withdraw"])}>{t("customer.withdraw")}</ButtonLink>}>
      <Panel>
        <Filters query={query} />
        <ProblemNote problem={list.problem.value} onAgain={() => void list.again()} />
        {rows === null ? <Loading /> : <Table caption={t("customer.records")} columns={columns()} rows={rows} rowKey={(w) => w.id} empty={t("customer.records_none")} />}
        {list.more.value ? <div class="actions after"><Button busy={list.busy.value} onPress={() => void list.next()}>{t("action.more")}</Button></div> : null}
      </Panel>
    </Page>
  );
}

export function Records() {
  const [, id, part] = place.value.path;
  if (id === undefined) return <List />;
  return part === "receipt" ? <Receipt id={id} /> : <Record key={id} id={id} />;
}
