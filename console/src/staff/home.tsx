// SPDX-License-Identifier: Apache-2.0
// The house at a glance: what waits for a person, what is on its way, what went wrong, and how the last weeks were.
import { useLoad } from "../load";
import { Note, ProblemNote } from "../parts/problem";
import { Loading, Page, Panel } from "../parts/page";
import { Badge } from "../parts/status";
import { Table } from "../parts/table";
import { link } from "../route";
import { t, tOf } from "../words";
import { channelName, Figure, span, sums, Tile } from "./bits";
import { Arrival, daysOf, Flow, FlowTable } from "./charts";
import { hearing, useNews } from "./live";
import type { Counted, Quarantine, Summary } from "./model";

const UNKNOWN = ["unknown", "manual"];

function count(rows: Counted[]): number {
  return rows.reduce((sum, row) => sum + row.count, 0);
}

function oldest(rows: Counted[]): string {
  const seconds = Math.max(0, ...rows.map((row) => row.oldest_seconds ?? 0));
  return rows.length === 0 ? "" : t("staff.oldest", { age: span(seconds) });
}

function Tiles({ summary }: { summary: Summary }) {
  const waits = summary.queue.filter((row) => row.status === "in_review");
  const papers = summary.queue.filter((row) => row.status === "need_documents");
  const unknown = summary.in_transit.filter((row) => UNKNOWN.includes(row.status ?? ""));
  const moving = summary.in_transit.filter((row) => !UNKNOWN.includes(row.status ?? ""));
  return (
    <div class="tiles">
      <Tile name={t("staff.queue")} value={String(count(waits))} about={[sums(waits), oldest(waits)].filter(Boolean).join(" · ") || t("staff.nothing_waits")} href={link(["review"])} />
      <Tile name={t("staff.papers_awaited")} value={String(count(papers))} about={oldest(papers) || t("staff.none")} href={link(["review"])} />
      <Tile name={t("staff.unknown")} value={String(count(unknown))} tone={count(unknown) > 0 ? "warn" : undefined}
            about={[sums(unknown), oldest(unknown)].filter(Boolean).join(" · ") || t("staff.all_proven")} href={link(["unknown"])} />
      <Tile name={t("staff.in_transit")} value={sums(moving) || "0"} about={count(moving) > 0 ? t("staff.payments", { n: count(moving) }) : t("staff.none")} href={link(["withdrawals"], { status: "dispatching" })} />
      <Tile name={t("staff.incidents")} value={String(count(summary.incidents))} tone={count(summary.incidents) > 0 ? "bad" : undefined}
            about={summary.incidents.map((row) => tOf("staff.incident", row.kind ?? "")).join(", ") || t("staff.none")} href={link(["books", "incidents"])} />
    </div>
  );
}

/** A channel is as well as its payments: how many failed, how many nobody knows of. */
function Channels({ summary }: { summary: Summary }) {
  const names = [...new Set([...summary.legs, ...summary.in_transit].map((row) => row.channel).filter((name): name is string => Boolean(name)))].sort();
  const of = (rows: Counted[], channel: string, statuses: string[]) => count(rows.filter((row) => row.channel === channel && statuses.includes(row.status ?? "")));
  const rows = names.map((channel) => ({
    channel, paid: of(summary.legs, channel, ["successful"]), failed: of(summary.legs, channel, ["failed", "returned"]),
    unknown: of(summary.in_transit, channel, UNKNOWN), moving: of(summary.in_transit, channel, ["sending", "accepted"]),
  }));
  return (
    <Table caption={t("staff.channels")} rows={rows} rowKey={(row) => row.channel} columns={[
      { name: t("staff.channel"), cell: (row) => channelName(row.channel), head: true },
      { name: t("staff.state"), cell: (row) => row.unknown > 0 ? <Badge tone="warn" icon="alert">{t("staff.channel_doubt")}</Badge> : <Badge tone="good" icon="check">{t("staff.channel_fine")}</Badge> },
      { name: t("staff.paid"), cell: (row) => row.paid, end: true },
      { name: t("staff.failed_back"), cell: (row) => row.failed, end: true },
      { name: t("staff.moving"), cell: (row) => row.moving, end: true },
      { name: t("staff.unknown_short"), cell: (row) => row.unknown, end: true },
    ]} />
  );
}

function Pictures({ summary }: { summary: Summary }) {
  const currencies = [...new Set(summary.withdrawals.map((row) => row.currency ?? ""))].filter(Boolean);
  return (
    <>
      {currencies.map((currency) => (
        <Panel key={currency}>
          <Figure title={t("staff.flow_of", { currency })} about={t("staff.flow_about")} table={<FlowTable days={daysOf(summary, currency)} currency={currency} />}>
            <Flow days={daysOf(summary, currency)} currency={currency} />
          </Figure>
        </Panel>
      ))}
      <div class="sides">
        <Panel title={t("staff.channels")}><Channels summary={summary} /></Panel>
        <Panel>
          <Figure title={t("staff.arrival")} about={t("staff.arrival_about")} table={
            <Table caption={t("staff.arrival")} rows={summary.arrival} rowKey={(row) => row.channel ?? ""} columns={[
              { name: t("staff.channel"), cell: (row) => channelName(row.channel), head: true },
              { name: t("staff.payments_n"), cell: (row) => row.count, end: true },
              { name: "P50", cell: (row) => span(row.p50_seconds ?? 0), end: true },
              { name: "P90", cell: (row) => span(row.p90_seconds ?? 0), end: true },
            ]} />}>
            {summary.arrival.length === 0 ? <p class="empty">{t("table.empty")}</p> : <Arrival rows={summary.arrival} />}
          </Figure>
        </Panel>
      </div>
    </>
  );
}

export function Home() {
  const summary = useLoad<Summary>("/v1/summary", 60_000), quarantine = useLoad<Quarantine>("/v1/quarantine", 60_000);
  useNews(() => summary.again());
  const it = summary.data.value, state = quarantine.data.value?.status;
  return (
    <Page title={t("staff.home")} actions={hearing.value ? <Badge tone="good" icon="check">{t("staff.live")}</Badge> : <Badge tone="idle" icon="clock">{t("staff.not_live")}</Badge>}>
      <ProblemNote problem={summary.problem.value} onAgain={() => void summary.again()} />
      {state === "quarantined" || state === "proposed" ? (
        <Note tone="bad" icon="alert" title={t("staff.quarantined")}><a href={link(["books", "quarantine"])}>{t("staff.quarantine_go")}</a></Note>
      ) : null}
      {it === null ? (summary.problem.value ? null : <Loading />) : <><Tiles summary={it} /><Pictures summary={it} /></>}
    </Page>
  );
}
