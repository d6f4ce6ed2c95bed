// SPDX-License-Identifier: Apache-2.0
// Lists that staff page through: withdrawals, unknown payments, incidents. Filters stand in the address.
import { dayTime } from "../dates";
import { useList } from "../load";
import { SelectField, TextField } from "../parts/field";
import { Money } from "../parts/money";
import { Page, Panel } from "../parts/page";
import { Note } from "../parts/problem";
import { Status } from "../parts/status";
import type { Column } from "../parts/table";
import { filter, link, place } from "../route";
import { demo } from "../session";
import { t, tOf } from "../words";
import { AccountLink, age, channelName, Pages, When, WithdrawalLink } from "./bits";
import { can } from "./can";
import { codeText } from "./facts";
import { useNews } from "./live";
import type { Case, Incident } from "./model";
import { statusChoices, WithdrawalPage } from "./withdrawal";

function List() {
  const query = place.value.query, asked = new URLSearchParams({ limit: "50" });
  for (const name of ["status", "account", "from", "to"]) {
    const value = query.get(name);
    if (value) asked.set(name, name === "from" || name === "to" ? `${value}T00:00:00+08:00` : value);
  }
  const list = useList<Case>(`/v1/withdrawals?${asked}`);
  useNews(() => { if (!list.more.value) void list.again(); });
  const columns: Column<Case>[] = [
    { name: t("staff.account"), cell: (one) => <AccountLink account={one.account} />, head: true },
    { name: t("staff.asked"), cell: (one) => <WithdrawalLink id={one.id}>{dayTime(one.created_at)}</WithdrawalLink> },
    { name: t("staff.state"), cell: (one) => <Status code={one.status} label={one.label} /> },
    { name: t("staff.route"), cell: (one) => tOf("route", one.route) },
    { name: t("staff.channel"), cell: (one) => [...new Set(one.legs.map((leg) => channelName(leg.channel)))].join(", ") },
    { name: t("staff.policy"), cell: (one) => one.policy },
    { name: t("staff.amount"), cell: (one) => <Money minor={one.amount} currency={one.currency} />, end: true },
  ];
  return (
    <Page title={t("staff.withdrawals")}>
      <form class="sieve" onSubmit={(event) => event.preventDefault()}>
        <SelectField label={t("staff.state")} value={query.get("status") ?? ""} choices={statusChoices(t("staff.all"))} onChange={(status) => filter({ status })} />
        <TextField label={t("staff.from")} value={query.get("from") ?? ""} type="date" optional onChange={(from) => filter({ from })} />
        <TextField label={t("staff.to")} value={query.get("to") ?? ""} type="date" optional onChange={(to) => filter({ to })} />
      </form>
      <Panel><Pages list={list} columns={columns} rowKey={(one) => one.id} caption={t("staff.withdrawals")} empty={t("staff.none_such")} /></Panel>
    </Page>
  );
}

/** The list, or the one that the address names. */
export function Withdrawals() {
  const id = place.value.path[1];
  return id === undefined ? <List /> : <WithdrawalPage key={id} id={id} />;
}

/** Payments of which no word proves the outcome. Their money stays where it is until one does. */
export function Unknown() {
  const list = useList<Case>("/v1/unresolved?limit=50");
  useNews(() => list.again());
  const open = (one: Case) => one.legs.filter((leg) => leg.status === "unknown" || leg.status === "manual");
  const columns: Column<Case>[] = [
    { name: t("staff.withdrawal"), cell: (one) => <WithdrawalLink id={one.id} />, head: true },
    { name: t("staff.account"), cell: (one) => <AccountLink account={one.account} /> },
    { name: t("staff.state"), cell: (one) => <span class="stack-tight">{open(one).map((leg) => <Status key={leg.id} code={leg.status} family="leg" />)}</span> },
    { name: t("staff.channel"), cell: (one) => open(one).map((leg) => channelName(leg.channel)).join(", ") },
    { name: t("staff.since"), cell: (one) => age(one.decided_at ?? one.confirmed_at ?? one.created_at) },
    { name: t("staff.amount"), cell: (one) => <Money minor={open(one).reduce((sum, leg) => sum + leg.amount, 0)} currency={one.currency} />, end: true },
  ];
  return (
    <Page title={t("staff.unknown")} lead={t("staff.unknown_lead")}>
      <Panel><Pages list={list} columns={columns} rowKey={(one) => one.id} caption={t("staff.unknown")} empty={t("staff.all_proven")} /></Panel>
      <Note tone="idle" icon="info" title={t("staff.unknown_how")}><p>{t("staff.unknown_manual")}</p>{demo && can("dials") ? <p><a href={link(["dials"])}>{t("staff.unknown_day")}</a></p> : null}</Note>
    </Page>
  );
}

export function Incidents() {
  const list = useList<Incident>("/v1/incidents");
  useNews(() => list.again());
  const columns: Column<Incident>[] = [
    { name: t("staff.when"), cell: (one) => <When at={one.at} />, head: true },
    { name: t("staff.kind"), cell: (one) => codeText("staff.incident", one.kind) },
    { name: t("staff.account"), cell: (one) => <AccountLink account={one.account} /> },
    { name: t("staff.withdrawal"), cell: (one) => <WithdrawalLink id={one.withdrawal} /> },
    { name: t("staff.detail"), cell: (one) => one.detail },
    { name: t("staff.amount"), cell: (one) => one.currency ? <Money minor={one.amount} currency={one.currency} /> : "—", end: true },
  ];
  return (
    <Page title={t("staff.incidents")} lead={t("staff.incidents_lead")}>
      <Panel><Pages list={list} columns={columns} rowKey={(one) => one.id} caption={t("staff.incidents")} empty={t("staff.incidents_none")} /></Panel>
    </Page>
  );
}
