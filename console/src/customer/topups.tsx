// SPDX-License-Identifier: Apache-2.0
// Every top-up order: what is left of it, which way it can go back, and until when.
import { day, dayTime, left, now } from "../dates";
import { useList } from "../load";
import type { Quote, QuoteTopup, Topup } from "../model";
import { Button, ButtonLink } from "../parts/button";
import { Money } from "../parts/money";
import { Loading, Page, Panel } from "../parts/page";
import { ProblemNote } from "../parts/problem";
import { Badge } from "../parts/status";
import { Table, type Column } from "../parts/table";
import { t, tOf } from "../words";
import { pathOf, to } from "./account";
import { useQuote } from "./overview";

const SOON_MS = 45 * 86_400_000;

/** How long the original route is open: "original route until 31 Dec 2026 (41 days left)". */
export function untilWords(topup: QuoteTopup): string {
  return topup.route !== "original" || topup.original_until === null
    ? tOf("route", topup.route)
    : t("customer.until", { when: day(topup.original_until), left: left(topup.original_until) ?? t("time.now") });
}

/** The same in two lines; what is near stands out. */
function Until({ topup }: { topup: QuoteTopup }) {
  if (topup.route !== "original" || topup.original_until === null) return <span>{tOf("route", topup.route)}</span>;
  const rest = t("customer.left", { left: left(topup.original_until) ?? t("time.now") });
  const soon = new Date(topup.original_until).getTime() - now.value < SOON_MS;
  return (
    <>
      <span>{t("customer.until_short", { when: day(topup.original_until) })}</span>
      {soon ? <Badge tone="warn" icon="clock">{rest}</Badge> : <small class="muted">{rest}</small>}
    </>
  );
}

function Way({ quoted, topup }: { quoted: QuoteTopup | undefined; topup: Topup }) {
  if (topup.remaining === 0) return <span class="muted">{t("customer.used_up")}</span>;
  if (quoted === undefined) return <span class="muted">{t("customer.none")}</span>;
  if (quoted.refusal !== null) return <span>{tOf("refusal", quoted.refusal.code)}</span>;
  return <span class="way"><Until topup={quoted} />{closed(quoted)}</span>;
}

function closed(topup: QuoteTopup) {
  if (topup.route !== "designated" || topup.original_until === null) return null;
  return <small class="muted">{t("customer.window_closed", { when: day(topup.original_until) })}</small>;
}

function columnsOf(quote: Quote): Column<Topup>[] {
  const quoted = new Map(quote.topups.map((topup) => [topup.ref, topup]));
  const sum = (name: string, value: (topup: Topup) => number): Column<Topup> =>
    ({ name, end: true, cell: (topup) => <Money minor={value(topup)} currency={topup.currency} /> });
  return [
    { name: t("customer.order"), head: true, cell: (topup) => <span class="pair"><span class="mono">{topup.ref}</span><small class="muted">{tOf("method", topup.method)}{topup.bank ? ` · ${topup.bank}` : ""}</small></span> },
    { name: t("customer.paid_at"), cell: (topup) => <span class="when">{dayTime(topup.paid_at)}</span> },
    sum(t("customer.paid"), (topup) => topup.amount),
    sum(t("customer.refunded"), (topup) => topup.refunded),
    sum(t("customer.in_progress"), (topup) => topup.held),
    sum(t("customer.remaining"), (topup) => topup.remaining),
    { name: t("customer.way_back"), cell: (topup) => <Way quoted={quoted.get(topup.ref)} topup={topup} /> },
    { name: t("customer.action"), end: true, cell: (topup) => <Action quoted={quoted.get(topup.ref)} /> },
  ];
}

function Action({ quoted }: { quoted: QuoteTopup | undefined }) {
  if (quoted?.refusal?.code === "case_required")
    return <ButtonLink small href={to(["cases"], { kind: "corporate_transfer" })} label={t("customer.case_for", { topup: quoted.ref })}>{t("customer.case")}</ButtonLink>;
  return quoted !== undefined && quoted.withdrawable > 0
    ? <ButtonLink small href={to(["withdraw"], { topup: quoted.ref })} label={t("customer.withdraw_from", { topup: quoted.ref })}>{t("customer.withdraw")}</ButtonLink>
    : <span class="muted">–</span>;
}

export function Topups() {
  const quote = useQuote(), list = useList<Topup>(pathOf("/topups?limit=50"));
  const it = quote.data.value, rows = list.rows.value;
  return (
    <Page title={t("customer.topups")} lead={t("customer.topups_lead")}>
      <ProblemNote problem={quote.problem.value ?? list.problem.value} onAgain={() => { void quote.again(); void list.again(); }} />
      <Panel>
        {it === null || rows === null ? <Loading /> : <Table caption={t("customer.topups")} columns={columnsOf(it)} rows={rows} rowKey={(topup) => topup.ref} empty={t("customer.topups_none")} />}
        {list.more.value ? <div class="actions after"><Button busy={list.busy.value} onPress={() => void list.next()}>{t("action.more")}</Button></div> : null}
      </Panel>
    </Page>
  );
}
